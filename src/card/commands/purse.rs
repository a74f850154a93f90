// SPDX-License-Identifier: Apache-2.0
//! Purse commands (PBOC .2 §5.4 and §5.5, FMCOS chapter 8). Amounts are fen, big-endian; `datetime` is BCD yyyymmddhhmmss.

use crate::iso7816::{Command, Le, Sfi};

/// Which purse: P2 of most commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purse {
    /// Electronic deposit 电子存折.
    Deposit,
    /// Electronic purse 电子钱包.
    Electronic,
}

impl Purse {
    /// P2.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Deposit => 0x01,
            Self::Electronic => 0x02,
        }
    }
}

/// What is debited offline: P1 of the initialisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurchaseKind {
    /// Purchase 消费.
    Purchase,
    /// Cash withdrawal from the deposit 取现.
    Cash,
    /// Compound purchase 复合消费 (CAPP).
    Compound,
}

fn init_data(index: u8, amount: u32, terminal: [u8; 6]) -> Vec<u8> {
    [&[index][..], &amount.to_be_bytes(), &terminal].concat()
}

/// INITIALIZE FOR LOAD `80 50 00`: balance 4, online counter 2, version 1, algorithm 1, random 4, MAC1 4.
pub fn init_load(purse: Purse, index: u8, amount: u32, terminal: [u8; 6]) -> Command {
    Command::new(0x80, 0x50, 0x00, purse.byte())
        .with_data(init_data(index, amount, terminal))
        .with_le(Le::exactly(0x10))
}

/// CREDIT FOR LOAD `80 52`: answers the TAC.
pub fn credit_load(datetime: [u8; 7], mac2: [u8; 4]) -> Command {
    Command::new(0x80, 0x52, 0x00, 0x00)
        .with_data([&datetime[..], &mac2].concat())
        .with_le(Le::exactly(4))
}

/// INITIALIZE FOR PURCHASE, CASH or CAPP PURCHASE `80 50 01|02|03`: balance 4, offline counter 2, overdraft limit 3,
/// version 1, algorithm 1, random 4.
pub fn init_purchase(kind: PurchaseKind, purse: Purse, index: u8, amount: u32, terminal: [u8; 6]) -> Command {
    let p1 = match kind {
        PurchaseKind::Purchase => 0x01,
        PurchaseKind::Cash => 0x02,
        PurchaseKind::Compound => 0x03,
    };
    Command::new(0x80, 0x50, p1, purse.byte())
        .with_data(init_data(index, amount, terminal))
        .with_le(Le::exactly(0x0F))
}

/// DEBIT FOR PURCHASE, CASH or CAPP PURCHASE `80 54 01`: answers TAC 4 ‖ MAC2 4.
pub fn debit_purchase(terminal_counter: u32, datetime: [u8; 7], mac1: [u8; 4]) -> Command {
    let data = [&terminal_counter.to_be_bytes()[..], &datetime, &mac1].concat();
    Command::new(0x80, 0x54, 0x01, 0x00)
        .with_data(data)
        .with_le(Le::exactly(8))
}

/// UPDATE CAPP DATA CACHE `80 DC`, record by tag; only between INITIALIZE FOR CAPP PURCHASE and the debit.
pub fn update_capp_by_tag(sfi: Sfi, tag: u8, record: &[u8]) -> Command {
    Command::new(0x80, 0xDC, tag, sfi.value() << 3).with_data(record)
}

/// UPDATE CAPP DATA CACHE `80 DC`, record by number.
pub fn update_capp_by_number(sfi: Sfi, number: u8, record: &[u8]) -> Command {
    Command::new(0x80, 0xDC, number, sfi.value() << 3 | 0x04).with_data(record)
}

/// INITIALIZE FOR UNLOAD `80 50 05 01`: answer as for load. Deposit only.
pub fn init_unload(index: u8, amount: u32, terminal: [u8; 6]) -> Command {
    Command::new(0x80, 0x50, 0x05, 0x01)
        .with_data(init_data(index, amount, terminal))
        .with_le(Le::exactly(0x10))
}

/// DEBIT FOR UNLOAD `80 54 03`: answers MAC3.
pub fn debit_unload(datetime: [u8; 7], mac2: [u8; 4]) -> Command {
    Command::new(0x80, 0x54, 0x03, 0x00)
        .with_data([&datetime[..], &mac2].concat())
        .with_le(Le::exactly(4))
}

/// INITIALIZE FOR UPDATE `80 50 04 01`: balance 4, online counter 2, old limit 3, version 1, algorithm 1, random 4, MAC1 4.
pub fn init_overdraft(index: u8, terminal: [u8; 6]) -> Command {
    Command::new(0x80, 0x50, 0x04, 0x01)
        .with_data([&[index][..], &terminal].concat())
        .with_le(Le::exactly(0x13))
}

/// UPDATE OVERDRAFT LIMIT `80 58`: answers the TAC. `limit` is three bytes.
pub fn update_overdraft(limit: [u8; 3], datetime: [u8; 7], mac2: [u8; 4]) -> Command {
    let data = [&limit[..], &datetime, &mac2].concat();
    Command::new(0x80, 0x58, 0x00, 0x00)
        .with_data(data)
        .with_le(Le::exactly(4))
}

/// GET BALANCE `80 5C 00`.
pub fn get_balance(purse: Purse) -> Command {
    Command::new(0x80, 0x5C, 0x00, purse.byte()).with_le(Le::exactly(4))
}

/// GET TRANSACTION PROOF `80 5A`: MAC 4 ‖ TAC 4 of the transaction with that type and counter.
pub fn get_transaction_proof(transaction_type: u8, counter: u16) -> Command {
    Command::new(0x80, 0x5A, 0x00, transaction_type)
        .with_data(counter.to_be_bytes())
        .with_le(Le::exactly(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Traces of real cards (load and purchase) and the formats of the manual.
    #[test]
    fn traces_of_real_cards() {
        let wire = |c: Command| hex::encode_upper(c.to_bytes());
        let term = [0x66; 6];
        assert_eq!(
            wire(init_load(Purse::Electronic, 0, 0x10, term)),
            "805000020B000000001066666666666610"
        );
        let at = [0x20, 0x24, 0x04, 0x11, 0x21, 0x21, 0x21];
        assert_eq!(
            wire(credit_load(at, [0x09, 0x7E, 0x98, 0xFE])),
            "805200000B20240411212121097E98FE04"
        );
        let term = [0x00, 0x00, 0x11, 0x22, 0x33, 0x44];
        assert_eq!(
            wire(init_purchase(
                PurchaseKind::Purchase,
                Purse::Electronic,
                0,
                0x1000,
                term
            )),
            "805001020B00000010000000112233440F"
        );
        let at = [0x20, 0x16, 0x12, 0x16, 0x13, 0x46, 0x00];
        assert_eq!(
            wire(debit_purchase(0x20, at, [0xD4, 0x57, 0x37, 0xC5])),
            "805401000F0000002020161216134600D45737C508"
        );
        assert_eq!(wire(get_balance(Purse::Electronic)), "805C000204");
        assert_eq!(wire(get_transaction_proof(9, 2)), "805A000902000208");
        assert_eq!(wire(init_unload(0, 1, term)), "805005010B000000000100001122334410");
        assert_eq!(
            wire(init_overdraft(1, term)),
            "805004010701000011223344".to_owned() + "13"
        );
        assert_eq!(wire(update_overdraft([0, 1, 0], at, [1; 4])).len(), 2 * (5 + 14 + 1));
        let sfi = Sfi::new(0x1A).unwrap();
        assert_eq!(update_capp_by_tag(sfi, 1, &[0; 128]).header(), [0x80, 0xDC, 0x01, 0xD0]);
        assert_eq!(update_capp_by_number(sfi, 1, &[0]).header(), [0x80, 0xDC, 0x01, 0xD4]);
        assert_eq!(wire(debit_unload(at, [1; 4])).len(), 2 * (5 + 11 + 1));
    }
}
