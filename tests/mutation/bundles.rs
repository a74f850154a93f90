// SPDX-License-Identifier: Apache-2.0
//! Damage to evidence bundles, whole ones and parts, as they lie with an outsider. What must be said of each is worked out
//! in [`super::evidence`].

use std::io::{BufRead, BufReader, Cursor};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cardmint::ledger::evidence::verify_bundle;
use cardmint::ledger::{Hash, Report};
use cardmint::outside::Unobserved;
use serde_json::Value;

use super::attacker::{Hand, note_over, sign};
use super::case::{Case, Draw, Expected, Files, First};
use super::evidence::wrong;
use super::subject::{LOG, Subject};

/// The four parts of a bundle, and its entries.
struct Parts {
    head: String,
    entries: Vec<String>,
    hashes: Vec<String>,
    note: String,
}

impl Parts {
    fn of(file: &[u8]) -> Self {
        let text = String::from_utf8(file.to_vec()).unwrap();
        let (head, rest) = text.split_once("\n\n").unwrap();
        let (entries, rest) = rest.split_once("\n\n").unwrap();
        // Without hashes there is nothing between the two empty lines.
        let (hashes, note) = match rest.strip_prefix('\n') {
            Some(note) => ("", note),
            None => rest.split_once("\n\n").unwrap(),
        };
        let owned = |part: &str| part.lines().map(str::to_owned).collect();
        Self {
            head: head.to_owned(),
            entries: owned(entries),
            hashes: owned(hashes),
            note: note.to_owned(),
        }
    }

    fn counted(mut self) -> Self {
        let count = |line: &str| match line.split_once(' ') {
            Some(("entries", _)) => format!("entries {}", self.entries.len()),
            Some(("hashes", _)) => format!("hashes {}", self.hashes.len()),
            _ => line.to_owned(),
        };
        self.head = self.head.lines().map(count).collect::<Vec<_>>().join("\n");
        self
    }

    fn file(&self) -> Vec<u8> {
        let lines = |lines: &[String]| lines.iter().flat_map(|line| [line, "\n"]).collect::<String>();
        let (entries, hashes) = (lines(&self.entries), lines(&self.hashes));
        format!("{}\n\n{entries}\n{hashes}\n{}", self.head, self.note).into_bytes()
    }

    fn seqs(&self) -> Vec<u64> {
        let seq = |line: &String| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap();
        self.entries.iter().map(seq).collect()
    }
}

/// The hashes that lead from these entries to the root, as lines: of each range without any of them its own.
pub fn hash_lines(lines: &[Vec<u8>], seqs: &[u64]) -> Vec<Vec<u8>> {
    fn range(leaves: &[Hash], start: usize, seqs: &[u64], out: &mut Vec<Hash>) {
        let end = start + leaves.len();
        let within = seqs
            .iter()
            .filter(|seq| (start..end).contains(&(**seq as usize)))
            .count();
        if within == 0 {
            out.push(root(leaves));
        } else if within < leaves.len() {
            let half = half(leaves.len());
            range(&leaves[..half], start, seqs, out);
            range(&leaves[half..], start + half, seqs, out);
        }
    }
    let leaves: Vec<Hash> = lines.iter().map(|line| Hash::leaf(line)).collect();
    let mut out = Vec::new();
    range(&leaves, 0, seqs, &mut out);
    out.into_iter()
        .map(|hash| STANDARD.encode(hash.0).into_bytes())
        .collect()
}

/// The largest power of two smaller than this.
fn half(len: usize) -> usize {
    1 << (usize::BITS - 1 - (len - 1).leading_zeros())
}

fn root(leaves: &[Hash]) -> Hash {
    if let [one] = leaves {
        return *one;
    }
    let half = half(leaves.len());
    Hash::node(&root(&leaves[..half]), &root(&leaves[half..]))
}

/// A bundle is damaged; the database is not looked at.
pub fn bundle(_: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let good = draw.one(&s.bundles);
    let whole = good.starts_with(b"cardmint-evidence/1\nkind whole");
    let (what, file, signed) = match draw.below(3) {
        0 => {
            let (what, file) = bytes(good, draw);
            (what, file, None)
        }
        1 => {
            let (what, parts) = lines(s, Parts::of(good), whole, draw);
            (what, parts.file(), None)
        }
        _ => by_hand(s, Parts::of(good), draw),
    };
    let wrong = wrong(s, &file, signed.as_deref());
    let kind = if whole { "bundle-whole" } else { "bundle-part" };
    let expected = match wrong.first() {
        _ if wrong.is_good() => Expected::Good,
        Some(seq) => Expected::Bad(First::At(seq), &[]),
        None => Expected::Bad(First::Nowhere, &[]),
    };
    let mut case = Case::new(kind, what, expected);
    case.export = Some((file, String::new()));
    case.bundle = Some(wrong);
    case
}

/// A medium's fault, or a hand that does not know what it does.
fn bytes(good: &[u8], draw: &mut Draw) -> (String, Vec<u8>) {
    let mut file = good.to_vec();
    // The head is short, and so is the checkpoint: they would seldom be hit.
    let at = match draw.below(4) {
        0 => draw.below(90.min(file.len())),
        1 => file.len() - 1 - draw.below(200.min(file.len())),
        _ => draw.below(file.len()),
    };
    let what = match draw.below(5) {
        0 => {
            file.truncate(at);
            format!("cut to {at}")
        }
        1 => {
            file.remove(at);
            format!("byte {at} gone")
        }
        2 => {
            let byte = *draw.one(&[b'\n', b' ', b'0', b'}', 0xFF, b'\r']);
            file.insert(at, byte);
            format!("byte {byte} at {at}")
        }
        _ => {
            let bit = draw.below(8);
            file[at] ^= 1 << bit;
            format!("byte {at} bit {bit} of {}", good.len())
        }
    };
    (what, file)
}

/// Lines go, come or change places, and the counts are made to fit.
fn lines(s: &Subject, mut parts: Parts, whole: bool, draw: &mut Draw) -> (String, Parts) {
    let one = draw.below(parts.entries.len());
    let other = draw.below(parts.entries.len());
    let hash = draw.below(parts.hashes.len().max(1));
    let none = parts.hashes.is_empty();
    let what = match draw.below(12) {
        0 => {
            parts.entries.remove(one);
            format!("entry {one} left out")
        }
        1 if parts.entries.len() > 1 => {
            // And the proof is that of the others: what is left out of a part does not show, but for what needs it.
            let gone = parts.entries.remove(one);
            if whole {
                let count = parts.entries.len();
                parts.head = parts
                    .head
                    .replace(&format!("tree {}", count + 1), &format!("tree {count}"));
            } else {
                let hashes = hash_lines(&s.lines, &parts.seqs());
                parts.hashes = hashes
                    .into_iter()
                    .map(|line| String::from_utf8(line).unwrap())
                    .collect();
            }
            format!(
                "entry {one} left out with its proof: {}",
                gone.chars().take(30).collect::<String>()
            )
        }
        2 => {
            parts.entries.swap(one, other);
            format!("entries {one} and {other} swapped")
        }
        3 => {
            let line = parts.entries[one].clone();
            parts.entries.insert(other, line);
            format!("entry {one} again before {other}")
        }
        4 => {
            // A true entry that the proof is not about, where it belongs.
            let seqs = parts.seqs();
            let more: Vec<u64> = (0..s.lines.len() as u64).filter(|seq| !seqs.contains(seq)).collect();
            if more.is_empty() {
                return lines(s, parts, whole, draw);
            }
            let seq = *draw.one(&more);
            let at = seqs.partition_point(|known| *known < seq);
            parts
                .entries
                .insert(at, String::from_utf8(s.lines[seq as usize].clone()).unwrap());
            format!("entry {seq} besides")
        }
        5 => {
            parts.note.clone_from(&draw.one(&s.earlier).note);
            "an earlier checkpoint".to_owned()
        }
        6 => {
            let from = if whole {
                ["kind whole", "kind part\nabout x"]
            } else {
                ["kind part", "kind whole"]
            };
            parts.head = parts.head.replacen(from[0], from[1], 1);
            "another kind".to_owned()
        }
        7 if !none => {
            parts.hashes.remove(hash);
            format!("hash {hash} left out")
        }
        8 if !none => {
            let line = parts.hashes[draw.below(parts.hashes.len())].clone();
            parts.hashes.insert(hash, line);
            format!("a hash again before {hash}")
        }
        9 if !none => {
            let (a, b) = (hash, draw.below(parts.hashes.len()));
            parts.hashes.swap(a, b);
            format!("hashes {a} and {b} swapped")
        }
        10 => {
            let earlier = draw.one(&s.earlier);
            let size = s.lines.len();
            parts.head = parts
                .head
                .replace(&format!("tree {size}"), &format!("tree {}", earlier.size));
            parts.note.clone_from(&earlier.note);
            format!("of the tree of {} entries", earlier.size)
        }
        _ => {
            let site = s.values[0]["site"].as_str().unwrap();
            let log = if draw.percent(50) { 109 } else { LOG };
            let mut fork = s.lines.clone();
            fork[one] = b"{}".to_vec();
            let lines = if log == LOG { &fork } else { &s.lines };
            parts.note = note_over(lines, site, log);
            "another checkpoint".to_owned()
        }
    };
    (what, parts.counted())
}

/// An entry is changed and signed again by whoever has the keys; the proof stays, or is made for it.
fn by_hand(s: &Subject, mut parts: Parts, draw: &mut Draw) -> (String, Vec<u8>, Option<Vec<u8>>) {
    let free: [(&str, &str); 6] = [
        ("template.approve", "/body/digest"),
        ("card.intent", "/body/script"),
        ("card.outcome", "/body/proof"),
        ("order.import", "/body/digest"),
        ("ledger.export", "/body/digest"),
        ("ledger.backup", "/body/digest"),
    ];
    let places = parts.seqs();
    let field = |seq: u64| {
        let value = &s.values[seq as usize];
        let named = free
            .iter()
            .find(|(act, path)| value["act"] == *act && value.pointer(path).is_some());
        named.map(|(_, path)| (seq, *path))
    };
    let may: Vec<(usize, (u64, &str))> = (0..)
        .zip(&places)
        .filter_map(|(at, seq)| Some((at, field(*seq)?)))
        .collect();
    if may.is_empty() {
        let (what, file) = bytes(&parts.file(), draw);
        return (what, file, None);
    }
    let (at, (seq, path)) = *draw.one(&may);
    let hand = *draw.one(&[Hand::None, Hand::Own, Hand::Insider("张三"), Hand::Everybody]);
    let mut values = [s.values[seq as usize].clone()];
    *values[0].pointer_mut(path).unwrap() = Value::String("5c".repeat(32));
    sign(&mut values[0], hand);
    let names = super::subject::signers_of(&values[0]);
    let signed = hand == Hand::Everybody || matches!(hand, Hand::Insider(one) if names == [one]);
    let line = cardmint::ledger::entry::canonical(&values[0]);
    parts.entries[at] = String::from_utf8(line.clone()).unwrap();
    (
        format!("entry {seq}{path} {hand:?}"),
        parts.file(),
        signed.then_some(line),
    )
}

/// What this program says of a bundle.
pub fn verdict(s: &Subject, file: &[u8]) -> Result<Report, String> {
    let mut open = || Ok(Box::new(BufReader::new(Cursor::new(file.to_vec()))) as Box<dyn BufRead>);
    let verdict = verify_bundle(&mut open, &s.log, &mut Unobserved).map_err(|e| e.to_string())?;
    Ok(verdict.report)
}
