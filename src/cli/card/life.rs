// SPDX-License-Identifier: Apache-2.0
//! What happens to a user card while it is not on a reader: lost 挂失, found again 解挂, cancelled 销户. Where the site says so
//! (`blacklist-on` in site.toml) or the officer, the number goes on the blacklist with it: first on the list, then the act,
//! so that a crash between them leaves a card refused rather than forgotten; the same command goes on from there.

use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::act::{Act, BlacklistAdd, BlacklistRemove, CardChange};
use crate::ledger::{CardKind, Ledger, LedgerError, Number, Text};
use crate::site::{Blacklisting, Site};

/// What can be said of a card.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Its holder has lost it.
    Lost(Said),
    /// It is there again.
    Found(Said),
    /// Its account is closed.
    Cancel(Said),
}

/// A card, and why.
#[derive(Debug, clap::Args)]
pub(super) struct Said {
    /// The card's number.
    #[arg(value_name = "NUMBER")]
    number: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// On the blacklist with it, or off it.
    #[arg(long, conflicts_with = "no_blacklist")]
    blacklist: bool,
    /// Leave the blacklist alone.
    #[arg(long)]
    no_blacklist: bool,
    /// The card's last day, until which it stands in lists.
    #[arg(long, value_name = "YYYYMMDD")]
    until: Option<String>,
}

pub(super) fn run(verb: &Verb, context: &mut Context) -> Result<Exit, Error> {
    let (said, act, on, from): (&Said, fn(CardChange) -> Act, _, &[&str]) = match verb {
        Verb::Lost(said) => (said, Act::CardLost, Blacklisting::Lost, &["in-use"]),
        Verb::Found(said) => (said, Act::CardFound, Blacklisting::Lost, &["lost"]),
        Verb::Cancel(said) => (said, Act::CardCancel, Blacklisting::Cancel, &["in-use", "lost"]),
    };
    let site = session::open_site(context)?;
    let number = record::number(&said.number)?;
    let body = CardChange {
        kind: CardKind::User,
        number: number.clone(),
        reason: record::text_if(said.reason.as_deref())?,
    };
    let act = act(body);
    let wanted = said.blacklist || (site.config().blacklist_on.contains(&on) && !said.no_blacklist);
    let ledger = site.ledger_read_only()?;
    let acts = if !wanted || !is_in(&ledger, &number, from)? {
        vec![act]
    } else if matches!(verb, Verb::Found(_)) {
        let removal = is_listed(&ledger, &number)?.then(|| removal(&number)).transpose()?;
        [Some(act), removal].into_iter().flatten().collect()
    } else {
        let listing = listing(&ledger, &number, act.name(), said.until.as_deref())?;
        [listing, Some(act)].into_iter().flatten().collect()
    };
    drop(ledger);
    tell(context, &site, acts)
}

fn tell(context: &mut Context, site: &Site, acts: Vec<Act>) -> Result<Exit, Error> {
    for entry in record::record_all(context, site, acts)? {
        record::tell(context, &entry)?;
    }
    Ok(Exit::Done)
}

/// Whether a card is issued and in one of these states. Where not, the ledger says so to the act itself.
fn is_in(ledger: &Ledger, number: &Number, states: &[&str]) -> Result<bool, Error> {
    let issued = ledger.card(CardKind::User, number.as_str())?;
    let life = ledger.life(CardKind::User, number.as_str())?;
    let state = life.as_ref().map_or("in-use", |life| life.state.as_str());
    Ok(issued.is_some_and(|card| card.status == "issued") && states.contains(&state))
}

fn is_listed(ledger: &Ledger, number: &Number) -> Result<bool, Error> {
    let number = number.as_str();
    let same = |row: &crate::ledger::centre::BlacklistRow| {
        row.kind == CardKind::User.as_str() && row.from == number && row.to == number
    };
    Ok(ledger.blacklist()?.iter().any(same))
}

/// The entry that puts a card on the list until its last day; none where it stands there.
pub(super) fn listing(ledger: &Ledger, number: &Number, why: &str, until: Option<&str>) -> Result<Option<Act>, Error> {
    if is_listed(ledger, number)? {
        return Ok(None);
    }
    let extended = ledger
        .life(CardKind::User, number.as_str())?
        .and_then(|life| life.until);
    let until = until.map(str::to_owned).or(extended);
    Ok(Some(Act::BlacklistAdd(BlacklistAdd {
        kind: CardKind::User,
        from: number.clone(),
        to: number.clone(),
        until: until.map(Number::new).transpose().map_err(LedgerError::from)?,
        reason: Text::new(why).map_err(LedgerError::from)?,
    })))
}

fn removal(number: &Number) -> Result<Act, LedgerError> {
    Ok(Act::BlacklistRemove(BlacklistRemove {
        kind: CardKind::User,
        from: number.clone(),
        to: number.clone(),
        reason: Text::new("card.found")?,
    }))
}
