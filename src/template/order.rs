// SPDX-License-Identifier: Apache-2.0
//! An order 订单: the values of one card, checked against the fields that the template asks for. All that is wrong is
//! found at once.

use std::collections::BTreeMap;

use super::fields::{self, FieldProblem};
use super::model::{OrderField, OrderKind, Template};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Field names and texts as they came.
pub type RawOrder = BTreeMap<String, String>;

/// The values of one card, checked and complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    values: BTreeMap<String, String>,
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

impl Order {
    /// Checks the fields. `now` is the local moment of issuing as yyyymmddhhmmss; `site` gives the values that numbers must
    /// begin with.
    pub fn check(
        template: &Template,
        raw: &RawOrder,
        now: &str,
        site: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, OrderError> {
        let mut problems = Vec::new();
        let mut note = |field: &str, problem| {
            problems.push(OrderProblem {
                field: field.to_owned(),
                problem,
            });
        };
        let mut values = BTreeMap::new();
        for name in raw.keys().filter(|name| template.order_field(name).is_none()) {
            note(name, FieldProblem::Unknown);
        }
        for field in &template.order {
            match value_of(field, raw, now) {
                None => note(&field.name, FieldProblem::Missing),
                Some(value) => match value_fits(field, &value, site) {
                    Ok(()) => {
                        values.insert(field.name.clone(), value);
                    }
                    Err(problem) => note(&field.name, problem),
                },
            }
        }
        for field in &template.order {
            let (Some(other), Some(value)) = (&field.not_before, values.get(&field.name)) else {
                continue;
            };
            if values.get(other).is_some_and(|earlier| value < earlier) {
                note(&field.name, FieldProblem::Before { field: other.clone() });
            }
        }
        if problems.is_empty() {
            Ok(Self { values })
        } else {
            Err(OrderError { problems })
        }
    }

    /// A field's text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
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
                OrderKind::Number(_) => "0".to_owned(),
                OrderKind::Choice(codes) => codes.keys().next().cloned().unwrap_or_default(),
            };
            raw.insert(field.name.clone(), text);
        }
        Self::check(template, &raw, now, site)
    }
}

fn value_of(field: &OrderField, raw: &RawOrder, now: &str) -> Option<String> {
    let given = raw
        .get(&field.name)
        .map(|text| text.trim())
        .filter(|text| !text.is_empty());
    let text = given.or(field.default.as_deref())?;
    let spaced = matches!(field.kind, OrderKind::Digits(_) | OrderKind::Hex(_));
    Some(match text {
        "today" => now.get(..8).unwrap_or(now).to_owned(),
        "now" => now.to_owned(),
        text if spaced => {
            let text = text.chars().filter(|c| *c != ' ').collect::<String>().to_uppercase();
            without_filler(&field.kind, text)
        }
        text => text.to_owned(),
    })
}

/// An odd number of digits stands on a card with a zero in front; whoever read it there may give it back like that.
fn without_filler(kind: &OrderKind, text: String) -> String {
    match (kind, text.strip_prefix('0')) {
        (OrderKind::Digits(wanted), Some(rest)) if wanted % 2 == 1 && rest.len() == *wanted => rest.to_owned(),
        _ => text,
    }
}

pub(super) fn value_fits(
    field: &OrderField,
    value: &str,
    site: &dyn Fn(&str) -> Option<String>,
) -> Result<(), FieldProblem> {
    match &field.kind {
        OrderKind::Digits(_) if !value.bytes().all(|b| b.is_ascii_digit()) => return Err(FieldProblem::Digits),
        OrderKind::Digits(wanted) if value.len() != *wanted => {
            return Err(FieldProblem::DigitCount {
                wanted: *wanted,
                got: value.len(),
            });
        }
        OrderKind::Hex(bytes) if hex::decode(value).map_or(true, |b| b.len() != *bytes) => {
            return Err(FieldProblem::Hex { bytes: *bytes });
        }
        OrderKind::Date => fields::date(value)?,
        OrderKind::DateTime => fields::datetime(value)?,
        OrderKind::Text(most) => {
            if let Some(character) = value.chars().find(|c| !(' '..='~').contains(c)) {
                return Err(FieldProblem::Character { character });
            }
            at_most(value.len(), *most)?;
        }
        OrderKind::Gbk(most) => at_most(fields::gbk(value)?.len(), *most)?,
        OrderKind::Number(max) => {
            let number: u64 = value.parse().map_err(|_| FieldProblem::Digits)?;
            if number > *max {
                return Err(FieldProblem::TooBig { max: *max });
            }
        }
        OrderKind::Choice(codes) if !codes.contains_key(value) => {
            return Err(FieldProblem::Choice {
                codes: fields::listed(codes),
            });
        }
        _ => {}
    }
    match field.starts_with.as_deref().and_then(site) {
        Some(start) if !value.starts_with(&start) => Err(FieldProblem::Start { start }),
        _ => Ok(()),
    }
}

fn at_most(got: usize, bytes: usize) -> Result<(), FieldProblem> {
    if got > bytes {
        Err(FieldProblem::TooLong { bytes, got })
    } else {
        Ok(())
    }
}
