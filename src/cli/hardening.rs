// SPDX-License-Identifier: Apache-2.0
//! What the process does for its secrets before anything else: no core dumps, no reading of its memory by others of the same
//! user, memory locked where the limits allow it.
//!
//! Memory is locked only without a limit: under a limit, later allocations would fail in the middle of work.

use std::fs;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// How the process stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardening {
    /// A crash writes no core file, and debuggers of the same user cannot attach.
    pub core_dumps_off: bool,
    /// Whether memory can be written to swap.
    pub memory: Memory,
}

/// Whether the process's memory stays out of swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Locked.
    Locked,
    /// The system's limit forbids it.
    NotPermitted {
        /// The limit in bytes; `None` if there is none and locking failed all the same.
        limit: Option<u64>,
    },
}

/// Hardens the process as far as the system lets it. What was reached is told by [`state`].
pub fn apply() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Failures show in `state`; `doctor` reports them and the policy may insist.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    lock_memory();
}

fn lock_memory() {
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    // Under a hard limit only the superuser may do this.
    if setrlimit(Resource::Memlock, unlimited).is_ok() {
        let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE;
        // On fault: pages are locked as they are used, so that thread stacks and buffers cost no memory before.
        let _ = mlockall(all | MlockAllFlags::ONFAULT).or_else(|_| mlockall(all));
    }
}

/// How the process stands now, as the system tells it.
pub fn state() -> Hardening {
    let no_core = getrlimit(Resource::Core).current == Some(0);
    let undumpable = rustix::process::dumpable_behavior() == Ok(DumpableBehavior::NotDumpable);
    let memory = if locked_kilobytes() > 0 {
        Memory::Locked
    } else {
        Memory::NotPermitted {
            limit: getrlimit(Resource::Memlock).maximum,
        }
    };
    Hardening {
        core_dumps_off: no_core && undumpable,
        memory,
    }
}

/// The locked memory of this process in kB (`VmLck` of proc(5)); 0 where that cannot be read.
fn locked_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmLck:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
