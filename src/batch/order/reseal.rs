// SPDX-License-Identifier: Apache-2.0
//! Sealing the whole book under the site's next secret, beside what is sealed under the present one. Which of the two stays is
//! decided when the drawing has happened, or has not.

use rusqlite::{Transaction, TransactionBehavior, params};

use super::book::{damaged, sealed_place, tagged};
use super::{OrderBook, OrderFault};
use crate::crypto::personal::{SealedPerson, tag, tag_fits};
use crate::crypto::seal::SealKey;
use crate::keys::{FileKeyStore, InternalUse};
use crate::outside::Random;
use crate::site::SiteError;

/// Rows that are in memory at once.
const PIECE: u32 = 500;

/// From one secret to the next.
struct Resealing<'a> {
    tx: &'a Transaction<'a>,
    site: &'a str,
    now: &'a SealKey,
    next: &'a SealKey,
    version: u32,
    random: &'a mut dyn Random,
}

/// A place in a table: behind which order and row to go on.
type Place = (String, u32);

impl OrderBook {
    /// Everything that the present secret keeps closed is sealed under the next one too.
    pub(super) fn seal_again(
        &mut self,
        now: &FileKeyStore,
        next: &FileKeyStore,
        random: &mut dyn Random,
    ) -> Result<(), OrderFault> {
        let version_of = |store: &FileKeyStore| store.internal_record(InternalUse::Holders).map_or(0, |r| r.version);
        let site = self.site.clone();
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute("UPDATE settled SET drawing = ?1", [version_of(next)])?;
        if version_of(now) > 0 {
            let mut resealing = Resealing {
                tx: &tx,
                site: &site,
                now: now.internal_key(InternalUse::Holders)?,
                next: next.internal_key(InternalUse::Holders)?,
                version: version_of(now),
                random,
            };
            let mut behind: Place = (String::new(), 0);
            while let Some(last) = resealing.rows(&behind)? {
                behind = last;
            }
            behind = (String::new(), 0);
            while let Some(last) = resealing.holders(&behind)? {
                behind = last;
            }
        }
        tx.commit()?;
        Ok(())
    }
}

impl Resealing<'_> {
    /// Tags the next rows anew; gives the last one.
    fn rows(&mut self, behind: &Place) -> Result<Option<Place>, OrderFault> {
        let sql = "SELECT order_id, row, line, tag FROM rows
                   WHERE (order_id, row) > (?1, ?2) AND version = ?3 ORDER BY order_id, row LIMIT ?4";
        let mut find = self.tx.prepare_cached(sql)?;
        let rows = find.query_map(params![behind.0, behind.1, self.version, PIECE], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        let rows: Vec<(String, u32, String, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
        for (order, row, line, old) in &rows {
            let text = tagged(self.site, order, line);
            if !tag_fits(self.now, &text, old) {
                return Err(damaged(order, *row));
            }
            let new = tag(self.next, &text, self.random).map_err(SiteError::from)?;
            let sql = "UPDATE rows SET next_tag = ?3 WHERE order_id = ?1 AND row = ?2";
            self.tx.prepare_cached(sql)?.execute(params![order, row, new])?;
        }
        Ok(rows.into_iter().last().map(|(order, row, ..)| (order, row)))
    }

    /// Seals the next holders' own keys anew; gives the last one.
    fn holders(&mut self, behind: &Place) -> Result<Option<Place>, OrderFault> {
        let sql = "SELECT order_id, row, number, key FROM holders JOIN rows USING (order_id, row)
                   WHERE (order_id, row) > (?1, ?2) AND holders.version = ?3 ORDER BY order_id, row LIMIT ?4";
        let mut find = self.tx.prepare_cached(sql)?;
        let rows = find.query_map(params![behind.0, behind.1, self.version, PIECE], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        let rows: Vec<(String, u32, String, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
        for (order, row, number, old) in &rows {
            let place = sealed_place(self.site, order, *row, number);
            let again = SealedPerson::rewrapped(old, self.now, self.next, &place, self.random);
            let new = again.map_err(SiteError::from)?.map_err(|_| damaged(order, *row))?;
            let sql = "UPDATE holders SET next_key = ?3 WHERE order_id = ?1 AND row = ?2";
            self.tx.prepare_cached(sql)?.execute(params![order, row, new])?;
        }
        Ok(rows.into_iter().last().map(|(order, row, ..)| (order, row)))
    }
}
