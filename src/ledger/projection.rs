// SPDX-License-Identifier: Apache-2.0
//! Projections: what the entries add up to, in tables that can be asked quickly. One function applies an entry, when it is
//! appended, when tables are rebuilt and when the ledger is verified; so the life-cycle rules exist once.
//!
//! A number, a terminal number, a key id, an officer's name and key are unique by constraint of the database, never by
//! looking first and inserting then.

mod ceremonies;
mod upkeep;

use rusqlite::{Connection, OptionalExtension, params};

use super::act::{
    Act, BatchKey, CardKind, CardVoid, Ending, Intent, KeyArrived, KeyExport, KeyRetire, KeyState, KeyUse, Officer,
    Outcome, PurseIntent, PurseTransaction,
};
use super::centre;
use super::entry::{Entry, canonical};
use super::error::LedgerError;
use super::field::Number;
use super::policy::Policy;
use super::rules::{State, TWO};
pub(super) use upkeep::last_loss;

/// The tables that this module fills.
const TABLES: &[&str] = &[
    "officers",
    "policies",
    "keys",
    "templates",
    "cards",
    "purse_intents",
    "purse_done",
    "ceremonies",
    "backups",
    "losses",
    "archives",
];

/// All tables that are made from the entries.
pub fn tables() -> impl Iterator<Item = &'static &'static str> {
    TABLES.iter().chain(centre::TABLES)
}

type Done = Result<(), LedgerError>;

/// Applies one entry to the tables of `db`, or refuses it and leaves them as they were. `state` is what the entries up to
/// this one have made of the site; there is none where its first entry is no beginning.
pub fn apply(db: &Connection, entry: &Entry, state: Option<&State>) -> Done {
    if !centre::concerns(&entry.act) {
        return apply_here(db, entry, state);
    }
    let savepoint = |sql: &str| run(db, sql, &[]).map(drop);
    savepoint("SAVEPOINT entry")?;
    let policy = state.map(|state| &state.policy);
    let done = apply_here(db, entry, state).and_then(|()| centre::apply(db, entry, policy));
    if done.is_err() {
        savepoint("ROLLBACK TO entry")?;
    }
    savepoint("RELEASE entry")?;
    done
}

fn apply_here(db: &Connection, entry: &Entry, state: Option<&State>) -> Done {
    let seq = entry.seq;
    match &entry.act {
        Act::SiteInit(body) => {
            for officer in &body.officers {
                enrol(db, officer, seq)?;
            }
            adopt(db, &body.policy, seq)
        }
        Act::PolicyChange(body) => adopt(db, &body.policy, seq),
        Act::OfficerEnrol(officer) => enrol(db, officer, seq),
        Act::OfficerRevoke(body) => {
            let sql = "UPDATE officers SET revoked = ?2 WHERE name = ?1 AND revoked IS NULL";
            if run(db, sql, params![body.name.as_str(), whole(seq)])? == 1 {
                Ok(())
            } else {
                Err(LedgerError::UnknownOfficer(body.name.to_string()))
            }
        }
        Act::KeyGenerate(key) => arrive(db, key, "generated", entry, state),
        Act::KeyImport(key) => arrive(db, key, "components", entry, state),
        Act::KeyDerive(key) => arrive(db, key, "derived", entry, state),
        Act::KeyReceive(key) => arrive(db, key, "received", entry, state),
        Act::KeyExport(body) => export(db, body),
        Act::KeyRetire(body) => retire(db, body, seq),
        Act::TemplateApprove(body) => {
            let sql = "INSERT INTO templates (digest, template, approved) VALUES (?1, ?2, ?3)";
            let row = params![body.digest.to_string(), body.template.as_str(), whole(seq)];
            insert(db, sql, row)?.map_err(|_| LedgerError::TemplateApproved(body.template.to_string()))
        }
        Act::CardIntent(body) => intend(db, CardKind::User, body, seq, state),
        Act::PsamIntent(body) => intend(db, CardKind::Psam, body, seq, state),
        Act::CardOutcome(body) => conclude(db, CardKind::User, body, seq),
        Act::PsamOutcome(body) => conclude(db, CardKind::Psam, body, seq),
        Act::CardVoid(body) => void(db, body, seq),
        Act::PurseIntent(body) => purse_intend(db, body, seq),
        Act::PurseClosed(body) => purse_close(db, body.number.as_str(), body.intent, None),
        Act::PurseLoad(body) | Act::PursePurchase(body) => {
            match body.intent {
                Some(intent) => purse_close(db, body.number.as_str(), intent, Some(&said(body)))?,
                None => issued_if_ours(db, body.number.as_str())?,
            }
            purse_done(db, body)
        }
        Act::CeremonyBegin(body) => ceremonies::begin(db, body, seq),
        Act::CeremonyEnd(body) => ceremonies::end(db, body, seq),
        Act::StoreBackup(body) => ceremonies::backup(db, body, seq),
        Act::StoreRestore(body) => ceremonies::restore(db, body, seq),
        Act::LedgerLoss(body) => upkeep::lose(db, body, seq),
        Act::LedgerArchive(body) => upkeep::archive(db, body, seq),
        _ => Ok(()),
    }
}

fn enrol(db: &Connection, officer: &Officer, seq: u64) -> Done {
    let roles: Vec<&str> = officer.roles.iter().map(|role| role.as_str()).collect();
    let sql = "INSERT INTO officers (name, key, roles, enrolled) VALUES (?1, ?2, ?3, ?4)";
    let row = params![
        officer.name.as_str(),
        officer.key.to_string(),
        roles.join(" "),
        whole(seq)
    ];
    insert(db, sql, row)?.map_err(|_| LedgerError::OfficerTaken(officer.name.to_string()))
}

fn adopt(db: &Connection, policy: &Policy, seq: u64) -> Done {
    let text = canonical(&serde_json::to_value(policy).unwrap_or_default());
    let text = String::from_utf8_lossy(&text).into_owned();
    run(
        db,
        "INSERT INTO policies (seq, policy) VALUES (?1, ?2)",
        params![whole(seq), text],
    )
    .map(drop)
}

fn arrive(db: &Connection, key: &KeyArrived, origin: &str, entry: &Entry, state: Option<&State>) -> Done {
    if let Some(parent) = &key.parent {
        state_of_key(db, parent.as_str())?;
    }
    check_rotation(db, key, entry, state)?;
    let sql = "INSERT INTO keys (key, usage, owner, version, alg, kcv, state, origin, arrived, changed, ceremony)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)";
    let row = params![
        key.key.as_str(),
        key.usage.as_str(),
        key.owner.as_str(),
        key.version,
        key.alg.as_str(),
        key.kcv.as_str(),
        key.state.as_str(),
        origin,
        whole(entry.seq),
        key.ceremony.map(whole)
    ];
    insert(db, sql, row)?.map_err(|_| LedgerError::KeyTaken(key.key.to_string()))
}

/// At a production site the next version of a key comes by two officers, whatever the policy says. (That they are
/// different ones is for the signatures to show.)
fn check_rotation(db: &Connection, key: &KeyArrived, entry: &Entry, state: Option<&State>) -> Done {
    let has = entry.sigs.len();
    if has >= TWO || state.is_none_or(|state| state.init.rehearsal) || !is_rotation(db, key)? {
        return Ok(());
    }
    let act = entry.act.name().to_owned();
    Err(LedgerError::TooFewOfficers { act, needs: TWO, has })
}

/// Whether there is an older version of a key already.
pub(super) fn is_rotation(db: &Connection, key: &KeyArrived) -> Result<bool, LedgerError> {
    let mut find = db
        .prepare_cached("SELECT 1 FROM keys WHERE usage = ?1 AND owner = ?2 AND alg = ?3 AND version < ?4")
        .map_err(doing("keys"))?;
    let row = params![key.usage.as_str(), key.owner.as_str(), key.alg.as_str(), key.version];
    find.exists(row).map_err(doing("keys"))
}

/// State and check value.
fn state_of_key(db: &Connection, key: &str) -> Result<(String, String), LedgerError> {
    let mut find = db
        .prepare_cached("SELECT state, kcv FROM keys WHERE key = ?1")
        .map_err(doing("keys"))?;
    let found = find
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(doing("keys"))?;
    found.ok_or_else(|| LedgerError::NoKey(key.to_owned()))
}

/// The check value of a key that is still there.
fn kcv_of(db: &Connection, key: &str) -> Result<String, LedgerError> {
    let (state, kcv) = state_of_key(db, key)?;
    if state == KeyState::Destroyed.as_str() {
        return Err(LedgerError::KeyDestroyed(key.to_owned()));
    }
    Ok(kcv)
}

fn export(db: &Connection, body: &KeyExport) -> Done {
    let kcv = kcv_of(db, body.key.as_str())?;
    // With factors it is a child that leaves, whose check value the ledger does not know beforehand.
    if body.factors.is_empty() {
        same_kcv(body.key.as_str(), &kcv, body.kcv.as_str())
    } else {
        Ok(())
    }
}

fn same_kcv(key: &str, ledger: &str, offered: &str) -> Done {
    // A check value may be written longer or shorter; the common part counts, and it has three bytes at least.
    let common = ledger.len().min(offered.len());
    if common >= 6 && ledger.get(..common) == offered.get(..common) {
        return Ok(());
    }
    let (key, ledger, offered) = (key.to_owned(), ledger.to_owned(), offered.to_owned());
    Err(LedgerError::KcvDiffers { key, ledger, offered })
}

fn retire(db: &Connection, body: &KeyRetire, seq: u64) -> Done {
    let kcv = kcv_of(db, body.key.as_str())?;
    same_kcv(body.key.as_str(), &kcv, body.kcv.as_str())?;
    let sql = "UPDATE keys SET state = ?2, changed = ?3 WHERE key = ?1";
    run(db, sql, params![body.key.as_str(), body.state.as_str(), whole(seq)]).map(drop)
}

/// A key that a batch is laid down with is active and has this check value.
pub(super) fn check_batch_key(db: &Connection, used: &BatchKey) -> Done {
    let (state, kcv) = state_of_key(db, used.key.as_str())?;
    if state != "active" {
        let key = used.key.to_string();
        return Err(LedgerError::KeyNotActive { key, state });
    }
    same_kcv(used.key.as_str(), &kcv, used.kcv.as_str())
}

fn check_keys(db: &Connection, keys: &[KeyUse]) -> Done {
    for used in keys {
        let (state, _) = state_of_key(db, used.key.as_str())?;
        if state != "active" {
            return Err(LedgerError::KeyNotActive {
                key: used.key.to_string(),
                state,
            });
        }
    }
    Ok(())
}

fn intend(db: &Connection, kind: CardKind, body: &Intent, seq: u64, state: Option<&State>) -> Done {
    if state.is_some_and(|state| state.policy.approved_templates) {
        let mut find = db
            .prepare_cached("SELECT 1 FROM templates WHERE digest = ?1 AND template = ?2")
            .map_err(doing("templates"))?;
        let key = params![body.template_digest.to_string(), body.template.as_str()];
        if !find.exists(key).map_err(doing("templates"))? {
            return Err(LedgerError::TemplateNotApproved(body.template.to_string()));
        }
    }
    check_keys(db, &body.keys)?;
    upkeep::check_open(db, kind, body)?;
    let row = params![
        kind.as_str(),
        body.number.as_str(),
        body.chip.as_ref().map(super::field::Number::as_str),
        body.terminal.as_ref().map(super::field::Number::as_str),
        body.template.as_str(),
        body.script.to_string(),
        body.batch.as_ref().map(super::field::Text::as_str),
        whole(seq),
        body.resumes.map(whole),
    ];
    let written = if body.resumes.is_none() {
        let sql = "INSERT INTO cards (kind, number, chip, terminal, template, script, batch, status, intent)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'in-doubt', ?8)";
        attempt(db, sql, &row[..8])?
    } else {
        let sql =
            "UPDATE cards SET chip = ?3, template = ?5, script = ?6, batch = ?7, status = 'in-doubt', intent = ?8,
                   outcome = NULL
                   WHERE kind = ?1 AND number = ?2 AND intent = ?9 AND terminal IS ?4
                   AND (status = 'failed-blank' OR status IN ('in-doubt', 'failed-partial') AND chip IS ?3)";
        attempt(db, sql, row)?
    };
    match written {
        Ok(1) => Ok(()),
        Ok(_) => Err(why_not_resumable(db, kind, body)?),
        Err(taken) => Err(what_is_taken(db, kind, body, &taken)?),
    }
}

/// A row can run into several constraints; that the number is used comes first.
fn what_is_taken(db: &Connection, kind: CardKind, body: &Intent, taken: &Taken) -> Result<LedgerError, LedgerError> {
    let name = |number: &Option<Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
    match (card(db, kind, body.number.as_str()), taken) {
        (Ok((status, seq, _)), _) if body.resumes.is_none() => Ok(LedgerError::NumberTaken {
            number: body.number.to_string(),
            status,
            seq,
        }),
        (_, Taken::Terminal) => Ok(LedgerError::TerminalTaken(name(&body.terminal))),
        (_, Taken::Chip) => Ok(LedgerError::ChipTaken(name(&body.chip))),
        (Err(e), _) => Err(e),
        (Ok((status, ..)), _) => Ok(LedgerError::NotResumable {
            number: body.number.to_string(),
            status,
        }),
    }
}

fn why_not_resumable(db: &Connection, kind: CardKind, body: &Intent) -> Result<LedgerError, LedgerError> {
    let (status, intent, chip) = card(db, kind, body.number.as_str())?;
    let open = status != "issued" && status != "void";
    let other = chip.as_deref() != body.chip.as_ref().map(super::field::Number::as_str);
    Ok(if open && other && Some(intent) == body.resumes {
        LedgerError::OtherChip(body.number.to_string())
    } else {
        LedgerError::NotResumable {
            number: body.number.to_string(),
            status,
        }
    })
}

/// Status, last intent and chip.
fn card(db: &Connection, kind: CardKind, number: &str) -> Result<(String, u64, Option<String>), LedgerError> {
    let mut find = db
        .prepare_cached("SELECT status, intent, chip FROM cards WHERE kind = ?1 AND number = ?2")
        .map_err(doing("cards"))?;
    let found = find
        .query_row([kind.as_str(), number], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?))
        })
        .optional()
        .map_err(doing("cards"))?;
    found.ok_or_else(|| LedgerError::NoCard(number.to_owned()))
}

fn conclude(db: &Connection, kind: CardKind, body: &Outcome, seq: u64) -> Done {
    let status = match body.result {
        Ending::Issued => "issued",
        Ending::FailedBlank => "failed-blank",
        Ending::FailedPartial => "failed-partial",
        Ending::InDoubt => "in-doubt",
    };
    let sql = "UPDATE cards SET status = ?4, outcome = ?5
               WHERE kind = ?1 AND number = ?2 AND intent = ?3 AND status = 'in-doubt' AND outcome IS NULL";
    let row = params![
        kind.as_str(),
        body.number.as_str(),
        whole(body.intent),
        status,
        whole(seq)
    ];
    if run(db, sql, row)? == 1 {
        Ok(())
    } else {
        Err(LedgerError::NoIntent {
            number: body.number.to_string(),
            intent: body.intent,
        })
    }
}

fn void(db: &Connection, body: &CardVoid, seq: u64) -> Done {
    let sql = "UPDATE cards SET status = 'void', voided = ?3 WHERE kind = ?1 AND number = ?2 AND status <> 'void'";
    if run(db, sql, params![body.kind.as_str(), body.number.as_str(), whole(seq)])? == 1 {
        Ok(())
    } else {
        Err(LedgerError::NoCard(body.number.to_string()))
    }
}

/// A card of ours that is issued.
pub(super) fn issued(db: &Connection, kind: CardKind, number: &str) -> Done {
    let (status, ..) = card(db, kind, number)?;
    if status == "issued" {
        return Ok(());
    }
    let number = number.to_owned();
    Err(LedgerError::CardNotIssued { number, status })
}

/// A purse transaction may be of a card that another centre issued; one of our own must be issued.
fn issued_if_ours(db: &Connection, number: &str) -> Done {
    match card(db, CardKind::User, number) {
        Ok((status, ..)) if status != "issued" => Err(LedgerError::CardNotIssued {
            number: number.to_owned(),
            status,
        }),
        Ok(_) | Err(LedgerError::NoCard(_)) => Ok(()),
        Err(e) => Err(e),
    }
}

/// A card has one open intent at most: what it was asked for last is settled before it is asked again.
fn purse_intend(db: &Connection, body: &PurseIntent, seq: u64) -> Done {
    let number = body.number.as_str();
    issued_if_ours(db, number)?;
    let sql = "INSERT INTO purse_intents (number, intent, said) VALUES (?1, ?2, ?3)";
    insert(db, sql, params![number, whole(seq), intended(body)])?.map_err(|_| LedgerError::PurseOpen(number.to_owned()))
}

/// Ends an open intent; by a transaction only if it is the intended one.
fn purse_close(db: &Connection, number: &str, intent: u64, said: Option<&str>) -> Done {
    let sql = "DELETE FROM purse_intents WHERE number = ?1 AND intent = ?2 AND (?3 IS NULL OR said = ?3)";
    if run(db, sql, params![number, whole(intent), said])? == 1 {
        Ok(())
    } else {
        Err(LedgerError::NoPurseIntent {
            number: number.to_owned(),
            intent,
        })
    }
}

/// The card counts its transactions of a type, loads apart from purchases: money that moved once is on record once.
fn purse_done(db: &Connection, body: &PurseTransaction) -> Done {
    let sql = "INSERT INTO purse_done (number, type, counter) VALUES (?1, ?2, ?3)";
    let row = params![body.number.as_str(), body.kind.to_string(), body.counter];
    insert(db, sql, row)?.map_err(|_| LedgerError::PurseTwice {
        number: body.number.to_string(),
        counter: body.counter,
    })
}

/// The facts that an intent and its transaction share.
fn intended(body: &PurseIntent) -> String {
    let terminal_counter = body.terminal_counter.map(|n| n.to_string()).unwrap_or_default();
    format!(
        "{} {} {} {} {terminal_counter} {}",
        body.kind, body.amount, body.terminal, body.counter, body.datetime
    )
}

fn said(body: &PurseTransaction) -> String {
    let terminal_counter = body.terminal_counter.map(|n| n.to_string()).unwrap_or_default();
    format!(
        "{} {} {} {} {terminal_counter} {}",
        body.kind, body.amount, body.terminal, body.counter, body.datetime
    )
}

/// Which constraint a row ran into.
enum Taken {
    Number,
    Terminal,
    Chip,
    Nonce,
}

fn attempt(db: &Connection, sql: &str, row: &[&dyn rusqlite::ToSql]) -> Result<Result<usize, Taken>, LedgerError> {
    let mut statement = db.prepare_cached(sql).map_err(doing("the tables"))?;
    match statement.execute(row) {
        Ok(count) => Ok(Ok(count)),
        Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
            let text = e.to_string();
            if text.contains("cards.terminal") {
                Ok(Err(Taken::Terminal))
            } else if text.contains("cards.chip") {
                Ok(Err(Taken::Chip))
            } else if text.contains("ceremonies.nonce") {
                Ok(Err(Taken::Nonce))
            } else if text.contains("UNIQUE") {
                Ok(Err(Taken::Number))
            } else {
                Err(doing("the tables")(e))
            }
        }
        Err(e) => Err(doing("the tables")(e)),
    }
}

/// Inserts a row whose key may be taken.
fn insert(db: &Connection, sql: &str, row: &[&dyn rusqlite::ToSql]) -> Result<Result<(), Taken>, LedgerError> {
    Ok(attempt(db, sql, row)?.map(drop))
}

fn run(db: &Connection, sql: &str, row: &[&dyn rusqlite::ToSql]) -> Result<usize, LedgerError> {
    db.prepare_cached(sql)
        .and_then(|mut s| s.execute(row))
        .map_err(doing("the tables"))
}

/// A sequence number as the database has it. It cannot pass 2^63.
pub(super) fn whole(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn doing(what: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError {
    LedgerError::while_doing(what)
}
