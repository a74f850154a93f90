// SPDX-License-Identifier: Apache-2.0
//! Keys that are made, rotated, derived, retired and destroyed.

use cardmint::ceremony::room::scripted::{Answer, Scripted};
use cardmint::ceremony::run::CeremonyError;

use super::hall::{Centre, Ceremony, usual};

const GENERATE: &str = r#"
[[step]]
id = "make"
do = "generate"
keys = ["load.v1.3des", "load.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4"]
state = "active"
"#;

#[test]
fn keys_are_generated_and_everybody_signs() {
    let centre = Centre::city();
    let before = centre.verified();
    let done = Ceremony::of(GENERATE).completed(&centre);
    assert_eq!(
        centre.keys(),
        ["load.v1.3des@city:3100 active", "load.v1.sm4@city:3100 active"]
    );
    // Beginning, two keys, end.
    assert_eq!(centre.verified(), before + 4);
    assert_eq!((done.begin, done.end), (before, before + 3));
    let end = centre.open().ledger.entry(done.end).unwrap();
    assert_eq!(end.sigs.len(), 3);
}

#[test]
fn a_refusal_before_the_beginning_leaves_no_trace() {
    let centre = Centre::city();
    let before = centre.verified();
    let mut room = Scripted::new(|asked| {
        if asked.number == 2 {
            Answer::Refuses
        } else {
            usual(asked)
        }
    });
    let refused = Ceremony::of(GENERATE).hold(&centre.site, &mut room).unwrap_err();
    assert!(matches!(refused, CeremonyError::Room(_)), "{refused}");
    assert_eq!(centre.verified(), before);
}
