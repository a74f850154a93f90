// SPDX-License-Identifier: Apache-2.0
//! `cardmint sim` as people and programs meet it: what it prints, what it never prints, how it ends.
#![allow(clippy::unwrap_used)] // a test stops at the first surprise

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use cardmint::sim::SimReader;
use cardmint::transport::{CardTransport, TransportError};
use serde_json::Value;

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardmint"));
    command
        .args(args)
        .env_remove("CARDMINT_SITE")
        .env("LC_ALL", "C.UTF-8")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

/// Standard output of a command that must end with this exit code.
fn out(folder: &Path, code: i32, args: &[&str]) -> String {
    let output = run(folder, args);
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    said
}

fn lines(folder: &Path, args: &[&str]) -> Vec<Value> {
    let said = out(folder, 0, args);
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn cards_are_made_listed_and_shown_without_key_values() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let made = lines(
        at,
        &[
            "--json", "sim", "new", "--chip", "fmcos", "--count", "10", "--seed", "7", "c",
        ],
    );
    assert_eq!(made.len(), 10);
    assert_eq!(
        (&made[0]["reader"], &made[9]["reader"]),
        (&"sim:c/fmcos-01".into(), &"sim:c/fmcos-10".into())
    );
    let serials: std::collections::BTreeSet<&str> = made.iter().map(|m| m["serial"].as_str().unwrap()).collect();
    assert_eq!(serials.len(), 10, "chip numbers differ");
    out(
        at,
        0,
        &[
            "sim",
            "new",
            "--chip",
            "psam",
            "--name",
            "sam",
            "--factory",
            "--t0",
            "c",
        ],
    );
    out(at, 0, &["sim", "new", "--chip", "metro", "c"]);
    let listed = lines(at, &["--json", "sim", "list", "c"]);
    let states: Vec<&str> = listed.iter().map(|l| l["state"].as_str().unwrap()).collect();
    assert_eq!(states.len(), 12);
    assert_eq!(states[10..], ["blank", "factory"], "metro, sam");
    assert!(out(at, 0, &["--lang", "zh", "sim", "list", "c"]).contains("出厂状态"));

    let canary = "C0FFEE0123456789ABCDEF9876543210";
    {
        let mut card = SimReader::open(&format!("{}/c/sam", at.display())).unwrap();
        assert!(card.atr().to_string().starts_with("3B6B0000"), "T=0");
        for command in [
            "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
            "80E00000073F008001F0FFFF",
            &format!("80D401001539F0F0AA33{canary}"),
            "80D401000D3AF0EF0133C0FFEE9753FFFFFF",
            "80E0100111380200AAAA95FFFFA00000000386980701",
        ] {
            let command = hex::decode(command).unwrap();
            assert_eq!(card.transmit(&command).unwrap(), [0x90, 0x00]);
        }
        let busy = SimReader::open(&format!("{}/c/sam", at.display())).unwrap_err();
        assert!(matches!(busy, TransportError::InUse { .. }));
        assert!(
            out(at, 0, &["sim", "list", "c"]).contains("personalised"),
            "looking needs no lock"
        );
    }
    let told = out(at, 0, &["sim", "show", "c/sam"]) + &out(at, 0, &["--json", "sim", "show", "sim:c/sam"]);
    assert!(!told.contains("C0FFEE"), "{told}");
    assert!(
        told.contains("39/00") && told.contains("\"kcv\"") && told.contains("A00000000386980701"),
        "{told}"
    );
    let shown: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(shown["schema"], "cardmint.sim-overview/1");
    assert_eq!(
        shown["directories"][0]["keys"][1]["kcv"],
        Value::Null,
        "no check value of a PIN"
    );
}

#[test]
fn switches_and_faults_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let set = [
        "--set",
        "enforce_space=false",
        "--set",
        "control-algorithm=sm4",
        "--set",
        "sw_no_challenge=6985",
    ];
    out(
        at,
        0,
        &[&["sim", "new", "--chip", "fmcos", "--name", "u", "c"], &set[..]].concat(),
    );
    let file: Value = serde_json::from_slice(&fs::read(at.join("c/u.card.json")).unwrap()).unwrap();
    let options = &file["options"];
    assert_eq!(options["enforce_space"], false);
    assert_eq!(options["control_algorithm"], "sm4");
    let mut card = SimReader::open(&format!("{}/c/u", at.display())).unwrap();
    assert_eq!(
        card.transmit(&hex::decode("00820000080000000000000000").unwrap())
            .unwrap(),
        [0x69, 0x85]
    );
    drop(card);
    for wrong in ["enforce_space=maybe", "no_such_switch=1", "enforce_space"] {
        let said = out(
            at,
            2,
            &["sim", "new", "--chip", "fmcos", "--name", "v", "--set", wrong, "c"],
        );
        assert!(said.contains(wrong) && said.contains("docs/simulator.md"), "{said}");
    }
    let faults = lines(
        at,
        &[
            "--json",
            "sim",
            "fault",
            "c/u",
            "--tear-after",
            "2",
            "--wrong-status",
            "1=6581",
        ],
    );
    assert_eq!(faults.len(), 2);
    let spec = format!("sim:{}/c/u", at.display());
    let mut card = SimReader::open(&spec).unwrap();
    let challenge = hex::decode("0084000008").unwrap();
    assert_eq!(card.transmit(&challenge).unwrap(), [0x65, 0x81]);
    assert_eq!(
        card.transmit(&challenge).unwrap_err(),
        TransportError::CardRemoved { reader: spec }
    );
    drop(card);
    assert!(!at.join("c/u.faults.json").exists(), "both have fired");
    out(at, 0, &["sim", "fault", "c/u", "--mute", "5"]);
    out(at, 0, &["sim", "fault", "c/u", "--clear"]);
    assert!(!at.join("c/u.faults.json").exists());
    out(at, 2, &["sim", "fault", "c/u", "--wrong-status", "x"]);
}

#[test]
fn every_way_to_fail_has_its_exit_code_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    out(at, 0, &["sim", "new", "--chip", "fmcos", "--name", "u", "c"]);
    fs::write(at.join("c/bad.card.json"), "{").unwrap();
    for (code, args) in [
        (2, &["sim", "list", "nowhere"][..]),
        (2, &["sim", "show", "c/none"]),
        (2, &["sim", "new", "--chip", "fmcos", "--name", "u", "c"]),
        (2, &["sim", "new", "--chip", "emv", "c"]),
        (2, &["sim", "new", "--chip", "fmcos", "--count", "0", "c"]),
        (2, &["sim", "serve", "--vpcd", "127.0.0.1:1", "c/u", "c/v"]),
        (2, &["sim", "serve", "--vpcd", "127.0.0.1:1", "c/none"]),
        (3, &["sim", "show", "c/bad"]),
    ] {
        let said = out(at, code, args);
        assert!(said.contains("error"), "{args:?}: {said}");
        if args[1] != "new" {
            assert!(said.contains('→'), "{args:?} gives no hint: {said}");
        }
    }
}

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn serve_ends_cleanly_on_a_termination_request() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    out(
        at,
        0,
        &["sim", "new", "--chip", "fmcos", "--count", "2", "--name", "u", "c"],
    );
    let drivers = [
        TcpListener::bind("127.0.0.1:0").unwrap(),
        TcpListener::bind("127.0.0.1:0").unwrap(),
    ];
    let addresses = drivers.each_ref().map(|d| d.local_addr().unwrap().to_string());
    let args = [
        "--json",
        "sim",
        "serve",
        "--vpcd",
        &addresses[0],
        "--vpcd",
        &addresses[1],
        "c/u-1",
        "c/u-2",
    ];
    let mut served = Served(command(at, &args).stdout(Stdio::piped()).spawn().unwrap());
    let mut told = BufReader::new(served.0.stdout.take().unwrap()).lines();
    let mut atrs = Vec::new();
    let mut streams = Vec::new();
    for driver in &drivers {
        let (mut stream, _) = driver.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(&[0, 1, 4]).unwrap();
        let mut answer = [0; 2 + 16];
        stream.read_exact(&mut answer).unwrap();
        atrs.push(answer);
        streams.push(stream);
    }
    assert_ne!(atrs[0], atrs[1], "two cards, two chip numbers");
    for _ in 0..2 {
        let event: Value = serde_json::from_str(&told.next().unwrap().unwrap()).unwrap();
        assert_eq!(
            (&event["schema"], &event["event"]),
            (&"cardmint.sim-served/1".into(), &"connected".into())
        );
    }
    let pid = served.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(served.0.wait().unwrap().code(), Some(0));
}
