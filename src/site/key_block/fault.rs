// SPDX-License-Identifier: Apache-2.0
//! Why a file of key blocks is not taken.

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::keys::KeyId;
use crate::keys::key_block::HeaderMismatch;
use crate::msg;
use crate::site::SiteError;

/// What is wrong with a file of key blocks, beyond the blocks' form.
#[derive(Debug)]
pub enum BlockFault {
    /// No line, or too many.
    Lines {
        /// The file.
        path: String,
        /// How many.
        lines: usize,
        /// How many there may be.
        most: usize,
    },
    /// One of several lines.
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        why: Box<SiteError>,
    },
    /// As many names are needed as there are lines.
    Count {
        /// Names.
        keys: usize,
        /// Lines.
        lines: usize,
    },
    /// The block does not say which key it holds, and nobody else did.
    Unnamed,
    /// A label of this program in an edition that it does not know.
    Label,
    /// The block holds another key than the officers say.
    OtherKey {
        /// What the block says.
        block: Box<KeyId>,
        /// What the officers say.
        asked: Box<KeyId>,
    },
    /// The same key twice in a file.
    Twice {
        /// The key.
        key: Box<KeyId>,
    },
    /// The header does not fit the key.
    Header(HeaderMismatch),
}

impl Fault for BlockFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Lines { path, lines, most } => {
                msg!("site-block-lines", path = path, lines = lines, most = most)
            }
            Self::Line { line, why } => msg!("site-block-line", line = line).with_msg("why", why.msg()),
            Self::Count { keys, lines } => msg!("site-block-count", keys = keys, lines = lines),
            Self::Unnamed => msg!("site-block-unnamed"),
            Self::Label => msg!("site-block-label"),
            Self::OtherKey { block, asked } => msg!("site-block-other-key", block = block, asked = asked),
            Self::Twice { key } => msg!("site-block-twice", key = key),
            Self::Header(e) => e.msg(),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Line { why, .. } => why.exit(),
            Self::OtherKey { .. } => Exit::Check,
            Self::Header(e) => e.exit(),
            _ => Exit::Usage,
        }
    }
}
crate::display_as_english!(BlockFault);
