// SPDX-License-Identifier: Apache-2.0
//! The purse application as the host uses it (JR/T 0025.2-2010 §5.4): a command, and its answer taken apart. Amounts in fen.

use super::commands::{self, PurchaseKind, Purse};
use super::fault::CardError;
use super::session::CardSession;
use crate::crypto::SecretBytes;
use crate::crypto::purse::{Amount, DateTime, OverdraftLimit, SecurityCode, Terminal, TxnType};

/// Transaction type of a load into a purse.
pub const fn load_type(purse: Purse) -> TxnType {
    match purse {
        Purse::Deposit => TxnType::LOAD_ED,
        Purse::Electronic => TxnType::LOAD_EP,
    }
}

/// Transaction type of a purchase from a purse.
pub const fn purchase_type(purse: Purse) -> TxnType {
    match purse {
        Purse::Deposit => TxnType::PURCHASE_ED,
        Purse::Electronic => TxnType::PURCHASE_EP,
    }
}

/// The purse that P2 of a command means.
pub const fn purse_of(p2: u8) -> Purse {
    if p2 == 0x01 { Purse::Deposit } else { Purse::Electronic }
}

/// The card's answer to INITIALIZE FOR LOAD or UNLOAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnlineInit {
    /// Balance before.
    pub balance: Amount,
    /// Online transaction counter before it counts up.
    pub counter: u16,
    /// Key version.
    pub version: u8,
    /// Algorithm byte.
    pub algorithm: u8,
    /// The card's random number.
    pub random: [u8; 4],
    /// MAC1, still to be checked.
    pub mac1: [u8; 4],
}

/// The card's answer to INITIALIZE FOR PURCHASE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurchaseInit {
    /// Balance before.
    pub balance: Amount,
    /// Offline transaction counter before it counts up.
    pub counter: u16,
    /// Key version.
    pub version: u8,
    /// Algorithm byte.
    pub algorithm: u8,
    /// The card's random number.
    pub random: [u8; 4],
}

/// The card's answer to INITIALIZE FOR UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverdraftInit {
    /// Balance before, with the old limit in it.
    pub balance: Amount,
    /// Online transaction counter before it counts up.
    pub counter: u16,
    /// The limit before.
    pub limit: OverdraftLimit,
    /// The card's random number.
    pub random: [u8; 4],
    /// MAC1, still to be checked.
    pub mac1: [u8; 4],
}

fn four(bytes: &[u8]) -> [u8; 4] {
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}

fn two(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

fn amount(bytes: &[u8]) -> Amount {
    Amount(u32::from_be_bytes(four(bytes)))
}

fn online_init(a: &[u8; 16]) -> OnlineInit {
    OnlineInit {
        balance: amount(a),
        counter: two(&a[4..]),
        version: a[6],
        algorithm: a[7],
        random: four(&a[8..]),
        mac1: four(&a[12..]),
    }
}

/// GET BALANCE.
pub fn balance(card: &mut CardSession<'_>, purse: Purse) -> Result<Amount, CardError> {
    Ok(amount(
        &card.send_for::<4>("GET BALANCE", &commands::get_balance(purse))?,
    ))
}

/// VERIFY: presents the holder's PIN, coded.
pub fn verify_pin(card: &mut CardSession<'_>, slot: u8, pin: &SecretBytes) -> Result<(), CardError> {
    card.send_secret("VERIFY PIN", commands::verify(slot, &[]).header(), pin)
}

/// INITIALIZE FOR LOAD. `index` is the load key's identifier.
pub fn initialize_for_load(
    card: &mut CardSession<'_>,
    purse: Purse,
    index: u8,
    amount: Amount,
    terminal: Terminal,
) -> Result<OnlineInit, CardError> {
    let command = commands::init_load(purse, index, amount.0, terminal.0);
    Ok(online_init(&card.send_for("INITIALIZE FOR LOAD", &command)?))
}

/// CREDIT FOR LOAD: returns the TAC.
pub fn credit_for_load(card: &mut CardSession<'_>, at: DateTime, mac2: [u8; 4]) -> Result<[u8; 4], CardError> {
    card.send_for("CREDIT FOR LOAD", &commands::credit_load(at.bytes(), mac2))
}

/// INITIALIZE FOR UNLOAD (electronic deposit).
pub fn initialize_for_unload(
    card: &mut CardSession<'_>,
    index: u8,
    amount: Amount,
    terminal: Terminal,
) -> Result<OnlineInit, CardError> {
    let command = commands::init_unload(index, amount.0, terminal.0);
    Ok(online_init(&card.send_for("INITIALIZE FOR UNLOAD", &command)?))
}

/// INITIALIZE FOR UPDATE of the overdraft limit (electronic deposit).
pub fn initialize_for_update(
    card: &mut CardSession<'_>,
    index: u8,
    terminal: Terminal,
) -> Result<OverdraftInit, CardError> {
    let command = commands::init_overdraft(index, terminal.0);
    let a = card.send_for::<19>("INITIALIZE FOR UPDATE", &command)?;
    let limit = u32::from_be_bytes([0, a[6], a[7], a[8]]);
    Ok(OverdraftInit {
        balance: amount(&a),
        counter: two(&a[4..]),
        limit: OverdraftLimit::try_from(limit).unwrap_or_default(),
        random: four(&a[11..]),
        mac1: four(&a[15..]),
    })
}

/// INITIALIZE FOR PURCHASE. `index` is the purchase key's identifier.
pub fn initialize_for_purchase(
    card: &mut CardSession<'_>,
    purse: Purse,
    index: u8,
    amount_due: Amount,
    terminal: Terminal,
) -> Result<PurchaseInit, CardError> {
    let command = commands::init_purchase(PurchaseKind::Purchase, purse, index, amount_due.0, terminal.0);
    let a = card.send_for::<15>("INITIALIZE FOR PURCHASE", &command)?;
    Ok(PurchaseInit {
        balance: amount(&a),
        counter: two(&a[4..]),
        version: a[9],
        algorithm: a[10],
        random: four(&a[11..]),
    })
}

/// DEBIT FOR PURCHASE: returns TAC and MAC2.
pub fn debit_for_purchase(
    card: &mut CardSession<'_>,
    terminal_counter: u32,
    at: DateTime,
    mac1: [u8; 4],
) -> Result<([u8; 4], [u8; 4]), CardError> {
    let command = commands::debit_purchase(terminal_counter, at.bytes(), mac1);
    let answer = card.send_for::<8>("DEBIT FOR PURCHASE", &command)?;
    Ok((four(&answer), four(&answer[4..])))
}

/// MAC (MAC2 of a purchase) and TAC of a transaction that happened.
pub type Proof = ([u8; 4], [u8; 4]);

/// GET TRANSACTION PROOF for the transaction of that type and counter; `None` if the card has none (9406). Cards differ in
/// whether they want the counter before or after the transaction, and take the other one for the transaction before or
/// after: only the TAC shows which transaction it is.
pub fn transaction_proof(card: &mut CardSession<'_>, kind: TxnType, counter: u16) -> Result<Option<Proof>, CardError> {
    let what = "GET TRANSACTION PROOF";
    let reply = card.send_accepting(what, &commands::get_transaction_proof(kind.0, counter), &[0x9406])?;
    if !reply.sw.is_ok() {
        return Ok(None);
    }
    match <[u8; 8]>::try_from(reply.data.as_slice()) {
        Ok(answer) => Ok(Some((four(&answer), four(&answer[4..])))),
        Err(_) => Err(CardError::Length {
            what: what.to_owned(),
            expected: 8,
            got: reply.data.len(),
        }),
    }
}

/// GET DATA for the security authentication code 安全认证识别码 of MOHURD cards.
pub fn security_code(card: &mut CardSession<'_>) -> Result<SecurityCode, CardError> {
    Ok(SecurityCode(
        card.send_for("GET DATA security code", &commands::read_security_code())?,
    ))
}
