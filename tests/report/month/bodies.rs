// SPDX-License-Identifier: Apache-2.0
//! Bodies of acts that the month is told with.

use super::*;

pub(super) fn number_of_terminal(row: u64) -> cardmint::ledger::Number {
    cardmint::ledger::Number::new(format!("3100{:08}", 500 + row)).unwrap()
}

pub(super) fn key_of(id: &str, usage: &str, alg: &str, kcv: &str, version: u32) -> KeyArrived {
    KeyArrived {
        key: text(id),
        usage: text(usage),
        owner: text("city 3100"),
        version,
        alg: text(alg),
        kcv: short(kcv),
        state: KeyState::Active,
        from: None,
        parent: None,
        factors: Vec::new(),
        components: Vec::new(),
        method: None,
        package: None,
        ceremony: None,
    }
}

pub(super) fn range_of(name: &str, kind: RangeKind, from: u64, to: u64) -> RangeReserve {
    let number = |n: u64| cardmint::ledger::Number::new(format!("3100{n:012}")).unwrap();
    RangeReserve {
        range: text(name),
        kind,
        template: None,
        from: number(from),
        to: number(to),
        purpose: text("2026–2027"),
    }
}

pub(super) fn order_of(plan: &Plan) -> OrderImport {
    let range = match plan.kind {
        CardKind::User => "A",
        CardKind::Psam => "P",
    };
    let number = |n: u64| cardmint::ledger::Number::new(format!("3100{n:012}")).unwrap();
    let last = u64::from(plan.rows) - 1;
    let name = format!("O-{}", plan.name);
    OrderImport {
        order: text(&name),
        kind: plan.kind,
        template: text(plan.template),
        template_digest: Hash::of(&[plan.template.as_bytes()]),
        rows: plan.rows,
        digest: Hash::of(&[name.as_bytes()]),
        holders: Some(Hash::of(&[b"holders"])),
        numbers: vec![Span {
            from: number(plan.first),
            to: number(plan.first + last),
            range: Some(text(range)),
        }],
        terminals: match plan.kind {
            CardKind::User => Vec::new(),
            CardKind::Psam => vec![Span {
                from: number_of_terminal(0),
                to: number_of_terminal(last),
                range: None,
            }],
        },
    }
}

pub(super) fn batch_of(plan: &Plan, order: &OrderImport) -> BatchNew {
    let key = |id: &str, kcv: &str| BatchKey {
        key: text(id),
        kcv: short(kcv),
    };
    BatchNew {
        batch: text(&plan.name),
        order: order.order.clone(),
        order_digest: order.digest,
        rows: order.rows,
        template: order.template.clone(),
        template_digest: order.template_digest,
        keys: vec![key("load/1", "2677F4"), key("tac/1", "0D0E0F")],
        digest: Hash::default(),
    }
    .sealed()
}
