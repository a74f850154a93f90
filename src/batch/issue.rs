// SPDX-License-Identifier: Apache-2.0
//! One card from one order, with the ledger around it.
//!
//! What always holds: the intent is durable before the first command that writes; the outcome is recorded after the card
//! was read back and proved; a number stands in the ledger once (a constraint, not a look-up before). A card that was torn
//! away, or a program that was killed, leaves an intent without outcome: the card is in doubt, and `resume` takes it up
//! again through the same steps. docs/personalisation.md has the states.

use serde::Serialize;

use super::contents::{Bears, bears};
use super::fault::BatchError;
use super::recording::{Station, at_station};
use crate::card::{CardError, CardSession};
use crate::crypto::KcvLength;
use crate::keys::KeyStore;
use crate::ledger::act::{Act, CardVoid, Intent, KeyUse, Outcome};
use crate::ledger::query::CardRow;
use crate::ledger::{CardKind, Ending, Hash, Number, ShortHex, Text};
use crate::msg;
use crate::perso::script::{PersoScript, Step};
use crate::perso::{ChipState, Done, Executor, PersoError, Surroundings};
use crate::site::Session;
use crate::template::{Product, Template};

/// What is to be made of the card on the reader.
pub struct Job<'a> {
    /// The template.
    pub template: &'a Template,
    /// The plan.
    pub script: &'a PersoScript,
    /// The batch, for the ledger.
    pub batch: Option<Text>,
    /// The lot that the blank is from.
    pub lot: Option<Text>,
}

/// A card that was issued.
#[derive(Debug, Clone, Serialize)]
pub struct Issued {
    /// `user` or `psam`.
    pub kind: &'static str,
    /// Its number.
    pub number: String,
    /// The chip's serial number, where it has one.
    pub chip: Option<String>,
    /// The chip's answer to reset.
    pub atr: String,
    /// The script's digest.
    pub script: String,
    /// Whether a torn or failed run was taken up again.
    pub resumed: bool,
    /// The ledger's entry of the intent.
    pub intent: u64,
    /// The ledger's entry of the outcome.
    pub outcome: u64,
    /// What happened on the card.
    #[serde(flatten)]
    pub done: Done,
}

/// The ledger's kind of a product.
pub fn kind_of(product: Product) -> CardKind {
    if product.is_sam() {
        CardKind::Psam
    } else {
        CardKind::User
    }
}

/// Issues the card. If the ledger has an unfinished run of this number on this chip, it is taken up again.
pub fn issue(
    session: &mut Session,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    around: Surroundings<'_>,
) -> Result<Issued, BatchError> {
    at_station(session, |station| issue_at(station, job, card, around))
}

/// The same with a ledger that may be far.
pub fn issue_at(
    station: &mut Station<'_>,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    around: Surroundings<'_>,
) -> Result<Issued, BatchError> {
    let row = station.record.card(kind_of(job.script.product), &job.script.number)?;
    match row {
        Some(row) if is_unfinished(&row) && (row.chip == card.chip_serial()? || row.status == "failed-blank") => {
            around.observer.note(&msg!("batch-resuming", number = row.number));
            take_up(station, job, card, around, &row)
        }
        Some(row) => Err(crate::ledger::LedgerError::NumberTaken {
            number: row.number,
            status: row.status,
            seq: row.intent,
        }
        .into()),
        None => fresh(station, job, card, around),
    }
}

/// Takes up a run that the ledger has as unfinished.
pub fn resume(
    session: &mut Session,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    around: Surroundings<'_>,
) -> Result<Issued, BatchError> {
    let number = &job.script.number;
    at_station(session, |station| {
        match station.record.card(kind_of(job.script.product), number)? {
            None => Err(BatchError::NoCard { number: number.clone() }),
            Some(row) if !is_unfinished(&row) => Err(BatchError::NotUnfinished {
                number: row.number,
                status: row.status,
            }),
            Some(row) => take_up(station, job, card, around, &row),
        }
    })
}

fn is_unfinished(row: &CardRow) -> bool {
    matches!(row.status.as_str(), "in-doubt" | "failed-partial" | "failed-blank")
}

fn fresh(
    station: &mut Station<'_>,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    mut around: Surroundings<'_>,
) -> Result<Issued, BatchError> {
    let serial = card.chip_serial()?;
    if let Some(chip) = &serial
        && let Some(row) = station.record.card_on_chip(chip)?
    {
        let chip = chip.clone();
        return Err(BatchError::ChipIssued {
            chip,
            number: row.number,
            status: row.status,
        });
    }
    if let Bears::Number(number) = bears(card, job.template)? {
        return Err(BatchError::NotBlank { number });
    }
    reset(card, serial.as_deref())?;
    Executor::new(card, station.keys, around.again())
        .open(job.script)
        .map_err(wrong_transport_key)?;
    has_pins(station, job.script)?;
    let intent = append_intent(station, job, card, None)?;
    let ran = Executor::new(card, station.keys, around.again()).issue(job.script);
    conclude(station, job, card, intent, None, ran)
}

fn take_up(
    station: &mut Station<'_>,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    mut around: Surroundings<'_>,
    row: &CardRow,
) -> Result<Issued, BatchError> {
    let digest = Hash(job.script.digest());
    if row.status != "failed-blank" && row.script != digest.to_string() {
        return Err(BatchError::OtherScript {
            number: row.number.clone(),
        });
    }
    let serial = card.chip_serial()?;
    if row.status != "failed-blank" && serial != row.chip {
        return Err(crate::ledger::LedgerError::OtherChip(row.number.clone()).into());
    }
    // A dead card, or one of somebody else, changes nothing in the ledger.
    match Executor::new(card, station.keys, around.again()).examine(job.script)? {
        ChipState::Closed(e) => return Err(e.dead().into()),
        _ => reset(card, serial.as_deref())?,
    }
    let intent = append_intent(station, job, card, Some(row.intent))?;
    let ran = Executor::new(card, station.keys, around.again()).resume(job.script);
    conclude(station, job, card, intent, Some(row.intent), ran)
}

/// The PINs that are written are there: nothing is begun that cannot be ended.
fn has_pins(station: &Station<'_>, script: &PersoScript) -> Result<(), BatchError> {
    for pin in script.pins() {
        station.keys.pin(pin)?;
    }
    Ok(())
}

/// Empties a card that was begun and will not be finished: its number may go on another chip. The intent to do so is durable
/// first.
pub fn erase_at(
    station: &mut Station<'_>,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    mut around: Surroundings<'_>,
) -> Result<(), BatchError> {
    let number = &job.script.number;
    let serial = card.chip_serial()?;
    let row = station.record.card(kind_of(job.script.product), number)?;
    let row = row.filter(|row| is_unfinished(row) && row.chip == serial);
    let row = row.ok_or_else(|| BatchError::NoCard { number: number.clone() })?;
    match Executor::new(card, station.keys, around.again()).examine(job.script)? {
        ChipState::Open | ChipState::Empty => reset(card, serial.as_deref())?,
        ChipState::Closed(e) => return Err(e.dead().into()),
        ChipState::Own => return Err(BatchError::NotErased { number: number.clone() }),
    }
    let intent = append_intent(station, job, card, Some(row.intent))?;
    let emptied = Executor::new(card, station.keys, around.again()).empty(job.script);
    let mut outcome = Outcome {
        number: Number::new(number.clone())?,
        intent,
        result: Ending::FailedBlank,
        proof: None,
        steps: card.answered(),
        reason: Some(Text::new("erased")?),
        status_word: None,
    };
    if let Err(e) = &emptied {
        not_issued(&mut outcome, e)?;
    }
    append_outcome(station, job, outcome)?;
    Ok(emptied?)
}

/// Gives the number of an issued card up and empties the card: it is a blank afterwards. It must open with its own control
/// key before the number is given up.
pub fn reclaim_at(
    station: &mut Station<'_>,
    script: &PersoScript,
    card: &mut CardSession<'_>,
    mut around: Surroundings<'_>,
) -> Result<(), BatchError> {
    let number = &script.number;
    let serial = card.chip_serial()?;
    let row = station.record.card(kind_of(script.product), number)?;
    let row = row.filter(|row| row.chip == serial && matches!(row.status.as_str(), "issued" | "void"));
    let row = row.ok_or_else(|| BatchError::NoCard { number: number.clone() })?;
    reset(card, serial.as_deref())?;
    match Executor::new(card, station.keys, around.again()).examine(script)? {
        ChipState::Own => reset(card, serial.as_deref())?,
        ChipState::Closed(e) => return Err(e.dead().into()),
        ChipState::Open | ChipState::Empty => return Err(BatchError::NotErased { number: number.clone() }),
    }
    if row.status == "issued" {
        let void = CardVoid {
            kind: kind_of(script.product),
            number: Number::new(number.clone())?,
            reason: Text::new("re-issued")?,
        };
        station.record.append(Act::CardVoid(void))?;
    }
    Executor::new(card, station.keys, around.again()).reclaim(script)?;
    reset(card, serial.as_deref())
}

/// Resets the card. Another chip that answers then is a second card on the reader, or one that was put in its place.
fn reset(card: &mut CardSession<'_>, serial: Option<&str>) -> Result<(), BatchError> {
    card.reset()?;
    let now = card.chip_serial()?;
    if now.as_deref() == serial {
        return Ok(());
    }
    let name = |chip: Option<&str>| chip.unwrap_or("–").to_owned();
    Err(BatchError::TwoCards {
        first: name(serial),
        second: name(now.as_deref()),
    })
}

/// The first authentication of a blank that fails means another thing than a failed proof.
fn wrong_transport_key(e: PersoError) -> BatchError {
    match *e.fault {
        crate::perso::PersoFault::Card(ref cause @ CardError::Refused { .. })
            if cause.is_wrong_key() || cause.status().is_some_and(|sw| sw.0 == 0x6983) =>
        {
            BatchError::TransportKey { cause: cause.clone() }
        }
        _ => e.into(),
    }
}

fn append_intent(
    station: &mut Station<'_>,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    resumes: Option<u64>,
) -> Result<u64, BatchError> {
    let script = job.script;
    let number = |text: &String| Number::new(text.clone());
    let intent = Intent {
        number: number(&script.number)?,
        chip: card.chip_serial()?.as_ref().map(number).transpose()?,
        terminal: script.terminal.as_ref().map(number).transpose()?,
        template: Text::new(script.template.clone())?,
        template_digest: script.template_digest.parse()?,
        script: Hash(script.digest()),
        raw: job.template.directories().any(|d| !d.raw.is_empty()),
        reader: Text::new(card.reader().chars().take(100).collect::<String>())?,
        keys: keys_written(station.keys, script)?,
        batch: job.batch.clone(),
        lot: job.lot.clone(),
        resumes,
    };
    let act = match kind_of(script.product) {
        CardKind::User => Act::CardIntent(intent),
        CardKind::Psam => Act::PsamIntent(intent),
    };
    // A batch was approved by another officer than the one who runs it.
    if job.batch.is_none() && job.template.officers > 1 {
        return station.record.append_by(act, job.template.officers);
    }
    station.record.append(act)
}

/// The keys that the card gets, by their check values. Asking for all of them first also shows one that is missing, or
/// an initial PIN, before a card is touched.
fn keys_written(store: &dyn KeyStore, script: &PersoScript) -> Result<Vec<KeyUse>, BatchError> {
    let mut keys = Vec::new();
    for step in script.steps.iter().chain(&script.finish) {
        match step {
            Step::WriteKey { target, .. } => keys.push(KeyUse {
                key: Text::new(target.key.to_string())?,
                usage: Text::new(target.key.usage.as_str())?,
                kcv: ShortHex::new(store.kcv(target, KcvLength::default())?.to_string())?,
            }),
            Step::WriteTrailer { a, b, .. } => {
                for sector_key in [a, b] {
                    let target = sector_key.key.path();
                    let used = KeyUse {
                        key: Text::new(target.key.to_string())?,
                        usage: Text::new(target.key.usage.as_str())?,
                        kcv: ShortHex::new(store.kcv(target, KcvLength::default())?.to_string())?,
                    };
                    if !keys.contains(&used) {
                        keys.push(used);
                    }
                }
            }
            Step::WritePin { pin, .. } | Step::VerifyPin { pin, .. } => drop(store.pin(pin)?),
            _ => (),
        }
    }
    Ok(keys)
}

fn conclude(
    station: &mut Station<'_>,
    job: &Job<'_>,
    card: &mut CardSession<'_>,
    intent: u64,
    resumes: Option<u64>,
    ran: Result<Done, PersoError>,
) -> Result<Issued, BatchError> {
    let script = job.script;
    let mut outcome = Outcome {
        number: Number::new(script.number.clone())?,
        intent,
        result: Ending::Issued,
        proof: None,
        steps: card.answered(),
        reason: None,
        status_word: None,
    };
    match &ran {
        Ok(done) => outcome.proof = Some(Hash(done.evidence.0)),
        Err(e) => not_issued(&mut outcome, e)?,
    }
    let entry = append_outcome(station, job, outcome)?;
    let done = ran?;
    Ok(Issued {
        kind: kind_of(script.product).as_str(),
        number: script.number.clone(),
        chip: card.chip_serial()?,
        atr: card.atr().to_string(),
        script: script.digest_hex(),
        resumed: resumes.is_some(),
        intent,
        outcome: entry,
        done,
    })
}

/// How a card stands that a fault has stopped.
fn not_issued(outcome: &mut Outcome, e: &PersoError) -> Result<(), BatchError> {
    outcome.result = if e.fault.is_lost() {
        Ending::InDoubt
    } else {
        Ending::FailedPartial
    };
    outcome.reason = Some(reason(e)?);
    outcome.status_word = e.fault.status().map(|sw| ShortHex::new(sw.to_string())).transpose()?;
    Ok(())
}

fn append_outcome(station: &mut Station<'_>, job: &Job<'_>, outcome: Outcome) -> Result<u64, BatchError> {
    let act = match kind_of(job.script.product) {
        CardKind::User => Act::CardOutcome(outcome),
        CardKind::Psam => Act::PsamOutcome(outcome),
    };
    let entry = station.record.append(act)?;
    station.record.checkpoint()?;
    Ok(entry)
}

/// Which message and at which step: never what was read, which may be a holder's name.
fn reason(e: &PersoError) -> Result<Text, BatchError> {
    use crate::error::Fault;
    let text = format!("{}: {} ({})", e.msg().id(), e.at.what, e.at.index);
    Ok(Text::new(text.chars().take(120).collect::<String>())?)
}
