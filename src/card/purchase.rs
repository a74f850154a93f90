// SPDX-License-Identifier: Apache-2.0
//! Purchase 消费 between a card and a PSAM in two readers (JR/T 0025.2-2010 §5.5.4): INITIALIZE FOR PURCHASE, MAC1 from the
//! PSAM, DEBIT FOR PURCHASE, MAC2 checked by the PSAM. The program only carries the messages; the TAC is checked elsewhere.
//!
//! Two steps, so that the ledger can have the intent before money moves. A card that vanishes at the debit may or may not
//! have paid: GET TRANSACTION PROOF tells, once it is back, and what was paid is never asked for twice.

use super::commands::Purse;
use super::fault::{CardError, TransactionError};
use super::psam::{self, PsamPurchase};
use super::purse;
use super::session::CardSession;
use crate::crypto::purse::{Amount, DateTime, SecurityCode, Terminal};
use crate::crypto::purse_transaction::PurchaseTransaction;

/// What is to be paid, and where the keys stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The purse.
    pub purse: Purse,
    /// The purchase key's identifier on the card.
    pub index: u8,
    /// The amount.
    pub amount: Amount,
    /// The PSAM's terminal number.
    pub terminal: Terminal,
    /// The terminal's clock.
    pub at: DateTime,
    /// Version of the PSAM's key; `None`: the version that the card names.
    pub version: Option<u8>,
    /// The card's factors, lowest level first.
    pub factors: Vec<[u8; 8]>,
    /// Whether MAC1 covers the card's security code, which the PSAM checks first.
    pub security_code: bool,
}

/// A purchase that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// Everything that its MACs and its TAC are computed over.
    pub transaction: PurchaseTransaction,
    /// Balance afterwards.
    pub balance: Amount,
    /// The TAC.
    pub tac: [u8; 4],
}

/// A purchase up to the debit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyToPay {
    /// What the card will be asked for.
    pub transaction: PurchaseTransaction,
    /// Balance before.
    pub before: Amount,
    mac1: [u8; 4],
    purse: Purse,
    index: u8,
}

/// Opens the transaction on the card and gets MAC1 from the PSAM. The purse application and the PSAM's application are
/// selected already; nothing moves yet but the PSAM's counter.
pub fn prepare(
    card: &mut CardSession<'_>,
    sam: &mut CardSession<'_>,
    order: &Purchase,
) -> Result<ReadyToPay, TransactionError> {
    let security_code = if order.security_code {
        Some(checked_code(card, sam)?)
    } else {
        None
    };
    let init = purse::initialize_for_purchase(card, order.purse, order.index, order.amount, order.terminal)?;
    let asked = PsamPurchase {
        random: init.random,
        counter: init.counter,
        amount: order.amount,
        kind: purse::purchase_type(order.purse),
        at: order.at,
        version: order.version.unwrap_or(init.version),
        algorithm: init.algorithm,
        factors: order.factors.clone(),
    };
    let (terminal_counter, mac1) = psam::init_for_purchase(sam, &asked)?;
    let transaction = PurchaseTransaction {
        kind: asked.kind,
        amount: order.amount,
        terminal: order.terminal,
        terminal_counter,
        random: init.random,
        counter: init.counter,
        at: order.at,
        security_code,
    };
    Ok(ReadyToPay {
        transaction,
        before: init.balance,
        mac1,
        purse: order.purse,
        index: order.index,
    })
}

/// Pays. If the card vanishes here, GET TRANSACTION PROOF tells later whether it paid.
pub fn debit(
    card: &mut CardSession<'_>,
    sam: &mut CardSession<'_>,
    ready: &ReadyToPay,
) -> Result<Paid, TransactionError> {
    let transaction = ready.transaction;
    let answered = purse::debit_for_purchase(card, transaction.terminal_counter, transaction.at, ready.mac1);
    let (tac, mac2) = answered.map_err(|e| match e {
        e if e.is_lost() => TransactionError::Torn {
            counter: transaction.counter,
        },
        e if e.is_wrong_key() => TransactionError::Mac1Refused(e),
        e => e.into(),
    })?;
    settled(sam, ready, tac, mac2)
}

/// Asks a card that vanished at the debit and is back whether it paid, and gives its MAC2 to the PSAM that still waits for
/// it. `None`: it did not pay. The purse application is selected; the card is the same one.
pub fn recover(
    card: &mut CardSession<'_>,
    sam: &mut CardSession<'_>,
    ready: &ReadyToPay,
) -> Result<Option<Paid>, TransactionError> {
    let transaction = &ready.transaction;
    let Some((mac2, tac)) = purse::transaction_proof(card, transaction.kind, transaction.counter)? else {
        return Ok(None);
    };
    // Some cards answer with the transaction before: their counter says whether it is this one.
    let asked = purse::initialize_for_purchase(card, ready.purse, ready.index, Amount(0), transaction.terminal);
    let paid = match asked {
        Ok(init) => init.counter != transaction.counter,
        Err(CardError::Refused { .. }) => purse::balance(card, ready.purse)? != ready.before,
        Err(e) => return Err(e.into()),
    };
    if paid {
        settled(sam, ready, tac, mac2).map(Some)
    } else {
        Ok(None)
    }
}

fn settled(
    sam: &mut CardSession<'_>,
    ready: &ReadyToPay,
    tac: [u8; 4],
    mac2: [u8; 4],
) -> Result<Paid, TransactionError> {
    let transaction = ready.transaction;
    let balance = ready.before.minus(transaction.amount)?;
    let paid = Paid {
        transaction,
        balance,
        tac,
    };
    match psam::credit_for_purchase(sam, mac2) {
        Ok(()) => Ok(paid),
        Err(e) if e.is_lost() => Err(e.into()),
        Err(e) => Err(TransactionError::Mac2Refused(e)),
    }
}

fn checked_code(card: &mut CardSession<'_>, sam: &mut CardSession<'_>) -> Result<SecurityCode, TransactionError> {
    let code = purse::security_code(card)?;
    psam::check_security_code(sam, &code)?;
    Ok(code)
}
