// SPDX-License-Identifier: Apache-2.0
//! Cards in use: what happened to them, and the money that moved. Memory holds what has begun and not ended.

use std::collections::{BTreeMap, HashMap};

use super::anomaly::{Anomalies, Rule};
use super::numbers::{Closed, LifeAct, Money, Transactions};
use super::seen::Seen;
use super::word;
use crate::ledger::act::{Act, CardDone, CardKind, DeskEnding, PurseTransaction};
use crate::ledger::field::Number;
use crate::msg;

#[derive(Debug, Default)]
struct Counts {
    count: u64,
    done: u64,
    not_done: u64,
    unknown: u64,
}

/// Writing to a card that has begun.
#[derive(Debug)]
struct Open {
    seq: u64,
    act: &'static str,
    inside: bool,
}

/// Cards in use so far.
#[derive(Debug, Default)]
pub(super) struct Desk {
    acts: BTreeMap<(&'static str, CardKind), Counts>,
    open: HashMap<(CardKind, String), Open>,
    /// Purse intents by number: entry and amount.
    purses: HashMap<String, (u64, u32)>,
    transactions: BTreeMap<(&'static str, String), (u64, u64)>,
    closed: BTreeMap<String, (u64, u64)>,
    money: Money,
}

impl Desk {
    pub(super) fn take(&mut self, seen: &Seen) {
        let inside = seen.inside;
        match &seen.act {
            Act::CardLost(body) | Act::CardFound(body) | Act::CardCancel(body) if inside => self.count(seen, body.kind),
            Act::CardBlock(body) | Act::CardUnblock(body) | Act::PinUnblock(body) | Act::PinReload(body) => {
                self.write(seen, body.kind, &body.number);
            }
            Act::CardExtend(body) => self.write(seen, body.kind, &body.number),
            Act::CardDone(body) => self.done(body, inside),
            Act::CardReplace(body) | Act::CardExchange(body) if inside => {
                self.count(seen, body.kind);
                self.money.successions += 1;
                self.money.carried_over += u64::from(body.balance.unwrap_or_default());
            }
            Act::CardReturn(body) if inside => {
                self.count(seen, body.kind);
                self.money.returns += 1;
                self.money.returned_balance += u64::from(body.balance);
                self.money.returned_deposit += u64::from(body.deposit.unwrap_or_default());
            }
            Act::PurseIntent(body) => {
                self.purses.insert(body.number.to_string(), (seen.seq, body.amount));
            }
            Act::PurseClosed(body) => {
                let amount = self.purses.remove(body.number.as_str()).map_or(0, |(_, amount)| amount);
                if inside {
                    let (count, sum) = self.closed.entry(word(&body.result)).or_default();
                    *count += 1;
                    *sum += u64::from(amount);
                }
            }
            Act::PurseLoad(body) => self.moved("purse.load", body, inside),
            Act::PursePurchase(body) => self.moved("purse.purchase", body, inside),
            _ => {}
        }
    }

    fn count(&mut self, seen: &Seen, kind: CardKind) {
        self.acts.entry((seen.act.name(), kind)).or_default().count += 1;
    }

    fn write(&mut self, seen: &Seen, kind: CardKind, number: &Number) {
        if seen.inside {
            self.count(seen, kind);
        }
        let (seq, act, inside) = (seen.seq, seen.act.name(), seen.inside);
        self.open.insert((kind, number.to_string()), Open { seq, act, inside });
    }

    fn done(&mut self, body: &CardDone, inside: bool) {
        let open = self.open.remove(&(body.kind, body.number.to_string()));
        let Some(open) = open.filter(|_| inside) else { return };
        let counts = self.acts.entry((open.act, body.kind)).or_default();
        *match body.result {
            DeskEnding::Done => &mut counts.done,
            DeskEnding::NotDone => &mut counts.not_done,
            DeskEnding::Unknown => &mut counts.unknown,
        } += 1;
    }

    fn moved(&mut self, act: &'static str, body: &PurseTransaction, inside: bool) {
        if body.intent.is_some() {
            self.purses.remove(body.number.as_str());
        }
        if inside {
            let (count, sum) = self.transactions.entry((act, body.kind.to_string())).or_default();
            *count += 1;
            *sum += u64::from(body.amount);
        }
    }

    pub(super) fn told(mut self, found: &mut Anomalies) -> (Vec<LifeAct>, Money) {
        self.tell_open(found);
        for ((kind, _), open) in self.open.iter().filter(|(_, open)| open.inside) {
            self.acts.entry((open.act, *kind)).or_default().unknown += 1;
        }
        let life = self.acts.into_iter().map(|((act, kind), counts)| LifeAct {
            act: act.to_owned(),
            kind: kind.as_str(),
            count: counts.count,
            done: counts.done,
            not_done: counts.not_done,
            unknown: counts.unknown,
        });
        let mut money = self.money;
        let transactions = self.transactions.into_iter();
        money.transactions = transactions
            .map(|((act, kind), (count, amount))| Transactions {
                act,
                kind,
                count,
                amount,
            })
            .collect();
        let closed = self.closed.into_iter();
        money.closed = closed
            .map(|(result, (count, amount))| Closed { result, count, amount })
            .collect();
        (life.collect(), money)
    }

    fn tell_open(&self, found: &mut Anomalies) {
        let mut entries: Vec<u64> = self.open.values().map(|open| open.seq).collect();
        if !entries.is_empty() {
            entries.sort_unstable();
            let count = entries.len() as u64;
            let what = msg!("report-found-unfinished-desk", count = count);
            found.add(Rule::Unfinished, what, count, &entries);
        }
        let mut entries: Vec<u64> = self.purses.values().map(|(seq, _)| *seq).collect();
        if !entries.is_empty() {
            entries.sort_unstable();
            let count = entries.len() as u64;
            let what = msg!("report-found-unfinished-purse", count = count);
            found.add(Rule::Unfinished, what, count, &entries);
        }
    }
}
