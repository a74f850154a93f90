// SPDX-License-Identifier: Apache-2.0
//! Whatever a line of a file of key blocks holds: reading says yes or no, and no block opens that nobody made.
#![no_main]

use std::sync::LazyLock;

use cardmint::crypto::SecretBytes;
use cardmint::crypto::key_block::{ExchangeAlgorithm, ExchangeKey, KeyBlock};
use cardmint::keys::key_block::BlockLabel;
use libfuzzer_sys::fuzz_target;

static EXCHANGE: LazyLock<Vec<ExchangeKey>> = LazyLock::new(|| {
    let digits = b"B5D4A7A1E3C91E4F6B208C37F2905DD80B1F63C47A98E25530FA1796D4E2C863";
    let key = |algorithm: ExchangeAlgorithm| {
        let text = SecretBytes::new(digits[..2 * algorithm.bytes()].to_vec());
        ExchangeKey::from_hex(algorithm, &text).expect("digits of that length")
    };
    ExchangeAlgorithm::ALL.map(key).into()
});

fuzz_target!(|text: &str| {
    let Ok(block) = KeyBlock::parse(text) else { return };
    if let Some(label) = block.header().label().and_then(BlockLabel::parse) {
        assert_eq!(Some(label.to_string().as_str()), block.header().label());
    }
    for exchange in EXCHANGE.iter() {
        assert!(exchange.open(&block).is_err() && exchange.unwrap(&block).is_err());
    }
});
