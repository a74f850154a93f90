// SPDX-License-Identifier: Apache-2.0
//! What must be said of a damaged evidence bundle, worked out from docs/formats/evidence.md and the true entries alone: which
//! part of the file is no good, and which entry is the first that is not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::case::First;
use super::exports::ended;
use super::notes::is_right;
use super::subject::{Subject, signers_of};

/// What is wrong with a bundle. Nothing: it is good.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wrong {
    /// Entries that are named, by what they say of their place.
    pub entries: BTreeSet<u64>,
    /// Checks that are named, one of each of these.
    pub checks: Vec<&'static [&'static str]>,
}

impl Wrong {
    pub fn first(&self) -> Option<u64> {
        self.entries.first().copied()
    }

    pub fn is_good(&self) -> bool {
        self.entries.is_empty() && self.checks.is_empty()
    }

    fn form(mut self) -> Self {
        self.checks.push(&["LEDGER-EVIDENCE-FORM"]);
        self
    }
}

/// The head, where it is one.
struct Head {
    whole: bool,
    tree: u64,
    entries: u64,
    hashes: u64,
}

fn number(line: &str, name: &str) -> Option<u64> {
    let digits = line.strip_prefix(name)?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

fn head(lines: &[&str]) -> Option<Head> {
    let (whole, rest) = match lines {
        ["cardmint-evidence/1", "kind whole", rest @ ..] => (true, rest),
        ["cardmint-evidence/1", "kind part", about, rest @ ..] => {
            let about = about.strip_prefix("about ")?;
            let plain = !about.starts_with(char::is_whitespace) && !about.ends_with(char::is_whitespace);
            let told = (1..=200).contains(&about.chars().count()) && !about.contains(char::is_control);
            if !plain || !told {
                return None;
            }
            (false, rest)
        }
        _ => return None,
    };
    let [tree, entries, hashes] = rest else { return None };
    let head = Head {
        whole,
        tree: number(tree, "tree ")?,
        entries: number(entries, "entries ")?,
        hashes: number(hashes, "hashes ")?,
    };
    let counted = head.entries >= 1 && head.entries <= head.tree && head.tree < 1 << 63;
    let all = !whole || head.entries == head.tree && head.hashes == 0;
    (counted && all).then_some(head)
}

/// 32 bytes in base64: 43 letters, of the last of which the two low bits are not used, and the padding.
fn is_hash(line: &[u8]) -> bool {
    let letter = |b: &u8| b.is_ascii_alphanumeric() || [b'+', b'/'].contains(b);
    line.len() == 44 && line[43] == b'=' && line[..43].iter().all(letter) && b"AEIMQUYcgkosw048".contains(&line[42])
}

/// The file line by line, each without its line feed; the rest where it ends without one.
struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|b| *b == b'\n')?;
        let (line, rest) = (&self.0[..end], &self.0[end + 1..]);
        self.0 = rest;
        Some(line)
    }
}

/// A line and, of a true one, where it stands.
type Told<'a> = (&'a [u8], Option<u64>);

/// What is wrong with this file. `signed`: a line that is not true and was signed by all whom it names.
pub fn wrong(s: &Subject, file: &[u8], signed: Option<&[u8]>) -> Wrong {
    let mut lines = Lines(file);
    let mut texts = Vec::new();
    let found = loop {
        match lines.next() {
            Some(b"") => break head(&texts),
            Some(line) => match std::str::from_utf8(line) {
                Ok(line) => texts.push(line),
                Err(_) => break None,
            },
            None => break None,
        }
    };
    let Some(found) = found else {
        return Wrong::default().form();
    };
    let places: BTreeMap<&[u8], u64> = (0..).zip(&s.lines).map(|(seq, line)| (line.as_slice(), seq)).collect();
    let mut entries: Vec<Told<'_>> = Vec::new();
    let mut cut = false;
    for _ in 0..found.entries {
        match lines.next() {
            Some(line) if !line.is_empty() => entries.push((line, places.get(line).copied())),
            _ => {
                cut = true;
                break;
            }
        }
    }
    let mut all = if found.whole {
        Wrong::default()
    } else {
        part(s, &found, &entries, signed)
    };
    if cut || lines.next() != Some(b"") {
        return all.form();
    }
    let mut hashes = Vec::new();
    for _ in 0..found.hashes {
        match lines.next() {
            Some(line) if is_hash(line) => hashes.push(line),
            _ => return all.form(),
        }
    }
    if lines.next() != Some(b"") || lines.0.is_empty() {
        return all.form();
    }
    let note = String::from_utf8_lossy(lines.0).into_owned();
    let checkpoint = checkpoint(s, &found, &note);
    if found.whole {
        all.entries.extend(first_untrue(s, &entries, signed));
        // The key of the checkpoint is in the beginning; without it nobody can say.
        let begins = entries
            .first()
            .is_none_or(|(_, known)| known.is_none_or(|seq| seq == 0));
        // Where no entry is wrong in itself, only the checkpoint tells another one from the true one.
        let told = all.entries.is_empty() && (0..).zip(&entries).any(|(seq, (_, known))| *known != Some(seq));
        let named: Option<&'static [&'static str]> =
            (begins && (told || checkpoint != Checkpoint::Right)).then_some(&["LEDGER-CHECKPOINT"]);
        all.checks.extend(named);
        return all;
    }
    match checkpoint {
        Checkpoint::None => all.checks.push(&["LEDGER-CHECKPOINT"]),
        // Where entries do not ascend, their proof is not looked into.
        _ if !ordered(&found, &entries) => {}
        Checkpoint::Fork => all.checks.push(&["LEDGER-EVIDENCE-TREE"]),
        Checkpoint::Right => {
            // What leads to the root is these entries with these hashes, and nothing else.
            let seqs: Option<Vec<u64>> = entries.iter().map(|(_, seq)| *seq).collect();
            let size = found.tree as usize;
            if seqs.is_none_or(|seqs| super::bundles::hash_lines(&s.lines[..size], &seqs) != hashes) {
                all.checks.push(&["LEDGER-EVIDENCE-TREE"]);
            }
        }
    }
    all
}

#[derive(Clone, Copy, PartialEq)]
enum Checkpoint {
    /// One of this ledger, of the size that the head says.
    Right,
    /// By the log's key, of that size, over other entries.
    Fork,
    /// None, or not of that size.
    None,
}

fn checkpoint(s: &Subject, found: &Head, note: &str) -> Checkpoint {
    let earlier = s.earlier.iter().map(|e| (e.size, &e.note));
    let mut all = earlier.chain([(s.lines.len(), &s.note)]);
    if all.any(|(size, right)| size as u64 == found.tree && is_right(note, right)) {
        return Checkpoint::Right;
    }
    // Over the right entries it is another line of it that is wrong.
    let of = |text: &str| note.starts_with(&format!("{text}\n"));
    let signed = cardmint::ledger::note::open(note, &s.log).ok();
    let signed = signed.filter(|_| !s.note.split_once("\n\n").is_some_and(|(text, _)| of(text)));
    let says = signed.and_then(|text| text.lines().nth(1)) == Some(found.tree.to_string().as_str());
    if says { Checkpoint::Fork } else { Checkpoint::None }
}

/// The first entry of a whole bundle that is not the true one at its place. Behind one that is rightly signed and still not
/// the true one, it is the next, which does not go on from it.
fn first_untrue(s: &Subject, entries: &[Told<'_>], signed: Option<&[u8]>) -> Option<u64> {
    let differs = (0..).zip(entries).find(|(seq, (_, known))| *known != Some(*seq));
    match (differs, ended(s, entries.len().min(s.lines.len()))) {
        (Some((seq, (line, _))), _) if signed == Some(*line) => {
            Some(seq + 1).filter(|next| *next < entries.len() as u64)
        }
        (Some((seq, _)), _) | (None, First::At(seq)) => Some(seq),
        _ => None,
    }
}

/// What a line says of its place.
fn claimed(line: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(line).ok()?["seq"].as_u64()
}

fn ordered(found: &Head, entries: &[Told<'_>]) -> bool {
    let mut last = None;
    entries.iter().all(|(line, _)| {
        let seq = claimed(line);
        let follows = seq.is_some_and(|seq| seq < found.tree && last.is_none_or(|last| last < seq));
        last = seq;
        follows
    })
}

/// What is wrong with the entries of a part.
fn part(s: &Subject, found: &Head, entries: &[Told<'_>], signed: Option<&[u8]>) -> Wrong {
    let mut all = Wrong::default();
    let mut last: Option<(u64, bool)> = None;
    let there: Vec<u64> = entries.iter().filter_map(|(_, seq)| *seq).collect();
    for (i, (line, known)) in entries.iter().enumerate() {
        let Some(seq) = claimed(line) else {
            // It does not even say where it stands.
            all.checks.push(&["LEDGER-ENTRY-CANONICAL", "LEDGER-ENTRY-ACT"]);
            continue;
        };
        let is_signed = signed == Some(*line);
        let follows = seq < found.tree && last.is_none_or(|(last, _)| last < seq);
        if !follows || known.is_none() && !is_signed || i == 0 && seq != 0 {
            all.entries.insert(seq);
        }
        if last.is_some_and(|(last, is_true)| last + 1 == seq && !is_true) {
            // It does not go on from what is said there.
            all.entries.insert(seq);
        }
        if follows {
            last = Some((seq, known.is_some()));
        }
    }
    // Without the first entry no signature is looked at, which is said once.
    if entries.first().is_some_and(|(line, _)| *line == s.lines[0]) {
        let missing = (1..s.lines.len() as u64).filter(|seq| !there.contains(seq));
        let dependent = missing.filter_map(|seq| dependent(s, seq, &there));
        all.entries.extend(dependent);
    }
    all
}

fn names(value: &Value, name: &str) -> bool {
    let act = value["act"].as_str().unwrap();
    let about = act == "officer.revoke" || act == "ceremony.begin" || act.starts_with("store.");
    let text = value["body"].to_string();
    signers_of(value).iter().any(|signer| signer == name) || about && text.contains(&format!("\"{name}\""))
}

/// The first entry of a part that cannot stand without this one, which is not in it.
fn dependent(s: &Subject, lost: u64, there: &[u64]) -> Option<u64> {
    let value = &s.values[lost as usize];
    let body = &value["body"];
    let mut after: Vec<u64> = there.iter().copied().filter(|seq| *seq > lost).collect();
    after.sort_unstable();
    let of = |seq: u64| &s.values[seq as usize];
    let first = |holds: &dyn Fn(&Value) -> bool| after.iter().copied().find(|seq| holds(of(*seq)));
    match value["act"].as_str().unwrap() {
        "officer.enrol" => first(&|v| names(v, body["name"].as_str().unwrap())),
        "ceremony.begin" => {
            // What it took up is still open where it is missing.
            let open = body["resumes"].as_u64().filter(|begin| there.contains(begin));
            first(&|v| {
                let (b, begins) = (&v["body"], v["act"] == "ceremony.begin");
                let within = |field: &str| b[field].as_u64() == Some(lost);
                let another = begins && open.is_some() && b["resumes"].as_u64() != open;
                within("ceremony") || within("resumes") && begins || within("begin") || another
            })
        }
        "ceremony.end" => {
            let begin = body["begin"].as_u64();
            let open = there.iter().any(|seq| Some(*seq) == begin);
            let acted = there.iter().any(|seq| of(*seq)["body"]["ceremony"].as_u64() == begin);
            // What it did must be ended before anything else; what it only began, before another begins.
            match (open, acted) {
                (true, true) => after.first().copied(),
                (true, false) => first(&|v| v["act"] == "ceremony.begin" && v["body"]["resumes"].as_u64() != begin),
                _ => None,
            }
        }
        "policy.change" => {
            let before = (0..lost)
                .rev()
                .find(|seq| there.contains(seq) && of(*seq)["act"] == "policy.change");
            let policy = before.map_or(&s.values[0]["body"]["policy"], |seq| &of(seq)["body"]["policy"]);
            let next = after.iter().copied().find(|seq| of(*seq)["act"] == "policy.change");
            let broken = first(&|v| breaks(s, policy, v));
            broken.filter(|seq| next.is_none_or(|next| *seq <= next))
        }
        _ => None,
    }
}

fn roles_of(s: &Subject, name: &str) -> Vec<Value> {
    let enrolled = s
        .values
        .iter()
        .filter(|v| v["act"] == "officer.enrol")
        .map(|v| &v["body"]);
    let all = s.values[0]["body"]["officers"]
        .as_array()
        .unwrap()
        .iter()
        .chain(enrolled);
    let his = all.filter(|officer| officer["name"] == name);
    his.flat_map(|officer| officer["roles"].as_array().unwrap().clone())
        .collect()
}

/// Whether an entry has too few signers for a policy, or signers who are not for that.
fn breaks(s: &Subject, policy: &Value, value: &Value) -> bool {
    let act = value["act"].as_str().unwrap();
    let about_keys = act.starts_with("key.") || act.starts_with("store.");
    if policy["keys_by_ceremony"] == true && about_keys && value["body"]["ceremony"].is_null() {
        return true;
    }
    let rule = &policy["rules"][act];
    let mut signers = signers_of(value);
    if act == "officer.enrol" {
        signers.pop();
    }
    let allowed = |list: &Value, name: &str| {
        let list = list.as_array().unwrap();
        list.is_empty() || roles_of(s, name).iter().any(|role| list.contains(role))
    };
    let roles = |(i, name): (usize, &String)| allowed(&rule[if i == 0 { "roles" } else { "approvers" }], name);
    rule.is_object()
        && (rule["officers"].as_u64() > Some(signers.len() as u64) || !signers.iter().enumerate().all(roles))
}
