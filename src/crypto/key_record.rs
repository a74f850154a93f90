// SPDX-License-Identifier: Apache-2.0
//! Wrapped key records: how a key travels into a card (FMCOS 2.0 manual "WRITE KEY"; PSAM WRITE KEY has the same frame).
//!
//! `E(LD ‖ record) ‖ MAC4`, both under the card's control key; the initial value of the MAC is the challenge. The record is
//! a few header bytes, the key, and for some card systems bytes behind it:
//!
//! | card | prefix | suffix |
//! |---|---|---|
//! | FMCOS user card | type, use, change, two bytes by type | none |
//! | PSAM | usage, version, algorithm | none |
//! | preset key files (metro-and-city card) | version, algorithm, error counter, 00 | none |

use super::secure_messaging::{Challenge, SecureMessagingError, encrypt_ld_parts, encrypted_length, mac4};
use super::{Algorithm, KeyMaterial, SecretBytes};

/// Wraps a record that holds a 16-byte key. The header is `CLA INS P1 P2 Lc` as it will be sent; Lc is
/// [`wrapped_length`]. The answer is the command's whole data field. `alg` is the control key's.
pub fn wrap_record(
    alg: Algorithm,
    control: &KeyMaterial,
    challenge: &Challenge,
    header: [u8; 5],
    prefix: &[u8],
    key: &KeyMaterial,
    suffix: &[u8],
) -> Result<Vec<u8>, SecureMessagingError> {
    wrap(alg, control, challenge, header, &[prefix, key.expose(), suffix])
}

/// Wraps any secret record: a PIN, an 8-byte key.
pub fn wrap_secret(
    alg: Algorithm,
    control: &KeyMaterial,
    challenge: &Challenge,
    header: [u8; 5],
    prefix: &[u8],
    secret: &SecretBytes,
) -> Result<Vec<u8>, SecureMessagingError> {
    wrap(alg, control, challenge, header, &[prefix, secret.expose()])
}

/// Length of the data field that a record of this length becomes: the Lc of the header.
pub const fn wrapped_length(alg: Algorithm, record: usize) -> usize {
    encrypted_length(alg, record) + 4
}

fn wrap(
    alg: Algorithm,
    control: &KeyMaterial,
    challenge: &Challenge,
    header: [u8; 5],
    parts: &[&[u8]],
) -> Result<Vec<u8>, SecureMessagingError> {
    let mut data = encrypt_ld_parts(alg, control, parts)?;
    let mac = mac4(alg, control, challenge, &[&header[..], &data].concat());
    data.extend_from_slice(&mac);
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::secure_messaging::decrypt_ld;

    #[test]
    fn the_record_is_prefix_key_suffix() {
        let control = KeyMaterial::init_with(|k| k.fill(0x11));
        let key = KeyMaterial::init_with(|k| k.fill(0x22));
        for alg in [Algorithm::Tdes, Algorithm::Sm4] {
            let data = wrap_record(
                alg,
                &control,
                &[9; 4].into(),
                [0x84, 0xD4, 1, 1, 0x1C],
                &[1, 2],
                &key,
                &[3],
            )
            .unwrap();
            assert_eq!(data.len(), wrapped_length(alg, 19));
            let record = decrypt_ld(alg, &control, &data[..data.len() - 4]).unwrap();
            assert_eq!(record, [&[1, 2][..], &[0x22; 16], &[3]].concat());
        }
        // Lc 1C of the PSAM's and 14 of the 8-byte FMCOS key are in the manuals.
        assert_eq!(wrapped_length(Algorithm::Tdes, 19), 0x1C);
        assert_eq!(wrapped_length(Algorithm::Tdes, 13), 0x14);
    }
}
