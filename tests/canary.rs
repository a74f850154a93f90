// SPDX-License-Identifier: Apache-2.0
//! Secrets that are known to the test go through a whole day of two centres (made, typed, sealed, received, issued, loaded,
//! paid with, refused); then everything that was said or left on disk is searched for them in every form that they could
//! take. Not searched: the officers' own passphrase files and the simulated chips' EEPROM, which hold them rightly.
#![allow(unreachable_pub, clippy::unwrap_used)] // a test may fail where it stands

mod rehearsal;

#[path = "canary/forms.rs"]
mod forms;
#[path = "canary/story.rs"]
mod story;

use forms::{Needles, Secret};
use story::Story;

/// Files and texts, each with the name that a hit is reported under.
type Haystacks = Vec<(String, Vec<u8>)>;

fn hits(secrets: &[Secret], haystacks: &Haystacks) -> Vec<String> {
    let needles = Needles::of(secrets);
    haystacks
        .iter()
        .flat_map(|(name, bytes)| needles.find(name, bytes))
        .collect()
}

#[test]
fn no_secret_leaves_its_place() {
    let story = Story::told();
    let (secrets, haystacks) = (story.secrets(), story.haystacks());
    let bytes: usize = haystacks.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(
        haystacks.len() > 60 && bytes > 200_000,
        "{} with {bytes} bytes",
        haystacks.len()
    );
    let found = hits(&secrets, &haystacks);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_search_finds_each_secret_in_each_form() {
    let secret = Secret::bytes("component", "0BADC0DE5EC2E7F00D15EA5EFACEB00C");
    let pin = Secret::digits("PIN", "739146285017");
    let phrase = Secret::text("passphrase", "Zinnober-Kahn-47-Quitte");
    let secrets = [secret, pin, phrase];
    for secret in &secrets {
        for (form, planted) in secret.forms() {
            for before in 0..4 {
                let mut hay = vec![b'~'; 100 + before];
                hay.extend_from_slice(&planted);
                hay.extend_from_slice(b"~~~");
                let found = hits(&secrets, &vec![("planted".into(), hay)]);
                assert!(
                    found.iter().any(|hit| hit.contains(secret.name())),
                    "{} as {form}",
                    secret.name()
                );
            }
        }
    }
    // Base64 of a text in which the secret stands somewhere in the middle.
    for before in 0..3 {
        let text = format!("{}Zinnober-Kahn-47-Quitte and more", "x".repeat(before));
        let hay = forms::base64(text.as_bytes());
        assert!(!hits(&secrets, &vec![("base64".into(), hay)]).is_empty(), "{before}");
    }
    assert!(hits(&secrets, &vec![("clean".into(), b"nothing of that kind".repeat(50))]).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_running_program_shows_no_secret_in_its_process() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    let bench = rehearsal::Bench::empty();
    let city = rehearsal::by("city", &rehearsal::CITY);
    for officer in rehearsal::CITY {
        bench.private(&format!("{officer}.pass"), format!("passphrase of {officer}\n"));
    }
    bench
        .run(&format!(
            "init city --rehearsal --name C --scheme mohurd --level city --code 3100 {city}"
        ))
        .good();
    let parts = ["0BADC0DE5EC2E7F00D15EA5EFACEB00C", "7E57AB1EC0FFEE11D00DFEED5CA1AB1E"];
    let line = format!("key import load --version 9 --secrets-fd 0 {city}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cardmint"))
        .args(line.split_whitespace())
        .current_dir(bench.path("."))
        .env_remove("CARDMINT_SITE")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", parts[0]).unwrap();
    // It has the first component and the passphrases, and waits for the second component.
    let mut said = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    while !said.contains("component 1") {
        assert_ne!(errors.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let of = |name: &str| std::fs::read(format!("/proc/{}/{name}", child.id()));
    let cmdline = of("cmdline").unwrap();
    assert!(cmdline.windows(6).any(|w| w == b"import"), "the right process");
    // A hardened process may keep its environment from everybody.
    let shown = vec![
        ("cmdline".to_owned(), cmdline),
        ("environ".to_owned(), of("environ").unwrap_or_default()),
    ];
    writeln!(input, "{}", parts[1]).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    let mut secrets = vec![
        Secret::bytes("component 1", parts[0]),
        Secret::bytes("component 2", parts[1]),
    ];
    for officer in rehearsal::CITY {
        secrets.push(Secret::text("passphrase", &format!("passphrase of {officer}")));
    }
    assert_eq!(hits(&secrets, &shown), Vec::<String>::new());
}
