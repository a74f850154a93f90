// SPDX-License-Identifier: Apache-2.0
//! `cardmint template`: the templates that come with the program and those in files: list, show, check, explain.

mod check;
mod explain;
mod show;

use super::Context;
use super::order::OrderArgs;
use crate::error::{Error, Exit};
use crate::msg;
use crate::template::{self, Severity, Template};

/// `cardmint template …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists the shipped templates.
    List,
    /// Shows files, keys and order fields.
    Show {
        /// Name or file.
        #[arg(value_name = "TEMPLATE")]
        template: String,
    },
    /// Runs the named checks.
    Check {
        /// Name or file.
        #[arg(value_name = "TEMPLATE")]
        template: String,
    },
    /// Prints every command of one card.
    Explain(Explain),
}

/// `cardmint template explain …`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Name or file.
    #[arg(value_name = "TEMPLATE")]
    template: String,
    #[command(flatten)]
    order: OrderArgs,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::List => show::list(context),
        Verb::Show { template } => show::show(context, &template::load(template)?),
        Verb::Check { template } => check::run(context, template),
        Verb::Explain(args) => explain::run(args, context),
    }
}

/// A template without errors, or a message that it has some.
pub fn sound(name: &str) -> Result<Template, Error> {
    let (text, source) = template::text_of(name)?;
    let read = template::read(&text, &source)?;
    let found = template::check(&read, &text);
    let errors = found.iter().filter(|f| f.severity == Severity::Error).count();
    if errors == 0 {
        return Ok(read);
    }
    let warnings = found.len() - errors;
    Err(Error::new(
        msg!("template-faulty", name = name, errors = errors, warnings = warnings),
        Exit::Usage,
    ))
}
