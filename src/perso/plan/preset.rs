// SPDX-License-Identifier: Apache-2.0
//! Filling a card whose files and key slots are preset. The card's own control key comes first and protects everything
//! else: a card that fails after that opens with its own control key, not with the transport key.

use super::files::raw;
use super::{PlanError, PlanReason, Planner, select, send};
use crate::card::commands as apdu;
use crate::perso::script::Step;

impl Planner<'_> {
    pub(super) fn fill_preset(&mut self) -> Result<Vec<Step>, PlanError> {
        let template = self.template;
        let mf = &template.mf;
        let transport = self.transport()?;
        let mut steps = vec![
            send("SELECT 3F00", apdu::select_name(&mf.name)),
            Step::Authenticate {
                what: format!("EXTERNAL AUTHENTICATE {:02X} transport key", template.transport.slot),
                slot: template.transport.slot,
                challenge: template.transport.challenge,
                key: transport.clone(),
                accept: Vec::new(),
            },
        ];
        steps.extend(self.security_code()?);
        let slot = mf.control().ok_or_else(|| self.lacking(&mf.at, "39/00"))?;
        steps.push(self.write_key(slot, &transport, true)?);
        let control = self.own_control(mf)?;
        for key in mf.keys.iter().filter(|k| k.written() && !k.is_control()) {
            steps.push(self.write_key(key, &control, false)?);
        }
        for file in &mf.files {
            steps.extend(self.write_contents(mf, file)?);
        }
        steps.extend(raw(mf));
        for df in &template.dfs {
            steps.push(select(df));
            steps.extend(self.directory_keys(df, &control)?);
            for file in &df.files {
                steps.extend(self.write_contents(df, file)?);
            }
            steps.extend(raw(df));
        }
        Ok(steps)
    }

    fn security_code(&self) -> Result<Option<Step>, PlanError> {
        let Some(field) = &self.template.options.security_code else {
            return Ok(None);
        };
        let bytes = super::order_bytes(self.template, self.order, field)?;
        let wrong = || {
            PlanError::at(
                self.template,
                "options.security-code",
                PlanReason::NotNumber { field: field.clone() },
            )
        };
        let code: [u8; 9] = bytes.try_into().map_err(|_| wrong())?;
        Ok(Some(send("WRITE SECURITY CODE", apdu::write_security_code(&code))))
    }
}
