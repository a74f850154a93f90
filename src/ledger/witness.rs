// SPDX-License-Identifier: Apache-2.0
//! The witness's side (c2sp.org/tlog-witness, by files instead of HTTP): what it has cosigned of each log, and whether it may
//! cosign what it is asked to. One file holds its memory: for each log its key and the newest note that it cosigned.
//!
//! What always holds: of one log a key cosigns one history, and never a smaller tree after a larger one. Its memory is durable
//! before a cosignature leaves. What it refuses has a name: `WITNESS-FORK`, `WITNESS-ROLLBACK` and the others.

mod loss;

pub use loss::{Continued, LossFault, LostHead, Shown};

use serde::{Deserialize, Serialize};

use super::act::Act;
use super::checkpoint::Checkpoint;
use super::consistency::ConsistencyProof;
use super::cosign::{CosignKey, Cosignature, message};
use super::entry::Entry;
use super::field::Signature;
use super::log::believed;
use super::note::{self, NoteFault, NoteKey};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::{display_as_english, msg};

/// Version of the file, and of one that remembers lost heads.
const FORMAT: u32 = 1;
const FORMAT_WITH_LOST: u32 = 2;

/// What a witness remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    witness: CosignKey,
    logs: Vec<KnownLog>,
    lost: Vec<LostHead>,
}

/// One log that a witness has cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLog {
    /// Its key, under its origin.
    pub key: NoteKey,
    /// The newest checkpoint that was cosigned.
    pub checkpoint: Checkpoint,
    /// When.
    pub time: u64,
    /// Its note with the log's lines and the cosignature.
    pub note: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: u32,
    witness: String,
    logs: Vec<WireLog>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<WireLost>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLost {
    key: String,
    witness: String,
    note: String,
    loss: String,
    kept: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLog {
    key: String,
    note: String,
}

/// What may be cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The log's key.
    pub key: NoteKey,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    note: String,
}

impl Memory {
    /// A new witness's.
    pub fn new(witness: CosignKey) -> Self {
        let (logs, lost) = (Vec::new(), Vec::new());
        Self { witness, logs, lost }
    }

    /// Reads the file. Every note in it must carry the log's signature and this witness's own.
    pub fn parse(text: &str, witness: &CosignKey) -> Result<Self, Refusal> {
        let wire: Wire = serde_json::from_str(text).map_err(|_| Refusal::Memory)?;
        let format = if wire.lost.is_empty() { FORMAT } else { FORMAT_WITH_LOST };
        if wire.format != format || wire.witness != witness.to_string() {
            return Err(Refusal::Memory);
        }
        let mut memory = Self::new(witness.clone());
        for log in wire.logs {
            let key: NoteKey = log.key.parse().map_err(|_| Refusal::Memory)?;
            let checkpoint = believed(&log.note, &key).map_err(|_| Refusal::Memory)?;
            let cosignature = witness.find(&log.note).ok().flatten().ok_or(Refusal::Memory)?;
            if memory.of(&key.name).is_some() {
                return Err(Refusal::Memory);
            }
            let (time, note) = (cosignature.time, log.note);
            memory.logs.push(KnownLog {
                key,
                checkpoint,
                time,
                note,
            });
        }
        for lost in wire.lost {
            let lost = lost.read().ok_or(Refusal::Memory)?;
            memory.of(&lost.key.name).ok_or(Refusal::Memory)?;
            memory.lost.push(lost);
        }
        Ok(memory)
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let log = |log: &KnownLog| WireLog {
            key: log.key.to_string(),
            note: log.note.clone(),
        };
        let wire = Wire {
            format: if self.lost.is_empty() { FORMAT } else { FORMAT_WITH_LOST },
            witness: self.witness.to_string(),
            logs: self.logs.iter().map(log).collect(),
            lost: self.lost.iter().map(WireLost::of).collect(),
        };
        serde_json::to_string_pretty(&wire).unwrap_or_default() + "\n"
    }

    /// The logs that it has cosigned.
    pub fn logs(&self) -> &[KnownLog] {
        &self.logs
    }

    fn of(&self, origin: &str) -> Option<&KnownLog> {
        self.logs.iter().find(|log| log.key.name == origin)
    }

    /// Whether a request may be cosigned. `trusted` is the key of a log that is not known yet.
    pub fn examine(&self, request: &str, trusted: Option<&NoteKey>) -> Result<Granted, Refusal> {
        let request = ConsistencyProof::parse(request).map_err(|_| Refusal::Form)?;
        let text = note::lines(&request.note).ok_or(Refusal::Form)?.0;
        let origin = Checkpoint::parse(text).ok_or(Refusal::Form)?.origin;
        let known = self.of(&origin);
        let key = match (known, trusted) {
            (Some(log), Some(trusted)) if *trusted != log.key => return Err(Refusal::LogKey { origin }),
            (Some(log), _) => log.key.clone(),
            (None, Some(trusted)) if trusted.name == origin => trusted.clone(),
            (None, _) => return Err(Refusal::UnknownLog { origin }),
        };
        let checkpoint = believed(&request.note, &key).map_err(|fault| match fault {
            NoteFault::Form => Refusal::Form,
            NoteFault::OtherKey => Refusal::LogKey { origin: origin.clone() },
            NoteFault::Signature => Refusal::LogSignature { origin: origin.clone() },
        })?;
        match known {
            Some(log) => follows(log, &request, &checkpoint)?,
            None if request.old != 0 || !request.hashes.is_empty() => {
                let (asked, has) = (request.old, 0);
                return Err(Refusal::OldSize { asked, has });
            }
            None => {}
        }
        let note = request.note;
        Ok(Granted { key, checkpoint, note })
    }

    /// Cosigns what was granted: the note with the witness's line in place of any older one of its own. From here on the
    /// memory says so; it must be durable before the note leaves.
    pub fn cosign(
        &mut self,
        granted: Granted,
        time: u64,
        sign: &dyn Fn(&[u8]) -> [u8; 64],
    ) -> Result<&KnownLog, Refusal> {
        let origin = &granted.key.name;
        if let Some(last) = self.of(origin).filter(|last| last.time > time) {
            return Err(Refusal::Clock { last: last.time, time });
        }
        let text = granted.checkpoint_text().ok_or(Refusal::Form)?;
        let sig = Signature(sign(&message(time, text)));
        let cosignature = Cosignature { time, sig };
        let mut signed = format!("{text}\n");
        for line in note::lines(&granted.note).ok_or(Refusal::Form)?.1 {
            if line.name != self.witness.name || line.id != self.witness.id() {
                signed.push_str(&note::line(line.name, line.id, &line.signature));
            }
        }
        signed.push_str(&self.witness.line(&cosignature));
        if self.witness.find(&signed) != Ok(Some(cosignature)) {
            return Err(Refusal::Memory);
        }
        self.logs.retain(|log| log.key.name != *origin);
        self.logs.push(KnownLog {
            key: granted.key,
            checkpoint: granted.checkpoint,
            time,
            note: signed,
        });
        self.logs.last().ok_or(Refusal::Memory)
    }
}

impl WireLost {
    fn of(lost: &LostHead) -> Self {
        Self {
            key: lost.key.to_string(),
            witness: lost.witness.to_string(),
            note: lost.note.clone(),
            loss: String::from_utf8_lossy(&lost.loss.line()).into_owned(),
            kept: lost.kept,
        }
    }

    /// The note must carry the log's signature and the old key's.
    fn read(self) -> Option<LostHead> {
        let key: NoteKey = self.key.parse().ok()?;
        let witness: CosignKey = self.witness.parse().ok()?;
        let checkpoint = believed(&self.note, &key).ok()?;
        let time = witness.find(&self.note).ok().flatten()?.time;
        let loss = Entry::parse(self.loss.as_bytes()).ok()?;
        let declares = matches!(loss.act, Act::LedgerLoss(_)) && loss.seq < checkpoint.size && self.kept <= loss.seq;
        declares.then_some(LostHead {
            key,
            witness,
            checkpoint,
            time,
            note: self.note,
            loss,
            kept: self.kept,
        })
    }
}

impl Granted {
    fn checkpoint_text(&self) -> Option<&str> {
        note::lines(&self.note).map(|(text, _)| text)
    }
}

/// Whether a checkpoint goes on from the newest one that was cosigned.
fn follows(log: &KnownLog, request: &ConsistencyProof, new: &Checkpoint) -> Result<(), Refusal> {
    let last = &log.checkpoint;
    if new.size < last.size {
        let (has, should) = (new.size, last.size);
        return Err(Refusal::Rollback { has, should });
    }
    if new.size == last.size && new.root != last.root {
        return Err(Refusal::Fork { size: last.size });
    }
    if request.old != last.size {
        let (asked, has) = (request.old, last.size);
        return Err(Refusal::OldSize { asked, has });
    }
    request.holds(last, new).map_err(|_| Refusal::Fork { size: last.size })
}

/// Why a witness does not cosign. The names are those of docs/formats/witness.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// `WITNESS-FORM`: no such file.
    Form,
    /// `WITNESS-LOG-UNKNOWN`: a log that it has not cosigned before, and nobody said its key.
    UnknownLog {
        /// The log.
        origin: String,
    },
    /// `WITNESS-LOG-KEY`: signed by another key than the log's.
    LogKey {
        /// The log.
        origin: String,
    },
    /// `WITNESS-LOG-SIGNATURE`: the log's signature is wrong.
    LogSignature {
        /// The log.
        origin: String,
    },
    /// `WITNESS-OLD-SIZE`: the proof begins at another size than the newest that was cosigned.
    OldSize {
        /// The request's.
        asked: u64,
        /// What it should be.
        has: u64,
    },
    /// `WITNESS-ROLLBACK`: fewer entries than were cosigned before.
    Rollback {
        /// The request's.
        has: u64,
        /// What was cosigned.
        should: u64,
    },
    /// `WITNESS-FORK`: another history than the one that was cosigned.
    Fork {
        /// The size that was cosigned.
        size: u64,
    },
    /// `WITNESS-CLOCK`: the clock is behind the last cosignature.
    Clock {
        /// The last one's.
        last: u64,
        /// Now.
        time: u64,
    },
    /// `WITNESS-LOSS`: a declared loss that is not shown as it must be.
    Loss {
        /// What is wrong with it.
        fault: LossFault,
    },
    /// `WITNESS-MEMORY`: the witness's own file is damaged, or another witness's.
    Memory,
}

impl Refusal {
    /// Its name in messages, documents and tests.
    pub fn check(&self) -> &'static str {
        match self {
            Self::Form => "WITNESS-FORM",
            Self::UnknownLog { .. } => "WITNESS-LOG-UNKNOWN",
            Self::LogKey { .. } => "WITNESS-LOG-KEY",
            Self::LogSignature { .. } => "WITNESS-LOG-SIGNATURE",
            Self::OldSize { .. } => "WITNESS-OLD-SIZE",
            Self::Rollback { .. } => "WITNESS-ROLLBACK",
            Self::Fork { .. } => "WITNESS-FORK",
            Self::Clock { .. } => "WITNESS-CLOCK",
            Self::Loss { .. } => "WITNESS-LOSS",
            Self::Memory => "WITNESS-MEMORY",
        }
    }
}

display_as_english!(Refusal);

impl Fault for Refusal {
    fn msg(&self) -> Msg {
        let check = self.check();
        match self {
            Self::Form => msg!("witness-form", check = check),
            Self::UnknownLog { origin } => msg!("witness-log-unknown", check = check, origin = origin),
            Self::LogKey { origin } => msg!("witness-log-key", check = check, origin = origin),
            Self::LogSignature { origin } => msg!("witness-log-signature", check = check, origin = origin),
            Self::OldSize { asked, has } => msg!("witness-old-size", check = check, asked = asked, has = has),
            Self::Rollback { has, should } => msg!("witness-rollback", check = check, has = has, should = should),
            Self::Fork { size } => msg!("witness-fork", check = check, size = size),
            Self::Clock { last, time } => msg!("witness-clock", check = check, last = last, time = time),
            Self::Loss { fault } => {
                msg!("witness-loss", check = check).with_word("fault", "witness-loss-fault", fault.word())
            }
            Self::Memory => msg!("witness-memory", check = check),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::UnknownLog { .. } | Self::OldSize { .. } => Exit::Usage,
            _ => Exit::Check,
        }
    }
}
