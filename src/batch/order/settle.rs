// SPDX-License-Identifier: Apache-2.0
//! Bringing the book to what the ledger says: orders that came only half-way, orders that were withdrawn, data that are to
//! be gone, a secret that was drawn anew. Done whenever the book is opened, so that neither a crash nor an old copy of the file
//! leaves what should not be there.

use std::time::Duration;

use rusqlite::params;

use super::book::PATIENCE;
use super::{OrderBook, OrderFault};
use crate::keys::InternalUse;
use crate::ledger::Ledger;

/// Something was deleted, and old pages may be left in the log.
const UNCUT: &str = "UPDATE settled SET uncut = 1";

impl OrderBook {
    /// Settles everything that the ledger decides.
    pub(super) fn settle(&mut self, ledger: &Ledger) -> Result<(), OrderFault> {
        self.settle_orders(ledger)?;
        self.settle_drawing(ledger)?;
        self.settle_erasures(ledger)?;
        self.cut_log()
    }

    /// Orders that are coming are here if the ledger has them; while another process is at it they are left alone. Withdrawn
    /// ones go.
    fn settle_orders(&mut self, ledger: &Ledger) -> Result<(), OrderFault> {
        let coming = self.in_state("coming")?;
        if !coming.is_empty()
            && let Some(_held) = self.try_hold()?
        {
            // Another process may have settled them while this one waited for the lock.
            for (id, digest) in self.in_state("coming")? {
                let recorded = ledger.order(&id)?.is_some_and(|row| row.digest == digest);
                if recorded {
                    self.is_here(&id)?;
                } else {
                    self.remove(&id)?;
                }
            }
        }
        for row in ledger.orders()?.iter().filter(|row| row.withdrawn.is_some()) {
            let here = "SELECT 1 FROM orders WHERE order_id = ?1 AND state = 'here'";
            if self.db.prepare_cached(here)?.exists([&row.order])? {
                self.remove(&row.order)?;
            }
        }
        Ok(())
    }

    fn in_state(&self, state: &str) -> Result<Vec<(String, String)>, OrderFault> {
        let mut find = self
            .db
            .prepare_cached("SELECT order_id, digest FROM orders WHERE state = ?1")?;
        let rows = find.query_map([state], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The ledger has the entry.
    pub(super) fn is_here(&self, id: &str) -> Result<(), OrderFault> {
        let sql = "UPDATE orders SET state = 'here' WHERE order_id = ?1";
        self.db.prepare_cached(sql)?.execute([id])?;
        Ok(())
    }

    /// Destroys an order with everything that came with it.
    pub(super) fn remove(&mut self, id: &str) -> Result<(), OrderFault> {
        let tx = self.db.transaction()?;
        for table in ["holders", "rows", "orders"] {
            tx.execute(&format!("DELETE FROM {table} WHERE order_id = ?1"), [id])?;
        }
        tx.execute(UNCUT, [])?;
        tx.commit()?;
        Ok(())
    }

    /// Carries out the erasures that the ledger records and that were not carried out here.
    pub(super) fn settle_erasures(&mut self, ledger: &Ledger) -> Result<(), OrderFault> {
        let size = ledger.size().cast_signed();
        let since: i64 = self.db.query_row("SELECT entries FROM settled", [], |row| row.get(0))?;
        if since == size {
            return Ok(());
        }
        // An older copy of the ledger is no reason to forget an erasure; opening the ledger refuses it anyway.
        let erasures = ledger.erasures(since.min(size).cast_unsigned())?;
        let tx = self.db.transaction()?;
        let mut erased = 0;
        for (order, number) in &erasures {
            let sql = "DELETE FROM holders WHERE order_id = ?1 AND (?2 IS NULL OR row IN
                       (SELECT row FROM rows WHERE order_id = ?1 AND number = ?2))";
            erased += tx.prepare_cached(sql)?.execute(params![order, number])?;
        }
        tx.execute("UPDATE settled SET entries = ?1", [size])?;
        if erased > 0 {
            tx.execute(UNCUT, [])?;
        }
        tx.commit()?;
        Ok(())
    }

    /// After a crash while the secret was drawn anew: the ledger says whether it was.
    fn settle_drawing(&mut self, ledger: &Ledger) -> Result<(), OrderFault> {
        if self.drawing()?.is_none() {
            return Ok(());
        }
        match self.try_hold()? {
            Some(_held) => self.settle_drawing_held(ledger),
            None => Ok(()),
        }
    }

    /// The same by the process that holds the lock.
    pub(super) fn settle_drawing_held(&mut self, ledger: &Ledger) -> Result<(), OrderFault> {
        let Some(version) = self.drawing()? else { return Ok(()) };
        let secrets = ledger.secrets()?;
        let now = secrets.iter().find(|s| s.secret == InternalUse::Holders.as_str());
        self.end_drawing(version, now.is_some_and(|secret| secret.version >= version))
    }

    fn drawing(&self) -> Result<Option<u32>, OrderFault> {
        Ok(self.db.query_row("SELECT drawing FROM settled", [], |row| row.get(0))?)
    }

    /// Keeps what is sealed under the new secret, or what is sealed under the old one.
    fn end_drawing(&mut self, version: u32, drawn: bool) -> Result<(), OrderFault> {
        let tx = self.db.transaction()?;
        for (table, column) in [("rows", "tag"), ("holders", "key")] {
            if drawn {
                let sql = format!(
                    "UPDATE {table} SET version = ?1, {column} = next_{column}, next_{column} = NULL
                     WHERE next_{column} IS NOT NULL"
                );
                tx.execute(&sql, [version])?;
            } else {
                let sql = format!("UPDATE {table} SET next_{column} = NULL WHERE next_{column} IS NOT NULL");
                tx.execute(&sql, [])?;
            }
        }
        tx.execute("UPDATE settled SET drawing = NULL, uncut = 1", [])?;
        tx.commit()?;
        Ok(())
    }

    /// Brings the log into the file and cuts it to nothing where something was deleted, so that no old page is left in it. A
    /// reader in another process can be in the way; the next opening does it then.
    pub(super) fn cut_log(&self) -> Result<(), OrderFault> {
        let uncut: bool = self.db.query_row("SELECT uncut FROM settled", [], |row| row.get(0))?;
        if !uncut {
            return Ok(());
        }
        self.db.busy_timeout(Duration::from_millis(100))?;
        let busy = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.db.busy_timeout(PATIENCE)?;
        if matches!(busy, Ok(false)) {
            self.db.execute("UPDATE settled SET uncut = 0", [])?;
        }
        Ok(())
    }
}
