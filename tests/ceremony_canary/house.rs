// SPDX-License-Identifier: Apache-2.0
//! A folder with sites whose officers type everything, and a record of all that was said, shown and left on disk.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cardmint::crypto::pack;
use cardmint::crypto::seal::{self, BoxKey, SealKey};
use cardmint::crypto::shamir::{Share, combine_seal_key};
use cardmint::crypto::{SecretBytes, written};
use serde_json::Value;

use super::forms::Secret;
use super::known::{Canary, What, passphrase};
use super::people::Papers;
use super::process;

/// Files and texts, each with the name that a hit is reported under.
pub type Hay = (String, Vec<u8>);

/// A page as it lay in the machine while its custodian copied it.
pub struct Page {
    pub whose: String,
    pub bytes: Vec<u8>,
    pub mode: u32,
}

/// A folder with sites.
pub struct House {
    folder: tempfile::TempDir,
    /// All that was said, and all files that were seen.
    pub hay: RefCell<Vec<Hay>>,
    pub pages: RefCell<Vec<Page>>,
    seen: RefCell<BTreeSet<(PathBuf, u64)>>,
    pub papers: Papers,
}

pub fn cardmint() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cardmint"))
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for name in ["pages", "tmp", "home"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let papers = Papers {
            folder: folder.path().join("pages"),
            ..Papers::default()
        };
        Self {
            folder,
            papers,
            hay: RefCell::default(),
            pages: RefCell::default(),
            seen: RefCell::default(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// In this folder, with everything that would make a program talk.
    pub fn at_home(&self, mut command: Command, args: &[&str]) -> Command {
        command.args(args).current_dir(self.folder.path());
        command.env_remove("CARDMINT_SITE").env("LC_ALL", "C.UTF-8");
        command.env("TMPDIR", self.path("tmp")).env("HOME", self.path("home"));
        command.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
        command
    }

    pub fn keep(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.hay.borrow_mut().push((name.to_owned(), bytes.into()));
    }

    /// Runs with these officers, whose passphrases are typed; each `times` times.
    #[track_caller]
    pub fn run(&self, args: &[&str], officers: &[&str], times: usize) -> String {
        let mut command = self.at_home(cardmint(), args);
        command.args(["--secrets-fd", "0"]);
        let typed: String = officers
            .iter()
            .map(|officer| format!("{}\n", passphrase(officer)).repeat(times))
            .collect();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{args:?}\n{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        self.keep(&format!("said by {args:?}"), said);
        text
    }

    /// Makes a rehearsal site; `people` are names with their roles.
    pub fn found(&self, site: &str, place: &[&str], people: &[&str]) {
        let people: Vec<String> = people.iter().map(|id| format!("{id}={}", role(id))).collect();
        let mut args = vec!["init", site, "--name", site, "--unlock", "2", "--rehearsal"];
        args.extend(place);
        args.extend(people.iter().flat_map(|person| ["--officer", person]));
        let names: Vec<&str> = people.iter().map(|p| p.split_once('=').unwrap().0).collect();
        self.run(&args, &names, 2);
    }

    /// A command by two key officers.
    #[track_caller]
    pub fn officers(&self, site: &str, args: &[&str]) -> String {
        let two = ["key-officer-1", "key-officer-2"];
        let mut all = vec!["--site", site, "--officer", two[0], "--officer", two[1]];
        all.extend(args);
        self.run(&all, &two, 1)
    }

    /// Keeps every file that is new or has changed since it was last looked at, and the pages apart from the others.
    pub fn look_around(&self, whose: &str, when: &str) {
        self.folder_with(self.folder.path(), whose, when);
    }

    fn folder_with(&self, folder: &Path, whose: &str, when: &str) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.folder_with(&path, whose, when);
                continue;
            }
            // Files come and go.
            let Ok(bytes) = fs::read(&path) else { continue };
            let mut digest = std::hash::DefaultHasher::new();
            std::hash::Hash::hash(&bytes, &mut digest);
            let digest = std::hash::Hasher::finish(&digest);
            if !self.seen.borrow_mut().insert((path.clone(), digest)) {
                continue;
            }
            if path.parent().unwrap().ends_with("pages") && !bytes.iter().all(|b| *b == 0) {
                let mode = fs::metadata(&path).map_or(0, |m| m.permissions().mode() & 0o777);
                let whose = whose.to_owned();
                self.pages.borrow_mut().push(Page { whose, bytes, mode });
            } else {
                self.keep(&format!("{} {when}", path.display()), bytes);
            }
        }
    }

    /// What everybody sees of a process.
    pub fn look_at(&self, process: u32, when: &str) {
        for name in ["cmdline", "environ", "comm"] {
            self.keep(&format!("{name} {when}"), process::file(process, name));
        }
    }

    /// The private keys of an officer, opened with the passphrase as docs/formats/officer.md says: signing, exchange.
    fn officer_keys(&self, site: &str, officer: &str) -> Vec<Vec<u8>> {
        let file = Sealed::read(&self.path(site).join(format!("officers/{officer}.key")));
        let costs = serde_json::from_value(file.header["kdf"].clone()).unwrap();
        let salt: [u8; 16] = file.base64("salt").try_into().unwrap();
        let typed = SecretBytes::new(passphrase(officer).into_bytes());
        let parts = file.open(&seal::passphrase_key(&typed, &salt, costs).unwrap());
        assert_eq!(parts.len(), 2);
        parts
    }

    /// What an officer types, and the keys that it opens.
    pub fn of_officer(&self, site: &str, officer: &str) -> Vec<Canary> {
        let typed = Secret::typed(&format!("passphrase of {officer}"), &passphrase(officer));
        let mut all = vec![Canary::new(What::Passphrase, typed)];
        let names = ["signing", "exchange"].iter().zip(self.officer_keys(site, officer));
        all.extend(names.map(|(name, bytes)| {
            let name = format!("{name} key of {officer} at {site}");
            Canary::new(What::Officer, Secret::pieces(&name, &bytes))
        }));
        all
    }

    /// Everything in a site's key store, and what two officers open it with, as docs/formats/key-store.md says.
    pub fn stored(&self, site: &str, officers: [&str; 2]) -> Vec<(String, Vec<u8>)> {
        let file = Sealed::read(&self.path(site).join("keys/store"));
        let shares: Vec<Share> = officers
            .iter()
            .map(|officer| self.share_of(site, officer, &file))
            .collect();
        let key = combine_seal_key(&shares).unwrap();
        let mut names = vec![format!("signing key of {site}"), format!("exchange key of {site}")];
        let list = |field: &str| file.header[field].as_array().cloned().unwrap_or_default();
        names.extend(list("keys").iter().map(|key| key["id"].as_str().unwrap().to_owned()));
        names.extend(list("pins").iter().map(|pin| format!("PIN {}", pin.as_str().unwrap())));
        names.extend(file.header.get("signing_sm2").map(|_| format!("SM2 key of {site}")));
        let parts = file.open(&key);
        assert_eq!(names.len(), parts.len());
        let mut all: Vec<_> = names.into_iter().zip(parts).collect();
        all.push((format!("data key of {site}"), bytes_of(&key)));
        for (officer, share) in officers.iter().zip(&shares) {
            all.push((
                format!("share of {officer} in {site}"),
                share.secret().on_page(<[u8]>::to_vec),
            ));
        }
        all
    }

    fn share_of(&self, site: &str, officer: &str, store: &Sealed) -> Share {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let holders = store.header["holders"].as_array().unwrap();
        let holder = holders.iter().find(|h| h["officer"] == *officer).unwrap();
        let (index, quorum) = (&holder["index"], &store.header["quorum"]);
        let place = format!(
            "cardmint share\n{}\n{officer}\n{index} {quorum}",
            text(&store.header["site"])
        );
        let sealed = STANDARD.decode(text(&holder["share"])).unwrap();
        let mine = SecretBytes::new(self.officer_keys(site, officer).remove(1));
        let mine = BoxKey::from_secret(&mine).unwrap();
        let share = seal::open_with(&mine, place.as_bytes(), &sealed).unwrap();
        let number = |value: &Value| u8::try_from(value.as_u64().unwrap()).unwrap();
        Share::from_parts(number(index), number(quorum), share).unwrap()
    }
}

pub fn bytes_of(key: &SealKey) -> Vec<u8> {
    let packed = pack::pack(&[key]).unwrap();
    packed.on_page(|bytes| bytes[2..].to_vec())
}

fn role(id: &str) -> &str {
    if id.starts_with("leader") {
        "custodian"
    } else {
        id.trim_end_matches(|c: char| c == '-' || c.is_ascii_digit())
    }
}

/// The share that a page's text is.
pub fn share(text: &str) -> Share {
    let typed = SecretBytes::new(text.as_bytes().to_vec());
    let (header, secret) = written::read(&typed).unwrap();
    Share::from_parts(header.index(), header.needed(), secret).unwrap()
}

/// A file of four lines with a sealed body.
struct Sealed {
    header: Value,
    place: Vec<u8>,
    body: Vec<u8>,
}

impl Sealed {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let lines: Vec<&str> = text.lines().collect();
        Self {
            header: serde_json::from_str(lines[1]).unwrap(),
            place: format!("{}\n{}\n", lines[0], lines[1]).into_bytes(),
            body: STANDARD.decode(lines[2]).unwrap(),
        }
    }

    fn base64(&self, field: &str) -> Vec<u8> {
        STANDARD.decode(self.header[field].as_str().unwrap()).unwrap()
    }

    /// The secrets in it.
    fn open(&self, key: &SealKey) -> Vec<Vec<u8>> {
        let nonce: [u8; 24] = self.base64("nonce").try_into().unwrap();
        let plain = seal::open(key, &nonce, &self.place, &self.body).unwrap();
        let parts = pack::unpack(&plain).unwrap();
        parts.iter().map(|part| part.on_page(<[u8]>::to_vec)).collect()
    }
}
