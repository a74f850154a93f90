// SPDX-License-Identifier: Apache-2.0
//! A transcript as one page in Chinese and English, to be printed and kept on paper. The page is whole in itself: no script,
//! no picture, nothing from a network. It says what the verification found, so that it cannot look better than it is.

use super::Transcript;
use crate::ceremony::plan::{self, Plan, Step};
use crate::ceremony::verify::{Finding, Verdict};
use crate::ceremony::words;
use crate::html::{escape, fill};
use crate::i18n::{Lang, Msg, word};
use crate::ledger::act::{Act, CeremonyBegin, CeremonyEnd, Participant, StepDone};
use crate::ledger::{Entry, Hash, Text};
use crate::msg;

/// What the page is made of.
struct Parts<'a> {
    transcript: &'a Transcript,
    verdict: &'a Verdict,
    plan: Option<Plan>,
    begin: Option<(Entry, CeremonyBegin)>,
    end: Option<(Entry, CeremonyEnd)>,
}

/// The page, HTML in UTF-8.
pub fn page(transcript: &Transcript, verdict: &Verdict) -> String {
    let begin = transcript.begin().and_then(|entry| match entry.act.clone() {
        Act::CeremonyBegin(body) => Some((entry, body)),
        _ => None,
    });
    let end = transcript
        .entries()
        .into_iter()
        .rev()
        .find_map(|entry| match entry.act.clone() {
            Act::CeremonyEnd(body) if begin.as_ref().is_some_and(|(b, _)| b.seq == body.begin) => Some((entry, body)),
            _ => None,
        });
    let parts = Parts {
        transcript,
        verdict,
        plan: plan::read(&transcript.plan, "plan").ok(),
        begin,
        end,
    };
    parts.fill()
}

impl Parts<'_> {
    fn fill(&self) -> String {
        fill(include_str!("page.html"), |name| self.value(name))
    }

    fn value(&self, name: &str) -> String {
        match name {
            "title-line" => escape(&self.titles().join(" · ")),
            "rehearsal" if self.verdict.rehearsal => {
                format!("<div class=\"rehearsal\">{}</div>", both(&msg!("transcript-rehearsal")))
            }
            "heading" => both(&msg!("transcript-heading")),
            "title" => {
                let [zh, en] = self.titles().map(|title| escape(&title));
                format!(
                    "<p class=\"title\"><strong>{zh}</strong> <span class=\"en\" lang=\"en\">{en}</span></p>{}",
                    self.purpose()
                )
            }
            "verdict" => self.verdict(),
            "h-facts" => both(&msg!("transcript-facts")),
            "h-people" => both(&msg!("transcript-people")),
            "h-steps" => both(&msg!("transcript-steps")),
            "h-plan" => both(&msg!("transcript-plan")),
            "facts" => self.facts(),
            "people" => self.people(),
            "steps" => self.steps() + &self.not_reached(),
            "plan" => escape(&self.transcript.plan),
            _ => String::new(),
        }
    }

    /// Chinese and English; where the plan does not read, what the ledger has.
    fn titles(&self) -> [String; 2] {
        match &self.plan {
            Some(plan) => [plan.title.zh.clone(), plan.title.en.clone()],
            None => [self.verdict.title.clone(), String::new()],
        }
    }

    fn purpose(&self) -> String {
        let purpose = self.plan.as_ref().map(|plan| pair(&plan.purpose.zh, &plan.purpose.en));
        purpose.map(|text| format!("<p>{text}</p>")).unwrap_or_default()
    }

    fn verdict(&self) -> String {
        let verdict = self.verdict;
        let class = if verdict.good() { "verdict" } else { "verdict bad" };
        let said = if verdict.good() {
            msg!("ceremony-verdict-good")
        } else {
            msg!("ceremony-verdict-bad", count = verdict.findings.len())
        };
        let mut lines = vec![format!("<strong>{}</strong>", both(&said))];
        lines.push(match verdict.result {
            Some(result) => {
                let word = bilingual(|lang| word("ceremony-result", result.as_str(), lang));
                format!("{}: {word}", both(&msg!("transcript-result")))
            }
            None => both(&msg!("ceremony-verdict-open")),
        });
        lines.push(both(&msg!(
            "ceremony-verdict-signatures",
            signatures = verdict.signatures
        )));
        let differs = |finding: &Finding| finding.check == "CEREMONY-VERIFY-LEDGER";
        if !verdict.with_ledger {
            lines.push(both(&msg!("transcript-without-ledger")));
        } else if !verdict.findings.iter().any(differs) {
            lines.push(both(&msg!("transcript-with-ledger")));
        }
        if !verdict.unchecked.is_empty() {
            let keys: Vec<String> = verdict.unchecked.iter().map(ToString::to_string).collect();
            lines.push(both(&msg!("ceremony-verdict-unchecked", keys = keys.join(", "))));
        }
        let judge = format!("cardmint {}", env!("CARGO_PKG_VERSION"));
        lines.push(both(&msg!("transcript-judged-by", program = judge)));
        for finding in &verdict.findings {
            let step = finding.step.as_deref().map(|step| format!("{}: ", escape(step)));
            let step = step.unwrap_or_default();
            lines.push(format!("<code>{}</code> {step}{}", finding.check, both(&finding.what)));
        }
        format!("<div class=\"{class}\">{}</div>", lines.join("<br>"))
    }

    fn facts(&self) -> String {
        let mut rows: Vec<(Msg, String)> = vec![(msg!("transcript-site"), self.site())];
        if let Some((entry, begin)) = &self.begin {
            rows.push((msg!("transcript-begun"), at(entry)));
            rows.push((msg!("transcript-digest"), code(&begin.plan.to_string())));
            rows.push((msg!("transcript-words"), digest_words(&begin.plan)));
            rows.push((msg!("transcript-nonce"), code(begin.nonce.as_str())));
            let program = format!("{} {}", escape(begin.program.as_str()), code(&begin.build.to_string()));
            rows.push((msg!("transcript-program"), program));
            if let Some(earlier) = begin.resumes {
                rows.push((msg!("transcript-resumes"), earlier.to_string()));
            }
        }
        match &self.end {
            Some((entry, end)) => {
                rows.push((msg!("transcript-ended"), at(entry)));
                let result = bilingual(|lang| word("ceremony-result", end.result.as_str(), lang));
                rows.push((msg!("transcript-result"), result));
                if let Some(reason) = &end.reason {
                    rows.push((msg!("transcript-reason"), escape(reason.as_str())));
                }
                let leaf = self.transcript.lines.iter().rev().find(|line| **line == entry.line());
                let leaf = leaf.map(|line| Hash::leaf(line).to_string()).unwrap_or_default();
                rows.push((msg!("transcript-leaf"), code(&leaf)));
            }
            None => rows.push((msg!("transcript-ended"), both(&msg!("ceremony-verdict-open")))),
        }
        let rows = rows
            .iter()
            .map(|(name, value)| format!("<tr><th>{}</th><td>{value}</td></tr>", both(name)));
        format!("<table class=\"facts\">{}</table>", rows.collect::<Vec<_>>().join("\n"))
    }

    /// The centre: its name, its place in the scheme, its id.
    fn site(&self) -> String {
        let id = code(&self.verdict.site);
        match self.transcript.entries().into_iter().next().map(|entry| entry.act) {
            Some(Act::SiteInit(init)) => {
                let (level, place) = (init.level.as_str(), init.code.as_str());
                // A ministry has no code.
                let owner = if place == "-" {
                    level.to_owned()
                } else {
                    format!("{level}:{place}")
                };
                format!("{} · {} · {id}", escape(init.name.as_str()), escape(&owner))
            }
            _ => id,
        }
    }

    fn people(&self) -> String {
        let heads = [
            msg!("transcript-person"),
            msg!("transcript-officer"),
            msg!("transcript-role"),
            msg!("transcript-signed"),
            msg!("transcript-by-hand"),
        ];
        let head: Vec<String> = heads.iter().map(|msg| format!("<th>{}</th>", both(msg))).collect();
        let people = self
            .begin
            .as_ref()
            .map(|(_, begin)| begin.participants.as_slice())
            .unwrap_or_default();
        let row = |person: &Participant| {
            let role = bilingual(|lang| word("role", person.role.as_str(), lang));
            format!(
                "<tr><td>{}</td><td>{}</td><td>{role}</td><td>{}{}</td><td class=\"sign\"></td></tr>",
                escape(person.id.as_str()),
                escape(person.officer.as_str()),
                self.signed(&person.officer),
                self.key_of(&person.officer)
            )
        };
        let rows: Vec<String> = people.iter().map(row).collect();
        format!(
            "<table class=\"people\"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
            head.concat(),
            rows.join("\n")
        )
    }

    /// What this officer has signed with the enrolled key.
    fn signed(&self, officer: &Text) -> String {
        let by = |entry: &Entry| entry.sigs.iter().any(|s| s.officer == *officer);
        let mut what = Vec::new();
        if let Some((entry, _)) = self.begin.as_ref().filter(|(entry, _)| by(entry)) {
            what.push(both(&msg!("transcript-signed-plan", entry = entry.seq)));
        }
        if let Some((entry, _)) = self.end.as_ref().filter(|(entry, _)| by(entry)) {
            what.push(both(&msg!("transcript-signed-end", entry = entry.seq)));
        }
        what.join("<br>")
    }

    /// The public key that the officer's signatures are checked with.
    fn key_of(&self, officer: &Text) -> String {
        let key = self.transcript.entries().into_iter().find_map(|entry| match entry.act {
            Act::SiteInit(init) => init.officers.into_iter().find(|o| o.name == *officer),
            Act::OfficerEnrol(body) if body.name == *officer => Some(body),
            _ => None,
        });
        key.map(|officer| format!("<br>{}", code(&officer.key.to_string())))
            .unwrap_or_default()
    }

    fn steps(&self) -> String {
        let done = self
            .end
            .as_ref()
            .map(|(_, end)| end.steps.as_slice())
            .unwrap_or_default();
        let steps = done.iter().enumerate().map(|(at, step)| self.step(at + 1, step));
        steps.collect::<Vec<_>>().join("\n")
    }

    /// The plan's steps that nothing is told of, because the ceremony ended before them.
    fn not_reached(&self) -> String {
        let done = self.end.as_ref().map_or(0, |(_, end)| end.steps.len());
        let steps = self.plan.as_ref().map(|plan| plan.steps.as_slice()).unwrap_or_default();
        let steps = steps.iter().enumerate().skip(done);
        let steps = steps.map(|(at, step)| {
            let kind = bilingual(|lang| word("ceremony-kind", step.what.kind(), lang));
            let head = format!("{}. {kind} <code>{}</code>", at + 1, escape(step.id.as_str()));
            let not = both(&msg!("transcript-not-reached"));
            format!(
                "<section class=\"step\"><h3>{head}</h3>{}<p><strong>{not}</strong></p></section>",
                planned(step)
            )
        });
        steps.collect::<Vec<_>>().join("\n")
    }

    fn step(&self, number: usize, done: &StepDone) -> String {
        let kind = bilingual(|lang| word("ceremony-kind", done.kind.as_str(), lang));
        let plan = self.plan.as_ref();
        let step = plan.and_then(|plan| plan.steps.iter().find(|step| step.id.as_str() == done.id.as_str()));
        let planned = step.map(planned).unwrap_or_default();
        let mut rows = vec![(msg!("transcript-time"), format!("{} – {}", done.began, done.ended))];
        let names = |officers: &[Text]| escape(&officers.iter().map(Text::as_str).collect::<Vec<_>>().join(", "));
        rows.push((msg!("transcript-by"), names(&done.by)));
        rows.push((msg!("transcript-confirmed"), names(&done.confirmed)));
        let keys = done
            .keys
            .iter()
            .map(|k| format!("{} <code>{}</code>", escape(k.key.as_str()), k.kcv));
        let heading = if done.kind.as_str() == "export-bundle" {
            msg!("transcript-keys-sent")
        } else {
            msg!("transcript-keys")
        };
        rows.push((heading, lines(keys)));
        let components = done.components.iter();
        let components = components.map(|c| format!("{} <code>{}</code>", escape(c.officer.as_str()), c.kcv));
        rows.push((msg!("transcript-components"), lines(components)));
        let shares = done
            .shares
            .iter()
            .map(|s| format!("{} {} <code>{}</code>", s.index, escape(s.officer.as_str()), s.digest));
        rows.push((msg!("transcript-shares"), lines(shares)));
        let files = done
            .files
            .iter()
            .map(|f| format!("{} <code>{}</code>", escape(f.slot.as_str()), f.digest));
        rows.push((msg!("transcript-files"), lines(files)));
        let events = done.events.iter().map(|event| {
            let what = bilingual(|lang| word("ceremony-event", event.what.as_str(), lang));
            let officer = event.officer.as_ref().map(Text::as_str).unwrap_or_default();
            let detail = event.detail.as_ref().map(Text::as_str).unwrap_or_default();
            format!("{} {} {what} {}", event.at, escape(officer), escape(detail))
        });
        rows.push((msg!("transcript-events"), lines(events)));
        let rows = rows.iter().filter(|(_, value)| !value.is_empty());
        let rows = rows.map(|(name, value)| format!("<tr><th>{}</th><td>{value}</td></tr>", both(name)));
        format!(
            "<section class=\"step\"><h3>{number}. {kind} <code>{}</code></h3>{planned}<table class=\"facts\">{}</table></section>",
            escape(done.id.as_str()),
            rows.collect::<Vec<_>>().join("\n")
        )
    }
}

/// What the plan says of a step, in its own words and in a sentence.
fn planned(step: &Step) -> String {
    let sentence = bilingual(|lang| step.sentence(lang));
    let note = step.note.as_ref();
    let note = note.map(|note| format!("<p>{}</p>", pair(&note.zh, &note.en)));
    format!("<p>{sentence}</p>{}", note.unwrap_or_default())
}

fn at(entry: &Entry) -> String {
    format!("{} · {}", entry.at, both(&msg!("transcript-entry", entry = entry.seq)))
}

fn digest_words(digest: &Hash) -> String {
    let rows = |lang| escape(&words::rows(&digest.0, lang).join("\n"));
    let [zh, en] = [Lang::Zh, Lang::En].map(rows);
    format!("<div class=\"words\"><div>{zh}</div><div>{en}</div></div>")
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("<br>")
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// A message in Chinese, and in English behind it.
fn both(msg: &Msg) -> String {
    bilingual(|lang| msg.render(lang))
}

fn bilingual(say: impl Fn(Lang) -> String) -> String {
    pair(&say(Lang::Zh), &say(Lang::En))
}

fn pair(zh: &str, en: &str) -> String {
    format!("{} <span class=\"en\" lang=\"en\">{}</span>", escape(zh), escape(en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        let page = page(
            &Transcript {
                plan: "</pre><script>".into(),
                lines: Vec::new(),
            },
            &Verdict::default(),
        );
        assert!(!page.contains("<script") && !page.contains("{{"), "{page}");
        assert!(page.contains("&lt;/pre&gt;&lt;script&gt;"));
    }
}
