// SPDX-License-Identifier: Apache-2.0
//! The log's own keys at work: the Ed25519 key that every site has from its beginning, and the SM2 key beside it, which older
//! sites draw by an act of its own.

use super::{Session, SiteError};
use crate::keys::{Change, FileKeyStore, Mark};
use crate::ledger::act::{Act, LogKey};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::sealing::{LogSigner, SignSm2};
use crate::ledger::{Entry, Ledger, LedgerError, Sm2Key, Text};
use crate::outside::Random;

/// Signs the tree as it is now with all of the log's keys that the store has.
pub(super) fn sign_tree(ledger: &mut Ledger, store: &FileKeyStore) -> Result<Checkpoint, LedgerError> {
    let ed25519 = |bytes: &[u8]| store.site_signer().sign(bytes);
    let sm2 = store.sm2_signer();
    let sign = |bytes: &[u8]| sm2.and_then(|key| key.sign(bytes));
    let sm2 = sm2.map(|key| (Sm2Key::from(key.public()), &sign as SignSm2<'_>));
    ledger.checkpoint_by(&LogSigner { ed25519: &ed25519, sm2 })
}

impl Session {
    /// Draws the log's SM2 key, with its entry; one that is there is only drawn anew for a reason, and is gone then.
    pub fn draw_log_key(&mut self, reason: Option<Text>, random: &mut dyn Random) -> Result<Entry, SiteError> {
        let there = self.store.sm2_signer().map(|key| Sm2Key::from(key.public()));
        if reason.is_none() && there.is_some() && there.as_ref() == self.ledger.state().log_sm2.last() {
            return Err(SiteError::LogKeyThere);
        }
        let mut pending = self.store.begin()?;
        pending.apply(Change::DrawSigningSm2, random)?;
        let drawn = pending.store().sm2_signer().ok_or(SiteError::LogKeyThere)?;
        let sm2 = Sm2Key::from(drawn.public());
        let act = Act::LogKey(LogKey { sm2, reason });
        self.check_roles(&act)?;
        let mark = Mark {
            after: self.ledger.size(),
            act: act.name().to_owned(),
            about: super::agreement::about(&act),
        };
        let staged = pending.stage(mark.clone(), random)?;
        self.enforce(staged, &mark, act, None, &mut |_| {})
    }
}
