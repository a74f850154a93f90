// SPDX-License-Identifier: Apache-2.0
//! What stands in the site: its description, the key store's header, the ledger and its checkpoint. Everything is only read,
//! nothing is unlocked; `cardmint ledger verify` re-derives the whole ledger.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Finding;
use crate::error::Fault;
use crate::keys::StorePlace;
use crate::ledger::{Ledger, LedgerError};
use crate::msg;

/// Where the checkpoint is kept unless `site.toml` says another place.
const CHECKPOINT: &str = "checkpoint.note";

pub(super) fn checks(folder: &Path, now: Timestamp) -> Vec<Finding> {
    let settings = match settings(folder) {
        Ok(settings) => settings,
        Err(finding) => return vec![*finding],
    };
    let copy = settings.get("checkpoint-copy").and_then(toml::Value::as_str);
    let copy = folder.join(copy.unwrap_or(CHECKPOINT));
    let mut findings = vec![Finding::ok("SITE-TOML", msg!("doctor-site-toml")), key_store(folder)];
    findings.extend(ledger(folder, &copy, now));
    findings
}

fn settings(folder: &Path) -> Result<toml::Table, Box<Finding>> {
    let path = folder.join("site.toml");
    let fail = |what: &dyn std::fmt::Display| {
        let msg = msg!("doctor-site-toml-broken", path = path.display(), what = what);
        Box::new(Finding::fail("SITE-TOML", msg))
    };
    let text = fs::read_to_string(&path).map_err(|e| fail(&e))?;
    text.parse().map_err(|e: toml::de::Error| fail(&e.message()))
}

fn key_store(folder: &Path) -> Finding {
    match StorePlace::in_site(folder).header() {
        Ok(header) => {
            let (keys, holders) = (header.keys.len(), header.holders.len());
            let msg = msg!(
                "doctor-key-store",
                keys = keys,
                quorum = header.quorum,
                holders = holders
            );
            Finding::ok("KEY-STORE", msg)
        }
        Err(e) => Finding::fail("KEY-STORE", e.msg()),
    }
}

fn ledger(folder: &Path, copy: &Path, now: Timestamp) -> Vec<Finding> {
    let path: PathBuf = folder.join("ledger.db");
    let opened = Ledger::open_read_only(&path, Some(copy)).and_then(|ledger| {
        let newest = ledger.size().checked_sub(1).map(|seq| ledger.entry(seq)).transpose()?;
        Ok::<_, LedgerError>((ledger.size(), newest))
    });
    let (size, newest) = match opened {
        Ok(found) => found,
        Err(e) => return vec![Finding::fail("LEDGER", e.msg())],
    };
    let mut findings = vec![Finding::ok("LEDGER", msg!("doctor-ledger", entries = size))];
    if let Some(newest) = newest {
        let at = newest.at;
        findings.push(if at.to_string().parse().is_ok_and(|at: Timestamp| now < at) {
            Finding::fail("LEDGER-CLOCK", msg!("doctor-clock-behind", now = now, at = at))
        } else {
            Finding::ok("LEDGER-CLOCK", msg!("doctor-clock-ahead", at = at))
        });
    }
    findings
}
