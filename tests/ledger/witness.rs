// SPDX-License-Identifier: Apache-2.0
//! Witnesses: what they cosign and what they refuse, the cosigned checkpoint in the ledger and beside its copy outside, and
//! what a verifier who knows the witness then sees of ledgers that were taken back, cut, forked or replaced.

use std::fs;
use std::path::Path;

use super::bench_site::*;
use super::ceremonies::forged;
use super::python::verdicts;
use super::story::{joined, lines};
use cardmint::crypto::SecretBytes;
use cardmint::crypto::sm2::Sm2SigningKey;
use cardmint::error::Fault;
use cardmint::i18n::Lang;
use cardmint::ledger::act::{CheckpointCosign, LogKey, TemplateApprove};
use cardmint::ledger::cosign::CosignKey;
use cardmint::ledger::cosigned::{CosignFault, cosigned_copy};
use cardmint::ledger::note::NoteKey;
use cardmint::ledger::witness::{Memory, Refusal};
use cardmint::ledger::{Act, Against, Hash, Ledger, LedgerError, Report, Sm2Key, verify, verify_lines};
use cardmint::outside::Unobserved;
use ed25519_dalek::Signer as _;
use rusqlite::Connection;

const NOON: u64 = 1_795_000_000;

fn witness_key(seed: u8) -> CosignKey {
    CosignKey {
        name: format!("audit.example/w{seed}"),
        key: public(seed),
    }
}

/// Cosigns as the program does: examine, sign, remember.
fn cosign(memory: &mut Memory, request: &str, log: Option<&NoteKey>, time: u64, seed: u8) -> Result<String, Refusal> {
    let granted = memory.examine(request, log)?;
    let private = key(seed);
    let log = memory.cosign(granted, time, &|m| private.sign(m).to_bytes())?;
    Ok(log.note.clone())
}

fn approve(b: &mut Bench, count: u64) {
    for _ in 0..count {
        let name = format!("t{}", b.ledger.size());
        let act = TemplateApprove {
            template: text(&name),
            digest: Hash::of(&[name.as_bytes()]),
        };
        b.by(&["张三"], Act::TemplateApprove(act)).unwrap();
    }
    b.checkpoint();
}

fn request(ledger: &Ledger, old: u64) -> String {
    ledger.consistency_from(old).unwrap().to_string()
}

fn report_of(path: &Path, copy: Option<&Path>) -> Report {
    let against = Against {
        copy: copy.map(Path::to_owned),
        key: None,
    };
    verify(path, &against, &mut Unobserved).unwrap()
}

fn checks(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|f| f.check).collect()
}

/// A consistent copy of the database as it is now.
fn snapshot(from: &Path, to: &Path) {
    let _ = fs::remove_file(to);
    let db = Connection::open(from).unwrap();
    db.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

fn put_back(path: &Path, by: &Path) {
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", path.display()));
    }
    fs::copy(by, path).unwrap();
}

/// A ledger of six entries, five of them cosigned and taken in.
fn cosigned() -> (Bench, Memory, CosignKey) {
    let mut b = Bench::new(open_policy());
    approve(&mut b, 4);
    let witness = witness_key(20);
    let mut memory = Memory::new(witness.clone());
    let log = b.ledger.note_key();
    let note = cosign(&mut memory, &request(&b.ledger, 0), Some(&log), NOON, 20).unwrap();
    let act = b.ledger.cosigned_act(&note, &witness).unwrap();
    b.by(&["张三"], act).unwrap();
    b.ledger.keep_cosigned().unwrap();
    (b, memory, witness)
}

#[test]
fn a_witness_cosigns_what_goes_on_and_refuses_by_name_what_does_not() {
    let mut b = Bench::new(open_policy());
    approve(&mut b, 4);
    let log = b.ledger.note_key();
    let mut memory = Memory::new(witness_key(20));
    let first = request(&b.ledger, 0);
    let unknown = memory.examine(&first, None).unwrap_err();
    assert_eq!(unknown.check(), "WITNESS-LOG-UNKNOWN");
    let name = log.name.clone();
    let stranger = NoteKey { name, key: public(8) };
    let other = memory.examine(&first, Some(&stranger)).unwrap_err();
    assert_eq!(other.check(), "WITNESS-LOG-KEY");
    let from_two = memory.examine(&request(&b.ledger, 2), Some(&log)).unwrap_err();
    assert_eq!(from_two, Refusal::OldSize { asked: 2, has: 0 });
    let note = cosign(&mut memory, &first, Some(&log), NOON, 20).unwrap();
    assert!(witness_key(20).find(&note).unwrap().is_some());
    assert_eq!(note.lines().next(), Some(log.name.as_str()));

    // The same again: the same tree, a later time, one line of this witness.
    let again = cosign(&mut memory, &request(&b.ledger, 5), None, NOON + 1, 20).unwrap();
    assert_eq!(
        again.lines().filter(|l| l.starts_with("— audit.example/w20 ")).count(),
        1
    );
    let back = cosign(&mut memory, &request(&b.ledger, 5), None, NOON, 20).unwrap_err();
    assert_eq!(back.check(), "WITNESS-CLOCK");

    approve(&mut b, 3);
    let lagging = memory.examine(&request(&b.ledger, 3), None).unwrap_err();
    assert_eq!(lagging, Refusal::OldSize { asked: 3, has: 5 });
    let good = request(&b.ledger, 5);
    let wrong_signature = good.replacen("\n8\n", "\n9\n", 1);
    assert_ne!(wrong_signature, good);
    assert_eq!(
        memory.examine(&wrong_signature, None).unwrap_err().check(),
        "WITNESS-LOG-SIGNATURE"
    );
    let mut lines: Vec<&str> = good.lines().collect();
    let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    lines[1] = zeros;
    let damaged = lines.join("\n") + "\n";
    assert_eq!(memory.examine(&damaged, None).unwrap_err(), Refusal::Fork { size: 5 });
    assert_eq!(memory.examine("old 5\n", None).unwrap_err(), Refusal::Form);
    cosign(&mut memory, &good, None, NOON + 2, 20).unwrap();
    let old = memory.examine(&first, None).unwrap_err();
    assert_eq!(old, Refusal::Rollback { has: 5, should: 8 });

    // Another history by the same keys, as long and longer.
    let mut fork = Bench::new(open_policy());
    fork.second = 50;
    approve(&mut fork, 7);
    assert_eq!(
        memory.examine(&request(&fork.ledger, 8), None).unwrap_err(),
        Refusal::Fork { size: 8 }
    );
    approve(&mut fork, 3);
    assert_eq!(
        memory.examine(&request(&fork.ledger, 8), None).unwrap_err(),
        Refusal::Fork { size: 8 }
    );
    let said = Refusal::Fork { size: 8 }.msg().render(Lang::En);
    assert!(said.starts_with("WITNESS-FORK: "), "{said}");
}

#[test]
fn the_memory_reads_back_and_no_altered_one_does() {
    let (_, memory, witness) = cosigned();
    let text = memory.text();
    assert_eq!(Memory::parse(&text, &witness), Ok(memory.clone()));
    assert_eq!(memory.logs()[0].checkpoint.size, 5);
    for (from, to) in [
        ("\\n5\\n", "\\n4\\n"),
        ("\"format\": 1", "\"format\": 2"),
        ("w20+", "w21+"),
        ("\"logs\": [", "\"more\": 1, \"logs\": ["),
    ] {
        let altered = text.replacen(from, to, 1);
        assert_ne!(altered, text, "{from}");
        assert_eq!(Memory::parse(&altered, &witness), Err(Refusal::Memory), "{from}");
    }
    assert_eq!(Memory::parse(&text, &witness_key(21)), Err(Refusal::Memory));
    let log = &memory.logs()[0];
    let twice = serde_json::json!({"format": 1, "witness": witness.to_string(), "logs": [
        {"key": log.key.to_string(), "note": log.note}, {"key": log.key.to_string(), "note": log.note}]});
    assert_eq!(Memory::parse(&twice.to_string(), &witness), Err(Refusal::Memory));
}

#[test]
fn a_cosigned_checkpoint_stands_in_the_ledger_and_is_checked_again_from_the_entries_alone() {
    let (mut b, _, witness) = cosigned();
    approve(&mut b, 3);
    let body = b.ledger.cosigned(Some(&witness)).unwrap().unwrap();
    assert_eq!((body.size, body.time, body.path.len()), (5, NOON, 0));
    let note = body.note(&b.ledger.note_key());
    assert_eq!(fs::read_to_string(cosigned_copy(&b.copy())).unwrap(), note);
    assert!(b.ledger.cosigned(Some(&witness_key(21))).unwrap().is_none());

    let mut report = report_of(&b.path(), Some(&b.copy()));
    assert!(report.good(), "{:?}", report.findings);
    let found = report.demand_witness(&witness, 5).unwrap();
    assert_eq!((found.size, found.time, report.good()), (5, NOON, true));
    report.demand_witness(&witness, 6);
    report.demand_witness(&witness_key(21), 1);
    assert_eq!(checks(&report), ["LEDGER-COSIGNATURE", "LEDGER-COSIGNATURE"]);

    // From an export alone; and with the cosignature under the checkpoint itself.
    let mut export = Vec::new();
    b.ledger
        .export_jsonl(&cardmint::ledger::Filter::default(), &mut export)
        .unwrap();
    let mut whole = verify_lines(&mut export.as_slice(), None, &Against::default(), &mut Unobserved).unwrap();
    assert!(whole.good() && whole.demand_witness(&witness, 5).is_some());
    let mut memory = Memory::new(witness_key(22));
    let log = b.ledger.note_key();
    let cosigned = cosign(&mut memory, &request(&b.ledger, 0), Some(&log), NOON, 22).unwrap();
    let mut under = verify_lines(
        &mut export.as_slice(),
        Some(&cosigned),
        &Against::default(),
        &mut Unobserved,
    )
    .unwrap();
    assert_eq!(under.demand_witness(&witness_key(22), 9).unwrap().size, 9);
    assert!(under.good(), "{:?}", under.findings);

    // Behind by several entries, the proof leads from the cosigned tree to the entry's place.
    let act = b.ledger.cosigned_act(&cosigned, &witness_key(22)).unwrap();
    approve(&mut b, 4);
    let seq = b.by(&["张三"], act).unwrap();
    let Act::CheckpointCosign(body) = b.ledger.entry(seq).unwrap().act else {
        panic!("another act");
    };
    assert_eq!((seq, body.size), (13, 9));
    assert!(!body.path.is_empty());
    b.checkpoint();
    assert!(report_of(&b.path(), Some(&b.copy())).good());
}

#[test]
fn no_entry_says_more_than_the_witness_did() {
    let (mut b, _, witness) = cosigned();
    let good = b.ledger.cosigned(None).unwrap().unwrap();
    let change = |change: &dyn Fn(&mut CheckpointCosign)| {
        let mut body = good.clone();
        change(&mut body);
        Act::CheckpointCosign(body)
    };
    let mut refused = |act: Act| match b.by(&["张三"], act) {
        Err(LedgerError::Cosign(fault)) => fault,
        other => panic!("{other:?}"),
    };
    let signature = CosignFault::Signature(witness.name.clone());
    assert_eq!(refused(change(&|c| c.time += 1)), signature);
    assert_eq!(refused(change(&|c| c.sig.0[3] ^= 1)), signature);
    assert_eq!(refused(change(&|c| c.key = public(21))), signature);
    assert_eq!(refused(change(&|c| c.log_sig.0[3] ^= 1)), CosignFault::LogSignature(5));
    assert_eq!(
        refused(change(&|c| c.witness = text("two words"))),
        CosignFault::Name("two words".into())
    );
    assert_eq!(refused(change(&|c| c.size = 0)), CosignFault::Size(0));
    assert_eq!(refused(change(&|c| c.size = 99)), CosignFault::Size(99));
    assert_eq!(refused(change(&|c| c.size = 4)), CosignFault::Path(4));
    assert_eq!(refused(change(&|c| c.root = Hash::default())), CosignFault::Path(5));
    b.by(&["张三"], change(&|_| {})).unwrap();

    // A note of another log, of another history, without the cosignature.
    let own = b.ledger.checkpoint_note().unwrap().unwrap();
    let missing = b.ledger.cosigned_act(&own, &witness).unwrap_err();
    assert_eq!(missing, LedgerError::Cosign(signature));
    let mut fork = Bench::new(open_policy());
    fork.second = 50;
    approve(&mut fork, 4);
    let (mut memory, log) = (Memory::new(witness.clone()), fork.ledger.note_key());
    let forked = cosign(&mut memory, &request(&fork.ledger, 0), Some(&log), NOON, 20).unwrap();
    assert_eq!(
        b.ledger.cosigned_act(&forked, &witness),
        Err(LedgerError::Forked { size: 5 })
    );
    let foreign = forked.replacen("city", "town", 1);
    assert_eq!(b.ledger.cosigned_act(&foreign, &witness), Err(LedgerError::WrongLogKey));
}

#[test]
fn ledgers_taken_back_cut_forked_or_replaced_are_named_by_what_was_cosigned() {
    let mut b = Bench::new(open_policy());
    let (path, copy) = (b.path(), b.copy());
    approve(&mut b, 2);
    let (backup, old_note) = (b.folder.path().join("backup.db"), fs::read(&copy).unwrap());
    snapshot(&path, &backup);
    approve(&mut b, 2);
    let witness = witness_key(20);
    let (mut memory, log) = (Memory::new(witness.clone()), b.ledger.note_key());
    let note = cosign(&mut memory, &request(&b.ledger, 0), Some(&log), NOON, 20).unwrap();
    let act = b.ledger.cosigned_act(&note, &witness).unwrap();
    b.by(&["张三"], act).unwrap();
    b.checkpoint();
    drop(std::mem::replace(&mut b.ledger, Bench::new(open_policy()).ledger));

    // Database and copy taken back together, as whoever has the site's folder can: what lies beside the copy remains.
    put_back(&path, &backup);
    fs::write(&copy, &old_note).unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::RolledBack { has: 3, should: 5 });
    assert_eq!(checks(&report_of(&path, Some(&copy))), ["LEDGER-OUTSIDE-COPY"]);
    // All of it taken back: the ledger is consistent in itself. Whoever knows the witness sees it; so does the witness.
    let beside = cosigned_copy(&copy);
    let kept = fs::read(&beside).unwrap();
    fs::remove_file(&beside).unwrap();
    let old = b.open().unwrap();
    let mut report = report_of(&path, Some(&copy));
    assert!(report.good());
    report.demand_witness(&witness, 5);
    assert_eq!(checks(&report), ["LEDGER-COSIGNATURE"]);
    let has_less = memory.examine(&request(&old, 3), None).unwrap_err();
    assert_eq!(has_less, Refusal::Rollback { has: 3, should: 5 });
    // The witness's note in the place of the copy outside says the same.
    fs::write(&copy, &memory.logs()[0].note).unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::RolledBack { has: 3, should: 5 });

    // Gone on from there with another history, by officers and log key alike.
    fs::write(&copy, &old_note).unwrap();
    let mut fork = b.open().unwrap();
    for name in ["x1", "x2", "x3"] {
        let digest = Hash::of(&[name.as_bytes()]);
        let act = TemplateApprove {
            template: text(name),
            digest,
        };
        append(&mut fork, &["张三"], Act::TemplateApprove(act), &at(70)).unwrap();
    }
    let log_key = key(9);
    fork.checkpoint(&|m| log_key.sign(m).to_bytes()).unwrap();
    assert_eq!(
        memory.examine(&request(&fork, 5), None).unwrap_err(),
        Refusal::Fork { size: 5 }
    );
    drop(fork);
    fs::write(&beside, &kept).unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::Forked { size: 5 });
    assert_eq!(checks(&report_of(&path, Some(&copy))), ["LEDGER-OUTSIDE-COPY"]);

    // Another ledger altogether; damaged notes.
    fs::write(
        &beside,
        String::from_utf8(kept.clone()).unwrap().replace("\n5\n", "\n6\n"),
    )
    .unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::CopyDamaged(beside.clone()));
    let foreign = "elsewhere/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— elsewhere/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    fs::write(&beside, foreign).unwrap();
    assert_eq!(b.open().unwrap_err(), LedgerError::Replaced(beside));
}

#[test]
fn the_file_beside_the_copy_is_made_again_and_a_new_ledger_does_not_take_it() {
    let (mut b, ..) = cosigned();
    let beside = cosigned_copy(&b.copy());
    let kept = fs::read(&beside).unwrap();
    fs::remove_file(&beside).unwrap();
    b.open().unwrap();
    b.checkpoint();
    assert_eq!(fs::read(&beside).unwrap(), kept);
    fs::remove_file(b.copy()).unwrap();
    let (path, copy) = (b.folder.path().join("second.db"), b.copy());
    let log = key(9);
    let sign = |m: &[u8]| log.sign(m).to_bytes();
    let made = signing(&["张三", "李四"], |signers| {
        Ledger::create(&path, Some(&copy), founding(open_policy()), signers, &sign, &at(0)).map(drop)
    });
    assert_eq!(made, Err(LedgerError::AlreadyThere(beside)));
}

#[test]
fn both_verifiers_agree_on_cosigned_checkpoints_and_log_keys() {
    let sm2 = |seed| {
        Sm2Key::from(
            Sm2SigningKey::from_scalar(SecretBytes::new(vec![seed; 32]))
                .unwrap()
                .public(),
        )
    };
    let named = |sm2, reason: Option<&str>| {
        let reason = reason.map(text);
        Act::LogKey(LogKey { sm2, reason })
    };
    let (mut b, mut memory, witness) = cosigned();
    b.by(&["张三"], named(sm2(7), None)).unwrap();
    approve(&mut b, 3);
    let note = cosign(&mut memory, &request(&b.ledger, 5), None, NOON, 20).unwrap();
    let act = b.ledger.cosigned_act(&note, &witness).unwrap();
    approve(&mut b, 2);
    b.by(&["张三"], act).unwrap();
    b.checkpoint();
    let whole = lines(&b.ledger);
    let mut good = b.ledger.cosigned(None).unwrap().unwrap();
    assert_eq!((good.size, whole.len()), (10, 13));
    good.path = b.ledger.consistency(10, 13).unwrap();
    let change = |change: &dyn Fn(&mut CheckpointCosign)| {
        let mut body = good.clone();
        change(&mut body);
        Act::CheckpointCosign(body)
    };
    let mut off = sm2(8);
    off.0[64] ^= 1;
    let mut compressed = sm2(8);
    compressed.0[0] = 2;
    let acts = [
        ("again", change(&|_| {})),
        ("time", change(&|c| c.time += 1)),
        ("beyond", change(&|c| c.time = 1 << 63)),
        ("name", change(&|c| c.witness = text("audit.example/w+20"))),
        ("key", change(&|c| c.key = public(21))),
        ("log", change(&|c| c.log_sig.0[0] ^= 1)),
        ("sig", change(&|c| c.sig.0[40] ^= 1)),
        ("zero", change(&|c| c.size = 0)),
        ("future", change(&|c| c.size = 14)),
        ("less", change(&|c| c.size = 9)),
        ("root", change(&|c| c.root = Hash::default())),
        ("path", change(&|c| c.path[0] = Hash::default())),
        ("short", change(&|c| c.path.truncate(c.path.len() - 1))),
        ("long", change(&|c| c.path.push(Hash::default()))),
        ("another", named(sm2(8), Some("anew"))),
        ("twice", named(sm2(7), None)),
        ("off", named(off, None)),
        ("compressed", named(compressed, None)),
    ];
    let checkpoint = b.ledger.checkpoint_note().unwrap();
    let mut cases = vec![("whole".to_owned(), joined(&whole), checkpoint.clone())];
    for (name, act) in acts {
        let file = joined(&forged(&whole, &[(act, vec!["张三"])]));
        cases.push((name.to_owned(), file, checkpoint.clone()));
    }
    let (ours, theirs) = verdicts(&cases);
    assert_eq!(ours, theirs);
    for (name, verdict, seq, check) in ours {
        let expected = match name.as_str() {
            "whole" | "again" | "another" => ("good", "-", "-"),
            "twice" | "off" | "compressed" => ("bad", "13", "LEDGER-LIFECYCLE"),
            _ => ("bad", "13", "LEDGER-COSIGNATURE"),
        };
        assert_eq!((verdict.as_str(), seq.as_str(), check.as_str()), expected, "{name}");
    }
}
