// SPDX-License-Identifier: Apache-2.0
//! The process dies at every question and at every durable step: either all keys of the ceremony exist and are recorded, or
//! none does; and it goes on from there by `resume`.
//!
//! The process that dies is this test program itself, started once more.

use std::path::Path;
use std::process::Command;

use cardmint::ceremony::room::scripted::{Asked, Scripted};
use cardmint::ceremony::run::{CeremonyError, settle};
use cardmint::site::Site;

use super::hall::{Centre, Ceremony, newest, text, usual, verdict};
use super::papers::newest_page;

const FOLDER: &str = "CARDMINT_TEST_CEREMONY_FOLDER";
const AT: &str = "CARDMINT_TEST_CEREMONY_AT";

const STEPS: &str = r#"
[[step]]
id = "make"
do = "generate"
keys = ["load.v1.3des", "load.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "backup"
do = "backup"
file = "backup"
threshold = 2
custodians = ["custodian-1", "custodian-2"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4"]
state = "active"
"#;

fn ceremony(folder: &Path) -> Ceremony {
    let plan = text(STEPS).replace("scheme = \"mohurd\"", "scheme = \"mohurd\"\nresume = true");
    Ceremony::plan(&plan)
        .file("backup", &folder.join("backup"))
        .file("pages", &folder.join("pages"))
}

fn careful(asked: &Asked<'_>) -> cardmint::ceremony::room::scripted::Answer {
    match asked.question.id() {
        "ceremony-ask-back" => newest_page(asked).as_str().into(),
        _ => usual(asked),
    }
}

/// The process that dies; does nothing when it runs as an ordinary test.
#[test]
fn child() {
    let (Ok(folder), Ok(at)) = (std::env::var(FOLDER), std::env::var(AT)) else {
        return;
    };
    let folder = Path::new(&folder);
    let site = Site::open(&folder.join("site")).unwrap();
    let mut room = Scripted::new(|asked| {
        if format!("question {}", asked.number) == at {
            std::process::abort();
        }
        careful(asked)
    });
    let mut ceremony = ceremony(folder);
    ceremony.resume = site.ledger().unwrap().state().ceremony().is_some();
    let ended = ceremony.hold_watched(&site, &mut room, &mut |step| {
        if format!("{step:?}") == at {
            std::process::abort();
        }
    });
    ended.unwrap();
}

fn die(centre: &Centre, at: &str) {
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child"])
        .env(FOLDER, centre.folder.path())
        .env(AT, at)
        .output()
        .unwrap();
    assert!(!died.status.success(), "{at}: the process did not die");
}

/// Nothing of the ceremony exists, and it is held once more, to its end.
fn begins_anew(centre: &Centre, at: &str) {
    assert!(centre.keys().is_empty(), "{at}");
    assert!(!centre.path("backup").exists(), "{at}");
    assert!(centre.open().store.header().keys.is_empty(), "{at}");
    let mut ceremony = ceremony(centre.folder.path());
    ceremony.resume = centre.site.ledger().unwrap().state().ceremony().is_some();
    let mut room = Scripted::new(careful);
    let done = ceremony.hold(&centre.site, &mut room).unwrap();
    let judged = verdict(centre, &done);
    assert!(judged.good(), "{at}: {:?}", judged.findings);
    is_there(centre, at);
}

fn is_there(centre: &Centre, at: &str) {
    let session = centre.open();
    assert_eq!(session.store.header().keys.len(), 2, "{at}");
    assert_eq!(session.ledger.keys().unwrap().len(), 2, "{at}");
    assert!(centre.path("backup").is_file(), "{at}");
    assert!(!centre.path("backup.new").exists(), "{at}");
    assert!(!session.store.place().next().exists(), "{at}");
    drop(session);
    centre.verified();
}

fn centre() -> Centre {
    let centre = Centre::city();
    std::fs::create_dir(centre.path("pages")).unwrap();
    centre
}

#[test]
fn killed_at_every_question_nothing_exists_and_it_can_be_resumed() {
    let centre = centre();
    // Five sign, two type their pages back, five sign again.
    for at in 0..12 {
        die(&centre, &format!("question {at}"));
        assert_eq!(
            centre.site.ledger().unwrap().state().ceremony().is_some(),
            at >= 5,
            "{at}"
        );
        assert!(centre.keys().is_empty());
        centre.open();
        centre.verified();
    }
    begins_anew(&centre, "the end");
    let (_, judged) = newest(&centre, &ceremony(centre.folder.path()).plan);
    assert!(judged.good(), "{:?}", judged.findings);
    // Each resumed the one before.
    let ledger = centre.site.ledger().unwrap();
    let resumed = ledger.entry(judged.begin).unwrap();
    let text = String::from_utf8(resumed.line()).unwrap();
    assert!(text.contains("\"resumes\":"), "{text}");
}

#[test]
fn killed_at_every_durable_step_all_of_it_exists_or_nothing() {
    for (at, happened) in [
        ("Listed", false),
        ("Staged", false),
        ("Appended", true),
        ("Committed", true),
        ("Published", true),
    ] {
        let centre = centre();
        die(&centre, at);
        if !happened {
            begins_anew(&centre, at);
            continue;
        }
        let plan = ceremony(centre.folder.path()).plan;
        let settled = settle(&centre.site, &plan).unwrap();
        assert!(settled.transcript.is_file());
        is_there(&centre, at);
        let (_, judged) = newest(&centre, &plan);
        assert!(judged.good(), "{at}: {:?}", judged.findings);
        assert_eq!(judged.begin, settled.begin);
    }
}

#[test]
fn only_what_the_plan_allows_is_resumed() {
    let centre = centre();
    let mut once = ceremony(centre.folder.path());
    let mut room = Scripted::new(super::hall::breaks_off_at(5));
    let left = once.hold(&centre.site, &mut room).unwrap_err();
    assert!(matches!(left, CeremonyError::LeftOpen { .. }), "{left}");
    // Another one cannot begin, and not without saying so.
    let mut room = Scripted::new(careful);
    let wrong = once.hold(&centre.site, &mut room).unwrap_err();
    assert!(matches!(wrong, CeremonyError::AnotherOpen { .. }), "{wrong}");
    once.resume = true;
    once.hold(&centre.site, &mut room).unwrap();
    let wrong = once.hold(&centre.site, &mut room).unwrap_err();
    assert!(
        matches!(wrong, CeremonyError::Checks { .. } | CeremonyError::NoneOpen),
        "{wrong}"
    );
    // A plan that does not allow it.
    let other = Centre::city();
    let mut fixed = Ceremony::of(super::keys::GENERATE);
    let mut room = Scripted::new(super::hall::breaks_off_at(3));
    fixed.hold(&other.site, &mut room).unwrap_err();
    fixed.resume = true;
    let mut room = Scripted::new(careful);
    let wrong = fixed.hold(&other.site, &mut room).unwrap_err();
    assert!(matches!(wrong, CeremonyError::NotResumable { .. }), "{wrong}");
}
