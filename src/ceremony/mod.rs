// SPDX-License-Identifier: Apache-2.0
//! Key ceremonies 密钥仪式: everything that makes, moves or destroys a key, run from one reviewed file, in front of people,
//! all of it or nothing. Format of the file: docs/formats/ceremony.md.
//!
//! Nothing secret is kept in the middle: the steps work on the next generation of the key store in memory, and one commit
//! at the end makes everything true. What happened stands in the ledger, signed by everybody who took part; the transcript
//! is that part of the ledger with the plan, and anybody can check it with public keys alone.
//!
//! The file names no device, no path, no officer and no key value: these are bound when it is run, so that the same bytes
//! run in a rehearsal and in production.

pub mod factors;
pub mod form;
pub mod plan;
pub mod room;
pub mod run;
pub mod transcript;
pub mod verify;
pub mod words;

pub use plan::{Bindings, Plan};
