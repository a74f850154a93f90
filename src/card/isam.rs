// SPDX-License-Identifier: Apache-2.0
//! A load SAM 充值 SAM 卡 (ISAM) in the place of the site's key store. No source gives commands of its own for it; what back
//! offices do with a PSAM's commands is done here: the card's load key is derived inside (`80 1A`, lowest level first), the
//! seed of one load enciphered under it (`80 FA`), and what comes out is the session key of this one load. The TAC key is
//! derived in the same way, and the module computes the TAC itself.
//!
//! A session key is a secret for as long as its load lasts: it is wiped, and stands in no trace.

use super::commands::{self, CipherMode};
use super::fault::CardError;
use super::psam;
use super::session::CardSession;
use crate::crypto::{Algorithm, SessionKey, SessionVariant, padding};

/// A key in a load SAM, and the factors that lead from it to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsamKey<'a> {
    /// Usage byte: levels × 20h + type (9 load, 0C TAC).
    pub usage: u8,
    /// Identifier or version.
    pub id: u8,
    /// Its cipher.
    pub algorithm: Algorithm,
    /// The factors, lowest level first.
    pub factors: &'a [[u8; 8]],
}

/// The MACs of one load, each over one input, under the session key of this seed.
pub fn load_macs(
    isam: &mut CardSession<'_>,
    key: &IsamKey<'_>,
    seed: &[u8; 8],
    inputs: &[&[u8]],
) -> Result<Vec<[u8; 4]>, CardError> {
    psam::derive(isam, key.usage, key.id, key.factors)?;
    let block = SessionKey::question(key.algorithm, SessionVariant::default(), seed);
    let what = "CIPHER DATA";
    let given = isam.ask_secret(what, &commands::cipher_data(CipherMode::Encipher, &block))?;
    let session = SessionKey::from_module(key.algorithm, &given).ok_or_else(|| CardError::Length {
        what: what.to_owned(),
        expected: block.len(),
        got: given.len(),
    })?;
    Ok(inputs.iter().map(|input| session.mac(input)).collect())
}

/// The TAC of a transaction. The module halves the key itself, as a TAC key is used.
pub fn tac(isam: &mut CardSession<'_>, key: &IsamKey<'_>, data: &[u8]) -> Result<[u8; 4], CardError> {
    psam::derive(isam, key.usage, key.id, key.factors)?;
    let padded = padding::pad80(data, key.algorithm.block());
    isam.send_for::<4>("CIPHER DATA", &commands::cipher_data(CipherMode::Mac, &padded))
}
