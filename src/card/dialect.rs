// SPDX-License-Identifier: Apache-2.0
//! Card operating systems, as far as they differ in what the host must send: a few data, no hierarchy of types.

use serde::{Deserialize, Serialize};

use crate::i18n::Msg;
use crate::iso7816::StatusWord;
use crate::msg;

/// A card operating system as templates name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// FMCOS 2.0 user card: files are created, key records have access bytes.
    Fmcos,
    /// PSAM with FMCOS files; keys of its applications have a usage byte.
    FmcosPsam,
    /// City and metro card with preset files and key slots, ended by a command.
    Metro,
    /// M1 (MIFARE Classic): sectors of blocks, reached through the reader's storage-card commands.
    M1,
}

impl Dialect {
    /// The name in templates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fmcos => "fmcos",
            Self::FmcosPsam => "fmcos-psam",
            Self::Metro => "metro",
            Self::M1 => "m1",
        }
    }

    /// Whether files and key slots are on the blank already, so that personalisation only fills them.
    pub const fn preset(self) -> bool {
        matches!(self, Self::Metro)
    }

    /// Whether it is a storage card, which has sectors and no files.
    pub const fn storage(self) -> bool {
        matches!(self, Self::M1)
    }

    /// What a status word means on this card OS, where it differs from the general list.
    pub fn meaning(self, ins: u8, sw: StatusWord) -> Option<Msg> {
        match (self, ins, sw.0) {
            (_, 0xE0, 0x6A86) => Some(msg!("sw-file-exists")),
            (_, 0xA4, 0x6A81) => Some(msg!("sw-application-blocked")),
            (_, 0x82, 0x6A88) => Some(msg!("sw-no-control-key")),
            (Self::FmcosPsam, 0xCA, 0x6300) => Some(msg!("sw-security-code")),
            (Self::Metro, 0xD4, 0x6985) => Some(msg!("sw-personalisation-ended")),
            (_, 0xD4, 0x9302) => Some(msg!("sw-wrapped-key")),
            _ => None,
        }
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    #[test]
    fn a_dialect_puts_its_reading_first() {
        let exists = Dialect::Fmcos.meaning(0xE0, StatusWord(0x6A86)).unwrap();
        assert!(exists.render(Lang::En).contains("exists"));
        assert_eq!(Dialect::Fmcos.meaning(0xB0, StatusWord(0x6A86)), None);
        assert_eq!(Dialect::Fmcos.meaning(0xD4, StatusWord(0x6985)), None);
        assert!(Dialect::Metro.meaning(0xD4, StatusWord(0x6985)).is_some());
        assert!(Dialect::Metro.preset() && !Dialect::FmcosPsam.preset());
    }
}
