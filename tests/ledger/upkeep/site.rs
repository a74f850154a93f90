//! Upkeep of a whole site as it is typed: backup and restoration, a declared loss, another policy, a clock that was put back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use cardmint::crypto::SecretBytes;
use cardmint::crypto::seal::KdfParams;
use cardmint::ledger::Act;
use cardmint::ledger::act::{RangeKind, RangeReserve};
use cardmint::outside::Clock;
use cardmint::site::{Site, with_signers};

use super::super::bench_site::{number, text};

const BOTH: &[&str] = &["alice", "bob"];

struct Office(tempfile::TempDir);

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for officer in BOTH {
            let file = folder.path().join(format!("{officer}.pass"));
            fs::write(&file, format!("a passphrase of {officer}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let office = Self(folder);
        let init = "init site --name Demo --scheme mohurd --level city --code 3100 --rehearsal";
        office.ok(init, BOTH);
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, line: &str, officers: &[&str]) -> Output {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .current_dir(self.0.path())
            .args(line.split_whitespace())
            .env("LC_ALL", "C")
            .env("CARDMINT_SITE", "site");
        for officer in officers {
            let file = format!("{officer}={officer}.pass");
            command.args(["--officer", officer, "--passphrase-file", &file]);
        }
        command.output().unwrap()
    }

    #[track_caller]
    fn ok(&self, line: &str, officers: &[&str]) -> String {
        self.ends(0, line, officers)
    }

    /// What a command that ends so says, on both streams.
    #[track_caller]
    fn ends(&self, code: i32, line: &str, officers: &[&str]) -> String {
        let output = self.run(line, officers);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        said
    }

    fn lose_the_ledger(&self) {
        super::lose(&self.path("site/ledger.db"));
    }
}

fn range(name: &str, from: u32) -> String {
    format!(
        "range reserve {name} --kind user --from 31000000{from:08} --to 31000000{:08} --purpose test",
        from + 99
    )
}

#[test]
fn a_backup_comes_back_and_what_it_lacks_is_filled_in_or_declared() {
    let office = Office::new();
    office.ok(&range("one", 1), BOTH);
    let said = office.ok("ledger backup --out copy.db", BOTH);
    assert!(said.contains("copy.db") && said.contains("recorded as entry"), "{said}");
    assert!(
        office
            .ends(2, "ledger backup --out copy.db", BOTH)
            .contains("not overwritten")
    );
    office.ok(&range("two", 1001), BOTH);
    office.ok("ledger checkpoint --sign", BOTH);
    office.ok(
        "ledger export --format jsonl --file site/ledger.db --out all.jsonl",
        &[],
    );
    let there = office.ends(2, "ledger restore copy.db", &[]);
    assert!(there.contains("not overwritten"), "{there}");
    // The disk dies; somebody puts the copy there by hand.
    office.lose_the_ledger();
    fs::copy(office.path("copy.db"), office.path("site/ledger.db")).unwrap();
    assert!(
        office.ends(3, "ledger log", &[]).contains("ledger restore"),
        "the way on is named"
    );
    // With the export nothing is lost.
    office.lose_the_ledger();
    office.ok("ledger restore copy.db --entries all.jsonl", &[]);
    assert!(office.ok("ledger verify", &[]).contains("GOOD"));
    // Without it, what is missing is named, and two officers declare it.
    office.lose_the_ledger();
    let missing = office.ends(3, "ledger restore copy.db", &[]);
    assert!(missing.contains("entries 2 to 3 are missing"), "{missing}");
    office.ends(3, &range("three", 2001), BOTH);
    office.ends(2, "ledger declare-loss --reason disk", &["alice"]);
    office.ok("ledger declare-loss --reason disk", BOTH);
    let log = office.ok("ledger log", &[]);
    assert!(log.contains("ledger.loss") && log.contains("disk"), "{log}");
    let verified = office.ok("ledger verify", &[]);
    assert!(verified.contains("the copy outside agrees"), "{verified}");
    office.ends(2, "ledger declare-loss --reason disk", BOTH);
    office.ok(&range("three", 2001), BOTH);
}

#[test]
fn an_old_period_is_archived_and_asked_for_where_it_is_needed() {
    let office = Office::new();
    office.ok("ledger export --format csv --out a.csv", &["alice"]);
    office.ok("ledger export --format csv --out b.csv", &["bob"]);
    office.ends(2, "ledger archive --until 2020 --out old.evidence", BOTH);
    office.ends(2, "ledger archive --until 2999 --out old.evidence", &["alice"]);
    assert!(!office.path("old.evidence").exists());
    let said = office.ok("ledger archive --until 2999 --out old.evidence", BOTH);
    assert!(
        said.contains("recorded as entry 3") && said.contains("2 lines left"),
        "{said}"
    );
    let less = office.ends(1, "ledger verify", &[]);
    assert!(
        less.contains("NOT FULLY VERIFIED") && less.contains("old.evidence"),
        "{less}"
    );
    assert!(office.ok("ledger verify --archive old.evidence", &[]).contains("GOOD"));
    let log = office.ends(2, "ledger log", &[]);
    assert!(log.contains("old.evidence") && log.contains("--archive"), "{log}");
    assert!(
        office
            .ok("ledger log --archive old.evidence", &[])
            .contains("ledger.export")
    );
    assert!(office.ok("ledger log --from 3", &[]).contains("ledger.archive"));
    office.ends(2, "ledger show 1", &[]);
    office.ok("ledger show 1 --archive old.evidence", &[]);
    office.ends(2, "ledger prove 1", &[]);
    office.ok("ledger prove 1 --archive old.evidence", &[]);
    office.ends(2, "ledger rebuild", &[]);
    office.ok("ledger rebuild --archive old.evidence", &[]);
    assert!(
        office
            .ends(3, "ledger verify --archive a.csv", &[])
            .contains("no recorded archive")
    );
    let json = office.ends(1, "ledger verify --json", &[]);
    assert!(
        json.contains("\"unread\":2") && json.contains("\"good\":false"),
        "{json}"
    );
    office.ok(&range("after", 1), BOTH);
    assert!(office.ok("ledger verify --archive old.evidence", &[]).contains("GOOD"));
}

#[test]
fn another_policy_is_shown_first_and_locks_nobody_out() {
    let office = Office::new();
    let now = office.ok("policy show", &[]);
    let file = office.path("policy.toml");
    fs::write(&file, &now).unwrap();
    assert!(
        office
            .ends(2, "policy change policy.toml", BOTH)
            .contains("nothing would change")
    );
    // Nobody here is an auditor: the site could never change its policy again.
    fs::write(
        &file,
        format!("{now}\n[rules.\"policy.change\"]\nofficers = 2\nroles = [\"auditor\"]\n"),
    )
    .unwrap();
    let refused = office.ends(2, "policy change policy.toml", BOTH);
    assert!(refused.contains("never do policy.change again"), "{refused}");
    for (wrong, hint) in [
        (now.replace("format = 1", "format = 9"), "format = 9"),
        (format!("{now}\n[rules.\"card.magic\"]\nofficers = 1\n"), "card.magic"),
        (format!("{now}\nsurprise = true\n"), "surprise"),
    ] {
        fs::write(&file, wrong).unwrap();
        let refused = office.ends(2, "policy change policy.toml", BOTH);
        assert!(refused.contains(hint), "{refused}");
    }
    let mut new: toml::Table = now.parse().unwrap();
    let rules = new["rules"].as_table_mut().unwrap();
    rules.insert(
        "range.reserve".to_owned(),
        "officers = 2".parse::<toml::Table>().unwrap().into(),
    );
    rules.insert(
        "holder.show".to_owned(),
        "officers = 1\nroles = [\"auditor\"]"
            .parse::<toml::Table>()
            .unwrap()
            .into(),
    );
    fs::write(&file, toml::to_string(&new).unwrap()).unwrap();
    let shown = office.ok("policy change policy.toml --dry-run", &[]);
    assert!(
        shown.contains("range.reserve: 1 supervisor → 2") && shown.contains("nobody could do"),
        "{shown}"
    );
    office.ok(&range("alone", 1), &["alice"]);
    office.ends(2, "policy change policy.toml", &["alice"]);
    office.ok("policy change policy.toml", BOTH);
    office.ends(2, &range("two", 1001), &["alice"]);
    office.ok(&range("two", 1001), BOTH);
    let again = office.ok("policy show", &[]);
    assert_eq!(
        again.parse::<toml::Table>().unwrap()["rules"]["range.reserve"]["officers"].as_integer(),
        Some(2)
    );
    assert!(office.ok("ledger verify", &[]).contains("GOOD"));
    let json = office.ok("policy show --json", &[]);
    assert!(json.contains("cardmint.policy/1"), "{json}");
}

#[test]
fn a_clock_that_was_put_back_is_refused_and_stands_in_the_ledger() {
    let office = Office::new();
    // An entry of tomorrow, as a clock that was wrong made it.
    let tomorrow = Clock::System.now() + jiff::SignedDuration::from_hours(24);
    let entry = |at: jiff::Timestamp, name: &str, from: &str| {
        let site = Site::open(&office.path("site")).unwrap();
        let mut ledger = site.ledger().unwrap();
        let passphrase = SecretBytes::new(b"a passphrase of alice".to_vec());
        let alice = site
            .officer(&ledger, "alice", &passphrase, KdfParams::default())
            .unwrap();
        let act = Act::RangeReserve(RangeReserve {
            range: text(name),
            kind: RangeKind::User,
            template: None,
            from: number(from),
            to: number(from),
            purpose: text("test"),
        });
        with_signers(&[&alice], |signers| ledger.append(act, signers, &Clock::Fixed(at))).unwrap();
    };
    entry(tomorrow, "early", "3100000000009001");
    for attempt in 0..2 {
        let refused = office.ends(2, &range("late", 1), BOTH);
        assert!(refused.contains("clock"), "{attempt}: {refused}");
    }
    assert!(
        office.ok("ledger verify", &[]).contains("GOOD"),
        "the refusals wait for the next entry"
    );
    assert!(!office.ok("ledger log", &[]).contains("clock.refused"));
    let later = tomorrow + jiff::SignedDuration::from_secs(1);
    entry(later, "after", "3100000000009002");
    let json = office.ok("ledger log --json", &[]);
    let recorded: Vec<serde_json::Value> = json
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|entry: &serde_json::Value| entry["act"] == "clock.refused")
        .collect();
    assert_eq!(recorded.len(), 1, "{json}");
    assert_eq!(recorded[0]["body"]["attempts"].as_u64(), Some(2));
    let earliest: jiff::Timestamp = recorded[0]["body"]["earliest"].as_str().unwrap().parse().unwrap();
    assert!(earliest < tomorrow);
    assert!(office.ok("ledger verify", &[]).contains("GOOD"));
}

#[test]
fn an_old_format_is_migrated_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/examples");
    let path = folder.path().join("old.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(&fs::read_to_string(examples.join("ledger-db-v1.sql")).unwrap())
        .unwrap();
    drop(db);
    let run = |args: &[&str]| {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .current_dir(folder.path())
            .env("LC_ALL", "C")
            .env_remove("CARDMINT_SITE");
        let output = command
            .args(["ledger"])
            .args(args)
            .args(["--file", "old.db"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), said)
    };
    assert_eq!(run(&["verify"]).0, 0);
    let (code, said) = run(&["rebuild"]);
    assert!(code == 2 && said.contains("ledger migrate"), "{said}");
    let (code, said) = run(&["migrate"]);
    assert!(
        code == 0 && said.contains("format 1 became 2") && said.contains("old.db.v1"),
        "{said}"
    );
    assert_eq!((run(&["verify"]).0, run(&["rebuild"]).0), (0, 0));
    assert_eq!(run(&["migrate"]).0, 2);
}
