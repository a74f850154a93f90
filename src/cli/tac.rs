// SPDX-License-Identifier: Apache-2.0
//! `cardmint tac`: TACs of loads and purchases against the keys of this site: a city's, or a ministry's for all its cities.
//! A file is read in pieces; memory does not grow with it.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, session};
use crate::batch::tac::{FIELDS, FileFormat, Given, LineFault, Lines, PIECE, TacTransaction, TacVerifier, Verdict};
use crate::batch::yuan::Yuan;
use crate::crypto::Algorithm;
use crate::error::{Error, Exit, Fault};
use crate::keys::Subject;
use crate::keys::scheme::Code;
use crate::msg;

/// `cardmint tac …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Verifies TACs.
    Verify(Box<Verify>),
}

/// `cardmint tac verify …`.
#[derive(Debug, clap::Args)]
struct Verify {
    /// The file.
    #[arg(value_name = "FILE", required_unless_present = "number", conflicts_with = "number")]
    file: Option<PathBuf>,
    /// Its form.
    #[arg(long, value_name = "FORMAT", requires = "file")]
    format: Option<FileFormat>,
    #[command(flatten)]
    one: One,
    /// An owner's code for transactions that do not say it: NAME=HEX; repeatable.
    #[arg(long, value_name = "NAME=HEX")]
    field: Vec<String>,
}

/// One transaction.
#[derive(Debug, clap::Args)]
struct One {
    /// The card's number.
    #[arg(long, value_name = "NUMBER", requires = "tac")]
    number: Option<String>,
    /// Purchase or load.
    #[arg(long, value_name = "KIND", requires = "number")]
    kind: Option<String>,
    /// The type byte.
    #[arg(id = "type", long = "type", value_name = "HEX", requires = "number")]
    kind_byte: Option<String>,
    /// The amount in yuan.
    #[arg(long, value_name = "YUAN", requires = "number")]
    amount: Option<Yuan>,
    /// The terminal number.
    #[arg(long, value_name = "HEX", requires = "number")]
    terminal: Option<String>,
    /// The terminal's transaction counter.
    #[arg(long, value_name = "NUMBER", requires = "number")]
    terminal_counter: Option<String>,
    /// Date and time.
    #[arg(long, value_name = "YYYYMMDDhhmmss", requires = "number")]
    datetime: Option<String>,
    /// The balance afterwards in yuan.
    #[arg(long, value_name = "YUAN", requires = "number")]
    balance: Option<Yuan>,
    /// The card's online counter before.
    #[arg(long, value_name = "NUMBER", requires = "number")]
    counter: Option<String>,
    /// The TAC.
    #[arg(long, value_name = "HEX", requires = "number")]
    tac: Option<String>,
    /// The TAC key's version.
    #[arg(long, value_name = "NUMBER", requires = "number")]
    key_version: Option<u8>,
    /// The TAC key's cipher.
    #[arg(long, value_name = "ALGORITHM", requires = "number")]
    algorithm: Option<Algorithm>,
}

impl One {
    fn given(&self) -> Given {
        let yuan = |amount: &Option<Yuan>| amount.map(|y| y.to_string());
        let fields = [
            ("number", self.number.clone()),
            ("kind", self.kind.clone()),
            ("type", self.kind_byte.clone()),
            ("amount", yuan(&self.amount)),
            ("terminal", self.terminal.clone()),
            ("terminal_counter", self.terminal_counter.clone()),
            ("datetime", self.datetime.clone()),
            ("balance", yuan(&self.balance)),
            ("counter", self.counter.clone()),
            ("tac", self.tac.clone()),
            ("version", self.key_version.map(|v| v.to_string())),
            ("algorithm", self.algorithm.map(|a| a.to_string())),
        ];
        fields
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text?)))
            .collect()
    }
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    let Verb::Verify(args) = &args.verb;
    let site = session::open_site(context)?;
    let scheme = site.scheme().clone();
    let given = super::key::fields(&args.field, &scheme)?;
    let own: Subject = scheme.subject_of(site.owner())?;
    let open = session::unlock(context, &site, &[])?;
    let verifier = TacVerifier::new(&scheme, &open.store, own.and(given))?;
    match &args.file {
        Some(path) => {
            let input = input(path)?;
            let lines = Lines::new(input, args.format).map_err(|e| unreadable(path, &e))?;
            file(path, lines, &verifier, context)
        }
        None => one(&args.one.given(), &verifier, context),
    }
}

fn input(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    Ok(Box::new(BufReader::with_capacity(1 << 17, file)))
}

fn unreadable(path: &Path, e: &io::Error) -> Error {
    Error::new(msg!("tac-file", path = path.display(), what = e), Exit::Usage)
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

fn one(given: &Given, verifier: &TacVerifier<'_>, context: &mut Context) -> Result<Exit, Error> {
    let transaction = TacTransaction::read(given, &verifier.codes())?;
    let number = given.get("number").map_or("", String::as_str);
    let verdict = verifier.verify(&[transaction]).pop().unwrap_or(Ok(Verdict::Bad))?;
    let answer = Answer {
        line: None,
        result: word(verdict),
        number: Some(number),
        reason: None,
    };
    context.out.record("cardmint.tac/1", &answer)?;
    match verdict {
        Verdict::Good => {
            context.out.say(&msg!("tac-right", number = number))?;
            Ok(Exit::Done)
        }
        Verdict::Bad => Err(Error::new(msg!("tac-wrong", number = number), Exit::Check)),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::Bad => "bad",
    }
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    good: u64,
    bad: u64,
    malformed: u64,
}

/// An unknown column as it may be said: a word as it stands, anything else by its place. The file may be another one than
/// was meant, and its first line a key.
fn column(heading: &str, at: usize) -> String {
    let word = heading.chars().count() <= 24 && heading.chars().all(|c| c.is_alphabetic() || "_- ".contains(c));
    if word {
        heading.to_owned()
    } else {
        format!("#{}", at + 1)
    }
}

fn file(
    path: &Path,
    mut lines: Lines<Box<dyn BufRead>>,
    verifier: &TacVerifier<'_>,
    context: &mut Context,
) -> Result<Exit, Error> {
    let codes = verifier.codes();
    let unknown = |field: &String| !FIELDS.contains(&field.as_str()) && !codes.iter().any(|c| c.field == *field);
    if let Some(at) = lines.heading().iter().position(unknown) {
        let field = column(&lines.heading()[at], at);
        let wrong = msg!("tac-heading", path = path.display(), field = field);
        return Err(Error::new(wrong, Exit::Usage));
    }
    let mut summary = Summary::default();
    loop {
        let piece = piece(&mut lines, &codes).map_err(|e| unreadable(path, &e))?;
        if piece.numbered.is_empty() {
            break;
        }
        answer(piece, verifier, &mut summary, context)?;
        context.out.flush()?;
    }
    context.out.record("cardmint.tac-summary/1", &summary)?;
    let Summary { good, bad, malformed } = summary;
    context
        .out
        .say(&msg!("tac-summary", good = good, bad = bad, malformed = malformed))?;
    Ok(if bad + malformed == 0 {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}

/// Which transaction of its piece a line is, and of which card; or what is wrong with the line.
type Read = Result<(usize, String), LineFault>;

/// Some lines with their numbers.
struct Piece {
    numbered: Vec<(u64, Read)>,
    transactions: Vec<TacTransaction>,
}

fn piece(lines: &mut Lines<Box<dyn BufRead>>, codes: &[Code]) -> io::Result<Piece> {
    let mut piece = Piece {
        numbered: Vec::new(),
        transactions: Vec::new(),
    };
    while piece.numbered.len() < PIECE {
        let Some((line, given)) = lines.next_line()? else { break };
        let read = given.and_then(|given| {
            let transaction = TacTransaction::read(&given, codes)?;
            piece.transactions.push(transaction);
            let number = given.get("number").cloned().unwrap_or_default();
            Ok((piece.transactions.len() - 1, number))
        });
        piece.numbered.push((line, read));
    }
    Ok(piece)
}

fn answer(piece: Piece, verifier: &TacVerifier<'_>, summary: &mut Summary, context: &mut Context) -> Result<(), Error> {
    let verdicts = verifier.verify(&piece.transactions);
    let lang = context.out.lang();
    for (line, read) in piece.numbered {
        let found = read.and_then(|(at, number)| match verdicts.get(at) {
            Some(Ok(verdict)) => Ok((*verdict, number)),
            Some(Err(e)) => Err(e.clone()),
            None => Err(LineFault::Json),
        });
        let reason = found.as_ref().err().map(|e| e.msg().render(lang));
        let (result, count, said) = match &found {
            Ok((Verdict::Good, number)) => (
                "good",
                &mut summary.good,
                msg!("tac-good", line = line, number = number),
            ),
            Ok((Verdict::Bad, number)) => ("bad", &mut summary.bad, msg!("tac-bad", line = line, number = number)),
            Err(_) => {
                let reason = reason.clone().unwrap_or_default();
                let said = msg!("tac-malformed", line = line, reason = reason);
                ("malformed", &mut summary.malformed, said)
            }
        };
        *count += 1;
        context.out.say(&said)?;
        let number = found.as_ref().ok().map(|(_, number)| number.as_str());
        let answer = Answer {
            line: Some(line),
            result,
            number,
            reason,
        };
        context.out.record("cardmint.tac/1", &answer)?;
    }
    Ok(())
}
