// SPDX-License-Identifier: Apache-2.0
//! What the process could do for its secrets.

use super::Finding;
use crate::cli::hardening::{self, Memory};
use crate::msg;

pub(super) fn checks() -> Vec<Finding> {
    let state = hardening::state();
    let core = if state.core_dumps_off {
        Finding::ok("CORE-DUMPS", msg!("doctor-core-off"))
    } else {
        Finding::fail("CORE-DUMPS", msg!("doctor-core-on"))
    };
    let memory = match state.memory {
        Memory::Locked => Finding::ok("MEMORY-LOCK", msg!("doctor-memory-locked")),
        Memory::NotPermitted { limit: Some(limit) } => {
            Finding::warn("MEMORY-LOCK", msg!("doctor-memory-limit", limit = limit / 1024))
        }
        Memory::NotPermitted { limit: None } => Finding::warn("MEMORY-LOCK", msg!("doctor-memory-refused")),
    };
    vec![core, memory]
}
