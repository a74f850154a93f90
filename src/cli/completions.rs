// SPDX-License-Identifier: Apache-2.0
//! `cardmint completions` and `cardmint man`: made from the same definitions as the help, in the language asked for.

use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use serde::Serialize;

use super::{Context, help};
use crate::error::{Error, Exit};
use crate::msg;

/// `cardmint completions SHELL`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// `cardmint man --dir FOLDER`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Where the pages go.
    #[arg(long, value_name = "FOLDER")]
    dir: PathBuf,
}

/// Writes a completion script to standard output.
pub fn completions(args: &Completions, context: &mut Context) -> Result<Exit, Error> {
    let mut script = Vec::new();
    let mut command = help::localised(context.out.lang());
    clap_complete::generate(args.shell, &mut command, "cardmint", &mut script);
    context.out.raw(&script)?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct ManRecord<'a> {
    dir: &'a Path,
    pages: usize,
}

/// Writes one man page per command into a folder, which is made if need be.
pub fn man(args: &Man, context: &mut Context) -> Result<Exit, Error> {
    let mut command = help::localised(context.out.lang());
    command.build();
    let pages = write_pages(&command, &args.dir).map_err(|e| {
        let dir = args.dir.display();
        Error::new(msg!("man-not-written", dir = dir, what = e), Exit::Device)
    })?;
    let dir = args.dir.as_path();
    context.out.record("cardmint.man/1", &ManRecord { dir, pages })?;
    context
        .out
        .say(&msg!("man-written", dir = dir.display(), pages = pages))?;
    Ok(Exit::Done)
}

fn write_pages(command: &clap::Command, dir: &Path) -> std::io::Result<usize> {
    fs::create_dir_all(dir)?;
    let mut pages = 1;
    clap_mangen::Man::new(command.clone()).generate_to(dir)?;
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        pages += write_pages(below, dir)?;
    }
    Ok(pages)
}
