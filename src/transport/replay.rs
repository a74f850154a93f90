// SPDX-License-Identifier: Apache-2.0
//! A recorded conversation that answers as a card: commands must come exactly as recorded and in that order. For tests, and
//! for going through a card's behaviour without the card.
//!
//! ```toml
//! reader = "city user card, FMCOS 2.0"
//! atr = "3B6900000000000000000000"
//! [[exchange]]
//! command = "00A40000023F00"
//! answer = "9000"
//! [[exchange]]
//! command = "reset"             # the answer is the ATR
//! answer = "3B6900000000000000000000"
//! ```

use std::collections::VecDeque;

use serde::Deserialize;

use super::{CardTransport, TransportError};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::iso7816::Atr;
use crate::msg;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    reader: String,
    atr: String,
    #[serde(default)]
    exchange: Vec<WireExchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireExchange {
    command: String,
    answer: String,
}

enum Step {
    Command { command: Vec<u8>, answer: Vec<u8> },
    Reset(Atr),
}

impl Step {
    fn title(&self) -> String {
        match self {
            Self::Command { command, .. } => title(command),
            Self::Reset(_) => "reset".to_owned(),
        }
    }
}

/// A recording under way.
pub struct Replay {
    reader: String,
    atr: Atr,
    left: VecDeque<Step>,
    at: usize,
}

/// A recording that does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayError {
    /// Not of the form above.
    Form {
        /// What the TOML reader says, with line and column.
        what: String,
    },
    /// Not hexadecimal.
    Hex {
        /// Which exchange, from 1; 0 is the ATR.
        at: usize,
    },
}

impl Replay {
    /// Reads a recording.
    pub fn parse(text: &str) -> Result<Self, ReplayError> {
        let wire: Wire = toml::from_str(text).map_err(|e| ReplayError::Form { what: e.to_string() })?;
        let steps = wire.exchange.iter().enumerate().map(|(at, e)| step(at + 1, e));
        Ok(Self {
            reader: wire.reader,
            atr: Atr::new(&bytes(0, &wire.atr)?),
            left: steps.collect::<Result<_, _>>()?,
            at: 0,
        })
    }

    /// Whether the whole recording was gone through.
    pub fn is_over(&self) -> bool {
        self.left.is_empty()
    }

    /// The next step if it is the one wanted; otherwise nothing is consumed.
    fn take(&mut self, sent: &str, fits: impl FnOnce(&Step) -> bool) -> Result<Step, TransportError> {
        match self.left.pop_front() {
            Some(step) if fits(&step) => {
                self.at += 1;
                Ok(step)
            }
            other => {
                let expected = other.as_ref().map_or_else(|| "—".to_owned(), Step::title);
                if let Some(step) = other {
                    self.left.push_front(step);
                }
                Err(TransportError::OffScript {
                    reader: self.reader.clone(),
                    at: self.at + 1,
                    expected,
                    sent: sent.to_owned(),
                })
            }
        }
    }
}

impl CardTransport for Replay {
    fn reader(&self) -> &str {
        &self.reader
    }

    fn atr(&self) -> &Atr {
        &self.atr
    }

    fn transmit(&mut self, sent: &[u8]) -> Result<Vec<u8>, TransportError> {
        let step = self.take(
            &title(sent),
            |step| matches!(step, Step::Command { command, .. } if command == sent),
        )?;
        match step {
            Step::Command { answer, .. } if answer.len() >= 2 => Ok(answer),
            _ => Err(TransportError::CardRemoved {
                reader: self.reader.clone(),
            }),
        }
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        if let Step::Reset(atr) = self.take("reset", |step| matches!(step, Step::Reset(_)))? {
            self.atr = atr;
        }
        Ok(())
    }
}

/// Header and length: the data of a command may be a wrapped key or a PIN, and stays out of messages.
fn title(command: &[u8]) -> String {
    let header = &command[..command.len().min(5)];
    format!("{} ({} B)", hex::encode_upper(header), command.len())
}

fn step(at: usize, wire: &WireExchange) -> Result<Step, ReplayError> {
    let answer = bytes(at, &wire.answer)?;
    if wire.command == "reset" {
        return Ok(Step::Reset(Atr::new(&answer)));
    }
    let command = bytes(at, &wire.command)?;
    Ok(Step::Command { command, answer })
}

fn bytes(at: usize, text: &str) -> Result<Vec<u8>, ReplayError> {
    let digits: String = text.split_whitespace().collect();
    hex::decode(digits).map_err(|_| ReplayError::Hex { at })
}

impl Fault for ReplayError {
    fn msg(&self) -> Msg {
        match self {
            Self::Form { what } => msg!("transport-bad-recording", what = what),
            Self::Hex { at } => msg!("transport-bad-recording-hex", at = at),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(ReplayError);

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDING: &str = r#"
        reader = "test"
        atr = "3B00"
        [[exchange]]
        command = "00A4 0000 02 3F00"
        answer = "9000"
        [[exchange]]
        command = "reset"
        answer = "3B01"
        [[exchange]]
        command = "0084000004"
        answer = ""
    "#;

    #[test]
    fn answers_come_in_the_recorded_order_and_no_other() {
        let mut card = Replay::parse(RECORDING).unwrap();
        let challenge = [0x00, 0x84, 0x00, 0x00, 0x04];
        assert_eq!(
            card.transmit(&challenge),
            Err(TransportError::OffScript {
                reader: "test".into(),
                at: 1,
                expected: "00A4000002 (7 B)".into(),
                sent: "0084000004 (5 B)".into()
            })
        );
        assert_eq!(
            card.transmit(&[0x00, 0xA4, 0, 0, 2, 0x3F, 0]),
            Ok(vec![0x90, 0x00]),
            "a refused command consumes nothing"
        );
        card.reset().unwrap();
        assert_eq!(card.atr().as_bytes(), [0x3B, 0x01]);
        assert!(!card.is_over());
        // A recorded empty answer is a card that was torn away.
        assert!(matches!(
            card.transmit(&challenge),
            Err(TransportError::CardRemoved { .. })
        ));
        assert!(card.is_over());
        assert!(matches!(
            card.transmit(&challenge),
            Err(TransportError::OffScript { at: 4, .. })
        ));
    }

    #[test]
    fn malformed_recordings_are_located() {
        let odd = RECORDING.replace("3B01", "3B0");
        assert_eq!(Replay::parse(&odd).err(), Some(ReplayError::Hex { at: 2 }));
        assert!(matches!(Replay::parse("reader = 1"), Err(ReplayError::Form { .. })));
    }
}
