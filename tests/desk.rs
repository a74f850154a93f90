// SPDX-License-Identifier: Apache-2.0
//! The customer desk on simulated cards.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

#[path = "desk/counter.rs"]
mod counter;
#[path = "desk/torn.rs"]
mod torn;
