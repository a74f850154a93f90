// SPDX-License-Identifier: Apache-2.0
//! A ministry's roots, the bundle for its city, the city's tree, and a campus: all secrets, everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cardmint::crypto::shamir::combine_seal_key;

use super::forms::{Needles, Secret};
use super::held::{Call, Moment, Seen, found_in, watched};
use super::house::{House, bytes_of, share};
use super::known::{Canary, What, derived, of_components, of_factor, pin, sum};
use super::process;

const OFFICERS: [&str; 6] = [
    "key-officer-1",
    "key-officer-2",
    "custodian-1",
    "custodian-2",
    "custodian-3",
    "witness",
];
const TWO: [&str; 2] = [OFFICERS[0], OFFICERS[1]];
const LEADERS: [&str; 6] = [OFFICERS[0], OFFICERS[1], "leader-1", "leader-2", "leader-3", "leader-4"];

/// What a site's officers type and have.
fn of_officers(house: &House, site: &str, officers: &[&str]) -> Vec<Canary> {
    officers.iter().flat_map(|o| house.of_officer(site, o)).collect()
}

/// What a site's store holds by now.
fn of_store(house: &House, site: &str) -> Vec<Canary> {
    let secrets = house.stored(site, TWO).into_iter().map(|(name, bytes)| {
        if name.starts_with("PIN") {
            Secret::digits(&name, &pin())
        } else {
            Secret::pieces(&name, &bytes)
        }
    });
    secrets.map(|secret| Canary::new(What::Key, secret)).collect()
}

/// Where in a ceremony a secret may be in memory.
fn may_be(what: &What, at: &Moment) -> bool {
    match what {
        What::Passphrase => false,
        What::Officer => at.question == "site-ask-passphrase",
        What::Component(key) => at.sheet.as_ref().is_some_and(|(here, _)| here == key),
        What::Sheet(key, number) => {
            at.question != "ceremony-ask-component" && at.sheet.as_ref() == Some(&(key.clone(), *number))
        }
        What::Factor => ["ceremony-ask-factor", "ceremony-ask-again"].contains(&at.question),
        What::Share => ["ceremony-page", "ceremony-ask-back"].contains(&at.question),
        What::Key => true,
    }
}

/// Secrets were in memory only as long as they were needed; at the end none is left.
fn judge(seen: &Seen, plan: &str, known: &[Canary], faults: &mut Vec<String>) {
    if seen.moments.is_empty() {
        assert!(!process::may_read(), "the superuser reads all memory");
        eprintln!("{plan}: memory was not searched; that takes the superuser");
        return;
    }
    let all = || known.iter().chain(&seen.shares);
    let by_name: BTreeMap<&str, &What> = all().map(|c| (c.secret.name(), &c.what)).collect();
    let mut ever = BTreeSet::new();
    for moment in &seen.moments {
        for name in &moment.found {
            let what = by_name[name.as_str()];
            ever.insert(what.clone());
            if !may_be(what, moment) {
                faults.push(format!(
                    "{plan}: {name} is in memory at question {}, {}",
                    moment.number, moment.question
                ));
            }
        }
    }
    // The search finds what must be there.
    let count = |right: fn(&What) -> bool| ever.iter().filter(|what| right(what)).count();
    assert_eq!(count(|w| matches!(w, What::Officer)), 1, "{plan}");
    if plan != "campus" && plan != "send.toml" {
        assert_eq!(count(|w| matches!(w, What::Component(_))), 2, "{plan}");
        assert_eq!(count(|w| matches!(w, What::Share)), 1, "{plan}");
    }
    let Some(after) = &seen.after else { return };
    let size: usize = after.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size > 100_000, "{plan}: {size} bytes of memory");
    for name in found_in(after, all()) {
        faults.push(format!("{plan}: {name} is in memory at the end"));
    }
}

/// A page holds its own custodian's share, for the eyes of the user alone, and no other secret.
fn pages_hold_one_share_each(house: &House, known: &[Canary]) {
    let pages = house.pages.borrow();
    assert!(pages.len() >= 6, "{} pages", pages.len());
    for page in pages.iter() {
        assert_eq!(page.mode, 0o600);
        let needles = Needles::of(known.iter().map(|c| &c.secret));
        let mut hits = needles.find("", &page.bytes);
        hits.extend(needles.find("", groups(&page.bytes).as_bytes()));
        let own = format!("page of {}", page.whose);
        assert!(!hits.is_empty(), "the page of {} holds nothing", page.whose);
        let other = hits.iter().find(|hit| !hit.contains(&own));
        assert!(other.is_none(), "the page of {}: {other:?}", page.whose);
    }
    assert_eq!(fs::read_dir(house.path("pages")).unwrap().count(), 0, "pages stay");
}

/// What stands in groups on a page, without anything in between.
fn groups(page: &[u8]) -> String {
    let text = String::from_utf8_lossy(page);
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let groups = words.filter(|w| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)));
    groups.collect::<Vec<_>>().join(" ")
}

/// How a ministry sends its keys down.
const SEND: &str = r#"format = 1
title = { en = "Keys for a city", zh = "向城市下发密钥" }
purpose = { en = "Derives the keys of one city and seals them to it.", zh = "为城市分散密钥并加密下发。" }
scheme = "mohurd"
level = "ministry"
[[participant]]
id = "key-officer-1"
role = "key-officer"
[[participant]]
id = "key-officer-2"
role = "key-officer"
[[step]]
id = "send"
do = "export-bundle"
to = "receiver"
file = "bundle"
keys = [
    "purchase.v1.3des", "app-maintenance.v1.3des", "tac.v1.3des",
    "purchase.v1.sm4", "app-maintenance.v1.sm4", "tac.v1.sm4",
]
by = ["key-officer-1", "key-officer-2"]
"#;

/// The two sites trust each other's cards.
fn trust(house: &House) {
    let fingerprint = |site: &str| {
        let card = format!("{site}.card");
        house.run(&["site", "card", "--site", site, "--out", &card], &[], 0);
        let shown = house.run(&["site", "show", "--site", site, "--json"], &[], 0);
        let value: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
        value["fingerprint"].as_str().unwrap().to_owned()
    };
    let (above, below) = (fingerprint("ministry"), fingerprint("city"));
    house.officers("ministry", &["site", "trust", "city.card", "--fingerprint", &below]);
    house.officers("city", &["site", "trust", "ministry.card", "--fingerprint", &above]);
}

/// What everybody may read of a ceremony afterwards, in every form.
fn readers(house: &House, site: &str) {
    let folder = house.path(site).join("ceremonies");
    let transcripts: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".transcript"))
        .collect();
    assert!(!transcripts.is_empty());
    for (at, transcript) in transcripts.iter().enumerate() {
        let page = format!("{site}-{at}.html");
        house.run(
            &["ceremony", "verify", transcript, "--site", site, "--html", &page],
            &[],
            0,
        );
    }
    for how in [["--lang", "en"], ["--lang", "zh"], ["--json", "--site"]] {
        let how: &[&str] = if how[0] == "--json" { &how[..1] } else { &how };
        let run = |args: &[&str]| house.run(&[how, args].concat(), &[], 0);
        for transcript in &transcripts {
            run(&["ceremony", "verify", transcript, "--site", site]);
        }
        run(&["ledger", "verify", "--site", site]);
        run(&["ledger", "log", "--site", site]);
        run(&["key", "list", "--site", site]);
    }
}

#[test]
fn no_secret_of_a_whole_ceremony_shows_anywhere_or_stays_in_memory() {
    let mut house = House::new();
    let mut faults = Vec::new();
    let files = |name: &str| [format!("backup={name}.backup"), "pages=pages".to_owned()];

    house.found("ministry", &["--scheme", "mohurd", "--level", "ministry"], &OFFICERS);
    let mut known = of_officers(&house, "ministry", &OFFICERS);
    known.extend(
        ["3des", "sm4"]
            .iter()
            .flat_map(|c| of_components(&format!("purchase.v1.{c}@ministry"), 3)),
    );
    let [backup, pages] = files("ministry");
    let roots = Call {
        site: "ministry",
        plan: "mohurd-ministry-root",
        people: &OFFICERS,
        files: &[&backup, &pages],
        how: &["--lang", "zh", "--json"],
    };
    let seen = watched(&mut house, &roots, &known);
    known.extend(of_store(&house, "ministry"));
    judge(&seen, roots.plan, &known, &mut faults);
    known.extend(seen.shares);
    known.push(backup_key(&house));

    house.found(
        "city",
        &["--scheme", "mohurd", "--level", "city", "--code", "3100"],
        &OFFICERS,
    );
    known.extend(of_officers(&house, "city", &OFFICERS));
    trust(&house);
    fs::write(house.path("send.toml"), SEND).unwrap();
    let send = Call {
        site: "ministry",
        plan: "send.toml",
        people: &TWO,
        files: &["receiver=city.card", "bundle=city.bundle"],
        how: &["--lang", "zh"],
    };
    let seen = watched(&mut house, &send, &known);
    for (cipher, sm4) in [("3des", false), ("sm4", true)] {
        let root = sum(&format!("purchase.v1.{cipher}@ministry"), 3);
        let below = derived(sm4, &root, "3100FF0000000000");
        known.push(Canary::new(
            What::Key,
            Secret::pieces(&format!("derived purchase {cipher}"), &below),
        ));
    }
    judge(&seen, send.plan, &known, &mut faults);

    known.extend(
        ["3des", "sm4"]
            .iter()
            .flat_map(|c| of_components(&format!("load.v1.{c}@city:3100"), 3)),
    );
    let [backup, pages] = files("city");
    let city = Call {
        site: "city",
        plan: "mohurd-city",
        people: &OFFICERS,
        files: &["ministry-bundle=city.bundle", &backup, &pages],
        how: &["--lang", "en", "--json"],
    };
    let seen = watched(&mut house, &city, &known);
    let stored = house.stored("city", TWO);
    let value = |name: &str| stored.iter().find(|(n, _)| n == name).unwrap().1.clone();
    for (cipher, sm4) in [("3des", false), ("sm4", true)] {
        let root = sum(&format!("purchase.v1.{cipher}@ministry"), 3);
        let below = derived(sm4, &root, "3100FF0000000000");
        assert_eq!(
            value(&format!("purchase.v1.{cipher}@city:3100")),
            below,
            "what is searched for is the key"
        );
        assert_eq!(
            value(&format!("load.v1.{cipher}@city:3100")),
            sum(&format!("load.v1.{cipher}@city:3100"), 3)
        );
    }
    known.extend(of_store(&house, "city"));
    judge(&seen, city.plan, &known, &mut faults);
    known.extend(seen.shares);
    known.push(backup_key(&house));

    for site in ["ministry", "city"] {
        readers(&house, site);
    }
    house.look_around("", "at the end");
    pages_hold_one_share_each(&house, &known);
    nowhere(&house, &known, &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn no_factor_of_a_leader_shows_anywhere_or_stays_in_memory() {
    let mut house = House::new();
    let mut faults = Vec::new();
    house.found("campus", &["--scheme", "campus", "--level", "issuer"], &LEADERS);
    let mut known = of_officers(&house, "campus", &LEADERS);
    known.extend((1..=4).flat_map(of_factor));
    let campus = Call {
        site: "campus",
        plan: "campus",
        people: &LEADERS,
        files: &[],
        how: &["--lang", "zh", "--json"],
    };
    let seen = watched(&mut house, &campus, &known);
    known.extend(of_store(&house, "campus"));
    judge(&seen, campus.plan, &known, &mut faults);
    readers(&house, "campus");
    nowhere(&house, &known, &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The key of the newest backup, from two pages.
fn backup_key(house: &House) -> Canary {
    let shares: Vec<_> = ["custodian-1", "custodian-3"]
        .iter()
        .map(|who| share(&house.papers.pages[*who]))
        .collect();
    let key = bytes_of(&combine_seal_key(&shares).unwrap());
    Canary::new(What::Key, Secret::pieces("key of a backup", &key))
}

/// In nothing that was said, shown or written.
fn nowhere(house: &House, known: &[Canary], faults: &mut Vec<String>) {
    let needles = Needles::of(known.iter().map(|c| &c.secret));
    let hay = house.hay.borrow();
    for needed in [
        "ledger.db",
        "-wal",
        "keys/store",
        "cmdline",
        "screen",
        "output",
        ".transcript",
        ".key",
    ] {
        assert!(
            hay.iter()
                .any(|(name, bytes)| name.contains(needed) && !bytes.is_empty()),
            "{needed}"
        );
    }
    faults.extend(hay.iter().flat_map(|(name, bytes)| needles.find(name, bytes)));
}
