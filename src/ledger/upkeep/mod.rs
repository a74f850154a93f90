// SPDX-License-Identifier: Apache-2.0
//! Keeping a ledger for years: copies of the database, what to do when entries are lost, old periods, earlier formats, media
//! that nobody can write.
//!
//! What always holds: a copy is verified after it was written and before it has its name; no file is overwritten; a line leaves
//! the database only for a file that an entry names.

mod archive;
mod backup;
mod fault;
mod loss;
pub(super) mod medium;
mod migrate;
mod mount;
mod restore;

pub use backup::{Copied, backup};
pub use fault::UpkeepFault;
pub use loss::Missing;
pub use migrate::{Migrated, migrate};
pub use mount::ArchiveRow;
pub(super) use mount::{archive_of, archives, as_archived, first_contrary, is_remainder, mount, recorded};
pub use restore::{Restored, restore};
