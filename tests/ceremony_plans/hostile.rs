// SPDX-License-Identifier: Apache-2.0
//! Any text is survived by the reader, and any plan that can be read is survived by the checks.

use std::path::Path;

use cardmint::ceremony::Bindings;
use cardmint::ceremony::plan::{self, PlanError, SHIPPED};
use proptest::prelude::*;

/// Reads, and checks what could be read. An error has a line of the text.
fn survived(text: &str) {
    match plan::read(text, "any") {
        Ok(plan) => {
            let lines = text.lines().count().max(1);
            for finding in plan.check(Some(&Bindings::default()), None) {
                assert!((1..=lines).contains(&finding.line), "{finding:?}");
            }
        }
        Err(PlanError::Syntax { line, .. } | PlanError::Field { line, .. }) => assert!(line >= 1),
        Err(PlanError::Format { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
    let _ = Bindings::read(text, "any", Path::new("/"));
}

/// Pieces of which plans are made, right and wrong.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "format = 1\n",
        "title = { en = \"t\", zh = \"t\" }\n",
        "purpose = { en = \"t\", zh = \"t\" }\n",
        "[[step]]\n",
        "[[participant]]\n",
        "[[officer]]\n",
        "[[expect]]\n",
        "[step]\n",
        "id = \"a\"\n",
        "id = \"b\"\n",
        "do = \"generate\"\n",
        "do = \"rotate\"\n",
        "do = \"restore\"\n",
        "do = \"reshare\"\n",
        "do = \"revoke\"\n",
        "do = \"enrol\"\n",
        "by = [\"a\"]\n",
        "keys = [\"load.v1.3des\"]\n",
        "keys = [\"load.v255.sm4@city:3100\"]\n",
        "key = \"load.v1.3des\"\n",
        "to-version = 255\n",
        "custodians = [\"a\", \"a\"]\n",
        "holders = []\n",
        "holders = [\"a\"]\n",
        "quorum = 255\n",
        "threshold = 0\n",
        "state = \"active\"\n",
        "officer = \"b\"\n",
        "roles = [\"custodian\"]\n",
        "role = \"custodian\"\n",
        "reason = \"r\"\n",
        "file = \"f\"\n",
        "pages = \"f\"\n",
        "scheme = \"mohurd\"\n",
        "scheme = \"/dev/null\"\n",
        "level = \"city\"\n",
        "confirm = [\"b\"]\n",
        "\"",
        "[",
        "]",
        "=",
        "\u{1b}",
        "\n",
    ];
    prop_oneof![8 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,20}"]
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for (open, close) in [("[", "]"), ("{ a = ", " }")] {
        for depth in [50, 200, 100_000] {
            survived(&format!("title = {}1{}\n", open.repeat(depth), close.repeat(depth)));
        }
    }
    survived(&format!("{}{}", "[a", ".a".repeat(100_000) + "]\n"));
    survived(&"[[step]]\n".repeat(20_000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "(?s).{0,400}") {
        survived(&text);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(piece(), 0..60)) {
        survived(&pieces.concat());
    }

    #[test]
    fn any_damage_to_a_shipped_plan(which in 0..SHIPPED.len(), at in any::<prop::sample::Index>(), length in 0..40usize, put in "\\PC{0,12}") {
        let characters: Vec<char> = SHIPPED[which].1.chars().collect();
        let start = at.index(characters.len());
        let end = (start + length).min(characters.len());
        let text: String = characters[..start].iter().chain(put.chars().collect::<Vec<_>>().iter()).chain(&characters[end..]).collect();
        survived(&text);
    }

    #[test]
    fn lines_out_of_a_shipped_plan_in_any_order(which in 0..SHIPPED.len(), seed in any::<u64>()) {
        let mut lines: Vec<&str> = SHIPPED[which].1.lines().collect();
        let mut state = seed | 1;
        for at in (1..lines.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            lines.swap(at, (state >> 33) as usize % (at + 1));
        }
        survived(&lines.join("\n"));
    }
}
