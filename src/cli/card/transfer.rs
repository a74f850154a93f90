// SPDX-License-Identifier: Apache-2.0
//! Loading onto a new card what it is owed of the card that it stands for.

use crate::batch::desk::{DeskCard, TransferOrder, identify, transfer};
use crate::batch::yuan::Yuan;
use crate::card::CardSession;
use crate::cli::Context;
use crate::cli::purse::{now, site_terminal, tell_settled as tell_purse_settled};
use crate::crypto::SecretBytes;
use crate::crypto::pin::code_pin;
use crate::error::{Error, Exit};
use crate::keys::KeyStore;
use crate::msg;
use crate::site::Session;
use crate::template::Template;
use crate::transport::CardTransport;

/// How a load is made.
#[derive(Debug, clap::Args)]
pub(super) struct LoadArgs {
    /// Terminal number of this place.
    #[arg(long, value_name = "HEX")]
    terminal: Option<String>,
    /// Ask for the holder's PIN.
    #[arg(long)]
    ask_pin: bool,
}

/// Loads what the card on the reader is owed, and says so.
pub(super) fn transferred(
    session: &mut Session,
    (transport, template): (&mut dyn CardTransport, &Template),
    said: Option<&str>,
    load: &LoadArgs,
    context: &mut Context,
) -> Result<Exit, Error> {
    let terminal = site_terminal(load.terminal.as_deref(), &session.site)?;
    let at = now(context)?;
    let mut card = CardSession::new(transport, template.dialect);
    let on = identify(session, template, said, &mut card)?;
    let pin = pin(load.ask_pin, &on, session, context)?;
    let order = TransferOrder {
        terminal,
        at,
        pin: pin.as_ref(),
    };
    let intent = session.ledger.open_purse_intent(&on.number)?.map_or(0, |(seq, _)| seq);
    let mut settled = None;
    let done = transfer(session, &on, &order, &mut card, &mut |s| settled = Some(s));
    if let Some(settled) = &settled {
        tell_purse_settled(settled, intent, context)?;
    }
    let Some((loaded, entry)) = done? else {
        let said = msg!("desk-nothing-owed", number = on.number);
        return if settled.is_some() {
            context.out.say(&said)?;
            Ok(Exit::Done)
        } else {
            Err(Error::new(said, Exit::Usage))
        };
    };
    let (amount, balance) = (loaded.transaction.amount, loaded.balance);
    let record = serde_json::json!({"number": on.number, "amount": amount.0, "balance": balance.0, "entry": entry,
        "tac": hex::encode_upper(loaded.tac)});
    context.out.record("cardmint.card-transferred/1", &record)?;
    let said = msg!(
        "desk-transferred",
        number = on.number,
        amount = Yuan(amount),
        balance = Yuan(balance),
        entry = entry
    );
    context.out.say(&said)?;
    Ok(Exit::Done)
}

/// The PIN for the load: the one that cards of the template get, or the one that the holder types.
fn pin(ask: bool, on: &DeskCard<'_>, session: &Session, context: &mut Context) -> Result<Option<SecretBytes>, Error> {
    if ask {
        let typed = context.prompt.secret(&msg!("purse-ask-pin", number = on.number))?;
        return Ok(Some(code_pin(&typed)?));
    }
    let initial = on.directory.pin.as_ref();
    Ok(initial.map(|pin| session.store.pin(&pin.initial)).transpose()?)
}
