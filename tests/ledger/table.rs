// SPDX-License-Identifier: Apache-2.0
//! `docs/formats/acts.json`, by which the verifier in Python reads entries, is what this program takes: every act, every field,
//! what may be absent, and of what type it is; and the pages say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use cardmint::ledger::entry::canonical;
use cardmint::ledger::{Act, Entry};
use serde_json::{Map, Value, json};

use super::python::docs;

type Fields = BTreeMap<String, String>;

/// The table: types, and the fields of each act.
pub struct Table {
    types: Map<String, Value>,
    pub acts: BTreeMap<String, Value>,
}

impl Table {
    pub fn read() -> Self {
        let text = fs::read_to_string(docs().join("acts.json")).unwrap();
        let table: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(table["format"], "cardmint.acts/1");
        let written = table["acts"].as_object().unwrap();
        let act = |act: &Value| {
            let mut whole = act.clone();
            if let Some(like) = act["as"].as_str() {
                for (name, part) in written[like].as_object().unwrap() {
                    whole
                        .as_object_mut()
                        .unwrap()
                        .entry(name.clone())
                        .or_insert(part.clone());
                }
            }
            whole
        };
        Self {
            types: table["types"].as_object().unwrap().clone(),
            acts: written.iter().map(|(name, body)| (name.clone(), act(body))).collect(),
        }
    }

    fn fields(of: &Value) -> Fields {
        let fields = of.as_object().unwrap().iter();
        fields
            .map(|(name, kind)| (name.clone(), kind.as_str().unwrap().to_owned()))
            .collect()
    }

    /// A value that a kind of field takes; of an object all its fields, or only those that must be there.
    fn sample(&self, kind: &str, whole: bool) -> Value {
        let bare = kind.trim_matches(|c| "[]{}*?".contains(c));
        let one = match &self.types[bare] {
            Value::Array(words) => words[0].clone(),
            Value::Number(_) => json!(1),
            Value::Object(fields) => self.object(&Self::fields(&Value::Object(fields.clone())), whole),
            _ => json!(match bare {
                "T" => "x",
                "N" => "1",
                "X" => "2677F4",
                "H" => "0000000000000000000000000000000000000000000000000000000000000000",
                "K" => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "S" => "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "sig" => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
                "M" => "2026-11-21T01:26:34Z",
                "W" => "w",
                "nonce" => "00010203040506AF",
                "site" => "city-3100",
                other => panic!("no sample of {other}"),
            }),
        };
        match (kind.as_bytes()[0], kind.ends_with('*')) {
            (b'[', _) | (_, true) => json!([one]),
            (b'{', _) => json!({"key.generate": one}),
            _ => one,
        }
    }

    fn object(&self, fields: &Fields, whole: bool) -> Value {
        let there = fields.iter().filter(|(_, kind)| whole || !kind.ends_with(['?', '*']));
        there
            .map(|(name, kind)| (name.clone(), self.sample(kind, whole)))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Objects within a body, with the way to them.
    fn inner(&self, fields: &Fields) -> Vec<(Vec<String>, Fields)> {
        let mut found = vec![(Vec::new(), fields.clone())];
        for (name, kind) in fields {
            let bare = kind.trim_matches(|c| "[]{}*?".contains(c));
            if let Value::Object(inner) = &self.types[bare] {
                for (mut way, fields) in self.inner(&Self::fields(&Value::Object(inner.clone()))) {
                    way.insert(0, name.clone());
                    found.push((way, fields));
                }
            }
        }
        found
    }
}

/// What serde says that it expected: the names in a fault's text.
fn expected(fault: &serde_json::Error) -> BTreeSet<String> {
    let text = fault.to_string();
    assert!(text.starts_with("unknown"), "{text}");
    let (_, names) = text.split_once("expected").unwrap();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn act(name: &str, body: &Value) -> serde_json::Result<Act> {
    serde_json::from_value(json!({"act": name, "body": body}))
}

/// The object at the end of a way through a body; lists and maps have one item each.
fn at<'a>(body: &'a mut Value, way: &[String]) -> &'a mut Value {
    let mut here = body;
    for step in way {
        here = &mut here[step.as_str()];
        if here.is_array() {
            here = &mut here[0];
        } else if here.get("key.generate").is_some() {
            here = &mut here["key.generate"];
        }
    }
    here
}

#[test]
fn the_table_has_every_act_and_every_field() {
    let table = Table::read();
    let acts = expected(&act("?", &json!({})).unwrap_err());
    assert_eq!(table.acts.keys().cloned().collect::<BTreeSet<_>>(), acts);
    for (name, row) in &table.acts {
        let fields = Table::fields(&row["body"]);
        for (way, fields) in table.inner(&fields) {
            let mut body = table.object(&Table::fields(&row["body"]), true);
            assert_eq!(act(name, &body).unwrap().name(), name);
            *at(&mut body, &way) = json!({"?": 1});
            let names: BTreeSet<String> = fields.keys().cloned().collect();
            assert_eq!(expected(&act(name, &body).unwrap_err()), names, "{name} {way:?}");
        }
    }
}

/// Values of all kinds and just beside them.
fn probes(table: &Table) -> Vec<Value> {
    let mut found: Vec<Value> = [
        "",
        "x",
        "X",
        "1",
        "26",
        "267",
        "2677F4",
        "2677f4",
        "0001020304050607",
        "000102030405060708",
        "W-1",
        "w-1",
        "a.b_C-1",
        "a b",
        "ABCDEFGHIJKLMNOPQRSTUVWX",
        "ABCDEFGHIJKLMNOPQRSTUVWXY",
        "404142434445464748494A4B4C4D4E4F",
        "404142434445464748494a4b4c4d4e4f",
        "x 404142434445464748494A4B4C4D4E4F",
        "a\nb",
        "a\u{85}b",
        "a\u{7f}b",
        "a\u{2028}b",
        "张三",
        "\"\\/",
        "2026-11-21T01:26:34Z",
        "2026-11-21T01:26:34+00:00",
        "2026-11-21T01:26:34.5Z",
        "2026-11-21",
        "2026-11-21T1:26:34Z",
        "2026-02-29T00:00:00Z",
        "2028-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T23:59:60Z",
        "2026-13-01T00:00:00Z",
        "２０２６",
        "٣",
        "5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40",
        "5CDE0F1298F41F7D1C8B907A36992A7A513225A2615BD6E307BF1A9149B06B40",
        "5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b4",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAF=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
        "____AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ]
    .iter()
    .map(|text| json!(text))
    .collect();
    for length in [40, 41, 48, 49, 120, 121] {
        found.extend([json!("z".repeat(length)), json!("张".repeat(length))]);
    }
    let words = table.types.values().filter_map(Value::as_array).flatten();
    found.extend(words.cloned());
    found.extend([0_u64, 1, 4, 255, 256, 4_294_967_295, 4_294_967_296, u64::MAX].map(|n| json!(n)));
    found.extend([
        json!(-1),
        json!(1.0),
        json!(0.5),
        json!(true),
        json!(false),
        Value::Null,
        json!([]),
        json!({}),
        json!([[]]),
    ]);
    found
}

/// Bodies of an act, good ones and bad ones. All probes are for the first field of a kind; the others get every seventh, and
/// every field is tried without a value, as a list and as a single value.
fn bodies(table: &Table, row: &Value, probes: &[Value], seen: &mut BTreeSet<String>) -> Vec<Value> {
    let fields = Table::fields(&row["body"]);
    let (whole, least) = (table.object(&fields, true), table.object(&fields, false));
    let mut found = vec![whole.clone(), least, json!([]), json!("x")];
    for (way, fields) in table.inner(&fields) {
        for (name, kind) in &fields {
            let mut other = |value: Option<Value>| {
                let mut body = whole.clone();
                let object = at(&mut body, &way).as_object_mut().unwrap();
                object.remove(name);
                if let Some(value) = value {
                    object.insert(name.clone(), value);
                }
                found.push(body);
            };
            other(None);
            let good = table.sample(kind, false);
            let step = if seen.insert(kind.clone()) { 1 } else { 7 };
            let probes = probes.iter().skip(seen.len() % step).step_by(step);
            probes.clone().for_each(|probe| other(Some(probe.clone())));
            match good {
                Value::Array(items) => {
                    other(Some(items[0].clone()));
                    other(Some(json!([items[0], items[0]])));
                    other(Some(json!([items[0], null])));
                    probes.for_each(|probe| other(Some(json!([probe]))));
                }
                one => other(Some(json!([one]))),
            }
        }
    }
    found
}

#[test]
fn the_table_takes_what_the_program_takes() {
    let table = Table::read();
    let probes = probes(&table);
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, row) in &table.acts {
        for body in bodies(&table, row, &probes, &mut seen) {
            let zeros = "0".repeat(64);
            let entry = json!({"act": name, "at": "2026-11-21T01:26:34Z", "body": body, "officer": "x", "prev": zeros, "seq": 1,
                "sigs": [], "site": "city-3100", "v": 1});
            lines.push(canonical(&entry));
        }
    }
    let whole = String::from_utf8(lines[0].clone()).unwrap();
    for (from, to) in [
        ("\"v\":1", "\"v\":2"),
        ("\"v\":1", "\"v\":true"),
        ("\"v\":1", "\"v\":1,\"w\":1"),
        ("\"seq\":1", "\"seq\":-1"),
        ("\"seq\":1", "\"seq\":18446744073709551616"),
        ("\"sigs\":[]", "\"sigs\":[{}]"),
        ("\"officer\":\"x\"", "\"officer\":\"\""),
        ("\"at\":\"2026", "\"at\":\"26"),
        ("city-3100", "city 3100"),
        ("\"act\":\"", "\"act\":\"x"),
        (",\"v\"", ", \"v\""),
    ] {
        assert!(whole.contains(from), "{from}");
        lines.push(whole.replacen(from, to, 1).into_bytes());
    }
    let good: Vec<bool> = lines.iter().map(|line| Entry::parse(line).is_ok()).collect();
    let said = read_in_python(&lines);
    assert_eq!(said.len(), lines.len());
    for ((line, ours), theirs) in lines.iter().zip(&good).zip(said) {
        assert_eq!(theirs, *ours, "{}", String::from_utf8_lossy(line));
    }
    let taken = good.iter().filter(|good| **good).count();
    assert!(taken > 500 && lines.len() - taken > 3000, "{taken} of {}", lines.len());
}

/// Which lines are entries, by the verifier in Python.
fn read_in_python(lines: &[Vec<u8>]) -> Vec<bool> {
    let driver = "
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_ledger as v
for line in sys.stdin.buffer:
    try:
        v.take(*v.parse(line[:-1]))
        print('good')
    except v.Finding:
        print('bad')
";
    let mut child = Command::new("python3")
        .args(["-c", driver])
        .arg(docs())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let file: Vec<u8> = lines
        .iter()
        .flat_map(|line| [line, b"\n".as_slice()].concat())
        .collect();
    let writer = std::thread::spawn(move || pipe.write_all(&file).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|said| said == "good")
        .collect()
}

/// The rows of the pages' tables of acts: acts, body.
fn rows_of_pages() -> Vec<(Vec<String>, String)> {
    let mut found: Vec<(Vec<String>, String)> = Vec::new();
    for page in ["ledger.md", "ledger-centre.md"] {
        let text = fs::read_to_string(docs().join(page)).unwrap();
        for line in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
            let words = cells[0].split('`').skip(1).step_by(2).map(str::to_owned);
            let acts: Vec<String> = words.filter(|word| word.contains('.')).collect();
            match cells.get(1) {
                Some(&"the same") => found.push((acts, found.last().unwrap().1.clone())),
                Some(body) if !acts.is_empty() => found.push((acts, (*body).to_owned())),
                _ => {}
            }
        }
    }
    found
}

/// The fields of a body as a page has them: `name T`, `reason T?`, `keys* of {…}`; remarks stand in brackets.
fn fields_of(body: &str) -> Vec<(String, String)> {
    let (mut fields, mut depth, mut remark) = (vec![String::new()], 0, 0);
    for c in body.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        remark += i32::from(c == '(');
        if c == ',' && depth == 0 && remark == 0 {
            fields.push(String::new());
        } else if remark == 0 {
            fields.last_mut().unwrap().push(c);
        }
        remark -= i32::from(c == ')');
    }
    // A list of words goes on: `user`, `psam` or `terminal`.
    let fields = fields
        .iter()
        .map(|field| field.trim())
        .filter(|field| !field.starts_with('`'));
    let split = |field: &str| {
        let end = field.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        let (name, kind) = field.split_at(end.unwrap_or(field.len()));
        (name.to_owned(), kind.split('{').next().unwrap().trim().to_owned())
    };
    fields.map(split).collect()
}

#[test]
fn the_pages_have_the_same_acts_and_fields() {
    let table = Table::read();
    let mut seen = BTreeSet::new();
    for (acts, body) in rows_of_pages() {
        for name in acts {
            let fields = Table::fields(&table.acts.get(&name).unwrap_or_else(|| panic!("{name}"))["body"]);
            let told: BTreeMap<_, _> = fields_of(&body).into_iter().collect();
            let (ours, theirs): (Vec<_>, Vec<_>) = (fields.keys().collect(), told.keys().collect());
            assert_eq!(ours, theirs, "{name}");
            for (field, kind) in &fields {
                let said = &told[field];
                assert_eq!(
                    kind.ends_with('?'),
                    said.contains('?'),
                    "{name} {field}: {kind}, {said}"
                );
                assert_eq!(
                    kind.ends_with('*'),
                    said.contains('*'),
                    "{name} {field}: {kind}, {said}"
                );
                let letter = said.split([' ', '?', '*']).next().unwrap();
                if letter.len() == 1 {
                    let bare = kind.trim_matches(|c| "[]?*".contains(c));
                    assert_eq!(bare, if letter == "C" { "card" } else { letter }, "{name} {field}");
                }
            }
            assert!(seen.insert(name));
        }
    }
    assert_eq!(seen, table.acts.keys().cloned().collect());
}

/// Every rule of the table is about a register that there is, uses words that the page explains, and names a check.
#[test]
fn the_table_keeps_to_the_words_that_the_page_explains() {
    let text = fs::read_to_string(docs().join("acts.json")).unwrap();
    let table: Value = serde_json::from_str(&text).unwrap();
    let page = fs::read_to_string(docs().join("ledger.md")).unwrap();
    let (_, section) = page.split_once("## 8. The table of acts").unwrap();
    let program = fs::read_to_string(docs().join("verify_ledger.py")).unwrap();
    for (name, act) in table["acts"].as_object().unwrap() {
        for word in act.as_object().unwrap().keys() {
            assert!(section.contains(&format!("`{word}`")), "{name}: {word}");
        }
        for rule in act["rules"].as_array().unwrap_or(&Vec::new()) {
            for word in rule.as_object().unwrap().keys() {
                assert!(section.contains(&format!("`{word}`")), "{name}: {word}");
            }
            if let Some(register) = rule["of"].as_str() {
                assert!(
                    table["registers"][register].is_array() && rule["name"].is_string(),
                    "{name}: {rule}"
                );
            }
            if let Some(check) = rule["check"].as_str() {
                assert!(page.contains(&format!("`LEDGER-{check}`")), "{name}: {check}");
            }
            if let Some(function) = rule["do"].as_str() {
                let function = function.split(' ').next().unwrap();
                assert!(program.contains(&format!("def {function}(")), "{name}: {function}");
                assert!(section.contains(&format!("`{function}")), "{name}: {function}");
            }
        }
    }
}
