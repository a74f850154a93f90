// SPDX-License-Identifier: Apache-2.0
//! Signals that ask the program to stop. Left alone they end it as the system does. A command that looks often enough is
//! told by a flag, so that destructors run and wipe secrets; a second request then ends the program at once. A question on
//! the terminal is told as well, so that it puts the terminal back in order first.
//!
//! Signals belong to the process, hence the one static: handlers are installed once, when first needed, and stay.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;

static HANDLERS: LazyLock<Handlers> = LazyLock::new(Handlers::install);

struct Handlers {
    /// SIGINT and SIGTERM end the program: no command and no question looks out for them.
    ends: Arc<AtomicBool>,
    /// SIGHUP and SIGQUIT end the program: no question looks out for them.
    hangs_up: Arc<AtomicBool>,
    /// A stop was asked for by SIGINT or SIGTERM.
    asked: Arc<AtomicBool>,
    /// Becomes readable with the first signal and stays so.
    told: Option<UnixStream>,
}

impl Handlers {
    fn install() -> Self {
        let [ends, hangs_up, asked] = [true, true, false].map(|at_first| Arc::new(AtomicBool::new(at_first)));
        let (told, tell) = UnixStream::pair().ok().unzip();
        for (signal, alone) in [
            (SIGINT, &ends),
            (SIGTERM, &ends),
            (SIGHUP, &hangs_up),
            (SIGQUIT, &hangs_up),
        ] {
            // Registering fails only for signals that cannot be caught; then the signal simply ends the program.
            let _ = flag::register_conditional_default(signal, Arc::clone(alone));
            if let Some(tell) = tell.as_ref().and_then(|tell| tell.try_clone().ok()) {
                let _ = pipe::register(signal, tell);
            }
        }
        for signal in [SIGINT, SIGTERM] {
            let _ = flag::register_conditional_default(signal, Arc::clone(&asked));
            let _ = flag::register(signal, Arc::clone(&asked));
        }
        Self {
            ends,
            hangs_up,
            asked,
            told,
        }
    }
}

/// A flag that Ctrl-C (or a termination request) sets. Only for commands that look at it often enough.
pub fn on_interrupt() -> Arc<AtomicBool> {
    HANDLERS.ends.store(false, Ordering::SeqCst);
    Arc::clone(&HANDLERS.asked)
}

/// While it lives, signals do not end the program; [`Self::told`] becomes readable instead.
pub(super) struct Question {
    ends: bool,
    hangs_up: bool,
}

impl Question {
    /// A question is on the terminal from now on.
    pub(super) fn begin() -> Self {
        Self {
            ends: HANDLERS.ends.swap(false, Ordering::SeqCst),
            hangs_up: HANDLERS.hangs_up.swap(false, Ordering::SeqCst),
        }
    }

    /// What to wait for beside the keyboard. Once readable it stays so: no later question is answered either.
    pub(super) fn told() -> io::Result<&'static UnixStream> {
        HANDLERS.told.as_ref().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        HANDLERS.ends.store(self.ends, Ordering::SeqCst);
        HANDLERS.hangs_up.store(self.hangs_up, Ordering::SeqCst);
    }
}
