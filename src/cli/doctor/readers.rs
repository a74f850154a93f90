// SPDX-License-Identifier: Apache-2.0
//! The reader service and the readers.

use super::Finding;
use crate::error::Fault;
use crate::msg;
use crate::transport::TransportError;
use crate::transport::pcsc;

pub(super) fn checks() -> Vec<Finding> {
    match pcsc::list() {
        Ok(readers) if readers.is_empty() => vec![
            Finding::ok("PCSC-SERVICE", msg!("doctor-pcsc-runs")),
            Finding::warn("PCSC-READERS", msg!("reader-none")),
        ],
        Ok(readers) => {
            let names: Vec<&str> = readers.iter().map(|r| r.name.as_str()).collect();
            vec![
                Finding::ok("PCSC-SERVICE", msg!("doctor-pcsc-runs")),
                Finding::ok("PCSC-READERS", msg!("doctor-readers", names = names.join(", "))),
            ]
        }
        // An offline key centre's build has none on purpose.
        Err(e @ TransportError::NoPcscSupport) => vec![Finding::ok("PCSC-SERVICE", e.msg())],
        // Key management and simulated readers work without it.
        Err(e) => vec![Finding::warn("PCSC-SERVICE", e.msg())],
    }
}
