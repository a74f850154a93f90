// SPDX-License-Identifier: Apache-2.0
//! The signature lines of checkpoints, right ones, wrong ones and missing ones, by every kind of key, and what entries of a
//! part say of keys, witnesses and losses: this program and the verifier in Python come to the same verdict.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cardmint::ledger::act::{CheckpointCosign, LedgerBackup, LedgerLoss, LogKey};
use cardmint::ledger::cosign::{self, CosignKey, Cosignature};
use cardmint::ledger::field::Signature;
use cardmint::ledger::note_sm2::Sm2NoteKey;
use cardmint::ledger::{Act, Hash, Sm2Key};
use ed25519_dalek::Signer as _;

use super::bench_site::*;
use super::ceremonies::forged;
use super::python::{docs, verdicts};
use super::python_bundles::{ours, theirs};
use super::sm2::{note, public_sm2, sign, sm2, with_sm2};
use super::story::{joined, lines};

/// A ledger whose first SM2 key (7) is in its first entry, the second (8) in the third; signed by the newest.
fn signed() -> Bench {
    let mut b = with_sm2();
    for seed in [None, Some(8), None] {
        let act = match seed {
            Some(seed) => named(public_sm2(seed)),
            None => backup(0),
        };
        b.by(&["张三"], act).unwrap();
    }
    sign(&mut b, 8);
    b
}

fn named(sm2: Sm2Key) -> Act {
    Act::LogKey(LogKey { sm2, reason: None })
}

fn backup(size: u64) -> Act {
    Act::LedgerBackup(LedgerBackup {
        digest: Hash::of(&[b"file"]),
        bytes: 1,
        size,
        root: Hash::empty(),
    })
}

/// A signature line; `blob` is the key id and what stands behind it.
fn line(name: &str, blob: &[u8]) -> String {
    format!("— {name} {}\n", STANDARD.encode(blob))
}

fn by_sm2(text: &str, name: &str, seed: u8) -> Vec<u8> {
    let named = Sm2NoteKey {
        name: name.to_owned(),
        key: public_sm2(seed),
    };
    let signature = sm2(seed).sign(text.as_bytes()).unwrap();
    [&named.id()[..], &signature].concat()
}

/// Notes over the same tree: what is altered, the note, whether it is good.
fn notes(b: &Bench) -> Vec<(&'static str, String, bool)> {
    let whole = note(b);
    let (text, below) = whole.split_at(whole.find("\n\n").unwrap() + 1);
    let first = below.lines().nth(1).unwrap();
    let (head, log) = first.rsplit_once(' ').unwrap();
    let (name, log) = (head.trim_start_matches("— "), STANDARD.decode(log).unwrap());
    let own = by_sm2(text, name, 8);
    let of = |blobs: &[&[u8]]| -> String { blobs.iter().map(|blob| line(name, blob)).collect() };
    let with = |below: String| format!("{text}\n{below}");
    assert_eq!(with(of(&[&log, &own])), whole);
    let bent = |blob: &[u8], at: usize| {
        let mut blob = blob.to_vec();
        blob[at] ^= 4;
        blob
    };
    let longer = |blob: &[u8]| [blob, &[0]].concat();
    let replaced = |from: usize, number: [u8; 32]| [&own[..from], &number, &own[from + 32..]].concat();
    let (older, unknown) = (by_sm2(text, name, 7), by_sm2(text, name, 9));
    let under = [&own[..4], &unknown[4..]].concat();
    let foreign = |below: &str| with(of(&[&log, &own]) + below);
    let other = text.replacen("\n4\n", "\n3\n", 1);
    let witness = |text: &str| {
        let key = CosignKey {
            name: "audit.example/w20".to_owned(),
            key: public(20),
        };
        let sig = key20(&cosign::message(1_795_000_000, text));
        key.line(&Cosignature {
            time: 1_795_000_000,
            sig,
        })
    };
    vec![
        ("whole", whole.clone(), true),
        ("no-sm2", with(of(&[&log])), true),
        ("sm2-alone", with(of(&[&own])), false),
        ("sm2-first", with(of(&[&own, &log])), true),
        ("sm2-twice", with(of(&[&log, &own, &own])), true),
        ("sm2-r", with(of(&[&log, &bent(&own, 4)])), false),
        ("sm2-r-end", with(of(&[&log, &bent(&own, 35)])), false),
        ("sm2-s", with(of(&[&log, &bent(&own, 36)])), false),
        ("sm2-s-end", with(of(&[&log, &bent(&own, 67)])), false),
        ("sm2-id", with(of(&[&log, &bent(&own, 0)])), true),
        ("sm2-zero-r", with(of(&[&log, &replaced(4, [0; 32])])), false),
        ("sm2-zero-s", with(of(&[&log, &replaced(36, [0; 32])])), false),
        ("sm2-large-s", with(of(&[&log, &replaced(36, [255; 32])])), false),
        ("sm2-longer", with(of(&[&log, &longer(&own)])), false),
        ("sm2-shorter", with(of(&[&log, &own[..67]])), false),
        ("sm2-empty", with(of(&[&log, &own[..4]])), false),
        (
            "sm2-of-another-text",
            with(of(&[&log, &by_sm2(&other, name, 8)])),
            false,
        ),
        ("sm2-right-and-wrong", with(of(&[&log, &own, &bent(&own, 50)])), false),
        ("older", with(of(&[&log, &older])), true),
        ("older-wrong", with(of(&[&log, &own, &bent(&older, 50)])), false),
        ("unknown", with(of(&[&log, &unknown])), true),
        ("unknown-under-own-id", with(of(&[&log, &under])), false),
        ("log-longer", with(of(&[&longer(&log), &own])), false),
        ("log-shorter", with(of(&[&log[..67], &own])), false),
        ("log-twice", with(of(&[&log, &log])), true),
        ("log-right-and-wrong", with(of(&[&log, &bent(&log, 50)])), false),
        ("witness", foreign(&witness(text)), true),
        ("witness-wrong", foreign(&witness(&other)), true),
        ("of-four-bytes", foreign(&line("x", &[0; 4])), true),
        ("of-three-bytes", foreign(&line("x", &[0; 3])), false),
        ("control-in-a-name", foreign(&line("x\u{1}", &[0; 8])), false),
        ("space-in-a-name", foreign(&line("x\u{2003}y", &[0; 8])), false),
        ("plus-in-a-name", foreign(&line("x+y", &[0; 8])), false),
    ]
}

fn key20(message: &[u8]) -> Signature {
    Signature(key(20).sign(message).to_bytes())
}

#[test]
fn both_verifiers_agree_on_every_signature_line() {
    let b = signed();
    let file = joined(&lines(&b.ledger));
    let notes = notes(&b);
    let cases: Vec<_> = notes
        .iter()
        .map(|(what, note, _)| ((*what).to_owned(), file.clone(), Some(note.clone())))
        .collect();
    let (ours, theirs) = verdicts(&cases);
    assert_eq!(ours, theirs);
    for (what, _, good) in notes {
        let said = ours.iter().find(|verdict| verdict.0 == what).unwrap();
        assert_eq!(said.1 == "good", good, "{what}");
    }
}

/// The hash over `leaves`, of which the first has this place; ranges without a wanted leaf go into `proof`.
fn root(leaves: &[Hash], at: usize, wanted: &[usize], proof: &mut Vec<Hash>) -> Hash {
    let has = wanted.iter().any(|place| (at..at + leaves.len()).contains(place));
    if let [one] = leaves {
        if !has {
            proof.push(*one);
        }
        return *one;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let mut inner = Vec::new();
    let (left_hash, right_hash) = (
        root(left, at, wanted, &mut inner),
        root(right, at + left.len(), wanted, &mut inner),
    );
    let hash = Hash::of(&[&[1], &left_hash.0, &right_hash.0]);
    if has {
        proof.extend(inner);
    } else {
        proof.push(hash);
    }
    hash
}

/// A part of these lines under a checkpoint by the log's key and by this SM2 key, whose line is right or not.
fn part(all: &[Vec<u8>], wanted: &[usize], seed: u8, right: bool) -> Vec<u8> {
    let leaves: Vec<Hash> = all.iter().map(|line| Hash::leaf(line)).collect();
    let (mut proof, name) = (Vec::new(), "cardmint/city-3100");
    let root = root(&leaves, 0, wanted, &mut proof);
    let text = format!("{name}\n{}\n{root64}\n", all.len(), root64 = STANDARD.encode(root.0));
    let id = cardmint::ledger::note::NoteKey {
        name: name.to_owned(),
        key: public(9),
    }
    .id();
    let log = [&id[..], &key(9).sign(text.as_bytes()).to_bytes()].concat();
    let mut own = by_sm2(&text, name, seed);
    own[40] ^= u8::from(!right);
    let head = format!(
        "cardmint-evidence/1\nkind part\nabout some\ntree {}\nentries {}\nhashes {}\n\n",
        all.len(),
        wanted.len(),
        proof.len()
    );
    let entries: Vec<Vec<u8>> = wanted.iter().map(|place| all[*place].clone()).collect();
    let hashes: String = proof.iter().map(|hash| STANDARD.encode(hash.0) + "\n").collect();
    let note = format!("\n{text}\n{}{}", line(name, &log), line(name, &own));
    [
        head.into_bytes(),
        joined(&entries),
        b"\n".to_vec(),
        hashes.into_bytes(),
        note.into_bytes(),
    ]
    .concat()
}

#[test]
fn both_verifiers_agree_on_what_a_part_shows_of_keys_witnesses_and_losses() {
    let b = signed();
    let all = lines(&b.ledger);
    let text = |size: u64, root: Hash| format!("cardmint/city-3100\n{size}\n{}\n", STANDARD.encode(root.0));
    let cosigned_by = |size: u64, change: &dyn Fn(&mut CheckpointCosign)| {
        let (root, time) = (Hash::of(&[b"any"]), 1_795_000_000);
        let mut body = CheckpointCosign {
            witness: super::bench_site::text("audit.example/w20"),
            key: public(20),
            size,
            root,
            log_sig: Signature(key(9).sign(text(size, root).as_bytes()).to_bytes()),
            time,
            sig: key20(&cosign::message(time, &text(size, root))),
            path: Vec::new(),
        };
        change(&mut body);
        Act::CheckpointCosign(body)
    };
    let cosigned = |change: &dyn Fn(&mut CheckpointCosign)| cosigned_by(4, change);
    let loss = |size, root| {
        let reason = super::bench_site::text("disk");
        Act::LedgerLoss(LedgerLoss { reason, size, root })
    };
    let mut off = public_sm2(10);
    off.0[64] ^= 1;
    let acts = [
        ("another key", named(public_sm2(10)), true),
        ("the same key", named(public_sm2(7)), false),
        ("no key", named(off), false),
        // That it is another root than that of the entries, a part cannot show.
        ("cosigned", cosigned(&|_| {}), true),
        ("cosigned beforehand", cosigned_by(5, &|_| {}), false),
        ("cosigned by nobody", cosigned(&|c| c.sig.0[40] ^= 1), false),
        ("cosigned without the log", cosigned(&|c| c.log_sig.0[40] ^= 1), false),
        ("cosigned at another time", cosigned(&|c| c.time += 1), false),
        (
            "cosigned under no name",
            cosigned(&|c| c.witness = super::bench_site::text("a b")),
            false,
        ),
        ("a loss", loss(Some(9), Some(Hash::empty())), true),
        ("a loss of nothing", loss(Some(4), Some(Hash::empty())), false),
        ("half a loss", loss(None, Some(Hash::empty())), false),
        ("a backup", backup(4), true),
        ("a backup of the future", backup(5), false),
    ];
    let (mut files, mut expected) = (Vec::new(), Vec::new());
    for (what, act, good) in acts {
        let grown = forged(&all, &[(act, vec!["张三", "李四"])]);
        files.push(part(&grown, &[0, 4], 7, true));
        expected.push((what, if good { ("good", "-") } else { ("bad", "4") }));
    }
    // The key of the third entry is not known where that entry was left out.
    for (what, wanted, seed, right) in [
        ("first key", [0, 3].as_slice(), 7, true),
        ("first key, wrong", &[0, 3], 7, false),
        ("second key, unknown", &[0, 3], 8, false),
        ("second key", &[0, 2], 8, true),
        ("second key, wrong", &[0, 2], 8, false),
    ] {
        files.push(part(&all, wanted, seed, right));
        let good = right || what.ends_with("unknown");
        expected.push((what, if good { ("good", "-") } else { ("bad", "-") }));
    }
    let folder = tempfile::tempdir().unwrap();
    let key = b.ledger.note_key();
    let theirs = theirs(&files, &key, folder.path());
    for ((file, theirs), (what, expected)) in files.iter().zip(theirs).zip(expected) {
        assert_eq!((theirs.0.as_str(), theirs.1.as_str()), expected, "{what}: {theirs:?}");
        let ours = ours(file, &key);
        assert_eq!((ours.0.as_str(), ours.1.as_str()), expected, "{what}: {ours:?}");
    }
}

/// SM3's two published examples (GB/T 32905-2016, annex A), and every length of padding beside OpenSSL's; SM2's published
/// example (GB/T 32918.5-2017, annex A.2), and numbers that are none.
#[test]
fn sm2_and_sm3_in_python_are_those_of_the_standards() {
    let driver = "
import sys, hashlib
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from verify_ledger import sm3, verifies_sm2, SM2_N
print(sm3(b'abc').hex(), sm3(b'abcd' * 16).hex())
for n in range(130):
    assert sm3(b'x' * n) == hashlib.new('sm3', b'x' * n).digest()
key = bytes.fromhex('0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020'
                    'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13')
r, s = (bytes.fromhex(n) for n in ('f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3',
                                   'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa'))
print(verifies_sm2(key, b'message digest', r + s), verifies_sm2(key, b'message digesT', r + s))
more = SM2_N - int.from_bytes(r, 'big')
print(*(verifies_sm2(key, b'message digest', n + m) for n, m in [
    (s, r), (r, bytes(32)), (bytes(32), s), (bytes(32), bytes(32)), (r, more.to_bytes(32, 'big')), (b'\\xff' * 32, s)]))
";
    let ran = Command::new("python3")
        .args(["-c", driver])
        .arg(docs())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert_eq!(
        said,
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0 \
         debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732\n\
         True False\nFalse False False False False False\n"
    );
}
