// SPDX-License-Identifier: Apache-2.0
//! Lists that go out: against a model, against a reader in another language, and as an operator sends them.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;
mod dice;
mod operators;

#[path = "blacklist/lists.rs"]
mod lists;
#[path = "blacklist/sent.rs"]
mod sent;
