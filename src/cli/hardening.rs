// SPDX-License-Identifier: Apache-2.0
//! What the process does for its secrets before anything else: no core dumps, no reading of its memory by others of the same
//! user, memory locked where the limits allow it.
//!
//! Memory is locked only without a limit: under a limit, later allocations would fail in the middle of work. The limit does
//! not count for whoever has the capability CAP_IPC_LOCK.

use std::fs;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, capabilities};

use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::msg;

/// How the process stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardening {
    /// A crash writes no core file, and debuggers of the same user cannot attach.
    pub core_dumps_off: bool,
    /// Whether memory can be written to swap.
    pub memory: Memory,
}

impl Hardening {
    /// What is said of core dumps.
    pub fn core_msg(self) -> Msg {
        if self.core_dumps_off {
            msg!("doctor-core-off")
        } else {
            msg!("doctor-core-on")
        }
    }

    /// Refuses where memory must be locked and is not; where no core may be written and one could be.
    pub fn insist(self, locked: bool, no_core: bool) -> Result<(), Error> {
        if locked && self.memory != Memory::Locked {
            return Err(Error::new(msg!("site-memory-lock"), Exit::Usage));
        }
        if no_core && !self.core_dumps_off {
            return Err(Error::new(self.core_msg(), Exit::Device));
        }
        Ok(())
    }
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

impl Memory {
    /// What is said of it.
    pub fn msg(self) -> Msg {
        match self {
            Self::Locked => msg!("doctor-memory-locked"),
            Self::NotPermitted { limit: Some(limit) } => msg!("doctor-memory-limit", limit = limit / 1024),
            Self::NotPermitted { limit: None } => msg!("doctor-memory-refused"),
        }
    }
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
    // Under a hard limit only those with CAP_SYS_RESOURCE may do this.
    let no_limit = setrlimit(Resource::Memlock, unlimited).is_ok();
    let above_limits = || capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK));
    if no_limit || above_limits() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_demanded_and_not_so_is_refused_and_nothing_else() {
        let (limited, refused) = (
            Memory::NotPermitted { limit: Some(65536) },
            Memory::NotPermitted { limit: None },
        );
        for memory in [Memory::Locked, limited, refused] {
            for core_dumps_off in [true, false] {
                let state = Hardening { core_dumps_off, memory };
                for (locked, no_core) in [(false, false), (true, false), (false, true), (true, true)] {
                    let fault = match state.insist(locked, no_core) {
                        Ok(()) => None,
                        Err(e) => Some(e.msg().id()),
                    };
                    let expected = if locked && memory != Memory::Locked {
                        Some("site-memory-lock")
                    } else {
                        (no_core && !core_dumps_off).then_some("doctor-core-on")
                    };
                    assert_eq!(fault, expected, "{state:?} {locked} {no_core}");
                }
            }
        }
    }
}
