// SPDX-License-Identifier: Apache-2.0
//! One damaged copy, and what a verifier must say of it.

use std::fs;
use std::path::{Path, PathBuf};

use cardmint::ledger::cosigned::cosigned_copy;

use super::evidence::Wrong;
use super::subject::Subject;

/// Where the first bad entry is.
#[derive(Debug, Clone, PartialEq)]
pub enum First {
    /// This one.
    At(u64),
    /// No entry is bad by itself; something else is.
    Nowhere,
    /// One of these: what is wrong with the first follows from the rules, not from the damage alone.
    Within(u64, u64),
    /// None before this one; perhaps none, as all of it was made anew by the right keys.
    NotBefore(u64),
}

/// What must be said.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Bad: the first bad entry, and a check that must be among those named. (Empty: any.)
    Bad(First, &'static [&'static str]),
    /// Good where plain SQL reads the same content, bad where it does not; and the first difference is named.
    ByContent,
    /// Good.
    Good,
}

/// What opening must do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Opening {
    /// Whatever it does, the ledger is not better afterwards.
    Any,
    /// It sees the difference and refuses.
    Refused,
    /// It goes on.
    Allowed,
}

/// The files of a damaged copy.
pub struct Files {
    pub folder: PathBuf,
}

impl Files {
    pub fn db(&self) -> PathBuf {
        self.folder.join("ledger.db")
    }

    pub fn copy(&self) -> PathBuf {
        self.folder.join("checkpoint.note")
    }

    /// The cosigned checkpoint beside the copy.
    pub fn cosigned(&self) -> PathBuf {
        cosigned_copy(&self.copy())
    }

    fn beside(&self, end: &str) -> PathBuf {
        self.folder.join(format!("ledger.db{end}"))
    }

    /// The undamaged files.
    pub fn lay(&self, subject: &Subject) {
        self.put(&subject.db, None);
        fs::write(self.copy(), &subject.note).unwrap();
        self.put_cosigned(subject.cosigned.as_deref());
    }

    /// The cosigned checkpoint beside the copy, or none.
    pub fn put_cosigned(&self, note: Option<&str>) {
        match note {
            Some(note) => fs::write(self.cosigned(), note).unwrap(),
            None => drop(fs::remove_file(self.cosigned())),
        }
    }

    /// A database, with or without a write-ahead log.
    pub fn put(&self, db: &[u8], wal: Option<&[u8]>) {
        for end in ["-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(self.beside(end));
        }
        fs::write(self.db(), db).unwrap();
        if let Some(wal) = wal {
            fs::write(self.beside("-wal"), wal).unwrap();
        }
    }

    pub fn put_shm(&self, shm: &[u8]) {
        fs::write(self.beside("-shm"), shm).unwrap();
    }

    /// The same files in another folder, as they are now.
    pub fn duplicate(&self, folder: &Path) -> Files {
        let other = Files {
            folder: folder.to_owned(),
        };
        fs::create_dir_all(folder).unwrap();
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(other.beside(end));
            if self.beside(end).exists() {
                fs::copy(self.beside(end), other.beside(end)).unwrap();
            }
        }
        for (from, to) in [(self.copy(), other.copy()), (self.cosigned(), other.cosigned())] {
            let _ = fs::remove_file(&to);
            if from.exists() {
                fs::copy(from, to).unwrap();
            }
        }
        other
    }
}

/// What was done.
pub struct Case {
    pub kind: &'static str,
    /// For the report: where and how.
    pub what: String,
    pub expected: Expected,
    pub opening: Opening,
    /// The same damage as an export with a checkpoint, for both verifiers.
    pub export: Option<(Vec<u8>, String)>,
    /// What is wrong with the export, where it is an evidence bundle.
    pub bundle: Option<Wrong>,
}

impl Case {
    pub fn new(kind: &'static str, what: impl Into<String>, expected: Expected) -> Self {
        Self {
            kind,
            what: what.into(),
            expected,
            opening: Opening::Any,
            export: None,
            bundle: None,
        }
    }

    pub fn opening(mut self, opening: Opening) -> Self {
        self.opening = opening;
        self
    }

    pub fn export(mut self, lines: &[Vec<u8>], note: &str) -> Self {
        self.export = Some((crate::ledger::story::joined(lines), note.to_owned()));
        self
    }
}

/// xorshift64, a stream of its own for every damaged copy, so that each can be made again alone.
pub struct Draw(u64);

impl Draw {
    pub fn of(seed: u64, number: u64) -> Self {
        // splitmix64 of both
        let mut z = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((z ^ (z >> 31)) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit as u64) as usize
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn percent(&mut self, n: usize) -> bool {
        self.below(100) < n
    }
}
