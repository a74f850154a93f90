// SPDX-License-Identifier: Apache-2.0
//! What a key store does with keys. No operation gives a key out; a clear key leaves only inside a card's wrapped record.
//!
//! Implementors: the encrypted file store; later an HSM (PKCS#11, SDF) and a mother card.

use serde::Serialize;

use crate::crypto::bulk::TacJob;
use crate::crypto::{Challenge, Kcv, KcvLength, SecretBytes};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

use super::id::{CardKey, KeyId, KeyPath, KeyRecord, KeyState, LevelName, Owner, Usage};
use super::internal::InternalUse;

/// The parts of a WRITE KEY command that stand around the key.
#[derive(Debug, Clone, Copy)]
pub struct WriteKeyFrame<'a> {
    /// CLA INS P1 P2 Lc, with Lc counting ciphertext and MAC.
    pub header: [u8; 5],
    /// The record's bytes before the key.
    pub prefix: &'a [u8],
}

/// Which key opens one side of an M1 sector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectorKey {
    /// The chip's key, or the transport key of blanks.
    pub key: CardKey,
    /// The block that leads from the chip's key to the sector's, hex; none for the transport key.
    #[serde(serialize_with = "block_hex", skip_serializing_if = "Option::is_none")]
    pub block: Option<[u8; 8]>,
}

#[expect(clippy::ref_option, reason = "the form that serde calls")]
fn block_hex<S: serde::Serializer>(block: &Option<[u8; 8]>, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&hex::encode_upper(block.unwrap_or_default()))
}

/// An unlocked key store.
pub trait KeyStore {
    /// The public facts of all keys, in the order of their names.
    fn keys(&self) -> Vec<KeyRecord>;

    /// Check value of a stored key or of one derived from it.
    fn kcv(&self, key: &KeyPath, length: KcvLength) -> Result<Kcv, StoreError>;

    /// Cryptogram for EXTERNAL AUTHENTICATE: the challenge enciphered (JR/T 0025.1 §8.4; SM4 as the scheme's variant says).
    fn authenticate(&self, key: &CardKey, challenge: &Challenge) -> Result<Vec<u8>, StoreError>;

    /// ECB encipherment, to compare with INTERNAL AUTHENTICATE or a PSAM's cipher command.
    fn encrypt(&self, key: &CardKey, data: &[u8]) -> Result<Vec<u8>, StoreError>;

    /// Secure-messaging MAC over `input` (header with Lc, then data), four bytes.
    fn mac(&self, key: &CardKey, challenge: &Challenge, input: &[u8]) -> Result<[u8; 4], StoreError>;

    /// Secure-messaging encipherment of LD ‖ data.
    fn encipher(&self, key: &CardKey, data: &SecretBytes) -> Result<Vec<u8>, StoreError>;

    /// `target` as a wrapped key record under `control`: ciphertext ‖ MAC4. The transport key never wraps a key above the
    /// card level.
    fn wrap_key(
        &self,
        control: &CardKey,
        challenge: &Challenge,
        frame: WriteKeyFrame<'_>,
        target: &KeyPath,
    ) -> Result<Vec<u8>, StoreError>;

    /// The initial PIN of that name as a wrapped record under `control`. The header's Lc is set by the PIN's length.
    fn wrap_pin(
        &self,
        control: &CardKey,
        challenge: &Challenge,
        frame: WriteKeyFrame<'_>,
        pin: &str,
    ) -> Result<Vec<u8>, StoreError>;

    /// Transaction MACs: the session key from `seed`, then one MAC over each input.
    fn transaction_macs(&self, key: &CardKey, seed: &[u8; 8], inputs: &[&[u8]]) -> Result<Vec<[u8; 4]>, StoreError>;

    /// Transaction authorisation cryptogram over `data`.
    fn tac(&self, key: &CardKey, data: &[u8]) -> Result<[u8; 4], StoreError>;

    /// The TACs of many transactions, in their order: `key` is one level above the cards (the city's, say), and each job's
    /// factor leads to its card. Refused where that is not the card level: the other levels' keys compute nothing.
    fn tacs(&self, key: &KeyPath, jobs: &[TacJob<'_>]) -> Result<Vec<[u8; 4]>, StoreError>;

    /// `PIN ‖ MAC4` of RELOAD PIN under the reload key.
    fn reload_pin(&self, key: &CardKey, pin: &str) -> Result<SecretBytes, StoreError>;

    /// The same with a PIN that somebody typed, coded.
    fn reload_typed_pin(&self, key: &CardKey, pin: &SecretBytes) -> Result<SecretBytes, StoreError>;

    /// Ciphertext of LD ‖ PIN for PIN UNBLOCK under the unblock key.
    fn encipher_pin(&self, key: &CardKey, pin: &str) -> Result<Vec<u8>, StoreError>;

    /// `prefix ‖ transport key`: the plain record that an emptied card takes as its first key. Refused for every usage but
    /// the transport key, which the card's maker put into all blanks.
    fn transport_record(&self, key: &CardKey, prefix: &[u8]) -> Result<SecretBytes, StoreError>;

    /// The six bytes of an M1 sector key, for the reader: the beginning of `block` enciphered under the chip's key, or, without
    /// a block, of the transport key itself. A store without M1 cards refuses.
    fn sector_key(&self, key: &SectorKey) -> Result<SecretBytes, StoreError> {
        Err(StoreError::NotAllowed {
            key: Box::new(key.key.path().key.clone()),
            operation: "make sector keys",
        })
    }

    /// Key A, access bits and key B of an M1 sector, as they are written.
    fn sector_trailer(&self, a: &SectorKey, access: [u8; 4], b: &SectorKey) -> Result<SecretBytes, StoreError> {
        let _ = (access, b);
        self.sector_key(a)
    }

    /// The initial PIN of that name, to be presented to a card.
    fn pin(&self, name: &str) -> Result<SecretBytes, StoreError>;
}

/// Why a store does not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No such key.
    NoKey {
        /// The name asked for.
        key: Box<KeyId>,
    },
    /// No key of that usage for that owner, in whatever version.
    NoUsage {
        /// The usage.
        usage: Usage,
        /// The owner.
        owner: Box<Owner>,
    },
    /// The key may not work in its state.
    State {
        /// The key.
        key: Box<KeyId>,
        /// Its state.
        state: KeyState,
    },
    /// The operation is not for keys of this usage or level.
    NotAllowed {
        /// The key.
        key: Box<KeyId>,
        /// The operation's name.
        operation: &'static str,
    },
    /// A key above the card level would leave under the transport key.
    TransportProtects {
        /// The key.
        key: Box<KeyId>,
        /// Its level.
        level: LevelName,
    },
    /// No initial PIN of that name.
    NoPin {
        /// The name.
        name: String,
    },
    /// The site has not drawn that internal secret yet.
    NoInternal {
        /// What for.
        purpose: InternalUse,
    },
    /// The device behind the store failed.
    Device {
        /// What it reports; never a secret.
        what: String,
    },
}

impl Fault for StoreError {
    fn msg(&self) -> Msg {
        match self {
            Self::NoKey { key } => msg!("keys-no-key", key = key),
            Self::NoUsage { usage, owner } => msg!("keys-no-usage", usage = usage, owner = owner),
            Self::State { key, state } => msg!("keys-state", key = key).with_word("state", "key-state", state),
            Self::NotAllowed { key, operation } => msg!("keys-not-allowed", key = key, operation = operation),
            Self::TransportProtects { key, level } => msg!("keys-transport-protects", key = key, level = level),
            Self::NoPin { name } => msg!("keys-no-pin", name = name),
            Self::NoInternal { purpose } => msg!("keys-no-internal").with_word("purpose", "internal-use", purpose),
            Self::Device { what } => msg!("keys-device", what = what),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Device { .. } => Exit::Device,
            _ => Exit::Usage,
        }
    }
}

crate::display_as_english!(StoreError);
