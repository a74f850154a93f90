// SPDX-License-Identifier: Apache-2.0
//! A person at a terminal: a program runs on a pseudo-terminal of its own as its controlling terminal; tests type, press
//! Ctrl-C, send signals, read the screen, and look at the terminal's settings before and after.
//!
//! The session is made by `setsid --ctty` (util-linux), so that no unsafe code is needed here.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test program uses its part; a test may fail where it stands

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, SpecialCodeIndex, Winsize, tcgetattr, tcsetwinsize};

/// Nothing takes so long, not even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub const CTRL_C: &str = "\x03";
pub const CTRL_D: &str = "\x04";
pub const CTRL_U: &str = "\x15";
pub const CTRL_W: &str = "\x17";
pub const BACKSPACE: &str = "\x7F";
pub const ENTER: &str = "\r";

/// A program on a terminal.
pub struct Pty {
    child: Child,
    master: Option<File>,
    /// Kept open, so that the settings can be looked at when the program is gone.
    slave: OwnedFd,
    before: Settings,
    heard: Arc<(Mutex<Heard>, Condvar)>,
    /// Up to where [`Self::wait_for`] has read.
    read: usize,
    rows: u16,
    columns: u16,
}

#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    ended: bool,
}

/// What a terminal does with what is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    modes: String,
    special: Vec<u8>,
}

impl Pty {
    /// Starts a command on a terminal of 24 rows and 80 columns.
    pub fn start(command: &Command) -> Self {
        Self::of_size(command, 24, 80)
    }

    /// Starts a command with its arguments, folder and environment. `TERM` is `xterm` unless the command says another.
    pub fn of_size(command: &Command, rows: u16, columns: u16) -> Self {
        Self::with_output(command, (rows, columns), None)
    }

    /// The same, with standard output somewhere else than on the terminal.
    pub fn with_output(command: &Command, (rows, columns): (u16, u16), output: Option<OwnedFd>) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        // Before the program can change them.
        let before = settings_of(&slave);
        let end = || Stdio::from(slave.try_clone().unwrap());
        let mut session = Command::new("setsid");
        session
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args());
        session.env("TERM", "xterm");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            session.current_dir(folder);
        }
        let stdout = output.map_or_else(end, Stdio::from);
        let child = session.stdin(end()).stdout(stdout).stderr(end()).spawn().unwrap();
        let heard = Arc::new((Mutex::new(Heard::default()), Condvar::new()));
        let master = File::from(master);
        listen(master.try_clone().unwrap(), Arc::clone(&heard));
        Self {
            child,
            master: Some(master),
            slave,
            before,
            heard,
            read: 0,
            rows,
            columns,
        }
    }

    /// Waits until the text has been written behind what was waited for before.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        let (lock, changed) = &*self.heard;
        let mut heard = lock.lock().unwrap();
        loop {
            let unread = &heard.bytes[self.read..];
            if let Some(at) = unread.windows(text.len()).position(|w| w == text.as_bytes()) {
                self.read += at + text.len();
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || heard.ended {
                let unread = String::from_utf8_lossy(unread).into_owned();
                drop(heard);
                panic!("waited for {text:?}, heard {unread:?}");
            }
            heard = changed
                .wait_timeout(heard, left.min(Duration::from_millis(500)))
                .unwrap()
                .0;
        }
    }

    /// Types text as it is, control characters too.
    pub fn type_in(&mut self, text: impl AsRef<[u8]>) {
        self.master.as_mut().unwrap().write_all(text.as_ref()).unwrap();
    }

    /// Waits for a question, then types a line.
    #[track_caller]
    pub fn answer(&mut self, question: &str, text: &str) {
        self.wait_for(question);
        self.type_in(format!("{text}{ENTER}"));
    }

    /// All that the program wrote.
    pub fn output(&self) -> Vec<u8> {
        self.heard.0.lock().unwrap().bytes.clone()
    }

    /// Waits until nothing more was written for a while, or the program is gone. How many bytes it has written.
    pub fn wait_for_quiet(&mut self, quiet: Duration) -> usize {
        let heard = Arc::clone(&self.heard);
        let (lock, changed) = &*heard;
        let mut heard = lock.lock().unwrap();
        loop {
            let length = heard.bytes.len();
            heard = changed.wait_timeout(heard, quiet).unwrap().0;
            if heard.ended || heard.bytes.len() == length {
                return heard.bytes.len();
            }
        }
    }

    /// Whether bytes occur in what the program wrote.
    pub fn wrote(&self, text: impl AsRef<[u8]>) -> bool {
        let text = text.as_ref();
        self.output().windows(text.len()).any(|window| window == text)
    }

    /// What stands on the screen now.
    pub fn screen(&self) -> String {
        let mut parser = vt100::Parser::new(self.rows, self.columns, 0);
        parser.process(&self.output());
        parser.screen().contents()
    }

    /// Waits until the screen, without what is blank at its end, is as it should be.
    #[track_caller]
    pub fn wait_for_screen(&self, right: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !right(self.screen().trim_end()) {
            assert!(Instant::now() < until, "the screen stays\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The process's number, for looking into /proc.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Unplugs the terminal.
    pub fn hang_up(&mut self) {
        self.heard.0.lock().unwrap().ended = true;
        self.master = None;
    }

    /// How the terminal is set.
    pub fn settings(&self) -> Settings {
        settings_of(&self.slave)
    }

    /// How it was set when the program was started.
    pub fn settings_before(&self) -> Settings {
        self.before.clone()
    }

    /// Whether what is typed shows on the screen.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for echo to be on or off.
    #[track_caller]
    pub fn wait_for_echo(&self, on: bool) {
        let until = Instant::now() + PATIENCE;
        while self.echoes() != on {
            assert!(Instant::now() < until, "echo stays {}", !on);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the program is gone; what it wrote last has been heard.
    pub fn has_ended(&mut self) -> bool {
        let ended = self.child.try_wait().unwrap().is_some();
        if ended {
            std::thread::sleep(Duration::from_millis(100));
        }
        ended
    }

    /// Waits for the end of the program and of what it wrote.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last may still be on its way through the terminal.
                std::thread::sleep(Duration::from_millis(50));
                return status;
            }
            assert!(
                Instant::now() < until,
                "it does not end; heard {:?}",
                String::from_utf8_lossy(&self.output())
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects what the program writes, until the terminal is unplugged or nobody holds its other side.
fn listen(mut master: File, heard: Arc<(Mutex<Heard>, Condvar)>) {
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        let (lock, changed) = &*heard;
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        while !lock.lock().unwrap().ended {
            let mut watched = [PollFd::new(&master, PollFlags::IN)];
            if matches!(poll(&mut watched, Some(&moment)), Ok(0)) {
                continue;
            }
            let got = master.read(&mut piece).unwrap_or(0);
            let mut heard = lock.lock().unwrap();
            heard.bytes.extend_from_slice(&piece[..got]);
            heard.ended |= got == 0;
            changed.notify_all();
        }
    });
}

fn settings_of(slave: &OwnedFd) -> Settings {
    let now = tcgetattr(slave).unwrap();
    let codes = [
        SpecialCodeIndex::VEOL,
        SpecialCodeIndex::VMIN,
        SpecialCodeIndex::VTIME,
        SpecialCodeIndex::VINTR,
    ];
    Settings {
        modes: format!(
            "{:?} {:?} {:?} {:?}",
            now.input_modes, now.output_modes, now.control_modes, now.local_modes
        ),
        special: codes.map(|code| now.special_codes[code]).to_vec(),
    }
}
