// SPDX-License-Identifier: Apache-2.0
//! `ledger show` and `checkpoint`.

use super::verify::moment;
use super::{Place, ceremony};
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::ledger::act::CheckpointRenew;
use crate::ledger::cosigned::CosignFault;
use crate::ledger::{Act, Hash, Ledger, LedgerError, Text};
use crate::msg;
use crate::site::Session;

/// `ledger show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The entry.
    #[arg(value_name = "SEQ")]
    seq: u64,
}

/// `ledger checkpoint`.
#[derive(Debug, clap::Args)]
pub(super) struct Checkpoint {
    /// Sign the ledger as it is now first.
    #[arg(long)]
    sign: bool,
    /// Print the newest cosigned checkpoint.
    #[arg(long, conflicts_with_all = ["sign", "renew"])]
    cosigned: bool,
    /// Make the copy outside anew, which was lost or damaged.
    #[arg(long, value_name = "REASON", conflicts_with = "sign")]
    renew: Option<String>,
}

pub(super) fn show(args: &Show, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    if args.seq >= ledger.size() {
        return Err(LedgerError::NoEntry(args.seq).into());
    }
    let entry = ledger.entry(args.seq)?;
    let out = &mut context.out;
    out.record("cardmint.ledger-entry/1", &entry)?;
    for line in ceremony::lines(&entry.act) {
        out.say(&line)?;
    }
    if let Some(begin) = entry.act.ceremony() {
        out.say(&msg!("ledger-in-ceremony", begin = begin))?;
    }
    let pretty = serde_json::to_string_pretty(&entry).unwrap_or_default();
    out.text(&pretty)?;
    let leaf = Hash::leaf(&ledger.line(args.seq)?);
    out.say(&msg!("ledger-leaf", leaf = leaf))?;
    Ok(Exit::Done)
}

pub(super) fn checkpoint(args: &Checkpoint, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    if let Some(reason) = &args.renew {
        renew(reason, context)?;
    } else if args.sign {
        let site = session::open_site(context)?;
        session::unlock(context, &site, &[])?.checkpoint()?;
    }
    let ledger = place.open(context)?;
    let note = ledger
        .checkpoint_note()?
        .ok_or(LedgerError::NotCovered { seq: 0, covered: 0 })?;
    let key = ledger.note_key().to_string();
    let newest = ledger.cosigned(None)?;
    let cosigned = newest.as_ref().map(|body| body.note(&ledger.note_key()));
    let note = match &cosigned {
        Some(cosigned) if args.cosigned => cosigned.clone(),
        None if args.cosigned => return Err(LedgerError::from(CosignFault::None).into()),
        _ => note,
    };
    let sm2_key = ledger.state().sm2_line(&note)?.map(|key| key.to_string());
    context.out.record(
        "cardmint.ledger-checkpoint/1",
        &serde_json::json!({"note": note, "key": key, "sm2_key": sm2_key, "cosigned": cosigned}),
    )?;
    // Nothing but the note on standard output, so that it can be piped to other tools.
    context.out.text(note.trim_end_matches('\n'))?;
    context.out.notice(&msg!("ledger-log-key-is", key = key));
    if let Some(key) = sm2_key {
        context.out.notice(&msg!("ledger-sm2-key-is", key = key));
    }
    if let Some(body) = newest {
        let (key, size, time) = (body.cosign_key(), body.size, moment(body.time));
        let behind = ledger.size().saturating_sub(size);
        let said = msg!(
            "ledger-report-cosigned",
            key = key,
            size = size,
            time = time,
            behind = behind
        );
        context.out.notice(&said);
    }
    Ok(Exit::Done)
}

/// Makes a lost copy anew: an entry by as many officers as the policy asks for, then a checkpoint over it.
fn renew(reason: &str, context: &mut Context) -> Result<(), Error> {
    let reason = Text::new(reason).map_err(LedgerError::from)?;
    let site = session::open_site(context)?;
    let (ledger, stored) = Ledger::open_to_renew(&site.ledger_path(), &site.checkpoint_copy())?;
    let quorum = site.store_place().header()?.quorum.into();
    let officers = session::officers(context, &site, &ledger, &["checkpoint.renew"], quorum)?;
    let mut session = Session::open(site, ledger, officers, context.clock)?;
    let (size, root) = (stored.size, stored.root);
    session.append(Act::CheckpointRenew(CheckpointRenew { reason, size, root }))?;
    session.checkpoint()?;
    Ok(())
}
