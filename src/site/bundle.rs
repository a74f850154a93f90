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
use super::{SiteCard, SiteError, key_arrived};
use crate::crypto::key_block::Exportability;
use crate::crypto::{Factor, Kcv, kcv};
use crate::keys::file_store::{Draft, SealedKey};
use crate::keys::{KeyId, KeyPath, KeyRecord, KeyState, Origin, Owner, Subject};
use crate::ledger::act::{Act, KeyExport};
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
            return Err(crate::keys::KeyFileError::Exists {
                path: out.display().to_string(),
            }
            .into());
        }
        let from = self.site.card()?;
        let subject = self.subject_of(&to.owner, more)?;
        let mut bundle = KeyBundle {
            format: FORMAT.into(),
            from,
            to: to.clone(),
            made: clock.now().to_string(),
            keys: Vec::new(),
        };
        let mut sent = Vec::new();
        for key in keys {
            let (entry, path) = self.seal(key, &bundle, &subject, random)?;
            bundle.keys.push(entry);
            sent.push(path);
        }
        let text = self.signed(&bundle);
        // On the disk before the ledger says that it was made; in its place only after that.
        let file = Draft::write(out, text.as_bytes(), 0o600)?;
        let package = Hash::of(&[text.as_bytes()]);
        for (key, path) in bundle.keys.iter().zip(&sent) {
            let factors = path.factors.iter().copied().map(short).collect::<Result<_, _>>()?;
            let (kcv, form) = (ShortHex::new(key.kcv.to_string())?, Text::new("sealed bundle")?);
            let (source, receiver) = (
                Text::new(path.key.to_string())?,
                Text::new(format!("{} {}", to.id, to.owner))?,
            );
            let export = KeyExport {
                key: source,
                kcv,
                to: receiver,
                form,
                factors,
                package: Some(package),
                ceremony: None,
            };
            self.append(Act::KeyExport(export))?;
        }
        file.publish()?;
        Ok(bundle)
    }

    /// The subject that another centre is: its own code, this site's, and what the operator adds (a province).
    fn subject_of(&self, owner: &Owner, more: &Subject) -> Result<Subject, SiteError> {
        let scheme = self.site.scheme();
        Ok(more
            .clone()
            .and(scheme.subject_of(self.site.owner())?)
            .and(scheme.subject_of(owner)?))
    }

    fn seal(
        &self,
        id: &KeyId,
        bundle: &KeyBundle,
        subject: &Subject,
        random: &mut dyn Random,
    ) -> Result<(BundleKey, KeyPath), SiteError> {
        let level = &bundle.to.owner.level;
        let factors = self.site.scheme().factors(&id.owner.level, level, subject)?;
        let path = KeyPath {
            key: id.clone(),
            factors,
        };
        if path.factors.is_empty() {
            return Err(crate::keys::KeyFileError::NotStorable {
                key: Box::new(id.clone()),
            }
            .into());
        }
        let length = self.site.config().kcv_length;
        let key = KeyId {
            owner: bundle.to.owner.clone(),
            ..id.clone()
        };
        let kcv = crate::keys::KeyStore::kcv(&self.store, &path, length)?;
        let bound = bound(&bundle.from, &bundle.to, &key, &kcv);
        let (sealed, kcv) = self
            .store
            .seal_for(&path, &bundle.to.exchange, &bound, length, random)?;
        Ok((BundleKey { key, kcv, sealed }, path))
    }

    fn signed(&self, bundle: &KeyBundle) -> String {
        let line = serde_json::to_string(bundle).unwrap_or_default();
        let signature = self
            .store
            .site_signer()
            .sign(&[SIGNED_PREFIX, line.as_bytes()].concat());
        format!("{line}\n{}\n", BASE64.encode(signature))
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
        let shown = path.display().to_string();
        let text = read_foreign(path)?;
        let bundle = KeyBundle::parse(&shown, &text)?;
        let sender = self.site.trusted(&bundle.from.id, &bundle.from.signing)?;
        self.check_parties(&bundle, &sender)?;
        let mut records = Vec::new();
        for entry in &bundle.keys {
            let key = self
                .store
                .open_sealed(&entry.sealed, &bound(&bundle.from, &bundle.to, &entry.key, &entry.kcv))?;
            let length = u8::try_from(entry.kcv.as_bytes().len()).unwrap_or_default();
            let got = kcv(entry.key.algorithm, &key, length.try_into().unwrap_or_default());
            if got != entry.kcv {
                let (key, expected) = (entry.key.to_string(), entry.kcv.to_string());
                return Err(SiteError::Kcv {
                    key,
                    expected,
                    got: got.to_string(),
                });
            }
            self.store.check_key(&entry.key, &key)?;
            let own = kcv(entry.key.algorithm, &key, self.site.config().kcv_length);
            let (state, origin, since) = (KeyState::Active, Origin::Imported, clock.now().to_string());
            records.push((
                KeyRecord {
                    id: entry.key.clone(),
                    kcv: own,
                    state,
                    origin,
                    since,
                    exportability: Exportability::unlimited(),
                },
                key,
            ));
        }
        // A name that stands for another key here: found before the first key is stored.
        for (record, _) in &records {
            if self.known(record).is_some_and(|known| known.kcv != record.kcv) {
                let key = Box::new(record.id.clone());
                return Err(crate::keys::KeyFileError::KeyExists { key }.into());
            }
        }
        let mut taken = Vec::new();
        for (record, key) in records {
            if self.known(&record).is_some() {
                continue;
            }
            let mut arrived = key_arrived(&record)?;
            arrived.from = Some(Text::new(format!("{} {}", sender.id, sender.owner))?);
            arrived.package = Some(Hash::of(&[text.as_bytes()]));
            self.add_key(record.clone(), key, Act::KeyReceive(arrived), random)?;
            taken.push(record);
        }
        Ok(taken)
    }

    fn known(&self, record: &KeyRecord) -> Option<&KeyRecord> {
        self.store.header().keys.iter().find(|k| k.id == record.id)
    }

    fn check_parties(&self, bundle: &KeyBundle, sender: &SiteCard) -> Result<(), SiteError> {
        self.site.same_world(&bundle.from.scheme, bundle.from.rehearsal)?;
        self.site.same_world(&bundle.to.scheme, bundle.to.rehearsal)?;
        let own = self.site.card()?;
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
        let scheme = self.site.scheme();
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
