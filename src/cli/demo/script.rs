// SPDX-License-Identifier: Apache-2.0
//! The story that the demo tells: two centres, their keys, a PSAM and user cards, money in and out, and the proof of it all.

use super::Args;
use super::stage::{Centre, Stage, fingerprint};
use crate::cli::Context;
use crate::error::{Error, Exit};
use crate::msg;

/// The city of the story: Hangzhou in the MOHURD column.
const CITY: &str = "3100";
/// The transport key of blanks as their maker ships them, in groups as an officer types it.
const TRANSPORT: &str = "FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF";
/// The initial PIN of the story's cards.
const PIN: &str = "123456";

/// The readers of the story.
struct Readers {
    psam: String,
    cards: Vec<String>,
    /// Whether people must change cards by hand.
    by_hand: bool,
}

impl Readers {
    fn of(&self, card: usize) -> &str {
        &self.cards[card % self.cards.len()]
    }
}

/// Plays it.
pub(super) fn play(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    if args.pcsc && (args.reader.is_empty() || args.psam_reader.is_none()) {
        return Err(Error::new(msg!("demo-name-readers"), Exit::Usage));
    }
    let mut stage = Stage::set(context, &args.dir)?;
    stage.say(&msg!("demo-welcome", folder = args.dir.display()))?;

    stage.chapter(&msg!("demo-chapter-sites"))?;
    let ministry = centre(
        &mut stage,
        ("ministry", "MINISTRY"),
        &["--level", "ministry"],
        ["zhao", "qian"],
    )?;
    let city = centre(
        &mut stage,
        ("city", "CITY"),
        &["--level", "city", "--code", CITY],
        ["sun", "li"],
    )?;

    stage.chapter(&msg!("demo-chapter-keys"))?;
    for centre in [&ministry, &city] {
        stage.run_as(centre, &["key", "generate", "--all"], &[])?;
        stage.run_as(
            centre,
            &["key", "import", "transport", "--components", "1"],
            &[TRANSPORT],
        )?;
    }
    stage.run_as(&city, &["key", "set-pin", "default"], &[PIN, PIN])?;
    hand_down(&mut stage, &ministry, &city)?;
    let serial = number(1);
    let purchase = format!("purchase.v1.3des@city:{CITY}");
    let down = ["key", "derive", &purchase, "--to", "card", "--serial", &serial];
    stage.run_as(&city, &down, &[])?;

    stage.chapter(&msg!("demo-chapter-cards"))?;
    let readers = lay_out(&mut stage, args)?;
    issue(&mut stage, args, &readers, &ministry, &city)?;

    stage.chapter(&msg!("demo-chapter-money"))?;
    money(&mut stage, &readers, &ministry, &city)?;

    stage.chapter(&msg!("demo-chapter-proof"))?;
    prove(&mut stage, &ministry, &city, &serial)?;
    summary(&mut stage, args)?;
    Ok(Exit::Done)
}

fn centre(
    stage: &mut Stage,
    (name, variable): (&str, &'static str),
    level: &[&str],
    officers: [&str; 2],
) -> Result<Centre, Error> {
    let folder = stage.path(name);
    let mut options = vec!["--site".to_owned(), folder.clone()];
    for officer in officers {
        let passphrase = stage.passphrase(officer)?;
        options.extend([
            "--officer".to_owned(),
            officer.to_owned(),
            "--passphrase-file".to_owned(),
            passphrase,
        ]);
    }
    let centre = Centre {
        folder,
        variable,
        options,
    };
    stage.introduce(&centre)?;
    let head = [
        "init",
        centre.folder.as_str(),
        "--rehearsal",
        "--scheme",
        "mohurd",
        "--name",
        name,
    ];
    let words: Vec<&str> = head.iter().chain(level).copied().collect();
    stage.run_as(&centre, &words, &[])?;
    Ok(centre)
}

/// The ministry derives the city's keys and sends them sealed; each side has confirmed the other's public card.
fn hand_down(stage: &mut Stage, ministry: &Centre, city: &Centre) -> Result<(), Error> {
    let (ministry_card, city_card) = (stage.path("ministry.site"), stage.path("city.site"));
    let bundle = stage.path("city.bundle");
    stage.run(
        &["site", "card", "--out", &ministry_card, "--site", &ministry.folder],
        &[],
    )?;
    stage.run(&["site", "card", "--out", &city_card, "--site", &city.folder], &[])?;
    let (of_ministry, of_city) = (fingerprint(&ministry_card)?, fingerprint(&city_card)?);
    let trust = |card, fingerprint| ["site", "trust", card, "--fingerprint", fingerprint];
    stage.run_as(ministry, &trust(&city_card, &of_city), &[])?;
    stage.run_as(city, &trust(&ministry_card, &of_ministry), &[])?;
    let export = ["key", "export", "--to", &city_card, "--code", CITY, "--out", &bundle];
    let export: Vec<&str> = export
        .iter()
        .copied()
        .chain(["purchase", "tac", "app-maintenance"])
        .collect();
    stage.run_as(ministry, &export, &[])?;
    stage.run_as(city, &["key", "receive", &bundle], &[])
}

/// Simulated blanks, or the PC/SC readers named on the command line.
fn lay_out(stage: &mut Stage, args: &Args) -> Result<Readers, Error> {
    if let Some(psam) = &args.psam_reader {
        return Ok(Readers {
            psam: psam.clone(),
            cards: args.reader.clone(),
            by_hand: args.reader.len() < args.cards.into(),
        });
    }
    let folder = stage.path("readers");
    let count = args.cards.to_string();
    stage.run(&["sim", "new", "--chip", "psam", "--name", "psam", &folder], &[])?;
    stage.run(
        &[
            "sim", "new", "--chip", "fmcos", "--name", "card", "--count", &count, &folder,
        ],
        &[],
    )?;
    let cards = stage.cards("readers", "card")?;
    let reader = |name: &String| format!("sim:{folder}/{name}");
    Ok(Readers {
        psam: reader(&"psam".to_owned()),
        cards: cards.iter().map(reader).collect(),
        by_hand: false,
    })
}

fn issue(stage: &mut Stage, args: &Args, readers: &Readers, ministry: &Centre, city: &Centre) -> Result<(), Error> {
    let order = format!("number={}{CITY}00000001", "0".repeat(8));
    let terminal = format!("terminal={CITY}00000001");
    let psam = ["psam", "issue", "--template", "mohurd-psam", "--reader", &readers.psam];
    let psam: Vec<&str> = psam
        .iter()
        .copied()
        .chain(["--set", &order, "--set", &terminal])
        .collect();
    stage.run_as(ministry, &psam, &[])?;
    for card in 0..usize::from(args.cards) {
        if readers.by_hand && card >= readers.cards.len() {
            stage.ask(&msg!("demo-change-card", card = card + 1, reader = readers.of(card)))?;
        }
        let order = format!("number={}", number(card + 1));
        let words = [
            "card",
            "issue",
            "--template",
            "mohurd-user",
            "--reader",
            readers.of(card),
            "--set",
            &order,
        ];
        stage.run_as(city, &words, &[])?;
    }
    Ok(())
}

fn money(stage: &mut Stage, readers: &Readers, ministry: &Centre, city: &Centre) -> Result<(), Error> {
    let last = readers.cards.len() - 1;
    let reader = readers.of(last).to_owned();
    stage.run_as(city, &["purse", "load", "--reader", &reader, "--amount", "50.00"], &[])?;
    let record = stage.path("purchase.jsonl");
    let words = [
        "purse",
        "purchase",
        "--reader",
        &reader,
        "--psam",
        &readers.psam,
        "--amount",
        "2.00",
    ];
    let words: Vec<&str> = words.iter().copied().chain(["--record", &record]).collect();
    stage.run_as(city, &words, &[])?;
    stage.run(&["purse", "balance", "--reader", &reader, "--site", &city.folder], &[])?;
    // The ministry holds the TAC root; it checks what the terminal handed in.
    let code = format!("city_code={CITY}");
    stage.run_as(ministry, &["tac", "verify", &record, "--field", &code], &[])
}

fn prove(stage: &mut Stage, ministry: &Centre, city: &Centre, serial: &str) -> Result<(), Error> {
    for centre in [ministry, city] {
        stage.run(&["ledger", "verify", "--site", &centre.folder], &[])?;
    }
    stage.run(&["ledger", "log", "--number", serial, "--site", &city.folder], &[])?;
    for (format, name) in [("csv", "city-ledger.csv"), ("jsonl", "city-ledger.jsonl")] {
        let out = stage.path(name);
        let words = ["ledger", "export", "--format", format, "--out", &out];
        stage.run_as(city, &words, &[])?;
    }
    Ok(())
}

fn summary(stage: &mut Stage, args: &Args) -> Result<(), Error> {
    stage.chapter(&msg!("demo-chapter-summary", cards = args.cards))?;
    for (name, text) in [
        ("ministry", msg!("demo-where-ministry")),
        ("city", msg!("demo-where-city")),
        ("readers", msg!("demo-where-readers")),
        ("city-ledger.csv", msg!("demo-where-csv")),
        ("city-ledger.jsonl", msg!("demo-where-jsonl")),
        ("purchase.jsonl", msg!("demo-where-purchase")),
        ("*.pass", msg!("demo-where-passphrases")),
    ] {
        if name != "readers" || !args.pcsc {
            stage.place(name, &text)?;
        }
    }
    let city = stage.path("city");
    stage.say(&msg!("demo-next", site = city))
}

/// Application serial number of the n-th card: the city's code and a number.
fn number(card: usize) -> String {
    format!("{CITY}{card:012}")
}
