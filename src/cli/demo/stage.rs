// SPDX-License-Identifier: Apache-2.0
//! Runs commands as if they were typed, and answers their questions.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::cli::{Cli, Context};
use crate::crypto::SecretBytes;
use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::msg;
use crate::outside::{Prompt, PromptError};
use crate::sim::cards_in;
use crate::site::SiteCard;

/// Where the demo happens.
pub(super) struct Stage<'a> {
    context: &'a mut Context,
    folder: PathBuf,
}

/// A centre: its folder, and the options that name its site and let its two officers act.
pub(super) struct Centre {
    pub(super) folder: String,
    /// The shell variable that stands for the options where commands are shown.
    pub(super) variable: &'static str,
    pub(super) options: Vec<String>,
}

/// What people would answer, in the order in which they are asked.
struct Answers(VecDeque<String>);

impl Answers {
    fn next(&mut self) -> Result<String, PromptError> {
        self.0.pop_front().ok_or(PromptError::NoTerminal)
    }
}

impl Prompt for Answers {
    fn secret(&mut self, _: &Msg) -> Result<SecretBytes, PromptError> {
        self.next().map(|answer| SecretBytes::new(answer.into_bytes()))
    }

    fn line(&mut self, _: &Msg) -> Result<String, PromptError> {
        self.next()
    }
}

impl<'a> Stage<'a> {
    /// Makes the folder, for its owner alone. An existing one is refused: a demo never touches what is there.
    pub(super) fn set(context: &'a mut Context, folder: &Path) -> Result<Self, Error> {
        let failed =
            |e: std::io::Error| Error::new(msg!("demo-folder", folder = folder.display(), what = e), Exit::Device);
        if folder.exists() {
            return Err(Error::new(
                msg!("demo-folder-exists", folder = folder.display()),
                Exit::Usage,
            ));
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        Ok(Self {
            context,
            folder: folder.to_owned(),
        })
    }

    /// The path of something in the folder, as it is typed.
    pub(super) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A heading.
    pub(super) fn chapter(&mut self, msg: &Msg) -> Result<(), Error> {
        self.context.out.text("")?;
        self.context.out.say(msg)?;
        self.context.out.flush()
    }

    /// A line.
    pub(super) fn say(&mut self, msg: &Msg) -> Result<(), Error> {
        self.context.out.say(msg)
    }

    /// Draws a passphrase for an officer and puts it into a file that only its owner reads; the option that names it.
    pub(super) fn passphrase(&mut self, officer: &str) -> Result<String, Error> {
        let path = self.path(&format!("{officer}.pass"));
        let mut random = [0; 15];
        self.context
            .random
            .fill(&mut random)
            .map_err(|_| Error::new(msg!("crypto-no-random"), Exit::Device))?;
        let words: Vec<String> = random.chunks(3).map(hex::encode).collect();
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{}", words.join("-")));
        written.map_err(|e| Error::new(msg!("demo-folder", folder = path, what = e), Exit::Device))?;
        Ok(format!("{officer}={path}"))
    }

    /// Shows a command and runs it. `answers` are what people would type at its prompts.
    pub(super) fn run(&mut self, words: &[&str], answers: &[&str]) -> Result<(), Error> {
        self.context.out.text(&format!("$ cardmint {}", typed(words)))?;
        self.obey(words, answers)
    }

    /// Like [`Self::run`] for a command that officers of a centre give; their options are shown as the shell variable that
    /// [`Self::introduce`] set.
    pub(super) fn run_as(&mut self, centre: &Centre, words: &[&str], answers: &[&str]) -> Result<(), Error> {
        self.context
            .out
            .text(&format!("$ cardmint {} ${}", typed(words), centre.variable))?;
        let options = centre.options.iter().map(String::as_str);
        let all: Vec<&str> = words.iter().copied().chain(options).collect();
        self.obey(&all, answers)
    }

    /// Shows the shell variable with a centre's site and officers.
    pub(super) fn introduce(&mut self, centre: &Centre) -> Result<(), Error> {
        let options: Vec<&str> = centre.options.iter().map(String::as_str).collect();
        self.context
            .out
            .text(&format!("$ {}=\"{}\"", centre.variable, typed(&options)))
    }

    fn obey(&mut self, words: &[&str], answers: &[&str]) -> Result<(), Error> {
        let line = std::iter::once("cardmint").chain(words.iter().copied());
        let cli = Cli::try_parse_from(line)
            .map_err(|e| Error::new(msg!("demo-command", command = typed(words), what = e), Exit::Usage))?;
        let mut global = cli.global;
        global.json = self.context.global.json;
        global.lang = self.context.global.lang;
        let outer_global = std::mem::replace(&mut self.context.global, global);
        let answers = Answers(answers.iter().map(ToString::to_string).collect());
        let outer_prompt = std::mem::replace(&mut self.context.prompt, Box::new(answers));
        let ended = crate::cli::run(cli.command, self.context);
        self.context.prompt = outer_prompt;
        self.context.global = outer_global;
        self.context.out.flush()?;
        match ended? {
            Exit::Done => Ok(()),
            exit => Err(Error::new(msg!("demo-step-failed", command = typed(words)), exit)),
        }
    }

    /// Asks the person to do something with their hands and waits for Enter.
    pub(super) fn ask(&mut self, question: &Msg) -> Result<(), Error> {
        self.context.out.flush()?;
        self.context.prompt.line(question)?;
        Ok(())
    }

    /// Where something lies, and what it is.
    pub(super) fn place(&mut self, name: &str, what: &Msg) -> Result<(), Error> {
        let what = what.render(self.context.out.lang());
        self.context
            .out
            .say(&msg!("demo-place", path = self.path(name), what = what))
    }

    /// The simulated cards of a folder whose names begin so.
    pub(super) fn cards(&self, folder: &str, prefix: &str) -> Result<Vec<String>, Error> {
        let cards = cards_in(&self.folder.join(folder))?;
        Ok(cards
            .iter()
            .map(|card| card.name().to_owned())
            .filter(|name| name.starts_with(prefix))
            .collect())
    }
}

/// The fingerprint of a site's public card: what the two sides read out to each other on the telephone.
pub(super) fn fingerprint(card: &str) -> Result<String, Error> {
    Ok(SiteCard::read(Path::new(card))?.fingerprint())
}

/// Words as a shell wants them.
fn typed(words: &[&str]) -> String {
    let quoted = |word: &&str| {
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,@+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            (*word).to_owned()
        } else {
            format!("'{word}'")
        }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(
            typed(&["key", "list", "--name", "Ministry of X", ""]),
            "key list --name 'Ministry of X' ''"
        );
    }
}
