// SPDX-License-Identifier: Apache-2.0
//! Keys from components, one custodian after the other. A wrong component is named when it is entered; the check value of
//! the result is confirmed by two people.

use super::super::super::plan::{Components, ImportExchangeKey, PersonId};
use super::super::log::StepLog;
use super::super::{CeremonyError, Running};
use super::confirm;
use super::entry::{Entered, Judged, Wanted, Wrong, enter};
use super::keys::{Arrival, add};
use super::whose;
use crate::crypto::component::combine_components;
use crate::crypto::key_block::{ExchangeAlgorithm, ExchangeKey, Exportability, Weakness};
use crate::crypto::pack::is_same;
use crate::crypto::random_key::known_test_key;
use crate::crypto::written::{self, Kind, WrittenError};
use crate::crypto::{Algorithm, Kcv, KcvLength, KeyMaterial, SecretBytes, kcv};
use crate::error::Fault;
use crate::keys::{Change, ExchangeRecord, KeyState, Origin, StoredName};
use crate::ledger::ShortHex;
use crate::ledger::act::Act;
use crate::msg;
use crate::site::exchange_key_arrived;

pub(super) fn combine(run: &mut Running<'_>, work: &Components, log: &mut StepLog) -> Result<(), CeremonyError> {
    let id = work.key.at(run.site().owner());
    let whole = Whole::Key(id.algorithm, run.site().config().kcv_length);
    let name = id.to_string();
    let mut sheets = Sheets::taken(run, whole, &work.custodians, &name, log)?;
    // Nobody needs the components any more while the check value is compared.
    let entered = std::mem::take(&mut sheets.components);
    let parts = entered
        .iter()
        .map(written::key)
        .collect::<Result<Vec<KeyMaterial>, _>>();
    drop(entered);
    let parts = parts.map_err(|e| bad(&e))?;
    let key = combine_components(&parts);
    drop(parts);
    run.store().check_key(&id, &key)?;
    let value = kcv(id.algorithm, &key, run.site().config().kcv_length);
    confirm::check_value(run, &work.confirm, &name, value, log)?;
    let components = sheets.check_values()?;
    let arrival = Arrival {
        id,
        key,
        origin: Origin::Components,
        state: work.start,
        exportability: Exportability::unlimited(),
    };
    add(run, arrival, Act::KeyImport, |body| body.components = components, log).map(drop)
}

/// The same for a key under which key blocks travel.
pub(super) fn exchange(
    run: &mut Running<'_>,
    work: &ImportExchangeKey,
    log: &mut StepLog,
) -> Result<(), CeremonyError> {
    let name = StoredName::from(work.name.clone()).to_string();
    let whole = Whole::Exchange(work.algorithm);
    let mut sheets = Sheets::taken(run, whole, &work.custodians, &name, log)?;
    let parts = std::mem::take(&mut sheets.components).into_iter();
    let parts = parts.map(|secret| ExchangeKey::from_secret(work.algorithm, secret));
    let parts: Vec<ExchangeKey> = parts.collect::<Result<_, _>>().map_err(|_| no_component())?;
    let key = ExchangeKey::combine(&parts).ok_or_else(no_component)?;
    drop(parts);
    let record = ExchangeRecord {
        name: work.name.clone(),
        algorithm: work.algorithm,
        kcv: key.kcv(),
        state: KeyState::Active,
        origin: Origin::Components,
        since: run.hall.clock.now().to_string(),
    };
    confirm::check_value(run, &work.confirm, &name, record.kcv, log)?;
    let mut body = exchange_key_arrived(&record, run.site().owner())?;
    body.components = sheets.check_values()?;
    let expected = record.kcv;
    run.pending
        .apply(Change::AddExchangeKey { record, key }, run.hall.random)?;
    let got = run.store().exchange_record(&work.name)?.kcv;
    if got != expected {
        return Err(CeremonyError::Step {
            what: msg!("ceremony-store-differs", key = name, expected = expected, got = got),
        });
    }
    log.named_key(&name, &expected.to_string())?;
    run.record(Act::KeyImport(body), log);
    Ok(())
}

fn bad(e: &WrittenError) -> CeremonyError {
    CeremonyError::Step { what: e.msg() }
}

fn no_component() -> CeremonyError {
    CeremonyError::Step {
        what: msg!("ceremony-wrong-kind"),
    }
}

/// What the components make together.
#[derive(Clone, Copy)]
enum Whole {
    Key(Algorithm, KcvLength),
    Exchange(ExchangeAlgorithm),
}

impl Whole {
    fn bytes(self) -> usize {
        match self {
            Self::Key(..) => KeyMaterial::LEN,
            Self::Exchange(algorithm) => algorithm.bytes(),
        }
    }

    /// A component's check value, and the name of the published value that it is.
    fn facts(self, secret: &SecretBytes) -> Option<(Kcv, Option<&'static str>)> {
        match self {
            Self::Key(algorithm, length) => {
                let key = written::key(secret).ok()?;
                Some((kcv(algorithm, &key, length), known_test_key(&key)))
            }
            Self::Exchange(algorithm) => {
                let copy = crate::crypto::pack::copy_of(secret);
                let key = ExchangeKey::from_secret(algorithm, copy).ok()?;
                let published = match key.weakness() {
                    Some(Weakness::Published(name)) => Some(name),
                    _ => None,
                };
                Some((key.kcv(), published))
            }
        }
    }
}

/// What was entered so far.
struct Sheets {
    whole: Whole,
    of: usize,
    components: Vec<SecretBytes>,
    kcvs: Vec<Kcv>,
    tag: Option<[u8; 2]>,
}

impl Sheets {
    /// All custodians type, one after the other.
    fn taken(
        run: &mut Running<'_>,
        whole: Whole,
        custodians: &[PersonId],
        key: &str,
        log: &mut StepLog,
    ) -> Result<Self, CeremonyError> {
        let mut sheets = Self {
            whole,
            of: custodians.len(),
            components: Vec::new(),
            kcvs: Vec::new(),
            tag: None,
        };
        for _ in custodians {
            sheets.take(run, custodians, key, log)?;
        }
        Ok(sheets)
    }

    fn check_values(&self) -> Result<Vec<ShortHex>, CeremonyError> {
        let values = self.kcvs.iter().map(|kcv| ShortHex::new(kcv.to_string()));
        Ok(values.collect::<Result<_, _>>()?)
    }

    fn take(
        &mut self,
        run: &mut Running<'_>,
        custodians: &[PersonId],
        key: &str,
        log: &mut StepLog,
    ) -> Result<(), CeremonyError> {
        let here = self.components.len();
        let custodian = custodians.get(here).ok_or_else(no_component)?;
        let person = run.turn(custodian, log)?;
        let number = here + 1;
        let wanted = Wanted {
            question: msg!("ceremony-ask-component", number = number, of = self.of, key = key),
            what: msg!("ceremony-what-component"),
            kind: Kind::Component,
            bytes: self.whole.bytes(),
            plain: true,
        };
        let officer = person.officer.clone();
        let mut value = None;
        let entered = enter(run, &person, &wanted, log, &mut |run, entered| {
            if let Err(wrong) = self.belongs(run, entered, custodians)? {
                return Ok(Err(wrong));
            }
            let computed = match self.judge(run, entered) {
                Ok(computed) => computed,
                Err(wrong) => return Ok(Err(wrong)),
            };
            value = Some(computed);
            agrees_with_sheet(run, &officer, computed)
        })?;
        let value = value.ok_or_else(no_component)?;
        if let Some(header) = entered.header {
            self.tag = Some(header.tag());
        }
        self.components.push(entered.secret);
        self.kcvs.push(value);
        log.component(&officer, &value.to_string())?;
        run.hall.room.leave();
        Ok(())
    }

    /// Whether the sheet is one of these, and of the custodian at the keyboard.
    fn belongs(&self, run: &Running<'_>, entered: &Entered, custodians: &[PersonId]) -> Judged {
        let Some(header) = &entered.header else {
            return Ok(Ok(()));
        };
        if usize::from(header.needed()) != self.of {
            let said = msg!("ceremony-component-of", needed = header.needed(), of = self.of);
            return Ok(Err(Wrong::new("wrong-component", said)));
        }
        if let Some(tag) = self.tag.filter(|tag| *tag != header.tag()) {
            return whose::other_ceremony(run, *header, tag).map(Err);
        }
        whose::by_number(run, *header, custodians, self.components.len())
    }

    /// What is wrong with a component as such, or with it among those that came before; else its check value.
    fn judge(&self, run: &Running<'_>, entered: &Entered) -> Result<Kcv, Wrong> {
        let wrong = |said| Wrong::new("wrong-component", said);
        if self.components.iter().any(|other| is_same(other, &entered.secret)) {
            return Err(wrong(msg!("ceremony-component-same")));
        }
        let (value, published) = self
            .whole
            .facts(&entered.secret)
            .ok_or_else(|| wrong(msg!("ceremony-wrong-kind")))?;
        match published {
            Some(name) if !run.site().rehearsal() => {
                let said = msg!("ceremony-component-known").with_word("name", "test-key", name);
                Err(Wrong::new("published-value", said))
            }
            _ => Ok(value),
        }
    }
}

/// The check value on the custodian's own sheet, where it has one, is that of what was typed.
fn agrees_with_sheet(run: &mut Running<'_>, officer: &str, computed: Kcv) -> Judged {
    let typed = run.hall.room.typed(&msg!("ceremony-ask-sheet-kcv"))?;
    let typed = typed.replace(' ', "");
    if typed.is_empty() {
        run.hall.room.typed(&msg!("ceremony-component-kcv", kcv = computed))?;
        return Ok(Ok(()));
    }
    if typed.parse::<Kcv>().is_ok_and(|value| value.agrees_with(&computed)) {
        return Ok(Ok(()));
    }
    let mut wrong = Wrong::new("kcv-differs", msg!("ceremony-component-wrong", officer = officer));
    wrong.detail = Some(format!("computed {computed}"));
    Ok(Err(wrong))
}
