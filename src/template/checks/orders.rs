// SPDX-License-Identifier: Apache-2.0
//! What a template says about orders besides the fields themselves: headings, words, kinds of document, card types, initial
//! balance, PIN policy, print file and PIN mailer.

use std::collections::BTreeMap;

use super::Report;
use super::fields::sample;
use crate::i18n::Msg;
use crate::msg;
use crate::template::model::{OrderField, OrderKind, Template};
use crate::template::order::{CARD_TYPE, PIN_POLICIES, value_fits};

/// No heading means two fields: names, titles and listed headings are all different.
pub(super) fn headings(template: &Template, report: &mut Report) {
    for field in &template.order {
        let names = [&field.name, &field.title.zh, &field.title.en];
        for heading in names.into_iter().chain(&field.columns) {
            let means = |f: &&OrderField| f.name != field.name && f.is_called(heading);
            if let Some(other) = template.order.iter().find(means) {
                report.error(
                    &field.at,
                    msg!(
                        "check-order-heading",
                        heading = heading,
                        field = field.name,
                        other = other.name
                    ),
                );
            }
        }
        if field.name == CARD_TYPE && !template.card_types.is_empty() {
            report.error(&field.at, msg!("check-order-twice", name = field.name));
        }
    }
}

/// Words, documents, card types and what is done at issue refer to fields that exist and to values that fit them.
pub(super) fn rules(template: &Template, report: &mut Report) {
    for field in &template.order {
        field_rules(template, field, report);
    }
    for card_type in &template.card_types {
        set(template, &card_type.set, &card_type.at, report);
        set(template, &card_type.default, &card_type.at, report);
    }
    let is_amount = |f: &OrderField| matches!(f.kind, OrderKind::Amount { .. });
    kind_of(template, template.load.as_ref(), "issue.load", &is_amount, report);
    let is_policy = |f: &OrderField| match &f.kind {
        OrderKind::Choice(codes) => codes.keys().all(|code| PIN_POLICIES.contains(&code.as_str())),
        _ => false,
    };
    kind_of(template, template.pin_policy.as_ref(), "issue.pin", &is_policy, report);
    let writes_pin = template
        .directories()
        .any(|d| d.pin.as_ref().is_some_and(|pin| !pin.preset));
    if template.pin_policy.is_some() && !writes_pin {
        report.error("issue.pin", msg!("check-order-no-pin"));
    }
    for (path, list) in [
        ("print.fields", &template.print),
        ("pin-mailer.fields", &template.mailer),
    ] {
        for name in list.iter().filter(|name| template.order_field(name).is_none()) {
            report.error(path, msg!("check-order-missing", name = name));
        }
    }
}

fn field_rules(template: &Template, field: &OrderField, report: &mut Report) {
    let mut wrong = |why: Msg| {
        report.error(
            &field.at,
            msg!("check-order-rule", name = field.name).with_msg("why", why),
        );
    };
    for (word, value) in &field.words {
        if let Err(problem) = value_fits(field, value, &|_| None) {
            wrong(msg!("check-order-word", word = word).with_msg("why", problem.msg()));
        }
    }
    if field.not_past && !matches!(field.kind, OrderKind::Date | OrderKind::DateTime) {
        wrong(msg!("field-date"));
    }
    let Some(documents) = &field.documents else { return };
    match template.order_field(&documents.kind).map(|f| &f.kind) {
        Some(OrderKind::Choice(codes)) => {
            for code in documents.forms.keys().filter(|code| !codes.contains_key(*code)) {
                wrong(msg!("check-order-code", name = documents.kind, code = code));
            }
        }
        Some(_) => wrong(msg!("check-order-kind", name = documents.kind)),
        None => wrong(msg!("check-order-missing", name = documents.kind)),
    }
}

fn set(template: &Template, set: &BTreeMap<String, String>, at: &str, report: &mut Report) {
    for (name, value) in set {
        match template
            .order_field(name)
            .map(|field| value_fits(field, &sample(value), &|_| None))
        {
            None => report.error(at, msg!("check-order-missing", name = name)),
            Some(Err(problem)) => {
                report.error(at, msg!("check-order-rule", name = name).with_msg("why", problem.msg()));
            }
            Some(Ok(())) => {}
        }
    }
}

fn kind_of(
    template: &Template,
    name: Option<&String>,
    path: &str,
    fits: &dyn Fn(&OrderField) -> bool,
    report: &mut Report,
) {
    let Some(name) = name else { return };
    match template.order_field(name) {
        None => report.error(path, msg!("check-order-missing", name = name)),
        Some(field) if !fits(field) => report.error(path, msg!("check-order-kind", name = name)),
        Some(_) => {}
    }
}
