// SPDX-License-Identifier: Apache-2.0
//! What stands behind `--reader`: `sim:FOLDER/CARD` for a simulated card, anything else the name of a PC/SC reader.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// A reader as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderSpec {
    /// A simulated card, by the path of its file or folder.
    Sim(PathBuf),
    /// A PC/SC reader: its name, or a part that fits only one reader.
    Pcsc(String),
}

/// The text names no reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSpec(String);

impl FromStr for ReaderSpec {
    type Err = BadSpec;

    fn from_str(text: &str) -> Result<Self, BadSpec> {
        let text = text.trim();
        match text.strip_prefix("sim:") {
            Some("") => Err(BadSpec(text.to_owned())),
            Some(path) => Ok(Self::Sim(PathBuf::from(path))),
            None if text.is_empty() => Err(BadSpec(text.to_owned())),
            None => Ok(Self::Pcsc(text.to_owned())),
        }
    }
}

impl fmt::Display for ReaderSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sim(path) => write!(f, "sim:{}", path.display()),
            Self::Pcsc(name) => f.write_str(name),
        }
    }
}

impl Fault for BadSpec {
    fn msg(&self) -> Msg {
        msg!("transport-bad-spec", spec = format!("\"{}\"", self.0))
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(BadSpec);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_and_real_readers_are_told_apart() {
        assert_eq!("sim:cards/u1".parse(), Ok(ReaderSpec::Sim("cards/u1".into())));
        assert_eq!(
            " ACS ACR1281 00 00 ".parse(),
            Ok(ReaderSpec::Pcsc("ACS ACR1281 00 00".into()))
        );
        assert_eq!("sim:".parse::<ReaderSpec>(), Err(BadSpec("sim:".into())));
        assert_eq!("  ".parse::<ReaderSpec>(), Err(BadSpec(String::new())));
        for text in ["sim:/a/b", "Virtual PCD 00 00"] {
            assert_eq!(text.parse::<ReaderSpec>().unwrap().to_string(), text);
        }
    }
}
