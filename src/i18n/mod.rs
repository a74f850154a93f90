// SPDX-License-Identifier: Apache-2.0
//! The one catalogue of everything that is said to people: message id → English and Chinese, with a hint for errors.
//!
//! The texts are the TOML files beside this one, compiled in. Code names a message by id with `msg!`; rendering happens in
//! `cli`, or in English for `Display`. Every id has both languages with the same placeholders (test below). Placeholders are
//! `{name}`. In English the form of a word goes by the count before it: `{count} key(s) (is|are)`, `{entries} entr(y|ies)`.
//!
//! ```toml
//! [card-not-blank]
//! en = "the card in {reader} is not blank"
//! zh = "读卡器 {reader} 中的卡不是空白卡"
//! hint_en = "Use a blank card, or erase this one with its control key."
//! hint_zh = "请换空白卡，或用主控密钥擦除此卡。"
//! ```

mod visible;

pub use visible::visible;

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

/// The languages of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese 简体中文.
    Zh,
}

impl FromStr for Lang {
    type Err = ();
    /// Reads a locale name such as `zh_CN.UTF-8` or `en`.
    fn from_str(s: &str) -> Result<Self, ()> {
        if s.starts_with("zh") {
            Ok(Self::Zh)
        } else if s.starts_with("en") || s == "C" || s.starts_with("C.") || s == "POSIX" {
            Ok(Self::En)
        } else {
            Err(())
        }
    }
}

/// A message by id, with its arguments. Never holds a secret: arguments are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Msg {
    id: &'static str,
    args: Vec<(&'static str, Arg)>,
}

/// An argument of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Arg {
    /// Shown as it is, without control characters; what the operating system says is shown in the message's language.
    Text(String),
    /// One of a fixed set of words (a state, a role), shown in the message's language.
    Word { kind: &'static str, value: String },
    /// Another message: a reason.
    Said(Box<Msg>),
}

impl Arg {
    fn render(&self, lang: Lang) -> String {
        match self {
            Self::Text(text) => from_system(text, lang)
                .or_else(|| from_reader(&visible(text), lang))
                .unwrap_or_else(|| visible(text).into_owned()),
            Self::Word { kind, value } => word(kind, value, lang),
            Self::Said(msg) => msg.render(lang),
        }
    }
}

/// A word of a fixed set in a language: `word("role", "key-officer", lang)` is the text of `role-key-officer`. A word that
/// the catalogue lacks stays as it is.
pub fn word(kind: &str, value: &str, lang: Lang) -> String {
    let id = format!("{kind}-{}", value.replace([' ', '.'], "-"));
    lookup(&id, lang).map_or_else(|| visible(value).into_owned(), ToOwned::to_owned)
}

/// What the operating system says (`No such file or directory (os error 2)`), where the catalogue has other words for it.
fn from_system(text: &str, lang: Lang) -> Option<String> {
    let number = text.strip_suffix(')')?.rsplit_once(" (os error ")?.1;
    (lang != Lang::En)
        .then(|| lookup(&format!("os-error-{number}"), lang))
        .flatten()
        .map(ToOwned::to_owned)
}

/// What the reader of a settings file says about its fields, in Chinese.
fn from_reader(text: &str, lang: Lang) -> Option<String> {
    if lang != Lang::Zh {
        return None;
    }
    if let Some(field) = text.strip_prefix("missing field ") {
        return Some(format!("缺少字段 {field}"));
    }
    let (field, known) = text.strip_prefix("unknown field ")?.split_once(", expected ")?;
    let known = known
        .trim_start_matches("one of ")
        .replace(" or ", ", ")
        .replace(", ", "、");
    Some(format!("没有字段 {field}，可用的有 {known}"))
}

/// Builds a [`Msg`]: `msg!("id")`, `msg!("id", reader = name, tries = 3)`.
#[macro_export]
macro_rules! msg {
    ($id:literal $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::i18n::Msg::new($id, vec![$((stringify!($key), $value.to_string())),*])
    };
}

impl Msg {
    /// Used by `msg!`.
    pub fn new(id: &'static str, args: Vec<(&'static str, String)>) -> Self {
        let args = args.into_iter().map(|(name, text)| (name, Arg::Text(text))).collect();
        Self { id, args }
    }

    /// The same message with more arguments: where it happened, known only further up.
    #[must_use]
    pub fn with(mut self, more: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.args
            .extend(more.into_iter().map(|(name, text)| (name, Arg::Text(text))));
        self
    }

    /// The same message with an argument that is one of a fixed set of words, see [`word`].
    #[must_use]
    pub fn with_word(mut self, name: &'static str, kind: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        let value = value.to_string();
        self.args.push((name, Arg::Word { kind, value }));
        self
    }

    /// The same message with another message as an argument: the reason of a refusal.
    #[must_use]
    pub fn with_msg(mut self, name: &'static str, msg: Msg) -> Self {
        self.args.push((name, Arg::Said(Box::new(msg))));
        self
    }

    /// The message of an id made at run time (`sw-6A82`); `None` where the catalogue has none.
    pub fn known(id: &str) -> Option<Self> {
        CATALOGUE.get_key_value(id).map(|(id, _)| Self::new(id, Vec::new()))
    }

    /// The stable id: what scripts match on.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The text in a language.
    pub fn render(&self, lang: Lang) -> String {
        if let Some(entry) = CATALOGUE.get(self.id) {
            return self.fill(entry.text(lang), lang);
        }
        let args: Vec<_> = self.args.iter().map(|(name, arg)| (name, arg.render(lang))).collect();
        format!("{} {args:?}", self.id)
    }

    /// What to do next, where the catalogue says it for this message or for the reason within it.
    pub fn hint(&self, lang: Lang) -> Option<String> {
        let own = CATALOGUE.get(self.id).and_then(|e| e.hint(lang));
        let own = own.map(|text| self.fill(text, lang));
        own.or_else(|| {
            let reasons = self.args.iter().filter_map(|(_, arg)| match arg {
                Arg::Said(msg) => msg.hint(lang),
                _ => None,
            });
            reasons.into_iter().next()
        })
    }

    fn fill(&self, text: &str, lang: Lang) -> String {
        let mut out = String::with_capacity(text.len() + 32);
        let mut is_one = false;
        let mut rest = text;
        while let Some(open) = rest.find(['{', '(']) {
            let (close, in_braces) = if rest[open..].starts_with('{') {
                ('}', true)
            } else {
                (')', false)
            };
            let Some(len) = rest[open..].find(close) else {
                out.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
                continue;
            };
            let (inner, whole) = (&rest[open + 1..open + len], &rest[open..=open + len]);
            out.push_str(&rest[..open]);
            rest = &rest[open + len + 1..];
            if !in_braces {
                if let Some((one, many)) = forms(inner).filter(|_| lang == Lang::En) {
                    out.push_str(if is_one { one } else { many });
                } else {
                    // What stands in brackets may hold arguments of its own.
                    out.push('(');
                    rest = &text[text.len() - rest.len() - inner.len() - 1..];
                }
                continue;
            }
            match self.args.iter().find(|(key, _)| *key == inner) {
                Some((_, value)) => {
                    let value = value.render(lang);
                    is_one = value == "1";
                    out.push_str(&value);
                }
                None => out.push_str(whole),
            }
        }
        out + rest
    }
}

/// The forms of an English word by the count before it: `key(s)`, `entr(y|ies)`, `(is|are)`.
fn forms(text: &str) -> Option<(&str, &str)> {
    if text == "s" {
        return Some(("", "s"));
    }
    let is_form = |form: &str| form.chars().all(|c| c.is_ascii_lowercase());
    text.split_once('|').filter(|(one, many)| is_form(one) && is_form(many))
}

/// A text known by a name made at run time (help of a command, name of a status word); `None` where there is none.
pub fn lookup(id: &str, lang: Lang) -> Option<&'static str> {
    CATALOGUE.get(id).map(|e| e.text(lang))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    en: String,
    zh: String,
    hint_en: Option<String>,
    hint_zh: Option<String>,
}

impl Entry {
    fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    fn hint(&self, lang: Lang) -> Option<&str> {
        match lang {
            Lang::En => self.hint_en.as_deref(),
            Lang::Zh => self.hint_zh.as_deref(),
        }
    }
}

/// The files of the catalogue, one per part of the program.
const FILES: &[(&str, &str)] = &[
    ("backup.toml", include_str!("backup.toml")),
    ("batch.toml", include_str!("batch.toml")),
    ("centre.toml", include_str!("centre.toml")),
    ("range.toml", include_str!("range.toml")),
    ("desk.toml", include_str!("desk.toml")),
    ("blacklist.toml", include_str!("blacklist.toml")),
    ("stock.toml", include_str!("stock.toml")),
    ("calc.toml", include_str!("calc.toml")),
    ("card.toml", include_str!("card.toml")),
    ("ceremony-check.toml", include_str!("ceremony-check.toml")),
    ("ceremony-plan.toml", include_str!("ceremony-plan.toml")),
    ("ceremony-show.toml", include_str!("ceremony-show.toml")),
    ("ceremony.toml", include_str!("ceremony.toml")),
    ("cli.toml", include_str!("cli.toml")),
    ("crypto.toml", include_str!("crypto.toml")),
    ("evidence.toml", include_str!("evidence.toml")),
    ("doctor.toml", include_str!("doctor.toml")),
    ("demo.toml", include_str!("demo.toml")),
    ("form.toml", include_str!("form.toml")),
    ("help.toml", include_str!("help.toml")),
    ("key_block.toml", include_str!("key_block.toml")),
    ("keys.toml", include_str!("keys.toml")),
    ("ledger.toml", include_str!("ledger.toml")),
    ("order.toml", include_str!("order.toml")),
    ("paper.toml", include_str!("paper.toml")),
    ("perso.toml", include_str!("perso.toml")),
    ("purse.toml", include_str!("purse.toml")),
    ("reader.toml", include_str!("reader.toml")),
    ("report.toml", include_str!("report.toml")),
    ("sim.toml", include_str!("sim.toml")),
    ("site.toml", include_str!("site.toml")),
    ("status.toml", include_str!("status.toml")),
    ("system.toml", include_str!("system.toml")),
    ("tac.toml", include_str!("tac.toml")),
    ("template.toml", include_str!("template.toml")),
    ("transcript.toml", include_str!("transcript.toml")),
    ("transport.toml", include_str!("transport.toml")),
    ("upkeep.toml", include_str!("upkeep.toml")),
    ("usage.toml", include_str!("usage.toml")),
    ("witness.toml", include_str!("witness.toml")),
    ("written.toml", include_str!("written.toml")),
];

static CATALOGUE: LazyLock<HashMap<String, Entry>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for (name, text) in FILES {
        let part: HashMap<String, Entry> = toml::from_str(text).unwrap_or_else(|e| panic!("catalogue {name}: {e}"));
        for (id, entry) in part {
            assert!(all.insert(id.clone(), entry).is_none(), "message id {id} stands twice");
        }
    }
    all
});

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for (id, entry) in CATALOGUE.iter() {
            assert!(
                !entry.en.trim().is_empty() && !entry.zh.trim().is_empty(),
                "{id} is empty"
            );
            assert_eq!(
                placeholders(&entry.en),
                placeholders(&entry.zh),
                "{id}: placeholders differ"
            );
            assert_eq!(
                entry.hint_en.is_some(),
                entry.hint_zh.is_some(),
                "{id}: hint in one language only"
            );
            if let (Some(en), Some(zh)) = (&entry.hint_en, &entry.hint_zh) {
                assert_eq!(
                    placeholders(en),
                    placeholders(zh),
                    "{id}: placeholders of the hints differ"
                );
            }
        }
    }

    #[test]
    fn arguments_are_filled_and_unknown_ones_stay_visible() {
        let m = Msg::new("no-such-id", vec![("reader", "R1".into())]);
        assert_eq!(m.fill("{reader}: {what} {", Lang::En), "R1: {what} {");
        assert_eq!(m.render(Lang::En), "no-such-id [(\"reader\", \"R1\")]");
    }

    #[test]
    fn words_go_by_the_count_before_them() {
        let text = "({count} key(s) (is|are) in {place}, {entries} entr(y|ies)) (see (a|b) 1)";
        let said = |count: &str, lang| {
            let args = [("count", count), ("place", "A"), ("entries", "1")].map(|(k, v)| (k, v.to_owned()));
            Msg::new("x", args.to_vec()).fill(text, lang)
        };
        assert_eq!(said("1", Lang::En), "(1 key is in A, 1 entry) (see a 1)");
        assert_eq!(said("2", Lang::En), "(2 keys are in A, 1 entry) (see a 1)");
        assert_eq!(said("0", Lang::En), "(0 keys are in A, 1 entry) (see a 1)");
        assert_eq!(
            said("1", Lang::Zh),
            "(1 key(s) (is|are) in A, 1 entr(y|ies)) (see (a|b) 1)"
        );
    }

    #[test]
    fn words_and_what_the_system_says_come_in_the_language() {
        let m = msg!("x", what = "No such file or directory (os error 2)").with_word("state", "key-state", "active");
        let text = "{what}, {state}";
        assert_eq!(m.fill(text, Lang::Zh), "没有这个文件或文件夹, 在用");
        assert_eq!(m.fill(text, Lang::En), "No such file or directory (os error 2), active");
        assert_eq!(word("key-state", "no such state", Lang::Zh), "no such state");
        let zh = |text: &str| msg!("x", what = text).fill("{what}", Lang::Zh);
        assert_eq!(zh("missing field `name`"), "缺少字段 `name`");
        assert_eq!(
            zh("unknown field `a`, expected `en` or `zh`"),
            "没有字段 `a`，可用的有 `en`、`zh`"
        );
    }

    #[test]
    fn a_reason_brings_its_hint() {
        let reason = msg!("site-block-unnamed");
        let hint = reason.hint(Lang::En).unwrap();
        assert_eq!(
            msg!("site-block-line", line = 3).with_msg("why", reason).hint(Lang::En),
            Some(hint)
        );
        assert_eq!(msg!("site-block-line", line = 3).hint(Lang::En), None);
    }

    #[test]
    fn every_act_and_role_has_its_words() {
        let acts = include_str!("../ledger/act.rs").lines().filter_map(|line| {
            let name = line
                .trim()
                .strip_prefix("Self::")?
                .split_once("=> \"")?
                .1
                .strip_suffix("\",")?;
            name.contains('.').then_some(("act", name))
        });
        let roles = include_str!("../ledger/policy.rs").lines().filter_map(|line| {
            let name = line
                .trim()
                .strip_prefix("Self::")?
                .split_once("=> \"")?
                .1
                .strip_suffix("\",")?;
            Some(("role", name))
        });
        let all: Vec<_> = acts.chain(roles).collect();
        assert!(all.len() > 25, "{all:?}");
        for (kind, name) in all {
            assert_ne!(word(kind, name, Lang::Zh), name, "{kind} {name} has no Chinese word");
        }
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        let m = msg!("x", name = "a\u{1b}[31mb\u{9b}1m");
        assert_eq!(m.fill("{name}", Lang::En), "a\\u{1b}[31mb\\u{9b}1m");
    }
}
