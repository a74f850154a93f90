// SPDX-License-Identifier: Apache-2.0
//! `cardmint range`: number ranges 号段, set aside in the ledger and used up by orders and cards.

use clap::ValueEnum;

use super::{Context, record, session};
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::ledger::act::{Act, RangeKind, RangeReserve};
use crate::ledger::centre::RangeUse;
use crate::msg;

/// `cardmint range …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Sets numbers aside.
    Reserve(Reserve),
    /// Lists the ranges and what is left of them.
    List,
}

#[derive(Debug, clap::Args)]
struct Reserve {
    /// The range's name.
    #[arg(value_name = "NAME")]
    name: String,
    /// What its numbers are.
    #[arg(long, value_enum, default_value = "user")]
    kind: Kind,
    /// First number.
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// Last number.
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// What for.
    #[arg(long, value_name = "TEXT")]
    purpose: String,
    /// The template that it is for; else any.
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    User,
    Psam,
    Terminal,
}

impl From<Kind> for RangeKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::User => Self::User,
            Kind::Psam => Self::Psam,
            Kind::Terminal => Self::Terminal,
        }
    }
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Reserve(range) => reserve(range, context),
        Verb::List => list(context),
    }
}

fn reserve(range: &Reserve, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let act = Act::RangeReserve(RangeReserve {
        range: record::text(&range.name)?,
        kind: range.kind.into(),
        template: record::text_if(range.template.as_deref())?,
        from: record::number(&range.from)?,
        to: record::number(&range.to)?,
        purpose: record::text(&range.purpose)?,
    });
    let entry = record::record(context, &site, act)?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}

/// Whether a range with so many numbers left runs low: less than a tenth.
fn is_low(range: &RangeUse, left: u64) -> bool {
    left < range.size.div_ceil(10)
}

/// Says which of these ranges will run low once so many numbers of each are taken.
pub(super) fn say_low(context: &mut Context, ranges: &[RangeUse], taken: u64) {
    for range in ranges {
        let left = range.left.saturating_sub(taken);
        if is_low(range, left) {
            let what = msg!("range-low", range = range.range, left = left);
            context.out.notice(&what);
        }
    }
}

fn list(context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ranges = site.ledger_read_only()?.ranges()?;
    let lang = context.out.lang();
    let mut rows = Vec::new();
    for range in &ranges {
        context.out.record("cardmint.range/1", range)?;
        rows.push(vec![
            range.range.clone(),
            word("range-kind", &range.kind, lang),
            range.from.clone(),
            range.to.clone(),
            range.left.to_string(),
            range.next.clone().unwrap_or_else(|| "–".to_owned()),
            range.template.clone().unwrap_or_default(),
            range.purpose.clone(),
        ]);
    }
    let heading = [
        msg!("range-col-name"),
        msg!("range-col-kind"),
        msg!("range-col-from"),
        msg!("range-col-to"),
        msg!("range-col-left"),
        msg!("range-col-next"),
        msg!("range-col-template"),
        msg!("range-col-purpose"),
    ];
    if rows.is_empty() {
        context.out.say(&msg!("range-none"))?;
    } else {
        context.out.table(&heading, &rows)?;
    }
    say_low(context, &ranges, 0);
    Ok(Exit::Done)
}
