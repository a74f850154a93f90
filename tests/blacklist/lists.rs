// SPDX-License-Identifier: Apache-2.0
//! Random weeks of a blacklist against a model that counts numbers one by one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use cardmint::batch::blacklist::{
    Answer, CompactList, Op, Plan, edition, look_up, open_seal, publish, published, seal,
};
use cardmint::error::Fault;
use cardmint::ledger::act::{Act, BlacklistAdd, BlacklistRemove, ListForm};
use cardmint::ledger::{CardKind, Number, Text};

use crate::centre::Centre;
use crate::dice::Dice;

/// What one entry put on the list.
#[derive(Clone, PartialEq)]
struct Row {
    kind: CardKind,
    from: String,
    to: String,
    until: Option<String>,
}

fn covers(row: &Row, kind: CardKind, number: &str, day: &str) -> bool {
    let in_row = row.from.len() == number.len() && row.from.as_str() <= number && number <= row.to.as_str();
    row.kind == kind && in_row && row.until.as_deref().is_none_or(|until| until >= day)
}

/// Numbers that the model asks about: two lengths, letters, both kinds.
fn universe() -> Vec<(CardKind, String)> {
    let mut all = Vec::new();
    for n in 0..40 {
        all.push((CardKind::User, format!("3100{n:012}")));
        all.push((CardKind::Psam, format!("3100{n:012}")));
        all.push((CardKind::User, format!("31{n:05}")));
    }
    for letter in 'A'..='F' {
        all.push((CardKind::User, format!("310000000000{letter}001")));
    }
    all
}

fn number(text: &str) -> Number {
    Number::new(text).unwrap()
}

fn change(random: &mut Dice, rows: &mut Vec<Row>, centre: &mut Centre) {
    if !rows.is_empty() && random.percent(35) {
        let row = rows.swap_remove(random.below(rows.len() as u64) as usize);
        let act = BlacklistRemove {
            kind: row.kind,
            from: number(&row.from),
            to: number(&row.to),
            reason: Text::new("test").unwrap(),
        };
        centre.session.append(Act::BlacklistRemove(act)).unwrap();
        return;
    }
    let all = universe();
    let (kind, from) = all[random.below(all.len() as u64) as usize].clone();
    let last = random.below(9);
    let to = match from.parse::<u64>() {
        Ok(n) if random.percent(40) => format!("{:0width$}", n + last, width = from.len()),
        _ => from.clone(),
    };
    let until = random.percent(50).then(|| format!("202612{:02}", 1 + random.below(30)));
    let row = Row { kind, from, to, until };
    let same = |r: &&Row| (r.kind, &r.from, &r.to) == (row.kind, &row.from, &row.to);
    if rows.iter().any(|r| same(&r)) {
        return;
    }
    let act = BlacklistAdd {
        kind: row.kind,
        from: number(&row.from),
        to: number(&row.to),
        until: row.until.as_deref().map(number),
        reason: Text::new("test").unwrap(),
    };
    centre.session.append(Act::BlacklistAdd(act)).unwrap();
    rows.push(row);
}

/// Asks the reader in Python about lists in a folder: what each has of each number, and that deltas lead where they say.
fn python(folder: &Path, key: &str, numbers: &[String]) -> Vec<String> {
    const DRIVER: &str = "
import sys, pathlib
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import blacklist as b
key, numbers = sys.argv[3], sys.argv[4].split(',')
full = {}
for note in sorted(pathlib.Path(sys.argv[2]).glob('*.note')):
    found = b.check(note, key)
    if found.delta:
        body = b.upon(found, full[found.base])
    else:
        body = found.body
    whole = pathlib.Path(sys.argv[2], 'whole-%06d' % found.sequence).read_bytes()
    assert whole[b.HEADER:] == body, found.sequence
    full[found.sequence] = b.Compact(whole)
    print(found.sequence, ''.join({0: 'L', 1: 'T', None: '-'}[found.find(0, n)] for n in numbers))
";
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats");
    let ran = Command::new("python3")
        .args(["-c", DRIVER])
        .args([&docs, folder])
        .args([key, &numbers.join(",")])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn random_weeks_against_a_model_and_a_reader_in_python() {
    let mut random = Dice::new();
    let mut centre = Centre::new("mohurd", "city", "3100");
    let folder = tempfile::tempdir().unwrap();
    let mut rows: Vec<Row> = Vec::new();
    let mut full: BTreeMap<u32, CompactList> = BTreeMap::new();
    let mut expected = Vec::new();
    let users: Vec<String> = universe()
        .into_iter()
        .filter_map(|(kind, n)| (kind == CardKind::User).then_some(n))
        .collect();
    for week in 1..=14u32 {
        for _ in 0..random.below(14) {
            change(&mut random, &mut rows, &mut centre);
        }
        let day = format!("202612{:02}", week * 2);
        let base = (week > 1 && random.percent(70)).then(|| 1 + random.below(u64::from(week) - 1) as u32);
        let out = publish(&mut centre.session, base, &day).unwrap();
        let list = CompactList::parse(&out.edition.compact).unwrap();
        assert_eq!(list.to_bytes(), out.edition.compact);
        let plan = Plan {
            form: ListForm::Full,
            base: None,
            ..out.edition.plan.clone()
        };
        let whole = CompactList::parse(&edition(&centre.session.ledger, plan).unwrap().compact).unwrap();
        if let Some(base) = base {
            assert_eq!(list.upon(&full[&base]).unwrap(), whole, "{week}");
            let other = full.values().find(|l| l.sequence != base);
            if let Some(other) = other {
                assert_eq!(list.upon(other).unwrap_err().msg().id(), "blacklist-other-base");
            }
        } else {
            assert_eq!(list, whole);
        }
        let before = base.map(|base| full[&base].clone());
        let mut line = String::new();
        for (kind, n) in universe() {
            let listed = rows.iter().any(|row| covers(row, kind, &n, &day));
            assert_eq!(whole.says(kind, &n) == Answer::Listed, listed, "{week} {n}");
            assert_eq!(out.edition.numbers.contains(kind, &n), listed, "{week} {n}");
            let was = before.as_ref().is_some_and(|b| b.says(kind, &n) == Answer::Listed);
            let (answer, sign) = match (listed, was, base) {
                (true, true, Some(_)) | (false, false, _) => (Answer::NotNamed, '-'),
                (true, ..) => (Answer::Listed, 'L'),
                (false, true, _) => (Answer::TakenOff, 'T'),
            };
            assert_eq!(list.says(kind, &n), answer, "{week} {n}");
            let halved = look_up(&out.edition.compact, kind, &n);
            let op = match answer {
                Answer::Listed => Some(Op::On),
                Answer::TakenOff => Some(Op::Off),
                Answer::NotNamed => None,
            };
            assert_eq!(halved, op, "{week} {n}");
            if kind == CardKind::User {
                line.push(sign);
            }
        }
        expected.push(format!("{week} {line}"));
        let sealed = seal(&centre.session, &out.edition);
        for (ending, bytes) in &sealed.files {
            fs::write(folder.path().join(format!("blacklist-{week:06}.{ending}")), bytes).unwrap();
        }
        fs::write(folder.path().join(format!("whole-{week:06}")), whole.to_bytes()).unwrap();
        full.insert(week, whole);
    }
    let key = centre.session.ledger.note_key().to_string();
    assert_eq!(python(folder.path(), &key, &users), expected);
    // Every list can be made again, to the byte.
    for week in 1..=14u32 {
        let again = seal(
            &centre.session,
            &published(&centre.session.ledger, week).unwrap().edition,
        );
        for (ending, bytes) in again.files {
            let file = folder.path().join(format!("blacklist-{week:06}.{ending}"));
            assert_eq!(fs::read(file).unwrap(), bytes, "{week} {ending}");
        }
    }
    assert_eq!(
        published(&centre.session.ledger, 15).unwrap_err().msg().id(),
        "blacklist-no-list"
    );
    centre.verify_ledger();
}

#[test]
fn a_changed_file_is_refused_or_says_what_it_says() {
    let mut centre = Centre::new("mohurd", "city", "3100");
    let mut rows = Vec::new();
    let mut random = Dice::seeded(7);
    for _ in 0..30 {
        change(&mut random, &mut rows, &mut centre);
    }
    publish(&mut centre.session, None, "20261201").unwrap();
    for _ in 0..10 {
        change(&mut random, &mut rows, &mut centre);
    }
    let out = publish(&mut centre.session, Some(1), "20261215").unwrap();
    let sealed = seal(&centre.session, &out.edition);
    let key = centre.session.ledger.note_key();
    let (_, note) = sealed.files.last().unwrap();
    let note = String::from_utf8(note.clone()).unwrap();
    let said = open_seal(&note, &key).unwrap();
    assert_eq!(
        (said.sequence, said.base, said.count as usize),
        (2, 1, out.edition.lines.len())
    );
    let compact = &out.edition.compact;
    let mut taken = 0;
    for at in 0..compact.len() {
        for bit in [0x01, 0x10, 0x80] {
            let mut changed = compact.clone();
            changed[at] ^= bit;
            assert_eq!(
                said.covers("bin", &changed).unwrap_err().msg().id(),
                "blacklist-other-file"
            );
            // The reader takes one form only, and never falls over.
            if let Ok(list) = CompactList::parse(&changed) {
                assert_eq!(list.to_bytes(), changed, "byte {at}");
                taken += 1;
            }
            let _ = look_up(&changed, CardKind::User, "3100000000000001");
        }
    }
    assert!(taken > 0, "numbers and digests may change and still be a list");
    for short in 0..compact.len() {
        assert!(CompactList::parse(&compact[..short]).is_err(), "{short}");
        let _ = look_up(&compact[..short], CardKind::User, "3100000000000001");
    }
    for at in 0..note.len() {
        let mut changed = note.clone().into_bytes();
        changed[at] ^= 0x01;
        if let Ok(changed) = String::from_utf8(changed) {
            assert!(open_seal(&changed, &key).is_err(), "byte {at}");
        }
    }
    let checkpoint = centre.session.ledger.checkpoint_note().unwrap().unwrap();
    assert_eq!(
        open_seal(&checkpoint, &key).unwrap_err().msg().id(),
        "blacklist-note",
        "a checkpoint is no list"
    );
}
