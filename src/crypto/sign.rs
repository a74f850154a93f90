// SPDX-License-Identifier: Apache-2.0
//! Officers' signatures: Ed25519 (RFC 8032). Verification is strict: weak keys and malleable signatures are refused.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::SecretBytes;
use super::seal::SealError;
use crate::outside::{NoRandom, Random};

/// The private half: wiped, never printed.
pub struct SigningKey(Box<ed25519_dalek::SigningKey>);

impl SigningKey {
    /// A fresh one.
    pub fn generate(random: &mut dyn Random) -> Result<Self, NoRandom> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed)?;
        Ok(Self(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed))))
    }

    /// From the 32-byte seed that was kept sealed.
    pub fn from_seed(seed: &SecretBytes) -> Result<Self, SealError> {
        let seed = seed.expose().try_into().map_err(|_| SealError::Length)?;
        Ok(Self(Box::new(ed25519_dalek::SigningKey::from_bytes(seed))))
    }

    /// The seed, for keeping it sealed.
    pub fn to_seed(&self) -> SecretBytes {
        SecretBytes::new(self.0.as_bytes().to_vec())
    }

    /// What verifies its signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// The public half: 32 bytes, base64 in files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether the signature is this key's over the message.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.unpacked().is_some_and(|key| key.verify(message, signature))
    }

    /// The key as it is calculated with, for many signatures; none where these bytes are no point of the curve.
    pub fn unpacked(&self) -> Option<UnpackedKey> {
        VerifyingKey::from_bytes(&self.0).ok().map(UnpackedKey)
    }
}

/// A public key whose point is worked out.
#[derive(Debug, Clone, Copy)]
pub struct UnpackedKey(VerifyingKey);

impl UnpackedKey {
    /// Whether the signature is this key's over the message, as strictly as [`PublicKey::verify`].
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let bytes = BASE64.decode(text.as_bytes()).ok().and_then(|b| b.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a public key is 32 bytes in base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_of_rfc_8032() {
        // RFC 8032 7.1 TEST 2
        let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = SigningKey::from_seed(&SecretBytes::new(seed)).unwrap();
        assert_eq!(
            hex::encode(key.public().0),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = key.sign(&[0x72]);
        assert!(hex::encode(signature).starts_with("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"));
        assert!(key.public().verify(&[0x72], &signature));
        assert!(!key.public().verify(&[0x73], &signature));
    }

    #[test]
    fn public_keys_read_back_and_secrets_are_not_shown() {
        let key = SigningKey::generate(&mut crate::outside::SystemRandom).unwrap();
        let json = serde_json::to_string(&key.public()).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key.public());
        assert!(serde_json::from_str::<PublicKey>("\"AAAA\"").is_err());
        assert_eq!(format!("{key:?}"), "SigningKey(..)");
        let again = SigningKey::from_seed(&key.to_seed()).unwrap();
        assert_eq!(again.public(), key.public());
    }
}
