// SPDX-License-Identifier: Apache-2.0
//! Keys on paper: what leaves gives the key back, all of it or enough of it, and limited keys do not leave.

use super::*;
use crate::crypto::component::combine_components;
use crate::crypto::pack::key_from;
use crate::crypto::shamir;

const LOAD: &str = "load.v1.3des@city:3100";

#[test]
fn components_and_shares_give_the_key_back() {
    let folder = tempfile::tempdir().unwrap();
    let open = rehearsal_with(folder.path(), &[(LOAD, CANARY)]);
    let id = LOAD.parse().unwrap();
    for count in 2..=4 {
        let parts = open.components(&id, count, &mut SystemRandom).unwrap();
        assert_eq!(parts.len(), usize::from(count));
        let keys: Vec<KeyMaterial> = parts.iter().map(|part| key_from(part).unwrap()).collect();
        assert!(combine_components(&keys).same_as(&key(CANARY)));
        assert!(!combine_components(&keys[1..]).same_as(&key(CANARY)));
    }
    let mut shares = open.shares(&id, 2, 3, &mut SystemRandom).unwrap();
    shares.remove(0);
    let back = key_from(&shamir::combine(&shares).unwrap()).unwrap();
    assert!(back.same_as(&key(CANARY)));
}

#[test]
fn keys_that_may_not_travel_or_do_not_work_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = rehearsal_with(folder.path(), &[(LOAD, CANARY)]);
    let kept = |open: &FileKeyStore| {
        let id = LOAD.parse().unwrap();
        open.components(&id, 2, &mut SystemRandom).unwrap_err();
        open.shares(&id, 2, 3, &mut SystemRandom).unwrap_err()
    };
    open.apply(
        Change::SetState {
            key: LOAD.parse().unwrap(),
            state: KeyState::Retired,
        },
        &mut SystemRandom,
    )
    .unwrap();
    assert!(matches!(kept(&open), KeyFileError::Store(StoreError::State { .. })));
    let mut limited = add("load.v2.3des@city:3100", "3B8D15A2C7F09E4461D2B37F58C09EA1");
    if let Change::AddKey { record, .. } = &mut limited {
        record.exportability = Exportability::Trusted;
    }
    open.apply(limited, &mut SystemRandom).unwrap();
    let id = "load.v2.3des@city:3100".parse().unwrap();
    let refused = open.shares(&id, 2, 3, &mut SystemRandom).unwrap_err();
    assert!(matches!(refused, KeyFileError::NotExportable { .. }), "{refused}");
}
