// SPDX-License-Identifier: Apache-2.0
//! What somebody meets in the first hour: doctor, completions, man pages, messages in two languages, exit codes.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn cardmint(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardmint"));
    command
        .args(args)
        .env_remove("CARDMINT_SITE")
        .env("LC_ALL", "C.UTF-8")
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    cardmint(args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn verdicts(output: &Output) -> Vec<(String, String)> {
    let lines = text(&output.stdout).lines();
    lines
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["schema"], "cardmint.finding/1");
            let part = |name: &str| value[name].as_str().unwrap().to_owned();
            if part("verdict") != "ok" {
                assert!(value["hint"].is_string(), "a finding without what to do: {line}");
            }
            (part("check"), part("verdict"))
        })
        .collect()
}

fn verdict(output: &Output, check: &str) -> String {
    let all = verdicts(output);
    let found = all.iter().find(|(name, _)| name == check);
    found.unwrap_or_else(|| panic!("no check {check} in {all:?}")).1.clone()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn doctor_passes_on_a_computer_without_a_site() {
    let output = run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    for check in ["CORE-DUMPS", "CLOCK", "RANDOM", "HSM", "SITE"] {
        assert_eq!(verdict(&output, check), "ok", "{check}");
    }
}

#[test]
fn every_check_of_doctor_is_documented() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.md")).unwrap();
    let site = site();
    for (check, _) in verdicts(&run(&["doctor", "--json", "--site", site.path().to_str().unwrap()])) {
        assert!(page.contains(&format!("`{check}`")), "docs/doctor.md lacks {check}");
    }
}

fn site() -> tempfile::TempDir {
    let site = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    chmod(site.path(), 0o700);
    fs::write(site.path().join("site.toml"), "").unwrap();
    chmod(&site.path().join("site.toml"), 0o600);
    site
}

#[test]
fn doctor_fails_with_3_for_a_site_open_to_others() {
    let site = site();
    let folder = site.path().to_str().unwrap();
    let args = ["doctor", "--json", "--site", folder];
    assert_eq!(verdict(&run(&args), "SITE-FOLDER-MODE"), "ok");
    chmod(site.path(), 0o750);
    let output = run(&args);
    assert_eq!(verdict(&output, "SITE-FOLDER-MODE"), "fail");
    assert_eq!(output.status.code(), Some(3));
    let chinese = run(&["doctor", "--lang", "zh", "--site", folder]);
    assert!(text(&chinese.stdout).contains("chmod 700"));
    assert!(text(&chinese.stdout).contains("暂不能工作"));
}

#[test]
fn doctor_names_what_a_site_lacks() {
    let site = site();
    let folder = site.path().to_str().unwrap();
    let output = run(&["doctor", "--json", "--site", folder]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(verdict(&output, "SITE-TOML"), "ok");
    assert_eq!(verdict(&output, "KEY-STORE"), "fail");
    assert_eq!(verdict(&output, "LEDGER"), "fail");
    fs::write(site.path().join("site.toml"), "name = [").unwrap();
    let output = run(&["doctor", "--json", "--site", folder]);
    assert_eq!(verdict(&output, "SITE-TOML"), "fail");
    let left: Vec<_> = fs::read_dir(site.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left, ["site.toml"], "doctor leaves nothing behind");
}

#[test]
fn doctor_fails_with_3_where_there_is_no_site() {
    let output = run(&["doctor", "--json", "--site", "/nowhere"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(verdict(&output, "SITE"), "fail");
}

#[cfg(target_os = "linux")]
#[test]
fn a_running_program_writes_no_core() {
    if !cfg!(feature = "pcsc") {
        return;
    }
    // Runs long enough to be looked at from outside, with a service or without.
    let mut child = cardmint(&["reader", "watch", "--seconds", "20"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let path = format!("/proc/{}/limits", child.id());
    let hardened = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        let limits = fs::read_to_string(&path).unwrap();
        let core = limits.lines().find(|l| l.starts_with("Max core file size")).unwrap();
        core.split_whitespace().skip(4).take(2).eq(["0", "0"])
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(hardened);
}

#[test]
fn completions_come_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        let script = text(&output.stdout);
        assert!(
            script.contains("cardmint") && script.contains("doctor"),
            "{shell}: {script}"
        );
    }
    assert_eq!(run(&["completions", "command.com"]).status.code(), Some(2));
}

#[test]
fn man_pages_come_for_every_command_in_both_languages() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for (lang, words) in [("en", "Lists the PC/SC readers"), ("zh", "列出 PC/SC 读卡器")] {
        let dir = folder.path().join(lang);
        let output = run(&["--lang", lang, "man", "--dir", dir.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0));
        for page in ["cardmint.1", "cardmint-doctor.1", "cardmint-reader-watch.1"] {
            assert!(dir.join(page).is_file(), "{page}");
        }
        let page = fs::read_to_string(dir.join("cardmint-reader-list.1")).unwrap();
        assert!(page.contains(words), "{page}");
    }
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = run(&["man", "--dir", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(4));
}

#[test]
fn help_is_in_the_language_asked_for() {
    assert!(text(&run(&["--lang", "zh", "--help"]).stdout).contains("读卡器及其上的卡"));
    assert!(text(&run(&["--help"]).stdout).contains("Readers and the cards on them"));
    let chinese = run(&["--lang", "zh", "reader", "watch", "--help"]);
    for english in ["Usage", "Options", "Commands", "Print help"] {
        assert!(!text(&chinese.stdout).contains(english), "{}", text(&chinese.stdout));
    }
    let by_locale = cardmint(&["--help"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert!(text(&by_locale.stdout).contains("读卡器及其上的卡"));
}

#[test]
fn usage_errors_end_with_2_and_say_what_is_wrong() {
    for args in [
        &["no-such-command"][..],
        &["reader", "list", "--colour"],
        &["reader", "atr"],
        &[],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
    let chinese = run(&["--lang", "zh", "reader", "lst"]);
    assert!(text(&chinese.stderr).contains("没有命令 lst；是否应为 list？"));
    let json = run(&["reader", "atr", "--json"]);
    let error: serde_json::Value = serde_json::from_str(text(&json.stderr).trim()).unwrap();
    assert_eq!(
        (&error["id"], &error["exit"]),
        (&"usage-missing-argument".into(), &2.into())
    );

    let empty = run(&["reader", "atr", "--reader", "sim:"]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(text(&empty.stderr).contains("names no reader"));
    let json = run(&["reader", "atr", "--reader", "sim:", "--json"]);
    let error: serde_json::Value = serde_json::from_str(text(&json.stderr).trim()).unwrap();
    assert_eq!(
        (&error["id"], &error["exit"]),
        (&"transport-bad-spec".into(), &2.into())
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = cardmint(&["completions", "zsh"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
