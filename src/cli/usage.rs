// SPDX-License-Identifier: Apache-2.0
//! What is said when the command line does not parse: in the same form, the same languages and the same JSON as every other
//! error. Help and version are clap's own pages, with texts of the catalogue.

use clap::error::{ContextKind, ErrorKind};

use super::output::Output;
use crate::error::{Error, Exit};
use crate::i18n::{Lang, Msg};
use crate::msg;

/// Shows what clap has to say: help and version on standard output with exit 0, a usage error with exit 2.
pub fn report(error: &clap::Error, json: bool, lang: Lang) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => {
            let _ = error.print();
            Exit::Usage
        }
        _ => {
            Output::standard(json, lang).report(&Error::new(explain(error), Exit::Usage));
            Exit::Usage
        }
    }
}

fn explain(error: &clap::Error) -> Msg {
    let get = |kind| error.get(kind).map(ToString::to_string).filter(|text| !text.is_empty());
    let argument = get(ContextKind::InvalidArg).unwrap_or_default();
    let value = get(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => match get(ContextKind::SuggestedArg) {
            Some(similar) => msg!("usage-unknown-argument-similar", argument = argument, similar = similar),
            None => msg!("usage-unknown-argument", argument = argument),
        },
        ErrorKind::InvalidSubcommand => {
            let command = get(ContextKind::InvalidSubcommand).unwrap_or_default();
            match get(ContextKind::SuggestedSubcommand) {
                Some(similar) => msg!("usage-unknown-command-similar", command = command, similar = similar),
                None => msg!("usage-unknown-command", command = command),
            }
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            msg!("usage-missing-command")
        }
        ErrorKind::MissingRequiredArgument => msg!("usage-missing-argument", argument = argument),
        ErrorKind::ArgumentConflict => {
            let other = get(ContextKind::PriorArg).unwrap_or_default();
            msg!("usage-conflict", argument = argument, other = other)
        }
        ErrorKind::InvalidValue => match (value, get(ContextKind::ValidValue)) {
            (Some(value), Some(allowed)) => {
                msg!("usage-value-of", argument = argument, value = value, allowed = allowed)
            }
            _ => msg!("usage-value-missing", argument = argument),
        },
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            let value = value.unwrap_or_default();
            msg!(
                "usage-value-refused",
                argument = argument,
                value = value,
                reason = reason
            )
        }
        _ => {
            let text = error.to_string();
            let what = text.lines().next().unwrap_or_default();
            msg!("usage-other", what = what.trim_start_matches("error: "))
        }
    }
}
