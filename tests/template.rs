// SPDX-License-Identifier: Apache-2.0
//! Templates: what the shipped ones become, what the checks refuse, orders, layouts against published samples.

#![allow(clippy::unwrap_used)]

#[path = "template/checks.rs"]
mod checks;
#[path = "template/cli.rs"]
mod cli;
#[path = "template/documents.rs"]
mod documents;
#[path = "template/layouts.rs"]
mod layouts;
#[path = "template/orders.rs"]
mod orders;
#[path = "template/scripts.rs"]
mod scripts;

use std::path::Path;

use cardmint::crypto::key_block::Exportability;
use cardmint::keys::scheme::{self, Scheme};
use cardmint::keys::{KeyId, KeyRecord, KeyState, Origin, Subject};
use cardmint::perso::script::PersoScript;
use cardmint::perso::{PlanError, SiteFacts, plan};
use cardmint::template::{self, Order, RawOrder, Template};

/// The moment of every order here.
const NOW: &str = "20301001083015";

/// A site with every key that a template asks for.
struct Ground {
    template: Template,
    scheme: Scheme,
    facts: SiteFacts,
    keys: Vec<KeyRecord>,
}

impl Ground {
    fn of(text: &str) -> Self {
        let template = template::read(text, "test").unwrap_or_else(|e| panic!("{e}"));
        let scheme = scheme::find(&template.schemes[0], Path::new("."))
            .unwrap()
            .with_levels(&[])
            .unwrap();
        let mut subject = Subject::new();
        match scheme.name() {
            "mohurd" => subject.set_hex("city_code", "3100").unwrap(),
            "mot" => subject.set_hex("issuer", "01011000FFFFFFFF").unwrap(),
            _ => {}
        }
        let facts = SiteFacts {
            subject,
            ..SiteFacts::default()
        };
        let keys = keys(&template, &scheme, &facts);
        Self {
            template,
            scheme,
            facts,
            keys,
        }
    }

    fn shipped(name: &str) -> Self {
        Self::of(&template::text_of(name).unwrap().0)
    }

    fn order(&self, fields: &[(&str, &str)]) -> Result<Order, template::OrderError> {
        let raw: RawOrder = fields.iter().map(|(f, v)| ((*f).to_owned(), (*v).to_owned())).collect();
        Order::check(&self.template, &raw, NOW, &|name| self.facts.value(name))
    }

    fn plan(&self, order: &Order) -> Result<PersoScript, PlanError> {
        plan(&self.template, order, &self.scheme, &self.keys, &self.facts)
    }
}

fn keys(template: &Template, scheme: &Scheme, facts: &SiteFacts) -> Vec<KeyRecord> {
    let slots = template
        .directories()
        .flat_map(|d| &d.keys)
        .map(|k| (&k.name, k.level.clone()));
    let sectors = template.m1.iter().flat_map(|m1| [(&m1.key_a, None), (&m1.key_b, None)]);
    let all = slots.chain([(&template.transport.name, None)]).chain(sectors);
    all.map(|(name, level)| {
        let root = scheme.usage(&name.usage).unwrap().root.clone();
        let level = level.or(root).unwrap_or_else(|| scheme.levels()[0].name.clone());
        let owner = scheme.owner(&level, &facts.subject).unwrap();
        let id = KeyId {
            usage: name.usage.clone(),
            version: name.version,
            algorithm: name.algorithm,
            owner,
        };
        let kcv = "A1B2C3".parse().unwrap();
        KeyRecord {
            id,
            kcv,
            state: KeyState::Active,
            origin: Origin::Generated,
            since: String::new(),
            exportability: Exportability::unlimited(),
        }
    })
    .collect()
}

/// The orders that scripts and layouts are tested with.
const ORDERS: &[(&str, &[(&str, &str)])] = &[
    (
        "mohurd-user",
        &[
            ("number", "3100000020915087"),
            ("holder-name", "张三"),
            ("id-number", "330102203001011234"),
            ("expiry", "20501231"),
        ],
    ),
    (
        "mohurd-psam",
        &[
            ("number", "31000000000000000001"),
            ("terminal", "310001054011"),
            ("expiry", "20401231"),
        ],
    ),
    (
        "mohurd-city-psam",
        &[("number", "31000000000000000002"), ("terminal", "310001054012")],
    ),
    (
        "mot-user",
        &[
            ("number", "3105170010170907984"),
            ("province", "3300"),
            ("city", "3310"),
            ("start", "20190806"),
            ("expiry", "20401231"),
        ],
    ),
    (
        "mot-psam",
        &[("number", "10000000000000000003"), ("terminal", "331000000001")],
    ),
    (
        "metro-user",
        &[
            ("number", "9900000012345678"),
            ("security-code", "85 11223344 55667788"),
            ("issuer-code", "0999"),
            ("start", "20300105"),
            ("expiry", "20501231"),
            ("device", "000F00000007"),
            ("activated", "20300105101500"),
        ],
    ),
    (
        "mohurd-isam",
        &[("number", "31000000000000000004"), ("terminal", "310001054013")],
    ),
    (
        "mot-isam",
        &[("number", "10000000000000000005"), ("terminal", "331000000002")],
    ),
    (
        "management-card",
        &[
            ("number", "3100900000000001"),
            ("card-type", "device-authorisation"),
            ("holder-name", "李四"),
            ("operator", "00001234"),
            ("from", "310001054011"),
            ("to", "310001054099"),
            ("times", "100"),
        ],
    ),
    (
        "system-card",
        &[("number", "3100900000000002"), ("version", "7"), ("largest", "300.00")],
    ),
    (
        "campus-m1",
        &[
            ("number", "00012345"),
            ("uid", "A1B2C3D4"),
            ("authentication-code", "0A0B0C0D"),
            ("card-type", "staff"),
            ("balance", "100.00"),
            ("deposit", "20"),
        ],
    ),
];

fn order_of(name: &str) -> &'static [(&'static str, &'static str)] {
    ORDERS.iter().find(|(n, _)| *n == name).unwrap().1
}
