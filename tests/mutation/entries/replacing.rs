// SPDX-License-Identifier: Apache-2.0
//! A whole ledger in place of this one: forged, taken back, or with a rule broken in it and rightly signed.

use super::*;

/// Another ledger in place of this one, good in itself: by other keys altogether, by the officers' true keys with another log
/// key, or by all true keys with another history.
pub fn replaced(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let how = draw.below(3);
    let (shift, log) = [(100, 109), (0, 109), (0, LOG)][how];
    let mut values = s.values.clone();
    if how == 2 || draw.percent(30) {
        let at = 1 + draw.below(values.len() - 1);
        values.truncate(at);
        let reason =
            json!({"act": "template.approve", "body": {"digest": "ab".repeat(32), "template": format!("x{at}")}});
        let mut new = values[0].clone();
        (new["act"], new["body"]) = (reason["act"].clone(), reason["body"].clone());
        new["at"] = values[at - 1]["at"].clone();
        new["sigs"] = json!([{"officer": "张三"}, {"officer": "李四"}]);
        values.push(new);
    }
    let folder = files.folder.join("grown");
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(&folder).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    if regrow(&values, shift, log, &folder, &mut |_| false).is_err() {
        // Cut within a ceremony: what follows is refused.
        return reorder(files, s, draw);
    }
    files.put(&fs::read(folder.join(format!("{}.db", values.len()))).unwrap(), None);
    let lines = crate::mutation::content::lines(&files.db());
    Case::new(
        "replaced",
        format!("{how}, {} entries", values.len()),
        Expected::Bad(First::Nowhere, OUTSIDE),
    )
    .opening(Opening::Refused)
    .export(&lines, &s.note)
}

/// The database as it was at an earlier time, whole.
pub fn rolled_back(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let earlier = draw.one(&s.earlier);
    let how = draw.below(3);
    match how {
        0 => files.put(&earlier.db, None),
        1 => files.put(&earlier.torn.0, Some(&earlier.torn.1)),
        // The old file with an old, but not its own, checkpoint.
        _ => {
            files.put(&earlier.db, None);
            let note = &s.earlier[0];
            tamper(&files.db(), |db| put_note(db, note.size, &note.note)).unwrap();
        }
    }
    let lines = s.lines[..earlier.size].to_vec();
    Case::new(
        "rolled-back",
        format!("{how}: to {}", earlier.size),
        Expected::Bad(First::Nowhere, OUTSIDE),
    )
    .opening(Opening::Refused)
    .export(&lines, &s.note)
}

/// An entry that breaks a rule, rightly signed by whom it names, and everything after it made to fit.
pub fn rule_broken(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let at = if draw.percent(50) {
        s.values.len()
    } else {
        1 + draw.below(s.values.len())
    };
    let Some((mut new, checks)) = crate::mutation::rules::breaking(s, at, draw) else {
        return alone(files, s, draw);
    };
    let mut values = s.values.clone();
    renumber(&mut values, at as u64, 1);
    if new["at"].is_null() {
        new["at"] = values[at - 1]["at"].clone();
    }
    let told = new["told"].take();
    new.as_object_mut().unwrap().remove("told");
    let what = format!("{} at {at}: {}", new["act"], told);
    values.insert(at, new);
    chain(&mut values, at, Hand::Everybody);
    // Chaining repairs what a broken chain is about.
    if let Some(field) = told.as_str().filter(|told| ["/seq", "/prev"].contains(told)) {
        let value = values[at].pointer_mut(field).unwrap();
        *value = if field == "/seq" {
            json!(at + 1)
        } else {
            json!("cd".repeat(32))
        };
        sign(&mut values[at], Hand::Everybody);
        chain(&mut values, at + 1, Hand::Everybody);
    }
    let lines = lines_of(&values);
    let laundry = Laundry {
        tables: false,
        ..Laundry::drawn(draw)
    };
    put(files, s, &lines, &values, &laundry);
    let end = at == s.values.len();
    Case::new("rule-broken", what, Expected::Bad(First::At(at as u64), checks))
        .opening(if end { Opening::Any } else { opening(&laundry) })
        .export(&lines, &s.note)
}
