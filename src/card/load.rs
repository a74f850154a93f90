// SPDX-License-Identifier: Apache-2.0
//! Load 圈存 (JR/T 0025.2-2010 §5.5.2): PIN, INITIALIZE FOR LOAD, MAC1 checked, MAC2, CREDIT FOR LOAD, TAC checked.
//! Two steps, so that the ledger can have the intent before money moves.
//!
//! MAC2 is computed only after MAC1 was found right: a card that does not have the load key gets nothing from it.

use super::commands::Purse;
use super::fault::TransactionError;
use super::purse;
use super::session::CardSession;
use crate::crypto::SecretBytes;
use crate::crypto::purse::{Amount, DateTime, Terminal};
use crate::crypto::purse_transaction::LoadTransaction;
use crate::keys::{CardKey, KeyStore};

/// What is to be loaded, and with which keys.
pub struct Load<'a> {
    /// The purse.
    pub purse: Purse,
    /// The load key's identifier on the card.
    pub index: u8,
    /// The load key.
    pub key: &'a CardKey,
    /// The TAC key.
    pub tac: &'a CardKey,
    /// The amount.
    pub amount: Amount,
    /// The terminal number of the issuing place.
    pub terminal: Terminal,
    /// The moment of the load.
    pub at: DateTime,
    /// Identifier of the holder's PIN, and the PIN as the card stores it.
    pub pin: Option<(u8, &'a SecretBytes)>,
}

/// A load that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Everything that its MACs and its TAC are computed over.
    pub transaction: LoadTransaction,
    /// Balance afterwards.
    pub balance: Amount,
    /// The TAC.
    pub tac: [u8; 4],
}

/// A load up to the last step: the card has shown that it holds the load key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyToLoad {
    /// What the card will be asked for.
    pub transaction: LoadTransaction,
    mac2: [u8; 4],
}

/// Presents the PIN, opens the transaction, checks MAC1. The purse application is selected already; nothing moves yet.
pub fn prepare(
    card: &mut CardSession<'_>,
    keys: &dyn KeyStore,
    order: &Load<'_>,
) -> Result<ReadyToLoad, TransactionError> {
    if let Some((slot, pin)) = order.pin {
        purse::verify_pin(card, slot, pin)?;
    }
    let init = purse::initialize_for_load(card, order.purse, order.index, order.amount, order.terminal)?;
    let transaction = LoadTransaction {
        kind: purse::load_type(order.purse),
        balance: init.balance,
        amount: order.amount,
        terminal: order.terminal,
        random: init.random,
        counter: init.counter,
        at: order.at,
    };
    transaction.new_balance()?;
    let seed = transaction.session_seed();
    if keys.transaction_macs(order.key, &seed, &[&transaction.mac1_data()])? != [init.mac1] {
        return Err(TransactionError::Mac1);
    }
    let macs = keys.transaction_macs(order.key, &seed, &[&transaction.mac2_data()])?;
    let mac2 = macs.first().copied().ok_or(TransactionError::Mac1)?;
    Ok(ReadyToLoad { transaction, mac2 })
}

/// Loads. If the card vanishes here, its own proof of the transaction tells later.
pub fn credit(
    card: &mut CardSession<'_>,
    keys: &dyn KeyStore,
    tac_key: &CardKey,
    ready: &ReadyToLoad,
) -> Result<Loaded, TransactionError> {
    let transaction = ready.transaction;
    match purse::credit_for_load(card, transaction.at, ready.mac2) {
        Ok(tac) => checked(keys, tac_key, transaction, tac),
        Err(e) if e.is_lost() => Err(TransactionError::Torn {
            counter: transaction.counter,
        }),
        Err(e) => Err(e.into()),
    }
}

fn checked(
    keys: &dyn KeyStore,
    key: &CardKey,
    transaction: LoadTransaction,
    tac: [u8; 4],
) -> Result<Loaded, TransactionError> {
    if keys.tac(key, &transaction.tac_data()?)? != tac {
        return Err(TransactionError::Tac);
    }
    let balance = transaction.new_balance()?;
    Ok(Loaded {
        transaction,
        balance,
        tac,
    })
}
