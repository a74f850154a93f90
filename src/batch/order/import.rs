// SPDX-License-Identifier: Apache-2.0
//! Taking an order in: the file is read once more and its rows go into the book as coming, in one transaction; the ledger's entry
//! decides; then the order is here. A file with anything wrong in it, or a ledger that refuses, leaves nothing behind.

use rusqlite::{Transaction, TransactionBehavior, params};

use super::book::{Held, OrderFacts};
use super::line::{self, Digests};
use super::numbers::Spans;
use super::scan::{Finding, Row, Scan, Summary};
use super::{OrderBook, OrderFault, OrderFile};
use crate::batch::kind_of;
use crate::crypto::personal::{PersonalText, tag};
use crate::crypto::seal::SealKey;
use crate::keys::{FileKeyStore, InternalUse};
use crate::ledger::act::{Act, OrderImport, RangeKind};
use crate::ledger::{Hash, Ledger, Text};
use crate::outside::Random;
use crate::site::{Session, SiteError};
use crate::template::Template;

/// The durable steps of an import, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStep {
    /// The rows are in the book, as coming.
    Coming,
    /// The ledger has the entry.
    Recorded,
    /// The order is here.
    Here,
}

/// An order whose rows are in the book as coming. Dropped before it is recorded, it is settled when the book is next opened.
#[must_use = "an order is here only once it is recorded"]
pub struct ComingOrder {
    body: OrderImport,
    _held: Held,
}

/// Where rows go.
struct Writer<'a> {
    tx: Transaction<'a>,
    template: &'a Template,
    order: &'a str,
    site: &'a str,
    key: &'a SealKey,
    version: u32,
    random: &'a mut dyn Random,
    digests: Digests,
    numbers: Spans,
    terminals: Spans,
}

impl OrderBook {
    /// Reads a file into the book. Gives nothing where the file has findings, and the book is as it was.
    pub fn take_in(
        &mut self,
        id: &str,
        scan: &Scan<'_>,
        file: &OrderFile,
        (store, ledger): (&FileKeyStore, &Ledger),
        random: &mut dyn Random,
        sink: &mut dyn FnMut(Finding),
    ) -> Result<(Summary, Option<ComingOrder>), OrderFault> {
        let held = self.hold()?;
        let name = Text::new(id)?;
        if ledger.order(id)?.is_some() {
            let order = id.to_owned();
            return Err(OrderFault::NameTaken { order });
        }
        let salt = crate::crypto::seal::fresh_nonce(random).map_err(SiteError::from)?;
        let (template, kind) = (scan.template, kind_of(scan.template.product));
        let site = self.site.clone();
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        begin(&tx, id, scan)?;
        let record = store.internal_record(InternalUse::Holders);
        let mut writer = Writer {
            tx,
            template,
            order: id,
            site: &site,
            key: store.internal_key(InternalUse::Holders)?,
            version: record.map_or(0, |r| r.version),
            random,
            digests: Digests::default(),
            numbers: Spans::new(ledger, kind.into())?,
            terminals: Spans::new(ledger, RangeKind::Terminal)?,
        };
        let summary = scan.run(file, &salt, sink, &mut |row| writer.put(&row))?;
        if summary.findings > 0 {
            return Ok((summary, None));
        }
        let (rows, digest, holders) = writer.end(template)?;
        let (numbers, terminals) = (writer.numbers.finish()?, writer.terminals.finish()?);
        writer.tx.commit()?;
        let body = OrderImport {
            order: name,
            kind,
            template: Text::new(template.name.as_str())?,
            template_digest: template.digest.parse()?,
            rows,
            digest,
            holders,
            numbers,
            terminals,
        };
        let coming = ComingOrder { body, _held: held };
        Ok((summary, Some(coming)))
    }

    /// Records an order that is coming; then it is here. `at` hears of each durable step.
    pub fn record(
        &mut self,
        coming: ComingOrder,
        session: &mut Session,
        at: &mut dyn FnMut(ImportStep),
    ) -> Result<OrderFacts, OrderFault> {
        at(ImportStep::Coming);
        let (id, digest) = (coming.body.order.to_string(), coming.body.digest.to_string());
        let appended = session.append(Act::OrderImport(coming.body));
        // An error may come after the entry became durable: only the ledger itself can tell.
        let recorded =
            || -> Result<bool, OrderFault> { Ok(session.ledger.order(&id)?.is_some_and(|row| row.digest == digest)) };
        if let Err(e) = appended
            && !recorded()?
        {
            self.remove(&id)?;
            self.cut_log()?;
            return Err(e.into());
        }
        at(ImportStep::Recorded);
        self.is_here(&id)?;
        at(ImportStep::Here);
        session.checkpoint()?;
        self.order(&id)
    }
}

fn begin(tx: &Transaction<'_>, id: &str, scan: &Scan<'_>) -> Result<(), OrderFault> {
    let template = scan.template;
    let sql = "INSERT INTO orders (order_id, state, kind, template, template_digest, rows, digest, holders, moment)
               VALUES (?1, 'coming', ?2, ?3, ?4, 0, '', NULL, ?5)";
    let kind = kind_of(template.product).as_str();
    tx.execute(sql, params![id, kind, template.name, template.digest, scan.now])?;
    Ok(())
}

impl Writer<'_> {
    fn put(&mut self, row: &Row) -> Result<(), OrderFault> {
        let (mut line, personal) = line::split(self.template, row);
        let mut sealed = None;
        if let Some(text) = personal {
            let person = PersonalText::new(text, self.random).map_err(SiteError::from)?;
            line.holder = Some(Hash(person.commitment()));
            let place = super::book::sealed_place(self.site, self.order, line.row, &line.number);
            sealed = Some(person.seal(self.key, &place, self.random).map_err(SiteError::from)?);
        }
        let text = line.text();
        let tagged = super::book::tagged(self.site, self.order, &text);
        let tag = tag(self.key, &tagged, self.random).map_err(SiteError::from)?;
        let sql = "INSERT INTO rows (order_id, row, number, line, version, tag) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![self.order, line.row, line.number, text, self.version, tag];
        self.tx.prepare_cached(sql)?.execute(values)?;
        if let Some(sealed) = sealed {
            let sql = "INSERT INTO holders (order_id, row, version, key, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
            let values = params![self.order, line.row, self.version, sealed.key, sealed.text];
            self.tx.prepare_cached(sql)?.execute(values)?;
        }
        self.digests.add(&line, &text);
        self.numbers.add(&line.number)?;
        if let Some(terminal) = &line.terminal {
            self.terminals.add(terminal)?;
        }
        Ok(())
    }

    fn end(&mut self, template: &Template) -> Result<(u32, Hash, Option<Hash>), OrderFault> {
        let (rows, digest, holders) = std::mem::take(&mut self.digests).finish();
        let sql = "UPDATE orders SET rows = ?2, digest = ?3, holders = ?4, template = ?5 WHERE order_id = ?1";
        let root = holders.map(|root| root.to_string());
        let values = params![self.order, rows, digest.to_string(), root, template.name];
        self.tx.execute(sql, values)?;
        Ok((rows, digest, holders))
    }
}
