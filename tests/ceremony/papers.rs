// SPDX-License-Identifier: Apache-2.0
//! What custodians take away and bring back: pages, shares, backups.

use std::fs;
use std::path::Path;

use cardmint::ceremony::room::scripted::{Answer, Asked, Scripted};
use cardmint::ceremony::run::{CeremonyError, Completed};
use cardmint::crypto::SecretBytes;

use super::hall::{Centre, Ceremony, abandoned, events, shown, usual, verdict};
use super::keys::GENERATE;

/// The written form on the newest page given to this person.
pub fn newest_page(asked: &Asked<'_>) -> String {
    let who = &asked.who.unwrap().id;
    let page = asked.papers.iter().rev().find(|(whose, _, _)| whose == who);
    written_in(&shown(&page.unwrap_or_else(|| panic!("no page for {who}")).2))
}

/// The groups in a page: the longest run of groups of six digits.
pub fn written_in(page: &str) -> String {
    let mut best = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let is_group = |w: &str| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let mut text = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    for word in text.split_whitespace().chain([""]) {
        if is_group(word) {
            run.push(word);
        } else {
            if run.len() > best.len() {
                best.clone_from(&run);
            }
            if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) && word.len() < 3 {
                // A group's number between the groups.
                continue;
            }
            run.clear();
        }
    }
    best.join(" ")
}

/// Custodians who type back what is on their page, and everything else as usual.
pub fn careful(asked: &Asked<'_>) -> Answer {
    match asked.question.id() {
        "ceremony-ask-back" => newest_page(asked).as_str().into(),
        _ => usual(asked),
    }
}

pub const BACKUP: &str = r#"
[[step]]
id = "backup"
do = "backup"
file = "backup"
threshold = 2
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
"#;

const RESTORE: &str = r#"
[[step]]
id = "restore"
do = "restore"
file = "backup"
threshold = 2
custodians = ["custodian-1", "custodian-3"]
quorum = 2
holders = ["key-officer-1", "key-officer-2"]
words = "restore it"
by = ["key-officer-1", "key-officer-2"]
"#;

/// The custodians' shares of a backup, as they stand on their pages.
struct Saved {
    shares: Vec<(String, String)>,
}

pub fn pages(centre: &Centre) -> std::path::PathBuf {
    let pages = centre.path("pages");
    fs::create_dir_all(&pages).unwrap();
    pages
}

fn back_up(centre: &Centre, file: &Path) -> (Completed, Saved) {
    let ceremony = Ceremony::of(BACKUP).file("backup", file).file("pages", &pages(centre));
    let mut room = Scripted::new(careful);
    let done = ceremony.hold(&centre.site, &mut room).unwrap();
    let judged = verdict(centre, &done);
    assert!(judged.good(), "{:?}", judged.findings);
    let share = |(who, _, page): &(String, String, SecretBytes)| (who.clone(), written_in(&shown(page)));
    let shares = room.papers.iter().map(share).collect();
    assert_eq!(room.cleared.len(), 3, "no page stays in the machine");
    (done, Saved { shares })
}

impl Saved {
    fn of(&self, who: &str) -> &str {
        &self.shares.iter().find(|(whose, _)| whose == who).unwrap().1
    }
}

#[test]
fn a_lost_store_is_restored_from_two_shares() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let before = centre.keys();
    let file = centre.path("backup");
    let (done, saved) = back_up(&centre, &file);
    assert_eq!(done.steps[0].shares.len(), 3);
    assert!(file.is_file());
    fs::remove_dir_all(centre.site.folder().join("keys")).unwrap();
    fs::create_dir(centre.site.folder().join("keys")).unwrap();
    let ceremony = Ceremony::of(RESTORE).file("backup", &file);
    let mut room = Scripted::new(|asked| match asked.question.id() {
        "ceremony-ask-share" => saved.of(&asked.who.unwrap().id).into(),
        _ => usual(asked),
    });
    let done = ceremony.hold(&centre.site, &mut room).unwrap();
    let judged = verdict(&centre, &done);
    assert!(judged.good(), "{:?}", judged.findings);
    assert_eq!(centre.keys(), before);
    assert_eq!(centre.open().store.header().quorum, 2);
    centre.verified();
}

#[test]
fn wrong_shares_are_named_and_shares_of_another_backup_are_told_apart() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let (file, other) = (centre.path("backup"), centre.path("other"));
    let (_, saved) = back_up(&centre, &file);
    let (_, second) = back_up(&centre, &other);
    fs::remove_dir_all(centre.site.folder().join("keys")).unwrap();
    fs::create_dir(centre.site.folder().join("keys")).unwrap();
    let ceremony = Ceremony::of(RESTORE).file("backup", &file);
    let mut tries = 0;
    let mut room = Scripted::new(|asked| {
        if asked.question.id() != "ceremony-ask-share" {
            return usual(asked);
        }
        let who = &asked.who.unwrap().id;
        tries += 1;
        match tries {
            // Somebody else's share, a share of the other backup, one wrong character, and then the right one.
            1 => saved.of("custodian-2").into(),
            2 => second.of(who).into(),
            3 => {
                let right = saved.of(who);
                let other = if right.ends_with('0') { "1" } else { "0" };
                format!("{}{other}", &right[..right.len() - 1]).as_str().into()
            }
            _ => saved.of(who).into(),
        }
    });
    let why = abandoned(ceremony.hold(&centre.site, &mut room));
    assert!(
        matches!(&why, CeremonyError::Attempts { officer, .. } if officer == "wang"),
        "{why}"
    );
    let told: Vec<String> = events(&centre).into_iter().map(|(_, what, _)| what).collect();
    assert_eq!(events(&centre)[0].2, "sheet 2 of zhao");
    assert_eq!(told, ["wrong-custodian", "other-ceremony", "typing-error", "too-often"]);
    assert!(!centre.site.store_place().file().exists());
    // With the right shares it goes on from there.
    let mut room = Scripted::new(|asked| match asked.question.id() {
        "ceremony-ask-share" => saved.of(&asked.who.unwrap().id).into(),
        _ => usual(asked),
    });
    ceremony.hold(&centre.site, &mut room).unwrap();
    assert_eq!(centre.keys().len(), 2);
}

#[test]
fn a_page_that_is_not_typed_back_right_makes_no_backup() {
    let centre = Centre::city();
    Ceremony::of(GENERATE).completed(&centre);
    let file = centre.path("backup");
    let ceremony = Ceremony::of(BACKUP)
        .file("backup", &file)
        .file("pages", &pages(&centre));
    let mut room = Scripted::new(|asked| {
        let second = asked.who.is_some_and(|p| p.id == "custodian-2");
        match asked.question.id() {
            // The page of the first custodian once more.
            "ceremony-ask-back" if second => written_in(&shown(&asked.papers[0].2)).as_str().into(),
            _ => careful(asked),
        }
    });
    let why = abandoned(ceremony.hold(&centre.site, &mut room));
    assert!(
        matches!(&why, CeremonyError::Attempts { officer, .. } if officer == "zhao"),
        "{why}"
    );
    assert_eq!(room.cleared.len(), 2, "the page that was given out is gone, too");
    let (_, what, detail) = events(&centre).remove(0);
    assert_eq!((what.as_str(), detail.as_str()), ("wrong-custodian", "sheet 1 of wang"));
    assert!(!file.exists() && !centre.path("backup.new").exists());
    assert_eq!(centre.keys().len(), 2);
    centre.verified();
}

#[test]
fn a_key_leaves_as_components_and_as_shares_and_comes_back() {
    let ministry = Centre::new("ministry", "", true);
    let steps = r#"
[[step]]
id = "root"
do = "generate"
keys = ["purchase.v1.3des", "tac.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "forms"
do = "export-forms"
key = "purchase.v1.3des"
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "split"
do = "split"
key = "tac.v1.sm4"
threshold = 2
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["purchase.v1.3des", "tac.v1.sm4"]
state = "active"
"#;
    let ceremony = Ceremony::of(steps).file("pages", &pages(&ministry));
    let mut room = Scripted::new(careful);
    let done = ceremony.hold(&ministry.site, &mut room).unwrap();
    let judged = verdict(&ministry, &done);
    assert!(judged.good(), "{:?}", judged.findings);
    assert_eq!((done.steps[1].components.len(), done.steps[2].shares.len()), (3, 3));
    let kcv = |key: usize| done.steps[0].keys[key].kcv.to_string();
    let papers: Vec<(String, String)> = room
        .papers
        .iter()
        .map(|(who, _, page)| (who.clone(), written_in(&shown(page))))
        .collect();
    // Each form says what it is, whose it is and what it must come out as; no debug output holds it.
    let tag = &done.nonce.to_string()[..4];
    for (at, (who, path, page)) in room.papers.iter().enumerate() {
        let (step, digest) = (&done.steps[1 + at / 3], at % 3);
        let check = match step.components.get(digest) {
            Some(component) => component.kcv.to_string(),
            None => step.shares[digest].digest.to_string()[..8].to_uppercase(),
        };
        let officer = format!("{} ({who})", ["wang", "zhao", "chen"][digest]);
        let says = shown(page);
        for text in ["演练", "测试", tag, &officer, &check, &kcv(at / 3), step.id.as_str()] {
            assert!(says.contains(text), "{text} in {says}");
        }
        assert!(path.ends_with(&format!("{}-{who}.html", step.id)), "{path}");
        let debug = format!("{page:?}");
        assert!(
            written_in(&says).split(' ').all(|group| !debug.contains(group)),
            "{debug}"
        );
    }
    let of = |who: &str, which: usize| papers.iter().filter(|(w, _)| w == who).nth(which).unwrap().1.clone();
    let digest = |who: usize| done.steps[2].shares[who].digest.to_string()[..8].to_owned();

    // Another ministry, which has nothing but the paper.
    let other = Centre::new("ministry", "", true);
    let back = r#"
[[step]]
id = "components"
do = "components"
key = "purchase.v1.3des"
custodians = ["custodian-1", "custodian-2", "custodian-3"]
confirm = ["key-officer-1", "key-officer-2"]
[[step]]
id = "combine"
do = "combine"
key = "tac.v1.sm4"
threshold = 2
custodians = ["custodian-1", "custodian-3"]
confirm = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["purchase.v1.3des", "tac.v1.sm4"]
state = "active"
"#;
    let mut room = Scripted::new(|asked| {
        let who = &asked.who.unwrap().id;
        let second = asked
            .said
            .iter()
            .rev()
            .find(|m| m.id() == "ceremony-step")
            .is_some_and(|m| m.render(cardmint::i18n::Lang::En).contains("combine)"));
        match asked.question.id() {
            "ceremony-ask-component" => of(who, 0).as_str().into(),
            "ceremony-ask-share" => of(who, 1).as_str().into(),
            "ceremony-ask-sheet-digest" => digest(usize::from(who.ends_with('3')) * 2).as_str().into(),
            "ceremony-ask-kcv" => kcv(usize::from(second)).as_str().into(),
            _ => usual(asked),
        }
    });
    let again = Ceremony::of(back).hold(&other.site, &mut room).unwrap();
    let judged = verdict(&other, &again);
    assert!(judged.good(), "{:?}", judged.findings);
    assert_eq!(again.steps[0].keys[0].kcv.to_string(), kcv(0));
    assert_eq!(again.steps[1].keys[0].kcv.to_string(), kcv(1));
    // A share whose sheet has another check value is named with its custodian.
    let third = Centre::new("ministry", "", true);
    let mut room = Scripted::new(|asked| match asked.question.id() {
        "ceremony-ask-component" => of(&asked.who.unwrap().id, 0).as_str().into(),
        "ceremony-ask-share" => of(&asked.who.unwrap().id, 1).as_str().into(),
        "ceremony-ask-sheet-digest" => "00000000".into(),
        _ => usual(asked),
    });
    let why = abandoned(Ceremony::of(back).hold(&third.site, &mut room));
    assert!(
        matches!(&why, CeremonyError::Attempts { officer, .. } if officer == "wang"),
        "{why}"
    );
    assert_eq!(
        events(&third)
            .iter()
            .filter(|(_, what, _)| what == "wrong-share")
            .count(),
        3
    );
}

#[test]
fn a_share_of_another_key_or_ceremony_is_named_with_what_the_ledger_knows() {
    let ministry = Centre::new("ministry", "", true);
    let split = |step: &str, key: &str| {
        format!(
            "[[step]]\nid = \"{step}-make\"\ndo = \"generate\"\nkeys = [\"{key}\"]\nby = [\"key-officer-1\", \"key-officer-2\"]\n\
             [[step]]\nid = \"{step}\"\ndo = \"split\"\nkey = \"{key}\"\nthreshold = 2\ncustodians = [\"custodian-1\", \"custodian-2\"]\n\
             pages = \"pages\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[expect]]\nkeys = [\"{key}\"]\nstate = \"active\"\n"
        )
    };
    let held = |centre: &Centre, step: &str, key: &str| {
        let ceremony = Ceremony::of(&split(step, key)).file("pages", &pages(centre));
        let mut room = Scripted::new(careful);
        let done = ceremony.hold(&centre.site, &mut room).unwrap();
        let papers: Vec<String> = room
            .papers
            .iter()
            .map(|(_, _, page)| written_in(&shown(page)))
            .collect();
        (done, papers)
    };
    // Here another key was split; the key to be combined comes from elsewhere, where it was split twice.
    let (here, known) = held(&ministry, "purchase", "purchase.v1.3des");
    let elsewhere = Centre::new("ministry", "", true);
    let (_, right) = held(&elsewhere, "tac", "tac.v1.sm4");
    let (_, other) = held(&elsewhere, "other", "tac.v2.sm4");
    let back = r#"
[[step]]
id = "combine"
do = "combine"
key = "tac.v1.sm4"
threshold = 2
custodians = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["tac.v1.sm4"]
state = "active"
"#;
    let mut tries = [0, 0];
    let mut room = Scripted::new(|asked| match asked.question.id() {
        "ceremony-ask-share" => {
            let at = usize::from(asked.who.unwrap().id.ends_with('2'));
            tries[at] += 1;
            match (at, tries[at]) {
                (0, 1) => known[0].as_str().into(),
                (1, 1) => other[1].as_str().into(),
                (1, 2) => known[1].as_str().into(),
                _ => right[at].as_str().into(),
            }
        }
        "ceremony-ask-sheet-digest" => "".into(),
        _ => usual(asked),
    });
    Ceremony::of(back).hold(&ministry.site, &mut room).unwrap();
    let told: Vec<(String, String)> = events(&ministry)
        .into_iter()
        .map(|(_, what, detail)| (what, detail))
        .filter(|(what, _)| what != "kcv-shown")
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(
        told[0],
        ("wrong-share".into(), "share 1 of purchase.v1.3des@ministry".into())
    );
    assert!(
        told[1].0 == "other-ceremony" && told[2].0 == "other-ceremony",
        "{told:?}"
    );
    assert_eq!(told[2].1, format!("sheet of {}", &here.nonce.as_str()[..4]));
    // One of them this ledger knows by name.
    assert!(room.heard("ceremony-sheet-other") && room.heard("ceremony-sheet-of"));
    assert!(room.heard("ceremony-share-of-key"));
}
