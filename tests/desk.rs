// SPDX-License-Identifier: Apache-2.0
//! The customer desk on simulated cards.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;
mod dice;

#[path = "desk/counter.rs"]
mod counter;
#[path = "desk/lives.rs"]
mod lives;
#[path = "desk/money.rs"]
mod money;
#[path = "desk/till.rs"]
mod till;
#[path = "desk/torn.rs"]
mod torn;
#[path = "desk/wrong.rs"]
mod wrong;
