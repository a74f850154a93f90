// SPDX-License-Identifier: Apache-2.0
//! Internal secrets in the store: kept, drawn anew, and PINs that follow from one.

use super::*;
use crate::crypto::internal::check_value;
use crate::crypto::pack::is_same;
use crate::crypto::seal::{NONCE, open as unseal, seal};
use crate::keys::internal::InternalUse;

fn draw(open: &mut FileKeyStore, purpose: InternalUse) {
    let change = Change::DrawInternal {
        purpose,
        version: open.internal_record(purpose).map_or(1, |r| r.version + 1),
        since: "2026-01-01T00:00:00Z".into(),
    };
    open.apply(change, &mut SystemRandom).unwrap();
}

#[test]
fn a_secret_is_kept_and_its_check_value_is_public() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    let mut open = store(folder.path(), 1, &people, true);
    assert!(matches!(
        open.internal_key(InternalUse::Holders),
        Err(StoreError::NoInternal { .. })
    ));
    open.apply(add("load.v1.3des@city:3100", CANARY), &mut SystemRandom)
        .unwrap();
    // In the other order than they are stored in.
    draw(&mut open, InternalUse::Pins);
    draw(&mut open, InternalUse::Holders);
    let plain = SecretBytes::new(b"name".to_vec());
    let closed = seal(
        open.internal_key(InternalUse::Holders).unwrap(),
        &[1; NONCE],
        b"",
        &plain,
    );
    drop(open);
    let text = fs::read_to_string(StorePlace::in_site(folder.path()).file()).unwrap();
    assert!(text.starts_with("cardmint-key-store 2\n"));
    let open = FileKeyStore::unlock(StorePlace::in_site(folder.path()), scheme(), &[&people[0]]).unwrap();
    let key = open.internal_key(InternalUse::Holders).unwrap();
    assert!(is_same(&unseal(key, &[1; NONCE], b"", &closed).unwrap(), &plain));
    let uses: Vec<_> = open.internal().iter().map(|r| (r.purpose, r.version)).collect();
    assert_eq!(uses, [(InternalUse::Holders, 1), (InternalUse::Pins, 1)]);
    for record in open.internal() {
        assert_eq!(record.kcv, check_value(open.internal_key(record.purpose).unwrap()));
    }
}

#[test]
fn drawn_anew_the_old_one_is_gone_and_the_data_key_too() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang", "li"]);
    let mut open = store(folder.path(), 2, &people, true);
    draw(&mut open, InternalUse::Holders);
    let closed = seal(
        open.internal_key(InternalUse::Holders).unwrap(),
        &[1; NONCE],
        b"",
        &SecretBytes::new(vec![7]),
    );
    let before = open.header().clone();
    draw(&mut open, InternalUse::Holders);
    let record = open.internal_record(InternalUse::Holders).unwrap();
    assert_eq!(record.version, 2);
    assert_ne!(record.kcv, before.internal[0].kcv);
    let key = open.internal_key(InternalUse::Holders).unwrap();
    assert!(unseal(key, &[1; NONCE], b"", &closed).is_err());
    assert_ne!(
        open.header().holders[0].share,
        before.holders[0].share,
        "shared out anew"
    );
}

#[test]
fn a_cards_own_pin_goes_where_an_initial_pin_goes() {
    let folder = tempfile::tempdir().unwrap();
    let people = officers(&["zhang"]);
    let mut open = store(folder.path(), 1, &people, true);
    let name = card_pin_name("3100000000000011");
    assert!(matches!(open.pin(&name), Err(StoreError::NoInternal { .. })));
    draw(&mut open, InternalUse::Pins);
    let typed = open.card_pin("3100000000000011").unwrap();
    let coded = crate::crypto::pin::code_pin(&typed).unwrap();
    assert!(is_same(&open.pin(&name).unwrap(), &coded));
    assert!(!is_same(&open.pin(&card_pin_name("3100000000000012")).unwrap(), &coded));
    // Somebody's initial PIN of that name does not come in between.
    let pin = SecretBytes::new(vec![0x99, 0x99, 0x99]);
    let set = Change::SetPin {
        name: name.clone(),
        pin,
    };
    open.apply(set, &mut SystemRandom).unwrap();
    assert!(is_same(&open.pin(&name).unwrap(), &coded));
}
