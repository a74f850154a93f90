// SPDX-License-Identifier: Apache-2.0
//! Amounts of money in orders: read exactly into fen 分. The unit is never guessed: it stands in the cell (`50元`, `5000分`,
//! `50.00`), in the column's heading (`余额（元）`) or in the template.

use serde::Deserialize;

use crate::i18n::Msg;
use crate::msg;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmountUnit {
    /// 分.
    Fen,
    /// 元.
    Yuan,
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountFault {
    /// Something else than digits, one point and a unit.
    Form,
    /// A whole number of which nobody says whether it counts yuan or fen.
    NoUnit,
    /// More than two decimals.
    Decimals,
    /// The cell says another unit than heading or template, or fen have decimals.
    Units,
    /// More than the template allows.
    TooMuch {
        /// The limit in fen.
        max: u32,
    },
}

impl AmountFault {
    /// The reason in words.
    pub fn msg(self) -> Msg {
        match self {
            Self::Form => msg!("amount-form"),
            Self::NoUnit => msg!("amount-no-unit"),
            Self::Decimals => msg!("amount-decimals"),
            Self::Units => msg!("amount-units"),
            Self::TooMuch { max } => msg!("amount-too-much", max = format!("{}.{:02}", max / 100, max % 100)),
        }
    }
}

impl AmountUnit {
    /// The unit at the end of a text (`5000分`, `balance_fen`), and the text before it.
    pub(super) fn split(text: &str) -> (&str, Option<Self>) {
        let names = [
            ("元", Self::Yuan),
            ("yuan", Self::Yuan),
            ("分", Self::Fen),
            ("fen", Self::Fen),
        ];
        let found = names.into_iter().find_map(|(name, unit)| {
            let at = text.len().checked_sub(name.len())?;
            let (before, end) = (text.get(..at)?, text.get(at..)?);
            end.eq_ignore_ascii_case(name)
                .then_some((before.trim_end(), Some(unit)))
        });
        found.unwrap_or((text, None))
    }

    /// The word that a cell may end with.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fen => "分",
            Self::Yuan => "元",
        }
    }
}

/// An amount in fen; `told` is the unit that heading or template gives.
pub(super) fn fen(text: &str, told: Option<AmountUnit>, max: u32) -> Result<u32, AmountFault> {
    let text = text.strip_prefix(['¥', '￥']).unwrap_or(text).trim_start();
    let (number, said) = AmountUnit::split(text);
    let two = AmountUnit::split(number).1.is_some();
    if two || (said.is_some() && told.is_some() && said != told) {
        return Err(AmountFault::Units);
    }
    let (whole, decimals) = match number.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (number, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !decimals.is_none_or(digits) {
        return Err(AmountFault::Form);
    }
    let zero = decimals.is_none() && whole.bytes().all(|b| b == b'0');
    let unit = match (said.or(told), decimals) {
        (Some(AmountUnit::Fen), Some(_)) => return Err(AmountFault::Units),
        (Some(unit), _) => unit,
        (None, Some(_)) => AmountUnit::Yuan,
        (None, None) if zero => AmountUnit::Fen,
        (None, None) => return Err(AmountFault::NoUnit),
    };
    let decimals = decimals.unwrap_or_default();
    if decimals.len() > 2 {
        return Err(AmountFault::Decimals);
    }
    let number = match unit {
        AmountUnit::Fen => whole.to_owned(),
        AmountUnit::Yuan => format!("{whole}{decimals:0<2}"),
    };
    let amount = number.parse::<u32>().ok().filter(|fen| *fen <= max);
    amount.ok_or(AmountFault::TooMuch { max })
}

#[cfg(test)]
mod tests {
    use super::AmountUnit::{Fen, Yuan};
    use super::*;

    #[test]
    fn the_unit_is_said_or_the_amount_refused() {
        let read = |text: &str, told| fen(text, told, u32::MAX);
        for (text, told, amount) in [
            ("50.00", None, 5000),
            ("50.5", None, 5050),
            ("0.29", None, 29),
            ("50元", None, 5000),
            ("50 元", None, 5000),
            ("¥50.00", None, 5000),
            ("￥ 50元", None, 5000),
            ("50yuan", None, 5000),
            ("5000分", None, 5000),
            ("5000 FEN", None, 5000),
            ("0", None, 0),
            ("00", None, 0),
            ("50", Some(Yuan), 5000),
            ("50", Some(Fen), 50),
            ("50元", Some(Yuan), 5000),
            ("42949672.95", None, u32::MAX),
        ] {
            assert_eq!(read(text, told), Ok(amount), "{text} {told:?}");
        }
        assert_eq!(read("50", None), Err(AmountFault::NoUnit));
        for (text, told) in [("50元", Fen), ("5000分", Yuan), ("50.00", Fen)] {
            assert_eq!(read(text, Some(told)), Err(AmountFault::Units), "{text} {told:?}");
        }
        for text in ["50.5分", "50元分"] {
            assert_eq!(read(text, None), Err(AmountFault::Units), "{text}");
        }
        assert_eq!(read("0.001", None), Err(AmountFault::Decimals));
        for text in [
            "", ".", "5.", ".5", "-1", "+1.00", "1e3", "1,000.00", "1.2.3", "１元", "元", "0x10",
        ] {
            assert_eq!(read(text, None), Err(AmountFault::Form), "{text}");
        }
        let too_much = Err(AmountFault::TooMuch { max: 100_000 });
        assert_eq!(fen("1000.01", None, 100_000), too_much);
        assert_eq!(fen("99999999999999999999", Some(Yuan), 100_000), too_much);
        assert_eq!(fen("1000", Some(Yuan), 100_000), Ok(100_000));
    }
}
