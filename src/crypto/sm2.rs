// SPDX-License-Identifier: Apache-2.0
//! SM2 signatures with SM3 (GB/T 32918.2, GB/T 32918.5; GM/T 0003), with the distinguishing identifier that GM/T 0009 §10
//! lays down for everybody who has agreed on no other. A signature is r ‖ s, 32 bytes each, high byte first. The number k of
//! a signature follows from key and message by RFC 6979 with SM3: no random source can betray the key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sm2::SecretKey;
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};
use sm2::elliptic_curve::sec1::ToSec1Point as _;

use super::SecretBytes;
use super::seal::SealError;
use super::stack::wipe_stack;
use crate::outside::{NoRandom, Random};

/// The signer's identifier.
pub const ID: &str = "1234567812345678";

/// Bytes of a public key: 04 ‖ x ‖ y.
pub const PUBLIC_LEN: usize = 65;

/// The private half: wiped, never printed.
pub struct Sm2SigningKey {
    scalar: SecretBytes,
    public: Sm2PublicKey,
}

impl Sm2SigningKey {
    /// A fresh one.
    pub fn generate(random: &mut dyn Random) -> Result<Self, NoRandom> {
        loop {
            let scalar = SecretBytes::try_init_with(32, |place| random.fill(place))?;
            // All but one number in four thousand million is below the order of the curve.
            if let Ok(key) = Self::from_scalar(scalar) {
                return Ok(key);
            }
        }
    }

    /// From the 32-byte number that was kept sealed: 1 to n-2.
    pub fn from_scalar(scalar: SecretBytes) -> Result<Self, SealError> {
        let public = public_of(&scalar);
        wipe_stack();
        let key = Self {
            scalar,
            public: public.ok_or(SealError::Length)?,
        };
        // n-1 is a point's number and signs nothing.
        if key.sign(b"").is_some() {
            Ok(key)
        } else {
            Err(SealError::Length)
        }
    }

    /// The number, for keeping it sealed.
    pub fn to_scalar(&self) -> SecretBytes {
        SecretBytes::new(self.scalar.expose().to_vec())
    }

    /// What verifies its signatures.
    pub fn public(&self) -> Sm2PublicKey {
        self.public
    }

    /// Signs. `None` where RFC 6979 gives a number that GB/T 32918.2 does not take, which nobody will ever see.
    pub fn sign(&self, message: &[u8]) -> Option<[u8; 64]> {
        let signed = SigningKey::from_slice(ID, self.scalar.expose())
            .and_then(|key| key.try_sign(message))
            .map(|signature| signature.to_bytes().into());
        wipe_stack();
        signed.ok()
    }
}

fn public_of(scalar: &SecretBytes) -> Option<Sm2PublicKey> {
    let secret = SecretKey::from_slice(scalar.expose()).ok()?;
    let point = secret.public_key().to_sec1_point(false);
    point.as_bytes().try_into().ok().map(Sm2PublicKey)
}

impl fmt::Debug for Sm2SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm2SigningKey(..)")
    }
}

/// The public half: 04 ‖ x ‖ y, base64 in files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sm2PublicKey(pub [u8; PUBLIC_LEN]);

impl Sm2PublicKey {
    /// Whether it is a point of the curve in this form.
    pub fn is_sound(&self) -> bool {
        self.0[0] == 4 && VerifyingKey::from_sec1_bytes(ID, &self.0).is_ok()
    }

    /// Whether the signature is this key's over the message.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let key = VerifyingKey::from_sec1_bytes(ID, &self.0);
        let signature = Signature::from_slice(signature);
        matches!((key, signature), (Ok(key), Ok(signature)) if self.0[0] == 4 && key.verify(message, &signature).is_ok())
    }
}

impl fmt::Display for Sm2PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&BASE64.encode(self.0))
    }
}

impl fmt::Debug for Sm2PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sm2PublicKey({self})")
    }
}

impl Serialize for Sm2PublicKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sm2PublicKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let bytes = BASE64.decode(text.as_bytes()).ok().and_then(|b| b.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("an SM2 public key is 65 bytes in base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::SystemRandom;

    // GB/T 32918.5-2017 (GM/T 0003.5-2012) Annex A.2: digital signature on the recommended curve.
    const D: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
    const X: &str = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
    const Y: &str = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
    const R: &str = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
    const S: &str = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    const MESSAGE: &[u8] = b"message digest";

    fn bytes<const N: usize>(parts: &[&str]) -> [u8; N] {
        hex::decode(parts.concat()).unwrap().try_into().unwrap()
    }

    #[test]
    fn the_published_example_of_gb_t_32918_5() {
        let key = Sm2SigningKey::from_scalar(SecretBytes::new(hex::decode(D).unwrap())).unwrap();
        assert_eq!(key.public().0, bytes(&["04", X, Y]));
        let published: [u8; 64] = bytes(&[R, S]);
        assert!(key.public().verify(MESSAGE, &published));
        assert!(!key.public().verify(b"message digesT", &published));
        for at in [0, 31, 32, 63] {
            let mut other = published;
            other[at] ^= 1;
            assert!(!key.public().verify(MESSAGE, &other), "byte {at}");
        }
        // Another k than the example's, the same key: it verifies all the same, and comes out the same every time.
        let own = key.sign(MESSAGE).unwrap();
        assert_ne!(own, published);
        assert_eq!(key.sign(MESSAGE), Some(own));
        assert!(key.public().verify(MESSAGE, &own));
    }

    #[test]
    fn numbers_and_points_that_are_no_keys_are_refused() {
        let order = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
        let below = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122";
        for bad in [order, below, &"00".repeat(32), &"ff".repeat(32), "00"] {
            let scalar = SecretBytes::new(hex::decode(bad).unwrap());
            assert!(Sm2SigningKey::from_scalar(scalar).is_err(), "{bad}");
        }
        let mut off = bytes::<65>(&["04", X, Y]);
        assert!(Sm2PublicKey(off).is_sound());
        off[64] ^= 1;
        assert!(!Sm2PublicKey(off).is_sound());
        assert!(!Sm2PublicKey([0; 65]).is_sound());
        assert!(!Sm2PublicKey(bytes(&["04", X, Y])).verify(MESSAGE, &[0; 64]));
    }

    #[test]
    fn keys_read_back_and_secrets_are_not_shown() {
        let key = Sm2SigningKey::generate(&mut SystemRandom).unwrap();
        let json = serde_json::to_string(&key.public()).unwrap();
        assert_eq!(serde_json::from_str::<Sm2PublicKey>(&json).unwrap(), key.public());
        assert!(serde_json::from_str::<Sm2PublicKey>("\"AAAA\"").is_err());
        assert_eq!(format!("{key:?}"), "Sm2SigningKey(..)");
        assert_eq!(
            Sm2SigningKey::from_scalar(key.to_scalar()).unwrap().public(),
            key.public()
        );
    }
}
