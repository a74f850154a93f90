// SPDX-License-Identifier: Apache-2.0
//! The page that a custodian takes away in a sealed envelope: one component, share or factor in writing, who holds it and
//! what it is for, in Chinese and English on one sheet of A4. The page is whole in itself: no script, no picture, nothing
//! from a network. What stands on it is told from the secret by type: facts are text, the secret is set in last.

use crate::crypto::SecretBytes;
use crate::crypto::written::{Header, Kind, place_of, typeset};
use crate::html::escape;
use crate::i18n::{Lang, Msg, lookup};
use crate::msg;

/// What a page says beside the secret. All of it is public.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The site's name in English and Chinese.
    pub site: [&'a str; 2],
    /// The page of a rehearsal says so.
    pub rehearsal: bool,
    /// The ceremony's title in English and Chinese.
    pub ceremony: [&'a str; 2],
    /// The step of the plan that made it.
    pub step: &'a str,
    /// Kind, number, how many are needed, and the ceremony's tag.
    pub header: Header,
    /// The officer who takes it away.
    pub custodian: &'a str,
    /// What the secret is a part of.
    pub whole: Whole<'a>,
    /// A component's or factor's check value, or the beginning of a share's digest.
    pub check: &'a str,
    /// When it was made, in UTC.
    pub at: &'a str,
}

/// What components, factors or shares make.
#[derive(Debug, Clone, Copy)]
pub enum Whole<'a> {
    /// A key.
    Key {
        /// Its id.
        id: &'a str,
        /// Its check value.
        kcv: &'a str,
    },
    /// The key of a backup, which opens the file of this name.
    Backup(&'a str),
}

/// The page, HTML in UTF-8, with a secret that [`crate::crypto::written::write`] wrote.
pub fn page(facts: &Facts<'_>, groups: usize, text: &SecretBytes) -> SecretBytes {
    typeset(&fill(facts, groups), text)
}

/// The page without the secret.
fn fill(facts: &Facts<'_>, groups: usize) -> String {
    crate::html::fill(include_str!("form.html"), |name| value(name, facts, groups))
}

/// What stands for a name of the template: a text of the catalogue in both languages, or a fact.
fn value(name: &str, facts: &Facts<'_>, groups: usize) -> String {
    let header = facts.header;
    match name {
        "rehearsal" if facts.rehearsal => format!("<div class=\"rehearsal\">{}</div>", inline("form-rehearsal")),
        "rehearsal" => String::new(),
        "kind" => both(kind_id(header.kind())),
        "kind-line" => inline(kind_id(header.kind())),
        "number" => {
            let [zh, en] = number(header);
            format!("<strong>{zh}</strong><span class=\"en\">{en}</span>")
        }
        "number-line" => number(header).join(" · "),
        "site" => named(facts.site),
        "site-line" => escape(facts.site[1]),
        "custodian" => escape(facts.custodian),
        "ceremony" => named(facts.ceremony),
        "ceremony-line" => escape(facts.ceremony[1]),
        "tag" => hex::encode_upper(header.tag()),
        "of" => whole(facts.whole, true),
        "of-line" => whole(facts.whole, false),
        "check-label" if header.kind() == Kind::Share => both("form-digest"),
        "check-label" => both("form-kcv"),
        "check" => escape(facts.check),
        "step" => escape(facts.step),
        "at" => escape(facts.at),
        "count" => groups.to_string(),
        "groups" => (1..=groups).map(group).collect::<Vec<_>>().join("\n"),
        "form-title" | "form-cut" => inline(name),
        label => both(label),
    }
}

fn group(number: usize) -> String {
    format!("<div class=\"group\"><i>{number}</i><b>{}</b></div>", place_of(number))
}

fn kind_id(kind: Kind) -> &'static str {
    match kind {
        Kind::Component => "form-kind-component",
        Kind::Share => "form-kind-share",
        Kind::Factor => "form-kind-factor",
    }
}

/// Which one it is and how many are needed, in Chinese and English.
fn number(header: Header) -> [String; 2] {
    let (index, needed) = (header.index(), header.needed());
    let said: Msg = if header.kind() == Kind::Share {
        msg!("form-number-share", index = index, needed = needed)
    } else {
        msg!("form-number-all", index = index, needed = needed)
    };
    [Lang::Zh, Lang::En].map(|lang| escape(&said.render(lang)))
}

/// What somebody named, in Chinese and, where it differs, in English.
fn named([en, zh]: [&str; 2]) -> String {
    let english = format!("<span class=\"en\">{}</span>", escape(en));
    let english = if en == zh { "" } else { &english };
    format!("<span>{}</span>{english}", escape(zh))
}

/// What it is a part of; `wide` where there is room for labels.
fn whole(whole: Whole<'_>, wide: bool) -> String {
    let mono = |text: &str| format!("<span class=\"mono\">{}</span>", escape(text));
    match whole {
        Whole::Key { id, kcv } if wide => format!("{} {} {}", mono(id), both("form-of-kcv"), mono(kcv)),
        Whole::Key { id, kcv } => format!("{} {}", mono(id), mono(kcv)),
        Whole::Backup(file) if wide => format!("{} {}", both("form-backup"), mono(file)),
        Whole::Backup(file) => format!("{} {}", texts("form-backup")[0], mono(file)),
    }
}

fn texts(id: &str) -> [String; 2] {
    [Lang::Zh, Lang::En].map(|lang| escape(lookup(id, lang).unwrap_or(id)))
}

/// Chinese, and English behind it in small letters.
fn both(id: &str) -> String {
    let [zh, en] = texts(id);
    format!("<span>{zh}</span> <span class=\"en\">{en}</span>")
}

fn inline(id: &str) -> String {
    texts(id).join(" · ")
}

#[cfg(test)]
mod tests;
