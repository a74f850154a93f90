// SPDX-License-Identifier: Apache-2.0
//! What entries need beside them so that their signatures and approvals can be checked without the rest of the ledger:
//! `site.init`; the enrolment of each officer who signs, and the revocation where it came before the last entry; the policy
//! in force at each entry; the beginning and end of each ceremony that an entry belongs to; the log's SM2 keys. And what those need in turn.
//! No more: each entry far from the others makes the proof longer by up to a hash for each level of the tree.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Row;

use super::selection::Selection;
use crate::ledger::act::{Act, Holder, ShareSeen};
use crate::ledger::entry::Entry;
use crate::ledger::error::LedgerError;
use crate::ledger::field::Text;
use crate::ledger::filter::{Count, Filter};
use crate::ledger::log::Ledger;

/// Adds what the entries need. `tree`: the entries that the checkpoint covers; there is nothing from elsewhere.
pub(super) fn with_context(ledger: &Ledger, asked: Selection, tree: u64) -> Result<Selection, LedgerError> {
    let mut context = Context::of(ledger, tree)?;
    context.want(0);
    for range in asked.ranges() {
        let filter = Filter {
            from: range.start,
            to: Some(range.end),
            ..Filter::default()
        };
        ledger.each_stored(&filter, Count::All, &mut |seq, line| {
            context.look(&Entry::parse(line).map_err(|_| LedgerError::Damaged { seq })?);
            Ok(())
        })?;
    }
    let mut all = asked;
    loop {
        while let Some(seq) = context.todo.pop_first() {
            if !all.covers(&(seq..seq + 1)) {
                all.add(seq);
                context.look(&ledger.entry(seq)?);
            }
        }
        context.want_revocations(all.last().unwrap_or(0));
        if context.todo.is_empty() {
            return Ok(all);
        }
    }
}

struct Context {
    tree: u64,
    /// Name to enrolment and revocation.
    officers: BTreeMap<String, (u64, Option<u64>)>,
    policies: Vec<u64>,
    /// Beginning to end (or to the beginning that took its place), and back.
    ceremonies: BTreeMap<u64, Option<u64>>,
    todo: BTreeSet<u64>,
    wanted: BTreeSet<u64>,
    /// Whose enrolment is there, and whether they sign something.
    known: BTreeMap<String, bool>,
    /// The last entry whose rule counts the active officers.
    counted: u64,
}

impl Context {
    fn of(ledger: &Ledger, tree: u64) -> Result<Self, LedgerError> {
        let mut context = Self {
            tree,
            officers: BTreeMap::new(),
            policies: Vec::new(),
            ceremonies: BTreeMap::new(),
            todo: BTreeSet::new(),
            wanted: BTreeSet::new(),
            known: BTreeMap::new(),
            counted: 0,
        };
        rows(ledger, "SELECT name, enrolled, revoked FROM officers", &mut |row| {
            let times = (seq(row, 1)?, row.get::<_, Option<i64>>(2)?.map(i64::cast_unsigned));
            context.officers.insert(row.get(0)?, times);
            Ok(())
        })?;
        rows(ledger, "SELECT seq FROM policies ORDER BY seq", &mut |row| {
            context.policies.push(seq(row, 0)?);
            Ok(())
        })?;
        // The SM2 line of the checkpoint is by one of these.
        rows(ledger, "SELECT seq FROM entries WHERE act = 'log.key'", &mut |row| {
            let key = seq(row, 0)?;
            context.want(key);
            Ok(())
        })?;
        rows(ledger, "SELECT begun, ended FROM ceremonies", &mut |row| {
            let ended = row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned);
            context.ceremonies.insert(seq(row, 0)?, ended);
            Ok(())
        })?;
        Ok(context)
    }

    fn want(&mut self, seq: u64) {
        if seq < self.tree && self.wanted.insert(seq) {
            self.todo.insert(seq);
        }
    }

    fn officer(&mut self, name: &Text, signs: bool) {
        let known = self.known.entry(name.to_string()).or_insert(signs);
        *known |= signs;
        if let Some((enrolled, _)) = self.officers.get(name.as_str()) {
            self.want(*enrolled);
        }
    }

    /// Takes in what this entry needs.
    fn look(&mut self, entry: &Entry) {
        for signed in &entry.sigs {
            self.officer(&signed.officer, true);
        }
        let policy = self.policies.partition_point(|seq| *seq < entry.seq);
        if let Some(policy) = policy.checked_sub(1).and_then(|at| self.policies.get(at)) {
            self.want(*policy);
        }
        if let Some(begin) = entry.act.ceremony() {
            self.ceremony(begin);
        }
        let shares = |shares: &[ShareSeen]| shares.iter().map(|s| s.officer.clone()).collect();
        let holders = |holders: &[Holder]| holders.iter().map(|h| h.officer.clone()).collect();
        let named: Vec<Text> = match &entry.act {
            Act::SiteInit(body) => body.officers.iter().map(|o| o.name.clone()).collect(),
            Act::OfficerRevoke(body) => vec![body.name.clone()],
            Act::StoreReshare(body) => holders(&body.holders),
            Act::StoreBackup(body) => shares(&body.shares),
            Act::StoreRestore(body) => holders(&body.holders),
            _ => Vec::new(),
        };
        for name in &named {
            self.officer(name, false);
        }
        match &entry.act {
            Act::OfficerEnrol(_) | Act::PolicyChange(_) => self.counted = self.counted.max(entry.seq),
            Act::CeremonyBegin(body) => {
                self.ceremony(entry.seq);
                body.resumes.into_iter().for_each(|begin| self.ceremony(begin));
            }
            Act::CeremonyEnd(body) => self.ceremony(body.begin),
            _ => {}
        }
    }

    fn ceremony(&mut self, begin: u64) {
        self.want(begin);
        if let Some(end) = self.ceremonies.get(&begin).copied().flatten() {
            self.want(end);
        }
    }

    /// An officer who signs and was revoked before the end of the part; and all whom a rule would count as active.
    fn want_revocations(&mut self, last: u64) {
        let mut revoked = Vec::new();
        for (name, signs) in &self.known {
            let until = if *signs { last } else { self.counted };
            revoked.extend(self.officers.get(name).and_then(|(_, r)| *r).filter(|r| *r < until));
        }
        for seq in revoked {
            self.want(seq);
        }
    }
}

fn seq(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn rows(ledger: &Ledger, sql: &str, each: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<()>) -> Result<(), LedgerError> {
    let doing = LedgerError::while_doing("reading officers, policies and ceremonies");
    let mut find = ledger.db.prepare_cached(sql).map_err(&doing)?;
    let mut rows = find.query([]).map_err(&doing)?;
    while let Some(row) = rows.next().map_err(&doing)? {
        each(row).map_err(&doing)?;
    }
    Ok(())
}
