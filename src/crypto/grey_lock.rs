// SPDX-License-Identifier: Apache-2.0
//! Grey lock 灰锁 (JR/T 0025.9-2010): money is locked first, debited later, or set free online. 3DES purses only.
//!
//! Two session keys: `session_key(.., seed)`, then `SessionKey::grey_lock(terminal_random)`. The transaction types differ
//! between JR/T 0025.9 (91, 93) and FMCOS (92, 94 for the purse), so they are given, not fixed.

use super::purse::{Amount, DateTime, Terminal, TxnType, join};
use super::purse_transaction::{online_seed, purchase_seed};

/// Lock and the debit that ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GreyLock {
    /// Type of the lock.
    pub lock_kind: TxnType,
    /// Type of the debit.
    pub debit_kind: TxnType,
    /// The card's balance.
    pub balance: Amount,
    /// Terminal number.
    pub terminal: Terminal,
    /// Terminal transaction counter.
    pub terminal_counter: u32,
    /// The terminal's random number: seed of the second session key.
    pub terminal_random: [u8; 4],
    /// The card's random number.
    pub random: [u8; 4],
    /// Offline counter before it counts up.
    pub counter: u16,
    /// The terminal's date and time.
    pub at: DateTime,
}

impl GreyLock {
    /// Seed of the first session key, under the purchase key.
    pub fn session_seed(&self) -> [u8; 8] {
        purchase_seed(self.random, self.counter, self.terminal_counter)
    }

    /// Type, terminal, date and time.
    pub fn mac1_data(&self) -> [u8; 14] {
        join(&[&[self.lock_kind.0], &self.terminal.0, &self.at.bytes()])
    }

    /// Balance and counter.
    pub fn mac2_data(&self) -> [u8; 6] {
        join(&[&self.balance.bytes(), &self.counter.to_be_bytes()])
    }

    /// GTAC: type, terminal, terminal counter, date and time. Under the TAC key.
    pub fn gtac_data(&self) -> [u8; 18] {
        let counter = self.terminal_counter.to_be_bytes();
        join(&[&[self.lock_kind.0], &self.terminal.0, &counter, &self.at.bytes()])
    }

    /// GMAC of the debit: the amount alone.
    pub fn gmac_data(&self, amount: Amount) -> [u8; 4] {
        amount.bytes()
    }

    /// TAC of the debit. Under the TAC key.
    pub fn debit_tac_data(&self, amount: Amount) -> [u8; 22] {
        let counter = self.terminal_counter.to_be_bytes();
        join(&[
            &amount.bytes(),
            &[self.debit_kind.0],
            &self.terminal.0,
            &counter,
            &self.at.bytes(),
        ])
    }
}

/// Setting the money free online, with the unload key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GreyUnlock {
    /// Type of the transaction.
    pub kind: TxnType,
    /// The card's balance.
    pub balance: Amount,
    /// What is debited; may be nothing.
    pub amount: Amount,
    /// Terminal number.
    pub terminal: Terminal,
    /// The card's random number.
    pub random: [u8; 4],
    /// Offline counter: in MAC1.
    pub offline_counter: u16,
    /// Online counter before it counts up: in the session key and in MAC3.
    pub online_counter: u16,
    /// The host's date and time.
    pub at: DateTime,
}

impl GreyUnlock {
    /// Seed of the session key, under the unload key.
    pub fn session_seed(&self) -> [u8; 8] {
        online_seed(self.random, self.online_counter)
    }

    /// Balance, offline counter, type, terminal.
    pub fn mac1_data(&self) -> [u8; 13] {
        let (balance, counter) = (self.balance.bytes(), self.offline_counter.to_be_bytes());
        join(&[&balance, &counter, &[self.kind.0], &self.terminal.0])
    }

    /// Amount, type, terminal, date and time.
    pub fn mac2_data(&self) -> [u8; 18] {
        join(&[&self.amount.bytes(), &[self.kind.0], &self.terminal.0, &self.at.bytes()])
    }

    /// Balance, online counter, then as MAC2.
    pub fn mac3_data(&self) -> [u8; 24] {
        join(&[
            &self.balance.bytes(),
            &self.online_counter.to_be_bytes(),
            &self.mac2_data(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_online_unlock_counts_with_two_counters() {
        let unlock = GreyUnlock {
            kind: TxnType::GREY_ONLINE,
            balance: Amount(1000),
            amount: Amount(200),
            terminal: Terminal([9; 6]),
            random: [1, 2, 3, 4],
            offline_counter: 0x0A0B,
            online_counter: 0x0C0D,
            at: "20240115093012".parse().unwrap(),
        };
        assert_eq!(unlock.session_seed(), [1, 2, 3, 4, 0x0C, 0x0D, 0x80, 0]);
        assert_eq!(hex::encode_upper(unlock.mac1_data()), "000003E80A0B95090909090909");
        assert_eq!(
            hex::encode_upper(unlock.mac3_data()),
            "000003E80C0D000000C89509090909090920240115093012"
        );
    }
}
