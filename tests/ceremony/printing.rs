// SPDX-License-Identifier: Apache-2.0
//! The transcript as a page: it holds what the ledger holds, in both languages, and nothing that was secret; what it cites is
//! text and nothing else; it fetches nothing.

use std::cell::Cell;
use std::fs;

use cardmint::ceremony::room::scripted::{Answer, Asked, Scripted};
use cardmint::ceremony::transcript::{Transcript, page};
use cardmint::ceremony::verify::verify;
use cardmint::crypto::written::Kind;
use cardmint::i18n::{Lang, word};
use serde_json::Value;

use super::components::{STEPS, good, part};
use super::hall::{Centre, Ceremony, abandoned, newest, passphrase, sheet, shown, text, usual, verdict};
use super::keys::GENERATE;
use super::papers::{BACKUP, newest_page, written_in};

/// Fields whose values are words of a list: they stand on the page in both languages.
const WORDS: [(&str, &str); 4] = [
    ("kind", "ceremony-kind"),
    ("what", "ceremony-event"),
    ("role", "role"),
    ("result", "ceremony-result"),
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Every text and number below a value must be on the page. How many there were.
fn all_of(value: &Value, field: &str, page: &str) -> usize {
    let stands = |text: &str| assert!(page.contains(&escaped(text)), "{field}: {text}");
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| all_of(value, name, page)).sum(),
        Value::Array(list) => list.iter().map(|value| all_of(value, field, page)).sum(),
        Value::String(text) => {
            match WORDS.iter().find(|(name, _)| *name == field) {
                Some((_, prefix)) => {
                    assert_ne!(word(prefix, text, Lang::Zh), *text, "{prefix}-{text} has no words");
                    for lang in [Lang::Zh, Lang::En] {
                        stands(&word(prefix, text, lang));
                    }
                }
                None => stands(text),
            }
            1
        }
        Value::Number(number) => {
            stands(&number.to_string());
            1
        }
        _ => 0,
    }
}

/// The bodies of beginning and end are on the page, field by field.
fn says_what_the_ledger_says(transcript: &Transcript, page: &str) -> usize {
    let mut seen = 0;
    let begin = transcript.begin().unwrap().seq;
    for line in &transcript.lines {
        let entry: Value = serde_json::from_slice(line).unwrap();
        let of_it = entry["seq"] == begin || entry["body"]["begin"] == begin;
        if of_it && entry["act"].as_str().unwrap().starts_with("ceremony.") {
            seen += all_of(&entry["body"], "body", page) + all_of(&entry["at"], "at", page);
        }
    }
    seen
}

fn fetches_nothing(page: &str) {
    for text in [
        "http:", "https:", "<script", "<img", "<link", "src=", "href=", "@import", "url(",
    ] {
        assert!(!page.contains(text), "{text}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_page_says_what_the_ledger_says_and_nothing_secret() {
    let centre = Centre::city();
    let (stranger, wrong) = (
        sheet(Kind::Component, (2, 3), [9, 9], *b"0123456789abcdeF"),
        Cell::new(0),
    );
    let people = |asked: &Asked<'_>| match asked.question.id() {
        // The second custodian comes with a sheet of another ceremony and then slips.
        "ceremony-ask-component" if asked.who.unwrap().id == "custodian-2" && wrong.get() < 2 => {
            wrong.set(wrong.get() + 1);
            match wrong.get() {
                1 => stranger.as_str().into(),
                _ => part(1).replacen(' ', "", 1).replacen(' ', "0", 1).as_str().into(),
            }
        }
        "ceremony-ask-back" => newest_page(asked).as_str().into(),
        _ => good(asked),
    };
    let pages = centre.path("pages");
    fs::create_dir(&pages).unwrap();
    let ceremony = Ceremony::of(&format!("{BACKUP}{STEPS}"));
    let ceremony = ceremony.file("backup", &centre.path("backup")).file("pages", &pages);
    let mut room = Scripted::new(people);
    let done = ceremony.hold(&centre.site, &mut room).unwrap();
    let transcript = Transcript::read(&done.transcript).unwrap();
    let judged = verdict(&centre, &done);
    let html = page(&transcript, &judged);
    assert!(done.steps[1].events.len() == 2 && done.steps[0].shares.len() == 3);
    let seen = says_what_the_ledger_says(&transcript, &html);
    assert!(seen > 70, "only {seen} fields");
    for text in [
        "密钥仪式记录",
        "Transcript of a key ceremony",
        "通过。",
        "Good. Transcript, plan and signatures agree.",
        "Compared with the whole ledger",
        "演练",
        "REHEARSAL",
        "Test centre",
    ] {
        assert!(html.contains(text), "{text}");
    }
    // The plan as it was signed, and each step in sentences.
    assert!(html.contains(&escaped(ceremony.plan.text())));
    for step in &ceremony.plan.steps {
        for lang in [Lang::Zh, Lang::En] {
            assert!(html.contains(&escaped(&step.sentence(lang))));
        }
    }
    fetches_nothing(&html);
    // What people typed and took away is not there.
    let mut secrets: Vec<String> = (0..3).map(part).collect();
    secrets.push(stranger.clone());
    secrets.extend(room.papers.iter().map(|(_, _, paper)| written_in(&shown(paper))));
    assert_eq!(secrets.len(), 7);
    for secret in secrets {
        // Header and check digits are no secret; the groups between them are.
        let groups: Vec<&str> = secret.split(' ').collect();
        for group in &groups[2..groups.len() - 1] {
            assert!(!html.to_uppercase().contains(*group), "{group}");
        }
    }
    assert!(!html.contains(&passphrase("wang")));
}

/// The second step is never reached.
const TWO: &str = r#"
[[step]]
id = "first"
do = "generate"
keys = ["load.v1.3des"]
words = "make the load key"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "second"
do = "generate"
keys = ["load.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4"]
state = "active"
"#;

#[test]
fn an_abandoned_ceremony_is_shown_as_one() {
    let centre = Centre::city();
    let ceremony = Ceremony::of(TWO);
    // Whoever is to type the words of the first step refuses.
    let mut room = Scripted::new(|asked| match asked.question.id() {
        "ceremony-ask-words" => Answer::Refuses,
        _ => usual(asked),
    });
    abandoned(ceremony.hold(&centre.site, &mut room));
    let (transcript, judged) = newest(&centre, &ceremony.plan);
    let html = page(&transcript, &judged);
    assert!(says_what_the_ledger_says(&transcript, &html) > 20);
    for text in [
        "已放弃",
        "abandoned",
        "Not reached.",
        "未执行。",
        "Not compared with the ledger",
    ] {
        assert!(html.contains(text), "{text}");
    }
    // One that is still open has no end.
    let mut open = transcript.clone();
    open.lines.pop();
    let html = page(&open, &verify(&open, None));
    assert!(html.contains("It has no end.") && html.contains("尚未结束。"));
}

#[test]
fn what_a_page_cites_is_text() {
    let centre = Centre::city();
    let hostile = "<script>alert('&')</script><img src=http://x>";
    let toml = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let plan = text(GENERATE).replace("测试。", &toml(hostile)).replace(
        "id = \"make\"",
        &format!("id = \"make\"\nnote = {{ en = \"{0}\", zh = \"{0}\" }}", toml(hostile)),
    );
    let ceremony = Ceremony::plan(&plan);
    let done = ceremony.completed(&centre);
    let transcript = Transcript::read(&done.transcript).unwrap();
    let html = page(&transcript, &verify(&transcript, None));
    assert!(html.matches(&escaped(hostile)).count() >= 4);
    for tag in ["<script", "<img"] {
        assert!(!html.contains(tag), "{tag}");
    }
}

#[test]
fn a_page_does_not_look_better_than_the_verdict() {
    let centre = Centre::city();
    let done = Ceremony::of(GENERATE).completed(&centre);
    let transcript = Transcript::read(&done.transcript).unwrap();
    let mut changed = transcript.clone();
    changed.plan = changed.plan.replace("A test.", "Another test.");
    let bad = page(&changed, &verify(&changed, None));
    assert!(bad.contains("CEREMONY-VERIFY-PLAN") && bad.contains("Not good: 1 finding."));
    assert!(!bad.contains("Good. Transcript") && !bad.contains("通过。"));
}
