// SPDX-License-Identifier: Apache-2.0
//! The host's side of a card: commands, what card operating systems do differently, a session that answers with data or
//! with an error, and the two transactions between a card, a PSAM and the key store.

pub mod chip;
pub mod commands;
pub mod dialect;
pub mod fault;
pub mod isam;
pub mod load;
pub mod psam;
pub mod purchase;
pub mod purse;
pub mod session;
pub mod trace;

pub use fault::{CardError, TransactionError};
pub use session::{CardSession, Reply};
pub use trace::Trace;
