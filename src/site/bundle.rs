// SPDX-License-Identifier: Apache-2.0
//! Keys on their way from an upper centre to a lower one: each sealed to the receiver's exchange key, all signed by the
//! sender (docs/formats/key-bundle.md).
//!
//! Every sealed key is bound to sender, receiver, scheme, rehearsal flag, name and check value; so none can be moved to
//! another bundle, renamed, or carried from a rehearsal into production.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::card::read_foreign;
use super::session::Session;
use super::{Site, SiteCard, SiteError, key_arrived};
use crate::crypto::key_block::Exportability;
use crate::crypto::{Factor, Kcv, KeyMaterial, kcv};
use crate::keys::file_store::{Draft, SealedKey};
use crate::keys::{FileKeyStore, KeyFileError, KeyId, KeyPath, KeyRecord, KeyState, KeyStore, Origin, Owner, Subject};
use crate::ledger::act::{Act, KeyArrived, KeyExport};
use crate::ledger::{Hash, ShortHex, Text};
use crate::outside::{Clock, Random};

const FORMAT: &str = "cardmint-key-bundle/1";
const SIGNED_PREFIX: &[u8] = b"cardmint key bundle v1\n";

/// One key of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleKey {
    /// Its name at the receiver.
    pub key: KeyId,
    /// Its check value.
    pub kcv: Kcv,
    /// The key, sealed.
    pub sealed: SealedKey,
}

/// The first line of the file; the second is the signature over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyBundle {
    /// What it is.
    pub format: String,
    /// The sender's card.
    pub from: SiteCard,
    /// The receiver's card.
    pub to: SiteCard,
    /// When it was made, RFC 3339 in UTC.
    pub made: String,
    /// The keys.
    pub keys: Vec<BundleKey>,
}

/// What a sealed key is bound to.
fn bound(from: &SiteCard, to: &SiteCard, key: &KeyId, kcv: &Kcv) -> Vec<u8> {
    format!("cardmint bundle key v1\n{}{}{key}\n{kcv}\n", from.text(), to.text()).into_bytes()
}

/// A bundle that is sealed and signed, and not yet in a file.
#[derive(Debug)]
pub struct SealedBundle {
    /// What is in it.
    pub bundle: KeyBundle,
    /// The file's text.
    pub text: String,
    /// What the ledger is to record of it, a body for each key.
    pub exports: Vec<KeyExport>,
}

/// A key that came in a bundle and is not in the store yet.
#[derive(Debug)]
pub struct ArrivedKey {
    /// Its public facts.
    pub record: KeyRecord,
    /// The key.
    pub key: KeyMaterial,
    /// What the ledger is to record of it.
    pub body: KeyArrived,
}

impl Session {
    /// Seals keys of this site for another centre, derived to its level, and writes the bundle. The ledger's entries come
    /// before the file.
    pub fn export(
        &mut self,
        keys: &[KeyId],
        to: &SiteCard,
        more: &Subject,
        out: &Path,
        random: &mut dyn Random,
        clock: &Clock,
    ) -> Result<KeyBundle, SiteError> {
        self.site.same_world(&to.scheme, to.rehearsal)?;
        if out.exists() {
            return Err(KeyFileError::Exists {
                path: out.display().to_string(),
            }
            .into());
        }
        let sealed = self.site.seal_bundle(&self.store, keys, to, more, random, clock)?;
        // On the disk before the ledger says that it was made; in its place only after that.
        let file = Draft::write(out, sealed.text.as_bytes(), 0o600)?;
        for export in sealed.exports {
            self.append(Act::KeyExport(export))?;
        }
        file.publish()?;
        Ok(sealed.bundle)
    }

    /// Takes the keys of a bundle over: signature, sender, receiver, scheme, rehearsal flag and every check value must be
    /// right before the first key is stored. A key that is there already with the same check value is left as it is, so
    /// that a broken-off reception can be repeated.
    pub fn receive(
        &mut self,
        path: &Path,
        random: &mut dyn Random,
        clock: &Clock,
    ) -> Result<Vec<KeyRecord>, SiteError> {
        let mut taken = Vec::new();
        for ArrivedKey { record, key, body } in self.site.open_bundle(&self.store, path, clock)? {
            self.add_key(record.clone(), key, Act::KeyReceive(body), random)?;
            taken.push(record);
        }
        Ok(taken)
    }
}

impl Site {
    /// Seals keys of an open store for another centre, derived to its level. Nothing is written.
    pub fn seal_bundle(
        &self,
        store: &FileKeyStore,
        keys: &[KeyId],
        to: &SiteCard,
        more: &Subject,
        random: &mut dyn Random,
        clock: &Clock,
    ) -> Result<SealedBundle, SiteError> {
        self.same_world(&to.scheme, to.rehearsal)?;
        let mut bundle = KeyBundle {
            format: FORMAT.into(),
            from: self.card()?,
            to: to.clone(),
            made: clock.now().to_string(),
            keys: Vec::new(),
        };
        // The subject that the other centre is: its own code, this site's, and what the operator adds (a province).
        let scheme = self.scheme();
        let subject = more
            .clone()
            .and(scheme.subject_of(self.owner())?)
            .and(scheme.subject_of(&to.owner)?);
        let mut paths = Vec::new();
        for key in keys {
            let path = self.way_to(key, &to.owner, &subject)?;
            bundle.keys.push(self.seal(store, &path, &bundle, random)?);
            paths.push(path);
        }
        let line = serde_json::to_string(&bundle).unwrap_or_default();
        let signature = store.site_signer().sign(&[SIGNED_PREFIX, line.as_bytes()].concat());
        let text = format!("{line}\n{}\n", BASE64.encode(signature));
        let package = Hash::of(&[text.as_bytes()]);
        let sent = bundle.keys.iter().zip(&paths);
        let exports = sent
            .map(|(key, path)| exported(key, path, to, package))
            .collect::<Result<_, _>>()?;
        Ok(SealedBundle { bundle, text, exports })
    }

    /// The way from a key of this site to another centre's. A centre's own key never leaves as it is; one that this site
    /// derived for that centre and keeps does.
    fn way_to(&self, id: &KeyId, owner: &Owner, subject: &Subject) -> Result<KeyPath, SiteError> {
        let kept_for_it = id.owner == *owner && id.owner != *self.owner();
        let factors = if kept_for_it {
            Vec::new()
        } else {
            self.scheme().factors(&id.owner.level, &owner.level, subject)?
        };
        if factors.is_empty() && !kept_for_it {
            let key = Box::new(id.clone());
            return Err(KeyFileError::NotStorable { key }.into());
        }
        Ok(KeyPath {
            key: id.clone(),
            factors,
        })
    }

    fn seal(
        &self,
        store: &FileKeyStore,
        path: &KeyPath,
        bundle: &KeyBundle,
        random: &mut dyn Random,
    ) -> Result<BundleKey, SiteError> {
        let length = self.config().kcv_length;
        let key = KeyId {
            owner: bundle.to.owner.clone(),
            ..path.key.clone()
        };
        let kcv = KeyStore::kcv(store, path, length)?;
        let bound = bound(&bundle.from, &bundle.to, &key, &kcv);
        let (sealed, kcv) = store.seal_for(path, &bundle.to.exchange, &bound, length, random)?;
        Ok(BundleKey { key, kcv, sealed })
    }

    /// Opens a bundle for this site's store. Everything is checked; nothing is changed. Gives the keys that are not in the
    /// store yet.
    pub fn open_bundle(&self, store: &FileKeyStore, path: &Path, clock: &Clock) -> Result<Vec<ArrivedKey>, SiteError> {
        let (bundle, sender, text) = self.accepted(path)?;
        let mut arrived = Vec::new();
        for entry in &bundle.keys {
            let key = open_sealed(store, entry, &bundle)?;
            let record = KeyRecord {
                id: entry.key.clone(),
                kcv: kcv(entry.key.algorithm, &key, self.config().kcv_length),
                state: KeyState::Active,
                origin: Origin::Imported,
                since: clock.now().to_string(),
                exportability: Exportability::unlimited(),
            };
            let known = store.header().keys.iter().find(|k| k.id == record.id);
            let twice = arrived.iter().any(|k: &ArrivedKey| k.record.id == record.id);
            if twice || known.is_some_and(|known| known.kcv != record.kcv) {
                // The name stands for another key here.
                let key = Box::new(record.id);
                return Err(KeyFileError::KeyExists { key }.into());
            }
            if known.is_none() {
                let mut body = key_arrived(&record)?;
                body.from = Some(Text::new(format!("{} {}", sender.id, sender.owner))?);
                body.package = Some(Hash::of(&[text.as_bytes()]));
                arrived.push(ArrivedKey { record, key, body });
            }
        }
        Ok(arrived)
    }

    /// Reads a bundle for this site by a sender that it trusts. Nothing is opened.
    pub fn read_bundle(&self, path: &Path) -> Result<KeyBundle, SiteError> {
        self.accepted(path).map(|(bundle, _, _)| bundle)
    }

    fn accepted(&self, path: &Path) -> Result<(KeyBundle, SiteCard, String), SiteError> {
        let shown = path.display().to_string();
        let text = read_foreign(path)?;
        let bundle = KeyBundle::parse(&shown, &text)?;
        let sender = self.trusted(&bundle.from.id, &bundle.from.signing)?;
        self.check_parties(&bundle, &sender)?;
        Ok((bundle, sender, text))
    }

    fn check_parties(&self, bundle: &KeyBundle, sender: &SiteCard) -> Result<(), SiteError> {
        self.same_world(&bundle.from.scheme, bundle.from.rehearsal)?;
        self.same_world(&bundle.to.scheme, bundle.to.rehearsal)?;
        let own = self.card()?;
        let differ = |field, file: String, site: String| Err(SiteError::NotForThisSite { field, file, site });
        if bundle.to.owner != own.owner {
            return differ("owner", bundle.to.owner.to_string(), own.owner.to_string());
        }
        if bundle.to.exchange != own.exchange {
            return differ("exchange", bundle.to.exchange.to_string(), own.exchange.to_string());
        }
        if bundle.from != *sender {
            return differ("sender", bundle.from.fingerprint(), sender.fingerprint());
        }
        let scheme = self.scheme();
        let above = |level| scheme.levels().iter().position(|l| l.name == level);
        if above(sender.owner.level.clone()) >= above(own.owner.level.clone()) {
            return differ("sender", sender.owner.to_string(), own.owner.to_string());
        }
        match bundle.keys.iter().find(|k| k.key.owner != own.owner) {
            Some(other) => differ("owner", other.key.owner.to_string(), own.owner.to_string()),
            None => Ok(()),
        }
    }
}

/// One key of a bundle, opened and compared with its check value.
fn open_sealed(store: &FileKeyStore, entry: &BundleKey, bundle: &KeyBundle) -> Result<KeyMaterial, SiteError> {
    let bound = bound(&bundle.from, &bundle.to, &entry.key, &entry.kcv);
    let key = store.open_sealed(&entry.sealed, &bound)?;
    let length = u8::try_from(entry.kcv.as_bytes().len()).unwrap_or_default();
    let got = kcv(entry.key.algorithm, &key, length.try_into().unwrap_or_default());
    if got != entry.kcv {
        return Err(SiteError::Kcv {
            key: entry.key.to_string(),
            expected: entry.kcv.to_string(),
            got: got.to_string(),
        });
    }
    store.check_key(&entry.key, &key)?;
    Ok(key)
}

/// What the ledger records of a key that leaves.
fn exported(key: &BundleKey, path: &KeyPath, to: &SiteCard, package: Hash) -> Result<KeyExport, SiteError> {
    Ok(KeyExport {
        key: Text::new(path.key.to_string())?,
        kcv: ShortHex::new(key.kcv.to_string())?,
        to: Text::new(format!("{} {}", to.id, to.owner))?,
        form: Text::new("sealed bundle")?,
        factors: path.factors.iter().copied().map(short).collect::<Result<_, _>>()?,
        package: Some(package),
        ceremony: None,
    })
}

impl KeyBundle {
    /// Reads a bundle and checks its signature by the key that it names itself; whether that key is trusted is another
    /// question.
    pub fn parse(source: &str, text: &str) -> Result<Self, SiteError> {
        let bad = || SiteError::BadFile {
            path: source.to_owned(),
        };
        let wrong = || SiteError::Signature {
            path: source.to_owned(),
        };
        let lines: Vec<&str> = text.split('\n').collect();
        let [line, signature, ""] = lines[..] else {
            return Err(bad());
        };
        let bundle: Self = serde_json::from_str(line).map_err(|_| bad())?;
        let signature: [u8; 64] = BASE64
            .decode(signature)
            .ok()
            .and_then(|s| s.try_into().ok())
            .ok_or_else(wrong)?;
        if !bundle
            .from
            .signing
            .verify(&[SIGNED_PREFIX, line.as_bytes()].concat(), &signature)
        {
            return Err(wrong());
        }
        let same = serde_json::to_string(&bundle).is_ok_and(|again| again == line);
        if bundle.format == FORMAT && same {
            Ok(bundle)
        } else {
            Err(bad())
        }
    }
}

fn short(factor: Factor) -> Result<ShortHex, SiteError> {
    Ok(ShortHex::new(factor.to_string())?)
}
