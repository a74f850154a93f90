// SPDX-License-Identifier: Apache-2.0
//! Each check refuses what it is there for. A test is named after its check.

use std::collections::BTreeSet;

use cardmint::template::{self, CHECKS, Finding, SHIPPED, Severity};

fn findings(text: &str) -> Vec<Finding> {
    template::check(&template::read(text, "test").unwrap_or_else(|e| panic!("{e}")), text)
}

/// The shipped template with one place changed has a finding of that name and severity on the changed line, and nothing
/// else than the findings of `also`.
fn refused(id: &str, severity: Severity, name: &str, from: &str, to: &str, also: &[&str]) {
    let (text, _) = template::text_of(name).unwrap();
    assert!(text.contains(from), "{name} has no {from:?}");
    let changed = text.replacen(from, to, 1);
    let before: BTreeSet<&str> = findings(&text).iter().map(|f| f.id).collect();
    let found = findings(&changed);
    let hit = found
        .iter()
        .find(|f| f.id == id)
        .unwrap_or_else(|| panic!("{id} was not found in {found:?}"));
    assert_eq!(hit.severity, severity);
    assert!(
        hit.line > 1 && hit.line <= changed.lines().count(),
        "{id} at line {}",
        hit.line
    );
    let others: Vec<&Finding> = found
        .iter()
        .filter(|f| f.id != id && !also.contains(&f.id) && !before.contains(f.id))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

macro_rules! refusals {
    ($($test:ident $id:literal $severity:ident $name:literal $from:literal => $to:literal $($also:literal)*;)*) => {
        $(#[test]
        fn $test() {
            assert_eq!(stringify!($test), $id.to_lowercase().replace('-', "_"));
            refused($id, Severity::$severity, $name, $from, $to, &[$($also),*]);
        })*

        #[test]
        fn every_check_has_a_test() {
            let tested: BTreeSet<&str> = [$($id),*].into();
            let all: BTreeSet<&str> = CHECKS.iter().map(|(id, _)| *id).collect();
            assert_eq!(tested, all);
        }
    };
}

refusals! {
    template_challenge "TEMPLATE-CHALLENGE" Error "mohurd-user" "challenge = 8" => "challenge = 7";
    template_scheme_usage "TEMPLATE-SCHEME-USAGE" Error "mohurd-user" "usage = \"tac\"" => "usage = \"tax\"";
    template_key_slot_unique "TEMPLATE-KEY-SLOT-UNIQUE" Error "mohurd-user" "type = 0x3F\nid = 0x01" => "type = 0x3E\nid = 0x01";
    template_key_file_size "TEMPLATE-KEY-FILE-SIZE" Error "mohurd-user" "size = 0x018F" => "size = 0x00B0";
    template_transport_last "TEMPLATE-TRANSPORT-LAST" Error "mohurd-user" "replaced = \"last\"" => "replaced = \"first\"";
    template_transport_wraps "TEMPLATE-TRANSPORT-WRAPS" Error "mohurd-psam" "psam-usage = 0x00" => "psam-usage = 0x06" "TEMPLATE-KEY-PROOF";
    template_filler "TEMPLATE-FILLER" Error "metro-user"
        "reason = \"the card has no electronic deposit to unload\"\nproof = \"none\"" => "not-used = \"filler\"";
    template_psam_levels "TEMPLATE-PSAM-LEVELS" Error "mohurd-psam" "psam-usage = 0x42" => "psam-usage = 0x22";
    template_fid_unique "TEMPLATE-FID-UNIQUE" Error "mohurd-user" "fid = 0x0016" => "fid = 0x0015";
    template_sfi_range "TEMPLATE-SFI-RANGE" Error "mohurd-user" "fid = 0x0016" => "fid = 0x0116";
    template_df_space "TEMPLATE-DF-SPACE" Error "mohurd-user" "space = 0x0500" => "space = 0x0300";
    template_chip_space "TEMPLATE-CHIP-SPACE" Warning "mot-user" "space = 0x1700" => "space = 0x1C00";
    template_record_size "TEMPLATE-RECORD-SIZE" Error "mohurd-user" "number = 1\nlength = 0x13" => "number = 1\nlength = 0x14";
    template_field_bounds "TEMPLATE-FIELD-BOUNDS" Error "mohurd-user" "size = 55" => "size = 54";
    template_field_overlap "TEMPLATE-FIELD-OVERLAP" Error "mohurd-user" "at = 22, length = 32" => "at = 21, length = 32";
    template_field_fits "TEMPLATE-FIELD-FITS" Error "mohurd-user" "at = 2, length = 20, encoding = \"gbk\"" => "at = 2, length = 19, encoding = \"gbk\"";
    template_order_field "TEMPLATE-ORDER-FIELD" Error "mohurd-user" "order = \"id-type\"" => "order = \"id-kind\"";
    template_order_heading "TEMPLATE-ORDER-HEADING" Error "mohurd-user" "\"身份证号\"" => "\"姓名\"";
    template_order_rule "TEMPLATE-ORDER-RULE" Error "mohurd-user" "set = { sub-type = \"03\" }" => "set = { sub-type = \"003\" }";
    template_sector_block "TEMPLATE-SECTOR-BLOCK" Error "campus-m1" "number = 24" => "number = 27";
    template_sector_access "TEMPLATE-SECTOR-ACCESS" Error "campus-m1" "access = \"08778F69\"" => "access = \"09778F69\"";
    template_mac_key "TEMPLATE-MAC-KEY" Error "mohurd-user" "en = \"card holder\"" => "mac-key = 1\nen = \"card holder\"";
    template_wide_open "TEMPLATE-WIDE-OPEN" Error "mohurd-user" "erase = 0xAA" => "erase = 0xF0";
    template_access_readings "TEMPLATE-ACCESS-READINGS" Warning "mohurd-user" "create = 0xAA" => "create = 0xFA";
    template_key_proof "TEMPLATE-KEY-PROOF" Error "mohurd-user" "proof = \"load-mac1\"" => "proof = \"unload-mac1\"";
    template_key_not_provable "TEMPLATE-KEY-NOT-PROVABLE" Warning "mohurd-user"
        "proof = \"load-mac1\"" => "proof = \"none\"\nreason = \"no PIN in the test\"";
    template_raw "TEMPLATE-RAW" Warning "mohurd-user"
        "[[df.key]]" => "[[df.raw]]\nwhat = \"maker's own\"\napdu = \"80FF000000\"\n\n[[df.key]]";
}

/// Everything that a template can say about orders and that could lead nowhere.
#[test]
fn rules_about_orders_refer_to_what_is_there() {
    let (text, _) = template::text_of("mohurd-user").unwrap();
    for (from, to) in [
        ("load = \"balance\"", "load = \"expiry\""),
        ("load = \"balance\"", "load = \"nothing\""),
        ("pin = \"pin\"", "pin = \"id-type\""),
        (
            "[pin-mailer]\nfields = [\"number\",",
            "[pin-mailer]\nfields = [\"address\",",
        ),
        ("\"holder-name\", \"sub-type\"", "\"holder-nam\", \"sub-type\""),
        ("set = { sub-type = \"01\" }", "set = { sub-kind = \"01\" }"),
        ("kind = \"id-type\"", "kind = \"id-typ\""),
        ("kind = \"id-type\"", "kind = \"expiry\""),
        ("\"02\" = \"passport\"", "\"12\" = \"passport\""),
        ("\"护照\" = \"02\"", "\"护照\" = \"12\""),
        ("default = \"00000000", "not-past = true\ndefault = \"00000000"),
    ] {
        assert!(text.contains(from), "{from}");
        let found = findings(&text.replacen(from, to, 1));
        let errors: Vec<&Finding> = found.iter().filter(|f| f.severity == Severity::Error).collect();
        assert!(
            !errors.is_empty() && errors.iter().all(|f| f.id == "TEMPLATE-ORDER-RULE"),
            "{to}: {found:?}"
        );
    }
}

#[test]
fn a_pin_policy_needs_a_pin_that_is_written() {
    let (text, _) = template::text_of("mohurd-user").unwrap();
    let errors = |text: &str| -> Vec<String> {
        let all = findings(text).into_iter();
        all.filter(|f| f.severity == Severity::Error)
            .map(|f| format!("{} {}", f.id, f.path))
            .collect()
    };
    assert_eq!(errors(&text), Vec::<String>::new());
    let preset = text.replacen(
        "initial = \"default\", use",
        "initial = \"default\", preset = true, use",
        1,
    );
    assert_ne!(preset, text);
    assert_eq!(errors(&preset), ["TEMPLATE-ORDER-RULE issue.pin"]);
}

#[test]
fn shipped_templates_have_no_errors() {
    for (name, text) in SHIPPED {
        let errors: Vec<Finding> = findings(text)
            .into_iter()
            .filter(|f| f.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert_eq!(&template::load(name).unwrap().name, name);
    }
}

#[test]
fn a_rehearsal_template_may_be_open() {
    let (text, _) = template::text_of("mohurd-user").unwrap();
    let text = text.replace("erase = 0xAA", "erase = 0xF0").replace(
        "number = \"number\"\nsubject",
        "rehearsal-only = true\nnumber = \"number\"\nsubject",
    );
    let found = findings(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].id, found[0].severity),
        ("TEMPLATE-WIDE-OPEN", Severity::Warning)
    );
}

#[test]
fn a_finding_names_the_line() {
    let (text, _) = template::text_of("mohurd-user").unwrap();
    let changed = text.replacen("order = \"id-type\"", "order = \"id-kind\"", 1);
    let line = 1 + changed.lines().position(|l| l.contains("id-kind")).unwrap();
    let found = findings(&changed);
    assert_eq!(
        (found[0].path.as_str(), found[0].line),
        ("df[0].file[1].field[4]", line)
    );
}

#[test]
fn what_is_no_template() {
    let (text, _) = template::text_of("mohurd-user").unwrap();
    for (from, to, expected) in [
        ("product = ", "produkt = ", "line 14: unknown field"),
        (
            "cardmint.template/1",
            "cardmint.template/2",
            "is in format cardmint.template/2",
        ),
        (
            "use = 0xF0\nchange = 0xAA\nfollow-up = 0xAA\n",
            "use = 0xF0\nchange = 0xAA\n",
            "mf.key[0]: follow-up is missing",
        ),
        (
            "counter = 0x33\nproof = \"protected-write\"",
            "proof = \"protected-write\"",
            "mf.key[1]: counter is missing",
        ),
        ("proof = \"after-change\"", "", "mf.key[0]: proof is missing"),
        (
            "proof = \"after-change\"",
            "proof = \"none\"",
            "mf.key[0]: reason is missing",
        ),
        (
            "aid = \"A00000000386980701\"",
            "aid = \"A0000000038698070\"",
            "df[0].aid: A0000000038698070 is not hex",
        ),
        ("erase = 0xAA\n", "", "df[0]: erase is missing"),
        ("[mf]\n", "[mf]\ncreate = 0xAA\n", "mf: create has no place here"),
        (
            "order = \"id-type\" }",
            "order = \"id-type\", value = \"00\" }",
            "exactly one of value, order and site",
        ),
        (
            "kind = \"purse\"\n",
            "kind = \"purse\"\nsize = 1\nlog = 0x40\n",
            "duplicate key",
        ),
        ("usage = \"load\"", "usage = \"LOAD\"", "LOAD is no name"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = template::read(&text.replacen(from, to, 1), "t.toml")
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{from:?}: {error}");
        assert!(error.starts_with("template t.toml"), "{error}");
    }
}

/// A key file that its keys fill may be free to add to; one with room for the smallest key may not.
#[test]
fn free_adding_needs_a_full_key_file() {
    let (text, _) = template::text_of("mohurd-user").unwrap();
    let open = "size = 0x0030, add = 0xF0";
    assert!(text.contains(open));
    for (size, expected) in [("0x0039", 0), ("0x003A", 1)] {
        let changed = text.replacen(open, &format!("size = {size}, add = 0xF0"), 1);
        let found = findings(&changed);
        assert_eq!(
            found.iter().filter(|f| f.id == "TEMPLATE-WIDE-OPEN").count(),
            expected,
            "{size}: {found:?}"
        );
    }
}

/// Access bits that lock somebody out are refused; what can never be changed is named.
#[test]
fn access_bits_that_lock_out() {
    let (text, _) = template::text_of("campus-m1").unwrap();
    let finding = |access: &str| {
        let changed = text.replacen("7F078869", access, 1);
        let found = findings(&changed);
        let hit = found.iter().find(|f| f.id == "TEMPLATE-SECTOR-ACCESS")?;
        Some((hit.what.id().to_owned(), hit.severity))
    };
    // Bytes by C1 C2 C3 of the three data blocks and of the trailer.
    let bits = |data: u8, trailer: u8| {
        let of = |shift: u8| {
            (0..4).fold(0u8, |n, b| {
                n | ((if b == 3 { trailer } else { data }) >> shift & 1) << b
            })
        };
        let (c1, c2, c3) = (of(2), of(1), of(0));
        format!(
            "{:02X}{:02X}{:02X}69",
            (!c2 & 15) << 4 | !c1 & 15,
            c1 << 4 | !c3 & 15,
            c3 << 4 | c2
        )
    };
    assert_eq!(
        (bits(6, 3).as_str(), bits(0, 3).as_str(), bits(0, 1).as_str()),
        ("08778F69", "7F078869", "FF078069")
    );
    let error = |id: &str| Some((id.to_owned(), Severity::Error));
    assert_eq!(finding(&bits(0, 3)), None);
    assert_eq!(finding(&bits(7, 3)), error("check-m1-closed"));
    for for_good in [2, 6, 7] {
        assert_eq!(finding(&bits(0, for_good)), error("check-m1-for-good"), "{for_good}");
    }
    for open_b in [0, 1, 2] {
        assert_eq!(finding(&bits(6, open_b)), error("check-m1-key-b"), "{open_b}");
    }
    for frozen in [0, 4, 5] {
        let named = Some(("check-m1-frozen".to_owned(), Severity::Warning));
        assert_eq!(finding(&bits(0, frozen)), named, "{frozen}");
    }
}
