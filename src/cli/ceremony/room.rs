// SPDX-License-Identifier: Apache-2.0
//! The people in the room at a terminal. Public facts go to the error stream, as everything that is no result; secrets are
//! typed hidden; the screen is cleared whenever the next person comes. Before anybody is waited for, what earlier steps left
//! on the stack is wiped.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::ceremony::room::{Paper, Person, Room, RoomError, refuses, refuses_hidden};
use crate::cli::output::Output;
use crate::crypto::SecretBytes;
use crate::crypto::stack::wipe_stack;
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
    /// Pages that were given out and are still in the machine.
    pub(super) pages: Vec<PathBuf>,
}

impl Terminal<'_> {
    fn plain(&mut self, question: &Msg) -> Result<String, RoomError> {
        wipe_stack();
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
        wipe_stack();
        let typed = self.prompt.grouped(question, groups)?;
        if refuses_hidden(&typed) {
            Err(RoomError::Refused)
        } else {
            Ok(typed)
        }
    }

    fn hidden(&mut self, question: &Msg) -> Result<SecretBytes, RoomError> {
        wipe_stack();
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
        let unwritten = |e: std::io::Error| RoomError::Paper {
            path: paper.path.display().to_string(),
            what: e.to_string(),
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&paper.path)
            .map_err(unwritten)?;
        self.pages.push(paper.path.clone());
        paper.page.on_page(|page| file.write_all(page)).map_err(unwritten)?;
        file.sync_all().map_err(unwritten)?;
        self.plain(&msg!("ceremony-page", path = paper.path.display()))
            .map(drop)
    }

    fn clear_away(&mut self, path: &Path) {
        wipe(path);
        self.pages.retain(|page| page != path);
    }
}

/// However the ceremony ends, no page stays in the machine.
impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        for page in &self.pages {
            wipe(page);
        }
    }
}

/// Overwrites a page and removes it. On a disk that moves what it writes, the old bytes may survive: that is why pages
/// belong into memory.
fn wipe(path: &Path) {
    let zeroes = |mut file: File| {
        let length = file.metadata()?.len();
        std::io::copy(&mut std::io::repeat(0).take(length), &mut file)?;
        file.sync_all()
    };
    // What cannot be overwritten is at least removed.
    let _ = OpenOptions::new().write(true).open(path).and_then(zeroes);
    let _ = std::fs::remove_file(path);
}
