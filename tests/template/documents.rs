// SPDX-License-Identifier: Apache-2.0
//! The examples of the format pages are read by the program, and the pages name every check and shipped template.

use super::{Ground, order_of};
use cardmint::template::{self, CHECKS, SHIPPED};

const TEMPLATE: &str = include_str!("../../docs/formats/template.md");
const ORDER: &str = include_str!("../../docs/formats/order.md");
const SCRIPT: &str = include_str!("../../docs/formats/script.md");
const SHIPPED_PAGE: &str = include_str!("../../docs/templates.md");

fn block<'a>(page: &'a str, language: &str, n: usize) -> &'a str {
    let open = format!("```{language}\n");
    page.split(&open).nth(n + 1).unwrap().split("```").next().unwrap()
}

#[test]
fn the_example_template_is_good() {
    let text = block(TEMPLATE, "toml", 0);
    let found = template::check(&template::read(text, "docs/formats/template.md").unwrap(), text);
    assert!(found.is_empty(), "{found:?}");
    let ground = Ground::of(text);
    let order = ground.order(&[("number", "3100000000000001")]).unwrap();
    ground.plan(&order).unwrap();
}

#[test]
fn pages_name_every_check_and_template() {
    for (id, _) in CHECKS {
        assert!(TEMPLATE.contains(&format!("`{id}`")), "{id}");
    }
    for (name, _) in SHIPPED {
        assert!(SHIPPED_PAGE.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_example_orders_say_the_same() {
    let ground = Ground::shipped("mohurd-user");
    let check = |raw: &template::RawOrder| {
        let fields: Vec<(&str, &str)> = raw.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        ground.order(&fields).unwrap_or_else(|e| panic!("{e}"))
    };
    let toml = check(&template::from_toml(block(ORDER, "toml", 0)).unwrap()[0]);
    let json = check(&template::from_json(block(ORDER, "json", 0)).unwrap()[0]);
    let csv = template::from_csv(block(ORDER, "csv", 0).as_bytes()).unwrap();
    assert_eq!((&toml, &toml), (&json, &check(&csv[0])));
    assert_eq!(csv.len(), 2);
}

/// The example of the script page is the canonical JSON of a step, and its digest rule gives our digest.
#[test]
fn the_example_step_is_in_a_script() {
    let ground = Ground::shipped("mohurd-user");
    let script = ground.plan(&ground.order(order_of("mohurd-user")).unwrap()).unwrap();
    let step: serde_json::Value = serde_json::from_str(block(SCRIPT, "json", 0)).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&script.canonical_json()).unwrap();
    assert!(whole["steps"].as_array().unwrap().contains(&step), "{step}");
}
