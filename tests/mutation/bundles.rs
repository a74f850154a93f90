// SPDX-License-Identifier: Apache-2.0
//! Damage to evidence bundles, whole ones and parts, as they lie with an outsider.

use std::io::{BufRead, BufReader, Cursor};

use cardmint::ledger::evidence::verify_bundle;
use cardmint::outside::Unobserved;

use super::case::{Case, Draw, Expected, Files, First};
use super::subject::Subject;

/// A bundle is damaged; the database is not looked at.
pub fn bundle(_: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let good = draw.one(&s.bundles);
    let mut file = good.clone();
    let text = String::from_utf8(good.clone()).unwrap();
    let mut parts: Vec<String> = text.splitn(4, "\n\n").map(str::to_owned).collect();
    let at = draw.below(file.len());
    let mut entries: Vec<String> = parts[1].split('\n').map(str::to_owned).collect();
    let one = draw.below(entries.len());
    let what = match draw.below(9) {
        0 => {
            file.truncate(at);
            format!("cut to {at}")
        }
        1 => {
            file.remove(at);
            format!("byte {at} gone")
        }
        2 => {
            file.insert(at, draw.below(256) as u8);
            format!("a byte at {at}")
        }
        3 => {
            // One entry fewer, and the head says so.
            let count = entries.len();
            entries.remove(one);
            parts[0] = parts[0].replace(&format!("entries {count}"), &format!("entries {}", count - 1));
            parts[1] = entries.join("\n");
            file = parts.join("\n\n").into_bytes();
            format!("entry {one} left out")
        }
        4 => {
            let other = (one + 1) % entries.len();
            entries.swap(one, other);
            parts[1] = entries.join("\n");
            file = parts.join("\n\n").into_bytes();
            format!("entries {one} and {other} swapped")
        }
        5 => {
            parts[3].clone_from(&draw.one(&s.earlier).note);
            file = parts.join("\n\n").into_bytes();
            "an earlier checkpoint".to_owned()
        }
        6 => {
            let from = if text.contains("kind whole") {
                ["kind whole", "kind part\nabout x"]
            } else {
                ["kind part", "kind whole"]
            };
            file = text.replacen(from[0], from[1], 1).into_bytes();
            "another kind".to_owned()
        }
        _ => {
            file[at] ^= 1 << draw.below(8);
            format!("byte {at} of {} bytes", good.len())
        }
    };
    // What a part is about is for people; nothing signs it. And a whole bundle is a part, too, in which nothing is missing.
    let about = text
        .find("\nabout ")
        .map(|start| start..text[start + 1..].find('\n').unwrap() + start + 1);
    let told =
        about.is_some_and(|about| file.len().abs_diff(good.len()) <= 1 && about.contains(&first_change(good, &file)));
    let same = file == *good || told || what == "another kind";
    let expected = if same {
        Expected::ByContent
    } else {
        Expected::Bad(First::NotBefore(0), &[])
    };
    let mut case = Case::new("bundle", what, expected);
    case.export = Some((file, String::new()));
    case
}

fn first_change(a: &[u8], b: &[u8]) -> usize {
    a.iter()
        .zip(b)
        .position(|(a, b)| a != b)
        .unwrap_or(a.len().min(b.len()))
}

/// What this program says of a bundle: whether it is good, and the first bad entry.
pub fn verdict(s: &Subject, file: &[u8]) -> Result<(bool, Option<u64>), String> {
    let mut open = || Ok(Box::new(BufReader::new(Cursor::new(file.to_vec()))) as Box<dyn BufRead>);
    let verdict = verify_bundle(&mut open, &s.log, &mut Unobserved).map_err(|e| e.to_string())?;
    Ok((verdict.report.good(), super::judge::first_of(&verdict.report)))
}
