// SPDX-License-Identifier: Apache-2.0
//! What happens to a user card while it is not on a reader: lost 挂失, found again 解挂, cancelled 销户. One entry each.

use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::CardKind;
use crate::ledger::act::{Act, CardChange};

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
}

pub(super) fn run(verb: &Verb, context: &mut Context) -> Result<Exit, Error> {
    let (said, act): (&Said, fn(CardChange) -> Act) = match verb {
        Verb::Lost(said) => (said, Act::CardLost),
        Verb::Found(said) => (said, Act::CardFound),
        Verb::Cancel(said) => (said, Act::CardCancel),
    };
    let site = session::open_site(context)?;
    let body = CardChange {
        kind: CardKind::User,
        number: record::number(&said.number)?,
        reason: record::text_if(said.reason.as_deref())?,
    };
    let entry = record::record(context, &site, act(body))?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}
