// SPDX-License-Identifier: Apache-2.0
//! Check values that differ, officers who are missing, keys that everybody knows.

use super::refused;
use super::rehearsal::{Bench, CITY, ISSUE, by};

const PARTS: [&str; 2] = ["C9A17E4D5B8F2063D4E1907B3C6AF852", "1F5C02B7E98A46D3702BD86E915FA4C3"];

#[test]
fn a_key_with_another_check_value_is_not_stored() {
    let bench = Bench::new();
    let import = format!("key import load --version 9 --json {}", by("city", &CITY));
    let said = refused(&bench, "site-kcv", 3, || {
        bench.typed(&format!("{import} --kcv 000000"), &PARTS)
    });
    assert!(said.message().contains("load.v9.3des@city:3100"), "{}", said.message());
    let said = refused(&bench, "site-kcv", 3, || {
        bench.typed(
            &format!("{import} --component-kcv 42BC5B --component-kcv 000000"),
            &PARTS,
        )
    });
    assert!(said.message().contains('2'), "{}", said.message());
    for bad in [
        "C9A17E4D5B8F2063D4E1907B3C6AF85",
        "C9A17E4D5B8F2063D4E1907B3C6AF85Z",
        "",
    ] {
        let said = bench.typed(&import, &[PARTS[0], bad]);
        assert_ne!(said.code, 0, "{said:?}");
        assert!(!said.err.contains("C9A17E4D"), "{said:?}");
    }
    let said = bench.typed(
        &format!("{import} --kcv 75E834 --component-kcv 42BC5B --component-kcv 652CC5"),
        &PARTS,
    );
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn the_key_store_stays_closed() {
    let bench = Bench::new();
    let issue = format!("{ISSUE} --reader sim:readers/blank --set number=3100000000000002 --json");
    let few = format!("{issue} {}", by("city", &CITY[..1]));
    refused(&bench, "site-officers", 2, || bench.run(&few));
    let swapped = format!("{issue} {}", by("city", &CITY)).replace("li=li.pass", "li=sun.pass");
    refused(&bench, "key-file-wrong-passphrase", 3, || bench.run(&swapped));
    let twice = format!("{issue} {}", by("city", &[CITY[0], CITY[0]]));
    refused(&bench, "key-file-same-officer", 2, || bench.run(&twice));
    let stranger = format!("{issue} {}", by("city", &[CITY[0], "zhao"]));
    refused(&bench, "site-not-officer", 2, || bench.run(&stranger));
    let nobody_asked = format!("{issue} --site city --officer sun --officer li");
    refused(&bench, "cli-no-terminal", 2, || bench.run(&nobody_asked));
    let nothing_typed = format!("{nobody_asked} --secrets-fd 0");
    refused(&bench, "cli-stopped", 5, || bench.run(&nothing_typed));
}

#[test]
fn a_passphrase_file_open_to_others_is_not_read() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    std::fs::set_permissions(bench.path("li.pass"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&bench, "key-file-mode", 2, || {
        bench.city("key generate load --version 8")
    });
}

#[test]
fn a_production_site_takes_no_published_key() {
    let bench = Bench::new();
    let state = || {
        (
            bench.ledger("production"),
            std::fs::read(bench.path("production/keys/store")).unwrap(),
        )
    };
    let before = state();
    let ff = "F".repeat(32);
    let halves = ["A1B2FFFFFFFFFFFFFFFFFFFFFFFFFFFF", "5E4D0000000000000000000000000000"];
    let cases: [(&[&str], &str); 4] = [
        (&[&ff], "key-file-test-key"),
        (&[&ff, PARTS[0]], "keys-component-known"),
        // Neither component is known, their sum is.
        (&halves, "key-file-test-key"),
        // The same component twice is the key of zeroes.
        (&[PARTS[0], PARTS[0]], "key-file-test-key"),
    ];
    for (lines, id) in cases {
        let line = format!(
            "key import transport --components {} --json {}",
            lines.len(),
            by("production", &CITY)
        );
        refused(&bench, id, 3, || bench.typed(&line, lines));
        assert_eq!(state(), before);
    }
}
