// SPDX-License-Identifier: Apache-2.0
//! What goes wrong in an issuing room, on the real program: which message, which exit code, and that nothing changed.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod rehearsal;

#[path = "wrong_cases/cards.rs"]
mod cards;
#[path = "wrong_cases/chinese.rs"]
mod chinese;
#[path = "wrong_cases/files.rs"]
mod files;
#[path = "wrong_cases/keys.rs"]
mod keys;
#[path = "wrong_cases/orders.rs"]
mod orders;

use rehearsal::{Bench, Said};

/// Runs what must be refused, and compares everything before and after.
fn refused(bench: &Bench, id: &str, exit: i32, run: impl FnOnce() -> Said) -> Said {
    let before = bench.state();
    let said = run();
    expect(&said, id, exit);
    let after = bench.state();
    for (what, was) in &before {
        assert_eq!(Some(was), after.get(what), "{id} changed {what}");
    }
    assert_eq!(before.len(), after.len());
    said
}

/// The error has this id and exit code, and says what to do.
fn expect(said: &Said, id: &str, exit: i32) {
    assert_eq!(
        (said.error()["id"].as_str().unwrap(), said.code),
        (id, exit),
        "{said:?}"
    );
    assert_eq!(said.error()["exit"], exit);
    assert!(
        said.error()["hint"].is_string(),
        "{id} says nothing about what to do: {said:?}"
    );
}
