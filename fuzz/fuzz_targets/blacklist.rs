// SPDX-License-Identifier: Apache-2.0
//! Whatever a compact blacklist holds: reading says yes or no, what it accepts is written alike, and looking a number up in
//! the raw bytes never falls over.
#![no_main]

use cardmint::batch::blacklist::{CompactList, look_up};
use cardmint::ledger::CardKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = look_up(file, CardKind::User, "3100000000000001");
    let Ok(list) = CompactList::parse(file) else { return };
    assert_eq!(list.to_bytes(), file);
});
