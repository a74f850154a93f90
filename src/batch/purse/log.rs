// SPDX-License-Identifier: Apache-2.0
//! The transaction log 交易明细 of a purse: records of 23 bytes, newest first (JR/T 0025.2-2010 table A.1). Cards differ in
//! whether a record's counter is the one before or after the transaction, and some keep loads in a file of their own.

use serde::Serialize;

use super::PurseCard;
use crate::card::commands::{self as apdu, FileBody};
use crate::card::{CardError, CardSession};
use crate::iso7816::Sfi;

/// Bytes of a record.
const LENGTH: u8 = 23;

/// One transaction as the card logged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogRecord {
    /// The transaction counter.
    pub counter: u16,
    /// Overdraft limit in fen.
    pub overdraft: u32,
    /// Amount in fen.
    pub amount: u32,
    /// Type byte, hex.
    #[serde(rename = "type")]
    pub kind: String,
    /// Terminal number, hex.
    pub terminal: String,
    /// Date and time, 14 digits.
    pub datetime: String,
}

impl LogRecord {
    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; LENGTH as usize] = bytes.try_into().ok()?;
        let number = |part: &[u8]| part.iter().fold(0, |n: u32, b| n << 8 | u32::from(*b));
        let written = bytes.iter().any(|b| *b != 0) && bytes.iter().any(|b| *b != 0xFF);
        written.then(|| Self {
            counter: u16::from_be_bytes([bytes[0], bytes[1]]),
            overdraft: number(&bytes[2..5]),
            amount: number(&bytes[5..9]),
            kind: hex::encode_upper(&bytes[9..10]),
            terminal: hex::encode_upper(&bytes[10..16]),
            datetime: hex::encode(&bytes[16..]),
        })
    }
}

/// The log, newest first within each of the card's log files. The purse application is selected.
pub fn log(card: &mut CardSession<'_>, on: &PurseCard<'_>) -> Result<Vec<LogRecord>, CardError> {
    let mut files: Vec<Sfi> = Vec::new();
    for file in &on.slots.directory.files {
        let sfi = match file.header.body {
            FileBody::Purse(log) => Some(log),
            FileBody::Cyclic(_, LENGTH) => file.sfi(),
            _ => None,
        };
        files.extend(sfi.filter(|sfi| !files.contains(sfi)));
    }
    let mut found = Vec::new();
    for sfi in files {
        for number in 1..=30 {
            let command = apdu::read_record(sfi, number, LENGTH);
            // Behind the last record, or not to be read without more: what there is has been read.
            match card.send("READ RECORD log", &command) {
                Ok(bytes) => found.extend(LogRecord::read(&bytes)),
                Err(CardError::Refused { .. }) => break,
                Err(e) => return Err(e),
            }
        }
    }
    Ok(found)
}
