// SPDX-License-Identifier: Apache-2.0
//! Files that leave the site: what they are and their digest stand in the ledger, signed, before a file has its name. From a
//! copy of a ledger nothing can be recorded.
//!
//! A file is `NAME.new` until its entry is durable. Ended in between, the next export to `NAME` finds it by its digest: one
//! that the ledger has gets its name, one that it does not have is written over.

use std::io::{self, Read, Write};
use std::path::Path;

use super::Place;
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::keys::OfficerKeys;
use crate::keys::file_store::DraftStream;
use crate::ledger::act::LedgerExport;
use crate::ledger::export::Digesting;
use crate::ledger::{Act, Entry, Exported, Hash, Ledger, LedgerError};
use crate::msg;
use crate::outside::Clock;
use crate::site::{Session, signers_for, with_signers};

/// Only its owner reads it.
const MODE: u32 = 0o600;

/// The ledger that something leaves, and who signs for it.
pub(super) enum Leaving {
    /// A database from elsewhere: nobody signs.
    Copy(Ledger),
    /// A site, with officers; no key store is needed, so that an auditor can do it.
    Site(Ledger, Vec<OfficerKeys>),
    /// A site with its key store, for what is sealed in it.
    Unlocked(Box<Session>),
}

impl Leaving {
    /// Opens the ledger of `place` for these acts; at a site by the officers who were named.
    pub(super) fn open(place: &Place, unlock: bool, acts: &[&str], context: &mut Context) -> Result<Self, Error> {
        if place.file.is_some() {
            return Ok(Self::Copy(place.open(context)?));
        }
        let site = session::open_site(context)?;
        if unlock {
            let session = session::unlock(context, &site, acts)?;
            return Ok(Self::Unlocked(Box::new(session)));
        }
        let ledger = site.ledger()?;
        let officers = session::officers(context, &site, &ledger, acts, 1)?;
        Ok(Self::Site(ledger, officers))
    }

    /// The ledger.
    pub(super) fn ledger(&self) -> &Ledger {
        match self {
            Self::Copy(ledger) | Self::Site(ledger, _) => ledger,
            Self::Unlocked(session) => &session.ledger,
        }
    }

    /// Records it, where there is a site; gives the entry.
    pub(super) fn record(&mut self, act: Act, clock: Clock) -> Result<Option<u64>, Error> {
        match self {
            Self::Copy(_) => Ok(None),
            Self::Site(ledger, officers) => {
                let needed = ledger.needs(&act)?;
                let people = signers_for(officers, ledger.state(), &act, needed);
                let entry = with_signers(&people, |signers| ledger.append(act, signers, &clock))?;
                Ok(Some(entry.seq))
            }
            Self::Unlocked(session) => {
                let entry = session.append(act)?;
                session.checkpoint()?;
                Ok(Some(entry.seq))
            }
        }
    }

    /// Writes a new file, records it, and puts it into its place. A failure before the record leaves nothing.
    pub(super) fn leave_as(
        &mut self,
        path: &Path,
        clock: Clock,
        write: impl FnOnce(&Self, &mut dyn Write) -> Result<Exported, Error>,
        act: impl FnOnce(&Exported) -> Result<Act, Error>,
    ) -> Result<(Exported, Option<u64>), Error> {
        let mut draft = DraftStream::begin(path, MODE)?;
        let done = write(self, &mut draft)?;
        draft.put_down()?;
        let recorded = self.record(act(&done)?, clock)?;
        draft.publish()?;
        Ok((done, recorded))
    }
}

/// Refuses a name that is taken.
pub(super) fn check_free(path: &Path) -> Result<(), Error> {
    if path.symlink_metadata().is_ok() {
        return Err(Error::new(
            msg!("ledger-export-exists", path = path.display()),
            Exit::Usage,
        ));
    }
    Ok(())
}

/// What an export to this name that was ended before it got the name has left: where the ledger has it, it gets its name, and
/// its entry is returned. `same` says whether it is what is asked for now.
pub(super) fn finish_left_over(
    path: &Path,
    ledger: &Ledger,
    same: &dyn Fn(&LedgerExport) -> bool,
) -> Result<Option<(Entry, LedgerExport)>, Error> {
    let Some(mut file) = DraftStream::left_over(path)? else {
        return Ok(None);
    };
    let digest = digest_of(&mut file).map_err(|e| unread(path, &e))?;
    let is_it = |entry: &Entry| matches!(&entry.act, Act::LedgerExport(body) if body.digest == digest);
    let Some(entry) = ledger.latest(&["ledger.export"], &is_it)? else {
        return Ok(None);
    };
    let Act::LedgerExport(body) = &entry.act else {
        return Ok(None);
    };
    let body = body.clone();
    if !same(&body) {
        let (path, seq) = (path.display(), entry.seq);
        return Err(Error::new(
            msg!("ledger-export-left-over", path = path, seq = seq),
            Exit::Usage,
        ));
    }
    DraftStream::publish_left_over(path)?;
    Ok(Some((entry, body)))
}

fn digest_of(file: &mut impl Read) -> io::Result<Hash> {
    let mut nowhere = io::sink();
    let mut digesting = Digesting::new(&mut nowhere);
    io::copy(file, &mut digesting)?;
    digesting.digest()
}

fn unread(path: &Path, e: &io::Error) -> Error {
    LedgerError::File {
        path: path.to_owned(),
        what: e.to_string(),
    }
    .into()
}
