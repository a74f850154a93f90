// SPDX-License-Identifier: Apache-2.0
//! The host's side of a card: commands, what card operating systems do differently.

pub mod commands;
pub mod dialect;
