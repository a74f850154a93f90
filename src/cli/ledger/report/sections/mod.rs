// SPDX-License-Identifier: Apache-2.0
//! The chapters of the report's page, each from the numbers to HTML.

mod cards;
mod centre;
mod keys;
mod stock;
mod summary;

pub(super) use cards::cards;
pub(super) use centre::{blacklist, life, money, outgoing};
pub(super) use keys::{ceremonies, keys, people};
pub(super) use stock::stock;
pub(super) use summary::summary;

use super::page::{Page, wall};
use crate::html::escape;

/// A moment of an entry as the site's clock showed it.
fn at(moment: &str) -> String {
    moment.parse().ok().map(wall).unwrap_or_default()
}

fn officers(names: &[String]) -> String {
    escape(&names.join(" + "))
}

/// A name, or a sign that there is none.
fn named(page: &Page<'_>, name: &str) -> String {
    if name.is_empty() {
        page.text("unnamed")
    } else {
        escape(name)
    }
}

/// The beginning of a digest; the ledger has the whole.
fn digest(text: &str) -> String {
    let short: String = text.chars().take(16).collect();
    let more = if text.chars().count() > 16 { "…" } else { "" };
    if short.is_empty() {
        "–".to_owned()
    } else {
        format!("<code>{}{more}</code>", escape(&short))
    }
}
