// SPDX-License-Identifier: Apache-2.0
//! Personalisation: a pure plan from template, order and key facts; its execution on a card; reading back; proving keys.

pub mod digest;
pub mod execute;
pub mod explain;
pub mod fault;
pub mod plan;
pub mod prove;
pub mod readback;
pub mod recover;
pub mod script;
mod sectors;
pub mod verify;

pub use execute::{Done, Executor, Surroundings};
pub use fault::{At, Part, PersoError, PersoFault};
pub use plan::{PlanError, SiteFacts, plan};
pub use prove::{Proved, Traces};
pub use recover::ChipState;
