// SPDX-License-Identifier: Apache-2.0
//! `batch run`: the approval is checked once more, readers are opened, signals are caught; then cards are made.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use signal_hook::consts::{SIGUSR1, SIGUSR2};

use super::ask::{Answers, OnDead, OnIssued};
use super::progress::{Hold, Screen};
use super::{approve, dry, feeder, order, show};
use crate::batch::run::{BookRows, Control, Outside, Run, Settings, Summary, run as run_batch};
use crate::cli::clock::beijing;
use crate::cli::{Context, readers, record, session, stock, stop};
use crate::crypto::purse::{DateTime, Terminal};
use crate::error::{Error, Exit};
use crate::ledger::centre::BatchRow;
use crate::msg;
use crate::outside::{Random, SystemRandom};
use crate::site::Site;
use crate::transport::source::CardSource;

/// `cardmint batch run …`.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// The batch.
    #[arg(value_name = "BATCH")]
    pub(super) batch: String,
    #[command(flatten)]
    pub(super) made: approve::Made,
    /// A reader; repeatable.
    #[arg(long = "reader", value_name = "READER", required_unless_present = "dry_run")]
    pub(super) readers: Vec<String>,
    /// The lot that the blanks are from.
    #[arg(long, value_name = "LOT")]
    pub(super) lot: Option<String>,
    /// Terminal number of initial loads.
    #[arg(long, value_name = "HEX")]
    terminal: Option<String>,
    /// The command that drives card feeders.
    #[arg(long, value_name = "COMMAND")]
    feeder: Option<PathBuf>,
    /// So many seconds a call of it may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    feeder_timeout: u32,
    /// So many failures in a row stop a reader.
    #[arg(long = "max-failures", value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    failures: u32,
    /// So often one card is tried.
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    tries: u32,
    /// Do not wait for cards in doubt when every row is begun.
    #[arg(long)]
    no_wait: bool,
    /// What to do with a card that is issued already.
    #[arg(long, value_enum, default_value = "ask")]
    on_issued: OnIssued,
    /// What to do with a card that lets nobody in.
    #[arg(long, value_enum, default_value = "ask")]
    on_dead: OnDead,
    /// Ring the terminal's bell.
    #[arg(long)]
    bell: bool,
    /// Only show what would be done; change nothing anywhere.
    #[arg(long)]
    dry_run: bool,
}

/// The acts that a run may record.
const ACTS: &[&str] = &[
    "batch.run",
    "card.intent",
    "card.outcome",
    "psam.intent",
    "psam.outcome",
    "purse.intent",
    "purse.load",
];

pub(super) fn run(args: &RunArgs, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    for reader in &args.readers {
        site.check_reader(reader)?;
    }
    if args.dry_run {
        return dry::dry_run(args, &site, context);
    }
    let batch = show::find(&site.ledger()?, &args.batch)?;
    let sources = sources(args, context.global.secrets_fd)?;
    let settings = settings(args, &site)?;
    let mut open = session::unlock(context, &site, ACTS)?;
    let (site, store, writer) = open.parts();
    let laid = approve::prepare((site, writer.ledger, store), &batch.order, &args.made, false)?;
    laid.check(&batch, writer.ledger)?;
    let control = Control {
        stop: stop::on_interrupt(),
        ..Control::default()
    };
    let hold = held();
    let clock = context.clock;
    let begun: DateTime = beijing(clock.now()).parse()?;
    let outside = Outside {
        random: &|| Box::new(SystemRandom) as Box<dyn Random + Send>,
        now: &|| beijing(clock.now()).parse().unwrap_or(begun),
        control: &control,
        watched: None,
    };
    let mut rows = BookRows::new(order::book(site, writer.ledger, false)?, store, &batch.order, laid.kind);
    let what = Run {
        batch: batch.clone(),
        template: &laid.template,
        rows: &mut rows,
        sources,
        settings,
    };
    let answers = Answers {
        issued: args.on_issued,
        dead: args.on_dead,
        attended: context.out.watched && !context.out.is_json(),
    };
    let mut screen = Screen::new(
        (&mut context.out, context.prompt.as_mut()),
        answers,
        args.bell,
        hold,
        control.clone(),
    );
    let summary = run_batch((site, store, writer), what, &outside, &mut screen)?;
    finish(&batch, &summary, context)
}

/// SIGUSR1 holds the run, SIGUSR2 lets it go on.
fn held() -> Hold {
    let hold = Hold::default();
    for (signal, flag) in [(SIGUSR1, &hold.hold), (SIGUSR2, &hold.go)] {
        // Registering fails only for signals that cannot be caught.
        let _ = signal_hook::flag::register(signal, Arc::clone(flag));
    }
    hold
}

fn sources(args: &RunArgs, secrets: Option<u32>) -> Result<Vec<Box<dyn CardSource>>, Error> {
    // A command that is run inherits every open descriptor but the first three.
    if args.feeder.is_some() && secrets.is_some_and(|fd| fd > 2) {
        return Err(Error::new(msg!("batch-feeder-secrets"), Exit::Usage));
    }
    let timeout = Duration::from_secs(args.feeder_timeout.into());
    let feeder = args
        .feeder
        .as_deref()
        .map(|path| feeder::Feeder::at(path, timeout))
        .transpose()?;
    let mut sources: Vec<Box<dyn CardSource>> = Vec::with_capacity(args.readers.len());
    for (at, reader) in args.readers.iter().enumerate() {
        if args.readers[..at].contains(reader) {
            return Err(Error::new(msg!("batch-reader-twice", reader = reader), Exit::Usage));
        }
        let source = readers::source(&reader.parse()?)?;
        sources.push(match &feeder {
            Some(feeder) => Box::new(feeder::Fed::new(source, feeder.clone(), reader)),
            None => source,
        });
    }
    Ok(sources)
}

fn settings(args: &RunArgs, site: &Site) -> Result<Settings, Error> {
    if let Some(lot) = &args.lot {
        stock::find(&site.ledger_read_only()?, lot)?;
    }
    Ok(Settings {
        failures: args.failures,
        tries: args.tries,
        wait: !args.no_wait,
        lot: record::text_if(args.lot.as_deref())?,
        terminal: Some(terminal(args, site)?),
    })
}

/// The terminal number that was given, or the site's code and zeros behind it.
fn terminal(args: &RunArgs, site: &Site) -> Result<Terminal, Error> {
    let text = match &args.terminal {
        Some(text) => text.clone(),
        None => format!("{:0<12}", site.owner().code.chars().take(8).collect::<String>()),
    };
    text.parse()
        .map_err(|_| Error::new(msg!("purse-terminal", text = text), Exit::Usage))
}

fn finish(batch: &BatchRow, summary: &Summary, context: &mut Context) -> Result<Exit, Error> {
    context.out.say(&msg!(
        "batch-ended",
        batch = batch.batch,
        issued = summary.issued,
        failures = summary.failures,
        all = summary.issued_in_all,
        rows = batch.rows
    ))?;
    if !summary.is_complete() {
        context.out.say(&msg!(
            "batch-ended-open",
            left = summary.left,
            doubtful = summary.doubtful,
            failed = summary.failed,
            unloaded = summary.unloaded
        ))?;
    }
    Ok(match summary {
        summary if summary.stopped => Exit::Stopped,
        summary if summary.is_complete() && summary.void == 0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}
