// SPDX-License-Identifier: Apache-2.0
//! Plans of ceremonies: what the checks refuse, alone and against a site; what the pages say; any text is survived.

#![allow(clippy::unwrap_used)]

#[path = "ceremony_plans/checks.rs"]
mod checks;
#[path = "ceremony_plans/cli.rs"]
mod cli;
#[path = "ceremony_plans/documents.rs"]
mod documents;
#[path = "ceremony_plans/hostile.rs"]
mod hostile;
#[path = "ceremony_plans/on_site.rs"]
mod on_site;
mod rehearsal;

use std::collections::BTreeSet;

use cardmint::ceremony::plan::{Finding, SHIPPED, Severity};

/// A shipped plan with one place changed.
fn changed(name: &str, from: &str, to: &str) -> String {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name).unwrap();
    assert!(text.contains(from), "{name} has no {from:?}");
    text.replacen(from, to, 1)
}

/// There is a finding of that name and severity, and none of another name but those of `also`.
fn has_only(found: &[Finding], id: &str, severity: Severity, also: &[&str]) -> Finding {
    let hit = found.iter().find(|f| f.id == id);
    let hit = hit.unwrap_or_else(|| panic!("{id} was not found in {found:?}"));
    assert_eq!(hit.severity, severity, "{hit:?}");
    let others: BTreeSet<&str> = found.iter().map(|f| f.id).filter(|other| *other != id).collect();
    let also: BTreeSet<&str> = also.iter().copied().collect();
    assert_eq!(others, also, "{found:?}");
    for lang in [cardmint::i18n::Lang::En, cardmint::i18n::Lang::Zh] {
        let text = hit.what.render(lang);
        assert!(!text.contains('{') && !text.contains("plan-check"), "{text}");
    }
    hit.clone()
}
