// SPDX-License-Identifier: Apache-2.0
//! `tac verify` as a clearing centre runs it: TACs computed with OpenSSL under keys that were entered by hand, verified from
//! the ministry's side; good, bad and malformed lines in files of both forms.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod terminal;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use assert_cmd::Command;
use terminal::{des3, tac};

/// Two components and their sum.
const COMPONENTS: [&str; 2] = ["C9A17E4D5B8F2063D4E1907B3C6AF852", "1F5C02B7E98A46D3702BD86E915FA4C3"];
const ROOT: &str = "D6FD7CFAB20566B0A4CA4815AD355C91";
const CARD: &str = "3100000020915087";
const OTHER: &str = "3100000020915088";
const TERMINAL: &str = "310000000001";
const AT: &str = "20261121094500";

struct Site {
    folder: tempfile::TempDir,
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Site {
    fn with_tac_key() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passphrase = folder.path().join("zhang.pw");
        fs::write(&passphrase, "passphrase of zhang\n").unwrap();
        fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
        let site = Self { folder };
        let init = ["init", "s", "--name", "Test", "--scheme", "mohurd", "--rehearsal"];
        let made = site.run(&[&init[..], &["--level", "ministry"]].concat(), "");
        assert_eq!(made.code, 0, "{}", made.err);
        let lines = format!("{}\n{}\n", COMPONENTS[0], COMPONENTS[1]);
        let made = site.run(&["--site", "s", "key", "import", "tac"], &lines);
        assert_eq!(made.code, 0, "{}", made.err);
        site
    }

    fn run(&self, args: &[&str], input: &str) -> Said {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .current_dir(self.folder.path())
            .env_remove("CARDMINT_SITE")
            .env("LC_ALL", "C");
        command.args(args).args([
            "--officer",
            "zhang",
            "--passphrase-file",
            "zhang=zhang.pw",
            "--secrets-fd",
            "0",
        ]);
        let output = command.write_stdin(input).output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn verify(&self, args: &[&str]) -> Said {
        self.run(&[&["--site", "s", "tac", "verify"], args].concat(), "")
    }
}

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// Left half under the key, right half from the factor's complement (JR/T 0025.2-2010 §5.6).
fn child(key: &[u8], factor: &[u8]) -> Vec<u8> {
    let not: Vec<u8> = factor.iter().map(|b| !b).collect();
    [des3(key, factor), des3(key, &not)].concat()
}

fn city_key() -> Vec<u8> {
    child(&hex(ROOT), &hex("3100FF0000000000"))
}

fn purchase_tac(card: &str, fen: u32, counter: u32) -> String {
    let key = child(&city_key(), &hex(card));
    hex::encode_upper(tac(&key, &hex(&format!("{fen:08X}06{TERMINAL}{counter:08X}{AT}"))))
}

fn load_tac(card: &str, after: u32, counter: u16, fen: u32) -> String {
    let key = child(&city_key(), &hex(card));
    hex::encode_upper(tac(
        &key,
        &hex(&format!("{after:08X}{counter:04X}{fen:08X}02{TERMINAL}{AT}")),
    ))
}

fn joined<'a>(parts: &[&[&'a str]]) -> Vec<&'a str> {
    parts.concat()
}

#[test]
fn one_transaction() {
    let site = Site::with_tac_key();
    let paid = purchase_tac(CARD, 200, 0x0102_0304);
    let common = ["--number", CARD, "--terminal", TERMINAL, "--datetime", AT];
    let purchase = [
        "--kind",
        "purchase",
        "--terminal-counter",
        "0x01020304",
        "--field",
        "city_code=3100",
    ];
    macro_rules! with {
        ($($more:expr),*) => { joined(&[&common[..], &purchase, &[$($more),*]]) };
    }
    let good = site.verify(&with!("--amount", "2.00", "--tac", &paid));
    assert_eq!(
        (good.code, good.out.as_str()),
        (0, "the TAC is right: card 3100000020915087\n"),
        "{}",
        good.err
    );
    let decimal = [
        &common[..],
        &["--type", "06", "--terminal-counter", "16909060", "--amount", "2"],
    ]
    .concat();
    let decimal = [&decimal[..], &["--tac", &paid, "--field", "city_code=3100", "--json"]].concat();
    let good = site.verify(&decimal);
    assert_eq!(good.code, 0, "{}", good.err);
    let answer: serde_json::Value = serde_json::from_str(&good.out).unwrap();
    assert_eq!(
        (&answer["schema"], &answer["result"]),
        (&"cardmint.tac/1".into(), &"good".into())
    );
    let bad = site.verify(&with!("--amount", "2.01", "--tac", &paid));
    assert!(
        bad.code == 3 && bad.err.contains("is wrong"),
        "{} {}",
        bad.code,
        bad.err
    );
    let load = [
        "--kind",
        "load",
        "--amount",
        "50",
        "--balance",
        "150.00",
        "--counter",
        "7",
        "--field",
        "city_code=3100",
    ];
    let loaded = load_tac(CARD, 15000, 7, 5000);
    let good = site.verify(&[&common[..], &load, &["--tac", &loaded]].concat());
    assert_eq!(good.code, 0, "{}", good.err);
    for (args, says) in [
        (with!("--amount", "0.001", "--tac", &paid), "decimals"),
        (with!("--tac", &paid), "amount is missing"),
        (
            [&common[..], &["--kind", "purchase", "--amount", "2", "--tac", &paid]].concat(),
            "terminal_counter is missing",
        ),
        (
            [&common[..], &["--type", "03", "--amount", "2", "--tac", &paid]].concat(),
            "type 03",
        ),
        (
            [
                &common[..],
                &[
                    "--kind",
                    "purchase",
                    "--amount",
                    "2",
                    "--terminal-counter",
                    "9",
                    "--tac",
                    &paid,
                ],
            ]
            .concat(),
            "city_code is missing",
        ),
        (with!("--amount", "2", "--tac", &paid, "--key-version", "2"), "tac"),
    ] {
        let said = site.verify(&args);
        assert!(
            said.code == 2 && said.err.contains(says),
            "{args:?}: {} {}",
            said.code,
            said.err
        );
    }
}

#[test]
fn a_file_with_good_bad_and_malformed_lines() {
    let site = Site::with_tac_key();
    let row = |number: &str, yuan: &str, counter: u32, tac: &str| {
        format!("{number},06,{yuan},{TERMINAL},{counter},{AT},{tac},,,3100\n")
    };
    let loaded = load_tac(OTHER, 5000, 0, 5000);
    let mut text = "number,type,amount,terminal,terminal_counter,datetime,tac,balance,counter,city_code\n".to_owned();
    text += &row(CARD, "2.00", 1, &purchase_tac(CARD, 200, 1));
    text += &row(OTHER, "0.29", 2, &purchase_tac(OTHER, 29, 2));
    text += &row(OTHER, "0.30", 2, &purchase_tac(OTHER, 29, 2));
    text += &row(CARD, "2.0.0", 3, "00000000");
    text += "half a line\n\n";
    text += format!("{OTHER},02,50,{TERMINAL},,{AT},{loaded},50.00,0,3100\n").as_str();
    text += &row(CARD, "2.00", 4, "0011");
    text += &row(CARD, "2.00", 5, &purchase_tac(CARD, 200, 5)).replace(",3100\n", ",2100\n");
    fs::write(site.folder.path().join("day.csv"), &text).unwrap();
    let said = site.verify(&["day.csv", "--json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let found: Vec<serde_json::Value> = said.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let results: Vec<(u64, &str)> = found[..8]
        .iter()
        .map(|v| (v["line"].as_u64().unwrap(), v["result"].as_str().unwrap()))
        .collect();
    assert_eq!(
        results,
        [
            (2, "good"),
            (3, "good"),
            (4, "bad"),
            (5, "malformed"),
            (6, "malformed"),
            (8, "good"),
            (9, "malformed"),
            (10, "bad"), // the card of another city has another key
        ]
    );
    let summary = &found[8];
    assert_eq!(summary["schema"], "cardmint.tac-summary/1");
    assert_eq!(
        (&summary["good"], &summary["bad"], &summary["malformed"]),
        (&3.into(), &2.into(), &3.into())
    );
    let shown = site.verify(&["day.csv", "--lang", "zh"]);
    assert!(shown.out.ends_with("正确 3，错误 2，无法验证 3\n"), "{}", shown.out);

    // The same as JSON Lines, amounts in fen, city by default.
    let line = |fen: u32, counter: u32, tac: &str| {
        serde_json::json!({"number": CARD, "kind": "purchase", "amount_fen": fen, "terminal": TERMINAL,
            "terminal_counter": counter, "datetime": AT, "tac": tac})
        .to_string()
    };
    let mut lines: Vec<String> = (0..9000).map(|n| line(n, n, &purchase_tac(CARD, n, n))).collect();
    lines[8999] = line(1, 1, "00000000");
    fs::write(site.folder.path().join("day.jsonl"), lines.join("\n")).unwrap();
    let said = site.verify(&["day.jsonl", "--field", "city_code=3100"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(
        said.out
            .ends_with("line 9000: BAD, card 3100000020915087\n8999 good, 1 bad, 0 malformed\n")
    );
    fs::write(site.folder.path().join("good.jsonl"), lines[..20].join("\n")).unwrap();
    assert_eq!(site.verify(&["good.jsonl", "--field", "city_code=3100"]).code, 0);

    fs::write(site.folder.path().join("wrong.csv"), "number,ammount\n1,2\n").unwrap();
    let wrong = site.verify(&["wrong.csv"]);
    assert!(wrong.code == 2 && wrong.err.contains("ammount"), "{}", wrong.err);
    assert_eq!(site.verify(&["nowhere.csv"]).code, 2);
}
