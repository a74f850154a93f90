// SPDX-License-Identifier: Apache-2.0
//! Going on after entries were lost for good. The checkpoint outside says that there was more; nothing but an entry by two
//! officers, which names what is missing, lets the ledger be opened again.

use std::path::Path;

use super::UpkeepFault;
use crate::ledger::act::{Act, LedgerLoss};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::error::LedgerError;
use crate::ledger::field::Text;
use crate::ledger::log::Ledger;

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// How many entries are left.
    pub has: u64,
    /// What the checkpoint outside says; nothing where that is gone too.
    pub outside: Option<Checkpoint>,
    /// The entry that declares it is there already; only its checkpoint is not.
    pub declared: bool,
}

impl Missing {
    /// The act that declares it.
    pub fn act(&self, reason: Text) -> Act {
        let (size, root) = match &self.outside {
            Some(outside) => (Some(outside.size), Some(outside.root)),
            None => (None, None),
        };
        Act::LedgerLoss(LedgerLoss { reason, size, root })
    }
}

impl LedgerLoss {
    /// Whether a checkpoint over so many entries may be one of those that this entry, at its place, gives up: of what was
    /// lost, not of what came after. An entry that does not know how much was lost gives all of them up.
    pub(in crate::ledger) fn gives_up(&self, seq: u64, size: u64) -> bool {
        seq < size && self.size.is_none_or(|lost| size <= lost)
    }
}

impl Ledger {
    /// Opens a ledger that is behind the checkpoint outside, or whose checkpoint outside is gone, so that the loss can be
    /// declared: append [`Missing::act`] unless it is declared already, then call `checkpoint`. Where nothing is missing, and
    /// where the two have different histories, it is refused.
    pub fn open_after_loss(path: &Path, copy: &Path) -> Result<(Self, Missing), LedgerError> {
        let ledger = Self::open_file(path, Some(copy), false)?;
        ledger.compare_stored()?;
        let has = ledger.size();
        let outside = match ledger.copy_outside() {
            Ok(outside) => outside,
            Err(LedgerError::CopyMissing(_) | LedgerError::CopyDamaged(_)) => None,
            Err(other) => return Err(other),
        };
        let outside = ledger.farther(outside)?;
        let declared = ledger.declares(outside.as_ref())?;
        match ledger.compare() {
            _ if declared => {}
            Err(LedgerError::RolledBack { .. } | LedgerError::CopyMissing(_) | LedgerError::CopyDamaged(_)) => {}
            Err(other) => return Err(other),
            Ok(()) => return Err(UpkeepFault::NothingLost.into()),
        }
        let missing = Missing {
            has: if declared { has.saturating_sub(1) } else { has },
            outside,
            declared,
        };
        Ok((ledger, missing))
    }

    /// The checkpoint outside, or the cosigned one beside it where only that one is ahead of the ledger, or farther ahead.
    fn farther(&self, outside: Option<Checkpoint>) -> Result<Option<Checkpoint>, LedgerError> {
        let Ok(Some(cosigned)) = self.cosigned_outside() else {
            return Ok(outside);
        };
        let last = self.entry(self.size().saturating_sub(1))?;
        let declared = matches!(last.act, Act::LedgerLoss(body) if body.size == Some(cosigned.size));
        let ahead = cosigned.size > self.size() || declared;
        let farther = ahead && outside.as_ref().is_none_or(|outside| outside.size < cosigned.size);
        Ok(if farther { Some(cosigned) } else { outside })
    }

    /// Whether the last entry declares just this loss.
    fn declares(&self, outside: Option<&Checkpoint>) -> Result<bool, LedgerError> {
        let last = self.entry(self.size().saturating_sub(1))?;
        Ok(matches!(last.act, Act::LedgerLoss(body)
            if body.size == outside.map(|o| o.size) && body.root == outside.map(|o| o.root)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_gives_up_what_it_covers_and_nothing_that_came_after() {
        let lost = |size| LedgerLoss {
            reason: Text::new("disk died").unwrap(),
            size,
            root: None,
        };
        let known = lost(Some(40));
        assert!(!known.gives_up(30, 30), "the entries before it are there");
        assert!(known.gives_up(30, 31) && known.gives_up(30, 40));
        assert!(!known.gives_up(30, 41), "cosigned after the loss");
        assert!(lost(None).gives_up(30, 41));
    }
}
