// SPDX-License-Identifier: Apache-2.0
//! The day in the card centre, in both languages, as it stands in the documents.

use std::path::Path;
use std::process::Command;

use super::hall::Hall;

/// All command blocks of a page as one script.
fn script(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    format!("set -eu\n{}", blocks.collect::<String>())
}

#[test]
fn the_day_in_the_card_centre_goes_as_it_is_told() {
    for page in ["centre.en.md", "centre.zh.md"] {
        let hall = Hall::new();
        let program = Path::new(env!("CARGO_BIN_EXE_cardmint")).parent().unwrap();
        let search = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let ran = Command::new("bash")
            .args(["-c", &script(page)])
            .current_dir(hall.path("."))
            .env("PATH", search)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        assert_eq!(ran.status.code(), Some(0), "{page}: {said}");
        let status = hall.look("batch status N1").ok().of("cardmint.batch/1");
        assert_eq!(
            (status["state"].as_str(), status["issued"].as_u64()),
            (Some("closed"), Some(3))
        );
        let lot = hall.look("stock report L7").ok().of("cardmint.stock-lot/1");
        assert_eq!((lot["in_stock"].as_u64(), lot["issued"].as_u64()), (Some(17), Some(3)));
        let print = std::fs::read_to_string(hall.path("november-print.csv")).unwrap();
        assert!(
            print.contains("王小明") && print.contains("3100000000100000"),
            "{print}"
        );
    }
}
