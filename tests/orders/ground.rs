// SPDX-License-Identifier: Apache-2.0
//! A template with every kind of order field, and a way to read files against it.
#![allow(unreachable_pub, clippy::unwrap_used)] // a test may fail where it stands

use std::path::Path;

use cardmint::batch::order::{Finding, Known, OrderFault, OrderFile, RangeNumbers, Row, Scan, Summary};
use cardmint::template::{self, Arrival, Template, TextEncoding};

pub const NOW: &str = "20300101093000";

/// Fields that the shipped user card does not have.
const MORE: &str = r#"
[[order]]
name = "student-number"
en = "student number"
zh = "学号"
kind = "text"
length = 12
default = ""
unique = true
personal = true

[[order]]
name = "seat"
en = "seat"
zh = "座位"
kind = "number"
max = 60
default = "0"

[[order]]
name = "written"
en = "moment of writing"
zh = "写卡时间"
kind = "datetime"
default = "now"

[print]"#;

pub fn template_text() -> String {
    let (text, _) = template::text_of("mohurd-user").unwrap();
    assert!(text.contains("\n[print]"));
    text.replacen("\n[print]", MORE, 1)
}

pub fn template() -> Template {
    let text = template_text();
    let read = template::read(&text, "test").unwrap();
    let found = template::check(&read, &text);
    assert!(found.is_empty(), "{found:?}");
    read
}

/// How a file is read.
#[derive(Default)]
pub struct Terms {
    pub encoding: Option<TextEncoding>,
    pub told: Vec<(String, String)>,
    pub from_range: bool,
    pub past: bool,
}

pub struct Outcome {
    pub findings: Vec<Finding>,
    pub rows: Vec<Row>,
    pub summary: Summary,
}

/// Reads a file; number …99 is a card's, number …98 an order's.
pub fn read(template: &Template, path: &Path, terms: &Terms) -> Result<Outcome, OrderFault> {
    let file = OrderFile::open(path, terms.encoding)?;
    let range = RangeNumbers::new("31", 3_100_000_000_000_001, 16, 1000);
    let scan = Scan {
        template,
        site: &|name| (name == "city_code").then(|| "3100".to_owned()),
        now: NOW,
        told: &terms.told,
        numbers: terms.from_range.then_some(&range),
        terminals: None,
        arrival: Arrival { past: terms.past },
        taken: &|terminal, number| {
            assert!(!terminal);
            Ok(match number {
                "3100000000000099" => Some(Known::Card {
                    status: "issued".to_owned(),
                }),
                "3100000000000098" => Some(Known::Order {
                    order: "old".to_owned(),
                }),
                _ => None,
            })
        },
    };
    let (mut findings, mut rows) = (Vec::new(), Vec::new());
    let summary = scan.run::<OrderFault>(&file, &[7; 24], &mut |finding| findings.push(finding), &mut |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(Outcome {
        findings,
        rows,
        summary,
    })
}
