// SPDX-License-Identifier: Apache-2.0
//! From an order to cards in the good tray and a closed account.

use super::hall::{CARDS, Hall, number};

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
