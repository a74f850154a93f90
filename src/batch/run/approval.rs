// SPDX-License-Identifier: Apache-2.0
//! What a batch will do, in one digest: template, order, keys with their versions and check values, how many. It is laid down
//! by one officer, approved by another, and made again before a run: a run does nothing else.

use crate::batch::fault::BatchError;
use crate::ledger::act::{BatchKey, BatchNew};
use crate::ledger::centre::{BatchRow, CentreFault, OrderRow};
use crate::ledger::{Hash, LedgerError, ShortHex, Text};
use crate::perso::script::PersoScript;
use crate::template::Template;

/// What a batch is laid down from.
pub struct LaidDown<'a> {
    /// The order as the ledger has it.
    pub order: &'a OrderRow,
    /// The digest of the order's rows as they are now.
    pub rows: Hash,
    /// The template as it is now.
    pub template: &'a Template,
    /// The plan of one of its cards, for the keys.
    pub script: &'a PersoScript,
}

/// The body of `batch.new`, with its digest.
pub fn lay_down(name: &str, from: &LaidDown<'_>) -> Result<BatchNew, BatchError> {
    let mut keys = Vec::with_capacity(from.script.keys.len());
    for (key, kcv) in &from.script.keys {
        keys.push(BatchKey {
            key: Text::new(key.to_string())?,
            kcv: ShortHex::new(kcv.to_string())?,
        });
    }
    keys.sort();
    keys.dedup();
    let body = BatchNew {
        batch: Text::new(name)?,
        order: Text::new(from.order.order.as_str())?,
        order_digest: from.rows,
        rows: from.order.rows,
        template: Text::new(from.template.name.as_str())?,
        template_digest: from.template.digest.parse()?,
        keys,
        digest: Hash::default(),
    };
    Ok(body.sealed())
}

/// Whether what would be done now is what the ledger has of a batch; else what differs.
pub fn check_approved(batch: &BatchRow, approved: &[BatchKey], now: &BatchNew) -> Result<(), BatchError> {
    let differs = |what| {
        let batch = batch.batch.clone();
        Err(LedgerError::from(CentreFault::BatchDiffers { batch, what }).into())
    };
    if batch.template != now.template.as_str() || batch.template_digest != now.template_digest.to_string() {
        return differs("template");
    }
    if approved != now.keys {
        return differs("key");
    }
    if batch.order != now.order.as_str() || batch.rows != now.rows {
        return differs("order");
    }
    if batch.digest == now.digest.to_string() {
        Ok(())
    } else {
        // Everything else is the same: it is the rows.
        differs("order")
    }
}
