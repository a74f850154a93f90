// SPDX-License-Identifier: Apache-2.0
//! A declared loss, seen by a witness. A cosignature says that every tree which its key cosigned before is the beginning of
//! this one; after a loss that is not so. So the key that cosigned the lost entries never cosigns the shorter branch: the
//! witness goes on with a new key, whose memory takes over the old head and the declaration, and keeps them for good.
//!
//! What is asked for: the entry `ledger.loss` in a bundle that verifies, under the new checkpoint, by two officers, later than
//! the old head was cosigned, and over as many entries as were cosigned or more; and consistency from the newest checkpoint
//! that the old key cosigned and the ledger still has. What lay between that one and the loss nobody can prove any more.

use super::{Granted, KnownLog, Memory, Refusal};
use crate::ledger::act::{Act, LedgerLoss};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::consistency::ConsistencyProof;
use crate::ledger::cosign::CosignKey;
use crate::ledger::entry::Entry;
use crate::ledger::evidence::read::Reader;
use crate::ledger::evidence::{Opened, verify_bundle};
use crate::ledger::log::believed;
use crate::ledger::note::{self, NoteFault, NoteKey};
use crate::outside::Unobserved;

/// A head that was cosigned and then lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostHead {
    /// The log's key.
    pub key: NoteKey,
    /// The key that cosigned it.
    pub witness: CosignKey,
    /// What was cosigned.
    pub checkpoint: Checkpoint,
    /// When.
    pub time: u64,
    /// Its note, with the log's lines and the cosignature.
    pub note: String,
    /// The entry that declares the loss.
    pub loss: Entry,
    /// So many entries are shown to be those that were cosigned before.
    pub kept: u64,
}

/// What the centre shows.
pub struct Shown<'a> {
    /// A bundle with the entry `ledger.loss`, under the new checkpoint.
    pub bundle: Opened<'a>,
    /// The new checkpoint, with the proof from the earlier one.
    pub request: &'a str,
    /// The newest note that the old key cosigned and the ledger still has.
    pub earlier: Option<&'a str>,
}

/// What may be cosigned, and what is given up with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continued {
    granted: Granted,
    /// What is given up.
    pub lost: LostHead,
    carried: Vec<LostHead>,
}

impl Continued {
    /// The new checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.granted.checkpoint
    }
}

/// Why a loss is not accepted: the check `WITNESS-LOSS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossFault {
    /// The key is the one that cosigned what was lost, or has cosigned this log.
    SameKey,
    /// The bundle does not verify.
    Evidence,
    /// The bundle is under another checkpoint than the request's.
    OtherCheckpoint,
    /// No entry in it declares a loss of what was cosigned.
    NoLoss,
    /// Fewer entries are declared lost than were cosigned.
    Fewer,
    /// As many, but others.
    OtherRoot,
    /// One officer signed.
    OneOfficer,
    /// The loss was declared before the lost head was cosigned.
    Earlier,
    /// The earlier note is not one that the old key cosigned before the loss, or the proof does not lead from it.
    Kept,
}

impl LossFault {
    /// As a word of the catalogue.
    pub fn word(self) -> &'static str {
        match self {
            Self::SameKey => "same-key",
            Self::Evidence => "evidence",
            Self::OtherCheckpoint => "other-checkpoint",
            Self::NoLoss => "no-loss",
            Self::Fewer => "fewer",
            Self::OtherRoot => "other-root",
            Self::OneOfficer => "one-officer",
            Self::Earlier => "earlier",
            Self::Kept => "kept",
        }
    }
}

impl Memory {
    /// The heads that were lost, the newest last.
    pub fn lost(&self) -> &[LostHead] {
        &self.lost
    }

    /// Whether the shorter branch of a log may be cosigned by this memory's key, which is new to it. `old`: the memory of
    /// the key that cosigned what was lost. It is read, and stays as it is.
    pub fn examine_loss(&self, old: &Self, shown: Shown<'_>) -> Result<Continued, Refusal> {
        let refused = |fault| Err(Refusal::Loss { fault });
        let Shown {
            bundle,
            request,
            earlier,
        } = shown;
        let request = ConsistencyProof::parse(request).map_err(|_| Refusal::Form)?;
        let text = note::lines(&request.note).ok_or(Refusal::Form)?.0;
        let origin = Checkpoint::parse(text).ok_or(Refusal::Form)?.origin;
        let Some(head) = old.of(&origin) else {
            return Err(Refusal::UnknownLog { origin });
        };
        let new = believed(&request.note, &head.key).map_err(|fault| match fault {
            NoteFault::Form => Refusal::Form,
            NoteFault::OtherKey => Refusal::LogKey { origin: origin.clone() },
            NoteFault::Signature => Refusal::LogSignature { origin: origin.clone() },
        })?;
        if self.witness.key == old.witness.key || self.of(&origin).is_some() {
            return refused(LossFault::SameKey);
        }
        let loss = declared(bundle, head, &new)?;
        let earlier = earlier.map(|note| cosigned_before(note, head, &old.witness, &loss));
        let kept = match earlier.transpose()? {
            Some(earlier) if request.holds(&earlier, &new).is_ok() => earlier.size,
            None if request.old == 0 && request.hashes.is_empty() => 0,
            _ => return refused(LossFault::Kept),
        };
        let lost = LostHead {
            key: head.key.clone(),
            witness: old.witness.clone(),
            checkpoint: head.checkpoint.clone(),
            time: head.time,
            note: head.note.clone(),
            loss,
            kept,
        };
        let carried = old.lost.iter().filter(|lost| lost.key.name == origin).cloned();
        Ok(Continued {
            granted: Granted {
                key: head.key.clone(),
                checkpoint: new,
                note: request.note,
            },
            lost,
            carried: carried.collect(),
        })
    }

    /// Cosigns what was granted. From here on the memory has both heads; it must be durable before the note leaves.
    pub fn cosign_after_loss(
        &mut self,
        continued: Continued,
        time: u64,
        sign: &dyn Fn(&[u8]) -> [u8; 64],
    ) -> Result<&KnownLog, Refusal> {
        let Continued { granted, lost, carried } = continued;
        if lost.time > time {
            return Err(Refusal::Clock { last: lost.time, time });
        }
        let origin = granted.key.name.clone();
        self.cosign(granted, time, sign)?;
        self.lost.extend(carried);
        self.lost.push(lost);
        self.of(&origin).ok_or(Refusal::Memory)
    }
}

/// The entry of a good bundle, under this checkpoint, that declares the loss of this head.
fn declared(bundle: Opened<'_>, head: &KnownLog, new: &Checkpoint) -> Result<Entry, Refusal> {
    let refused = |fault| Refusal::Loss { fault };
    let evidence = |_| refused(LossFault::Evidence);
    let verdict = verify_bundle(bundle, &head.key, &mut Unobserved).map_err(evidence)?;
    if !verdict.report.good() {
        return Err(refused(LossFault::Evidence));
    }
    if (verdict.report.covered, verdict.report.root) != (new.size, new.root) {
        return Err(refused(LossFault::OtherCheckpoint));
    }
    let mut file = bundle().map_err(|_| refused(LossFault::Evidence))?;
    let mut reader = Reader::open(file.as_mut()).map_err(|_| refused(LossFault::Evidence))?;
    let mut newest = None;
    while let Some(line) = reader.next_entry().map_err(|_| refused(LossFault::Evidence))? {
        let entry = Entry::parse(line).map_err(|_| refused(LossFault::Evidence))?;
        if matches!(entry.act, Act::LedgerLoss(_)) && entry.seq < head.checkpoint.size {
            newest = Some(entry);
        }
    }
    let entry = newest.ok_or_else(|| refused(LossFault::NoLoss))?;
    match judge(&entry, head) {
        Some(fault) => Err(refused(fault)),
        None => Ok(entry),
    }
}

/// What speaks against a declaration.
fn judge(entry: &Entry, head: &KnownLog) -> Option<LossFault> {
    let Act::LedgerLoss(LedgerLoss { size, root, .. }) = &entry.act else {
        return Some(LossFault::NoLoss);
    };
    let at = entry.at.as_str().parse::<jiff::Timestamp>().ok();
    let at = at.and_then(|at| u64::try_from(at.as_second()).ok());
    let Checkpoint {
        size: seen,
        root: known,
        ..
    } = &head.checkpoint;
    match size {
        Some(size) if size < seen => Some(LossFault::Fewer),
        Some(size) if size == seen && root.as_ref() != Some(known) => Some(LossFault::OtherRoot),
        // One declared before is no excuse for what was lost after it.
        _ if at.is_none_or(|at| at < head.time) => Some(LossFault::Earlier),
        _ if entry.sigs.len() < 2 => Some(LossFault::OneOfficer),
        _ => None,
    }
}

/// What an earlier note says, where the old key cosigned it and nothing in it was lost.
fn cosigned_before(note: &str, head: &KnownLog, witness: &CosignKey, loss: &Entry) -> Result<Checkpoint, Refusal> {
    let fault = LossFault::Kept;
    let earlier = believed(note, &head.key).map_err(|_| Refusal::Loss { fault })?;
    let own = witness.find(note).ok().flatten();
    let before = own.is_some_and(|own| own.time <= head.time) && earlier.size > 0 && earlier.size <= loss.seq;
    before.then_some(earlier).ok_or(Refusal::Loss { fault })
}
