// SPDX-License-Identifier: Apache-2.0
//! The verifier of docs/formats, in another language and written from the format's page, comes to the same verdicts.

use std::fs;
use std::path::Path;
use std::process::Command;

use cardmint::ledger::{Against, verify_lines};
use cardmint::outside::Unobserved;

use super::story::{joined, lines, told};

const DRIVER: &str = "
import sys, glob, os
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_ledger as v
for path in sorted(glob.glob(os.path.join(sys.argv[2], '*.jsonl'))):
    note = open(path[:-6] + '.note', 'rb').read()
    found = v.verify(open(path, 'rb').read(), note)
    seqs = [s for _, s, _ in found if s is not None]
    print(os.path.basename(path)[:-6], 'bad' if found else 'good', min(seqs) if seqs else '-')
";

#[test]
fn both_verifiers_agree_on_good_and_damaged_exports() {
    let b = told();
    let good = lines(&b.ledger);
    let note = b.ledger.checkpoint_note().unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut cases: Vec<(String, Vec<u8>, String)> = Vec::new();
    let mut case = |name: &str, file: Vec<u8>, note: &str| cases.push((name.to_owned(), file, note.to_owned()));
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
    let mut expected = Vec::new();
    for (name, file, note) in &cases {
        fs::write(folder.path().join(format!("{name}.jsonl")), file).unwrap();
        fs::write(folder.path().join(format!("{name}.note")), note).unwrap();
        let report = verify_lines(&mut file.as_slice(), Some(note), &Against::default(), &mut Unobserved).unwrap();
        let first = report
            .findings
            .iter()
            .filter_map(|f| f.seq)
            .min()
            .map_or("-".to_owned(), |s| s.to_string());
        expected.push(format!("{name} {} {first}", if report.good() { "good" } else { "bad" }));
    }
    expected.sort();
    assert!(
        expected
            .iter()
            .filter(|line| line.contains(" good "))
            .eq(["good good -"].iter()),
        "{expected:#?}"
    );
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats");
    let ran = Command::new("python3")
        .args(["-c", DRIVER])
        .arg(&docs)
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut found: Vec<String> = String::from_utf8(ran.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    found.sort();
    assert_eq!(found, expected);
    let length = fs::read_to_string(docs.join("verify_ledger.py"))
        .unwrap()
        .lines()
        .count();
    assert!(length <= 400, "{length} lines");
}
