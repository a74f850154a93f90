// SPDX-License-Identifier: Apache-2.0
//! Keys that are made, rotated, derived, retired and destroyed.

use cardmint::ceremony::room::scripted::{Answer, Scripted};
use cardmint::ceremony::run::{CeremonyError, World};
use cardmint::crypto::Factor;
use cardmint::keys::{KeyId, KeyPath, KeyState, KeyStore, StoreError};
use cardmint::ledger::act::Act;
use cardmint::outside::SystemRandom;

use super::hall::{Centre, Ceremony, abandoned, events, newest, usual};

pub const GENERATE: &str = r#"
[[step]]
id = "make"
do = "generate"
keys = ["load.v1.3des", "load.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4"]
state = "active"
"#;

fn id(name: &str) -> KeyId {
    name.parse().unwrap()
}

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
    let ledger = centre.site.ledger().unwrap();
    assert_eq!(ledger.entry(done.begin).unwrap().sigs.len(), 3);
    assert_eq!(ledger.entry(done.end).unwrap().sigs.len(), 3);
    // The keys' entries are signed by the two who answer for the step.
    let signed: Vec<String> = ledger
        .entry(done.begin + 1)
        .unwrap()
        .sigs
        .iter()
        .map(|s| s.officer.to_string())
        .collect();
    assert_eq!(signed, ["zhang", "li"]);
    assert_eq!(
        centre.open().store.keys()[0].kcv.to_string(),
        done.steps[0].keys[0].kcv.to_string()
    );
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
    assert!(
        matches!(&refused, CeremonyError::Refused { officer } if officer == "wu"),
        "{refused}"
    );
    assert_eq!(centre.verified(), before);
}

#[test]
fn a_refusal_at_the_end_is_recorded_and_signed_and_no_key_exists() {
    let centre = Centre::city();
    let before = centre.verified();
    let ceremony = Ceremony::of(GENERATE);
    // Three sign the plan; the second of those who are to sign the transcript refuses.
    let mut room = Scripted::new(|asked| {
        if asked.number == 4 {
            Answer::Refuses
        } else {
            usual(asked)
        }
    });
    let why = abandoned(ceremony.hold(&centre.site, &mut room));
    assert!(
        matches!(&why, CeremonyError::Refused { officer } if officer == "li"),
        "{why}"
    );
    assert!(centre.keys().is_empty());
    // Who it was stands in the ledger.
    let end = centre
        .site
        .ledger()
        .unwrap()
        .latest(&["ceremony.end"], &|_| true)
        .unwrap()
        .unwrap();
    let Act::CeremonyEnd(body) = end.act else { panic!() };
    assert_eq!(body.reason.unwrap().as_str(), "li refused");
    assert_eq!(centre.verified(), before + 2);
    let (_, verdict) = newest(&centre, &ceremony.plan);
    assert!(verdict.good(), "{:?}", verdict.findings);
    assert_eq!(verdict.result.unwrap().as_str(), "abandoned");
    // And the same ceremony can be held right afterwards.
    ceremony.completed(&centre);
}

#[test]
fn rehearsals_and_production_keep_to_their_sites() {
    let (rehearsal, production) = (Centre::city(), Centre::new("city", "3100", false));
    let mut ceremony = Ceremony::of(GENERATE);
    let mut room = Scripted::new(usual);
    let wrong = ceremony.hold(&production.site, &mut room).unwrap_err();
    assert!(matches!(wrong, CeremonyError::World { rehearsal: false }), "{wrong}");
    ceremony.world = World::Production;
    let wrong = ceremony.hold(&rehearsal.site, &mut room).unwrap_err();
    assert!(matches!(wrong, CeremonyError::World { rehearsal: true }), "{wrong}");
    assert!(room.asked.is_empty(), "nobody is asked for anything");
    ceremony.completed(&production);
    assert_eq!(production.keys().len(), 2);
}

#[test]
fn a_quorum_that_cannot_be_met_is_told_before_anybody_types() {
    let centre = Centre::city();
    let mut ceremony = Ceremony::of(GENERATE);
    ceremony
        .bindings
        .people
        .insert("key-officer-2".parse().unwrap(), "wu".to_owned());
    ceremony
        .bindings
        .people
        .insert("witness-1".parse().unwrap(), "li".to_owned());
    let mut room = Scripted::new(usual);
    let wrong = ceremony.hold(&centre.site, &mut room).unwrap_err();
    let CeremonyError::Checks { findings } = wrong else {
        panic!("{wrong}")
    };
    assert!(
        findings.iter().any(|f| f.id == "CEREMONY-SITE-OFFICERS"),
        "{findings:?}"
    );
    // Only one of those who are there holds a share.
    let one = GENERATE.replace(", \"key-officer-2\"", ", \"witness-1\"");
    let text = super::hall::text(&one).replace("[[participant]]\nid = \"key-officer-2\"\nrole = \"key-officer\"\n", "");
    let wrong = Ceremony::plan(&text).hold(&centre.site, &mut room).unwrap_err();
    let CeremonyError::Checks { findings } = wrong else {
        panic!("{wrong}")
    };
    assert!(findings.iter().any(|f| f.id == "CEREMONY-SITE-QUORUM"), "{findings:?}");
    assert!(room.asked.is_empty());
}

#[test]
fn keys_are_rotated_and_the_old_ones_retire() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let rotate = r#"
[[step]]
id = "next"
do = "rotate"
keys = ["load.v1.3des"]
to-version = 2
retire = true
words = "retire version one"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v2.3des"]
state = "active"
[[expect]]
keys = ["load.v1.3des"]
state = "retired"
"#;
    Ceremony::of(rotate).completed(&centre);
    let keys = centre.keys();
    assert_eq!(
        keys,
        [
            "load.v1.3des@city:3100 retired",
            "load.v1.sm4@city:3100 active",
            "load.v2.3des@city:3100 active"
        ]
    );
    let records = centre.open().store.keys();
    assert_ne!(records[0].kcv, records[2].kcv);
}

const DESTROY: &str = r#"
[[step]]
id = "compare"
do = "check"
keys = ["load.v1.3des"]
by = ["key-officer-2", "witness-1"]
[[step]]
id = "retire"
do = "state"
keys = ["load.v1.3des"]
state = "retired"
reason = "test"
words = "retire it"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "destroy"
do = "destroy"
keys = ["load.v1.3des"]
reason = "no longer used"
words = "destroy it"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des"]
state = "destroyed"
"#;

#[test]
fn keys_are_compared_retired_and_destroyed_with_proof() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let old_file = std::fs::read(centre.site.store_place().file()).unwrap();
    let mut room = Scripted::new(usual);
    let done = Ceremony::of(DESTROY).hold(&centre.site, &mut room).unwrap();
    assert!(super::hall::verdict(&centre, &done).good());
    assert!(room.heard("ceremony-destroyed"));
    let session = centre.open();
    let path = KeyPath {
        key: id("load.v1.3des@city:3100"),
        factors: Vec::<Factor>::new(),
    };
    let answer = session.store.kcv(&path, session.site.config().kcv_length);
    assert!(
        matches!(
            answer,
            Err(StoreError::State {
                state: KeyState::Destroyed,
                ..
            })
        ),
        "{answer:?}"
    );
    assert_ne!(std::fs::read(centre.site.store_place().file()).unwrap(), old_file);
    // Both said so, in order: words of the plan, letter by letter.
    let destroyed = &done.steps[2];
    let confirmed: Vec<&str> = destroyed.confirmed.iter().map(cardmint::ledger::Text::as_str).collect();
    assert_eq!(confirmed, ["zhang", "li"]);
}

#[test]
fn other_words_than_the_exact_ones_destroy_nothing() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let mut room = Scripted::new(|asked| {
        let destroys = asked.question.render(cardmint::i18n::Lang::En).contains("destroy it");
        if destroys { "Destroy it".into() } else { usual(asked) }
    });
    let why = abandoned(Ceremony::of(DESTROY).hold(&centre.site, &mut room));
    assert!(matches!(why, CeremonyError::Attempts { .. }), "{why}");
    assert_eq!(centre.keys()[0], "load.v1.3des@city:3100 active");
    let told = events(&centre);
    let wrong = told
        .iter()
        .filter(|(step, what, _)| step == "destroy" && what == "wrong-words")
        .count();
    assert_eq!(wrong, 3, "{told:?}");
    centre.verified();
}

#[test]
fn keys_are_derived_for_a_city_and_kept() {
    let centre = Centre::new("ministry", "", true);
    let derive = r#"
[[step]]
id = "roots"
do = "generate"
keys = ["purchase.v1.3des"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "down"
do = "derive"
keys = ["purchase.v1.3des"]
to = "city:3100"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["purchase.v1.3des", "purchase.v1.3des@city:3100"]
state = "active"
"#;
    Ceremony::of(derive).completed(&centre);
    let session = centre.open();
    let kept = id("purchase.v1.3des@city:3100");
    let factor: Factor = "3100FF0000000000".parse().unwrap();
    let length = session.site.config().kcv_length;
    let way = KeyPath {
        key: id("purchase.v1.3des@ministry"),
        factors: vec![factor],
    };
    let own = KeyPath {
        key: kept,
        factors: Vec::new(),
    };
    assert_eq!(session.store.kcv(&way, length), session.store.kcv(&own, length));
}

#[test]
fn a_plan_that_was_swapped_is_noticed_before_the_end() {
    let centre = Centre::city();
    let path = centre.path("plan.toml");
    let mut ceremony = Ceremony::of(GENERATE);
    std::fs::write(&path, ceremony.plan.text()).unwrap();
    ceremony.file = Some(path.clone());
    ceremony.completed(&centre);
    let next = GENERATE.replace("v1", "v2");
    let mut ceremony = Ceremony::of(&next);
    std::fs::write(&path, ceremony.plan.text()).unwrap();
    ceremony.file = Some(path.clone());
    let mut room = Scripted::new(|asked| {
        if asked.number == 3 {
            std::fs::write(&path, "format = 1\n").unwrap();
        }
        usual(asked)
    });
    let why = abandoned(ceremony.hold(&centre.site, &mut room));
    assert!(matches!(why, CeremonyError::Swapped { .. }), "{why}");
    assert_eq!(centre.keys().len(), 2);
}

#[test]
fn broken_off_at_every_question_no_key_exists_and_the_ledger_says_so() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let questions = {
        let mut room = Scripted::new(usual);
        let other = Centre::city();
        Ceremony::of(GENERATE).completed(&other);
        Ceremony::of(DESTROY).hold(&other.site, &mut room).unwrap();
        room.asked.len()
    };
    assert!(questions > 10);
    for at in 0..questions {
        let mut room = Scripted::new(|asked| {
            if asked.number == at {
                Answer::BreaksOff
            } else {
                usual(asked)
            }
        });
        let ended = Ceremony::of(DESTROY).hold(&centre.site, &mut room).unwrap_err();
        match ended {
            CeremonyError::Room(_) => assert!(at < 3, "{at}"),
            CeremonyError::LeftOpen { .. } => {
                let mut ledger = centre.site.ledger().unwrap();
                let open = ledger.state().ceremony().unwrap().begin;
                let two: Vec<_> = ["zhang", "wu"].iter().map(|name| centre.officer(name)).collect();
                let closed = cardmint::ceremony::run::abandon(
                    &mut ledger,
                    &two,
                    "broken off",
                    &cardmint::outside::Clock::System,
                )
                .unwrap();
                assert!(closed.seq > open);
            }
            other => panic!("{at}: {other}"),
        }
        assert_eq!(centre.keys()[0], "load.v1.3des@city:3100 active");
        assert!(!centre.site.store_place().next().exists());
    }
    centre.verified();
    let _ = SystemRandom;
}
