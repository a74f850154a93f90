// SPDX-License-Identifier: Apache-2.0
//! Key blocks as officers send and take them: a ministry and a city that share an exchange key, others' blocks, limits of
//! travel, and everything that is refused.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod operators;

use std::fs;
use std::path::Path;

use cardmint::crypto::key_block::{
    ExchangeAlgorithm, ExchangeKey, Exportability, KeyAttributes, KeyBlock, KeyVersion, ModeOfUse, UsageCode,
};
use cardmint::crypto::{Algorithm, KcvLength, KeyMaterial, SecretBytes, kcv, random_key};
use cardmint::outside::SystemRandom;
use operators::{Said, Story};
use serde_json::Value;

const PARTS: [&str; 3] = [
    "B5D4A7A1E3C91E4F6B208C37F2905DD80B1F63C47A98E25530FA1796D4E2C863",
    "3C19F0A7D25B84E617CE4390AB6D2F7158E0C4129D7A36BF84F15DC20E6B9A37",
    "92E7360BC84FA15D70B8E6D31C49F2AE65073BD8C1E94A2F70D6518B3FAC94E0",
];

fn sites(story: &Story) {
    let init = |folder: &str, more: &[&str]| {
        let args = [
            &["init", folder, "--name", "Test", "--scheme", "mohurd", "--rehearsal"],
            more,
        ];
        story.run(&args.concat(), "").ok();
    };
    init("m", &["--level", "ministry"]);
    init("c", &["--level", "city", "--code", "3100"]);
    for site in ["m", "c"] {
        enter(story, site, "shared", "aes-256", 64).ok();
    }
    story.at("m", &["key", "generate", "--all"]).ok();
}

/// Enters an exchange key from as many digits of the three components as its kind asks for.
fn enter(story: &Story, site: &str, name: &str, algorithm: &str, digits: usize) -> Said {
    let lines = PARTS.map(|part| &part[..digits]).join("\n");
    let args = [
        "--site",
        site,
        "--json",
        "key",
        "exchange-key",
        "enter",
        name,
        "--algorithm",
        algorithm,
        "--components",
        "3",
    ];
    story.run(&args, &lines)
}

/// The exchange key that `enter` makes.
fn shared(algorithm: ExchangeAlgorithm) -> ExchangeKey {
    let part = |part: &&str| SecretBytes::new(part.as_bytes()[..2 * algorithm.bytes()].to_vec());
    let parts: Vec<ExchangeKey> = PARTS
        .iter()
        .map(|p| ExchangeKey::from_hex(algorithm, &part(p)).unwrap())
        .collect();
    ExchangeKey::combine(&parts).unwrap()
}

fn export(story: &Story, site: &str, usages: &[&str], more: &[&str]) -> Said {
    story.at(site, &[&["key", "export"], usages, &["--block"], more].concat())
}

fn blocks(story: &Story, file: &str) -> Vec<String> {
    let text = fs::read_to_string(story.path(file)).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn keys(story: &Story, site: &str) -> Vec<Value> {
    let lines = story.at(site, &["key", "list"]).ok().lines();
    lines.into_iter().filter(|l| l["schema"] == "cardmint.key/1").collect()
}

/// The bodies of the entries of one act.
fn acts(story: &Story, site: &str, act: &str) -> Vec<Value> {
    let lines = story.at(site, &["ledger", "log"]).ok().lines();
    let entries = lines.iter().map(|l| l.get("entry").unwrap_or(l));
    entries.filter(|e| e["act"] == act).map(|e| e["body"].clone()).collect()
}

#[test]
fn a_citys_keys_travel_in_key_blocks() {
    let story = Story::new();
    sites(&story);
    let to = ["--under", "shared", "--owner", "city:3100", "--out", "city.blocks"];
    let sent = export(&story, "m", &["purchase", "tac"], &to).ok().lines();
    assert_eq!(sent.len(), 4, "two usages, two ciphers");
    assert_eq!(sent[0]["key"], "purchase.v1.3des@city:3100");
    assert_eq!(sent[0]["to"], "exchange/shared");
    let lines = blocks(&story, "city.blocks");
    assert_eq!(lines.len(), 4);
    for (line, sent) in lines.iter().zip(&sent) {
        let block = KeyBlock::parse(line).unwrap();
        let name = sent["key"].as_str().unwrap();
        let label = format!("cardmint 1 rehearsal mohurd {name}");
        assert_eq!(block.header().label(), Some(label.as_str()));
        assert_eq!(block.header().usage.to_string(), "E0");
        assert_eq!(block.header().exportability, Exportability::No);
        assert_eq!(block.header().algorithm.letter() == '4', name.contains("sm4"));
    }
    let taken = story.at("c", &["key", "receive", "city.blocks", "--under", "shared"]);
    let taken = taken.ok().lines();
    for (taken, sent) in taken.iter().zip(&sent) {
        assert_eq!((&taken["id"], &taken["kcv"]), (&sent["key"], &sent["kcv"]));
        assert_eq!(
            (taken["origin"].as_str(), taken["exportability"].as_str()),
            (Some("imported"), Some("no"))
        );
    }
    assert_eq!(keys(&story, "c").len(), 4);
    // The city's keys are what the ministry derives for it.
    let derived = story.at(
        "m",
        &[
            "key",
            "derive",
            "purchase.v1.3des@ministry",
            "--to",
            "city",
            "--field",
            "city_code=3100",
        ],
    );
    assert_eq!(derived.ok().first()["levels"][1]["kcv"], sent[0]["kcv"]);

    let again = story.at("c", &["key", "receive", "city.blocks", "--under", "shared"]);
    assert!(again.ok().out.is_empty(), "nothing new");
    let (exports, receives) = (acts(&story, "m", "key.export"), acts(&story, "c", "key.receive"));
    assert_eq!((exports.len(), receives.len()), (4, 4));
    let (export, receive) = (&exports[0], &receives[0]);
    assert_eq!(export["form"], "key block");
    assert_eq!(export["to"], "exchange/shared city:3100");
    assert_eq!(receive["from"], "exchange/shared");
    assert_eq!(export["package"], receive["package"]);
    let bytes = fs::read(story.path("city.blocks")).unwrap();
    let digest = hex::encode(cardmint::crypto::digest::sha256(&[&bytes]));
    assert_eq!(export["package"], digest);
    for site in ["m", "c"] {
        story.at(site, &["ledger", "verify"]).ok();
    }
    assert!(files_without_secrets(&story.path(".")) > 10);
}

/// Neither a component nor the exchange key, raw or in digits, in whatever was written or said; how many files there are.
fn files_without_secrets(folder: &Path) -> usize {
    let mut whole = vec![0; 32];
    let parts = PARTS.map(|part| hex::decode(part).unwrap());
    for part in &parts {
        whole.iter_mut().zip(part).for_each(|(w, p)| *w ^= p);
    }
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += files_without_secrets(&path);
            continue;
        }
        files += 1;
        let bytes = fs::read(&path).unwrap();
        for secret in parts.iter().chain([&whole]) {
            for form in [
                secret.clone(),
                hex::encode(secret).into(),
                hex::encode_upper(secret).into(),
            ] {
                let found = bytes.windows(form.len()).any(|window| window == form);
                assert!(!found, "{}", path.display());
            }
        }
    }
    files
}

#[test]
fn a_key_goes_no_further_than_its_sender_said() {
    let story = Story::new();
    sites(&story);
    for (word, usage) in [("no", "purchase"), ("trusted", "tac"), ("sensitive", "app-maintenance")] {
        let file = format!("{word}.blocks");
        let to = ["--under", "shared", "--owner", "city:3100", "--out", &file];
        export(
            &story,
            "m",
            &[usage],
            &[&to[..], &["--exportable", word, "--algorithm", "3des"]].concat(),
        )
        .ok();
        story.at("c", &["key", "receive", &file, "--under", "shared"]).ok();
    }
    let on = |usage: &str, word: &str| {
        let file = format!("{usage}-{word}.on");
        let to = ["--under", "shared", "--out", &file, "--exportable", word];
        export(&story, "c", &[usage], &to)
    };
    on("purchase", "no").refused(2, "key-file-not-exportable");
    on("tac", "no").ok();
    on("tac", "trusted").ok();
    on("tac", "sensitive").refused(2, "key-file-not-exportable");
    on("app-maintenance", "sensitive").ok();
    assert!(!story.path("purchase-no.on").exists() && !story.path("tac-sensitive.on").exists());
    let shown = story.at("c", &["key", "show", "tac.v1.3des@city:3100"]).ok().first();
    assert_eq!(shown["exportability"], "trusted");
    let chinese = story.run(
        &[
            "--lang",
            "zh",
            "--site",
            "c",
            "key",
            "show",
            "purchase.v1.3des@city:3100",
        ],
        "",
    );
    assert!(chinese.ok().out.contains("不可再导出"));
}

#[test]
fn what_was_changed_cut_or_sent_under_another_key_is_refused() {
    let story = Story::new();
    sites(&story);
    let to = [
        "--under",
        "shared",
        "--owner",
        "city:3100",
        "--out",
        "good.blocks",
        "--exportable",
        "trusted",
        "--algorithm",
        "3des",
    ];
    export(&story, "m", &["purchase"], &to).ok();
    let good = blocks(&story, "good.blocks").remove(0);
    let receive = |text: &str, more: &[&str]| {
        fs::write(story.path("bad.blocks"), text).unwrap();
        story.at("c", &[&["key", "receive", "bad.blocks"], more].concat())
    };
    let under = |text: &str| receive(text, &["--under", "shared"]);
    let with = |at: usize, new: &str| format!("{}{new}{}", &good[..at], &good[at + new.len()..]);

    under(&with(0, "A")).refused(2, "block-version");
    under(&with(1, "9999")).refused(2, "block-length");
    under(&with(5, "P0")).refused(3, "block-mac");
    under(&with(7, "A")).refused(2, "block-algorithm");
    under(&with(7, "4")).refused(2, "block-profile");
    under(&with(8, "N")).refused(3, "block-mac");
    under(&with(9, "02")).refused(3, "block-mac");
    under(&with(9, "c1")).refused(2, "block-component");
    under(&with(11, "S")).refused(3, "block-mac");
    under(&with(11, "Q")).refused(2, "block-value");
    under(&with(12, "99")).refused(2, "block-padding");
    under(&with(12, "x4")).refused(2, "block-character");
    under(&with(14, "10")).refused(2, "block-value");
    let label = good.find("purchase").unwrap();
    under(&with(label, "PURCHASE")).refused(3, "block-mac");
    under(&with(good.len() - 1, if good.ends_with('0') { "1" } else { "0" })).refused(3, "block-mac");
    under(&with(good.len() - 1, "g")).refused(2, "block-character");
    under(&good[..good.len() - 32]).refused(2, "block-length");
    under(&format!("{good}\n\n")).refused(2, "site-block-line");
    under(&format!("{good}\n{good}\n")).refused(2, "site-block-line");
    under("").refused(2, "keys-no-blocks");
    receive(&good, &[]).refused(2, "keys-block-under");
    receive(&good, &["--under", "unknown"]).refused(2, "key-file-no-exchange-key");
    let other = ["--under", "shared", "--key", "tac.v1.3des@city:3100"];
    receive(&good, &other).refused(3, "site-block-other-key");
    let two = [
        "--under",
        "shared",
        "--key",
        "tac.v1.3des@city:3100",
        "--key",
        "load.v1.3des@city:3100",
    ];
    receive(&good, &two).refused(2, "site-block-count");

    // Other exchange keys of the same and of another kind.
    let lines = [PARTS[1], PARTS[2]].join("\n");
    let args = [
        "--site",
        "c",
        "key",
        "exchange-key",
        "enter",
        "other",
        "--algorithm",
        "aes-256",
    ];
    story.run(&args, &lines).ok();
    receive(&good, &["--under", "other"]).refused(3, "block-other-exchange-key");
    enter(&story, "c", "tdes", "3des-168", 48).ok();
    receive(&good, &["--under", "tdes"]).refused(2, "block-other-kind");
    assert!(keys(&story, "c").is_empty(), "nothing was taken");
    assert!(acts(&story, "c", "key.receive").is_empty());

    // A retired exchange key opens and makes no more; a destroyed one does neither.
    let state = |state: &str| story.at("c", &["key", "state", "exchange/shared", state, "--reason", "test"]);
    state("retired").ok();
    under(&good).ok();
    let on = ["--under", "shared", "--out", "on.blocks"];
    export(&story, "c", &["purchase"], &on).refused(2, "key-file-exchange-state");
    state("destroyed").ok();
    under(&good).refused(2, "key-file-exchange-state");
    let shown = story.at("c", &["key", "show", "exchange/shared"]).ok().first();
    assert_eq!(shown["state"], "destroyed");
}

/// A block as another program makes it: no label, no check values.
fn foreign(
    kind: ExchangeAlgorithm,
    usage: [u8; 2],
    key: &KeyMaterial,
    change: impl FnOnce(&mut KeyAttributes),
) -> String {
    let mut attributes = KeyAttributes {
        usage: UsageCode::of(usage),
        mode: ModeOfUse::Any,
        key_version: KeyVersion::None,
        exportability: Exportability::Trusted,
        label: None,
        time: None,
    };
    change(&mut attributes);
    let exchange = shared(kind);
    exchange
        .wrap(&attributes, Algorithm::Tdes, key, &mut SystemRandom)
        .unwrap()
}

#[test]
fn others_blocks_are_taken_under_the_name_that_the_officers_give() {
    let story = Story::new();
    sites(&story);
    enter(&story, "c", "hsm", "3des-112", 32).ok();
    let key = random_key::generate(Algorithm::Tdes, &mut SystemRandom).unwrap();
    let receive = |text: &str, name: &[&str]| {
        fs::write(story.path("hsm.blocks"), text).unwrap();
        let named: Vec<&str> = name.iter().flat_map(|name| ["--key", name]).collect();
        story.at(
            "c",
            &[&["key", "receive", "hsm.blocks", "--under", "hsm"], &named[..]].concat(),
        )
    };
    let make = |usage, change: fn(&mut KeyAttributes)| foreign(ExchangeAlgorithm::Tdes112, usage, &key, change);
    let good = make(*b"E0", |_| {});
    receive(&good, &[]).refused(2, "site-block-unnamed");
    receive(&good, &["pin-unblock.v1.3des@city:3100"]).refused(3, "block-key-usage");
    receive(&good, &["purchase.v1.sm4@city:3100"]).refused(3, "block-key-algorithm");
    receive(&good, &["purchase.v1.3des@card"]).refused(2, "key-file-not-storable");
    let version = make(*b"E0", |a| a.key_version = KeyVersion::Number(2));
    receive(&version, &["purchase.v1.3des@city:3100"]).refused(3, "block-key-version");
    let mode = make(*b"E0", |a| a.mode = ModeOfUse::Both);
    receive(&mode, &["purchase.v1.3des@city:3100"]).refused(3, "block-key-mode");
    let newer = make(*b"E0", |a| a.label = Some("cardmint 2 rehearsal of something".into()));
    receive(&newer, &["purchase.v1.3des@city:3100"]).refused(2, "site-block-label");
    let pin = make(*b"P0", |a| a.label = Some("BANK PEK 1".into()));
    receive(&pin, &["purchase.v1.3des@city:3100"]).refused(3, "block-key-usage");

    let expected = kcv(Algorithm::Tdes, &key, KcvLength::default()).to_string();
    let taken = receive(&good, &["purchase.v1.3des@city:3100"]).ok().first();
    assert_eq!(
        (taken["kcv"].as_str(), taken["exportability"].as_str()),
        (Some(expected.as_str()), Some("trusted"))
    );
    // The same name again: nothing new with the same key, refused with another.
    assert!(receive(&good, &["purchase.v1.3des@city:3100"]).ok().out.is_empty());
    let another = random_key::generate(Algorithm::Tdes, &mut SystemRandom).unwrap();
    let clash = foreign(ExchangeAlgorithm::Tdes112, *b"E6", &another, |_| {});
    receive(&clash, &["purchase.v1.3des@city:3100"]).refused(2, "key-file-key-exists");
    // Several in a file: all or none.
    let both = format!("{clash}\r\n{good}\r\n");
    let bad = ["load.v1.3des@city:3100", "load.v1.3des@city:3100"];
    receive(&both, &bad).refused(2, "site-block-line");
    receive(&both, &["load.v1.3des@city:3100", "pin-unblock.v1.3des@city:3100"]).refused(3, "site-block-line");
    assert_eq!(keys(&story, "c").len(), 1);
    receive(&both, &["load.v1.3des@city:3100", "unload.v1.3des@city:3100"]).ok();
    assert_eq!(keys(&story, "c").len(), 3);
    // The transport key of blanks comes from their maker and goes nowhere.
    let wraps = make(*b"K0", |a| a.mode = ModeOfUse::Both);
    receive(&wraps, &["transport.v1.3des@city:3100"]).ok();
    let on = ["--under", "hsm", "--out", "t.blocks"];
    export(&story, "c", &["transport"], &on).refused(2, "key-file-not-storable");
    // SM4 under 3DES: neither way.
    enter(&story, "m", "hsm", "3des-112", 32).ok();
    let to = [
        "--under",
        "hsm",
        "--owner",
        "city:3100",
        "--out",
        "s.blocks",
        "--algorithm",
        "sm4",
    ];
    export(&story, "m", &["purchase"], &to).refused(2, "block-strength");
}

#[test]
fn rehearsal_and_production_never_mix() {
    let story = Story::new();
    sites(&story);
    let production = [
        "init", "p", "--name", "Real", "--scheme", "mohurd", "--level", "city", "--code", "3100",
    ];
    story.run(&production, "").ok();
    enter(&story, "p", "shared", "aes-256", 64).ok();
    let to = [
        "--under",
        "shared",
        "--owner",
        "city:3100",
        "--out",
        "r.blocks",
        "--algorithm",
        "3des",
    ];
    export(&story, "m", &["purchase"], &to).ok();
    story
        .at("p", &["key", "receive", "r.blocks", "--under", "shared"])
        .refused(3, "site-not-for-this-site");
    // Nor does naming the key help: our label is there.
    let named = [
        "key",
        "receive",
        "r.blocks",
        "--under",
        "shared",
        "--key",
        "purchase.v1.3des@city:3100",
    ];
    story.at("p", &named).refused(3, "site-not-for-this-site");
    // And back.
    story.at("p", &["key", "generate", "load"]).ok();
    export(
        &story,
        "p",
        &["load"],
        &["--under", "shared", "--out", "p.blocks", "--algorithm", "3des"],
    )
    .ok();
    story
        .at("c", &["key", "receive", "p.blocks", "--under", "shared"])
        .refused(3, "site-not-for-this-site");

    // Published exchange keys, published components, weak keys: in a rehearsal alone.
    let published = ["1D22BF32387C600AD97F9B97A51311AC", "00000000000000000000000000000000"];
    let half = ["B5D4A7A1E3C91E4F6B208C37F2905DD8", "DE4B2B2D11591717B5D4A7A1E3C91E4F"];
    let enter = |site: &str, name: &str, kind: &str, parts: &[&str]| {
        let args = [
            "--site",
            site,
            "--json",
            "key",
            "exchange-key",
            "enter",
            name,
            "--algorithm",
            kind,
        ];
        story.run(&args, &parts.join("\n"))
    };
    enter("p", "known", "aes-128", &published).refused(3, "keys-component-known");
    enter("c", "known", "aes-128", &published).ok();
    let xor = |a: &str, b: &str| {
        let bytes = |t: &str| hex::decode(t).unwrap();
        let sum: Vec<u8> = bytes(a).iter().zip(bytes(b)).map(|(x, y)| x ^ y).collect();
        hex::encode_upper(sum)
    };
    let hidden = [half[0].to_owned(), xor(half[0], published[0])];
    enter("p", "known", "3des-112", &[&hidden[0], &hidden[1]]).refused(3, "key-file-test-key");
    let equal = [half[0].to_owned(), xor(half[0], "7C91E5A2038DF64B7D90E4A3028CF74A")];
    enter("p", "weak", "3des-112", &[&equal[0], &equal[1]]).refused(3, "key-file-weak-key");
    enter("c", "weak", "3des-112", &[&equal[0], &equal[1]]).ok();
}

#[test]
fn components_of_exchange_keys_are_checked_as_they_come() {
    let story = Story::new();
    sites(&story);
    let enter = |more: &[&str], parts: &[&str]| {
        let args = [
            "--site",
            "c",
            "--json",
            "key",
            "exchange-key",
            "enter",
            "x",
            "--algorithm",
            "aes-128",
        ];
        story.run(&[&args[..], more].concat(), &parts.join("\n"))
    };
    let (a, b) = (&PARTS[0][..32], &PARTS[1][..32]);
    enter(&[], &[a, a]).refused(2, "keys-components-alike");
    enter(&[], &[a, &b[..31]]).refused(2, "keys-component-length");
    enter(&[], &[a, &format!("{}x", &b[..31])]).refused(2, "keys-component-digit");
    enter(&["--components", "1"], &[a]).refused(2, "usage-value-refused");
    enter(&["--components", "5"], &[a]).refused(2, "usage-value-refused");
    let part =
        |digits: &str| ExchangeKey::from_hex(ExchangeAlgorithm::Aes128, &SecretBytes::new(digits.into())).unwrap();
    let whole = ExchangeKey::combine(&[part(a), part(b)]).unwrap().kcv().to_string();
    let (first, second) = (part(a).kcv().to_string(), part(b).kcv().to_string());
    enter(&["--component-kcv", &second], &[a, b]).refused(3, "site-kcv");
    enter(&["--component-kcv", &first, "--component-kcv", &first], &[a, b]).refused(3, "site-kcv");
    enter(&["--kcv", &first], &[a, b]).refused(3, "site-kcv");
    let entered = enter(
        &["--component-kcv", &first, "--component-kcv", &second, "--kcv", &whole],
        &[a, b],
    );
    assert_eq!(entered.ok().first()["kcv"], whole);
    enter(&[], &[a, b]).refused(2, "key-file-exchange-key-exists");
    let log = story.at("c", &["ledger", "log"]).ok().out;
    assert!(
        log.contains("exchange/x") && log.contains(&first) && log.contains(&second),
        "{log}"
    );
    let said = fs::read_to_string(story.path("said.log")).unwrap();
    assert!(!said.contains(a) && !said.contains(b));
}
