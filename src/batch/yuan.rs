// SPDX-License-Identifier: Apache-2.0
//! Amounts as people write them: yuan with at most two decimals, read exactly into fen and never through a float.

use std::fmt;
use std::str::FromStr;

use crate::crypto::purse::Amount;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// An amount that is read and written in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Yuan(pub Amount);

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum YuanFault {
    /// Something else than digits and one point, or no digits before or behind it.
    Form {
        /// The text.
        text: String,
    },
    /// More than two decimals.
    Decimals {
        /// The text.
        text: String,
    },
    /// More than a purse's four bytes hold.
    TooMuch {
        /// The text.
        text: String,
    },
}

impl FromStr for Yuan {
    type Err = YuanFault;

    fn from_str(text: &str) -> Result<Self, YuanFault> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let text = || text.chars().take(40).collect::<String>();
        if !digits(whole) || !digits(decimals) {
            return Err(YuanFault::Form { text: text() });
        }
        if decimals.len() > 2 {
            return Err(YuanFault::Decimals { text: text() });
        }
        let fen = format!("{whole}{decimals:0<2}")
            .parse()
            .map_err(|_| YuanFault::TooMuch { text: text() })?;
        Ok(Self(Amount(fen)))
    }
}

impl fmt::Display for Yuan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02}", self.0.0 / 100, self.0.0 % 100))
    }
}

impl Fault for YuanFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Form { text } => msg!("purse-amount-form", text = text),
            Self::Decimals { text } => msg!("purse-amount-decimals", text = text),
            Self::TooMuch { text } => msg!("purse-amount-too-much", text = text),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(YuanFault);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_is_read_exactly() {
        let read = |text: &str| text.parse::<Yuan>();
        for (text, fen, shown) in [
            ("50", 5000, "50.00"),
            ("50.0", 5000, "50.00"),
            ("0.29", 29, "0.29"),
            ("0.01", 1, "0.01"),
            ("19.99", 1999, "19.99"),
            ("0", 0, "0.00"),
            ("007.5", 750, "7.50"),
            ("42949672.95", u32::MAX, "42949672.95"),
        ] {
            let yuan = read(text).unwrap();
            assert_eq!((yuan.0.0, yuan.to_string().as_str()), (fen, shown), "{text}");
        }
        for text in [
            "", ".", "5.", ".5", "-1", "+1", "1e3", "1,000", "1.2.3", " 1", "１", "5元", "0x10",
        ] {
            assert!(matches!(read(text), Err(YuanFault::Form { .. })), "{text}");
        }
        assert!(matches!(read("0.001"), Err(YuanFault::Decimals { .. })));
        for text in ["42949672.96", "99999999999999999999"] {
            assert!(matches!(read(text), Err(YuanFault::TooMuch { .. })), "{text}");
        }
    }
}
