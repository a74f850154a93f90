// SPDX-License-Identifier: Apache-2.0
//! Damage to entries: edited, deleted, inserted, reordered, cut off, replayed; as it is, or with chain, tree, tables and
//! checkpoint made to fit by somebody who has some of the keys.

mod replacing;

pub use replacing::{replaced, rolled_back, rule_broken};

use std::fs;

use serde_json::{Value, json};

use super::attacker::{
    Hand, chain, lines_of, note_over, put_lines, put_nodes, put_note, renumber, sign, signature, tamper,
};
use super::case::{Case, Draw, Expected, Files, First, Opening};
use super::subject::{LOG, Subject, regrow, seed, signers_of};

const OUTSIDE: &[&str] = &["LEDGER-OUTSIDE-COPY"];
const ANY: &[&str] = &[];

/// How much of the rest is made to fit.
struct Laundry {
    nodes: bool,
    tables: bool,
    note: Option<u8>,
}

impl Laundry {
    fn drawn(draw: &mut Draw) -> Self {
        Self {
            nodes: draw.percent(70),
            tables: draw.percent(6),
            note: draw.percent(40).then(|| if draw.percent(50) { LOG } else { 209 }),
        }
    }
}

/// Puts other lines into the database, and launders.
fn put(files: &Files, s: &Subject, lines: &[Vec<u8>], values: &[Value], laundry: &Laundry) {
    if laundry.tables {
        let folder = files.folder.join("grown");
        fs::create_dir_all(&folder).unwrap();
        for file in fs::read_dir(&folder).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        // Where the rules refuse the new history, its tables cannot be had this way.
        if regrow(values, 0, LOG, &folder, &mut |_| false).is_ok() {
            let grown = fs::read(folder.join(format!("{}.db", values.len()))).unwrap();
            files.put(&grown, None);
        }
    }
    tamper(&files.db(), |db| {
        put_lines(db, lines)?;
        if laundry.nodes {
            put_nodes(db, lines)?;
        }
        match laundry.note {
            Some(log) => put_note(db, lines.len(), &note_over(lines, &site(s), log)),
            None => put_note(db, s.lines.len(), &s.note),
        }
    })
    .unwrap();
}

fn site(s: &Subject) -> String {
    s.values[0]["site"].as_str().unwrap().to_owned()
}

/// A tree that differs below the outside checkpoint's size is seen at once.
fn opening(laundry: &Laundry) -> Opening {
    if laundry.nodes { Opening::Refused } else { Opening::Any }
}

/// The paths of all scalars of an entry but those in its signatures.
fn leaves(value: &Value, path: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != "sigs") {
                leaves(value, &format!("{path}/{name}"), all);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}/{i}"), all);
            }
        }
        _ => all.push(path.to_owned()),
    }
}

fn other(c: char) -> char {
    match c {
        '9' => '3',
        'f' => 'a',
        'F' => 'A',
        'z' => 'b',
        'Z' => 'B',
        c if c.is_ascii_alphanumeric() => char::from(c as u8 + 1),
        '-' => '_',
        _ => 'x',
    }
}

/// Changes one scalar of an entry into another of its kind.
fn change(value: &mut Value, but: &[&str], draw: &mut Draw) -> String {
    let mut all = Vec::new();
    leaves(value, "", &mut all);
    all.retain(|path| !but.contains(&path.as_str()));
    let path = draw.one(&all).clone();
    let leaf = value.pointer_mut(&path).unwrap();
    *leaf = match leaf {
        Value::Bool(yes) => json!(!*yes),
        Value::Number(n) => json!(n.as_u64().unwrap() + 1),
        Value::String(text) => {
            let at = draw.below(text.chars().count().max(1));
            let changed: String = (0..)
                .zip(text.chars())
                .map(|(i, c)| if i == at { other(c) } else { c })
                .collect();
            json!(if text.is_empty() { "x".to_owned() } else { changed })
        }
        _ => json!(1),
    };
    path
}

/// A field of an entry is changed.
pub fn edit(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let at = draw.below(s.values.len());
    let mut values = s.values.clone();
    let hand = *draw.one(&[
        Hand::None,
        Hand::None,
        Hand::Own,
        Hand::Insider("张三"),
        Hand::Insider("李四"),
        Hand::Everybody,
    ]);
    let relinked = hand != Hand::None || draw.percent(50);
    let but: &[&str] = if relinked { &["/seq", "/prev"] } else { &[] };
    let path = change(&mut values[at], but, draw);
    let changed = values.clone();
    if relinked {
        chain(&mut values, at, hand);
    }
    let first = bad_from(&values, at, hand);
    let lines = lines_of(&values);
    let laundry = Laundry::drawn(draw);
    put(files, s, &lines, &changed, &laundry);
    let checks = if hand == Hand::Everybody && at > 0 {
        OUTSIDE
    } else {
        ANY
    };
    Case::new("edit", format!("{at}{path} {hand:?}"), Expected::Bad(first, checks))
        .opening(opening(&laundry))
        .export(&lines, &s.note)
}

/// Where the first bad signature is when somebody with these keys makes a history anew from here on.
fn bad_from(values: &[Value], at: usize, hand: Hand) -> First {
    let his = |value: &Value| match hand {
        Hand::Insider(one) => signers_of(value) == [one],
        Hand::Everybody => true,
        _ => false,
    };
    if !his(&values[at]) {
        return First::At(at as u64);
    }
    match (at..values.len()).find(|seq| !his(&values[*seq])) {
        Some(seq) => First::Within(at as u64, seq as u64),
        None => First::NotBefore(at as u64),
    }
}

/// The same content in another form.
pub fn form(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let at = draw.below(s.lines.len());
    let line = String::from_utf8(s.lines[at].clone()).unwrap();
    let forms = [
        line.replacen("{\"act\"", "{ \"act\"", 1),
        line.replacen("\"v\":1}", "\"v\":1.0}", 1),
        line.replacen("\"v\":1}", "\"v\":1,\"v\":1}", 1),
        line.replacen("\"v\":1}", "\"v\":1,\"w\":1}", 1),
        line.replacen("\"v\":1}", "\"v\":1} ", 1),
        line.replacen("\"body\":{", "\"body\":{\"zzz\":null,", 1),
        line.replacen("\"seq\":", "\"seq\":0", 1),
        line.replacen("\"act\":\"", "\"act\":\"\\u0063", 1),
        line.replacen('张', "\\u5f20", 1),
        line.replacen(":\"2026-", ":\"+2026-", 1),
        line.replacen("==\"}", "=\"}", 1),
        line.replacen("\"sigs\":[", "\"sigs\":[[],", 1),
        String::new(),
        "null".to_owned(),
        "[".repeat(10_000),
        format!("{{\"act\":{}", "9".repeat(4000)),
    ];
    let changed = draw.one(&forms).clone();
    let mut lines = s.lines.clone();
    lines[at] = changed.into_bytes();
    if lines[at] == s.lines[at] {
        return edit(files, s, draw);
    }
    let laundry = Laundry {
        tables: false,
        ..Laundry::drawn(draw)
    };
    let shown: String = String::from_utf8_lossy(&lines[at]).chars().take(80).collect();
    let done = tamper(&files.db(), |db| {
        // What is no JSON at all stops the generated columns of the table; then the row can only go.
        put_lines(db, &lines)?;
        if laundry.nodes { put_nodes(db, &lines) } else { Ok(()) }
    });
    if done.is_err() {
        tamper(&files.db(), |db| {
            db.execute("DELETE FROM entries WHERE seq = ?1", [at as i64]).map(drop)
        })
        .unwrap();
        return Case::new("form", format!("{at} {shown}"), expected_gone(s, at));
    }
    let first = First::At(at as u64);
    Case::new("form", format!("{at} {shown}"), Expected::Bad(first, ANY))
        .opening(opening(&laundry))
        .export(&lines, &s.note)
}

fn expected_gone(s: &Subject, at: usize) -> Expected {
    if at + 1 == s.lines.len() {
        Expected::Bad(First::Nowhere, OUTSIDE)
    } else {
        Expected::Bad(First::At(at as u64), ANY)
    }
}

/// Entries are taken out.
pub fn delete(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let at = draw.below(s.values.len());
    let count = (1 + draw.below(3)).min(s.values.len() - at);
    let last = at + count == s.values.len();
    if draw.percent(30) {
        // The rows go, nothing else.
        let sql = "DELETE FROM entries WHERE seq >= ?1 AND seq < ?2";
        tamper(&files.db(), |db| {
            db.execute(sql, [at as i64, (at + count) as i64]).map(drop)
        })
        .unwrap();
        let expected = match at {
            _ if last => Expected::Bad(cut_at(s, at), if at == 0 { ANY } else { OUTSIDE }),
            _ => Expected::Bad(First::At(at as u64), ANY),
        };
        return Case::new("delete", format!("rows {at}+{count}"), expected);
    }
    let mut values = s.values.clone();
    values.drain(at..at + count);
    renumber(&mut values, (at + count) as u64, -(count as i64));
    if values.is_empty() {
        return edit(files, s, draw);
    }
    let hand = *draw.one(&[
        Hand::None,
        Hand::None,
        Hand::Own,
        Hand::Insider("李四"),
        Hand::Everybody,
    ]);
    let honest = values.clone();
    let relinked = hand != Hand::None || draw.percent(60);
    if relinked {
        chain(&mut values, at, hand);
    }
    let first = if last {
        cut_at(s, at)
    } else {
        bad_from(&values, at, hand)
    };
    let lines = lines_of(&values);
    let laundry = Laundry::drawn(draw);
    put(files, s, &lines, &honest, &laundry);
    let checks = if (hand == Hand::Everybody || last) && at > 0 {
        OUTSIDE
    } else {
        ANY
    };
    Case::new("delete", format!("{at}+{count} {hand:?}"), Expected::Bad(first, checks))
        .opening(opening(&laundry))
        .export(&lines, &s.note)
}

/// A history that ends before this entry is only bad by itself if a ceremony's end is missing.
fn cut_at(s: &Subject, size: usize) -> First {
    let within = |value: &Value| {
        let begin = value["body"]["ceremony"].as_u64();
        begin.is_some() && value["act"] != "ceremony.end"
    };
    match size.checked_sub(1) {
        Some(last) if within(&s.values[last]) => First::At(last as u64),
        _ => First::Nowhere,
    }
}

/// The end is cut off, as cleanly as can be.
pub fn truncate(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let size = 1 + draw.below(s.values.len() - 1);
    let values = &s.values[..size];
    let lines = lines_of(values);
    let laundry = Laundry {
        tables: draw.percent(30),
        ..Laundry::drawn(draw)
    };
    put(files, s, &lines, values, &laundry);
    Case::new("truncate", format!("{size}"), Expected::Bad(cut_at(s, size), OUTSIDE))
        .opening(if laundry.nodes { Opening::Refused } else { Opening::Any })
        .export(&lines, &s.note)
}

/// An entry that was never made: a copy of another one, or one of the attacker's own.
pub fn insert(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let at = 1 + draw.below(s.values.len());
    let from = draw.below(s.values.len());
    let mut values = s.values.clone();
    renumber(&mut values, at as u64, 1);
    let mut new = s.values[from].clone();
    if draw.percent(60) {
        change(&mut new, &["/seq", "/prev"], draw);
    }
    new["at"] = values[at - 1]["at"].clone();
    values.insert(at, new);
    let hand = *draw.one(&[Hand::None, Hand::None, Hand::Own, Hand::Insider("张三")]);
    let honest = values.clone();
    if hand != Hand::None || draw.percent(60) {
        chain(&mut values, at, hand);
    }
    // A copy in front of itself is the entry; what stands behind it is one too many.
    let same = usize::from(s.values.get(at) == Some(&values[at]));
    let first = bad_from(&values, (at + same).min(values.len() - 1), hand);
    let lines = lines_of(&values);
    let laundry = Laundry::drawn(draw);
    put(files, s, &lines, &honest, &laundry);
    // Behind the last entry nothing that was signed for is touched.
    let end = at == s.values.len();
    let first = match first {
        First::NotBefore(seq) if end => First::Within(seq, seq),
        first => first,
    };
    let may_be_good = end && matches!(first, First::Within(..));
    if may_be_good {
        // An insider's further entry that breaks no rule is no damage; what breaks one is tried elsewhere.
        return delete_after(files, s, draw);
    }
    Case::new("insert", format!("{from} at {at} {hand:?}"), Expected::Bad(first, ANY))
        .opening(if end { Opening::Any } else { opening(&laundry) })
        .export(&lines, &s.note)
}

fn delete_after(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    files.lay(s);
    delete(files, s, draw)
}

/// Entries change places.
pub fn reorder(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let (a, b) = (draw.below(s.values.len()), draw.below(s.values.len()));
    let (a, b) = (a.min(b), a.max(b));
    if a == b {
        return edit(files, s, draw);
    }
    let mut values = s.values.clone();
    values.swap(a, b);
    let hand = *draw.one(&[
        Hand::None,
        Hand::None,
        Hand::Own,
        Hand::Insider("张三"),
        Hand::Everybody,
    ]);
    let honest = values.clone();
    if hand != Hand::None || draw.percent(60) {
        chain(&mut values, a, hand);
    }
    let first = bad_from(&values, a, hand);
    let lines = lines_of(&values);
    let laundry = Laundry::drawn(draw);
    put(files, s, &lines, &honest, &laundry);
    let checks = if hand == Hand::Everybody && a > 0 { OUTSIDE } else { ANY };
    Case::new("reorder", format!("{a} {b} {hand:?}"), Expected::Bad(first, checks))
        .opening(opening(&laundry))
        .export(&lines, &s.note)
}

/// Signatures change places, or one is used for another entry.
pub fn signatures(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let (a, b) = (draw.below(s.values.len()), draw.below(s.values.len()));
    if a == b {
        return form(files, s, draw);
    }
    let mut values = s.values.clone();
    let how = draw.below(4);
    let (x, y) = (&s.values[a]["sigs"], &s.values[b]["sigs"]);
    match how {
        0 => (values[a]["sigs"], values[b]["sigs"]) = (y.clone(), x.clone()),
        1 => values[b]["sigs"] = x.clone(),
        // The approval alone.
        2 => {
            let (i, j) = (x.as_array().unwrap().len() - 1, y.as_array().unwrap().len() - 1);
            values[b]["sigs"][j] = x[i].clone();
        }
        _ => {
            let sigs = values[b]["sigs"].as_array_mut().unwrap();
            if sigs.len() > 1 {
                sigs.rotate_left(1);
            } else {
                sigs.push(x[0].clone());
            }
        }
    }
    let first = if how == 0 { a.min(b) } else { b };
    if draw.percent(60) {
        chain(&mut values, first + 1, Hand::None);
    }
    let lines = lines_of(&values);
    let laundry = Laundry {
        tables: false,
        ..Laundry::drawn(draw)
    };
    put(files, s, &lines, &values, &laundry);
    let expected = Expected::Bad(First::At(first as u64), ANY);
    Case::new("signatures", format!("{how}: {a} {b}"), expected)
        .opening(opening(&laundry))
        .export(&lines, &s.note)
}

/// Whether one officer is too few for this entry.
fn needs_two(s: &Subject, at: usize) -> bool {
    let act = s.act(at);
    let before = s.values[..at].iter().rfind(|value| value["act"] == "policy.change");
    let policy = &before.unwrap_or(&s.values[0])["body"]["policy"];
    let ruled = policy["rules"][act]["officers"].as_u64() > Some(1);
    let always = [
        "site.init",
        "policy.change",
        "officer.enrol",
        "ledger.loss",
        "ledger.archive",
    ]
    .contains(&act);
    ruled || always || act.starts_with("ceremony.") || s.values[at]["body"]["ceremony"].is_u64()
}

/// One officer does what needs two, and makes it look so.
pub fn alone(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let two: Vec<usize> = (0..s.values.len())
        .filter(|i| signers_of(&s.values[*i]).len() > 1)
        .collect();
    let at = *draw.one(&two);
    let mut values = s.values.clone();
    let names = signers_of(&values[at]);
    let him = names[0].clone();
    if draw.percent(70) {
        change(&mut values[at], &["/seq", "/prev", "/officer"], draw);
    }
    chain(&mut values, at, Hand::None);
    // Where one is enough, a second who did not sign takes nothing away by not being named.
    let how = match draw.below(4) {
        0 if !needs_two(s, at) => 1,
        how => how,
    };
    match how {
        0 => values[at]["sigs"].as_array_mut().unwrap().truncate(1),
        1 => values[at]["sigs"][1]["officer"] = json!(him),
        2 => {}
        _ => values[at]["sigs"][1]["officer"] = json!("外人"),
    }
    let names = signers_of(&values[at]);
    for (i, name) in names.iter().enumerate() {
        values[at]["sigs"][i] = signature(&values[at], name, seed(&him));
    }
    // The site's first entry, with one officer's signature fewer, names one who did not sign.
    chain(&mut values, at + 1, Hand::None);
    let lines = lines_of(&values);
    let laundry = Laundry {
        tables: false,
        ..Laundry::drawn(draw)
    };
    put(files, s, &lines, &values, &laundry);
    let expected = Expected::Bad(First::At(at as u64), ANY);
    Case::new("alone", format!("{how}: {at}"), expected)
        .opening(opening(&laundry))
        .export(&lines, &s.note)
}

/// A card's end is taken out of a history that all officers' keys make anew; only the copy outside knows better.
pub fn outcome_removed(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let ends = |value: &Value| value["act"].as_str().unwrap().ends_with(".outcome");
    let all: Vec<usize> = (0..s.values.len()).filter(|i| ends(&s.values[*i])).collect();
    if all.is_empty() {
        return reorder(files, s, draw);
    }
    let at = *draw.one(&all);
    let mut values = s.values.clone();
    values.remove(at);
    renumber(&mut values, at as u64, -1);
    let hand = *draw.one(&[Hand::None, Hand::Own, Hand::Insider("张三"), Hand::Everybody]);
    let honest = values.clone();
    chain(&mut values, at, hand);
    let lines = lines_of(&values);
    let last = at == values.len();
    let first = if last {
        First::Nowhere
    } else {
        bad_from(&values, at, hand)
    };
    let laundry = Laundry {
        tables: draw.percent(30),
        ..Laundry::drawn(draw)
    };
    put(files, s, &lines, &honest, &laundry);
    let checks = if hand == Hand::Everybody || last { OUTSIDE } else { ANY };
    Case::new(
        "outcome-removed",
        format!("{at} {hand:?}"),
        Expected::Bad(first, checks),
    )
    .opening(opening(&laundry))
    .export(&lines, &s.note)
}
