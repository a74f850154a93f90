// SPDX-License-Identifier: Apache-2.0
//! What the MACs and TACs of purse transactions are computed over (JR/T 0025.2-2010 5.5), as bytes and without any key: a
//! key store that can only compute "a MAC with the session key for this seed over these bytes" is enough.
//!
//! This file has the values; `purse_transaction` and `grey_lock` put them together. Numbers are big-endian. Counters are
//! those that the card gave in its answer to INITIALIZE, before it counts up.

use std::fmt;
use std::str::FromStr;

use super::HexError;
use super::hexadecimal::{decode, hex_text};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Transaction type byte (JR/T 0025.2-2010 table A.1, JR/T 0025.9-2010).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxnType(pub u8);
impl TxnType {
    /// Load of the electronic deposit.
    pub const LOAD_ED: Self = Self(0x01);
    /// Load of the electronic purse.
    pub const LOAD_EP: Self = Self(0x02);
    /// Unload.
    pub const UNLOAD: Self = Self(0x03);
    /// Cash withdrawal from the electronic deposit.
    pub const CASH: Self = Self(0x04);
    /// Purchase from the electronic deposit.
    pub const PURCHASE_ED: Self = Self(0x05);
    /// Purchase from the electronic purse.
    pub const PURCHASE_EP: Self = Self(0x06);
    /// Overdraft limit update.
    pub const OVERDRAFT: Self = Self(0x07);
    /// Purchase on credit.
    pub const CREDIT: Self = Self(0x08);
    /// Compound purchase.
    pub const CAPP: Self = Self(0x09);
    /// Grey lock of the purse. FMCOS uses 92 for it where JR/T 0025.9 says 91.
    pub const GREY_LOCK: Self = Self(0x91);
    /// Debit that ends a grey lock. FMCOS uses 94 where JR/T 0025.9 says 93.
    pub const GREY_DEBIT: Self = Self(0x93);
    /// Online end of a grey lock.
    pub const GREY_ONLINE: Self = Self(0x95);
}

impl fmt::Display for TxnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}
impl fmt::Debug for TxnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxnType({self})")
    }
}

/// Money in fen 分, as an amount or as a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(pub u32);

/// Overdraft limit in fen: three bytes on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OverdraftLimit(u32);

/// Terminal number 终端机编号: six bytes, cn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Terminal(pub [u8; 6]);
hex_text!(Terminal, 6);

/// Security authentication code of MOHURD user cards: 9 bytes (maker 1, UID 4, code 4), read with GET DATA 80 CA. Cards that
/// have one take it into MAC1 of purchases.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecurityCode(pub [u8; 9]);
hex_text!(SecurityCode, 9);

/// The terminal's date and time: `YYYYMMDDhhmmss` in BCD, 7 bytes, a moment that exists in the calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime([u8; 7]);

/// A value that a purse cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurseError {
    /// The balance would pass what four bytes hold, or fall below zero.
    Balance,
    /// An overdraft limit above 0xFFFFFF fen.
    Limit,
    /// Date and time that are not BCD or do not exist.
    DateTime,
    /// Not 14 hexadecimal digits.
    DateTimeText(HexError),
}

impl Amount {
    /// Big-endian, four bytes.
    pub fn bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    /// The sum, if it fits.
    pub fn plus(self, other: Self) -> Result<Self, PurseError> {
        self.0.checked_add(other.0).map(Self).ok_or(PurseError::Balance)
    }

    /// The difference, if it is not negative.
    pub fn minus(self, other: Self) -> Result<Self, PurseError> {
        self.0.checked_sub(other.0).map(Self).ok_or(PurseError::Balance)
    }
}

impl OverdraftLimit {
    /// Three bytes, big-endian.
    pub fn bytes(self) -> [u8; 3] {
        let [_, high, middle, low] = self.0.to_be_bytes();
        [high, middle, low]
    }

    /// In fen.
    pub fn fen(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for OverdraftLimit {
    type Error = PurseError;
    fn try_from(fen: u32) -> Result<Self, PurseError> {
        if fen <= 0x00FF_FFFF {
            Ok(Self(fen))
        } else {
            Err(PurseError::Limit)
        }
    }
}

impl DateTime {
    /// Seven BCD bytes.
    pub fn bytes(self) -> [u8; 7] {
        self.0
    }

    /// From a civil date and time.
    pub fn from_civil(at: jiff::civil::DateTime) -> Result<Self, PurseError> {
        let bcd = |n: i16| u8::try_from(n / 10 * 16 + n % 10).map_err(|_| PurseError::DateTime);
        let (date, time) = (at.date(), at.time());
        if date.year() < 0 {
            return Err(PurseError::DateTime);
        }
        Ok(Self([
            bcd(date.year() / 100)?,
            bcd(date.year() % 100)?,
            bcd(date.month().into())?,
            bcd(date.day().into())?,
            bcd(time.hour().into())?,
            bcd(time.minute().into())?,
            bcd(time.second().into())?,
        ]))
    }
}

impl TryFrom<[u8; 7]> for DateTime {
    type Error = PurseError;
    fn try_from(bytes: [u8; 7]) -> Result<Self, PurseError> {
        let mut parts = [0i8; 7];
        for (part, byte) in parts.iter_mut().zip(bytes) {
            let (tens, ones) = (byte >> 4, byte & 15);
            if tens > 9 || ones > 9 {
                return Err(PurseError::DateTime);
            }
            *part = i8::try_from(tens * 10 + ones).map_err(|_| PurseError::DateTime)?;
        }
        let [century, year, month, day, hour, minute, second] = parts;
        let year = i16::from(century) * 100 + i16::from(year);
        let real =
            jiff::civil::Date::new(year, month, day).is_ok() && jiff::civil::Time::new(hour, minute, second, 0).is_ok();
        if real {
            Ok(Self(bytes))
        } else {
            Err(PurseError::DateTime)
        }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}
impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DateTime({self})")
    }
}

impl FromStr for DateTime {
    type Err = PurseError;
    fn from_str(text: &str) -> Result<Self, PurseError> {
        decode::<7>(text).map_err(PurseError::DateTimeText)?.try_into()
    }
}

impl Fault for PurseError {
    fn msg(&self) -> Msg {
        match self {
            Self::Balance => msg!("crypto-purse-balance"),
            Self::Limit => msg!("crypto-purse-limit"),
            Self::DateTime => msg!("crypto-purse-datetime"),
            Self::DateTimeText(e) => e.msg(),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(PurseError);

/// Joins parts of known lengths. The length of the whole is part of the type; a wrong sum shows in any test.
pub(crate) fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut whole = [0; N];
    let mut at = 0;
    for part in parts {
        whole[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    assert_eq!(at, N, "parts make up the whole");
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_exist() {
        for good in ["20240229235959", "20111221214822", "20240411212121"] {
            let at: DateTime = good.parse().unwrap();
            assert_eq!(at.to_string(), good);
        }
        for bad in [
            "20230229000000",
            "20241301000000",
            "20240100000000",
            "20240101240000",
            "2024010123595A",
        ] {
            assert_eq!(bad.parse::<DateTime>(), Err(PurseError::DateTime), "{bad}");
        }
        assert!(matches!("2024".parse::<DateTime>(), Err(PurseError::DateTimeText(_))));
        let civil = jiff::civil::date(2024, 1, 15).at(9, 30, 12, 0);
        assert_eq!(DateTime::from_civil(civil).unwrap().to_string(), "20240115093012");
    }

    #[test]
    fn money_neither_wraps_nor_goes_below_zero() {
        assert_eq!(Amount(u32::MAX).plus(Amount(1)), Err(PurseError::Balance));
        assert_eq!(Amount(1).minus(Amount(2)), Err(PurseError::Balance));
        assert_eq!(OverdraftLimit::try_from(0x0100_0000), Err(PurseError::Limit));
        assert_eq!(
            OverdraftLimit::try_from(0x0001_F402).map(OverdraftLimit::bytes),
            Ok([1, 0xF4, 2])
        );
    }
}
