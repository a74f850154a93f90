// SPDX-License-Identifier: Apache-2.0
//! A conversation with one card (ISO/IEC 7816-4). A command returns data or an error and nothing in between: 61xx and 6Cxx
//! are handled here, status words other than 9000 come back only where the caller named them as good. Answers of any length
//! and content are survived.

use super::dialect::Dialect;
use super::fault::CardError;
use super::trace::Trace;
use super::{chip, commands};
use crate::crypto::{Challenge, SecretBytes};
use crate::iso7816::{Atr, Command, Le, StatusWord};
use crate::transport::CardTransport;

/// What a card answered to a command that it carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The data.
    pub data: Vec<u8>,
    /// 9000, or one of the status words that the caller named.
    pub sw: StatusWord,
}

/// A conversation with one card.
pub struct CardSession<'a> {
    transport: &'a mut dyn CardTransport,
    os: Dialect,
    trace: Option<&'a mut Trace>,
    answered: u32,
    hides_answers: bool,
    uid: Option<String>,
}

/// A card that asks for GET RESPONSE more often than this gives no sensible answer.
const MOST_PARTS: usize = 16;

impl<'a> CardSession<'a> {
    /// Begins with the card as it lies there. `os` is the card OS, whose reading of status words is used.
    pub fn new(transport: &'a mut dyn CardTransport, os: Dialect) -> Self {
        Self {
            transport,
            os,
            trace: None,
            answered: 0,
            hides_answers: false,
            uid: None,
        }
    }

    /// Writes every exchange to a trace from now on.
    #[must_use]
    pub fn traced(mut self, trace: Option<&'a mut Trace>) -> Self {
        self.trace = trace;
        self
    }

    /// The reader's name.
    pub fn reader(&self) -> &str {
        self.transport.reader()
    }

    /// The card's answer to reset.
    pub fn atr(&self) -> &Atr {
        self.transport.atr()
    }

    /// How many commands the card has answered in this session.
    pub fn answered(&self) -> u32 {
        self.answered
    }

    /// The chip's own number in capital hex: from the answer to reset, or, for a storage card, from the reader, which is asked
    /// once after each reset.
    pub fn chip_serial(&mut self) -> Result<Option<String>, CardError> {
        if !self.os.storage() {
            return Ok(chip::serial(self.transport.atr()));
        }
        if self.uid.is_none() {
            let uid = self.send("GET UID", &commands::get_uid())?;
            self.uid = Some(hex::encode_upper(uid));
        }
        Ok(self.uid.clone())
    }

    /// Resets the card.
    pub fn reset(&mut self) -> Result<(), CardError> {
        self.uid = None;
        Ok(self.transport.reset()?)
    }

    /// Sends a command that must succeed.
    pub fn send(&mut self, what: &str, command: &Command) -> Result<Vec<u8>, CardError> {
        Ok(self.send_accepting(what, command, &[])?.data)
    }

    /// Sends a command that must succeed with an answer of exactly `N` bytes.
    pub fn send_for<const N: usize>(&mut self, what: &str, command: &Command) -> Result<[u8; N], CardError> {
        let data = self.send(what, command)?;
        data.as_slice().try_into().map_err(|_| CardError::Length {
            what: what.to_owned(),
            expected: N,
            got: data.len(),
        })
    }

    /// Sends a command for which other status words than 9000 are good as well.
    pub fn send_accepting(&mut self, what: &str, command: &Command, accept: &[u16]) -> Result<Reply, CardError> {
        let wire = command.to_bytes();
        let reply = self.converse(what, &wire, wire.len())?;
        let reply = match reply.sw.right_le() {
            Some(le) => {
                let again = command.clone().with_le(Le::exactly(le)).to_bytes();
                self.converse(what, &again, again.len())?
            }
            None => reply,
        };
        self.judge(what, command.ins, reply, accept)
    }

    /// Sends a command whose data are not for the trace: a wrapped key, a wrapped PIN.
    pub fn send_sealed(&mut self, what: &str, command: &Command) -> Result<Vec<u8>, CardError> {
        let reply = self.converse(what, &command.to_bytes(), 5)?;
        Ok(self.judge(what, command.ins, reply, &[])?.data)
    }

    /// Sends secret data in plain, as VERIFY and the first key of an emptied card want it.
    pub fn send_secret(&mut self, what: &str, header: [u8; 4], data: &SecretBytes) -> Result<(), CardError> {
        let reply = data.in_command(header, |wire| self.converse(what, wire, 5))?;
        self.judge(what, header[1], reply, &[]).map(drop)
    }

    /// Sends a command whose answer is a secret: it is not for the trace, and is wiped.
    pub fn ask_secret(&mut self, what: &str, command: &Command) -> Result<SecretBytes, CardError> {
        self.hides_answers = true;
        let answer = self.send(what, command);
        self.hides_answers = false;
        answer.map(SecretBytes::new)
    }

    /// GET CHALLENGE for 4 or 8 bytes (JR/T 0025.1-2010 §6.2.7). Good for the very next command.
    pub fn challenge(&mut self, length: u8) -> Result<Challenge, CardError> {
        let what = "GET CHALLENGE";
        let data = self.send(what, &commands::get_challenge(length))?;
        let wrong = || CardError::Length {
            what: what.to_owned(),
            expected: length.into(),
            got: data.len(),
        };
        let right = if data.len() == usize::from(length) {
            Challenge::try_from(data.as_slice()).ok()
        } else {
            None
        };
        right.ok_or_else(wrong)
    }

    fn judge(&self, what: &str, ins: u8, reply: Reply, accept: &[u16]) -> Result<Reply, CardError> {
        if reply.sw.is_ok() || accept.contains(&reply.sw.0) {
            return Ok(reply);
        }
        Err(CardError::Refused {
            what: what.to_owned(),
            sw: reply.sw,
            ins,
            os: self.os,
        })
    }

    /// One command with its GET RESPONSEs.
    fn converse(&mut self, what: &str, wire: &[u8], shown: usize) -> Result<Reply, CardError> {
        let mut whole = self.exchange(what, wire, shown)?;
        for _ in 0..MOST_PARTS {
            let Some(waiting) = whole.sw.waiting() else {
                return Ok(whole);
            };
            let part = self.exchange(what, &[0x00, 0xC0, 0x00, 0x00, waiting], 5)?;
            whole.data.extend_from_slice(&part.data);
            whole.sw = part.sw;
        }
        Err(CardError::Endless { what: what.to_owned() })
    }

    fn exchange(&mut self, what: &str, wire: &[u8], shown: usize) -> Result<Reply, CardError> {
        let answer = self.transport.transmit(wire)?;
        if let Some(trace) = &mut self.trace {
            let hidden = if self.hides_answers {
                answer.len().saturating_sub(2)
            } else {
                0
            };
            trace.exchange(self.transport.reader(), what, wire, shown, &answer, hidden);
        }
        self.answered += 1;
        match answer.as_slice() {
            [data @ .., sw1, sw2] => Ok(Reply {
                data: data.to_vec(),
                sw: StatusWord::from_bytes(*sw1, *sw2),
            }),
            _ => Err(CardError::Length {
                what: what.to_owned(),
                expected: 2,
                got: answer.len(),
            }),
        }
    }
}
