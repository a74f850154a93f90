// SPDX-License-Identifier: Apache-2.0
//! Key management: schemes, the hierarchy from ministry to card, and key stores that use keys without giving them away.

pub mod id;
pub mod store;

pub use id::{CardKey, KeyId, KeyPath, KeyRecord, KeyState, LevelName, Origin, Owner, Usage};
pub use store::{KeyStore, StoreError, WriteKeyFrame};
