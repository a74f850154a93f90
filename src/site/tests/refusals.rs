// SPDX-License-Identifier: Apache-2.0
//! What a site refuses, and that nothing is changed by it: older copies, acts that leave nobody, files of others.

use super::*;
use crate::crypto::KcvLength;
use crate::ledger::rules::CeremonyFault;

#[test]
fn an_older_store_with_the_same_keys_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let site = make(&folder.path().join("hz"), "city", "3100", true);
    let store = |bytes: Option<&[u8]>| {
        if let Some(bytes) = bytes {
            crate::keys::file_store::replace(site.store_place().file(), bytes, 0o600).unwrap();
        }
        fs::read(site.store_place().file()).unwrap()
    };
    let pin = |digits: &[u8]| {
        let mut session = open(&site);
        session
            .set_pin("user", SecretBytes::new(digits.to_vec()), &mut SystemRandom)
            .unwrap();
        session.checkpoint().unwrap();
        store(None)
    };
    let first = pin(&[0x12, 0x34]);
    let second = pin(&[0x56, 0x78]);
    let mut session = open(&site);
    session
        .enrol("wang", &[Role::Operator], &pass("wang"), QUICK, &mut SystemRandom)
        .unwrap();
    let third = store(None);
    // Entries that leave the store alone change nothing.
    session
        .enrol("zhao", &[Role::Auditor], &pass("zhao"), QUICK, &mut SystemRandom)
        .unwrap();
    session.checkpoint().unwrap();
    drop(session);
    open(&site).revoke("wang", "left", &mut SystemRandom).unwrap();
    let newest = store(None);
    open(&site);
    for older in [&first, &second, &third] {
        store(Some(older));
        let error = open_with(&site, &["zhang", "li"]).unwrap_err();
        assert!(matches!(error, SiteError::StoreDisagrees { .. }), "{error}");
    }
    store(Some(&newest));
    open(&site);
}

#[test]
fn an_older_pin_of_the_same_name_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let site = make(&folder.path().join("hz"), "city", "3100", true);
    let mut session = open(&site);
    let mut set = |digits: &[u8]| {
        session
            .set_pin("user", SecretBytes::new(digits.to_vec()), &mut SystemRandom)
            .unwrap();
        fs::read(site.store_place().file()).unwrap()
    };
    let (first, _) = (set(&[0x12, 0x34]), set(&[0x56, 0x78]));
    crate::keys::file_store::replace(site.store_place().file(), &first, 0o600).unwrap();
    assert!(matches!(
        open_with(&site, &["zhang", "li"]),
        Err(SiteError::StoreDisagrees { .. })
    ));
}

#[test]
fn the_last_who_may_enrol_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut new = new_site(
        &folder.path().join("hz"),
        "city",
        "3100",
        true,
        &["zhang", "li", "wang"],
    );
    for officer in &mut new.officers[1..] {
        officer.roles = vec![Role::Operator, Role::Supervisor];
    }
    let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
    let before = site.ledger().unwrap().size();
    let error = open(&site).revoke("zhang", "left", &mut SystemRandom).unwrap_err();
    assert!(matches!(error, SiteError::LastOfficers { .. }), "{error}");
    assert_eq!(site.ledger().unwrap().size(), before);
    open(&site).revoke("wang", "left", &mut SystemRandom).unwrap();
}

#[test]
fn who_is_in_no_role_for_an_act_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut new = new_site(&folder.path().join("hz"), "city", "3100", true, &["zhang", "li"]);
    new.officers[1].roles = vec![Role::Operator];
    let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
    let mut session = open(&site);
    let (record, key, act) = fresh(&site, "load");
    let error = session.add_key(record, key, act, &mut SystemRandom).unwrap_err();
    assert!(
        matches!(&error, SiteError::Ledger(LedgerError::WrongRole { officer, .. }) if officer == "li"),
        "{error}"
    );
}

#[test]
fn a_failed_founding_takes_nothing_of_others_away() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("usb.note");
    fs::write(&copy, "another site's").unwrap();
    let new = NewSite {
        checkpoint_copy: Some(copy.clone()),
        ..new_site(&folder.path().join("hz"), "city", "3100", true, &["zhang"])
    };
    let error = found(&new, &mut SystemRandom, &Clock::System).unwrap_err();
    assert!(matches!(error, SiteError::CopyThere { .. }), "{error}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "another site's");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let slash = folder.path().join("hz/");
    found(
        &new_site(&slash, "city", "3100", true, &["zhang"]),
        &mut SystemRandom,
        &Clock::System,
    )
    .unwrap();
    for (folder, name) in [(Path::new("."), "x"), (&folder.path().join("y"), "\u{1b}[31m")] {
        let mut new = new_site(folder, "city", "3100", true, &["zhang"]);
        new.name.zh = name.into();
        let error = found(&new, &mut SystemRandom, &Clock::System).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage, "{error}");
    }
}

#[test]
fn settings_of_the_first_entry_are_not_loosened_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("stick").join("hz.note");
    fs::create_dir(copy.parent().unwrap()).unwrap();
    let new = NewSite {
        kcv_length: Some(KcvLength::try_from(4).unwrap()),
        checkpoint_copy: Some(copy.clone()),
        require_memory_lock: true,
        ..new_site(&folder.path().join("hz"), "city", "3100", true, &["zhang"])
    };
    let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
    let init = site.ledger().unwrap().state().init.clone();
    assert_eq!(
        (init.kcv_length, init.memory_lock, init.copy_outside),
        (Some(4), true, true)
    );
    let file = site.folder().join("site.toml");
    let text = fs::read_to_string(&file).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}: {text}");
        fs::write(&file, text.replace(from, to)).unwrap();
        Site::open(site.folder()).unwrap().ledger().map(drop)
    };
    let path = copy.display().to_string();
    for (field, from, to) in [
        ("kcv-length", "kcv-length = 4", "kcv-length = 3"),
        (
            "require-memory-lock",
            "require-memory-lock = true",
            "require-memory-lock = false",
        ),
        ("checkpoint-copy", &path, "kept.note"),
    ] {
        fs::copy(&copy, site.folder().join("kept.note")).unwrap();
        let refused = edited(from, to).unwrap_err();
        assert!(
            matches!(&refused, SiteError::Disagrees { field: found, .. } if *found == field),
            "{refused}"
        );
    }
    // The copy may move, as long as it stays outside.
    let moved = folder.path().join("other.note");
    fs::copy(&copy, &moved).unwrap();
    edited(&path, &moved.display().to_string()).unwrap();
    edited(&path, "../other.note").unwrap();
}

#[test]
fn keys_of_a_site_that_wants_ceremonies_do_not_come_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let new = NewSite {
        keys_by_ceremony: true,
        ..new_site(&folder.path().join("hz"), "city", "3100", true, &["zhang", "li"])
    };
    let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
    let mut session = open(&site);
    let before = session.ledger.size();
    let (record, key, act) = fresh(&site, "load");
    let error = session.add_key(record, key, act, &mut SystemRandom).unwrap_err();
    assert!(
        matches!(
            error,
            SiteError::Ledger(LedgerError::Ceremony(CeremonyFault::Outside("key.generate")))
        ),
        "{error}"
    );
    drop(session);
    let session = open(&site);
    assert_eq!((session.store.keys().len(), session.ledger.size()), (0, before));
}

#[test]
fn an_export_that_cannot_be_written_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (ministry, city) = pair(folder.path());
    add(&mut open(&ministry), "purchase");
    let before = ministry.ledger().unwrap().size();
    let out = folder.path().join("nowhere").join("bundle");
    let error = send(&ministry, &city, &out).unwrap_err();
    assert!(
        matches!(error, SiteError::Keys(KeyFileError::NoFolder { .. })),
        "{error}"
    );
    assert_eq!(ministry.ledger().unwrap().size(), before);
}

#[test]
fn a_bundle_that_contradicts_one_key_brings_none() {
    let folder = tempfile::tempdir().unwrap();
    let (ministry, city) = pair(folder.path());
    add(&mut open(&ministry), "purchase");
    add(&mut open(&ministry), "tac");
    let out = folder.path().join("bundle");
    send(&ministry, &city, &out).unwrap();
    let mut session = open(&city);
    add(&mut session, "tac");
    let before = session.ledger.size();
    let error = session.receive(&out, &mut SystemRandom, &Clock::System).unwrap_err();
    assert!(
        matches!(error, SiteError::Keys(KeyFileError::KeyExists { .. })),
        "{error}"
    );
    assert_eq!((session.store.keys().len(), session.ledger.size()), (1, before));
}
