// SPDX-License-Identifier: Apache-2.0
//! `batch new` and `approve`. Both work out the digest from the template, the order and the keys as they are now; so the one who
//! approves does not approve what somebody else says that it is.

use super::{order, show};
use crate::batch;
use crate::batch::run::{BookRows, LaidDown, OrderRows, check_approved, lay_down};
use crate::cli::{Context, record, session};
use crate::error::{Error, Exit};
use crate::keys::{FileKeyStore, KeyStore};
use crate::ledger::act::{Act, BatchApprove, BatchNew};
use crate::ledger::centre::{BatchRow, CentreFault, OrderRow};
use crate::ledger::{CardKind, Ledger, LedgerError};
use crate::msg;
use crate::perso::plan;
use crate::perso::script::PersoScript;
use crate::site::Site;
use crate::template::Template;

/// What the cards are made by.
#[derive(Debug, clap::Args)]
pub(super) struct Made {
    /// The template's file, where it is none of the shipped ones.
    #[arg(id = "template-file", long = "template", value_name = "FILE")]
    template: Option<String>,
}

impl Made {
    /// The template: the file that was named, or the one of that name.
    pub(super) fn template(&self, name: &str) -> Result<Template, Error> {
        crate::cli::template::sound(self.template.as_deref().unwrap_or(name))
    }
}

/// Everything that a batch is laid down from, as it is now.
pub(super) struct Prepared {
    pub(super) order: OrderRow,
    pub(super) template: Template,
    pub(super) script: PersoScript,
    pub(super) kind: CardKind,
}

/// The number of a chip that nobody has seen yet.
pub(super) const ANY_CHIP: &str = "00000000";

/// Reads template and order and plans the order's first card.
pub(super) fn prepare(
    (site, ledger, store): (&Site, &Ledger, &FileKeyStore),
    name: &str,
    made: &Made,
    looking: bool,
) -> Result<Prepared, Error> {
    let order = ledger.order(name)?.ok_or_else(|| {
        LedgerError::from(CentreFault::Unknown {
            what: "order",
            name: name.to_owned(),
        })
    })?;
    let template = made.template(&order.template)?;
    let kind = batch::kind_of(template.product);
    let book = order::book(site, ledger, looking)?;
    book.check_order(ledger, name).map_err(batch::BatchError::from)?;
    let mut rows = BookRows::new(book, store, name, kind);
    let facts = batch::facts(site)?;
    let mut at = 0;
    let first = loop {
        match rows.next_row(at)? {
            Some(row) if row.order.is_none() => at = row.row,
            found => break found.and_then(|row| row.order),
        }
    };
    let first = first.ok_or_else(|| Error::new(msg!("batch-empty-order", order = name), Exit::Usage))?;
    // Which chip it will be changes no key above the card.
    let first = first.for_chip(&template, Some(ANY_CHIP));
    let script = plan(&template, &first, site.scheme(), &store.keys(), &facts).map_err(batch::BatchError::from)?;
    Ok(Prepared {
        order,
        template,
        script,
        kind,
    })
}

impl Prepared {
    /// The body of `batch.new`.
    pub(super) fn body(&self, name: &str) -> Result<BatchNew, Error> {
        let from = LaidDown {
            order: &self.order,
            rows: self.order.digest.parse().map_err(LedgerError::from)?,
            template: &self.template,
            script: &self.script,
        };
        Ok(lay_down(name, &from)?)
    }

    /// Whether this is what the ledger has of a batch.
    pub(super) fn check(&self, batch: &BatchRow, ledger: &Ledger) -> Result<(), Error> {
        let keys = ledger.batch_keys(&batch.batch)?;
        check_approved(batch, &keys, &self.body(&batch.batch)?)?;
        for used in &keys {
            let key = ledger.key(used.key.as_str())?;
            if let Some(key) = key.filter(|key| key.state != "active") {
                let (key, state) = (key.key, key.state);
                return Err(LedgerError::KeyNotActive { key, state }.into());
            }
        }
        Ok(())
    }
}

pub(super) fn new(name: &str, order: &str, made: &Made, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["batch.new"])?;
    let body = prepare((&open.site, &open.ledger, &open.store), order, made, false)?.body(name)?;
    let entry = open.append(Act::BatchNew(body.clone()))?;
    open.checkpoint()?;
    say(&body, context)?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}

/// What is laid down or approved, for who signs it.
fn say(body: &BatchNew, context: &mut Context) -> Result<(), Error> {
    context.out.record("cardmint.batch-new/1", body)?;
    context.out.say(&msg!(
        "batch-laid-down",
        batch = body.batch,
        order = body.order,
        rows = body.rows,
        template = body.template
    ))?;
    for key in &body.keys {
        context.out.say(&msg!("batch-key", key = key.key, kcv = key.kcv))?;
    }
    context.out.say(&msg!("batch-digest", digest = body.digest))
}

pub(super) fn approve(name: &str, digest: Option<&str>, made: &Made, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let batch = show::find(&site.ledger()?, name)?;
    if let Some(read) = digest
        && !(read.len() >= 8 && batch.digest.starts_with(&read.to_lowercase()))
    {
        let batch = name.to_owned();
        return Err(LedgerError::from(CentreFault::BatchDigest { batch }).into());
    }
    let mut open = session::unlock(context, &site, &["batch.approve"])?;
    let laid = prepare((&open.site, &open.ledger, &open.store), &batch.order, made, false)?;
    laid.check(&batch, &open.ledger)?;
    let body = laid.body(name)?;
    say(&body, context)?;
    let act = Act::BatchApprove(BatchApprove {
        batch: body.batch,
        digest: body.digest,
    });
    let entry = open.append(act)?;
    open.checkpoint()?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}
