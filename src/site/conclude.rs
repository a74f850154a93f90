// SPDX-License-Identifier: Apache-2.0
//! One commit for a whole ceremony: store, ledger and files change together or not at all.
//!
//! Order: a list of the files is written beside the store, then the files whole beside their places; the store's next
//! generation is written and proven; all entries are appended in one transaction, and from then on the ceremony has happened; the next
//! generation is renamed into place; the files are; the list goes. Killed at any of these steps, the ledger decides: opening
//! the site settles the store, and with it the files whose medium is there.

use super::agreement::{recorded, will_agree};
use super::publication::Publication;
use super::{Session, SiteError, Step};
use crate::keys::file_store::Draft;
use crate::keys::{Mark, OfficerKeys, Pending};
use crate::ledger::act::{Act, CeremonyResult};
use crate::ledger::{Entry, Filter, Ledger, LedgerError, Signer};
use crate::outside::{Clock, Random};

/// An act and who signs it, the acting officer first.
pub type SignedAct<'a> = (Act, Vec<&'a OfficerKeys>);

impl Session {
    /// Ends a ceremony. The last of `acts` is its completed `ceremony.end`; the others are what it did. What they say of
    /// keys and officers must be what `pending` holds; else nothing is touched. `at` hears of each durable step.
    ///
    /// Two kinds of error come after the fact: the ceremony has happened, and only the store ([`SiteError::Unfinished`]) or a
    /// file ([`SiteError::Unpublished`]) is not in its place yet.
    pub fn conclude(
        &mut self,
        pending: Pending,
        acts: Vec<SignedAct<'_>>,
        files: Vec<Draft>,
        random: &mut dyn Random,
        at: &mut dyn FnMut(Step),
    ) -> Result<Vec<Entry>, SiteError> {
        let mark = Mark {
            after: self.ledger.size(),
            act: "ceremony.end".into(),
            about: nonce_of_end(&acts)?,
        };
        let what: Vec<&Act> = acts.iter().map(|(act, _)| act).collect();
        will_agree(&self.ledger, self.store.header(), pending.store(), &what)?;
        let publication = Publication::list(&self.site, mark.clone(), files)?;
        at(Step::Listed);
        let staged = match pending.stage(mark.clone(), random) {
            Ok(staged) => staged,
            Err(e) => {
                // The lock went with the generation. Whoever has it now settles the files too.
                if let Ok(_held) = self.site.store_place().hold() {
                    publication.clear()?;
                }
                return Err(e.into());
            }
        };
        at(Step::Staged);
        let appended = append_each(&mut self.ledger, acts, &self.clock);
        // An error may come after the entries became durable: only the ledger itself can tell, and where it cannot be
        // asked, everything stays as it is for the next opening.
        if appended.is_err() && !recorded(&self.ledger, &mark)? {
            publication.clear()?;
            self.store.abandon(staged)?;
            return Ok(appended?);
        }
        at(Step::Appended);
        let unfinished = |why| SiteError::Unfinished { why };
        let held = self.store.commit_locked(staged).map_err(unfinished)?;
        at(Step::Committed);
        publication.publish(&mut || at(Step::Published))?;
        drop(held);
        match appended {
            Ok(entries) => Ok(entries),
            Err(_) => Ok(entries_from(&self.ledger, mark.after)?),
        }
    }
}

/// What the ledger has from an entry on.
fn entries_from(ledger: &Ledger, from: u64) -> Result<Vec<Entry>, LedgerError> {
    let filter = Filter {
        from,
        ..Filter::default()
    };
    let mut entries = Vec::new();
    ledger.each_line(&filter, &mut |entry, _| {
        entries.push(entry.clone());
        Ok(())
    })?;
    Ok(entries)
}

/// The nonce of the ceremony that the acts end.
fn nonce_of_end(acts: &[SignedAct<'_>]) -> Result<String, SiteError> {
    match acts.last() {
        Some((Act::CeremonyEnd(end), _)) if end.result == CeremonyResult::Completed => Ok(end.nonce.to_string()),
        _ => Err(SiteError::NoEnd),
    }
}

/// Appends acts in one transaction, each signed by its own officers.
fn append_each(ledger: &mut Ledger, acts: Vec<SignedAct<'_>>, clock: &Clock) -> Result<Vec<Entry>, LedgerError> {
    let (acts, people): (Vec<Act>, Vec<Vec<&OfficerKeys>>) = acts.into_iter().unzip();
    let sign: Vec<Vec<_>> = people
        .iter()
        .map(|people| {
            let each = people.iter();
            each.map(|keys| |bytes: &[u8]| keys.signing.sign(bytes)).collect()
        })
        .collect();
    let signers: Vec<Vec<Signer<'_>>> = people
        .iter()
        .zip(&sign)
        .map(|(people, sign)| {
            let each = people.iter().zip(sign);
            each.map(|(keys, sign)| Signer {
                officer: &keys.name,
                sign,
            })
            .collect()
        })
        .collect();
    let signed = acts.into_iter().zip(signers.iter().map(Vec::as_slice)).collect();
    ledger.append_all_signed(signed, clock)
}
