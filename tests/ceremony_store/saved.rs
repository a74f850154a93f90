// SPDX-License-Identifier: Apache-2.0
//! A site whose store was backed up in a ceremony, and the way back.
#![allow(dead_code)] // each test program uses its part of it

use std::fs;
use std::path::{Path, PathBuf};

use super::hall::*;
use cardmint::crypto::component::from_hex;
use cardmint::crypto::key_block::{ExchangeAlgorithm, ExchangeKey};
use cardmint::crypto::pack::copy_of;
use cardmint::crypto::shamir::Share;
use cardmint::crypto::{Algorithm, SecretBytes, kcv};
use cardmint::keys::file_store::Draft;
use cardmint::keys::{Change, ExchangeRecord, FileKeyStore, InternalUse, KeyState, Origin};
use cardmint::ledger::act::Act;
use cardmint::outside::{Clock, SystemRandom};
use cardmint::site::{NewBackup, Restoration, Session, Site, SiteError, Step, exchange_key_arrived, key_arrived};

pub const PEOPLE: [&str; 3] = ["zhang", "li", "wang"];
pub const LOAD: &str = "load.v1.3des@city:3100";
pub const TAC: &str = "tac.v1.3des@city:3100";
pub const LATER: &str = "unload.v1.3des@city:3100";
pub const CANARY: &str = "C9A17E4D5B8F2063D4E1907B3C6AF852";

/// A site with two keys, a PIN, an exchange key and a secret inside, all of it backed up 2 of 3 in the ceremony that made it.
pub struct Saved {
    pub site: Site,
    pub file: PathBuf,
    pub shares: Vec<Share>,
}

pub fn saved(folder: &Path) -> Saved {
    let site = found_site(&folder.join("site"), &PEOPLE, 2);
    let mut session = open(&site, &PEOPLE[..2]).unwrap();
    session.need_secret(InternalUse::Holders, &mut SystemRandom).unwrap();
    let ceremony = begin(&mut session, &PEOPLE);
    let mut pending = session.store.begin().unwrap();
    let mut acts = vec![generate(TAC, &session, &mut pending)];
    let (mut record, _) = fresh(LOAD, &session);
    let key = from_hex(&SecretBytes::new(CANARY.into())).unwrap();
    record.kcv = kcv(Algorithm::Tdes, &key, session.site.config().kcv_length);
    acts.push(Act::KeyImport(key_arrived(&record).unwrap()));
    pending
        .apply(Change::AddKey { record, key }, &mut SystemRandom)
        .unwrap();
    let key = ExchangeKey::generate(ExchangeAlgorithm::Aes256, &mut SystemRandom).unwrap();
    let record = ExchangeRecord {
        name: "bank".parse().unwrap(),
        algorithm: key.algorithm(),
        kcv: key.kcv(),
        state: KeyState::Active,
        origin: Origin::Generated,
        since: "2026-01-01T00:00:00Z".into(),
    };
    acts.push(Act::KeyGenerate(exchange_key_arrived(&record, site.owner()).unwrap()));
    pending
        .apply(Change::AddExchangeKey { record, key }, &mut SystemRandom)
        .unwrap();
    let pin = SecretBytes::new(vec![0x12, 0x34, 0x56]);
    acts.push(pin_set());
    pending
        .apply(
            Change::SetPin {
                name: "user".into(),
                pin,
            },
            &mut SystemRandom,
        )
        .unwrap();
    let new = back_up(&site, pending.store());
    let file = folder.join("backup");
    let draft = Draft::held(&file, new.backup.text().as_bytes(), 0o600).unwrap();
    acts.push(Act::StoreBackup(new.body));
    ceremony
        .conclude(&mut session, pending, acts, vec![draft], &mut |_| {})
        .unwrap();
    session.checkpoint().unwrap();
    Saved {
        site,
        file,
        shares: new.shares,
    }
}

fn pin_set() -> Act {
    Act::PinSet(cardmint::ledger::act::PinSet {
        name: text("user"),
        ceremony: None,
    })
}

pub fn back_up(site: &Site, store: &FileKeyStore) -> NewBackup {
    let custodians = PEOPLE.map(ToOwned::to_owned);
    site.back_up(store, 2, &custodians, &mut SystemRandom, &Clock::System)
        .unwrap()
}

pub fn again(share: &Share) -> Share {
    Share::from_parts(share.index(), share.threshold(), copy_of(share.secret())).unwrap()
}

pub fn lose(site: &Site) {
    fs::remove_file(site.store_place().file()).unwrap();
}

pub fn without_store(site: &Site) -> Result<Session, SiteError> {
    let ledger = site.ledger()?;
    let people = people(site, &PEOPLE);
    Session::open_without_store(site.clone(), ledger, people, Clock::System, &mut SystemRandom)
}

/// Everything up to the change and its acts.
pub fn restoration(saved: &Saved, session: &Session) -> Result<Restoration, SiteError> {
    let known = saved.site.known_backup(&session.ledger, &saved.file)?;
    for (share, officer) in saved.shares.iter().zip(PEOPLE).take(2) {
        known.check_share(&session.ledger, share, officer)?;
    }
    let shares: Vec<Share> = saved.shares[..2].iter().map(again).collect();
    known.open(&session.ledger, &shares)
}

pub fn restore(saved: &Saved, session: &mut Session, give_up: Option<&str>) -> Result<(), SiteError> {
    let ceremony = begin(session, &PEOPLE);
    restore_in(&ceremony, saved, session, give_up, &mut |_| {})
}

pub fn restore_in(
    ceremony: &Ceremony,
    saved: &Saved,
    session: &mut Session,
    give_up: Option<&str>,
    at: &mut dyn FnMut(Step),
) -> Result<(), SiteError> {
    let mut pending = session.store.begin()?;
    let restoration = restoration(saved, session)?;
    let holders = restoration.former_holders(&session.ledger);
    let (change, acts) = restoration.into_change(2, holders, give_up)?;
    pending.apply(change, &mut SystemRandom)?;
    ceremony.conclude(session, pending, acts, Vec::new(), at).map(drop)
}

/// A share as a custodian might write it down.
pub fn on_paper(share: &Share) -> String {
    let mut digits = String::new();
    // What travels in the data field of a command is what is on the paper here.
    share
        .secret()
        .in_command([0; 4], |wire| digits = hex::encode(&wire[5..]));
    format!("{} {} {digits}", share.index(), share.threshold())
}

/// And read again.
pub fn from_paper(line: &str) -> Share {
    let [index, threshold, digits] = line.split(' ').collect::<Vec<_>>()[..] else {
        panic!("three words")
    };
    let secret = SecretBytes::new(hex::decode(digits).unwrap());
    Share::from_parts(index.parse().unwrap(), threshold.parse().unwrap(), secret).unwrap()
}
