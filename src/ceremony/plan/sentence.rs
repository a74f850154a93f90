// SPDX-License-Identifier: Apache-2.0
//! A plan in sentences, in both languages: what happens in each step, for people who do not read TOML.

use super::key_name::PlannedKey;
use super::model::{PersonId, Plan};
use super::step::{Do, Step};
use super::work::{
    Backup, Combine, Components, Enrol, ExportBlock, ExportForms, FactorMethod, Factors, ImportExchangeKey, Restore,
    Split,
};
use crate::i18n::{Lang, Msg, word};
use crate::keys::KeyState;
use crate::keys::scheme::Scheme;
use crate::msg;

/// Names one after the other, as the language writes it.
pub fn listed<T: ToString>(items: impl IntoIterator<Item = T>, lang: Lang) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(match lang {
        Lang::En => ", ",
        Lang::Zh => "、",
    })
}

/// Keys one after the other; many of them by version and cipher, or by usage where that is shorter, so that a reader finds
/// them.
pub fn listed_keys(keys: &[PlannedKey], lang: Lang) -> String {
    const FEW: usize = 4;
    if keys.len() <= FEW {
        return listed(keys, lang);
    }
    let parts: Vec<(String, String)> = keys
        .iter()
        .map(|key| {
            let (name, usage) = (key.to_string(), key.usage.to_string());
            let kind = name[usage.len() + 1..].to_owned();
            (kind, usage)
        })
        .collect();
    let by_kind = grouped(parts.iter().map(|(kind, usage)| (kind, usage)));
    let by_usage = grouped(parts.iter().map(|(kind, usage)| (usage, kind)));
    let groups = if by_usage.len() < by_kind.len() {
        by_usage
    } else {
        by_kind
    };
    let kinds: Vec<String> = groups
        .into_iter()
        .map(|(head, rest)| msg!("plan-keys-of-kind", kind = head, usages = listed(rest, lang)).render(lang))
        .collect();
    kinds.join(match lang {
        Lang::En => "; ",
        Lang::Zh => "；",
    })
}

/// What goes with each first part, in the order in which they come.
fn grouped<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (head, rest) in pairs {
        match groups.iter_mut().find(|(known, _)| known == head) {
            Some((_, all)) => all.push(rest),
            None => groups.push((head, vec![rest])),
        }
    }
    groups
}

impl Plan {
    /// The plan's scheme, where the program comes with it.
    pub fn known_scheme(&self) -> Option<Scheme> {
        self.scheme.as_deref().and_then(super::checks::scheme::shipped)
    }

    /// A person of the plan: the name, and what the plan says about that person.
    pub fn person(&self, id: &PersonId, lang: Lang) -> String {
        let participants = self.participants.iter().map(|p| (&p.id, &p.title));
        let mut people = participants.chain(self.officers.iter().map(|o| (&o.id, &o.title)));
        let title = people
            .find(|(known, _)| *known == id)
            .and_then(|(_, title)| title.as_ref());
        match title {
            None => id.to_string(),
            Some(title) => msg!("plan-person", id = id, title = title.in_language(lang)).render(lang),
        }
    }
}

impl Step {
    /// What happens in this step.
    pub fn sentence(&self, lang: Lang) -> String {
        let sentence = self.what.sentence(lang).render(lang);
        let later = self.what.start() == KeyState::PreActive && !self.what.made().is_empty();
        if later {
            let behind = msg!("plan-does-pre-active").render(lang);
            return format!("{sentence}{behind}");
        }
        sentence
    }
}

impl Do {
    fn sentence(&self, lang: Lang) -> Msg {
        let keys = |keys: &[PlannedKey]| listed_keys(keys, lang);
        match self {
            Self::Generate(w) => msg!("plan-does-generate", count = w.keys.len(), keys = keys(&w.keys)),
            Self::Components(w) => w.sentence(lang),
            Self::Factors(w) => w.sentence(lang),
            Self::Derive(w) => msg!("plan-does-derive", keys = keys(&w.keys), to = w.to),
            Self::Receive(w) => {
                msg!(
                    "plan-does-receive",
                    count = w.keys.len(),
                    file = w.file,
                    keys = keys(&w.keys)
                )
            }
            Self::ImportBlock(w) => {
                msg!(
                    "plan-does-import-block",
                    keys = keys(&w.keys),
                    file = w.file,
                    under = w.under
                )
            }
            Self::ImportExchangeKey(w) => w.sentence(lang),
            Self::ExportBundle(w) => msg!(
                "plan-does-export-bundle",
                keys = keys(&w.keys),
                to = w.to,
                file = w.file
            ),
            Self::ExportBlock(w) => w.sentence(lang),
            Self::ExportForms(w) => w.sentence(lang),
            Self::Split(w) => w.sentence(lang),
            Self::Combine(w) => w.sentence(lang),
            Self::Rotate(w) if w.retire => {
                msg!("plan-does-rotate-retire", keys = keys(&w.keys), version = w.to_version)
            }
            Self::Rotate(w) => msg!("plan-does-rotate", keys = keys(&w.keys), version = w.to_version),
            Self::State(w) => msg!("plan-does-state", keys = keys(&w.keys), reason = w.reason).with_word(
                "state",
                "key-state",
                &w.state,
            ),
            Self::Destroy(w) => msg!("plan-does-destroy", keys = keys(&w.keys), reason = w.reason),
            Self::Backup(w) => w.sentence(lang),
            Self::Restore(w) => w.sentence(lang),
            Self::Enrol(w) => w.sentence(lang),
            Self::Revoke(w) => msg!("plan-does-revoke", officer = w.officer, reason = w.reason),
            Self::Reshare(w) => msg!(
                "plan-does-reshare",
                quorum = w.quorum,
                holders = listed(&w.holders, lang)
            ),
            Self::Pin(w) => msg!("plan-does-pin", name = w.name),
            Self::Check(w) => msg!("plan-does-check", keys = keys(&w.keys)),
        }
    }
}

impl Components {
    fn sentence(&self, lang: Lang) -> Msg {
        let (custodians, confirm) = (listed(&self.custodians, lang), listed(&self.confirm, lang));
        msg!(
            "plan-does-components",
            key = self.key,
            custodians = custodians,
            confirm = confirm
        )
    }
}

impl Factors {
    fn sentence(&self, lang: Lang) -> Msg {
        let (keys, count) = (listed_keys(&self.keys, lang), self.keys.len());
        let (leaders, confirm) = (listed(&self.leaders, lang), listed(&self.confirm, lang));
        match self.method {
            FactorMethod::Digest => {
                msg!(
                    "plan-does-factors",
                    count = count,
                    leaders = leaders,
                    keys = keys,
                    confirm = confirm
                )
            }
            FactorMethod::Xor => msg!(
                "plan-does-factors-xor",
                keys = keys,
                leaders = leaders,
                confirm = confirm
            ),
        }
    }
}

impl ImportExchangeKey {
    fn sentence(&self, lang: Lang) -> Msg {
        msg!(
            "plan-does-import-exchange-key",
            name = self.name,
            algorithm = self.algorithm,
            custodians = listed(&self.custodians, lang),
            confirm = listed(&self.confirm, lang)
        )
    }
}

impl ExportBlock {
    fn sentence(&self, lang: Lang) -> Msg {
        let keys = listed_keys(&self.keys, lang);
        msg!(
            "plan-does-export-block",
            keys = keys,
            under = self.under,
            file = self.file
        )
        .with_word("exportable", "plan-exportable", &self.exportable)
    }
}

impl ExportForms {
    fn sentence(&self, lang: Lang) -> Msg {
        let custodians = listed(&self.custodians, lang);
        msg!(
            "plan-does-export-forms",
            key = self.key,
            custodians = custodians,
            pages = self.pages
        )
    }
}

impl Split {
    fn sentence(&self, lang: Lang) -> Msg {
        msg!(
            "plan-does-split",
            key = self.key,
            threshold = self.threshold,
            custodians = listed(&self.custodians, lang),
            pages = self.pages
        )
    }
}

impl Combine {
    fn sentence(&self, lang: Lang) -> Msg {
        msg!(
            "plan-does-combine",
            key = self.key,
            custodians = listed(&self.custodians, lang),
            threshold = self.threshold,
            confirm = listed(&self.confirm, lang)
        )
    }
}

impl Backup {
    fn sentence(&self, lang: Lang) -> Msg {
        msg!(
            "plan-does-backup",
            file = self.file,
            threshold = self.threshold,
            custodians = listed(&self.custodians, lang),
            pages = self.pages
        )
    }
}

impl Restore {
    fn sentence(&self, lang: Lang) -> Msg {
        let lost = match &self.lost {
            None => msg!("plan-does-restore-strict"),
            Some(reason) => msg!("plan-does-restore-lost", reason = reason),
        };
        msg!(
            "plan-does-restore",
            file = self.file,
            custodians = listed(&self.custodians, lang),
            quorum = self.quorum,
            holders = listed(&self.holders, lang)
        )
        .with_msg("lost", lost)
    }
}

impl Enrol {
    fn sentence(&self, lang: Lang) -> Msg {
        let roles = self.roles.iter().map(|role| word("role", role.as_str(), lang));
        msg!("plan-does-enrol", officer = self.officer, roles = listed(roles, lang))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SHIPPED, read};
    use super::*;

    #[test]
    fn every_step_is_told_in_both_languages() {
        for (name, text) in SHIPPED {
            let plan = read(text, name).unwrap();
            for step in &plan.steps {
                let (en, zh) = (step.sentence(Lang::En), step.sentence(Lang::Zh));
                assert!(
                    !en.contains('{') && !zh.contains('{') && !en.contains("plan-does"),
                    "{en} {zh}"
                );
                assert_ne!(en, zh);
                for key in step.what.used() {
                    assert!(
                        en.contains(key.usage.as_str()) && zh.contains(key.usage.as_str()),
                        "{en}"
                    );
                }
                let people = step.what.custodians().iter().chain(step.what.confirm());
                for person in people {
                    assert!(en.contains(person.as_str()) && zh.contains(person.as_str()), "{en}");
                }
            }
        }
    }

    #[test]
    fn many_keys_are_listed_by_version_and_cipher() {
        let keys = |names: &str| {
            names
                .split(' ')
                .map(|name| name.parse().unwrap())
                .collect::<Vec<PlannedKey>>()
        };
        let few = keys("load.v1.3des load.v1.sm4");
        assert_eq!(listed_keys(&few, Lang::Zh), "load.v1.3des、load.v1.sm4");
        let many = keys("load.v1.3des load.v1.sm4 tac.v1.3des tac.v2.sm4 unload.v1.3des");
        assert_eq!(
            listed_keys(&many, Lang::En),
            "v1.3des: load, tac, unload; v1.sm4: load; v2.sm4: tac"
        );
        let below = keys("a.v1.3des@city:3100 b.v1.3des@city:3100 c.v1.3des d.v1.3des e.v1.3des");
        assert_eq!(
            listed_keys(&below, Lang::En),
            "v1.3des@city:3100: a, b; v1.3des: c, d, e"
        );
    }
}
