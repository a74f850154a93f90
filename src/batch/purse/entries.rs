// SPDX-License-Identifier: Apache-2.0
//! A purse transaction as the ledger has it: the intent before money moves, the transaction or the end of the intent after.

use super::super::fault::BatchError;
use super::super::recording::Recording;
use crate::card::purchase::ReadyToPay;
use crate::card::{CardError, TransactionError};
use crate::crypto::purse::Amount;
use crate::crypto::purse_transaction::LoadTransaction;
use crate::error::Fault;
use crate::iso7816::StatusWord;
use crate::ledger::act::{Act, PurseClosed, PurseDesk, PurseEnding, PurseIntent, PurseTransaction};
use crate::ledger::{Number, ShortHex, Text};

/// What a load intends.
pub(super) fn of_load(number: &str, t: &LoadTransaction, desk: Option<PurseDesk>) -> Result<PurseIntent, BatchError> {
    Ok(PurseIntent {
        number: Number::new(number)?,
        terminal: Number::new(t.terminal.to_string().to_uppercase())?,
        kind: ShortHex::new(t.kind.to_string())?,
        amount: t.amount.0,
        balance: t.balance.0,
        counter: t.counter.into(),
        terminal_counter: None,
        datetime: Number::new(t.at.to_string())?,
        desk,
    })
}

/// What a purchase intends.
pub(super) fn of_purchase(
    number: &str,
    ready: &ReadyToPay,
    desk: Option<PurseDesk>,
) -> Result<PurseIntent, BatchError> {
    let t = &ready.transaction;
    Ok(PurseIntent {
        number: Number::new(number)?,
        terminal: Number::new(t.terminal.to_string().to_uppercase())?,
        kind: ShortHex::new(t.kind.to_string())?,
        amount: t.amount.0,
        balance: ready.before.0,
        counter: t.counter.into(),
        terminal_counter: Some(t.terminal_counter),
        datetime: Number::new(t.at.to_string())?,
        desk,
    })
}

/// The transaction that fulfils an intent.
pub(super) fn transaction(
    intent: &PurseIntent,
    seq: u64,
    balance: Amount,
    tac: [u8; 4],
) -> Result<PurseTransaction, BatchError> {
    Ok(PurseTransaction {
        number: intent.number.clone(),
        terminal: intent.terminal.clone(),
        kind: intent.kind.clone(),
        amount: intent.amount,
        balance: Some(balance.0),
        counter: intent.counter,
        terminal_counter: intent.terminal_counter,
        datetime: intent.datetime.clone(),
        tac: ShortHex::new(hex::encode_upper(tac))?,
        intent: Some(seq),
    })
}

/// Appends an outcome and signs the tree.
pub(super) fn outcome(record: &mut dyn Recording, act: Act) -> Result<u64, BatchError> {
    let seq = record.append(act)?;
    record.checkpoint()?;
    Ok(seq)
}

/// Records how a transaction ended that is not proved. Only a card that refused is known not to have done it; where its
/// answer was lost or makes no sense, the intent stays open until the card is there again.
pub(super) fn not_proved(
    record: &mut dyn Recording,
    intent: &PurseIntent,
    seq: u64,
    e: TransactionError,
) -> BatchError {
    let result = match &e {
        TransactionError::Card(CardError::Refused { .. })
        | TransactionError::Mac1
        | TransactionError::Mac1Refused(_) => PurseEnding::NotDone,
        TransactionError::Torn { .. } | TransactionError::Card(_) => return e.into(),
        TransactionError::Mac2Refused(_)
        | TransactionError::Tac
        | TransactionError::Store(_)
        | TransactionError::Purse(_) => PurseEnding::DoneUnproved,
    };
    let sw = match &e {
        TransactionError::Card(c) | TransactionError::Mac1Refused(c) | TransactionError::Mac2Refused(c) => c.status(),
        _ => None,
    };
    match close(record, intent, seq, result, e.msg().id(), sw) {
        Ok(()) => e.into(),
        Err(of_ledger) => of_ledger,
    }
}

/// Ends an intent without a proved transaction.
pub(super) fn close(
    record: &mut dyn Recording,
    intent: &PurseIntent,
    seq: u64,
    result: PurseEnding,
    reason: &str,
    sw: Option<StatusWord>,
) -> Result<(), BatchError> {
    let closed = PurseClosed {
        number: intent.number.clone(),
        intent: seq,
        result,
        reason: Some(Text::new(reason)?),
        status_word: sw.map(|sw| ShortHex::new(sw.to_string())).transpose()?,
    };
    outcome(record, Act::PurseClosed(closed)).map(drop)
}
