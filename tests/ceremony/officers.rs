// SPDX-License-Identifier: Apache-2.0
//! Officers who come, go, and open the key store; bundles and key blocks between two sites.

use std::fs;

use cardmint::ceremony::room::scripted::{Answer, Asked, Scripted};
use cardmint::ceremony::run::CeremonyError;
use cardmint::keys::OfficerKeys;
use cardmint::ledger::Role;
use cardmint::outside::Clock;
use cardmint::site::{Session, Site};

use super::hall::{Centre, Ceremony, QUICK, abandoned, passphrase, usual, verdict};
use super::keys::GENERATE;

const REPLACE: &str = r#"
[[officer]]
id = "newcomer"
[[officer]]
id = "leaver"
[[step]]
id = "enter"
do = "enrol"
officer = "newcomer"
roles = ["key-officer"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "leave"
do = "revoke"
officer = "leaver"
reason = "left"
words = "end the rights"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "share"
do = "reshare"
quorum = 2
holders = ["key-officer-1", "key-officer-2", "newcomer"]
by = ["key-officer-1", "key-officer-2"]
"#;

fn replace() -> Ceremony {
    Ceremony::of(REPLACE)
        .person("newcomer", "qian")
        .person("leaver", "chen")
}

fn open_by(site: &Site, names: &[&str]) -> Result<Session, cardmint::site::SiteError> {
    let ledger = site.ledger().unwrap();
    let officer = |name: &&str| -> Result<OfficerKeys, _> {
        let typed = cardmint::crypto::SecretBytes::new(passphrase(name).into_bytes());
        site.officer(&ledger, name, &typed, QUICK)
    };
    let officers = names.iter().map(officer).collect::<Result<_, _>>()?;
    Session::open(site.clone(), ledger, officers, Clock::System)
}

#[test]
fn one_comes_one_goes_and_the_store_is_shared_anew() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let old = fs::read(centre.site.store_place().file()).unwrap();
    let mut room = Scripted::new(usual);
    let done = replace().hold(&centre.site, &mut room).unwrap();
    let judged = verdict(&centre, &done);
    assert!(judged.good(), "{:?}", judged.findings);
    for pair in [["zhang", "li"], ["li", "qian"], ["zhang", "qian"]] {
        assert_eq!(open_by(&centre.site, &pair).unwrap().store.header().keys.len(), 2);
    }
    assert!(open_by(&centre.site, &["zhang", "chen"]).is_err());
    assert_ne!(fs::read(centre.site.store_place().file()).unwrap(), old);
    let ledger = centre.site.ledger().unwrap();
    let state = ledger.state();
    let name = |name: &str| cardmint::ledger::Text::new(name).unwrap();
    assert_eq!(state.officers[&name("qian")].roles, [Role::KeyOfficer]);
    assert!(state.officers[&name("chen")].revoked);
    // The newcomer takes part in the next ceremony.
    let mut next = Ceremony::of(&GENERATE.replace("v1", "v2"));
    next.bindings
        .people
        .insert("key-officer-2".parse().unwrap(), "qian".to_owned());
    next.completed(&centre);
}

#[test]
fn an_abandoned_ceremony_leaves_no_officer_behind() {
    let centre = Centre::city();
    let mut room = Scripted::new(|asked| {
        let leaving = asked
            .question
            .render(cardmint::i18n::Lang::En)
            .contains("end the rights");
        if leaving { Answer::Refuses } else { usual(asked) }
    });
    let why = abandoned(replace().hold(&centre.site, &mut room));
    assert!(matches!(why, CeremonyError::Refused { .. }), "{why}");
    let left: Vec<String> = fs::read_dir(centre.site.folder().join("officers"))
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("qian"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // The name is still free.
    let mut room = Scripted::new(usual);
    replace().hold(&centre.site, &mut room).unwrap();
}

#[test]
fn keys_go_from_the_ministry_to_a_city_in_two_ceremonies() {
    let (ministry, city) = (Centre::new("ministry", "", true), Centre::city());
    for (site, other) in [(&ministry, &city), (&city, &ministry)] {
        let card = other.site.card().unwrap();
        let mut session = site.open();
        session.trust(&card, &card.fingerprint()).unwrap();
        session.checkpoint().unwrap();
    }
    let card = city.path("city.card");
    fs::write(&card, city.site.card().unwrap().text()).unwrap();
    let bundle = city.path("bundle");
    let send = r#"
[[step]]
id = "roots"
do = "generate"
keys = ["purchase.v1.3des", "tac.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "send"
do = "export-bundle"
keys = ["purchase.v1.3des", "tac.v1.sm4"]
to = "city-card"
file = "bundle"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["purchase.v1.3des", "tac.v1.sm4"]
state = "active"
"#;
    let sent = Ceremony::of(send).file("city-card", &card).file("bundle", &bundle);
    let sent = sent.completed(&ministry);
    assert!(bundle.is_file());
    let take = r#"
[[step]]
id = "take"
do = "receive"
file = "bundle"
keys = ["purchase.v1.3des", "tac.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["purchase.v1.3des", "tac.v1.sm4"]
state = "active"
"#;
    let took = Ceremony::of(take).file("bundle", &bundle).completed(&city);
    assert_eq!(city.keys().len(), 2);
    let values = |done: &cardmint::ceremony::run::Completed, step: usize| -> Vec<String> {
        done.steps[step].keys.iter().map(|k| k.kcv.to_string()).collect()
    };
    // What left were the derived keys: other values than the roots', and those that came.
    assert_eq!(values(&sent, 1), values(&took, 0));
    assert_ne!(values(&sent, 0), values(&sent, 1));
    // A bundle with other keys than the plan says is not taken.
    let less = take.replace(", \"tac.v1.sm4\"", "");
    let other = Centre::city();
    let mut room = Scripted::new(usual);
    let refused = Ceremony::of(&less).file("bundle", &bundle).hold(&other.site, &mut room);
    let Err(CeremonyError::Checks { findings }) = refused else {
        panic!("{refused:?}")
    };
    assert!(findings.iter().all(|f| f.id == "CEREMONY-SITE-FILES"), "{findings:?}");
    assert!(room.asked.is_empty() && other.keys().is_empty());
}

#[test]
fn key_blocks_go_out_and_come_in_under_an_exchange_key() {
    let centre = Centre::city();
    let out = centre.path("blocks");
    let steps = r#"
[[step]]
id = "zmk"
do = "import-exchange-key"
name = "partner"
algorithm = "3des-112"
custodians = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
[[step]]
id = "make"
do = "generate"
keys = ["load.v1.3des"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "send"
do = "export-block"
keys = ["load.v1.3des"]
under = "partner"
file = "blocks"
exportable = "trusted"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des"]
exchange-keys = ["partner"]
state = "active"
"#;
    let parts = ["1C2587ABD9F03E6142536475869708A9", "0DB15C7E92A4F36880796A5B4C3D2E1F"];
    let script = |asked: &Asked<'_>| match asked.question.id() {
        "ceremony-ask-component" | "ceremony-ask-again" => {
            parts[usize::from(asked.who.unwrap().id.ends_with('2'))].into()
        }
        _ => usual(asked),
    };
    let mut room = Scripted::new(script);
    let done = Ceremony::of(steps)
        .file("blocks", &out)
        .hold(&centre.site, &mut room)
        .unwrap();
    let judged = verdict(&centre, &done);
    assert!(judged.good(), "{:?}", judged.findings);
    assert!(fs::read_to_string(&out).unwrap().starts_with('B'));
    let other = Centre::city();
    let take = r#"
[[step]]
id = "zmk"
do = "import-exchange-key"
name = "partner"
algorithm = "3des-112"
custodians = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
[[step]]
id = "take"
do = "import-block"
under = "partner"
file = "blocks"
keys = ["load.v1.3des"]
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des"]
exchange-keys = ["partner"]
state = "active"
"#;
    let mut room = Scripted::new(script);
    let took = Ceremony::of(take)
        .file("blocks", &out)
        .hold(&other.site, &mut room)
        .unwrap();
    let judged = verdict(&other, &took);
    assert!(judged.good(), "{:?}", judged.findings);
    assert_eq!(took.steps[1].keys, done.steps[1].keys);
}
