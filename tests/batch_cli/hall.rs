// SPDX-License-Identifier: Apache-2.0
//! A centre's hall: a site with all keys and an order of cards, founded once and copied for each test; hoppers with blanks; the
//! program as zhang and li run it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test uses its part; a test may fail where it stands

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use tempfile::TempDir;

use super::centre::Centre;

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }

    /// Exit code and id of the error that was reported.
    #[track_caller]
    pub fn refused(&self, code: i32, id: &str) {
        let line = self.err.lines().rev().find(|l| l.contains("cardmint.error/1"));
        let line = line.unwrap_or_else(|| panic!("no error in {}{}", self.out, self.err));
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (self.code, value["id"].as_str()),
            (Some(code), Some(id)),
            "{}",
            self.err
        );
        assert!(value["hint"].is_string() || id.starts_with("cli-"), "{}", self.err);
    }

    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// The first object of this schema.
    #[track_caller]
    pub fn of(&self, schema: &str) -> Value {
        let found = self.lines().into_iter().find(|l| l["schema"] == schema);
        found.unwrap_or_else(|| panic!("no {schema} in {}{}", self.out, self.err))
    }

    /// The events of a run with this name.
    pub fn events(&self, event: &str) -> Vec<Value> {
        let lines = self.lines().into_iter();
        lines
            .filter(|l| l["schema"] == "cardmint.batch-event/1" && l["event"] == event)
            .collect()
    }
}

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// User cards of the shipped template.
    User,
    /// User cards that are loaded when they are issued.
    Loaded,
    /// PSAMs of a city.
    Psam,
}

/// A folder with site `c` and order `O` of a few cards.
pub struct Hall {
    folder: TempDir,
}

pub const CARDS: u32 = 6;

pub fn number(n: u32) -> String {
    format!("3100{n:012}")
}

impl Hall {
    pub fn new() -> Self {
        Self::of(Kind::User)
    }

    pub fn of(kind: Kind) -> Self {
        static FOUNDED: [OnceLock<PathBuf>; 3] = [const { OnceLock::new() }; 3];
        let from = FOUNDED[kind as usize].get_or_init(|| founded(kind));
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(from.join(".")).arg(folder.path());
        assert!(copy.status().unwrap().success());
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with arguments that hold no spaces, as these officers.
    pub fn command(&self, line: &str, officers: &str) -> Command {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env("CARDMINT_SITE", "c")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        for name in officers.split_whitespace() {
            command.args(["--officer", name, "--passphrase-file", &format!("{name}={name}.pw")]);
        }
        command
    }

    /// The same to its end.
    pub fn run(&self, line: &str, officers: &str) -> Said {
        let output = self.command(line, officers).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// With JSON.
    pub fn zhang(&self, line: &str) -> Said {
        self.run(&format!("{line} --json"), "zhang li")
    }

    pub fn li(&self, line: &str) -> Said {
        self.run(&format!("{line} --json"), "li zhang")
    }

    pub fn look(&self, line: &str) -> Said {
        self.run(&format!("{line} --json"), "")
    }

    /// Batch `B` of the order, laid down by zhang and approved by li.
    pub fn approved(&self) {
        self.zhang("batch new B --order O").ok();
        self.li("batch approve B").ok();
    }

    /// A hopper with so many blanks.
    pub fn hopper(&self, name: &str, count: u32, seed: u32) {
        self.hopper_of(name, "fmcos", count, seed);
    }

    pub fn hopper_of(&self, name: &str, chip: &str, count: u32, seed: u32) {
        let line = format!(
            "sim new --chip {chip} --name {name} --count {count} --seed {seed} --hopper --set durable=false {name}"
        );
        self.look(&line).ok();
    }

    /// How many cards lie in a hopper's folder.
    pub fn cards_in(&self, place: &str) -> usize {
        let is_card = |e: &fs::DirEntry| e.file_name().to_str().unwrap().ends_with(".card.json");
        let entries = fs::read_dir(self.path(place)).unwrap().map(Result::unwrap);
        entries.filter(is_card).count()
    }

    /// The ledger verifies; how many entries it has.
    #[track_caller]
    pub fn entries(&self) -> u64 {
        let report = self.look("ledger verify").ok().lines().swap_remove(0);
        assert_eq!(report["good"], true);
        report["entries"].as_u64().unwrap()
    }

    pub fn status(&self) -> Value {
        self.look("batch status B").ok().of("cardmint.batch/1")
    }

    /// Counts of the batch by name.
    pub fn counts(&self) -> [u64; 5] {
        let status = self.status();
        ["issued", "failed", "void", "doubtful", "left"].map(|name| status[name].as_u64().unwrap())
    }

    /// Every file of the folders, by path, with its bytes.
    pub fn bytes(&self, folders: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open: Vec<PathBuf> = folders.iter().map(|name| self.path(name)).collect();
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        found
    }

    /// A script that may be run.
    pub fn script(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A run whose events are heard while it goes on.
    pub fn started(&self, line: &str, officers: &str) -> Running {
        let mut command = self.command(&format!("{line} --json"), officers);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, told) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        Running {
            child,
            told,
            heard: Vec::new(),
        }
    }
}

/// A command that goes on.
pub struct Running {
    child: Child,
    told: Receiver<Value>,
    pub heard: Vec<Value>,
}

impl Running {
    /// Waits for an event.
    #[track_caller]
    pub fn hears(&mut self, event: &str) -> Value {
        loop {
            let next = self.told.recv_timeout(Duration::from_secs(60));
            let next = next.unwrap_or_else(|_| panic!("no {event}: {:?}", self.heard));
            self.heard.push(next.clone());
            if next["event"] == event {
                return next;
            }
        }
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for its end.
    pub fn end(mut self) -> Said {
        let mut err = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut err).unwrap();
        let code = self.child.wait().unwrap().code();
        while let Ok(line) = self.told.recv() {
            self.heard.push(line);
        }
        let out = self.heard.iter().fold(String::new(), |mut all, line| {
            writeln!(all, "{line}").unwrap();
            all
        });
        Said { code, out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn founded(kind: Kind) -> PathBuf {
    let Centre { folder, session } = Centre::for_program("mohurd", "city", "3100");
    drop(session);
    let hall = Hall { folder };
    let (template, file) = order_of(kind);
    fs::rename(hall.path("site"), hall.path("c")).unwrap();
    fs::write(hall.path("loaded.toml"), loading()).unwrap();
    fs::write(hall.path("order.csv"), &file).unwrap();
    for name in ["zhang", "li"] {
        let path = hall.path(&format!("{name}.pw"));
        fs::write(&path, format!("passphrase of {name}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    hall.zhang(&format!("order import order.csv --name O --template {template}"))
        .ok();
    hall.folder.keep()
}

/// A centre's own copy of the shipped user card: another template than that, for nobody has approved it.
fn loading() -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/mohurd-user.toml");
    format!("{}\n# Our own copy.\n", fs::read_to_string(shipped).unwrap())
}

/// The template and the file of an order.
fn order_of(kind: Kind) -> (&'static str, String) {
    let mut file = String::new();
    match kind {
        Kind::User => {
            file.push_str("卡号,姓名\n");
            (1..=CARDS).for_each(|n| writeln!(file, "{},张{n}", number(n)).unwrap());
            ("mohurd-user", file)
        }
        Kind::Loaded => {
            file.push_str("卡号,姓名,初始金额（元）,PIN\n");
            for n in 1..=CARDS {
                let pin = if n % 2 == 0 { "随机" } else { "" };
                writeln!(file, "{},\"李,{n}\",{n}.50,{pin}", number(n)).unwrap();
            }
            ("loaded.toml", file)
        }
        Kind::Psam => {
            file.push_str("number,terminal\n");
            (1..=CARDS).for_each(|n| writeln!(file, "3100{n:016},3100{n:08}").unwrap());
            ("mohurd-city-psam", file)
        }
    }
}
