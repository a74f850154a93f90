// SPDX-License-Identifier: Apache-2.0
//! The people in the room at a terminal. Public facts go to the error stream, as everything that is no result; secrets are
//! typed hidden; the screen is cleared whenever the next person comes.

use std::path::{Path, PathBuf};

use crate::ceremony::room::{Paper, Person, Room, RoomError, refuses, refuses_hidden};
use crate::cli::output::Output;
use crate::crypto::SecretBytes;
use crate::i18n::{Lang, Msg};
use crate::keys::file_store::SHORTEST_PASSPHRASE;
use crate::msg;
use crate::outside::{Groups, Prompt};

/// The room.
pub(super) struct Terminal<'a> {
    pub(super) prompt: &'a mut dyn Prompt,
    pub(super) out: &'a mut Output,
    /// Passphrases from files, for rehearsals: name and file.
    pub(super) passphrases: Vec<(String, PathBuf)>,
}

impl Terminal<'_> {
    fn plain(&mut self, question: &Msg) -> Result<String, RoomError> {
        let typed = self.prompt.line(question)?;
        if refuses(&typed) {
            Err(RoomError::Refused)
        } else {
            Ok(typed)
        }
    }
}

impl Room for Terminal<'_> {
    fn turn(&mut self, who: &Person) -> Result<(), RoomError> {
        self.leave();
        let msg = msg!("ceremony-turn", id = who.id, officer = who.officer);
        self.say(&msg.with_word("role", "role", who.role.as_str()));
        Ok(())
    }

    fn leave(&mut self) {
        self.prompt.clear();
    }

    fn lang(&self) -> Lang {
        self.out.lang()
    }

    fn say(&mut self, what: &Msg) {
        self.out.notice(what);
    }

    fn passphrase(&mut self, officer: &str) -> Result<SecretBytes, RoomError> {
        if let Some((_, path)) = self.passphrases.iter().find(|(name, _)| name == officer)
            && let Ok(found) = crate::cli::session::secret_line(path)
        {
            return Ok(found);
        }
        self.hidden(&msg!("site-ask-passphrase", name = officer))
    }

    fn new_passphrase(&mut self, officer: &str) -> Result<SecretBytes, RoomError> {
        let question = msg!("site-ask-new-passphrase", name = officer, least = SHORTEST_PASSPHRASE);
        loop {
            let first = self.hidden(&question)?;
            if first.len() < SHORTEST_PASSPHRASE {
                self.say(&msg!("key-file-short-passphrase", least = SHORTEST_PASSPHRASE));
                continue;
            }
            let again = self.hidden(&msg!("site-ask-passphrase-again", name = officer))?;
            if crate::crypto::pack::is_same(&first, &again) {
                return Ok(first);
            }
            self.say(&msg!("site-passphrases-differ", name = officer));
        }
    }

    fn written(&mut self, question: &Msg, groups: &Groups) -> Result<SecretBytes, RoomError> {
        let typed = self.prompt.grouped(question, groups)?;
        if refuses_hidden(&typed) {
            Err(RoomError::Refused)
        } else {
            Ok(typed)
        }
    }

    fn hidden(&mut self, question: &Msg) -> Result<SecretBytes, RoomError> {
        let typed = self.prompt.secret(question)?;
        if refuses_hidden(&typed) {
            Err(RoomError::Refused)
        } else {
            Ok(typed)
        }
    }

    fn typed(&mut self, question: &Msg) -> Result<String, RoomError> {
        self.plain(question)
    }

    fn confirmed(&mut self, question: &Msg, words: &Msg) -> Result<bool, RoomError> {
        let lang = self.lang();
        Ok(self.plain(question)?.trim() == words.render(lang))
    }

    fn hand_over(&mut self, paper: &Paper) -> Result<(), RoomError> {
        let _ = paper;
        Ok(())
    }

    fn clear_away(&mut self, path: &Path) {
        let _ = path;
    }
}
