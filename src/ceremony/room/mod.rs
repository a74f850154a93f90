// SPDX-License-Identifier: Apache-2.0
//! The people in the room: what a ceremony needs of them. One person at a time is at the keyboard; whatever the one before
//! saw is gone from the screen before the next one looks.
//!
//! The command line has the room with a terminal; [`scripted`] has one for tests. At any question a person may refuse by
//! typing the word for it, in either language.

pub mod scripted;

use std::path::{Path, PathBuf};

use crate::crypto::SecretBytes;
use crate::crypto::pack::is_same;
use crate::error::{Exit, Fault};
use crate::i18n::{Lang, Msg, lookup};
use crate::ledger::Role;
use crate::msg;
use crate::outside::{Groups, PromptError};

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The participant's name in the plan.
    pub id: String,
    /// The officer who it is at this site.
    pub officer: String,
    /// What for.
    pub role: Role,
}

/// A question was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomError {
    /// There is nobody to ask, or the ceremony was broken off.
    Prompt(PromptError),
    /// The person at the keyboard refuses.
    Refused,
    /// A page could not be given out.
    Paper {
        /// Where it was to lie.
        path: String,
        /// What the system says.
        what: String,
    },
}

/// What a person takes away: a page that holds a secret for one pair of eyes.
#[derive(Debug)]
pub struct Paper {
    /// Where it lies until it is printed.
    pub path: PathBuf,
    /// The page, HTML in UTF-8.
    pub page: SecretBytes,
}

/// The room.
pub trait Room {
    /// The next person comes to the keyboard. Clears the screen first.
    fn turn(&mut self, who: &Person) -> Result<(), RoomError>;

    /// The person at the keyboard is done. Clears the screen.
    fn leave(&mut self);

    /// The language that is spoken in the room.
    fn lang(&self) -> Lang;

    /// Public facts, for everybody.
    fn say(&mut self, what: &Msg);

    /// A line of public facts as it stands: what the plan says in the room's language.
    fn line(&mut self, text: &str) {
        self.say(&msg!("ceremony-line", text = text));
    }

    /// An officer's passphrase, hidden.
    fn passphrase(&mut self, officer: &str) -> Result<SecretBytes, RoomError>;

    /// A new officer's passphrase, hidden and typed twice, and long enough.
    fn new_passphrase(&mut self, officer: &str) -> Result<SecretBytes, RoomError>;

    /// A secret from paper, hidden, in groups.
    fn written(&mut self, question: &Msg, groups: &Groups) -> Result<SecretBytes, RoomError>;

    /// A secret that has no groups, hidden.
    fn hidden(&mut self, question: &Msg) -> Result<SecretBytes, RoomError>;

    /// Something public that is typed: a check value.
    fn typed(&mut self, question: &Msg) -> Result<String, RoomError>;

    /// Whether the person types exactly these words, in the language of the room.
    fn confirmed(&mut self, question: &Msg, words: &Msg) -> Result<bool, RoomError>;

    /// Gives a page to the person at the keyboard, who says when it is in hand.
    fn hand_over(&mut self, paper: &Paper) -> Result<(), RoomError>;

    /// Takes the page out of the machine again, printed or not.
    fn clear_away(&mut self, path: &Path);
}

/// Whether a typed line is the word for refusing.
pub fn refuses(typed: &str) -> bool {
    words().any(|word| typed.trim() == word)
}

/// Whether a hidden answer is the word for refusing.
pub fn refuses_hidden(typed: &SecretBytes) -> bool {
    words().any(|word| is_same(typed, &SecretBytes::new(word.as_bytes().to_vec())))
}

fn words() -> impl Iterator<Item = &'static str> {
    [Lang::En, Lang::Zh]
        .into_iter()
        .filter_map(|lang| lookup("ceremony-word-refuse", lang))
}

impl From<PromptError> for RoomError {
    fn from(e: PromptError) -> Self {
        Self::Prompt(e)
    }
}

impl Fault for RoomError {
    fn msg(&self) -> Msg {
        match self {
            Self::Prompt(e) => e.msg(),
            Self::Refused => msg!("ceremony-refused"),
            Self::Paper { path, what } => msg!("ceremony-paper", path = path, what = what),
        }
    }
    fn exit(&self) -> Exit {
        match self {
            Self::Prompt(e) => e.exit(),
            Self::Refused => Exit::Stopped,
            Self::Paper { .. } => Exit::Device,
        }
    }
}
crate::display_as_english!(RoomError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_for_refusing_is_understood_in_both_languages() {
        let hidden = |text: &str| refuses_hidden(&SecretBytes::new(text.as_bytes().to_vec()));
        for word in ["refuse", "拒绝"] {
            assert!(refuses(word) && refuses(&format!(" {word} ")) && hidden(word));
        }
        for other in ["", "refused", "Refuse", "no", "拒"] {
            assert!(!refuses(other) && !hidden(other), "{other}");
        }
    }

    #[test]
    fn no_passphrase_is_the_word_for_refusing() {
        assert!(words().all(|word| word.len() < crate::keys::file_store::SHORTEST_PASSPHRASE));
        assert_eq!(words().count(), 2);
    }
}
