// SPDX-License-Identifier: Apache-2.0
//! A site's card: the public file by which another centre knows it (docs/formats/key-bundle.md). Its fingerprint is
//! confirmed by people, over the telephone or on paper, before anything is received from it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Session, Site, SiteError};
use crate::crypto::Digest;
use crate::crypto::sign::PublicKey;
use crate::keys::Owner;
use crate::keys::file_store::replace;
use crate::keys::scheme::Title;
use crate::ledger::act::{Act, SiteTrust};
use crate::ledger::{Entry, Hash, SiteId, Text, VerifyKey};

/// More bytes than any card or bundle has.
const LONGEST_FILE: u64 = 16 << 20;

/// First field of the file.
const FORMAT: &str = "cardmint-site-card/1";

/// The card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteCard {
    /// What it is.
    pub format: String,
    /// The site's id.
    pub id: String,
    /// Its name.
    pub name: Title,
    /// Its scheme's name.
    pub scheme: String,
    /// Level and code.
    pub owner: Owner,
    /// Whether it is a rehearsal.
    pub rehearsal: bool,
    /// Ed25519: signs checkpoints and bundles.
    pub signing: PublicKey,
    /// X25519: what keys are sealed to.
    pub exchange: PublicKey,
}

/// A centre's name is shown to people: it has characters, and none that steer a terminal.
pub(super) fn check_title(name: &str) -> Result<(), SiteError> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(SiteError::SiteName { name: name.to_owned() });
    }
    Ok(())
}

/// Reads a file of another centre, as far as it may be long.
pub(super) fn read_foreign(path: &Path) -> Result<String, SiteError> {
    let shown = path.display().to_string();
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_FILE + 1).read_to_string(&mut text));
    match read {
        Ok(length) if length as u64 > LONGEST_FILE => Err(SiteError::BadFile { path: shown }),
        Ok(_) => Ok(text),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(SiteError::Missing { path: shown }),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => Err(SiteError::BadFile { path: shown }),
        Err(e) => Err(SiteError::Io {
            path: shown,
            what: e.to_string(),
        }),
    }
}

impl SiteCard {
    /// Reads a card.
    pub fn read(path: &Path) -> Result<Self, SiteError> {
        let shown = path.display().to_string();
        let text = read_foreign(path)?;
        let card: Self = serde_json::from_str(&text).map_err(|_| SiteError::BadFile { path: shown.clone() })?;
        let plain_id =
            (1..=48).contains(&card.id.len()) && card.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let plain_name = [&card.name.en, &card.name.zh]
            .iter()
            .all(|name| check_title(name).is_ok());
        if card.format == FORMAT && plain_id && plain_name {
            Ok(card)
        } else {
            Err(SiteError::BadFile { path: shown })
        }
    }

    /// The file's text: one line of JSON.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// The SHA-256 of the file's text.
    fn digest(&self) -> Hash {
        Hash::of(&[self.text().as_bytes()])
    }

    /// Eight groups of four hexadecimal digits: the beginning of the SHA-256 of the card's text.
    pub fn fingerprint(&self) -> String {
        let digest = Digest::of(&[self.text().as_bytes()]).to_string();
        let groups: Vec<&str> = (0..8).map(|i| &digest[4 * i..4 * i + 4]).collect();
        groups.join(" ")
    }

    /// Whether a person's text is this card's fingerprint; spaces and case do not matter, all digits do.
    pub fn has_fingerprint(&self, typed: &str) -> bool {
        let plain = |s: &str| {
            s.chars()
                .filter(|c| !c.is_whitespace())
                .collect::<String>()
                .to_uppercase()
        };
        plain(typed) == plain(&self.fingerprint())
    }
}

impl Session {
    /// Takes another centre's card over, once its fingerprint was confirmed, by as many officers as the rule of
    /// `site.trust` asks for. No entry where this very card was confirmed before.
    pub fn trust(&mut self, card: &SiteCard, confirmed: &str) -> Result<Option<Entry>, SiteError> {
        self.site.check_fingerprint(card, confirmed)?;
        if self
            .site
            .trusted(&card.id, &card.signing)
            .is_ok_and(|known| known == *card)
        {
            return Ok(None);
        }
        let entry = self.append(Act::SiteTrust(SiteTrust {
            site: SiteId::new(card.id.as_str())?,
            name: Text::new(card.name.en.as_str())?,
            owner: Text::new(card.owner.to_string())?,
            signing: VerifyKey(card.signing.0),
            card: card.digest(),
        }))?;
        replace(&self.site.trusted_path(&card.id), card.text().as_bytes(), 0o600)?;
        Ok(Some(entry))
    }
}

impl Site {
    /// This site's card. The public keys come from the key store's header, which need not be open.
    pub fn card(&self) -> Result<SiteCard, SiteError> {
        let header = self.store_place().header()?;
        let config = self.config();
        Ok(SiteCard {
            format: FORMAT.into(),
            id: config.id.clone(),
            name: config.name.clone(),
            scheme: self.scheme().name().to_owned(),
            owner: self.owner().clone(),
            rehearsal: config.rehearsal,
            signing: header.signing,
            exchange: header.exchange,
        })
    }

    fn trusted_path(&self, id: &str) -> PathBuf {
        self.folder().join("trusted").join(format!("{id}.json"))
    }

    /// Whether a card could be taken over with this fingerprint.
    pub fn check_fingerprint(&self, card: &SiteCard, confirmed: &str) -> Result<(), SiteError> {
        self.same_world(&card.scheme, card.rehearsal)?;
        if !card.has_fingerprint(confirmed) {
            return Err(SiteError::Fingerprint);
        }
        Ok(())
    }

    /// The confirmed card of a centre: the one that the newest entry about this centre has, whatever lies in the folder.
    pub fn trusted(&self, id: &str, signing: &PublicKey) -> Result<SiteCard, SiteError> {
        let not_trusted = || SiteError::NotTrusted { sender: id.to_owned() };
        let card = SiteCard::read(&self.trusted_path(id)).map_err(|_| not_trusted())?;
        let about = |entry: &Entry| matches!(&entry.act, Act::SiteTrust(body) if body.site.as_str() == id);
        let newest = self.ledger_read_only()?.latest(&["site.trust"], &about)?;
        let recorded =
            newest.is_some_and(|entry| matches!(entry.act, Act::SiteTrust(body) if body.card == card.digest()));
        if recorded && card.signing == *signing && card.id == id {
            Ok(card)
        } else {
            Err(not_trusted())
        }
    }

    /// Same scheme, and both rehearsals or both not.
    pub fn same_world(&self, scheme: &str, rehearsal: bool) -> Result<(), SiteError> {
        let differ = |field, file: String, site: String| SiteError::NotForThisSite { field, file, site };
        if scheme != self.scheme().name() {
            return Err(differ("scheme", scheme.to_owned(), self.scheme().name().to_owned()));
        }
        if rehearsal != self.rehearsal() {
            return Err(differ("rehearsal", rehearsal.to_string(), self.rehearsal().to_string()));
        }
        Ok(())
    }
}
