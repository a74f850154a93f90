// SPDX-License-Identifier: Apache-2.0
//! Drawing the secrets inside the site, with their entries. Drawing one anew destroys the one before: whatever it kept closed
//! has to be closed again under the new one first, which is what `prepare` is for.

use super::SiteError;
use super::agreement::about;
use super::session::{Session, Step};
use crate::keys::{Change, FileKeyStore, InternalUse, Mark};
use crate::ledger::act::{Act, SecretDraw, SecretUse};
use crate::ledger::{Entry, ShortHex, Text};
use crate::outside::Random;

/// Closes again what the old secret kept closed: gets the store as it is, and as it will be.
pub type Prepare<'a, E> = &'a mut dyn FnMut(&FileKeyStore, &FileKeyStore, &mut dyn Random) -> Result<(), E>;

impl Session {
    /// Draws a secret that is not there yet. Gives the entry, if it was drawn now.
    pub fn need_secret(&mut self, purpose: InternalUse, random: &mut dyn Random) -> Result<Option<Entry>, SiteError> {
        if self.store.internal_record(purpose).is_some() {
            return Ok(None);
        }
        let drawn = self.draw_secret(
            purpose,
            None,
            random,
            &mut |_, _, _| Ok::<_, SiteError>(()),
            &mut |_| {},
        );
        drawn.map(Some)
    }

    /// Draws a secret, for the first time or anew. `prepare` runs before anything is durable in store or ledger; what it
    /// leaves behind must be good with the old secret and with the new one. `at` hears of each durable step.
    pub fn draw_secret<E: From<SiteError>>(
        &mut self,
        purpose: InternalUse,
        reason: Option<Text>,
        random: &mut dyn Random,
        prepare: Prepare<'_, E>,
        at: &mut dyn FnMut(Step),
    ) -> Result<Entry, E> {
        let since = self.clock.now().to_string();
        let mut pending = self.store.begin().map_err(SiteError::from)?;
        let drawn_before = self.ledger.secrets().map_err(SiteError::from)?;
        let known = drawn_before.iter().find(|s| s.secret == purpose.as_str());
        let change = Change::DrawInternal {
            purpose,
            version: known.map_or(1, |s| s.version.saturating_add(1)),
            since,
        };
        pending.apply(change, random).map_err(SiteError::from)?;
        let act = Act::SecretDraw(drawn(pending.store(), purpose, reason)?);
        self.check_roles(&act)?;
        prepare(&self.store, pending.store(), random)?;
        let mark = Mark {
            after: self.ledger.size(),
            act: act.name().to_owned(),
            about: about(&act),
        };
        let staged = pending.stage(mark.clone(), random).map_err(SiteError::from)?;
        Ok(self.enforce(staged, &mark, act, None, at)?)
    }
}

fn drawn(store: &FileKeyStore, purpose: InternalUse, reason: Option<Text>) -> Result<SecretDraw, SiteError> {
    let record = store.internal_record(purpose);
    let record = record.ok_or(crate::keys::StoreError::NoInternal { purpose })?;
    Ok(SecretDraw {
        secret: match purpose {
            InternalUse::Holders => SecretUse::Holders,
            InternalUse::Pins => SecretUse::Pins,
        },
        version: record.version,
        kcv: ShortHex::new(record.kcv.to_string())?,
        reason,
    })
}
