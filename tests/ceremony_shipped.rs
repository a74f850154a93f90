// SPDX-License-Identifier: Apache-2.0
//! Every ceremony that comes with the program is held, byte for byte as it is shipped: ministry and city, ministry and issuer,
//! campus; then what a city does in the years after. Each time the keys are exactly those that the plan expects, and the
//! verdict on transcript and ledger is good.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // the rig is shared; a test may fail where it stands

#[path = "ceremony/hall.rs"]
mod hall;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cardmint::ceremony::plan::{self, Bindings, Do, Plan, SHIPPED};
use cardmint::ceremony::room::scripted::{Answer, Asked, Scripted};
use cardmint::ceremony::run::World;
use cardmint::crypto::SecretBytes;
use cardmint::crypto::written::Kind;
use cardmint::keys::scheme::Title;
use cardmint::keys::{KeyPath, KeyStore, LevelName};
use cardmint::ledger::Role;
use cardmint::outside::{Clock, SystemRandom};
use cardmint::site::{NewOfficer, NewSite, Session, Site, found};
use hall::{Centre, Ceremony, QUICK, between, passphrase, sheet, shown, usual, verdict};

/// A centre whose officers are called as the people of the plans.
fn centre(scheme: &str, level: &str, code: &str) -> Centre {
    centre_with(scheme, level, code, Vec::new())
}

/// A centre whose scheme has these optional levels switched on.
fn centre_with(scheme: &str, level: &str, code: &str, levels: Vec<LevelName>) -> Centre {
    let folder = tempfile::tempdir().unwrap();
    let officer = |name: String, role: Role| NewOfficer {
        passphrase: SecretBytes::new(passphrase(&name).into_bytes()),
        name,
        roles: vec![role],
    };
    let mut officers: Vec<NewOfficer> = (1..=3)
        .map(|n| officer(format!("key-officer-{n}"), Role::KeyOfficer))
        .collect();
    officers.extend((1..=5).map(|n| officer(format!("custodian-{n}"), Role::Custodian)));
    officers.extend((1..=4).map(|n| officer(format!("leader-{n}"), Role::Custodian)));
    officers.push(officer("leaver".into(), Role::Custodian));
    officers.push(officer("witness".into(), Role::Witness));
    officers.push(officer("auditor".into(), Role::Auditor));
    let new = NewSite {
        folder: folder.path().join("site"),
        name: Title {
            en: "Test centre".into(),
            zh: "测试中心".into(),
        },
        scheme: scheme.into(),
        level: level.parse().unwrap(),
        code: code.into(),
        levels,
        rehearsal: true,
        officers,
        unlock: 2,
        kcv_length: None,
        checkpoint_copy: None,
        require_memory_lock: false,
        approved_templates: false,
        keys_by_ceremony: true,
        costs: QUICK,
    };
    let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
    Centre { folder, site }
}

/// The same centre once more, to go on in another way.
fn copy(centre: &Centre) -> Centre {
    let folder = tempfile::tempdir().unwrap();
    let mut cp = std::process::Command::new("cp");
    cp.arg("-a").arg(centre.site.folder()).arg(folder.path().join("site"));
    assert!(cp.status().unwrap().success());
    let site = Site::open(&folder.path().join("site")).unwrap();
    Centre { folder, site }
}

/// What people have on paper, and what they type.
#[derive(Default)]
struct Papers {
    /// Shares by person, from the last backup.
    shares: BTreeMap<String, String>,
    /// How often each person was asked for something typed.
    typed: BTreeMap<String, usize>,
}

/// The written form on a page: the longest run of groups of six digits, with their numbers between them.
fn written_in(page: &str) -> String {
    let group = |w: &str| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    let text = page
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    let (mut best, mut run) = (Vec::new(), Vec::new());
    for word in text.flat_map(str::split_whitespace) {
        if group(word) {
            run.push(word);
        } else if word.len() > 2 || !word.bytes().all(|b| b.is_ascii_digit()) {
            run.clear();
        }
        if run.len() > best.len() {
            best.clone_from(&run);
        }
    }
    best.join(" ")
}

impl Papers {
    fn answer(&mut self, asked: &Asked<'_>) -> Answer {
        let who = asked.who.map(|p| p.id.clone()).unwrap_or_default();
        *self.typed.entry(who.clone()).or_default() += 1;
        let question = asked.question.render(cardmint::i18n::Lang::En);
        match asked.question.id() {
            // Another component for every person and every question.
            "ceremony-ask-component" => {
                let number: u8 = who.rsplit_once('-').unwrap().1.parse().unwrap();
                let mut bytes = *b"aQ7#kd0!zLp5@x2^";
                bytes[0] ^= number << 4;
                bytes[9] ^= asked.number as u8;
                sheet(Kind::Component, (number, 3), [0x4B, 0x1C], bytes).as_str().into()
            }
            "ceremony-ask-factor" | "ceremony-ask-again" => format!("the factor of {who} 1984").as_str().into(),
            "ceremony-ask-share" => self.shares[&who].as_str().into(),
            "ceremony-ask-back" => {
                let page = asked.papers.iter().rev().find(|(whose, _, _)| *whose == who).unwrap();
                let share = written_in(&shown(&page.2));
                self.shares.insert(who, share.clone());
                share.as_str().into()
            }
            "ceremony-ask-kcv-shown" => between(&question, " is ", ". Type").into(),
            _ => usual(asked),
        }
    }
}

/// Holds a shipped plan; its files get these paths.
fn hold(centre: &Centre, name: &str, files: &[(&str, &Path)], papers: &mut Papers) {
    let plan = plan::load(name).unwrap();
    assert_eq!(plan.text(), SHIPPED.iter().find(|(n, _)| *n == name).unwrap().1);
    hold_plan(centre, plan, files, papers);
}

fn hold_plan(centre: &Centre, plan: Plan, files: &[(&str, &Path)], papers: &mut Papers) {
    let name = plan.source().to_owned();
    let mut bindings = Bindings::default();
    for id in plan.people() {
        bindings.bind_person(&format!("{id}={id}")).unwrap();
    }
    let pages = centre.path("pages");
    fs::create_dir_all(&pages).unwrap();
    for (slot, path) in files.iter().chain(&[("pages", pages.as_path())]) {
        if plan.slots().any(|(_, known, _)| known.as_str() == *slot) {
            bindings.bind_file(&format!("{slot}={}", path.display())).unwrap();
        }
    }
    let ceremony = Ceremony {
        plan,
        bindings,
        file: None,
        world: World::Rehearsal,
        resume: false,
    };
    let mut room = Scripted::new(|asked| papers.answer(asked));
    let done = ceremony
        .hold(&centre.site, &mut room)
        .unwrap_or_else(|e| panic!("{name}: {e}"));
    let handed = room.papers.len();
    assert_eq!(room.cleared.len(), handed, "{name}: every page is taken away");
    drop(room);
    let judged = verdict(centre, &done);
    assert!(judged.good(), "{name}: {:?}", judged.findings);
    assert_eq!(done.steps.len(), ceremony.plan.steps.len());
    centre.verified();
    let pages: usize = ceremony.plan.steps.iter().map(|s| pages_of(&s.what)).sum();
    assert_eq!(handed, pages, "{name}");
    as_expected(centre, &ceremony.plan);
}

fn pages_of(what: &Do) -> usize {
    match what {
        Do::Backup(work) => work.custodians.len(),
        Do::Split(work) => work.custodians.len(),
        _ => 0,
    }
}

/// The site has the keys and PINs that the plan expects, in these states.
fn as_expected(centre: &Centre, plan: &Plan) {
    let keys = centre.keys();
    let header = centre.site.store_place().header().unwrap();
    for expect in &plan.expected {
        for key in &expect.keys {
            let wanted = format!("{} {}", key.at(centre.site.owner()), expect.state);
            assert!(keys.contains(&wanted), "{wanted} is not among {keys:?}");
        }
        assert!(expect.pins.iter().all(|pin| header.pins.contains(pin)));
    }
}

fn count(plan: &str) -> usize {
    plan::load(plan).unwrap().expected.iter().map(|e| e.keys.len()).sum()
}

/// A centre unlocked by two of its key officers.
fn open(centre: &Centre) -> Session {
    let officers = ["key-officer-1", "key-officer-2"].map(|name| centre.officer(name));
    let ledger = centre.site.ledger().unwrap();
    Session::open(centre.site.clone(), ledger, officers.into(), Clock::System).unwrap()
}

/// The two centres know each other, and the upper one seals keys for the lower one by this shipped plan.
fn send(upper: &Centre, lower: &Centre, name: &str, out: &Path) {
    for (here, there) in [(upper, lower), (lower, upper)] {
        let card = there.site.card().unwrap();
        open(here).trust(&card, &card.fingerprint()).unwrap();
    }
    let card = upper.path("receiver.site");
    fs::write(&card, lower.site.card().unwrap().text()).unwrap();
    let mut papers = Papers::default();
    hold(upper, name, &[("receiver-card", &card), ("bundle", out)], &mut papers);
    assert!(out.is_file());
}

/// Keys come to a centre by a plan without level; what it takes over is what the sent bundle has.
fn taken(centre: &Centre, sealed: &Path) {
    let (_, text) = SHIPPED.iter().find(|(name, _)| *name == "mot-issuer").unwrap();
    let keys = "keys = [\"purchase.v1.3des\", \"app-maintenance.v1.3des\", \"tac.v1.3des\", \
                \"purchase.v65.sm4\", \"app-maintenance.v65.sm4\", \"tac.v65.sm4\"]\n";
    let head = text.split("[[participant]]").next().unwrap();
    let people: Vec<String> = (1..=2)
        .map(|n| format!("[[participant]]\nid = \"key-officer-{n}\"\nrole = \"key-officer\"\n"))
        .collect();
    let text = format!(
        "{}{}[[step]]\nid = \"take\"\ndo = \"receive\"\nfile = \"bundle\"\n{keys}\
         by = [\"key-officer-1\", \"key-officer-2\"]\n[[expect]]\n{keys}state = \"active\"\n",
        head.replace("level = \"issuer\"\n", ""),
        people.concat()
    );
    let plan = plan::read(&text, "take").unwrap();
    hold_plan(centre, plan, &[("bundle", sealed)], &mut Papers::default());
}

#[test]
fn the_construction_ministry_and_a_city_over_the_years() {
    let (ministry, mut papers) = (centre("mohurd", "ministry", ""), Papers::default());
    hold(
        &ministry,
        "mohurd-ministry-root",
        &[("backup", &ministry.path("first"))],
        &mut papers,
    );
    assert_eq!(ministry.keys().len(), count("mohurd-ministry-root"));

    let city = centre("mohurd", "city", "3100");
    let sealed = city.path("ministry.bundle");
    send(&ministry, &city, "mohurd-send", &sealed);
    let mut papers = Papers::default();
    hold(
        &city,
        "mohurd-city",
        &[("ministry-bundle", &sealed), ("backup", &city.path("first"))],
        &mut papers,
    );
    assert_eq!(city.keys().len(), count("mohurd-city"));
    for custodian in ["custodian-1", "custodian-2", "custodian-3"] {
        assert!(
            papers.typed[custodian] <= 10,
            "{custodian} types {} things",
            papers.typed[custodian]
        );
    }

    // The load keys become known: another course of the same city.
    let other = copy(&city);
    hold(
        &other,
        "compromise",
        &[("backup", &other.path("after"))],
        &mut Papers::default(),
    );
    assert_eq!(other.keys().len(), count("mohurd-city") + 2);

    hold(&city, "rotate", &[("backup", &city.path("second"))], &mut papers);
    assert_eq!(city.keys().len(), count("mohurd-city") + 6);
    hold(&city, "destroy", &[], &mut papers);
    hold(&city, "backup", &[("backup", &city.path("third"))], &mut papers);

    // The store is lost, and comes back with two shares.
    let before = city.keys();
    fs::remove_dir_all(city.site.folder().join("keys")).unwrap();
    fs::create_dir(city.site.folder().join("keys")).unwrap();
    hold(&city, "restore", &[("backup", &city.path("third"))], &mut papers);
    assert_eq!(city.keys(), before);

    hold(
        &city,
        "replace-custodian",
        &[("backup", &city.path("fourth"))],
        &mut papers,
    );
    let ledger = city.site.ledger().unwrap();
    let of = |name: &str| {
        ledger
            .state()
            .officers
            .iter()
            .find(|(n, _)| n.as_str() == name)
            .unwrap()
            .1
            .clone()
    };
    assert!(of("leaver").revoked && !of("newcomer").revoked);
    assert_eq!(of("newcomer").roles, [Role::Custodian]);
    assert!(papers.shares.contains_key("newcomer"));
}

#[test]
fn the_transport_ministry_and_an_issuer() {
    let ministry = centre("mot", "ministry", "");
    hold(
        &ministry,
        "mot-ministry-root",
        &[("backup", &ministry.path("first"))],
        &mut Papers::default(),
    );
    assert_eq!(ministry.keys().len(), count("mot-ministry-root"));
    let issuer = centre("mot", "issuer", "01011000");
    let sealed = issuer.path("ministry.bundle");
    send(&ministry, &issuer, "mot-send", &sealed);
    hold(
        &issuer,
        "mot-issuer",
        &[("ministry-bundle", &sealed), ("backup", &issuer.path("first"))],
        &mut Papers::default(),
    );
    assert_eq!(issuer.keys().len(), count("mot-issuer"));
}

#[test]
fn a_ministry_sends_to_a_province_and_the_province_to_its_issuer_by_one_plan() {
    let place = |level: &str, code: &str| centre_with("mot", level, code, vec!["province".parse().unwrap()]);
    let ministry = place("ministry", "");
    let backup = ministry.path("first");
    hold(
        &ministry,
        "mot-ministry-root",
        &[("backup", &backup)],
        &mut Papers::default(),
    );
    let (province, issuer) = (place("province", "3300"), place("issuer", "01011000"));
    let (first, second) = (province.path("first.bundle"), issuer.path("second.bundle"));
    send(&ministry, &province, "mot-send", &first);
    taken(&province, &first);
    send(&province, &issuer, "mot-send", &second);
    taken(&issuer, &second);
    // The issuer has what the ministry derives in two stages.
    let way = |centre: &Centre, key: &str, factors: &[&str]| {
        let path = KeyPath {
            key: key.parse().unwrap(),
            factors: factors.iter().map(|f| f.parse().unwrap()).collect(),
        };
        let session = open(centre);
        session.store.kcv(&path, session.site.config().kcv_length).unwrap()
    };
    for (version, cipher) in [(1, "3des"), (65, "sm4")] {
        let key = |owner: &str| format!("purchase.v{version}.{cipher}@{owner}");
        let down = way(&ministry, &key("ministry"), &["3300FF0000000000", "01011000FFFFFFFF"]);
        let owner = issuer.site.owner().to_string();
        assert_eq!(down, way(&issuer, &key(&owner), &[]));
    }
}

#[test]
fn a_campus_makes_the_same_tree_of_the_same_factors() {
    let values = || {
        let campus = centre("campus", "issuer", "");
        hold(&campus, "campus", &[], &mut Papers::default());
        let header = campus.site.store_place().header().unwrap();
        header
            .keys
            .iter()
            .map(|k| format!("{} {}", k.id, k.kcv))
            .collect::<Vec<_>>()
    };
    let first = values();
    assert_eq!(first.len(), count("campus"));
    assert_eq!(first, values());
}

#[test]
fn no_shipped_plan_is_left_out() {
    let here = include_str!("ceremony_shipped.rs");
    for (name, _) in SHIPPED {
        assert!(here.contains(&format!("\"{name}\",")), "{name} is held by no test");
    }
}
