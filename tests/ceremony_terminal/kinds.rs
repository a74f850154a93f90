// SPDX-License-Identifier: Apache-2.0
//! Kinds of steps that no shipped plan has, at a terminal: keys that go from one key centre to another as key blocks under an
//! exchange key, as printed components and as shares of their own; and keys derived for a centre below and kept.

use std::collections::BTreeSet;
use std::fs;

use cardmint::ceremony::plan::{self, SHIPPED};

use super::people::{Asked, hold};
use super::shipped::{House, nothing_secret};

const PEOPLE: &str = r#"
[[participant]]
id = "key-officer-1"
role = "key-officer"
[[participant]]
id = "key-officer-2"
role = "key-officer"
"#;

const CUSTODIANS: &str = r#"
[[participant]]
id = "custodian-1"
role = "custodian"
[[participant]]
id = "custodian-2"
role = "custodian"
[[participant]]
id = "custodian-3"
role = "custodian"
[[step]]
id = "exchange-key"
do = "import-exchange-key"
name = "between-us"
algorithm = "aes-128"
custodians = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
"#;

/// What leaves the old centre.
const OUT: &str = r#"
[[step]]
id = "make"
do = "generate"
keys = ["load.v1.3des", "load.v1.sm4", "unload.v1.3des"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "blocks"
do = "export-block"
keys = ["load.v1.sm4"]
under = "between-us"
file = "blocks"
exportable = "trusted"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "forms"
do = "export-forms"
key = "load.v1.3des"
custodians = ["custodian-1", "custodian-2"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "shares"
do = "split"
key = "unload.v1.3des"
threshold = 2
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
"#;

/// What the new centre takes in.
const BACK: &str = r#"
[[step]]
id = "blocks"
do = "import-block"
file = "blocks"
under = "between-us"
keys = ["load.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "forms"
do = "components"
key = "load.v1.3des"
custodians = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
[[step]]
id = "shares"
do = "combine"
key = "unload.v1.3des"
threshold = 2
custodians = ["custodian-1", "custodian-3"]
confirm = ["key-officer-1", "key-officer-2"]
"#;

const EXPECTED: &str = r#"
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4", "unload.v1.3des"]
exchange-keys = ["between-us"]
state = "active"
"#;

/// The ministry makes a root and keeps what it derives for a city.
const DERIVE: &str = r#"
[[step]]
id = "root"
do = "generate"
keys = ["purchase.v1.3des", "purchase.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "for-the-city"
do = "derive"
keys = ["purchase.v1.3des", "purchase.v1.sm4"]
to = "city:3100"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["purchase.v1.3des", "purchase.v1.sm4", "purchase.v1.3des@city:3100", "purchase.v1.sm4@city:3100"]
state = "active"
"#;

fn text(level: &str, parts: &[&str]) -> String {
    format!(
        "format = 1\ntitle = {{ en = \"Keys on their way\", zh = \"密钥转移\" }}\npurpose = {{ en = \"p\", zh = \"用\" }}\nscheme = \"mohurd\"\nlevel = \"{level}\"\nresume = true\n{}",
        parts.concat()
    )
}

/// The plans of this file.
fn plans() -> [(&'static str, String); 3] {
    [
        ("out.toml", text("city", &[PEOPLE, CUSTODIANS, OUT, EXPECTED])),
        ("back.toml", text("city", &[PEOPLE, CUSTODIANS, BACK, EXPECTED])),
        ("derive.toml", text("ministry", &[PEOPLE, DERIVE])),
    ]
}

fn house() -> House {
    let house = House::new();
    for (name, text) in plans() {
        fs::write(house.path(name), text).unwrap();
    }
    house
}

/// Name and check value of each key of a site.
fn values(house: &House, site: &str) -> BTreeSet<(String, String)> {
    let list = house.run(0, &["--json", "--site", site, "key", "list"]);
    let records = list.lines().map(|line| serde_json::from_str(line).unwrap());
    records
        .filter_map(|record: serde_json::Value| {
            let text = |field: &str| record[field].as_str().map(str::to_owned);
            Some((text("id").or(text("name"))?, text("kcv")?))
        })
        .collect()
}

#[test]
fn keys_leave_one_centre_in_three_forms_and_come_to_another() {
    let mut house = house();
    let city = ["--scheme", "mohurd", "--level", "city", "--code", "3100"];
    house.found("old", true, &city);
    house.found("new", true, &city);
    let sent = house.held("old", "out.toml", &["blocks=blocks", "pages=pages"]);
    // Two components and three shares were printed, typed back, and wiped.
    let pages = house.papers.given.clone();
    assert_eq!(pages.len(), 5, "{:?}", sent.said.len());
    assert_eq!(fs::read_dir(house.path("pages")).unwrap().count(), 0);
    let page = |who: &str, which: usize| pages.iter().filter(|(w, _)| w == who).nth(which).unwrap().1.clone();

    // The components of the exchange key are on its sheets; those of load are on the pages, as are the shares.
    let answer = |asked: &Asked<'_>| {
        let question = asked.question;
        if question.starts_with("Component ") && question.contains("load") {
            return Some((page(asked.who, 0), true));
        }
        let second = usize::from(asked.who != "custodian-3");
        question
            .starts_with("Share of")
            .then(|| (page(asked.who, second), true))
    };
    let command = house.ceremony("rehearse", "new", "back.toml", &["blocks=blocks"]);
    let held = hold(&command, &mut house.papers, |asked, _| answer(asked));
    assert_eq!(held.code, 0, "{}", held.screen);
    house.verified("new", "back.toml");
    nothing_secret(&held);
    let (old, new) = (values(&house, "old"), values(&house, "new"));
    // Three keys and the exchange key, which came from the same sheets.
    assert_eq!(old.len(), 4, "{old:?}");
    assert_eq!(old, new);
}

#[test]
fn a_ministry_keeps_what_it_derives_for_a_city() {
    let mut house = house();
    house.found("ministry", true, &["--scheme", "mohurd", "--level", "ministry"]);
    house.held("ministry", "derive.toml", &[]);
    let keys = house.keys("ministry", "active");
    for key in ["purchase.v1.3des@city:3100", "purchase.v1.sm4@city:3100"] {
        assert!(keys.contains(&key.to_owned()), "{keys:?}");
    }
}

/// Every kind of step is in a plan that is held at a terminal here: the shipped ones, and those of this file.
#[test]
fn no_kind_of_step_is_left_out() {
    let shipped = include_str!("shipped.rs");
    let mut kinds = BTreeSet::new();
    for (name, text) in SHIPPED {
        assert!(
            shipped.contains(&format!("\"{name}\",")),
            "{name} is held at no terminal"
        );
        kinds.extend(
            plan::read(text, name)
                .unwrap()
                .steps
                .iter()
                .map(|step| step.what.kind()),
        );
    }
    for (name, text) in plans() {
        let plan = plan::read(&text, name).unwrap();
        let errors: Vec<_> = plan.check(None, None);
        assert!(errors.iter().all(|f| f.id == "CEREMONY-KEY-COPY"), "{name}: {errors:?}");
        kinds.extend(plan.steps.iter().map(|step| step.what.kind()));
    }
    let source = include_str!("../../src/ceremony/plan/step.rs");
    let known = source.lines().filter_map(|line| {
        line.trim()
            .strip_prefix("Self::")?
            .split_once("(_) => \"")?
            .1
            .strip_suffix("\",")
    });
    let known: BTreeSet<&str> = known.collect();
    assert!(known.len() >= 22);
    assert_eq!(kinds, known);
}
