// SPDX-License-Identifier: Apache-2.0
//! Batches and orders: who took in, laid down and approved what, and the patterns in it. That nobody approves what he laid
//! down is a rule of the ledger; who took the order in is not bound by it, and neither are two who take turns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::anomaly::{Anomalies, Rule};
use super::numbers::{BatchRow, Tally};
use super::seen::Seen;
use crate::ledger::act::{Act, BatchClose, BatchNew};
use crate::ledger::field::Text;
use crate::msg;

#[derive(Debug, Default)]
struct Facts {
    order: String,
    template: String,
    rows: u32,
    state: &'static str,
    laid_down: Vec<String>,
    approved: Vec<String>,
    made: u64,
    made_at: Option<Timestamp>,
}

/// Batches so far.
#[derive(Debug, Default)]
pub(super) struct Batches {
    quick_seconds: u32,
    /// Who took an order in, and where.
    orders: HashMap<String, (u64, Vec<Text>)>,
    known: BTreeMap<String, Facts>,
    /// Batches of which an entry of the period speaks.
    touched: BTreeSet<String>,
    /// Who laid down and who approved, with the first entry of each pair and how often.
    pairs: BTreeMap<(String, String), (u64, u64)>,
}

impl Batches {
    pub(super) fn new(quick_seconds: u32) -> Self {
        Self {
            quick_seconds,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, seen: &Seen, found: &mut Anomalies) {
        match &seen.act {
            Act::OrderImport(body) => {
                let by = (seen.seq, seen.officers.clone());
                self.orders.insert(body.order.to_string(), by);
            }
            Act::BatchNew(body) => self.lay_down(body, seen),
            Act::BatchApprove(body) => {
                self.becomes(&body.batch, "approved", seen);
                self.approve(body.batch.as_str(), seen, found);
            }
            Act::BatchRun(body) => self.becomes(&body.batch, "running", seen),
            Act::BatchPause(body) => self.becomes(&body.batch, "paused", seen),
            Act::BatchResume(body) => self.becomes(&body.batch, "running", seen),
            Act::BatchClose(body) => {
                self.becomes(&body.batch, "closed", seen);
                left(body, seen, found);
            }
            _ => {}
        }
    }

    fn lay_down(&mut self, body: &BatchNew, seen: &Seen) {
        let facts = Facts {
            order: body.order.to_string(),
            template: body.template.to_string(),
            rows: body.rows,
            state: "new",
            laid_down: seen.names(),
            approved: Vec::new(),
            made: seen.seq,
            made_at: seen.at.as_str().parse().ok(),
        };
        self.known.insert(body.batch.to_string(), facts);
        self.touch(&body.batch, seen);
    }

    fn touch(&mut self, batch: &Text, seen: &Seen) {
        if seen.inside {
            self.touched.insert(batch.to_string());
        }
    }

    fn becomes(&mut self, batch: &Text, state: &'static str, seen: &Seen) {
        if let Some(facts) = self.known.get_mut(batch.as_str()) {
            facts.state = state;
        }
        self.touch(batch, seen);
    }

    fn approve(&mut self, batch: &str, seen: &Seen, found: &mut Anomalies) {
        let Some(facts) = self.known.get_mut(batch) else {
            return;
        };
        facts.approved = seen.names();
        if !seen.inside {
            return;
        }
        if let Some((import, takers)) = self.orders.get(&facts.order)
            && let Some(both) = seen.officers.iter().find(|officer| takers.contains(officer))
        {
            let what = msg!(
                "report-found-order-approver",
                officer = both,
                order = facts.order,
                batch = batch
            );
            found.add(Rule::OrderApprover, what, 1, &[*import, seen.seq]);
        }
        let at = seen.at.as_str().parse::<Timestamp>().ok();
        let took = facts
            .made_at
            .zip(at)
            .map(|(made, at)| made.duration_until(at).as_secs());
        if let Some(seconds) = took.filter(|seconds| *seconds < i64::from(self.quick_seconds)) {
            let what = msg!("report-found-quick", batch = batch, seconds = seconds);
            found.add(Rule::QuickApproval, what, 1, &[facts.made, seen.seq]);
        }
        for one in &facts.laid_down {
            for other in &facts.approved {
                let pair = (one.clone(), other.clone());
                self.pairs.entry(pair).or_insert((seen.seq, 0)).1 += 1;
            }
        }
    }

    fn tell_pairs(&self, found: &mut Anomalies) {
        for ((one, other), (first, count)) in &self.pairs {
            let back = self.pairs.get(&(other.clone(), one.clone()));
            let Some((second, again)) = back.filter(|_| one < other) else {
                continue;
            };
            let what = msg!(
                "report-found-mutual",
                one = one,
                other = other,
                there = count,
                back = again
            );
            found.add(Rule::Mutual, what, count + again, &[*first, *second]);
        }
    }

    /// Batches with a card or an entry in the period, in the order in which they were laid down.
    pub(super) fn told(mut self, mut tallies: BTreeMap<String, Tally>, found: &mut Anomalies) -> Vec<BatchRow> {
        self.tell_pairs(found);
        for name in std::mem::take(&mut self.touched) {
            tallies.entry(name).or_default();
        }
        let mut rows: Vec<BatchRow> = tallies
            .into_iter()
            .map(|(batch, tally)| {
                let facts = self.known.remove(&batch);
                let made = facts.as_ref().map(|facts| facts.made);
                let facts = facts.unwrap_or_default();
                BatchRow {
                    batch,
                    order: facts.order,
                    template: facts.template,
                    rows: facts.rows,
                    state: facts.state.to_owned(),
                    laid_down: facts.laid_down.join(" + "),
                    approved: facts.approved.join(" + "),
                    made,
                    tally,
                }
            })
            .collect();
        rows.sort_by_key(|row| row.made);
        rows
    }
}

fn left(body: &BatchClose, seen: &Seen, found: &mut Anomalies) {
    if body.left > 0 && seen.inside {
        let what = msg!("report-found-left", batch = body.batch, left = body.left);
        found.add(Rule::Left, what, u64::from(body.left), &[seen.seq]);
    }
}
