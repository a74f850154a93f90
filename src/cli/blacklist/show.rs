// SPDX-License-Identifier: Apache-2.0
//! `blacklist show`: what stands on the list, and with `--lists` what went out and who has it.

use serde::Serialize;

use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::ledger::centre::{BlacklistRow, ListRow};
use crate::msg;

/// `blacklist show`.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// Only what covers this number.
    #[arg(value_name = "NUMBER")]
    number: Option<String>,
    /// The lists that went out, and who has them.
    #[arg(long, conflicts_with = "number")]
    lists: bool,
}

#[derive(Serialize)]
struct ListShown<'a> {
    #[serde(flatten)]
    list: &'a ListRow,
    confirmed_by: Vec<&'a str>,
}

pub(super) fn run(args: &Show, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ledger = site.ledger_read_only()?;
    if args.lists {
        return lists(&ledger.lists()?, &ledger.list_confirmations()?, context);
    }
    let number = args.number.as_deref().map(record::number).transpose()?;
    let covers = |row: &&BlacklistRow| {
        number.as_ref().is_none_or(|n| {
            let n = n.as_str();
            row.from.len() == n.len() && row.from.as_str() <= n && n <= row.to.as_str()
        })
    };
    let today = super::today(context);
    let rows = ledger.blacklist()?;
    let lang = context.out.lang();
    let mut table = Vec::new();
    for row in rows.iter().filter(covers) {
        context.out.record("cardmint.blacklist-row/1", row)?;
        let until = row.until.clone().unwrap_or_default();
        let until = if !until.is_empty() && until < today {
            format!("{until} ✗")
        } else {
            until
        };
        table.push(vec![
            word("range-kind", &row.kind, lang),
            row.from.clone(),
            if row.to == row.from {
                String::new()
            } else {
                row.to.clone()
            },
            until,
            row.reason.clone(),
            row.added.to_string(),
        ]);
    }
    if table.is_empty() {
        context.out.say(&msg!("blacklist-empty"))?;
        return Ok(Exit::Done);
    }
    let heading = [
        msg!("range-col-kind"),
        msg!("range-col-from"),
        msg!("range-col-to"),
        msg!("blacklist-col-until"),
        msg!("blacklist-col-reason"),
        msg!("blacklist-col-entry"),
    ];
    context.out.table(&heading, &table)?;
    Ok(Exit::Done)
}

fn lists(lists: &[ListRow], confirmed: &[(String, u32)], context: &mut Context) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let mut table = Vec::new();
    for list in lists {
        let by = confirmed.iter().filter(|(_, sequence)| *sequence == list.sequence);
        let shown = ListShown {
            list,
            confirmed_by: by.map(|(who, _)| who.as_str()).collect(),
        };
        context.out.record("cardmint.blacklist-list/1", &shown)?;
        table.push(vec![
            list.sequence.to_string(),
            word("blacklist-form", &list.form, lang),
            list.base.map_or_else(String::new, |base| base.to_string()),
            list.date.clone(),
            list.count.to_string(),
            shown.confirmed_by.join(", "),
        ]);
    }
    if table.is_empty() {
        context.out.say(&msg!("blacklist-no-lists"))?;
        return Ok(Exit::Done);
    }
    let heading = [
        msg!("blacklist-col-sequence"),
        msg!("blacklist-col-form"),
        msg!("blacklist-col-base"),
        msg!("blacklist-col-date"),
        msg!("blacklist-col-lines"),
        msg!("blacklist-col-confirmed"),
    ];
    context.out.table(&heading, &table)?;
    Ok(Exit::Done)
}
