// SPDX-License-Identifier: Apache-2.0
//! What is said when the command line does not parse: in the same form, the same languages and the same JSON as every other
//! error. Help and version are clap's own pages, with texts of the catalogue.

use clap::error::{ContextKind, ErrorKind};

use super::output::Output;
use crate::batch::yuan::YuanFault;
use crate::crypto::algorithm::UnknownAlgorithm;
use crate::crypto::kcv::KcvError;
use crate::error::{Error, Exit, Fault};
use crate::i18n::{Lang, Msg};
use crate::keys::id::{KeyNameError, KeyStateError};
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
            let refused = msg!(
                "usage-value-refused",
                argument = argument,
                value = value.unwrap_or_default()
            );
            match std::error::Error::source(error) {
                Some(source) => match reason(source) {
                    Some(reason) => refused.with_msg("reason", reason),
                    None => refused.with([("reason", source.to_string())]),
                },
                None => refused.with([("reason", String::new())]),
            }
        }
        _ => {
            let text = error.to_string();
            let what = text.lines().next().unwrap_or_default();
            msg!("usage-other", what = what.trim_start_matches("error: "))
        }
    }
}

/// What the parsers of values say, as a message of the catalogue.
fn reason(source: &(dyn std::error::Error + 'static)) -> Option<Msg> {
    if let Some(fault) = source.downcast_ref::<UnknownAlgorithm>() {
        return Some(fault.msg());
    }
    if let Some(fault) = source.downcast_ref::<KcvError>() {
        return Some(fault.msg());
    }
    if let Some(fault) = source.downcast_ref::<YuanFault>() {
        return Some(fault.msg());
    }
    if source.is::<KeyStateError>() {
        return Some(msg!("keys-no-state"));
    }
    if source.is::<KeyNameError>() {
        return Some(msg!("usage-key-name"));
    }
    if source.is::<std::num::ParseIntError>() {
        return Some(msg!("usage-number"));
    }
    // The range of a number, which clap says in words of its own.
    let text = source.to_string();
    let (_, range) = text.split_once(" is not in ")?;
    Some(msg!("usage-range", range = range.replace("..=", "…")))
}
