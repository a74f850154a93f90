// SPDX-License-Identifier: Apache-2.0
//! `batch` as supervisors and operators use it: laid down, approved by another officer, run on hoppers and with feeders, paused,
//! stopped, killed, closed and accounted for; and every way in which the program refuses.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;
mod pty;

mod batch_cli {
    use super::{centre, pty};

    mod going;
    pub mod hall;
    mod making;
    mod refused;
    mod terminal;
}
