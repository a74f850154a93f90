// SPDX-License-Identifier: Apache-2.0
//! From the command line to an open site: which folder, which officers, their passphrases. Passphrases come from files of
//! their owners, from a file descriptor or from hidden prompts; never from arguments or the environment.

use std::path::Path;

use super::{Context, hardening};
use crate::crypto::SecretBytes;
use crate::crypto::seal::KdfParams;
use crate::error::{Error, Exit};
use crate::keys::file_store::{SHORTEST_PASSPHRASE, read_private};
use crate::keys::{KeyFileError, OfficerKeys};
use crate::ledger::{Ledger, Role, Text};
use crate::msg;
use crate::site::{Session, Site, SiteError};

/// The site that `--site`, `CARDMINT_SITE` or the current folder names. It stays locked.
pub fn open_site(context: &Context) -> Result<Site, Error> {
    let here = std::env::current_dir().unwrap_or_default();
    Ok(Site::find(context.global.site.as_deref(), &here)?)
}

/// Opens the key store with the officers named on the command line, as many as the store's quorum and the rules of these
/// acts ask for. The first officer named is the acting one.
pub fn unlock(context: &mut Context, site: &Site, acts: &[&str]) -> Result<Session, Error> {
    unlock_by(context, site, acts, 1)
}

/// The same with at least so many officers.
pub fn unlock_by(context: &mut Context, site: &Site, acts: &[&str], at_least: usize) -> Result<Session, Error> {
    hardening::state().insist(site.config().require_memory_lock, false)?;
    let ledger = site.ledger()?;
    let quorum: usize = site.store_place().header()?.quorum.into();
    let officers = officers(context, site, &ledger, acts, quorum.max(at_least))?;
    Ok(Session::open(site.clone(), ledger, officers, context.clock)?)
}

/// The same for looking only: the ledger is opened for reading, and nothing that a broken-off change left is put right.
pub fn look(context: &mut Context, site: &Site) -> Result<Session, Error> {
    let place = site.store_place();
    if place.next().exists() {
        return Err(Error::new(msg!("site-change-pending"), Exit::Usage));
    }
    let ledger = site.ledger_read_only()?;
    let quorum = place.header()?.quorum.into();
    let officers = officers(context, site, &ledger, &[], quorum)?;
    Ok(Session::open(site.clone(), ledger, officers, context.clock)?)
}

/// The officers named on the command line with their opened keys, for acts that need no key store.
pub fn officers(
    context: &mut Context,
    site: &Site,
    ledger: &Ledger,
    acts: &[&str],
    at_least: usize,
) -> Result<Vec<OfficerKeys>, Error> {
    hardening::state().insist(site.config().require_memory_lock, false)?;
    let state = ledger.state();
    let of_act = |act: &&str| state.needs_at_least(act);
    let needed = acts.iter().map(of_act).max().unwrap_or(1).max(at_least).max(1);
    let names = context.global.officer.clone();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            return Err(KeyFileError::SameOfficer { officer: name.clone() }.into());
        }
        let enrolled = Text::new(name.as_str()).is_ok_and(|n| state.officers.get(&n).is_some_and(|o| !o.revoked));
        if !enrolled {
            return Err(SiteError::NotOfficer { name: name.clone() }.into());
        }
    }
    if names.len() < needed {
        let act = if acts.is_empty() {
            "key store".to_owned()
        } else {
            acts.join(", ")
        };
        return Err(SiteError::Officers {
            act,
            needed,
            have: names.len(),
        }
        .into());
    }
    let open = |name: &String| -> Result<OfficerKeys, Error> {
        let passphrase = passphrase(context, name)?;
        Ok(site.officer(ledger, name, &passphrase, KdfParams::default())?)
    };
    names.iter().map(open).collect()
}

/// An officer's passphrase: from the officer's file, else asked for.
pub fn passphrase(context: &mut Context, name: &str) -> Result<SecretBytes, Error> {
    match passphrase_file(context, name)? {
        Some(found) => Ok(found),
        None => Ok(context.prompt.secret(&msg!("site-ask-passphrase", name = name))?),
    }
}

/// A new passphrase: from the officer's file, else asked for twice.
pub fn new_passphrase(context: &mut Context, name: &str) -> Result<SecretBytes, Error> {
    if let Some(found) = passphrase_file(context, name)? {
        return Ok(found);
    }
    ask_new(context, name)
}

/// A new passphrase, asked for twice.
pub fn ask_new(context: &mut Context, name: &str) -> Result<SecretBytes, Error> {
    let first = context.prompt.secret(&msg!(
        "site-ask-new-passphrase",
        name = name,
        least = SHORTEST_PASSPHRASE
    ))?;
    if first.len() < SHORTEST_PASSPHRASE {
        return Err(KeyFileError::ShortPassphrase {
            least: SHORTEST_PASSPHRASE,
        }
        .into());
    }
    let again = context.prompt.secret(&msg!("site-ask-passphrase-again", name = name))?;
    if crate::crypto::pack::is_same(&first, &again) {
        Ok(first)
    } else {
        Err(Error::new(msg!("site-passphrases-differ", name = name), Exit::Usage))
    }
}

fn passphrase_file(context: &Context, name: &str) -> Result<Option<SecretBytes>, Error> {
    for given in &context.global.passphrase_file {
        let (officer, file) = given
            .split_once('=')
            .ok_or_else(|| Error::new(msg!("site-passphrase-file", given = given), Exit::Usage))?;
        if officer == name {
            return Ok(Some(secret_line(Path::new(file))?));
        }
    }
    Ok(None)
}

/// A secret from a file that only its owner may read: the first line.
pub fn secret_line(path: &Path) -> Result<SecretBytes, KeyFileError> {
    let mut bytes = read_private(path)?;
    let end = bytes
        .iter()
        .position(|b| matches!(b, b'\n' | b'\r'))
        .unwrap_or(bytes.len());
    bytes.truncate(end);
    Ok(SecretBytes::new(bytes))
}

/// Reads `NAME` or `NAME=role,role` of `init`.
pub fn officer_with_roles(text: &str) -> Result<(String, Vec<Role>), Error> {
    let (name, roles) = match text.split_once('=') {
        None => (text, vec![Role::KeyOfficer, Role::Operator, Role::Supervisor]),
        Some((name, words)) => (name, words.split(',').map(role).collect::<Result<_, _>>()?),
    };
    Ok((name.to_owned(), roles))
}

/// Reads a role.
pub fn role(word: &str) -> Result<Role, Error> {
    word.parse()
        .map_err(|_| SiteError::Role { word: word.to_owned() }.into())
}
