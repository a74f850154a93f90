// SPDX-License-Identifier: Apache-2.0
//! `cardmint order`: files of many cards, checked whole and taken in whole.

mod check;
mod import;
mod one;
mod show;
mod withdraw;

pub use one::OrderArgs;

use std::path::PathBuf;

use super::Context;
use crate::error::{Error, Exit};
use crate::msg;
use crate::template::TextEncoding;

/// `cardmint order …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Checks a file; nothing is changed.
    Check(FileArgs),
    /// Takes a file in as an order, whole or not at all.
    Import(import::Import),
    /// Lists the orders.
    List,
    /// Shows an order; nothing of its holders.
    Show(show::Show),
    /// Gives an order up that no batch was made of.
    Withdraw(withdraw::Withdraw),
}

/// An order file and how it is to be read.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The file: CSV with a heading row.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The template that the cards are made by.
    #[arg(long, value_name = "TEMPLATE")]
    template: String,
    /// What a column means; repeatable.
    #[arg(long, value_name = "HEADING=FIELD")]
    column: Vec<String>,
    /// The file's coding, where it cannot be told.
    #[arg(long, value_name = "CODING")]
    encoding: Option<String>,
    /// The number range that the cards' numbers come from; the file has none.
    #[arg(long, value_name = "RANGE")]
    range: Option<String>,
    /// The number range that the terminals' numbers come from; the file has none.
    #[arg(long, value_name = "RANGE")]
    terminals: Option<String>,
    /// A validity may lie in the past.
    #[arg(long)]
    past: bool,
}

impl FileArgs {
    /// Headings and fields.
    fn told(&self) -> Result<Vec<(String, String)>, Error> {
        let pair = |word: &String| match word.rsplit_once('=') {
            Some((heading, field)) if !field.is_empty() => Ok((heading.to_owned(), field.to_owned())),
            _ => Err(Error::new(msg!("order-column", word = word), Exit::Usage)),
        };
        self.column.iter().map(pair).collect()
    }

    fn encoding(&self) -> Result<Option<TextEncoding>, Error> {
        let known = |word: &String| {
            let all = [TextEncoding::Utf8, TextEncoding::Gb18030];
            let found = all.into_iter().find(|e| e.as_str() == word.to_lowercase());
            found.ok_or_else(|| Error::new(msg!("order-encoding", word = word), Exit::Usage))
        };
        self.encoding.as_ref().map(known).transpose()
    }
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Check(file) => check::run(file, context),
        Verb::Import(import) => import::run(import, context),
        Verb::List => show::list(context),
        Verb::Show(show) => show::show(show, context),
        Verb::Withdraw(withdraw) => withdraw::run(withdraw, context),
    }
}
