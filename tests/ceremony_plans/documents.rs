// SPDX-License-Identifier: Apache-2.0
//! The format page and the shipped plans: its examples are good, its numbers are the program's, it names every kind of step
//! and every check; the shipped plans say what the scheme asks for.

use std::collections::BTreeSet;
use std::path::Path;

use cardmint::ceremony::Bindings;
use cardmint::ceremony::factors::{self, Ground, Tree};
use cardmint::ceremony::plan::{self, Do, SHIPPED};
use cardmint::crypto::{KcvLength, SecretBytes, kcv};
use cardmint::keys::scheme;

const PAGE: &str = include_str!("../../docs/formats/ceremony.md");

fn block(language: &str, n: usize) -> &'static str {
    let open = format!("```{language}\n");
    PAGE.split(&open).nth(n + 1).unwrap().split("```").next().unwrap()
}

#[test]
fn the_example_plan_and_bindings_are_good() {
    let plan = plan::read(block("toml", 0), "docs/formats/ceremony.md").unwrap();
    let found = plan.check(None, None);
    assert!(found.is_empty(), "{found:?}");
    let bindings = Bindings::read(block("toml", 1), "docs/formats/ceremony.md", Path::new("/")).unwrap();
    assert_eq!(bindings.officer(&plan.participants[1].id), Some("li"));
    assert!(plan.slots().all(|(_, slot, _)| bindings.path(slot).is_some()));
}

#[test]
fn the_page_counts_the_keys_of_shipped_plans() {
    for (name, _) in SHIPPED {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
    for (name, count) in [
        ("mohurd-ministry-root", 22),
        ("mot-ministry-root", 18),
        ("mohurd-city", 34),
        ("campus", 36),
    ] {
        let plan = plan::load(name).unwrap();
        let expected: usize = plan.expected.iter().map(|e| e.keys.len()).sum();
        assert_eq!(expected, count, "{name}");
        let row = PAGE
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")))
            .unwrap();
        assert!(row.contains(&format!("{count} keys")), "{row}");
    }
}

#[test]
fn the_page_names_every_check_and_kind_of_step() {
    for id in plan::checks() {
        assert!(PAGE.contains(&format!("| `{id}` |")), "{id}");
    }
    let source = include_str!("../../src/ceremony/plan/step.rs");
    let kinds = source.lines().filter_map(|l| {
        l.trim()
            .strip_prefix("Self::")?
            .split_once("(_) => \"")?
            .1
            .strip_suffix("\",")
    });
    let kinds: Vec<&str> = kinds.collect();
    assert_eq!(kinds.len(), 22, "{kinds:?}");
    for kind in kinds {
        assert!(PAGE.contains(&format!("| `{kind}` |")), "{kind}");
    }
}

/// The values of the page's table were made by the Python program that stands on the page.
#[test]
fn the_known_answers_of_leaders_factors() {
    let factors = [
        "1973 0412 5566 8821",
        "ab3f 91c0 77de 5a02",
        "Great-Wall_of.1421",
        "0608 3311 9075 2648 1133",
    ];
    let secret = |text: &str| SecretBytes::new(text.as_bytes().to_vec());
    let rows = PAGE.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        matches!(cells[..], ["rehearsal" | "production", ..]).then_some(cells)
    });
    let mut compared = 0;
    for row in rows {
        let ground = Ground {
            scheme: "campus".into(),
            owner: "issuer".into(),
            rehearsal: row[0] == "rehearsal",
        };
        assert!(factors.iter().all(|f| PAGE.contains(&format!("`{f}`"))));
        let typed: Vec<_> = factors.iter().map(|f| factors::typed(&secret(f)).unwrap()).collect();
        let id: cardmint::keys::KeyId = row[1].trim_matches('`').parse().unwrap();
        let key = Tree::grow(&ground, &typed).unwrap().key(&id).unwrap();
        let expected = cardmint::crypto::component::from_hex(&secret(row[2])).unwrap();
        let length = KcvLength::try_from(8).unwrap();
        assert!(key.same_as(&expected), "{row:?} is {}", kcv(id.algorithm, &key, length));
        compared += 1;
    }
    assert_eq!(compared, 5);
}

/// The usages that a scheme roots at a level, and those that each centre makes for its own PSAMs.
fn own_usages(scheme_name: &str, level: &str) -> BTreeSet<String> {
    let scheme = scheme::find(scheme_name, Path::new("")).unwrap();
    let level = level.parse().unwrap();
    scheme.rooted_at(&level).map(|rule| rule.name.to_string()).collect()
}

#[test]
fn root_ceremonies_make_every_usage_that_the_scheme_roots_there() {
    for (name, from_above) in [
        ("mohurd-ministry-root", false),
        ("mot-ministry-root", false),
        ("mohurd-city", true),
        ("mot-issuer", true),
        ("campus", false),
    ] {
        let plan = plan::load(name).unwrap();
        let (scheme_name, level) = (plan.scheme.clone().unwrap(), plan.level.clone().unwrap());
        let scheme = scheme::find(&scheme_name, Path::new("")).unwrap();
        let own = own_usages(&scheme_name, level.as_str());
        let (mut made, mut received) = (BTreeSet::new(), BTreeSet::new());
        for step in &plan.steps {
            let keys = step
                .what
                .made()
                .into_iter()
                .map(|key| (key.usage.to_string(), key.algorithm));
            if matches!(step.what, Do::Receive(_)) {
                received.extend(keys);
            } else {
                made.extend(keys);
            }
        }
        for usage in &own {
            for algorithm in &scheme.usage(&usage.parse().unwrap()).unwrap().algorithms {
                assert!(
                    made.contains(&(usage.clone(), *algorithm)),
                    "{name}: {usage} {algorithm}"
                );
            }
        }
        assert_eq!(
            made.iter().map(|(usage, _)| usage.clone()).collect::<BTreeSet<_>>(),
            own,
            "{name}"
        );
        assert_eq!(!received.is_empty(), from_above, "{name}");
        let count: usize = plan.expected.iter().map(|e| e.keys.len()).sum();
        assert!(count >= 18, "{name}: {count}");
    }
}

#[test]
fn the_city_is_as_large_as_it_must_be() {
    let plan = plan::load("mohurd-city").unwrap();
    let made: Vec<_> = plan
        .steps
        .iter()
        .filter(|s| !matches!(s.what, Do::Receive(_)))
        .flat_map(|s| s.what.made())
        .collect();
    for algorithm in ["3des", "sm4"] {
        let of = made.iter().filter(|key| key.algorithm.to_string() == algorithm).count();
        assert!(of >= 10, "{algorithm}: {of}");
    }
    assert!(made.len() >= 20);
    let custodians = plan
        .participants
        .iter()
        .filter(|p| p.id.as_str().starts_with("custodian"));
    assert_eq!(custodians.count(), 3);
}

#[test]
fn shipped_plans_are_the_files_of_their_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("key-ceremonies");
    let mut files: BTreeSet<String> = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        files.insert(file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    }
    let shipped: BTreeSet<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, shipped);
    // A plan is the same by its name and by its path.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("key-ceremonies/backup.toml");
    let by_path = plan::load(path.to_str().unwrap()).unwrap();
    assert_eq!(by_path.digest(), plan::load("backup").unwrap().digest());
}
