// SPDX-License-Identifier: Apache-2.0
//! Orders of a card centre: files that must be refused, files that are good, taking in, holders' data.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;
mod dice;

#[path = "orders/book.rs"]
mod book;
#[path = "orders/crash.rs"]
mod crash;
#[path = "orders/files.rs"]
mod files;
#[path = "orders/ground.rs"]
mod ground;
#[path = "orders/mutated.rs"]
mod mutated;
