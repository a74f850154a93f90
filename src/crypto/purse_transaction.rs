// SPDX-License-Identifier: Apache-2.0
//! Load, unload, overdraft update and purchase (with cash withdrawal and compound purchase): seeds of the session key and
//! inputs of MAC1, MAC2, MAC3 and TAC, byte for byte as JR/T 0025.2-2010 5.5 has them.
//!
//! `random` is the card's four bytes of the answer to INITIALIZE, `counter` the counter of the same answer (online counter
//! for load, unload and update, offline counter for purchases), before it counts up.

use super::purse::{Amount, DateTime, OverdraftLimit, PurseError, SecurityCode, Terminal, TxnType, join};

/// Load 圈存. The card makes MAC1, the host MAC2, the card the TAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadTransaction {
    /// 01 deposit, 02 purse.
    pub kind: TxnType,
    /// Balance before.
    pub balance: Amount,
    /// What is loaded.
    pub amount: Amount,
    /// Terminal number.
    pub terminal: Terminal,
    /// The card's random number.
    pub random: [u8; 4],
    /// Online counter.
    pub counter: u16,
    /// The host's date and time.
    pub at: DateTime,
}

impl LoadTransaction {
    /// Seed of the session key under the load key.
    pub fn session_seed(&self) -> [u8; 8] {
        online_seed(self.random, self.counter)
    }

    /// Balance, amount, type, terminal.
    pub fn mac1_data(&self) -> [u8; 15] {
        join(&[
            &self.balance.bytes(),
            &self.amount.bytes(),
            &[self.kind.0],
            &self.terminal.0,
        ])
    }

    /// Amount, type, terminal, date and time.
    pub fn mac2_data(&self) -> [u8; 18] {
        join(&[&self.amount.bytes(), &[self.kind.0], &self.terminal.0, &self.at.bytes()])
    }

    /// The balance after it.
    pub fn new_balance(&self) -> Result<Amount, PurseError> {
        self.balance.plus(self.amount)
    }

    /// New balance, counter, then as MAC2. Under the TAC key.
    pub fn tac_data(&self) -> Result<[u8; 24], PurseError> {
        let balance = self.new_balance()?.bytes();
        Ok(join(&[&balance, &self.counter.to_be_bytes(), &self.mac2_data()]))
    }
}

/// Unload 圈提, type 03. The card makes MAC1, the host MAC2, the card MAC3; there is no TAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnloadTransaction {
    /// Balance before.
    pub balance: Amount,
    /// What is taken off.
    pub amount: Amount,
    /// Terminal number.
    pub terminal: Terminal,
    /// The card's random number.
    pub random: [u8; 4],
    /// Online counter.
    pub counter: u16,
    /// The host's date and time.
    pub at: DateTime,
}

impl UnloadTransaction {
    /// Seed of the session key under the unload key.
    pub fn session_seed(&self) -> [u8; 8] {
        online_seed(self.random, self.counter)
    }

    /// Balance, amount, 03, terminal.
    pub fn mac1_data(&self) -> [u8; 15] {
        join(&[
            &self.balance.bytes(),
            &self.amount.bytes(),
            &[TxnType::UNLOAD.0],
            &self.terminal.0,
        ])
    }

    /// Amount, 03, terminal, date and time.
    pub fn mac2_data(&self) -> [u8; 18] {
        join(&[
            &self.amount.bytes(),
            &[TxnType::UNLOAD.0],
            &self.terminal.0,
            &self.at.bytes(),
        ])
    }

    /// The balance after it.
    pub fn new_balance(&self) -> Result<Amount, PurseError> {
        self.balance.minus(self.amount)
    }

    /// New balance, counter, then as MAC2. Under the session key.
    pub fn mac3_data(&self) -> Result<[u8; 24], PurseError> {
        let balance = self.new_balance()?.bytes();
        Ok(join(&[&balance, &self.counter.to_be_bytes(), &self.mac2_data()]))
    }
}

/// Overdraft limit update, type 07, of the electronic deposit. Its stored balance contains the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverdraftUpdate {
    /// Balance before, the old limit included.
    pub balance: Amount,
    /// Limit so far.
    pub old_limit: OverdraftLimit,
    /// Limit from now on.
    pub new_limit: OverdraftLimit,
    /// Terminal number.
    pub terminal: Terminal,
    /// The card's random number.
    pub random: [u8; 4],
    /// Online counter.
    pub counter: u16,
    /// The host's date and time.
    pub at: DateTime,
}

impl OverdraftUpdate {
    /// Seed of the session key under the overdraft update key.
    pub fn session_seed(&self) -> [u8; 8] {
        online_seed(self.random, self.counter)
    }

    /// Balance, old limit, 07, terminal.
    pub fn mac1_data(&self) -> [u8; 14] {
        join(&[
            &self.balance.bytes(),
            &self.old_limit.bytes(),
            &[TxnType::OVERDRAFT.0],
            &self.terminal.0,
        ])
    }

    /// New limit, 07, terminal, date and time.
    pub fn mac2_data(&self) -> [u8; 17] {
        join(&[
            &self.new_limit.bytes(),
            &[TxnType::OVERDRAFT.0],
            &self.terminal.0,
            &self.at.bytes(),
        ])
    }

    /// The balance moves with the limit.
    pub fn new_balance(&self) -> Result<Amount, PurseError> {
        let without = self.balance.minus(Amount(self.old_limit.fen()))?;
        without.plus(Amount(self.new_limit.fen()))
    }

    /// New balance, counter, then as MAC2. Under the TAC key.
    pub fn tac_data(&self) -> Result<[u8; 23], PurseError> {
        let balance = self.new_balance()?.bytes();
        Ok(join(&[&balance, &self.counter.to_be_bytes(), &self.mac2_data()]))
    }
}

/// Purchase 消费, cash withdrawal, compound purchase 复合消费. The PSAM makes MAC1, the card MAC2 and the TAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurchaseTransaction {
    /// 04 cash, 05 deposit, 06 purse, 09 compound.
    pub kind: TxnType,
    /// What is paid.
    pub amount: Amount,
    /// Terminal number: the PSAM's, from its file 0016.
    pub terminal: Terminal,
    /// Terminal transaction counter 终端交易序号, as the PSAM gave it.
    pub terminal_counter: u32,
    /// The card's random number.
    pub random: [u8; 4],
    /// Offline counter.
    pub counter: u16,
    /// The terminal's date and time.
    pub at: DateTime,
    /// Only on MOHURD cards that have one; it goes into MAC1 and nothing else.
    pub security_code: Option<SecurityCode>,
}

impl PurchaseTransaction {
    /// Seed of the session key under the purchase key: random, counter, the last two bytes of the terminal's counter.
    pub fn session_seed(&self) -> [u8; 8] {
        purchase_seed(self.random, self.counter, self.terminal_counter)
    }

    /// Amount, type, terminal, date and time; then the security code where the card has one. 18 or 27 bytes.
    pub fn mac1_data(&self) -> Vec<u8> {
        let code: &[u8] = self.security_code.as_ref().map_or(&[], |code| &code.0);
        [
            &self.amount.bytes()[..],
            &[self.kind.0],
            &self.terminal.0,
            &self.at.bytes(),
            code,
        ]
        .concat()
    }

    /// The amount alone.
    pub fn mac2_data(&self) -> [u8; 4] {
        self.amount.bytes()
    }

    /// Amount, type, terminal, terminal counter, date and time. Under the TAC key.
    pub fn tac_data(&self) -> [u8; 22] {
        let (amount, counter) = (self.amount.bytes(), self.terminal_counter.to_be_bytes());
        join(&[&amount, &[self.kind.0], &self.terminal.0, &counter, &self.at.bytes()])
    }
}

/// Seed of transactions that the online counter counts: random, counter, 80 00.
pub(crate) fn online_seed(random: [u8; 4], counter: u16) -> [u8; 8] {
    join(&[&random, &counter.to_be_bytes(), &[0x80, 0]])
}

/// Seed of transactions that the offline counter counts.
pub(crate) fn purchase_seed(random: [u8; 4], counter: u16, terminal_counter: u32) -> [u8; 8] {
    let [_, _, high, low] = terminal_counter.to_be_bytes();
    join(&[&random, &counter.to_be_bytes(), &[high, low]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase() -> PurchaseTransaction {
        PurchaseTransaction {
            kind: TxnType::PURCHASE_EP,
            amount: Amount(0xC8),
            terminal: Terminal([0x44, 0x20, 0, 0, 0, 1]),
            terminal_counter: 0x0102_0304,
            random: [0xA1, 0xB2, 0xC3, 0xD4],
            counter: 7,
            at: "20240115093012".parse().unwrap(),
            security_code: None,
        }
    }

    #[test]
    fn the_security_code_changes_mac1_alone() {
        let plain = purchase();
        let coded = PurchaseTransaction {
            security_code: Some(SecurityCode([0x85; 9])),
            ..plain
        };
        assert_eq!(coded.mac1_data(), [plain.mac1_data(), vec![0x85; 9]].concat());
        assert_eq!(
            (coded.mac2_data(), coded.tac_data()),
            (plain.mac2_data(), plain.tac_data())
        );
        assert_eq!(coded.session_seed(), [0xA1, 0xB2, 0xC3, 0xD4, 0, 7, 3, 4]);
    }

    #[test]
    fn balances_that_do_not_fit_have_no_tac() {
        let p = purchase();
        let load = LoadTransaction {
            kind: TxnType::LOAD_EP,
            balance: Amount(u32::MAX),
            amount: p.amount,
            terminal: p.terminal,
            random: p.random,
            counter: p.counter,
            at: p.at,
        };
        assert_eq!(load.tac_data(), Err(PurseError::Balance));
        let unload = UnloadTransaction {
            balance: Amount(1),
            amount: p.amount,
            terminal: p.terminal,
            random: p.random,
            counter: p.counter,
            at: p.at,
        };
        assert_eq!(unload.mac3_data(), Err(PurseError::Balance));
    }
}
