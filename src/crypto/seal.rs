// SPDX-License-Identifier: Apache-2.0
//! Secrets at rest: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under a 32-byte seal key; seal keys from passphrases by
//! Argon2id (RFC 9106); boxes for the holder of an X25519 key (RFC 7748, HKDF-SHA256 of RFC 5869).
//!
//! Associated data bind a sealed secret to its place: whatever it must not be moved away from goes in there. A nonce is
//! drawn at random for each sealing and stored beside it.

use argon2::{Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{KeyMaterial, SecretBytes};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;
use crate::outside::{NoRandom, Random};

/// Bytes of a nonce.
pub const NONCE: usize = 24;
/// Bytes that sealing adds.
pub const TAG: usize = 16;
/// Bytes that a box for a public key adds: the ephemeral public key and the tag.
pub const BOX_OVERHEAD: usize = 32 + TAG;
/// What separates this use of HKDF from any other.
const BOX_INFO: &[u8] = b"cardmint box v1";
/// More memory than this is a damaged file, not a setting.
const MEMORY_LIMIT_KIB: u32 = 4 * 1024 * 1024;
/// More passes than this are a planted file that would make opening hang.
const PASSES_LIMIT: u32 = 64;

/// A key that seals other secrets: 32 bytes, wiped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SealKey(Box<[u8; 32]>);

/// Anything that can be sealed.
pub trait Secret: private::Bytes {}
impl Secret for SealKey {}
impl Secret for KeyMaterial {}
impl Secret for SecretBytes {}
impl Secret for crate::crypto::key_block::ExchangeKey {}

mod private {
    /// Keeps the bytes inside `crypto`.
    pub trait Bytes {
        /// What is sealed.
        fn bytes(&self) -> &[u8];
    }
    impl Bytes for super::SealKey {
        fn bytes(&self) -> &[u8] {
            &self.0[..]
        }
    }
    impl Bytes for super::KeyMaterial {
        fn bytes(&self) -> &[u8] {
            self.expose()
        }
    }
    impl Bytes for super::SecretBytes {
        fn bytes(&self) -> &[u8] {
            self.expose()
        }
    }
    impl Bytes for crate::crypto::key_block::ExchangeKey {
        fn bytes(&self) -> &[u8] {
            self.expose()
        }
    }
}

/// Cost of turning a passphrase into a key; stored beside what it protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KdfParams {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for KdfParams {
    /// 64 MiB, three passes, four lanes: the second recommended choice of RFC 9106.
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
        }
    }
}

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// Wrong key, wrong place, or changed bytes: these cannot be told apart.
    Broken,
    /// Opened, but it is not of the expected length.
    Length,
    /// Costs that Argon2id does not allow.
    KdfParams,
    /// A public key that gives everyone the same secret.
    PublicKey,
}

impl SealKey {
    /// Filled in its final place.
    pub fn try_init_with<E>(fill: impl FnOnce(&mut [u8; 32]) -> Result<(), E>) -> Result<Self, E> {
        let mut key = Self(Box::new([0; 32]));
        fill(&mut key.0).map(|()| key)
    }

    /// A fresh one.
    pub fn generate(random: &mut dyn Random) -> Result<Self, NoRandom> {
        Self::try_init_with(|place| random.fill(place))
    }

    /// From shares that were put together.
    pub fn from_secret(secret: &SecretBytes) -> Result<Self, SealError> {
        let bytes = secret.expose();
        Self::try_init_with(|place| exactly(bytes, place))
    }

    /// The bytes. For `crypto/` alone.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(..)")
    }
}

/// A fresh nonce.
pub fn fresh_nonce(random: &mut dyn Random) -> Result<[u8; NONCE], NoRandom> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce).map(|()| nonce)
}

/// Seals: ciphertext and tag, [`TAG`] bytes longer than the secret. Never use a nonce twice with one key.
pub fn seal(key: &SealKey, nonce: &[u8; NONCE], aad: &[u8], plain: &impl Secret) -> Vec<u8> {
    let msg = plain.bytes();
    XChaCha20Poly1305::new(key.expose().into())
        .encrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .unwrap_or_else(|_| unreachable!("only fails beyond 256 GiB"))
}

/// Opens what [`seal`] made with the same key, nonce and associated data.
pub fn open(key: &SealKey, nonce: &[u8; NONCE], aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, SealError> {
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad })
        .map(SecretBytes::new)
        .map_err(|_| SealError::Broken)
}

/// [`open`] for a sealed [`KeyMaterial`].
pub fn open_key(key: &SealKey, nonce: &[u8; NONCE], aad: &[u8], sealed: &[u8]) -> Result<KeyMaterial, SealError> {
    let opened = open(key, nonce, aad, sealed)?;
    KeyMaterial::try_init_with(|place| exactly(opened.expose(), place))
}

/// [`open`] for a sealed [`SealKey`].
pub fn open_seal_key(key: &SealKey, nonce: &[u8; NONCE], aad: &[u8], sealed: &[u8]) -> Result<SealKey, SealError> {
    SealKey::from_secret(&open(key, nonce, aad, sealed)?)
}

/// The seal key of a passphrase. Takes as long as the costs say; its memory is wiped.
pub fn passphrase_key(passphrase: &SecretBytes, salt: &[u8; 16], costs: KdfParams) -> Result<SealKey, SealError> {
    if costs.memory_kib > MEMORY_LIMIT_KIB || costs.passes > PASSES_LIMIT {
        return Err(SealError::KdfParams);
    }
    let params =
        Params::new(costs.memory_kib, costs.passes, costs.lanes, Some(32)).map_err(|_| SealError::KdfParams)?;
    let mut memory = Zeroizing::new(vec![Block::default(); params.block_count()]);
    let argon = Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params);
    SealKey::try_init_with(|place| {
        argon
            .hash_password_into_with_memory(passphrase.expose(), salt, place, memory.as_mut_slice())
            .map_err(|_| SealError::KdfParams)
    })
}

/// The private half of a box: X25519, wiped, never printed. Lives on the heap, so that a move leaves no copy behind.
pub struct BoxKey(Box<StaticSecret>);

impl BoxKey {
    /// A fresh one.
    pub fn generate(random: &mut dyn Random) -> Result<Self, NoRandom> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed)?;
        Ok(Self(Box::new(StaticSecret::from(*seed))))
    }

    /// From a secret that was kept sealed: 32 bytes.
    pub fn from_secret(secret: &SecretBytes) -> Result<Self, SealError> {
        let mut seed = Zeroizing::new([0; 32]);
        exactly(secret.expose(), &mut *seed)?;
        Ok(Self(Box::new(StaticSecret::from(*seed))))
    }

    /// For keeping it sealed.
    pub fn to_secret(&self) -> SecretBytes {
        SecretBytes::new(self.0.as_bytes().to_vec())
    }

    /// What others seal to.
    pub fn public(&self) -> [u8; 32] {
        PublicKey::from(&*self.0).to_bytes()
    }
}

impl std::fmt::Debug for BoxKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BoxKey(..)")
    }
}

/// A box that only the holder of the private key opens: ephemeral public key (32), ciphertext, tag.
pub fn seal_to(
    public: &[u8; 32],
    random: &mut dyn Random,
    aad: &[u8],
    plain: &impl Secret,
) -> Result<Vec<u8>, BoxError> {
    let ephemeral = BoxKey::generate(random).map_err(BoxError::Random)?;
    let sender = ephemeral.public();
    let (key, nonce) = box_key(&ephemeral, public, &sender, public).map_err(BoxError::Seal)?;
    let mut out = sender.to_vec();
    out.extend(seal(&key, &nonce, aad, plain));
    Ok(out)
}

/// Opens a box.
pub fn open_with(private: &BoxKey, aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, SealError> {
    let (sender, rest) = sealed.split_first_chunk::<32>().ok_or(SealError::Broken)?;
    let (key, nonce) = box_key(private, sender, sender, &private.public())?;
    open(&key, &nonce, aad, rest)
}

/// Why a box could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// No random source.
    #[error(transparent)]
    Random(NoRandom),
    /// The public key is none.
    #[error(transparent)]
    Seal(SealError),
}

/// Key and nonce of a box; both follow from the two public keys, of which one is used only once.
fn box_key(
    mine: &BoxKey,
    theirs: &[u8; 32],
    sender: &[u8; 32],
    receiver: &[u8; 32],
) -> Result<(SealKey, [u8; NONCE]), SealError> {
    let shared = mine.0.diffie_hellman(&PublicKey::from(*theirs));
    if !shared.was_contributory() {
        return Err(SealError::PublicKey);
    }
    let expand = |part: &[u8], place: &mut [u8]| {
        Hkdf::<Sha256>::new(None, shared.as_bytes())
            .expand_multi_info(&[BOX_INFO, part, sender, receiver], place)
            .map_err(|_| SealError::Length)
    };
    let key = SealKey::try_init_with(|place| expand(b"key", place))?;
    let mut nonce = [0; NONCE];
    expand(b"nonce", &mut nonce).map(|()| (key, nonce))
}

fn exactly(from: &[u8], place: &mut [u8]) -> Result<(), SealError> {
    if from.len() != place.len() {
        return Err(SealError::Length);
    }
    place.copy_from_slice(from);
    Ok(())
}

impl Fault for SealError {
    fn msg(&self) -> Msg {
        match self {
            Self::Broken => msg!("crypto-seal-broken"),
            Self::Length => msg!("crypto-seal-length"),
            Self::KdfParams => msg!("crypto-kdf-params"),
            Self::PublicKey => msg!("crypto-box-public"),
        }
    }
    fn exit(&self) -> Exit {
        match self {
            Self::Broken | Self::Length => Exit::Check,
            Self::KdfParams | Self::PublicKey => Exit::Usage,
        }
    }
}
crate::display_as_english!(SealError);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::SystemRandom;

    fn key(byte: u8) -> SealKey {
        SealKey::try_init_with(|k| {
            k.fill(byte);
            Ok::<_, ()>(())
        })
        .unwrap()
    }

    #[test]
    fn anything_changed_keeps_it_closed() {
        let secret = KeyMaterial::init_with(|k| k.fill(0x5C));
        let sealed = seal(&key(1), &[2; NONCE], b"slot 1", &secret);
        assert_eq!(sealed.len(), 16 + TAG);
        assert!(
            open_key(&key(1), &[2; NONCE], b"slot 1", &sealed)
                .unwrap()
                .same_as(&secret)
        );
        assert_eq!(
            open(&key(3), &[2; NONCE], b"slot 1", &sealed).unwrap_err(),
            SealError::Broken
        );
        assert_eq!(
            open(&key(1), &[3; NONCE], b"slot 1", &sealed).unwrap_err(),
            SealError::Broken
        );
        assert_eq!(
            open(&key(1), &[2; NONCE], b"slot 2", &sealed).unwrap_err(),
            SealError::Broken
        );
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key(1), &[2; NONCE], b"slot 1", &changed).is_err());
            assert!(open(&key(1), &[2; NONCE], b"slot 1", &sealed[..at]).is_err());
        }
        let pin = seal(&key(1), &[2; NONCE], b"", &SecretBytes::new(vec![1, 2]));
        assert_eq!(
            open_key(&key(1), &[2; NONCE], b"", &pin).unwrap_err(),
            SealError::Length
        );
    }

    #[test]
    fn the_published_vector_of_the_xchacha_draft() {
        // draft-irtf-cfrg-xchacha-03 A.3.1
        let hex = |text: &str| hex::decode(text).unwrap();
        let mut byte = 0x7F;
        let key = SealKey::try_init_with(|k| {
            k.fill_with(|| {
                byte += 1;
                byte
            });
            Ok::<_, ()>(())
        })
        .unwrap();
        let mut nonce = [0; NONCE];
        (0x40..).zip(&mut nonce).for_each(|(value, place)| *place = value);
        let plain = SecretBytes::new(b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.".to_vec());
        let sealed = seal(&key, &nonce, &hex("50515253c0c1c2c3c4c5c6c7"), &plain);
        assert_eq!(sealed[..16], hex("bd6d179d3e83d43b9576579493c0e939"));
        assert_eq!(sealed[sealed.len() - TAG..], hex("c0875924c1c7987947deafd8780acf49"));
    }

    #[test]
    fn passphrases_salts_and_costs_make_different_keys() {
        let costs = KdfParams {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
        };
        let of = |pass: &[u8], salt, costs| passphrase_key(&SecretBytes::new(pass.to_vec()), &[salt; 16], costs);
        let base = of(b"correct horse", 1, costs).unwrap();
        assert_eq!(base.expose(), of(b"correct horse", 1, costs).unwrap().expose());
        assert_ne!(base.expose(), of(b"correct hors", 1, costs).unwrap().expose());
        assert_ne!(base.expose(), of(b"correct horse", 2, costs).unwrap().expose());
        assert_ne!(
            base.expose(),
            of(b"correct horse", 1, KdfParams { passes: 2, ..costs })
                .unwrap()
                .expose()
        );
        for bad in [
            KdfParams {
                memory_kib: u32::MAX,
                ..costs
            },
            KdfParams { passes: 0, ..costs },
            KdfParams {
                passes: PASSES_LIMIT + 1,
                ..costs
            },
            KdfParams { lanes: 0, ..costs },
        ] {
            assert_eq!(of(b"x", 1, bad).unwrap_err(), SealError::KdfParams);
        }
    }

    #[test]
    fn a_box_opens_for_its_receiver_alone() {
        let mut random = SystemRandom;
        let (mine, other) = (
            BoxKey::generate(&mut random).unwrap(),
            BoxKey::generate(&mut random).unwrap(),
        );
        let sealed = seal_to(
            &mine.public(),
            &mut random,
            b"officer 1",
            &SecretBytes::new(b"share".to_vec()),
        )
        .unwrap();
        assert_eq!(sealed.len(), 5 + BOX_OVERHEAD);
        let kept = BoxKey::from_secret(&mine.to_secret()).unwrap();
        assert_eq!(open_with(&kept, b"officer 1", &sealed).unwrap().expose(), b"share");
        assert_eq!(open_with(&other, b"officer 1", &sealed).unwrap_err(), SealError::Broken);
        assert_eq!(open_with(&mine, b"officer 2", &sealed).unwrap_err(), SealError::Broken);
        assert_eq!(
            open_with(&mine, b"officer 1", &sealed[..31]).unwrap_err(),
            SealError::Broken
        );
        let nobody = seal_to(&[0; 32], &mut random, b"", &SecretBytes::new(vec![1]));
        assert_eq!(nobody.unwrap_err(), BoxError::Seal(SealError::PublicKey));
    }
}
