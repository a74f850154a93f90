// SPDX-License-Identifier: Apache-2.0
//! `ledger witness accept-loss`: the witness has seen what two officers declare, says how many cosigned entries are given up,
//! and goes on with a new key whose memory keeps the lost head.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use super::super::verify::moment;
use super::{file_error, read, remembered, told, vkey_of, write_new};
use crate::cli::{Context, hardening, session};
use crate::crypto::seal::KdfParams;
use crate::error::{Error, Exit};
use crate::keys::KeyFileError;
use crate::keys::file_store::{WitnessKey, hold_file, replace};
use crate::ledger::Act;
use crate::ledger::witness::{LostHead, Shown};
use crate::msg;

/// `ledger witness accept-loss`.
#[derive(Debug, clap::Args)]
pub(super) struct AcceptLoss {
    /// The request.
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
    /// The bundle with the declaration.
    #[arg(long, value_name = "FILE")]
    evidence: PathBuf,
    /// The newest note of the old key that the ledger still has.
    #[arg(long, value_name = "FILE")]
    earlier: Option<PathBuf>,
    /// The key file that cosigned what was lost.
    #[arg(long, value_name = "FILE")]
    old_key_file: PathBuf,
    /// Its memory.
    #[arg(long, value_name = "FILE")]
    old_memory: PathBuf,
    /// The new key.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// The new key's memory.
    #[arg(long, value_name = "FILE")]
    memory: PathBuf,
    /// So many cosigned entries are given up.
    #[arg(long, value_name = "SIZE")]
    give_up: Option<u64>,
    /// The cosigned checkpoint.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn accept_loss(args: &AcceptLoss, context: &mut Context) -> Result<Exit, Error> {
    let request = read(&args.request)?;
    let earlier = args.earlier.as_deref().map(read).transpose()?;
    // What cannot be opened is named before it is judged.
    File::open(&args.evidence).map_err(|e| file_error(&args.evidence, &e))?;
    if args.out.exists() {
        let path = args.out.display().to_string();
        return Err(KeyFileError::Exists { path }.into());
    }
    let (old_key, vkey) = (vkey_of(&args.old_key_file)?, vkey_of(&args.key_file)?);
    // From here on no second process decides by either memory.
    let _old_held = hold_file(&args.old_memory)?;
    let _held = hold_file(&args.memory)?;
    let old = remembered(&args.old_memory, &old_key)?;
    let mut memory = remembered(&args.memory, &vkey)?;
    let mut open = || File::open(&args.evidence).map(|file| Box::new(BufReader::new(file)) as Box<dyn BufRead>);
    let shown = Shown {
        bundle: &mut open,
        request: &request,
        earlier: earlier.as_deref(),
    };
    let continued = memory.examine_loss(&old, shown)?;
    let size = continued.lost.checkpoint.size;
    tell(&continued.lost, context)?;
    if args.give_up != Some(size) {
        return Err(Error::new(msg!("witness-loss-unconfirmed", size = size), Exit::Usage));
    }
    hardening::state().insist(false, false)?;
    let passphrase = session::passphrase(context, &vkey.name)?;
    let key = WitnessKey::open(&args.key_file, &passphrase, KdfParams::default())?;
    let time = u64::try_from(context.clock.now().as_second()).unwrap_or_default();
    let log = memory.cosign_after_loss(continued, time, &|bytes| key.signing.sign(bytes))?;
    let log = log.clone();
    // The memory first, with both heads: neither is ever forgotten.
    replace(&args.memory, memory.text().as_bytes(), 0o600)?;
    write_new(&args.out, log.note.as_bytes())?;
    context.out.record("cardmint.witness-cosigned/1", &told(&log))?;
    let (origin, size, file) = (&log.checkpoint.origin, log.checkpoint.size, args.out.display());
    let said = msg!("witness-cosigned", origin = origin, size = size, file = file);
    context.out.say(&said)?;
    Ok(Exit::Done)
}

/// A head that was cosigned and is lost.
pub(super) fn tell(lost: &LostHead, context: &mut Context) -> Result<(), Error> {
    let LostHead { checkpoint, loss, .. } = lost;
    let by: Vec<String> = loss.sigs.iter().map(|signed| signed.officer.to_string()).collect();
    let reason = match &loss.act {
        Act::LedgerLoss(body) => body.reason.to_string(),
        _ => String::new(),
    };
    let record = serde_json::json!({
        "log": lost.key.to_string(), "witness": lost.witness.to_string(), "size": checkpoint.size,
        "root": checkpoint.root.to_string(), "time": lost.time, "note": lost.note, "loss": loss.seq, "at": loss.at.to_string(),
        "by": by, "reason": reason, "kept": lost.kept,
    });
    context.out.record("cardmint.witness-lost/1", &record)?;
    let said = msg!(
        "witness-loss-is",
        origin = checkpoint.origin,
        size = checkpoint.size,
        witness = lost.witness,
        time = moment(lost.time),
        loss = loss.seq,
        at = loss.at,
        by = by.join(", "),
        reason = reason,
        kept = lost.kept
    );
    context.out.say(&said)
}
