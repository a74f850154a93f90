// SPDX-License-Identifier: Apache-2.0
//! `cardmint scheme`: the key schemes that come with the program, and those in files.

use std::path::Path;

use serde::Serialize;

use super::Context;
use crate::error::{Error, Exit};
use crate::keys::scheme::{self, Part, Scheme, Title};
use crate::msg;

/// `cardmint scheme …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Lists the shipped schemes.
    List,
    /// Shows levels and usages of a scheme.
    Show {
        /// Its name or file.
        #[arg(value_name = "SCHEME")]
        scheme: String,
    },
    /// Checks a scheme file.
    Check {
        /// The file.
        #[arg(value_name = "FILE")]
        scheme: String,
    },
}

#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    title: &'a Title,
    levels: Vec<LevelShown<'a>>,
    usages: Vec<UsageShown<'a>>,
}

#[derive(Serialize)]
struct LevelShown<'a> {
    level: &'a str,
    title: &'a Title,
    optional: bool,
    leaf: bool,
    factor: String,
}

#[derive(Serialize)]
struct UsageShown<'a> {
    usage: &'a str,
    abbreviation: &'a str,
    title: &'a Title,
    root: Option<&'a str>,
    leaf: Option<&'a str>,
    algorithms: Vec<String>,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::List => list(context),
        Verb::Show { scheme } => show(context, &scheme::find(scheme, Path::new("."))?),
        Verb::Check { scheme: file } => {
            let path = if file.contains('/') {
                file.clone()
            } else {
                format!("./{file}")
            };
            let read = scheme::find(&path, Path::new("."))?;
            context.out.record(
                "cardmint.scheme-check/1",
                &serde_json::json!({"file": file, "name": read.name()}),
            )?;
            context.out.say(&msg!("scheme-good", path = file, name = read.name()))?;
            Ok(Exit::Done)
        }
    }
}

fn list(context: &mut Context) -> Result<Exit, Error> {
    let mut rows = Vec::new();
    for (name, _) in scheme::SHIPPED {
        let read = scheme::find(name, Path::new("."))?;
        context.out.record("cardmint.scheme/1", &shown(&read))?;
        let levels: Vec<&str> = read
            .levels()
            .iter()
            .filter(|l| !l.leaf)
            .map(|l| l.name.as_str())
            .collect();
        let title = read.title().in_language(context.out.lang()).to_owned();
        rows.push(vec![(*name).to_owned(), title, levels.join(" > ")]);
    }
    let heading = [
        msg!("scheme-column-name"),
        msg!("scheme-column-title"),
        msg!("scheme-column-levels"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

fn show(context: &mut Context, read: &Scheme) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let shown = shown(read);
    context.out.record("cardmint.scheme/1", &shown)?;
    let cell = |l: &LevelShown<'_>| {
        vec![
            l.level.to_owned(),
            l.title.in_language(lang).to_owned(),
            l.factor.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = shown.levels.iter().map(cell).collect();
    let heading = [
        msg!("scheme-column-level"),
        msg!("scheme-column-title"),
        msg!("scheme-column-factor"),
    ];
    context.out.table(&heading, &rows)?;
    context.out.text("")?;
    let cell = |u: &UsageShown<'_>| {
        let own = [
            u.usage,
            u.abbreviation,
            u.title.in_language(lang),
            u.root.unwrap_or("-"),
            u.leaf.unwrap_or("-"),
        ];
        own.iter()
            .map(|s| (*s).to_owned())
            .chain([u.algorithms.join(" ")])
            .collect()
    };
    let rows: Vec<Vec<String>> = shown.usages.iter().map(cell).collect();
    let heading = [
        msg!("scheme-column-usage"),
        msg!("scheme-column-abbreviation"),
        msg!("scheme-column-title"),
        msg!("scheme-column-root"),
        msg!("scheme-column-leaf"),
        msg!("scheme-column-algorithms"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

fn shown(scheme: &Scheme) -> Shown<'_> {
    let part = |p: &Part| match p {
        Part::Const(bytes) => hex::encode_upper(bytes),
        Part::Field { field, bytes, .. } => format!("{field}[{bytes}]"),
    };
    let level = |l: &'_ scheme::Level| l.factor.iter().map(part).collect::<Vec<_>>().join(" ");
    Shown {
        name: scheme.name(),
        title: scheme.title(),
        levels: scheme
            .levels()
            .iter()
            .map(|l| LevelShown {
                level: l.name.as_str(),
                title: &l.title,
                optional: l.optional,
                leaf: l.leaf,
                factor: level(l),
            })
            .collect(),
        usages: scheme
            .usages()
            .iter()
            .map(|u| UsageShown {
                usage: u.name.as_str(),
                abbreviation: &u.abbreviation,
                title: &u.title,
                root: u.root.as_ref().map(crate::keys::LevelName::as_str),
                leaf: u.leaf.as_ref().map(crate::keys::LevelName::as_str),
                algorithms: u.algorithms.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    }
}
