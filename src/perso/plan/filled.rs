// SPDX-License-Identifier: Apache-2.0
//! The bytes of files and records: fields at their offsets, everything else the filling.

use super::{PlanError, PlanReason, Planner, SiteFacts};
use crate::template::{Order, Record, Source, Template, TemplateField};

impl Planner<'_> {
    pub(super) fn bytes(&self, record: &Record) -> Result<Vec<u8>, PlanError> {
        file_bytes(self.template, self.order, self.site, record)
    }
}

/// The bytes of a file or record for an order: what personalisation writes, and what verification expects.
pub fn file_bytes(template: &Template, order: &Order, site: &SiteFacts, record: &Record) -> Result<Vec<u8>, PlanError> {
    let mut bytes = vec![record.fill; record.length];
    for field in record.fields.iter().filter(|f| f.source != Source::Xor) {
        let wrong = |reason| PlanError::at(template, &field.at, reason);
        let text = text_of(field, order, site).map_err(wrong)?;
        let coded = field
            .encoding
            .encode(field.length, &text)
            .map_err(|problem| wrong(PlanReason::Value { problem }))?;
        let end = field.offset + coded.len();
        let too_long = PlanReason::Value {
            problem: crate::template::FieldProblem::TooLong {
                bytes: record.length,
                got: end,
            },
        };
        bytes
            .get_mut(field.offset..end)
            .ok_or_else(|| wrong(too_long))?
            .copy_from_slice(&coded);
    }
    for field in record.fields.iter().filter(|f| f.source == Source::Xor) {
        let others = bytes.iter().enumerate().filter(|(at, _)| *at != field.offset);
        let sum = others.fold(0, |sum, (_, byte)| sum ^ byte);
        if let Some(place) = bytes.get_mut(field.offset) {
            *place = sum;
        }
    }
    Ok(bytes)
}

fn text_of(field: &TemplateField, order: &Order, site: &SiteFacts) -> Result<String, PlanReason> {
    match &field.source {
        Source::Constant(text) => Ok(text.clone()),
        // Computed once all others stand.
        Source::Xor => Ok(String::new()),
        Source::Order(name, part) => {
            let text = order
                .get(name)
                .ok_or_else(|| PlanReason::NoOrderField { field: name.clone() })?;
            let cut = part.map_or(Some(text), |[from, to]| text.get(from..to));
            cut.map(str::to_owned)
                .ok_or_else(|| PlanReason::NotNumber { field: name.clone() })
        }
        Source::Site { name, default } => site
            .value(name)
            .or_else(|| default.clone())
            .ok_or_else(|| PlanReason::NoSiteValue { name: name.clone() }),
    }
}
