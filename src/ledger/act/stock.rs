// SPDX-License-Identifier: Apache-2.0
//! Bodies of entries about blanks. At any time, lot by lot: received = in stock + handed out + in process + issued + scrapped
//! + returned. A lot whose blanks have serial numbers (PSAMs) is accounted for serial number by serial number.

use serde::{Deserialize, Serialize};

use super::super::field::{Number, Text};

/// Body of `stock.receive`. A lot may come in several deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockReceive {
    /// The supplier's lot.
    pub lot: Text,
    /// What the blanks are: chip, size.
    #[serde(rename = "type")]
    pub blank: Text,
    /// Who delivered them.
    pub supplier: Text,
    /// How many.
    pub count: u32,
    /// Their serial numbers, where the lot has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<Number>,
    /// The delivery note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Text>,
}

/// Body of `stock.hand-out`: from the store room to an officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockHandOut {
    /// The lot.
    pub lot: Text,
    /// The officer who gets them.
    pub to: Text,
    /// How many.
    pub count: u32,
    /// Which, in a lot with serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<Number>,
}

/// Body of `stock.take-back`: from an officer to the store room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockTakeBack {
    /// The lot.
    pub lot: Text,
    /// The officer who gives them back.
    pub from: Text,
    /// How many.
    pub count: u32,
    /// Which, in a lot with serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<Number>,
}

/// Body of `stock.return`: from the store room to the supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockReturn {
    /// The lot.
    pub lot: Text,
    /// How many.
    pub count: u32,
    /// Which, in a lot with serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<Number>,
    /// Why, or the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// Body of `stock.scrap`: blanks that never became a card (dead on arrival, broken, missing at a count). A blank that died
/// while it was written becomes scrap by `card.void`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockScrap {
    /// The lot.
    pub lot: Text,
    /// The officer who had them; absent: the store room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
    /// How many.
    pub count: u32,
    /// Which, in a lot with serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<Number>,
    /// The batch that they were for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Text>,
    /// Why.
    pub reason: Text,
}

/// Body of `stock.count`: somebody counted. It changes nothing; a difference is resolved by the acts above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockCount {
    /// The lot.
    pub lot: Text,
    /// With whom; absent: in the store room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Text>,
    /// How many should be there, by the ledger.
    pub expected: u32,
    /// How many are there.
    pub counted: u32,
}
