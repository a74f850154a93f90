// SPDX-License-Identifier: Apache-2.0
//! The two code columns of Chinese cities. MOHURD numbers a city by the first four digits of its postal code; MOT and
//! UnionPay use the region codes of GB/T 13497-1992. Hangzhou is 3100 in one and 3310 in the other, Beijing is 1000 in both:
//! hence two types, of which neither becomes the other except through the table of cities.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Title;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a text is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CityCodeError {
    /// Another number of digits.
    Length {
        /// Digits that the code has.
        expected: usize,
        /// Digits that were given.
        got: usize,
    },
    /// Something else than decimal digits.
    Digits,
}

impl Fault for CityCodeError {
    fn msg(&self) -> Msg {
        match self {
            Self::Length { expected, got } => msg!("scheme-code-length", expected = expected, got = got),
            Self::Digits => msg!("scheme-code-digits"),
        }
    }
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}
crate::display_as_english!(CityCodeError);

fn digits(text: &str, expected: usize) -> Result<(), CityCodeError> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(CityCodeError::Digits);
    }
    if text.len() == expected {
        Ok(())
    } else {
        Err(CityCodeError::Length {
            expected,
            got: text.len(),
        })
    }
}

fn bcd2(text: &str) -> Result<[u8; 2], CityCodeError> {
    digits(text, 4)?;
    let mut place = [0; 2];
    hex::decode_to_slice(text, &mut place).map_err(|_| CityCodeError::Digits)?;
    Ok(place)
}

macro_rules! four_digits {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 2]);

        impl $name {
            /// The two BCD bytes, as a card carries them.
            pub fn bytes(self) -> [u8; 2] {
                self.0
            }
        }
        impl FromStr for $name {
            type Err = CityCodeError;
            fn from_str(text: &str) -> Result<Self, CityCodeError> {
                bcd2(text).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
four_digits!(
    /// A city in MOHURD's numbering: the first four digits of its postal code.
    PostalCityCode
);
four_digits!(
    /// A region in MOT's and UnionPay's numbering (GB/T 13497-1992).
    RegionCode
);

/// Which code names the owners of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeKind {
    /// [`PostalCityCode`], two bytes.
    PostalCity,
    /// An issuer of MOT: eight bytes, of which the first four are digits with the [`RegionCode`] in the third and fourth,
    /// filled up with F.
    Issuer,
    /// A province, four digits.
    Province,
}

impl CodeKind {
    /// Reads what an operator typed and gives the field's bytes as hex text.
    pub fn read(self, text: &str) -> Result<String, CityCodeError> {
        match self {
            Self::PostalCity => text.parse::<PostalCityCode>().map(|c| c.to_string()),
            Self::Province => bcd2(text).map(hex::encode),
            Self::Issuer => {
                let number = text.strip_suffix("FFFFFFFF").unwrap_or(text);
                digits(number, 8).map(|()| format!("{number}FFFFFFFF"))
            }
        }
    }

    /// The city that a code of this kind belongs to, where the table has it.
    pub fn city(self, code: &str) -> Option<&'static City> {
        match self {
            Self::PostalCity => {
                let code: PostalCityCode = code.parse().ok()?;
                cities().iter().find(|c| c.postal == code)
            }
            Self::Issuer => {
                let region: RegionCode = code.get(4..8)?.parse().ok()?;
                cities().iter().find(|c| c.region == Some(region))
            }
            Self::Province => None,
        }
    }

    /// The city whose code in the *other* column was typed, where no city has it in this one: probably a mix-up.
    pub fn mixed_up(self, code: &str) -> Option<&'static City> {
        if self.city(code).is_some() {
            return None;
        }
        match self {
            Self::PostalCity => {
                let region: RegionCode = code.parse().ok()?;
                cities().iter().find(|c| c.region == Some(region))
            }
            Self::Issuer => {
                let postal: PostalCityCode = code.get(4..8)?.parse().ok()?;
                cities().iter().find(|c| c.postal == postal)
            }
            Self::Province => None,
        }
    }
}

/// A city in both numberings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct City {
    /// Its name.
    pub name: Title,
    /// MOHURD's code.
    pub postal: PostalCityCode,
    /// MOT's and UnionPay's code, where it is known.
    pub region: Option<RegionCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CityTable {
    city: Vec<City>,
}

static CITIES: LazyLock<Vec<City>> = LazyLock::new(|| {
    let text = include_str!("../../../templates/codes/cities.toml");
    toml::from_str::<CityTable>(text)
        .unwrap_or_else(|e| panic!("table of cities: {e}"))
        .city
});

/// The cities whose codes are known; the table is a help for people and not complete.
pub fn cities() -> &'static [City] {
    &CITIES
}
