// SPDX-License-Identifier: Apache-2.0
//! The whole story as operators run it: a ministry and a city, keys from the one to the other, a user card and two PSAMs
//! issued, loads and purchases, TACs verified from the ministry's side, both ledgers verified. The readers are the caller's.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test program uses its part; a test may fail where it stands

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// Two centres in a folder, and everything that their programs say.
pub struct Story {
    folder: tempfile::TempDir,
}

/// How a command ended.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The readers with a blank user card, the ministry's PSAM and the city's.
pub struct Readers {
    pub card: String,
    pub ministry_psam: String,
    pub city_psam: String,
}

pub const CARD: &str = "3100000020915087";
pub const OFFICERS: [&str; 2] = ["zhang", "li"];

impl Said {
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    pub fn first(&self) -> Value {
        self.lines().swap_remove(0)
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    /// Exit code and id of the error that was reported.
    #[track_caller]
    pub fn refused(&self, code: i32, id: &str) {
        let line = self.err.lines().rev().find(|l| l.contains("cardmint.error/1"));
        let value: Value =
            serde_json::from_str(line.unwrap_or_else(|| panic!("no error in {}{}", self.out, self.err))).unwrap();
        assert_eq!((self.code, value["id"].as_str()), (code, Some(id)), "{}", self.err);
    }
}

impl Story {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in OFFICERS {
            let path = folder.path().join(format!("{name}.pw"));
            fs::write(&path, format!("passphrase of {name}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .current_dir(self.folder.path())
            .env_remove("CARDMINT_SITE")
            .env("LC_ALL", "C")
            .args(args);
        command
    }

    pub fn run(&self, args: &[&str], lines: &str) -> Said {
        let mut command = self.command(args);
        for name in OFFICERS {
            command.args(["--officer", name, "--passphrase-file", &format!("{name}={name}.pw")]);
        }
        self.heard(command.args(["--secrets-fd", "0"]).write_stdin(lines))
    }

    fn heard(&self, command: &mut Command) -> Said {
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let log = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path("said.log"));
        std::io::Write::write_all(&mut log.unwrap(), format!("{out}{err}").as_bytes()).unwrap();
        Said {
            code: output.status.code().unwrap(),
            out,
            err,
        }
    }

    /// A command at a site, with JSON.
    pub fn at(&self, site: &str, args: &[&str]) -> Said {
        self.run(&[&["--site", site, "--json"], args].concat(), "")
    }

    /// A ministry `m` and a city `c` (3100) with everything that cards and PSAMs need.
    pub fn centres(&self) {
        let init = |folder: &str, more: &[&str]| {
            let args = [
                &["init", folder, "--name", "Test", "--scheme", "mohurd", "--rehearsal"],
                more,
            ]
            .concat();
            self.run(&args, "").ok();
        };
        init("m", &["--level", "ministry"]);
        init("c", &["--level", "city", "--code", "3100"]);
        for site in ["m", "c"] {
            self.at(site, &["key", "generate", "--all"]).ok();
            let transport = ["--site", site, "key", "import", "transport", "--components", "1"];
            self.run(&transport, &"FF".repeat(16)).ok();
            self.run(&["--site", site, "key", "set-pin", "default"], "123456\n123456\n")
                .ok();
            self.at(site, &["site", "card", "--out", &format!("{site}.card")]).ok();
        }
        for (site, other) in [("m", "c"), ("c", "m")] {
            let shown = self.at(other, &["site", "show"]).ok().first();
            let fingerprint = shown["fingerprint"].as_str().unwrap().to_owned();
            let card = format!("{other}.card");
            let trust = ["site", "trust", &card, "--fingerprint", &fingerprint];
            self.at(site, &trust).ok();
        }
        let export = [
            "key",
            "export",
            "purchase",
            "tac",
            "app-maintenance",
            "--to",
            "c.card",
            "--out",
            "b.bundle",
        ];
        self.at("m", &export).ok();
        self.at("c", &["key", "receive", "b.bundle"]).ok();
    }

    /// Blanks in `cards/`: user cards `u1`, `u2`, PSAMs `p1`, `p2`, `p3`.
    pub fn blanks(&self) {
        let blanks = [
            ("fmcos", "u1"),
            ("fmcos", "u2"),
            ("psam", "p1"),
            ("psam", "p2"),
            ("psam", "p3"),
        ];
        for (seed, (chip, name)) in blanks.iter().enumerate() {
            let seed = (seed + 1).to_string();
            self.run(
                &["sim", "new", "--chip", chip, "--name", name, "--seed", &seed, "cards"],
                "",
            )
            .ok();
        }
    }

    pub fn issue(&self, number: &str, reader: &str, more: &[&str]) -> Said {
        let number = format!("number={number}");
        let args = [
            "card",
            "issue",
            "--template",
            "mohurd-user",
            "--reader",
            reader,
            "--set",
            &number,
        ];
        self.at("c", &[&args[..], more].concat())
    }

    /// Runs an issue that the simulated card kills; whether it was.
    pub fn killed(&self, number: &str, reader: &str) -> bool {
        let set = format!("number={number}");
        let args = [
            "--site",
            "c",
            "card",
            "issue",
            "--template",
            "mohurd-user",
            "--reader",
            reader,
            "--set",
            &set,
        ];
        let mut command = self.command(&args);
        for name in OFFICERS {
            command.args(["--officer", name, "--passphrase-file", &format!("{name}={name}.pw")]);
        }
        command.output().unwrap().status.code().is_none()
    }

    pub fn psam(&self, site: &str, template: &str, (number, terminal): (&str, &str), reader: &str) -> Said {
        let (number, terminal) = (format!("number={number}"), format!("terminal={terminal}"));
        let args = [
            "psam",
            "issue",
            "--template",
            template,
            "--reader",
            reader,
            "--set",
            &number,
            "--set",
            &terminal,
        ];
        self.at(site, &args)
    }

    pub fn pay(&self, card: &str, psam: (&str, &str), amount: &str) -> Said {
        let reader = ["--template", "mohurd-user", "--reader", card, "--amount", amount];
        let other = ["--psam", psam.0, "--psam-template", psam.1];
        self.at("c", &[&["purse", "purchase"][..], &reader, &other].concat())
    }

    pub fn entries(&self, site: &str) -> usize {
        self.at(site, &["ledger", "log"]).ok().out.lines().count()
    }

    /// From the blanks on the readers to verified TACs.
    pub fn cards_and_money(&self, on: &Readers) {
        let user = ["--template", "mohurd-user", "--reader", &on.card];
        let issued = self.issue(CARD, &on.card, &["--trace", "issue.jsonl"]).ok().first();
        assert_eq!(
            (issued["number"].as_str(), issued["resumed"].as_bool()),
            (Some(CARD), Some(false))
        );
        let proofs = issued["proofs"].as_array().unwrap();
        let done = proofs.iter().filter(|p| p["done"] == true).count();
        assert!(proofs.len() >= 7 && done == proofs.len(), "{proofs:?}");
        let traces = proofs.iter().filter(|p| p["trace"].is_string()).count();
        assert_eq!(traces, 1, "the zero purchase alone leaves a trace");

        let read = self.at("c", &[&["card", "read"][..], &user].concat()).ok().first();
        assert_eq!(read["number"], CARD);
        let chinese = self
            .run(&[&["--lang", "zh", "card", "read"][..], &user].concat(), "")
            .ok();
        assert!(
            chinese.out.contains("应用序列号") && chinese.out.contains(CARD),
            "{}",
            chinese.out
        );
        let verify = || self.at("c", &[&["card", "verify"][..], &user].concat()).ok().first();
        let verified = verify();
        assert_eq!(
            (verified["ledger"].as_str(), verified["good"].as_bool()),
            (Some("agrees"), Some(true)),
            "{verified}"
        );

        // The ministry's PSAM has the national root, the city's the city's key.
        self.psam(
            "m",
            "mohurd-psam",
            ("31000000000000000001", "310000000001"),
            &on.ministry_psam,
        )
        .ok();
        self.psam(
            "c",
            "mohurd-city-psam",
            ("31000000000000000002", "310000000002"),
            &on.city_psam,
        )
        .ok();
        let verified = [
            "psam",
            "verify",
            "--template",
            "mohurd-psam",
            "--reader",
            &on.ministry_psam,
        ];
        assert_eq!(self.at("m", &verified).ok().first()["ledger"], "agrees");

        let load = [&["purse", "load"][..], &user, &["--amount", "12.34"]].concat();
        let loaded = self.at("c", &load).ok().first();
        assert_eq!(
            (loaded["amount"].as_u64(), loaded["balance"].as_u64()),
            (Some(1234), Some(1234))
        );
        let paid = self
            .pay(&on.card, (&on.ministry_psam, "mohurd-psam"), "2.00")
            .ok()
            .first();
        assert_eq!(paid["balance"], 1034);
        let paid = self
            .pay(&on.card, (&on.city_psam, "mohurd-city-psam"), "0.34")
            .ok()
            .first();
        assert_eq!(paid["balance"], 1000);
        let balance = self.run(&[&["purse", "balance"][..], &user].concat(), "").ok();
        assert!(balance.out.contains("10.00"), "{}", balance.out);
        assert_eq!(verify()["good"], true, "a card in use still verifies");

        self.tacs(&loaded, &paid);
        for site in ["m", "c"] {
            self.at(site, &["ledger", "verify"]).ok();
        }
        self.nothing_secret();
    }

    /// The ministry verifies the TACs; one with another amount is found out.
    fn tacs(&self, load: &Value, pay: &Value) {
        let text = |of: &Value, name: &str| of[name].as_str().unwrap().to_owned();
        let number = |of: &Value, name: &str| of[name].as_u64().unwrap().to_string();
        let heading = "number,type,amount_fen,terminal,terminal_counter,datetime,tac,balance_fen,counter,city_code";
        let purchase = |amount: u64| {
            let (terminal, at, tac) = (text(pay, "terminal"), text(pay, "datetime"), text(pay, "tac"));
            format!(
                "{CARD},06,{amount},{terminal},{},{at},{tac},,,3100",
                number(pay, "terminal_counter")
            )
        };
        let (terminal, at, tac) = (text(load, "terminal"), text(load, "datetime"), text(load, "tac"));
        let (amount, balance, counter) = (number(load, "amount"), number(load, "balance"), number(load, "counter"));
        let loaded = format!("{CARD},02,{amount},{terminal},,{at},{tac},{balance},{counter},3100");
        fs::write(self.path("day.csv"), format!("{heading}\n{loaded}\n{}\n", purchase(34))).unwrap();
        self.at("m", &["tac", "verify", "day.csv"]).ok();
        fs::write(
            self.path("bad.csv"),
            format!("{heading}\n{}\n{}\n", purchase(34), purchase(35)),
        )
        .unwrap();
        let judged = self.at("m", &["tac", "verify", "bad.csv"]);
        assert_eq!(judged.code, 1, "{}{}", judged.out, judged.err);
        let results: Vec<String> = judged
            .lines()
            .iter()
            .filter_map(|l| l["result"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(results, ["good", "bad"]);
    }

    /// The transport key, the PIN and passphrases stand nowhere: not in what was said, not in the trace, not in the sites.
    fn nothing_secret(&self) {
        let hex = "FF".repeat(16);
        let secrets: [&[u8]; 5] = [
            hex.as_bytes(),
            b"passphrase of zhang",
            b"\"123456\"",
            b"0020000003123456",
            b"passphrase of li",
        ];
        let files = [
            "said.log",
            "issue.jsonl",
            "m/site.toml",
            "m/ledger.db",
            "m/keys/store",
            "c/ledger.db",
            "c/keys/store",
        ];
        for file in files.map(Path::new) {
            let bytes = fs::read(self.path(file.to_str().unwrap())).unwrap();
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|w| w.eq_ignore_ascii_case(secret));
                assert!(!found, "{:?} in {}", String::from_utf8_lossy(secret), file.display());
            }
        }
        let trace = fs::read_to_string(self.path("issue.jsonl")).unwrap();
        assert!(trace.contains("secret_bytes") && trace.contains("cardmint.apdu/1"));
    }
}
