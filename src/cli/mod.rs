// SPDX-License-Identifier: Apache-2.0
//! The command line: one file per noun, and the only place with clap, standard output and terminals.
//!
//! Typed arguments become a resolved request before any work. Texts of help and messages come from the catalogue
//! (`i18n`), so that they exist in both languages.

pub mod batch;
pub mod blacklist;
pub mod calc;
pub mod card;
pub mod ceremony;
pub mod clock;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod hardening;
pub mod help;
pub mod holder;
pub mod init;
pub mod key;
pub mod ledger;
pub mod officer;
pub mod order;
pub mod output;
pub mod policy;
pub mod progress;
pub mod prompt;
pub mod psam;
pub mod purse;
pub mod range;
pub mod reader;
pub mod readers;
pub mod record;
pub mod scheme;
pub mod session;
pub mod sim;
pub mod site;
pub mod stock;
pub mod stop;
pub mod tac;
pub mod template;
pub mod usage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{FromArgMatches, Parser, Subcommand};

use crate::crypto::random_health::Tested;
use crate::crypto::stack::WipedStack;
use crate::error::{Error, Exit};
use crate::i18n::Lang;
use crate::outside::{Clock, Prompt, Random, SystemRandom};
use output::Output;

/// What every command shares.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// The site's folder.
    #[arg(long, global = true, value_name = "FOLDER", env = "CARDMINT_SITE", hide_env = true)]
    pub site: Option<PathBuf>,
    /// Answer in JSON Lines instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of messages; otherwise the locale decides.
    #[arg(long, global = true, value_enum, hide_possible_values = true)]
    pub lang: Option<Lang>,
    /// The officer who acts; repeat for acts of two.
    #[arg(long, global = true, value_name = "NAME")]
    pub officer: Vec<String>,
    /// File with one officer's passphrase, mode 0600: NAME=FILE; repeatable.
    #[arg(long, global = true, value_name = "NAME=FILE")]
    pub passphrase_file: Vec<String>,
    /// File descriptor that gives hidden answers, one a line, in the order in which they are asked.
    #[arg(long, global = true, value_name = "NUMBER")]
    pub secrets_fd: Option<u32>,
}

/// The command line as a whole.
#[derive(Debug, Parser)]
#[command(name = "cardmint", version, disable_help_subcommand = true)]
pub struct Cli {
    /// Shared options.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The nouns; each has a file of its name.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Readers and the cards on them.
    Reader(reader::Args),
    /// The issuance ledger.
    Ledger(ledger::Args),

    /// Simulated cards.
    Sim(sim::Args),
    /// Makes a site.
    Init(init::Args),
    /// What this site is, and the cards of others.
    Site(site::Args),
    /// Who may act at this site.
    Officer(officer::Args),
    /// Who may do what.
    Policy(policy::Args),
    /// The keys of this site.
    Key(key::Args),
    /// Key ceremonies.
    Ceremony(ceremony::Args),
    /// Templates of cards and PSAMs.
    Template(template::Args),
    /// User cards.
    Card(card::Args),
    /// PSAMs.
    Psam(psam::Args),
    /// Files of many cards.
    Order(order::Args),
    /// Data of cards' holders.
    Holder(holder::Args),
    /// Key schemes.
    Scheme(scheme::Args),
    /// Number ranges.
    Range(range::Args),
    /// Blanks.
    Stock(stock::Args),
    /// Numbers that terminals refuse.
    Blacklist(blacklist::Args),
    /// Purses of issued cards.
    Purse(purse::Args),
    /// TACs of transactions.
    Tac(tac::Args),
    /// Batches of cards.
    Batch(batch::Args),
    /// Calculator for test keys.
    Calc(calc::Args),
    /// Checks this computer and the site.
    Doctor(doctor::Args),
    /// The main job from end to end in a rehearsal.
    Demo(demo::Args),
    /// Writes a shell's completion script.
    Completions(completions::Completions),
    /// Writes the man pages.
    Man(completions::Man),
}

/// What a command works with.
pub struct Context {
    /// Shared options.
    pub global: Global,
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Box<dyn Random>,
    /// Answers of people.
    pub prompt: Box<dyn Prompt>,
    /// Where results go.
    pub out: Output,
}

/// Parses, runs and reports; returns the exit code. `main` is only this.
pub fn main(args: Vec<OsString>) -> Exit {
    hardening::apply();
    let lang = language(&args);
    // Asked before parsing: a usage error is reported in the same form.
    let json = args.iter().any(|arg| arg == "--json");
    let command = help::localised(lang);
    let cli = match command
        .try_get_matches_from(args)
        .and_then(|m| Cli::from_arg_matches(&m))
    {
        Ok(cli) => cli,
        Err(e) => return usage::report(&e, json, lang),
    };
    let out = Output::standard(cli.global.json, lang);
    let prompt = prompt::for_session(&cli.global, lang);
    let mut context = Context {
        global: cli.global,
        clock: Clock::System,
        random: Box::new(Tested::new(SystemRandom)),
        prompt,
        out,
    };
    let ended = run(cli.command, &mut context);
    context.out.finish(ended)
}

/// Runs one command.
pub fn run(command: Command, context: &mut Context) -> Result<Exit, Error> {
    let _wiped_at_the_end = WipedStack;
    match command {
        Command::Reader(args) => reader::run(&args, context),
        Command::Ledger(args) => ledger::run(&args, context),

        Command::Sim(args) => sim::run(&args, context),
        Command::Init(args) => init::run(&args, context),
        Command::Site(args) => site::run(&args, context),
        Command::Officer(args) => officer::run(&args, context),
        Command::Policy(args) => policy::run(&args, context),
        Command::Key(args) => key::run(&args, context),
        Command::Ceremony(args) => ceremony::run(&args, context),
        Command::Template(args) => template::run(&args, context),
        Command::Card(args) => card::run(&args, context),
        Command::Psam(args) => psam::run(&args, context),
        Command::Order(args) => order::run(&args, context),
        Command::Holder(args) => holder::run(&args, context),
        Command::Scheme(args) => scheme::run(&args, context),
        Command::Range(args) => range::run(&args, context),
        Command::Stock(args) => stock::run(&args, context),
        Command::Blacklist(args) => blacklist::run(&args, context),
        Command::Purse(args) => purse::run(&args, context),
        Command::Tac(args) => tac::run(&args, context),
        Command::Batch(args) => batch::run(&args, context),
        Command::Calc(args) => calc::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Demo(args) => demo::run(&args, context),
        Command::Completions(args) => completions::completions(&args, context),
        Command::Man(args) => completions::man(&args, context),
    }
}

/// The language, before clap has parsed anything: `--lang`, else the locale, else English.
fn language(args: &[OsString]) -> Lang {
    let asked = args.iter().enumerate().find_map(|(i, arg)| {
        let arg = arg.to_str()?;
        arg.strip_prefix("--lang=")
            .or_else(|| (arg == "--lang").then(|| args.get(i + 1)?.to_str()).flatten())
    });
    let locale = || {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|v| std::env::var(v).ok().filter(|s| !s.is_empty()))
    };
    asked
        .map(str::to_owned)
        .or_else(locale)
        .and_then(|name| name.parse().ok())
        .unwrap_or_default()
}
