// SPDX-License-Identifier: Apache-2.0
//! `batch pause`, `resume` and `close`: entries of the ledger, which a running batch sees within a moment.

use super::show::find;
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::act::{Act, BatchPause};
use crate::msg;

pub(super) fn pause(batch: &str, reason: Option<&str>, context: &mut Context) -> Result<Exit, Error> {
    go(batch, reason, Act::BatchPause, context)
}

pub(super) fn resume(batch: &str, reason: Option<&str>, context: &mut Context) -> Result<Exit, Error> {
    go(batch, reason, Act::BatchResume, context)
}

fn go(batch: &str, reason: Option<&str>, act: fn(BatchPause) -> Act, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let body = BatchPause {
        batch: record::text(batch)?,
        reason: record::text_if(reason)?,
    };
    let entry = record::record(context, &site, act(body))?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}

/// Closes a batch with the account that the ledger gives now.
pub(super) fn close(batch: &str, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let account = {
        let ledger = site.ledger_read_only()?;
        find(&ledger, batch)?;
        ledger.batch_account(batch)?
    };
    for lot in &account.lots {
        context.out.say(&msg!(
            "batch-lot",
            lot = lot.lot,
            drawn = lot.drawn,
            issued = lot.issued,
            scrapped = lot.scrapped
        ))?;
    }
    let said = msg!(
        "batch-account",
        issued = account.issued,
        failed = account.failed,
        void = account.void,
        left = account.left
    );
    let entry = record::record(context, &site, Act::BatchClose(account))?;
    context.out.say(&said)?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}
