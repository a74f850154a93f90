// SPDX-License-Identifier: Apache-2.0
//! From the usages of schemes to the key usage codes of ANSI X9.143-2021 (table 2). All keys above a card are issuer master
//! keys of a chip application, from which the card's own key is derived: the standard's E codes, mode of use X.

use crate::crypto::key_block::ModeOfUse;
use crate::keys::id::Usage;

/// What the header says of keys of one usage.
#[derive(Debug, Clone, Copy)]
pub struct UsageRow {
    /// The scheme's word.
    pub usage: &'static str,
    /// The code that we write.
    pub code: [u8; 2],
    /// The mode of use that we write.
    pub mode: ModeOfUse,
}

const fn derives(usage: &'static str, code: [u8; 2]) -> UsageRow {
    let mode = ModeOfUse::Derive;
    UsageRow { usage, code, mode }
}

/// Issuer master key: application cryptograms.
const CRYPTOGRAMS: [u8; 2] = *b"E0";
/// Issuer master key: secure messaging for confidentiality.
const CONFIDENTIALITY: [u8; 2] = *b"E1";
/// Issuer master key: secure messaging for integrity.
const INTEGRITY: [u8; 2] = *b"E2";
/// Issuer master key: card personalisation.
const PERSONALISATION: [u8; 2] = *b"E5";
/// Issuer master key: other.
const OTHER: [u8; 2] = *b"E6";
/// Key derivation key that is none of ANSI X9.24's: what a sender may use for any of ours that is derived from.
const DERIVATION: [u8; 2] = *b"B3";
/// Key encryption or wrapping.
const WRAPPING: [u8; 2] = *b"K0";

/// The table, as docs/formats/key-block.md has it.
pub(super) const TABLE: &[UsageRow] = &[
    // They make MAC1, MAC2 and TAC of transactions.
    derives("purchase", CRYPTOGRAMS),
    derives("load", CRYPTOGRAMS),
    derives("load-2", CRYPTOGRAMS),
    derives("unload", CRYPTOGRAMS),
    derives("overdraft-update", CRYPTOGRAMS),
    derives("tac", CRYPTOGRAMS),
    derives("ticket-tac", CRYPTOGRAMS),
    // The PIN travels enciphered.
    derives("pin-unblock", CONFIDENTIALITY),
    // MACs of commands that update or block.
    derives("card-maintenance", INTEGRITY),
    derives("app-maintenance", INTEGRITY),
    derives("capp-maintenance", INTEGRITY),
    derives("file-update-1", INTEGRITY),
    derives("file-update-2", INTEGRITY),
    derives("app-block", INTEGRITY),
    derives("app-unblock", INTEGRITY),
    derives("pin-reload", INTEGRITY),
    derives("psam-card-maintenance", INTEGRITY),
    derives("psam-app-maintenance", INTEGRITY),
    // They install keys.
    derives("card-control", PERSONALISATION),
    derives("app-control", PERSONALISATION),
    derives("psam-card-control", PERSONALISATION),
    derives("psam-app-control", PERSONALISATION),
    derives("internal-auth", OTHER),
    derives("external-auth", OTHER),
    derives("sector-a", OTHER),
    derives("sector-b", OTHER),
    // Never derived from: what the maker put into the blanks wraps the first key.
    UsageRow {
        usage: "transport",
        code: WRAPPING,
        mode: ModeOfUse::Both,
    },
];

/// A usage that only a local scheme knows.
const UNLISTED: UsageRow = derives("", OTHER);

/// The row of a usage; usages that the table lacks are issuer master keys of another kind.
pub fn row(usage: &Usage) -> UsageRow {
    let listed = TABLE.iter().find(|row| row.usage == usage.as_str());
    listed.copied().unwrap_or(UNLISTED)
}

impl UsageRow {
    /// The codes that fit a block of another sender: ours, and for what is derived from also the two general ones.
    pub fn accepted(&self) -> Vec<[u8; 2]> {
        let mut codes = vec![self.code];
        if self.mode == ModeOfUse::Derive {
            codes.extend([OTHER, DERIVATION].into_iter().filter(|code| *code != self.code));
        }
        codes
    }
}
