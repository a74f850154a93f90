// SPDX-License-Identifier: Apache-2.0
//! Evidence bundles, real ones and damaged ones: this program and the verifier in Python come to the same verdict, from the
//! file and the log's key alone.

use std::fs;
use std::io::{self, BufRead, Cursor};
use std::path::Path;
use std::process::Command;

use cardmint::ledger::Filter;
use cardmint::ledger::evidence::verify_bundle;
use cardmint::ledger::note::NoteKey;
use cardmint::outside::Unobserved;

use super::bundle::bundle;
use super::ceremony_story::told_ceremonies;
use super::python::docs;
use super::random::Draw;
use super::story::told;

const DRIVER: &str = "
import sys, os, functools
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_ledger as v
v.verifies = functools.lru_cache(None)(v.verifies)
vkey = open(os.path.join(sys.argv[2], 'key')).read()
for i in range(int(sys.argv[3])):
    found, part = v.verify(open(os.path.join(sys.argv[2], str(i)), 'rb'), None, vkey)
    first = min((f for f in found if f[1] is not None), key=lambda f: f[1], default=found[0] if found else ('-', None))
    print('bad' if found else 'good', '-' if first[1] is None else first[1], first[0])
";

pub type Verdict = (String, String, String);

pub fn ours(file: &[u8], key: &NoteKey) -> Verdict {
    let mut open = || -> io::Result<Box<dyn BufRead>> { Ok(Box::new(Cursor::new(file.to_vec()))) };
    let report = verify_bundle(&mut open, key, &mut Unobserved).unwrap().report;
    let (seq, check) = report.first_bad().map_or(("-".to_owned(), "-"), |f| {
        (f.seq.map_or("-".to_owned(), |seq| seq.to_string()), f.check)
    });
    let said = if report.good() { "good" } else { "bad" };
    (said.to_owned(), seq, check.to_owned())
}

pub fn theirs(files: &[Vec<u8>], key: &NoteKey, folder: &Path) -> Vec<Verdict> {
    for (i, file) in files.iter().enumerate() {
        fs::write(folder.join(i.to_string()), file).unwrap();
    }
    fs::write(folder.join("key"), key.to_string()).unwrap();
    let ran = Command::new("python3")
        .args(["-c", DRIVER])
        .args([&docs(), folder])
        .arg(files.len().to_string())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).unwrap();
    let words = |line: &str| -> Verdict {
        let mut words = line.split(' ').map(str::to_owned);
        let mut next = || words.next().unwrap();
        (next(), next(), next())
    };
    said.lines().map(words).collect()
}

/// A whole bundle, those of a card and of a range, and one of a key centre's acts.
fn samples() -> Vec<(NoteKey, String)> {
    let (cards, keys) = (told(), told_ceremonies());
    let of = |number: &str| Filter {
        number: Some(number.to_owned()),
        ..Filter::default()
    };
    let range = Filter {
        from: 6,
        to: Some(20),
        ..Filter::default()
    };
    let ceremony = Filter {
        act: Some("key".to_owned()),
        ..Filter::default()
    };
    let of_cards = [Filter::default(), of("1001"), of("2001"), range].map(|filter| bundle(&cards.ledger, &filter));
    let of_keys = [Filter::default(), ceremony].map(|filter| bundle(&keys.ledger, &filter));
    let (first, second) = (cards.ledger.note_key(), keys.ledger.note_key());
    let of_cards = of_cards.into_iter().map(|file| (first.clone(), file));
    of_cards
        .chain(of_keys.into_iter().map(|file| (second.clone(), file)))
        .collect()
}

/// One damage: a bit, a line taken away, doubled or moved, another number in the head, an end that is missing.
fn damaged(file: &str, draw: &mut Draw) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = file
        .split_inclusive('\n')
        .map(|line| line.as_bytes().to_vec())
        .collect();
    let any = |draw: &mut Draw, n: usize| usize::try_from(draw.below(n as u64)).unwrap();
    // The first line says what kind of file it is; without it the program in Python takes it for an export.
    let at = 1 + any(draw, lines.len() - 1);
    match draw.below(7) {
        0..=2 => {
            let mut bytes = file.as_bytes().to_vec();
            let place = "cardmint-evidence/".len() + any(draw, bytes.len() - 18);
            bytes[place] ^= 1 << draw.below(7);
            return bytes;
        }
        3 => drop(lines.remove(at)),
        4 => lines.insert(at, lines[at].clone()),
        5 => {
            let other = 1 + any(draw, lines.len() - 1);
            lines.swap(at, other);
        }
        _ => {
            let length = 20 + any(draw, file.len() - 20);
            return file.as_bytes()[..length].to_vec();
        }
    }
    lines.concat()
}

/// What of a bundle is signed or counted: not the line that says what it is about, and a signature once.
fn told_lines(file: &[u8]) -> Vec<&[u8]> {
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    let mut told: Vec<&[u8]> = lines.filter(|line| !line.starts_with(b"about ")).collect();
    told.dedup_by(|line, before| line == before && line.starts_with("— ".as_bytes()));
    told
}

#[test]
fn both_verifiers_agree_on_bundles_and_on_damaged_ones() {
    let seed = std::env::var("CARDMINT_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_261_121_u64);
    println!("CARDMINT_SEED={seed}");
    let count: u64 = std::env::var("CARDMINT_CASES")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(25);
    for (i, (key, file)) in samples().into_iter().enumerate() {
        let mut draw = Draw(seed.wrapping_add(i as u64).max(1));
        let mut files = vec![file.as_bytes().to_vec()];
        files.extend((0..count).map(|_| damaged(&file, &mut draw)));
        let folder = tempfile::tempdir().unwrap();
        let theirs = theirs(&files, &key, folder.path());
        assert_eq!(theirs.len(), files.len());
        for (n, (file, theirs)) in files.iter().zip(&theirs).enumerate() {
            let ours = ours(file, &key);
            let shown = || {
                format!(
                    "sample {i}, case {n}: {ours:?} {theirs:?}\n{}",
                    String::from_utf8_lossy(file)
                )
            };
            assert_eq!((&ours.0, &ours.1), (&theirs.0, &theirs.1), "{}", shown());
            // Without an entry to name, several checks may come first.
            let form = |check: &str| check.starts_with("LEDGER-ENTRY-");
            let same = ours.2 == theirs.2 || form(&ours.2) && form(&theirs.2);
            assert!(ours.1 == "-" || same, "{}", shown());
            // What the part is about is for people; nothing signs it.
            assert!(
                ours.0 == "bad" || told_lines(file) == told_lines(&files[0]),
                "{}",
                shown()
            );
        }
        let other: NoteKey = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
            .parse()
            .unwrap();
        let theirs = self::theirs(&files[..1], &other, folder.path());
        assert_eq!((theirs[0].0.as_str(), theirs[0].2.as_str()), ("bad", "LEDGER-LOG-KEY"));
        assert_eq!(ours(&files[0], &other), theirs[0]);
    }
}

/// Bytes that are no text, where no signature holds them: in what a part is about, which is wrong, and in somebody else's line
/// of the note, which is nobody's business.
#[test]
fn bytes_that_are_no_text_are_the_same_to_both_verifiers() {
    let (key, file) = samples().remove(1);
    let folder = tempfile::tempdir().unwrap();
    let about = file.find("about ").unwrap() + "about ".len();
    let foreign = format!("{file}— elsewhere AAAAAGFiY2Q=\n").into_bytes();
    let name = file.len() + "— ".len();
    let mut files = vec![file.as_bytes().to_vec(), foreign.clone(), file.into_bytes(), foreign];
    files[2][about] = 0xFF;
    files[3][name] = 0xFF;
    let theirs = theirs(&files, &key, folder.path());
    let said: Vec<&str> = theirs.iter().map(|(said, ..)| said.as_str()).collect();
    assert_eq!(said, ["good", "good", "bad", "good"]);
    for (file, theirs) in files.iter().zip(&theirs) {
        assert_eq!(ours(file, &key).0, theirs.0);
    }
}

/// As an auditor calls it: what a part cannot show stands in the verdict, a checkpoint with lines of others is good.
#[test]
fn the_program_says_what_a_part_cannot_show() {
    let run = |args: &[&std::ffi::OsStr]| {
        let ran = Command::new("python3")
            .arg("-B")
            .arg(docs().join("verify_ledger.py"))
            .args(args)
            .output()
            .unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
    };
    let folder = tempfile::tempdir().unwrap();
    for (i, (key, file)) in samples().into_iter().enumerate() {
        let path = folder.path().join(i.to_string());
        let cosigned = format!("{file}— witness.example/w1 {}\n", "AAAA".repeat(20));
        for file in [&file, &cosigned] {
            fs::write(&path, file).unwrap();
            let (code, said) = run(&[path.as_os_str(), key.to_string().as_ref()]);
            assert_eq!(code, Some(0), "{said}");
            assert!(said.ends_with("good\n"));
            assert_eq!(said.contains("cannot show"), file.contains("\nkind part\n"), "{said}");
        }
        fs::write(&path, file.replace("\"v\":1", "\"v\":2")).unwrap();
        let (code, said) = run(&[path.as_os_str(), key.to_string().as_ref()]);
        assert_eq!((code, said.ends_with("bad\n")), (Some(3), true), "{said}");
    }
}
