// SPDX-License-Identifier: Apache-2.0
//! `ledger log`: entries as a list, line by line as they come, however many there are.

use serde_json::Value;

use super::range::Range;
use super::{Place, ceremony};
use crate::cli::Context;
use crate::error::{Error, Exit};
use crate::i18n::{Lang, word};
use crate::ledger::{Count, Entry, LedgerError};
use crate::msg;

/// How many lines decide how wide the columns are.
const MEASURED: usize = 200;

/// `ledger log`.
#[derive(Debug, clap::Args)]
pub(super) struct Log {
    #[command(flatten)]
    range: Range,
    /// The first so many.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// The last so many.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "limit")]
    last: Option<u64>,
}

impl Log {
    fn count(&self) -> Count {
        match (self.limit, self.last) {
            (Some(first), _) => Count::First(first),
            (None, Some(last)) => Count::Last(last),
            (None, None) => Count::All,
        }
    }
}

pub(super) fn log(args: &Log, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    let filter = args.range.filter(&ledger)?;
    let out = &mut context.out;
    let (json, lang) = (out.is_json(), out.lang());
    let heading = [
        msg!("ledger-column-seq"),
        msg!("ledger-column-at-utc"),
        msg!("ledger-column-act"),
        msg!("ledger-column-officer"),
        msg!("ledger-column-subject"),
    ];
    let mut table = out.long_table(&heading, MEASURED);
    let mut failed = None;
    let listed = ledger.each_counted(&filter, args.count(), &mut |entry, _| {
        let said = if json {
            out.record("cardmint.ledger-entry/1", entry)
        } else {
            table.row(out, row(entry, lang))
        };
        said.map_err(|error| stopped(&mut failed, error))
    });
    match failed {
        Some(error) => return Err(error),
        None => listed?,
    }
    table.end(out)?;
    Ok(Exit::Done)
}

/// Ends the reading; what is reported is why the output could not be written.
fn stopped(failed: &mut Option<Error>, error: Error) -> LedgerError {
    let closed = error.msg().id() == "cli-pipe-closed";
    let what = error.to_string();
    *failed = Some(error);
    LedgerError::Unwritten { closed, what }
}

pub(super) fn row(entry: &Entry, lang: Lang) -> Vec<String> {
    let officers: Vec<&str> = entry.sigs.iter().map(|s| s.officer.as_str()).collect();
    vec![
        entry.seq.to_string(),
        entry.at.to_string(),
        word("act", entry.act.name(), lang),
        officers.join(" + "),
        subject(entry, lang),
    ]
}

/// What the act is about, in one line.
fn subject(entry: &Entry, lang: Lang) -> String {
    let said = ceremony::subject(&entry.act, lang).unwrap_or_else(|| fields(entry, lang));
    let parts = [Some(said), ceremony::within(&entry.act, lang)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The fields that say most of other acts.
fn fields(entry: &Entry, lang: Lang) -> String {
    let act = serde_json::to_value(&entry.act).unwrap_or_default();
    // The key of an officer is a public key of 44 characters, which says nothing to anybody who looks down a list.
    let key = if act["body"]["roles"].is_null() { "key" } else { "" };
    let fields = [
        "number", "chip", "terminal", "result", "amount", key, "kcv", "state", "template", "name", "to", "reason",
        "format",
    ];
    let shown = fields.iter().filter_map(|name| match &act["body"][*name] {
        Value::String(text) if *name == "state" => Some(word("key-state", text, lang)),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    shown.collect::<Vec<_>>().join(" ")
}
