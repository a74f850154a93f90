// SPDX-License-Identifier: Apache-2.0
//! A batch on readers in the process: one and eight of them, torn cards, unplugged readers, failures in a row, two processes
//! at once, questions, pauses and stops. What comes out is always what an undisturbed run makes.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

mod batch {
    use super::centre;

    pub mod floor;
    mod running;
}
