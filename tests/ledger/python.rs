// SPDX-License-Identifier: Apache-2.0
//! The verifier of docs/formats, in another language and written from the format's page, comes to the same verdicts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cardmint::ledger::{Against, verify_lines};
use cardmint::outside::Unobserved;

use super::story::{joined, lines, told};

const DRIVER: &str = "
import sys, glob, os, functools
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_ledger as v
v.verifies = functools.lru_cache(None)(v.verifies)
for path in sorted(glob.glob(os.path.join(sys.argv[2], '*.jsonl'))):
    note = path[:-6] + '.note'
    note = open(note, 'rb').read() if os.path.exists(note) else None
    found, _ = v.verify(open(path, 'rb'), note)
    first = min((f for f in found if f[1] is not None), key=lambda f: f[1], default=('-', '-'))
    print(os.path.basename(path)[:-6], 'bad' if found else 'good', first[1], first[0])
";

pub fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats")
}

/// What a verifier says of a file: its name, `good` or `bad`, the first entry that is wrong, and the check.
pub type Verdict = (String, String, String, String);

/// The verdicts of this program, and those of the verifier in Python, on files with their checkpoints.
pub fn verdicts(cases: &[(String, Vec<u8>, Option<String>)]) -> (Vec<Verdict>, Vec<Verdict>) {
    let folder = tempfile::tempdir().unwrap();
    let mut ours = Vec::new();
    for (name, file, note) in cases {
        fs::write(folder.path().join(format!("{name}.jsonl")), file).unwrap();
        if let Some(note) = note {
            fs::write(folder.path().join(format!("{name}.note")), note).unwrap();
        }
        let report = verify_lines(
            &mut file.as_slice(),
            note.as_deref(),
            &Against::default(),
            &mut Unobserved,
        )
        .unwrap();
        let first = report.findings.iter().filter(|f| f.seq.is_some()).min_by_key(|f| f.seq);
        let (seq, check) = first.map_or(("-".to_owned(), "-"), |f| {
            (f.seq.unwrap_or_default().to_string(), f.check)
        });
        let verdict = if report.good() { "good" } else { "bad" };
        ours.push((name.clone(), verdict.to_owned(), seq, check.to_owned()));
    }
    let ran = Command::new("python3")
        .args(["-c", DRIVER])
        .arg(docs())
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).unwrap();
    let parse = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        let mut next = || words.next().unwrap();
        (next(), next(), next(), next())
    };
    let mut theirs: Vec<Verdict> = said.lines().map(parse).collect();
    ours.sort();
    theirs.sort();
    (ours, theirs)
}

#[test]
fn both_verifiers_agree_on_good_and_damaged_exports() {
    let b = told();
    let good = lines(&b.ledger);
    let note = b.ledger.checkpoint_note().unwrap().unwrap();
    let mut cases: Vec<(String, Vec<u8>, Option<String>)> = Vec::new();
    let mut case = |name: &str, file: Vec<u8>, note: &str| cases.push((name.to_owned(), file, Some(note.to_owned())));
    let edit = |f: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut copy = good.clone();
        f(&mut copy);
        joined(&copy)
    };
    let within = |at: usize, from: &str, to: &str| {
        let line = String::from_utf8(good[at].clone()).unwrap();
        assert!(line.contains(from), "{line}");
        edit(&|all| all[at] = line.replacen(from, to, 1).into_bytes())
    };
    case("good", joined(&good), &note);
    case("deleted", edit(&|all| drop(all.remove(9))), &note);
    case("swapped", edit(&|all| all.swap(9, 10)), &note);
    case("twice", edit(&|all| all.insert(9, good[9].clone())), &note);
    case("cut", edit(&|all| all.truncate(20)), &note);
    case("cut-within-a-line", joined(&good)[..5000].to_vec(), &note);
    case(
        "no-last-line-feed",
        joined(&good)[..joined(&good).len() - 1].to_vec(),
        &note,
    );
    case("empty", Vec::new(), &note);
    case("field-edited", within(8, "\"C1\"", "\"C2\""), &note);
    case("spaces", within(8, "{\"act\"", "{ \"act\""), &note);
    case(
        "key-twice",
        within(8, "{\"act\"", "{\"act\":\"card.intent\",\"act\""),
        &note,
    );
    case("null", within(8, "\"keys\":[", "\"batch\":null,\"keys\":["), &note);
    case("number-form", within(3, "\"v\":1", "\"v\":1.0"), &note);
    case("escaped", within(7, "王五", "\\u738b\\u4e94"), &note);
    case(
        "approval-replayed",
        {
            let sigs = |line: &[u8]| {
                String::from_utf8(line.to_vec())
                    .unwrap()
                    .split_once("\"sigs\"")
                    .unwrap()
                    .1
                    .to_owned()
            };
            let (one, two) = (sigs(&good[2]), sigs(&good[3]));
            within(3, &two[..200], &one[..200])
        },
        &note,
    );
    case(
        "second-signature-dropped",
        within(2, ",{\"officer\":\"李四\"", ",{\"officer\":\"王五\""),
        &note,
    );
    case(
        "note-size",
        joined(&good),
        &note.replacen(&format!("\n{}\n", good.len()), "\n3\n", 1),
    );
    case(
        "note-of-another-log",
        joined(&good),
        &note.replace("city-3100", "city-3200"),
    );
    case(
        "note-without-signature",
        joined(&good),
        note.split_once("\n\n").unwrap().0,
    );
    let whole = joined(&good);
    for i in 0..12_usize {
        let at = (i * 7919 + 13) * 131 % whole.len();
        let mut file = whole.clone();
        file[at] ^= 1 << (i % 7);
        case(&format!("flip-{at}"), file, &note);
    }
    let (ours, theirs) = verdicts(&cases);
    let good: Vec<&str> = ours.iter().filter(|v| v.1 == "good").map(|v| v.0.as_str()).collect();
    assert_eq!(good, ["good"]);
    // Which of several findings at the same entry comes first, and how a malformed one is called, may differ.
    let place = |all: &[Verdict]| -> Vec<(String, String, String)> {
        let place = |v: &Verdict| (v.0.clone(), v.1.clone(), v.2.clone());
        all.iter().map(place).collect()
    };
    assert_eq!(place(&theirs), place(&ours));
}

/// One program of at most 400 lines that a person can read, with nothing but Python's standard library.
#[test]
fn the_verifier_in_python_is_short() {
    let program = fs::read_to_string(docs().join("verify_ledger.py")).unwrap();
    assert!(program.lines().count() <= 400, "{} lines", program.lines().count());
    let known = "base64 bisect collections functools hashlib itertools json pathlib re sys";
    for line in program.lines() {
        assert!(line.chars().count() <= 120, "{line}");
        let code = line.split(['"', '#']).next().unwrap();
        assert!(
            !code.contains(';') && !code.contains("exec(") && !code.contains("eval("),
            "{line}"
        );
        if let Some(rest) = line.strip_prefix("import ").or(line.strip_prefix("from ")) {
            let names = rest.split(" import").next().unwrap().split(", ");
            assert!(
                names.into_iter().all(|name| known.split(' ').any(|one| one == name)),
                "{line}"
            );
        }
    }
}

/// RFC 8032 §7.1, tests 1 to 3; and what a strict verifier refuses.
#[test]
fn signatures_in_python_are_those_of_rfc_8032() {
    let driver = "
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from verify_ledger import verifies, L
for key, message, sig in [
    ('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
     'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'),
    ('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
     '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'),
    ('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
     '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'),
]:
    key, message, sig = map(bytes.fromhex, (key, message, sig))
    print(verifies(key, message, sig), verifies(key, message + b'x', sig), verifies(key, message, sig[:63] + b'\\1'))
    more = int.from_bytes(sig[32:], 'little') + L
    print(verifies(key, message, sig[:32] + more.to_bytes(32, 'little')))
neutral = (1).to_bytes(32, 'little')
print(verifies(neutral, b'any', neutral + bytes(32)), verifies(bytes([2]) + bytes(31), b'any', bytes(64)))
";
    let ran = Command::new("python3")
        .args(["-c", driver])
        .arg(docs())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    let one = "True False False\nFalse\n";
    assert_eq!(said, format!("{}False False\n", one.repeat(3)));
}
