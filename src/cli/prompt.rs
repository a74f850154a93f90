// SPDX-License-Identifier: Apache-2.0
//! Answers of people: hidden prompts on the terminal, or lines from a file descriptor that another program fills.
//! Secrets never come from arguments or the environment.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};

use zeroize::Zeroizing;

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

/// Longer answers are nobody's passphrase, component or PIN.
const LONGEST: usize = 1024;

/// Lines from an inherited file descriptor, in the order of the questions.
struct Lines {
    fd: u32,
    source: Option<File>,
}

impl Lines {
    /// The next line, byte by byte: a buffer would keep the secrets behind this one.
    fn next(&mut self) -> Result<Zeroizing<Vec<u8>>, PromptError> {
        if self.source.is_none() {
            // Opening by number needs no unsafe code; the kernel gives the same pipe.
            let file = File::open(format!("/dev/fd/{}", self.fd)).map_err(|_| PromptError::NoTerminal)?;
            self.source = Some(file);
        }
        let source = self.source.as_mut().ok_or(PromptError::NoTerminal)?;
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
        let mut byte = Zeroizing::new([0]);
        loop {
            match source.read(&mut *byte) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(0) if line.is_empty() => return Err(PromptError::Stopped),
                Ok(0) => break,
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) if line.len() < LONGEST => line.push(byte[0]),
                Ok(_) | Err(_) => return Err(PromptError::Stopped),
            }
        }
        while line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }
}

impl Prompt for Lines {
    fn secret(&mut self, _: &Msg) -> Result<SecretBytes, PromptError> {
        self.next().map(|mut line| SecretBytes::new(std::mem::take(&mut *line)))
    }

    fn line(&mut self, _: &Msg) -> Result<String, PromptError> {
        self.next()
            .and_then(|mut line| String::from_utf8(std::mem::take(&mut *line)).map_err(|_| PromptError::Stopped))
    }
}
