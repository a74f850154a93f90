// SPDX-License-Identifier: Apache-2.0
//! The terminal while a question is on it. Its settings come back on every way out: answer, error, Ctrl-C, panic, and
//! signals that can be caught.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr,
};
use zeroize::Zeroizing;

use super::entry::{Decoder, Entry, Key};
use crate::cli::stop::Question;
use crate::crypto::SecretBytes;
use crate::outside::PromptError;

/// What Ctrl-C sends.
pub(super) const CTRL_C: u8 = 0x03;

/// A terminal's settings, changed; dropping puts them back.
pub(super) struct Changed<T: AsFd> {
    pub(super) terminal: T,
    before: Termios,
    /// Held for what its end does.
    _question: Question,
}

impl<T: AsFd> Changed<T> {
    fn new(terminal: T, change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut now = before.clone();
        change(&mut now);
        // From here on a signal finds somebody who puts the settings back.
        let question = Question::begin();
        tcsetattr(&terminal, OptionalActions::Now, &now)?;
        Ok(Self {
            terminal,
            before,
            _question: question,
        })
    }

    /// Lines are edited and echoed as always, but Ctrl-C comes as a character that ends the line.
    pub(super) fn for_lines(terminal: T) -> io::Result<Self> {
        Self::new(terminal, |now| {
            now.local_modes.remove(LocalModes::ISIG);
            now.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        })
    }

    /// Waits until there is something to read; a signal breaks off.
    pub(super) fn wait(&self) -> Result<(), PromptError> {
        let told = Question::told().map_err(|_| PromptError::NoTerminal)?;
        loop {
            let mut watched = [
                PollFd::new(&self.terminal, PollFlags::IN),
                PollFd::new(told, PollFlags::IN),
            ];
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return Err(PromptError::Stopped),
                Ok(_) => {}
            }
            if !watched[1].revents().is_empty() {
                return Err(PromptError::Stopped);
            }
            if !watched[0].revents().is_empty() {
                return Ok(());
            }
        }
    }

    /// What was typed ahead and will be answered by nobody: it must not reach the shell.
    pub(super) fn forget(&self) {
        let _ = tcflush(&self.terminal, QueueSelector::IFlush);
    }
}

impl<T: AsFd> Drop for Changed<T> {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.before);
    }
}

/// The process's own terminal, for reading and writing, whatever the standard streams are.
pub(super) fn own() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

impl Changed<File> {
    /// Nothing is echoed, every key comes at once, and Ctrl-C comes as a character.
    pub(super) fn hidden() -> io::Result<Self> {
        Self::new(own()?, |now| {
            let echo = LocalModes::ECHO | LocalModes::ECHONL;
            now.local_modes
                .remove(echo | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
            now.special_codes[SpecialCodeIndex::VMIN] = 1;
            now.special_codes[SpecialCodeIndex::VTIME] = 0;
        })
    }

    /// Columns of the screen.
    pub(super) fn columns(&self) -> usize {
        tcgetwinsize(&self.terminal).map_or(80, |size| match size.ws_col {
            0 => 80,
            columns => columns.into(),
        })
    }

    pub(super) fn show(&mut self, text: &str) {
        // A screen that does not take marks is no reason to lose the answer.
        let _ = self.terminal.write_all(text.as_bytes());
    }

    /// Takes keys until Enter; `shown` is called after each.
    pub(super) fn answer<E: Entry>(
        &mut self,
        mut entry: E,
        mut shown: impl FnMut(&mut Self, &E),
    ) -> Result<SecretBytes, PromptError> {
        let mut decoder = Decoder::default();
        let answer = loop {
            let key = match self.next_byte() {
                Ok(byte) => decoder.key(byte),
                Err(e) => break Err(e),
            };
            match key {
                Some(Key::Enter) => break Ok(()),
                Some(Key::Stop) => break Err(PromptError::Stopped),
                Some(Key::End) if entry.is_empty() => break Err(PromptError::Stopped),
                None | Some(Key::End) => {}
                Some(key) => {
                    if entry.take(key) {
                        self.show("\x07");
                    }
                    shown(self, &entry);
                }
            }
        };
        self.show("\n");
        if answer.is_err() {
            self.forget();
        }
        answer.and_then(|()| entry.finish().ok_or(PromptError::Stopped))
    }

    /// One byte at a time: a buffer would keep what belongs to the next question.
    fn next_byte(&mut self) -> Result<u8, PromptError> {
        let mut byte = Zeroizing::new([0]);
        loop {
            self.wait()?;
            match self.terminal.read(&mut *byte) {
                Ok(1) => return Ok(byte[0]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The terminal is gone.
                Ok(_) | Err(_) => return Err(PromptError::Stopped),
            }
        }
    }
}
