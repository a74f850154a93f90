// SPDX-License-Identifier: Apache-2.0
//! The plan of a ceremony 仪式计划: who takes part, the steps in their order, and the keys that there must be at the end.
//!
//! A plan is read strictly (a field that is not known, or that has no place in a step of that kind, is an error with its
//! path and line) and then checked: each check has a name that stands in the finding, in docs/assurance.md and in the name
//! of its test. Its digest is the SHA-256 of the file's bytes, and is what all participants sign.

mod bindings;
mod build;
mod checks;
mod error;
mod incoming;
mod key_name;
mod model;
mod sentence;
mod shipped;
mod site_facts;
mod step;
mod wire;
mod work;
mod work_build;

pub use bindings::Bindings;
pub use build::read;
pub use checks::{Finding, Severity, checks};
pub use error::{PlanError, PlanReason};
pub use incoming::Incoming;
pub use key_name::{NoPlannedKey, PlannedKey};
pub use model::{Expect, NoWord, OtherOfficer, Participant, PersonId, Plan, Slot, SlotUse, StepId};
pub use sentence::{listed, listed_keys};
pub use shipped::{SHIPPED, load};
pub use site_facts::{ExchangeFacts, OfficerFacts, SiteFacts, StoreFacts};
pub use step::{Do, Step};
pub use work::{
    Backup, CheckKeys, Combine, Components, Derive, Destroy, Enrol, ExportBlock, ExportBundle, ExportForms,
    FactorMethod, Factors, Generate, ImportBlock, ImportExchangeKey, Receive, Reshare, Restore, Revoke, Rotate, SetPin,
    SetState, Split,
};
