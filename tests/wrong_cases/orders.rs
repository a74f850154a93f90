// SPDX-License-Identifier: Apache-2.0
//! Templates, schemes and orders with mistakes: each is named with its place, and no card is touched.

use super::rehearsal::{Bench, MINISTRY, by};
use super::{expect, refused};

fn issue(template: &str) -> String {
    format!("card issue --template {template} --reader sim:readers/blank --set number=3100000000000002")
}

#[test]
fn a_key_that_the_site_lacks() {
    let bench = Bench::new();
    let psam = "psam issue --template mohurd-psam --reader sim:readers/blank-psam --set number=00000000310000000002";
    let said = refused(&bench, "plan-key", 2, || {
        bench.city(&format!("{psam} --set terminal=310000000002"))
    });
    assert!(said.message().contains("purchase"), "{}", said.message());
    // A version that nobody made.
    bench.changed(
        "mohurd-user.toml",
        "usage = \"card-maintenance\"\nversion = 1",
        "usage = \"card-maintenance\"\nversion = 7",
        "v7.toml",
    );
    let said = refused(&bench, "plan-key", 2, || bench.city(&issue("v7.toml")));
    assert!(
        said.message().contains("card-maintenance") && said.message().contains('7'),
        "{}",
        said.message()
    );
}

#[test]
fn an_unknown_field_of_a_template_is_named_with_its_line() {
    let bench = Bench::new();
    bench.changed("mohurd-user.toml", "\nslot = 0x00", "\nslott = 0x00", "unknown.toml");
    for line in [issue("unknown.toml"), "template check unknown.toml".to_owned()] {
        let said = refused(&bench, "template-syntax", 2, || bench.city(&line));
        for part in ["unknown.toml, line 22", "`slott`"] {
            assert!(said.message().contains(part), "{}", said.message());
        }
    }
}

#[test]
fn no_card_is_written_by_a_template_that_fails_a_check() {
    let bench = Bench::new();
    bench.changed("mohurd-user.toml", "fid = 0x0005", "fid = 0x0001", "faulty.toml");
    let said = refused(&bench, "template-faulty", 2, || {
        bench.run("template check faulty.toml --json")
    });
    let finding = &said.records()[0];
    assert_eq!(finding["check"], "TEMPLATE-FID-UNIQUE");
    assert!(
        finding["line"].as_u64().unwrap() > 100 && finding["path"].is_string(),
        "{finding}"
    );
    let said = refused(&bench, "template-faulty", 2, || bench.city(&issue("faulty.toml")));
    assert!(said.message().contains("faulty.toml"), "{}", said.message());
}

#[test]
fn all_bad_fields_of_an_order_are_named_at_once() {
    let bench = Bench::new();
    let line = "card issue --template mohurd-user --reader sim:readers/blank --set number=31 --set start=20261399 \
                --set bogus=1 --set main-type=zz --set id-type=77";
    let said = refused(&bench, "order-problems", 2, || bench.city(line));
    for field in ["number", "start", "bogus", "main-type", "id-type"] {
        assert!(
            said.message().contains(&format!("{field}: ")),
            "{field}: {}",
            said.message()
        );
    }
    assert!(said.message().starts_with("5 "), "{}", said.message());
}

#[test]
fn an_order_without_its_number_or_of_another_city() {
    let bench = Bench::new();
    let line = "card issue --template mohurd-user --reader sim:readers/blank";
    let said = refused(&bench, "order-problems", 2, || bench.city(line));
    assert!(said.message().contains("number: "), "{}", said.message());
    let said = refused(&bench, "order-problems", 2, || {
        bench.city(&format!("{line} --set number=2100000000000002"))
    });
    assert!(
        said.message().contains("number: ") && said.message().contains("3100"),
        "{}",
        said.message()
    );
}

#[test]
fn an_unknown_field_of_a_scheme_is_named_with_file_and_line() {
    let bench = Bench::new();
    bench.changed(
        "schemes/mohurd.toml",
        "kcv-length = 3",
        "kcv-length = 3\nlevle = 1",
        "scheme.toml",
    );
    let init = format!(
        "init new --rehearsal --name New --scheme ./scheme.toml --level ministry --json {}",
        by("new", &MINISTRY)
    );
    for line in ["scheme check scheme.toml --json", &init] {
        let said = bench.run(line);
        expect(&said, "scheme-syntax", 2);
        for part in ["scheme.toml, line 10", "`levle`"] {
            assert!(said.message().contains(part), "{}", said.message());
        }
    }
    assert!(!bench.path("new").exists(), "no site is left behind");
}
