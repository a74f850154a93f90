// SPDX-License-Identifier: Apache-2.0
//! A witness's private key in a file of its own: Ed25519, sealed under a key that Argon2id makes of the passphrase, as an
//! officer's keys are (docs/formats/witness.md). It belongs to nobody at the centre.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::durable;
use super::envelope::{self, base64_text};
use super::error::KeyFileError;
use super::officer::SHORTEST_PASSPHRASE;
use crate::crypto::SecretBytes;
use crate::crypto::pack::{pack, unpack};
use crate::crypto::seal::{self, KdfParams, NONCE};
use crate::crypto::sign::{PublicKey, SigningKey};
use crate::outside::Random;

const KIND: &str = "cardmint-witness-key";

/// A witness's opened key.
#[derive(Debug)]
pub struct WitnessKey {
    /// The name of the key.
    pub name: String,
    /// Cosigns.
    pub signing: SigningKey,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessHeader {
    witness: String,
    signing: PublicKey,
    kdf: KdfParams,
    #[serde(with = "base64_text")]
    salt: [u8; 16],
    #[serde(with = "base64_text")]
    nonce: [u8; NONCE],
}

impl envelope::Head for WitnessHeader {}

impl WitnessKey {
    /// A fresh one.
    pub fn generate(name: &str, random: &mut dyn Random) -> Result<Self, KeyFileError> {
        let (name, signing) = (name.to_owned(), SigningKey::generate(random)?);
        Ok(Self { name, signing })
    }

    /// Seals it under a passphrase into a new file, mode 0600. An existing file is never replaced: its key may have signed.
    pub fn save(
        &self,
        path: &Path,
        passphrase: &SecretBytes,
        costs: KdfParams,
        random: &mut dyn Random,
    ) -> Result<(), KeyFileError> {
        let shown = || path.display().to_string();
        if path.exists() {
            return Err(KeyFileError::Exists { path: shown() });
        }
        if passphrase.len() < SHORTEST_PASSPHRASE {
            let least = SHORTEST_PASSPHRASE;
            return Err(KeyFileError::ShortPassphrase { least });
        }
        let mut salt = [0; 16];
        random.fill(&mut salt)?;
        let nonce = seal::fresh_nonce(random)?;
        let header = WitnessHeader {
            witness: self.name.clone(),
            signing: self.signing.public(),
            kdf: costs,
            salt,
            nonce,
        };
        let head = envelope::head(KIND, &header);
        let weak = |_| KeyFileError::WeakCosts { path: shown() };
        let key = seal::passphrase_key(passphrase, &salt, costs).map_err(weak)?;
        let damaged = |_| KeyFileError::Damaged {
            path: shown(),
            place: "key",
        };
        let plain = pack(&[&self.signing.to_seed()]).map_err(damaged)?;
        let body = seal::seal(&key, &nonce, head.as_bytes(), &plain);
        Draft::held(path, envelope::text(&head, &body).as_bytes(), 0o600)?.publish()
    }

    /// The public half and its name, without a passphrase. Only opening the file proves them.
    pub fn public(path: &Path) -> Result<(String, PublicKey), KeyFileError> {
        let bytes = durable::read_private(path)?;
        let file: envelope::Envelope<WitnessHeader> = envelope::parse(KIND, path, &bytes)?;
        Ok((file.header.witness, file.header.signing))
    }

    /// Opens the file with the passphrase. Costs below `least` are refused: somebody has put a weaker file there.
    pub fn open(path: &Path, passphrase: &SecretBytes, least: KdfParams) -> Result<Self, KeyFileError> {
        let bytes = durable::read_private(path)?;
        let file: envelope::Envelope<WitnessHeader> = envelope::parse(KIND, path, &bytes)?;
        let shown = || path.display().to_string();
        let header = file.header;
        let weak = header.kdf.memory_kib < least.memory_kib || header.kdf.passes < least.passes;
        let key = (!weak).then(|| seal::passphrase_key(passphrase, &header.salt, header.kdf).ok());
        let key = key.flatten().ok_or_else(|| KeyFileError::WeakCosts { path: shown() })?;
        let officer = header.witness.clone();
        let plain = seal::open(&key, &header.nonce, &file.aad, &file.body)
            .map_err(|_| KeyFileError::WrongPassphrase { officer })?;
        let damaged = || KeyFileError::Damaged {
            path: shown(),
            place: "key",
        };
        let parts = unpack(&plain).map_err(|_| damaged())?;
        let [seed] = &parts[..] else {
            return Err(damaged());
        };
        let signing = SigningKey::from_seed(seed).map_err(|_| damaged())?;
        if signing.public() == header.signing {
            let name = header.witness;
            Ok(Self { name, signing })
        } else {
            Err(damaged())
        }
    }
}

/// A file's lock, held while what it says is read, decided on and replaced. It goes with the process.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct HeldFile(#[expect(dead_code, reason = "the open file is the lock")] durable::Lock);

/// Takes the lock that stands beside a file.
pub fn hold_file(path: &Path) -> Result<HeldFile, KeyFileError> {
    durable::lock(&durable::beside(path, "lock")).map(HeldFile)
}
