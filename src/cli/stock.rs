// SPDX-License-Identifier: Apache-2.0
//! `cardmint stock`: blanks by lot, from their delivery to the last card, each move an entry of the ledger.

mod report;

use std::path::{Path, PathBuf};

use super::{Context, record, session};
use crate::error::{Error, Exit};
use crate::ledger::act::{Act, StockCount, StockHandOut, StockReceive, StockReturn, StockScrap, StockTakeBack};
use crate::ledger::centre::{CentreFault, LotRow};
use crate::ledger::{Ledger, LedgerError, Number, Text};
use crate::msg;
use crate::site::{Site, SiteError};

/// `cardmint stock …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Takes a delivery in.
    Receive {
        #[command(flatten)]
        blanks: Blanks,
        /// What the blanks are.
        #[arg(long = "type", value_name = "TEXT")]
        blank: String,
        /// Who delivered them.
        #[arg(long, value_name = "TEXT")]
        supplier: String,
        /// The delivery note.
        #[arg(long, value_name = "TEXT")]
        document: Option<String>,
    },
    /// Hands blanks out to an officer.
    HandOut {
        #[command(flatten)]
        blanks: Blanks,
        /// The officer.
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// Takes blanks back from an officer.
    TakeBack {
        #[command(flatten)]
        blanks: Blanks,
        /// The officer.
        #[arg(long, value_name = "NAME")]
        from: String,
    },
    /// Gives blanks back to their supplier.
    Return {
        #[command(flatten)]
        blanks: Blanks,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Scraps blanks that never became a card.
    Scrap {
        #[command(flatten)]
        blanks: Blanks,
        /// The officer who has them; else the store room.
        #[arg(long, value_name = "NAME")]
        from: Option<String>,
        /// The batch that they were for.
        #[arg(long, value_name = "BATCH")]
        batch: Option<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Records that somebody counted.
    Count {
        /// The lot.
        #[arg(value_name = "LOT")]
        lot: String,
        /// The officer who has them; else the store room.
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
        /// How many there are.
        #[arg(long, value_name = "NUMBER")]
        counted: u32,
    },
    /// Shows where the blanks are.
    Report {
        /// One lot only.
        #[arg(value_name = "LOT")]
        lot: Option<String>,
    },
}

/// Blanks of a lot.
#[derive(Debug, clap::Args)]
struct Blanks {
    /// The lot.
    #[arg(value_name = "LOT")]
    lot: String,
    /// How many.
    #[arg(
        long,
        value_name = "NUMBER",
        required_unless_present = "serials",
        conflicts_with = "serials"
    )]
    count: Option<u32>,
    /// Their serial numbers, one a line.
    #[arg(long, value_name = "FILE")]
    serials: Option<PathBuf>,
}

/// Blanks as an entry has them.
struct Named {
    lot: Text,
    count: u32,
    serials: Vec<Number>,
}

impl Blanks {
    fn named(&self) -> Result<Named, Error> {
        let serials = match &self.serials {
            Some(path) => serials(path)?,
            None => Vec::new(),
        };
        let count = self.count.unwrap_or(u32::try_from(serials.len()).unwrap_or(u32::MAX));
        Ok(Named {
            lot: record::text(&self.lot)?,
            count,
            serials,
        })
    }
}

/// The serial numbers of a file; empty lines are left out.
fn serials(path: &Path) -> Result<Vec<Number>, Error> {
    let shown = path.display();
    let failed = |e: std::io::Error| Error::new(msg!("stock-serials-read", path = shown, what = e), Exit::Usage);
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let serial = |line: &str| Number::new(line.to_uppercase()).map_err(LedgerError::from);
    Ok(lines.map(serial).collect::<Result<_, _>>()?)
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    if let Verb::Report { lot } = &args.verb {
        return report::report(&site, lot.as_deref(), context);
    }
    let Some(act) = act(&args.verb, &site)? else {
        return Ok(Exit::Done);
    };
    let entry = record::record(context, &site, act)?;
    record::tell(context, &entry)?;
    if let Verb::Count { counted, lot, .. } = &args.verb
        && let Act::StockCount(body) = &entry.act
        && body.expected != *counted
    {
        let (expected, lot) = (body.expected, lot);
        return Err(Error::new(
            msg!("stock-count-differs", lot = lot, expected = expected, counted = counted),
            Exit::Check,
        ));
    }
    Ok(Exit::Done)
}

/// What a verb records.
fn act(verb: &Verb, site: &Site) -> Result<Option<Act>, Error> {
    Ok(Some(match verb {
        Verb::Receive {
            blanks,
            blank,
            supplier,
            document,
        } => {
            let Named { lot, count, serials } = blanks.named()?;
            Act::StockReceive(StockReceive {
                lot,
                blank: record::text(blank)?,
                supplier: record::text(supplier)?,
                count,
                serials,
                document: record::text_if(document.as_deref())?,
            })
        }
        Verb::HandOut { blanks, to } => {
            let Named { lot, count, serials } = blanks.named()?;
            let to = officer(site, to)?;
            Act::StockHandOut(StockHandOut {
                lot,
                to,
                count,
                serials,
            })
        }
        Verb::TakeBack { blanks, from } => {
            let Named { lot, count, serials } = blanks.named()?;
            let from = record::text(from)?;
            Act::StockTakeBack(StockTakeBack {
                lot,
                from,
                count,
                serials,
            })
        }
        Verb::Return { blanks, reason } => {
            let Named { lot, count, serials } = blanks.named()?;
            let reason = record::text_if(reason.as_deref())?;
            Act::StockReturn(StockReturn {
                lot,
                count,
                serials,
                reason,
            })
        }
        Verb::Scrap {
            blanks,
            from,
            batch,
            reason,
        } => {
            let Named { lot, count, serials } = blanks.named()?;
            Act::StockScrap(StockScrap {
                lot,
                from: record::text_if(from.as_deref())?,
                count,
                serials,
                batch: record::text_if(batch.as_deref())?,
                reason: record::text(reason)?,
            })
        }
        Verb::Count { lot, of, counted } => count(site, lot, of.as_deref(), *counted)?,
        Verb::Report { .. } => return Ok(None),
    }))
}

/// Blanks go into the hands of officers of this site only.
fn officer(site: &Site, name: &str) -> Result<Text, Error> {
    let text = record::text(name)?;
    let ledger = site.ledger_read_only()?;
    match ledger.state().officers.get(&text) {
        Some(officer) if !officer.revoked => Ok(text),
        _ => Err(SiteError::NotOfficer { name: name.to_owned() }.into()),
    }
}

fn count(site: &Site, lot: &str, of: Option<&str>, counted: u32) -> Result<Act, Error> {
    let ledger = site.ledger_read_only()?;
    let row = find(&ledger, lot)?;
    let expected = match of {
        None => row.in_stock,
        Some(officer) => {
            let holdings = ledger.holdings()?;
            let held = holdings.iter().find(|h| h.lot == lot && h.officer == officer);
            held.map_or(0, |h| h.count)
        }
    };
    Ok(Act::StockCount(StockCount {
        lot: record::text(lot)?,
        of: record::text_if(of)?,
        expected,
        counted,
    }))
}

/// A lot that the ledger has.
pub(super) fn find(ledger: &Ledger, lot: &str) -> Result<LotRow, Error> {
    let unknown = || {
        LedgerError::from(CentreFault::Unknown {
            what: "lot",
            name: lot.to_owned(),
        })
    };
    Ok(ledger.lot(lot)?.ok_or_else(unknown)?)
}
