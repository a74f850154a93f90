// SPDX-License-Identifier: Apache-2.0
//! What the operator sees and answers at a terminal: bars, failures that stay, and the question about a card that is issued.

use super::hall::{CARDS, Hall};
use super::pty::Pty;

const OLD: &str = "3100000000009999";

/// A hall whose first blank bears a card of another time.
fn with_an_old_card() -> Hall {
    let hall = Hall::new();
    hall.approved();
    hall.hopper("h", CARDS, 1);
    let issue = format!("card issue --template mohurd-user --reader sim:h/blanks/h-1 --set number={OLD}");
    hall.zhang(&issue).ok();
    hall
}

#[test]
fn an_issued_card_is_asked_about_and_written_anew_if_the_operator_says_so() {
    let hall = with_an_old_card();
    let command = hall.command("batch run B --reader sim:h --bell --lang en", "zhang li");
    let mut terminal = Pty::of_size(&command, 40, 200);
    terminal.wait_for(OLD);
    // An answer that is none is asked for again.
    terminal.answer("[r]e-issue", "x\r");
    terminal.answer("[r]e-issue", "r\r");
    assert_eq!(terminal.end().code(), Some(0));
    let output = String::from_utf8_lossy(&terminal.output()).into_owned();
    for said in [
        "sim:h",
        "/min, ",
        "6 cards issued in this run, 0 failures; 6 of 6 in all",
        "\u{7}",
    ] {
        assert!(output.contains(said), "{said:?} in {output}");
    }
    assert_eq!(hall.counts(), [6, 0, 0, 0, 0]);
    assert_eq!((hall.cards_in("h/good"), hall.cards_in("h/bad")), (6, 0));
    let status = hall.look(&format!("card status {OLD}")).ok().lines().swap_remove(0);
    assert_eq!(status["status"], "void");
}

#[test]
fn a_question_may_stop_the_reader_and_ctrl_c_stops_the_run() {
    let hall = with_an_old_card();
    let line = "batch run B --reader sim:h --lang zh";
    let mut terminal = Pty::of_size(&hall.command(line, "zhang li"), 40, 200);
    terminal.answer("停用此读卡器", "s\r");
    assert_eq!(terminal.end().code(), Some(1));
    assert_eq!(hall.counts(), [0, 0, 0, 0, 6]);
    let mut terminal = Pty::of_size(&hall.command(line, "zhang li"), 40, 200);
    terminal.answer("停用此读卡器", super::pty::CTRL_C);
    assert_eq!(terminal.end().code(), Some(5));
    assert_eq!(hall.counts(), [0, 0, 0, 0, 6]);
    assert_eq!(hall.cards_in("h/tray"), 1);
}
