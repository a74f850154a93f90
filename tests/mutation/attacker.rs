// SPDX-License-Identifier: Apache-2.0
//! What somebody can do who may write to the files: new lines, chained again, signed by whatever keys he has, the tree worked
//! out anew, tables as the rules would make them, a checkpoint by a key of his own; triggers dropped and put back.

use std::path::Path;

use cardmint::ledger::checkpoint::{Checkpoint, origin};
use cardmint::ledger::entry::{SIGNED_PREFIX, canonical};
use cardmint::ledger::note::{self, NoteKey};
use cardmint::ledger::{Hash, SiteId, merkle};
use ed25519_dalek::Signer as _;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::subject::{seed, signers_of};
use crate::ledger::bench_site::{key, public};

/// Whose keys an attacker has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hand {
    /// None: signatures stay as they were.
    None,
    /// Keys of his own, which he uses in everybody's name.
    Own,
    /// That of one officer, who signs what is his to sign.
    Insider(&'static str),
    /// All of them.
    Everybody,
}

impl Hand {
    fn seed(self, name: &str) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Own => Some(200),
            Self::Insider(one) => (one == name).then(|| seed(name)),
            Self::Everybody => Some(seed(name)),
        }
    }
}

/// A signature as it stands in an entry.
pub fn signature(value: &Value, officer: &str, seed: u8) -> Value {
    let mut unsigned = value.clone();
    unsigned.as_object_mut().unwrap().remove("sigs");
    let bytes = [SIGNED_PREFIX, &canonical(&unsigned)].concat();
    let sig = cardmint::ledger::Signature(key(seed).sign(&bytes).to_bytes());
    json!({"officer": officer, "sig": serde_json::to_value(sig).unwrap()})
}

/// Signs an entry anew, as far as the hand reaches.
pub fn sign(value: &mut Value, hand: Hand) {
    let names = signers_of(value);
    for (i, name) in names.iter().enumerate() {
        if let Some(seed) = hand.seed(name) {
            value["sigs"][i] = signature(value, name, seed);
        }
    }
}

/// Makes every entry from `from` on follow the one before it, in number and hash, and signs it as far as the hand reaches.
pub fn chain(values: &mut [Value], from: usize, hand: Hand) {
    for seq in from..values.len() {
        let prev = match seq.checked_sub(1) {
            Some(before) => Hash::leaf(&canonical(&values[before])),
            None => Hash::default(),
        };
        values[seq]["seq"] = json!(seq);
        values[seq]["prev"] = json!(prev.to_string());
        sign(&mut values[seq], hand);
    }
}

/// Entries name earlier ones by number: from `at` on these have moved by `by`.
pub fn renumber(values: &mut [Value], at: u64, by: i64) {
    for value in values {
        let Some(body) = value["body"].as_object_mut() else {
            continue;
        };
        for field in ["intent", "resumes", "ceremony", "begin"] {
            if let Some(seq) = body.get(field).and_then(Value::as_u64).filter(|seq| *seq >= at) {
                body.insert(field.to_owned(), json!(seq.saturating_add_signed(by)));
            }
        }
    }
}

pub fn lines_of(values: &[Value]) -> Vec<Vec<u8>> {
    values.iter().map(canonical).collect()
}

/// A checkpoint over these lines, signed with the key of this seed in the log's name.
pub fn note_over(lines: &[Vec<u8>], site: &str, log: u8) -> String {
    let mut nodes = std::collections::BTreeMap::new();
    for (level, index, hash) in nodes_of(lines) {
        nodes.insert((level, index), hash);
    }
    let find = |level, index| nodes.get(&(level, index)).copied().ok_or(());
    let origin = origin(&SiteId::new(site).unwrap());
    let root = merkle::root(lines.len() as u64, &find).unwrap();
    let size = lines.len() as u64;
    let name = NoteKey {
        name: origin.clone(),
        key: public(log),
    };
    let text = Checkpoint { origin, size, root }.text();
    note::sign(&text, &name, &|m| key(log).sign(m).to_bytes())
}

/// All nodes of the tree over these lines.
pub fn nodes_of(lines: &[Vec<u8>]) -> Vec<(u8, u64, Hash)> {
    let mut all = Vec::new();
    let mut level: Vec<Hash> = lines.iter().map(|line| Hash::leaf(line)).collect();
    let mut height = 0;
    while !level.is_empty() {
        all.extend((0..).zip(&level).map(|(index, hash)| (height, index, *hash)));
        let pairs = level.chunks_exact(2);
        level = pairs.map(|pair| Hash::node(&pair[0], &pair[1])).collect();
        height += 1;
    }
    all
}

/// Drops the triggers, does something, puts the triggers back.
pub fn tamper(path: &Path, with: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let db = Connection::open(path)?;
    db.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; BEGIN",
    )?;
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    let named = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let triggers: Vec<(String, String)> = db.prepare(sql)?.query_map([], named)?.collect::<Result<_, _>>()?;
    for (name, _) in &triggers {
        db.execute_batch(&format!("DROP TRIGGER {name}"))?;
    }
    with(&db)?;
    for (_, sql) in &triggers {
        db.execute_batch(sql)?;
    }
    db.execute_batch("COMMIT")
}

pub fn put_lines(db: &Connection, lines: &[Vec<u8>]) -> rusqlite::Result<()> {
    db.execute("DELETE FROM entries", [])?;
    let mut put = db.prepare("INSERT INTO entries (seq, line) VALUES (?1, ?2)")?;
    for (seq, line) in (0_i64..).zip(lines) {
        put.execute(params![seq, String::from_utf8_lossy(line)])?;
    }
    Ok(())
}

pub fn put_nodes(db: &Connection, lines: &[Vec<u8>]) -> rusqlite::Result<()> {
    db.execute("DELETE FROM nodes", [])?;
    let mut put = db.prepare("INSERT INTO nodes (level, idx, hash) VALUES (?1, ?2, ?3)")?;
    for (level, index, hash) in nodes_of(lines) {
        put.execute(params![level, index as i64, hash.0])?;
    }
    Ok(())
}

pub fn put_note(db: &Connection, size: usize, note: &str) -> rusqlite::Result<()> {
    db.execute("DELETE FROM checkpoint", [])?;
    let sql = "INSERT INTO checkpoint (one, size, note) VALUES (0, ?1, ?2)";
    db.execute(sql, params![size as i64, note]).map(drop)
}
