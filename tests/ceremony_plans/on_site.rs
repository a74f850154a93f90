// SPDX-License-Identifier: Apache-2.0
//! Each check against officers, paths and a site refuses what it is there for. A test is named after its check.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cardmint::ceremony::Bindings;
use cardmint::ceremony::plan::{
    self, ExchangeFacts, Finding, Incoming, OfficerFacts, Plan, Severity, SiteFacts, StoreFacts,
};
use cardmint::crypto::key_block::{ExchangeAlgorithm, Exportability};
use cardmint::i18n::Msg;
use cardmint::keys::scheme;
use cardmint::keys::{ExchangeName, KeyState};
use cardmint::ledger::Role;

use super::{changed, has_only};

/// The checks that have their test here.
pub(crate) const TESTED: [&str; 12] = [
    "CEREMONY-BOUND-ALL",
    "CEREMONY-BOUND-DIFFERENT",
    "CEREMONY-BOUND-FILES",
    "CEREMONY-SITE-FITS",
    "CEREMONY-SITE-OFFICERS",
    "CEREMONY-SITE-QUORUM",
    "CEREMONY-SITE-STORE",
    "CEREMONY-SITE-KEYS",
    "CEREMONY-SITE-VERSIONS",
    "CEREMONY-SITE-EXCHANGE-KEYS",
    "CEREMONY-SITE-TRAVEL",
    "CEREMONY-SITE-FILES",
];

/// A plan that is bound, and the site for it.
struct Ground {
    plan: Plan,
    bindings: Bindings,
    site: SiteFacts,
    folder: tempfile::TempDir,
}

impl Ground {
    /// A city's plan with everything as it should be.
    fn of(name: &str) -> Self {
        Self::with(plan::load(name).unwrap())
    }

    fn with(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bindings = Bindings::default();
        for id in plan.people() {
            let officer = if plan.newcomers().any(|n| n == id) {
                "newcomer".into()
            } else {
                format!("o-{id}")
            };
            bindings.people.insert(id.clone(), officer);
        }
        for (_, slot, how) in plan.slots() {
            let path = folder.path().join(slot.as_str());
            match how {
                plan::SlotUse::Read => std::fs::write(&path, "x").unwrap(),
                plan::SlotUse::Write => {}
                plan::SlotUse::Pages => std::fs::create_dir_all(&path).unwrap(),
            }
            bindings.files.insert(slot.clone(), path);
        }
        let mut officers: BTreeMap<String, OfficerFacts> = BTreeMap::new();
        for participant in &plan.participants {
            let facts = OfficerFacts {
                roles: vec![participant.role],
                revoked: false,
            };
            officers.insert(format!("o-{}", participant.id), facts);
        }
        for (name, role) in [("o-key-officer-3", Role::KeyOfficer), ("o-leaver", Role::Custodian)] {
            officers.insert(
                name.into(),
                OfficerFacts {
                    roles: vec![role],
                    revoked: false,
                },
            );
        }
        let holders = ["o-key-officer-1", "o-key-officer-2", "o-key-officer-3"];
        let store = StoreFacts {
            quorum: 2,
            holders: holders.map(str::to_owned).into(),
        };
        let scheme = scheme::find(plan.scheme.as_deref().unwrap_or("mohurd"), Path::new("")).unwrap();
        let site = SiteFacts {
            folder: folder.path().join("site"),
            scheme: Arc::new(scheme.with_levels(&[]).unwrap()),
            owner: "city:3100".parse().unwrap(),
            officers,
            store: Some(store),
            keys: BTreeMap::new(),
            limits: BTreeMap::new(),
            exchange_keys: BTreeMap::new(),
            incoming: BTreeMap::new(),
        };
        Self {
            plan,
            bindings,
            site,
            folder,
        }
    }

    /// The site has these keys.
    fn has(mut self, keys: &[&str], state: KeyState) -> Self {
        for key in keys {
            self.site
                .keys
                .insert(format!("{key}@city:3100").parse().unwrap(), state);
        }
        self
    }

    fn found(&self) -> Vec<Finding> {
        self.plan.check(Some(&self.bindings), Some(&self.site))
    }

    fn error(&self, id: &str, also: &[&str]) -> Finding {
        has_only(&self.found(), id, Severity::Error, also)
    }

    fn bind(&mut self, id: &str, officer: &str) {
        self.bindings.people.insert(id.parse().unwrap(), officer.into());
    }
}

const LOAD: &[&str] = &["load.v1.3des", "load.v1.sm4"];
const ROTATED: &[&str] = &[
    "load.v1.3des",
    "pin-unblock.v1.3des",
    "pin-reload.v1.3des",
    "load.v1.sm4",
    "pin-unblock.v1.sm4",
    "pin-reload.v1.sm4",
];

#[test]
fn what_is_right_has_no_finding() {
    for (ground, what) in [
        (Ground::of("mohurd-city"), "mohurd-city"),
        (Ground::of("rotate").has(ROTATED, KeyState::Active), "rotate"),
        (Ground::of("compromise").has(LOAD, KeyState::Retired), "compromise"),
        (Ground::of("destroy").has(LOAD, KeyState::Retired), "destroy"),
        (Ground::of("backup"), "backup"),
        (Ground::of("restore"), "restore"),
        (Ground::of("replace-custodian"), "replace-custodian"),
    ] {
        let found = ground.found();
        assert!(found.is_empty(), "{what}: {found:?}");
    }
}

#[test]
fn ceremony_bound_all() {
    let mut ground = Ground::of("backup");
    ground.bindings.people.remove(&"custodian-2".parse().unwrap());
    ground.error("CEREMONY-BOUND-ALL", &[]);
    let mut ground = Ground::of("backup");
    ground.bindings.files.remove(&"pages".parse().unwrap());
    ground.error("CEREMONY-BOUND-ALL", &[]);
    let mut ground = Ground::of("backup");
    ground.bind("somebody", "o-x");
    ground.error("CEREMONY-BOUND-ALL", &[]);
    let mut ground = Ground::of("backup");
    ground.bindings.files.insert("other".parse().unwrap(), "x".into());
    ground.error("CEREMONY-BOUND-ALL", &[]);
}

#[test]
fn ceremony_bound_different() {
    let mut ground = Ground::of("backup");
    ground.bind("custodian-2", "o-custodian-1");
    ground.error("CEREMONY-BOUND-DIFFERENT", &[]);
    let mut ground = Ground::of("backup");
    let path = ground.folder.path().join("pages");
    ground.bindings.files.insert("backup".parse().unwrap(), path);
    ground.error("CEREMONY-BOUND-DIFFERENT", &["CEREMONY-BOUND-FILES"]);
}

#[test]
fn ceremony_bound_files() {
    let ground = Ground::of("mohurd-city");
    std::fs::remove_file(ground.folder.path().join("ministry-bundle")).unwrap();
    ground.error("CEREMONY-BOUND-FILES", &[]);
    std::fs::create_dir(ground.folder.path().join("ministry-bundle")).unwrap();
    ground.error("CEREMONY-BOUND-FILES", &[]);
    let ground = Ground::of("backup");
    std::fs::write(ground.folder.path().join("backup"), "an older one").unwrap();
    ground.error("CEREMONY-BOUND-FILES", &[]);
    let ground = Ground::of("backup");
    std::fs::remove_dir(ground.folder.path().join("pages")).unwrap();
    ground.error("CEREMONY-BOUND-FILES", &[]);
    // Pages never come into the site's folder, whatever the way there.
    let site = ground.folder.path().join("site");
    std::fs::create_dir_all(site.join("below")).unwrap();
    std::os::unix::fs::symlink(site.join("below"), ground.folder.path().join("pages")).unwrap();
    ground.error("CEREMONY-BOUND-FILES", &[]);
    let mut ground = Ground::of("backup");
    let nowhere = ground.folder.path().join("no-such-folder").join("backup");
    ground.bindings.files.insert("backup".parse().unwrap(), nowhere);
    ground.error("CEREMONY-BOUND-FILES", &[]);
}

#[test]
fn ceremony_site_fits() {
    let mut ground = Ground::of("mohurd-city");
    ground.site.owner = "ministry".parse().unwrap();
    ground.error("CEREMONY-SITE-FITS", &["CEREMONY-KEY-FITS"]);
    let mut ground = Ground::of("mohurd-city");
    ground.site.scheme = Arc::new(scheme::find("metro", Path::new("")).unwrap());
    ground.error("CEREMONY-SITE-FITS", &["CEREMONY-KEY-FITS"]);
}

#[test]
fn ceremony_site_officers() {
    let mut ground = Ground::of("backup");
    ground.site.officers.remove("o-custodian-1");
    ground.error("CEREMONY-SITE-OFFICERS", &[]);
    let mut ground = Ground::of("backup");
    ground.site.officers.get_mut("o-custodian-1").unwrap().revoked = true;
    ground.error("CEREMONY-SITE-OFFICERS", &[]);
    let mut ground = Ground::of("backup");
    ground.site.officers.get_mut("o-custodian-1").unwrap().roles = vec![Role::Operator];
    ground.error("CEREMONY-SITE-OFFICERS", &[]);
    let mut ground = Ground::of("replace-custodian");
    ground.bind("newcomer", "o-leaver");
    ground.error("CEREMONY-SITE-OFFICERS", &["CEREMONY-BOUND-DIFFERENT"]);
    let mut ground = Ground::of("replace-custodian");
    ground.bind("newcomer", "no/name");
    ground.error("CEREMONY-SITE-OFFICERS", &[]);
    let mut ground = Ground::of("replace-custodian");
    ground.site.officers.get_mut("o-leaver").unwrap().revoked = true;
    ground.error("CEREMONY-SITE-OFFICERS", &[]);
}

#[test]
fn ceremony_site_quorum() {
    let mut ground = Ground::of("backup");
    ground.site.store.as_mut().unwrap().quorum = 3;
    ground.error("CEREMONY-SITE-QUORUM", &[]);
    let mut ground = Ground::of("backup");
    ground.site.store = None;
    ground.error("CEREMONY-SITE-QUORUM", &[]);
    let mut ground = Ground::of("restore");
    ground.site.store = None;
    assert!(ground.found().is_empty());
}

#[test]
fn ceremony_site_store() {
    // The one who leaves holds a share, and the store is not shared anew.
    let mut ground = Ground::of("replace-custodian");
    ground.site.store.as_mut().unwrap().holders.insert("o-leaver".into());
    assert!(ground.found().is_empty());
    let without = changed(
        "replace-custodian",
        "do = \"reshare\"\nquorum = 2\nholders = [\"key-officer-1\", \"key-officer-2\", \"key-officer-3\"]",
        "do = \"pin\"\nname = \"default\"",
    );
    let text = without.replace(
        "[[officer]]\nid = \"key-officer-3\"",
        "[[expect]]\npins = [\"default\"]\nstate = \"active\"\n[[officer]]\nid = \"key-officer-3\"",
    );
    let text = text.replace("id = \"key-officer-3\"\ntitle = { en = \"a holder of the key store who need not be here\", zh = \"无须到场的密钥库份额持有人\" }\n", "id = \"key-officer-3\"\n");
    let text = text.replace("[[officer]]\nid = \"key-officer-3\"\n", "");
    let mut ground = Ground::with(plan::read(&text, "changed").unwrap());
    assert!(ground.found().is_empty(), "{:?}", ground.found());
    ground.site.store.as_mut().unwrap().holders.insert("o-leaver".into());
    ground.error("CEREMONY-SITE-STORE", &[]);
    // A holder who has no role for it.
    let mut ground = Ground::of("restore");
    ground.site.officers.get_mut("o-key-officer-3").unwrap().roles = vec![Role::Auditor];
    ground.error("CEREMONY-SITE-STORE", &[]);
    // Too few are left.
    let mut ground = Ground::of("backup");
    let store = ground.site.store.as_mut().unwrap();
    store.holders.remove("o-key-officer-3");
    store.quorum = 3;
    ground.error("CEREMONY-SITE-STORE", &["CEREMONY-SITE-QUORUM"]);
}

#[test]
fn ceremony_site_keys() {
    Ground::of("mohurd-city")
        .has(LOAD, KeyState::Destroyed)
        .error("CEREMONY-SITE-KEYS", &[]);
    Ground::of("destroy").error("CEREMONY-SITE-KEYS", &[]);
    let ground = Ground::of("destroy").has(&LOAD[..1], KeyState::Retired);
    let hit = ground.error("CEREMONY-SITE-KEYS", &[]);
    assert_eq!(hit.path, "step[0].keys");
    // States are those of the site.
    let ground = Ground::of("destroy").has(LOAD, KeyState::Compromised);
    ground.error("CEREMONY-KEY-STATE", &[]);
    let ground = Ground::of("destroy").has(LOAD, KeyState::Active);
    has_only(&ground.found(), "CEREMONY-KEY-STATE", Severity::Warning, &[]);
}

#[test]
fn ceremony_site_versions() {
    let ground = Ground::of("rotate")
        .has(ROTATED, KeyState::Active)
        .has(&["load.v3.sm4"], KeyState::Active);
    ground.error("CEREMONY-SITE-VERSIONS", &[]);
    let ground = Ground::of("mohurd-city").has(&["load.v2.sm4"], KeyState::Active);
    has_only(&ground.found(), "CEREMONY-SITE-VERSIONS", Severity::Warning, &[]);
}

const BLOCKS: &str = "[[step]]\nid = \"blocks\"\ndo = \"export-block\"\nkeys = [\"load.v1.sm4\"]\nunder = \"kek\"\nfile = \"out\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]";

fn kek(algorithm: ExchangeAlgorithm, state: KeyState) -> BTreeMap<ExchangeName, ExchangeFacts> {
    BTreeMap::from([("kek".parse().unwrap(), ExchangeFacts { algorithm, state })])
}

#[test]
fn ceremony_site_exchange_keys() {
    let text = changed("backup", "[[step]]", BLOCKS);
    let mut ground = Ground::with(plan::read(&text, "changed").unwrap()).has(LOAD, KeyState::Active);
    ground.error("CEREMONY-SITE-EXCHANGE-KEYS", &[]);
    ground.site.exchange_keys = kek(ExchangeAlgorithm::Aes128, KeyState::Active);
    assert!(ground.found().is_empty(), "{:?}", ground.found());
    ground.site.exchange_keys = kek(ExchangeAlgorithm::Aes128, KeyState::Retired);
    ground.error("CEREMONY-SITE-EXCHANGE-KEYS", &[]);
    ground.site.exchange_keys = kek(ExchangeAlgorithm::Tdes168, KeyState::Active);
    ground.error("CEREMONY-EXCHANGE-KEY", &[]);
    let enter = "[[step]]\nid = \"kek\"\ndo = \"import-exchange-key\"\nname = \"kek\"\nalgorithm = \"aes-128\"\ncustodians = [\"custodian-1\", \"custodian-2\"]\nconfirm = [\"key-officer-1\", \"key-officer-2\"]\n[[expect]]\nexchange-keys = [\"kek\"]\nstate = \"active\"\n[[step]]";
    let text = changed("backup", "[[step]]", enter);
    let mut ground = Ground::with(plan::read(&text, "changed").unwrap());
    assert!(ground.found().is_empty(), "{:?}", ground.found());
    ground.site.exchange_keys = kek(ExchangeAlgorithm::Aes128, KeyState::Active);
    ground.error("CEREMONY-SITE-EXCHANGE-KEYS", &[]);
}

#[test]
fn ceremony_site_travel() {
    let limited = |text: &str, limit| {
        let mut ground = Ground::with(plan::read(text, "changed").unwrap()).has(LOAD, KeyState::Active);
        ground.site.exchange_keys = kek(ExchangeAlgorithm::Aes256, KeyState::Active);
        let key = "load.v1.sm4@city:3100".parse().unwrap();
        ground.site.limits.insert(key, limit);
        ground
    };
    let blocks = changed("backup", "[[step]]", BLOCKS);
    limited(&blocks, Exportability::No).error("CEREMONY-SITE-TRAVEL", &[]);
    assert!(limited(&blocks, Exportability::Trusted).found().is_empty());
    let forms = changed(
        "backup",
        "[[step]]",
        "[[step]]\nid = \"forms\"\ndo = \"export-forms\"\nkey = \"load.v1.sm4\"\ncustodians = [\"custodian-1\", \"custodian-2\"]\npages = \"pages\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]",
    );
    limited(&forms, Exportability::Trusted).error("CEREMONY-SITE-TRAVEL", &[]);
    assert!(limited(&forms, Exportability::Sensitive).found().is_empty());
}

#[test]
fn ceremony_site_files() {
    let see = |mut ground: Ground, step: &str, slot: &str, seen: Result<Incoming, Msg>| {
        ground
            .site
            .incoming
            .insert((step.parse().unwrap(), slot.parse().unwrap()), seen);
        ground
    };
    let city = |keys: &[&str]| Incoming::Bundle {
        keys: keys
            .iter()
            .map(|key| format!("{key}@city:3100").parse().unwrap())
            .collect(),
    };
    let six = [
        "purchase.v1.3des",
        "app-maintenance.v1.3des",
        "tac.v1.3des",
        "purchase.v1.sm4",
        "app-maintenance.v1.sm4",
        "tac.v1.sm4",
    ];
    let bundle = |seen| see(Ground::of("mohurd-city"), "take-ministry-keys", "ministry-bundle", seen);
    assert!(bundle(Ok(city(&six))).found().is_empty());
    bundle(Ok(city(&six[..5]))).error("CEREMONY-SITE-FILES", &[]);
    let more = [&six[..], &["purchase.v2.sm4"]].concat();
    bundle(Ok(city(&more))).error("CEREMONY-SITE-FILES", &[]);
    bundle(Err(cardmint::msg!("plan-read", source = "x", what = "y"))).error("CEREMONY-SITE-FILES", &[]);
    let backup = |threshold, custodians: &[&str]| {
        let custodians = custodians.iter().map(|c| (*c).to_owned()).collect();
        see(
            Ground::of("restore"),
            "restore",
            "backup",
            Ok(Incoming::Backup { threshold, custodians }),
        )
    };
    let three = ["o-custodian-1", "o-custodian-2", "o-other"];
    assert!(backup(2, &three).found().is_empty());
    backup(3, &three).error("CEREMONY-SITE-FILES", &[]);
    backup(2, &three[..1]).error("CEREMONY-SITE-FILES", &[]);
    let import = "[[step]]\nid = \"in\"\ndo = \"import-block\"\nkeys = [\"load.v1.sm4\", \"load.v1.3des\"]\nunder = \"kek\"\nfile = \"blocks\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[expect]]\nkeys = [\"load.v1.sm4\", \"load.v1.3des\"]\nstate = \"active\"\n[[step]]";
    let blocks = |count| {
        let text = changed("backup", "[[step]]", import);
        let mut ground = Ground::with(plan::read(&text, "changed").unwrap());
        ground.site.exchange_keys = kek(ExchangeAlgorithm::Aes256, KeyState::Active);
        see(ground, "in", "blocks", Ok(Incoming::Blocks { count }))
    };
    assert!(blocks(2).found().is_empty(), "{:?}", blocks(2).found());
    blocks(3).error("CEREMONY-SITE-FILES", &[]);
    let export = "[[step]]\nid = \"down\"\ndo = \"export-bundle\"\nkeys = [\"purchase.v1.sm4\"]\nto = \"card\"\nfile = \"bundle\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]";
    let card = |owner: &str| {
        let text = changed("backup", "[[step]]", export);
        let mut ground = Ground::with(plan::read(&text, "changed").unwrap());
        ground.site.owner = "ministry".parse().unwrap();
        let key = "purchase.v1.sm4@ministry".parse().unwrap();
        ground.site.keys.insert(key, KeyState::Active);
        see(
            ground,
            "down",
            "card",
            Ok(Incoming::Card {
                owner: owner.parse().unwrap(),
            }),
        )
    };
    assert!(card("city:3100").found().is_empty(), "{:?}", card("city:3100").found());
    card("ministry").error("CEREMONY-SITE-FILES", &[]);
}
