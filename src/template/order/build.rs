// SPDX-License-Identifier: Apache-2.0
//! Order fields and card types from the TOML form of a template.

use super::super::build::{Built, missing};
use super::super::model::{CardType, Documents, OrderField, OrderKind};
use super::super::wire::{CardTypeWire, OrderFieldWire, OrderKindWire};
use crate::keys::scheme::Title;

/// A field; `at` is its path in the file.
pub(crate) fn order_field(wire: OrderFieldWire, at: String) -> Built<OrderField> {
    let length = wire.length.ok_or_else(|| missing(&at, "length"));
    let max = wire.max.ok_or_else(|| missing(&at, "max"));
    let kind = match wire.kind {
        OrderKindWire::Digits => OrderKind::Digits(length?),
        OrderKindWire::Hex => OrderKind::Hex(length?),
        OrderKindWire::Text => OrderKind::Text(length?),
        OrderKindWire::Gbk => OrderKind::Gbk(length?),
        OrderKindWire::Date => OrderKind::Date,
        OrderKindWire::Datetime => OrderKind::DateTime,
        OrderKindWire::Number => OrderKind::Number(max?),
        OrderKindWire::Choice if wire.values.is_empty() => return Err(missing(&at, "values")),
        OrderKindWire::Choice => OrderKind::Choice(wire.values),
        OrderKindWire::Amount => OrderKind::Amount {
            max: u32::try_from(max?).unwrap_or(u32::MAX),
            unit: wire.unit,
        },
    };
    Ok(OrderField {
        name: wire.name,
        title: Title {
            en: wire.en,
            zh: wire.zh,
        },
        kind,
        default: wire.default,
        starts_with: wire.starts_with,
        not_before: wire.not_before,
        not_past: wire.not_past,
        columns: wire.columns,
        words: wire.words,
        documents: wire.documents.map(|d| Documents {
            kind: d.kind,
            forms: d.forms,
        }),
        unique: wire.unique,
        personal: wire.personal,
        at,
    })
}

/// The card type of a place in the list.
pub(crate) fn card_type((place, wire): (usize, CardTypeWire)) -> CardType {
    CardType {
        name: wire.name,
        title: Title {
            en: wire.en,
            zh: wire.zh,
        },
        words: wire.words,
        set: wire.set,
        default: wire.default,
        at: format!("card-type[{place}]"),
    }
}
