// SPDX-License-Identifier: Apache-2.0
//! An order from the command line: one row of a file, with fields set over it.

use std::path::Path;

use crate::error::{Error, Exit};
use crate::msg;
use crate::template::{self, OrderFileError, RawOrder};

/// The fields of the order: those of the file's row, and `FIELD=VALUE` words over them.
pub fn raw(file: Option<&Path>, row: Option<usize>, set: &[String]) -> Result<RawOrder, Error> {
    let mut order = match file {
        Some(path) => one(path, row)?,
        None => RawOrder::new(),
    };
    order.extend(template::from_pairs(set)?);
    Ok(order)
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
