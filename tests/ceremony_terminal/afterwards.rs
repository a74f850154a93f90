// SPDX-License-Identifier: Apache-2.0
//! After a ceremony: it is taken up where the plan allows that and nowhere else, by everybody anew; and whoever has plan and
//! transcript judges it far from the site as the site does.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::people::hold;
use super::pty::CTRL_C;
use super::shipped::{House, nothing_secret};
use super::trouble::{PLAN, house, nothing_happened};

/// Who typed a passphrase, in the order in which they did.
fn signers(held: &super::people::Held) -> Vec<&str> {
    let asked = held.said.iter().filter(|said| said.question.contains("assphrase of"));
    asked.map(|said| said.who.as_str()).collect()
}

const ALL: [&str; 4] = ["key-officer-1", "key-officer-2", "custodian-1", "custodian-2"];

#[test]
fn a_ceremony_is_taken_up_only_where_the_plan_allows_it_and_everybody_signs_anew() {
    for allowed in [true, false] {
        let mut house = house();
        fs::write(
            house.path("plan.toml"),
            PLAN.replace("resume = true", &format!("resume = {allowed}")),
        )
        .unwrap();
        let command = house.ceremony("rehearse", "city", "plan.toml", &[]);
        let held = hold(&command, &mut house.papers, |asked, _| {
            (asked.question.starts_with("Component 2")).then(|| (CTRL_C.to_owned(), false))
        });
        assert_eq!((held.code, signers(&held).as_slice()), (5, &ALL[..]), "{}", held.screen);
        nothing_happened(&house);
        let command = house.ceremony("resume", "city", "plan.toml", &[]);
        let held = hold(&command, &mut house.papers, |_, _| None);
        nothing_secret(&held);
        if allowed {
            // Everybody signs the plan anew and the transcript at the end; the first custodian types the component again.
            assert_eq!(held.code, 0, "{}", held.screen);
            assert_eq!(signers(&held), [ALL, ALL].concat());
            assert!(held.said.iter().any(|said| said.question.starts_with("Component 1")));
            let text = fs::read_to_string(newest(&house)).unwrap();
            assert_eq!(text.matches("\"act\":\"ceremony.begin\"").count(), 2);
            assert!(text.contains("\"resumes\":1"));
            house.verified("city", "plan.toml");
        } else {
            assert_eq!((held.code, held.said.len()), (2, 0), "{}", held.screen);
            assert!(house.is_open("city"));
            nothing_happened(&house);
        }
    }
}

/// The transcript of the newest ceremony.
fn newest(house: &House) -> PathBuf {
    let all = fs::read_dir(house.path("city/ceremonies")).unwrap();
    let begin = |path: &PathBuf| -> u64 {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.split('-').next().unwrap().parse().unwrap()
    };
    all.map(|entry| entry.unwrap().path()).max_by_key(begin).unwrap()
}

/// What `ceremony verify` says to programs.
fn verdict(house: &House, code: i32, args: &[&str]) -> Value {
    let mut all = vec!["--json", "ceremony", "verify"];
    all.extend(args);
    let said = house.run(code, &all);
    let records = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut verdicts = records.filter(|record| record["schema"] == "cardmint.ceremony-verification/1");
    verdicts.next().unwrap_or_else(|| panic!("no verdict in {said}"))
}

#[test]
fn far_from_the_site_plan_and_transcript_lead_to_the_same_verdict() {
    let mut house = house();
    house.goes_well("city", "plan.toml", &[]);
    let completed = newest(&house);
    fs::write(house.path("second.toml"), PLAN.replace(".v1.", ".v2.")).unwrap();
    let refused = house.ceremony("rehearse", "city", "second.toml", &[]);
    let held = hold(&refused, &mut house.papers, |asked, _| {
        (asked.question.starts_with("Component 2")).then(|| ("refuse".to_owned(), false))
    });
    assert_eq!(held.code, 5, "{}", held.screen);
    let abandoned = newest(&house);
    assert_ne!(completed, abandoned);
    house.run(
        0,
        &[
            "ledger",
            "export",
            "--format",
            "jsonl",
            "--file",
            "city/ledger.db",
            "--out",
            "all.jsonl",
        ],
    );

    // Another computer has three files, and nothing of the site.
    let far = House::new();
    for (plan, transcript, result) in [
        ("plan.toml", &completed, "completed"),
        ("second.toml", &abandoned, "abandoned"),
    ] {
        for (from, to) in [
            (transcript.clone(), "it.transcript"),
            (house.path(plan), "it.toml"),
            (house.path("all.jsonl"), "all.jsonl"),
        ] {
            fs::copy(from, far.path(to)).unwrap();
        }
        let path = transcript.to_str().unwrap();
        let at_home = verdict(&house, 0, &[path, "--plan", plan, "--site", "city"]);
        let with_ledger = verdict(
            &far,
            0,
            &["it.transcript", "--plan", "it.toml", "--ledger", "all.jsonl"],
        );
        assert_eq!(at_home, with_ledger);
        let mut alone = verdict(&far, 0, &["it.transcript", "--plan", "it.toml", "--html", "it.html"]);
        assert_eq!((&alone["good"], &alone["result"]), (&true.into(), &result.into()));
        // It says that it had no ledger, and nothing else differs.
        assert_eq!(alone["with_ledger"], false);
        alone["with_ledger"] = true.into();
        assert_eq!(at_home, alone);
        let page = fs::read_to_string(far.path("it.html")).unwrap();
        assert!(page.contains(at_home["plan"].as_str().unwrap()) && page.contains(result));
        // A transcript in which anything is changed reaches another one, and so does another plan.
        let text = fs::read_to_string(transcript).unwrap();
        fs::write(
            far.path("changed.transcript"),
            text.replacen(
                "custodian-1\",\"officer\":\"custodian-1",
                "custodian-1\",\"officer\":\"custodian-3",
                1,
            ),
        )
        .unwrap();
        assert_ne!(fs::read_to_string(far.path("changed.transcript")).unwrap(), text);
        let changed = verdict(&far, 3, &["changed.transcript", "--plan", "it.toml"]);
        assert_eq!(changed["good"], false);
        fs::write(far.path("other.toml"), PLAN.replace("One load key", "Another plan")).unwrap();
        assert_eq!(
            verdict(&far, 3, &["it.transcript", "--plan", "other.toml"])["good"],
            false
        );
    }
}
