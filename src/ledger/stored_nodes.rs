// SPDX-License-Identifier: Apache-2.0
//! The stored nodes of the tree (RFC 6962 §2.1), read level by level beside the entries that they should follow from.

use std::collections::{BTreeMap, VecDeque};

use rusqlite::{Connection, params};

use super::hash::Hash;
use super::projection::whole;
use super::store;

/// So many nodes of a level are read at once.
const RUN: i64 = 256;

/// The nodes of a database, asked for in ascending order within each level.
pub(super) struct StoredNodes<'a> {
    db: &'a Connection,
    read: BTreeMap<u8, VecDeque<(i64, Option<Hash>)>>,
}

impl<'a> StoredNodes<'a> {
    pub(super) fn of(db: &'a Connection) -> Self {
        let read = BTreeMap::new();
        Self { db, read }
    }

    /// Whether this node is stored with this hash.
    pub(super) fn have(&mut self, level: u8, index: u64, hash: Hash) -> bool {
        let at = whole(index);
        let read = self.read.entry(level).or_default();
        while read.front().is_some_and(|(found, _)| *found < at) {
            read.pop_front();
        }
        if read.is_empty() {
            *read = read_run(self.db, level, at).unwrap_or_default();
        }
        match read.front() {
            Some((found, stored)) if *found == at => *stored == Some(hash),
            // What a run does not show is looked up by itself.
            _ => store::node(self.db, level, index) == Ok(hash),
        }
    }
}

fn read_run(db: &Connection, level: u8, from: i64) -> rusqlite::Result<VecDeque<(i64, Option<Hash>)>> {
    let sql = "SELECT idx, hash FROM nodes WHERE level = ?1 AND idx >= ?2 ORDER BY idx LIMIT ?3";
    let mut find = db.prepare_cached(sql)?;
    let node = |row: &rusqlite::Row<'_>| {
        let hash = row.get_ref(1)?.as_bytes().ok().and_then(Hash::from_slice);
        Ok((row.get(0)?, hash))
    };
    find.query_map(params![level, from, RUN], node)?.collect()
}
