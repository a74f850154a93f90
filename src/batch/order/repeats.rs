// SPDX-License-Identifier: Apache-2.0
//! Values that come twice in one file. They are kept in a database of its own that SQLite puts into a temporary file when it
//! grows, so that memory stays the same for any number of rows; and only as salted digests, because some are personal.

use rusqlite::{Connection, OptionalExtension, params};

use super::OrderFault;
use crate::crypto::digest::sha256;
use crate::crypto::seal::NONCE;

/// Values that were seen, and on which line.
pub(super) struct Repeats {
    db: Connection,
    salt: [u8; NONCE],
}

impl Repeats {
    /// `salt` is drawn for this file.
    pub(super) fn new(salt: &[u8; NONCE]) -> Result<Self, OrderFault> {
        let db = Connection::open("")?;
        // 4 MiB of cache; nothing here outlives the process, so nothing needs to be durable.
        let make = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;
                    CREATE TABLE seen (value BLOB PRIMARY KEY, line INTEGER NOT NULL) STRICT, WITHOUT ROWID; BEGIN;";
        db.execute_batch(make)?;
        Ok(Self { db, salt: *salt })
    }

    /// Remembers a value of a field; the line of the first one if it was there.
    pub(super) fn note(&mut self, field: &str, value: &str, line: u64) -> Result<Option<u64>, OrderFault> {
        let digest = sha256(&[&self.salt, field.as_bytes(), &[0], value.as_bytes()]);
        let sql = "INSERT INTO seen (value, line) VALUES (?1, ?2) ON CONFLICT (value) DO NOTHING";
        let row = params![&digest[..16], line.cast_signed()];
        let mut put = self.db.prepare_cached(sql)?;
        if put.execute(row)? == 1 {
            return Ok(None);
        }
        let mut find = self.db.prepare_cached("SELECT line FROM seen WHERE value = ?1")?;
        let first = find
            .query_row(params![&digest[..16]], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(first.map(i64::cast_unsigned))
    }
}
