// SPDX-License-Identifier: Apache-2.0
//! Personalisation: a pure plan from template, order and key facts; its execution on a card; reading back; proving keys.

pub mod digest;
pub mod explain;
pub mod plan;
pub mod script;

pub use plan::{PlanError, SiteFacts, plan};
