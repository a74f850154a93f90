// SPDX-License-Identifier: Apache-2.0
//! Which chip, and every point that the manuals leave open or contradict each other on, as a switch with its default
//! (docs/simulator.md has the table with the reasons).

use serde::{Deserialize, Serialize};

use super::access::AccessReading;
use super::hex_bytes::hex16;
use crate::crypto::algorithm::Algorithm;

/// The simulated chips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chip {
    /// FMCOS 2.0 user card (FM1208 and relatives).
    Fmcos,
    /// PSAM with an FMCOS-like file system.
    Psam,
    /// City and metro card with a preset file tree.
    Metro,
    /// M1 (MIFARE Classic 1K) behind a reader's storage-card commands.
    M1,
}

/// Which key types take over the counter byte when a key is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CounterOnChange {
    /// 36, 37 and 38 only: a PIN and a control key keep their counters.
    #[default]
    LineAndPinKeys,
    /// Every type.
    All,
    /// No type.
    None,
}

/// How a PSAM judges the nine-byte authentication code of a card (80 CA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeCheck {
    /// Takes every code.
    #[default]
    Any,
    /// The last four bytes must repeat the chip number in bytes 1 to 4, as on test cards.
    RepeatsUid,
}

/// The switches of one card. `Default` is the behaviour that the sources support best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimOptions {
    /// Which high nibble of an access byte means the MF.
    pub access_reading: AccessReading,
    /// A finished purse transaction clears the directory's state and the PIN.
    pub purse_clears_state: bool,
    /// Load demands a verified PIN even where the purse's use access is F0.
    pub load_needs_pin: bool,
    /// The log holds the transaction counter before the increment.
    pub log_counter_before: bool,
    /// Application version in the FCI of an ADF (9F08); 0 leaves the object out.
    pub fci_version: u8,
    /// Selecting a blocked application answers its FCI in front of 6A81.
    pub blocked_select_gives_fci: bool,
    /// SELECT by FID finds the current directory itself first, and siblings of an empty one.
    pub fid_quirks: bool,
    /// Answer to a plain class byte where a MAC is due.
    #[serde(with = "hex16")]
    pub sw_plain_to_protected: u16,
    /// Answer to a MAC class byte on an unprotected file.
    #[serde(with = "hex16")]
    pub sw_mac_to_plain: u16,
    /// Answer to a protected command without a challenge before it.
    #[serde(with = "hex16")]
    pub sw_no_challenge: u16,
    /// The declared space of a directory is a limit.
    pub enforce_space: bool,
    /// Bytes of data memory.
    pub chip_bytes: u32,
    /// A wrongly wrapped WRITE KEY costs the control key a try.
    pub wrong_wrap_costs_a_try: bool,
    /// More than one line protection key (36) in a directory.
    pub several_line_keys: bool,
    /// Which keys take the counter byte of a change over.
    pub counter_on_change: CounterOnChange,
    /// PIN UNBLOCK stores the PIN that it carries.
    pub pin_unblock_sets_pin: bool,
    /// A key with the wrapping bits (F9 …) may be added in plain.
    pub plain_f_key_add: bool,
    /// The change access of keys is free, like everything else, while a new directory is still open.
    pub open_frees_key_change: bool,
    /// Most data bytes in a command.
    pub data_limit: u8,
    /// Reading beyond the end gives what is there instead of 6B00.
    pub short_read: bool,
    /// What a binary file holds before it is written.
    pub erased_byte: u8,
    /// CREATE FILE for 3F00 is taken on an erased MF, as the worked example of the manual does it.
    pub recreate_empty_mf: bool,
    /// Contact card with T=0: answers wait for GET RESPONSE (61xx), a wrong Le gives 6Cxx.
    pub t0: bool,
    /// Algorithm of control, line protection, PIN unblock and PIN reload keys, whose records carry no algorithm byte.
    pub control_algorithm: Algorithm,
    /// Identifier of the transport key on a blank (00 in most lots, 01 in some).
    pub blank_key_id: u8,
    /// A blank wants its transport key before ERASE DF and CREATE FILE.
    pub blank_needs_authentication: bool,
    /// PSAM: wrong MAC2 in a row until it locks.
    pub mac2_limit: u8,
    /// PSAM: how 80 CA judges a code.
    pub code_check: CodeCheck,
    /// PSAM: 80 FA pads MAC data by itself instead of refusing incomplete blocks.
    pub psam_pads: bool,
    /// Metro card: MAC-protected updates still work after the end of personalisation.
    pub updates_after_end: bool,
    /// Metro card: the authentication code is part of MAC1.
    pub code_in_mac1: bool,
    /// A compound purchase of amount 0 counts and is logged.
    pub zero_purchase_counts: bool,
    /// M1: a write of a sector's trailer that is torn leaves access bits that lock the sector for good; else the old trailer.
    pub torn_trailer_garbles: bool,
    /// Changes reach the disk before the answer is given. Without it a killed process still loses nothing, a power cut may.
    pub durable: bool,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            access_reading: AccessReading::ZeroIsMf,
            purse_clears_state: false,
            load_needs_pin: true,
            log_counter_before: false,
            fci_version: 2,
            blocked_select_gives_fci: false,
            fid_quirks: false,
            sw_plain_to_protected: 0x6987,
            sw_mac_to_plain: 0x6900,
            sw_no_challenge: 0x6984,
            enforce_space: true,
            chip_bytes: 8192,
            wrong_wrap_costs_a_try: false,
            several_line_keys: true,
            counter_on_change: CounterOnChange::LineAndPinKeys,
            pin_unblock_sets_pin: true,
            plain_f_key_add: true,
            open_frees_key_change: true,
            data_limit: 250,
            short_read: true,
            erased_byte: 0,
            recreate_empty_mf: true,
            t0: false,
            control_algorithm: Algorithm::Tdes,
            blank_key_id: 0,
            blank_needs_authentication: true,
            mac2_limit: 3,
            code_check: CodeCheck::Any,
            psam_pads: false,
            updates_after_end: true,
            code_in_mac1: true,
            zero_purchase_counts: true,
            torn_trailer_garbles: false,
            durable: true,
        }
    }
}

impl SimOptions {
    /// The defaults of a chip: the metro card answers a blocked application's FCI.
    pub fn of(chip: Chip) -> Self {
        Self {
            blocked_select_gives_fci: chip == Chip::Metro,
            ..Self::default()
        }
    }
}
