// SPDX-License-Identifier: Apache-2.0
//! The lines of an old period go into a sealed file, and the database keeps of them what it works with: tree, tables, and of
//! each entry act, time and number. Entries of which the site's state is made, and those of cards that are not settled, stay.
//!
//! Order: the file is written, made durable, and read back line by line; then one commit records it and lets the lines go.
//! Killed at any moment, each line is in the database or in a file that an entry names.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::ops::Range;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::UpkeepFault;
use super::backup::{digest_of, give_name, part_of, private, remove};
use super::migrate::newest;
use super::mount::{each_entry, is_remainder, remainder};
use crate::ledger::act::{self, Act, LedgerArchive};
use crate::ledger::entry::Entry;
use crate::ledger::error::LedgerError;
use crate::ledger::evidence::verify_bundle;
use crate::ledger::field::{Moment, Text};
use crate::ledger::filter::Filter;
use crate::ledger::hash::Hash;
use crate::ledger::log::{Ledger, Signer};
use crate::ledger::projection::whole;
use crate::ledger::store;
use crate::outside::{Clock, Observer};

/// Acts whose lines may leave; `schema.sql` holds the database to the same list.
pub(super) const MAY_LEAVE: &str = "'card.intent', 'card.outcome', 'psam.intent', 'psam.outcome', 'card.void',
    'purse.intent', 'purse.load', 'purse.purchase',
    'stock.receive', 'stock.hand-out', 'stock.take-back', 'stock.return', 'stock.scrap', 'stock.count',
    'card.lost', 'card.found', 'card.extend', 'card.return', 'card.cancel',
    'card.block', 'card.unblock', 'pin.unblock', 'pin.reload', 'card.done',
    'batch.run', 'batch.pause', 'batch.resume', 'batch.export',
    'blacklist.add', 'blacklist.remove', 'blacklist.confirm',
    'holder.show', 'ledger.export', 'clock.refused'";

impl Ledger {
    /// The entries that an archive up to a moment would take: from where the last one ended, as far as the newest checkpoint
    /// covers.
    pub fn archivable(&self, until: &Moment) -> Result<Range<u64>, LedgerError> {
        let from = super::mount::archives(&self.db)?.last().map_or(0, |row| row.to);
        let before = Filter {
            until: Some(until.clone()),
            ..Filter::default()
        };
        let to = self.range_of(&before)?.1.min(newest(self)?.size);
        if to > from {
            Ok(from..to)
        } else {
            Err(UpkeepFault::Period { from, to }.into())
        }
    }

    /// Writes a period to a new file and reads it back. Nothing is overwritten; the database is not touched.
    pub fn write_archive(
        &self,
        period: &Range<u64>,
        to: &Path,
        observer: &mut dyn Observer,
    ) -> Result<LedgerArchive, LedgerError> {
        if to.exists() {
            return Err(UpkeepFault::There(to.to_owned()).into());
        }
        let file = Text::new(to.file_name().unwrap_or_default().to_string_lossy())?;
        let part = part_of(to);
        remove(&part).map_err(LedgerError::at(&part))?;
        let written = self
            .write_period(period, &part)
            .and_then(|()| self.prove_period(period, &part, observer))
            .and_then(|digest| give_name(&part, to).map_err(LedgerError::at(to)).map(|()| digest));
        if written.is_err() {
            // What cannot be removed is removed by the next attempt.
            let _ = remove(&part);
        }
        let (from, to, digest) = (period.start, period.end, written?);
        Ok(LedgerArchive { from, to, file, digest })
    }

    fn write_period(&self, period: &Range<u64>, part: &Path) -> Result<(), LedgerError> {
        let at = LedgerError::at(part);
        let mut out = BufWriter::new(private(part).map_err(&at)?);
        let filter = Filter {
            from: period.start,
            to: Some(period.end),
            ..Filter::default()
        };
        self.export_bundle(&filter, &mut out)?;
        out.flush().map_err(&at)?;
        out.get_ref().sync_all().map_err(at)
    }

    /// The file proves itself by the log's key alone, and holds every line of the period, byte for byte.
    fn prove_period(&self, period: &Range<u64>, part: &Path, observer: &mut dyn Observer) -> Result<Hash, LedgerError> {
        let bad = |what| {
            LedgerError::from(UpkeepFault::BadCopy {
                path: part.to_owned(),
                what,
            })
        };
        let key = self.note_key();
        let verdict = verify_bundle(&mut || Ok(Box::new(BufReader::new(File::open(part)?))), &key, observer)?;
        if let Some(finding) = verdict.report.first_bad() {
            return Err(bad(finding.what.clone()));
        }
        let mut next = period.start;
        each_entry(part, &mut |seq, line| {
            if period.contains(&seq) {
                if seq != next || self.line(seq)? != line {
                    return Err(LedgerError::Damaged { seq });
                }
                next += 1;
            }
            Ok(())
        })?;
        if next != period.end {
            return Err(LedgerError::NoEntry(next));
        }
        Ok(digest_of(part).map_err(LedgerError::at(part))?.0)
    }

    /// Records an archive and lets its lines go, in one commit. Returns the entry, and how many lines went.
    pub fn archive(
        &mut self,
        body: LedgerArchive,
        signers: &[Signer<'_>],
        clock: &Clock,
    ) -> Result<(Entry, u64), LedgerError> {
        let period = body.from..body.to;
        let mut went = 0;
        let acts = vec![(Act::LedgerArchive(body), signers)];
        let mut entries = self.append_then(acts, clock, &mut |db| {
            went = let_go(db, &period)?;
            Ok(())
        })?;
        entries.pop().map(|entry| (entry, went)).ok_or(LedgerError::TreeDamaged)
    }

    /// Gives the space of what went back to the system. Killed meanwhile, the database is as it was.
    pub fn compact(&self) -> Result<(), LedgerError> {
        let doing = LedgerError::while_doing("giving space back");
        self.db.execute_batch("VACUUM").map_err(&doing)?;
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(doing)
    }

    /// The recorded archives, in their order.
    pub fn archives(&self) -> Result<Vec<super::ArchiveRow>, LedgerError> {
        super::mount::archives(&self.db)
    }
}

fn let_go(db: &Connection, period: &Range<u64>) -> Result<u64, LedgerError> {
    let sql = format!(
        "UPDATE entries SET line = {} WHERE seq >= ?1 AND seq < ?2 AND act IN ({MAY_LEAVE})
         AND NOT EXISTS (SELECT 1 FROM cards AS c WHERE c.kind IN ('user', 'psam') AND c.number = entries.number
             AND c.status NOT IN ('issued', 'void'))
         AND NOT EXISTS (SELECT 1 FROM purse_intents AS p WHERE p.intent = entries.seq)
         AND NOT EXISTS (SELECT 1 FROM desk_acts AS d WHERE d.intent = entries.seq)",
        remainder("entries")
    );
    let went = db
        .execute(&sql, params![whole(period.start), whole(period.end)])
        .map_err(LedgerError::while_doing("letting archived lines go"))?;
    // The last entry is the end of the chain, whatever was archived.
    debug_assert!(store::size(db).is_ok_and(|size| store::line(db, size - 1).is_ok_and(|line| !is_remainder(&line))));
    Ok(went as u64)
}

impl Ledger {
    /// Reads recorded archives beside the database, for this ledger as it is open here. It is for reading only.
    pub fn read_archives(&mut self, files: &[std::path::PathBuf]) -> Result<(), LedgerError> {
        let unread = super::mount::mount(&self.db, files)?;
        let all = super::mount::archives(&self.db)?;
        let beside = all.into_iter().filter(|row| !unread.contains(row));
        self.beside = beside.map(|row| row.from).collect();
        Ok(())
    }

    /// Whether all entries of a range that a filter asks for are there to be looked into; else the archive that is missing.
    pub(in crate::ledger) fn check_there(&self, range: (u64, u64), filter: &Filter) -> Result<(), LedgerError> {
        let doing = LedgerError::while_doing("looking for archived entries");
        // Asked anew each time: another process may have archived since.
        for row in super::mount::archives(&self.db)? {
            if self.beside.contains(&row.from) || row.from >= range.1 || range.0 >= row.to {
                continue;
            }
            let mut sql =
                "SELECT seq FROM main.entries WHERE seq >= ?1 AND seq < ?2 AND line NOT LIKE '%,\"v\":1}'".to_owned();
            let mut values: Vec<Value> = vec![whole(row.from.max(range.0)).into(), whole(row.to.min(range.1)).into()];
            if let Some(act) = &filter.act {
                let noun = act::family(act);
                sql += if noun.is_some() {
                    " AND act LIKE ? || '.%'"
                } else {
                    " AND act = ?"
                };
                values.push(noun.unwrap_or(act).to_owned().into());
            }
            if let Some(number) = &filter.number {
                sql += " AND number = ?";
                values.push(number.clone().into());
            }
            let found: Option<i64> = self
                .db
                .query_row(&(sql + " LIMIT 1"), params_from_iter(values), |row| row.get(0))
                .optional()
                .map_err(&doing)?;
            if let Some(seq) = found {
                return Err(row.holds(seq.cast_unsigned()));
            }
        }
        Ok(())
    }
}
