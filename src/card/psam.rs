// SPDX-License-Identifier: Apache-2.0
//! Commands of a purchase SAM (PSAM; PBOC PSAM application specification, CJ/T 304): the terminal's part of a purchase, and
//! the cipher commands with derived keys. On the wire factors stand lowest level first (card, then city).

use super::commands::{self, CipherMode};
use super::fault::CardError;
use super::session::CardSession;
use crate::crypto::purse::{Amount, DateTime, SecurityCode, TxnType};

/// What a PSAM needs of the card's side for MAC1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PsamPurchase {
    /// The card's random number.
    pub random: [u8; 4],
    /// The card's offline counter.
    pub counter: u16,
    /// The amount.
    pub amount: Amount,
    /// The transaction type.
    pub kind: TxnType,
    /// The terminal's clock.
    pub at: DateTime,
    /// Version of the purchase key.
    pub version: u8,
    /// Algorithm byte of the purchase key.
    pub algorithm: u8,
    /// The factors, lowest level first.
    pub factors: Vec<[u8; 8]>,
}

/// INIT SAM FOR PURCHASE: returns the terminal transaction counter and MAC1.
pub fn init_for_purchase(psam: &mut CardSession<'_>, p: &PsamPurchase) -> Result<(u32, [u8; 4]), CardError> {
    let key = (p.version, p.algorithm);
    let command =
        commands::psam_init_purchase(p.random, p.counter, p.amount.0, p.kind.0, p.at.bytes(), key, &p.factors);
    let a = psam.send_for::<8>("INIT SAM FOR PURCHASE", &command)?;
    Ok((u32::from_be_bytes([a[0], a[1], a[2], a[3]]), [a[4], a[5], a[6], a[7]]))
}

/// CREDIT SAM FOR PURCHASE: the PSAM checks the card's MAC2.
pub fn credit_for_purchase(psam: &mut CardSession<'_>, mac2: [u8; 4]) -> Result<(), CardError> {
    psam.send("CREDIT SAM FOR PURCHASE", &commands::credit_purchase(mac2))
        .map(drop)
}

/// The PSAM's check of a card's security authentication code (MOHURD).
pub fn check_security_code(psam: &mut CardSession<'_>, code: &SecurityCode) -> Result<(), CardError> {
    psam.send("PSAM CHECK OF SECURITY CODE", &commands::check_security_code(&code.0))
        .map(drop)
}

/// DELIVERY KEY: derives a working key for the next cipher command. `usage` has the number of levels in its top three bits.
pub fn derive(psam: &mut CardSession<'_>, usage: u8, id: u8, factors: &[[u8; 8]]) -> Result<(), CardError> {
    psam.send("DELIVERY KEY", &commands::delivery_key(usage, id, factors))
        .map(drop)
}

/// CIPHER DATA with the derived key; the caller pads.
pub fn cipher(psam: &mut CardSession<'_>, mode: CipherMode, data: &[u8]) -> Result<Vec<u8>, CardError> {
    psam.send("CIPHER DATA", &commands::cipher_data(mode, data))
}
