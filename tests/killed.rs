// SPDX-License-Identifier: Apache-2.0
//! The program is killed in the middle of an issue, as by a power cut: at the first commands, right after the intent, while
//! it writes, reads back, proves, and between the card's end and the outcome. The same command takes the card up, and the
//! ledger is as if nothing had happened.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod operators;

use operators::Story;

/// Issues an undisturbed card; how many commands that takes.
fn commands(story: &Story) -> u64 {
    let issued = story.issue("3100000000000001", "sim:cards/model", &[]).ok().first();
    issued["answered"].as_u64().unwrap()
}

#[test]
fn a_killed_program_leaves_a_card_that_the_same_command_finishes() {
    let story = Story::new();
    story.centres();
    story
        .run(
            &[
                "sim", "new", "--chip", "fmcos", "--name", "model", "--seed", "1", "cards",
            ],
            "",
        )
        .ok();
    let all = commands(&story);
    // Number and chip are found out, then the blank is opened; the intent is durable before the command after that.
    let points = [
        (1, false),
        (6, true),
        (9, false),
        (11, true),
        (all / 3, true),
        (all / 2, false),
        (all - 25, true),
        (all - 5, true),
        (all - 1, false),
        (all, true),
    ];
    for (n, (at, after)) in points.into_iter().enumerate() {
        let (name, seed) = (format!("k{n}"), (n + 10).to_string());
        let (card, reader) = (format!("cards/{name}"), format!("sim:cards/{name}"));
        let number = format!("31000000000001{n:02}");
        story
            .run(
                &[
                    "sim", "new", "--chip", "fmcos", "--name", &name, "--seed", &seed, "cards",
                ],
                "",
            )
            .ok();
        let fault = if after { "--kill-after" } else { "--kill-before" };
        story.run(&["sim", "fault", &card, fault, &at.to_string()], "").ok();
        let where_ = format!("{fault} {at} of {all}");
        assert!(story.killed(&number, &reader), "{where_}: was not killed");
        let begun = story.at("c", &["card", "status", &number]);
        let status = (begun.code == 0).then(|| begun.first()["status"].as_str().unwrap().to_owned());
        assert!(
            status.as_deref().is_none_or(|s| s == "in-doubt"),
            "{where_}: {status:?}"
        );
        let issued = story.issue(&number, &reader, &[]).ok().first();
        assert_eq!(issued["resumed"], begun.code == 0, "{where_}");
        let verified = ["card", "verify", "--template", "mohurd-user", "--reader", &reader];
        assert_eq!(story.at("c", &verified).ok().first()["good"], true, "{where_}");
        assert_eq!(
            story.at("c", &["card", "status", &number]).ok().first()["status"],
            "issued",
            "{where_}"
        );
    }
    story.at("c", &["ledger", "verify"]).ok();
}
