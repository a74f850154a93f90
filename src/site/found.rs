// SPDX-License-Identifier: Apache-2.0
//! Making a site. Everything is made in a folder beside and renamed into place at the end: there is a whole site or none.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::card::check_title;
use super::config::SiteConfig;
use super::log_key::sign_tree;
use super::officers::{check_name, holds_share, with_signers};
use super::{Site, SiteError, leads_out};
use crate::crypto::seal::KdfParams;
use crate::crypto::sign::PublicKey;
use crate::crypto::{KcvLength, SecretBytes};
use crate::keys::scheme::{self, Scheme, Title};
use crate::keys::{FileKeyStore, LevelName, OfficerKeys, Owner, StorePlace};
use crate::ledger::act::{Officer, SiteInit};
use crate::ledger::{Founding, Ledger, Policy, Role, SiteId, Text, VerifyKey};
use crate::outside::{Clock, Random};

/// An officer to be enrolled.
#[derive(Debug)]
pub struct NewOfficer {
    /// The name.
    pub name: String,
    /// What for.
    pub roles: Vec<Role>,
    /// The passphrase.
    pub passphrase: SecretBytes,
}

/// What a new site is to be.
#[derive(Debug)]
pub struct NewSite {
    /// Its folder, which does not exist yet or is empty.
    pub folder: PathBuf,
    /// Its name.
    pub name: Title,
    /// A shipped scheme's name or a file; a file is copied into the site.
    pub scheme: String,
    /// Its level.
    pub level: LevelName,
    /// Its code there; empty at the top.
    pub code: String,
    /// Optional levels that are switched on.
    pub levels: Vec<LevelName>,
    /// A rehearsal for good.
    pub rehearsal: bool,
    /// The first officers.
    pub officers: Vec<NewOfficer>,
    /// How many of them open the key store.
    pub unlock: u8,
    /// Check values' length; `None`: the scheme's.
    pub kcv_length: Option<KcvLength>,
    /// Where the last checkpoint is kept; `None`: in the site's folder.
    pub checkpoint_copy: Option<PathBuf>,
    /// Refuse work where memory cannot be locked.
    pub require_memory_lock: bool,
    /// Cards only by templates that were approved in the ledger.
    pub approved_templates: bool,
    /// Keys are made, moved and destroyed in ceremonies only.
    pub keys_by_ceremony: bool,
    /// Costs of passphrases.
    pub costs: KdfParams,
}

/// The code as the ledger has it: entries have no empty texts.
pub(super) fn code_text(owner: &Owner) -> String {
    if owner.code.is_empty() {
        "-".into()
    } else {
        owner.code.clone()
    }
}

impl NewSite {
    /// Whether there can be such a site in such a folder, whoever its officers are; nothing is touched.
    pub fn check(&self) -> Result<(Scheme, Owner), SiteError> {
        let scheme = scheme::find(&self.scheme, Path::new("."))?.with_levels(&self.levels)?;
        let owner = scheme.owner_with_code(&self.level, &self.code)?;
        if scheme.level(&owner.level)?.leaf {
            let (level, scheme) = (owner.level, scheme.name().to_owned());
            return Err(SiteError::LeafLevel { level, scheme });
        }
        for name in [&self.name.en, &self.name.zh] {
            check_title(name)?;
        }
        if let Some(copy) = self.checkpoint_copy.as_ref().filter(|copy| copy.exists()) {
            // Another site's, perhaps: not this attempt's to clear away.
            let path = copy.display().to_string();
            return Err(SiteError::CopyThere { path });
        }
        self.last()?;
        if fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let folder = self.folder.display().to_string();
            return Err(SiteError::NotEmpty { folder });
        }
        Ok((scheme, owner))
    }

    /// The folder's last part without a slash behind it; `.` and `..` have none, and nothing can be renamed to them.
    fn last(&self) -> Result<&OsStr, SiteError> {
        let folder = || self.folder.display().to_string();
        let last = self.folder.file_name();
        last.ok_or_else(|| SiteError::FolderName { folder: folder() })
    }
}

/// Makes the site.
pub fn found(new: &NewSite, random: &mut dyn Random, clock: &Clock) -> Result<Site, SiteError> {
    let (scheme, owner) = new.check()?;
    if !new.rehearsal && new.officers.len() < 2 {
        return Err(SiteError::OneOfficer);
    }
    for officer in &new.officers {
        check_name(&officer.name)?;
    }
    let mut name = new.last()?.to_owned();
    name.push(".founding");
    let draft = new.folder.with_file_name(name);
    let _ = fs::remove_dir_all(&draft);
    let made = build(new, &draft, scheme, owner, random, clock).and_then(|()| publish(&draft, &new.folder));
    if made.is_err() {
        // Nothing of a failed attempt stays: it would hold officers' keys.
        let _ = fs::remove_dir_all(&draft);
        if let Some(copy) = new.checkpoint_copy.as_ref().filter(|c| c.is_absolute()) {
            let _ = fs::remove_file(copy);
        }
    }
    made?;
    Site::open(&new.folder)
}

fn build(
    new: &NewSite,
    draft: &Path,
    scheme: Scheme,
    owner: Owner,
    random: &mut dyn Random,
    clock: &Clock,
) -> Result<(), SiteError> {
    for folder in [draft.to_owned(), draft.join("officers"), draft.join("trusted")] {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|e| io(&folder, &e))?;
    }
    let scheme = Arc::new(scheme);
    let site = Site {
        folder: draft.to_owned(),
        config: config(new, &scheme, &owner, random)?,
        scheme,
        owner,
    };
    let (_, text) = scheme::load(&new.scheme, Path::new("."))?;
    write(&draft.join(COPIED_SCHEME), &text)?;
    write(&draft.join("site.toml"), &site.config.text())?;
    let mut people = Vec::new();
    for officer in &new.officers {
        let keys = OfficerKeys::generate(&officer.name, random)?;
        site.write_officer(&keys, &officer.roles, &officer.passphrase, new.costs, random)?;
        people.push(keys);
    }
    let holders: Vec<(String, PublicKey)> = people
        .iter()
        .zip(&new.officers)
        .filter(|(_, new)| holds_share(&new.roles))
        .map(|(keys, _)| (keys.name.clone(), keys.exchange_public()))
        .collect();
    let place = StorePlace::in_site(draft);
    let id = &site.config.id;
    let store = FileKeyStore::create(
        place,
        site.scheme.clone(),
        id,
        new.rehearsal,
        new.unlock,
        &holders,
        random,
    )?;
    let init = first_entry(new, &site, &people, &store)?;
    let founding = Founding {
        site: SiteId::new(id.as_str())?,
        init,
    };
    let log_key = |bytes: &[u8]| store.site_signer().sign(bytes);
    let people: Vec<&OfficerKeys> = people.iter().collect();
    let (path, copy) = (site.ledger_path(), site.checkpoint_copy());
    with_signers(&people, |signers| {
        let mut ledger = Ledger::create(&path, Some(&copy), founding, signers, &log_key, clock)?;
        sign_tree(&mut ledger, &store).map(drop)
    })?;
    Ok(())
}

/// A site keeps the scheme that it was founded on, shipped or not: another version of the program cannot change it.
const COPIED_SCHEME: &str = "scheme.toml";

fn config(new: &NewSite, scheme: &Scheme, owner: &Owner, random: &mut dyn Random) -> Result<SiteConfig, SiteError> {
    let mut number = [0; 4];
    random.fill(&mut number)?;
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let word: String = new.name.en.chars().map(plain).collect();
    let word: Vec<&str> = word.split('-').filter(|part| !part.is_empty()).collect();
    let mut id = hex::encode(number);
    for part in word.iter().take_while(|part| part.len() < 16).take(2) {
        id.push('-');
        id.push_str(part);
    }
    Ok(SiteConfig {
        format: SiteConfig::current_format(),
        id,
        scheme: COPIED_SCHEME.into(),
        level: owner.level.clone(),
        code: owner.code.clone(),
        levels: new.levels.clone(),
        rehearsal: new.rehearsal,
        kcv_length: new.kcv_length.unwrap_or(scheme.kcv_length()),
        checkpoint_copy: new.checkpoint_copy.clone().unwrap_or_else(|| "checkpoint.note".into()),
        require_memory_lock: new.require_memory_lock,
        blacklist_on: Vec::new(),
        name: new.name.clone(),
    })
}

fn first_entry(
    new: &NewSite,
    site: &Site,
    people: &[OfficerKeys],
    store: &FileKeyStore,
) -> Result<SiteInit, SiteError> {
    let officer = |(keys, new): (&OfficerKeys, &NewOfficer)| {
        let key = VerifyKey(keys.signing.public().0);
        Ok(Officer {
            name: Text::new(keys.name.as_str())?,
            roles: new.roles.clone(),
            key,
            ceremony: None,
        })
    };
    Ok(SiteInit {
        name: Text::new(site.config.name.en.as_str())?,
        level: Text::new(site.owner.level.as_str())?,
        scheme: Text::new(site.scheme.name())?,
        code: Text::new(code_text(&site.owner))?,
        rehearsal: new.rehearsal,
        log_key: VerifyKey(store.site_signer().public().0),
        log_sm2: store.sm2_signer().map(|key| key.public().into()),
        officers: people
            .iter()
            .zip(&new.officers)
            .map(officer)
            .collect::<Result<_, SiteError>>()?,
        policy: policy(new),
        program: Text::new(concat!("cardmint ", env!("CARGO_PKG_VERSION")))?,
        kcv_length: new.kcv_length.map(|length| u8::from(length).into()),
        memory_lock: new.require_memory_lock,
        copy_outside: new
            .checkpoint_copy
            .as_ref()
            .is_some_and(|copy| leads_out(&new.folder, copy)),
    })
}

/// Two officers for everything that touches keys and officers, wherever there are two; by roles.
fn policy(new: &NewSite) -> Policy {
    let mut policy = if new.officers.len() < 2 {
        Policy::default()
    } else {
        Policy::production()
            .for_card_centre()
            .with("pin.set", 2, &[])
            .with("site.trust", 2, &[])
            .with("log.key", 2, &[])
    };
    policy.approved_templates = new.approved_templates;
    policy.keys_by_ceremony = new.keys_by_ceremony;
    for (act, rule) in &mut policy.rules {
        if ["key.", "log.key", "officer.", "pin.set", "site.trust"]
            .iter()
            .any(|of| act.starts_with(of))
        {
            rule.roles = vec![Role::KeyOfficer];
            rule.approvers = vec![Role::KeyOfficer, Role::Supervisor, Role::Witness];
        }
    }
    // Auditors and witnesses look on; they issue nothing.
    let issue = [Role::Operator, Role::Supervisor, Role::KeyOfficer];
    for act in [
        "card.intent",
        "card.outcome",
        "psam.intent",
        "psam.outcome",
        "purse.load",
        "purse.purchase",
    ] {
        policy = policy.with(act, 1, &issue);
    }
    policy
}

fn publish(draft: &Path, folder: &Path) -> Result<(), SiteError> {
    fs::rename(draft, folder).map_err(|e| io(folder, &e))?;
    let above = folder
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::File::open(above)
        .and_then(|f| f.sync_all())
        .map_err(|e| io(above, &e))
}

fn write(path: &Path, text: &str) -> Result<(), SiteError> {
    Ok(crate::keys::file_store::replace(path, text.as_bytes(), 0o600)?)
}

fn io(path: &Path, e: &std::io::Error) -> SiteError {
    SiteError::Io {
        path: path.display().to_string(),
        what: e.to_string(),
    }
}
