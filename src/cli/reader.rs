// SPDX-License-Identifier: Apache-2.0
//! `cardmint reader`: which readers there are, what happens on them, what a card says at reset.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Context, readers, stop};
use crate::error::{Error, Exit};
use crate::i18n::{Lang, Msg};
use crate::iso7816::Atr;
use crate::msg;
use crate::transport::TransportError;
use crate::transport::pcsc::{self, CardWait, Monitor};
use crate::transport::reader_spec::ReaderSpec;
use crate::transport::readers::{ReaderEvent, ReaderStatus, Slot, changes};

/// How often the watch looks whether it was stopped, and whether a stopped service is back.
const SLICE: Duration = Duration::from_millis(250);

/// `cardmint reader …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists the readers.
    List,
    /// Shows what happens on the readers.
    Watch {
        /// End after so many seconds.
        #[arg(long, value_name = "SECONDS")]
        seconds: Option<u64>,
    },
    /// Shows a card's answer to reset.
    Atr {
        /// The reader.
        #[arg(long, value_name = "READER")]
        reader: String,
        /// Wait so many seconds for a card.
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
    },
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::List => list(context),
        Verb::Watch { seconds } => watch(context, seconds.map(Duration::from_secs)),
        Verb::Atr { reader, wait } => atr(context, reader, wait.map(Duration::from_secs)),
    }
}

#[derive(Serialize)]
struct ReaderRecord<'a> {
    reader: &'a str,
    state: &'static str,
    atr: Option<String>,
    in_use: bool,
}

fn list(context: &mut Context) -> Result<Exit, Error> {
    let seen = pcsc::list()?;
    let out = &mut context.out;
    for status in &seen {
        out.record("cardmint.reader/1", &record(status))?;
    }
    if seen.is_empty() {
        out.say(&msg!("reader-none"))?;
        return Ok(Exit::Done);
    }
    let lang = out.lang();
    let rows: Vec<Vec<String>> = seen.iter().map(|status| row(status, lang)).collect();
    let heading = [
        msg!("reader-head-name"),
        msg!("reader-head-state"),
        msg!("reader-head-atr"),
    ];
    out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

fn record(status: &ReaderStatus) -> ReaderRecord<'_> {
    let (state, atr) = match &status.slot {
        Slot::Empty => ("empty", None),
        Slot::Card(atr) => ("card", Some(atr.to_string())),
        Slot::Mute => ("mute", None),
    };
    ReaderRecord {
        reader: &status.name,
        state,
        atr,
        in_use: status.in_use,
    }
}

fn row(status: &ReaderStatus, lang: Lang) -> Vec<String> {
    let (state, atr) = match &status.slot {
        Slot::Empty => (msg!("reader-state-empty"), String::new()),
        Slot::Card(atr) if status.in_use => (msg!("reader-state-in-use"), atr.to_string()),
        Slot::Card(atr) => (msg!("reader-state-card"), atr.to_string()),
        Slot::Mute => (msg!("reader-state-mute"), String::new()),
    };
    vec![status.name.clone(), state.render(lang), atr]
}

/// What the watch saw last.
struct Watch {
    monitor: Monitor,
    seen: Vec<ReaderStatus>,
    service: Option<bool>,
}

impl Watch {
    /// What happened since the last call; waits at most one slice for it.
    fn next(&mut self) -> Result<Vec<ReaderEvent>, TransportError> {
        let (events, up) = match self.monitor.wait(SLICE) {
            Ok(now) => {
                let events = changes(&self.seen, &now);
                self.seen = now;
                (events, true)
            }
            Err(TransportError::NoService) => {
                self.seen.clear();
                (Vec::new(), false)
            }
            Err(other) => return Err(other),
        };
        let known = self.service.replace(up);
        if !up {
            std::thread::sleep(SLICE);
        }
        let turn = match (known, up) {
            (Some(false), true) => Some(ReaderEvent::ServiceUp),
            (None | Some(true), false) => Some(ReaderEvent::ServiceDown),
            _ => None,
        };
        Ok(turn.into_iter().chain(events).collect())
    }
}

fn watch(context: &mut Context, limit: Option<Duration>) -> Result<Exit, Error> {
    let stopped = stop::on_interrupt();
    let until = limit.map(|limit| Instant::now() + limit);
    let mut watch = Watch {
        monitor: Monitor::new(),
        seen: Vec::new(),
        service: None,
    };
    while !stopped.load(Ordering::Relaxed) {
        for event in watch.next()? {
            tell(context, &event)?;
        }
        context.out.flush()?;
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok(Exit::Done);
        }
    }
    Ok(Exit::Stopped)
}

#[derive(Serialize)]
struct EventRecord<'a> {
    time: String,
    event: &'static str,
    reader: Option<&'a str>,
    atr: Option<String>,
}

fn tell(context: &mut Context, event: &ReaderEvent) -> Result<(), Error> {
    let (name, reader, atr) = parts(event);
    let time = context.clock.now().to_string();
    context.out.say(&sentence(event))?;
    let record = EventRecord {
        time,
        event: name,
        reader,
        atr: atr.map(ToString::to_string),
    };
    context.out.record("cardmint.reader-event/1", &record)
}

fn parts(event: &ReaderEvent) -> (&'static str, Option<&str>, Option<&Atr>) {
    match event {
        ReaderEvent::ServiceUp => ("service-up", None, None),
        ReaderEvent::ServiceDown => ("service-down", None, None),
        ReaderEvent::ReaderAdded { reader } => ("reader-added", Some(reader), None),
        ReaderEvent::ReaderRemoved { reader } => ("reader-removed", Some(reader), None),
        ReaderEvent::CardIn { reader, atr } => ("card-in", Some(reader), Some(atr)),
        ReaderEvent::CardOut { reader } => ("card-out", Some(reader), None),
        ReaderEvent::CardMute { reader } => ("card-mute", Some(reader), None),
    }
}

fn sentence(event: &ReaderEvent) -> Msg {
    match event {
        ReaderEvent::ServiceUp => msg!("reader-service-up"),
        ReaderEvent::ServiceDown => msg!("reader-service-down"),
        ReaderEvent::ReaderAdded { reader } => msg!("reader-added", reader = reader),
        ReaderEvent::ReaderRemoved { reader } => msg!("reader-removed", reader = reader),
        ReaderEvent::CardIn { reader, atr } => msg!("reader-card-in", reader = reader, atr = atr),
        ReaderEvent::CardOut { reader } => msg!("reader-card-out", reader = reader),
        ReaderEvent::CardMute { reader } => msg!("reader-card-mute", reader = reader),
    }
}

#[derive(Serialize)]
struct AtrRecord<'a> {
    reader: &'a str,
    atr: String,
    historical: String,
}

fn atr(context: &mut Context, reader: &str, wait: Option<Duration>) -> Result<Exit, Error> {
    let spec: ReaderSpec = reader.parse()?;
    if let (ReaderSpec::Pcsc(name), Some(_)) = (&spec, wait) {
        let stopped = stop::on_interrupt();
        CardWait::new(name).next(wait, &stopped)?;
    }
    let card = readers::open(&spec)?;
    let historical = card.atr().historical();
    let record = AtrRecord {
        reader: card.reader(),
        atr: card.atr().to_string(),
        historical: hex::encode_upper(historical),
    };
    context.out.record("cardmint.atr/1", &record)?;
    context
        .out
        .say(&msg!("reader-atr", reader = record.reader, atr = record.atr))?;
    if !historical.is_empty() {
        context.out.say(&msg!("reader-historical", bytes = record.historical))?;
    }
    Ok(Exit::Done)
}
