// SPDX-License-Identifier: Apache-2.0
//! Whole key ceremonies on a terminal, looked at from outside while they run: every key, component, share, factor,
//! passphrase and officer's key is searched for in what is said and shown, in all files and in the ledger, in command line
//! and environment, and in memory. Kills and panics are no way out either.
//!
//! Not searched: what people have on paper, and the pages that are printed for them, each of which holds its own
//! custodian's share and nothing else. Memory is searched where the system lets us: that takes the superuser.
#![cfg(target_os = "linux")]
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // a test stops at the first surprise
#![allow(clippy::print_stderr)] // what a system does not let us look at is said

#[path = "canary/forms.rs"]
mod forms;
#[path = "ceremony_canary/hardened.rs"]
mod hardened;
#[path = "ceremony_canary/held.rs"]
mod held;
#[path = "ceremony_canary/house.rs"]
mod house;
#[path = "ceremony_canary/killed.rs"]
mod killed;
#[path = "ceremony_canary/known.rs"]
mod known;
#[path = "ceremony_canary/panicked.rs"]
mod panicked;
#[path = "ceremony_terminal/people.rs"]
mod people;
#[path = "ceremony_canary/process.rs"]
mod process;
#[path = "pty/mod.rs"]
mod pty;
#[path = "ceremony_canary/whole.rs"]
mod whole;
