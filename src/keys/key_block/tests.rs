// SPDX-License-Identifier: Apache-2.0
//! Headers and keys: what fits and what does not.

use super::usage_code::TABLE;
use super::*;
use crate::crypto::KeyMaterial;
use crate::crypto::key_block::{ExchangeAlgorithm, ExchangeKey, KeyBlock};
use crate::keys::scheme;
use crate::outside::SystemRandom;

fn label(text: &str) -> BlockLabel {
    BlockLabel::parse(text).unwrap()
}

const OURS: &str = "cardmint 1 rehearsal mohurd purchase.v1.3des@city:3100";

/// The header that these attributes get.
fn header(attributes: &KeyAttributes, algorithm: Algorithm) -> Header {
    let exchange = ExchangeKey::generate(ExchangeAlgorithm::Aes256, &mut SystemRandom).unwrap();
    let key = KeyMaterial::init_with(|place| place.copy_from_slice(b"qT7#kd0!zLp5@x2^"));
    let text = exchange.wrap(attributes, algorithm, &key, &mut SystemRandom).unwrap();
    KeyBlock::parse(&text).unwrap().header().clone()
}

#[test]
fn labels_read_back_and_others_are_none() {
    assert_eq!(label(OURS).to_string(), OURS);
    let production = "cardmint 1 production metro load.v255.sm4@issuer:01990000FFFFFFFF";
    assert!(!label(production).rehearsal && label(production).scheme == "metro");
    for other in [
        "",
        "purchase.v1.3des@city:3100",
        "cardmint 2 rehearsal mohurd purchase.v1.3des@city:3100",
        "cardmint 1 demo mohurd purchase.v1.3des@city:3100",
        "cardmint 1 rehearsal  purchase.v1.3des@city:3100",
        "cardmint 1 rehearsal mohurd purchase.v01.3des@city:3100",
        "cardmint 1 rehearsal mohurd purchase.v1.3des@city:3100 ",
        " cardmint 1 rehearsal mohurd purchase.v1.3des@city:3100",
        "CARDMINT 1 rehearsal mohurd purchase.v1.3des@city:3100",
    ] {
        assert_eq!(BlockLabel::parse(other), None, "{other:?}");
    }
    assert!(BlockLabel::claims("cardmint 2 whatever") && !BlockLabel::claims("cardmintery"));
}

#[test]
fn every_usage_of_every_shipped_scheme_is_in_the_table() {
    let mut seen = std::collections::BTreeSet::new();
    for (name, _) in scheme::SHIPPED {
        for rule in scheme::find(name, std::path::Path::new(".")).unwrap().usages() {
            let listed = TABLE.iter().filter(|row| row.usage == rule.name.as_str()).count();
            assert_eq!(listed, 1, "{name}: {}", rule.name);
            assert_eq!(
                row(&rule.name).mode == ModeOfUse::Derive,
                rule.leaf.is_some(),
                "{}",
                rule.name
            );
            seen.insert(rule.name.to_string());
        }
    }
    for row in TABLE {
        assert!(seen.contains(row.usage), "no shipped scheme has {}", row.usage);
    }
    let page = include_str!("../../../docs/formats/key-block.md");
    for row in TABLE {
        let line = format!(
            "| `{}` | {} | {} |",
            row.usage,
            UsageCode::of(row.code),
            row.mode.letter()
        );
        assert!(page.contains(&line), "docs/formats/key-block.md lacks {line}");
    }
}

#[test]
fn what_we_write_fits_its_key_and_no_other() {
    let time = || "20261121043000Z".to_owned();
    let ours = header(
        &attributes(&label(OURS), Exportability::Trusted, time()),
        Algorithm::Tdes,
    );
    assert_eq!(ours.usage.to_string(), "E0");
    let check = |name: &str, foreign| check_header(&ours, &name.parse().unwrap(), foreign);
    assert_eq!(check("purchase.v1.3des@city:3100", false), Ok(()));
    let usage = |e: &HeaderMismatch| matches!(e, HeaderMismatch::Usage { .. });
    for other in ["pin-unblock", "app-control", "internal-auth", "transport", "local-use"] {
        for foreign in [false, true] {
            let e = check(&format!("{other}.v1.3des@city:3100"), foreign).unwrap_err();
            assert!(usage(&e), "{other}: {e}");
        }
    }
    let e = check("purchase.v2.3des@city:3100", true).unwrap_err();
    assert!(matches!(e, HeaderMismatch::Version { .. }), "{e}");
    let e = check("purchase.v1.sm4@city:3100", true).unwrap_err();
    assert!(matches!(e, HeaderMismatch::Algorithm { .. }), "{e}");
}

#[test]
fn other_senders_may_say_less_but_nothing_else() {
    let ours = header(
        &attributes(&label(OURS), Exportability::No, String::from("20261121043000Z")),
        Algorithm::Tdes,
    );
    let key: KeyId = "purchase.v18.3des@city:3100".parse().unwrap();
    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = ours.clone();
        header.key_version = KeyVersion::Number(18);
        change(&mut header);
        (
            check_header(&header, &key, false).is_ok(),
            check_header(&header, &key, true).is_ok(),
        )
    };
    assert_eq!(with(&|_| ()), (true, true));
    assert_eq!(with(&|h| h.key_version = KeyVersion::None), (false, true));
    assert_eq!(with(&|h| h.key_version = KeyVersion::Number(12)), (false, false));
    assert_eq!(with(&|h| h.key_version = KeyVersion::Other(['1', 'x'])), (false, false));
    assert_eq!(with(&|h| h.mode = ModeOfUse::Any), (false, true));
    assert_eq!(with(&|h| h.mode = ModeOfUse::Both), (false, false));
    assert_eq!(with(&|h| h.usage = UsageCode::of(*b"B3")), (false, true));
    assert_eq!(with(&|h| h.usage = UsageCode::of(*b"E6")), (false, true));
    assert_eq!(with(&|h| h.usage = UsageCode::of(*b"P0")), (false, false));
    assert_eq!(with(&|h| h.algorithm = AlgorithmCode::Sm4), (false, false));
}
