// SPDX-License-Identifier: Apache-2.0
//! The key store's side of key ceremonies: one commit for store, ledger and files; backups and the way back.
#![allow(clippy::unwrap_used, unreachable_pub)] // a test may fail where it stands

mod ceremony_store {
    mod backup;
    mod conclude;
    pub mod hall;
    pub mod officers;
    mod reshare;
    pub mod saved;
    pub mod three_keys;
}
