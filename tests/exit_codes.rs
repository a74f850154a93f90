// SPDX-License-Identifier: Apache-2.0
//! The page of exit codes: the program ends with each of them for the causes that stand there, and the shell function of the
//! page does with each what its table says.

#![allow(clippy::unwrap_used)] // a test stops at the first surprise

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cardmint::error::Exit;

const PAGE: &str = include_str!("../docs/exit-codes.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Runs lines of shell behind the page's function. `before` may put something else in the program's place.
fn shell(before: &str, lines: &str) -> Output {
    let function = PAGE.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_cardmint")).parent().unwrap();
    Command::new("sh")
        .args(["-euc", &format!("sleep() {{ :; }}\n{before}\n{function}\n{lines}")])
        .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
        .env("LC_ALL", "C")
        .current_dir(root())
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn the_program_ends_as_the_page_says_and_the_script_acts_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let tampered = folder.path().join("tampered.jsonl");
    let export = fs::read_to_string(root().join("docs/formats/examples/ledger-v1.jsonl")).unwrap();
    let digit = export.rfind(|c: char| c.is_ascii_digit()).unwrap();
    let other = if &export[digit..=digit] == "0" { "1" } else { "0" };
    fs::write(
        &tampered,
        format!("{}{other}{}", &export[..digit], &export[digit + 1..]),
    )
    .unwrap();
    let verify = format!("attempt ledger verify --export {}", tampered.display());
    for (lines, code, word) in [
        ("attempt scheme list; echo went on", 0, "went on"),
        (
            "attempt ledger verify --export docs/formats/examples/ledger-v1.jsonl; echo went on",
            0,
            "went on",
        ),
        (
            "echo bad | attempt calc || echo went on with the rest",
            0,
            "went on with the rest",
        ),
        ("echo bad | attempt calc", 1, "some failed: calc"),
        ("attempt no-such-command", 2, "mend the call: no-such-command"),
        (&verify, 3, "stop the line (3): ledger verify"),
        (
            "attempt scheme list > /dev/full",
            4,
            "look at reader and disk: scheme list",
        ),
    ] {
        let (ended, text) = said(&shell("", lines));
        assert_eq!(ended, Some(code), "{lines}: {text}");
        assert!(text.contains(word), "{lines}: {text}");
    }
}

#[test]
fn the_script_tries_again_only_where_that_can_help() {
    for (code, tries, ends) in [(4, 3, 4), (5, 1, 5), (3, 1, 3), (101, 1, 3), (137, 1, 3)] {
        let stub = format!("cardmint() {{ echo called; return {code}; }}");
        let (ended, text) = said(&shell(&stub, "attempt card issue"));
        assert_eq!(
            (ended, text.matches("called").count()),
            (Some(ends), tries),
            "{code}: {text}"
        );
    }
    let stub = "n=0\ncardmint() { n=$((n + 1)); [ $n -ge 3 ] || return 4; }";
    let (ended, text) = said(&shell(stub, "attempt card issue; echo on at $n"));
    assert_eq!((ended, text.as_str()), (Some(0), "on at 3\n"));
}

#[test]
fn the_page_has_every_code_and_no_other() {
    let table = PAGE.split("\n## ").next().unwrap();
    let codes = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok());
    assert_eq!(codes.collect::<Vec<u8>>(), [0, 1, 2, 3, 4, 5]);
    let all = [
        Exit::Done,
        Exit::SomeFailed,
        Exit::Usage,
        Exit::Check,
        Exit::Device,
        Exit::Stopped,
    ];
    assert_eq!(all.map(|exit| exit as u8), [0, 1, 2, 3, 4, 5]);
}
