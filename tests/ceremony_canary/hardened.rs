// SPDX-License-Identifier: Apache-2.0
//! What the process does for its secrets: no core file though the limits would allow one, no reading of its memory by the
//! same user, memory locked; and where the system forbids that, ceremonies say so and the site's policy decides.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::house::{House, cardmint};
use super::people::{Held, hold_on};
use super::process;
use super::pty::Pty;

/// One key from two components; cheap to begin.
pub const PLAN: &str = r#"format = 1
title = { en = "One load key", zh = "一个圈存密钥" }
purpose = { en = "Puts one key together.", zh = "合成一个密钥。" }
scheme = "mohurd"
level = "city"
resume = true
[[participant]]
id = "key-officer-1"
role = "key-officer"
[[participant]]
id = "key-officer-2"
role = "key-officer"
[[participant]]
id = "custodian-1"
role = "custodian"
[[participant]]
id = "custodian-2"
role = "custodian"
[[step]]
id = "load"
do = "components"
key = "load.v1.3des"
custodians = ["custodian-1", "custodian-2"]
confirm = ["key-officer-1", "key-officer-2"]
[[step]]
id = "drawn"
do = "generate"
keys = ["load.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "backup"
do = "backup"
file = "backup"
threshold = 2
custodians = ["custodian-1", "custodian-2"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des", "load.v1.sm4"]
state = "active"
"#;
pub const PEOPLE: [&str; 4] = ["key-officer-1", "key-officer-2", "custodian-1", "custodian-2"];
const CITY: [&str; 6] = ["--scheme", "mohurd", "--level", "city", "--code", "3100"];

/// A city for that plan.
pub fn city(more: &[&str]) -> House {
    let house = House::new();
    house.found("city", &[&CITY, more].concat(), &PEOPLE);
    fs::write(house.path("plan.toml"), PLAN).unwrap();
    house
}

/// The words that call that ceremony.
pub fn called(verb: &str, how: &[&str]) -> Vec<String> {
    let files = ["backup=city.backup", "pages=pages"];
    super::held::Call {
        site: "city",
        plan: "plan.toml",
        people: &PEOPLE,
        files: &files,
        how,
    }
    .args(verb)
}

/// The program where nobody may lock memory beyond a page or two: without the capabilities that stand above limits.
fn unlocked() -> Command {
    let mut command = Command::new("prlimit");
    command.arg("--memlock=65536:65536");
    if rustix::process::geteuid().is_root() {
        command.args(["setpriv", "--bounding-set=-ipc_lock,-sys_resource"]);
    }
    command.arg(env!("CARGO_BIN_EXE_cardmint"));
    command
}

/// Begins, and breaks off at the first question.
fn begun(house: &mut House, program: Command, how: &[&str]) -> Held {
    let args = called("rehearse", how);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let command = house.at_home(program, &args);
    let mut papers = std::mem::take(&mut house.papers);
    let held = hold_on(Pty::of_size(&command, 60, 400), &mut papers, |_, _| {
        Some(("\x03".to_owned(), false))
    });
    house.papers = papers;
    held
}

#[test]
fn a_ceremony_says_whether_memory_is_locked_and_the_policy_decides() {
    let mut free = city(&[]);
    for (how, no, yes) in [
        (
            ["--lang", "en"],
            "memory is not locked (limit 64 kB)",
            "memory is locked",
        ),
        (["--lang", "zh"], "内存未锁定（上限 64 kB）", "内存已锁定"),
    ] {
        let held = begun(&mut free, unlocked(), &how);
        assert_eq!(held.code, 5, "{}", held.screen);
        assert!(
            held.screen.contains(no) && !held.screen.contains(yes),
            "{}",
            held.screen
        );
        if process::may_lock() {
            let held = begun(&mut free, cardmint(), &how);
            assert!(held.screen.contains(yes), "{}", held.screen);
        }
    }
    // The doctor knows too.
    for (program, expected) in [
        (unlocked(), "warn"),
        (cardmint(), if process::may_lock() { "ok" } else { "warn" }),
    ] {
        let mut doctor = free.at_home(program, &["--json", "doctor"]);
        let said = String::from_utf8(doctor.output().unwrap().stdout).unwrap();
        let finding = said.lines().find(|line| line.contains("\"MEMORY-LOCK\"")).unwrap();
        assert!(finding.contains(&format!("\"{expected}\"")), "{finding}");
    }

    // A site that demands it is not even founded without it.
    let strict = House::new();
    let mut args = vec!["init", "city", "--name", "city", "--rehearsal", "--require-memory-lock"];
    args.extend(CITY);
    args.extend(["--officer", "key-officer-1", "--secrets-fd", "0"]);
    let refused = strict.at_home(unlocked(), &args).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(!strict.path("city").exists());
    if !process::may_lock() {
        eprintln!("memory cannot be locked here: the site that demands it was not founded");
        return;
    }
    let mut strict = city(&["--require-memory-lock"]);
    let held = begun(&mut strict, unlocked(), &["--lang", "en"]);
    assert_eq!(held.code, 2, "{}", held.screen);
    assert!(
        held.said.is_empty() && held.screen.contains("demands that memory be locked"),
        "{}",
        held.screen
    );
    let by = [
        "--site",
        "city",
        "--officer",
        "key-officer-1",
        "--officer",
        "key-officer-2",
    ];
    for work in [
        &["key", "generate", "load"][..],
        &["ledger", "export", "--format", "jsonl", "--out", "x.jsonl"],
        &["officer", "passphrase", "key-officer-1"],
    ] {
        let mut command = strict.at_home(unlocked(), &[&by, work, &["--secrets-fd", "0"]].concat());
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{work:?}: {said}");
        assert!(said.contains("memory be locked"), "{work:?}: {said}");
    }
    let held = begun(&mut strict, cardmint(), &["--lang", "en"]);
    assert_eq!(held.code, 5, "{}", held.screen);
}

#[test]
fn the_same_user_cannot_read_the_memory() {
    if !rustix::process::geteuid().is_root() {
        // We are the same user.
        let house = city(&[]);
        let args = called("rehearse", &[]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut pty = Pty::start(&house.at_home(cardmint(), &args));
        pty.wait_for("assphrase of officer");
        assert!(process::memory(pty.id()).is_none());
        return;
    }
    // As somebody else, in a folder of theirs, with a copy of the program that they may run.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("cardmint");
    fs::copy(env!("CARGO_BIN_EXE_cardmint"), &program).unwrap();
    for path in [folder.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let nobody = |program: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
        command.current_dir(folder.path());
        command
    };
    let reads = |process: u32| {
        let from = "sed -n '/rw-p.*\\(heap\\|stack\\)/{s/-.*//p;q}' /proc/$0/maps";
        let script = format!("tail -c +$((0x$({from}) + 1)) /proc/$0/mem 2>/dev/null | head -c 64 | wc -c");
        let output = nobody("sh")
            .args(["-c", &script, &process.to_string()])
            .output()
            .unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse::<u32>()
            .unwrap_or(0)
    };
    let mut plain = nobody("sleep").arg("60").spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let control = reads(plain.id());
    plain.kill().unwrap();
    plain.wait().unwrap();
    let mut init = nobody(program.to_str().unwrap());
    init.args([
        "--lang",
        "en",
        "init",
        "city",
        "--name",
        "city",
        "--rehearsal",
        "--officer",
        "zhang",
    ]);
    init.args(CITY).env_remove("CARDMINT_SITE");
    let mut pty = Pty::start(&init);
    pty.wait_for("passphrase of officer zhang");
    assert_eq!(reads(pty.id()), 0);
    if control == 0 {
        eprintln!("this system lets nobody read memory of the same user: the refusal proves nothing here");
    }
}
