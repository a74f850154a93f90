// SPDX-License-Identifier: Apache-2.0
//! The program as operators run it: a ministry, two cities and a production site with their officers, keys and simulated
//! cards. They are founded once for a test program (passphrases are slow on purpose) and copied for each test.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test program uses its part; a test may fail where it stands

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::Value;

pub const CITY: [&str; 2] = ["sun", "li"];
pub const MINISTRY: [&str; 2] = ["zhao", "qian"];
pub const ISSUE: &str = "card issue --template mohurd-user";

/// What a run of the program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// The error line of `--json`.
    pub fn error(&self) -> Value {
        let lines = self.err.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
        let mut errors = lines.filter(|v| v["schema"] == "cardmint.error/1");
        errors.next().unwrap_or_else(|| panic!("no error line: {self:?}"))
    }

    pub fn message(&self) -> String {
        self.error()["message"].as_str().unwrap().to_owned()
    }

    pub fn good(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// The objects on standard output.
    pub fn records(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }
}

/// A folder with sites and cards.
pub struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub fn empty() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder }
    }

    /// A copy of the sites that all tests of this program share.
    pub fn new() -> Self {
        static FOUNDED: OnceLock<PathBuf> = OnceLock::new();
        let from = FOUNDED.get_or_init(founded);
        let bench = Self::empty();
        let mut copy = std::process::Command::new("cp");
        copy.arg("-a").arg(from.join(".")).arg(bench.path("."));
        assert!(copy.status().unwrap().success());
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with arguments that hold no spaces.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("CARDMINT_SITE")
            .env("LC_ALL", "C.UTF-8");
        command
    }

    pub fn run(&self, line: &str) -> Said {
        Said::of(&mut self.command(line))
    }

    /// With lines for hidden prompts.
    pub fn typed(&self, line: &str, lines: &[&str]) -> Said {
        let mut command = self.command(&format!("{line} --secrets-fd 0"));
        Said::of(command.write_stdin(lines.join("\n") + "\n"))
    }

    pub fn city(&self, line: &str) -> Said {
        self.run(&format!("{line} --json {}", by("city", &CITY)))
    }

    pub fn ministry(&self, line: &str) -> Said {
        self.run(&format!("{line} --json {}", by("ministry", &MINISTRY)))
    }

    /// How many entries the ledger of a site has, and their root.
    pub fn ledger(&self, site: &str) -> (u64, String) {
        let said = self.run(&format!("ledger verify --json --site {site}")).good();
        let report = &said.records()[0];
        assert_eq!(report["good"], true);
        (
            report["entries"].as_u64().unwrap(),
            report["root"].as_str().unwrap().to_owned(),
        )
    }

    /// Everything that a refused command leaves as it is: ledgers, key stores, cards.
    pub fn state(&self) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        for site in ["ministry", "city"] {
            let (entries, root) = self.ledger(site);
            state.insert(format!("ledger of {site}"), format!("{entries} {root}"));
            let store = fs::read(self.path(site).join("keys/store")).unwrap();
            state.insert(format!("key store of {site}"), hex::encode(store));
        }
        for entry in fs::read_dir(self.path("readers")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.ends_with(".card.json") {
                state.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
        state
    }

    pub fn private(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Writes a changed copy of a shipped file; the change must find its place.
    pub fn changed(&self, shipped: &str, from: &str, to: &str, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(shipped);
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{shipped} has no {from:?}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    /// Two sites trust each other's cards and the ministry seals the usages for the city.
    pub fn bundle(&self, from: &str, from_by: &str, to: &str, to_by: &str, code: &str, usages: &str) {
        let fingerprint = |site: &str| {
            self.run(&format!("site card --site {site} --out {site}.{code}.card"))
                .good();
            let shown = self.run(&format!("site show --json --site {site}")).good();
            shown.records()[0]["fingerprint"].as_str().unwrap().to_owned()
        };
        for (by, there) in [(from_by, to), (to_by, from)] {
            let read_out = fingerprint(there);
            let mut command = self.command(&format!("site trust {there}.{code}.card {by}"));
            Said::of(command.args(["--fingerprint", &read_out])).good();
        }
        self.run(&format!(
            "key export --to {to}.{code}.card --code {code} --out {to}.bundle {usages} {from_by}"
        ))
        .good();
        self.run(&format!("key receive {to}.bundle {to_by}")).good();
    }
}

/// A site and its officers, with the files of their passphrases.
pub fn by(site: &str, officers: &[&str]) -> String {
    let named = officers
        .iter()
        .map(|o| format!(" --officer {o} --passphrase-file {o}={o}.pass"));
    format!("--site {site}{}", named.collect::<String>())
}

const FF: &str = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";

fn founded() -> PathBuf {
    let bench = Bench::empty();
    let (ministry, city, other) = (by("ministry", &MINISTRY), by("city", &CITY), by("other", &CITY));
    for officer in MINISTRY.iter().chain(&CITY) {
        bench.private(&format!("{officer}.pass"), format!("passphrase of {officer}\n"));
    }
    let init = |folder: &str, more: &str| {
        bench
            .run(&format!("init {folder} --name {folder} --scheme mohurd {more}"))
            .good();
    };
    init("ministry", &format!("--rehearsal --level ministry {ministry}"));
    init("city", &format!("--rehearsal --level city --code 3100 {city}"));
    init("other", &format!("--rehearsal --level city --code 2100 {other}"));
    init(
        "production",
        &format!("--level city --code 3100 {}", by("production", &CITY)),
    );
    for site in [&ministry, &city, &other] {
        bench.run(&format!("key generate --all {site}")).good();
        bench
            .typed(
                &format!("key import transport --components 1 --kcv CAAAAF {site}"),
                &[FF],
            )
            .good();
        bench
            .typed(&format!("key set-pin default {site}"), &["123456", "123456"])
            .good();
    }
    let usages = "purchase tac app-maintenance";
    bench.bundle("ministry", &ministry, "city", &city, "3100", usages);
    bench.bundle("ministry", &ministry, "other", &other, "2100", usages);
    for (chip, name) in [
        ("psam", "psam"),
        ("psam", "blank-psam"),
        ("psam", "other-psam"),
        ("fmcos", "card"),
        ("fmcos", "blank"),
        ("fmcos", "blank-2"),
    ] {
        bench
            .run(&format!("sim new --chip {chip} --name {name} readers"))
            .good();
    }
    bench.run(&psam("psam", "mohurd-psam", "3100", 1, &ministry)).good();
    bench
        .run(&psam("other-psam", "mohurd-city-psam", "2100", 1, &other))
        .good();
    bench
        .run(&format!(
            "{ISSUE} --reader sim:readers/card --set number=3100000000000001 {city}"
        ))
        .good();
    bench
        .run(&format!("purse load --reader sim:readers/card --amount 50.00 {city}"))
        .good();
    // One folder for all runs of a test program, so that none is left behind but the last.
    let program = std::env::current_exe().unwrap();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(program.file_name().unwrap());
    let _ = fs::remove_dir_all(&kept);
    fs::rename(bench.folder.path(), &kept).unwrap();
    kept
}

/// The issue of PSAM number `n` of a city.
pub fn psam(card: &str, template: &str, code: &str, n: u8, by: &str) -> String {
    format!(
        "psam issue --template {template} --reader sim:readers/{card} --set number=00000000{code}{n:08} --set terminal={code}{n:08} {by}"
    )
}
