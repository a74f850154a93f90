// SPDX-License-Identifier: Apache-2.0
//! Lines from an inherited file descriptor, in the order of the questions.

use std::fs::File;
use std::io::Read;

use zeroize::Zeroizing;

use super::LONGEST;
use crate::crypto::SecretBytes;
use crate::i18n::Msg;
use crate::outside::{Prompt, PromptError};

pub(super) struct Lines {
    fd: u32,
    source: Option<File>,
}

impl Lines {
    pub(super) fn new(fd: u32) -> Self {
        Self { fd, source: None }
    }

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
