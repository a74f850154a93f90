// SPDX-License-Identifier: Apache-2.0
//! Keys from components, one custodian after the other. A wrong component is named when it is entered; the check value of
//! the result is confirmed by two people.

use super::super::super::plan::{Components, PersonId};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::confirm;
use super::entry::{Entered, Judged, Wanted, Wrong, enter};
use super::keys::{Arrival, add};
use crate::crypto::component::combine_components;
use crate::crypto::key_block::Exportability;
use crate::crypto::random_key::known_test_key;
use crate::crypto::written::{self, Kind};
use crate::crypto::{Algorithm, Kcv, KeyMaterial, kcv};
use crate::keys::Origin;
use crate::ledger::ShortHex;
use crate::ledger::act::Act;
use crate::msg;

pub(super) fn combine(run: &mut Running<'_>, work: &Components, log: &mut StepLog) -> Result<(), CeremonyError> {
    let id = work.key.at(run.site().owner());
    let mut sheets = Sheets::new(id.algorithm, work.custodians.len());
    for (at, custodian) in work.custodians.iter().enumerate() {
        sheets.take(run, custodian, at, &id.to_string(), log)?;
    }
    let key = combine_components(&sheets.components);
    drop(std::mem::take(&mut sheets.components));
    run.store().check_key(&id, &key)?;
    let value = kcv(id.algorithm, &key, run.site().config().kcv_length);
    confirm::check_value(run, &work.confirm, &id.to_string(), value, log)?;
    let parts = sheets.kcvs.iter().map(|kcv| ShortHex::new(kcv.to_string()));
    let parts: Vec<ShortHex> = parts.collect::<Result<_, _>>()?;
    let arrival = Arrival {
        id,
        key,
        origin: Origin::Components,
        state: work.start,
        exportability: Exportability::unlimited(),
    };
    add(run, arrival, Act::KeyImport, |body| body.components = parts, log).map(drop)
}

/// What was entered so far.
struct Sheets {
    algorithm: Algorithm,
    of: usize,
    components: Vec<KeyMaterial>,
    kcvs: Vec<Kcv>,
    numbers: Vec<u8>,
    tag: Option<[u8; 2]>,
}

impl Sheets {
    fn new(algorithm: Algorithm, of: usize) -> Self {
        Self {
            algorithm,
            of,
            components: Vec::new(),
            kcvs: Vec::new(),
            numbers: Vec::new(),
            tag: None,
        }
    }

    fn take(
        &mut self,
        run: &mut Running<'_>,
        custodian: &PersonId,
        at: usize,
        key: &str,
        log: &mut StepLog,
    ) -> Result<(), CeremonyError> {
        let person = run.turn(custodian, log)?;
        let wanted = Wanted {
            question: msg!("ceremony-ask-component", number = at + 1, of = self.of, key = key),
            what: msg!("ceremony-what-component"),
            kind: Kind::Component,
            bytes: KeyMaterial::LEN,
            plain: true,
        };
        let officer = person.officer.clone();
        let mut value = None;
        let entered = enter(run, &person, &wanted, log, &mut |run, entered| {
            let component = match self.judge(run, entered) {
                Ok(component) => component,
                Err(wrong) => return Ok(Err(wrong)),
            };
            let computed = kcv(self.algorithm, &component, run.site().config().kcv_length);
            value = Some(computed);
            confirmed_by_sheet(run, &officer, computed)
        })?;
        let component = written::key(&entered.secret).map_err(|e| CeremonyError::Step {
            what: crate::error::Fault::msg(&e),
        })?;
        if let (Some(header), Some(value)) = (entered.header, value) {
            self.numbers.push(header.index());
            self.tag = Some(header.tag());
            self.kcvs.push(value);
        } else if let Some(value) = value {
            self.kcvs.push(value);
        }
        self.components.push(component);
        if let Some(value) = value {
            log.component(&officer, &value.to_string())?;
        }
        run.hall.room.leave();
        Ok(())
    }

    /// What is wrong with a component as such, and with it among those that came before.
    fn judge(&self, run: &Running<'_>, entered: &Entered) -> Result<KeyMaterial, Wrong> {
        let component = written::key(&entered.secret);
        let component = component.map_err(|e| Wrong::new("wrong-component", crate::error::Fault::msg(&e)))?;
        if let Some(header) = &entered.header {
            if usize::from(header.needed()) != self.of {
                let said = msg!("ceremony-component-of", needed = header.needed(), of = self.of);
                return Err(Wrong::new("wrong-component", said));
            }
            if self.tag.is_some_and(|tag| tag != header.tag()) {
                return Err(Wrong::new("other-ceremony", msg!("ceremony-component-other")));
            }
            if self.numbers.contains(&header.index()) {
                let said = msg!("ceremony-component-twice", number = header.index());
                return Err(Wrong::new("wrong-component", said));
            }
        }
        if self.components.iter().any(|other| other.same_as(&component)) {
            return Err(Wrong::new("wrong-component", msg!("ceremony-component-same")));
        }
        match known_test_key(&component) {
            Some(name) if !run.site().rehearsal() => {
                let said = msg!("ceremony-component-known").with_word("name", "test-key", name);
                Err(Wrong::new("published-value", said))
            }
            _ => Ok(component),
        }
    }
}

/// The check value on the custodian's own sheet, where it has one, is that of what was typed.
fn confirmed_by_sheet(run: &mut Running<'_>, officer: &str, computed: Kcv) -> Judged {
    let typed = run.hall.room.typed(&msg!("ceremony-ask-sheet-kcv"))?;
    let typed = typed.replace(' ', "");
    if typed.is_empty() {
        run.hall.room.say(&msg!("ceremony-component-kcv", kcv = computed));
        return Ok(Ok(()));
    }
    let agrees = typed.parse::<Kcv>().is_ok_and(|value| value.agrees_with(&computed));
    if agrees {
        return Ok(Ok(()));
    }
    let mut wrong = Wrong::new("kcv-differs", msg!("ceremony-component-wrong", officer = officer));
    wrong.detail = Some(format!("computed {computed}"));
    Ok(Err(wrong))
}
