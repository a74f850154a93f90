// SPDX-License-Identifier: Apache-2.0
//! Sites as folders: making, opening, officers, agreement of their parts.

mod bundles;
mod refusals;

use std::fs;
use std::path::Path;

use super::*;
use crate::crypto::key_block::Exportability;
use crate::crypto::seal::KdfParams;
use crate::crypto::{Algorithm, KeyMaterial, SecretBytes};
use crate::error::{Exit, Fault};
use crate::keys::scheme::Title;
use crate::keys::{Change, KeyFileError, KeyRecord, KeyState, KeyStore, Origin, Subject};
use crate::ledger::act::Act;
use crate::ledger::{LedgerError, Role};
use crate::outside::{Clock, SystemRandom};

const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

fn pass(name: &str) -> SecretBytes {
    SecretBytes::new(format!("passphrase of {name}").into_bytes())
}

fn new_site(folder: &Path, level: &str, code: &str, rehearsal: bool, names: &[&str]) -> NewSite {
    let officer = |name: &&str| NewOfficer {
        name: (*name).to_owned(),
        roles: vec![Role::KeyOfficer, Role::Operator],
        passphrase: pass(name),
    };
    NewSite {
        folder: folder.to_owned(),
        name: Title {
            en: "Test centre".into(),
            zh: "测试中心".into(),
        },
        scheme: "mohurd".into(),
        level: level.parse().unwrap(),
        code: code.into(),
        levels: Vec::new(),
        rehearsal,
        officers: names.iter().map(officer).collect(),
        unlock: if names.len() < 2 { 1 } else { 2 },
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: false,
        costs: QUICK,
    }
}

fn make(folder: &Path, level: &str, code: &str, rehearsal: bool) -> Site {
    let new = new_site(folder, level, code, rehearsal, &["zhang", "li"]);
    found(&new, &mut SystemRandom, &Clock::System).unwrap()
}

fn open_with(site: &Site, names: &[&str]) -> Result<Session, SiteError> {
    let ledger = site.ledger()?;
    let mut officers = Vec::new();
    for name in names {
        officers.push(site.officer(&ledger, name, &pass(name), QUICK)?);
    }
    Session::open(site.clone(), ledger, officers, Clock::System)
}

fn open(site: &Site) -> Session {
    open_with(site, &["zhang", "li"]).unwrap()
}

fn fresh(site: &Site, usage: &str) -> (KeyRecord, KeyMaterial, Act) {
    let key = crate::crypto::random_key::generate(Algorithm::Tdes, &mut SystemRandom).unwrap();
    let id = format!("{usage}.v1.3des@{}", site.owner()).parse().unwrap();
    let kcv = crate::crypto::kcv(Algorithm::Tdes, &key, site.config().kcv_length);
    let since = "2026-01-01T00:00:00Z".into();
    let record = KeyRecord {
        id,
        kcv,
        state: KeyState::Active,
        origin: Origin::Generated,
        since,
        exportability: Exportability::unlimited(),
    };
    let act = Act::KeyGenerate(key_arrived(&record).unwrap());
    (record, key, act)
}

fn add(session: &mut Session, usage: &str) {
    let (record, key, act) = fresh(&session.site, usage);
    session.add_key(record, key, act, &mut SystemRandom).unwrap();
    session.checkpoint().unwrap();
}

#[test]
fn a_site_is_made_whole_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("hz");
    let site = make(&at, "city", "3100", true);
    assert_eq!(
        (site.owner().to_string().as_str(), site.rehearsal()),
        ("city:3100", true)
    );
    add(&mut open(&site), "load");
    let below = at.join("officers");
    let again = Site::find(None, &below).unwrap();
    assert_eq!(open(&again).store.keys().len(), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    let twice = found(
        &new_site(&at, "city", "3100", true, &["a"]),
        &mut SystemRandom,
        &Clock::System,
    )
    .unwrap_err();
    assert!(matches!(twice, SiteError::NotEmpty { .. }));
    let nowhere = Site::find(None, folder.path()).unwrap_err();
    assert!(matches!(nowhere, SiteError::NoSite { .. }));
    assert!(site.check_reader("sim:cards/1").is_ok());
}

#[test]
fn what_cannot_be_made_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("x");
    let wrong = [
        new_site(&at, "city", "3100", false, &["zhang"]),
        new_site(&at, "city", "31", true, &["zhang"]),
        new_site(&at, "card", "", true, &["zhang"]),
        new_site(&at, "nation", "", true, &["zhang"]),
        new_site(&at, "city", "3100", true, &["zhang", "zhang"]),
        new_site(&at, "city", "3100", true, &["../zhang"]),
        NewSite {
            unlock: 3,
            ..new_site(&at, "city", "3100", true, &["zhang", "li"])
        },
        NewSite {
            levels: vec!["city".parse().unwrap()],
            ..new_site(&at, "city", "3100", true, &["zhang"])
        },
    ];
    for new in &wrong {
        let error = found(new, &mut SystemRandom, &Clock::System).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage, "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn settings_that_were_edited_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("hz");
    make(&at, "city", "3100", true);
    let good = fs::read_to_string(at.join("site.toml")).unwrap();
    let edits = [
        ("rehearsal = true", "rehearsal = false", "rehearsal"),
        ("code = \"3100\"", "code = \"4100\"", "code"),
        ("en = \"Test centre\"", "en = \"Other centre\"", "name"),
    ];
    for (from, to, what) in edits {
        assert!(good.contains(from), "{good}");
        fs::write(at.join("site.toml"), good.replace(from, to)).unwrap();
        let error = Site::open(&at).unwrap().ledger().unwrap_err();
        assert!(
            matches!(error, SiteError::Disagrees { field, .. } if field == what),
            "{error}"
        );
        assert_eq!(error.exit(), Exit::Check);
    }
    fs::write(at.join("site.toml"), format!("{good}\nquorum = 1\n")).unwrap();
    let error = Site::open(&at).unwrap_err();
    let line = good.lines().count() + 2;
    assert!(
        matches!(&error, SiteError::Syntax { line: found, .. } if *found == line),
        "{error}"
    );
    fs::write(at.join("site.toml"), good.replace("format = 1", "format = 2")).unwrap();
    assert!(matches!(Site::open(&at), Err(SiteError::Format { found: 2, .. })));
}

#[test]
fn a_production_site_has_no_simulated_readers() {
    let folder = tempfile::tempdir().unwrap();
    let site = make(&folder.path().join("p"), "ministry", "", false);
    assert!(matches!(
        site.check_reader("sim:cards/1"),
        Err(SiteError::SimulatedReader { .. })
    ));
    assert!(site.check_reader("ACS ACR39U 00").is_ok());
}

#[test]
fn nobody_acts_alone_or_for_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let site = make(&folder.path().join("hz"), "city", "3100", true);
    let mut session = open(&site);
    session
        .enrol("wang", &[Role::Auditor], &pass("wang"), QUICK, &mut SystemRandom)
        .unwrap();
    assert_eq!(session.store.header().holders.len(), 2, "an auditor holds no share");
    session
        .enrol("zhao", &[Role::Operator], &pass("zhao"), QUICK, &mut SystemRandom)
        .unwrap();
    assert_eq!(session.store.header().holders.len(), 3);
    let again = session
        .enrol("zhao", &[Role::Operator], &pass("zhao"), QUICK, &mut SystemRandom)
        .unwrap_err();
    assert!(matches!(again, SiteError::Ledger(LedgerError::OfficerTaken(_))));
    session.checkpoint().unwrap();
    drop(session);
    // One officer alone, the same one twice, an auditor without share.
    assert!(matches!(
        open_with(&site, &["zhang"]),
        Err(SiteError::Keys(KeyFileError::Quorum { .. }))
    ));
    let same = open_with(&site, &["zhang", "zhang"]).unwrap_err();
    assert!(matches!(same, SiteError::Keys(KeyFileError::SameOfficer { .. })));
    assert!(matches!(
        open_with(&site, &["zhang", "wang"]),
        Err(SiteError::Keys(KeyFileError::Quorum { .. }))
    ));
    // Officers without the role open the store, and may not make keys; nothing stays of the attempt.
    let mut session = open_with(&site, &["zhao", "zhang"]).unwrap();
    let (record, key, act) = fresh(&site, "load");
    let refused = session.add_key(record, key, act, &mut SystemRandom).unwrap_err();
    assert!(matches!(refused, SiteError::Ledger(_)), "{refused}");
    assert!(session.store.keys().is_empty() && !site.store_place().next().exists());
    // The files of one officer under the name of another.
    fs::copy(site.officer_key_path("li"), site.officer_key_path("zhao")).unwrap();
    let stolen = site
        .officer(&site.ledger().unwrap(), "zhao", &pass("li"), QUICK)
        .unwrap_err();
    assert!(matches!(stolen, SiteError::OtherKey { .. }) && stolen.exit() == Exit::Check);
}

#[test]
fn a_revoked_officer_is_out() {
    let folder = tempfile::tempdir().unwrap();
    let site = make(&folder.path().join("hz"), "city", "3100", true);
    let mut session = open(&site);
    add(&mut session, "load");
    session
        .enrol("wang", &[Role::Operator], &pass("wang"), QUICK, &mut SystemRandom)
        .unwrap();
    let wang = site.officer(&session.ledger, "wang", &pass("wang"), QUICK).unwrap();
    let zhang = site.officer(&session.ledger, "zhang", &pass("zhang"), QUICK).unwrap();
    session.revoke("wang", "left", &mut SystemRandom).unwrap();
    session.checkpoint().unwrap();
    drop(session);
    assert!(matches!(
        open_with(&site, &["zhang", "wang"]),
        Err(SiteError::NotOfficer { .. })
    ));
    // Even with the keys in hand: only one share counts.
    let forced = Session::open(site.clone(), site.ledger().unwrap(), vec![zhang, wang], Clock::System);
    assert!(matches!(
        forced,
        Err(SiteError::Keys(KeyFileError::Quorum { needed: 2, have: 1 }))
    ));
    assert_eq!(open(&site).store.keys().len(), 1);
    // The quorum cannot be revoked away.
    let error = open(&site).revoke("li", "left", &mut SystemRandom).unwrap_err();
    assert!(
        matches!(error, SiteError::Keys(KeyFileError::BadQuorum { .. })),
        "{error}"
    );
}

#[test]
fn an_older_store_put_back_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let site = make(&folder.path().join("hz"), "city", "3100", true);
    let mut session = open(&site);
    add(&mut session, "load");
    let old = fs::read(site.store_place().file()).unwrap();
    let record = session.store.keys()[0].clone();
    session
        .set_state(&record, KeyState::Compromised, "test", &mut SystemRandom)
        .unwrap();
    session.checkpoint().unwrap();
    drop(session);
    crate::keys::file_store::replace(site.store_place().file(), &old, 0o600).unwrap();
    let error = open_with(&site, &["zhang", "li"]).unwrap_err();
    assert!(
        matches!(error, SiteError::StoreDisagrees { .. }) && error.exit() == Exit::Check,
        "{error}"
    );
}

#[test]
fn a_key_that_the_ledger_does_not_know_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let site = make(&folder.path().join("hz"), "city", "3100", true);
    let mut session = open(&site);
    let (record, key, _) = fresh(&site, "load");
    session
        .store
        .apply(Change::AddKey { record, key }, &mut SystemRandom)
        .unwrap();
    drop(session);
    assert!(matches!(
        open_with(&site, &["zhang", "li"]),
        Err(SiteError::StoreDisagrees { .. })
    ));
}

fn pair(folder: &Path) -> (Site, Site) {
    let (ministry, city) = (
        make(&folder.join("m"), "ministry", "", true),
        make(&folder.join("c"), "city", "3100", true),
    );
    let card = ministry.card().unwrap();
    open(&city).trust(&card, &card.fingerprint()).unwrap();
    (ministry, city)
}

fn send(from: &Site, to: &Site, out: &Path) -> Result<KeyBundle, SiteError> {
    let mut session = open(from);
    let keys: Vec<_> = session.store.keys().into_iter().map(|k| k.id).collect();
    session.export(
        &keys,
        &to.card()?,
        &Subject::new(),
        out,
        &mut SystemRandom,
        &Clock::System,
    )
}

#[test]
fn rehearsal_and_production_never_mix() {
    let folder = tempfile::tempdir().unwrap();
    let rehearsal = make(&folder.path().join("m"), "ministry", "", true);
    let production = make(&folder.path().join("c"), "city", "3100", false);
    let card = rehearsal.card().unwrap();
    let refused = open(&production).trust(&card, &card.fingerprint()).unwrap_err();
    assert!(matches!(refused, SiteError::NotForThisSite { field: "rehearsal", .. }));
    add(&mut open(&rehearsal), "purchase");
    let out = folder.path().join("bundle");
    assert!(matches!(
        send(&rehearsal, &production, &out),
        Err(SiteError::NotForThisSite { .. })
    ));
    assert!(!out.exists());
}

#[test]
fn a_card_is_trusted_by_its_whole_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let (ministry, city) = pair(folder.path());
    let card = city.card().unwrap();
    let typed = card.fingerprint().to_lowercase().replace(' ', "");
    let mut session = open(&ministry);
    assert!(session.trust(&card, &typed).unwrap().is_some());
    assert_eq!(session.trust(&card, &typed).unwrap(), None, "recorded once");
    for wrong in [
        "",
        &typed[..8],
        &card.fingerprint().replace('A', "B").replace('1', "2").replace('3', "4"),
    ] {
        let error = session.trust(&card, wrong).unwrap_err();
        assert!(matches!(error, SiteError::Fingerprint), "{wrong}");
    }
    // A card with another key has another fingerprint.
    let forged = SiteCard {
        exchange: ministry.card().unwrap().exchange,
        ..card
    };
    assert!(matches!(session.trust(&forged, &typed), Err(SiteError::Fingerprint)));
    let known = |card: &SiteCard| ministry.trusted(&card.id, &card.signing);
    // What somebody puts into the folder is not what two officers confirmed.
    let file = ministry.folder().join("trusted").join(format!("{}.json", forged.id));
    let confirmed = fs::read(&file).unwrap();
    fs::write(&file, forged.text()).unwrap();
    assert!(matches!(known(&forged), Err(SiteError::NotTrusted { .. })));
    fs::write(&file, confirmed).unwrap();
    known(&forged).unwrap();
    let stranger = SiteCard {
        id: "0a0b0c0d-stranger".into(),
        ..forged
    };
    fs::write(file.with_file_name("0a0b0c0d-stranger.json"), stranger.text()).unwrap();
    assert!(matches!(known(&stranger), Err(SiteError::NotTrusted { .. })));
}

#[test]
fn an_edited_scheme_opens_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    let (_, text) = crate::keys::scheme::load("mohurd", Path::new(".")).unwrap();
    fs::write(&own, &text).unwrap();
    let mut new = new_site(&folder.path().join("c"), "city", "3100", true, &["zhang", "li"]);
    new.scheme = own.display().to_string();
    let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
    open(&site);
    // With a purchase key that is "never diversified", a card's first record would carry it in clear.
    let copy = folder.path().join("c/scheme.toml");
    let purchase = "title = { en = \"purchase\", zh = \"消费密钥\" }\nroot = \"ministry\"";
    assert!(text.contains(purchase));
    let edited = text.replace(
        purchase,
        "title = { en = \"purchase\", zh = \"消费密钥\" }\ndiversified = false",
    );
    fs::write(&copy, edited).unwrap();
    let error = open_with(&Site::open(&folder.path().join("c")).unwrap(), &["zhang", "li"]).unwrap_err();
    assert!(matches!(error, SiteError::Keys(KeyFileError::OtherScheme { .. })) && error.exit() == Exit::Check);
    // Titles may be put in other words.
    fs::write(&copy, text.replace("圈存密钥", "充值密钥")).unwrap();
    open_with(&Site::open(&folder.path().join("c")).unwrap(), &["zhang", "li"]).unwrap();
}
