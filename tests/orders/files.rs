// SPDX-License-Identifier: Apache-2.0
//! Order files that must be refused: `refused/*.csv`, each with what has to be found in it beside it, one reason a file. And
//! files that are good.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cardmint::error::Fault;
use cardmint::template::TextEncoding;
use serde::Deserialize;

use super::ground::{Outcome, Terms, read, template};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Line, column, message.
    findings: Vec<(u64, Option<String>, String)>,
    /// The file as a whole cannot be read: message.
    fault: Option<String>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    range: bool,
    encoding: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/orders/refused")
}

fn cases() -> Vec<(String, PathBuf, Expected)> {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(path.with_extension("json")).unwrap();
            let expected = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, path, expected)
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

fn terms(expected: &Expected) -> Terms {
    let told = expected.columns.iter().map(|c| c.split_once('=').unwrap());
    Terms {
        encoding: expected.encoding.as_deref().map(|name| match name {
            "gb18030" => TextEncoding::Gb18030,
            _ => TextEncoding::Utf8,
        }),
        told: told.map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
        from_range: expected.range,
        past: false,
    }
}

#[test]
fn each_file_is_refused_for_its_reason() {
    let template = template();
    let cases = cases();
    assert!(cases.len() > 60, "{}", cases.len());
    let mut wrong = Vec::new();
    for (name, path, expected) in &cases {
        match (read(&template, path, &terms(expected)), &expected.fault) {
            (Err(e), Some(id)) if e.msg().id() == id => {}
            (Ok(outcome), None) => {
                let found: Vec<(u64, Option<String>, String)> = outcome
                    .findings
                    .iter()
                    .map(|f| (f.line, f.column.clone(), f.what.id().to_owned()))
                    .collect();
                if found != expected.findings {
                    wrong.push(format!("{name}: {found:?} instead of {:?}", expected.findings));
                }
                assert_eq!(outcome.summary.findings, found.len() as u64, "{name}");
            }
            (other, _) => wrong.push(format!("{name}: {:?}", other.map(|o| o.findings))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every reason that the catalogue has for a cell, a heading or a row stands in one of the files.
#[test]
fn every_reason_has_a_file() {
    let cases = cases();
    let seen: BTreeSet<&str> = cases
        .iter()
        .flat_map(|(_, _, e)| e.findings.iter().map(|f| f.2.as_str()).chain(e.fault.as_deref()))
        .collect();
    let catalogue = ["order.toml", "template.toml"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/i18n").join(name);
        fs::read_to_string(path).unwrap()
    });
    let ids = catalogue.iter().flat_map(|text| text.lines());
    let ids = ids.filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let kinds = ["field-", "identity-", "amount-", "heading-", "cell-"];
    // Only orders that are no files can have these.
    let elsewhere = ["field-unknown", "field-twice"];
    let reasons: Vec<&str> = ids
        .filter(|id| kinds.iter().any(|kind| id.starts_with(kind)) && !elsewhere.contains(id))
        .collect();
    assert!(reasons.len() > 35, "{reasons:?}");
    let missing: Vec<&&str> = reasons.iter().filter(|id| !seen.contains(**id)).collect();
    assert!(missing.is_empty(), "no file is refused for {missing:?}");
}

/// No finding shows what stands in a cell of a personal column.
#[test]
fn findings_say_nothing_personal() {
    let template = template();
    for (name, path, expected) in cases() {
        let Ok(outcome) = read(&template, &path, &terms(&expected)) else {
            continue;
        };
        for finding in &outcome.findings {
            for lang in [cardmint::i18n::Lang::En, cardmint::i18n::Lang::Zh] {
                let text = finding.what.render(lang);
                for private in ["张三", "李", "王五", "11010519", "110105", "E12", "H1234567", "2026000"] {
                    assert!(!text.contains(private) || finding.row.is_none(), "{name}: {text}");
                }
            }
        }
    }
}

fn good(bytes: &[u8], terms: &Terms) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("order.csv");
    fs::write(&path, bytes).unwrap();
    let outcome = read(&template(), &path, terms).unwrap();
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
    outcome
}

#[test]
fn the_same_cards_in_every_coding_and_language() {
    let chinese = "卡号,姓名,证件类型,证件号码,有效期至,卡类型,初始金额（元）,PIN\r\n\
                   3100 0000 0000 0011,张三,身份证,11010519491231002x,2035/12/31,学生卡,50,随机\r\n\
                   \r\n,,,,,,,\r\n\
                   3100000000000012,欧阳·娜娜,护照,e12345678,2035年1月5日,普通卡,0,\r\n";
    let english = "number,Holder's name,id-type,ID_NUMBER,expiry,card type,balance,pin\n\
                   3100000000000011,\"张三\",00,11010519491231002X,20351231,student,50.00,random\n\
                   3100000000000012,欧阳·娜娜,02,E12345678,2035-01-05,ordinary,,initial\n";
    let marked = format!("\u{FEFF}{chinese}");
    let gb = encoding_rs::GB18030.encode(chinese).0.into_owned();
    let first = good(chinese.as_bytes(), &Terms::default());
    assert_eq!((first.summary.rows, first.summary.blank), (2, 1));
    let values = |outcome: &Outcome| -> Vec<Vec<(String, String)>> {
        let pairs = |row: &cardmint::batch::order::Row| {
            let values = row.order.values();
            values.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
        };
        outcome.rows.iter().map(pairs).collect()
    };
    let order = &first.rows[0].order;
    for (field, value) in [
        ("number", "3100000000000011"),
        ("holder-name", "张三"),
        ("id-type", "00"),
        ("id-number", "11010519491231002X"),
        ("expiry", "20351231"),
        ("sub-type", "01"),
        ("balance", "5000"),
        ("pin", "random"),
        ("start", "20300101"),
        ("written", "20300101093000"),
    ] {
        assert_eq!(order.get(field), Some(value), "{field}");
    }
    for bytes in [english.as_bytes(), marked.as_bytes(), &gb] {
        assert_eq!(values(&good(bytes, &Terms::default())), values(&first));
    }
    assert_eq!(good(&gb, &Terms::default()).rows[1].line, 5);
}

#[test]
fn columns_are_mapped_and_passed_over_as_told() {
    let told = [("持有者", "holder-name"), ("备注", "-"), ("金额(元)", "balance")];
    let terms = Terms {
        told: told.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec(),
        ..Terms::default()
    };
    let text = "number,持有者,备注,金额（元）\n3100000000000011,张三,\"any\nthing\",20\n";
    let order = &good(text.as_bytes(), &terms).rows[0].order;
    assert_eq!(
        (order.get("holder-name"), order.get("balance")),
        (Some("张三"), Some("2000"))
    );
}

#[test]
fn a_validity_in_the_past_is_taken_where_it_is_asked_for() {
    let terms = Terms {
        past: true,
        ..Terms::default()
    };
    let text = "number,start,expiry\n3100000000000011,20190101,20200101\n";
    assert_eq!(good(text.as_bytes(), &terms).rows.len(), 1);
}

#[test]
fn numbers_from_a_range_need_no_column() {
    let terms = Terms {
        from_range: true,
        ..Terms::default()
    };
    let rows = good("姓名\n张三\n李四\n".as_bytes(), &terms).rows;
    assert_eq!(rows.len(), 2);
}

/// All bad rows are listed, with every column; good rows in between are not.
#[test]
fn every_bad_row_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("order.csv");
    let mut text = String::from("number,姓名,证件号码\n");
    for n in 0..1000 {
        let id = if n % 3 == 0 { "1" } else { "" };
        let name = if n % 5 == 0 { "😀" } else { "张三" };
        writeln!(text, "{:016},{name},{id}", 3_100_000_000_000_100_u64 + n).unwrap();
    }
    fs::write(&path, text).unwrap();
    let outcome = read(&template(), &path, &Terms::default()).unwrap();
    let expected: Vec<(u64, &str)> = (0..1000)
        .flat_map(|n| {
            let name = (n % 5 == 0).then_some((n + 2, "姓名"));
            let id = (n % 3 == 0).then_some((n + 2, "证件号码"));
            [name, id]
        })
        .flatten()
        .collect();
    let mut found: Vec<(u64, &str)> = outcome
        .findings
        .iter()
        .map(|f| (f.line, f.column.as_deref().unwrap()))
        .collect();
    found.sort_by_key(|(line, column)| (*line, *column == "证件号码"));
    assert_eq!(found, expected);
    let bad = (0..1000).filter(|n| n % 3 == 0 || n % 5 == 0).count();
    assert_eq!((outcome.summary.rows, outcome.summary.bad as usize), (1000, bad));
}
