// SPDX-License-Identifier: Apache-2.0
//! `cardmint policy`: who may do what at this site, and how many it takes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::act::{Act, PolicyChange};
use crate::ledger::{LedgerError, Policy, UpkeepFault};
use crate::msg;

/// `cardmint policy …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Prints the policy in force.
    Show,
    /// Puts another policy in force.
    Change {
        /// The new policy's file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Shows what would change, and changes nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Show => show(context),
        Verb::Change { file, dry_run } => change(file, *dry_run, context),
    }
}

/// The very text that `change` reads.
fn show(context: &mut Context) -> Result<Exit, Error> {
    let ledger = session::open_site(context)?.ledger_read_only()?;
    let policy = &ledger.state().policy;
    let text = policy.to_toml();
    context
        .out
        .record("cardmint.policy/1", &json!({ "policy": policy, "text": text }))?;
    context.out.text(text.trim_end())?;
    Ok(Exit::Done)
}

fn change(file: &Path, dry_run: bool, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    let new = read(file)?;
    let now = &ledger.state().policy;
    let differences = now.differences(&new);
    if differences.is_empty() {
        return Err(Error::new(msg!("upkeep-policy-same"), Exit::Usage));
    }
    new.check_way_out(ledger.state()).map_err(LedgerError::from)?;
    // Shown before anybody is asked for a passphrase: that is what they sign.
    let before = now.impossible(ledger.state());
    for difference in &differences {
        let (what, from, to) = (&difference.what, &difference.before, &difference.after);
        context.out.record("cardmint.policy-difference/1", difference)?;
        let line = msg!("upkeep-policy-difference", before = from, after = to);
        context.out.say(&named(line, what))?;
    }
    let stuck = new
        .impossible(ledger.state())
        .into_iter()
        .filter(|act| !before.contains(act));
    for act in stuck {
        context
            .out
            .notice(&msg!("upkeep-policy-nobody").with_word("act", "act", act));
    }
    drop(ledger);
    if dry_run {
        return Ok(Exit::Done);
    }
    let entry = record::record(context, &site, Act::PolicyChange(PolicyChange { policy: new }))?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}

/// An act or a switch in the message's language.
fn named(line: crate::i18n::Msg, what: &str) -> crate::i18n::Msg {
    let kind = if what.contains('.') { "act" } else { "policy" };
    line.with_word("what", kind, what)
}

fn read(file: &Path) -> Result<Policy, Error> {
    let text = fs::read_to_string(file).map_err(|e| LedgerError::File {
        path: file.to_owned(),
        what: e.to_string(),
    })?;
    Policy::from_toml(&text).map_err(|fault: UpkeepFault| LedgerError::from(fault).into())
}
