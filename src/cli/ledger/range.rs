// SPDX-License-Identifier: Apache-2.0
//! Which entries, as it is typed: by number, time, act, card, batch and officer, all of them together.

use crate::batch::order::ledger_number;
use crate::error::Error;
use crate::ledger::{Filter, Ledger, Period};

/// Which entries.
#[derive(Debug, clap::Args)]
pub(super) struct Range {
    /// From this entry.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    from: u64,
    /// Up to this entry.
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
    /// Not before this time.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this day, or before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Of this act.
    #[arg(long, value_name = "ACT")]
    act: Option<String>,
    /// Of this card.
    #[arg(long, value_name = "NUMBER", visible_alias = "card")]
    number: Option<String>,
    /// Of this batch.
    #[arg(long, value_name = "BATCH")]
    batch: Option<String>,
    /// Signed by this officer.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Range {
    /// The filter, where this ledger can have what it asks for.
    pub(super) fn filter(&self, ledger: &Ledger) -> Result<Filter, Error> {
        let since = self.since.as_deref().map(Period::since).transpose()?;
        let until = self.until.as_deref().map(Period::until).transpose()?;
        let filter = Filter {
            from: self.from,
            to: self.to.map(|last| last.saturating_add(1)),
            since,
            until,
            act: self.act.clone(),
            number: self.number.as_deref().map(ledger_number),
            batch: self.batch.clone(),
            officer: self.by.clone(),
        };
        ledger.check_filter(&filter)?;
        Ok(filter)
    }
}
