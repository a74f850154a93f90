// SPDX-License-Identifier: Apache-2.0
//! Transcripts that deviate: a test for each named check. What is signed wrongly cannot even be appended; so most of these
//! are ceremonies whose participants all signed something that the plan does not say.

use std::fs;

use cardmint::ceremony::transcript::Transcript;
use cardmint::ceremony::verify::{CHECKS, Source, Verdict, compare, verify};
use cardmint::keys::OfficerKeys;
use cardmint::ledger::act::{Act, CeremonyBegin, CeremonyEnd, CeremonyResult};
use cardmint::ledger::field::Nonce;
use cardmint::ledger::{Entry, Filter, Moment, ShortHex, Signer, Text};
use cardmint::outside::{Clock, Unobserved};

use super::hall::{Centre, Ceremony, verdict};
use super::keys::GENERATE;

const TWO_STEPS: &str = r#"
[[step]]
id = "make"
do = "generate"
keys = ["load.v1.3des"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "compare"
do = "check"
keys = ["load.v1.3des"]
by = ["key-officer-1", "witness-1"]
[[expect]]
keys = ["load.v1.3des"]
state = "active"
"#;

/// What a ceremony records: its beginning, its acts, its end.
#[derive(Clone)]
struct Recorded {
    begin: CeremonyBegin,
    acts: Vec<Act>,
    end: CeremonyEnd,
}

/// A real ceremony's record.
fn recorded(steps: &str) -> (Ceremony, Recorded) {
    let centre = Centre::city();
    let ceremony = Ceremony::of(steps);
    let done = ceremony.completed(&centre);
    let ledger = centre.site.ledger().unwrap();
    let act = |seq: u64| ledger.entry(seq).unwrap().act;
    let (Act::CeremonyBegin(begin), Act::CeremonyEnd(end)) = (act(done.begin), act(done.end)) else {
        panic!()
    };
    let acts = (done.begin + 1..done.end).map(act).collect();
    (ceremony, Recorded { begin, acts, end })
}

/// The same record, changed, in another site's ledger, where all participants sign it; and the transcript of that.
fn signed(ceremony: &Ceremony, steps: &str, change: impl FnOnce(&mut Recorded)) -> (Centre, Transcript) {
    let (_, mut record) = recorded(steps);
    let centre = Centre::city();
    let mut ledger = centre.site.ledger().unwrap();
    let seq = ledger.size();
    record.begin.nonce = Nonce::of([7; 8]);
    record.end.nonce = record.begin.nonce.clone();
    record.end.begin = seq;
    let now = Clock::System.now();
    let clock = Clock::Fixed(now);
    for step in &mut record.end.steps {
        step.began = Moment::new(now.to_string()).unwrap();
        step.ended = step.began.clone();
    }
    change(&mut record);
    let names: Vec<String> = record
        .begin
        .participants
        .iter()
        .map(|p| p.officer.to_string())
        .collect();
    let people: Vec<OfficerKeys> = names.iter().map(|name| centre.officer(name)).collect();
    let sign: Vec<_> = people
        .iter()
        .map(|keys| |bytes: &[u8]| keys.signing.sign(bytes))
        .collect();
    let signers: Vec<Signer<'_>> = people
        .iter()
        .zip(&sign)
        .map(|(keys, sign)| Signer {
            officer: &keys.name,
            sign,
        })
        .collect();
    ledger
        .append(Act::CeremonyBegin(record.begin), &signers, &clock)
        .unwrap();
    let mut acts: Vec<(Act, &[Signer<'_>])> = record
        .acts
        .into_iter()
        .map(|act| (act.within(seq), &signers[..2]))
        .collect();
    acts.push((Act::CeremonyEnd(record.end), &signers));
    ledger.append_all_signed(acts, &clock).unwrap();
    let transcript = Transcript::of(&ledger, ceremony.plan.text(), seq).unwrap();
    (centre, transcript)
}

fn found(verdict: &Verdict) -> Vec<&'static str> {
    let mut found: Vec<&str> = verdict.findings.iter().map(|f| f.check).collect();
    found.dedup();
    found
}

/// The checks that find something in a changed record.
fn finds(steps: &str, change: impl FnOnce(&mut Recorded)) -> Vec<&'static str> {
    let ceremony = Ceremony::of(steps);
    let (_centre, transcript) = signed(&ceremony, steps, change);
    let verdict = verify(&transcript, Some(ceremony.plan.text().as_bytes()));
    assert!(!verdict.good());
    found(&verdict)
}

fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

#[test]
fn what_is_as_planned_has_no_finding() {
    let ceremony = Ceremony::of(TWO_STEPS);
    let (_centre, transcript) = signed(&ceremony, TWO_STEPS, |_| {});
    let verdict = verify(&transcript, Some(ceremony.plan.text().as_bytes()));
    assert!(verdict.good(), "{:?}", verdict.findings);
    let again = Transcript::parse("t", &transcript.text()).unwrap();
    assert_eq!(again, transcript);
}

#[test]
fn ceremony_verify_steps() {
    assert_eq!(finds(TWO_STEPS, |r| drop(r.end.steps.pop())), ["CEREMONY-VERIFY-STEPS"]);
    assert!(finds(TWO_STEPS, |r| r.end.steps.swap(0, 1)).contains(&"CEREMONY-VERIFY-STEPS"));
    let renamed = finds(TWO_STEPS, |r| r.end.steps[1].id = text("other"));
    assert!(renamed.contains(&"CEREMONY-VERIFY-STEPS"), "{renamed:?}");
}

#[test]
fn ceremony_verify_time() {
    let early = |r: &mut Recorded| r.end.steps[0].began = Moment::new("2020-01-01T00:00:00Z").unwrap();
    assert_eq!(finds(TWO_STEPS, early), ["CEREMONY-VERIFY-TIME"]);
    let late = |r: &mut Recorded| r.end.steps[1].ended = Moment::new("2099-01-01T00:00:00Z").unwrap();
    assert_eq!(finds(TWO_STEPS, late), ["CEREMONY-VERIFY-TIME"]);
}

#[test]
fn ceremony_verify_people() {
    let alone = |r: &mut Recorded| drop(r.end.steps[1].confirmed.pop());
    assert_eq!(finds(TWO_STEPS, alone), ["CEREMONY-VERIFY-PEOPLE"]);
    let absent = |r: &mut Recorded| drop(r.end.steps[0].by.pop());
    assert_eq!(finds(TWO_STEPS, absent), ["CEREMONY-VERIFY-PEOPLE"]);
    let stranger = |r: &mut Recorded| r.end.steps[0].by.push(text("wu"));
    assert_eq!(finds(TWO_STEPS, stranger), ["CEREMONY-VERIFY-PEOPLE"]);
}

#[test]
fn ceremony_verify_keys() {
    // A key that no step tells of cannot even be signed; one more in a step, or another check value, can.
    let more = |r: &mut Recorded| {
        let mut second = r.end.steps[0].keys[0].clone();
        second.key = text("load.v9.3des@city:3100");
        r.end.steps[0].keys.push(second);
    };
    assert_eq!(finds(TWO_STEPS, more), ["CEREMONY-VERIFY-KEYS"]);
    let moved = |r: &mut Recorded| {
        let keys = std::mem::take(&mut r.end.steps[0].keys);
        r.end.steps[1].keys = keys;
    };
    assert_eq!(finds(TWO_STEPS, moved), ["CEREMONY-VERIFY-KEYS"]);
    let no_entry = |r: &mut Recorded| r.acts.clear();
    assert!(finds(TWO_STEPS, no_entry).contains(&"CEREMONY-VERIFY-KEYS"));
    let other_act = |r: &mut Recorded| {
        let Act::KeyGenerate(body) = r.acts[0].clone() else {
            panic!()
        };
        r.acts[0] = Act::KeyImport(body);
    };
    assert_eq!(finds(TWO_STEPS, other_act), ["CEREMONY-VERIFY-KEYS"]);
    let other_value = |r: &mut Recorded| {
        r.end.steps[1].keys[0].kcv = ShortHex::new("00AB12").unwrap();
    };
    assert_eq!(finds(TWO_STEPS, other_value), ["CEREMONY-VERIFY-KEYS"]);
}

#[test]
fn ceremony_verify_expect() {
    let retired = |r: &mut Recorded| {
        let Act::KeyGenerate(body) = &mut r.acts[0] else {
            panic!()
        };
        body.state = cardmint::ledger::act::KeyState::PreActive;
    };
    assert_eq!(finds(TWO_STEPS, retired), ["CEREMONY-VERIFY-EXPECT"]);
}

#[test]
fn ceremony_verify_participants() {
    let renamed = |r: &mut Recorded| r.begin.participants[2].id = text("somebody-else");
    let found = finds(TWO_STEPS, renamed);
    assert!(found.contains(&"CEREMONY-VERIFY-PARTICIPANTS"), "{found:?}");
    let found = finds(GENERATE, |r| drop(r.begin.participants.pop()));
    assert_eq!(found, ["CEREMONY-VERIFY-PARTICIPANTS"]);
}

#[test]
fn ceremony_verify_plan() {
    let ceremony = Ceremony::of(TWO_STEPS);
    let (_centre, mut transcript) = signed(&ceremony, TWO_STEPS, |_| {});
    let other = verify(&transcript, Some(b"format = 1\n"));
    assert_eq!(found(&other), ["CEREMONY-VERIFY-PLAN"]);
    transcript.plan = transcript.plan.replace("A test.", "Another.");
    assert_eq!(found(&verify(&transcript, None)), ["CEREMONY-VERIFY-PLAN"]);
    transcript.plan = "no plan".into();
    assert_eq!(found(&verify(&transcript, None)), ["CEREMONY-VERIFY-PLAN"]);
}

#[test]
fn ceremony_verify_result() {
    let ceremony = Ceremony::of(TWO_STEPS);
    let (_centre, mut transcript) = signed(&ceremony, TWO_STEPS, |_| {});
    transcript.lines.pop();
    let open = found(&verify(&transcript, None));
    assert_eq!(open, ["CEREMONY-VERIFY-RESULT"]);
    let given_up = |r: &mut Recorded| {
        r.acts.clear();
        r.end.result = CeremonyResult::Abandoned;
        r.end.steps.pop();
    };
    let (_centre, transcript) = signed(&ceremony, TWO_STEPS, given_up);
    let verdict = verify(&transcript, None);
    assert!(verdict.good(), "{:?}", verdict.findings);
    assert_eq!(verdict.result, Some(CeremonyResult::Abandoned));
}

#[test]
fn ceremony_verify_signature() {
    let ceremony = Ceremony::of(TWO_STEPS);
    let (_centre, transcript) = signed(&ceremony, TWO_STEPS, |_| {});
    let of = |change: &dyn Fn(&mut Entry)| {
        let mut changed = transcript.clone();
        for line in &mut changed.lines {
            let mut entry = Entry::parse(line).unwrap();
            change(&mut entry);
            *line = entry.line();
        }
        found(&verify(&changed, None))
    };
    let without_one = of(&|entry| {
        if matches!(entry.act, Act::CeremonyEnd(_)) {
            entry.sigs.pop();
        }
    });
    assert!(without_one.contains(&"CEREMONY-VERIFY-SIGNATURE"), "{without_one:?}");
    let other_key = of(&|entry| {
        if let Act::CeremonyEnd(end) = &mut entry.act {
            end.steps[0].events.clear();
            end.steps[0].by.pop();
        }
    });
    assert!(other_key.contains(&"CEREMONY-VERIFY-SIGNATURE"), "{other_key:?}");
}

#[test]
fn ceremony_verify_chain() {
    let ceremony = Ceremony::of(GENERATE);
    let (_centre, transcript) = signed(&ceremony, GENERATE, |_| {});
    let mut without = transcript.clone();
    without.lines.remove(transcript.lines.len() - 2);
    let found_without = found(&verify(&without, None));
    assert!(found_without.contains(&"CEREMONY-VERIFY-CHAIN"), "{found_without:?}");
    let mut turned = transcript.clone();
    let last = turned.lines.len();
    turned.lines.swap(last - 2, last - 3);
    assert!(found(&verify(&turned, None)).contains(&"CEREMONY-VERIFY-CHAIN"));
}

#[test]
fn ceremony_verify_form() {
    let ceremony = Ceremony::of(TWO_STEPS);
    let (_centre, transcript) = signed(&ceremony, TWO_STEPS, |_| {});
    let mut headless = transcript.clone();
    headless.lines.remove(0);
    assert_eq!(found(&verify(&headless, None)), ["CEREMONY-VERIFY-FORM"]);
    let mut empty = transcript.clone();
    empty.lines.clear();
    assert_eq!(found(&verify(&empty, None)), ["CEREMONY-VERIFY-FORM"]);
    let text = transcript.text();
    for bad in [
        "",
        "{}\n",
        &text.replace("cardmint-transcript/1", "cardmint-transcript/2"),
        text.trim_end(),
        &format!("{text}x\n"),
        &text.replacen("{\"act\"", "{ \"act\"", 1),
    ] {
        assert!(Transcript::parse("t", bad).is_err(), "{bad:.60}");
    }
}

#[test]
fn ceremony_verify_ledger() {
    let centre = Centre::city();
    let done = Ceremony::of(GENERATE).completed(&centre);
    let transcript = Transcript::read(&done.transcript).unwrap();
    let export = centre.path("ledger.jsonl");
    let write = |change: &dyn Fn(Vec<String>) -> Vec<String>| {
        let mut file = Vec::new();
        centre
            .site
            .ledger()
            .unwrap()
            .export_jsonl(&Filter::default(), &mut file)
            .unwrap();
        let lines: Vec<String> = String::from_utf8(file)
            .unwrap()
            .lines()
            .map(ToOwned::to_owned)
            .collect();
        fs::write(&export, change(lines).join("\n") + "\n").unwrap();
        let mut verdict = verify(&transcript, None);
        compare(&transcript, Source::Export(&export), &mut verdict, &mut Unobserved).unwrap();
        assert!(verdict.with_ledger);
        found(&verdict)
    };
    assert!(write(&|lines| lines).is_empty());
    let cut = write(&|mut lines| {
        lines.pop();
        lines
    });
    assert_eq!(cut, ["CEREMONY-VERIFY-LEDGER"]);
    // A ledger that has more of the ceremony, or of the officers, than the transcript tells.
    let mut less = transcript.clone();
    less.lines.remove(transcript.lines.len() - 2);
    let mut judged = verify(&less, None);
    let whole = Source::Export(&export);
    write(&|lines| lines);
    compare(&less, whole, &mut judged, &mut Unobserved).unwrap();
    assert!(found(&judged).contains(&"CEREMONY-VERIFY-LEDGER"));
    // The site's own ledger agrees.
    assert!(verdict(&centre, &done).good());
}

#[test]
fn every_check_has_a_test() {
    let source = include_str!("verifying.rs");
    for check in CHECKS {
        let name = check.to_lowercase().replace('-', "_");
        assert!(source.contains(&format!("fn {name}()")), "{check}");
    }
}
