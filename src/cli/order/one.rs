// SPDX-License-Identifier: Apache-2.0
//! An order from the command line: one row of a file, with fields set over it.

use std::path::{Path, PathBuf};

use crate::error::{Error, Exit};
use crate::msg;
use crate::template::{self, OrderFileError, RawOrder};

/// The options that bring an order.
#[derive(Debug, clap::Args)]
pub struct OrderArgs {
    /// A file with orders.
    #[arg(long, value_name = "FILE")]
    order: Option<PathBuf>,
    /// Which order of the file, from 1.
    #[arg(long, value_name = "NUMBER", requires = "order")]
    row: Option<usize>,
    /// A field of the order; repeatable.
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
}

impl OrderArgs {
    /// Whether nothing was brought.
    pub fn is_empty(&self) -> bool {
        self.order.is_none() && self.set.is_empty()
    }

    /// The fields of the order: those of the file's row, and `FIELD=VALUE` words over them.
    pub fn raw(&self) -> Result<RawOrder, Error> {
        let mut order = match &self.order {
            Some(path) => one(path, self.row)?,
            None => RawOrder::new(),
        };
        order.extend(template::from_pairs(&self.set)?);
        Ok(order)
    }
}

fn one(path: &Path, row: Option<usize>) -> Result<RawOrder, Error> {
    let shown = path.display();
    let failed = |e: std::io::Error| Error::new(msg!("template-order-read", path = shown, what = e), Exit::Usage);
    let bytes = std::fs::read(path).map_err(failed)?;
    let text = || std::str::from_utf8(&bytes).map_err(|_| OrderFileError::Text);
    let mut rows = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => template::from_json(text()?)?,
        Some("csv") => template::from_csv(&bytes)?,
        _ => template::from_toml(text()?)?,
    };
    let chosen = match row {
        Some(n) => n.checked_sub(1).filter(|i| *i < rows.len()),
        None if rows.len() == 1 => Some(0),
        None => None,
    };
    let wrong = || Error::new(msg!("template-no-order", path = shown, count = rows.len()), Exit::Usage);
    let chosen = chosen.ok_or_else(wrong)?;
    Ok(rows.swap_remove(chosen))
}
