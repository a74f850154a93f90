// SPDX-License-Identifier: Apache-2.0
//! Officers of a site. Who is one, with which key and which roles, stands in the ledger; the files beside it hold the
//! private keys under passphrases and, for people and other programs, the public ones (docs/formats/officer.md).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Session, Site, SiteError};
use crate::crypto::SecretBytes;
use crate::crypto::seal::KdfParams;
use crate::crypto::sign::PublicKey;
use crate::keys::OfficerKeys;
use crate::keys::file_store::Draft;
use crate::ledger::act::{Act, Officer};
use crate::ledger::policy::Role;
use crate::ledger::{Ledger, LedgerError, Signer, Text, VerifyKey};
use crate::outside::Random;

/// `officers/NAME.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerFile {
    /// Version of this format: 1.
    pub format: u32,
    /// The name.
    pub name: String,
    /// What for.
    pub roles: Vec<Role>,
    /// Ed25519.
    pub signing: PublicKey,
    /// X25519.
    pub exchange: PublicKey,
}

/// Whether an officer with these roles holds a share of the key store: those who manage keys or issue cards.
pub fn holds_share(roles: &[Role]) -> bool {
    roles
        .iter()
        .any(|role| matches!(role, Role::KeyOfficer | Role::Operator | Role::Supervisor))
}

/// A name that can be an officer's: letters of any script, digits, dashes; at most 32 characters.
pub fn check_name(name: &str) -> Result<(), SiteError> {
    let good = (1..=32).contains(&name.chars().count()) && name.chars().all(|c| c.is_alphanumeric() || c == '-');
    if good {
        Ok(())
    } else {
        Err(SiteError::OfficerName { name: name.to_owned() })
    }
}

/// Lends officers' keys to the ledger for one call, in their order.
pub fn with_signers<T>(people: &[&OfficerKeys], call: impl FnOnce(&[Signer<'_>]) -> T) -> T {
    let sign: Vec<_> = people
        .iter()
        .map(|keys| |bytes: &[u8]| keys.signing.sign(bytes))
        .collect();
    let signers: Vec<Signer<'_>> = people
        .iter()
        .zip(&sign)
        .map(|(keys, sign)| Signer {
            officer: &keys.name,
            sign,
        })
        .collect();
    call(&signers)
}

impl Site {
    /// The file of an officer's private keys.
    pub fn officer_key_path(&self, name: &str) -> PathBuf {
        self.folder().join("officers").join(format!("{name}.key"))
    }

    /// The file of an officer's public keys.
    pub fn officer_path(&self, name: &str) -> PathBuf {
        self.folder().join("officers").join(format!("{name}.toml"))
    }

    /// Opens an officer's keys and checks that they are the enrolled ones.
    pub fn officer(
        &self,
        ledger: &Ledger,
        name: &str,
        passphrase: &SecretBytes,
        least: KdfParams,
    ) -> Result<OfficerKeys, SiteError> {
        check_name(name)?;
        let not_officer = || SiteError::NotOfficer { name: name.to_owned() };
        let enrolled = ledger
            .state()
            .officers
            .get(&Text::new(name)?)
            .filter(|o| !o.revoked)
            .ok_or_else(not_officer)?;
        let path = self.officer_key_path(name);
        if !path.exists() {
            // An officer whom a ceremony enrolled that was killed before its files were in their places: without them
            // nobody may be able to open the site at all.
            self.settle_files(ledger)?;
        }
        let keys = OfficerKeys::open(&path, passphrase, least)?;
        if keys.name == name && keys.signing.public().0 == enrolled.key.0 {
            Ok(keys)
        } else {
            Err(SiteError::OtherKey { name: name.to_owned() })
        }
    }

    /// Writes both files of a new officer. Until the ledger has the officer, they mean nothing.
    pub(super) fn write_officer(
        &self,
        keys: &OfficerKeys,
        roles: &[Role],
        passphrase: &SecretBytes,
        costs: KdfParams,
        random: &mut dyn Random,
    ) -> Result<(), SiteError> {
        for draft in self.draft_officer(keys, roles, passphrase, costs, random)? {
            draft.publish()?;
        }
        Ok(())
    }

    /// Both files of a new officer, not yet written: the private keys, then the public ones.
    pub fn draft_officer(
        &self,
        keys: &OfficerKeys,
        roles: &[Role],
        passphrase: &SecretBytes,
        costs: KdfParams,
        random: &mut dyn Random,
    ) -> Result<[Draft; 2], SiteError> {
        let private = keys.draft(&self.officer_key_path(&keys.name), passphrase, costs, random)?;
        let file = OfficerFile {
            format: 1,
            name: keys.name.clone(),
            roles: roles.to_vec(),
            signing: keys.signing.public(),
            exchange: keys.exchange_public(),
        };
        let text = toml::to_string(&file).unwrap_or_default();
        let public = Draft::held(&self.officer_path(&keys.name), text.as_bytes(), 0o600)?;
        Ok([private, public])
    }
}

impl Session {
    /// Fresh keys of an officer who is to be enrolled, and the act that enrols them, which they sign last. Their files are
    /// another matter.
    pub fn prepare_officer(
        &self,
        name: &str,
        roles: &[Role],
        random: &mut dyn Random,
    ) -> Result<(OfficerKeys, Act), SiteError> {
        check_name(name)?;
        let text = Text::new(name)?;
        if self.ledger.state().officers.contains_key(&text) {
            return Err(LedgerError::OfficerTaken(name.to_owned()).into());
        }
        let keys = OfficerKeys::generate(name, random)?;
        let act = Act::OfficerEnrol(Officer {
            name: text,
            roles: roles.to_vec(),
            key: VerifyKey(keys.signing.public().0),
            ceremony: None,
        });
        Ok((keys, act))
    }

    /// An officer as a holder of the store: with the exchange key that the store has, or that of the keys which the officer
    /// opened in this room. The officer's public file vouches for nothing.
    pub fn holder(&self, name: &str, room: &[&OfficerKeys]) -> Result<(String, PublicKey), SiteError> {
        let known = self.holders().into_iter().find(|(holder, _)| holder == name);
        let here = self.officers.iter().chain(room.iter().copied());
        let here = here.filter(|keys| keys.name == name);
        let here = here.map(|keys| (name.to_owned(), keys.exchange_public())).next();
        known
            .or(here)
            .ok_or_else(|| SiteError::NotInTheRoom { name: name.to_owned() })
    }
}
