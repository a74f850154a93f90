// SPDX-License-Identifier: Apache-2.0
//! The ledger as its callers see it.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod pty;

mod ledger {
    pub mod bench_site;
    pub mod bundle;
    mod centre;
    mod centre_random;
    pub mod centre_story;
    pub mod ceremonies;
    mod ceremony_random;
    pub mod ceremony_story;
    mod cli;
    mod crash;
    mod desk_money;
    pub mod evidence_story;
    mod exports;
    mod filters;
    mod format;
    mod lifecycle;
    mod officers;
    mod one_officer;
    mod opening;
    mod paper;
    mod public_tools;
    pub mod python;
    pub mod python_bundles;
    mod python_notes;
    pub mod random;
    mod site;
    pub mod sm2;
    pub mod story;
    pub mod table;
    mod threads;
    mod transitions;
    mod upkeep;
    mod verifying;
    mod witness;
    mod witness_cli;
    mod witness_loss;
}
