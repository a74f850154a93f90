// SPDX-License-Identifier: Apache-2.0
//! Answers of people: hidden prompts on the terminal, or lines from a file descriptor that another program fills.
//! Secrets never come from arguments or the environment.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};

use super::Global;
use crate::crypto::SecretBytes;
use crate::i18n::{Lang, Msg};
use crate::outside::{Prompt, PromptError};

/// Chooses the source by the options.
pub fn for_session(global: &Global, lang: Lang) -> Box<dyn Prompt> {
    match global.secrets_fd {
        Some(fd) => Box::new(Lines { fd, source: None }),
        None => Box::new(Terminal { lang }),
    }
}

struct Terminal {
    lang: Lang,
}

impl Prompt for Terminal {
    fn secret(&mut self, question: &Msg) -> Result<SecretBytes, PromptError> {
        let text = rpassword::prompt_password(question.render(self.lang) + " ").map_err(|e| broken(&e))?;
        Ok(SecretBytes::new(text.into_bytes()))
    }

    fn line(&mut self, question: &Msg) -> Result<String, PromptError> {
        if !std::io::stdin().is_terminal() {
            return Err(PromptError::NoTerminal);
        }
        let mut err = std::io::stderr();
        let _ = write!(err, "{} ", question.render(self.lang)).and_then(|()| err.flush());
        let mut line = String::new();
        match std::io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => Err(PromptError::Stopped),
            Ok(_) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
        }
    }
}

fn broken(e: &std::io::Error) -> PromptError {
    match e.kind() {
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::Interrupted => PromptError::Stopped,
        _ => PromptError::NoTerminal,
    }
}

/// Lines from an inherited file descriptor, in the order of the questions.
struct Lines {
    fd: u32,
    source: Option<BufReader<File>>,
}

impl Lines {
    fn next(&mut self) -> Result<Vec<u8>, PromptError> {
        if self.source.is_none() {
            // Opening by number needs no unsafe code; the kernel gives the same pipe.
            let file = File::open(format!("/dev/fd/{}", self.fd)).map_err(|_| PromptError::NoTerminal)?;
            self.source = Some(BufReader::with_capacity(256, file));
        }
        let mut line = Vec::with_capacity(256);
        let source = self.source.as_mut().ok_or(PromptError::NoTerminal)?;
        match source.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => Err(PromptError::Stopped),
            Ok(_) => {
                while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                    line.pop();
                }
                Ok(line)
            }
        }
    }
}

impl Prompt for Lines {
    fn secret(&mut self, _: &Msg) -> Result<SecretBytes, PromptError> {
        self.next().map(SecretBytes::new)
    }

    fn line(&mut self, _: &Msg) -> Result<String, PromptError> {
        self.next()
            .and_then(|line| String::from_utf8(line).map_err(|_| PromptError::Stopped))
    }
}
