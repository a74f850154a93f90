// SPDX-License-Identifier: Apache-2.0
//! Cards and readers through the system's PC/SC service (PC/SC Workgroup specification, part 5; pcsc-lite on Linux). The only
//! file that imports the `pcsc` crate.
//!
//! Always so: every card and every monitor has a context of its own, so that threads never wait for one another; a card is
//! opened exclusively and its whole dialogue is one transaction; when it is dropped, the card is reset. An answer without a
//! status word means that the card was lost and that nobody knows what the command did: it is never returned as a success.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ::pcsc::{
    Card, Context, Disposition, Error as Fault, MAX_BUFFER_SIZE, PNP_NOTIFICATION, Protocol, Protocols, ReaderState,
    Scope, ShareMode, State,
};

use super::readers::{ReaderStatus, Slot, resolve};
use super::{CardTransport, TransportError};
use crate::iso7816::{Atr, Command};

/// Whether PC/SC is built in.
pub const BUILT_IN: bool = true;

/// How long one look may block: the wait for a card notices Ctrl-C and a dead service this often.
const SLICE: Duration = Duration::from_millis(250);
/// Desktop services look at a new card for a moment; a longer hold is another program's.
const SHARING_PATIENCE: Duration = Duration::from_millis(1500);
/// pcsc-lite polls a reader every 400 ms; two polls tell a torn-away card from a mute one.
const LOSS_PATIENCE: Duration = Duration::from_secs(1);

/// The readers and what lies on them now. An empty list is no error.
pub fn list() -> Result<Vec<ReaderStatus>, TransportError> {
    Monitor::new().wait(Duration::ZERO)
}

/// Watches all readers through one context, which is made anew after the service was lost.
#[derive(Default)]
pub struct Monitor {
    context: Option<Context>,
    states: Vec<ReaderState>,
}

impl Monitor {
    /// A monitor that has not looked yet: its first look returns at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until something changed since the last look, or `timeout` is over; tells how things stand then. After
    /// `NoService` the next call tries to reach the service again.
    pub fn wait(&mut self, timeout: Duration) -> Result<Vec<ReaderStatus>, TransportError> {
        let looked = self.look(timeout);
        if looked.is_err() {
            self.context = None;
            self.states.clear();
        }
        looked
    }

    fn look(&mut self, timeout: Duration) -> Result<Vec<ReaderStatus>, TransportError> {
        let context = match self.context.take() {
            Some(context) => context,
            None => establish()?,
        };
        let broken = |fault| service_fault("PC/SC", fault);
        let names = reader_names(&context).map_err(broken)?;
        self.states
            .retain(|s| s.name() == PNP_NOTIFICATION() || names.iter().any(|n| **n == *s.name()));
        for name in names.into_iter().chain([PNP_NOTIFICATION().to_owned()]) {
            if self.states.iter().all(|s| *s.name() != *name) {
                self.states.push(ReaderState::new(name, State::UNAWARE));
            }
        }
        match context.get_status_change(timeout, &mut self.states) {
            // A reader that left between the two calls shows at the next look.
            Ok(()) | Err(Fault::Timeout | Fault::UnknownReader | Fault::ReaderUnavailable) => {}
            Err(fault) => return Err(broken(fault)),
        }
        self.context = Some(context);
        for state in &mut self.states {
            state.sync_current_state();
        }
        Ok(self.states.iter().filter_map(status).collect())
    }
}

/// What one reader's state says; `None` for the pseudo-reader and for readers that are gone.
fn status(state: &ReaderState) -> Option<ReaderStatus> {
    let flags = state.event_state();
    if state.name() == PNP_NOTIFICATION() || flags.intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
        return None;
    }
    let slot = if !flags.contains(State::PRESENT) {
        Slot::Empty
    } else if flags.contains(State::MUTE) {
        Slot::Mute
    } else {
        Slot::Card(Atr::new(state.atr()))
    };
    Some(ReaderStatus {
        name: state.name().to_string_lossy().into_owned(),
        slot,
        events: state.event_count(),
        in_use: flags.intersects(State::EXCLUSIVE | State::INUSE),
    })
}

/// Waits for one card after the other on a reader. Reader and service may come later or go meanwhile.
pub struct CardWait {
    reader: String,
    monitor: Monitor,
    /// The event count at the card that was reported last: that card is not reported twice.
    last: Option<u32>,
}

impl CardWait {
    /// For a reader by name, or by a part of its name that fits only one.
    pub fn new(reader: &str) -> Self {
        Self {
            reader: reader.to_owned(),
            monitor: Monitor::new(),
            last: None,
        }
    }

    /// Waits until a card lies on the reader that was not reported before. Without a timeout it waits for good. Ends with
    /// `Stopped` soon after `cancelled` is set; at the time limit with what was missing: service, reader or card.
    pub fn next(&mut self, timeout: Option<Duration>, cancelled: &AtomicBool) -> Result<Atr, TransportError> {
        let until = timeout.map(|t| Instant::now() + t);
        let mut slice = Duration::ZERO;
        loop {
            if cancelled.load(Ordering::Relaxed) {
                return Err(TransportError::Stopped);
            }
            let missing = match self.look(slice) {
                Ok(Some(found)) => return found,
                Ok(None) => TransportError::NoCard {
                    reader: self.reader.clone(),
                },
                Err(ambiguous @ TransportError::AmbiguousReader { .. }) => return Err(ambiguous),
                Err(missing) => {
                    // What lies on a reader that comes back was not reported by it.
                    self.last = None;
                    if missing == TransportError::NoService {
                        thread::sleep(slice);
                    }
                    missing
                }
            };
            let left = until.map_or(SLICE, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Err(missing);
            }
            slice = left.min(SLICE);
        }
    }

    fn look(&mut self, slice: Duration) -> Result<Option<Result<Atr, TransportError>>, TransportError> {
        let seen = self.monitor.wait(slice)?;
        // From now on by its whole name: another reader that is plugged in later must not make a part of it ambiguous.
        self.reader = resolve(&self.reader, seen.iter().map(|s| s.name.as_str()))?.to_owned();
        let Some(status) = seen.iter().find(|s| s.name == self.reader) else {
            return Ok(None);
        };
        if status.slot == Slot::Empty || self.last == Some(status.events) {
            return Ok(None);
        }
        self.last = Some(status.events);
        Ok(Some(match &status.slot {
            Slot::Card(atr) => Ok(atr.clone()),
            _ => Err(TransportError::CardMute {
                reader: self.reader.clone(),
            }),
        }))
    }
}

/// A card in a PC/SC reader, held exclusively.
pub struct PcscCard {
    reader: String,
    name: CString,
    atr: Atr,
    protocol: Option<Protocol>,
    /// The reader's event count with this card on it.
    events: u32,
    card: Card,
    context: Context,
}

impl PcscCard {
    /// Connects to the card that lies on a reader, given by its name or by a part that fits only one reader.
    pub fn connect(reader: &str) -> Result<Self, TransportError> {
        let context = establish()?;
        let names = reader_names(&context).map_err(|fault| service_fault(reader, fault))?;
        let texts: Vec<String> = names.iter().map(|n| n.to_string_lossy().into_owned()).collect();
        let reader = resolve(reader, texts.iter().map(String::as_str))?.to_owned();
        let name = texts
            .iter()
            .position(|text| *text == reader)
            .map(|at| names[at].clone());
        let name = name.ok_or_else(|| TransportError::NoReader { reader: reader.clone() })?;
        let opened = open(&context, &name).and_then(|mut card| {
            hold(&mut card)?;
            let status = card.status2_owned()?;
            let mut states = [ReaderState::new(name.clone(), State::UNAWARE)];
            context.get_status_change(Duration::ZERO, &mut states)?;
            Ok((
                card,
                Atr::new(status.atr()),
                status.protocol2(),
                states[0].event_count(),
            ))
        });
        let (card, atr, protocol, events) = opened.map_err(|fault| connect_fault(&reader, fault))?;
        Ok(Self {
            reader,
            name,
            atr,
            protocol,
            events,
            card,
            context,
        })
    }

    /// What a fault within the dialogue means. The service learns of a torn-away card only at its next poll.
    fn fault(&self, fault: Fault) -> TransportError {
        match dialogue_fault(&self.reader, fault) {
            mute @ TransportError::CardMute { .. } => self.loss(mute),
            told => told,
        }
    }

    /// Whether card, reader or service are gone; else what the caller supposes.
    fn loss(&self, otherwise: TransportError) -> TransportError {
        let reader = self.reader.clone();
        let until = Instant::now() + LOSS_PATIENCE;
        let mut states = [ReaderState::new(self.name.clone(), State::UNAWARE)];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.context.get_status_change(left, &mut states) {
                Ok(()) => {}
                Err(Fault::Timeout) => return otherwise,
                Err(Fault::UnknownReader | Fault::ReaderUnavailable) => return TransportError::ReaderGone { reader },
                Err(_) => return TransportError::ServiceLost { reader },
            }
            let flags = states[0].event_state();
            if flags.intersects(State::UNKNOWN | State::UNAVAILABLE) {
                return TransportError::ReaderGone { reader };
            }
            if flags.contains(State::EMPTY) || states[0].event_count() != self.events {
                return TransportError::CardRemoved { reader };
            }
            if left.is_zero() {
                return otherwise;
            }
            states[0].sync_current_state();
        }
    }
}

impl CardTransport for PcscCard {
    fn reader(&self) -> &str {
        &self.reader
    }

    fn atr(&self) -> &Atr {
        &self.atr
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let command = match self.protocol {
            Some(Protocol::T0) => without_le_in_case_4(command),
            _ => command,
        };
        let mut place = [0; MAX_BUFFER_SIZE];
        match self.card.transmit(command, &mut place) {
            Ok(answer) if answer.len() >= 2 => Ok(answer.to_vec()),
            Ok(_) => {
                let reader = self.reader.clone();
                Err(self.loss(TransportError::CardRemoved { reader }))
            }
            Err(fault) => Err(self.fault(fault)),
        }
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        let fresh = self
            .card
            .reconnect(
                ShareMode::Exclusive,
                Protocols::T0 | Protocols::T1,
                Disposition::ResetCard,
            )
            .and_then(|()| self.card.status2_owned());
        let status = fresh.map_err(|fault| self.fault(fault))?;
        self.atr = Atr::new(status.atr());
        self.protocol = status.protocol2();
        Ok(())
    }
}

/// T=0 has no case 4 (ISO/IEC 7816-3 §12.1.3): the card announces its answer by 61xx, so that Le is not sent.
fn without_le_in_case_4(command: &[u8]) -> &[u8] {
    match Command::parse(command) {
        Ok(parsed) if !parsed.data().is_empty() && parsed.le().is_some() => &command[..command.len() - 1],
        _ => command,
    }
}

/// A context of one's own. The service hangs up on users who may not use it, and also when it is just ending: only a second
/// refusal is taken for one.
fn establish() -> Result<Context, TransportError> {
    let refused = |fault: &Fault| matches!(fault, Fault::NoAccess | Fault::SecurityViolation);
    match Context::establish(Scope::User) {
        Err(fault) if refused(&fault) => thread::sleep(SLICE),
        done => return done.map_err(|fault| service_fault("PC/SC", fault)),
    }
    Context::establish(Scope::User).map_err(|fault| match fault {
        fault if refused(&fault) => TransportError::NotPermitted,
        other => service_fault("PC/SC", other),
    })
}

fn open(context: &Context, name: &CStr) -> Result<Card, Fault> {
    let until = Instant::now() + SHARING_PATIENCE;
    loop {
        match context.connect(name, ShareMode::Exclusive, Protocols::T0 | Protocols::T1) {
            Err(Fault::SharingViolation) if Instant::now() < until => thread::sleep(Duration::from_millis(50)),
            opened => return opened,
        }
    }
}

/// Begins the transaction that lasts until the card is disconnected. Its guard borrows the card, which cannot be stored beside
/// it; forgetting the guard leaves the transaction open, and disconnecting ends it.
fn hold(card: &mut Card) -> Result<(), Fault> {
    std::mem::forget(card.transaction()?);
    Ok(())
}

fn reader_names(context: &Context) -> Result<Vec<CString>, Fault> {
    match context.list_readers_owned() {
        Err(Fault::NoReadersAvailable) => Ok(Vec::new()),
        names => names,
    }
}

fn connect_fault(reader: &str, fault: Fault) -> TransportError {
    let named = reader.to_owned();
    match fault {
        Fault::NoSmartcard | Fault::RemovedCard => TransportError::NoCard { reader: named },
        Fault::UnresponsiveCard | Fault::UnpoweredCard | Fault::InvalidAtr | Fault::NotTransacted => {
            TransportError::CardMute { reader: named }
        }
        Fault::SharingViolation => TransportError::InUse { reader: named },
        Fault::UnknownReader | Fault::ReaderUnavailable => TransportError::NoReader { reader: named },
        other => service_fault(reader, other),
    }
}

fn dialogue_fault(reader: &str, fault: Fault) -> TransportError {
    let named = reader.to_owned();
    match fault {
        Fault::RemovedCard | Fault::NoSmartcard => TransportError::CardRemoved { reader: named },
        Fault::NotTransacted | Fault::Timeout | Fault::UnresponsiveCard | Fault::UnpoweredCard => {
            TransportError::CardMute { reader: named }
        }
        Fault::ReaderUnavailable | Fault::UnknownReader => TransportError::ReaderGone { reader: named },
        Fault::SharingViolation => TransportError::InUse { reader: named },
        other => match service_fault(reader, other) {
            TransportError::NoService => TransportError::ServiceLost { reader: named },
            told => told,
        },
    }
}

fn service_fault(reader: &str, fault: Fault) -> TransportError {
    match fault {
        Fault::NoService
        | Fault::ServiceStopped
        | Fault::CommError
        | Fault::Shutdown
        | Fault::InvalidHandle
        | Fault::SystemCancelled
        | Fault::NoAccess
        | Fault::SecurityViolation
        | Fault::Cancelled => TransportError::NoService,
        other => TransportError::Reader {
            reader: reader.to_owned(),
            what: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_4_loses_its_le_and_the_other_cases_nothing() {
        let cases = [
            ("00A40000", "00A40000"),
            ("0084000004", "0084000004"),
            ("00A40000023F00", "00A40000023F00"),
            ("805000020B010000001000123456789010", "805000020B0100000010001234567890"),
        ];
        for (sent, left) in cases {
            let sent = hex::decode(sent).unwrap();
            assert_eq!(hex::encode_upper(without_le_in_case_4(&sent)), left);
        }
    }

    #[test]
    fn faults_say_whether_the_service_the_reader_or_the_card_is_missing() {
        let reader = || "R".to_owned();
        assert_eq!(service_fault("R", Fault::CommError), TransportError::NoService);
        assert_eq!(service_fault("R", Fault::SecurityViolation), TransportError::NoService);
        assert_eq!(
            connect_fault("R", Fault::NoSmartcard),
            TransportError::NoCard { reader: reader() }
        );
        assert_eq!(
            connect_fault("R", Fault::UnpoweredCard),
            TransportError::CardMute { reader: reader() }
        );
        assert_eq!(
            connect_fault("R", Fault::ReaderUnavailable),
            TransportError::NoReader { reader: reader() }
        );
        assert_eq!(
            dialogue_fault("R", Fault::ReaderUnavailable),
            TransportError::ReaderGone { reader: reader() }
        );
        assert_eq!(
            dialogue_fault("R", Fault::RemovedCard),
            TransportError::CardRemoved { reader: reader() }
        );
        assert_eq!(
            dialogue_fault("R", Fault::CommError),
            TransportError::ServiceLost { reader: reader() }
        );
        assert_eq!(
            connect_fault("R", Fault::SharingViolation),
            TransportError::InUse { reader: reader() }
        );
    }
}
