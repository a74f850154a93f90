// SPDX-License-Identifier: Apache-2.0
//! Messages in Chinese are Chinese: names, numbers and commands in Latin letters may stand in them, English sentences not.

use super::rehearsal::{Bench, CITY, ISSUE, MINISTRY, by, psam};

/// Three Latin words in a row outside of back quotes are an English sentence.
fn english(text: &str) -> Option<String> {
    let outside: String = text.split('`').step_by(2).collect::<Vec<_>>().join("。");
    let mut run: Vec<&str> = Vec::new();
    for word in outside.split(' ') {
        // A word ends where Chinese begins.
        if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || ",.;:'".contains(c)) {
            run.push(word);
            if run.len() == 3 {
                return Some(run.join(" "));
            }
        } else {
            run.clear();
        }
    }
    None
}

#[test]
fn the_search_finds_english() {
    assert!(english("错误：the card was taken off").is_some());
    assert!(english("卡片已从读卡器 sim:a/b 取走，见 `cardmint card resume now`").is_none());
}

#[test]
fn refusals_are_in_chinese() {
    let bench = Bench::new();
    bench.changed("mohurd-user.toml", "\nslot = 0x00", "\nslott = 0x00", "unknown.toml");
    bench.changed("mohurd-user.toml", "fid = 0x0005", "fid = 0x0001", "faulty.toml");
    bench.changed(
        "schemes/mohurd.toml",
        "kcv-length = 3",
        "kcv-length = 3\nlevle = 1",
        "scheme.toml",
    );
    let city = by("city", &CITY);
    let at = |reader: &str, more: &str| format!("{ISSUE} --reader {reader} {more} {city}");
    let number = "--set number=3100000000000002";
    let pay = "purse purchase --reader sim:readers/card --amount 1000.00 --psam";
    let mut lines = vec![
        at("sim:readers/card", number),
        at("sim:readers/blank", "--set number=3100000000000001"),
        at(
            "sim:readers/blank",
            "--set number=31 --set start=20261399 --set bogus=1 --set main-type=zz",
        ),
        at("sim:readers/nobody", number),
        at("sim:nowhere/card", number),
        at("NoSuchReader", number),
        at("sim:readers/blank", number).replace("li=li.pass", "li=sun.pass"),
        at("sim:readers/blank", &format!("{number} --officer wang")),
        at("sim:readers/blank", number).replace("mohurd-user", "unknown.toml"),
        at("sim:readers/blank", number).replace("mohurd-user", "faulty.toml"),
        at("sim:readers/blank", number).replace("mohurd-user", "nowhere.toml"),
        psam("blank-psam", "mohurd-psam", "3100", 1, &by("ministry", &MINISTRY)),
        psam("blank-psam", "mohurd-psam", "3100", 2, &city),
        format!("{pay} sim:readers/other-psam {city}"),
        format!("{pay} sim:readers/psam {city}"),
        format!("{pay} sim:readers/card {city}"),
        format!(
            "{ISSUE} --reader sim:readers/blank {number} {}",
            by("production", &CITY)
        ),
        "template check unknown.toml".into(),
        "template check faulty.toml".into(),
        "scheme check scheme.toml".into(),
        "site show --site nowhere".into(),
        "key list --no-such-option --site city".into(),
        "purse load --reader sim:readers/card --amount 1.005 --site city".into(),
        "ledger log --number x --file nowhere.db".into(),
        "tac verify nowhere.csv --site city".into(),
    ];
    lines.push(format!("key import load --version 9 --kcv 000000 {city}"));
    for line in &lines {
        let said = bench.typed(
            &format!("{line} --lang zh"),
            &["C9A17E4D5B8F2063D4E1907B3C6AF852", "1F5C02B7E98A46D3702BD86E915FA4C3"],
        );
        assert_ne!(said.code, 0, "{line}: {said:?}");
        assert!(
            said.err.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{line}: {said:?}"
        );
        for text in said.err.lines().chain(said.out.lines()) {
            assert_eq!(english(text), None, "{line}: {text}");
        }
    }
}
