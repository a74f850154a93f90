// SPDX-License-Identifier: Apache-2.0
//! Ctrl-C. The first one asks for a stop at the next safe point, so that destructors run and wipe secrets; the second one
//! ends the program at once, as the system does it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// A flag that Ctrl-C (or a termination request) sets. Only for commands that look at it often enough.
pub fn on_interrupt() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Registering fails only for signals that cannot be caught; then the signal simply ends the program.
        let _ = flag::register_conditional_default(signal, Arc::clone(&asked));
        let _ = flag::register(signal, Arc::clone(&asked));
    }
    asked
}
