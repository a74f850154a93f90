// SPDX-License-Identifier: Apache-2.0
//! `sim feed`: what a card feeder does, done to a hopper of simulated cards. Its verbs are those of a batch's feeder hook.

use std::path::Path;

use clap::ValueEnum;

use crate::cli::Context;
use crate::error::{Error, Exit};
use crate::msg;
use crate::sim::{CardPath, Hopper, StoreError};

/// What a feeder is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Move {
    /// The next card, please.
    Next,
    /// This one is good.
    Good,
    /// This one is not.
    Bad,
}

/// How a feeder says that it has no more cards.
const EMPTY: Exit = Exit::Check;

pub(super) fn feed(verb: Move, folder: &Path, context: &mut Context) -> Result<Exit, Error> {
    let hopper = Hopper::open(folder).ok_or_else(|| StoreError::NoFolder {
        folder: folder.to_owned(),
    })?;
    let name = verb
        .to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned());
    let card = match verb {
        Move::Next => hopper.feed()?,
        Move::Good | Move::Bad => {
            let card = hopper.on_tray()?;
            hopper.sort(verb == Move::Good)?;
            card
        }
    };
    let card = card.as_ref().map(CardPath::name);
    let value = serde_json::json!({"hopper": hopper.reader(), "move": name, "card": card});
    context.out.record("cardmint.sim-feed/1", &value)?;
    let reader = hopper.reader();
    match (verb, card) {
        (Move::Next, None) => {
            context.out.say(&msg!("sim-hopper-empty", reader = reader))?;
            Ok(EMPTY)
        }
        (_, card) => {
            let card = card.unwrap_or("–");
            context
                .out
                .say(&msg!("sim-fed", reader = reader, card = card).with_word("to", "sim-fed-to", &name))?;
            Ok(Exit::Done)
        }
    }
}
