// SPDX-License-Identifier: Apache-2.0
//! Numbers of an order: those that a range gives one after the other, and how many numbers become few spans for the ledger.
//! Whether they are free is decided by the ledger's constraints when the order is recorded; what is looked up before only
//! saves people the way.

use super::OrderFault;
use crate::ledger::act::{RangeKind, Span};
use crate::ledger::centre::RangeUse;
use crate::ledger::{Ledger, LedgerError, Number, Text};
use crate::template::{OrderField, OrderKind};

/// Numbers of a range from its next one on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeNumbers {
    /// The range.
    pub range: String,
    /// How many are left.
    pub left: u64,
    next: u128,
    width: usize,
}

/// A number as the ledger has it: without spaces, and with a zero in front where its digits are odd, as on the card.
pub fn ledger_number(given: &str) -> String {
    let digits: String = given.chars().filter(|c| *c != ' ').collect::<String>().to_uppercase();
    if digits.len().is_multiple_of(2) {
        digits
    } else {
        format!("0{digits}")
    }
}

impl RangeNumbers {
    /// Numbers from a next one on, so many digits wide.
    pub fn new(range: &str, next: u128, width: usize, left: u64) -> Self {
        Self {
            range: range.to_owned(),
            left,
            next,
            width,
        }
    }

    /// The numbers that are left of a range of that kind, for this template.
    pub fn of(ledger: &Ledger, name: &str, kind: RangeKind, template: &str) -> Result<Self, OrderFault> {
        let found = ledger
            .range(name)?
            .ok_or_else(|| OrderFault::NoRange { range: name.to_owned() })?;
        let only = found.template.as_deref();
        if found.kind != kind.as_str() || only.is_some_and(|only| only != template) {
            return Err(OrderFault::OtherRange {
                range: name.to_owned(),
                kind: found.kind,
                template: found.template,
            });
        }
        let next = found.next.as_deref().and_then(|n| n.parse().ok());
        Ok(Self {
            range: found.range,
            left: if next.is_some() { found.left } else { 0 },
            next: next.unwrap_or_default(),
            width: found.from.len(),
        })
    }

    /// The number of a row, from 1, as the ledger has it.
    pub fn number(&self, row: u32) -> Option<String> {
        let before = u64::from(row.checked_sub(1)?);
        let number = self.next + u128::from(before);
        (before < self.left).then(|| format!("{number:0width$}", width = self.width))
    }

    /// The number of a row as an order's field has it.
    pub(super) fn for_field(&self, row: u32, field: &OrderField) -> Option<String> {
        let number = self.number(row)?;
        Some(match (&field.kind, number.strip_prefix('0')) {
            (OrderKind::Digits(n), Some(rest)) if rest.len() == *n => rest.to_owned(),
            _ => number,
        })
    }
}

/// Puts numbers into spans as they come, in the order of the rows.
pub(super) struct Spans {
    ranges: Vec<(u128, u128, usize, Text)>,
    done: Vec<Span>,
    /// First and last number so far, how long they are, and the range that they are from.
    open: Option<(u128, u128, usize, Option<Text>)>,
}

impl Spans {
    /// For numbers of a kind; spans do not go over the borders of ranges.
    pub(super) fn new(ledger: &Ledger, kind: RangeKind) -> Result<Self, LedgerError> {
        let whole = |range: RangeUse| {
            let bounds = (range.from.parse().ok()?, range.to.parse().ok()?);
            Some((bounds.0, bounds.1, range.from.len(), Text::new(range.range).ok()?))
        };
        let of_kind = ledger.ranges()?.into_iter().filter(|r| r.kind == kind.as_str());
        Ok(Self {
            ranges: of_kind.filter_map(whole).collect(),
            done: Vec::new(),
            open: None,
        })
    }

    /// The next row's number.
    pub(super) fn add(&mut self, number: &str) -> Result<(), LedgerError> {
        let decimal = number.bytes().all(|b| b.is_ascii_digit());
        let Some(value) = number.parse::<u128>().ok().filter(|_| decimal) else {
            self.close()?;
            let (from, to) = (Number::new(number)?, Number::new(number)?);
            self.done.push(Span { from, to, range: None });
            return Ok(());
        };
        let width = number.len();
        let inside = |r: &&(u128, u128, usize, Text)| r.2 == width && (r.0..=r.1).contains(&value);
        let range = self.ranges.iter().find(inside).map(|r| r.3.clone());
        if let Some((_, last, wide, of)) = &mut self.open
            && last.checked_add(1) == Some(value)
            && (*wide, &*of) == (width, &range)
        {
            *last = value;
            return Ok(());
        }
        self.close()?;
        self.open = Some((value, value, width, range));
        Ok(())
    }

    fn close(&mut self) -> Result<(), LedgerError> {
        if let Some((first, last, width, range)) = self.open.take() {
            let number = |n: u128| Number::new(format!("{n:0width$}"));
            let (from, to) = (number(first)?, number(last)?);
            self.done.push(Span { from, to, range });
        }
        Ok(())
    }

    /// All spans.
    pub(super) fn finish(mut self) -> Result<Vec<Span>, LedgerError> {
        self.close()?;
        Ok(self.done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(ranges: &[(u128, u128, usize, &str)], numbers: &[&str]) -> Vec<String> {
        let range = |r: &(u128, u128, usize, &str)| (r.0, r.1, r.2, Text::new(r.3).unwrap());
        let mut spans = Spans {
            ranges: ranges.iter().map(range).collect(),
            done: Vec::new(),
            open: None,
        };
        for number in numbers {
            spans.add(number).unwrap();
        }
        let shown = |s: Span| {
            format!(
                "{}-{} {}",
                s.from,
                s.to,
                s.range.map(|r| r.to_string()).unwrap_or_default()
            )
        };
        spans.finish().unwrap().into_iter().map(shown).collect()
    }

    #[test]
    fn rows_become_as_few_spans_as_their_order_allows() {
        assert_eq!(spans(&[], &["0007", "0008", "0009"]), ["0007-0009 "]);
        assert_eq!(spans(&[], &["0009", "0008"]), ["0009-0009 ", "0008-0008 "]);
        assert_eq!(spans(&[], &["0999", "1000", "01001"]), ["0999-1000 ", "01001-01001 "]);
        assert_eq!(spans(&[], &["31A0", "31A1"]), ["31A0-31A0 ", "31A1-31A1 "]);
        assert_eq!(spans(&[], &[]), Vec::<String>::new());
        let ranges = [(10, 19, 4, "a"), (20, 29, 4, "b")];
        assert_eq!(
            spans(&ranges, &["0008", "0009", "0010", "0011", "0019", "0020", "0030"]),
            ["0008-0009 ", "0010-0011 a", "0019-0019 a", "0020-0020 b", "0030-0030 "]
        );
        // As long as a range's numbers, or not of it.
        assert_eq!(spans(&ranges, &["000010"]), ["000010-000010 "]);
    }

    #[test]
    fn a_range_gives_numbers_until_it_is_used_up() {
        let range = RangeNumbers {
            range: "31".into(),
            left: 2,
            next: 9,
            width: 4,
        };
        assert_eq!(range.number(1).as_deref(), Some("0009"));
        assert_eq!(range.number(2).as_deref(), Some("0010"));
        assert_eq!((range.number(3), range.number(0)), (None, None));
    }
}
