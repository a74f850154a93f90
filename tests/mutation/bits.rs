// SPDX-License-Identifier: Apache-2.0
//! Damage to the bytes of the files, by a medium or by a hand that does not ask SQLite: bits, sectors, pages; the write-ahead
//! log and its index; files of different times put together.

use super::case::{Case, Draw, Expected, Files};
use super::subject::Subject;

const PAGE: usize = 4096;

/// Bits of the database file.
pub fn database(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let mut db = s.db.clone();
    let what = if draw.percent(80) {
        flip(&mut db, 1, draw)
    } else {
        overwrite(&mut db, s, draw)
    };
    files.put(&db, None);
    Case::new("bits", what, Expected::ByContent)
}

/// Bits of a database whose newest pages are in the write-ahead log.
pub fn log(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let (mut db, mut wal) = s.torn.clone();
    let mut shm = None;
    let what = match draw.below(12) {
        0 => {
            let what = flip(&mut db, 1, draw);
            format!("database {what}")
        }
        1 => {
            wal.truncate(draw.below(wal.len()));
            format!("log cut to {}", wal.len())
        }
        2 => {
            let garbage: Vec<u8> = (0..32768).map(|_| draw.below(256) as u8).collect();
            shm = Some(garbage);
            "index is garbage".to_owned()
        }
        3 => {
            wal = draw.one(&s.earlier).torn.1.clone();
            "an earlier log".to_owned()
        }
        4 => {
            db.clone_from(&s.db);
            "a log that was taken over".to_owned()
        }
        5 => {
            db.clone_from(&s.db);
            wal = draw.one(&s.earlier).torn.1.clone();
            "an earlier log beside the file".to_owned()
        }
        6 => {
            db.clone_from(&draw.one(&s.earlier).db);
            "an earlier file below the log".to_owned()
        }
        // The salts and checksums of the log's header
        7 => {
            let at = draw.below(32);
            wal[at] ^= 1 << draw.below(8);
            format!("log header byte {at}")
        }
        _ => {
            let what = flip(&mut wal, 32, draw);
            format!("log {what}")
        }
    };
    files.put(&db, Some(&wal));
    if let Some(shm) = shm {
        files.put_shm(&shm);
    }
    Case::new("log-bits", what, Expected::ByContent)
}

fn flip(bytes: &mut [u8], from: usize, draw: &mut Draw) -> String {
    let used = if draw.percent(10) {
        100.min(bytes.len())
    } else {
        bytes.len()
    };
    let at = (from + draw.below(used - from)).min(bytes.len() - 1);
    let bit = draw.below(8);
    bytes[at] ^= 1 << bit;
    format!("byte {at} bit {bit}")
}

fn overwrite(bytes: &mut Vec<u8>, s: &Subject, draw: &mut Draw) -> String {
    let pages = bytes.len() / PAGE;
    let (a, b) = (draw.below(pages), draw.below(pages));
    match draw.below(7) {
        0 => {
            bytes[a * PAGE..][..PAGE].fill(0);
            format!("page {a} empty")
        }
        1 => {
            bytes.copy_within(a * PAGE..(a + 1) * PAGE, b * PAGE);
            format!("page {a} over {b}")
        }
        2 => {
            let other = bytes[b * PAGE..][..PAGE].to_vec();
            bytes.copy_within(a * PAGE..(a + 1) * PAGE, b * PAGE);
            bytes[a * PAGE..][..PAGE].copy_from_slice(&other);
            format!("pages {a} and {b} swapped")
        }
        3 => {
            let sector = draw.below(bytes.len() / 512) * 512;
            for byte in &mut bytes[sector..sector + 512] {
                *byte = draw.below(256) as u8;
            }
            format!("sector at {sector} is garbage")
        }
        4 => {
            let old = &draw.one(&s.earlier).db;
            if (a + 1) * PAGE <= old.len() {
                bytes[a * PAGE..][..PAGE].copy_from_slice(&old[a * PAGE..][..PAGE]);
            }
            format!("page {a} of an earlier time")
        }
        5 => {
            let at = draw.below(bytes.len());
            bytes.truncate(at);
            format!("cut to {at}")
        }
        _ => {
            let at = draw.below(bytes.len() - 8);
            for byte in &mut bytes[at..at + 8] {
                *byte = draw.below(256) as u8;
            }
            format!("eight bytes at {at}")
        }
    }
}
