// SPDX-License-Identifier: Apache-2.0
//! Ceremonies in the library, with people who follow a script: each kind of step, what goes right and what goes wrong, and
//! the verdict on the transcript.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // a test may fail where it stands

#[path = "ceremony/components.rs"]
mod components;
#[path = "ceremony/hall.rs"]
mod hall;
#[path = "ceremony/keys.rs"]
mod keys;
#[path = "ceremony/killed.rs"]
mod killed;
#[path = "ceremony/officers.rs"]
mod officers;
#[path = "ceremony/papers.rs"]
mod papers;
#[path = "ceremony/printing.rs"]
mod printing;
#[path = "ceremony/recovery.rs"]
mod recovery;
#[path = "ceremony/verifying.rs"]
mod verifying;
