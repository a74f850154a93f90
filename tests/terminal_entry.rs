// SPDX-License-Identifier: Apache-2.0
//! Questions on a real terminal (a pseudo-terminal): hidden answers stay hidden, editing and pasting work, and the terminal's
//! settings come back on every way out.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test stops at the first surprise; what is asked answers on the terminal

mod pty;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use cardmint::cli::{Global, prompt};
use cardmint::crypto::{Algorithm, KcvLength, component, kcv, written};
use cardmint::error::{Exit, Fault};
use cardmint::i18n::Lang;
use cardmint::msg;
use cardmint::outside::PromptError;
use pty::{BACKSPACE, CTRL_C, CTRL_D, CTRL_U, CTRL_W, ENTER, Pty};
use rustix::process::Signal;

const KEY: &str = "5AC3961EB7804DF2697A35E80BD1C42F";
const KEY_KCV: &str = "kcv 89DB25";
const GROUPS: &str = "12376A A73C0E 001138 223348 445556 667761 889979 AABB87 CCDD99 EEFFAE 8AB31C";

/// What runs on the terminal: asks as `CARDMINT_TEST_ASK` says, and tells what became of the answers.
#[test]
#[ignore = "runs on the terminals that the other tests make"]
fn asks() {
    let global = Global {
        site: None,
        json: false,
        lang: None,
        officer: Vec::new(),
        passphrase_file: Vec::new(),
        secrets_fd: None,
    };
    let mut prompt = prompt::for_session(&global, Lang::En);
    let question = msg!("site-ask-passphrase", name = "test");
    for what in std::env::var("CARDMINT_TEST_ASK").unwrap().split(' ') {
        let told = match what {
            "secret" => prompt.secret(&question).map(|answer| {
                let key = component::from_hex(&answer);
                key.map_or_else(
                    |e| e.to_string(),
                    |key| format!("kcv {}", kcv(Algorithm::Sm4, &key, KcvLength::default())),
                )
            }),
            "grouped" => prompt
                .grouped(&question, &written::entry(16))
                .map(|answer| match written::read(&answer) {
                    Ok((header, _)) => format!("index {} of {}", header.index(), header.needed()),
                    Err(e) => e.to_string(),
                }),
            "line" => prompt.line(&question).map(|line| format!("line {line:?}")),
            "clear" => {
                prompt.clear();
                Ok("cleared".to_owned())
            }
            _ => {
                println!("waiting");
                std::thread::sleep(std::time::Duration::from_secs(60));
                Ok(String::new())
            }
        };
        println!("=> {}", told.unwrap_or_else(|e| format!("{e:?} {:?}", e.exit())));
    }
    println!("all told");
}

fn asking(what: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["asks", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("CARDMINT_TEST_ASK", what);
    command
}

fn start(what: &str) -> Pty {
    Pty::start(&asking(what))
}

const QUESTION: &str = "Passphrase of officer test:";

/// Pieces of what was typed are nowhere in what was written.
fn nothing_of(terminal: &Pty, typed: &str) {
    for piece in typed.as_bytes().chunks(4).filter(|piece| piece.len() == 4) {
        assert!(
            !terminal.wrote(piece),
            "{:?}",
            String::from_utf8_lossy(&terminal.output())
        );
    }
}

#[test]
fn a_hidden_answer_is_not_echoed_and_can_be_edited() {
    let mut terminal = start("secret secret secret");
    let before = terminal.settings_before();
    terminal.wait_for(QUESTION);
    assert!(!terminal.echoes());
    terminal.type_in(format!("{KEY}{ENTER}"));
    terminal.wait_for(KEY_KCV);
    terminal.wait_for(QUESTION);
    let (start, end) = KEY.split_at(20);
    terminal.type_in(format!(
        "forget this{CTRL_U}{start}密{BACKSPACE}{end}00{BACKSPACE}{BACKSPACE}{ENTER}"
    ));
    terminal.wait_for(KEY_KCV);
    terminal.answer(QUESTION, "密钥密钥");
    terminal.wait_for("=> character 1 is not a hexadecimal digit");
    terminal.wait_for("all told");
    assert!(terminal.end().success());
    assert_eq!(terminal.settings(), before);
    nothing_of(&terminal, KEY);
    assert!(!terminal.wrote("密") && !terminal.wrote("forget") && !terminal.wrote("*"));
}

#[test]
fn pasted_lines_answer_one_question_after_the_other() {
    let mut terminal = start("secret grouped line");
    terminal.wait_for(QUESTION);
    terminal.type_in(format!("\x1b[200~{KEY}\r{GROUPS}\nsomething to see\r\x1b[201~"));
    terminal.wait_for(KEY_KCV);
    terminal.wait_for("=> index 2 of 3");
    terminal.wait_for("=> line \"something to see\"");
    assert!(terminal.end().success());
    nothing_of(&terminal, KEY);
    nothing_of(&terminal, GROUPS);
}

#[test]
fn groups_show_marks_and_point_at_the_wrong_one() {
    let mut terminal = start("grouped");
    let before = terminal.settings_before();
    terminal.wait_for(QUESTION);
    terminal.wait_for("11 groups of 6, 66 characters");
    terminal.type_in("12376AA73C0E");
    terminal.wait_for_screen(|screen| screen.ends_with(" 1 ******    2 ******    3"));
    assert!(!terminal.wrote("\x07"));
    terminal.type_in("001183");
    terminal.wait_for_screen(|screen| screen.ends_with(" 2 ******    3 ******!   4"));
    assert!(terminal.wrote("\x07"));
    terminal.type_in(format!("2233{CTRL_W}{CTRL_W}001138"));
    terminal.wait_for_screen(|screen| screen.ends_with(" 3 ******    4"));
    terminal.type_in("22334 4");
    terminal.wait_for_screen(|screen| screen.ends_with("    4 *****!\n 5 *"));
    terminal.type_in(format!("{BACKSPACE}8"));
    terminal.wait_for_screen(|screen| screen.ends_with("    4 ******\n 5"));
    terminal.type_in("445556 667761-889979 aabb87 CCDD99EEFFAE8AB31C");
    terminal.wait_for_screen(|screen| screen.ends_with("8 ******\n 9 ******   10 ******   11 ******"));
    terminal.type_in(ENTER);
    terminal.wait_for("=> index 2 of 3");
    assert!(terminal.end().success());
    assert_eq!(terminal.settings(), before);
    for group in GROUPS.split(' ') {
        assert!(!terminal.wrote(group) && !terminal.wrote(&group[..4]));
    }
}

#[test]
fn wrong_groups_are_named_after_enter() {
    let mut terminal = start("grouped grouped grouped");
    terminal.wait_for("Ctrl-U everything.");
    terminal.type_in(GROUPS.replace("445556", "44O556") + ENTER);
    terminal.wait_for("=> group 5 has a character other than 0-9 and A-F");
    terminal.wait_for("Ctrl-U everything.");
    terminal.type_in("密\u{7f}\u{7f}字".to_owned() + &GROUPS[1..] + ENTER);
    terminal.wait_for("=> group 1 has a character other than 0-9 and A-F");
    terminal.wait_for("Ctrl-U everything.");
    terminal.type_in([b"\xB0\xA1\xFF\x80\x01\x02", &GROUPS.as_bytes()[..10], b"\r"].concat());
    terminal.wait_for("=> 11 groups with 66 characters in all are needed, 11 characters were typed");
    assert!(terminal.end().success());
}

#[test]
fn a_narrow_screen_and_one_without_cursor_do_too() {
    let mut terminal = Pty::of_size(&asking("grouped"), 30, 26);
    terminal.wait_for("everything.");
    terminal.type_in(&GROUPS[..30]);
    terminal.wait_for_screen(|screen| screen.ends_with("\n 1 ******    2 ******\n 3 ******    4 ******\n 5 **"));
    terminal.type_in(format!("{CTRL_U}{GROUPS}"));
    terminal.wait_for_screen(|screen| screen.contains("\n 9 ******   10 ******\n11 ******"));
    assert_eq!(
        terminal.screen().matches(" 1 ******").count(),
        1,
        "{}",
        terminal.screen()
    );
    terminal.type_in(ENTER);
    terminal.wait_for("=> index 2 of 3");

    let mut terminal = Pty::start(asking("grouped clear").env("TERM", "dumb"));
    terminal.wait_for("everything.");
    terminal.type_in(format!("{GROUPS}{ENTER}"));
    terminal.wait_for("=> index 2 of 3");
    assert!(terminal.end().success());
    assert!(!terminal.wrote("\x1b") && !terminal.wrote("*"));
}

#[test]
fn ctrl_c_stops_every_kind_of_question() {
    for what in ["secret", "grouped", "line"] {
        let mut terminal = start(what);
        let before = terminal.settings_before();
        terminal.wait_for(QUESTION);
        terminal.type_in(format!("{}{CTRL_C}typed ahead{ENTER}", &KEY[..7]));
        terminal.wait_for("=> Stopped Stopped");
        assert!(terminal.end().success());
        assert_eq!(terminal.settings(), before, "{what}");
        assert!(what == "line" || !terminal.wrote(&KEY[..4]));
    }
    for what in ["secret", "grouped", "line"] {
        let mut terminal = start(what);
        terminal.wait_for(QUESTION);
        terminal.type_in(CTRL_D);
        terminal.wait_for("=> Stopped Stopped");
        assert!(terminal.end().success());
    }
}

#[test]
fn signals_stop_a_question_and_leave_the_terminal_in_order() {
    for what in ["secret", "grouped", "line"] {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
            // A second question after it is not answered either.
            let mut terminal = start(&format!("{what} secret"));
            let before = terminal.settings_before();
            terminal.wait_for(QUESTION);
            if what != "line" {
                terminal.wait_for_echo(false);
            }
            terminal.type_in("abc");
            terminal.signal(signal);
            terminal.wait_for("=> Stopped Stopped");
            terminal.wait_for("=> Stopped Stopped");
            assert!(terminal.end().success());
            assert_eq!(terminal.settings(), before, "{what} {signal:?}");
        }
    }
}

#[test]
fn between_questions_signals_end_the_program_as_ever() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15), (Signal::HUP, 1)] {
        let mut terminal = start("secret wait");
        terminal.answer(QUESTION, KEY);
        terminal.wait_for("waiting");
        assert!(terminal.echoes());
        terminal.signal(signal);
        assert_eq!(terminal.end().signal(), Some(number));
    }
    let mut terminal = start("line wait");
    terminal.answer(QUESTION, "x");
    terminal.wait_for("waiting");
    terminal.type_in(CTRL_C);
    assert_eq!(terminal.end().signal(), Some(2), "Ctrl-C is a signal again");
}

#[test]
fn an_unplugged_terminal_ends_the_question() {
    for what in ["secret", "grouped", "line"] {
        let mut terminal = start(what);
        terminal.wait_for(QUESTION);
        terminal.hang_up();
        terminal.end();
    }
}

#[test]
fn clearing_wipes_the_screen_and_what_scrolled_away() {
    let mut terminal = start("line clear line");
    terminal.answer(QUESTION, "for the first person's eyes");
    terminal.wait_for("=> cleared");
    terminal.wait_for(QUESTION);
    let screen = terminal.screen();
    assert!(
        !screen.contains("first person") && screen.contains("=> cleared"),
        "{screen}"
    );
    assert!(terminal.wrote("\x1b[2J") && terminal.wrote("\x1b[3J"));
    terminal.type_in(ENTER);
    assert!(terminal.end().success());
}

#[test]
fn lines_are_edited_as_the_terminal_does_it() {
    let mut terminal = start("line line line");
    terminal.answer(QUESTION, &format!("wrong{CTRL_U}right 密x{BACKSPACE}"));
    terminal.wait_for("=> line \"right 密\"");
    terminal.answer(QUESTION, "");
    terminal.wait_for("=> line \"\"");
    terminal.wait_for(QUESTION);
    terminal.type_in(b"\xB0\xA1\r");
    terminal.wait_for("=> line \"");
    assert!(terminal.end().success());
}

#[test]
fn without_a_terminal_no_question_is_asked() {
    let mut command = Command::new("setsid");
    let inner = asking("secret grouped line");
    command.arg("--wait").arg(inner.get_program()).args(inner.get_args());
    let output = command
        .env("CARDMINT_TEST_ASK", "secret grouped line")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told.matches("=> NoTerminal Usage").count(), 3, "{told}");
    assert_eq!(PromptError::NoTerminal.exit(), Exit::Usage);
}

fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardmint"));
    command
        .current_dir(folder)
        .env_remove("CARDMINT_SITE")
        .env("LC_ALL", "C.UTF-8")
        .args(args);
    command
}

/// The program itself: passphrases typed here open the site with the same bytes from a file, and the terminal is in order
/// after success, error, Ctrl-C and SIGTERM.
#[test]
fn the_program_takes_passphrases_and_gives_the_terminal_back() {
    let folder = tempfile::tempdir().unwrap();
    let init = [
        "init",
        "s",
        "--name",
        "Test",
        "--scheme",
        "campus",
        "--level",
        "issuer",
        "--rehearsal",
        "--officer",
        "zhang",
        "--lang",
        "en",
    ];
    let again = "Once more, passphrase of officer zhang:";
    let mut terminal = Pty::start(&program(folder.path(), &init));
    let before = terminal.settings_before();
    terminal.wait_for("zhang");
    terminal.wait_for_echo(false);
    terminal.type_in(format!("口令 of zhan密{BACKSPACE}g{ENTER}"));
    terminal.answer(again, "口令 of zhang");
    let status = terminal.end();
    assert!(status.success(), "{}", terminal.screen());
    assert_eq!(terminal.settings(), before);
    assert!(!terminal.wrote("of zhan"));

    let file = folder.path().join("zhang.pw");
    fs::write(&file, "口令 of zhang\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let opens = [
        "--site",
        "s",
        "--officer",
        "zhang",
        "--passphrase-file",
        "zhang.pw",
        "key",
        "list",
    ];
    let opens: Vec<String> = opens
        .iter()
        .map(|arg| arg.replace("zhang.pw", "zhang=zhang.pw"))
        .collect();
    let opens: Vec<&str> = opens.iter().map(String::as_str).collect();
    let output = program(folder.path(), &opens).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let generate = [
        "--site",
        "s",
        "--officer",
        "zhang",
        "--lang",
        "en",
        "key",
        "generate",
        "--all",
    ];
    for (typed, signal, code) in [
        ("wrong passphrase\r", None, 3),
        (CTRL_C, None, 5),
        ("half a passph", Some(Signal::TERM), 5),
        ("half a passph", Some(Signal::INT), 5),
    ] {
        let mut terminal = Pty::start(&program(folder.path(), &generate));
        let before = terminal.settings_before();
        terminal.wait_for("Passphrase of officer zhang:");
        assert!(!terminal.echoes());
        terminal.type_in(typed);
        signal.inspect(|signal| terminal.signal(*signal));
        assert_eq!(terminal.end().code(), Some(code), "{}", terminal.screen());
        assert_eq!(terminal.settings(), before);
        assert!(!terminal.wrote("passph\r") && !terminal.wrote("half"));
    }
}
