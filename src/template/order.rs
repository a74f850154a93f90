// SPDX-License-Identifier: Apache-2.0
//! An order 订单: the values of one card, checked against the fields that the template asks for. All that is wrong is
//! found at once.
//!
//! Names of fields may be those of the template, its titles in either language, or the headings that it lists; words may
//! stand for codes, and a card type for several fields. What is kept is the canonical value under the field's own name.
//! A new order is looked at more closely than one that is read off a card: see [`Arrival`].

mod amount;
pub(super) mod build;
mod csv;
mod encoding;
mod heading;
mod identity;
mod value;

pub use amount::{AmountFault, AmountUnit};
pub use csv::{CellFault, CsvFault, CsvReader, CsvRow, LONGEST_CELL, MOST_COLUMNS};
pub use encoding::{EncodingDetector, EncodingFault, TextEncoding};
pub use heading::{CARD_TYPE, Column, Columns, HeadingFault};
pub use identity::{DocumentForm, IdentityFault};
pub(super) use value::{moment, value_fits};

use std::collections::BTreeMap;

use super::fields::FieldProblem;
use super::model::{OrderField, OrderKind, Template};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// What a PIN policy field may say: the site's initial PIN, or one drawn for each card and sent to its holder.
pub const PIN_POLICIES: [&str; 2] = ["initial", OWN_PIN];
/// The policy by which each card has a PIN of its own.
pub const OWN_PIN: &str = "random";

/// Field names and texts as they came.
pub type RawOrder = BTreeMap<String, String>;

/// The values of one card, checked and complete. They may be of a person: `Debug` shows the names only.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    values: BTreeMap<String, String>,
    blind: Option<String>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// What is asked of an order that just came in, besides that its values fit the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Whether a validity may lie in the past.
    pub past: bool,
}

/// What values are checked against besides the template.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The local moment of issuing as yyyymmddhhmmss.
    pub now: &'a str,
    /// Values of the site that numbers must begin with.
    pub site: &'a dyn Fn(&str) -> Option<String>,
    /// For an order that just came in.
    pub arrival: Option<Arrival>,
}

/// One thing that is wrong in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderProblem {
    /// The field.
    pub field: String,
    /// What is wrong.
    pub problem: FieldProblem,
}

/// Why an order cannot be carried out: everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderError {
    /// All of it.
    pub problems: Vec<OrderProblem>,
}

impl Fault for OrderError {
    fn msg(&self) -> Msg {
        let one = |p: &OrderProblem| msg!("order-problem", field = p.field).with_msg("problem", p.problem.msg());
        let more = |list: Option<Msg>, p: &OrderProblem| match list {
            None => Some(one(p)),
            Some(list) => Some(
                msg!("order-problem-more")
                    .with_msg("list", list)
                    .with_msg("one", one(p)),
            ),
        };
        let count = msg!("order-problems", count = self.problems.len());
        match self.problems.iter().fold(None, more) {
            Some(list) => count.with_msg("list", list),
            None => count,
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(OrderError);

/// An order on its way to being checked.
struct Examination<'a> {
    template: &'a Template,
    around: &'a Surroundings<'a>,
    /// What came, by the fields' own names.
    given: BTreeMap<&'a str, &'a str>,
    values: BTreeMap<String, String>,
    problems: Vec<OrderProblem>,
}

impl Order {
    /// Checks the fields. `now` is the local moment of issuing as yyyymmddhhmmss; `site` gives the values that numbers must
    /// begin with.
    pub fn check(
        template: &Template,
        raw: &RawOrder,
        now: &str,
        site: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, OrderError> {
        let arrival = None;
        Self::examine(template, raw, &Surroundings { now, site, arrival })
    }

    /// The same; a new order is asked more.
    pub fn examine(template: &Template, raw: &RawOrder, around: &Surroundings<'_>) -> Result<Self, OrderError> {
        let (order, problems) = Self::good_part(template, raw, around);
        if problems.is_empty() {
            Ok(order)
        } else {
            Err(OrderError { problems })
        }
    }

    /// The values that are good, and everything that is not.
    pub fn good_part(template: &Template, raw: &RawOrder, around: &Surroundings<'_>) -> (Self, Vec<OrderProblem>) {
        let mut order = Examination {
            template,
            around,
            given: BTreeMap::new(),
            values: BTreeMap::new(),
            problems: Vec::new(),
        };
        order.take_names(raw);
        order.spread_card_type();
        for field in &template.order {
            order.take_value(field);
        }
        order.compare_fields();
        (Self::restored(order.values), order.problems)
    }

    /// An order that was checked when it was stored.
    pub fn restored(values: BTreeMap<String, String>) -> Self {
        Self { values, blind: None }
    }

    /// The same with what keeps the digest of its script from being compared with guesses of who the holder is.
    #[must_use]
    pub fn blinded(self, blind: String) -> Self {
        let blind = Some(blind);
        Self { blind, ..self }
    }

    /// The same with the number of the chip that it is carried out on, where the template needs one and the order has none.
    #[must_use]
    pub fn for_chip(mut self, template: &Template, chip: Option<&str>) -> Self {
        if let (Some(m1), Some(chip)) = (&template.m1, chip) {
            self.values.entry(m1.uid.clone()).or_insert_with(|| chip.to_owned());
        }
        self
    }

    /// What was given by [`Self::blinded`].
    pub fn blind(&self) -> Option<&str> {
        self.blind.as_deref()
    }

    /// A field's text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// An amount in fen.
    pub fn amount(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    /// All fields by name.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// An order whose fields are known to be good: invented values for explanations and tests.
    pub fn example(template: &Template, now: &str, site: &dyn Fn(&str) -> Option<String>) -> Result<Self, OrderError> {
        let mut raw = RawOrder::new();
        for field in template.order.iter().filter(|f| f.default.is_none()) {
            let start = field.starts_with.as_deref().and_then(site).unwrap_or_default();
            let text = match &field.kind {
                OrderKind::Digits(n) => format!("{start}{:0>width$}", 1, width = n.saturating_sub(start.len())),
                OrderKind::Hex(n) => format!("{start}{:0>width$}", 1, width = (2 * n).saturating_sub(start.len())),
                OrderKind::Date => now[..8].to_owned(),
                OrderKind::DateTime => now.to_owned(),
                OrderKind::Text(_) | OrderKind::Gbk(_) => String::new(),
                OrderKind::Number(_) | OrderKind::Amount { .. } => "0".to_owned(),
                OrderKind::Choice(codes) => codes.keys().next().cloned().unwrap_or_default(),
            };
            raw.insert(field.name.clone(), text);
        }
        Self::check(template, &raw, now, site)
    }
}

impl<'a> Examination<'a> {
    fn note(&mut self, field: &str, problem: FieldProblem) {
        let field = field.to_owned();
        self.problems.push(OrderProblem { field, problem });
    }

    /// Puts what came under the fields' own names. Empty texts mean that nothing came.
    fn take_names(&mut self, raw: &'a RawOrder) {
        for (name, text) in raw {
            let Some(field) = self.template.field_called(name) else {
                self.note(name, FieldProblem::Unknown);
                continue;
            };
            let text = text.trim();
            if !text.is_empty() && self.given.insert(field, text).is_some() {
                self.note(field, FieldProblem::Twice);
            }
        }
    }

    /// A card type sets its fields; a field that came with another value contradicts it.
    fn spread_card_type(&mut self) {
        let Some(word) = self.given.remove(CARD_TYPE) else {
            return;
        };
        let Some(card_type) = self.template.card_type_called(word) else {
            let codes = self.template.card_types.iter();
            let codes = codes.map(|t| (t.name.clone(), t.title.zh.clone())).collect();
            let codes = super::fields::listed(&codes);
            return self.note(CARD_TYPE, FieldProblem::Choice { codes });
        };
        for (name, value) in &card_type.default {
            self.given.entry(name).or_insert(value);
        }
        for (name, value) in &card_type.set {
            let before = self.given.insert(name, value);
            let said = before
                .zip(self.template.order_field(name))
                .map(|(text, field)| field.said(text));
            if said.is_some_and(|said| said != *value) {
                let card_type = card_type.name.clone();
                self.note(name, FieldProblem::Differs { card_type });
            }
        }
    }

    fn take_value(&mut self, field: &'a OrderField) {
        let given = self.given.get(field.name.as_str()).copied();
        let Some(text) = given.or(field.default.as_deref()) else {
            // What the chip itself says is known when it lies on a reader.
            if self.template.is_on_chip(&field.name) {
                return;
            }
            return self.note(&field.name, FieldProblem::Missing);
        };
        match value::canonical(field, text, self.around) {
            Ok(value) => {
                self.values.insert(field.name.clone(), value);
            }
            Err(problem) => self.note(&field.name, problem),
        }
    }

    /// Rules over two fields.
    fn compare_fields(&mut self) {
        for field in &self.template.order {
            let Some(value) = self.values.get(&field.name) else {
                continue;
            };
            let earlier = field.not_before.as_ref().and_then(|name| self.values.get(name));
            if earlier.is_some_and(|earlier| value < earlier) {
                let field_before = field.not_before.clone().unwrap_or_default();
                self.note(&field.name, FieldProblem::Before { field: field_before });
                continue;
            }
            if self.around.arrival.is_some()
                && let Err(fault) = self.document_fits(field, value)
            {
                self.note(&field.name, FieldProblem::Identity(fault));
            }
        }
    }

    fn document_fits(&self, field: &OrderField, number: &str) -> Result<(), IdentityFault> {
        let Some(documents) = field.documents.as_ref().filter(|_| !number.is_empty()) else {
            return Ok(());
        };
        let kind = self.values.get(&documents.kind);
        let form = kind.and_then(|code| documents.forms.get(code));
        let today = self.around.now.get(..8).unwrap_or_default();
        form.map_or(Ok(()), |form| form.fits(number, today))
    }
}
