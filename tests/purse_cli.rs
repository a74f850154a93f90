// SPDX-License-Identifier: Apache-2.0
//! `purse` and `tac verify` as an operator runs them, on simulated cards in a folder.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use assert_cmd::Command;
use centre::Centre;
use serde_json::Value;
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// One test at a time: a process that is being started elsewhere still holds, for a moment, the locks of files that this
/// process has open.
static ALONE: Mutex<()> = Mutex::new(());

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn last(&self) -> Value {
        self.json().pop().unwrap_or_else(|| panic!("{}", self.err))
    }
}

impl Place {
    /// A centre with an issued card and PSAM on simulated readers.
    fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let Centre { folder, session } = Centre::for_program("mohurd", "city", "3100");
        drop(session);
        for name in ["zhang", "li"] {
            let path = folder.path().join(format!("{name}.pw"));
            fs::write(&path, format!("passphrase of {name}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let place = Self { folder, _alone: alone };
        for (name, chip) in [("user", "fmcos"), ("psam", "psam")] {
            assert_eq!(
                place.run(&["sim", "new", "--chip", chip, "--name", name, "cards"]).code,
                0
            );
        }
        let user = [
            "card",
            "issue",
            "--reader",
            "sim:cards/user",
            "--template",
            "mohurd-user",
        ];
        let user = place.officers(&[&user[..], &["--set", "number=3100000000000001"]].concat());
        assert_eq!(user.code, 0, "{}", user.err);
        let psam = [
            "psam",
            "issue",
            "--reader",
            "sim:cards/psam",
            "--template",
            "mohurd-psam",
        ];
        let fields = ["--set", "number=31000000000000000002", "--set", "terminal=310000000002"];
        let psam = place.officers(&[&psam[..], &fields].concat());
        assert_eq!(psam.code, 0, "{}", psam.err);
        place
    }

    fn run(&self, args: &[&str]) -> Said {
        self.with(args, "")
    }

    fn with(&self, args: &[&str], input: &str) -> Said {
        let mut command = Command::cargo_bin("cardmint").unwrap();
        command
            .current_dir(self.folder.path())
            .env_remove("CARDMINT_SITE")
            .env("LC_ALL", "C");
        let output = command.args(args).write_stdin(input).output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn asked(&self, args: &[&str], input: &str) -> Said {
        let both = ["--site", "site", "--officer", "zhang", "--officer", "li"];
        let files = [
            "--passphrase-file",
            "zhang=zhang.pw",
            "--passphrase-file",
            "li=li.pw",
            "--secrets-fd",
            "0",
        ];
        self.with(&[&both[..], &files, args].concat(), input)
    }

    fn officers(&self, args: &[&str]) -> Said {
        self.asked(args, "")
    }

    fn load(&self, amount: &str, more: &[&str]) -> Said {
        let load = [
            "purse",
            "load",
            "--reader",
            "sim:cards/user",
            "--amount",
            amount,
            "--json",
        ];
        self.officers(&[&load[..], more].concat())
    }

    fn fen(&self) -> u64 {
        let shown = self.run(&["purse", "balance", "--reader", "sim:cards/user", "--json"]);
        shown.last()["balance"].as_u64().unwrap()
    }
}

const PAY: &[&str] = &[
    "purse",
    "purchase",
    "--reader",
    "sim:cards/user",
    "--psam",
    "sim:cards/psam",
    "--amount",
];

#[test]
fn load_pay_and_verify_the_tacs() {
    let at = Place::new();
    let loaded = at.load("50.00", &[]);
    assert_eq!(loaded.code, 0, "{}", loaded.err);
    let load = loaded.last();
    assert_eq!((&load["balance"], &load["amount"]), (&5000.into(), &5000.into()));
    let paid = at.officers(&[PAY, &["2.00", "--json"]].concat());
    assert_eq!(paid.code, 0, "{}", paid.err);
    let paid = paid.last();
    assert_eq!(
        (&paid["balance"], &paid["terminal"]),
        (&4800.into(), &"310000000002".into())
    );
    // A terminal without a site.
    let alone = at.run(&[PAY, &["0.50"]].concat());
    assert!(alone.code == 0 && alone.err.contains("no ledger"), "{}", alone.err);
    assert!(alone.out.contains("has 47.50"), "{}", alone.out);
    let shown = at.run(&["purse", "balance", "--reader", "sim:cards/user", "--log"]);
    assert!(
        shown.out.starts_with("card 3100000000000001: 47.50 yuan\n"),
        "{}",
        shown.out
    );
    assert_eq!(
        shown.out.lines().count(),
        2 + 3 + 1,
        "heading, three transactions, the proof of the purchase key: {}",
        shown.out
    );

    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let same = |v: &Value| {
        ["--number", "--terminal", "--datetime", "--tac"]
            .map(|f| [f.to_owned(), text(&v[&f[2..]])])
            .concat()
    };
    let verify = |v: &Value, more: &[&str]| {
        let given = same(v);
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        at.officers(&[&["tac", "verify"], &given[..], more].concat())
    };
    let counter = text(&paid["terminal_counter"]);
    let purchase = ["--kind", "purchase", "--terminal-counter", &counter, "--amount"];
    assert_eq!(verify(&paid, &[&purchase[..], &["2"]].concat()).code, 0);
    assert_eq!(verify(&paid, &[&purchase[..], &["2.01"]].concat()).code, 3);
    let counter = text(&load["counter"]);
    let load_of = [
        "--kind",
        "load",
        "--counter",
        &counter,
        "--amount",
        "50",
        "--balance",
        "50",
    ];
    let right = verify(&load, &load_of);
    assert_eq!(right.code, 0, "{}", right.err);
    assert_eq!(at.run(&["--site", "site", "ledger", "verify"]).code, 0);
}

#[test]
fn a_single_card_is_loaded_as_its_order_says() {
    let at = Place::new();
    let new = at.run(&["sim", "new", "--chip", "fmcos", "--name", "loaded", "cards"]);
    assert_eq!(new.code, 0, "{}", new.err);
    let line = "card issue --json --reader sim:cards/loaded --template mohurd-user --set number=3100000000000003 --set \
                balance=50.00";
    let issued = at.officers(&line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(issued.code, 0, "{}", issued.err);
    let loaded = issued.last();
    assert_eq!(
        (&loaded["schema"], &loaded["number"], &loaded["amount"]),
        (
            &"cardmint.first-load/1".into(),
            &"3100000000000003".into(),
            &5000.into()
        )
    );
    let shown = at.run(&["purse", "balance", "--json", "--reader", "sim:cards/loaded"]);
    assert_eq!(shown.last()["balance"], 5000);
    let log = "--site site ledger log --json --number 3100000000000003";
    let log = at.run(&log.split_whitespace().collect::<Vec<_>>()).json();
    let acts: Vec<_> = log.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["card.intent", "card.outcome", "purse.intent", "purse.load"]);
    assert_eq!(log[3]["seq"], loaded["entry"]);
    // Its PIN is known to be the site's: nobody is asked for it.
    let again = "purse load --json --reader sim:cards/loaded --amount 1";
    let again = at.officers(&again.split_whitespace().collect::<Vec<_>>());
    assert_eq!(
        (again.code, again.last()["balance"].as_i64()),
        (0, Some(5100)),
        "{}",
        again.err
    );
}

#[test]
fn refusals_say_why() {
    let at = Place::new();
    let entries = || {
        at.run(&["--site", "site", "ledger", "log", "--json"])
            .out
            .lines()
            .count()
    };
    let before = entries();
    for (args, code, says) in [
        (
            vec!["purse", "load", "--reader", "sim:cards/user", "--amount", "1.001"],
            2,
            "decimals",
        ),
        (
            vec!["purse", "load", "--reader", "sim:cards/user", "--amount", "-5"],
            2,
            "",
        ),
        (
            vec!["purse", "load", "--reader", "sim:cards/user", "--amount", "0"],
            2,
            "0.00",
        ),
        (
            vec!["purse", "load", "--reader", "sim:cards/psam", "--amount", "1"],
            3,
            "number",
        ),
        (
            vec!["purse", "load", "--reader", "sim:cards/none", "--amount", "1"],
            4,
            "none",
        ),
        ([PAY, &["1"]].concat(), 4, "9401"),
        (
            vec![
                "purse", "purchase", "--reader", "sim:x", "--psam", "sim:x", "--amount", "1",
            ],
            2,
            "two readers",
        ),
    ] {
        let said = at.officers(&args);
        assert!(
            said.code == code && said.err.contains(says),
            "{args:?}: {} {}",
            said.code,
            said.err
        );
    }
    let load = [
        "purse",
        "load",
        "--reader",
        "sim:cards/user",
        "--amount",
        "1",
        "--ask-pin",
    ];
    let wrong = at.asked(&load, "654321\n");
    assert!(
        wrong.code == 3 && !wrong.err.contains("654321"),
        "{} {}",
        wrong.code,
        wrong.err
    );
    assert_eq!(entries(), before, "nothing was recorded");
    assert_eq!(at.asked(&load, "123456\n").code, 0);
    let one = [
        "--site",
        "site",
        "--officer",
        "zhang",
        "--passphrase-file",
        "zhang=zhang.pw",
    ];
    let alone = at.run(&[&one[..], &load[..6]].concat());
    assert_eq!(alone.code, 2, "the store opens for two: {}", alone.err);
}

#[test]
fn a_torn_load_and_a_torn_purchase_are_settled_by_the_next_command() {
    let at = Place::new();
    assert_eq!(at.load("10", &[]).code, 0);
    let tear = |kind: &str, n: u32| {
        assert_eq!(at.run(&["sim", "fault", "cards/user", kind, &n.to_string()]).code, 0);
    };
    // The in-process tests tear at every command; here at the one that moves money, found by trying.
    let mut expected = 1000;
    let mut credit = 0;
    for n in 6..30 {
        tear("--tear-after", n);
        let torn = at.load("1", &[]);
        assert_eq!(torn.code, 4, "{}", torn.err);
        if at.fen() != expected {
            credit = n;
            break;
        }
    }
    assert!(credit > 0, "a load was torn");
    let next = at.load("1", &[]);
    assert_eq!(
        (next.code, next.json()[0]["result"].as_str()),
        (0, Some("done")),
        "{}",
        next.err
    );
    expected += 200;
    assert_eq!(at.fen(), expected);
    tear("--tear-before", credit);
    assert_eq!(at.load("1", &[]).code, 4);
    let next = at.load("1", &[]);
    assert_eq!(
        (next.code, next.json()[0]["result"].as_str()),
        (0, Some("not-done")),
        "{}",
        next.err
    );
    expected += 100;
    assert_eq!(at.fen(), expected);

    // A purchase: the card comes back while the PSAM waits, or only later, or had not paid.
    let pay = |back: &str| at.officers(&[PAY, &["0.10", "--back", back, "--json"]].concat());
    let mut debit = 0;
    for n in 6..30 {
        tear("--tear-after", n);
        let torn = pay("5");
        if torn.code == 0 {
            assert!(torn.err.contains("purse-torn"), "{}", torn.err);
            debit = n;
            break;
        }
        assert_eq!(torn.code, 4, "{}", torn.err);
    }
    assert!(debit > 0, "a purchase was torn and recovered");
    expected -= 10;
    assert_eq!(at.fen(), expected);
    tear("--tear-after", debit);
    assert_eq!(pay("0").code, 4);
    let next = pay("0");
    assert_eq!(
        (next.code, next.json()[0]["result"].as_str()),
        (0, Some("done")),
        "{}",
        next.err
    );
    expected -= 20;
    tear("--tear-before", debit);
    let not_paid = pay("5");
    assert!(
        not_paid.code == 4 && not_paid.err.contains("purse-not-paid"),
        "{}",
        not_paid.err
    );
    assert_eq!(at.fen(), expected);
    let verified = at.run(&["--site", "site", "ledger", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.out);
}
