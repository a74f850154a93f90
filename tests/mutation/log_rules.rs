// SPDX-License-Identifier: Apache-2.0
//! Entries about the ledger itself that must not stand: cosignatures from elsewhere, keys of the log that it had, losses and
//! archives that cannot be.

use serde_json::{Value, json};

use super::attacker::{nodes_of, note_over};
use super::case::Draw;
use super::rules::entry;
use super::subject::{LOG, Subject};
use super::upkeep_story::{WITNESSES, cosigned, public_sm2};
use cardmint::ledger::note::NoteKey;
use cardmint::ledger::{Hash, merkle};

type Breaking = (Value, &'static [&'static str]);

const COSIGNATURE: &[&str] = &["LEDGER-COSIGNATURE"];
const LIFECYCLE: &[&str] = &["LEDGER-LIFECYCLE"];
const TWO: [&str; 2] = ["张三", "李四"];

/// How many ways there are.
pub const WAYS: usize = 22;

fn tree(s: &Subject, at: usize) -> impl Fn(u8, u64) -> Result<Hash, ()> {
    let nodes: std::collections::BTreeMap<(u8, u64), Hash> = nodes_of(&s.lines[..at])
        .into_iter()
        .map(|(level, index, hash)| ((level, index), hash))
        .collect();
    move |level, index| nodes.get(&(level, index)).copied().ok_or(())
}

/// A cosignature as this ledger could have taken it at this place, of its first `size` entries.
fn right(s: &Subject, at: usize, size: usize, log: &NoteKey) -> Value {
    let find = tree(s, at);
    let root = merkle::root(size as u64, &find).unwrap();
    let mut body = cosigned(log, LOG, (size as u64, root), (1_795_000_050, WITNESSES[0]));
    body.path = merkle::consistency(size as u64, at as u64, &find).unwrap();
    serde_json::to_value(body).unwrap()
}

fn flipped(hash: &Value) -> Value {
    let text = hash.as_str().unwrap();
    let first = if text.starts_with('0') { '1' } else { '0' };
    json!(format!("{first}{}", &text[1..]))
}

/// An entry that must not stand at `at`; `None` where the drawn one has nothing to break there.
pub fn broken(s: &Subject, at: usize, drawn: usize, draw: &mut Draw) -> Option<Breaking> {
    let cosign = |body: Value| entry("checkpoint.cosign", body, &["张三"]);
    let size = 1 + draw.below(at);
    let mut body = right(s, at, size, &s.log);
    let other = 1 + draw.below(at);
    Some(match drawn {
        // Of another log, with the same keys.
        0 => {
            let log = NoteKey {
                name: format!("{}-other", s.log.name),
                ..s.log.clone()
            };
            (cosign(right(s, at, size, &log)), COSIGNATURE)
        }
        // Of another size.
        1 | 2 if other != size => {
            let fields: &[&str] = if drawn == 1 { &["sig", "log_sig"] } else { &["sig"] };
            let from = right(s, at, other, &s.log);
            for field in fields {
                body[*field] = from[*field].clone();
            }
            (cosign(body), COSIGNATURE)
        }
        3 if other != size => {
            // A true cosignature of fewer or more entries, said to be of these.
            let mut from = right(s, at, other, &s.log);
            from["size"] = json!(size);
            (cosign(from), COSIGNATURE)
        }
        4 => {
            body["time"] = json!(body["time"].as_u64().unwrap() + 1);
            (cosign(body), COSIGNATURE)
        }
        5 => {
            body["root"] = flipped(&body["root"]);
            (cosign(body), COSIGNATURE)
        }
        6 if body["path"].is_array() => {
            let path = body["path"].as_array_mut().unwrap();
            let one = draw.below(path.len());
            path[one] = flipped(&path[one]);
            (cosign(body), COSIGNATURE)
        }
        7 if body["path"].is_array() => {
            let path = body["path"].as_array_mut().unwrap();
            let one = draw.below(path.len());
            path.remove(one);
            if path.is_empty() {
                body.as_object_mut().unwrap().remove("path");
            }
            (cosign(body), COSIGNATURE)
        }
        8 => {
            let more = json!("ab".repeat(32));
            match &mut body["path"] {
                Value::Array(path) => path.push(more),
                none => *none = json!([more]),
            }
            (cosign(body), COSIGNATURE)
        }
        9 => {
            // Another witness's key over this one's signature.
            body["key"] = right_of_other(s);
            (cosign(body), COSIGNATURE)
        }
        10 => {
            body["witness"] = json!("audit example");
            (cosign(body), COSIGNATURE)
        }
        11 => {
            // Of entries that are not there yet, in a history that goes on otherwise.
            let mut longer = s.lines[..at].to_vec();
            longer.push(b"{}".to_vec());
            let site = s.values[0]["site"].as_str().unwrap();
            let note = note_over(&longer, site, LOG);
            let root = note.lines().nth(2).unwrap();
            let root: [u8; 32] = base64_of(root).try_into().unwrap();
            let ahead = cosigned(
                &s.log,
                LOG,
                (longer.len() as u64, Hash(root)),
                (1_795_000_050, WITNESSES[1]),
            );
            (cosign(serde_json::to_value(ahead).unwrap()), COSIGNATURE)
        }
        12 => {
            // A key that the log had.
            let had = s.values[..at].iter().rfind(|v| v["act"] == "log.key")?;
            let body = json!({"sm2": had["body"]["sm2"], "reason": "again"});
            (entry("log.key", body, &TWO), LIFECYCLE)
        }
        13 => {
            let key = serde_json::to_value(public_sm2(77)).unwrap();
            let mut bytes = base64_of(key.as_str().unwrap());
            bytes[64] ^= 1;
            let body = json!({"sm2": base64_text(&bytes)});
            (
                entry("log.key", body, &TWO),
                &["LEDGER-LIFECYCLE", "LEDGER-ENTRY-CANONICAL"],
            )
        }
        14 => {
            let body = json!({"reason": "disk died", "root": "ab".repeat(32), "size": at + 5});
            (entry("ledger.loss", body, &["李四"]), &["LEDGER-TWO-OFFICERS"])
        }
        15 => {
            let body = json!({"reason": "disk died", "root": "ab".repeat(32), "size": at - draw.below(at)});
            (entry("ledger.loss", body, &TWO), LIFECYCLE)
        }
        16 => {
            let half = if draw.percent(50) {
                ("size", json!(at + 5))
            } else {
                ("root", json!("ab".repeat(32)))
            };
            let mut body = json!({"reason": "disk died"});
            body[half.0] = half.1;
            (entry("ledger.loss", body, &TWO), LIFECYCLE)
        }
        17 | 18 => {
            let ended = s.values[..at].iter().rfind(|v| v["act"] == "ledger.archive");
            let from = ended.map_or(0, |v| v["body"]["to"].as_u64().unwrap());
            let body = |from: u64, to: usize| json!({"digest": "ab".repeat(32), "file": "a", "from": from, "to": to});
            let at_end = from as usize >= at;
            match draw.below(4) {
                0 if !at_end => (
                    entry("ledger.archive", body(from, at), &["李四"]),
                    &["LEDGER-TWO-OFFICERS"],
                ),
                1 => (entry("ledger.archive", body(from, at + 1), &TWO), LIFECYCLE),
                2 => (entry("ledger.archive", body(from, from as usize), &TWO), LIFECYCLE),
                // With a gap, or once more.
                _ => (entry("ledger.archive", body(from + 1, at), &TWO), LIFECYCLE),
            }
        }
        19 => {
            // The file of another period.
            let had = s.values[..at].iter().rfind(|v| v["act"] == "ledger.archive")?;
            let (from, digest) = (had["body"]["to"].clone(), had["body"]["digest"].clone());
            let body = json!({"digest": digest, "file": "again", "from": from, "to": at});
            (
                entry("ledger.archive", body, &TWO),
                &["LEDGER-LIFECYCLE", "LEDGER-NUMBER-TWICE"],
            )
        }
        20 => {
            let body = json!({"bytes": 4096, "digest": "ab".repeat(32), "root": "ab".repeat(32), "size": at + 1});
            (entry("ledger.backup", body, &["张三"]), &["LEDGER-SEQ"])
        }
        21 => {
            // A number that a loss has closed.
            s.values[..at].iter().rfind(|v| v["act"] == "ledger.loss")?;
            let mut first = s.values[..at].iter().find(|v| v["act"] == "card.intent")?.clone();
            (first["body"]["number"], first["body"]["chip"]) = (json!("1500"), json!("C1500"));
            let sigs = first["sigs"].clone();
            let mut value = entry("card.intent", first["body"].clone(), &["张三"]);
            value["sigs"] = sigs;
            (value, LIFECYCLE)
        }
        _ => return None,
    })
}

fn right_of_other(s: &Subject) -> Value {
    let other = cosigned(&s.log, LOG, (1, Hash::default()), (1, WITNESSES[1]));
    serde_json::to_value(other).unwrap()["key"].clone()
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn base64_text(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
