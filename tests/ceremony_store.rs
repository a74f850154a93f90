// SPDX-License-Identifier: Apache-2.0
//! The key store's side of key ceremonies: one commit for store, ledger and files; what is left after a kill.
#![allow(clippy::unwrap_used, unreachable_pub)] // a test may fail where it stands

mod ceremony_store {
    mod crash;
    pub mod hall;
}
