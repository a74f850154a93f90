// SPDX-License-Identifier: Apache-2.0
//! The arithmetic of the purse and of key management: ciphers, MACs, diversification, session keys. Pure functions; no file,
//! no clock, no card.
//!
//! Two layers. `cipher`, `mac` and `padding` are primitives over plain byte slices, which the simulated card uses too. The
//! rest composes them over [`KeyMaterial`], and is the host's side alone. docs/arithmetic.md has the formulas and sources.

pub mod algorithm;
pub mod cipher;
pub mod diversify;
pub mod hexadecimal;
pub mod kcv;
pub mod mac;
pub mod padding;
pub mod secret;

pub use algorithm::Algorithm;
pub use diversify::{Factor, diversify, diversify_path};
pub use hexadecimal::HexError;
pub use kcv::{Kcv, KcvLength, kcv};
pub use secret::{KeyMaterial, SecretBytes};
