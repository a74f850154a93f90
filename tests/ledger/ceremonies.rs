// SPDX-License-Identifier: Apache-2.0
//! Ceremonies in the ledger: what is refused when it is appended is found when it is verified, by this program and by
//! the verifier in Python, at the same entry and by the same check.

use cardmint::ledger::act::*;
use cardmint::ledger::entry::Signed;
use cardmint::ledger::field::Signature;
use cardmint::ledger::{Act, Entry, Hash, Ledger, Moment, Role};
use ed25519_dalek::Signer as _;

use super::bench_site::*;
use super::ceremony_story::*;
use super::python::verdicts;
use super::story::{arrived, joined, lines, short};

/// The lines with these entries after them, made by somebody who has the keys of these officers and the file.
pub fn forged(lines: &[Vec<u8>], acts: &[Step]) -> Vec<Vec<u8>> {
    let mut all = lines.to_vec();
    for (act, by) in acts {
        let mut entry = Entry::parse(all.last().unwrap()).unwrap();
        entry.seq += 1;
        entry.prev = Hash::leaf(all.last().unwrap());
        entry.at = Moment::new("2026-11-19T00:00:00Z").unwrap();
        entry.officer = text(by.first().unwrap());
        entry.act = act.clone();
        let bytes = entry.signed_bytes();
        let sign = |name: &&str| Signed {
            officer: text(name),
            sig: Signature(key(seed_of(name)).sign(&bytes).to_bytes()),
        };
        entry.sigs = by.iter().map(sign).collect();
        all.push(entry.line());
    }
    all
}

/// Where a case starts: a site with its load key and a backup; with a ceremony open as well; a rehearsal site likewise.
struct Bases {
    closed: Bench,
    open: Bench,
    seq: u64,
    strict: Bench,
    rehearsal: Bench,
}

fn base(rehearsal: bool) -> Bench {
    let mut b = Bench::of(key_centre(rehearsal));
    first_key(&mut b);
    done(&mut b, "backup", 2, &ALL, |seq| {
        (
            vec![two(Act::StoreBackup(backup(seq, "first")))],
            vec![step("b", "backup", &[])],
        )
    });
    b
}

fn bases() -> Bases {
    let (closed, mut open, mut strict) = (base(false), base(false), base(false));
    let seq = begin(&mut open, "next", 3);
    let policy = ceremonies_only();
    strict
        .by(&OFFICERS, Act::PolicyChange(PolicyChange { policy }))
        .unwrap();
    Bases {
        closed,
        open,
        seq,
        strict,
        rehearsal: base(true),
    }
}

/// Name, where it starts, what is appended, and where the first fault lies with its check; none where it is allowed.
struct Case<'a> {
    name: &'static str,
    on: &'a Bench,
    acts: Vec<Step>,
    fault: Option<(usize, &'static str)>,
}

const CEREMONY: &str = "LEDGER-CEREMONY";
const TWO: &str = "LEDGER-TWO-OFFICERS";
const LIFE: &str = "LEDGER-LIFECYCLE";
const TWICE: &str = "LEDGER-NUMBER-TWICE";
const SIGNATURE: &str = "LEDGER-SIGNATURE";

fn begins(change: impl FnOnce(&mut CeremonyBegin)) -> Act {
    let mut body = begun("other", 9, &ALL);
    change(&mut body);
    Act::CeremonyBegin(body)
}

fn beginnings<'a>(on: &'a Bases, case: &mut impl FnMut(&'static str, &'a Bench, Vec<Step>, Fault)) {
    let by = |act, by: &[&'static str]| vec![(act, by.to_vec())];
    case("begin", &on.closed, by(begins(|_| ()), &ALL), None);
    case(
        "begin-one-signed",
        &on.closed,
        by(begins(|_| ()), &["张三"]),
        Some((0, TWO)),
    );
    case(
        "begin-one-signed-twice",
        &on.closed,
        by(begins(|_| ()), &["张三", "张三"]),
        Some((0, TWO)),
    );
    case(
        "begin-one-missing",
        &on.closed,
        by(begins(|_| ()), &ALL[..3]),
        Some((0, CEREMONY)),
    );
    let few = |b: &mut CeremonyBegin| b.participants.truncate(3);
    case(
        "begin-one-too-many",
        &on.closed,
        by(begins(few), &ALL),
        Some((0, CEREMONY)),
    );
    let one = |b: &mut CeremonyBegin| b.participants.truncate(1);
    case("begin-alone", &on.closed, by(begins(one), &["张三"]), Some((0, TWO)));
    let both = |b: &mut CeremonyBegin| b.participants[3].officer = text("王五");
    case(
        "begin-officer-twice",
        &on.closed,
        by(begins(both), &ALL[..3]),
        Some((0, CEREMONY)),
    );
    let id = |b: &mut CeremonyBegin| b.participants[3].id = text("custodian-3");
    case("begin-id-twice", &on.closed, by(begins(id), &ALL), Some((0, CEREMONY)));
    let role = |b: &mut CeremonyBegin| b.participants[2].role = Role::KeyOfficer;
    case(
        "begin-not-in-role",
        &on.closed,
        by(begins(role), &ALL),
        Some((0, CEREMONY)),
    );
    let stranger = |b: &mut CeremonyBegin| b.participants[3].officer = text("孙七");
    let with_stranger = by(begins(stranger), &["张三", "李四", "王五", "孙七"]);
    case("begin-not-enrolled", &on.closed, with_stranger, Some((0, SIGNATURE)));
    let used = |b: &mut CeremonyBegin| b.nonce = nonce(1);
    case(
        "begin-nonce-used",
        &on.closed,
        by(begins(used), &ALL),
        Some((0, CEREMONY)),
    );
    case(
        "begin-while-open",
        &on.open,
        by(begins(|_| ()), &ALL),
        Some((0, CEREMONY)),
    );
    let seq = on.seq;
    let again = |b: &mut CeremonyBegin| (b.resumes, b.plan) = (Some(seq), plan("next"));
    case("resume", &on.open, by(begins(again), &ALL), None);
    let people = |b: &mut CeremonyBegin| {
        (b.resumes, b.plan) = (Some(seq), plan("next"));
        b.participants.truncate(3);
    };
    case("resume-by-fewer", &on.open, by(begins(people), &ALL[..3]), None);
    let other = |b: &mut CeremonyBegin| b.resumes = Some(seq);
    case(
        "resume-other-plan",
        &on.open,
        by(begins(other), &ALL),
        Some((0, CEREMONY)),
    );
    let ended = |b: &mut CeremonyBegin| (b.resumes, b.plan) = (Some(1), plan("city keys"));
    case("resume-ended", &on.closed, by(begins(ended), &ALL), Some((0, CEREMONY)));
    let unknown = |b: &mut CeremonyBegin| (b.resumes, b.plan) = (Some(2), plan("next"));
    case(
        "resume-another",
        &on.open,
        by(begins(unknown), &ALL),
        Some((0, CEREMONY)),
    );
}

type Fault = Option<(usize, &'static str)>;

/// A key of the open ceremony, and the end that tells of it.
fn key_and_end(seq: u64) -> (Step, Step) {
    let key = load_key(2, Some(seq));
    let steps = vec![step("rotate", "rotate", &[&key])];
    let end = Act::CeremonyEnd(ended(seq, "next", 3, steps));
    (two(Act::KeyGenerate(key)), (end, ALL.to_vec()))
}

fn endings<'a>(on: &'a Bases, case: &mut impl FnMut(&'static str, &'a Bench, Vec<Step>, Fault)) {
    let (seq, open) = (on.seq, &on.open);
    let (key, end) = key_and_end(seq);
    let empty = ended(seq, "next", 3, Vec::new());
    let by = |end: CeremonyEnd, by: &[&'static str]| (Act::CeremonyEnd(end), by.to_vec());
    let changed = |change: fn(&mut CeremonyEnd)| {
        let Act::CeremonyEnd(mut body) = end.0.clone() else {
            panic!("an end")
        };
        change(&mut body);
        by(body, &ALL)
    };
    case("end", open, vec![key.clone(), end.clone()], None);
    case("end-empty", open, vec![by(empty.clone(), &ALL)], None);
    case(
        "end-one-missing",
        open,
        vec![key.clone(), by(empty.clone(), &ALL[..3])],
        Some((1, CEREMONY)),
    );
    case("end-by-one", open, vec![by(empty.clone(), &["张三"])], Some((0, TWO)));
    case(
        "end-twice-by-one",
        open,
        vec![by(empty.clone(), &["张三", "张三"])],
        Some((0, TWO)),
    );
    case(
        "end-never-begun",
        &on.closed,
        vec![by(empty.clone(), &ALL)],
        Some((0, CEREMONY)),
    );
    let plan = changed(|e| e.plan = super::ceremony_story::plan("swapped"));
    case("end-other-plan", open, vec![key.clone(), plan], Some((1, CEREMONY)));
    let other_nonce = changed(|e| e.nonce = nonce(4));
    case(
        "end-other-nonce",
        open,
        vec![key.clone(), other_nonce],
        Some((1, CEREMONY)),
    );
    let earlier = changed(|e| e.begin = 1);
    case(
        "end-of-an-ended-one",
        open,
        vec![key.clone(), earlier],
        Some((1, CEREMONY)),
    );
    case(
        "end-twice",
        open,
        vec![key.clone(), end.clone(), end.clone()],
        Some((2, CEREMONY)),
    );
    case("end-missing", open, vec![key.clone()], Some((0, CEREMONY)));
    let untold = changed(|e| e.steps.clear());
    case("end-key-untold", open, vec![key.clone(), untold], Some((1, CEREMONY)));
    let other_kcv = changed(|e| e.steps[0].keys[0].kcv = short("2677F5"));
    case(
        "end-key-told-otherwise",
        open,
        vec![key.clone(), other_kcv],
        Some((1, CEREMONY)),
    );
    let pin = |ceremony| {
        let name = text("user default");
        two(Act::PinSet(PinSet { name, ceremony }))
    };
    case(
        "act-between",
        open,
        vec![key.clone(), pin(None), end.clone()],
        Some((1, CEREMONY)),
    );
    case("act-before", open, vec![pin(None), key.clone(), end.clone()], None);
    case(
        "act-after-end",
        open,
        vec![end.clone(), key.clone()],
        Some((1, CEREMONY)),
    );
    case(
        "begin-between",
        open,
        vec![key.clone(), (begins(|_| ()), ALL.to_vec())],
        Some((1, CEREMONY)),
    );
    case(
        "abandon-by-key-officers",
        open,
        vec![by(abandoned(seq, "next", 3), &OFFICERS)],
        None,
    );
    case(
        "abandon-by-participants",
        open,
        vec![by(abandoned(seq, "next", 3), &["王五", "赵六"])],
        None,
    );
    case(
        "abandon-by-one",
        open,
        vec![by(abandoned(seq, "next", 3), &["张三"])],
        Some((0, TWO)),
    );
    let acted = vec![key, by(abandoned(seq, "next", 3), &ALL)];
    case("abandon-with-acts", open, acted, Some((1, CEREMONY)));
    let strange = vec![by(abandoned(seq, "next", 4), &OFFICERS)];
    case("abandon-other-nonce", open, strange, Some((0, CEREMONY)));
}

fn acts<'a>(on: &'a Bases, case: &mut impl FnMut(&'static str, &'a Bench, Vec<Step>, Fault)) {
    let (seq, open) = (on.seq, &on.open);
    let (key, end) = key_and_end(seq);
    let by = |by: &[&'static str]| vec![(key.0.clone(), by.to_vec()), end.clone()];
    case("act-by-participants", open, by(&["王五", "赵六"]), None);
    case("act-by-one", open, by(&["张三"]), Some((0, TWO)));
    case("act-by-one-twice", open, by(&["张三", "张三"]), Some((0, TWO)));
    case("act-of-no-ceremony", &on.closed, vec![key.clone()], Some((0, CEREMONY)));
    let wrong = two(Act::KeyGenerate(load_key(2, Some(1))));
    case("act-of-an-ended-ceremony", open, vec![wrong], Some((0, CEREMONY)));
    let enrol = |by: &[&'static str]| {
        let new = Officer {
            ceremony: Some(seq),
            ..officer("孙七", 5, &[Role::Custodian])
        };
        (Act::OfficerEnrol(new), by.to_vec())
    };
    let told = || (Act::CeremonyEnd(ended(seq, "next", 3, Vec::new())), ALL.to_vec());
    case("enrol", open, vec![enrol(&["张三", "李四", "孙七"]), told()], None);
    case(
        "enrol-by-one",
        open,
        vec![enrol(&["张三", "孙七"]), told()],
        Some((0, TWO)),
    );
    // The new officer is not a participant, however lately enrolled.
    let mut by_new = key.clone();
    by_new.1 = vec!["张三", "孙七"];
    let three = vec![enrol(&["张三", "李四", "孙七"]), by_new, end.clone()];
    case("act-by-no-participant", open, three, Some((1, CEREMONY)));
    let mut end_by_new = told();
    end_by_new.1.push("孙七");
    let three = vec![enrol(&["张三", "李四", "孙七"]), end_by_new];
    case("end-by-no-participant", open, three, Some((1, CEREMONY)));
    let revoke = |ceremony| {
        let (name, reason) = (text("赵六"), text("left"));
        two(Act::OfficerRevoke(OfficerRevoke { name, reason, ceremony }))
    };
    case(
        "revoked-by-it-signs-the-end",
        open,
        vec![revoke(Some(seq)), told()],
        None,
    );
    case(
        "revoked-before-does-not",
        open,
        vec![revoke(None), told()],
        Some((1, SIGNATURE)),
    );
    let mut late = key.clone();
    late.1 = vec!["张三", "赵六"];
    case(
        "revoked-signs-no-act",
        open,
        vec![revoke(Some(seq)), late, end],
        Some((1, SIGNATURE)),
    );
}

/// An act by one, by two, and by one at a rehearsal site.
type Named = (&'static str, &'static str, &'static str, Act);

/// What two officers sign in a production site, whatever its policy says.
fn floors<'a>(on: &'a Bases, case: &mut impl FnMut(&'static str, &'a Bench, Vec<Step>, Fault)) {
    let one = |act: &Act| vec![(act.clone(), vec!["张三"])];
    let both = |act: &Act| vec![two(act.clone())];
    let next = |act: fn(KeyArrived) -> Act| act(load_key(2, None));
    let reshare = Act::StoreReshare(StoreReshare {
        quorum: 1,
        holders: holders(&["张三", "李四"]),
        ceremony: None,
    });
    let destroy = retired("load/1", KeyState::Destroyed, None);
    let acts: [Named; 6] = [
        (
            "rotation-by-one",
            "rotation-by-two",
            "rotation-rehearsed",
            next(Act::KeyGenerate),
        ),
        (
            "import-by-one",
            "import-by-two",
            "import-rehearsed",
            next(Act::KeyImport),
        ),
        (
            "derive-by-one",
            "derive-by-two",
            "derive-rehearsed",
            next(Act::KeyDerive),
        ),
        (
            "export-by-one",
            "export-by-two",
            "export-rehearsed",
            exported("load/1", None),
        ),
        (
            "destruction-by-one",
            "destruction-by-two",
            "destruction-rehearsed",
            destroy,
        ),
        ("reshare-by-one", "reshare-by-two", "reshare-rehearsed", reshare),
    ];
    for (alone, together, rehearsed, act) in &acts {
        case(alone, &on.closed, one(act), Some((0, TWO)));
        case(together, &on.closed, both(act), None);
        case(rehearsed, &on.rehearsal, one(act), None);
    }
    case(
        "retire-by-one",
        &on.closed,
        one(&retired("load/1", KeyState::Retired, None)),
        None,
    );
    let mut new = arrived("other/2");
    (new.usage, new.version) = (text("other"), 2);
    case("first-version-by-one", &on.closed, one(&Act::KeyGenerate(new)), None);
    let twice = vec![two(destroy_of("load/1")), two(exported("load/1", None))];
    case("destroyed-is-gone", &on.closed, twice, Some((1, LIFE)));
    let back = vec![
        two(destroy_of("load/1")),
        two(retired("load/1", KeyState::Active, None)),
    ];
    case("destroyed-stays-so", &on.closed, back, Some((1, LIFE)));
    for (name, act) in [
        ("policy-generate", Act::KeyGenerate(arrived("x/1"))),
        ("policy-export", exported("load/1", None)),
        ("policy-retire", retired("load/1", KeyState::Retired, None)),
        ("policy-reshare", acts[5].3.clone()),
    ] {
        case(name, &on.strict, both(&act), Some((0, CEREMONY)));
    }
    let name = text("user default");
    case(
        "policy-pin",
        &on.strict,
        both(&Act::PinSet(PinSet { name, ceremony: None })),
        None,
    );
}

fn destroy_of(key: &str) -> Act {
    retired(key, KeyState::Destroyed, None)
}

fn stores<'a>(on: &'a Bases, case: &mut impl FnMut(&'static str, &'a Bench, Vec<Step>, Fault)) {
    let (seq, open) = (on.seq, &on.open);
    let with_end = |act: Act| {
        vec![
            two(act),
            (Act::CeremonyEnd(ended(seq, "next", 3, Vec::new())), ALL.to_vec()),
        ]
    };
    let copy = |change: fn(&mut StoreBackup)| {
        let mut body = backup(seq, "second");
        change(&mut body);
        with_end(Act::StoreBackup(body))
    };
    case("backup", open, copy(|_| ()), None);
    case(
        "backup-file-twice",
        open,
        copy(|b| b.digest = backup(0, "first").digest),
        Some((0, TWICE)),
    );
    case("backup-by-one-share", open, copy(|b| b.threshold = 1), Some((0, LIFE)));
    case("backup-unreachable", open, copy(|b| b.threshold = 4), Some((0, LIFE)));
    case(
        "backup-index-twice",
        open,
        copy(|b| b.shares[1].index = 1),
        Some((0, LIFE)),
    );
    case(
        "backup-index-zero",
        open,
        copy(|b| b.shares[1].index = 0),
        Some((0, LIFE)),
    );
    case(
        "backup-officer-twice",
        open,
        copy(|b| b.shares[1].officer = text("李四")),
        Some((0, LIFE)),
    );
    case(
        "backup-to-a-stranger",
        open,
        copy(|b| b.shares[1].officer = text("孙七")),
        Some((0, LIFE)),
    );
    let from = |change: fn(&mut StoreRestore)| {
        let mut body = restore(seq, "first");
        change(&mut body);
        with_end(Act::StoreRestore(body))
    };
    case("restore", open, from(|_| ()), None);
    case(
        "restore-unknown",
        open,
        from(|r| r.digest = Hash::of(&[b"?"])),
        Some((0, LIFE)),
    );
    case(
        "restore-other-generation",
        open,
        from(|r| r.generation = 8),
        Some((0, LIFE)),
    );
    case(
        "restore-by-one-share",
        open,
        from(|r| r.shares.truncate(1)),
        Some((0, LIFE)),
    );
    case(
        "restore-share-twice",
        open,
        from(|r| r.shares[1].index = 1),
        Some((0, LIFE)),
    );
    case("restore-no-quorum", open, from(|r| r.quorum = 4), Some((0, LIFE)));
    case(
        "restore-holder-twice",
        open,
        from(|r| r.holders[1].officer = text("张三")),
        Some((0, LIFE)),
    );
    case(
        "reshare-to-a-stranger",
        &on.closed,
        vec![two(Act::StoreReshare(StoreReshare {
            quorum: 1,
            holders: holders(&["张三", "孙七"]),
            ceremony: None,
        }))],
        Some((0, LIFE)),
    );
}

#[test]
fn what_no_ceremony_may_do_is_refused_and_found_by_both_verifiers() {
    let bases = bases();
    let mut cases: Vec<Case<'_>> = Vec::new();
    {
        let mut case = |name, on, acts, fault| cases.push(Case { name, on, acts, fault });
        beginnings(&bases, &mut case);
        endings(&bases, &mut case);
        acts(&bases, &mut case);
        floors(&bases, &mut case);
        stores(&bases, &mut case);
    }
    let mut files = Vec::new();
    let mut expected = Vec::new();
    for case in &cases {
        let before = lines(&case.on.ledger);
        files.push((case.name.to_owned(), joined(&forged(&before, &case.acts)), None));
        let (verdict, seq, check) = match case.fault {
            Some((at, check)) => ("bad", (before.len() + at).to_string(), check),
            None => ("good", "-".to_owned(), "-"),
        };
        expected.push((case.name.to_owned(), verdict.to_owned(), seq, check.to_owned()));
        // Each case starts from the same entries: it works on a copy.
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("ledger.db");
        let db = rusqlite::Connection::open(case.on.path()).unwrap();
        db.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        let mut ledger = Ledger::open(&copy, None).unwrap();
        let done = together(&mut ledger, &case.acts, &at(86_400));
        assert_eq!(done.is_err(), case.fault.is_some(), "{}: {done:?}", case.name);
        let size = ledger.size() as usize;
        let grown = if done.is_ok() { case.acts.len() } else { 0 };
        assert_eq!(size, before.len() + grown, "{}", case.name);
    }
    expected.sort();
    let (ours, theirs) = verdicts(&files);
    assert_eq!(ours, expected);
    assert_eq!(theirs, expected);
}
