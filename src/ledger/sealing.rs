// SPDX-License-Identifier: Apache-2.0
//! Signing the tree as it is: the newest checkpoint in the database, and its copy outside.

use rusqlite::TransactionBehavior;

use super::checkpoint::{Checkpoint, origin, write_durably};
use super::error::LedgerError;
use super::field::Sm2Key;
use super::log::{Ledger, believed, load_head, load_state};
use super::note::{self, NoteKey};
use super::note_sm2::Sm2NoteKey;
use super::{merkle, store};

/// SM2 with SM3 over some bytes.
pub type SignSm2<'a> = &'a dyn Fn(&[u8]) -> Option<[u8; 64]>;

/// The log's keys at work. They stay outside: the ledger only gets to call them.
#[derive(Clone, Copy)]
pub struct LogSigner<'a> {
    /// Ed25519 over these bytes.
    pub ed25519: &'a dyn Fn(&[u8]) -> [u8; 64],
    /// SM2 with SM3 over these bytes, and by which key.
    pub sm2: Option<(Sm2Key, SignSm2<'a>)>,
}

impl Ledger {
    /// [`Self::checkpoint_by`] with the Ed25519 key alone.
    pub fn checkpoint(&mut self, log_key: &dyn Fn(&[u8]) -> [u8; 64]) -> Result<Checkpoint, LedgerError> {
        let (ed25519, sm2) = (log_key, None);
        self.checkpoint_by(&LogSigner { ed25519, sm2 })
    }

    /// Signs the tree as it is now, stores the note in place of the older one, and replaces the copy outside. Refuses to
    /// sign a tree that does not contain the last checkpoint. The note has an SM2 line where the SM2 key is the ledger's
    /// newest.
    pub fn checkpoint_by(&mut self, signer: &LogSigner<'_>) -> Result<Checkpoint, LedgerError> {
        let doing = LedgerError::while_doing("storing the checkpoint");
        let key = self.note_key();
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&doing)?;
        let head = load_head(&tx)?;
        if head != self.head {
            self.state = load_state(&tx)?;
            self.head = head;
        }
        let nodes = |level, index| store::node(&tx, level, index);
        if let Some(note) = store::checkpoint(&tx)? {
            let old = believed(&note, &key).map_err(|_| LedgerError::WrongLogKey)?;
            if old.size > self.head.size {
                return Err(LedgerError::RolledBack {
                    has: self.head.size,
                    should: old.size,
                });
            }
            if merkle::root(old.size, &nodes)? != old.root {
                return Err(LedgerError::Forked { size: old.size });
            }
        }
        let root = merkle::root(self.head.size, &nodes)?;
        let new = Checkpoint {
            origin: key.name.clone(),
            size: self.head.size,
            root,
        };
        let text = new.text();
        let mut note = note::sign(&text, &key, signer.ed25519);
        note::open(&note, &key).map_err(|_| LedgerError::WrongLogKey)?;
        let newest = self.state.log_sm2.last();
        if let Some((sm2, sign)) = signer.sm2.filter(|(sm2, _)| newest == Some(sm2)) {
            let (name, key) = (key.name.clone(), sm2);
            let sm2 = Sm2NoteKey { name, key };
            let signature = sign(text.as_bytes()).ok_or(LedgerError::WrongSm2Line)?;
            note.push_str(&sm2.line(&signature));
            if sm2.check(&note) != Ok(true) {
                return Err(LedgerError::WrongSm2Line);
            }
        }
        store::put_checkpoint(&tx, new.size, &note)?;
        tx.commit().map_err(&doing)?;
        self.publish()?;
        self.keep_cosigned()?;
        Ok(new)
    }

    /// Replaces the copy outside by the newest checkpoint. Under the database's lock: where two processes sign at the same
    /// time, neither gets into the other's file, and the older note never replaces the newer one.
    fn publish(&mut self) -> Result<(), LedgerError> {
        let Some(path) = self.copy.clone() else { return Ok(()) };
        let doing = LedgerError::while_doing("writing the copy of the checkpoint");
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(doing)?;
        match store::checkpoint(&tx)? {
            Some(note) => write_durably(&path, note.as_bytes()).map_err(LedgerError::at(&path)),
            None => Ok(()),
        }
    }

    /// The newest checkpoint's note, as public tools read it.
    pub fn checkpoint_note(&self) -> Result<Option<String>, LedgerError> {
        store::checkpoint(&self.db)
    }

    /// What the newest checkpoint says, as the log's key signed it.
    pub fn newest_checkpoint(&self) -> Result<Checkpoint, LedgerError> {
        let note = self.checkpoint_note()?;
        let note = note.ok_or(LedgerError::NotCovered { seq: 0, covered: 0 })?;
        believed(&note, &self.note_key()).map_err(|_| LedgerError::WrongLogKey)
    }

    /// How many entries the newest checkpoint covers.
    pub fn checkpoint_size(&self) -> Result<u64, LedgerError> {
        Ok(self.newest_checkpoint()?.size)
    }

    /// The key that the checkpoints are signed with, under the log's name.
    pub fn note_key(&self) -> NoteKey {
        NoteKey {
            name: origin(&self.state.site),
            key: self.state.init.log_key,
        }
    }

    /// The SM2 keys that the ledger names for its checkpoints, the newest last.
    pub fn sm2_keys(&self) -> Vec<Sm2NoteKey> {
        self.state.sm2_note_keys()
    }
}
