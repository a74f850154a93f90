// SPDX-License-Identifier: Apache-2.0
//! A city's ledger from the ministry's keys to a replaced card, and that card's evidence: what it tells, what it cannot
//! hide, and the examples of docs/formats, which are read for ever.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use cardmint::ledger::act::*;
use cardmint::ledger::{Act, CardKind, Ending, Filter, Hash, LedgerError, Policy, Role, SiteId};

use super::bench_site::*;
use super::bundle::{bundle, checks, verdict};
use super::centre_story::{approval, batch, begin, card, card_of, change, order, range, span, successor};
use super::ceremony_story::{begun, ended, step};
use super::story::{arrived, short};

const TWO: &[&str] = &["张三", "李四"];
const THREE: [&str; 3] = ["张三", "李四", "王五"];

/// Cards 1 to 3 of order “one” are issued by 赵六; card 1 is lost, and card 2 stands for it.
pub fn told_city() -> Bench {
    let mut founding = founding(Policy::production().for_card_centre());
    founding.site = SiteId::new("city-3100").unwrap();
    founding.init.officers = vec![
        officer("张三", 1, &[Role::KeyOfficer, Role::Operator]),
        officer("李四", 2, &[Role::KeyOfficer, Role::Witness, Role::Supervisor]),
        officer("王五", 3, &[Role::Custodian]),
        officer("孙七", 5, &[Role::Auditor]),
    ];
    let mut b = Bench::of(founding);
    let mut tell = |names: &[&str], act: Act| b.by(names, act).unwrap();
    let new = Act::OfficerEnrol(officer("赵六", 4, &[Role::Operator]));
    tell(&["张三", "李四", "赵六"], new);
    let trust = SiteTrust {
        site: SiteId::new("ministry").unwrap(),
        name: text("住房和城乡建设部"),
        owner: text("ministry"),
        signing: public(8),
        card: Hash::of(&[b"card of the ministry"]),
    };
    tell(TWO, Act::SiteTrust(trust));
    let open = tell(&THREE, Act::CeremonyBegin(begun("city keys", 1, &THREE)));
    keys_arrive(&mut b, open);
    let template = TemplateApprove {
        template: text("mohurd-user"),
        digest: Hash::of(&[b"template"]),
    };
    let mut tell = |names: &[&str], act: Act| b.by(names, act).unwrap();
    tell(TWO, Act::TemplateApprove(template));
    tell(&["李四"], Act::RangeReserve(range("31", 1, 1000)));
    let order = order("one", vec![span(1, 10, Some("31"))], 10);
    tell(&["张三"], Act::OrderImport(order.clone()));
    let batch = batch("B", &order);
    tell(&["张三"], Act::BatchNew(batch.clone()));
    tell(&["李四"], approval(&batch));
    tell(&["赵六"], begin(&batch));
    for n in 1..=3 {
        let seq = tell(&["赵六"], Act::CardIntent(card_of("B", n, None)));
        let issued = outcome(&card(n), seq, Ending::Issued);
        tell(&["赵六"], Act::CardOutcome(issued));
    }
    b.checkpoint();
    let mut tell = |names: &[&str], act: Act| b.by(names, act).unwrap();
    tell(&["张三"], Act::CardLost(change(1)));
    tell(TWO, Act::CardReplace(successor(1, 2, None)));
    b.checkpoint();
    b
}

/// The load key is the child of what the ministry sent, in one ceremony.
fn keys_arrive(b: &mut Bench, open: u64) {
    let mut root = arrived("load-root/1");
    (root.from, root.package) = (Some(text("ministry ministry")), Some(Hash::of(&[b"package"])));
    root.kcv = short("AABBCC");
    root.ceremony = Some(open);
    let mut load = arrived("load/1");
    (load.parent, load.factors) = (Some(text("load-root/1")), vec![short("3100FF0000000000")]);
    load.ceremony = Some(open);
    let end = ended(open, "city keys", 1, vec![step("receive", "receive", &[&root, &load])]);
    let acts = [
        (Act::KeyReceive(root), TWO.to_vec()),
        (Act::KeyDerive(load), TWO.to_vec()),
        (Act::CeremonyEnd(end), THREE.to_vec()),
    ];
    b.together(&acts).unwrap();
}

fn evidence(b: &Bench, n: u32) -> String {
    let mut out = Vec::new();
    b.ledger.card_bundle(CardKind::User, &card(n), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_cards_evidence_tells_its_story_up_to_the_ministry() {
    let b = told_city();
    let found = verdict(&evidence(&b, 1), &b.ledger.note_key());
    assert!(found.report.good(), "{:#?}", found.report.findings);
    let story = found.story.unwrap();
    let acts: Vec<&str> = story.entries.iter().map(|entry| entry.act.name()).collect();
    assert_eq!(
        acts,
        [
            "template.approve",
            "order.import",
            "batch.new",
            "batch.approve",
            "batch.run",
            "card.intent",
            "card.outcome",
            "card.lost",
            "card.replace"
        ]
    );
    let [key] = story.keys.as_slice() else {
        panic!("{:?}", story.keys)
    };
    assert_eq!((key.usage.as_str(), key.kcv.as_str()), ("load v1", "998877"));
    let from: Vec<_> = key
        .from
        .iter()
        .map(|k| (k.key.as_str(), k.kcv.as_str(), k.act.as_str()))
        .collect();
    assert_eq!(
        from,
        [
            ("load/1", "2677F4", "key.derive"),
            ("load-root/1", "AABBCC", "key.receive")
        ]
    );
    let root = key.from.last().unwrap();
    assert_eq!(root.sender.as_deref(), Some("ministry ministry"));
    assert_eq!(
        (root.ceremony.as_deref(), root.by.as_slice()),
        (Some("city keys"), &["张三".to_owned(), "李四".to_owned()][..])
    );
    // The auditor signed nothing, the other cards are other stories.
    let file = evidence(&b, 1);
    assert!(
        !file.contains(&card(3))
            && file.contains("\"act\":\"site.trust\"")
            && file.contains("\"act\":\"officer.enrol\"")
    );
    let second = verdict(&evidence(&b, 2), &b.ledger.note_key());
    assert!(second.report.good());
    assert_eq!(second.story.unwrap().entries.last().unwrap().act.name(), "card.replace");
}

#[test]
fn a_cards_evidence_has_a_beginning_without_gaps_and_nothing_of_other_cards() {
    let b = told_city();
    let file = evidence(&b, 3);
    let seqs: Vec<u64> = file
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| cardmint::ledger::Entry::parse(line.as_bytes()).unwrap().seq)
        .collect();
    // The range between the template's approval and the order is no part of the card's story, but one hash less.
    let range = (0..b.ledger.size())
        .find(|seq| b.ledger.entry(*seq).unwrap().act.name() == "range.reserve")
        .unwrap();
    let before: Vec<u64> = seqs.iter().copied().filter(|seq| *seq <= range).collect();
    assert_eq!(before, (0..=range).collect::<Vec<_>>());
    assert!(
        !file.contains("\"chip\":\"C1\"") && !file.contains("\"chip\":\"C2\""),
        "{file}"
    );
    let found = verdict(&file, &b.ledger.note_key());
    assert!(found.report.good() && found.chained >= range, "{:#?}", found.report);
}

#[test]
fn a_story_that_does_not_bear_out_is_named() {
    let b = told_city();
    let key = b.ledger.note_key();
    let of_number = Filter {
        number: Some(card(1)),
        ..Filter::default()
    };
    let bare = bundle(&b.ledger, &of_number);
    assert!(verdict(&bare, &key).report.good());
    // The same entries, good as a part, do not make a card's evidence: keys are missing.
    let claimed = bare.replacen("about number", "about card", 1);
    let found = verdict(&claimed, &key);
    assert_eq!(
        checks(&found),
        BTreeSet::from(["LEDGER-EVIDENCE-CARD"]),
        "{:#?}",
        found.report.findings
    );
    let of_another = bare.replacen(
        &format!("about number {}", card(1)),
        &format!("about card {}", card(9)),
        1,
    );
    let found = verdict(&of_another, &key);
    assert_eq!(checks(&found), BTreeSet::from(["LEDGER-EVIDENCE-CARD"]));
    // Batch and keys, but no approval; then without the order.
    let but = |gone: &str| {
        let stored = |seq: u64| String::from_utf8(b.ledger.line(seq).unwrap()).unwrap();
        let runs: Vec<u64> = (0..b.ledger.size())
            .filter(|seq| !stored(*seq).starts_with(&format!("{{\"act\":\"{gone}\"")))
            .collect();
        let cut = (0..b.ledger.size()).find(|seq| !runs.contains(seq)).unwrap();
        (cut, stored(cut))
    };
    for gone in ["batch.approve", "order.import", "key.derive"] {
        let (_, line) = but(gone);
        let file = evidence(&b, 1);
        let without = file.replacen(&format!("{line}\n"), "", 1);
        let count = file.lines().filter(|l| l.starts_with('{')).count();
        let without = without.replacen(&format!("entries {count}"), &format!("entries {}", count - 1), 1);
        let named = checks(&verdict(&without, &key));
        assert!(
            named.contains("LEDGER-EVIDENCE-CARD") && named.contains("LEDGER-EVIDENCE-TREE"),
            "{gone}: {named:?}"
        );
    }
}

#[test]
fn what_no_checkpoint_covers_yet_is_not_half_told() {
    let mut b = told_city();
    let covered = b.ledger.size();
    let seq = b.by(&["张三"], Act::CardLost(change(3))).unwrap();
    let early = b
        .ledger
        .card_bundle(CardKind::User, &card(3), &mut Vec::new())
        .unwrap_err();
    assert_eq!(early, LedgerError::NotCovered { seq, covered });
    let nobody = b
        .ledger
        .card_bundle(CardKind::User, "999", &mut Vec::new())
        .unwrap_err();
    assert_eq!(nobody, LedgerError::NoCard("999".to_owned()));
    assert!(verdict(&evidence(&b, 1), &b.ledger.note_key()).report.good());
}

const KEY: &str = "cardmint/city-3100+f7d7ab25+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";

/// Each example with what makes it now.
fn examples() -> [(&'static str, String); 3] {
    let b = told_city();
    let part = Filter {
        batch: Some("B".to_owned()),
        ..Filter::default()
    };
    [
        ("evidence-v1-card.txt", evidence(&b, 1)),
        ("evidence-v1-batch.txt", bundle(&b.ledger, &part)),
        ("evidence-v1.txt", bundle(&b.ledger, &Filter::default())),
    ]
}

#[test]
fn the_examples_verify_and_are_still_written_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/examples");
    let key = KEY.parse().unwrap();
    for (name, now) in examples() {
        let path = folder.join(name);
        let stored = fs::read_to_string(&path).unwrap_or_default();
        let found = verdict(&stored, &key);
        assert!(found.report.good(), "{name}: {:#?}", found.report.findings);
        assert_eq!(stored, now, "{name}");
    }
}

fn run(b: &Bench, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command.arg("ledger").args(args);
    if args[0] != "verify" {
        command.arg("--file").arg(b.path()).arg("--copy").arg(b.copy());
    }
    command.env_remove("CARDMINT_SITE").env("LC_ALL", "C").output().unwrap()
}

fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_cards_evidence_is_made_and_read_as_it_is_typed() {
    let b = told_city();
    let key = b.ledger.note_key().to_string();
    let path = b.folder.path().join("card.txt");
    let file = path.to_str().unwrap();
    let made = run(&b, &["prove", "--card", &card(1), "--out", file]);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    assert_eq!(fs::read_to_string(&path).unwrap(), evidence(&b, 1));
    let again = run(&b, &["prove", "--card", &card(1), "--out", file]);
    assert_eq!(again.status.code(), Some(2), "{}", told(&again));
    let good = run(&b, &["verify", "--evidence", file, "--key", &key]);
    assert_eq!(good.status.code(), Some(0), "{}", told(&good));
    for said in [
        "batch B was approved by 李四",
        "order one of 10 cards was taken in by 张三",
        "issued by 赵六",
        &format!("card {} stands for it from here on (张三 + 李四)", card(2)),
        "from ministry ministry, ceremony “city keys”, 张三 + 李四",
        "AABBCC",
        "A part cannot show: that nothing was left out",
    ] {
        assert!(told(&good).contains(said), "{said}\n{}", told(&good));
    }
    let zh = run(&b, &["verify", "--evidence", file, "--key", &key, "--lang", "zh"]);
    for said in ["批次 B 由 李四 审批", "就该部分而言核验通过", "部分存证不能证明"] {
        assert!(told(&zh).contains(said), "{said}\n{}", told(&zh));
    }
    let json = run(&b, &["verify", "--evidence", file, "--key", &key, "--json"]);
    let lines: Vec<serde_json::Value> = told(&json).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines[0]["schema"], "cardmint.ledger-part/1");
    assert_eq!(
        (&lines[0]["good"], lines[0]["unshown"].as_array().unwrap().len()),
        (&true.into(), 4)
    );
    assert_eq!(lines[1]["schema"], "cardmint.card-story/1");
    assert_eq!(lines[1]["keys"][0]["from"][1]["sender"], "ministry ministry");
    fs::write(&path, evidence(&b, 1).replacen("\"C1\"", "\"C7\"", 1)).unwrap();
    let bad = run(&b, &["verify", "--evidence", file, "--key", &key]);
    assert_eq!(bad.status.code(), Some(3));
    assert!(
        told(&bad).contains("LEDGER-SIGNATURE") && !told(&bad).contains("issued by"),
        "{}",
        told(&bad)
    );
    assert_eq!(run(&b, &["prove", "--card", "77"]).status.code(), Some(2));
    assert_eq!(run(&b, &["prove"]).status.code(), Some(2));
    assert_eq!(run(&b, &["prove", "3", "--card", "77"]).status.code(), Some(2));
}

#[test]
fn bundles_are_exported_and_read_as_it_is_typed() {
    let b = told_city();
    let key = b.ledger.note_key().to_string();
    for (name, args, said) in [
        ("all.txt", vec![], "entries"),
        ("batch.txt", vec!["--batch", "B"], "a part of a ledger (batch B)"),
        (
            "range.txt",
            vec!["--from", "3", "--to", "7"],
            "a part of a ledger (from 3 to 7)",
        ),
    ] {
        let path = b.folder.path().join(name);
        let file = path.to_str().unwrap();
        let made = run(
            &b,
            &[vec!["export", "--format", "bundle", "--out", file], args].concat(),
        );
        assert_eq!(made.status.code(), Some(0), "{}", told(&made));
        let good = run(&b, &["verify", "--evidence", file, "--key", &key]);
        assert_eq!(good.status.code(), Some(0), "{}", told(&good));
        assert!(
            told(&good).contains(said) && told(&good).contains("GOOD"),
            "{}",
            told(&good)
        );
    }
}

#[test]
fn consistency_is_proved_and_checked_as_it_is_typed() {
    let mut b = told_city();
    let key = b.ledger.note_key().to_string();
    let (old, proof) = (b.folder.path().join("old.note"), b.folder.path().join("proof.txt"));
    let (old, proof) = (old.to_str().unwrap(), proof.to_str().unwrap());
    fs::write(old, b.ledger.checkpoint_note().unwrap().unwrap()).unwrap();
    let size = b.ledger.size();
    b.by(&["张三"], Act::CardLost(change(3))).unwrap();
    b.checkpoint();
    let made = run(&b, &["prove", "--consistency", old, "--out", proof]);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    assert!(fs::read_to_string(proof).unwrap().starts_with(&format!("old {size}\n")));
    let verify = ["verify", "--consistency", proof, "--old", old, "--key", &key];
    let good = run(&b, &verify);
    assert_eq!(good.status.code(), Some(0), "{}", told(&good));
    assert!(told(&good).contains(&format!("the {} entries", size + 1)));
    let other = told_city_of_another_history();
    fs::write(old, other.ledger.checkpoint_note().unwrap().unwrap()).unwrap();
    let forked = run(&b, &verify);
    assert_eq!(forked.status.code(), Some(3));
    assert!(told(&forked).contains("LEDGER-CONSISTENCY"), "{}", told(&forked));
    assert_eq!(run(&b, &["prove", "--consistency", old]).status.code(), Some(3));
    fs::write(old, "nonsense").unwrap();
    assert_eq!(run(&b, &verify).status.code(), Some(3));
    assert_eq!(run(&b, &["prove", "--consistency", old]).status.code(), Some(3));
    assert_eq!(
        run(&b, &["verify", "--consistency", proof, "--key", &key])
            .status
            .code(),
        Some(2)
    );
}

/// As long as the other one, by the same key, but the last card went to another chip.
fn told_city_of_another_history() -> Bench {
    let mut b = Bench::new(Policy::default());
    let size = told_city().ledger.size();
    while b.ledger.size() < size {
        let n = b.ledger.size().to_string();
        b.by(&["张三"], Act::CardIntent(intent(&n, &n, None))).unwrap();
    }
    b.checkpoint();
    b
}

/// Makes the examples anew: `CARDMINT_WRITE_EXAMPLES=1 cargo test --test ledger write_the_examples -- --ignored`.
#[test]
#[ignore = "writes into docs/formats/examples"]
fn write_the_examples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/examples");
    assert!(std::env::var("CARDMINT_WRITE_EXAMPLES").is_ok());
    for (name, now) in examples() {
        fs::write(folder.join(name), now).unwrap();
    }
}
