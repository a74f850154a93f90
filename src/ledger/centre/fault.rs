// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with an entry of a card centre. Every variant says which range, order, batch, lot or number.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::{display_as_english, msg};

/// A rule of the card centre that an entry breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CentreFault {
    /// A range, order or batch of that name exists.
    NameTaken {
        /// `range`, `order`, `batch`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// There is no such range, order, batch, lot or list.
    Unknown {
        /// `range`, `order`, `batch`, `lot`, `list`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// First and last number do not make a row of numbers.
    NotASpan {
        /// First.
        from: String,
        /// Last.
        to: String,
    },
    /// Numbers that another range or order has, or that a card bears.
    NumbersTaken {
        /// First.
        from: String,
        /// Last.
        to: String,
    },
    /// Numbers that do not lie in the range that they are said to be from.
    OutsideRange {
        /// The range.
        range: String,
        /// First.
        from: String,
        /// Last.
        to: String,
    },
    /// An order with more or fewer numbers than rows.
    RowCount {
        /// The order.
        order: String,
        /// Rows.
        rows: u64,
        /// Numbers.
        numbers: u64,
    },
    /// There are no data of this holder: the order brought none, or they are erased.
    NoHolder {
        /// The order.
        order: String,
        /// The card; a dash for the whole order.
        number: String,
    },
    /// A secret that is not drawn one time after the other.
    SecretVersion {
        /// Which.
        secret: String,
        /// How often it was drawn before.
        before: u32,
    },
    /// A number that an order has used up, outside that order's batches.
    NumberOfOrder {
        /// The number.
        number: String,
        /// The order.
        order: String,
    },
    /// A number that is not one of the batch.
    NotInBatch {
        /// The batch.
        batch: String,
        /// The number.
        number: String,
    },
    /// The order has an open batch.
    OrderBusy {
        /// The order.
        order: String,
    },
    /// A digest that is not the batch's.
    BatchDigest {
        /// The batch.
        batch: String,
    },
    /// The batch does not carry out what the ledger has: order, template, keys.
    BatchDiffers {
        /// The batch.
        batch: String,
        /// `order`, `template`, `key`.
        what: &'static str,
    },
    /// The batch is not in a state for this.
    BatchState {
        /// The batch.
        batch: String,
        /// Its state.
        state: String,
    },
    /// One officer in two parts that need two.
    SameOfficer {
        /// The batch.
        batch: String,
        /// Who.
        officer: String,
    },
    /// The policy wants an approved batch.
    BatchNeeded {
        /// The number.
        number: String,
    },
    /// Cards of the batch are in doubt or written in part.
    BatchUnfinished {
        /// The batch.
        batch: String,
        /// How many.
        count: u64,
    },
    /// The account given at the end is not the ledger's.
    BatchAccount {
        /// The batch.
        batch: String,
        /// `issued`, `failed`, `void`, `left`, `lots`.
        what: &'static str,
    },
    /// A lot with another blank, supplier or manner of counting than before.
    OtherLot {
        /// The lot.
        lot: String,
    },
    /// Fewer blanks there than are taken.
    TooFew {
        /// The lot.
        lot: String,
        /// `in-stock`, `handed-out`.
        place: &'static str,
        /// How many are there.
        has: u64,
        /// How many are wanted.
        wants: u64,
    },
    /// A serial number that is not where it is taken from, is missing or is known already.
    Serial {
        /// The lot.
        lot: String,
        /// The serial number.
        serial: String,
    },
    /// As many serial numbers as blanks, or none at all; and some blanks.
    SerialCount {
        /// The lot.
        lot: String,
    },
    /// The number expected at a count is not the ledger's.
    Expected {
        /// The lot.
        lot: String,
        /// By the ledger.
        ledger: u64,
    },
    /// The policy wants a lot for every card.
    LotNeeded {
        /// The number.
        number: String,
    },
    /// A card that is taken up again is on a blank of another lot.
    BlankOfOtherLot {
        /// The number.
        number: String,
    },
    /// A card that is not in a state for this.
    Life {
        /// The number.
        number: String,
        /// Its state.
        state: String,
    },
    /// A new card that stands for another one already, or is no card in use.
    NoSuccessor {
        /// The number.
        number: String,
    },
    /// A balance without source, or a source without balance.
    Balance {
        /// The number.
        number: String,
    },
    /// Money that the customer desk moves is not what the ledger has: what a card is owed, all that is on it, or what was
    /// taken off it.
    Money {
        /// The number.
        number: String,
    },
    /// A day that is none, or lies before the one that was.
    Day {
        /// What was given.
        day: String,
    },
    /// Writing to this card has begun and not ended.
    DeskOpen {
        /// The number.
        number: String,
    },
    /// There is no such open act.
    NoDeskAct {
        /// The number.
        number: String,
        /// The entry.
        intent: u64,
    },
    /// The same numbers are on the blacklist.
    Listed {
        /// First.
        from: String,
        /// Last.
        to: String,
    },
    /// The same numbers are not on the blacklist.
    NotListed {
        /// First.
        from: String,
        /// Last.
        to: String,
    },
    /// A list out of sequence.
    Sequence {
        /// What was given.
        found: u32,
        /// What must come.
        expected: u32,
    },
}

display_as_english!(CentreFault);

impl CentreFault {
    /// The check of the verifier that finds it.
    pub fn check(&self) -> &'static str {
        match self {
            Self::NameTaken { .. } | Self::NumbersTaken { .. } => "LEDGER-NUMBER-TWICE",
            Self::NumberOfOrder { .. }
            | Self::NotInBatch { .. }
            | Self::OrderBusy { .. }
            | Self::BatchDigest { .. }
            | Self::BatchDiffers { .. }
            | Self::BatchState { .. }
            | Self::SameOfficer { .. }
            | Self::BatchNeeded { .. }
            | Self::BatchUnfinished { .. }
            | Self::BatchAccount { .. } => "LEDGER-BATCH",
            Self::OtherLot { .. }
            | Self::TooFew { .. }
            | Self::Serial { .. }
            | Self::SerialCount { .. }
            | Self::Expected { .. }
            | Self::LotNeeded { .. }
            | Self::BlankOfOtherLot { .. } => "LEDGER-STOCK",
            Self::Unknown { what, .. } => match *what {
                "batch" => "LEDGER-BATCH",
                "lot" => "LEDGER-STOCK",
                _ => "LEDGER-LIFECYCLE",
            },
            _ => "LEDGER-LIFECYCLE",
        }
    }
}

impl Fault for CentreFault {
    fn msg(&self) -> Msg {
        match self {
            Self::NameTaken { what, name } => {
                msg!("centre-name-taken", name = name).with_word("what", "centre-what", what)
            }
            Self::Unknown { what, name } => msg!("centre-unknown", name = name).with_word("what", "centre-what", what),
            Self::NotASpan { from, to } => msg!("centre-not-a-span", from = from, to = to),
            Self::NumbersTaken { from, to } => msg!("centre-numbers-taken", from = from, to = to),
            Self::OutsideRange { range, from, to } => msg!("centre-outside-range", range = range, from = from, to = to),
            Self::RowCount { order, rows, numbers } => {
                msg!("centre-row-count", order = order, rows = rows, numbers = numbers)
            }
            Self::NoHolder { order, number } => msg!("centre-no-holder", order = order, number = number),
            Self::SecretVersion { secret, before } => {
                msg!("centre-secret-version", before = before).with_word("secret", "internal-use", secret)
            }
            Self::NumberOfOrder { number, order } => msg!("centre-number-of-order", number = number, order = order),
            Self::NotInBatch { batch, number } => msg!("centre-not-in-batch", batch = batch, number = number),
            Self::OrderBusy { order } => msg!("centre-order-busy", order = order),
            Self::BatchDigest { batch } => msg!("centre-batch-digest", batch = batch),
            Self::BatchDiffers { batch, what } => {
                msg!("centre-batch-differs", batch = batch).with_word("what", "centre-what", what)
            }
            Self::BatchState { batch, state } => {
                msg!("centre-batch-state", batch = batch).with_word("state", "batch-state", state)
            }
            Self::SameOfficer { batch, officer } => msg!("centre-same-officer", batch = batch, officer = officer),
            Self::BatchNeeded { number } => msg!("centre-batch-needed", number = number),
            Self::BatchUnfinished { batch, count } => msg!("centre-batch-unfinished", batch = batch, count = count),
            Self::BatchAccount { batch, what } => {
                msg!("centre-batch-account", batch = batch).with_word("what", "centre-what", what)
            }
            Self::OtherLot { lot } => msg!("centre-other-lot", lot = lot),
            Self::TooFew { lot, place, has, wants } => {
                msg!("centre-too-few", lot = lot, has = has, wants = wants).with_word("place", "stock-place", place)
            }
            Self::Serial { lot, serial } => msg!("centre-serial", lot = lot, serial = serial),
            Self::SerialCount { lot } => msg!("centre-serial-count", lot = lot),
            Self::Expected { lot, ledger } => msg!("centre-expected", lot = lot, ledger = ledger),
            Self::LotNeeded { number } => msg!("centre-lot-needed", number = number),
            Self::BlankOfOtherLot { number } => msg!("centre-blank-of-other-lot", number = number),
            Self::Life { number, state } => {
                msg!("centre-life", number = number).with_word("state", "life-state", state)
            }
            Self::NoSuccessor { number } => msg!("centre-no-successor", number = number),
            Self::Balance { number } => msg!("centre-balance", number = number),
            Self::Money { number } => msg!("centre-money", number = number),
            Self::Day { day } => msg!("centre-day", day = day),
            Self::DeskOpen { number } => msg!("centre-desk-open", number = number),
            Self::NoDeskAct { number, intent } => msg!("centre-no-desk-act", number = number, intent = intent),
            Self::Listed { from, to } => msg!("centre-listed", from = from, to = to),
            Self::NotListed { from, to } => msg!("centre-not-listed", from = from, to = to),
            Self::Sequence { found, expected } => msg!("centre-sequence", found = found, expected = expected),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::BatchDigest { .. } | Self::BatchDiffers { .. } => Exit::Check,
            _ => Exit::Usage,
        }
    }
}
