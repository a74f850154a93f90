// SPDX-License-Identifier: Apache-2.0
//! `ledger backup`, `archive`, `restore`, `declare-loss` and `migrate`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use serde_json::json;

use super::Place;
use crate::cli::progress::Progress;
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit, Fault as _};
use crate::ledger::upkeep::{backup as copy, migrate as bring_up, restore as put_back};
use crate::ledger::{Ledger, LedgerError, Period};
use crate::msg;
use crate::site::Session;

/// `ledger backup`.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The new file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `ledger archive`.
#[derive(Debug, clap::Args)]
pub(super) struct Archive {
    /// Up to here.
    #[arg(long, value_name = "TIME")]
    until: String,
    /// The new file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `ledger restore`.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// An export with the entries that the backup does not have.
    #[arg(long, value_name = "FILE")]
    entries: Option<PathBuf>,
}

/// `ledger migrate`.
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {
    /// The new file for the copy.
    #[arg(long, value_name = "FILE")]
    copy_to: Option<PathBuf>,
}

/// `ledger declare-loss`.
#[derive(Debug, clap::Args)]
pub(super) struct DeclareLoss {
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// A checkpoint, the copy, the entry that records it, and a checkpoint over that: from then on nobody can put the copy in the
/// ledger's place unseen.
pub(super) fn backup(args: &Backup, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let mut session = session::unlock(context, &site, &["ledger.backup"])?;
    let newest = session.checkpoint()?;
    let mut progress = Progress::for_output(&context.out);
    let copied = copy(&session.ledger, &newest, &args.out, &mut progress)?;
    let entry = session.append(copied.act())?;
    session.checkpoint()?;
    let (path, size, digest) = (args.out.display(), copied.size, copied.digest);
    let record = json!({
        "file": args.out, "digest": digest, "bytes": copied.bytes, "entries": size, "root": copied.root,
        "recorded": entry.seq,
    });
    context.out.record("cardmint.ledger-backup/1", &record)?;
    let said = msg!(
        "upkeep-backed-up",
        path = path,
        size = size,
        digest = digest,
        seq = entry.seq
    );
    context.out.say(&said)?;
    Ok(Exit::Done)
}

/// The file first, written and read back; then the entry of two officers, with which the lines go; then a checkpoint over it.
pub(super) fn archive(args: &Archive, context: &mut Context) -> Result<Exit, Error> {
    let until = Period::until(&args.until)?;
    let site = session::open_site(context)?;
    let mut session = session::unlock(context, &site, &["ledger.archive"])?;
    session.checkpoint()?;
    let period = session.ledger.archivable(&until)?;
    let mut progress = Progress::for_output(&context.out);
    let body = session.ledger.write_archive(&period, &args.out, &mut progress)?;
    let (entry, went) = session.archive(body.clone())?;
    session.checkpoint()?;
    if let Err(fault) = session.ledger.compact() {
        // Somebody reads it for long; the space comes back with the next archive.
        context.out.notice(&fault.msg());
    }
    let (path, last, digest) = (args.out.display(), body.to - 1, body.digest);
    let record = json!({
        "file": args.out, "digest": digest, "from": body.from, "to": body.to, "lines": went, "recorded": entry.seq,
    });
    context.out.record("cardmint.ledger-archive/1", &record)?;
    let said = msg!(
        "upkeep-archived-now",
        from = body.from,
        to = last,
        path = path,
        digest = digest,
        seq = entry.seq
    );
    context.out.say(&said)?;
    context.out.say(&msg!("upkeep-lines-went", lines = went))?;
    Ok(Exit::Done)
}

/// Puts a backup where no ledger is.
pub(super) fn restore(args: &Restore, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let opened = args.entries.as_ref().map(|path| {
        File::open(path).map(BufReader::new).map_err(|e| LedgerError::File {
            path: path.clone(),
            what: e.to_string(),
        })
    });
    let mut lines = opened.transpose()?;
    let lines = lines.as_mut().map(|lines| lines as &mut dyn BufRead);
    let mut progress = Progress::for_output(&context.out);
    let done = put_back(
        &args.from,
        lines,
        &site.ledger_path(),
        &site.checkpoint_copy(),
        &mut progress,
    )?;
    let size = done.copied + done.appended;
    let record = json!({
        "file": args.from, "entries": size, "appended": done.appended, "missing": done.missing.map(|should| should - size),
    });
    context.out.record("cardmint.ledger-restoration/1", &record)?;
    context
        .out
        .say(&msg!("upkeep-restored", size = size, appended = done.appended))?;
    let Some(should) = done.missing else {
        return Ok(Exit::Done);
    };
    context.out.say(&msg!("upkeep-missing", from = size, to = should - 1))?;
    Ok(Exit::Check)
}

/// Brings a ledger of an earlier format up to date. Nothing that its entries say changes, so that nobody signs it.
pub(super) fn migrate(args: &Migrate, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let (path, outside) = place.files(context)?;
    let to = args.copy_to.clone().unwrap_or_else(|| {
        let mut name = path.as_os_str().to_owned();
        name.push(".v1");
        name.into()
    });
    let mut progress = Progress::for_output(&context.out);
    let done = bring_up(&path, outside.as_deref(), &to, &mut progress)?;
    let (size, root, path) = (done.copy.size, done.copy.root, to.display());
    let record = json!({
        "from": done.from, "to": done.to, "entries": size, "root": root, "copy": to, "digest": done.copy.digest,
    });
    context.out.record("cardmint.ledger-migration/1", &record)?;
    let said = msg!(
        "upkeep-migrated",
        from = done.from,
        to = done.to,
        size = size,
        root = root,
        path = path
    );
    context.out.say(&said)?;
    Ok(Exit::Done)
}

/// Two officers declare that entries are lost for good, and the ledger goes on.
pub(super) fn declare_loss(args: &DeclareLoss, context: &mut Context) -> Result<Exit, Error> {
    let reason = record::text(&args.reason)?;
    let site = session::open_site(context)?;
    let (ledger, missing) = Ledger::open_after_loss(&site.ledger_path(), &site.checkpoint_copy())?;
    match &missing.outside {
        Some(outside) => {
            let (from, to) = (missing.has, outside.size.saturating_sub(1));
            context.out.notice(&msg!("upkeep-missing", from = from, to = to));
        }
        None => context.out.notice(&msg!("upkeep-missing-unknown", from = missing.has)),
    }
    let quorum = site.store_place().header()?.quorum.into();
    let officers = session::officers(context, &site, &ledger, &["ledger.loss"], quorum)?;
    let mut session = Session::open(site, ledger, officers, context.clock)?;
    if !missing.declared {
        session.append(missing.act(reason))?;
    }
    session.checkpoint()?;
    let entry = session.ledger.entry(session.ledger.size() - 1)?;
    record::tell(context, &entry)?;
    context.out.say(&msg!("upkeep-closed-numbers"))?;
    Ok(Exit::Done)
}
