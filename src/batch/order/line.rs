// SPDX-License-Identifier: Apache-2.0
//! A row of an order as it is kept, digested and approved: one line of canonical JSON with everything that is not personal,
//! and the commitment to what is. `docs/formats/holders.md` has the bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{OrderFault, Row, ledger_number};
use crate::ledger::Hash;
use crate::template::Template;

/// What separates an order's digest from every other.
const DIGEST_PREFIX: &[u8] = b"cardmint-order-v1\n";

/// A row without what is personal. The fields stand in the order of their names, as canonical JSON wants them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// The order's fields that belong to no person, and personal ones that are empty.
    pub(super) fields: BTreeMap<String, String>,
    /// The commitment to the personal ones, where the row has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) holder: Option<Hash>,
    /// Initial balance in fen, where it is more than nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) load: Option<u32>,
    /// The card's number as the ledger has it.
    pub(super) number: String,
    /// From 1.
    pub(super) row: u32,
    /// The terminal's number as the ledger has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) terminal: Option<String>,
}

/// A row in its two parts: the line, and the personal fields as canonical JSON where it has any.
pub(super) fn split(template: &Template, row: &Row) -> (Line, Option<String>) {
    let order = &row.order;
    let is_personal = |name: &str| template.order_field(name).is_some_and(|f| f.personal);
    let value = |name: &str| ledger_number(order.get(name).unwrap_or_default());
    let personal: BTreeMap<&str, &str> = order
        .values()
        .filter(|(name, text)| is_personal(name) && !text.is_empty())
        .collect();
    // That nobody's name came is no personal datum.
    let fields = order
        .values()
        .filter(|(name, text)| !is_personal(name) || text.is_empty());
    let line = Line {
        fields: fields.map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
        holder: None,
        load: template
            .load
            .as_deref()
            .and_then(|f| order.amount(f))
            .filter(|fen| *fen > 0),
        number: value(&template.number),
        row: row.row,
        terminal: template.terminal.as_deref().map(value),
    };
    let personal = (!personal.is_empty()).then(|| serde_json::to_string(&personal).unwrap_or_default());
    (line, personal)
}

impl Line {
    /// Canonical JSON.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Self::text`] made, and nothing else.
    pub(super) fn read(text: &str) -> Option<Self> {
        let line: Self = serde_json::from_str(text).ok()?;
        (line.text() == text).then_some(line)
    }

    /// The leaf of the holders' tree.
    fn leaf(&self) -> Option<Hash> {
        let leaf = serde_json::json!({"holder": self.holder?.to_string(), "number": self.number, "row": self.row});
        Some(Hash::leaf(leaf.to_string().as_bytes()))
    }
}

/// The digests of an order, over its lines one after the other.
pub(super) struct Digests {
    lines: sha2::Sha256,
    /// The newest complete subtrees, largest first: how many leaves, and the hash.
    peaks: Vec<(u64, Hash)>,
    rows: u32,
}

impl Default for Digests {
    fn default() -> Self {
        use sha2::Digest;
        Self {
            lines: sha2::Sha256::new_with_prefix(DIGEST_PREFIX),
            peaks: Vec::new(),
            rows: 0,
        }
    }
}

impl Digests {
    /// The next line.
    pub(super) fn add(&mut self, line: &Line, text: &str) {
        use sha2::Digest;
        self.rows += 1;
        self.lines.update(text.as_bytes());
        self.lines.update(b"\n");
        let Some(mut hash) = line.leaf() else { return };
        let mut leaves = 1;
        while let Some((_, left)) = self.peaks.pop_if(|(size, _)| *size == leaves) {
            hash = Hash::node(&left, &hash);
            leaves *= 2;
        }
        self.peaks.push((leaves, hash));
    }

    /// How many lines, the digest over all of them, and the root over those with a holder (RFC 6962 §2.1).
    pub(super) fn finish(self) -> (u32, Hash, Option<Hash>) {
        use sha2::Digest;
        let peaks = self.peaks.into_iter().map(|(_, hash)| hash);
        let root = peaks.rev().reduce(|right, left| Hash::node(&left, &right));
        (self.rows, Hash(self.lines.finalize().into()), root)
    }
}

/// The line of a row, or that it is damaged.
pub(super) fn read(order: &str, row: u32, text: &str) -> Result<Line, OrderFault> {
    let line = Line::read(text).filter(|line| line.row == row);
    line.ok_or_else(|| OrderFault::Damaged {
        order: order.to_owned(),
        row,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::merkle;

    fn line(row: u32, holder: bool) -> Line {
        Line {
            fields: BTreeMap::from([("main-type".into(), "01".into()), ("expiry".into(), "20351231".into())]),
            holder: holder.then(|| Hash::of(&[&row.to_be_bytes()])),
            load: (row == 1).then_some(2000),
            number: format!("310000000000{row:04}"),
            row,
            terminal: None,
        }
    }

    #[test]
    fn lines_are_canonical() {
        let text = line(1, false).text();
        assert_eq!(
            text,
            r#"{"fields":{"expiry":"20351231","main-type":"01"},"load":2000,"number":"3100000000000001","row":1}"#
        );
        assert_eq!(Line::read(&text), Some(line(1, false)));
        for other in [
            text.replace(',', ", "),
            text.replace("\"row\":1", "\"row\":1,\"x\":1"),
            text.replace("01\"", "\\u0030\\u0031\""),
            "{}".to_owned(),
            String::new(),
        ] {
            assert_eq!(Line::read(&other), None, "{other}");
        }
    }

    /// The same root as the ledger's own tree gives.
    #[test]
    fn the_root_is_that_of_rfc_6962() {
        for count in 0..40u32 {
            let mut digests = Digests::default();
            let mut leaves = Vec::new();
            for row in 1..=count {
                let line = line(row, row % 3 != 0);
                digests.add(&line, &line.text());
                leaves.extend(line.leaf());
            }
            let mut nodes = std::collections::BTreeMap::new();
            for (at, leaf) in leaves.iter().enumerate() {
                let look = |level: u8, index: u64| nodes.get(&(level, index)).copied().ok_or(());
                let grown = merkle::grow(at as u64, *leaf, &look).unwrap();
                nodes.extend(grown.into_iter().map(|(level, index, hash)| ((level, index), hash)));
            }
            let look = |level: u8, index: u64| nodes.get(&(level, index)).copied().ok_or(());
            let expected = (!leaves.is_empty()).then(|| merkle::root(leaves.len() as u64, &look).unwrap());
            let (rows, _, root) = digests.finish();
            assert_eq!((rows, root), (count, expected), "{count}");
        }
    }
}
