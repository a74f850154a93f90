// SPDX-License-Identifier: Apache-2.0
//! Fields of files and orders.

use std::collections::BTreeSet;

use super::Report;
use crate::msg;
use crate::template::fields::Encoding;
use crate::template::model::{Contents, OrderField, OrderKind, Record, Source, Template, TemplateField};
use crate::template::order::{moment, value_fits};

fn records(template: &Template) -> impl Iterator<Item = &Record> {
    let blocks = template.m1.iter().flat_map(|m1| {
        let blocks = m1.sectors.iter().flat_map(|s| &s.blocks);
        std::iter::once(&m1.input).chain(blocks)
    });
    template
        .directories()
        .flat_map(|d| &d.files)
        .flat_map(|f| match &f.contents {
            Contents::Untouched => &[][..],
            Contents::Binary(body) => std::slice::from_ref(body),
            Contents::Records(records) => records,
        })
        .chain(blocks)
}

/// Every field lies inside its file or record.
pub(super) fn bounds(template: &Template, report: &mut Report) {
    for record in records(template) {
        for field in &record.fields {
            let end = field.offset + field.length;
            if end > record.length || field.length == 0 {
                report.error(
                    &field.at,
                    msg!(
                        "check-field-bounds",
                        name = field.name,
                        end = end,
                        length = record.length
                    ),
                );
            }
        }
    }
}

/// No byte belongs to two fields.
pub(super) fn overlap(template: &Template, report: &mut Report) {
    for record in records(template) {
        let mut sorted: Vec<&TemplateField> = record.fields.iter().collect();
        sorted.sort_by_key(|f| f.offset);
        for pair in sorted.windows(2) {
            if pair[0].offset + pair[0].length > pair[1].offset {
                report.error(
                    &pair[1].at,
                    msg!("check-field-overlap", name = pair[1].name, other = pair[0].name),
                );
            }
        }
    }
}

/// Constants and defaults can be coded; an order field's longest value fits.
pub(super) fn fits(template: &Template, report: &mut Report) {
    for field in records(template).flat_map(|r| &r.fields) {
        if field.encoding.fixed_length().is_some_and(|n| n != field.length) {
            report.error(
                &field.at,
                msg!("check-field-length", name = field.name, length = field.length),
            );
            continue;
        }
        let text = match &field.source {
            Source::Constant(text) => Some(text),
            Source::Site { default, .. } => default.as_ref(),
            Source::Order(..) | Source::Xor => None,
        };
        if let Some(Err(problem)) = text.map(|text| field.encoding.encode(field.length, text)) {
            report.error(
                &field.at,
                msg!("check-field-value", name = field.name).with_msg("why", problem.msg()),
            );
        }
        let Source::Order(name, part) = &field.source else {
            continue;
        };
        let Some(order) = template.order_field(name) else {
            continue;
        };
        let fit = match part {
            Some([from, to]) => {
                let digits = field.encoding == Encoding::Bcd && !matches!(order.kind, OrderKind::Hex(_));
                let hex = field.encoding == Encoding::Hex && to.saturating_sub(*from) == 2 * field.length;
                from < to && part_fits(order, *to) && (digits || hex) && to - from <= 2 * field.length
            }
            None => order_fits(order, field),
        };
        if !fit {
            report.error(&field.at, msg!("check-field-order", name = field.name, order = name));
        }
    }
}

fn part_fits(order: &OrderField, to: usize) -> bool {
    match order.kind {
        OrderKind::Digits(n) => to <= n,
        OrderKind::Hex(n) => to <= 2 * n,
        OrderKind::Date => to <= 8,
        OrderKind::DateTime => to <= 14,
        _ => false,
    }
}

fn order_fits(order: &OrderField, field: &TemplateField) -> bool {
    let length = field.length;
    match (&order.kind, &field.encoding) {
        (OrderKind::Digits(n), Encoding::Bcd) => *n <= 2 * length,
        (OrderKind::Hex(n), Encoding::Hex) => *n == length,
        (OrderKind::Date, Encoding::BcdDate)
        | (OrderKind::DateTime, Encoding::BcdDateTime)
        | (OrderKind::Amount { .. } | OrderKind::Number(0..=0x7FFF_FFFF), Encoding::ValueBlock { .. }) => true,
        (OrderKind::Date, Encoding::Bcd) => length >= 4,
        (OrderKind::Digits(n) | OrderKind::Text(n) | OrderKind::Gbk(n), Encoding::Gbk { .. })
        | (OrderKind::Digits(n) | OrderKind::Text(n), Encoding::Ascii { .. }) => *n <= length,
        (OrderKind::Amount { max, .. }, Encoding::Uint | Encoding::UintLe) => {
            length >= 4 || u64::from(*max) < 1 << (8 * length)
        }
        (OrderKind::Number(max), Encoding::Uint | Encoding::UintLe) => length >= 8 || *max < 1 << (8 * length),
        (OrderKind::Choice(codes), Encoding::Hex | Encoding::Bcd | Encoding::Enum(_)) => codes
            .keys()
            .all(|code| code.len() == 2 * length && field.encoding.encode(length, code).is_ok()),
        _ => false,
    }
}

/// A default or a card type's value as it is at some moment.
pub(super) fn sample(text: &str) -> String {
    moment(text, "20300101000000").unwrap_or_else(|| text.to_owned())
}

/// Order fields are named once; those that the template refers to exist; defaults are good.
pub(super) fn order(template: &Template, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for field in &template.order {
        if !seen.insert(&field.name) {
            report.error(&field.at, msg!("check-order-twice", name = field.name));
        }
        let default = field.default.as_deref();
        if let Some(Err(problem)) = default.map(|text| value_fits(field, &sample(text), &|_| None)) {
            report.error(
                &field.at,
                msg!("check-order-default", name = field.name).with_msg("why", problem.msg()),
            );
        }
        if let Some(other) = field
            .not_before
            .as_ref()
            .filter(|name| template.order_field(name).is_none())
        {
            report.error(&field.at, msg!("check-order-missing", name = other));
        }
    }
    let mut referred = vec![("number", template.number.as_str())];
    referred.extend(template.terminal.as_deref().map(|name| ("terminal", name)));
    referred.extend(template.subject.values().map(|name| ("subject", name.as_str())));
    referred.extend(
        template
            .options
            .security_code
            .as_deref()
            .map(|name| ("options.security-code", name)),
    );
    for (path, name) in referred {
        match template.order_field(name).map(|f| &f.kind) {
            None => report.error(path, msg!("check-order-missing", name = name)),
            Some(OrderKind::Digits(_) | OrderKind::Hex(_)) => {}
            Some(_) => report.error(path, msg!("check-order-number", name = name)),
        }
    }
    if let Some(name) = &template.options.last_day
        && template.order_field(name).is_none_or(|f| f.kind != OrderKind::Date)
    {
        report.error("options.last-day", msg!("check-order-missing", name = name));
    }
    for field in records(template).flat_map(|r| &r.fields) {
        if let Source::Order(name, _) = &field.source
            && template.order_field(name).is_none()
        {
            report.error(&field.at, msg!("check-order-missing", name = name));
        }
    }
}
