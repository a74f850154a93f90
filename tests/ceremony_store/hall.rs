// SPDX-License-Identifier: Apache-2.0
//! A rehearsal site in which ceremonies are held, and ceremonies as short as the ledger takes them.
#![allow(dead_code)] // each test program uses its part of it

use std::path::{Path, PathBuf};

use cardmint::crypto::seal::KdfParams;
use cardmint::crypto::{Algorithm, KeyMaterial, SecretBytes, kcv, random_key};
use cardmint::keys::file_store::Draft;
use cardmint::keys::scheme::Title;
use cardmint::keys::{Change, KeyRecord, KeyState, OfficerKeys, Origin, Pending};
use cardmint::ledger::act::{Act, CeremonyBegin, CeremonyEnd, CeremonyResult, KeySeen, Participant, StepDone};
use cardmint::ledger::verify::{Against, verify};
use cardmint::ledger::{Entry, Hash, Moment, Nonce, Role, Text, Word};
use cardmint::outside::{Clock, Random, SystemRandom, Unobserved};
use cardmint::site::{NewOfficer, NewSite, Session, Site, SiteError, Step, found, key_arrived, with_signers};

pub const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

pub fn pass(name: &str) -> SecretBytes {
    SecretBytes::new(format!("passphrase of {name}").into_bytes())
}

pub fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

/// A site whose officers are key officers and custodians at once.
pub fn found_site(folder: &Path, names: &[&str], quorum: u8) -> Site {
    let officer = |name: &&str| NewOfficer {
        name: (*name).to_owned(),
        roles: vec![Role::KeyOfficer, Role::Custodian],
        passphrase: pass(name),
    };
    let new = NewSite {
        folder: folder.to_owned(),
        name: Title {
            en: "Hall".into(),
            zh: "会堂".into(),
        },
        scheme: "mohurd".into(),
        level: "city".parse().unwrap(),
        code: "3100".into(),
        levels: Vec::new(),
        rehearsal: true,
        officers: names.iter().map(officer).collect(),
        unlock: quorum,
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: false,
        costs: QUICK,
    };
    found(&new, &mut SystemRandom, &Clock::System).unwrap()
}

/// The officers' keys, opened anew each time as a ceremony does.
pub fn people(site: &Site, names: &[&str]) -> Vec<OfficerKeys> {
    let ledger = site.ledger_read_only().unwrap();
    let open = |name: &&str| site.officer(&ledger, name, &pass(name), QUICK).unwrap();
    names.iter().map(open).collect()
}

pub fn open(site: &Site, names: &[&str]) -> Result<Session, SiteError> {
    Session::open(site.clone(), site.ledger()?, people(site, names), Clock::System)
}

/// A ceremony that has begun.
pub struct Ceremony {
    pub begin: u64,
    pub nonce: Nonce,
    pub participants: Vec<OfficerKeys>,
}

/// Signs a plan that nobody reads.
pub fn begin(session: &mut Session, names: &[&str]) -> Ceremony {
    let participants = people(&session.site, names);
    let mut nonce = [0; 8];
    SystemRandom.fill(&mut nonce).unwrap();
    let nonce = Nonce::of(nonce);
    let named = names.iter().enumerate().map(|(at, name)| Participant {
        id: text(&format!("custodian-{}", at + 1)),
        role: Role::Custodian,
        officer: text(name),
    });
    let act = Act::CeremonyBegin(CeremonyBegin {
        plan: plan(),
        title: text("Test"),
        nonce: nonce.clone(),
        participants: named.collect(),
        program: text("cardmint test"),
        build: Hash::of(&[b"build"]),
        resumes: None,
    });
    let people: Vec<&OfficerKeys> = participants.iter().collect();
    let entry = with_signers(&people, |signers| session.ledger.append(act, signers, &Clock::System)).unwrap();
    Ceremony {
        begin: entry.seq,
        nonce,
        participants,
    }
}

fn plan() -> Hash {
    Hash::of(&[b"plan"])
}

/// The key that an act brings into the site.
fn brought(act: &Act) -> Option<KeySeen> {
    match act {
        Act::KeyGenerate(key) | Act::KeyImport(key) | Act::KeyDerive(key) | Act::KeyReceive(key) => Some(KeySeen {
            key: key.key.clone(),
            kcv: key.kcv.clone(),
        }),
        _ => None,
    }
}

impl Ceremony {
    /// The entry that ends it.
    pub fn end(&self, result: CeremonyResult, acts: &[Act]) -> Act {
        let keys: Vec<KeySeen> = acts.iter().filter_map(brought).collect();
        let now = Moment::new(Clock::System.now().to_string()).unwrap();
        let step = StepDone {
            id: text("all"),
            kind: Word::new("test").unwrap(),
            began: now.clone(),
            ended: now,
            by: Vec::new(),
            keys,
            components: Vec::new(),
            shares: Vec::new(),
            files: Vec::new(),
            confirmed: Vec::new(),
            events: Vec::new(),
        };
        Act::CeremonyEnd(CeremonyEnd {
            begin: self.begin,
            plan: plan(),
            nonce: self.nonce.clone(),
            result,
            reason: None,
            steps: vec![step],
        })
    }

    /// Concludes it, everything signed by everybody.
    pub fn conclude(
        &self,
        session: &mut Session,
        pending: Pending,
        acts: Vec<Act>,
        files: Vec<Draft>,
        at: &mut dyn FnMut(Step),
    ) -> Result<Vec<Entry>, SiteError> {
        let everybody = || self.participants.iter().collect::<Vec<&OfficerKeys>>();
        let end = self.end(CeremonyResult::Completed, &acts);
        let acts = acts.into_iter().map(|act| act.within(self.begin));
        let acts = acts.chain([end]).map(|act| (act, everybody()));
        session.conclude(pending, acts.collect(), files, &mut SystemRandom, at)
    }

    /// Gives it up.
    pub fn abandon(&self, session: &mut Session) {
        let people: Vec<&OfficerKeys> = self.participants.iter().collect();
        let act = self.end(CeremonyResult::Abandoned, &[]);
        with_signers(&people, |signers| session.ledger.append(act, signers, &Clock::System)).unwrap();
    }
}

/// A fresh key with its record.
pub fn fresh(name: &str, session: &Session) -> (KeyRecord, KeyMaterial) {
    let key = random_key::generate(Algorithm::Tdes, &mut SystemRandom).unwrap();
    let record = KeyRecord {
        id: name.parse().unwrap(),
        kcv: kcv(Algorithm::Tdes, &key, session.site.config().kcv_length),
        state: KeyState::Active,
        origin: Origin::Generated,
        since: "2026-01-01T00:00:00Z".into(),
        exportability: cardmint::crypto::key_block::Exportability::unlimited(),
    };
    (record, key)
}

/// Applies a fresh key to a pending generation and gives the act for it.
pub fn generate(name: &str, session: &Session, pending: &mut Pending) -> Act {
    let (record, key) = fresh(name, session);
    let act = Act::KeyGenerate(key_arrived(&record).unwrap());
    pending
        .apply(Change::AddKey { record, key }, &mut SystemRandom)
        .unwrap();
    act
}

/// A file's name with an ending put behind it.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Begins a ceremony where one may be open still: its process was killed.
pub fn begin_again(session: &mut Session, names: &[&str]) -> Ceremony {
    let open = session
        .ledger
        .latest(&["ceremony.begin", "ceremony.end"], &|_| true)
        .unwrap();
    if let Some((seq, Act::CeremonyBegin(begun))) = open.map(|entry| (entry.seq, entry.act)) {
        let officers: Vec<String> = begun.participants.iter().map(|p| p.officer.to_string()).collect();
        let names: Vec<&str> = officers.iter().map(String::as_str).collect();
        let lost = Ceremony {
            begin: seq,
            nonce: begun.nonce,
            participants: people(&session.site, &names),
        };
        lost.abandon(session);
    }
    begin(session, names)
}

/// The whole ledger, verified as an auditor does it.
pub fn verified(site: &Site) {
    let against = Against {
        copy: Some(site.checkpoint_copy()),
        key: None,
    };
    let report = verify(&site.ledger_path(), &against, &mut Unobserved).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}
