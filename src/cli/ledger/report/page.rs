// SPDX-License-Identifier: Apache-2.0
//! The report as one page, to be read on a screen, printed on A4 and filed. Whole in itself: no script, no picture, nothing
//! from a network. Everything that comes from the ledger is escaped where it is put in.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::sections;
use super::table::{Table, grouped};
use crate::html::{escape, fill};
use crate::i18n::{Lang, Msg, lookup, word};
use crate::ledger::report::{LedgerReport, Rule, local_of};
use crate::ledger::{Hash, Ledger, Report as Verification};
use crate::msg;

/// Entries that the list at the end holds at most; those beyond stay numbers.
const LINKED: usize = 2000;

/// What the page says beside the numbers.
pub(super) struct Page<'a> {
    pub(super) report: &'a LedgerReport,
    pub(super) ledger: &'a Ledger,
    pub(super) lang: Lang,
    /// When the report was made.
    pub(super) made_at: Timestamp,
    /// The officers who record it.
    pub(super) made_by: &'a [String],
    /// What the verification found, where there was one.
    pub(super) verification: Option<&'a Verification>,
    /// Entries that the page has named so far.
    pub(super) named: RefCell<BTreeSet<u64>>,
}

/// The program with its version.
pub(super) fn program() -> String {
    format!("cardmint {}", env!("CARGO_PKG_VERSION"))
}

/// A moment where the site is.
pub(super) fn wall(at: Timestamp) -> String {
    let at = local_of(at);
    format!("{} {:02}:{:02}:{:02}", at.date(), at.hour(), at.minute(), at.second())
}

impl Page<'_> {
    /// The page, HTML in UTF-8.
    pub(super) fn html(&self) -> String {
        fill(include_str!("page.html"), |name| self.value(name))
    }

    fn value(&self, name: &str) -> String {
        match name {
            "lang" => match self.lang {
                Lang::En => "en".to_owned(),
                Lang::Zh => "zh-CN".to_owned(),
            },
            "program" => escape(&program()),
            "title-line" => format!("{} · {}", self.text("title"), self.plain()),
            "rehearsal" if self.report.site.rehearsal => {
                format!("<div class=\"rehearsal\">{}</div>", self.text("rehearsal"))
            }
            "heading" => self.text("title"),
            "plain" => self.plain(),
            "verdict" => self.verdict(),
            "facts" => self.facts(),
            "summary" => sections::summary(self),
            "cards" => sections::cards(self),
            "stock" => sections::stock(self),
            "life" => sections::life(self),
            "money" => sections::money(self),
            "keys" => sections::keys(self),
            "ceremonies" => sections::ceremonies(self),
            "people" => sections::people(self),
            "outgoing" => sections::outgoing(self),
            "blacklist" => sections::blacklist(self),
            "anomalies" => self.anomalies(),
            "entries" => self.entries(),
            "signed" => self.signed(),
            heading if heading.starts_with("h-") => self.text(heading),
            _ => String::new(),
        }
    }

    /// A text of the catalogue, escaped: `report-` and the name.
    pub(super) fn text(&self, name: &str) -> String {
        let id = format!("report-{name}");
        escape(lookup(&id, self.lang).unwrap_or(&id))
    }

    /// A message, escaped.
    pub(super) fn say(&self, msg: &Msg) -> String {
        escape(&msg.render(self.lang))
    }

    /// A word of a fixed set, escaped.
    pub(super) fn word(&self, kind: &str, value: &str) -> String {
        escape(&word(kind, value, self.lang))
    }

    /// An entry's number, which leads to the list at the end.
    pub(super) fn entry(&self, seq: u64) -> String {
        let mut named = self.named.borrow_mut();
        if named.len() < LINKED || named.contains(&seq) {
            named.insert(seq);
            format!("<a href=\"#e{seq}\">{seq}</a>")
        } else {
            seq.to_string()
        }
    }

    /// Entries' numbers, and a sign that there are more of them.
    pub(super) fn entries_of(&self, entries: &[u64], count: u64) -> String {
        let shown: Vec<String> = entries.iter().map(|seq| self.entry(*seq)).collect();
        let more = if count > entries.len() as u64 && entries.len() > 2 {
            " …"
        } else {
            ""
        };
        shown.join(", ") + more
    }

    fn plain(&self) -> String {
        let period = &self.report.period;
        let range = msg!("report-range", from = period.from, to = period.to);
        format!("{} · {}", escape(&self.report.site.name), self.say(&range))
    }

    fn verdict(&self) -> String {
        let Some(found) = self.verification else {
            let (head, text) = (self.text("verdict-none"), self.text("verdict-none-text"));
            return format!("<div class=\"verdict bad\"><strong>{head}</strong><br>{text}</div>");
        };
        let copy = match found.copy_agrees {
            Some(true) => self.text("verdict-copy"),
            _ => self.text("verdict-no-copy"),
        };
        if found.good() {
            let text = msg!(
                "report-verdict-good-text",
                entries = found.entries,
                signatures = found.signatures,
                covered = found.covered
            );
            let head = self.text("verdict-good");
            return format!(
                "<div class=\"verdict\"><strong>{head}</strong><br>{} {copy}</div>",
                self.say(&text)
            );
        }
        let head = self.say(&msg!("report-verdict-bad", count = found.count));
        let mut lines = vec![format!("<strong>{head}</strong>"), self.text("verdict-bad-text")];
        let shown = found.findings.iter().take(20).map(|finding| {
            let at = finding.seq.map(|seq| format!("{} ", self.entry(seq)));
            format!(
                "<code>{}</code> {}{}",
                finding.check,
                at.unwrap_or_default(),
                self.say(&finding.what)
            )
        });
        lines.extend(shown);
        let more = found.count.saturating_sub(20);
        if more > 0 {
            lines.push(self.say(&msg!("report-verdict-more", count = more)));
        }
        format!("<div class=\"verdict bad\">{}</div>", lines.join("<br>"))
    }

    fn facts(&self) -> String {
        let rows = [
            ("fact-site", self.site()),
            ("fact-period", self.period()),
            ("fact-entries", self.span()),
            ("fact-ledger", self.ledger_told()),
            ("fact-root", format!("<code>{}</code>", self.report.ledger.root)),
            ("fact-checkpoint", self.checkpoint()),
            ("fact-cosigned", self.cosigned()),
            (
                "fact-log-key",
                format!("<code>{}</code>", escape(&self.report.site.log_key)),
            ),
            ("fact-made", format!("{} ({})", wall(self.made_at), self.made_at)),
            ("fact-by", self.made_by()),
            ("fact-program", escape(&program())),
        ];
        let rows = rows.map(|(name, value)| format!("<tr><th>{}</th><td>{value}</td></tr>", self.text(name)));
        format!("<table class=\"facts\">{}</table>", rows.join("\n"))
    }

    fn site(&self) -> String {
        let site = &self.report.site;
        format!(
            "{} · {} · {} · <code>{}</code>",
            escape(&site.name),
            escape(&site.owner),
            escape(&site.scheme),
            escape(&site.id)
        )
    }

    fn period(&self) -> String {
        let period = &self.report.period;
        let range = self.say(&msg!("report-range", from = period.from, to = period.to));
        let days = self.say(&msg!("report-fact-days", days = period.days()));
        format!("{range} · {days}")
    }

    fn span(&self) -> String {
        let span = self.report.span;
        let Some(last) = span.to.checked_sub(1).filter(|last| *last >= span.from) else {
            return self.text("fact-entries-none");
        };
        let count = grouped(span.to - span.from);
        self.say(&msg!(
            "report-fact-entries-of",
            first = span.from,
            last = last,
            count = count
        ))
    }

    fn ledger_told(&self) -> String {
        let whole = &self.report.ledger;
        let at = whole.last_at.as_ref().and_then(|at| at.parse().ok()).map(wall);
        self.say(&msg!(
            "report-fact-ledger-of",
            size = grouped(whole.size),
            at = at.unwrap_or_default()
        ))
    }

    fn checkpoint(&self) -> String {
        let whole = &self.report.ledger;
        let (Some(size), Some(root)) = (whole.checkpoint, &whole.checkpoint_root) else {
            return self.text("fact-checkpoint-none");
        };
        let signers = whole.checkpoint_signers.join(", ");
        let said = msg!("report-fact-checkpoint-of", size = grouped(size), signers = signers);
        format!("{}<br><code>{root}</code>", self.say(&said))
    }

    fn cosigned(&self) -> String {
        let Some(cosigned) = &self.report.ledger.cosigned else {
            return self.text("fact-checkpoint-none");
        };
        let said = msg!(
            "report-fact-cosigned-of",
            witness = cosigned.witness,
            size = grouped(cosigned.size)
        );
        format!("{} ({})", self.say(&said), self.entry(cosigned.seq))
    }

    fn made_by(&self) -> String {
        if self.made_by.is_empty() {
            self.text("fact-by-none")
        } else {
            escape(&self.made_by.join(" + "))
        }
    }

    fn anomalies(&self) -> String {
        let report = self.report;
        let rules = report.rules.iter().map(|rule| {
            let found = grouped(rule.found);
            let found = if rule.found > 0 {
                format!("<span class=\"alarm\">{found}</span>")
            } else {
                found
            };
            vec![
                format!("<code>{}</code>", rule.rule),
                self.text(&format!("rule-{}", rule.rule.to_lowercase())),
                escape(rule.threshold.as_deref().unwrap_or("–")),
                found,
            ]
        });
        let rules = Table::new("rules", &["rule:k", "looks", "threshold:n", "found:n"]).rows(rules);
        let found = report.anomalies.iter().map(|anomaly| {
            vec![
                format!("<code>{}</code>", anomaly.rule.id()),
                self.say(&anomaly.what),
                self.entries_of(&anomaly.entries, entries_meant(anomaly.rule, anomaly.count)),
            ]
        });
        let found = Table::new("found", &["rule:k", "said", "entries"]).rows(found);
        let (counting, cosign) = (self.text("note-anomalies"), self.text("note-cosign"));
        let kept = report.anomalies.len() as u64;
        let all: u64 = report.rules.iter().map(|rule| rule.found).sum();
        format!(
            "<p class=\"note\">{counting}</p>{}<p class=\"note\">{cosign}</p>{}{}",
            rules.shown(self),
            found.shown(self),
            self.more(all.saturating_sub(kept))
        )
    }

    /// That rows are left out, where they are.
    pub(super) fn more(&self, count: u64) -> String {
        if count == 0 {
            return String::new();
        }
        format!(
            "<p class=\"note\">{}</p>",
            self.say(&msg!("report-more", count = count))
        )
    }

    fn entries(&self) -> String {
        let named = self.named.borrow().clone();
        let rows = named.iter().filter_map(|seq| {
            let entry = self.ledger.entry(*seq).ok()?;
            let leaf = Hash::leaf(&entry.line()).to_string();
            let officers: Vec<&str> = entry.sigs.iter().map(|sig| sig.officer.as_str()).collect();
            Some(vec![
                format!("<span id=\"e{seq}\">{seq}</span>"),
                entry.at.as_str().parse().ok().map(wall).unwrap_or_default(),
                self.word("act", entry.act.name()),
                escape(&officers.join(" + ")),
                format!("<code>{}…</code>", &leaf[..16]),
            ])
        });
        let table = Table::new("", &["entry:n", "at:k", "act:k", "officers", "leaf:k"]).rows(rows);
        format!(
            "<p class=\"note\">{}</p>{}",
            self.text("note-entries"),
            table.shown(self)
        )
    }

    fn signed(&self) -> String {
        let rows = ["sign-prepared", "sign-checked", "sign-audited"];
        let rows = rows.map(|name| format!("<tr><td>{}</td><td></td><td></td></tr>", self.text(name)));
        format!(
            "<table class=\"signatures\"><thead><tr><th></th><th>{}</th><th>{}</th></tr></thead><tbody>{}</tbody></table>",
            self.text("col-signature"),
            self.text("col-date"),
            rows.join("")
        )
    }
}

/// Of how many entries an anomaly names the first; of one that is about something else, none are left out.
fn entries_meant(rule: Rule, count: u64) -> u64 {
    match rule {
        Rule::Night | Rule::FailuresReader | Rule::FailuresOperator | Rule::Doubt | Rule::Unfinished | Rule::Scrap => {
            count
        }
        _ => 0,
    }
}
