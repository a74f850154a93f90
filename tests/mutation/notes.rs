// SPDX-License-Identifier: Apache-2.0
//! Checkpoints' notes: what a reader of the format's page must say of a damaged one, and damage to their SM2 lines and to the
//! cosigned checkpoint outside.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cardmint::ledger::note_sm2::Sm2NoteKey;
use serde_json::Value;

use super::attacker::{note_over, put_note, tamper};
use super::case::{Case, Draw, Expected, Files, First, Opening};
use super::subject::{LOG, Subject};
use super::upkeep_story::{SM2, public_sm2, sm2};

/// Name and bytes of each signature line; `None` where it is no signed note.
fn signatures(lines: &str) -> Option<Vec<(&str, Vec<u8>)>> {
    let one = |line: &'_ str| -> Option<(usize, Vec<u8>)> {
        let (name, blob) = line.strip_prefix("— ")?.split_once(' ')?;
        let blob = STANDARD.decode(blob).ok().filter(|blob| blob.len() >= 4)?;
        let plain = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
        plain.then_some((name.len(), blob))
    };
    let body = lines.strip_suffix('\n')?;
    let named = |line| one(line).map(|(len, blob)| (&line["— ".len()..][..len], blob));
    body.split('\n').map(named).collect()
}

fn parts(note: &str) -> Option<(&str, &str)> {
    let gap = note.rfind("\n\n")?;
    let plain = !note.contains(|c: char| c < ' ' && c != '\n');
    plain.then_some((&note[..=gap], &note[gap + 2..]))
}

/// Whether a note still says the same as this right one, by the log's own line: its text is the same, the log's line is
/// there, and nothing that bears the id of one of its lines is another signature. Lines of other keys are nobody's business.
pub fn is_right(note: &str, right: &str) -> bool {
    let Some((text, lines)) = parts(note) else { return false };
    let (true_text, true_lines) = parts(right).unwrap();
    let Some(found) = signatures(lines) else { return false };
    let known = signatures(true_lines).unwrap();
    let (log, blob) = &known[0];
    // Witnesses go by their own names, and are not looked for.
    let own: Vec<_> = known.iter().filter(|(name, _)| name == log).collect();
    let contrary = |(name, blob): &(&str, Vec<u8>)| {
        own.iter()
            .any(|(own, right)| own == name && right[..4] == blob[..4] && right != blob)
    };
    text == true_text && found.contains(&(*log, blob.clone())) && !found.iter().any(contrary)
}

/// Whether the log's Ed25519 line is there and right.
fn is_believed(note: &str, s: &Subject) -> bool {
    let own = parts(&s.note).unwrap().1.split_inclusive('\n').next().unwrap();
    parts(note).is_some_and(|(_, lines)| lines.contains(own))
}

/// The SM2 line of this key of the log over a text.
fn sm2_line(s: &Subject, seed: u8, text: &str) -> String {
    let key = Sm2NoteKey {
        name: s.log.name.clone(),
        key: public_sm2(seed),
    };
    key.line(&sm2(seed).sign(text.as_bytes()).unwrap())
}

/// Another SM2 line under the text, and whether that is a fault.
fn with_other_sm2(s: &Subject, draw: &mut Draw) -> Option<(&'static str, String, bool)> {
    let (text, lines) = parts(&s.note)?;
    let mut lines: Vec<String> = lines.split_inclusive('\n').map(str::to_owned).collect();
    if lines.len() < 2 {
        return None;
    }
    let newest = *SM2.last()?;
    let earlier = draw.one(&s.earlier);
    let other = parts(&earlier.note)?.0;
    let forged = |line: &str, with: &str| {
        // The id of one line before the signature of another.
        let ids: Vec<Vec<u8>> = [line, with]
            .iter()
            .map(|line| STANDARD.decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap())
            .collect();
        let blob = [&ids[0][..4], &ids[1][4..]].concat();
        format!("— {} {}\n", s.log.name, STANDARD.encode(blob))
    };
    let by_stranger = sm2_line(s, 99, text);
    let (how, bad) = match draw.below(11) {
        0 => {
            lines[1] = sm2_line(s, newest, other);
            ("of another checkpoint", true)
        }
        1 => {
            lines[1] = sm2_line(s, SM2[0], other);
            ("of another checkpoint by an older key", true)
        }
        2 => {
            lines[1] = forged(&lines[1], &by_stranger);
            ("a stranger's under the key's id", true)
        }
        3 => {
            lines[1] = forged(&lines[1], &lines[0]);
            ("the Ed25519 signature under the SM2 key's id", true)
        }
        4 => {
            lines[0] = forged(&lines[0], &lines[1]);
            ("the SM2 signature under the Ed25519 key's id", true)
        }
        5 => {
            lines.remove(0);
            ("alone", true)
        }
        6 => {
            let longer = STANDARD.decode(lines[1].trim_end().rsplit(' ').next()?).ok()?;
            let cut = draw.below(60);
            lines[1] = format!("— {} {}\n", s.log.name, STANDARD.encode(&longer[..4 + cut]));
            ("cut", true)
        }
        7 => {
            let swapped = sm2_line(s, newest, other);
            lines.push(swapped);
            ("a wrong one behind the right one", true)
        }
        8 => {
            lines[1] = by_stranger;
            ("by a key that is not the log's", false)
        }
        9 => {
            lines[1] = sm2_line(s, SM2[1], text);
            ("by an older key", false)
        }
        _ => {
            lines.truncate(1);
            ("none", false)
        }
    };
    Some((how, format!("{text}\n{}", lines.concat()), bad))
}

/// The SM2 line of the checkpoint in the database, outside or beside an export is another one.
pub fn sm2_swapped(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let Some((how, note, bad)) = with_other_sm2(s, draw) else {
        return super::tables::checkpoint(files, s, draw);
    };
    let place = draw.below(3);
    let check: &'static [&'static str] = match place {
        0 => {
            tamper(&files.db(), |db| put_note(db, s.lines.len(), &note)).unwrap();
            &["LEDGER-CHECKPOINT"]
        }
        1 => {
            fs::write(files.copy(), &note).unwrap();
            &["LEDGER-OUTSIDE-COPY"]
        }
        _ => &["LEDGER-CHECKPOINT"],
    };
    let expected = if bad {
        Expected::Bad(First::Nowhere, check)
    } else {
        Expected::Good
    };
    let what = format!("{how} {}", ["in the database", "outside", "with an export"][place]);
    if place == 2 {
        let mut case = Case::new("export", format!("SM2 line: {what}"), expected);
        case.export = Some((crate::ledger::story::joined(&s.lines), note));
        return case;
    }
    let opening = if bad || !is_believed(&note, s) {
        Opening::Refused
    } else {
        Opening::Allowed
    };
    Case::new("sm2-line", what, expected)
        .opening(opening)
        .export(&s.lines, &note)
}

/// Whether the last declared loss among these entries excuses a ledger that a cosigned checkpoint of this size is ahead of.
/// One that does not say how much was lost excuses everything: nobody can tell the one from the other.
fn excused(values: &[Value], size: u64) -> bool {
    let lost = values.iter().rfind(|value| value["act"] == "ledger.loss");
    lost.is_some_and(|loss| {
        loss["seq"].as_u64().unwrap() < size && loss["body"]["size"].as_u64().is_none_or(|lost| size <= lost)
    })
}

/// The cosigned checkpoint outside is damaged, or is all that still knows of what was taken back.
pub fn cosigned(files: &Files, s: &Subject, draw: &mut Draw) -> Case {
    let Some(right) = &s.cosigned else {
        return super::tables::copy_outside(files, s, draw);
    };
    let size: usize = right.lines().nth(1).unwrap().parse().unwrap();
    let site = s.values[0]["site"].as_str().unwrap();
    let mut bytes = right.clone().into_bytes();
    let at = draw.below(bytes.len());
    let how = draw.below(8);
    let mut good = false;
    match how {
        0 => {
            files.put_cosigned(None);
            return Case::new("cosigned", "missing", Expected::Good).opening(Opening::Allowed);
        }
        1 => {
            let earlier = s.earlier.iter().rev().find_map(|e| e.cosigned.clone()).unwrap();
            (bytes, good) = (earlier.into_bytes(), true);
        }
        2 => bytes = note_over(&s.lines[..size], site, 109).into_bytes(),
        3 => {
            let mut fork = s.lines[..size].to_vec();
            fork[at % size] = b"{}".to_vec();
            bytes = note_over(&fork, site, LOG).into_bytes();
        }
        4 => bytes.truncate(at),
        5 | 6 => {
            // Everything but this went back.
            let earlier = draw.one(&s.earlier);
            files.put(&earlier.db, None);
            fs::write(files.copy(), &earlier.note).unwrap();
            let fine = excused(&s.values[..earlier.size], size as u64) || earlier.size >= size;
            let expected = if fine {
                Expected::Good
            } else {
                Expected::Bad(First::Nowhere, &["LEDGER-OUTSIDE-COPY"])
            };
            let opening = if fine { Opening::Allowed } else { Opening::Refused };
            return Case::new("cosigned", format!("knows of more than {}", earlier.size), expected).opening(opening);
        }
        _ => {
            bytes[at] ^= 1 << draw.below(8);
            good = std::str::from_utf8(&bytes).is_ok_and(|note| is_right(note, right));
        }
    }
    fs::write(files.cosigned(), &bytes).unwrap();
    let what = format!("{how} {at}");
    if good {
        Case::new("cosigned", what, Expected::Good).opening(Opening::Allowed)
    } else {
        let expected = Expected::Bad(First::Nowhere, &["LEDGER-OUTSIDE-COPY"]);
        Case::new("cosigned", what, expected).opening(Opening::Refused)
    }
}
