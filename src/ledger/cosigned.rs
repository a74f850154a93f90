// SPDX-License-Identifier: Apache-2.0
//! Cosigned checkpoints in the ledger: each stands in an entry with everything that it takes to check it again from the
//! entries alone, and the newest also in a file beside the checkpoint's copy outside. Who rolls a ledger back behind one, or
//! tells another history, needs the witness for it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::act::{Act, CheckpointCosign};
use super::checkpoint::{Checkpoint, origin, write_durably};
use super::cosign::{CosignKey, Cosignature};
use super::entry::Entry;
use super::error::LedgerError;
use super::field::{Signature, Text};
use super::hash::Hash;
use super::log::{Ledger, believed};
use super::merkle::{self, Nodes};
use super::note::{self, NoteFault, NoteKey};
use super::rules::State;
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::{display_as_english, msg};

/// Why an entry about a cosigned checkpoint cannot be: the check `LEDGER-COSIGNATURE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CosignFault {
    /// No key can have this name.
    Name(String),
    /// A checkpoint of nothing, or of more entries than there were.
    Size(u64),
    /// The log's own signature is wrong.
    LogSignature(u64),
    /// The witness's signature is wrong or missing: its name.
    Signature(String),
    /// The entries do not begin with what was cosigned.
    Path(u64),
    /// No witness has cosigned a checkpoint of this ledger.
    None,
}

display_as_english!(CosignFault);

impl Fault for CosignFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Name(name) => msg!("cosign-name", name = name),
            Self::Size(size) => msg!("cosign-size", size = size),
            Self::LogSignature(size) => msg!("cosign-log-signature", size = size),
            Self::Signature(name) => msg!("cosign-signature", name = name),
            Self::Path(size) => msg!("cosign-path", size = size),
            Self::None => msg!("cosign-none"),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Check
    }
}

impl CheckpointCosign {
    /// The witness's key under its name.
    pub fn cosign_key(&self) -> CosignKey {
        CosignKey {
            name: self.witness.to_string(),
            key: self.key,
        }
    }

    /// The cosignature.
    pub fn cosignature(&self) -> Cosignature {
        Cosignature {
            time: self.time,
            sig: self.sig,
        }
    }

    /// The cosigned note: the checkpoint's text, the log's line and the witness's.
    pub fn note(&self, log: &NoteKey) -> String {
        let own = note::line(&log.name, log.id(), &self.log_sig.0);
        let witness = self.cosign_key().line(&self.cosignature());
        format!("{}\n{own}{witness}", self.checkpoint(log).text())
    }

    fn checkpoint(&self, log: &NoteKey) -> Checkpoint {
        Checkpoint {
            origin: log.name.clone(),
            size: self.size,
            root: self.root,
        }
    }

    /// Names, size and both signatures.
    pub(super) fn check_signatures(&self, state: &State) -> Result<(), CosignFault> {
        let log = NoteKey {
            name: origin(&state.site),
            key: state.init.log_key,
        };
        let text = self.checkpoint(&log).text();
        if !CosignKey::is_name(self.witness.as_str()) {
            return Err(CosignFault::Name(self.witness.to_string()));
        }
        if self.size == 0 {
            return Err(CosignFault::Size(self.size));
        }
        if !log.key.verifies(text.as_bytes(), &self.log_sig) {
            return Err(CosignFault::LogSignature(self.size));
        }
        if self.cosign_key().verifies(&text, &self.cosignature()) {
            Ok(())
        } else {
            Err(CosignFault::Signature(self.witness.to_string()))
        }
    }

    /// Whether the `size` entries before this one, whose tree has this root, begin with what was cosigned.
    pub(super) fn check_path(&self, size: u64, root: Hash) -> Result<(), CosignFault> {
        if self.size > size {
            return Err(CosignFault::Size(self.size));
        }
        if merkle::check_consistency(self.size, size, &self.path, self.root, root) {
            Ok(())
        } else {
            Err(CosignFault::Path(self.size))
        }
    }
}

/// Gives an act about a cosigned checkpoint its consistency proof, and checks it; other acts stay as they are. `size`: the
/// entries so far.
pub(super) fn prove(act: &mut Act, size: u64, nodes: Nodes<'_, LedgerError>) -> Result<(), LedgerError> {
    let Act::CheckpointCosign(body) = act else {
        return Ok(());
    };
    if body.size == 0 || body.size > size {
        return Err(CosignFault::Size(body.size).into());
    }
    body.path = merkle::consistency(body.size, size, nodes)?;
    Ok(body.check_path(size, merkle::root(size, nodes)?)?)
}

/// Where the newest cosigned checkpoint is kept outside the database: beside the checkpoint's copy.
pub fn cosigned_copy(copy: &Path) -> PathBuf {
    let mut name = copy.as_os_str().to_owned();
    name.push(".cosigned");
    name.into()
}

impl Ledger {
    /// The act that takes over a cosigned note, which must be of this log and of this history.
    pub fn cosigned_act(&self, note: &str, witness: &CosignKey) -> Result<Act, LedgerError> {
        let log = self.note_key();
        let checkpoint = believed(note, &log).map_err(|_| LedgerError::WrongLogKey)?;
        self.contains(&checkpoint)?;
        let name = || CosignFault::Signature(witness.name.clone());
        let cosignature = witness.find(note).ok().flatten().ok_or_else(name)?;
        let (_, lines) = note::lines(note).ok_or(LedgerError::WrongLogKey)?;
        let mut own = lines.iter().filter(|l| l.name == log.name && l.id == log.id());
        let own = own.find_map(|l| l.signature.as_slice().try_into().ok());
        let log_sig = Signature(own.ok_or(LedgerError::WrongLogKey)?);
        let Cosignature { time, sig } = cosignature;
        Ok(Act::CheckpointCosign(CheckpointCosign {
            witness: Text::new(witness.name.as_str())?,
            key: witness.key,
            size: checkpoint.size,
            root: checkpoint.root,
            log_sig,
            time,
            sig,
            path: Vec::new(),
        }))
    }

    /// The newest cosigned checkpoint that the ledger has, of this witness or of any.
    pub fn cosigned(&self, witness: Option<&CosignKey>) -> Result<Option<CheckpointCosign>, LedgerError> {
        let of = |body: &CheckpointCosign| witness.is_none_or(|w| *w == body.cosign_key());
        let wanted = |entry: &Entry| matches!(&entry.act, Act::CheckpointCosign(body) if of(body));
        let found = self.latest(&["checkpoint.cosign"], &wanted)?;
        Ok(found.and_then(|entry| match entry.act {
            Act::CheckpointCosign(body) => Some(body),
            _ => None,
        }))
    }

    /// Writes the newest cosigned checkpoint beside the copy outside, where there is one of both.
    pub fn keep_cosigned(&self) -> Result<(), LedgerError> {
        let (Some(copy), Some(newest)) = (&self.copy, self.cosigned(None)?) else {
            return Ok(());
        };
        let (path, note) = (cosigned_copy(copy), newest.note(&self.note_key()));
        if fs::read_to_string(&path).is_ok_and(|kept| kept == note) {
            return Ok(());
        }
        write_durably(&path, note.as_bytes()).map_err(LedgerError::at(&path))
    }

    /// The tree must begin with the newest cosigned checkpoint in the ledger, and with the one beside the copy outside.
    pub(super) fn compare_cosigned(&self) -> Result<(), LedgerError> {
        let log = self.note_key();
        if let Some(newest) = self.cosigned(None)? {
            newest.check_signatures(&self.state)?;
            self.contains(&newest.checkpoint(&log))?;
        }
        let Some(checkpoint) = self.cosigned_outside()? else {
            return Ok(());
        };
        let lost = self.latest(&["ledger.loss"], &|_| true)?;
        match self.contains(&checkpoint) {
            // Two officers have declared that it is gone.
            Err(_) if lost.is_some_and(|entry| gives_up(&entry, checkpoint.size)) => Ok(()),
            compared => compared,
        }
    }

    /// What the cosigned checkpoint beside the copy outside says, where there is one.
    pub(super) fn cosigned_outside(&self) -> Result<Option<Checkpoint>, LedgerError> {
        let Some(path) = self.copy.as_deref().map(cosigned_copy) else {
            return Ok(None);
        };
        let note = match fs::read(&path) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| LedgerError::CopyDamaged(path.clone()))?,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(LedgerError::at(&path)(e)),
        };
        let checkpoint = believed(&note, &self.note_key()).map_err(|fault| match fault {
            NoteFault::OtherKey => LedgerError::Replaced(path.clone()),
            NoteFault::Form | NoteFault::Signature => LedgerError::CopyDamaged(path.clone()),
        })?;
        Ok(Some(checkpoint))
    }
}

/// Whether an entry declares lost what a checkpoint over so many entries covers.
fn gives_up(entry: &Entry, size: u64) -> bool {
    matches!(&entry.act, Act::LedgerLoss(body) if body.gives_up(entry.seq, size))
}
