// SPDX-License-Identifier: Apache-2.0
//! What left the site: files, looks at holders' data, lists of refused numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::numbers::{Blacklist, Export, HolderAccess, List, Listed};
use super::seen::Seen;
use super::word;
use crate::ledger::act::{Act, BlacklistAdd, BlacklistPublish, BlacklistRemove, CardKind};
use crate::ledger::field::Number;

/// What left so far.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) exports: Listed<Export>,
    pub(super) holders: Listed<HolderAccess>,
    blacklist: Blacklist,
    standing: BTreeSet<(CardKind, String, String)>,
    reasons: BTreeMap<String, u64>,
}

impl Outgoing {
    pub(super) fn take(&mut self, seen: &Seen) {
        self.list(seen);
        if !seen.inside {
            return;
        }
        match &seen.act {
            Act::LedgerExport(body) => {
                let what = format!("{} · {}–{}", body.format, body.from, body.to.saturating_sub(1));
                self.export(seen, what, body.entries, body.digest.to_string());
            }
            Act::BatchExport(body) => {
                let to = body.to.as_ref().map(|to| format!(" → {to}")).unwrap_or_default();
                let what = format!("{} · {}{to}", body.form, body.batch);
                self.export(seen, what, u64::from(body.rows), body.digest.to_string());
            }
            Act::KeyExport(body) => {
                let what = format!("{} · {} → {}", body.key, body.form, body.to);
                let digest = body.package.as_ref().map(ToString::to_string);
                self.export(seen, what, 1, digest.unwrap_or_default());
            }
            Act::StoreBackup(body) => {
                let what = format!("{} / {}", body.threshold, body.shares.len());
                self.export(seen, what, u64::from(body.keys), body.digest.to_string());
            }
            Act::LedgerBackup(body) => {
                self.export(seen, String::new(), body.size, body.digest.to_string());
            }
            Act::LedgerArchive(body) => {
                let rows = body.to.saturating_sub(body.from);
                self.export(seen, body.file.to_string(), rows, body.digest.to_string());
            }
            Act::HolderShow(body) => {
                let number = body.number.to_string();
                self.access(seen, body.order.to_string(), number, body.reason.to_string());
            }
            Act::HoldersErase(body) => {
                let number = body.number.as_ref().map(ToString::to_string).unwrap_or_default();
                self.access(seen, body.order.to_string(), number, body.reason.to_string());
            }
            _ => {}
        }
    }

    fn export(&mut self, seen: &Seen, what: String, rows: u64, digest: String) {
        self.exports.push(Export {
            seq: seen.seq,
            at: seen.at.to_string(),
            act: seen.act.name(),
            officers: seen.names(),
            what,
            rows,
            digest,
        });
    }

    fn access(&mut self, seen: &Seen, order: String, number: String, reason: String) {
        self.holders.push(HolderAccess {
            seq: seen.seq,
            at: seen.at.to_string(),
            act: seen.act.name(),
            officers: seen.names(),
            order,
            number,
            reason,
        });
    }

    fn list(&mut self, seen: &Seen) {
        match &seen.act {
            Act::BlacklistAdd(body) => self.add(body, seen.inside),
            Act::BlacklistRemove(body) => self.remove(body, seen.inside),
            Act::BlacklistPublish(body) if seen.inside => self.publish(body, seen),
            Act::BlacklistConfirm(body) => {
                let rows = &mut self.blacklist.lists.rows;
                if let Some(list) = rows.iter_mut().find(|list| list.sequence == body.sequence) {
                    list.confirmed.push(body.by.to_string());
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, body: &BlacklistAdd, inside: bool) {
        let key = (body.kind, body.from.to_string(), body.to.to_string());
        self.standing.insert(key);
        if inside {
            self.blacklist.added += 1;
            self.blacklist.added_numbers += numbers(&body.from, &body.to);
            *self.reasons.entry(body.reason.to_string()).or_default() += 1;
        }
    }

    fn remove(&mut self, body: &BlacklistRemove, inside: bool) {
        let key = (body.kind, body.from.to_string(), body.to.to_string());
        self.standing.remove(&key);
        if inside {
            self.blacklist.removed += 1;
        }
    }

    fn publish(&mut self, body: &BlacklistPublish, seen: &Seen) {
        self.blacklist.lists.push(List {
            seq: seen.seq,
            at: seen.at.to_string(),
            sequence: body.sequence,
            form: word(&body.form),
            count: body.count,
            confirmed: Vec::new(),
        });
    }

    pub(super) fn told(self) -> (Listed<Export>, Listed<HolderAccess>, Blacklist) {
        let mut blacklist = self.blacklist;
        blacklist.standing = self.standing.len() as u64;
        blacklist.reasons = self.reasons.into_iter().collect();
        blacklist.reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        (self.exports, self.holders, blacklist)
    }
}

/// How many numbers there are from one to the other; one, where they are no decimal numbers.
fn numbers(from: &Number, to: &Number) -> u64 {
    let value = |number: &Number| number.as_str().parse::<u128>().ok();
    let span = value(from).zip(value(to)).and_then(|(from, to)| to.checked_sub(from));
    span.map_or(1, |more| u64::try_from(more).unwrap_or(u64::MAX).saturating_add(1))
}
