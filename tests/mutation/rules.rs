// SPDX-License-Identifier: Apache-2.0
//! Entries that break one rule each, in a place of a history where they do: what officers with all keys and a program without
//! rules could write.

use serde_json::{Value, json};

use super::case::Draw;
use super::log_rules;
use super::subject::{Subject, signers_of};

type Breaking = (Value, &'static [&'static str]);

#[allow(clippy::needless_pass_by_value)] // made where it is passed
pub fn entry(act: &str, body: Value, by: &[&str]) -> Value {
    let sigs: Vec<Value> = by.iter().map(|name| json!({"officer": name})).collect();
    json!({"act": act, "at": null, "body": body, "officer": by[0], "prev": "", "seq": 0, "sigs": sigs,
           "site": "", "v": 1, "told": ""})
}

fn harmless(told: &str) -> Value {
    let body = json!({"digest": "ef".repeat(32), "template": "harmless"});
    let mut value = entry("template.approve", body, &["张三", "李四"]);
    value["told"] = json!(told);
    value
}

/// An entry that must not stand at `at`, with the checks that may name it; `None` where the drawn rule has nothing to break
/// there.
pub fn breaking(s: &Subject, at: usize, draw: &mut Draw) -> Option<Breaking> {
    let own = 27;
    // The ledger that has acts about itself has rules for them to break.
    let most = if s.name == "upkeep" {
        own + 2 * log_rules::WAYS
    } else {
        own
    };
    let drawn = draw.below(most);
    let (mut value, checks) = match drawn.checked_sub(own) {
        Some(drawn) => log_rules::broken(s, at, drawn % log_rules::WAYS, draw)?,
        None => broken(s, at, drawn, draw)?,
    };
    if value["site"] == "" {
        value["site"] = s.values[0]["site"].clone();
    }
    if value["told"] == "" {
        value["told"] = json!(drawn);
    }
    // Between a ceremony's acts nothing else may stand, and that is said first.
    let inside = |seq: usize| s.values[seq]["body"]["ceremony"].is_u64();
    let checks = if inside(at - 1) { &[] as &[&str] } else { checks };
    Some((value, checks))
}

fn broken(s: &Subject, at: usize, drawn: usize, draw: &mut Draw) -> Option<Breaking> {
    let before = &s.values[..at];
    let acts = |name: &str| -> Vec<&Value> { before.iter().filter(|v| v["act"] == name).collect() };
    let mut one = |name: &str| -> Option<Value> {
        let all = acts(name);
        (!all.is_empty()).then(|| (*draw.one(&all)).clone())
    };
    let again = |mut value: Value, told: &str| {
        value["at"] = Value::Null;
        value["told"] = json!(told);
        value
    };
    let two = ["张三", "李四"];
    Some(match drawn {
        0 => {
            let mut value = one(if at.is_multiple_of(2) {
                "card.intent"
            } else {
                "psam.intent"
            })?;
            if value["body"]["resumes"].is_u64() {
                return None;
            }
            value["body"]["chip"] = json!("ANOTHERCHIP");
            // After a loss the number is closed as well.
            let checks = &["LEDGER-NUMBER-TWICE", "LEDGER-BATCH", "LEDGER-LIFECYCLE"];
            (again(value, "number twice"), checks)
        }
        1 => (
            again(one("card.outcome")?, "outcome twice"),
            &["LEDGER-LIFECYCLE", "LEDGER-STOCK"],
        ),
        2 => (
            again(one("key.generate")?, "key twice"),
            &["LEDGER-NUMBER-TWICE", "LEDGER-CEREMONY"],
        ),
        3 => {
            let mut body = json!({"name": "新人", "roles": ["operator"]});
            body["key"] = s.values[0]["body"]["officers"][0]["key"].clone();
            // His own key under another name, as a second officer.
            let mut value = entry("officer.enrol", body, &["张三", "李四", "新人"]);
            value["told"] = json!("second name");
            (value, &["LEDGER-NUMBER-TWICE", "LEDGER-SIGNATURE"])
        }
        4 => (
            again(s.values[0].clone(), "founded twice"),
            &["LEDGER-LIFECYCLE", "LEDGER-SIGNATURE"],
        ),
        5 => (entry("card.gift", json!({"number": "1"}), &two), &["LEDGER-ENTRY-ACT"]),
        6 => {
            let mut value = harmless("time");
            value["at"] = json!("2026-01-01T00:00:00Z");
            (value, &["LEDGER-TIME"])
        }
        7 => {
            let mut value = harmless("site");
            value["site"] = json!("city-9999");
            (value, &["LEDGER-SITE"])
        }
        8 => (harmless("/seq"), &["LEDGER-SEQ"]),
        9 => (harmless("/prev"), &["LEDGER-CHAIN"]),
        10 | 11 => {
            let mut by = two.to_vec();
            by.truncate(12 - drawn);
            if drawn == 10 {
                by[1] = "张三";
            }
            let policy = s.values[0]["body"]["policy"].clone();
            (
                entry("policy.change", json!({"policy": policy}), &by),
                &["LEDGER-TWO-OFFICERS"],
            )
        }
        12 => {
            let mut value = harmless("stranger");
            value["sigs"][1]["officer"] = json!("外人");
            (value, &["LEDGER-SIGNATURE"])
        }
        13 => {
            let gone = one("officer.revoke")?;
            let mut value = harmless("revoked");
            value["sigs"][1]["officer"] = gone["body"]["name"].clone();
            (value, &["LEDGER-SIGNATURE"])
        }
        14 => {
            // Replaced without a loss: an issued card of which nothing was said since.
            let done = one("card.outcome")?;
            let number = done["body"]["number"].clone();
            let told = |v: &&Value| v["body"]["number"] == number && v["act"] != "card.intent";
            if done["body"]["result"] != "issued" || before.iter().filter(told).count() > 1 {
                return None;
            }
            let other = acts("card.outcome")
                .into_iter()
                .find(|v| v["body"]["number"] != number)?;
            let body = json!({"kind": "user", "new": other["body"]["number"], "number": number, "source": "none"});
            (entry("card.replace", body, &two), &["LEDGER-LIFECYCLE", "LEDGER-ROLE"])
        }
        15 => {
            // The approval of one batch for another.
            let (old, new) = (one("batch.approve")?, acts("batch.new").last().copied()?.clone());
            if old["body"]["batch"] == new["body"]["batch"] {
                return None;
            }
            let mut value = again(old, "old approval");
            value["body"]["batch"] = new["body"]["batch"].clone();
            (value, &["LEDGER-BATCH"])
        }
        16 => {
            let new = one("batch.new")?;
            let body = json!({"batch": new["body"]["batch"], "digest": new["body"]["digest"]});
            let by = signers_of(&new);
            let by: Vec<&str> = by.iter().map(String::as_str).collect();
            (entry("batch.approve", body, &by), &["LEDGER-BATCH", "LEDGER-ROLE"])
        }
        17 => {
            let approved = one("batch.approve")?;
            let body =
                json!({"batch": approved["body"]["batch"], "digest": approved["body"]["digest"], "readers": ["sim:1"]});
            (entry("batch.run", body, &["李四"]), &["LEDGER-BATCH", "LEDGER-ROLE"])
        }
        18 => {
            let lot = one("stock.receive")?;
            let body = json!({"count": 1_000_000, "lot": lot["body"]["lot"], "to": "张三"});
            (entry("stock.hand-out", body, &["李四"]), &["LEDGER-STOCK"])
        }
        19 => {
            let mut value = one("key.export")?;
            value["body"]["kcv"] = json!("123456");
            (
                again(value, "other check value"),
                &["LEDGER-LIFECYCLE", "LEDGER-CEREMONY"],
            )
        }
        20 => {
            let body = json!({"intent": at - 1, "number": "77", "result": "not-done"});
            (entry("purse.closed", body, &two), &["LEDGER-LIFECYCLE"])
        }
        21 => {
            let mut value = one("card.void").unwrap_or(Value::Null);
            if value.is_null() {
                value = entry(
                    "card.void",
                    json!({"kind": "user", "number": "424242", "reason": "none"}),
                    &two,
                );
            }
            (
                again(value, "void"),
                &["LEDGER-LIFECYCLE", "LEDGER-ROLE", "LEDGER-STOCK"],
            )
        }
        22 => (again(one("ceremony.end")?, "ended twice"), &["LEDGER-CEREMONY"]),
        23 => {
            let body = json!({"ceremony": 0, "name": "user default"});
            (entry("pin.set", body, &two), &["LEDGER-CEREMONY"])
        }
        24 => {
            let mut value = one("blacklist.publish")?;
            value["body"]["sequence"] = json!(9);
            (again(value, "list number"), &["LEDGER-LIFECYCLE"])
        }
        25 => {
            let mut value = one("purse.load").or_else(|| one("purse.purchase"))?;
            value["body"].as_object_mut()?.remove("intent");
            (again(value, "money twice"), &["LEDGER-LIFECYCLE"])
        }
        _ => (again(one("order.import")?, "order twice"), &["LEDGER-NUMBER-TWICE"]),
    })
}
