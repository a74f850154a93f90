// SPDX-License-Identifier: Apache-2.0
//! `cardmint site`: what this site is, its public card, and the cards of others.

use std::path::PathBuf;

use serde::Serialize;

use super::{Context, session};
use crate::error::{Error, Exit};
use crate::keys::file_store::replace;
use crate::msg;
use crate::site::SiteCard;

/// `cardmint site …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Shows the site.
    Show,
    /// Writes the site's public card.
    Card {
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Confirms another site's card.
    Trust {
        /// The card's file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The fingerprint that the other side read out.
        #[arg(long, value_name = "HEX")]
        fingerprint: Option<String>,
    },
}

#[derive(Serialize)]
struct Shown {
    folder: PathBuf,
    id: String,
    name: String,
    scheme: String,
    owner: String,
    rehearsal: bool,
    unlock: u8,
    holders: Vec<String>,
    keys: usize,
    entries: u64,
    fingerprint: String,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Show => show(context),
        Verb::Card { out } => card(context, out.clone()),
        Verb::Trust { file, fingerprint } => trust(context, file, fingerprint.clone()),
    }
}

fn show(context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let header = site.store_place().header()?;
    let ledger = site.ledger_read_only()?;
    let shown = Shown {
        folder: site.folder().to_owned(),
        id: site.config().id.clone(),
        name: site.config().name.in_language(context.out.lang()).to_owned(),
        scheme: site.scheme().name().to_owned(),
        owner: site.owner().to_string(),
        rehearsal: site.rehearsal(),
        unlock: header.quorum,
        holders: header.holders.iter().map(|h| h.officer.clone()).collect(),
        keys: header.keys.len(),
        entries: ledger.size(),
        fingerprint: site.card()?.fingerprint(),
    };
    let out = &mut context.out;
    out.record("cardmint.site/1", &shown)?;
    let (name, owner, scheme, id) = (&shown.name, &shown.owner, &shown.scheme, &shown.id);
    out.say(&msg!(
        "site-shown",
        name = name,
        owner = owner,
        scheme = scheme,
        id = id
    ))?;
    if shown.rehearsal {
        out.say(&msg!("site-made-rehearsal"))?;
    }
    let (holders, unlock) = (shown.holders.join(", "), shown.unlock);
    out.say(&msg!(
        "site-shown-store",
        keys = shown.keys,
        holders = holders,
        unlock = unlock
    ))?;
    out.say(&msg!("site-shown-ledger", entries = shown.entries))?;
    out.say(&msg!("site-shown-fingerprint", fingerprint = shown.fingerprint))?;
    Ok(Exit::Done)
}

fn card(context: &mut Context, out: Option<PathBuf>) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    // The card says what the ledger's first entry says, not what somebody wrote into site.toml since.
    site.ledger_read_only()?;
    let card = site.card()?;
    match out {
        None => context.out.raw(card.text().as_bytes())?,
        Some(path) => {
            replace(&path, card.text().as_bytes(), 0o644)?;
            context.out.record("cardmint.site-card/1", &card)?;
            let (path, fingerprint) = (path.display(), card.fingerprint());
            context
                .out
                .say(&msg!("site-card-written", path = path, fingerprint = fingerprint))?;
        }
    }
    Ok(Exit::Done)
}

fn trust(context: &mut Context, file: &std::path::Path, fingerprint: Option<String>) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let card = SiteCard::read(file)?;
    let name = card.name.in_language(context.out.lang()).to_owned();
    let typed = match fingerprint {
        Some(typed) => typed,
        // The card's own fingerprint is not shown first: it must come from the other side.
        None => context
            .prompt
            .line(&msg!("site-ask-fingerprint", name = name, owner = card.owner))?,
    };
    site.check_fingerprint(&card, &typed)?;
    let mut open = session::unlock(context, &site, &["site.trust"])?;
    if open.trust(&card, &typed)?.is_some() {
        open.checkpoint()?;
    }
    context.out.record("cardmint.site-card/1", &card)?;
    context
        .out
        .say(&msg!("site-trusted", name = name, owner = card.owner))?;
    Ok(Exit::Done)
}
