// SPDX-License-Identifier: Apache-2.0
//! `ledger log-key`: the SM2 key of a log that was founded without one, or another one in its place.

use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::msg;

/// `ledger log-key`.
#[derive(Debug, clap::Args)]
pub(super) struct LogKey {
    /// Why another one is drawn.
    #[arg(long, value_name = "REASON")]
    anew: Option<String>,
}

pub(super) fn log_key(args: &LogKey, context: &mut Context) -> Result<Exit, Error> {
    let reason = record::text_if(args.anew.as_deref())?;
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["log.key"])?;
    let entry = open.draw_log_key(reason, context.random.as_mut())?;
    open.checkpoint()?;
    record::tell(context, &entry)?;
    if let Some(key) = open.ledger.sm2_keys().last() {
        context.out.notice(&msg!("ledger-sm2-key-is", key = key));
    }
    Ok(Exit::Done)
}
