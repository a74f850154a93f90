// SPDX-License-Identifier: Apache-2.0
//! A day of a ministry and a city whose secrets the test knows, with refusals of many kinds, in both languages and as JSON.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use super::Haystacks;
use super::forms::Secret;
use super::rehearsal::{Bench, ISSUE, Said, by};

/// Officers and passphrases. The third is typed, never in a file.
const PEOPLE: [(&str, &str); 4] = [
    ("zhao", "Zinnober-Kahn-47-Quitte"),
    ("qian", "Mauersegler/19/Pfandhaus"),
    ("sun", "Olivgruen+Tafel+Wacholder"),
    ("li", "wrack;Distel;83;Kupferrohr"),
];
const WRONG_PHRASE: &str = "Irrlicht-56-Brunnenkresse";
const PIN: &str = "739146285017";
const WRONG_PIN: &str = "405968271396";
/// A purchase key for the ministry, a load key for the city, and one that is refused.
const PURCHASE: [&str; 2] = ["0BADC0DE5EC2E7F00D15EA5EFACEB00C", "7E57AB1EC0FFEE11D00DFEED5CA1AB1E"];
const LOAD: [&str; 2] = ["C9A17E4D5B8F2063D4E1907B3C6AF852", "1F5C02B7E98A46D3702BD86E915FA4C3"];
const REFUSED: [&str; 2] = ["93D0F4A6187B25CE6E4F01D9B83A7C52", "4A8E3B6FD17095C2AB64E7185D0C92F3"];
const NUMBER: &str = "3100000000000001";

pub struct Story {
    bench: Bench,
    said: RefCell<Haystacks>,
}

fn sum(parts: [&str; 2]) -> String {
    let [a, b] = parts.map(|p| hex::decode(p).unwrap());
    hex::encode_upper(a.iter().zip(&b).map(|(a, b)| a ^ b).collect::<Vec<u8>>())
}

impl Story {
    pub fn told() -> Self {
        let story = Self {
            bench: Bench::empty(),
            said: RefCell::default(),
        };
        for (officer, phrase) in PEOPLE {
            story.bench.private(&format!("{officer}.pass"), format!("{phrase}\n"));
        }
        story.centres();
        story.cards();
        story.money();
        story.refusals();
        story.readers_of_the_ledger();
        story
    }

    /// Runs once; what was said is kept for the search.
    fn once(&self, line: &str, lines: &[&str]) -> Said {
        let said = self.bench.typed(line, lines);
        let mut kept = self.said.borrow_mut();
        kept.push((format!("output of {line}"), said.out.clone().into_bytes()));
        kept.push((format!("errors of {line}"), said.err.clone().into_bytes()));
        said
    }

    fn good(&self, line: &str, lines: &[&str]) -> Said {
        self.once(line, lines).good()
    }

    /// Must fail, in Chinese and as JSON in English.
    fn fails(&self, line: &str, lines: &[&str]) {
        for form in ["--lang zh", "--json"] {
            let said = self.once(&format!("{line} {form}"), lines);
            assert_ne!(said.code, 0, "{line}: {said:?}");
        }
    }

    /// Must succeed, in Chinese and as JSON in English.
    fn shows(&self, line: &str, lines: &[&str]) {
        for form in ["--lang zh", "--json"] {
            self.good(&format!("{line} {form}"), lines);
        }
    }

    fn centres(&self) {
        let (m, c) = (ministry(), city());
        self.good(
            &format!("init ministry --name M --rehearsal --scheme mohurd --level ministry --json {m}"),
            &[],
        );
        // One of the city's officers types the passphrase, twice.
        let typed = PEOPLE[2].1;
        let at_desk = c.replace("--passphrase-file sun=sun.pass", "");
        let made = format!("init city --name C --rehearsal --scheme mohurd --level city --code 3100 {at_desk}");
        self.good(&made, &[typed, typed]);
        let import = |usage: &str, by: &str, parts: &[&str]| {
            self.good(&format!("key import {usage} {by}"), parts);
        };
        import("purchase", &m, &PURCHASE);
        import("load --lang zh", &c, &LOAD);
        for site in [&m, &c] {
            import(
                "transport --components 1 --kcv CAAAAF",
                site,
                &["FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"],
            );
        }
        self.good(&format!("key generate tac app-maintenance {m}"), &[]);
        let rest = "card-control card-maintenance app-control pin-unblock pin-reload psam-card-control \
                    psam-card-maintenance psam-app-control psam-app-maintenance";
        self.good(&format!("key generate {rest} --json {c}"), &[]);
        self.good(&format!("key set-pin default {c}"), &[PIN, PIN]);
        self.bench
            .bundle("ministry", &m, "city", &c, "3100", "purchase tac app-maintenance");
        for form in ["--json", "--lang zh"] {
            self.good(
                &format!("key derive load.v1.3des@city:3100 --to card --serial {NUMBER} {c} {form}"),
                &[],
            );
            self.good(&format!("key list --site city {form}"), &[]);
            self.good(&format!("site show --site city {form}"), &[]);
        }
    }

    fn cards(&self) {
        let (m, c) = (ministry(), city());
        self.good("sim new --chip psam --name psam readers", &[]);
        self.good("sim new --chip fmcos --name card --count 3 readers", &[]);
        let psam = format!(
            "psam issue --template mohurd-city-psam --reader sim:readers/psam --trace psam.trace \
             --set number=00000000310000000001 --set terminal=310000000001 {c}"
        );
        self.good(&psam, &[]);
        let issue = |card: u8, more: &str| {
            format!(
                "{ISSUE} --reader sim:readers/card-{card} --trace card-{card}.trace --set number=310000000000000{card} {c} {more}"
            )
        };
        self.good(&issue(1, ""), &[]);
        self.good("sim fault readers/card-2 --tear-after 40", &[]);
        assert_eq!(self.once(&issue(2, "--json"), &[]).code, 4);
        self.good("sim fault readers/card-2 --clear", &[]);
        self.good(
            &format!("card resume --reader sim:readers/card-2 --trace resumed.trace {c} --lang zh"),
            &[],
        );
        self.shows("card read --reader sim:readers/card-1 --template mohurd-user", &[]);
        self.shows(&format!("card verify --reader sim:readers/card-1 {c}"), &[]);
        self.shows(
            &format!("template explain mohurd-user --set number={NUMBER} --site city"),
            &[],
        );
        self.once(
            &format!("template explain mohurd-psam --set number=00000000310000000009 --set terminal=310000000009 {m}"),
            &[],
        );
    }

    fn money(&self) {
        let c = city();
        let card = "--reader sim:readers/card-1";
        self.shows(&format!("purse load {card} --amount 50.00 {c}"), &[]);
        self.shows(&format!("purse load {card} --amount 1.00 --ask-pin {c}"), &[PIN]);
        self.shows(
            &format!("purse purchase {card} --psam sim:readers/psam --amount 2.00 {c}"),
            &[],
        );
        self.shows(&format!("purse balance {card}"), &[]);
        self.fails(&format!("purse load {card} --amount 1.00 --ask-pin {c}"), &[WRONG_PIN]);
        let paid = "--kind purchase --type 06 --amount 2.00 --terminal 310000000001 --terminal-counter 1";
        self.fails(
            &format!("tac verify --number {NUMBER} {paid} --datetime 20261121093000 --tac 00000000 {c}"),
            &[],
        );
    }

    fn refusals(&self) {
        let c = city();
        let import = format!("key import load --version 9 {c}");
        self.fails(&format!("{import} --kcv 000000"), &REFUSED);
        self.fails(&format!("{import} --component-kcv 000000"), &REFUSED);
        let typo = format!("{}X", &REFUSED[1][..31]);
        self.fails(&import, &[REFUSED[0], &typo]);
        self.fails(&import, &[REFUSED[0], &REFUSED[1][..30]]);
        self.fails(&import, &[REFUSED[0], &format!("{}00", REFUSED[1])]);
        self.fails(&import, &REFUSED[..1]);
        self.fails(&format!("key set-pin other {c}"), &["739146285017X"; 2]);
        let typed = c.replace("--passphrase-file sun=sun.pass", "");
        self.fails(&format!("key generate load --version 8 {typed}"), &[WRONG_PHRASE]);
        self.fails(
            &format!("officer passphrase sun {typed}"),
            &[PEOPLE[2].1, WRONG_PHRASE, PEOPLE[3].1],
        );
        self.fails(
            &format!("{ISSUE} --reader sim:readers/card-1 --set number=3100000000000003 {c}"),
            &[],
        );
        self.fails(
            &format!("{ISSUE} --reader sim:readers/card-3 --set number={NUMBER} {c}"),
            &[],
        );
        self.fails(&format!("key receive ministry.3100.card {c}"), &[]);
        // A file of answers that is taken for something else is not repeated either.
        self.bench
            .private("answers", format!("{}\n{}\n", REFUSED[0], WRONG_PHRASE));
        for line in [
            "template check answers",
            "scheme check answers",
            "key receive answers",
            "tac verify answers",
        ] {
            self.fails(&format!("{line} {c}"), &[]);
        }
        fs::remove_file(self.bench.path("answers")).unwrap();
    }

    fn readers_of_the_ledger(&self) {
        for (site, by) in [("ministry", ministry()), ("city", city())] {
            self.shows(&format!("ledger verify --site {site}"), &[]);
            self.shows(&format!("ledger log --site {site}"), &[]);
            for format in ["csv", "jsonl"] {
                self.good(
                    &format!("ledger export --format {format} --out {site}.{format} {by}"),
                    &[],
                );
            }
            self.once(&format!("doctor --site {site}"), &[]);
        }
    }

    /// What was typed, what was put together from it, and what stands on the card that was issued.
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets = vec![
            Secret::digits("PIN", PIN),
            Secret::digits("wrong PIN", WRONG_PIN),
            Secret::text("mistyped passphrase", WRONG_PHRASE),
        ];
        for (officer, phrase) in PEOPLE {
            secrets.push(Secret::text(&format!("passphrase of {officer}"), phrase));
        }
        for (usage, parts) in [("purchase", PURCHASE), ("load", LOAD), ("refused", REFUSED)] {
            for (n, part) in parts.iter().enumerate() {
                secrets.push(Secret::bytes(&format!("component {} of {usage}", n + 1), part));
            }
            secrets.push(Secret::bytes(&format!("{usage} key"), &sum(parts)));
        }
        let city = "3100FF0000000000";
        for (usage, key, factors) in [
            ("purchase of the city", sum(PURCHASE), vec![city]),
            ("purchase", sum(PURCHASE), vec![city, NUMBER]),
            ("load", sum(LOAD), vec![NUMBER]),
        ] {
            let (derived, kcv) = self.diversified(&key, &factors);
            if factors.last() == Some(&NUMBER) {
                assert_eq!(
                    kcv,
                    self.kcv_on_card(usage),
                    "the key that stands on the card is the one searched for"
                );
            }
            secrets.push(Secret::bytes(&format!("derived key {usage}"), &derived));
        }
        secrets
    }

    fn diversified(&self, key: &str, factors: &[&str]) -> (String, String) {
        let request = serde_json::json!({"id": 1, "op": "diversify", "alg": "3des", "key": key, "factors": factors});
        let said = Said::of(self.bench.command("calc").write_stdin(format!("{request}\n"))).good();
        let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let part = |name: &str| answer[name].as_str().unwrap().to_owned();
        (part("key"), part("kcv"))
    }

    fn kcv_on_card(&self, usage: &str) -> String {
        let log = self
            .bench
            .run(&format!("ledger log --json --site city --number {NUMBER}"))
            .good();
        let intent = log.records().into_iter().find(|e| e["act"] == "card.intent").unwrap();
        let keys = intent["body"]["keys"].as_array().unwrap();
        let key = keys.iter().find(|k| k["usage"] == usage).unwrap();
        key["kcv"].as_str().unwrap().to_owned()
    }

    /// All that was said, and all files but passphrase files and simulated cards.
    pub fn haystacks(&self) -> Haystacks {
        let mut all = self.said.borrow().clone();
        Self::files(&self.bench.path("."), &mut all);
        for needed in [
            "ledger.db",
            "keys/store",
            "city.bundle",
            "card-1.trace",
            "city.jsonl",
            "city.csv",
            "sun.key",
        ] {
            assert!(
                all.iter()
                    .any(|(name, bytes)| name.ends_with(needed) && !bytes.is_empty()),
                "{needed}"
            );
        }
        all
    }

    fn files(folder: &Path, all: &mut Haystacks) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("readers") {
                Self::files(&path, all);
            } else if path.is_file() && path.extension().is_none_or(|e| e != "pass") {
                all.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
}

fn ministry() -> String {
    by("ministry", &["zhao", "qian"])
}

fn city() -> String {
    by("city", &["sun", "li"])
}
