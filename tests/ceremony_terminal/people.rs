// SPDX-License-Identifier: Apache-2.0
//! People who sit at the terminal one after the other and answer what they are asked, and a record of all of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cardmint::crypto::SecretBytes;
use cardmint::crypto::written::{self, Header, Kind};

use super::pty::Pty;

/// Longer than any derivation from a passphrase takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Somebody who has written nothing for so long waits for an answer, if the last line is a question.
const QUIET: Duration = Duration::from_millis(40);

/// The printed number of the ceremony on component sheets.
const TAG: [u8; 2] = [0x4B, 0x1C];

/// One question with its answer.
pub struct Said {
    /// Whose turn it was: the id in the plan; empty before the first turn.
    pub who: String,
    pub question: String,
    pub typed: String,
    /// Whether it is to stay hidden.
    pub secret: bool,
}

/// How a ceremony on a terminal went.
pub struct Held {
    pub code: i32,
    /// All that was on the screen, without control sequences.
    pub screen: String,
    /// All that the program wrote to the terminal, as it is.
    #[allow(dead_code)] // canary tests search it
    pub output: Vec<u8>,
    pub said: Vec<Said>,
}

/// What people have on paper.
#[derive(Default, Clone)]
pub struct Papers {
    /// The groups on the newest page that each was given.
    pub pages: BTreeMap<String, String>,
    /// All pages in the order in which they were given: to whom, and the groups.
    pub given: Vec<(String, String)>,
    /// The folder in which pages appear.
    pub folder: PathBuf,
}

/// A question as a person sees it.
pub struct Asked<'a> {
    /// Whose turn it is.
    pub who: &'a str,
    pub question: &'a str,
    /// What was typed before.
    pub before: &'a str,
    /// The how manieth question of the ceremony, from 0.
    pub number: usize,
    /// The number of the process that asks.
    #[allow(dead_code)] // canary tests look into it
    pub process: u32,
}

pub fn passphrase(officer: &str) -> String {
    format!("long words of {officer}")
}

/// A component sheet of this custodian for this key, the same in every run.
pub fn component(key: &str, number: u8, of: u8) -> String {
    let mut bytes = [0u8; 16];
    for (at, byte) in (0u8..).zip(bytes.iter_mut()) {
        let letter = key.as_bytes()[usize::from(at) % key.len()];
        *byte = letter.wrapping_mul(number * 2 + 1) ^ at.wrapping_mul(at).wrapping_mul(7) ^ number.wrapping_mul(29);
    }
    sheet(Kind::Component, (number, of), TAG, &bytes)
}

/// A sheet in written form.
pub fn sheet(kind: Kind, (index, of): (u8, u8), tag: [u8; 2], bytes: &[u8]) -> String {
    let header = Header::new(kind, index, of, tag).unwrap();
    let text = written::write(header, &SecretBytes::new(bytes.to_vec())).unwrap();
    text.in_command([0; 4], |wire| String::from_utf8(wire[5..].to_vec()).unwrap())
}

/// What somebody answers who does everything right; nothing where the question is none of those.
pub fn right(asked: &Asked<'_>, papers: &Papers) -> Option<(String, bool)> {
    let question = asked.question;
    let after = |word: &str| question.split_once(word).map(|(_, rest)| rest.trim());
    if let Some(rest) = after("assphrase of officer ") {
        let officer = rest.split([' ', ':']).next().unwrap();
        return Some((passphrase(officer), true));
    }
    if let Some(rest) = after("Component ") {
        let words: Vec<&str> = rest.trim_end_matches(':').split(' ').collect();
        let (number, of) = (words[0].parse().unwrap(), words[2].parse().unwrap());
        return Some((component(words[4], number, of), true));
    }
    if let Some(rest) = after("Factor ") {
        return Some((
            format!("leader {} chose thirty-{} magpies", &rest[..1], &rest[..1]),
            true,
        ));
    }
    if question.contains("on your sheet")
        || question.contains("from the paper (Enter")
        || question.ends_with("press Enter:")
    {
        return Some((String::new(), false));
    }
    if question.contains(". Type it:") {
        return after(" is ").map(|rest| (rest.split('.').next().unwrap().to_owned(), false));
    }
    if let Some(rest) = after("exactly: ").or(after("If all agree, type: ")) {
        return Some((rest.trim_end_matches('—').trim().to_owned(), false));
    }
    if question.contains("Type it back from the paper") || question.contains("Share of") {
        return Some((papers.pages.get(asked.who).expect("a page").clone(), true));
    }
    if question == "Type it a second time:" {
        return Some((asked.before.to_owned(), true));
    }
    question.contains("PIN").then(|| ("246810".to_owned(), true))
}

/// Holds a ceremony on a terminal. `people` answers; `None` for what [`right`] people answer.
pub fn hold(
    command: &Command,
    papers: &mut Papers,
    people: impl FnMut(&Asked<'_>, &Papers) -> Option<(String, bool)>,
) -> Held {
    hold_on(Pty::of_size(command, 60, 400), papers, people)
}

/// The same on a terminal that is there already.
pub fn hold_on(
    mut pty: Pty,
    papers: &mut Papers,
    mut people: impl FnMut(&Asked<'_>, &Papers) -> Option<(String, bool)>,
) -> Held {
    let (mut read, mut who, mut said) = (0, String::new(), Vec::new());
    let mut screen = String::new();
    let (mut until, mut length) = (Instant::now() + PATIENCE, 0);
    loop {
        let now = pty.wait_for_quiet(QUIET);
        let unchanged = std::mem::replace(&mut length, now) == now;
        let output = pty.output();
        assert!(
            Instant::now() < until,
            "nothing more happens after:\n{screen}\n{}",
            plain(&output[read..])
        );
        if pty.has_ended() {
            screen += &plain(&pty.output()[read..]);
            let code = pty.end().code().unwrap_or(-1);
            let output = pty.output();
            return Held {
                code,
                screen,
                output,
                said,
            };
        }
        // What is no question now is none later.
        if unchanged {
            continue;
        }
        let text = plain(&output[read..]);
        let lines: Vec<&str> = text.trim_end().lines().map(str::trim).collect();
        let last = lines.last().copied().unwrap_or_default();
        // Above the place for groups stands how to type, and above that the question.
        let grouped = lines.len() > 2
            && last.parse::<u8>().is_ok()
            && ["not shown", "不显示"]
                .iter()
                .any(|how| lines[lines.len() - 2].contains(how));
        let question = if grouped { lines[lines.len() - 3] } else { last };
        if !question.ends_with([':', '：', '—', '?', ']']) {
            continue;
        }
        if let Some(turn) = text.lines().rev().find_map(turn) {
            who = turn;
        }
        if question.starts_with('—') {
            continue;
        }
        if question.contains("Your page lies at") || question.contains("您的纸面页位于") {
            let groups = groups_on_newest_page(&papers.folder);
            papers.given.push((who.clone(), groups.clone()));
            papers.pages.insert(who.clone(), groups);
        }
        let asked = Asked {
            who: &who,
            question,
            before: said.last().map_or("", |s: &Said| s.typed.as_str()),
            number: said.len(),
            process: pty.id(),
        };
        let answer = people(&asked, papers).or_else(|| right(&asked, papers));
        let (typed, secret) =
            answer.unwrap_or_else(|| panic!("nobody knows an answer to {question:?} in:\n{screen}{text}"));
        screen += &text;
        read = output.len();
        // What ends in a control character is all that is typed.
        let control = typed.bytes().last().is_some_and(|byte| byte < 32);
        pty.type_in(if control { typed.clone() } else { format!("{typed}\r") });
        said.push(Said {
            who: who.clone(),
            question: question.to_owned(),
            typed,
            secret,
        });
        until = Instant::now() + PATIENCE;
    }
}

/// `— custodian-1: zhang, custodian —`, and the same in Chinese; alone or as a message of `--json`.
fn turn(line: &str) -> Option<String> {
    let message = line.split_once("\"message\":\"").map(|(_, rest)| rest);
    let line = message.map_or(line.trim(), |rest| rest.split('"').next().unwrap());
    let english = line.strip_prefix("— ").and_then(|rest| rest.strip_suffix(" —"));
    let chinese = line.strip_prefix("—— ").and_then(|rest| rest.strip_suffix(" ——"));
    let id = english.and_then(|inside| inside.split_once(": "));
    id.or_else(|| chinese?.split_once('：')).map(|(id, _)| id.to_owned())
}

/// What is written, without control sequences.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            // A line that is written anew takes the place of what stood there.
            '\r' => out.truncate(out.rfind('\n').map_or(0, |at| at + 1)),
            '\u{1b}' if letters.next() == Some('[') => {
                let _ = letters.by_ref().find(char::is_ascii_alphabetic);
            }
            '\u{1b}' => {}
            c => out.push(c),
        }
    }
    out
}

/// The written form on the page that was printed last: the longest run of groups of six digits.
pub fn groups_on_newest_page(folder: &Path) -> String {
    let newest = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
        .expect("a page");
    let mode = fs::metadata(&newest).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a page is its custodian's alone");
    let page = fs::read_to_string(newest).unwrap();
    let mut text = String::new();
    for (at, piece) in page.split('<').enumerate() {
        text.push(' ');
        text.push_str(if at == 0 {
            piece
        } else {
            piece.split_once('>').unwrap().1
        });
    }
    let is_group = |w: &&str| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let (mut best, mut run) = (Vec::new(), Vec::new());
    for word in text.split_whitespace() {
        if is_group(&word) {
            run.push(word);
        } else if word.len() > 2 || !word.bytes().all(|b| b.is_ascii_digit()) {
            run.clear();
        }
        if run.len() > best.len() {
            best.clone_from(&run);
        }
    }
    assert!(best.len() > 4, "no groups on the page:\n{text}");
    best.join(" ")
}
