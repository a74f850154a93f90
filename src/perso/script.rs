// SPDX-License-Identifier: Apache-2.0
//! A personalisation as data: everything that will happen to one card, in order.
//!
//! A script names keys and PINs by reference and holds no secret, so it can be shown, digested, approved beforehand and
//! recorded. `plan` makes it from template and order; `execute` sends it. The digest is SHA-256 over the canonical JSON of
//! the script (docs/formats/script.md): approved digest = executed digest.

use serde::Serialize;

use crate::card::commands::KeySide;
use crate::crypto::{Algorithm, Kcv};
use crate::iso7816::Command;
use crate::keys::{CardKey, KeyId, KeyPath, SectorKey};
pub use crate::template::Product;

/// Everything that will happen to one card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersoScript {
    /// `cardmint.script/1`.
    pub format: &'static str,
    /// Name of the template.
    pub template: String,
    /// SHA-256 of the template file, hex.
    pub template_digest: String,
    /// What is being made.
    pub product: Product,
    /// What identifies the card: application serial number (user card) or PSAM serial number, hex.
    pub number: String,
    /// Terminal number of a PSAM, hex.
    pub terminal: Option<String>,
    /// Random text that goes into the digest where the script holds personal data, so that nobody can find out by comparing
    /// digests whose card it is. It is kept and erased with the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind: Option<String>,
    /// Every stored key that takes part, with its check value: who approves the script approves these.
    pub keys: Vec<(KeyId, Kcv)>,
    /// What is written, in order, up to the control key that stays the transport key until the end.
    pub steps: Vec<Step>,
    /// What is read afterwards and must be there.
    pub readback: Vec<Step>,
    /// How each key on the card is proved.
    pub proofs: Vec<Proof>,
    /// Last of all: the transport control key gives way to the card's own, and the personalisation is ended.
    pub finish: Vec<Step>,
}

impl PersoScript {
    /// The names of the PINs that it writes.
    pub fn pins(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::WritePin { pin, .. } => Some(pin.as_str()),
            _ => None,
        })
    }
}

/// How a command is protected on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// MAC behind the data.
    Mac,
    /// Data enciphered, then MAC.
    EncipherAndMac,
}

/// One step. `what` is a short technical name for people (`CREATE FILE 0015`, `WRITE KEY 3E/01 purchase v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A command without secrets, sent as it is: SELECT, CREATE FILE, ERASE DF, plain writes, end of personalisation.
    Send {
        /// Name for people.
        what: String,
        /// The command.
        #[serde(serialize_with = "wire")]
        apdu: Command,
        /// Status words other than 9000 that are good here (e.g. 6A88 of an authentication on an emptied card).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        accept: Vec<u16>,
    },
    /// GET CHALLENGE and EXTERNAL AUTHENTICATE.
    Authenticate {
        /// Name for people.
        what: String,
        /// Key identifier (P2).
        slot: u8,
        /// Length of the challenge: 4 or 8.
        challenge: u8,
        /// The key.
        key: CardKey,
        /// Status words other than 9000 that are good here.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        accept: Vec<u16>,
    },
    /// A command protected by secure messaging: GET CHALLENGE, then the command with MAC. `apdu` is the plain form with the
    /// protected class byte; Lc of the wire form counts the MAC.
    Protected {
        /// Name for people.
        what: String,
        /// Plain form, class byte already that of secure messaging.
        #[serde(serialize_with = "wire")]
        apdu: Command,
        /// How.
        protection: Protection,
        /// The key.
        key: CardKey,
    },
    /// WRITE KEY with the record enciphered and MACed under a control key.
    WriteKey {
        /// Name for people.
        what: String,
        /// CLA INS P1 P2 Lc of the wire form, hex.
        #[serde(serialize_with = "hex_bytes")]
        header: [u8; 5],
        /// The record before the key, hex.
        #[serde(serialize_with = "hex_bytes")]
        prefix: Vec<u8>,
        /// The key that wraps.
        control: CardKey,
        /// The key that is written.
        target: KeyPath,
    },
    /// WRITE KEY for the holder's PIN, enciphered and MACed under a control key.
    WritePin {
        /// Name for people.
        what: String,
        /// CLA INS P1 P2 Lc of the wire form, hex. Lc is for PINs of 3 bytes and more; the key store knows better.
        #[serde(serialize_with = "hex_bytes")]
        header: [u8; 5],
        /// The record before the PIN, hex.
        #[serde(serialize_with = "hex_bytes")]
        prefix: Vec<u8>,
        /// The key that wraps.
        control: CardKey,
        /// Name of the initial PIN in the key store.
        pin: String,
    },
    /// WRITE KEY in plain for the maker's transport key, the first key of an emptied card.
    WriteTransportKey {
        /// Name for people.
        what: String,
        /// CLA INS P1 P2, hex; Lc follows from the record.
        #[serde(serialize_with = "hex_bytes")]
        header: [u8; 4],
        /// The record before the key, hex.
        #[serde(serialize_with = "hex_bytes")]
        prefix: Vec<u8>,
        /// The transport key.
        key: CardKey,
    },
    /// Presents the holder's initial PIN.
    VerifyPin {
        /// Name for people.
        what: String,
        /// Key identifier (P2).
        slot: u8,
        /// Name of the initial PIN in the key store.
        pin: String,
    },
    /// A storage card's sector is opened: LOAD KEYS into the reader, GENERAL AUTHENTICATE.
    OpenSector {
        /// Name for people.
        what: String,
        /// A block of the sector.
        block: u8,
        /// With which key.
        side: KeySide,
        /// Place in the reader's memory.
        place: u8,
        /// The key.
        key: SectorKey,
    },
    /// A sector's trailer is written: key A, access bits, key B.
    WriteTrailer {
        /// Name for people.
        what: String,
        /// The trailer's block.
        block: u8,
        /// Key A.
        a: SectorKey,
        /// Access bits and the byte behind them, hex.
        #[serde(serialize_with = "hex_bytes")]
        access: [u8; 4],
        /// Key B.
        b: SectorKey,
    },
    /// A read whose answer must be `expect`, but for bytes whose `mask` is 00.
    Read {
        /// Name for people.
        what: String,
        /// The command.
        #[serde(serialize_with = "wire")]
        apdu: Command,
        /// What must come, hex.
        #[serde(serialize_with = "hex_bytes")]
        expect: Vec<u8>,
        /// FF where a byte counts, 00 where it does not; empty means all count. Hex.
        #[serde(serialize_with = "hex_bytes", skip_serializing_if = "Vec::is_empty")]
        mask: Vec<u8>,
    },
}

/// How one key on the card is proved to be what the ledger says. `select` leads to its directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Name for people: the key as the template calls it.
    pub what: String,
    /// SELECTs that lead to the key's directory, from anywhere on the card.
    pub select: Vec<Step>,
    /// The proof.
    #[serde(flatten)]
    pub how: ProofKind,
}

/// The ways to prove a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "proof", rename_all = "kebab-case")]
pub enum ProofKind {
    /// EXTERNAL AUTHENTICATE succeeds. No trace.
    ExternalAuthentication {
        /// Key identifier.
        slot: u8,
        /// Length of the challenge: 4 or 8.
        challenge: u8,
        /// The key.
        key: CardKey,
    },
    /// INTERNAL AUTHENTICATE gives the right cryptogram. No trace.
    InternalAuthentication {
        /// Key identifier.
        slot: u8,
        /// The key.
        key: CardKey,
    },
    /// A MACed command under it was accepted: the repeated write of what is already there. No trace.
    ProtectedWrite {
        /// Plain form, class byte already that of secure messaging.
        #[serde(serialize_with = "wire")]
        apdu: Command,
        /// How.
        protection: Protection,
        /// The key.
        key: CardKey,
    },
    /// MAC1 of INITIALIZE FOR LOAD is right. No trace. Needs the PIN.
    LoadMac1 {
        /// P2: 01 ED, 02 EP.
        purse: u8,
        /// Key index in the command.
        index: u8,
        /// The load key.
        key: CardKey,
        /// Initial PIN to present first, and its identifier.
        pin: Option<(u8, String)>,
    },
    /// MAC1 of INITIALIZE FOR UNLOAD is right. No trace. Needs the PIN.
    UnloadMac1 {
        /// Key index in the command.
        index: u8,
        /// The unload key.
        key: CardKey,
        /// Initial PIN to present first, and its identifier.
        pin: Option<(u8, String)>,
    },
    /// MAC1 of INITIALIZE FOR UPDATE (overdraft limit) is right. No trace. Needs the PIN and an ED.
    OverdraftMac1 {
        /// Key index in the command.
        index: u8,
        /// The overdraft update key.
        key: CardKey,
        /// Initial PIN to present first, and its identifier.
        pin: Option<(u8, String)>,
    },
    /// A purchase of amount 0: the card accepts MAC1, and MAC2 and TAC are right. Leaves a trace: the offline counter moves and
    /// the log gets a record.
    ZeroPurchase {
        /// P2: 01 ED, 02 EP.
        purse: u8,
        /// Key index in the command.
        index: u8,
        /// The purchase key.
        purchase: CardKey,
        /// The TAC key.
        tac: CardKey,
        /// Whether MAC1 covers the nine bytes that GET DATA 80 CA gives (MOHURD cards with a security code).
        security_code: bool,
    },
    /// PIN UNBLOCK with the PIN as it is: changes nothing.
    PinUnblock {
        /// P1 and P2 of the command as the dialect wants them.
        #[serde(serialize_with = "hex_bytes")]
        parameters: [u8; 2],
        /// The unblock key.
        key: CardKey,
        /// Name of the initial PIN.
        pin: String,
    },
    /// RELOAD PIN with the PIN as it is: changes nothing.
    PinReload {
        /// P2 of the command.
        slot: u8,
        /// The reload key.
        key: CardKey,
        /// Name of the initial PIN.
        pin: String,
    },
    /// A PSAM computes MAC1 of a purchase for an invented card, and it is right. Leaves a trace: the terminal transaction
    /// counter moves.
    PsamPurchase {
        /// Key version in the command.
        version: u8,
        /// Algorithm byte in the command.
        algorithm_byte: u8,
        /// Its cipher.
        algorithm: Algorithm,
        /// The factors of the invented card as sent: lowest level first, hex.
        #[serde(serialize_with = "hex_bytes")]
        factors: Vec<u8>,
        /// The purchase key of the invented card.
        key: CardKey,
        /// Terminal number of the PSAM, hex.
        #[serde(serialize_with = "hex_bytes")]
        terminal: [u8; 6],
    },
    /// A PSAM diversifies (80 1A) and enciphers or MACs (80 FA); the result is right. No trace.
    PsamCipher {
        /// Usage byte.
        usage: u8,
        /// Key identifier or version.
        id: u8,
        /// The factors of the invented card as sent: lowest level first, hex.
        #[serde(serialize_with = "hex_bytes")]
        factors: Vec<u8>,
        /// P1 of the cipher command: 00 encipher, 05 MAC with start value.
        mode: u8,
        /// The key of the invented card.
        key: CardKey,
    },
    /// A load SAM computes the session key of a load of an invented card (80 1A, 80 FA); MAC1 and MAC2 under it are right. No
    /// trace.
    IsamLoad {
        /// Usage byte.
        usage: u8,
        /// Key identifier or version.
        id: u8,
        /// The factors of the invented card as sent: lowest level first, hex.
        #[serde(serialize_with = "hex_bytes")]
        factors: Vec<u8>,
        /// The load key of the invented card.
        key: CardKey,
        /// Terminal number of the SAM, hex.
        #[serde(serialize_with = "hex_bytes")]
        terminal: [u8; 6],
    },
    /// A load SAM computes the TAC of a load of an invented card (80 1A, 80 FA); it is right. No trace.
    IsamTac {
        /// Usage byte.
        usage: u8,
        /// Key identifier or version.
        id: u8,
        /// The factors of the invented card as sent: lowest level first, hex.
        #[serde(serialize_with = "hex_bytes")]
        factors: Vec<u8>,
        /// The TAC key of the invented card.
        key: CardKey,
        /// Terminal number of the SAM, hex.
        #[serde(serialize_with = "hex_bytes")]
        terminal: [u8; 6],
    },
    /// Cannot be proved on this card OS without changing the card; the reason is recorded.
    NotProvable {
        /// The key.
        key: KeyPath,
        /// Why, as the template says.
        why: String,
    },
}

fn wire<S: serde::Serializer>(apdu: &Command, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&hex::encode_upper(apdu.to_bytes()))
}

fn hex_bytes<S: serde::Serializer>(bytes: &impl AsRef<[u8]>, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&hex::encode_upper(bytes))
}
