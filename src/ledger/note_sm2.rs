// SPDX-License-Identifier: Apache-2.0
//! The SM2-with-SM3 line of a signed note. c2sp.org/signed-note has no number for it; algorithms without one take the type
//! byte FF and a longer identifier that nobody else uses. Tools that do not know it pass the line over.

use std::fmt;
use std::str::FromStr;

use super::checkpoint::origin;
use super::error::LedgerError;
use super::field::{FieldFault, Signature, Sm2Key};
use super::note::{self, NoteFault};
use super::rules::State;

/// Type byte and identifier in key ids and verifier keys.
const ALGORITHM: &[u8] = b"\xFFcardmint/sm2-with-sm3/v1";

/// An SM2 public key of a log, under the log's name. Text form: `NAME+ID+BASE64` ("vkey").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sm2NoteKey {
    /// The key's name; the log's origin line.
    pub name: String,
    /// The key.
    pub key: Sm2Key,
}

impl Sm2NoteKey {
    /// The key id: the first four bytes of SHA-256(name ‖ 0A ‖ FF ‖ `cardmint/sm2-with-sm3/v1` ‖ public key).
    pub fn id(&self) -> [u8; 4] {
        note::key_id(&self.name, ALGORITHM, &self.key.0)
    }

    /// The signature line.
    pub fn line(&self, signature: &[u8; 64]) -> String {
        note::line(&self.name, self.id(), signature)
    }

    /// Whether the note carries this key's line: none, or a right one. Lines of other keys are passed over.
    pub fn check(&self, note: &str) -> Result<bool, NoteFault> {
        let (text, lines) = note::lines(note).ok_or(NoteFault::Form)?;
        let mut found = false;
        for line in lines.iter().filter(|l| l.name == self.name && l.id == self.id()) {
            let signature = line.signature.as_slice().try_into().map(Signature);
            if !signature.is_ok_and(|s| self.key.verifies(text.as_bytes(), &s)) {
                return Err(NoteFault::Signature);
            }
            found = true;
        }
        Ok(found)
    }
}

impl State {
    /// The SM2 keys that the entries name for checkpoints, the newest last.
    pub fn sm2_note_keys(&self) -> Vec<Sm2NoteKey> {
        let named = |key: &Sm2Key| Sm2NoteKey {
            name: origin(&self.site),
            key: *key,
        };
        self.log_sm2.iter().map(named).collect()
    }

    /// Which of the ledger's SM2 keys signed a note; that a line by one of them is wrong is an error.
    pub fn sm2_line(&self, note: &str) -> Result<Option<Sm2NoteKey>, LedgerError> {
        let mut by = None;
        for key in self.sm2_note_keys() {
            if key.check(note).map_err(|_| LedgerError::WrongSm2Line)? {
                by = Some(key);
            }
        }
        Ok(by)
    }
}

impl fmt::Display for Sm2NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&note::vkey(&self.name, self.id(), ALGORITHM, &self.key.0))
    }
}

impl FromStr for Sm2NoteKey {
    type Err = FieldFault;
    fn from_str(s: &str) -> Result<Self, FieldFault> {
        let fault = || FieldFault::new("SM2 verifier key (NAME+ID+BASE64)", s);
        let (name, id, data) = note::vkey_parts(s).ok_or_else(fault)?;
        let key = data.strip_prefix(ALGORITHM).ok_or_else(fault)?;
        let key = Sm2Key(key.try_into().map_err(|_| fault())?);
        let found = Self {
            name: name.to_owned(),
            key,
        };
        let right = hex::encode(found.id()) == id && key.is_sound();
        if right { Ok(found) } else { Err(fault()) }
    }
}
