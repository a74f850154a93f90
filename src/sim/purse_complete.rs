// SPDX-License-Identifier: Apache-2.0
//! The second half of every purse transaction: CREDIT FOR LOAD, DEBIT FOR PURCHASE / CASH / CAPP, DEBIT FOR UNLOAD, UPDATE
//! OVERDRAFT LIMIT. Everything is checked first; then balance, counter, log and cached records change together.

use subtle::ConstantTimeEq;

use crate::iso7816::StatusWord;

use super::arithmetic::CardKey;
use super::card::{Request, SimCard};
use super::files::{Body, Directory, LastTransaction, Purse};
use super::hex_bytes::HexBytes;
use super::keys::{ALGORITHM_SM4, KeyRecord, Role, plain_kind};
use super::options::Chip;
use super::purse::{Kind, ONLINE_TAIL, Pending};
use super::record::{Place, store};
use super::sw::{self, Answer, Handled};

/// What a completed transaction changes and answers.
struct Outcome {
    balance: u32,
    limit: u32,
    mac: [u8; 4],
    tac: [u8; 4],
    answer: Vec<u8>,
    /// Date and time, for the log.
    moment: [u8; 7],
}

impl SimCard {
    /// A transaction ends here, whatever comes of it.
    pub(super) fn complete_purse(&mut self, r: Request) -> Handled {
        let (ins, p1, p2) = (r.command.ins, r.p1(), r.p2());
        let Some(pending) = r.pending else {
            return Err(sw::NO_INITIALIZE);
        };
        let fits = match pending.kind {
            Kind::Load => (0x52, 0, 0),
            Kind::Purchase | Kind::Cash | Kind::Compound => (0x54, 1, 0),
            Kind::Unload => (0x54, 3, 0),
            Kind::Overdraft => (0x58, 0, 0),
        };
        if fits.0 != ins {
            return Err(sw::NO_INITIALIZE);
        }
        if (fits.1, fits.2) != (p1, p2) {
            return Err(sw::PARAMETERS);
        }
        let data = r.command.data();
        let outcome = match pending.kind {
            Kind::Load => self.credit(&pending, data),
            Kind::Unload => self.unload(&pending, data),
            Kind::Overdraft => self.overdraft(&pending, data),
            Kind::Purchase | Kind::Cash | Kind::Compound => self.debit(&pending, data),
        }?;
        self.commit(&pending, &outcome)?;
        if self.options.purse_clears_state {
            self.now.state = 0;
            self.now.pin_verified = false;
        }
        Ok(Answer::from(outcome.answer))
    }

    /// TAC key 00, or on a card with both ciphers the one of the transaction's cipher.
    fn tac_key(&self, p: &Pending) -> Result<CardKey, StatusWord> {
        let first = self.key(Role::Tac, 0)?;
        let fits = |k: &&KeyRecord| (k.algorithm == ALGORITHM_SM4) == p.session.is_sm4();
        let keys = self.here()?.key_file.as_ref().map_or(&[][..], |f| &f.keys);
        let kind = plain_kind(self.chip, first.kind);
        let mut same = keys.iter().filter(|k| plain_kind(self.chip, k.kind) == kind);
        Ok(self.ready(Some(first).filter(fits).or_else(|| same.find(fits)).unwrap_or(first)))
    }

    fn credit(&self, p: &Pending, data: &[u8]) -> Result<Outcome, StatusWord> {
        let (moment, mac2) = moment_and_mac(data)?;
        let (_, purse) = self.purse(p.fid)?;
        let session = p.session.session(&p.random, purse.online, ONLINE_TAIL);
        let tail = [&p.amount[..], &[p.type_byte], &p.terminal, &moment].concat();
        demand_mac(session.mac(&tail), &mac2)?;
        let balance = purse
            .balance
            .checked_add(u32::from_be_bytes(p.amount))
            .ok_or(sw::CONDITIONS)?;
        let tac = self.tac_key(p)?.folded_mac(&after(balance, purse.online, &tail));
        Ok(Outcome {
            balance,
            limit: purse.limit,
            mac: mac2,
            tac,
            answer: tac.to_vec(),
            moment,
        })
    }

    fn unload(&self, p: &Pending, data: &[u8]) -> Result<Outcome, StatusWord> {
        let (moment, mac2) = moment_and_mac(data)?;
        let (_, purse) = self.purse(p.fid)?;
        let session = p.session.session(&p.random, purse.online, ONLINE_TAIL);
        let tail = [&p.amount[..], &[p.type_byte], &p.terminal, &moment].concat();
        demand_mac(session.mac(&tail), &mac2)?;
        let balance = purse
            .balance
            .checked_sub(u32::from_be_bytes(p.amount))
            .ok_or(sw::FUNDS)?;
        let mac3 = session.mac(&after(balance, purse.online, &tail));
        Ok(Outcome {
            balance,
            limit: purse.limit,
            mac: mac3,
            tac: [0; 4],
            answer: mac3.to_vec(),
            moment,
        })
    }

    fn overdraft(&self, p: &Pending, data: &[u8]) -> Result<Outcome, StatusWord> {
        let (new_limit, rest) = data.split_at_checked(3).ok_or(sw::LENGTH)?;
        let (moment, mac2) = moment_and_mac(rest)?;
        let (_, purse) = self.purse(p.fid)?;
        let session = p.session.session(&p.random, purse.online, ONLINE_TAIL);
        let tail = [new_limit, &[p.type_byte], &p.terminal, &moment].concat();
        demand_mac(session.mac(&tail), &mac2)?;
        let limit = u32::from_be_bytes([0, new_limit[0], new_limit[1], new_limit[2]]);
        let wide = i64::from(purse.balance) + i64::from(limit) - i64::from(purse.limit);
        let balance = u32::try_from(wide).map_err(|_| sw::FUNDS)?;
        let tac = self.tac_key(p)?.folded_mac(&after(balance, purse.online, &tail));
        Ok(Outcome {
            balance,
            limit,
            mac: mac2,
            tac,
            answer: tac.to_vec(),
            moment,
        })
    }

    fn debit(&self, p: &Pending, data: &[u8]) -> Result<Outcome, StatusWord> {
        let (terminal_counter, rest) = data.split_first_chunk::<4>().ok_or(sw::LENGTH)?;
        let (moment, mac1) = moment_and_mac(rest)?;
        let (_, purse) = self.purse(p.fid)?;
        let low = [terminal_counter[2], terminal_counter[3]];
        let session = p.session.session(&p.random, purse.offline, low);
        let head = [&p.amount[..], &[p.type_byte], &p.terminal].concat();
        let mut mac1_data = [&head[..], &moment].concat();
        if self.chip == Chip::Metro
            && self.options.code_in_mac1
            && let Some(code) = &self.memory.security_code
        {
            mac1_data.extend_from_slice(code);
        }
        demand_mac(session.mac(&mac1_data), &mac1)?;
        let balance = purse
            .balance
            .checked_sub(u32::from_be_bytes(p.amount))
            .ok_or(sw::FUNDS)?;
        let mac2 = session.mac(&p.amount);
        let tac = self
            .tac_key(p)?
            .folded_mac(&[&head[..], terminal_counter, &moment].concat());
        Ok(Outcome {
            balance,
            limit: purse.limit,
            mac: mac2,
            tac,
            answer: [tac, mac2].concat(),
            moment,
        })
    }

    fn commit(&mut self, p: &Pending, outcome: &Outcome) -> Result<(), StatusWord> {
        let before_in_log = self.options.log_counter_before;
        let counts = p.amount != [0; 4] || p.kind != Kind::Compound || self.options.zero_purchase_counts;
        let dir = self.here_mut()?;
        let (log_sfi, purse) = purse_mut(dir, p)?;
        let counter = if p.kind.is_online() {
            &mut purse.online
        } else {
            &mut purse.offline
        };
        let counter_before = *counter;
        if counts {
            *counter = counter.checked_add(1).ok_or(sw::COUNTER_FULL)?;
        }
        let logged = if before_in_log { counter_before } else { *counter };
        purse.balance = outcome.balance;
        purse.limit = outcome.limit;
        purse.last = Some(LastTransaction {
            kind: p.type_byte,
            counter_before,
            mac: HexBytes(outcome.mac.to_vec()),
            tac: HexBytes(outcome.tac.to_vec()),
        });
        let amount = if p.kind == Kind::Overdraft { [0; 4] } else { p.amount };
        let limit = outcome.limit.to_be_bytes();
        let entry = [
            &logged.to_be_bytes()[..],
            &limit[1..],
            &amount,
            &[p.type_byte],
            &p.terminal,
            &outcome.moment,
        ];
        for (fid, place, record) in &p.cached {
            if let Some(file) = dir.file_mut(*fid) {
                store(&mut file.body, *place, record);
            }
        }
        if counts && let Some(log) = dir.file_mut(u16::from(log_sfi)) {
            append_to_log(&mut log.body, &entry.concat());
        }
        Ok(())
    }
}

/// The purse of a transaction and the short identifier of the log that it goes into.
fn purse_mut<'d>(dir: &'d mut Directory, p: &Pending) -> Result<(u8, &'d mut Purse), StatusWord> {
    let file = dir.file_mut(p.fid).ok_or(sw::NO_FILE)?;
    let log = file.protection;
    let Body::Purse(purse) = &mut file.body else {
        return Err(sw::NO_FILE);
    };
    let log = if p.kind == Kind::Load {
        purse.load_log.unwrap_or(log)
    } else {
        log
    };
    Ok((log, purse))
}

/// A log of another record length is left alone.
fn append_to_log(body: &mut Body, entry: &[u8]) {
    if let Body::Cyclic { length, .. } = body
        && usize::from(*length) == entry.len()
    {
        store(body, Place::New, entry);
    }
}

/// New balance ‖ online counter before the transaction ‖ the rest.
fn after(balance: u32, counter: u16, tail: &[u8]) -> Vec<u8> {
    [&balance.to_be_bytes()[..], &counter.to_be_bytes(), tail].concat()
}

fn moment_and_mac(data: &[u8]) -> Result<([u8; 7], [u8; 4]), StatusWord> {
    let (moment, mac) = data.split_first_chunk::<7>().ok_or(sw::LENGTH)?;
    Ok((*moment, mac.try_into().map_err(|_| sw::LENGTH)?))
}

fn demand_mac(ours: [u8; 4], theirs: &[u8; 4]) -> Result<(), StatusWord> {
    if ours.ct_eq(theirs).into() {
        Ok(())
    } else {
        Err(sw::KEY_MAC)
    }
}
