// SPDX-License-Identifier: Apache-2.0
//! From an order to cards in the good tray and a closed account.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::hall::{CARDS, Hall, Kind, number};

#[test]
fn an_order_becomes_cards_and_is_accounted_for() {
    let hall = Hall::new();
    let said = hall.zhang("batch new B --order O").ok();
    let laid = said.of("cardmint.batch-new/1");
    assert_eq!(
        (laid["rows"].as_u64(), laid["template"].as_str()),
        (Some(CARDS.into()), Some("mohurd-user"))
    );
    assert!(laid["keys"].as_array().unwrap().len() > 5, "{laid}");
    let digest = laid["digest"].as_str().unwrap().to_owned();
    let approved = hall.li(&format!("batch approve B --digest {}", &digest[..8])).ok();
    assert_eq!(approved.of("cardmint.batch-new/1")["digest"], digest.as_str());

    hall.zhang("stock receive L --type fmcos --supplier maker --count 10")
        .ok();
    hall.zhang("stock hand-out L --to zhang --count 8").ok();
    hall.hopper("h1", 3, 1);
    hall.hopper("h2", 3, 2);
    let run = hall.zhang("batch run B --reader sim:h1 --reader sim:h2 --lot L").ok();
    assert_eq!(
        run.events("begun")[0]["readers"],
        serde_json::json!(["sim:h1", "sim:h2"])
    );
    let issued = run.events("issued");
    let mut numbers: Vec<&str> = issued.iter().map(|e| e["number"].as_str().unwrap()).collect();
    numbers.sort_unstable();
    let all: Vec<String> = (1..=CARDS).map(number).collect();
    assert_eq!(numbers, all);
    let ended = &run.events("ended")[0];
    assert_eq!(
        (ended["complete"].as_bool(), ended["failures"].as_u64()),
        (Some(true), Some(0))
    );
    assert_eq!((hall.cards_in("h1/good"), hall.cards_in("h2/good")), (3, 3));

    assert_eq!(hall.counts(), [6, 0, 0, 0, 0]);
    let listed = hall.look("batch list").ok().of("cardmint.batch/1");
    assert_eq!(
        (listed["state"].as_str(), listed["issued"].as_u64()),
        (Some("running"), Some(6))
    );
    let report = hall.look("batch report B").ok().of("cardmint.batch-report/1");
    let names = |of: &str| report[of].as_array().unwrap().clone();
    assert_eq!(
        (names("laid_down_by"), names("approved_by")),
        (vec!["zhang".into()], vec!["li".into()])
    );
    assert_eq!(names("run_by"), ["zhang"]);
    assert_eq!(
        report["lots"],
        serde_json::json!([{"lot": "L", "drawn": 6, "issued": 6, "scrapped": 0}])
    );

    // One officer's signature is not enough, and afterwards nothing moves any more.
    hall.run("batch close B --json", "zhang").refused(2, "site-officers");
    let entry = hall.zhang("batch close B").ok().of("cardmint.entry/1");
    assert_eq!(
        (entry["act"].as_str(), entry["body"]["issued"].as_u64()),
        (Some("batch.close"), Some(6))
    );
    assert_eq!(entry["sigs"].as_array().map_or(0, Vec::len), 2, "{entry}");
    assert_eq!(hall.status()["state"], "closed");
    hall.zhang("batch run B --reader sim:h1")
        .refused(2, "centre-batch-state");
    hall.entries();
}

#[test]
fn psams_are_made_with_the_terminal_numbers_of_their_order() {
    let hall = Hall::of(Kind::Psam);
    hall.approved();
    hall.hopper_of("h", "psam", CARDS, 1);
    let run = hall.zhang("batch run B --reader sim:h").ok();
    assert_eq!(run.events("issued").len(), CARDS as usize);
    for n in 1..=CARDS {
        let status = hall
            .look(&format!("psam status 3100{n:016}"))
            .ok()
            .lines()
            .swap_remove(0);
        assert_eq!(
            (status["status"].as_str(), status["terminal"].as_str()),
            (Some("issued"), Some(format!("3100{n:08}").as_str()))
        );
    }
    // A terminal number stands on one PSAM for good.
    fs::write(
        hall.path("again.csv"),
        "number,terminal\n31000000000000000999,310000000002\n",
    )
    .unwrap();
    let again = hall.zhang("order import again.csv --name P --template mohurd-city-psam");
    assert_eq!(again.code, Some(2), "{again:?}");
    hall.zhang("batch close B").ok();
    hall.entries();
}

#[test]
fn cards_are_loaded_as_their_order_says_when_they_are_issued() {
    let hall = Hall::of(Kind::Loaded);
    hall.zhang("batch new B --order O --template loaded.toml").ok();
    hall.li("batch approve B --template loaded.toml").ok();
    hall.hopper("h", CARDS, 1);
    // Torn away in the middle of its load: the card says whether money has moved.
    hall.look("sim fault h/blanks/h-3 --tear-after 150").ok();
    let run = hall
        .zhang("batch run B --reader sim:h --template loaded.toml --terminal 310000000077")
        .ok();
    let issued = run.events("issued");
    assert_eq!(issued.len(), CARDS as usize);
    for event in &issued {
        let row = event["row"].as_u64().unwrap();
        assert_eq!(event["loaded"].as_u64(), Some(row * 100 + 50));
    }
    for card in 1..=CARDS {
        let line = format!("purse balance --template loaded.toml --reader sim:h/good/h-{card}");
        let balance = hall.look(&line).ok().lines().swap_remove(0);
        let issued = issued.iter().find(|e| e["number"] == balance["number"]).unwrap();
        assert_eq!(balance["balance"], issued["loaded"], "{balance}");
    }
    let loads = hall.look("ledger log --act purse.load").ok().lines();
    assert_eq!(loads.len(), CARDS as usize);
    assert!(
        loads.iter().all(|l| l["body"]["terminal"] == "310000000077"),
        "{loads:?}"
    );
    hall.zhang("batch close B").ok();
    hall.entries();
    letters(&hall);
}

/// The letters for the cards that have a PIN of their own: only the officer to whom they are sealed opens them.
fn letters(hall: &Hall) {
    let export = "batch export B --form mailer --template loaded.toml --out letters --to";
    hall.zhang(&export.replace(" --to", ""))
        .refused(2, "batch-export-no-officer");
    hall.zhang(&format!("{export} wang")).refused(2, "site-not-officer");
    let entry = hall.zhang(&format!("{export} li")).ok().of("cardmint.entry/1");
    assert_eq!(
        (entry["body"]["form"].as_str(), entry["body"]["rows"].as_u64()),
        (Some("mailer"), Some(3))
    );
    let sealed = fs::read_to_string(hall.path("letters")).unwrap();
    assert!(sealed.starts_with("{\"format\":\"cardmint-pin-letters/1\"") && !sealed.contains("3100000000000002"));
    hall.run("batch letters letters --out plain --json", "zhang")
        .refused(2, "batch-letters-officer");
    fs::write(hall.path("moved"), sealed.replace("\"batch\":\"B\"", "\"batch\":\"C\"")).unwrap();
    hall.run("batch letters moved --out plain --json", "li")
        .refused(3, "batch-letters-damaged");
    hall.run("batch letters order.csv --out plain --json", "li")
        .refused(3, "batch-letters-damaged");
    assert!(!hall.path("plain").exists());
    hall.run("batch letters letters --out plain", "li").ok();
    let mode = fs::metadata(hall.path("plain")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let plain = fs::read_to_string(hall.path("plain")).unwrap();
    let rows: Vec<Vec<&str>> = plain
        .lines()
        .map(|l| l.trim_matches('"').split("\",\"").collect())
        .collect();
    assert_eq!((rows.len(), rows[0][2]), (4, "PIN"));
    let pins: std::collections::BTreeSet<&str> = rows[1..].iter().map(|row| row[2]).collect();
    assert_eq!(pins.len(), 3);
    assert!(
        pins.iter()
            .all(|pin| pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit())),
        "{rows:?}"
    );
    assert_eq!((rows[1][0], rows[1][1]), ("3100000000000002", "李,2"));
    hall.run("batch letters letters --out plain --json", "li")
        .refused(2, "batch-letters-write");
    // Nothing that the program recorded has a PIN in it.
    let log = hall.look("ledger log").ok().out;
    assert!(pins.iter().all(|pin| !log.contains(&format!("\"{pin}\""))));
}

#[test]
fn people_read_what_happens_in_their_language() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", CARDS, 1);
    hall.look("sim fault h/blanks/h-2 --tear-after 40").ok();
    let run = hall.run("batch run B --reader sim:h --lang zh", "zhang li").ok();
    for said in [
        "3100000000000001 已发行",
        "中途丢失",
        "本次发行 6 张，失败 1 次；共完成 6/6 张",
    ] {
        assert!(run.out.contains(said), "{said}: {}", run.out);
    }
    let report = hall.run("batch report B --lang zh", "").ok().out;
    for said in ["制定：zhang；批准：li；运行：zhang", "已发行 6"] {
        assert!(report.contains(said), "{said}: {report}");
    }
}

#[test]
fn reports_and_files_for_others_are_signed_into_the_ledger() {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", 4, 1);
    hall.zhang("batch run B --reader sim:h --no-wait").ended(1);
    let csv = hall.run("batch report B --csv", "").ok().out;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        (lines.len(), lines[0]),
        (5, "number,chip,terminal,status,intent,outcome,voided")
    );
    assert!(
        lines[1].starts_with(&number(1)) && lines[1].contains(",issued,"),
        "{csv}"
    );
    for (form, rows) in [("report", 6), ("cards", 4), ("print", 4)] {
        let entry = hall
            .li(&format!("batch export B --form {form} --out {form}.out --to printer"))
            .ok();
        let body = entry.of("cardmint.entry/1")["body"].clone();
        let bytes = fs::read(hall.path(&format!("{form}.out"))).unwrap();
        let digest = cardmint::ledger::Hash::of(&[&bytes]).to_string();
        assert_eq!(body["digest"], digest.as_str());
        assert_eq!(
            (body["form"].as_str(), body["rows"].as_u64(), body["to"].as_str()),
            (Some(form), Some(rows), Some("printer"))
        );
        let mode = PermissionsExt::mode(&fs::metadata(hall.path(&format!("{form}.out"))).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::read_to_string(hall.path("cards.out")).unwrap(), csv);
    let report: serde_json::Value = serde_json::from_slice(&fs::read(hall.path("report.out")).unwrap()).unwrap();
    assert_eq!((report["issued"].as_u64(), report["left"].as_u64()), (Some(4), Some(2)));
    let print = fs::read_to_string(hall.path("print.out")).unwrap();
    assert!(
        print.contains("张1") && print.contains(&number(4)) && !print.contains("张5"),
        "{print}"
    );
    // Nothing is written over, and what is refused leaves no entry and no file.
    let entries = hall.entries();
    hall.zhang("batch export B --form cards --out cards.out")
        .refused(2, "batch-export-there");
    hall.zhang("batch export B --form print --out p.out --template loaded.toml")
        .refused(3, "batch-export-template");
    hall.zhang("batch export B --form cards --out none/p.out")
        .refused(2, "key-file-no-folder");
    assert_eq!(hall.entries(), entries);
    assert!(!hall.path("p.out").exists());
}
