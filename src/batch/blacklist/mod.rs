// SPDX-License-Identifier: Apache-2.0
//! The blacklist 黑名单 as it goes out to terminals: full lists and deltas under sequence numbers, as CSV, JSON Lines and a
//! compact sorted file, signed by the site (docs/formats/blacklist.md).
//!
//! What always holds: a list follows from the ledger alone, so that anybody who has the ledger can make its very bytes
//! again; a delta put upon its base gives the full list; a card's own last day takes it off, so that lists stay small.

mod compact;
mod confirmations;
mod edition;
mod fault;
mod numbers;
mod seal;
mod sheet;

pub use compact::{Answer, CompactList, Op, look_up};
pub use confirmations::{Confirmation, read_confirmations};
pub use edition::{Edition, Plan, Publication, edition, plan, publish, published};
pub use fault::BlacklistError;
pub use numbers::NumberSet;
pub use seal::{Said, Sealed, open as open_seal, seal};
pub use sheet::{Line, csv, json_lines};
