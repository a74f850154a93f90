// SPDX-License-Identifier: Apache-2.0
//! Secrets as types: filled in place, wiped on drop, never printed, never copied, never compared byte by byte.
//!
//! The bytes are reached through `expose`, which only `crypto/` may call; `tests/layering.rs` holds that. Everything else
//! handles a key by what it may do with it.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A 16-byte key: two-key 3DES or SM4. Lives on the heap, so that a move leaves no copy behind.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct KeyMaterial(Box<[u8; 16]>);

impl KeyMaterial {
    /// Length in bytes of every key of the card systems (two-key 3DES and SM4 alike).
    pub const LEN: usize = 16;

    /// Makes a key by filling its final place. The closure gets zeroes.
    pub fn init_with(fill: impl FnOnce(&mut [u8; 16])) -> Self {
        let mut place = Box::new([0; 16]);
        fill(&mut place);
        Self(place)
    }

    /// Like [`Self::init_with`] for a source that can fail; a failure wipes what was written.
    pub fn try_init_with<E>(fill: impl FnOnce(&mut [u8; 16]) -> Result<(), E>) -> Result<Self, E> {
        let mut key = Self(Box::new([0; 16]));
        fill(&mut key.0)?;
        Ok(key)
    }

    /// The bytes. For `crypto/` alone.
    pub(crate) fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// Equality in constant time.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyMaterial(..)")
    }
}

/// Secret bytes of any length: a passphrase, a PIN, a plain key record on its way into a cipher.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over; the vector's buffer is wiped when this is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Filled in its final place, from zeroes; a failure wipes what was written.
    pub fn try_init_with<E>(bytes: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Zeroizing::new(vec![0; bytes]));
        fill(&mut secret.0).map(|()| secret)
    }

    /// The bytes. For `crypto/` alone.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The way out of the program to a card: as the data of a command whose CLA INS P1 P2 is `header`. The closure sends the
    /// command; the buffer is wiped afterwards. At most 255 bytes; more is cut by nobody, the card refuses it.
    pub fn in_command<R>(&self, header: [u8; 4], send: impl FnOnce(&[u8]) -> R) -> R {
        let mut wire = Zeroizing::new(Vec::with_capacity(self.0.len() + 5));
        wire.extend_from_slice(&header);
        wire.push(self.0.len() as u8);
        wire.extend_from_slice(&self.0);
        send(&wire)
    }

    /// The other way out: a page for its custodian alone. The closure writes the page.
    pub fn on_page<R>(&self, write: impl FnOnce(&[u8]) -> R) -> R {
        write(&self.0)
    }

    /// Length in bytes (a PIN's length is no secret: the card's answer shows it).
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was entered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_byte() {
        let key = KeyMaterial::init_with(|k| k.fill(0xAB));
        let pin = SecretBytes::new(vec![0xAB; 6]);
        let shown = format!("{key:?} {key:#?} {pin:?} {pin:#?}").to_lowercase();
        assert!(!shown.contains("ab") && !shown.contains("171"), "{shown}");
    }

    #[test]
    fn a_failed_fill_gives_no_key() {
        let made = KeyMaterial::try_init_with(|_| Err::<(), _>("no random source"));
        assert_eq!(made.unwrap_err(), "no random source");
    }
}
