// SPDX-License-Identifier: Apache-2.0
//! The arithmetic of the purse and of key management: ciphers, MACs, diversification, session keys. Pure functions; no file,
//! no clock, no card.
//!
//! Two layers. `cipher`, `mac` and `padding` are primitives over plain byte slices, which the simulated card uses too. The
//! rest composes them over [`KeyMaterial`], and is the host's side alone. docs/arithmetic.md has the formulas and sources.

pub mod algorithm;
pub mod auth;
pub mod bulk;
pub mod cipher;
pub(crate) mod clear;
pub mod component;
pub mod digest;
pub mod diversify;
pub mod grey_lock;
pub mod hexadecimal;
pub mod internal;
pub mod kcv;
pub mod key_block;
pub mod key_record;
pub mod leader_factors;
pub mod letters;
pub mod mac;
pub mod pack;
pub mod padding;
pub mod personal;
pub mod pin;
pub mod purse;
pub mod purse_transaction;
pub mod random_health;
pub mod random_key;
pub mod seal;
pub mod secret;
pub mod sector;
pub mod secure_messaging;
pub mod session;
pub mod shamir;
pub mod sign;
pub mod sm2;
pub mod stack;
pub mod tac;
pub mod written;

pub use algorithm::Algorithm;
pub use digest::Digest;
pub use diversify::{Factor, diversify, diversify_path};
pub use hexadecimal::HexError;
pub use kcv::{Kcv, KcvLength, kcv};
pub use secret::{KeyMaterial, SecretBytes};
pub use secure_messaging::Challenge;
pub use session::{SessionKey, SessionVariant, session_key};
pub use tac::{TacVariant, tac};
