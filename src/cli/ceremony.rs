// SPDX-License-Identifier: Apache-2.0
//! `cardmint ceremony`: key ceremonies, from the reviewed file to the signed transcript.

mod abandon;
mod check;
mod new_site;
mod plan_file;
mod room;
mod run;
mod show;
mod verify;

use std::path::PathBuf;

use super::Context;
use crate::error::{Error, Exit};
use crate::keys::LevelName;

/// `cardmint ceremony …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists the shipped plans.
    List,
    /// Tells a plan in sentences.
    Show {
        /// The plan.
        #[arg(value_name = "PLAN")]
        plan: String,
    },
    /// Runs the named checks; nothing is touched.
    Check(Plan),
    /// Runs a ceremony in a rehearsal site.
    Rehearse(Rehearse),
    /// Runs a ceremony.
    Run(Plan),
    /// Takes up a ceremony that was broken off.
    Resume(Plan),
    /// Closes a ceremony that was broken off.
    Abandon {
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Judges a transcript offline.
    Verify(verify::Verify),
}

/// A plan and what it leaves open.
#[derive(Debug, clap::Args)]
struct Plan {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: String,
    #[command(flatten)]
    bind: Bind,
}

/// Officers and paths for the names of a plan.
#[derive(Debug, clap::Args)]
struct Bind {
    /// Who somebody of the plan is: ID=NAME; repeatable.
    #[arg(long, value_name = "ID=NAME")]
    participant: Vec<String>,
    /// Where a file of the plan lies: SLOT=PATH; repeatable.
    #[arg(long, value_name = "SLOT=PATH")]
    file: Vec<String>,
    /// A file with both.
    #[arg(long, value_name = "FILE")]
    bindings: Option<PathBuf>,
}

impl Bind {
    /// Whether anything was bound.
    fn given(&self) -> bool {
        self.bindings.is_some() || !self.participant.is_empty() || !self.file.is_empty()
    }
}

/// `cardmint ceremony rehearse …`.
#[derive(Debug, clap::Args)]
struct Rehearse {
    #[command(flatten)]
    plan: Plan,
    /// Makes a rehearsal site for it first.
    #[arg(long, value_name = "FOLDER")]
    new: Option<PathBuf>,
    /// The new site's scheme, where the plan names none.
    #[arg(long, value_name = "SCHEME", requires = "new")]
    scheme: Option<String>,
    /// The new site's level, where the plan names none.
    #[arg(long, value_name = "LEVEL", requires = "new")]
    level: Option<LevelName>,
    /// The new site's code at its level.
    #[arg(long, value_name = "CODE", requires = "new", default_value = "")]
    code: String,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::List => show::list(context),
        Verb::Show { plan } => show::show(plan, context),
        Verb::Check(args) => check::run(args, context),
        Verb::Rehearse(args) => run::rehearse(args, context),
        Verb::Run(args) => run::run(args, context),
        Verb::Resume(args) => run::resume(args, context),
        Verb::Verify(args) => verify::verify(args, context),
        Verb::Abandon { reason } => abandon::abandon(reason, context),
    }
}
