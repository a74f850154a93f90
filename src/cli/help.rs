// SPDX-License-Identifier: Apache-2.0
//! Help, completions and man pages from one definition: the command tree of clap with its texts put in from the catalogue.
//!
//! The id of a command's text is `help-` and its path (`help-card-issue`); of an option's text, that id, two dashes and
//! the option (`help-card-issue--number`), or `help--number` where several commands share it.

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;
use crate::i18n::{Lang, lookup};

/// The command tree with the texts of a language.
pub fn localised(lang: Lang) -> Command {
    // Its own arguments for help and version, since the texts of clap's are English.
    let version = Arg::new("version").short('V').long("version");
    let root = Cli::command()
        .disable_version_flag(true)
        .arg(version.action(ArgAction::Version));
    dress(root, "help", lang)
}

fn dress(command: Command, id: &str, lang: Lang) -> Command {
    let command = match lookup(id, lang) {
        Some(text) => command.about(text).long_about(None),
        None => command,
    };
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let command = headings(command.disable_help_flag(true).arg(help), lang);
    let command = command.mut_args(|arg| match argument_text(id, arg.get_id().as_str(), lang) {
        Some(text) => arg.help(text).long_help(None),
        None => arg,
    });
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    names.into_iter().fold(command, |tree, name| {
        let below = format!("{id}-{name}");
        tree.mut_subcommand(name, |c| dress(c, &below, lang))
    })
}

/// The headings of the help page. Arguments under a heading of their own keep it.
fn headings(command: Command, lang: Lang) -> Command {
    let heading = |id| lookup(id, lang).unwrap_or_default();
    let template = format!(
        "{{before-help}}{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
        heading("usage-heading-usage")
    );
    command
        .help_template(template)
        .subcommand_help_heading(heading("usage-heading-commands"))
        .mut_args(|arg| match arg.get_help_heading() {
            Some(_) => arg,
            None if arg.is_global_set() => arg.help_heading(heading("usage-heading-shared")),
            None if arg.is_positional() => arg.help_heading(heading("usage-heading-arguments")),
            None => arg.help_heading(heading("usage-heading-options")),
        })
}

fn argument_text(command: &str, argument: &str, lang: Lang) -> Option<&'static str> {
    let argument = argument.replace('_', "-");
    lookup(&format!("{command}--{argument}"), lang).or_else(|| lookup(&format!("help--{argument}"), lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(command: &Command, id: &str, found: &mut Vec<String>) {
        if lookup(id, Lang::En).is_none() {
            found.push(id.to_owned());
        }
        for arg in command
            .get_arguments()
            .filter(|a| !["help", "version"].contains(&a.get_id().as_str()))
        {
            if argument_text(id, arg.get_id().as_str(), Lang::En).is_none() {
                found.push(format!("{id}--{}", arg.get_id()));
            }
        }
        for sub in command.get_subcommands() {
            missing(sub, &format!("{id}-{}", sub.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_option_has_its_text() {
        let mut found = Vec::new();
        missing(&Cli::command(), "help", &mut found);
        assert!(found.is_empty(), "texts missing in i18n/help.toml: {found:#?}");
    }
}
