// SPDX-License-Identifier: Apache-2.0
//! That a checkpoint's tree begins with the tree of an older one: the file is the body of c2sp.org/tlog-witness's
//! `add-checkpoint` request, which is also what a witness is asked to cosign. `old N`, the hashes of RFC 6962 §2.1.2 in
//! base64 and lowest first, an empty line, the newer checkpoint's note.
//!
//! What always holds: a size of nothing needs no hashes, equal sizes none either, and there are 63 at most. What it
//! refuses: numbers with leading zeros or signs, hashes that are not 32 bytes, a file without a note.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::Checkpoint;
use super::error::LedgerError;
use super::hash::Hash;
use super::log::{Ledger, believed};
use super::merkle;
use super::note::{NoteFault, NoteKey};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::{display_as_english, msg};

/// The check that every fault here belongs to.
pub const CHECK: &str = "LEDGER-CONSISTENCY";

/// More hashes than a tree of 2^63 leaves needs.
const MOST_HASHES: usize = 63;

/// A consistency proof file, read or to be written. `Display` gives its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// How many leaves the older tree has; 0 where there is none.
    pub old: u64,
    /// The proof, lowest hash first.
    pub hashes: Vec<Hash>,
    /// The newer checkpoint's note, whole.
    pub note: String,
}

impl fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash.0))?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl ConsistencyProof {
    /// Reads a file. The note is not looked into.
    pub fn parse(file: &str) -> Result<Self, Inconsistent> {
        let (proof, note) = file.split_once("\n\n").ok_or(Inconsistent::Form)?;
        let mut lines = proof.split('\n');
        let number = lines.next().and_then(|l| l.strip_prefix("old "));
        let number = number.ok_or(Inconsistent::Form)?;
        let old: u64 = number.parse().map_err(|_| Inconsistent::Form)?;
        let hash = |line: &str| STANDARD.decode(line).ok().and_then(|bytes| Hash::from_slice(&bytes));
        let hashes: Option<Vec<Hash>> = lines.map(hash).collect();
        let hashes = hashes.ok_or(Inconsistent::Form)?;
        let plain = old.to_string() == number && hashes.len() <= MOST_HASHES && !note.is_empty();
        let note = note.to_owned();
        plain.then_some(Self { old, hashes, note }).ok_or(Inconsistent::Form)
    }

    /// Whether the newer checkpoint's tree begins with the older one. Neither note is looked into: signatures are the
    /// caller's.
    pub fn holds(&self, old: &Checkpoint, new: &Checkpoint) -> Result<(), Inconsistent> {
        if old.size != self.old {
            let (has, should) = (old.size, self.old);
            return Err(Inconsistent::OtherSize { has, should });
        }
        if old.size > new.size {
            let (old, new) = (old.size, new.size);
            return Err(Inconsistent::Shrunk { old, new });
        }
        if merkle::check_consistency(old.size, new.size, &self.hashes, old.root, new.root) {
            Ok(())
        } else {
            let (old, new) = (old.size, new.size);
            Err(Inconsistent::Fork { old, new })
        }
    }
}

/// Checks a proof file and both notes with the log's key alone: the older checkpoint and the newer one.
pub fn check(file: &str, old: &str, key: &NoteKey) -> Result<(Checkpoint, Checkpoint), Inconsistent> {
    let proof = ConsistencyProof::parse(file)?;
    let old = believed(old, key).map_err(Inconsistent::Old)?;
    let new = believed(&proof.note, key).map_err(Inconsistent::New)?;
    proof.holds(&old, &new)?;
    Ok((old, new))
}

impl Ledger {
    /// That the newest checkpoint's tree begins with the first `old` entries. Nothing is said about what somebody else
    /// took those to be.
    pub fn consistency_from(&self, old: u64) -> Result<ConsistencyProof, LedgerError> {
        let note = self.checkpoint_note()?.ok_or(LedgerError::NotCovered {
            seq: old.saturating_sub(1),
            covered: 0,
        })?;
        let newest = believed(&note, &self.note_key()).map_err(|_| LedgerError::WrongLogKey)?;
        if old > newest.size {
            let (has, should) = (newest.size, old);
            return Err(LedgerError::RolledBack { has, should });
        }
        let hashes = if old == 0 {
            Vec::new()
        } else {
            self.consistency(old, newest.size)?
        };
        Ok(ConsistencyProof { old, hashes, note })
    }

    /// The proof file from an older checkpoint's note, which must be this log's and of this history.
    pub fn consistency_since(&self, note: &str) -> Result<ConsistencyProof, LedgerError> {
        let old = believed(note, &self.note_key()).map_err(|_| LedgerError::WrongLogKey)?;
        let proof = self.consistency_from(old.size)?;
        if self.root_at(old.size)? == old.root {
            Ok(proof)
        } else {
            Err(LedgerError::Forked { size: old.size })
        }
    }
}

/// Why a consistency proof shows nothing: the check `LEDGER-CONSISTENCY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inconsistent {
    /// No such file.
    Form,
    /// The older checkpoint is not to be believed.
    Old(NoteFault),
    /// The newer one is not.
    New(NoteFault),
    /// The proof is from another size than the older checkpoint's.
    OtherSize {
        /// The checkpoint's.
        has: u64,
        /// The proof's.
        should: u64,
    },
    /// The newer checkpoint has fewer entries.
    Shrunk {
        /// The older one's.
        old: u64,
        /// The newer one's.
        new: u64,
    },
    /// The hashes do not lead from the older root to the newer one.
    Fork {
        /// The older one's size.
        old: u64,
        /// The newer one's.
        new: u64,
    },
}

display_as_english!(Inconsistent);

impl Fault for Inconsistent {
    fn msg(&self) -> Msg {
        match self {
            Self::Form => msg!("consistency-form", check = CHECK),
            Self::Old(wrong) => msg!("consistency-old", check = CHECK).with_word("fault", "note-fault", wrong.word()),
            Self::New(wrong) => msg!("consistency-new", check = CHECK).with_word("fault", "note-fault", wrong.word()),
            Self::OtherSize { has, should } => {
                msg!("consistency-other-size", check = CHECK, has = has, should = should)
            }
            Self::Shrunk { old, new } => msg!("consistency-shrunk", check = CHECK, old = old, new = new),
            Self::Fork { old, new } => msg!("consistency-fork", check = CHECK, old = old, new = new),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Check
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::merkle::{consistency, grow, root};
    use crate::ledger::note;
    use ed25519_dalek::{Signer, SigningKey};
    use std::collections::HashMap;
    use std::convert::Infallible;

    fn signed(size: u64, root: Hash, private: &SigningKey, key: &NoteKey) -> String {
        let origin = key.name.clone();
        note::sign(&Checkpoint { origin, size, root }.text(), key, &|m| {
            private.sign(m).to_bytes()
        })
    }

    fn key(private: &SigningKey) -> NoteKey {
        NoteKey {
            name: "cardmint/city".to_owned(),
            key: crate::ledger::VerifyKey(private.verifying_key().to_bytes()),
        }
    }

    #[test]
    fn every_pair_of_sizes_is_proved_and_every_damage_refused() {
        let private = SigningKey::from_bytes(&[7; 32]);
        let key = key(&private);
        let mut tree = HashMap::new();
        for seq in 0..40_u64 {
            let leaf = Hash::leaf(&seq.to_be_bytes());
            let new = grow::<Infallible>(seq, leaf, &|l, i| Ok(tree[&(l, i)])).unwrap();
            tree.extend(new.into_iter().map(|(l, i, h)| ((l, i), h)));
        }
        let nodes = |l, i| Ok::<_, Infallible>(tree[&(l, i)]);
        let at = |size| signed(size, root(size, &nodes).unwrap(), &private, &key);
        for new in 1..=40 {
            for old in 0..=new {
                let hashes = if old == 0 {
                    Vec::new()
                } else {
                    consistency(old, new, &nodes).unwrap()
                };
                let proof = ConsistencyProof {
                    old,
                    hashes,
                    note: at(new),
                };
                let file = proof.to_string();
                assert_eq!(ConsistencyProof::parse(&file).as_ref(), Ok(&proof));
                let (from, to) = check(&file, &at(old), &key).unwrap();
                assert_eq!((from.size, to.size), (old, new));
                if old == 0 {
                    continue;
                }
                let other = signed(old, Hash::leaf(b"other"), &private, &key);
                assert_eq!(check(&file, &other, &key), Err(Inconsistent::Fork { old, new }));
                assert!(matches!(
                    check(&file, &at(old - 1), &key),
                    Err(Inconsistent::OtherSize { .. })
                ));
                for i in 0..proof.hashes.len() {
                    let mut bad = proof.clone();
                    bad.hashes[i].0[0] ^= 1;
                    assert_eq!(
                        check(&bad.to_string(), &at(old), &key),
                        Err(Inconsistent::Fork { old, new })
                    );
                    let mut short = proof.clone();
                    short.hashes.remove(i);
                    assert_eq!(
                        check(&short.to_string(), &at(old), &key),
                        Err(Inconsistent::Fork { old, new })
                    );
                }
            }
        }
        let shrunk = ConsistencyProof {
            old: 9,
            hashes: Vec::new(),
            note: at(8),
        };
        assert_eq!(
            check(&shrunk.to_string(), &at(9), &key),
            Err(Inconsistent::Shrunk { old: 9, new: 8 })
        );
    }

    #[test]
    fn other_forms_and_other_logs_are_refused() {
        let private = SigningKey::from_bytes(&[7; 32]);
        let stranger = SigningKey::from_bytes(&[8; 32]);
        let key = key(&private);
        let leaf = Hash::leaf(b"one");
        let (ours, theirs) = (
            signed(1, leaf, &private, &key),
            signed(1, leaf, &stranger, &super::tests::key(&stranger)),
        );
        let good = format!("old 1\n\n{ours}");
        assert!(check(&good, &ours, &key).is_ok());
        assert_eq!(check(&good, &theirs, &key), Err(Inconsistent::Old(NoteFault::OtherKey)));
        assert_eq!(
            check(&format!("old 1\n\n{theirs}"), &ours, &key),
            Err(Inconsistent::New(NoteFault::OtherKey))
        );
        let changed = format!("old 1\n\n{}", ours.replacen("\n1\n", "\n2\n", 1));
        assert_eq!(
            check(&changed, &ours, &key),
            Err(Inconsistent::New(NoteFault::Signature))
        );
        for bad in [
            String::new(),
            "old 1\n".to_owned(),
            "old 1\n\n".to_owned(),
            format!("old 01\n\n{ours}"),
            format!("old +1\n\n{ours}"),
            format!("old 1\nAAAA\n\n{ours}"),
            format!("old 1\r\n\r\n{ours}"),
            format!("new 1\n\n{ours}"),
            format!(
                "old 1\n{}\n{ours}",
                format!("{}\n", STANDARD.encode([0; 32])).repeat(64)
            ),
        ] {
            assert_eq!(check(&bad, &ours, &key), Err(Inconsistent::Form), "{bad:?}");
        }
    }
}
