// SPDX-License-Identifier: Apache-2.0
//! `init`, `site`, `officer`, `key` and `scheme` as an operator runs them: what is said, which exit code, what is left
//! behind; and that no key, component, PIN or passphrase shows anywhere.

#![allow(clippy::unwrap_used)] // a test may fail where it stands

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

const COMPONENTS: [&str; 2] = ["C9A17E4D5B8F2063D4E1907B3C6AF852", "1F5C02B7E98A46D3702BD86E915FA4C3"];
const WHOLE: &str = "D6FD7CFAB20566B0A4CA4815AD355C91";

struct Centre {
    folder: tempfile::TempDir,
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Centre {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["zhang", "li", "wang"] {
            let path = folder.path().join(format!("{name}.pw"));
            fs::write(&path, format!("passphrase of {name}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .current_dir(self.folder.path())
            .env_remove("CARDMINT_SITE")
            .env("LC_ALL", "C");
        command.args(args);
        for name in ["zhang", "li", "wang"] {
            command.args(["--passphrase-file", &format!("{name}={name}.pw")]);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    /// With two officers and lines for hidden prompts.
    fn both(&self, args: &[&str], lines: &str) -> Said {
        let mut command = self.command(args);
        command
            .args(["--officer", "zhang", "--officer", "li", "--secrets-fd", "0"])
            .write_stdin(lines);
        said(&mut command)
    }

    fn init(&self, folder: &str, more: &[&str]) {
        let args = [&["init", folder, "--name", "Test", "--scheme", "mohurd"], more].concat();
        let made = self.both(&args, "");
        assert_eq!(made.code, 0, "{}", made.err);
    }
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

const CITY: &[&str] = &["--level", "city", "--code", "3100", "--rehearsal"];

#[test]
fn two_centres_share_a_purchase_key() {
    let at = Centre::new();
    at.init("m", &["--level", "ministry", "--rehearsal"]);
    at.init("c", CITY);
    let made = at.both(&["--site", "m", "key", "generate", "purchase", "tac", "--json"], "");
    assert_eq!((made.code, made.out.lines().count()), (0, 2), "{}", made.err);
    // What is rooted at the ministry is not made by a city.
    let refused = at.both(&["--site", "c", "key", "generate", "purchase"], "");
    assert!(
        refused.code == 2 && refused.err.contains("purchase.v1.3des@city:3100"),
        "{}",
        refused.err
    );
    for site in ["m", "c"] {
        assert_eq!(
            at.run(&["--site", site, "site", "card", "--out", &format!("{site}.card")])
                .code,
            0
        );
    }
    let fingerprint = |site: &str| -> String {
        let shown = at.run(&["--site", site, "site", "show", "--json"]);
        let value: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
        value["fingerprint"].as_str().unwrap().to_owned()
    };
    let export = [
        "--site", "m", "key", "export", "purchase", "--to", "c.card", "--out", "b.bundle",
    ];
    let untrusted = at.both(&export, "");
    assert_eq!(untrusted.code, 3, "{}", untrusted.err);
    assert_eq!(
        at.both(&["--site", "m", "site", "trust", "c.card"], &fingerprint("c"))
            .code,
        0
    );
    let other_code = at.both(&[&export[..], &["--code", "4100"]].concat(), "");
    assert_eq!(other_code.code, 3, "{}", other_code.err);
    assert_eq!(at.both(&[&export[..], &["--code", "3100"]].concat(), "").code, 0);
    assert_eq!(
        at.both(&["--site", "c", "key", "receive", "b.bundle"], "").code,
        3,
        "the sender is not known yet"
    );
    let wrong = at.run(&["--site", "c", "site", "trust", "m.card", "--fingerprint", "0000 0000"]);
    assert_eq!(wrong.code, 3);
    assert_eq!(
        at.both(&["--site", "c", "site", "trust", "m.card"], &fingerprint("m"))
            .code,
        0
    );
    let received = at.both(&["--site", "c", "key", "receive", "b.bundle"], "");
    assert!(
        received.code == 0 && received.out.contains("purchase.v1.3des@city:3100"),
        "{}",
        received.err
    );
    // Both centres show the same check value for the same card.
    let serial = ["--serial", "3100000020915087"];
    let down = |site: &str, key: &str, more: &[&str]| {
        let shown = at.both(
            &[&["--site", site, "key", "derive", key, "--json"], more, &serial[..]].concat(),
            "",
        );
        assert_eq!(shown.code, 0, "{}", shown.err);
        let value: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
        value["levels"].as_array().unwrap().last().unwrap()["kcv"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let from_ministry = down("m", "purchase.v1.3des@ministry", &["--field", "city_code=3100"]);
    assert_eq!(from_ministry, down("c", "purchase.v1.3des@city:3100", &[]));
    for site in ["m", "c"] {
        let verified = at.run(&["--site", site, "ledger", "verify"]);
        assert_eq!(verified.code, 0, "{}", verified.all());
    }
}

#[test]
fn components_are_checked_and_never_shown() {
    let at = Centre::new();
    at.init("c", CITY);
    let import = ["--site", "c", "key", "import", "load"];
    let lines = format!("{}\n{}\n", COMPONENTS[0], COMPONENTS[1]);
    let mut shown = String::new();
    let mut run = |more: &[&str], lines: &str| {
        let said = at.both(&[&import[..], more].concat(), lines);
        shown.push_str(&said.all());
        said
    };
    let before = fs::read(at.path("c/keys/store")).unwrap();
    let wrong = run(&["--kcv", "000000"], &lines);
    assert!(
        wrong.code == 3 && wrong.err.contains("expected 000000"),
        "{}",
        wrong.err
    );
    let named = run(&["--component-kcv", "000000"], &lines);
    assert!(named.code == 3 && named.err.contains("component 1"), "{}", named.err);
    let typing = run(&[], &format!("{}\n{}X\n", COMPONENTS[0], &COMPONENTS[1][..31]));
    assert_eq!(typing.code, 2, "{}", typing.err);
    let ended = run(&[], &format!("{}\n", COMPONENTS[0]));
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert_eq!(run(&["--components", "1"], &lines).code, 2);
    assert_eq!(fs::read(at.path("c/keys/store")).unwrap(), before, "nothing was stored");
    let stored = run(&["--json"], &lines);
    assert_eq!(stored.code, 0, "{}", stored.err);
    assert_eq!(run(&[], &lines).code, 2, "the name is taken");
    let pin = at.both(&["--site", "c", "key", "set-pin", "holder"], "582913\n582913\n");
    assert_eq!(pin.code, 0, "{}", pin.err);
    for args in [
        &["key", "list"][..],
        &["key", "list", "--json"],
        &["key", "show", "load.v1.3des@city:3100"],
        &["officer", "list"],
        &["site", "show"],
        &["ledger", "log", "--json"],
    ] {
        let said = at.run(&[&["--site", "c"], args].concat());
        assert_eq!(said.code, 0, "{args:?} {}", said.err);
        shown.push_str(&said.all());
    }
    shown.push_str(&pin.all());
    let secrets = [COMPONENTS[0], COMPONENTS[1], WHOLE, "582913", "passphrase of zhang"];
    for secret in secrets {
        assert!(
            !shown.to_uppercase().contains(&secret.to_uppercase()),
            "{secret} was shown"
        );
    }
    let mut seen = 0;
    search(&at.path("c"), &mut |path, bytes| {
        seen += 1;
        for secret in secrets {
            let raw = hex::decode(secret).ok().filter(|r| r.len() == 16);
            for form in [
                Some(secret.as_bytes().to_vec()),
                Some(secret.to_lowercase().into_bytes()),
                raw,
            ]
            .into_iter()
            .flatten()
            {
                let found = bytes.windows(form.len()).any(|w| w == form);
                assert!(!found, "{secret} lies in {}", path.display());
            }
        }
    });
    assert!(seen > 6);
}

fn search(folder: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, look);
        } else {
            look(&path, &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_production_site_refuses_test_keys() {
    let at = Centre::new();
    at.init("p", &["--level", "city", "--code", "3100"]);
    let published = "404142434445464748494A4B4C4D4E4F\n00000000000000000000000000000000\n";
    let refused = at.both(&["--site", "p", "key", "import", "load"], published);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(!refused.all().contains("4041424344"), "{}", refused.all());
    let maker = at.both(
        &["--site", "p", "key", "import", "transport", "--components", "1"],
        &"FF".repeat(16),
    );
    assert_eq!(maker.code, 3, "{}", maker.err);
    assert!(at.run(&["--site", "p", "key", "list"]).out.lines().count() == 1);
    let alone = at.run(&[
        "init",
        "q",
        "--name",
        "Q",
        "--scheme",
        "mohurd",
        "--level",
        "ministry",
        "--officer",
        "zhang",
    ]);
    assert!(alone.code == 2 && !at.path("q").exists(), "{}", alone.err);
}

#[test]
fn officers_are_needed_and_are_who_they_say() {
    let at = Centre::new();
    at.init("c", CITY);
    let generate = ["--site", "c", "key", "generate", "load"];
    let nobody = at.run(&generate);
    assert!(
        nobody.code == 2 && nobody.err.contains("key.generate"),
        "{}",
        nobody.err
    );
    let alone = at.run(&[&generate[..], &["--officer", "zhang"]].concat());
    assert_eq!(alone.code, 2);
    let twice = at.run(&[&generate[..], &["--officer", "zhang", "--officer", "zhang"]].concat());
    assert!(twice.code == 2 && twice.err.contains("twice"), "{}", twice.err);
    let stranger = at.run(&[&generate[..], &["--officer", "zhang", "--officer", "wang"]].concat());
    assert!(stranger.code == 2 && stranger.err.contains("wang"), "{}", stranger.err);
    fs::write(at.path("li.pw"), "another passphrase\n").unwrap();
    let wrong = at.both(&generate, "");
    assert!(
        wrong.code == 3 && wrong.err.contains("passphrase is not that of officer li"),
        "{}",
        wrong.err
    );
    fs::set_permissions(at.path("li.pw"), fs::Permissions::from_mode(0o644)).unwrap();
    let open = at.both(&generate, "");
    assert!(open.code == 2 && open.err.contains("0644"), "{}", open.err);
    assert_eq!(
        at.run(&["--site", "c", "key", "list"]).out.lines().count(),
        1,
        "no key was made"
    );
}

#[test]
fn officers_come_and_go() {
    let at = Centre::new();
    at.init("c", CITY);
    assert_eq!(
        at.both(&["--site", "c", "officer", "enrol", "wang", "--role", "operator"], "")
            .code,
        0
    );
    assert_eq!(
        at.both(&["--site", "c", "officer", "enrol", "wang", "--role", "operator"], "")
            .code,
        2
    );
    assert_eq!(
        at.both(&["--site", "c", "officer", "enrol", "zhao", "--role", "boss"], "")
            .code,
        2
    );
    let listed = at.run(&["--site", "c", "officer", "list", "--json"]);
    assert_eq!(listed.out.lines().count(), 3);
    // A new passphrase: the old one opens nothing any more.
    fs::write(at.path("new.pw"), "a new passphrase\n").unwrap();
    fs::set_permissions(at.path("new.pw"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(
        at.run(&["--site", "c", "officer", "passphrase", "li", "--new", "new.pw"])
            .code,
        0
    );
    assert_eq!(at.both(&["--site", "c", "key", "generate", "load"], "").code, 3);
    fs::copy(at.path("new.pw"), at.path("li.pw")).unwrap();
    assert_eq!(at.both(&["--site", "c", "key", "generate", "load"], "").code, 0);
    assert_eq!(
        at.both(&["--site", "c", "officer", "revoke", "wang", "--reason", "left"], "")
            .code,
        0
    );
    let gone = at.run(&[
        "--site",
        "c",
        "key",
        "generate",
        "unload",
        "--officer",
        "zhang",
        "--officer",
        "wang",
    ]);
    assert_eq!(gone.code, 2, "{}", gone.err);
}

#[test]
fn a_damaged_store_stops_everything() {
    let at = Centre::new();
    at.init("c", CITY);
    assert_eq!(at.both(&["--site", "c", "key", "generate", "load"], "").code, 0);
    let store = at.path("c/keys/store");
    let good = fs::read(&store).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(&store, &bad).unwrap();
    for args in [&["key", "list"][..], &["key", "generate", "unload"], &["site", "show"]] {
        let said = at.both(&[&["--site", "c"], args].concat(), "");
        assert!(said.code == 3 && said.err.contains("damaged"), "{args:?} {}", said.err);
    }
    fs::write(&store, &good).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(at.run(&["--site", "c", "key", "list"]).code, 2);
}

#[test]
fn errors_speak_chinese_and_json() {
    let at = Centre::new();
    let none = at.run(&["--site", "nowhere", "--lang", "zh", "key", "list"]);
    assert!(none.code == 2 && none.err.contains("没有站点"), "{}", none.err);
    let json = at.run(&["--site", "nowhere", "--json", "key", "list"]);
    let value: serde_json::Value = serde_json::from_str(json.err.trim()).unwrap();
    assert_eq!(
        (value["id"].as_str(), value["exit"].as_u64()),
        (Some("site-none"), Some(2))
    );
}

#[test]
fn schemes_are_shown_and_checked() {
    let at = Centre::new();
    let listed = at.run(&["scheme", "list", "--json"]);
    assert_eq!(listed.out.lines().count(), 4);
    assert!(
        at.run(&["scheme", "show", "mohurd", "--lang", "zh"])
            .out
            .contains("消费密钥")
    );
    fs::write(at.path("own.toml"), "format = 1\nname = \"own\"\nlevels = 3\n").unwrap();
    let wrong = at.run(&["scheme", "check", "own.toml"]);
    assert!(
        wrong.code == 2 && wrong.err.contains("own.toml, line 3") && wrong.err.contains("levels"),
        "{}",
        wrong.err
    );
    let text = include_str!("../templates/schemes/mohurd.toml").replace("name = \"mohurd\"", "name = \"own\"");
    fs::write(at.path("own.toml"), text).unwrap();
    assert_eq!(at.run(&["scheme", "check", "own.toml"]).code, 0);
    // A site with a scheme of its own keeps a copy.
    let args = [
        "init",
        "s",
        "--name",
        "Own",
        "--scheme",
        "own.toml",
        "--level",
        "ministry",
        "--rehearsal",
    ];
    let made = at.both(&args, "");
    assert_eq!(made.code, 0, "{}", made.err);
    fs::remove_file(at.path("own.toml")).unwrap();
    assert!(at.run(&["--site", "s", "site", "show"]).out.contains("scheme own"));
    let mixed = at.both(
        &[
            "init",
            "h",
            "--name",
            "H",
            "--scheme",
            "mohurd",
            "--level",
            "city",
            "--code",
            "3310",
            "--rehearsal",
        ],
        "",
    );
    assert!(mixed.code == 0 && mixed.err.contains("Hangzhou"), "{}", mixed.err);
}

#[test]
fn a_chinese_operator_reads_chinese() {
    let at = Centre::new();
    at.init("c", CITY);
    let zh = |args: &[&str], lines: &str| at.both(&[&["--site", "c", "--lang", "zh"], args].concat(), lines);
    let made = zh(&["key", "generate", "load"], "");
    assert!(made.code == 0 && made.out.contains("在用"), "{}", made.all());
    let listed = zh(&["key", "list"], "");
    assert!(
        listed.out.contains("在用") && !listed.out.contains("active"),
        "{}",
        listed.out
    );
    let people = zh(&["officer", "list"], "");
    assert!(
        people.out.contains("密钥管理员") && !people.out.contains("key-officer"),
        "{}",
        people.out
    );
    let log = zh(&["ledger", "log"], "");
    assert!(
        log.out.contains("生成密钥") && !log.out.contains("key.generate"),
        "{}",
        log.out
    );
    let refused = [
        (
            zh(&["key", "export", "load", "--to", "NOFILE", "--out", "b"], ""),
            2,
            "没有文件 NOFILE",
        ),
        (
            zh(
                &["key", "state", "load.v1.3des@city:3100", "burnt", "--reason", "x"],
                "",
            ),
            2,
            "在用",
        ),
        (zh(&["key", "generate", "load", "--version", "0"], ""), 2, "取值范围"),
        (
            zh(&["key", "generate", "load", "--algorithm", "aes"], ""),
            2,
            "未知算法",
        ),
        (
            zh(&["key", "import", "load", "--version", "2"], "12G4\n"),
            2,
            "第 1 个分量",
        ),
        (zh(&["site", "card", "--out", "nowhere/c.card"], ""), 2, "文件夹不存在"),
        (zh(&["site", "card", "--out", "c"], ""), 4, "是文件夹"),
    ];
    for (said, code, words) in refused {
        assert!(
            said.code == code && said.err.contains(words),
            "{words}: {} {}",
            said.code,
            said.err
        );
        assert!(!said.err.contains("os error"), "{}", said.err);
    }
}
