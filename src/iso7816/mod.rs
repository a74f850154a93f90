// SPDX-License-Identifier: Apache-2.0
//! ISO/IEC 7816-3 and -4 as far as the card systems use it: command APDUs in the four short cases, status words,
//! BER-TLV with one-byte tags and lengths, file and application identifiers. Pure: bytes in, bytes out.

pub mod apdu;
pub mod atr;
pub mod identifier;
pub mod status;
pub mod tlv;

pub use apdu::{Command, Le};
pub use atr::Atr;
pub use identifier::{Aid, FileId, Sfi};
pub use status::StatusWord;
