// SPDX-License-Identifier: Apache-2.0
//! `cardmint sim`: makes simulated cards, shows them, plans faults, puts them behind pcscd.

mod hopper;
mod serve;
mod show;

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::Context;
use crate::error::{Error, Exit};
use crate::msg;
use crate::sim::{CardPath, Chip, Hopper, PlannedFault, SimCard, SimFault, SimOptions, seeded_serial};

/// `cardmint sim …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes blank cards.
    New(New),
    /// Lists the cards of a folder.
    List {
        /// The folder.
        folder: PathBuf,
    },
    /// Shows a card's files, keys (never their values) and counters.
    Show {
        /// The card: FOLDER/NAME.
        card: String,
    },
    /// Plans what goes wrong on a card.
    Fault(FaultArgs),
    /// Moves the cards of a hopper as a card feeder does.
    Feed {
        /// What to do.
        #[arg(value_enum)]
        verb: hopper::Move,
        /// The hopper.
        folder: PathBuf,
    },
    /// Puts cards behind pcscd.
    Serve {
        /// Where the virtual reader's driver listens; one for each card.
        #[arg(long, value_name = "HOST:PORT", required = true)]
        vpcd: Vec<String>,
        /// The cards: FOLDER/NAME, or the folder of a hopper.
        #[arg(required = true)]
        card: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct New {
    /// Which chip.
    #[arg(long, value_enum)]
    chip: ChipName,
    /// How many.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=99_999))]
    count: u32,
    /// The card's name; with several, the beginning of their names.
    #[arg(long)]
    name: Option<String>,
    /// Fixes chip numbers and random numbers.
    #[arg(long)]
    seed: Option<u64>,
    /// Without MF, as from the wafer test.
    #[arg(long)]
    factory: bool,
    /// Contact card with T=0.
    #[arg(long)]
    t0: bool,
    /// Puts them into a hopper, from which one comes after the other.
    #[arg(long)]
    hopper: bool,
    /// A switch of docs/simulator.md; repeatable.
    #[arg(long, value_name = "SWITCH=VALUE")]
    set: Vec<String>,
    /// The folder.
    folder: PathBuf,
}

#[derive(Debug, clap::Args)]
struct FaultArgs {
    /// The card: FOLDER/NAME.
    card: String,
    /// Taken away before the N-th command takes effect.
    #[arg(long, value_name = "N")]
    tear_before: Vec<u32>,
    /// Taken away in the middle of the N-th command's write.
    #[arg(long, value_name = "N")]
    tear_during: Vec<u32>,
    /// Taken away after the N-th command took effect, before its answer.
    #[arg(long, value_name = "N")]
    tear_after: Vec<u32>,
    /// Answers a status word instead of doing the N-th command.
    #[arg(long, value_name = "N=SW")]
    wrong_status: Vec<String>,
    /// Changes the end of the N-th answer's data.
    #[arg(long, value_name = "N")]
    bad_mac: Vec<u32>,
    /// The reader is unplugged at the N-th command.
    #[arg(long, value_name = "N")]
    reader_gone: Vec<u32>,
    /// Silent from the N-th command.
    #[arg(long, value_name = "N")]
    mute: Vec<u32>,
    /// The program ends at once before the N-th command takes effect.
    #[arg(long, value_name = "N")]
    kill_before: Vec<u32>,
    /// The program ends at once after the N-th command took effect.
    #[arg(long, value_name = "N")]
    kill_after: Vec<u32>,
    /// The faults fire at every opening of the card, not once.
    #[arg(long)]
    repeat: bool,
    /// Forgets the faults planned before.
    #[arg(long)]
    clear: bool,
}

/// The chips as the command line names them.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ChipName {
    Fmcos,
    Psam,
    Metro,
    M1,
}

impl From<ChipName> for Chip {
    fn from(name: ChipName) -> Self {
        match name {
            ChipName::Fmcos => Self::Fmcos,
            ChipName::Psam => Self::Psam,
            ChipName::Metro => Self::Metro,
            ChipName::M1 => Self::M1,
        }
    }
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::New(new) => make(new, context),
        Verb::List { folder } => show::list(folder, context),
        Verb::Show { card } => show::show(card, context),
        Verb::Fault(plan) => fault(plan, context),
        Verb::Feed { verb, folder } => hopper::feed(*verb, folder, context),
        Verb::Serve { vpcd, card } => serve::serve(vpcd, card, context),
    }
}

#[derive(Serialize)]
struct MadeRecord {
    reader: String,
    chip: Chip,
    serial: String,
}

fn make(new: &New, context: &mut Context) -> Result<Exit, Error> {
    let chip = Chip::from(new.chip);
    let mut options = switches(chip, &new.set)?;
    options.t0 |= new.t0;
    let prefix = new.name.clone().unwrap_or_else(|| {
        let name = new.chip.to_possible_value();
        name.map_or_else(String::new, |n| n.get_name().to_owned())
    });
    let width = new.count.to_string().len();
    let folder = if new.hopper {
        Hopper::create(&new.folder)?.blanks()
    } else {
        new.folder.clone()
    };
    for number in 1..=new.count {
        let name = if new.count == 1 {
            prefix.clone()
        } else {
            format!("{prefix}-{number:0width$}")
        };
        let mut serial = [0; 8];
        match new.seed {
            Some(seed) => serial = seeded_serial(seed, u64::from(number)),
            None => context.random.fill(&mut serial[4..]).map_err(|_| no_random())?,
        }
        let mut card = SimCard::new(chip, serial, options.clone(), new.factory);
        if let Some(seed) = new.seed {
            card = card.seeded(seed.wrapping_add(u64::from(number)));
        }
        let path = CardPath::new(&folder, name);
        path.create(&card)?;
        let made = MadeRecord {
            reader: path.reader(),
            chip,
            serial: hex::encode_upper(serial),
        };
        context.out.record("cardmint.sim-card/1", &made)?;
        context
            .out
            .say(&msg!("sim-made", reader = made.reader, serial = made.serial))?;
    }
    Ok(Exit::Done)
}

fn no_random() -> Error {
    Error::new(msg!("sim-no-random"), Exit::Device)
}

/// The switches of a chip with those of the command line put in.
fn switches(chip: Chip, set: &[String]) -> Result<SimOptions, Error> {
    set.iter().try_fold(SimOptions::of(chip), |options, given| {
        let wanted = given
            .split_once('=')
            .and_then(|(name, value)| switched(&options, name, value));
        wanted.ok_or_else(|| Error::new(msg!("sim-bad-switch", given = given), Exit::Usage))
    })
}

/// One switch set, its value read as a number or truth value, else as text (status words are text: 6985).
fn switched(options: &SimOptions, name: &str, value: &str) -> Option<SimOptions> {
    let read = serde_json::from_str(value).ok();
    let readings = read.into_iter().chain([serde_json::Value::from(value)]);
    readings.into_iter().find_map(|value| {
        let mut all = serde_json::to_value(options).ok()?;
        *all.get_mut(name.replace('-', "_"))? = value;
        serde_json::from_value(all).ok()
    })
}

fn fault(plan: &FaultArgs, context: &mut Context) -> Result<Exit, Error> {
    let path = CardPath::parse(&plan.card)?;
    path.load()?;
    let mut faults = if plan.clear {
        Vec::new()
    } else {
        path.faults()?.planned().to_vec()
    };
    let groups = [
        (&plan.tear_before, SimFault::TearBefore),
        (&plan.tear_during, SimFault::TearDuring),
        (&plan.tear_after, SimFault::TearAfter),
        (&plan.bad_mac, SimFault::BadMac),
        (&plan.reader_gone, SimFault::ReaderGone),
        (&plan.mute, SimFault::Mute),
        (&plan.kill_before, SimFault::KillBefore),
        (&plan.kill_after, SimFault::KillAfter),
    ];
    let mut wanted: Vec<(u32, SimFault)> = Vec::new();
    for (numbers, fault) in groups {
        wanted.extend(numbers.iter().map(|at| (*at, fault)));
    }
    for given in &plan.wrong_status {
        let parts = given.split_once('=');
        let parsed = parts.and_then(|(at, sw)| Some((at.parse().ok()?, u16::from_str_radix(sw, 16).ok()?)));
        let (at, sw) = parsed.ok_or_else(|| Error::new(msg!("sim-bad-fault", given = given), Exit::Usage))?;
        wanted.push((at, SimFault::WrongStatus { sw }));
    }
    let repeat = plan.repeat;
    faults.extend(wanted.into_iter().map(|(at, fault)| PlannedFault { at, fault, repeat }));
    path.plan(&faults)?;
    for planned in &faults {
        context.out.record("cardmint.sim-fault/1", planned)?;
    }
    context
        .out
        .say(&msg!("sim-planned", reader = path.reader(), count = faults.len()))?;
    Ok(Exit::Done)
}
