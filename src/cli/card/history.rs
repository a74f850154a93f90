// SPDX-License-Identifier: Apache-2.0
//! `card history`: everything about one card, from its keys on.

use std::path::PathBuf;

use crate::batch::desk::{History, Upstream, history};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::msg;

/// `card history`.
#[derive(Debug, clap::Args)]
pub(super) struct Of {
    /// The card's number.
    #[arg(value_name = "NUMBER")]
    number: String,
    /// The export of a ledger above, which its keys came from.
    #[arg(long, value_name = "FILE")]
    above: Vec<PathBuf>,
    /// An archive of an old period, to be read too.
    #[arg(long, value_name = "FILE")]
    archive: Vec<PathBuf>,
}

pub(super) fn run(of: &Of, context: &mut Context) -> Result<Exit, Error> {
    let number = record::number(&of.number)?;
    let mut above = Vec::new();
    for path in &of.above {
        let bytes = std::fs::read(path)
            .map_err(|e| Error::new(msg!("desk-read", path = path.display(), what = e), Exit::Usage))?;
        above.push(Upstream::read(&bytes)?);
    }
    let site = session::open_site(context)?;
    let mut ledger = site.ledger_read_only()?;
    ledger.read_archives(&of.archive)?;
    let found = history(&ledger, number.as_str(), &above)?;
    context.out.record("cardmint.card-history/1", &found)?;
    show(&found, context)?;
    Ok(Exit::Done)
}

fn show(found: &History, context: &mut Context) -> Result<(), Error> {
    let lang = context.out.lang();
    let card = &found.card;
    let state = found.life.as_ref().map_or("in-use", |life| life.state.as_str());
    let said = msg!(
        "desk-history",
        number = card.number,
        template = card.template,
        chip = card.chip.as_deref().unwrap_or("–"),
        order = found.order.as_deref().unwrap_or("–"),
        batch = card.batch.as_deref().unwrap_or("–"),
        lot = found.lot.as_deref().unwrap_or("–")
    );
    let said = said.with_word("status", "card-status", &card.status);
    context.out.say(&said.with_word("state", "life-state", state))?;
    let mut keys = Vec::new();
    for key in &found.keys {
        keys.push(vec![key.key.clone(), key.kcv.clone(), String::new(), String::new()]);
        for from in &key.from {
            let act = word("act", &from.act, lang);
            keys.push(vec![
                format!("  ← {}", from.key),
                from.kcv.clone(),
                format!("{act} {}", from.entry),
                from.site.clone(),
            ]);
        }
    }
    let heading = [
        msg!("desk-col-key"),
        msg!("desk-col-kcv"),
        msg!("desk-col-from"),
        msg!("desk-col-site"),
    ];
    context.out.table(&heading, &keys)?;
    let mut rows = Vec::new();
    for entry in &found.entries {
        let signed: Vec<&str> = entry.sigs.iter().map(|sig| sig.officer.as_str()).collect();
        rows.push(vec![
            entry.seq.to_string(),
            entry.at.to_string(),
            word("act", entry.act.name(), lang),
            signed.join(", "),
        ]);
    }
    let heading = [
        msg!("desk-col-entry"),
        msg!("desk-col-at"),
        msg!("desk-col-act"),
        msg!("desk-col-by"),
    ];
    context.out.table(&heading, &rows)?;
    if found.chain.len() > 1 {
        let link =
            |link: &crate::batch::desk::Link| format!("{} ({})", link.number, word("life-state", &link.state, lang));
        let chain: Vec<String> = found.chain.iter().map(link).collect();
        context
            .out
            .say(&msg!("desk-history-chain", chain = chain.join(" → ")))?;
    }
    if let Some(open) = &found.open {
        let said = msg!("desk-history-open").with_word("act", "act", open);
        context.out.say(&said)?;
    }
    for line in &found.blacklist {
        let said = msg!(
            "desk-history-blacklist",
            from = line.from,
            to = line.to,
            entry = line.added
        );
        context.out.say(&said)?;
    }
    Ok(())
}
