// SPDX-License-Identifier: Apache-2.0
//! The issuance ledger 发卡台账: append-only entries in one SQLite file, leaves of an RFC 6962 Merkle tree, under signed
//! checkpoints (c2sp.org/tlog-checkpoint) of which the newest is also kept outside the database.
//!
//! What always holds: an entry is durable before `append` returns; entries are never changed; numbers are unique by
//! constraint; an entry is signed by the officers whom the policy in the ledger itself asks for; nothing in it can hold a key.
//! What it refuses: opening a file that is not there, a database that is behind or beside its checkpoint, a clock that runs
//! backwards. `docs/formats/ledger.md` describes everything byte by byte.

pub mod act;
pub mod centre;
pub mod checkpoint;
pub mod consistency;
pub mod cosign;
pub mod cosigned;
pub mod demand;
pub mod entry;
pub mod error;
pub mod evidence;
mod examine;
pub mod export;
pub mod field;
pub mod filter;
pub mod finding;
pub mod hash;
mod integrity;
mod lines;
pub mod log;
pub mod merkle;
pub mod note;
pub mod note_sm2;
pub mod paper;
pub mod period;
pub mod policy;
mod policy_file;
pub mod projection;
pub mod query;
mod rebuild;
mod replay;
pub mod report;
pub mod rules;
pub mod sealing;
mod store;
mod stored_nodes;
pub mod upkeep;
pub mod verify;
pub mod witness;

pub use act::{Act, CardKind, Ending, Founding};
pub use entry::Entry;
pub use error::LedgerError;
pub use export::{Exported, Rows};
pub use field::{Moment, Nonce, Number, ShortHex, Signature, SiteId, Sm2Key, Text, VerifyKey, Word};
pub use filter::{Count, Filter};
pub use finding::{Finding, Report};
pub use hash::Hash;
pub use log::{Ledger, Signer};
pub use period::Period;
pub use policy::{Policy, Role, Rule};
pub use policy_file::Difference;
pub use rebuild::{rebuild, rebuild_with};
pub use upkeep::UpkeepFault;
pub use verify::{Against, verify, verify_lines, verify_lines_on, verify_on, verify_with};
