// SPDX-License-Identifier: Apache-2.0
//! Every shipped ceremony on a real terminal, from the digest that is read aloud to the signed transcript: one ministry, its
//! city and what happens to the city's keys over the years; the transport ministry, its issuer, and a campus. What everybody
//! typed is counted, and nothing secret is on the screen.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)] // a test stops at the first surprise; seeds are printed

#[path = "ceremony_terminal/afterwards.rs"]
mod afterwards;
#[path = "ceremony_terminal/kinds.rs"]
mod kinds;
#[path = "ceremony_terminal/people.rs"]
mod people;
#[path = "pty/mod.rs"]
mod pty;
#[path = "ceremony_terminal/shipped.rs"]
mod shipped;
#[path = "ceremony_terminal/trouble.rs"]
mod trouble;
#[path = "ceremony_terminal/unhappy.rs"]
mod unhappy;
