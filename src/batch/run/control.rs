// SPDX-License-Identifier: Apache-2.0
//! Stopping and pausing, from outside and between the threads of a run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::batch::fault::BatchError;

/// What a signal or another command sets.
#[derive(Debug, Clone, Default)]
pub struct Control {
    /// Finish the cards under way, then stop.
    pub stop: Arc<AtomicBool>,
    /// Begin no card while this is set.
    pub pause: Arc<AtomicBool>,
}

/// What the threads of a run share.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// No card is begun any more; waiting ends.
    pub(super) quit: AtomicBool,
    /// The ledger has the batch as paused.
    pub(super) paused: AtomicBool,
    /// The operator holds this run.
    pub(super) held: AtomicBool,
    fault: Mutex<Option<BatchError>>,
}

impl Flags {
    pub(super) fn quitting(&self) -> bool {
        self.quit.load(Ordering::Relaxed)
    }

    pub(super) fn quit(&self) {
        self.quit.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed) || self.held.load(Ordering::Relaxed)
    }

    /// The run cannot go on. The first reason is kept.
    pub(super) fn fail(&self, fault: BatchError) {
        let mut first = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(fault);
        self.quit();
    }

    pub(super) fn take_fault(&self) -> Option<BatchError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
