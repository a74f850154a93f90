// SPDX-License-Identifier: Apache-2.0
//! The status words of the simulated card systems, and what a command hands back.

use crate::iso7816::StatusWord;

pub(super) const OK: StatusWord = StatusWord::OK;
/// Data are there, but the file was never written or its checksum is wrong.
pub(super) const CHECKSUM: StatusWord = StatusWord(0x6281);
/// A PSAM found a card's authentication code wrong.
pub(super) const CODE_WRONG: StatusWord = StatusWord(0x6300);
pub(super) const MEMORY: StatusWord = StatusWord(0x6581);
pub(super) const LENGTH: StatusWord = StatusWord(0x6700);
/// A completing command without its INITIALIZE.
pub(super) const NO_INITIALIZE: StatusWord = StatusWord(0x6901);
pub(super) const TYPE: StatusWord = StatusWord(0x6981);
pub(super) const ACCESS: StatusWord = StatusWord(0x6982);
pub(super) const KEY_LOCKED: StatusWord = StatusWord(0x6983);
pub(super) const CONDITIONS: StatusWord = StatusWord(0x6985);
pub(super) const MAC_MISSING: StatusWord = StatusWord(0x6987);
pub(super) const MAC_WRONG: StatusWord = StatusWord(0x6988);
pub(super) const DATA: StatusWord = StatusWord(0x6A80);
/// No MF, application blocked, card blocked.
pub(super) const BLOCKED: StatusWord = StatusWord(0x6A81);
pub(super) const NO_FILE: StatusWord = StatusWord(0x6A82);
pub(super) const NO_RECORD: StatusWord = StatusWord(0x6A83);
pub(super) const NO_ROOM: StatusWord = StatusWord(0x6A84);
/// Parameters wrong; for CREATE FILE also: exists.
pub(super) const PARAMETERS: StatusWord = StatusWord(0x6A86);
pub(super) const NO_KEY: StatusWord = StatusWord(0x6A88);
pub(super) const OFFSET: StatusWord = StatusWord(0x6B00);
pub(super) const INSTRUCTION: StatusWord = StatusWord(0x6D00);
pub(super) const CLASS: StatusWord = StatusWord(0x6E00);
pub(super) const KEY_MAC: StatusWord = StatusWord(0x9302);
pub(super) const LOCKED_FOR_GOOD: StatusWord = StatusWord(0x9303);
pub(super) const FUNDS: StatusWord = StatusWord(0x9401);
pub(super) const COUNTER_FULL: StatusWord = StatusWord(0x9402);
pub(super) const KEY_INDEX: StatusWord = StatusWord(0x9403);
pub(super) const NOT_AVAILABLE: StatusWord = StatusWord(0x9406);

/// 63Cx: `left` tries remain.
pub(super) fn tries(left: u8) -> StatusWord {
    StatusWord(0x63C0 | u16::from(left & 0x0F))
}

/// Answer data and status word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) data: Vec<u8>,
    pub(super) sw: StatusWord,
}

impl Answer {
    pub(super) fn with(data: Vec<u8>, sw: StatusWord) -> Self {
        Self { data, sw }
    }
}

impl From<Vec<u8>> for Answer {
    fn from(data: Vec<u8>) -> Self {
        Self { data, sw: OK }
    }
}

/// What a command comes to: an answer, or a bare status word.
pub(super) type Handled = Result<Answer, StatusWord>;

/// Done, nothing to say.
#[allow(clippy::unnecessary_wraps)] // the type of every handler
pub(super) fn done() -> Handled {
    Ok(Answer::from(Vec::new()))
}
