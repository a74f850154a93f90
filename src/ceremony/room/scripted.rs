// SPDX-License-Identifier: Apache-2.0
//! A room whose people follow a script: for tests. It remembers what was said and shown, question by question, so that a
//! test can look for what must be there and for what must not.

use std::path::{Path, PathBuf};

use super::{Paper, Person, Room, RoomError};
use crate::crypto::SecretBytes;
use crate::crypto::pack::copy_of;
use crate::i18n::{Lang, Msg};
use crate::keys::file_store::SHORTEST_PASSPHRASE;
use crate::msg;
use crate::outside::{Groups, PromptError};

/// What the script answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This is typed.
    Types(String),
    /// The person refuses.
    Refuses,
    /// Ctrl-C.
    BreaksOff,
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::Types(text.to_owned())
    }
}

/// What is asked.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Who sits at the keyboard.
    pub who: Option<&'a Person>,
    /// The question.
    pub question: &'a Msg,
    /// Which question it is, from 0.
    pub number: usize,
    /// What was said so far.
    pub said: &'a [Msg],
    /// The pages given out so far: whose, path, page.
    pub papers: &'a [(String, String, SecretBytes)],
}

/// The room.
pub struct Scripted<'s> {
    script: Box<dyn FnMut(&Asked<'_>) -> Answer + 's>,
    at_keyboard: Option<Person>,
    /// What was said.
    pub said: Vec<Msg>,
    /// The pages that were given out: to whom, path, page.
    pub papers: Vec<(String, String, SecretBytes)>,
    /// The pages that were taken out of the machine again.
    pub cleared: Vec<PathBuf>,
    /// The ids of all questions with who was asked.
    pub asked: Vec<(String, &'static str)>,
}

impl std::fmt::Debug for Scripted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scripted({} questions)", self.asked.len())
    }
}

impl<'s> Scripted<'s> {
    /// People who answer as this function says.
    pub fn new(script: impl FnMut(&Asked<'_>) -> Answer + 's) -> Self {
        Self {
            script: Box::new(script),
            at_keyboard: None,
            said: Vec::new(),
            papers: Vec::new(),
            cleared: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// Whether something with this id was said.
    pub fn heard(&self, id: &str) -> bool {
        self.said.iter().any(|msg| msg.id() == id)
    }

    fn ask(&mut self, question: &Msg) -> Result<String, RoomError> {
        let who = self.at_keyboard.as_ref().map(|p| p.id.clone()).unwrap_or_default();
        let answer = (self.script)(&Asked {
            who: self.at_keyboard.as_ref(),
            question,
            number: self.asked.len(),
            said: &self.said,
            papers: &self.papers,
        });
        self.asked.push((who, question.id()));
        match answer {
            Answer::Types(text) => Ok(text),
            Answer::Refuses => Err(RoomError::Refused),
            Answer::BreaksOff => Err(RoomError::Prompt(PromptError::Stopped)),
        }
    }

    fn ask_hidden(&mut self, question: &Msg) -> Result<SecretBytes, RoomError> {
        self.ask(question).map(|text| SecretBytes::new(text.into_bytes()))
    }
}

impl Room for Scripted<'_> {
    fn turn(&mut self, who: &Person) -> Result<(), RoomError> {
        self.at_keyboard = Some(who.clone());
        Ok(())
    }

    fn leave(&mut self) {
        self.at_keyboard = None;
    }

    fn lang(&self) -> Lang {
        Lang::En
    }

    fn say(&mut self, what: &Msg) {
        self.said.push(what.clone());
    }

    fn passphrase(&mut self, officer: &str) -> Result<SecretBytes, RoomError> {
        self.ask_hidden(&msg!("site-ask-passphrase", name = officer))
    }

    fn new_passphrase(&mut self, officer: &str) -> Result<SecretBytes, RoomError> {
        self.ask_hidden(&msg!(
            "site-ask-new-passphrase",
            name = officer,
            least = SHORTEST_PASSPHRASE
        ))
    }

    fn written(&mut self, question: &Msg, _: &Groups) -> Result<SecretBytes, RoomError> {
        self.ask_hidden(question)
    }

    fn hidden(&mut self, question: &Msg) -> Result<SecretBytes, RoomError> {
        self.ask_hidden(question)
    }

    fn typed(&mut self, question: &Msg) -> Result<String, RoomError> {
        self.ask(question)
    }

    fn confirmed(&mut self, question: &Msg, words: &Msg) -> Result<bool, RoomError> {
        Ok(self.ask(question)? == words.render(Lang::En))
    }

    fn hand_over(&mut self, paper: &Paper) -> Result<(), RoomError> {
        let who = self.at_keyboard.as_ref().map(|p| p.id.clone()).unwrap_or_default();
        self.papers
            .push((who, paper.path.display().to_string(), copy_of(&paper.page)));
        Ok(())
    }

    fn clear_away(&mut self, path: &Path) {
        self.cleared.push(path.to_owned());
    }
}
