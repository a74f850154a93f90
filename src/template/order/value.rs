// SPDX-License-Identifier: Apache-2.0
//! One value of an order: from what people write to the form that is kept, and whether it fits its field.

use super::super::fields::{self, FieldProblem};
use super::super::model::{OrderField, OrderKind};
use super::{Surroundings, amount};

/// Characters that a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

impl OrderField {
    /// What a text says once words stand for their values.
    pub(super) fn said(&self, text: &str) -> String {
        if self.words.is_empty() {
            return text.to_owned();
        }
        let plain = |text: &str| {
            text.chars()
                .filter(|c| !c.is_whitespace())
                .collect::<String>()
                .to_lowercase()
        };
        let asked = plain(text);
        let word = self.words.iter().find(|(word, _)| plain(word) == asked);
        word.map_or_else(|| text.to_owned(), |(_, value)| value.clone())
    }
}

/// The value in the form that is kept. `text` is not empty, unless it is the field's default.
pub(super) fn canonical(field: &OrderField, text: &str, around: &Surroundings<'_>) -> Result<String, FieldProblem> {
    let text = field.said(text);
    let value = match &field.kind {
        OrderKind::Date | OrderKind::DateTime if moment(&text, around.now).is_some() => {
            moment(&text, around.now).unwrap_or_default()
        }
        OrderKind::Digits(_) | OrderKind::Hex(_) | OrderKind::Number(_) if is_rounded(&text) => {
            return Err(FieldProblem::Rounded);
        }
        OrderKind::Digits(_) | OrderKind::Hex(_) => {
            let text = text.chars().filter(|c| *c != ' ').collect::<String>().to_uppercase();
            without_filler(&field.kind, text)
        }
        OrderKind::Date => plain_date(&text).unwrap_or(text),
        OrderKind::Amount { max, unit } => {
            let fen = amount::fen(&text, *unit, *max).map_err(FieldProblem::Amount)?;
            return Ok(fen.to_string());
        }
        // The letters of a document's number.
        OrderKind::Text(_) | OrderKind::Gbk(_) if field.documents.is_some() => {
            if is_rounded(&text) {
                return Err(FieldProblem::Rounded);
            }
            text.to_uppercase()
        }
        _ => text,
    };
    value_fits(field, &value, around.site)?;
    if let Some(arrival) = around.arrival {
        let today = around.now.get(..8).unwrap_or(around.now);
        if field.not_past && !arrival.past && value.get(..8).is_some_and(|day| day < today) {
            return Err(FieldProblem::Past);
        }
        let text = matches!(field.kind, OrderKind::Text(_) | OrderKind::Gbk(_));
        if text && value.starts_with(FORMULA) {
            return Err(FieldProblem::Formula);
        }
    }
    Ok(value)
}

/// `today` and `now` of the moment of issuing; `today+5y`, `today+6m` and `today+90d`: the same day of another year or
/// month (or the last one of a shorter month), or so many days later.
pub(in crate::template) fn moment(text: &str, now: &str) -> Option<String> {
    let today = now.get(..8)?;
    match text {
        "today" => return Some(today.to_owned()),
        "now" => return Some(now.to_owned()),
        _ => (),
    }
    let after = text.strip_prefix("today+")?;
    let unit = after.chars().last()?;
    let count: i32 = after
        .strip_suffix(unit)?
        .parse()
        .ok()
        .filter(|n| (0..=9999).contains(n))?;
    let span = jiff::Span::new();
    let span = match unit {
        'y' => span.try_years(count),
        'm' => span.try_months(count),
        'd' => span.try_days(count),
        _ => return None,
    };
    let day = jiff::civil::Date::strptime("%Y%m%d", today).ok()?;
    Some(day.checked_add(span.ok()?).ok()?.strftime("%Y%m%d").to_string())
}

/// What spreadsheets make of long numbers: `3.30102E+17`. The digits that are gone cannot be brought back.
fn is_rounded(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    exponent.strip_prefix('+').is_some_and(digits) && digits(whole) && digits(decimals)
}

/// `2030-12-31`, `2030/12/31`, `2030/1/5`, `2030年1月5日` as `yyyymmdd`.
fn plain_date(text: &str) -> Option<String> {
    let parts: Vec<&str> = match text.strip_suffix('日') {
        Some(chinese) => chinese.split(['年', '月']).collect(),
        None => text.split(['-', '/', '.']).collect(),
    };
    let [year, month, day] = parts[..] else { return None };
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let good = year.len() == 4 && digits(year, 4) && digits(month, 2) && digits(day, 2);
    good.then(|| format!("{year}{month:0>2}{day:0>2}"))
}

/// An odd number of digits stands on a card with a zero in front; whoever read it there may give it back like that.
fn without_filler(kind: &OrderKind, text: String) -> String {
    match (kind, text.strip_prefix('0')) {
        (OrderKind::Digits(wanted), Some(rest)) if wanted % 2 == 1 && rest.len() == *wanted => rest.to_owned(),
        _ => text,
    }
}

/// Whether a value in the form that is kept fits its field.
pub(crate) fn value_fits(
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
        OrderKind::Amount { max, unit } => {
            amount::fen(value, unit.or(Some(amount::AmountUnit::Fen)), *max).map_err(FieldProblem::Amount)?;
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
