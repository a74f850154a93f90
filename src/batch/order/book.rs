// SPDX-License-Identifier: Apache-2.0
//! The orders that a site has taken in, in `holders.db` beside the ledger: row by row, with what is personal sealed under a key
//! of its own for each person.
//!
//! What always holds: an order is here if and only if the ledger has its entry; data whose erasure the ledger records are gone.
//! A crash in between, or a copy of the file from before, is settled when the book is opened: the ledger decides. Rows bear a tag
//! that only the open key store can make, so that nobody changes what is to be written with an editor for databases.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;

use super::OrderFault;
use super::line::{self, Digests, Line};
use crate::crypto::personal::{PersonalText, SealedPerson, tag_fits};
use crate::crypto::purse::Amount;
use crate::keys::{FileKeyStore, InternalUse};
use crate::ledger::{CardKind, Ledger};
use crate::site::Site;
use crate::template::Order;

/// `application_id` of the file: "CMHD".
const APPLICATION: i64 = 0x434D_4844;
/// `user_version` of the file.
const FORMAT: i64 = 1;
/// How long another process may keep the file to itself.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
const SCHEMA: &str = include_str!("book.sql");

/// The orders of a site, open.
#[derive(Debug)]
pub struct OrderBook {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    pub(super) site: String,
}

/// An order that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderFacts {
    /// Its name.
    pub order: String,
    /// `user` or `psam`.
    pub kind: String,
    /// The template.
    pub template: String,
    /// The digest of its file.
    pub template_digest: String,
    /// How many cards.
    pub rows: u32,
    /// The digest of its rows.
    pub digest: String,
    /// The root over the commitments to its holders' data.
    pub holders: Option<String>,
    /// The local moment that stood for today and now.
    pub moment: String,
}

/// A card to be made.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// From 1.
    pub row: u32,
    /// Its number as the ledger has it.
    pub number: String,
    /// Its terminal's number.
    pub terminal: Option<String>,
    /// Its values, checked and complete.
    pub order: Order,
    /// Initial balance, where there is one.
    pub load: Option<Amount>,
}

/// Held while orders come in or the secret is drawn anew.
#[derive(Debug)]
pub(super) struct Held(#[expect(dead_code, reason = "the open file is the lock")] File);

impl OrderBook {
    /// The book's file in a site's folder.
    pub fn place(site: &Site) -> PathBuf {
        site.folder().join("holders.db")
    }

    /// Opens the book of a site and settles what a crash left. A site that never took an order in has none.
    pub fn open(site: &Site, ledger: &Ledger) -> Result<Self, OrderFault> {
        let path = Self::place(site);
        if !path.is_file() {
            let path = path.display().to_string();
            return Err(OrderFault::NoBook { path });
        }
        let mut book = Self::connect(path, site)?;
        book.settle(ledger)?;
        Ok(book)
    }

    /// The same; makes the book of a site that never took an order in.
    pub fn open_or_make(site: &Site, ledger: &Ledger) -> Result<Self, OrderFault> {
        let path = Self::place(site);
        if !path.exists() && ledger.orders()?.is_empty() {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            made.map_err(|e| OrderFault::read(&path, &e))?;
            let book = Self::connect_to(path, site)?;
            let head = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};");
            book.db.execute_batch(&format!("BEGIN; {SCHEMA} {head} COMMIT;"))?;
        }
        Self::open(site, ledger)
    }

    fn connect(path: PathBuf, site: &Site) -> Result<Self, OrderFault> {
        Self::connect_to(path, site)?.if_a_book()
    }

    /// For reading only.
    pub(super) fn connect_to_look(path: PathBuf, site: &Site) -> Result<Self, OrderFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&path, flags)?;
        db.busy_timeout(PATIENCE)?;
        db.pragma_update(None, "trusted_schema", false)?;
        let site = site.config().id.clone();
        Self { db, path, site }.if_a_book()
    }

    /// Itself, if the file is a book.
    fn if_a_book(self) -> Result<Self, OrderFault> {
        let number = |pragma: &str| {
            self.db
                .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
        };
        match (number("application_id"), number("user_version")) {
            (Ok(APPLICATION), Ok(FORMAT)) => Ok(self),
            _ => Err(OrderFault::NotABook {
                path: self.path.display().to_string(),
            }),
        }
    }

    fn connect_to(path: PathBuf, site: &Site) -> Result<Self, OrderFault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&path, flags)?;
        db.busy_timeout(PATIENCE)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.pragma_update(None, "foreign_keys", true)?;
        // What is deleted is written over, in the file and, once it is cut, in the log before it.
        db.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
            .map_err(|_| OrderFault::NotABook {
                path: path.display().to_string(),
            })?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.set_prepared_statement_cache_capacity(32);
        let site = site.config().id.clone();
        Ok(Self { db, path, site })
    }

    /// Takes the book's lock, so that no other process takes orders in or settles.
    pub(super) fn hold(&self) -> Result<Held, OrderFault> {
        self.try_hold()?.ok_or_else(|| OrderFault::Busy {
            path: self.path.display().to_string(),
        })
    }

    /// The same; `None` where another process has it.
    pub(super) fn try_hold(&self) -> Result<Option<Held>, OrderFault> {
        let path = lock_of(&self.path);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(|e| OrderFault::read(&path, &e))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(OrderFault::read(&path, &e)),
        }
    }

    /// All orders, by name.
    pub fn orders(&self) -> Result<Vec<OrderFacts>, OrderFault> {
        let mut find = self.db.prepare_cached(&format!("{FACTS} ORDER BY order_id"))?;
        let rows = find.query_map([], facts)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// An order by its name.
    pub fn order(&self, id: &str) -> Result<OrderFacts, OrderFault> {
        let mut find = self.db.prepare_cached(&format!("{FACTS} AND order_id = ?1"))?;
        let found = find.query_row([id], facts).optional()?;
        found.ok_or_else(|| OrderFault::NoOrder { order: id.to_owned() })
    }

    /// The first row behind `after` (0: the first of all). One row is in memory at a time.
    pub fn next_row(&self, store: &FileKeyStore, id: &str, after: u32) -> Result<Option<OrderRow>, OrderFault> {
        let sql = "SELECT row, line, version, tag FROM rows WHERE order_id = ?1 AND row > ?2 ORDER BY row LIMIT 1";
        let mut find = self.db.prepare_cached(sql)?;
        let found = find.query_row(params![id, after], stored).optional()?;
        found.map(|row| self.opened(store, id, &row)).transpose()
    }

    /// A row by its place.
    pub fn row(&self, store: &FileKeyStore, id: &str, row: u32) -> Result<OrderRow, OrderFault> {
        let found = match row.checked_sub(1) {
            Some(before) => self.next_row(store, id, before)?.filter(|found| found.row == row),
            None => None,
        };
        found.ok_or_else(|| OrderFault::NoRow {
            order: id.to_owned(),
            row,
        })
    }

    /// The order and row of a card's number.
    pub fn place_of(&self, kind: CardKind, number: &str) -> Result<Option<(String, u32)>, OrderFault> {
        let sql = "SELECT order_id, row FROM rows JOIN orders USING (order_id)
                   WHERE number = ?1 AND kind = ?2 AND state = 'here'";
        let mut find = self.db.prepare_cached(sql)?;
        let found = find.query_row(params![number, kind.as_str()], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }

    /// The row of a card's number, with its order.
    pub fn row_of_number(
        &self,
        store: &FileKeyStore,
        kind: CardKind,
        number: &str,
    ) -> Result<Option<(String, OrderRow)>, OrderFault> {
        match self.place_of(kind, number)? {
            Some((order, row)) => self.row(store, &order, row).map(|row| Some((order, row))),
            None => Ok(None),
        }
    }

    /// Whether the rows are those that the ledger has the digest of. Needs no key.
    pub fn check_order(&self, ledger: &Ledger, id: &str) -> Result<(), OrderFault> {
        let recorded = ledger.order(id)?;
        let recorded = recorded.ok_or_else(|| OrderFault::NoOrder { order: id.to_owned() })?;
        let (rows, digest, holders) = self.digests(id)?;
        let (digest, holders) = (digest.to_string(), holders.map(|root| root.to_string()));
        if (rows, &digest, &holders) == (recorded.rows, &recorded.digest, &recorded.holders) {
            Ok(())
        } else {
            Err(OrderFault::OtherDigest { order: id.to_owned() })
        }
    }

    pub(super) fn digests(
        &self,
        id: &str,
    ) -> Result<(u32, crate::ledger::Hash, Option<crate::ledger::Hash>), OrderFault> {
        let sql = "SELECT row, line FROM rows WHERE order_id = ?1 ORDER BY row";
        let mut find = self.db.prepare_cached(sql)?;
        let mut rows = find.query([id])?;
        let mut digests = Digests::default();
        let mut expected = 1;
        while let Some(row) = rows.next()? {
            let (place, text) = (
                row.get::<_, u32>(0)?,
                row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?,
            );
            let line = line::read(id, place, text)?;
            if place != expected {
                return Err(OrderFault::Damaged {
                    order: id.to_owned(),
                    row: expected,
                });
            }
            expected += 1;
            digests.add(&line, text);
        }
        Ok(digests.finish())
    }

    /// A stored row with its holder's data.
    fn opened(&self, store: &FileKeyStore, id: &str, stored: &Stored) -> Result<OrderRow, OrderFault> {
        let line = self.proven(store, id, stored)?;
        let mut values = line.fields.clone();
        let mut blind = None;
        if line.holder.is_some() {
            let person = self.person(store, id, &line)?;
            let damaged = || damaged(id, line.row);
            let personal: std::collections::BTreeMap<String, String> =
                serde_json::from_str(person.read()).map_err(|_| damaged())?;
            values.extend(personal);
            blind = Some(person.blind());
        }
        let order = Order::restored(values);
        Ok(OrderRow {
            row: line.row,
            number: line.number,
            terminal: line.terminal,
            order: match blind {
                Some(blind) => order.blinded(blind),
                None => order,
            },
            load: line.load.map(Amount),
        })
    }

    /// The line of a stored row, whose tag was made by this site for this place.
    pub(super) fn proven(&self, store: &FileKeyStore, id: &str, stored: &Stored) -> Result<Line, OrderFault> {
        let line = line::read(id, stored.row, &stored.line)?;
        let key = secret(store, id, stored.version)?;
        if tag_fits(key, &tagged(&self.site, id, &stored.line), &stored.tag) {
            Ok(line)
        } else {
            Err(damaged(id, stored.row))
        }
    }

    /// The holder's data of a row, compared with the commitment.
    pub(super) fn person(&self, store: &FileKeyStore, id: &str, line: &Line) -> Result<PersonalText, OrderFault> {
        let sql = "SELECT version, key, sealed FROM holders WHERE order_id = ?1 AND row = ?2";
        let mut find = self.db.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| {
            let sealed = SealedPerson {
                key: row.get(1)?,
                text: row.get(2)?,
            };
            Ok((row.get::<_, u32>(0)?, sealed))
        };
        let found = find.query_row(params![id, line.row], read).optional()?;
        let (version, sealed) = found.ok_or_else(|| OrderFault::Erased {
            order: id.to_owned(),
            number: line.number.clone(),
        })?;
        let key = secret(store, id, version)?;
        let opened = sealed.open(key, &sealed_place(&self.site, id, line.row, &line.number));
        let same = opened.ok().filter(|p| Some(p.commitment()) == line.holder.map(|h| h.0));
        same.ok_or_else(|| damaged(id, line.row))
    }

    /// The proven line of a row.
    pub(super) fn line_of(&self, store: &FileKeyStore, id: &str, row: u32) -> Result<Line, OrderFault> {
        let sql = "SELECT row, line, version, tag FROM rows WHERE order_id = ?1 AND row = ?2";
        let mut find = self.db.prepare_cached(sql)?;
        let found = find.query_row(params![id, row], stored).optional()?;
        let found = found.ok_or_else(|| OrderFault::NoRow {
            order: id.to_owned(),
            row,
        })?;
        self.proven(store, id, &found)
    }
}

/// What a row's tag is made for.
pub(super) fn tagged(site: &str, id: &str, line: &str) -> Vec<u8> {
    format!("cardmint order row v1\n{site}\n{id}\n{line}").into_bytes()
}

/// What a holder's data must not be moved away from.
pub(super) fn sealed_place(site: &str, id: &str, row: u32, number: &str) -> Vec<u8> {
    format!("cardmint holder v1\n{site}\n{id}\n{row}\n{number}").into_bytes()
}

/// A row as it lies in the file.
pub(super) struct Stored {
    pub(super) row: u32,
    pub(super) line: String,
    pub(super) version: u32,
    pub(super) tag: Vec<u8>,
}

pub(super) fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        row: row.get(0)?,
        line: row.get(1)?,
        version: row.get(2)?,
        tag: row.get(3)?,
    })
}

/// The site's secret, if it is still the one of that version.
pub(super) fn secret<'s>(
    store: &'s FileKeyStore,
    order: &str,
    version: u32,
) -> Result<&'s crate::crypto::seal::SealKey, OrderFault> {
    let now = store.internal_record(InternalUse::Holders);
    if now.is_some_and(|record| record.version == version) {
        return Ok(store.internal_key(InternalUse::Holders)?);
    }
    Err(OrderFault::LostSecret {
        order: order.to_owned(),
        version,
    })
}

pub(super) fn damaged(order: &str, row: u32) -> OrderFault {
    OrderFault::Damaged {
        order: order.to_owned(),
        row,
    }
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

const FACTS: &str = "SELECT order_id, kind, template, template_digest, rows, digest, holders, moment FROM orders
                     WHERE state = 'here'";

fn facts(row: &rusqlite::Row<'_>) -> rusqlite::Result<OrderFacts> {
    Ok(OrderFacts {
        order: row.get(0)?,
        kind: row.get(1)?,
        template: row.get(2)?,
        template_digest: row.get(3)?,
        rows: row.get(4)?,
        digest: row.get(5)?,
        holders: row.get(6)?,
        moment: row.get(7)?,
    })
}
