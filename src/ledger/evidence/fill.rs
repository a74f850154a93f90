// SPDX-License-Identifier: Apache-2.0
//! A card's proof is kept short where the centre's own entries lie close together, as they do at the beginning of a ledger:
//! where the proof would have the hash of one lone entry about site, officers, policy, keys, ceremonies, templates or ranges,
//! the entry itself goes into the file. The beginning then has no gaps: entry follows entry by `prev`, and whoever reads it sees
//! that nothing was left out there. Entries about other cards, orders, stock or holders are never added.

use super::context::with_context;
use super::selection::Selection;
use super::tree;
use crate::ledger::error::LedgerError;
use crate::ledger::log::Ledger;

/// What every card of the site has in common.
const CENTRE: [&str; 9] = [
    "site.",
    "officer.",
    "policy.",
    "key.",
    "ceremony.",
    "template.",
    "range.",
    "log.",
    "store.",
];

/// More lone entries than this are not looked at.
const MOST: usize = 32;

/// The lone entries whose hashes a proof of these would have.
pub(super) fn lone(size: u64, entries: &Selection) -> Vec<u64> {
    let mut lone = Vec::new();
    let Ok(()) = tree::missing::<std::convert::Infallible>(size, entries, &mut |start, len| {
        if len == 1 {
            lone.push(start);
        }
        Ok(())
    });
    lone
}

fn hashes(size: u64, entries: &Selection) -> usize {
    let mut count = 0;
    let Ok(()) = tree::missing::<std::convert::Infallible>(size, entries, &mut |_, _| {
        count += 1;
        Ok(())
    });
    count
}

/// Adds such entries with what they need in turn, each only if the proof becomes shorter by it.
pub(super) fn filled(ledger: &Ledger, entries: Selection, size: u64) -> Result<Selection, LedgerError> {
    let mut best = entries;
    for seq in lone(size, &best).into_iter().take(MOST) {
        if !of_centre(ledger, seq)? || best.covers(&(seq..seq + 1)) {
            continue;
        }
        let mut more = best.clone();
        more.add(seq);
        let more = with_context(ledger, more, size)?;
        if hashes(size, &more) < hashes(size, &best) {
            best = more;
        }
    }
    Ok(best)
}

fn of_centre(ledger: &Ledger, seq: u64) -> Result<bool, LedgerError> {
    let doing = LedgerError::while_doing("looking for a card's entries");
    let mut find = ledger
        .db
        .prepare_cached("SELECT act FROM entries WHERE seq = ?1")
        .map_err(&doing)?;
    let act: String = find.query_row([seq.cast_signed()], |row| row.get(0)).map_err(doing)?;
    Ok(CENTRE.iter().any(|noun| act.starts_with(noun)))
}
