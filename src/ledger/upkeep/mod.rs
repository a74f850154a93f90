// SPDX-License-Identifier: Apache-2.0
//! Keeping a ledger for years: copies of the database, what to do when entries are lost.
//!
//! What always holds: a copy is verified after it was written and before it has its name; no file is overwritten.

mod backup;
mod fault;
mod loss;
pub(super) mod medium;
mod migrate;
mod restore;

pub use backup::{Copied, backup};
pub use fault::UpkeepFault;
pub use loss::Missing;
pub use migrate::{Migrated, migrate};
pub use restore::{Restored, restore};
