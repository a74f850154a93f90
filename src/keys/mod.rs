// SPDX-License-Identifier: Apache-2.0
//! Key management: schemes, the hierarchy from ministry to card, and key stores that use keys without giving them away.

pub mod exchange;
pub mod file_store;
pub mod id;
pub mod internal;
pub mod key_block;
pub mod scheme;
pub mod store;

pub use exchange::{ExchangeRecord, StoredName};
pub use file_store::{Change, FileKeyStore, Header, Holder, KeyFileError, Mark, OfficerKeys, Pending, StorePlace};
pub use id::{CardKey, ExchangeName, KeyId, KeyPath, KeyRecord, KeyState, LevelName, Origin, Owner, Usage};
pub use internal::{InternalRecord, InternalUse};
pub use scheme::{Scheme, SchemeError, Subject};
pub use store::{KeyStore, SectorKey, StoreError, WriteKeyFrame};
