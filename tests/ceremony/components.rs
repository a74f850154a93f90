// SPDX-License-Identifier: Apache-2.0
//! What custodians and leaders type: components, factors, PINs, and everything that can be wrong with them.

use cardmint::ceremony::room::scripted::{Answer, Asked, Scripted};
use cardmint::ceremony::run::CeremonyError;
use cardmint::crypto::written::Kind;
use cardmint::crypto::{Algorithm, KcvLength, KeyMaterial, kcv};
use cardmint::i18n::Lang;
use cardmint::keys::{KeyFileError, KeyPath, KeyStore};
use cardmint::ledger::act::Act;
use cardmint::site::SiteError;

use super::hall::{Centre, Ceremony, abandoned, events, sheet, usual};

pub const STEPS: &str = r#"
[[step]]
id = "load"
do = "components"
key = "load.v1.3des"
custodians = ["custodian-1", "custodian-2", "custodian-3"]
confirm = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des"]
state = "active"
"#;

const TAG: [u8; 2] = [0x4B, 0x1C];
const PARTS: [[u8; 16]; 3] = [*b"aQ7#kd0!zLp5@x2^", *b"3fG&8sW)1mN*6cY%", *b"Zr$4uT!9eB(0hK=5"];

pub fn part(at: usize) -> String {
    sheet(Kind::Component, (u8::try_from(at + 1).unwrap(), 3), TAG, PARTS[at])
}

fn whole() -> KeyMaterial {
    KeyMaterial::init_with(|k| {
        for part in PARTS {
            k.iter_mut().zip(part).for_each(|(a, b)| *a ^= b);
        }
    })
}

fn value(bytes: [u8; 16]) -> String {
    let key = KeyMaterial::init_with(|k| *k = bytes);
    kcv(Algorithm::Tdes, &key, KcvLength::default()).to_string()
}

/// Custodians with good sheets, and the check value of the whole on the confirmers' paper.
pub fn good(asked: &Asked<'_>) -> Answer {
    let who = asked.who.unwrap();
    match asked.question.id() {
        "ceremony-ask-component" => {
            let at: usize = who.id.rsplit_once('-').unwrap().1.parse().unwrap();
            part(at - 1).as_str().into()
        }
        "ceremony-ask-sheet-kcv" => {
            let at: usize = who.id.rsplit_once('-').unwrap().1.parse().unwrap();
            value(PARTS[at - 1]).as_str().into()
        }
        "ceremony-ask-kcv" => kcv(Algorithm::Tdes, &whole(), KcvLength::default())
            .to_string()
            .as_str()
            .into(),
        _ => usual(asked),
    }
}

/// Good people, but one of them answers a certain question otherwise, the first `times` times.
fn otherwise(id: &'static str, who: &'static str, times: usize, answer: &str) -> impl FnMut(&Asked<'_>) -> Answer {
    let answer = answer.to_owned();
    let mut left = times;
    move |asked| {
        if asked.question.id() == id && asked.who.unwrap().id == who && left > 0 {
            left -= 1;
            return answer.as_str().into();
        }
        good(asked)
    }
}

fn hold(centre: &Centre, script: impl FnMut(&Asked<'_>) -> Answer) -> Result<(), CeremonyError> {
    let mut room = Scripted::new(script);
    let done = Ceremony::of(STEPS).hold(&centre.site, &mut room)?;
    let verdict = super::hall::verdict(centre, &done);
    assert!(verdict.good(), "{:?}", verdict.findings);
    Ok(())
}

#[test]
fn three_components_make_the_key_and_two_confirm_it() {
    let centre = Centre::city();
    hold(&centre, good).unwrap();
    let session = centre.open();
    let path = KeyPath {
        key: "load.v1.3des@city:3100".parse().unwrap(),
        factors: Vec::new(),
    };
    let stored = session.store.kcv(&path, KcvLength::default()).unwrap();
    assert_eq!(stored, kcv(Algorithm::Tdes, &whole(), KcvLength::default()));
    assert!(events(&centre).is_empty(), "{:?}", events(&centre));
}

#[test]
fn a_typing_error_is_pointed_at_and_typed_again() {
    let centre = Centre::city();
    let wrong = part(1).replacen(' ', " x", 5).replacen(" x", " ", 4);
    let mut typed = part(1).into_bytes();
    // One character of the fifth group.
    typed[4 * 7 + 2] = if typed[4 * 7 + 2] == b'A' { b'B' } else { b'A' };
    let typed = String::from_utf8(typed).unwrap();
    hold(&centre, otherwise("ceremony-ask-component", "custodian-2", 1, &typed)).unwrap();
    assert_eq!(
        events(&centre),
        [("load".into(), "typing-error".into(), "groups 5".into())]
    );
    let other = Centre::city();
    hold(&other, otherwise("ceremony-ask-component", "custodian-2", 1, &wrong)).unwrap();
    assert_eq!(events(&other)[0].1, "typing-error");
    assert_eq!(centre.keys(), other.keys());
}

#[test]
fn a_wrong_component_is_named_when_it_is_entered() {
    let centre = Centre::city();
    let stranger = sheet(Kind::Component, (2, 3), TAG, *b"0123456789abcdeF");
    hold(
        &centre,
        otherwise("ceremony-ask-component", "custodian-2", 1, &stranger),
    )
    .unwrap();
    let told = events(&centre);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("load", "kcv-differs"));
    assert!(told[0].2.starts_with("computed "), "{told:?}");
}

#[test]
fn sheets_of_another_ceremony_of_another_kind_and_twice_the_same_are_refused() {
    let sheet_of = |kind, number, tag, at: usize| sheet(kind, number, tag, PARTS[at]);
    let cases = [
        (
            sheet_of(Kind::Component, (2, 3), [1, 2], 1),
            "other-ceremony",
            "sheet of 0102",
        ),
        (sheet_of(Kind::Share, (2, 3), TAG, 1), "wrong-kind", ""),
        (
            sheet_of(Kind::Component, (1, 3), TAG, 0),
            "wrong-custodian",
            "sheet 1 of wang",
        ),
        (sheet_of(Kind::Component, (2, 2), TAG, 1), "wrong-component", ""),
        // The right number on a sheet that holds what was entered before.
        (sheet_of(Kind::Component, (2, 3), TAG, 0), "wrong-component", ""),
    ];
    for (typed, event, detail) in cases {
        let centre = Centre::city();
        hold(&centre, otherwise("ceremony-ask-component", "custodian-2", 1, &typed)).unwrap();
        assert_eq!(events(&centre), [("load".into(), event.into(), detail.into())]);
    }
}

#[test]
fn a_sheet_in_the_wrong_hands_is_named_at_once() {
    let centre = Centre::city();
    // The first custodian types the sheet of the third, which nobody has used yet.
    let third = part(2);
    let mut room = Scripted::new(otherwise("ceremony-ask-component", "custodian-1", 1, &third));
    Ceremony::of(STEPS).hold(&centre.site, &mut room).unwrap();
    assert_eq!(
        events(&centre),
        [("load".into(), "wrong-custodian".into(), "sheet 3 of chen".into())]
    );
    let said = room
        .said
        .iter()
        .find(|msg| msg.id() == "ceremony-others-sheet")
        .unwrap();
    for (lang, words) in [
        (Lang::En, "sheet 3, which chen was given; wang is at the keyboard"),
        (Lang::Zh, "这是交给 chen 的第 3 号单据，现在操作的是 wang"),
    ] {
        assert!(said.render(lang).contains(words), "{}", said.render(lang));
    }
    // Everybody reads it again before signing the transcript.
    let read = room.said.iter().filter(|msg| {
        msg.id() == "ceremony-summary-detail"
            && msg
                .render(Lang::En)
                .contains("wang: another custodian's sheet (sheet 3 of chen)")
    });
    assert_eq!(read.count(), 6);
    // Nobody was asked for a check value before the right sheet was there.
    let asked: Vec<&str> = room.asked.iter().map(|(_, id)| *id).collect();
    let first = asked.iter().position(|id| *id == "ceremony-ask-component").unwrap();
    assert_eq!(asked[first + 1], "ceremony-ask-component");
}

#[test]
fn too_many_wrong_sheets_end_the_ceremony_and_name_the_custodian() {
    let centre = Centre::city();
    let share = sheet(Kind::Share, (2, 3), TAG, PARTS[1]);
    let why = abandoned_with(&centre, otherwise("ceremony-ask-component", "custodian-2", 9, &share));
    assert!(
        matches!(&why, CeremonyError::Attempts { officer, .. } if officer == "zhao"),
        "{why}"
    );
    let told: Vec<String> = events(&centre).into_iter().map(|(_, what, _)| what).collect();
    assert_eq!(told, ["wrong-kind", "wrong-kind", "wrong-kind", "too-often"]);
    assert!(centre.keys().is_empty());
}

fn abandoned_with(centre: &Centre, script: impl FnMut(&Asked<'_>) -> Answer) -> CeremonyError {
    let mut room = Scripted::new(script);
    abandoned(Ceremony::of(STEPS).hold(&centre.site, &mut room))
}

#[test]
fn a_result_that_two_do_not_confirm_is_no_key() {
    let centre = Centre::city();
    let why = abandoned_with(&centre, otherwise("ceremony-ask-kcv", "key-officer-2", 9, "000000"));
    assert!(
        matches!(&why, CeremonyError::Attempts { officer, .. } if officer == "li"),
        "{why}"
    );
    assert!(centre.keys().is_empty());
    centre.verified();
}

#[test]
fn digits_without_groups_are_typed_twice() {
    let centre = Centre::city();
    let plain = |asked: &Asked<'_>| {
        let who = &asked.who.unwrap().id;
        let digits = || {
            let at: usize = who.rsplit_once('-').unwrap().1.parse().unwrap();
            hex(PARTS[at - 1])
        };
        match asked.question.id() {
            "ceremony-ask-component" | "ceremony-ask-again" => digits().as_str().into(),
            _ => good(asked),
        }
    };
    hold(&centre, plain).unwrap();
    assert!(events(&centre).is_empty());
    let other = Centre::city();
    let mut slips = 1;
    hold(&other, |asked| {
        if asked.question.id() == "ceremony-ask-again" && slips > 0 {
            slips -= 1;
            return hex(PARTS[2]).as_str().into();
        }
        plain(asked)
    })
    .unwrap();
    assert_eq!(events(&other)[0].1, "typing-error");
}

fn hex(bytes: [u8; 16]) -> String {
    format!("{:032X}", u128::from_be_bytes(bytes))
}

#[test]
fn published_and_weak_keys_are_refused_in_production() {
    let steps = STEPS.replace(", \"custodian-3\"", "");
    let of = |parts: [[u8; 16]; 2]| {
        move |asked: &Asked<'_>| match asked.question.id() {
            "ceremony-ask-component" => {
                let at: usize = asked.who.unwrap().id.rsplit_once('-').unwrap().1.parse().unwrap();
                sheet(Kind::Component, (u8::try_from(at).unwrap(), 2), TAG, parts[at - 1])
                    .as_str()
                    .into()
            }
            _ => usual(asked),
        }
    };
    let xor = |a: [u8; 16], b: [u8; 16]| {
        let mut sum = a;
        sum.iter_mut().zip(b).for_each(|(x, y)| *x ^= y);
        sum
    };
    let published = 0x4041_4243_4445_4647_4849_4A4B_4C4D_4E4F_u128.to_be_bytes();
    let equal = *b"kd0!zLp5kd0!zLp5";
    let weak = 0x1F1F_1F1F_0E0E_0E0E_1B2D_3A4C_5F60_7182_u128.to_be_bytes();
    for bad in [published, equal, weak] {
        let centre = Centre::new("city", "3100", false);
        let mut room = Scripted::new(of([PARTS[0], xor(PARTS[0], bad)]));
        let why = abandoned(Ceremony::of(&steps).production().hold(&centre.site, &mut room));
        let refused = matches!(
            why,
            CeremonyError::Site(SiteError::Keys(
                KeyFileError::TestKey { .. } | KeyFileError::WeakKey { .. }
            ))
        );
        assert!(refused, "{why}");
        assert!(centre.keys().is_empty());
        // A rehearsal takes it: its keys protect nothing.
        let rehearsal = Centre::city();
        let mut room = Scripted::new(of([PARTS[0], xor(PARTS[0], bad)]));
        Ceremony::of(&steps).hold(&rehearsal.site, &mut room).unwrap();
    }
    // A single component that everybody knows is named at once.
    let centre = Centre::new("city", "3100", false);
    let mut room = Scripted::new(of([published, PARTS[1]]));
    let why = abandoned(Ceremony::of(&steps).production().hold(&centre.site, &mut room));
    assert!(
        matches!(&why, CeremonyError::Attempts { officer, .. } if officer == "wang"),
        "{why}"
    );
    assert_eq!(events(&centre)[0].1, "published-value");
}

#[test]
fn an_exchange_key_comes_from_components_of_its_own_length() {
    let steps = r#"
[[step]]
id = "zmk"
do = "import-exchange-key"
name = "ministry"
algorithm = "aes-128"
custodians = ["custodian-1", "custodian-2", "custodian-3"]
confirm = ["key-officer-1", "key-officer-2"]
[[expect]]
exchange-keys = ["ministry"]
state = "active"
"#;
    let centre = Centre::city();
    let script = |asked: &Asked<'_>| match asked.question.id() {
        "ceremony-ask-sheet-kcv" | "ceremony-ask-kcv" => "".into(),
        _ => good(asked),
    };
    let mut room = Scripted::new(script);
    let done = Ceremony::of(steps).hold(&centre.site, &mut room).unwrap();
    let verdict = super::hall::verdict(&centre, &done);
    assert!(verdict.good(), "{:?}", verdict.findings);
    let session = centre.open();
    assert_eq!(
        session.store.exchange_keys()[0].kcv.to_string(),
        done.steps[0].keys[0].kcv.to_string()
    );
    assert_eq!(session.store.exchange_keys()[0].kcv.as_bytes().len(), 5);
}

#[test]
fn leaders_factors_make_a_tree_that_they_can_make_again() {
    let steps = r#"
[[step]]
id = "tree"
do = "factors"
leaders = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
keys = ["load.v1.3des", "load.v1.sm4", "card-control.v1.3des"]
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4", "card-control.v1.3des"]
state = "active"
"#;
    let script = |asked: &Asked<'_>| match asked.question.id() {
        "ceremony-ask-factor" | "ceremony-ask-again" => {
            format!("the factor of {} 2026", asked.who.unwrap().id).as_str().into()
        }
        _ => usual(asked),
    };
    let values = |centre: &Centre| {
        let mut room = Scripted::new(script);
        let done = Ceremony::of(steps).hold(&centre.site, &mut room).unwrap();
        let verdict = super::hall::verdict(centre, &done);
        assert!(verdict.good(), "{:?}", verdict.findings);
        assert!(
            done.steps[0].components.is_empty(),
            "nothing is told of a single factor"
        );
        done.steps[0].keys.clone()
    };
    let (first, second) = (Centre::city(), Centre::city());
    assert_eq!(values(&first), values(&second));
    assert_ne!(values(&Centre::new("city", "3110", true)), values(&Centre::city()));
    // A slip of the finger the second time is noticed.
    let centre = Centre::city();
    let mut slips = 1;
    let mut room = Scripted::new(|asked| {
        if asked.question.id() == "ceremony-ask-again" && slips > 0 {
            slips -= 1;
            return "the factor of custodian-1 2062".into();
        }
        script(asked)
    });
    Ceremony::of(steps).hold(&centre.site, &mut room).unwrap();
    assert_eq!(events(&centre)[0].1, "typing-error");
}

const PIN: &str = r#"
[[step]]
id = "pin"
do = "pin"
name = "default"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = []
pins = ["default"]
state = "active"
"#;

#[test]
fn whoever_refuses_is_named_and_nobody_else() {
    let centre = Centre::city();
    let mut first = 0;
    // The two differ; then the first one, who is at the keyboard again, will not go on.
    let mut room = Scripted::new(|asked| match asked.question.id() {
        "keys-ask-pin-again" => "123465".into(),
        "keys-ask-pin" => {
            first += 1;
            if first == 2 { Answer::Refuses } else { usual(asked) }
        }
        _ => usual(asked),
    });
    let why = abandoned(Ceremony::of(PIN).hold(&centre.site, &mut room));
    assert!(
        matches!(&why, CeremonyError::Refused { officer } if officer == "zhang"),
        "{why}"
    );
    let ledger = centre.site.ledger().unwrap();
    let end = ledger.latest(&["ceremony.end"], &|_| true).unwrap().unwrap();
    let Act::CeremonyEnd(body) = end.act else { panic!() };
    let told: Vec<(String, String)> = body.steps[0]
        .events
        .iter()
        .map(|event| (event.officer.as_ref().unwrap().to_string(), event.what.to_string()))
        .collect();
    let of = |who: &str, what: &str| (who.to_owned(), what.to_owned());
    assert_eq!(told, [of("li", "pins-differ"), of("zhang", "refused")]);
    assert_eq!(body.reason.unwrap().as_str(), "zhang refused");
}

#[test]
fn a_pin_is_typed_by_two_people() {
    let centre = Centre::city();
    let mut slips = 1;
    let mut room = Scripted::new(|asked| {
        if asked.question.id() == "keys-ask-pin-again" && slips > 0 {
            slips -= 1;
            return "123465".into();
        }
        usual(asked)
    });
    let done = Ceremony::of(PIN).hold(&centre.site, &mut room).unwrap();
    assert!(super::hall::verdict(&centre, &done).good());
    assert_eq!(events(&centre), [("pin".into(), "pins-differ".into(), String::new())]);
    assert_eq!(centre.open().store.header().pins.len(), 1);
}
