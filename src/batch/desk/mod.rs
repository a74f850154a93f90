// SPDX-License-Identifier: Apache-2.0
//! The customer desk: what happens to cards in their holders' hands, on the chip and in the ledger.
//!
//! What always holds: an act that writes to a chip is durable in the ledger before the first command that writes (`begun`),
//! and ends with `card.done` once the chip itself has shown how it stands. A card that is torn away leaves the act open, and
//! the next contact settles it (`settle`) by what the chip shows, before anything else happens to the card. Money goes from
//! one card to another through the ordinary purse load, once (`succession`).

mod card;
mod carry_out;
mod chip;
mod fault;
mod history;
mod payout;
mod settle;
mod succession;

pub use card::{DeskCard, identify};
pub use carry_out::{Carried, Change, carry_out};
pub use fault::DeskError;
pub use history::{History, KeyStory, Link, Origin, Upstream, history};
pub use payout::{Payout, Psam, give_back, may_act, take_off};
pub use settle::{Settled, settle, visit};
pub use succession::{Succession, TransferOrder, owed, transfer};
