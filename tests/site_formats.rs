// SPDX-License-Identifier: Apache-2.0
//! The examples of docs/formats open with this program: key store, officer's key file, site.toml, site card. When a format
//! changes, the old examples stay and new ones are added.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use cardmint::crypto::key_block::Exportability;
use cardmint::crypto::key_block::{ExchangeAlgorithm, ExchangeKey};
use cardmint::crypto::seal::KdfParams;
use cardmint::crypto::shamir::Share;
use cardmint::crypto::{Algorithm, SecretBytes, component, kcv};
use cardmint::keys::file_store::Backup;
use cardmint::keys::scheme::{Title, find};
use cardmint::keys::{
    Change, ExchangeRecord, FileKeyStore, KeyRecord, KeyState, KeyStore, Mark, OfficerKeys, Origin, StorePlace,
};
use cardmint::ledger::Role;
use cardmint::ledger::act::Act;
use cardmint::outside::{Clock, SystemRandom};
use cardmint::site::{NewOfficer, NewSite, Session, SiteCard, SiteConfig, found, key_arrived};

/// So weak that the program would refuse it from its users: an example need not take long.
const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};
/// An exchange key for rehearsals.
const EXCHANGE: &str = "0F1E2D3C4B5A69788796A5B4C3D2E1F0";
/// A key from the manual of a card system, for rehearsals.
const KEY: &str = "00112233445566778899AABBCCDDEEFF";

fn pass() -> SecretBytes {
    SecretBytes::new(b"example passphrase".to_vec())
}

/// The first fenced block of a kind behind a mark in a page.
fn block(page: &str, behind: &str, fence: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats").join(page);
    let text = fs::read_to_string(path).unwrap();
    let rest = text.split_once(behind).unwrap().1;
    let inside = rest.split_once(&format!("```{fence}\n")).unwrap().1;
    inside.split_once("\n```").unwrap().0.to_owned() + "\n"
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The store behind a mark of its page, opened with the officer of the officers' page.
fn example_store(folder: &Path, behind: &str) -> FileKeyStore {
    let officer = folder.join("zhang.key");
    write(&officer, &block("officer.md", "## `officers/NAME.key`", "text"));
    let keys = OfficerKeys::open(&officer, &pass(), QUICK).unwrap();
    let place = StorePlace::in_site(folder);
    write(place.file(), &block("key-store.md", behind, "text"));
    let scheme = Arc::new(find("mohurd", Path::new(".")).unwrap());
    FileKeyStore::unlock(place, scheme, &[&keys]).unwrap()
}

#[test]
fn the_example_store_opens_with_the_example_officer() {
    let folder = tempfile::tempdir().unwrap();
    let store = example_store(folder.path(), "## Example");
    let header = store.header();
    assert!(header.rehearsal && header.quorum == 1 && header.generation == 3);
    let stored = store.keys();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].id.to_string(), "load.v1.3des@city:3100");
    let key = component::from_hex(&SecretBytes::new(KEY.into())).unwrap();
    assert_eq!(stored[0].kcv, kcv(Algorithm::Tdes, &key, 3.try_into().unwrap()));
    assert_eq!(store.pin("holder").unwrap().len(), 3);
}

#[test]
fn the_example_store_of_format_2_opens_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = example_store(folder.path(), "### Format 2");
    assert_eq!((store.keys().len(), store.header().generation), (1, 4));
    let [record] = store.exchange_keys() else {
        panic!("one exchange key")
    };
    let key = ExchangeKey::from_hex(ExchangeAlgorithm::Aes128, &SecretBytes::new(EXCHANGE.into())).unwrap();
    assert_eq!((record.name.as_str(), record.kcv), ("ministry", key.kcv()));
    assert_eq!(store.pin("holder").unwrap().len(), 3);
}

#[test]
fn the_example_backup_opens_with_two_of_its_shares() {
    let text = block("backup.md", "## Example", "text");
    let backup = Backup::parse(Path::new("backup.md"), text.as_bytes()).unwrap();
    let header = backup.header();
    assert_eq!((header.threshold, header.generation, header.key_count()), (2, 4, 2));
    let page = block("backup.md", "The shares", "text");
    let share = |line: &str| {
        let (index, digits) = line.split_once(' ').unwrap();
        let secret = SecretBytes::new(hex::decode(digits).unwrap());
        Share::from_parts(index.parse().unwrap(), 2, secret).unwrap()
    };
    let shares: Vec<Share> = page.lines().map(share).collect();
    assert_eq!(shares.len(), 3);
    for (share, officer) in shares.iter().zip(["zhang", "li", "wang"]) {
        assert_eq!(backup.check_share(share, officer).unwrap().index, share.index());
    }
    backup.open(&shares[..2]).unwrap();
    backup.open(&shares[1..]).unwrap();
    assert!(backup.open(&shares[..1]).is_err());
}

#[test]
fn the_example_site_and_card_read() {
    let text = block("site.md", "Unknown fields", "toml");
    let config = SiteConfig::parse("site.md", &text).unwrap();
    assert_eq!((config.code.as_str(), config.rehearsal), ("3100", true));
    assert_eq!(config.text(), text);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card");
    let text = block("key-bundle.md", "## Site card", "json");
    fs::write(&path, &text).unwrap();
    let card = SiteCard::read(&path).unwrap();
    assert_eq!((card.owner.to_string().as_str(), card.text()), ("city:3100", text));
}

/// The example of format 1 with an exchange key more.
fn format_2(folder: &Path) {
    let mut store = example_store(folder, "## Example");
    let key = ExchangeKey::from_hex(ExchangeAlgorithm::Aes128, &SecretBytes::new(EXCHANGE.into())).unwrap();
    let record = ExchangeRecord {
        name: "ministry".parse().unwrap(),
        algorithm: key.algorithm(),
        kcv: key.kcv(),
        state: KeyState::Active,
        origin: Origin::Components,
        since: "2026-11-21T02:40:00Z".into(),
    };
    let mark = Mark {
        after: 3,
        act: "key.import".into(),
        about: "exchange/ministry".into(),
    };
    let change = Change::AddExchangeKey { record, key };
    let staged = store.stage(change, mark, &mut SystemRandom).unwrap();
    store.commit(staged).unwrap();
    let custodians = ["zhang", "li", "wang"].map(ToOwned::to_owned);
    let made = "2026-11-21T02:41:00Z";
    let (backup, shares) = store.back_up(2, &custodians, made, &mut SystemRandom).unwrap();
    fs::write(folder.join("backup"), backup.text()).unwrap();
    let digits = |share: &Share| share.secret().in_command([0; 4], |wire| hex::encode(&wire[5..]));
    let lines: Vec<String> = shares.iter().map(|s| format!("{} {}", s.index(), digits(s))).collect();
    fs::write(folder.join("shares"), lines.join("\n")).unwrap();
}

#[test]
#[ignore = "writes new examples for the pages into a folder"]
fn new_examples() {
    let Ok(folder) = std::env::var("CARDMINT_TEST_EXAMPLES") else {
        return;
    };
    let folder = Path::new(&folder);
    format_2(&folder.join("format-2"));
    let folder = folder.join("site");
    let officer = NewOfficer {
        name: "zhang".into(),
        roles: vec![Role::KeyOfficer],
        passphrase: pass(),
    };
    let new = NewSite {
        folder,
        name: Title {
            en: "Hangzhou".into(),
            zh: "杭州".into(),
        },
        scheme: "mohurd".into(),
        level: "city".parse().unwrap(),
        code: "3100".into(),
        levels: Vec::new(),
        rehearsal: true,
        officers: vec![officer],
        unlock: 1,
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: false,
        costs: QUICK,
    };
    let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
    let ledger = site.ledger().unwrap();
    let officer = site.officer(&ledger, "zhang", &pass(), QUICK).unwrap();
    let mut session = Session::open(site, ledger, vec![officer], Clock::System).unwrap();
    let key = component::from_hex(&SecretBytes::new(KEY.into())).unwrap();
    let record = KeyRecord {
        id: "load.v1.3des@city:3100".parse().unwrap(),
        kcv: kcv(Algorithm::Tdes, &key, 3.try_into().unwrap()),
        state: KeyState::Active,
        origin: Origin::Components,
        since: Clock::System.now().to_string(),
        exportability: Exportability::unlimited(),
    };
    let act = Act::KeyImport(key_arrived(&record).unwrap());
    session.add_key(record, key, act, &mut SystemRandom).unwrap();
    let pin = SecretBytes::new(vec![0x12, 0x34, 0x56]);
    session.set_pin("holder", pin, &mut SystemRandom).unwrap();
    let card = session.site.card().unwrap().text();
    fs::write(session.site.folder().join("card"), card).unwrap();
}
