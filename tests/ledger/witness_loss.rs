// SPDX-License-Identifier: Apache-2.0
//! After a declared loss: the old key refuses for ever, a new one goes on only by what is shown and said, and its memory keeps
//! the lost head.

use std::fs;
use std::io::{self, BufRead, Cursor};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cardmint::ledger::act::{LedgerLoss, TemplateApprove};
use cardmint::ledger::cosign::CosignKey;
use cardmint::ledger::witness::{Continued, LossFault, Memory, Refusal, Shown};
use cardmint::ledger::{Act, Filter, Hash, Ledger};
use ed25519_dalek::Signer as _;
use serde_json::Value;

use super::bench_site::*;

const NOON: u64 = 1_795_000_000;

fn witness_key(seed: u8) -> CosignKey {
    CosignKey {
        name: format!("audit.example/w{seed}"),
        key: public(seed),
    }
}

fn cosign(memory: &mut Memory, ledger: &Ledger, from: u64, time: u64) -> String {
    let request = ledger.consistency_from(from).unwrap().to_string();
    let log = ledger.note_key();
    let granted = memory.examine(&request, Some(&log)).unwrap();
    let sign = |m: &[u8]| key(20).sign(m).to_bytes();
    memory.cosign(granted, time, &sign).unwrap().note.clone()
}

fn approve(b: &mut Bench, names: &[&str]) {
    for name in names {
        let act = TemplateApprove {
            template: text(name),
            digest: Hash::of(&[name.as_bytes()]),
        };
        b.by(&["张三"], Act::TemplateApprove(act)).unwrap();
    }
    b.checkpoint();
}

/// Five entries, cosigned; six with the cosignature.
fn begun(officers: usize) -> (Bench, Memory, String) {
    let mut founding = founding(open_policy());
    founding.init.officers.truncate(officers);
    let mut b = Bench::of(founding);
    approve(&mut b, &["a", "b", "c", "d"]);
    let mut memory = Memory::new(witness_key(20));
    let note = cosign(&mut memory, &b.ledger, 0, NOON);
    let act = b.ledger.cosigned_act(&note, &witness_key(20)).unwrap();
    b.by(&["张三"], act).unwrap();
    b.checkpoint();
    (b, memory, note)
}

/// What the witness saw last: nine entries. And what is left of them at the centre: six, and the declaration.
struct Lost {
    memory: Memory,
    earlier: String,
    old: Bench,
    left: Bench,
}

/// Declared by all officers of a site that has these.
fn lost(names: &[&str], declare: impl FnOnce(&Ledger) -> (u64, Hash)) -> Lost {
    let (mut old, mut memory, earlier) = begun(names.len());
    approve(&mut old, &["e", "f", "g"]);
    cosign(&mut memory, &old.ledger, 5, NOON + 2);
    let (mut left, _, _) = begun(names.len());
    let (size, root) = declare(&old.ledger);
    let loss = LedgerLoss {
        reason: text("disk of the main computer"),
        size: Some(size),
        root: Some(root),
    };
    left.by(names, Act::LedgerLoss(loss)).unwrap();
    approve(&mut left, &["x"]);
    Lost {
        memory,
        earlier,
        old,
        left,
    }
}

fn both_officers() -> Lost {
    lost(&["张三", "李四"], |old| (9, old.root_at(9).unwrap()))
}

fn bundle(ledger: &Ledger, act: &str) -> Vec<u8> {
    let filter = Filter {
        act: Some(act.to_owned()),
        ..Filter::default()
    };
    let mut file = Vec::new();
    ledger.export_bundle(&filter, &mut file).unwrap();
    file
}

fn shown(
    new: &Memory,
    old: &Memory,
    bundle: &[u8],
    request: &str,
    earlier: Option<&str>,
) -> Result<Continued, Refusal> {
    let mut open = || Ok::<_, io::Error>(Box::new(Cursor::new(bundle.to_vec())) as Box<dyn BufRead>);
    let bundle = &mut open;
    new.examine_loss(
        old,
        Shown {
            bundle,
            request,
            earlier,
        },
    )
}

impl Lost {
    fn request(&self, from: u64) -> String {
        self.left.ledger.consistency_from(from).unwrap().to_string()
    }

    fn judged(&self) -> Result<Continued, Refusal> {
        let new = Memory::new(witness_key(21));
        let bundle = bundle(&self.left.ledger, "ledger.loss");
        shown(&new, &self.memory, &bundle, &self.request(5), Some(&self.earlier))
    }
}

fn fault(judged: Result<Continued, Refusal>) -> LossFault {
    match judged {
        Err(Refusal::Loss { fault }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_key_goes_on_after_a_declared_loss_and_remembers_both_heads() {
    let l = both_officers();
    let continued = l.judged().unwrap();
    assert_eq!(
        (
            continued.lost.checkpoint.size,
            continued.lost.loss.seq,
            continued.lost.kept
        ),
        (9, 6, 5)
    );
    let mut memory = Memory::new(witness_key(21));
    let sign = |m: &[u8]| key(21).sign(m).to_bytes();
    let early = memory
        .cosign_after_loss(continued.clone(), NOON + 1, &sign)
        .unwrap_err();
    assert_eq!(early.check(), "WITNESS-CLOCK");
    assert_eq!(
        memory,
        Memory::new(witness_key(21)),
        "nothing is remembered of what was refused"
    );
    let note = memory
        .cosign_after_loss(continued, NOON + 60, &sign)
        .unwrap()
        .note
        .clone();
    assert!(witness_key(21).find(&note).unwrap().is_some());

    // Both heads, through the file and through what comes later.
    let text = memory.text();
    let mut memory = Memory::parse(&text, &witness_key(21)).unwrap();
    let heads = |memory: &Memory| (memory.logs()[0].checkpoint.size, memory.lost()[0].checkpoint.clone());
    let head = l.old.ledger.newest_checkpoint().unwrap();
    assert_eq!(heads(&memory), (8, head.clone()));
    assert_eq!(memory.text(), text);
    let mut left = l.left;
    approve(&mut left, &["y"]);
    let request = left.ledger.consistency_from(8).unwrap().to_string();
    let granted = memory.examine(&request, None).unwrap();
    memory.cosign(granted, NOON + 61, &sign).unwrap();
    let memory = Memory::parse(&memory.text(), &witness_key(21)).unwrap();
    assert_eq!(heads(&memory), (9, head));
    // No lost head is put in or altered by hand.
    let wire: Value = serde_json::from_str(&text).unwrap();
    for (field, value) in [
        ("note", Value::from(left.ledger.checkpoint_note().unwrap().unwrap())),
        ("witness", Value::from(witness_key(22).to_string())),
        ("loss", Value::from("{}")),
        ("kept", Value::from(7)),
    ] {
        let mut bad = wire.clone();
        bad["lost"][0][field] = value;
        assert_eq!(
            Memory::parse(&bad.to_string(), &witness_key(21)),
            Err(Refusal::Memory),
            "{field}"
        );
    }
    let mut older = wire.clone();
    older["format"] = 1.into();
    assert_eq!(
        Memory::parse(&older.to_string(), &witness_key(21)),
        Err(Refusal::Memory)
    );
}

#[test]
fn the_old_key_never_cosigns_the_shorter_branch() {
    let mut l = both_officers();
    let refused = l.memory.examine(&l.request(5), None).unwrap_err();
    assert_eq!(refused.check(), "WITNESS-ROLLBACK");
    let names = ["m", "n", "o"];
    approve(&mut l.left, &names);
    let refused = l.memory.examine(&l.request(9), None).unwrap_err();
    assert_eq!(refused.check(), "WITNESS-FORK");
    // Not under another name either, nor by a key that has cosigned this log.
    let bundle = bundle(&l.left.ledger, "ledger.loss");
    let renamed = CosignKey {
        name: "audit.example/other".to_owned(),
        ..witness_key(20)
    };
    for new in [Memory::new(renamed), l.memory.clone()] {
        let judged = shown(&new, &l.memory, &bundle, &l.request(5), Some(&l.earlier));
        assert_eq!(fault(judged), LossFault::SameKey);
    }
}

#[test]
fn every_loss_that_is_not_shown_as_it_must_be_is_refused_by_name() {
    let l = both_officers();
    let new = Memory::new(witness_key(21));
    let good = bundle(&l.left.ledger, "ledger.loss");
    let judge =
        |bundle: &[u8], request: &str, earlier: Option<&str>| fault(shown(&new, &l.memory, bundle, request, earlier));
    let earlier = Some(l.earlier.as_str());
    // Every changed byte of the evidence.
    let text = String::from_utf8(good.clone()).unwrap();
    // What the head says that it is about is no evidence.
    let about = text.find("about ").unwrap();
    let about = about..about + text[about..].find('\n').unwrap();
    for at in (0..good.len()).step_by(7).filter(|at| !about.contains(at)) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(judge(&bad, &l.request(5), earlier), LossFault::Evidence, "byte {at}");
    }
    let other = bundle(&l.left.ledger, "template.approve");
    assert_eq!(judge(&other, &l.request(5), earlier), LossFault::NoLoss);
    // Consistency from what this witness cosigned, and from nothing else.
    assert_eq!(judge(&good, &l.request(5), None), LossFault::Kept);
    assert_eq!(judge(&good, &l.request(6), earlier), LossFault::Kept);
    assert_eq!(judge(&good, &l.request(0), earlier), LossFault::Kept);
    let uncosigned = l.left.ledger.checkpoint_note().unwrap().unwrap();
    assert_eq!(judge(&good, &l.request(5), Some(&uncosigned)), LossFault::Kept);
    assert_eq!(
        judge(&good, &l.request(5), Some(&l.memory.logs()[0].note)),
        LossFault::Kept,
        "the lost head itself"
    );
    let nothing = shown(&new, &l.memory, &good, &l.request(0), None).unwrap();
    assert_eq!(nothing.lost.kept, 0, "that nothing is shown to be kept is said");
    // A request of another moment than the evidence.
    let mut later = both_officers();
    approve(&mut later.left, &["z"]);
    assert_eq!(judge(&good, &later.request(5), earlier), LossFault::OtherCheckpoint);
    // What is declared is not what was cosigned.
    let fewer = lost(&["张三", "李四"], |old| (8, old.root_at(8).unwrap()));
    assert_eq!(fault(fewer.judged()), LossFault::Fewer);
    let others = lost(&["张三", "李四"], |_| (9, Hash::of(&[b"other"])));
    assert_eq!(fault(others.judged()), LossFault::OtherRoot);
    let more = lost(&["张三", "李四"], |_| (12, Hash::of(&[b"nobody can tell"])));
    assert_eq!(more.judged().unwrap().lost.checkpoint.size, 9);
    // Another log, another key.
    let empty = Memory::new(witness_key(20));
    let unknown = shown(&new, &empty, &good, &l.request(5), earlier).unwrap_err();
    assert_eq!(unknown.check(), "WITNESS-LOG-UNKNOWN");
}

#[test]
fn one_officer_and_a_loss_of_before_are_no_excuse() {
    let alone = lost(&["张三"], |old| (9, old.root_at(9).unwrap()));
    assert_eq!(fault(alone.judged()), LossFault::OneOfficer);
    // The loss was accepted, more was cosigned; then the centre goes back behind that, and shows the same loss again.
    let mut l = lost(&["张三", "李四"], |_| (12, Hash::of(&[b"nobody can tell"])));
    let mut memory = Memory::new(witness_key(21));
    let sign = |m: &[u8]| key(21).sign(m).to_bytes();
    let (evidence, request) = (bundle(&l.left.ledger, "ledger.loss"), l.request(5));
    memory.cosign_after_loss(l.judged().unwrap(), NOON + 60, &sign).unwrap();
    approve(&mut l.left, &["y"]);
    let granted = memory.examine(&l.request(8), None).unwrap();
    memory.cosign(granted, NOON + 61, &sign).unwrap();
    let again = shown(&Memory::new(witness_key(22)), &memory, &evidence, &request, None);
    assert!(matches!(again, Err(Refusal::Loss { .. })), "{again:?}");
    let from_nothing = l.request(0);
    let again = shown(
        &Memory::new(witness_key(22)),
        &memory,
        &bundle(&l.left.ledger, "ledger.loss"),
        &from_nothing,
        None,
    );
    assert_eq!(fault(again), LossFault::Earlier);
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn run(at: &Path, line: &str) -> Said {
    let mut command = assert_cmd::Command::cargo_bin("cardmint").unwrap();
    command.current_dir(at).env("LC_ALL", "C").env("CARDMINT_SITE", "site");
    command.args(line.split(' '));
    for name in ["zhang", "li", "w/1", "w/2"] {
        let file = name.replace('/', "");
        command.args(["--passphrase-file", &format!("{name}={file}.pw")]);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

#[test]
fn centre_and_witness_go_on_after_a_loss_as_they_type_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for name in ["zhang", "li", "w1", "w2"] {
        let file = at.join(format!("{name}.pw"));
        fs::write(&file, format!("passphrase of {name}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let ends = |code: i32, line: &str| {
        let said = run(at, line);
        assert_eq!(said.code, code, "{line}: {}{}", said.out, said.err);
        said
    };
    let both = "--officer zhang --officer li";
    ends(
        0,
        &format!("init site --name Test --scheme mohurd --level city --code 3100 --rehearsal {both}"),
    );
    let made = |n: u8| -> String {
        let said = ends(0, &format!("ledger witness new w/{n} --out w{n}.key --json"));
        let made: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        made["witness"].as_str().unwrap().to_owned()
    };
    let (first, second) = (made(1), made(2));
    let printed = ends(0, "ledger checkpoint --json");
    let printed: Value = serde_json::from_str(printed.out.lines().last().unwrap()).unwrap();
    let log = printed["key"].as_str().unwrap();
    ends(0, "ledger witness request --out r1");
    ends(
        0,
        &format!("ledger witness cosign r1 --key-file w1.key --memory w1.memory --log {log} --out c1"),
    );
    ends(0, &format!("ledger witness take c1 --witness {first} --officer zhang"));
    ends(0, &format!("ledger backup --out copy.db {both}"));
    ends(0, &format!("ledger checkpoint --sign {both}"));
    ends(0, "ledger witness request --out r2");
    ends(
        0,
        "ledger witness cosign r2 --key-file w1.key --memory w1.memory --out c2",
    );
    ends(0, &format!("ledger witness take c2 --witness {first} --officer zhang"));
    let seen = fs::read_to_string(at.join("c2")).unwrap();
    let seen: u64 = seen.lines().nth(1).unwrap().parse().unwrap();
    // The disk dies; what came after the backup is gone.
    for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let _ = fs::remove_file(at.join("site").join(file));
    }
    ends(3, "ledger restore copy.db");
    ends(0, &format!("ledger declare-loss --reason disk {both}"));
    // The old key refuses; the new one is shown everything, and asks for a yes.
    ends(
        0,
        &format!("ledger export --format bundle --act ledger.loss --out loss.evidence {both}"),
    );
    ends(0, &format!("ledger witness request --witness {first} --out r3"));
    let earlier = ends(0, "ledger checkpoint --cosigned").out;
    fs::write(at.join("earlier"), earlier).unwrap();
    let refused = run(
        at,
        "ledger witness cosign r3 --key-file w1.key --memory w1.memory --out c3",
    );
    assert!(refused.code != 0 && refused.err.contains("WITNESS-"), "{}", refused.err);
    let old_memory = fs::read(at.join("w1.memory")).unwrap();
    let accept = "ledger witness accept-loss r3 --evidence loss.evidence --earlier earlier --old-key-file w1.key \
                  --old-memory w1.memory --key-file w2.key --memory w2.memory --out c3";
    let asked = ends(2, accept);
    assert!(
        asked.out.contains("signed by zhang, li: disk") && asked.err.contains(&format!("--give-up {seen}")),
        "{}",
        asked.err
    );
    ends(2, &format!("{accept} --give-up {}", seen + 1));
    assert!(!at.join("c3").exists() && !at.join("w2.memory").exists());
    let same = accept.replace("w2.key", "w1.key").replace("w2.memory", "w1b.memory");
    let same = ends(3, &format!("{same} --give-up {seen}"));
    assert!(same.err.contains("WITNESS-LOSS"), "{}", same.err);
    ends(0, &format!("{accept} --give-up {seen}"));
    ends(0, &format!("ledger witness take c3 --witness {second} --officer zhang"));
    assert_eq!(fs::read(at.join("w1.memory")).unwrap(), old_memory);
    // Both heads are shown, in words and as JSON.
    let show = "ledger witness show --key-file w2.key --memory w2.memory";
    let zh = ends(0, &format!("{show} --lang zh"));
    assert!(
        zh.out.contains("已不全在台账中") && zh.out.contains(&first),
        "{}",
        zh.out
    );
    let json = ends(0, &format!("{show} --json"));
    let lines: Vec<Value> = json
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lost = lines
        .iter()
        .find(|line| line["schema"] == "cardmint.witness-lost/1")
        .unwrap();
    assert_eq!((lost["size"].as_u64(), lost["kept"].as_u64()), (Some(seen), Some(1)));
    assert_eq!(
        (lost["reason"].as_str(), lost["by"][1].as_str()),
        (Some("disk"), Some("li"))
    );
    // A verifier who knows what the old key had seen is not told that all is well.
    ends(
        0,
        &format!("ledger verify --witness {second} --cosigned-size {}", lines[0]["size"]),
    );
    let less = ends(3, &format!("ledger verify --witness {first} --cosigned-size {seen}"));
    assert!(less.out.contains("LEDGER-COSIGNATURE"), "{}", less.out);
    // The next one goes on by itself.
    ends(0, &format!("ledger checkpoint --sign {both}"));
    ends(0, &format!("ledger witness request --witness {second} --out r4"));
    ends(
        0,
        "ledger witness cosign r4 --key-file w2.key --memory w2.memory --out c4",
    );
    assert!(ends(0, show).out.contains(&first), "never forgotten");
}
