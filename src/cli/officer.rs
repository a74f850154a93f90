// SPDX-License-Identifier: Apache-2.0
//! `cardmint officer`: who may act at this site.

use std::path::PathBuf;

use serde::Serialize;

use super::{Context, hardening, session};
use crate::crypto::seal::KdfParams;
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::msg;
use crate::site::SiteError;

/// `cardmint officer …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Enrols an officer.
    Enrol {
        /// The new officer's name.
        #[arg(value_name = "NAME")]
        name: String,
        /// A role; repeatable.
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
    },
    /// Lists the officers.
    List,
    /// Revokes an officer.
    Revoke {
        /// The officer's name.
        #[arg(value_name = "NAME")]
        name: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Changes an officer's passphrase.
    Passphrase {
        /// The officer's name.
        #[arg(value_name = "NAME")]
        name: String,
        /// File with the new passphrase.
        #[arg(long, value_name = "FILE")]
        new: Option<PathBuf>,
    },
}

#[derive(Serialize)]
struct Row {
    name: String,
    roles: Vec<&'static str>,
    share: bool,
    revoked: bool,
    key: String,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Enrol { name, roles } => enrol(context, name, roles),
        Verb::List => list(context),
        Verb::Revoke { name, reason } => revoke(context, name, reason),
        Verb::Passphrase { name, new } => passphrase(context, name, new.as_deref()),
    }
}

fn enrol(context: &mut Context, name: &str, roles: &[String]) -> Result<Exit, Error> {
    let roles: Vec<_> = roles.iter().map(|word| session::role(word)).collect::<Result<_, _>>()?;
    crate::site::check_name(name)?;
    let site = session::open_site(context)?;
    // While there is a single officer, that one enrols the second: the ledger's own rule.
    let single = site.ledger()?.state().active() < 2;
    let acts: &[&str] = if single { &[] } else { &["officer.enrol"] };
    let mut open = session::unlock(context, &site, acts)?;
    let passphrase = session::new_passphrase(context, name)?;
    let entry = open.enrol(name, &roles, &passphrase, KdfParams::default(), context.random.as_mut())?;
    open.checkpoint()?;
    context.out.record("cardmint.entry/1", &entry)?;
    context.out.say(&msg!("site-enrolled", name = name))?;
    Ok(Exit::Done)
}

fn list(context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let header = site.store_place().header()?;
    let ledger = site.ledger_read_only()?;
    let mut rows = Vec::new();
    for (name, officer) in &ledger.state().officers {
        let row = Row {
            name: name.to_string(),
            roles: officer.roles.iter().map(|r| r.as_str()).collect(),
            share: header.holders.iter().any(|h| h.officer == name.as_str()),
            revoked: officer.revoked,
            key: officer.key.to_string(),
        };
        context.out.record("cardmint.officer/1", &row)?;
        let mark = |yes: bool| if yes { "+" } else { "" }.to_owned();
        let roles = row.roles.iter().map(|role| word("role", role, context.out.lang()));
        rows.push(vec![
            row.name,
            roles.collect::<Vec<_>>().join(" "),
            mark(row.share),
            mark(row.revoked),
        ]);
    }
    let heading = [
        msg!("site-column-name"),
        msg!("site-column-roles"),
        msg!("site-column-share"),
        msg!("site-column-revoked"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

fn revoke(context: &mut Context, name: &str, reason: &str) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["officer.revoke"])?;
    let entry = open.revoke(name, reason, context.random.as_mut())?;
    open.checkpoint()?;
    context.out.record("cardmint.entry/1", &entry)?;
    context.out.say(&msg!("site-revoked", name = name))?;
    Ok(Exit::Done)
}

fn passphrase(context: &mut Context, name: &str, new: Option<&std::path::Path>) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    if ledger.state().officers.keys().all(|n| n.as_str() != name) {
        return Err(SiteError::NotOfficer { name: name.to_owned() }.into());
    }
    hardening::state().insist(site.config().require_memory_lock, false)?;
    let old = session::passphrase(context, name)?;
    let keys = site.officer(&ledger, name, &old, KdfParams::default())?;
    let new = match new {
        Some(file) => session::secret_line(file)?,
        None => session::ask_new(context, name)?,
    };
    keys.save(
        &site.officer_key_path(name),
        &new,
        KdfParams::default(),
        context.random.as_mut(),
    )?;
    context
        .out
        .record("cardmint.officer-passphrase/1", &serde_json::json!({"name": name}))?;
    context.out.say(&msg!("site-passphrase-changed", name = name))?;
    Ok(Exit::Done)
}
