// SPDX-License-Identifier: Apache-2.0
//! The shipped plans, one after the other, as centres would hold them over the years.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

use cardmint::ceremony::plan::{self, SHIPPED, SlotUse};

use super::people::{Held, Papers, component, hold, passphrase};
use super::pty::CTRL_C;

pub const ROLES: &[(&str, &str)] = &[
    ("key-officer-1", "key-officer"),
    ("key-officer-2", "key-officer"),
    ("key-officer-3", "key-officer"),
    ("custodian-1", "custodian"),
    ("custodian-2", "custodian"),
    ("custodian-3", "custodian"),
    ("custodian-4", "custodian"),
    ("custodian-5", "custodian"),
    ("leader-1", "custodian"),
    ("leader-2", "custodian"),
    ("leader-3", "custodian"),
    ("leader-4", "custodian"),
    ("witness", "witness"),
    ("auditor", "auditor"),
];

/// A folder with a site, its officers' passphrase files, and what they have on paper.
pub struct House {
    pub folder: tempfile::TempDir,
    pub papers: Papers,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        fs::create_dir(&pages).unwrap();
        for name in ROLES.iter().map(|(name, _)| *name).chain(["newcomer"]) {
            let path = folder.path().join(format!("{name}.pass"));
            fs::write(&path, passphrase(name)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let papers = Papers {
            folder: pages,
            ..Papers::default()
        };
        Self { folder, papers }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardmint"));
        command
            .args(["--lang", "en"])
            .args(args)
            .current_dir(self.folder.path());
        command.env_remove("CARDMINT_SITE");
        command
    }

    /// A command without a terminal, which must end so.
    #[track_caller]
    pub fn run(&self, code: i32, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(code), "{args:?}\n{said}");
        said
    }

    /// A site with everybody as officers. Passphrases are slow on purpose: a site that another test of this program had made
    /// is copied.
    pub fn found(&self, site: &str, rehearsal: bool, place: &[&str]) {
        static FOUNDED: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
        let mut founded = FOUNDED.lock().unwrap();
        let number = founded.len();
        let kept = founded
            .entry(format!("{site} {rehearsal} {place:?}"))
            .or_insert_with(|| {
                self.found_anew(site, rehearsal, place);
                // One folder for all runs of this program, so that none is left behind but the last.
                let program = std::env::current_exe().unwrap();
                let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join(program.file_name().unwrap());
                if number == 0 {
                    let _ = fs::remove_dir_all(&all);
                    fs::create_dir(&all).unwrap();
                }
                let kept = all.join(number.to_string());
                copy(&self.path(site), &kept);
                kept
            });
        if !self.path(site).exists() {
            copy(kept, &self.path(site));
        }
    }

    fn found_anew(&self, site: &str, rehearsal: bool, place: &[&str]) {
        let mut args: Vec<String> = ["init", site, "--name", site].map(str::to_owned).to_vec();
        if !place.contains(&"--unlock") {
            args.extend(["--unlock", "2"].map(str::to_owned));
        }
        if rehearsal {
            args.push("--rehearsal".into());
        }
        args.extend(place.iter().map(|s| (*s).to_owned()));
        for (name, role) in ROLES {
            args.extend(["--officer".into(), format!("{name}={role}")]);
        }
        args.extend(Self::passphrase_files(ROLES.iter().map(|(name, _)| *name)));
        self.run(0, &args.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn passphrase_files<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
        names
            .flat_map(|name| ["--passphrase-file".to_owned(), format!("{name}={name}.pass")])
            .collect()
    }

    /// A command by the first two key officers.
    #[track_caller]
    pub fn officers(&self, site: &str, args: &[&str]) -> String {
        let two = ["key-officer-1", "key-officer-2"];
        let mut all: Vec<String> = ["--site", site].map(str::to_owned).to_vec();
        all.extend(args.iter().map(|s| (*s).to_owned()));
        all.extend(two.iter().flat_map(|name| ["--officer".to_owned(), (*name).to_owned()]));
        all.extend(Self::passphrase_files(two.into_iter()));
        self.run(0, &all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The command of a ceremony: everybody is called as in the plan.
    pub fn ceremony(&self, verb: &str, site: &str, plan: &str, files: &[&str]) -> Command {
        self.ceremony_of(verb, site, plan, files, &[("leaver", "custodian-3")])
    }

    /// The same; these people of the plan are other officers.
    pub fn ceremony_of(&self, verb: &str, site: &str, plan: &str, files: &[&str], others: &[(&str, &str)]) -> Command {
        let mut command = self.command(&["--site", site, "ceremony", verb, plan]);
        for line in self.plan(plan).lines() {
            if let Some(id) = line.strip_prefix("id = \"").and_then(|rest| rest.strip_suffix('"'))
                && (ROLES.iter().any(|(name, _)| *name == id) || ["newcomer", "leaver"].contains(&id))
            {
                let other = others.iter().find(|(known, _)| *known == id);
                let officer = other.map_or(id, |(_, officer)| *officer);
                command.args(["--participant", &format!("{id}={officer}")]);
            }
        }
        for file in files {
            command.args(["--file", file]);
        }
        command
    }

    /// The text of a shipped plan, or of a file.
    fn plan(&self, plan: &str) -> String {
        let shipped = SHIPPED.iter().find(|(name, _)| *name == plan);
        shipped.map_or_else(
            || fs::read_to_string(self.path(plan)).unwrap(),
            |(_, text)| (*text).to_owned(),
        )
    }

    /// A house in which everything is as here.
    fn copied(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&self.folder.path().join("."), folder.path());
        let papers = Papers {
            folder: folder.path().join("pages"),
            ..self.papers.clone()
        };
        Self { folder, papers }
    }

    /// Whether the ledger has a ceremony that was begun and not ended.
    pub fn is_open(&self, site: &str) -> bool {
        let log = self.run(0, &["--json", "ledger", "log", "--site", site]);
        log.matches("ceremony.begin").count() > log.matches("ceremony.end").count()
    }

    /// Holds a ceremony in which everybody does everything right, and has the transcript and the ledger verified. Before, it
    /// is broken off in a copy of the house.
    #[track_caller]
    pub fn held(&mut self, site: &str, plan: &str, files: &[&str]) -> Held {
        let before = self.copied();
        let held = self.goes_well(site, plan, files);
        broken_off(before, site, plan, files, held.said.len());
        held
    }

    #[track_caller]
    pub fn goes_well(&mut self, site: &str, plan: &str, files: &[&str]) -> Held {
        let command = self.ceremony("rehearse", site, plan, files);
        let held = hold(&command, &mut self.papers, |_, _| None);
        assert_eq!(held.code, 0, "{plan}:\n{}", held.screen);
        self.verified(site, plan);
        nothing_secret(&held);
        held
    }

    /// The newest transcript and the ledger are good by the public commands.
    #[track_caller]
    pub fn verified(&self, site: &str, plan: &str) {
        let transcripts = self.path(site).join("ceremonies");
        let newest = fs::read_dir(&transcripts)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "transcript"))
            .max_by_key(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                name.split('-').next().unwrap().parse::<u64>().unwrap()
            })
            .expect("a transcript");
        let file = newest.to_str().unwrap();
        self.run(0, &["ceremony", "verify", file, "--site", site]);
        let ledger = self.run(0, &["ledger", "verify", "--site", site]);
        assert!(ledger.contains("GOOD"), "{plan}: {ledger}");
    }

    /// The names of the site's keys in this state.
    pub fn keys(&self, site: &str, state: &str) -> Vec<String> {
        let list = self.run(0, &["--json", "--site", site, "key", "list"]);
        let mut names = Vec::new();
        for line in list.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            if value["state"] == state
                && let Some(key) = value["id"].as_str()
            {
                names.push(key.to_owned());
            }
        }
        names
    }
}

/// The questions at which a ceremony is broken off: one of them, by the seed; all of them where `CARDMINT_EVERY_PROMPT` is
/// set, which takes long.
pub fn breaks(plan: &str, questions: usize, some: usize) -> Vec<usize> {
    if std::env::var_os("CARDMINT_EVERY_PROMPT").is_some() {
        return (0..questions).collect();
    }
    let given = std::env::var("CARDMINT_SEED").ok().and_then(|seed| seed.parse().ok());
    let clock = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed: u64 = given.unwrap_or_else(clock);
    println!("{plan}: CARDMINT_SEED={seed}");
    let mut state = plan.bytes().fold(seed, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3).rotate_left(23)
    });
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    while chosen.len() < some.min(questions) {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        chosen.insert(usize::try_from(state >> 33).unwrap() % questions);
    }
    chosen.into_iter().collect()
}

/// Breaks a ceremony off with Ctrl-C at questions, each time from where the last one left the site: the store stays as it
/// was to the byte, no file and no page is there, and the ledger is good.
#[track_caller]
fn broken_off(mut house: House, site: &str, plan: &str, files: &[&str], questions: usize) {
    let store = house.path(site).join("keys/store");
    let was = fs::read(&store).ok();
    let text = house.plan(plan);
    let parsed = plan::read(&text, plan).unwrap();
    let written: Vec<PathBuf> = parsed
        .slots()
        .filter(|(_, _, usage)| matches!(usage, SlotUse::Write))
        .map(|(_, slot, _)| {
            let given = files.iter().find_map(|file| file.strip_prefix(&format!("{slot}=")));
            house.path(given.unwrap())
        })
        .collect();
    let begin = |house: &House| {
        if !house.is_open(site) {
            return "rehearse";
        }
        if parsed.resume {
            return "resume";
        }
        house.officers(site, &["ceremony", "abandon", "--reason", "broken off"]);
        "rehearse"
    };
    for at in breaks(plan, questions, 1) {
        let command = house.ceremony(begin(&house), site, plan, files);
        let held = hold(&command, &mut house.papers, |asked, _| {
            (asked.number == at).then(|| (CTRL_C.to_owned(), false))
        });
        assert_eq!(
            (held.code, held.said.len()),
            (5, at + 1),
            "{plan}, {at}:\n{}",
            held.screen
        );
        nothing_secret(&held);
        assert!(fs::read(&store).ok() == was, "{plan}, {at}: the store was changed");
        assert!(!store.with_extension("next").exists(), "{plan}, {at}");
        assert!(written.iter().all(|path| !path.exists()), "{plan}, {at}: {written:?}");
        assert_eq!(fs::read_dir(house.path("pages")).unwrap().count(), 0, "{plan}, {at}");
        let ledger = house.run(0, &["ledger", "verify", "--site", site]);
        assert!(ledger.contains("GOOD"), "{plan}, {at}: {ledger}");
    }
    if std::env::var_os("CARDMINT_EVERY_PROMPT").is_some() {
        let command = house.ceremony(begin(&house), site, plan, files);
        let held = hold(&command, &mut house.papers, |_, _| None);
        assert_eq!(held.code, 0, "{plan}:\n{}", held.screen);
        house.verified(site, plan);
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}

/// What was typed hidden is nowhere on the screen, neither as typed nor without its blanks.
pub fn nothing_secret(held: &Held) {
    let screen: String = held.screen.split_whitespace().collect();
    for said in held.said.iter().filter(|said| said.secret && said.typed.len() > 6) {
        let typed: String = said.typed.split_whitespace().collect();
        assert!(
            !screen.contains(&typed),
            "{} typed it hidden and it shows: {}",
            said.who,
            said.question
        );
    }
}

/// How many items each person typed.
pub fn items(held: &Held) -> BTreeMap<&str, usize> {
    let mut items = BTreeMap::new();
    for said in held.said.iter().filter(|said| !said.typed.is_empty()) {
        *items.entry(said.who.as_str()).or_default() += 1;
    }
    items
}

/// A bundle for a centre from the one above it, by this shipped plan.
fn send(house: &mut House, plan: &str, from: &str, to: &str) -> Vec<String> {
    for site in [from, to] {
        house.run(0, &["site", "card", "--site", site, "--out", &format!("{site}.card")]);
    }
    let fingerprint = |site: &str| {
        let shown = house.run(0, &["site", "show", "--site", site, "--json"]);
        let value: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
        value["fingerprint"].as_str().unwrap().to_owned()
    };
    let (above, below) = (fingerprint(from), fingerprint(to));
    let files = [format!("receiver-card={to}.card"), format!("bundle={to}.bundle")];
    let files = [files[0].as_str(), files[1].as_str()];
    // A card that nobody has confirmed is found before anybody comes.
    let checked = house.ceremony("check", from, plan, &files).output().unwrap();
    assert_eq!(checked.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&checked.stdout).contains("CEREMONY-SITE-FILES"));
    house.officers(from, &["site", "trust", &format!("{to}.card"), "--fingerprint", &below]);
    house.officers(to, &["site", "trust", &format!("{from}.card"), "--fingerprint", &above]);
    let held = house.held(from, plan, &files);
    // Before the words are typed everybody sees to whom the keys go.
    let words = held.screen.find("type exactly").unwrap();
    assert!(held.screen[..words].contains(&below), "{}", held.screen);
    assert!(house.path(&format!("{to}.bundle")).is_file());
    // The letter: the receiver's keys by their names there.
    let last = held.screen.rfind("completed").unwrap();
    let letter = held.screen[last..]
        .lines()
        .filter(|line| line.starts_with("  ") && line.contains('@'));
    letter.map(str::to_owned).collect()
}

/// The receiver, who compares with the letter, sees just what stands there.
#[track_caller]
fn agrees(held: &Held, letter: &[String]) {
    assert_eq!(letter.len(), 6, "{letter:?}");
    for line in letter {
        assert!(
            held.screen.lines().any(|shown| shown == line),
            "{line}:\n{}",
            held.screen
        );
    }
}

#[test]
fn a_city_from_the_ministrys_roots_to_the_destruction_of_a_key() {
    let mut house = House::new();
    house.found("ministry", true, &["--scheme", "mohurd", "--level", "ministry"]);
    house.held(
        "ministry",
        "mohurd-ministry-root",
        &["backup=ministry.backup", "pages=pages"],
    );
    assert_eq!(house.keys("ministry", "active").len(), 22);

    house.found(
        "city",
        true,
        &["--scheme", "mohurd", "--level", "city", "--code", "3100"],
    );
    let letter = send(&mut house, "mohurd-send", "ministry", "city");
    let held = house.held(
        "city",
        "mohurd-city",
        &["ministry-bundle=city.bundle", "backup=one.backup", "pages=pages"],
    );
    agrees(&held, &letter);
    let keys = house.keys("city", "active");
    assert!(keys.len() >= 20, "{keys:?}");
    assert!(keys.iter().any(|k| k.contains("sm4")) && keys.iter().any(|k| k.contains("3des")));
    let items = items(&held);
    assert!(items.values().all(|items| *items <= 10), "{items:?}");
    for number in 1..=3 {
        assert!(items[format!("custodian-{number}").as_str()] >= 5, "{items:?}");
        let typed: String = component("load.v1.3des@city:3100", number, 3);
        assert!(held.said.iter().any(|said| said.typed == typed));
    }
    super::trouble::record(&held, &items, keys.len());

    house.held("city", "backup", &["backup=two.backup", "pages=pages"]);
    lost_store_comes_back(&mut house);
    house.held("city", "rotate", &["backup=three.backup", "pages=pages"]);
    assert!(
        house
            .keys("city", "active")
            .contains(&"load.v2.3des@city:3100".to_owned())
    );
    house.held("city", "replace-custodian", &["backup=four.backup", "pages=pages"]);
    let refused = house.run(0, &["ledger", "log", "--site", "city"]);
    assert!(refused.contains("newcomer"), "{refused}");
    house.held("city", "destroy", &[]);
    assert_eq!(house.keys("city", "destroyed").len(), 2);
}

/// The store's file is gone; two shares of the newest backup bring it back.
fn lost_store_comes_back(house: &mut House) {
    let before = house.keys("city", "active");
    fs::remove_file(house.path("city/keys/store")).unwrap();
    house.held("city", "restore", &["backup=two.backup"]);
    assert_eq!(house.keys("city", "active"), before);
}

#[test]
fn a_feared_key_is_stopped_and_followed() {
    let mut house = House::new();
    house.found(
        "city",
        true,
        &["--scheme", "mohurd", "--level", "city", "--code", "3100"],
    );
    house.officers("city", &["key", "generate", "load", "--algorithm", "3des"]);
    house.officers("city", &["key", "generate", "load", "--algorithm", "sm4"]);
    house.held("city", "compromise", &["backup=b.backup", "pages=pages"]);
    assert_eq!(house.keys("city", "compromised").len(), 2);
    assert_eq!(house.keys("city", "active").len(), 2);
}

#[test]
fn the_transport_ministry_and_an_issuer() {
    let mut house = House::new();
    house.found("ministry", true, &["--scheme", "mot", "--level", "ministry"]);
    house.held(
        "ministry",
        "mot-ministry-root",
        &["backup=ministry.backup", "pages=pages"],
    );
    house.found(
        "issuer",
        true,
        &["--scheme", "mot", "--level", "issuer", "--code", "01011000FFFFFFFF"],
    );
    let letter = send(&mut house, "mot-send", "ministry", "issuer");
    let held = house.held(
        "issuer",
        "mot-issuer",
        &["ministry-bundle=issuer.bundle", "backup=b.backup", "pages=pages"],
    );
    agrees(&held, &letter);
    assert!(house.keys("issuer", "active").len() >= 20);
}

#[test]
fn four_leaders_of_a_campus() {
    let mut house = House::new();
    house.found("campus", true, &["--scheme", "campus", "--level", "issuer"]);
    house.held("campus", "campus", &[]);
    assert!(house.keys("campus", "active").len() >= 30);
}
