// SPDX-License-Identifier: Apache-2.0
//! The stories of tests/ledger, of which the subjects are made.
#![allow(dead_code)] // the tests that they were written for use more of them

#[path = "../ledger/bench_site.rs"]
pub mod bench_site;
#[path = "../ledger/centre_story.rs"]
pub mod centre_story;
#[path = "../ledger/ceremony_story.rs"]
pub mod ceremony_story;
#[path = "../ledger/story.rs"]
pub mod story;

/// Both verifiers are compared in another way here.
pub mod python {
    pub type Verdict = (String, String, String, String);
    pub fn verdicts(_: &[(String, Vec<u8>, Option<String>)]) -> (Vec<Verdict>, Vec<Verdict>) {
        (Vec::new(), Vec::new())
    }
}

/// Copies of the ledger, as tests/ledger/upkeep makes them.
pub mod upkeep {
    use std::path::Path;

    use cardmint::ledger::LedgerError;
    use cardmint::ledger::upkeep::{Copied, backup};
    use cardmint::outside::Unobserved;
    use ed25519_dalek::Signer as _;

    use super::bench_site::{Bench, key};

    pub fn copied(b: &mut Bench, to: &Path) -> Result<Copied, LedgerError> {
        let log = key(9);
        let newest = b.ledger.checkpoint(&|m| log.sign(m).to_bytes()).unwrap();
        backup(&b.ledger, &newest, to, &mut Unobserved)
    }
}
