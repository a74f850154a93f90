// SPDX-License-Identifier: Apache-2.0
//! The feeder hook: a command that drives a card feeder. It is called as `COMMAND next READER` before a card is looked for,
//! and `COMMAND good READER` or `COMMAND bad READER` when a card is done. Exit code 0: done (for `next`: a card lies on the
//! reader, or will in a moment); 3 after `next`: no card is left; anything else, or too long a wait: the feeder is at fault,
//! and its reader stops. What is true of every call: no shell, nothing on its standard input, nothing secret in its arguments
//! or environment; a Ctrl-C at the terminal does not reach it, so that a card that is done is moved.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::{Error, Exit};
use crate::msg;
use crate::transport::source::{CardSource, Verdict};
use crate::transport::{CardTransport, TransportError};

/// The exit code of `next` when no card is left.
const EMPTY: i32 = 3;
/// How often a call is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// So much of what a call says is kept for the error message.
const SAID: u64 = 2000;

/// The command, and how long a call of it may take.
#[derive(Debug, Clone)]
pub(super) struct Feeder {
    command: PathBuf,
    timeout: Duration,
}

/// A reader with a feeder.
pub(super) struct Fed {
    source: Box<dyn CardSource>,
    feeder: Feeder,
    /// As it was named on the command line: what the command is told.
    reader: String,
    /// A card must be asked for.
    wants: bool,
}

impl Feeder {
    /// A command by its absolute path: which file is run must not depend on where one stands or on a search path.
    pub(super) fn at(path: &Path, timeout: Duration) -> Result<Self, Error> {
        let refused = |what: String| Error::new(msg!("batch-feeder", path = path.display(), what = what), Exit::Usage);
        if !path.is_absolute() {
            return Err(Error::new(
                msg!("batch-feeder-path", path = path.display()),
                Exit::Usage,
            ));
        }
        let command = path.canonicalize().map_err(|e| refused(e.to_string()))?;
        Ok(Self { command, timeout })
    }

    /// Runs the command to its end. Gives its status and the last line that it said on its error stream.
    fn call(&self, verb: &str, reader: &str) -> Result<(ExitStatus, String), String> {
        let mut child = Command::new(&self.command)
            .args([verb, reader])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|e| e.to_string())?;
        let (tell, told) = channel();
        if let Some(stream) = child.stderr.take() {
            thread::spawn(move || {
                let mut said = Vec::new();
                let _ = stream.take(SAID).read_to_end(&mut said);
                let _ = tell.send(said);
            });
        }
        let status = self.wait(&mut child)?;
        // Something that the command left running may hold the stream open: nobody waits for that.
        let said = told.recv_timeout(LOOK * 20).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        Ok((status, said.lines().last().unwrap_or_default().to_owned()))
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, String> {
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
                return Ok(status);
            }
            if begun.elapsed() >= self.timeout {
                let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                let _ = group.map(|group| kill_process_group(group, Signal::KILL));
                let _ = child.wait();
                return Err(format!("> {} s", self.timeout.as_secs()));
            }
            thread::sleep(LOOK);
        }
    }
}

impl Fed {
    /// Puts a feeder behind a reader, which it knows by this name.
    pub(super) fn new(source: Box<dyn CardSource>, feeder: Feeder, reader: &str) -> Self {
        Self {
            reader: reader.to_owned(),
            source,
            feeder,
            wants: true,
        }
    }

    fn call(&self, verb: &str) -> Result<i32, TransportError> {
        let fault = |what: String| TransportError::Reader {
            reader: self.reader.clone(),
            what: format!("{} {verb}: {what}", self.feeder.command.display()),
        };
        let (status, said) = self.feeder.call(verb, &self.reader).map_err(fault)?;
        match status.code() {
            Some(0) => Ok(0),
            Some(EMPTY) if verb == "next" => Ok(EMPTY),
            _ => Err(fault(format!("{status} {said}").trim_end().to_owned())),
        }
    }
}

impl CardSource for Fed {
    fn reader(&self) -> &str {
        self.source.reader()
    }

    fn next_card(&mut self, quit: &AtomicBool) -> Result<Option<Box<dyn CardTransport>>, TransportError> {
        if self.wants {
            if self.call("next")? == EMPTY {
                return Ok(None);
            }
            self.wants = false;
        }
        self.source.next_card(quit)
    }

    fn release(&mut self, verdict: Verdict) -> Result<(), TransportError> {
        self.source.release(verdict)?;
        match verdict {
            Verdict::Good => self.call("good")?,
            Verdict::Bad => self.call("bad")?,
            Verdict::Again => return Ok(()),
        };
        self.wants = true;
        Ok(())
    }
}
