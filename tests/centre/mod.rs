// SPDX-License-Identifier: Apache-2.0
//! A rehearsal centre in a folder, with all keys of its scheme and simulated cards in the process.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test program uses its part; a test may fail where it stands

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use cardmint::batch::{self, BatchError, Issued, Job};
use cardmint::card::CardSession;
use cardmint::crypto::key_block::Exportability;
use cardmint::crypto::purse::DateTime;
use cardmint::crypto::seal::KdfParams;
use cardmint::crypto::{KeyMaterial, SecretBytes, kcv, random_key};
use cardmint::keys::scheme::Title;
use cardmint::keys::{KeyId, KeyRecord, KeyState, KeyStore, Origin};
use cardmint::ledger::act::Act;
use cardmint::ledger::{Against, Role};
use cardmint::outside::{Clock, SystemRandom, Unobserved};
use cardmint::perso::script::PersoScript;
use cardmint::perso::{Surroundings, plan};
use cardmint::sim::{Chip, InMemoryReader, SimCard, SimFault, SimFaults, SimOptions, seeded_serial};
use cardmint::site::{NewOfficer, NewSite, Session, Site, found, key_arrived};
use cardmint::template::{Order, RawOrder, Template, load};
use cardmint::transport::CardTransport;
use tempfile::TempDir;

pub const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};
pub const NOW: &str = "20261121093000";

pub fn at() -> DateTime {
    NOW.parse().unwrap()
}

pub fn passphrase(name: &str) -> SecretBytes {
    SecretBytes::new(format!("passphrase of {name}").into_bytes())
}

pub struct Centre {
    pub folder: TempDir,
    pub session: Session,
}

pub type Shared = Arc<Mutex<SimCard>>;

pub fn found_site(folder: &Path, scheme: &str, level: &str, code: &str) -> Site {
    found_with(folder, scheme, level, code, QUICK)
}

fn found_with(folder: &Path, scheme: &str, level: &str, code: &str, costs: KdfParams) -> Site {
    let officer = |name: &str| NewOfficer {
        name: name.to_owned(),
        roles: vec![Role::KeyOfficer, Role::Operator, Role::Supervisor],
        passphrase: passphrase(name),
    };
    let new = NewSite {
        folder: folder.to_owned(),
        name: Title {
            en: "Test centre".into(),
            zh: "测试中心".into(),
        },
        scheme: scheme.into(),
        level: level.parse().unwrap(),
        code: code.into(),
        levels: Vec::new(),
        rehearsal: true,
        officers: vec![officer("zhang"), officer("li")],
        unlock: 2,
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: false,
        costs,
    };
    found(&new, &mut SystemRandom, &Clock::System).unwrap()
}

pub fn open(site: &Site) -> Session {
    open_with(site, QUICK)
}

fn open_with(site: &Site, costs: KdfParams) -> Session {
    let ledger = site.ledger().unwrap();
    let officer = |name: &str| site.officer(&ledger, name, &passphrase(name), costs).unwrap();
    let officers = vec![officer("zhang"), officer("li")];
    Session::open(site.clone(), ledger, officers, Clock::System).unwrap()
}

impl Centre {
    /// With every key of the scheme, each at the level that it is rooted at, and the initial PIN 123456.
    pub fn new(scheme: &str, level: &str, code: &str) -> Self {
        Self::without(scheme, level, code, &[])
    }

    /// The same without some usages.
    pub fn without(scheme: &str, level: &str, code: &str, lacking: &[&str]) -> Self {
        Self::made(scheme, level, code, lacking, QUICK)
    }

    /// With the costs of passphrases that the program itself insists on.
    pub fn for_program(scheme: &str, level: &str, code: &str) -> Self {
        Self::made(scheme, level, code, &[], KdfParams::default())
    }

    fn made(scheme: &str, level: &str, code: &str, lacking: &[&str], costs: KdfParams) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = found_with(&folder.path().join("site"), scheme, level, code, costs);
        let mut centre = Self {
            folder,
            session: open_with(&site, costs),
        };
        let rules: Vec<(String, Option<String>)> = site
            .scheme()
            .usages()
            .iter()
            .map(|u| (u.name.to_string(), u.root.as_ref().map(ToString::to_string)))
            .collect();
        for (usage, root) in rules.iter().filter(|(usage, _)| !lacking.contains(&usage.as_str())) {
            let owner = match root {
                Some(root) if *root != *site.level().as_str() => root.clone(),
                _ => site.owner().to_string(),
            };
            let id: KeyId = format!("{usage}.v1.3des@{owner}").parse().unwrap();
            let key = match usage.as_str() {
                "transport" => KeyMaterial::init_with(|k| k.fill(0xFF)),
                _ => random_key::generate(id.algorithm, &mut SystemRandom).unwrap(),
            };
            centre.add(id, key);
        }
        centre
            .session
            .set_pin("default", pin("123456"), &mut SystemRandom)
            .unwrap();
        centre.session.checkpoint().unwrap();
        centre
    }

    /// An issuer of the transport ministry's scheme with SM4 keys of version 41h beside the 3DES ones.
    pub fn dual_mot() -> Self {
        let mut centre = Self::new("mot", "issuer", "01011000");
        for (usage, owner) in [
            ("purchase", "ministry"),
            ("tac", "ministry"),
            ("load", "issuer:01011000FFFFFFFF"),
        ] {
            let id: KeyId = format!("{usage}.v65.sm4@{owner}").parse().unwrap();
            let key = random_key::generate(id.algorithm, &mut SystemRandom).unwrap();
            centre.add(id, key);
        }
        centre
    }

    pub fn add(&mut self, id: KeyId, key: KeyMaterial) {
        let length = self.session.site.config().kcv_length;
        let record = KeyRecord {
            kcv: kcv(id.algorithm, &key, length),
            id,
            state: KeyState::Active,
            origin: Origin::Generated,
            since: "2026-01-01T00:00:00Z".into(),
            exportability: Exportability::unlimited(),
        };
        let act = Act::KeyGenerate(key_arrived(&record).unwrap());
        self.session.add_key(record, key, act, &mut SystemRandom).unwrap();
    }

    pub fn script(&self, template: &Template, pairs: &[(&str, &str)]) -> Result<PersoScript, BatchError> {
        let facts = batch::facts(&self.session.site)?;
        let raw: RawOrder = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let order = Order::check(template, &raw, NOW, &|name| facts.value(name)).unwrap();
        Ok(plan(
            template,
            &order,
            self.session.site.scheme(),
            &self.session.store.keys(),
            &facts,
        )?)
    }

    pub fn issue(
        &mut self,
        template: &Template,
        script: &PersoScript,
        reader: &mut dyn CardTransport,
    ) -> Result<Issued, BatchError> {
        let (mut random, mut observer) = (SystemRandom, Unobserved);
        let around = Surroundings {
            random: &mut random,
            at: at(),
            observer: &mut observer,
        };
        let job = Job {
            template,
            script,
            batch: None,
            lot: None,
        };
        let mut card = CardSession::new(reader, template.dialect);
        batch::issue(&mut self.session, &job, &mut card, around)
    }

    /// The ledger verifies.
    pub fn verify_ledger(&self) {
        let against = Against {
            copy: Some(self.session.site.checkpoint_copy()),
            ..Against::default()
        };
        let report = cardmint::ledger::verify(&self.session.site.ledger_path(), &against, &mut Unobserved).unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
    }

    /// How many entries the ledger has, and the root over them.
    pub fn ledger(&self) -> (u64, String) {
        let size = self.session.ledger.size();
        (size, self.session.ledger.root_at(size).unwrap().to_string())
    }
}

pub fn pin(digits: &str) -> SecretBytes {
    let typed = SecretBytes::new(digits.as_bytes().to_vec());
    cardmint::crypto::pin::code_pin(&typed).unwrap()
}

pub fn template(name: &str) -> Template {
    load(name).unwrap()
}

pub fn chip_of(template: &Template) -> Chip {
    match template.dialect.name() {
        "metro" => Chip::Metro,
        "fmcos-psam" => Chip::Psam,
        "m1" => Chip::M1,
        _ => Chip::Fmcos,
    }
}

pub fn blank(template: &Template, index: u64) -> Shared {
    let options = SimOptions::default();
    let card = SimCard::new(chip_of(template), seeded_serial(7, index), options, false).seeded(index);
    Arc::new(Mutex::new(card))
}

pub fn on_reader(card: &Shared) -> InMemoryReader {
    InMemoryReader::new("sim:test", Arc::clone(card))
}

pub fn faulty(card: &Shared, at: u32, fault: SimFault) -> InMemoryReader {
    InMemoryReader::with_faults("sim:test", Arc::clone(card), SimFaults::once(at, fault))
}

/// What stands on the card, as the simulator shows it, without the chip's own number.
pub fn state(card: &Shared) -> serde_json::Value {
    let mut shown = serde_json::to_value(card.lock().unwrap().overview()).unwrap();
    if let Some(fields) = shown.as_object_mut() {
        fields.retain(|name, _| name != "serial" && name != "atr");
    }
    shown
}

/// The order of the `n`-th card of a template.
pub fn order(template: &Template, n: u64) -> BTreeMap<String, String> {
    let pairs: &[(&str, String)] = &match template.name.as_str() {
        "metro-user" => vec![
            ("number", format!("3100{n:012}")),
            ("security-code", format!("85{n:016}")),
            ("issuer-code", "0571".to_owned()),
        ],
        "mot-user" => vec![
            ("number", format!("310{n:016}")),
            ("province", "3300".to_owned()),
            ("city", "3310".to_owned()),
        ],
        "campus-m1" => vec![
            ("number", format!("{n:08}")),
            ("uid", hex::encode_upper(&seeded_serial(7, n)[4..])),
            ("balance", "50.00".to_owned()),
        ],
        name if name.ends_with("sam") => vec![("number", format!("3100{n:016}")), ("terminal", format!("3100{n:08}"))],
        _ => vec![("number", format!("3100{n:012}"))],
    };
    pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
}

pub fn pairs(order: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    order.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}
