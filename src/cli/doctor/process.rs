// SPDX-License-Identifier: Apache-2.0
//! What the process could do for its secrets.

use super::Finding;
use crate::cli::hardening::{self, Memory};

pub(super) fn checks() -> Vec<Finding> {
    let state = hardening::state();
    let core = if state.core_dumps_off {
        Finding::ok("CORE-DUMPS", state.core_msg())
    } else {
        Finding::fail("CORE-DUMPS", state.core_msg())
    };
    let memory = match state.memory {
        Memory::Locked => Finding::ok("MEMORY-LOCK", state.memory.msg()),
        Memory::NotPermitted { .. } => Finding::warn("MEMORY-LOCK", state.memory.msg()),
    };
    vec![core, memory]
}
