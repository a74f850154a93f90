// SPDX-License-Identifier: Apache-2.0
//! From template, order and the public facts about keys to a script: pure, no secret, the same input always the same script.
//!
//! FMCOS: authenticate with the transport key, erase, build; the transport key goes back in as the MF's control key, so that
//! a card that failed half-way still opens, and gives way to the card's own key last of all. Each directory's control key
//! comes first in it and wraps the others. Cards with preset files have their own documented order (control key first).

mod contents;
mod error;
mod files;
mod filled;
mod keys;
mod preset;
mod proofs;
mod readback;
mod sectors;

pub use error::{PlanError, PlanReason};
pub use filled::file_bytes;

use std::collections::BTreeMap;

use super::script::{PersoScript, Step};
use crate::card::commands as apdu;
use crate::card::dialect::Dialect;
use crate::crypto::Kcv;
use crate::iso7816::Command;
use crate::keys::file_store::card_pin_name;
use crate::keys::scheme::{Scheme, Subject};
use crate::keys::{KeyId, KeyRecord};
use crate::template::{ControlKeyTurn, Directory, Order, Pin, Selector, Template};

/// What a site adds: its own fields of the scheme's subject (city code, issuer) and other values that templates ask for.
#[derive(Debug, Clone, Default)]
pub struct SiteFacts {
    /// Fields of the scheme's subject that are the site's.
    pub subject: Subject,
    /// Other values by name, as text.
    pub values: BTreeMap<String, String>,
    /// A rehearsal site, where templates of invented things are allowed.
    pub rehearsal: bool,
}

impl SiteFacts {
    /// A value by name: one of the list, else a subject field as hex.
    pub fn value(&self, name: &str) -> Option<String> {
        let listed = self.values.get(name).cloned();
        listed.or_else(|| self.subject.get(name).ok().map(hex::encode_upper))
    }
}

/// Makes the script of one card.
pub fn plan(
    template: &Template,
    order: &Order,
    scheme: &Scheme,
    stored: &[KeyRecord],
    site: &SiteFacts,
) -> Result<PersoScript, PlanError> {
    let planner = Planner::new(template, order, scheme, stored, site)?;
    planner.script()
}

/// What the parts of the plan share.
struct Planner<'a> {
    template: &'a Template,
    order: &'a Order,
    scheme: &'a Scheme,
    stored: &'a [KeyRecord],
    site: &'a SiteFacts,
    subject: Subject,
    number: Vec<u8>,
    used: BTreeMap<KeyId, Kcv>,
}

impl<'a> Planner<'a> {
    fn new(
        template: &'a Template,
        order: &'a Order,
        scheme: &'a Scheme,
        stored: &'a [KeyRecord],
        site: &'a SiteFacts,
    ) -> Result<Self, PlanError> {
        if !template.schemes.iter().any(|name| name == scheme.name()) {
            return Err(PlanError::Scheme {
                template: template.name.clone(),
                scheme: scheme.name().to_owned(),
            });
        }
        if template.rehearsal_only && !site.rehearsal {
            return Err(PlanError::RehearsalOnly {
                template: template.name.clone(),
            });
        }
        let mut subject = site.subject.clone();
        for (field, from) in &template.subject {
            subject = subject.with(field, &order_bytes(template, order, from)?);
        }
        let number = order_bytes(template, order, &template.number)?;
        Ok(Self {
            template,
            order,
            scheme,
            stored,
            site,
            subject,
            number,
            used: BTreeMap::new(),
        })
    }

    fn script(mut self) -> Result<PersoScript, PlanError> {
        let (steps, finish) = match self.template.dialect {
            Dialect::Fmcos | Dialect::FmcosPsam => (self.build_files()?, self.finish_files()?),
            Dialect::Metro => (self.fill_preset()?, finish_preset()),
            Dialect::M1 => (self.write_sectors()?, self.close_sectors()?),
        };
        let readback = if self.template.dialect.storage() {
            self.read_sectors()?
        } else {
            self.readback()?
        };
        let proofs = self.proofs()?;
        let terminal = match &self.template.terminal {
            Some(field) => Some(hex::encode_upper(order_bytes(self.template, self.order, field)?)),
            None => None,
        };
        Ok(PersoScript {
            format: "cardmint.script/1",
            template: self.template.name.clone(),
            template_digest: self.template.digest.clone(),
            product: self.template.product,
            number: hex::encode_upper(&self.number),
            terminal,
            blind: self.order.blind().map(str::to_owned),
            keys: self.used.into_iter().collect(),
            steps,
            readback,
            proofs,
            finish,
        })
    }

    /// The name of the PIN that is written: the site's initial one, or the card's own where its order wants that.
    fn pin_name(&self, pin: &Pin) -> String {
        if self.template.gives_own_pin(self.order) && !pin.preset {
            card_pin_name(&hex::encode_upper(&self.number))
        } else {
            pin.initial.clone()
        }
    }

    /// The MF's control key during the work.
    fn control_last(&self) -> bool {
        self.template.transport.replaced == ControlKeyTurn::Last
    }
}

fn finish_preset() -> Vec<Step> {
    vec![send("END OF PERSONALISATION", apdu::end_personalisation())]
}

/// The bytes of an order field that is a number.
fn order_bytes(template: &Template, order: &Order, field: &str) -> Result<Vec<u8>, PlanError> {
    let at = || {
        template
            .order_field(field)
            .map_or_else(|| field.to_owned(), |f| f.at.clone())
    };
    let text = order
        .get(field)
        .ok_or_else(|| PlanError::at(template, &at(), PlanReason::NoOrderField { field: field.into() }))?;
    let even = if text.len().is_multiple_of(2) {
        text.to_owned()
    } else {
        format!("0{text}")
    };
    hex::decode(&even).map_err(|_| PlanError::at(template, &at(), PlanReason::NotNumber { field: field.into() }))
}

fn send(what: impl Into<String>, apdu: Command) -> Step {
    Step::Send {
        what: what.into(),
        apdu,
        accept: Vec::new(),
    }
}

fn select(directory: &Directory) -> Step {
    let command = match directory.select {
        _ if directory.is_mf() => apdu::select_current_mf(),
        Selector::Name => apdu::select_name(&directory.name),
        Selector::Fid => apdu::select_file(directory.fid),
    };
    send(format!("SELECT {}", directory.fid), command)
}
