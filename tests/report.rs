// SPDX-License-Identifier: Apache-2.0
//! The report of a period: its numbers against SQL that was written here, its page in a browser and on paper, its rules.

#![allow(clippy::unwrap_used, unreachable_pub, dead_code)]

mod report {
    #[path = "../ledger/bench_site.rs"]
    pub mod bench_site;
    mod browser;
    pub mod dom;
    pub mod month;
    mod numbers;
    mod recording;
    mod rules;
    pub mod sql;
}
