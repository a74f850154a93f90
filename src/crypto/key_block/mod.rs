// SPDX-License-Identifier: Apache-2.0
//! Key blocks 密钥块: one key under an exchange key, its header bound to it (ANSI X9.143-2021, which took over from ASC X9
//! TR-31; docs/formats/key-block.md).
//!
//! ```text
//! B0144E0TX01N0400 KC0C00… KP0C00… LB… TS… PB…   ciphertext   MAC
//! header           optional blocks               hexadecimal  hexadecimal
//! ```
//!
//! Versions B (exchange keys of two- and three-key 3DES) and D (AES), which derive an encryption key and an authentication
//! key from the exchange key. The MAC is over the header as it is written, the length, the key and the padding; nothing
//! that the ciphertext holds is looked at before it is right. Versions A and C, whose keys are variants of the exchange
//! key, are refused. A text has one reading: capital digits, no block twice, no room behind.

mod attributes;
mod binding;
mod block;
mod check_value;
mod codes;
mod error;
mod exchange_key;
mod header;
mod optional;
mod published;

pub use attributes::KeyAttributes;
pub use block::{KeyBlock, looks_like_key_block};
pub use check_value::{CheckMethod, CheckValue};
pub use codes::{AlgorithmCode, Exportability, KeyVersion, ModeOfUse, UsageCode, VersionId};
pub use error::{Field, KeyBlockError};
pub use exchange_key::{ExchangeAlgorithm, ExchangeKey, Weakness};
pub use header::Header;
pub use optional::{BlockId, OptionalBlock};

#[cfg(test)]
mod tests;
