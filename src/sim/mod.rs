// SPDX-License-Identifier: Apache-2.0
//! The card side: simulated FMCOS user cards, PSAMs, preset city cards and M1 chips, faithful in states, counters, retry limits and
//! status words, kept in one file per card, with faults on demand (docs/simulator.md).
//!
//! Composes its own MAC inputs and records from `crypto`'s ciphers, MACs and paddings, and never imports what the host
//! side encodes with: a mistake there would cancel itself out here.

// Keys, challenges and MACs are passed by reference whatever their size; bit masks of the card protocols read better bare.
#![allow(clippy::trivially_copy_pass_by_ref, clippy::verbose_bit_mask)]

mod access;
mod arithmetic;
mod authenticate;
mod binary;
mod blank;
mod block;
mod capp;
mod card;
mod create;
mod faults;
mod files;
mod hex_bytes;
mod hopper;
mod keys;
mod m1;
mod metro;
mod options;
mod overview;
mod pin;
mod purse;
mod purse_complete;
mod random;
mod reader;
mod record;
mod sam;
mod sam_cipher;
mod secure_messaging;
mod select;
mod store;
mod sw;
mod t0;
mod vpcd;
mod write_key;

pub use access::AccessReading;
pub use card::SimCard;
pub use faults::{PlannedFault, SimFault, SimFaults};
pub use hopper::{Hopper, SimSource};
pub use options::{Chip, CodeCheck, CounterOnChange, SimOptions};
pub use overview::{CardState, DirectoryView, FileView, KeyView, Overview, SectorView};
pub use random::seeded_serial;
pub use reader::{InMemoryReader, SimReader};
pub use store::{CardPath, StoreError, cards_in};
pub use vpcd::{Served, serve, serve_hopper};
