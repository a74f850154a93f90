// SPDX-License-Identifier: Apache-2.0
//! The arithmetic of the purse and of key management: ciphers, MACs, diversification, session keys. Pure functions; no file,
//! no clock, no card.

pub mod secret;

pub use secret::{KeyMaterial, SecretBytes};
