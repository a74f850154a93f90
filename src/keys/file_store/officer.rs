// SPDX-License-Identifier: Apache-2.0
//! An officer's private keys in a file of their own: Ed25519 for signing and X25519 for opening a share, sealed under a key
//! that Argon2id makes of the passphrase (docs/formats/officer.md).

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::durable;
use super::envelope::{self, base64_text};
use super::error::KeyFileError;
use crate::crypto::SecretBytes;
use crate::crypto::pack::{pack, unpack};
use crate::crypto::seal::{self, BoxKey, KdfParams, NONCE};
use crate::crypto::sign::{PublicKey, SigningKey};
use crate::outside::Random;

const KIND: &str = "cardmint-officer-key";

/// A passphrase has at least as many bytes.
pub const SHORTEST_PASSPHRASE: usize = 8;

/// An officer's opened keys.
#[derive(Debug)]
pub struct OfficerKeys {
    /// The officer's name.
    pub name: String,
    /// Signs acts.
    pub signing: SigningKey,
    /// Opens the share of the key store.
    pub exchange: BoxKey,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficerHeader {
    officer: String,
    signing: PublicKey,
    exchange: PublicKey,
    kdf: KdfParams,
    #[serde(with = "base64_text")]
    salt: [u8; 16],
    #[serde(with = "base64_text")]
    nonce: [u8; NONCE],
}

impl envelope::Head for OfficerHeader {}

impl OfficerKeys {
    /// Fresh keys.
    pub fn generate(name: &str, random: &mut dyn Random) -> Result<Self, KeyFileError> {
        let (signing, exchange) = (SigningKey::generate(random)?, BoxKey::generate(random)?);
        Ok(Self {
            name: name.to_owned(),
            signing,
            exchange,
        })
    }

    /// What others seal to.
    pub fn exchange_public(&self) -> PublicKey {
        PublicKey(self.exchange.public())
    }

    /// Seals them under a passphrase into a file, mode 0600. An old file is replaced in one step.
    pub fn save(
        &self,
        path: &Path,
        passphrase: &SecretBytes,
        costs: KdfParams,
        random: &mut dyn Random,
    ) -> Result<(), KeyFileError> {
        self.draft(path, passphrase, costs, random)?.publish()
    }

    /// The same beside the file's place, to be published later or never.
    pub fn draft(
        &self,
        path: &Path,
        passphrase: &SecretBytes,
        costs: KdfParams,
        random: &mut dyn Random,
    ) -> Result<Draft, KeyFileError> {
        if passphrase.len() < SHORTEST_PASSPHRASE {
            return Err(KeyFileError::ShortPassphrase {
                least: SHORTEST_PASSPHRASE,
            });
        }
        let mut salt = [0; 16];
        random.fill(&mut salt)?;
        let nonce = seal::fresh_nonce(random)?;
        let (officer, signing, exchange) = (self.name.clone(), self.signing.public(), self.exchange_public());
        let head = envelope::head(
            KIND,
            &OfficerHeader {
                officer,
                signing,
                exchange,
                kdf: costs,
                salt,
                nonce,
            },
        );
        let weak = |_| KeyFileError::WeakCosts {
            path: path.display().to_string(),
        };
        let key = seal::passphrase_key(passphrase, &salt, costs).map_err(weak)?;
        let damaged = |_| KeyFileError::Damaged {
            path: path.display().to_string(),
            place: "keys",
        };
        let plain = pack(&[&self.signing.to_seed(), &self.exchange.to_secret()]).map_err(damaged)?;
        let body = seal::seal(&key, &nonce, head.as_bytes(), &plain);
        Draft::held(path, envelope::text(&head, &body).as_bytes(), 0o600)
    }

    /// Opens the file with the passphrase. Costs below `least` are refused: somebody has put a weaker file there.
    pub fn open(path: &Path, passphrase: &SecretBytes, least: KdfParams) -> Result<Self, KeyFileError> {
        Self::opened(path, &durable::read_private(path)?, passphrase, least)
    }

    /// Opens what is to become the file.
    pub fn open_draft(draft: &Draft, passphrase: &SecretBytes, least: KdfParams) -> Result<Self, KeyFileError> {
        Self::opened(draft.path(), &draft.bytes()?, passphrase, least)
    }

    fn opened(path: &Path, bytes: &[u8], passphrase: &SecretBytes, least: KdfParams) -> Result<Self, KeyFileError> {
        let file: envelope::Envelope<OfficerHeader> = envelope::parse(KIND, path, bytes)?;
        let shown = || path.display().to_string();
        let OfficerHeader {
            officer,
            signing,
            exchange,
            kdf,
            salt,
            nonce,
        } = file.header;
        if kdf.memory_kib < least.memory_kib || kdf.passes < least.passes {
            return Err(KeyFileError::WeakCosts { path: shown() });
        }
        let key =
            seal::passphrase_key(passphrase, &salt, kdf).map_err(|_| KeyFileError::WeakCosts { path: shown() })?;
        let plain = seal::open(&key, &nonce, &file.aad, &file.body).map_err(|_| KeyFileError::WrongPassphrase {
            officer: officer.clone(),
        })?;
        let damaged = || KeyFileError::Damaged {
            path: shown(),
            place: "keys",
        };
        let parts = unpack(&plain).map_err(|_| damaged())?;
        let [seed, secret] = &parts[..] else {
            return Err(damaged());
        };
        let opened = Self {
            name: officer,
            signing: SigningKey::from_seed(seed).map_err(|_| damaged())?,
            exchange: BoxKey::from_secret(secret).map_err(|_| damaged())?,
        };
        let same = opened.signing.public() == signing && opened.exchange_public() == exchange;
        if same { Ok(opened) } else { Err(damaged()) }
    }
}
