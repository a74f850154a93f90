// SPDX-License-Identifier: Apache-2.0
//! Several secrets as one, to be sealed together: each as its length (two bytes, high byte first) and its bytes. The buffer
//! gets its full size at once, so that growing it leaves no copy behind.

use super::seal::{SealKey, Secret};
use super::{KeyMaterial, SecretBytes};

/// The bytes are no pack of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no pack of secrets")]
pub struct NotPacked;

/// Packs; each secret has at most 65,535 bytes.
pub fn pack(secrets: &[&dyn Secret]) -> Result<SecretBytes, NotPacked> {
    let mut whole = Vec::with_capacity(secrets.iter().map(|s| 2 + s.bytes().len()).sum());
    for secret in secrets {
        let length = u16::try_from(secret.bytes().len()).map_err(|_| NotPacked)?;
        whole.extend_from_slice(&length.to_be_bytes());
        whole.extend_from_slice(secret.bytes());
    }
    Ok(SecretBytes::new(whole))
}

/// Unpacks what [`pack`] made.
pub fn unpack(whole: &SecretBytes) -> Result<Vec<SecretBytes>, NotPacked> {
    let mut rest = whole.expose();
    let mut secrets = Vec::new();
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<2>().ok_or(NotPacked)?;
        let (secret, behind) = behind
            .split_at_checked(u16::from_be_bytes(*length).into())
            .ok_or(NotPacked)?;
        secrets.push(SecretBytes::new(secret.to_vec()));
        rest = behind;
    }
    Ok(secrets)
}

/// An unpacked secret as a key: 16 bytes.
pub fn key_from(secret: &SecretBytes) -> Result<KeyMaterial, NotPacked> {
    let bytes: &[u8; 16] = secret.expose().try_into().map_err(|_| NotPacked)?;
    Ok(KeyMaterial::init_with(|place| place.copy_from_slice(bytes)))
}

/// A key as a secret of 16 bytes.
pub(in crate::crypto) fn secret_of(key: &KeyMaterial) -> SecretBytes {
    SecretBytes::new(key.expose().to_vec())
}

/// A second copy of a secret, for whoever must hold one of their own.
pub fn copy_of(secret: &SecretBytes) -> SecretBytes {
    SecretBytes::new(secret.expose().to_vec())
}

/// A second copy of a seal key.
pub fn copy_of_seal_key(key: &SealKey) -> SealKey {
    let copied = SealKey::try_init_with(|place| {
        place.copy_from_slice(key.expose());
        Ok::<(), std::convert::Infallible>(())
    });
    match copied {
        Ok(copy) => copy,
        Err(never) => match never {},
    }
}

/// A second copy of a key.
pub fn copy_of_key(key: &KeyMaterial) -> KeyMaterial {
    KeyMaterial::init_with(|place| place.copy_from_slice(key.expose()))
}

/// A plain key record: `prefix ‖ key`. For the transport key that blanks come with, and no other.
pub fn joined(prefix: &[u8], key: &KeyMaterial) -> SecretBytes {
    let mut whole = Vec::with_capacity(prefix.len() + KeyMaterial::LEN);
    whole.extend_from_slice(prefix);
    whole.extend_from_slice(key.expose());
    SecretBytes::new(whole)
}

/// Equality in constant time (of the contents; lengths show).
pub fn is_same(a: &SecretBytes, b: &SecretBytes) -> bool {
    use subtle::ConstantTimeEq;
    a.expose().ct_eq(b.expose()).into()
}

/// Equality of two secrets of whatever kind in constant time (of the contents; lengths show).
pub fn same_secret(a: &dyn Secret, b: &dyn Secret) -> bool {
    use subtle::ConstantTimeEq;
    a.bytes().ct_eq(b.bytes()).into()
}

/// Whether a secret's bytes stand anywhere in another one, as they are. An empty secret stands nowhere.
pub fn contains(whole: &dyn Secret, part: &dyn Secret) -> bool {
    use subtle::{Choice, ConstantTimeEq};
    let (whole, part) = (whole.bytes(), part.bytes());
    let windows = whole.windows(part.len().max(1)).map(|window| window.ct_eq(part));
    windows.fold(Choice::from(0), |any, here| any | here).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let key = KeyMaterial::init_with(|k| k.fill(7));
        let (empty, pin) = (SecretBytes::new(Vec::new()), SecretBytes::new(vec![0x12, 0x34, 0x56]));
        let parts = unpack(&pack(&[&key, &empty, &pin]).unwrap()).unwrap();
        assert_eq!(parts.len(), 3);
        assert!(key_from(&parts[0]).unwrap().same_as(&key));
        assert!(parts[1].is_empty() && is_same(&parts[2], &pin));
        assert!(key_from(&parts[2]).is_err());
    }

    #[test]
    fn cut_packs_are_refused() {
        let whole = pack(&[&SecretBytes::new(vec![1, 2, 3])]).unwrap();
        for length in 1..whole.len() {
            assert!(
                unpack(&SecretBytes::new(whole.expose()[..length].to_vec())).is_err(),
                "{length}"
            );
        }
    }

    #[test]
    fn a_key_is_found_wherever_it_stands() {
        let key = KeyMaterial::init_with(|k| k.copy_from_slice(b"0123456789abcdef"));
        for at in 0..5 {
            let mut bytes = vec![7; at];
            bytes.extend_from_slice(b"0123456789abcdef");
            let (whole, cut) = (
                SecretBytes::new(bytes.clone()),
                SecretBytes::new(bytes[..at + 15].to_vec()),
            );
            assert!(contains(&whole, &key) && !contains(&cut, &key));
        }
        assert!(!contains(&SecretBytes::new(Vec::new()), &key));
    }
}
