// SPDX-License-Identifier: Apache-2.0
//! A template 模板: what one product looks like on a card, as data. Card OS, file tree, contents as named fields, keys and
//! their places, PIN, proofs, and which fields an order must bring. Format: docs/formats/template.md.
//!
//! A template holds no key value and no PIN, only names of them. It is read strictly (a field that is not known is an
//! error with its line) and then checked: each check has a name that stands in the finding, in the format's page and in
//! the name of its test.

mod build;
mod checks;
mod error;
mod fields;
mod key;
mod m1;
mod model;
mod order;
mod order_file;
mod shipped;
mod wire;

pub use build::read;
pub use checks::{CHECKS, Finding, Severity, check};
pub use error::TemplateError;
pub use fields::{Encoding, FieldProblem};
pub use key::{KeyFile, KeyName, KeyPlace, KeySlot, Pin, ProofChoice};
pub use m1::{M1, Sector};
pub use model::{
    CardType, Contents, ControlKeyTurn, Directory, Documents, File, OrderField, OrderKind, Product, RawStep, Record,
    Selector, Source, Template, TemplateField, TemplateOptions, TransportKey,
};
pub use order::{
    AmountFault, AmountUnit, Arrival, CARD_TYPE, CellFault, Column, Columns, CsvFault, CsvReader, CsvRow, DocumentForm,
    EncodingDetector, EncodingFault, HeadingFault, IdentityFault, LONGEST_CELL, MOST_COLUMNS, OWN_PIN, Order,
    OrderError, OrderProblem, PIN_POLICIES, RawOrder, Surroundings, TextEncoding,
};
pub use order_file::{OrderFileError, from_csv, from_json, from_pairs, from_toml};
pub use shipped::{SHIPPED, load, text_of};
