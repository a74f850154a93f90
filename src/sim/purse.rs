// SPDX-License-Identifier: Apache-2.0
//! INITIALIZE FOR load, purchase, cash, compound purchase, overdraft update and unload; GET BALANCE; GET TRANSACTION PROOF
//! (JR/T 0025.2-2010 §5.2, 5.5; FMCOS 2.0 manual §8.7 to 8.16). An INITIALIZE changes nothing but volatile state.

use crate::iso7816::StatusWord;

use super::arithmetic::{CardKey, SessionKey};
use super::card::{Request, SimCard};
use super::files::{Body, ElementaryFile, Purse};
use super::hex_bytes::HexBytes;
use super::keys::{ALGORITHM_SM4, KeyRecord, Role};
use super::record::Place;
use super::sw::{self, Answer, Handled};

/// The electronic deposit (ED).
const DEPOSIT: u16 = 0x0001;
/// The electronic purse (EP).
const PURSE: u16 = 0x0002;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Load,
    Purchase,
    Cash,
    Compound,
    Overdraft,
    Unload,
}

/// A transaction that INITIALIZE has opened.
pub(super) struct Pending {
    pub(super) kind: Kind,
    /// Transaction type byte.
    pub(super) type_byte: u8,
    pub(super) fid: u16,
    pub(super) amount: [u8; 4],
    pub(super) terminal: [u8; 6],
    pub(super) random: [u8; 4],
    pub(super) session: PurseKey,
    /// Records that the compound purchase will write: file, place, contents.
    pub(super) cached: Vec<(u16, Place, HexBytes)>,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pending({:?})", self.kind)
    }
}

/// A purse key with what its algorithm byte makes of it.
#[derive(Clone)]
pub(super) struct PurseKey {
    key: CardKey,
    algorithm: u8,
}

impl PurseKey {
    pub(super) fn is_sm4(&self) -> bool {
        self.algorithm == ALGORITHM_SM4
    }

    /// 00 and 01 run by the key's length, 04 is SM4. 02 and 03 give useless MACs, as on a real card: 03 zero, 02 something
    /// that is not the MAC.
    pub(super) fn session(&self, random: &[u8; 4], counter: u16, tail: [u8; 2]) -> SessionKey {
        let mut seed = [0; 8];
        seed[..4].copy_from_slice(random);
        seed[4..6].copy_from_slice(&counter.to_be_bytes());
        seed[6..].copy_from_slice(&tail);
        match self.algorithm {
            0x00 | 0x01 | ALGORITHM_SM4 => self.key.session(&seed),
            0x02 => self.key.session(&seed.map(|b| !b)),
            _ => SessionKey::Dead,
        }
    }
}

/// Tail of the seed where no terminal counter goes in.
pub(super) const ONLINE_TAIL: [u8; 2] = [0x80, 0x00];

impl SimCard {
    pub(super) fn initialize_purse(&mut self, r: &Request) -> Handled {
        let (kind, type_byte, fid, role) = transaction(r.p1(), r.p2()).ok_or(sw::PARAMETERS)?;
        let (id, amount, terminal) = initial_data(kind, r.data())?;
        let (use_access, purse) = self.purse(fid)?;
        let purse = purse.clone();
        self.demand_strictly(use_access)?;
        let wants_pin = match kind {
            Kind::Load => self.options.load_needs_pin,
            Kind::Unload | Kind::Cash | Kind::Overdraft => true,
            Kind::Purchase | Kind::Compound => false,
        };
        if wants_pin && !self.now.pin_verified {
            return Err(sw::CONDITIONS);
        }
        let key = self.key(role, id).map_err(no_such_index)?;
        self.demand_strictly(key.use_access)?;
        let (version, algorithm) = (key.version, key.algorithm);
        let session = self.purse_key(key);
        let counter = if kind.is_online() { purse.online } else { purse.offline };
        if counter == u16::MAX {
            return Err(sw::COUNTER_FULL);
        }
        if matches!(kind, Kind::Purchase | Kind::Cash | Kind::Compound | Kind::Unload)
            && u32::from_be_bytes(amount) > purse.balance
        {
            return Err(sw::FUNDS);
        }
        let random = self.random.take::<4>()?;
        let answer = initial_answer(kind, &purse, [version, algorithm], random, |balance, limit| {
            let middle: &[u8] = if kind == Kind::Overdraft { limit } else { &amount };
            let data = [balance, middle, &[type_byte], &terminal].concat();
            session.session(&random, counter, ONLINE_TAIL).mac(&data)
        });
        self.now.pending = Some(Pending {
            kind,
            type_byte,
            fid,
            amount,
            terminal,
            random,
            session,
            cached: Vec::new(),
        });
        Ok(Answer::from(answer))
    }

    fn purse_key(&self, key: &KeyRecord) -> PurseKey {
        PurseKey {
            key: self.ready(key),
            algorithm: key.algorithm,
        }
    }

    /// A purse file of the current directory: its use access and contents.
    pub(super) fn purse(&self, fid: u16) -> Result<(u8, &Purse), StatusWord> {
        match self.here()?.file(fid) {
            Some(ElementaryFile {
                body: Body::Purse(purse),
                read_access,
                ..
            }) => Ok((*read_access, purse)),
            _ => Err(sw::NO_FILE),
        }
    }

    pub(super) fn get_balance(&mut self, r: &Request) -> Handled {
        let fid = match (r.p1(), r.p2()) {
            (0, 1) => DEPOSIT,
            (0, 2) => PURSE,
            _ => return Err(sw::PARAMETERS),
        };
        let (use_access, purse) = self.purse(fid)?;
        self.demand_strictly(use_access)?;
        Ok(Answer::from(purse.balance.to_be_bytes().to_vec()))
    }

    /// For recovery after a tear: MAC and TAC of the last transaction, asked for by type and counter (before or after it).
    pub(super) fn transaction_proof(&mut self, r: &Request) -> Handled {
        let fid = match (r.p1(), r.p2()) {
            (0, 0x01 | 0x03 | 0x04 | 0x05 | 0x07) => DEPOSIT,
            (0, 0x02 | 0x06 | 0x09) => PURSE,
            _ => return Err(sw::PARAMETERS),
        };
        let [high, low] = *r.data() else { return Err(sw::LENGTH) };
        let counter = u16::from_be_bytes([high, low]);
        let (_, purse) = self.purse(fid)?;
        match &purse.last {
            Some(last) if last.kind == r.p2() && counter.wrapping_sub(last.counter_before) <= 1 => {
                Ok(Answer::from([last.mac.as_slice(), last.tac.as_slice()].concat()))
            }
            _ => Err(sw::NOT_AVAILABLE),
        }
    }
}

impl Kind {
    /// Whether the transaction counts on the online counter.
    pub(super) fn is_online(self) -> bool {
        matches!(self, Self::Load | Self::Unload | Self::Overdraft)
    }
}

fn transaction(p1: u8, p2: u8) -> Option<(Kind, u8, u16, Role)> {
    let fid = match p2 {
        1 => DEPOSIT,
        2 => PURSE,
        _ => return None,
    };
    match (p1, p2) {
        (0x00, _) => Some((Kind::Load, p2, fid, Role::Load)),
        (0x01, _) => Some((Kind::Purchase, 4 + p2, fid, Role::Purchase)),
        (0x02, 1) => Some((Kind::Cash, 0x04, fid, Role::Purchase)),
        (0x03, 2) => Some((Kind::Compound, 0x09, fid, Role::Purchase)),
        (0x04, 1) => Some((Kind::Overdraft, 0x07, fid, Role::Overdraft)),
        (0x05, 1) => Some((Kind::Unload, 0x03, fid, Role::Unload)),
        _ => None,
    }
}

/// Key identifier, amount (none for an overdraft update), terminal number.
fn initial_data(kind: Kind, data: &[u8]) -> Result<(u8, [u8; 4], [u8; 6]), StatusWord> {
    let (id, rest) = data.split_first().ok_or(sw::LENGTH)?;
    let (amount, terminal) = if kind == Kind::Overdraft {
        (&[0; 4][..], rest)
    } else {
        rest.split_at_checked(4).ok_or(sw::LENGTH)?
    };
    let amount = amount.try_into().map_err(|_| sw::LENGTH)?;
    Ok((*id, amount, terminal.try_into().map_err(|_| sw::LENGTH)?))
}

fn initial_answer(
    kind: Kind,
    purse: &Purse,
    version_algorithm: [u8; 2],
    random: [u8; 4],
    mac1: impl FnOnce(&[u8], &[u8]) -> [u8; 4],
) -> Vec<u8> {
    let balance = purse.balance.to_be_bytes();
    let limit = &purse.limit.to_be_bytes()[1..];
    let counter = if kind.is_online() { purse.online } else { purse.offline };
    let mut out = balance.to_vec();
    out.extend_from_slice(&counter.to_be_bytes());
    if matches!(kind, Kind::Purchase | Kind::Cash | Kind::Compound | Kind::Overdraft) {
        out.extend_from_slice(limit);
    }
    out.extend_from_slice(&version_algorithm);
    out.extend_from_slice(&random);
    if kind.is_online() {
        out.extend_from_slice(&mac1(&balance, limit));
    }
    out
}

fn no_such_index(sw: StatusWord) -> StatusWord {
    if sw == sw::NO_KEY { sw::KEY_INDEX } else { sw }
}
