// SPDX-License-Identifier: Apache-2.0
//! Two people by construction: somebody who has one officer's key and the ledger's file writes what needs two, in every way
//! that one key allows. Each forged ledger is found by this program and by the verifier in Python, at the forged entry.

use cardmint::ledger::act::*;
use cardmint::ledger::entry::Signed;
use cardmint::ledger::field::Signature;
use cardmint::ledger::{Act, Entry, Hash, Role};
use ed25519_dalek::Signer as _;

use super::bench_site::*;
use super::ceremonies::forged;
use super::ceremony_story::*;
use super::python::{Verdict, verdicts};
use super::story::{joined, lines};

const TWO: &str = "LEDGER-TWO-OFFICERS";
const SIGNATURE: &str = "LEDGER-SIGNATURE";
const TWICE: &str = "LEDGER-NUMBER-TWICE";

/// The forger, and the one whose approval is missing.
const FORGER: &str = "张三";
const OTHER: &str = "李四";

/// The signatures of a line made anew: each name with the key of whoever stands beside it.
fn signed(line: &[u8], by: &[(&str, &str)]) -> Vec<u8> {
    let mut entry = Entry::parse(line).unwrap();
    let bytes = entry.signed_bytes();
    let sign = |(name, hand): &(&str, &str)| Signed {
        officer: text(name),
        sig: Signature(key(seed_of(hand)).sign(&bytes).to_bytes()),
    };
    entry.sigs = by.iter().map(sign).collect();
    entry.line()
}

/// The newest signature by this officer in the ledger.
fn earlier_signature(all: &[Vec<u8>], name: &str) -> Signed {
    let mut found = None;
    for line in all {
        let entry = Entry::parse(line).unwrap();
        found = entry.sigs.into_iter().find(|s| s.officer.as_str() == name).or(found);
    }
    found.unwrap()
}

/// What needs two: its name, the ledger before it, the act itself, who signs it where all is right, and what follows.
struct Needed {
    name: &'static str,
    on: Vec<Vec<u8>>,
    act: Act,
    by: Vec<&'static str>,
    after: Vec<Step>,
}

/// A production site with a key, a backup and a ceremony of all that is open; and the same without the open one.
fn sites() -> (Vec<Vec<u8>>, Vec<Vec<u8>>, u64) {
    let site = || {
        let mut b = Bench::of(key_centre(false));
        first_key(&mut b);
        done(&mut b, "backup", 2, &ALL, |seq| {
            let acts = vec![two(Act::StoreBackup(backup(seq, "first")))];
            (acts, vec![step("b", "backup", &[])])
        });
        b
    };
    let (closed, mut open) = (site(), site());
    let seq = begin(&mut open, "next", 3);
    (lines(&closed.ledger), lines(&open.ledger), seq)
}

fn needed() -> Vec<Needed> {
    let (closed, open, seq) = sites();
    let mut all = Vec::new();
    let mut alone = |name, act| {
        all.push(Needed {
            name,
            on: closed.clone(),
            act,
            by: OFFICERS.to_vec(),
            after: Vec::new(),
        });
    };
    alone("begin", Act::CeremonyBegin(begun("other", 9, &OFFICERS)));
    for (name, act) in [
        ("rotation-generate", Act::KeyGenerate as fn(KeyArrived) -> Act),
        ("rotation-import", Act::KeyImport),
        ("rotation-derive", Act::KeyDerive),
        ("rotation-receive", Act::KeyReceive),
    ] {
        alone(name, act(load_key(2, None)));
    }
    alone("export", exported("load/1", None));
    alone("destruction", retired("load/1", KeyState::Destroyed, None));
    // Whoever revokes the others is alone, and then needs nobody.
    let revoked = OfficerRevoke {
        name: text("王五"),
        reason: text("gone"),
        ceremony: None,
    };
    alone("revocation", Act::OfficerRevoke(revoked));
    alone(
        "reshare",
        Act::StoreReshare(StoreReshare {
            quorum: 1,
            holders: holders(&OFFICERS),
            ceremony: None,
        }),
    );
    let told = |steps| (Act::CeremonyEnd(ended(seq, "next", 3, steps)), ALL.to_vec());
    let next = load_key(2, Some(seq));
    let rotated = vec![step("rotate", "rotate", &[&next])];
    let mut within = |name, act, by: &[&'static str], steps| {
        all.push(Needed {
            name,
            on: open.clone(),
            act,
            by: by.to_vec(),
            after: vec![told(steps)],
        });
    };
    within("ceremony-key", Act::KeyGenerate(next), &OFFICERS, rotated);
    within("ceremony-export", exported("load/1", Some(seq)), &OFFICERS, Vec::new());
    let destroyed = retired("load/1", KeyState::Destroyed, Some(seq));
    within("ceremony-destruction", destroyed, &OFFICERS, Vec::new());
    let stored = Act::StoreBackup(backup(seq, "second"));
    within("ceremony-backup", stored, &OFFICERS, Vec::new());
    let restored = Act::StoreRestore(restore(seq, "first"));
    within("ceremony-restore", restored, &OFFICERS, Vec::new());
    let (name, ceremony) = (text("user default"), Some(seq));
    within(
        "ceremony-pin",
        Act::PinSet(PinSet { name, ceremony }),
        &OFFICERS,
        Vec::new(),
    );
    for (name, end) in [
        ("end", ended(seq, "next", 3, Vec::new())),
        ("abandoned", abandoned(seq, "next", 3)),
    ] {
        let by = if name == "end" { &ALL[..] } else { &OFFICERS[..] };
        all.push(Needed {
            name,
            on: open.clone(),
            act: Act::CeremonyEnd(end),
            by: by.to_vec(),
            after: Vec::new(),
        });
    }
    all
}

/// A case: the file, and where its first fault lies with its check.
type Forged = (String, Vec<Vec<u8>>, Option<(usize, &'static str)>);

fn forge(needed: &Needed, cases: &mut Vec<Forged>) {
    let Needed {
        name,
        on,
        act,
        by,
        after,
    } = needed;
    let at = on.len();
    let right = forged(on, &[(act.clone(), by.clone())]);
    let mut case = |how: &str, mut all: Vec<Vec<u8>>, check: Option<&'static str>| {
        // The forger goes on as if nothing were wrong; what the others sign later does not heal it.
        if check.is_none() {
            all = forged(&all, after);
        }
        cases.push((format!("{name}-{how}"), all, check.map(|check| (at, check))));
    };
    let with = |line: Vec<u8>| {
        let mut all = on.clone();
        all.push(line);
        all
    };
    let line = right.last().unwrap();
    case("by-two", right.clone(), None);
    case("by-one", with(signed(line, &[(FORGER, FORGER)])), Some(TWO));
    let twice = signed(line, &[(FORGER, FORGER), (FORGER, FORGER)]);
    case("by-one-twice", with(twice), Some(TWO));
    // All the names that belong there, and one hand.
    let one_hand: Vec<(&str, &str)> = by.iter().map(|name| (*name, FORGER)).collect();
    case("in-the-names-of-all", with(signed(line, &one_hand)), Some(SIGNATURE));
    let mut copied = Entry::parse(&signed(line, &[(FORGER, FORGER)])).unwrap();
    copied.sigs.push(earlier_signature(on, OTHER));
    case("with-an-earlier-signature", with(copied.line()), Some(SIGNATURE));
    // A name that nobody has, with the forger's own key.
    let stranger = signed(line, &[(FORGER, FORGER), ("孙七", FORGER)]);
    case("with-a-stranger", with(stranger), Some(SIGNATURE));
}

/// The forger enters himself under a second name: with his own key, and with the other's name.
fn second_names(on: &[Vec<u8>], cases: &mut Vec<Forged>) {
    let own_key = Officer {
        key: public(seed_of(FORGER)),
        ..officer("孙七", 5, &[Role::KeyOfficer])
    };
    let mut same_name = officer(OTHER, 5, &[Role::KeyOfficer]);
    same_name.key = public(5);
    let mut stranger = officer("孙七", 5, &[Role::KeyOfficer]);
    stranger.key = public(seed_of("孙七"));
    let misled = [(FORGER, FORGER), (OTHER, OTHER)];
    for (name, new, by, check) in [
        ("own-key-again", own_key.clone(), &misled[..1], TWO),
        ("own-key-again-by-two", own_key, &misled[..], TWICE),
        ("name-again", same_name, &misled[..1], SIGNATURE),
        ("a-second-person-by-one", stranger, &misled[..1], TWO),
    ] {
        let signs = new.name.to_string();
        let entered = forged(on, &[(Act::OfficerEnrol(new), vec![FORGER, OTHER])]);
        let (line, start) = entered.split_last().unwrap();
        let hand = if name.starts_with("own-key") { FORGER } else { "孙七" };
        let line = signed(line, &[by, &[(signs.as_str(), hand)]].concat());
        let mut all = start.to_vec();
        all.push(line);
        cases.push((name.to_owned(), all, Some((on.len(), check))));
    }
}

/// A whole ledger of one hand: the first entry names two officers who have one key.
fn one_key_from_the_start() -> Forged {
    let mut founding = key_centre(false);
    founding.init.officers.truncate(2);
    let good = Bench::of(founding);
    let mut entry = Entry::parse(&lines(&good.ledger)[0]).unwrap();
    if let Act::SiteInit(init) = &mut entry.act {
        init.officers[1].key = init.officers[0].key;
    }
    let line = signed(&entry.line(), &[(FORGER, FORGER), (OTHER, FORGER)]);
    ("one-key-from-the-start".to_owned(), vec![line], Some((0, TWICE)))
}

#[test]
fn what_one_officer_signs_for_two_is_found_by_both_verifiers() {
    let mut cases: Vec<Forged> = Vec::new();
    let needed = needed();
    for one in &needed {
        forge(one, &mut cases);
    }
    second_names(&needed[0].on, &mut cases);
    cases.push(one_key_from_the_start());
    let mut expected: Vec<Verdict> = Vec::new();
    let mut files = Vec::new();
    for (name, all, fault) in &cases {
        let (verdict, seq, check) = match fault {
            Some((at, check)) => ("bad", at.to_string(), *check),
            None => ("good", "-".to_owned(), "-"),
        };
        expected.push((name.clone(), verdict.to_owned(), seq, check.to_owned()));
        files.push((name.clone(), joined(all), None));
        // The chain itself is as it should be: only who signed is wrong.
        for pair in all.windows(2) {
            assert_eq!(Entry::parse(&pair[1]).unwrap().prev, Hash::leaf(&pair[0]), "{name}");
        }
    }
    assert_eq!(
        cases.iter().filter(|(_, _, fault)| fault.is_none()).count(),
        needed.len()
    );
    expected.sort();
    let (ours, theirs) = verdicts(&files);
    assert_eq!(ours, expected);
    assert_eq!(theirs, expected);
}
