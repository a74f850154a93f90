// SPDX-License-Identifier: Apache-2.0
//! Shares of the key store and of its backups: different indexes, different officers of this site, and as many as open it.

use super::State;
use crate::ledger::act::{Act, Holder, ShareSeen};
use crate::ledger::error::LedgerError;
use crate::ledger::field::Text;

/// Nobody opens a backup alone.
const BACKUP_THRESHOLD: u32 = 2;

impl State {
    /// Checks the shares that an entry about the key store names.
    pub(super) fn check_shares(&self, act: &Act) -> Result<(), LedgerError> {
        match act {
            Act::StoreReshare(body) => self.check_holders(act, body.quorum, &body.holders),
            Act::StoreBackup(body) => {
                self.all_active(act, body.shares.iter().map(|s| &s.officer))?;
                check(act, BACKUP_THRESHOLD, body.threshold, of_shares(&body.shares))
            }
            Act::StoreRestore(body) => {
                // Shares of officers who have left since count: the file was sealed before.
                check(act, BACKUP_THRESHOLD, BACKUP_THRESHOLD, of_shares(&body.shares))?;
                self.check_holders(act, body.quorum, &body.holders)
            }
            _ => Ok(()),
        }
    }

    fn check_holders(&self, act: &Act, quorum: u32, holders: &[Holder]) -> Result<(), LedgerError> {
        self.all_active(act, holders.iter().map(|h| &h.officer))?;
        check(act, 1, quorum, holders.iter().map(|h| (h.index, &h.officer)).collect())
    }

    fn all_active<'a>(&self, act: &Act, mut officers: impl Iterator<Item = &'a Text>) -> Result<(), LedgerError> {
        let active = |name: &Text| self.officers.get(name).is_some_and(|o| !o.revoked);
        if officers.all(active) { Ok(()) } else { Err(bad(act)) }
    }
}

fn of_shares(shares: &[ShareSeen]) -> Vec<(u32, &Text)> {
    shares.iter().map(|s| (s.index, &s.officer)).collect()
}

fn check(act: &Act, least: u32, threshold: u32, shares: Vec<(u32, &Text)>) -> Result<(), LedgerError> {
    let count = u32::try_from(shares.len()).unwrap_or(u32::MAX);
    let (mut indexes, mut officers): (Vec<u32>, Vec<&Text>) = shares.into_iter().unzip();
    indexes.sort_unstable();
    officers.sort_unstable();
    let different = indexes.windows(2).all(|pair| pair[0] != pair[1]) && officers.windows(2).all(|p| p[0] != p[1]);
    let good = different && !indexes.contains(&0) && (least..=count).contains(&threshold);
    if good { Ok(()) } else { Err(bad(act)) }
}

fn bad(act: &Act) -> LedgerError {
    LedgerError::BadShares(act.name())
}
