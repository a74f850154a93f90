// SPDX-License-Identifier: Apache-2.0
//! Keys between two sites.

use super::*;
use crate::keys::KeyId;

#[test]
fn keys_go_from_the_ministry_to_the_city() {
    let folder = tempfile::tempdir().unwrap();
    let (ministry, city) = pair(folder.path());
    add(&mut open(&ministry), "purchase");
    add(&mut open(&ministry), "tac");
    let out = folder.path().join("bundle");
    let bundle = send(&ministry, &city, &out).unwrap();
    let mut session = open(&city);
    let taken = session.receive(&out, &mut SystemRandom, &Clock::System).unwrap();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].id.to_string(), "purchase.v1.3des@city:3100");
    assert_eq!(taken[0].kcv, bundle.keys[0].kcv);
    assert!(
        session
            .receive(&out, &mut SystemRandom, &Clock::System)
            .unwrap()
            .is_empty(),
        "a second time is harmless"
    );
    session.checkpoint().unwrap();
    // Both sides reach the same card.
    let subject = Subject::new()
        .with("city_code", &[0x31, 0])
        .with("application_serial", &[0x31, 0, 0, 0, 0x20, 0x91, 0x50, 0x87]);
    let of = |session: &Session| {
        let usage = "purchase".parse().unwrap();
        let key = session
            .site
            .scheme()
            .card_key(&session.store.keys(), &usage, 1, Algorithm::Tdes, &subject)
            .unwrap();
        session
            .store
            .kcv(key.path(), crate::crypto::KcvLength::default())
            .unwrap()
    };
    assert_eq!(of(&session), of(&open(&ministry)));
    assert!(matches!(
        send(&ministry, &city, &out),
        Err(SiteError::Keys(KeyFileError::Exists { .. }))
    ));
}

#[test]
fn a_key_that_was_derived_and_kept_goes_to_its_centre_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (ministry, city) = pair(folder.path());
    let other = make(&folder.path().join("o"), "city", "4100", true);
    let mut session = open(&ministry);
    add(&mut session, "purchase");
    let (from, to): (KeyId, KeyId) = (
        "purchase.v1.3des@ministry".parse().unwrap(),
        "purchase.v1.3des@city:3100".parse().unwrap(),
    );
    let path = session.store.way_down(&from, &to, &Subject::new()).unwrap();
    let record = KeyRecord {
        kcv: session.store.kcv(&path, ministry.config().kcv_length).unwrap(),
        id: to.clone(),
        origin: Origin::Derived,
        ..session.store.keys()[0].clone()
    };
    let act = Act::KeyDerive(key_arrived(&record).unwrap());
    let subject = Subject::new();
    let change = Change::AddDerived {
        from,
        record: record.clone(),
        subject,
    };
    session.change(change, act, &mut SystemRandom).unwrap();
    let mut send = |card: &SiteCard, name: &str| {
        let out = folder.path().join(name);
        let subject = Subject::new();
        session.export(
            std::slice::from_ref(&to),
            card,
            &subject,
            &out,
            &mut SystemRandom,
            &Clock::System,
        )
    };
    send(&city.card().unwrap(), "good").unwrap();
    send(&other.card().unwrap(), "bad").unwrap_err();
    let mut session = open(&city);
    let taken = session.receive(&folder.path().join("good"), &mut SystemRandom, &Clock::System);
    let taken = taken.unwrap();
    assert_eq!((taken.len(), &taken[0].id, taken[0].kcv), (1, &record.id, record.kcv));
}

#[test]
fn bundles_for_others_or_changed_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (ministry, city) = pair(folder.path());
    add(&mut open(&ministry), "purchase");
    let other = make(&folder.path().join("o"), "city", "4100", true);
    let out = folder.path().join("bundle");
    send(&ministry, &other, &out).unwrap();
    let take = |site: &Site, path: &Path| open(site).receive(path, &mut SystemRandom, &Clock::System).unwrap_err();
    let wrong = take(&city, &out);
    assert!(
        matches!(wrong, SiteError::NotForThisSite { field: "owner", .. }),
        "{wrong}"
    );
    assert!(matches!(take(&other, &out), SiteError::NotTrusted { .. }));
    let good = folder.path().join("good");
    send(&ministry, &city, &good).unwrap();
    let text = fs::read_to_string(&good).unwrap();
    let changed = folder.path().join("changed");
    fs::write(&changed, text.replace("purchase.v1", "purchase.v2")).unwrap();
    assert!(matches!(take(&city, &changed), SiteError::Signature { .. }));
    fs::write(&changed, text.replace("\"rehearsal\":true", "\"rehearsal\":false")).unwrap();
    assert!(matches!(take(&city, &changed), SiteError::Signature { .. }));
    fs::write(&changed, "{}\n").unwrap();
    assert!(matches!(take(&city, &changed), SiteError::BadFile { .. }));
    assert!(open(&city).store.keys().is_empty());
}
