// SPDX-License-Identifier: Apache-2.0
//! `ledger prove`: evidence of one entry, of one card, or that a newer checkpoint goes on from an older one.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Place;
use super::verify::unread;
use crate::cli::Context;
use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::ledger::checkpoint::write_durably;
use crate::ledger::{CardKind, Ledger, LedgerError};
use crate::msg;

/// `ledger prove`.
#[derive(Debug, clap::Args)]
pub(super) struct Prove {
    /// An entry, or a card's number for its last entry.
    #[arg(
        value_name = "SEQ|NUMBER",
        required_unless_present_any = ["card", "consistency"],
        conflicts_with_all = ["card", "consistency"]
    )]
    what: Option<String>,
    /// Everything about this card.
    #[arg(long, value_name = "NUMBER", conflicts_with = "consistency")]
    card: Option<String>,
    /// That the newest checkpoint goes on from this older one.
    #[arg(long, value_name = "CHECKPOINT")]
    consistency: Option<PathBuf>,
    /// Write to this new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What goes out.
struct Evidence {
    text: Vec<u8>,
    schema: &'static str,
    record: Value,
    /// What is said of it, once it is in a file.
    said: Msg,
}

pub(super) fn prove(args: &Prove, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    if let Some(path) = args.out.as_ref().filter(|path| path.exists()) {
        let exists = msg!("ledger-export-exists", path = path.display());
        return Err(Error::new(exists, Exit::Usage));
    }
    let ledger = place.open(context)?;
    let found = match (&args.card, &args.consistency, &args.what) {
        (Some(number), ..) => of_card(&ledger, number)?,
        (_, Some(old), _) => of_consistency(&ledger, old)?,
        (.., what) => of_entry(&ledger, what.as_deref().unwrap_or_default())?,
    };
    let Evidence {
        text,
        schema,
        mut record,
        said,
    } = found;
    match &args.out {
        Some(path) => {
            write_durably(path, &text).map_err(|e| LedgerError::File {
                path: path.clone(),
                what: e.to_string(),
            })?;
            record["file"] = json!(path);
            context.out.record(schema, &record)?;
            context.out.say(&said)?;
            context.out.say(&msg!("evidence-written", path = path.display()))?;
        }
        None if context.out.is_json() => {
            record["evidence"] = json!(String::from_utf8_lossy(&text));
            context.out.record(schema, &record)?;
        }
        None => context.out.raw(&text)?,
    }
    Ok(Exit::Done)
}

fn of_entry(ledger: &Ledger, what: &str) -> Result<Evidence, LedgerError> {
    let seq = entry_of(ledger, what)?;
    Ok(Evidence {
        text: ledger.evidence(seq)?.into_bytes(),
        schema: "cardmint.ledger-evidence/1",
        record: json!({"seq": seq}),
        said: msg!("evidence-of-entry", seq = seq),
    })
}

fn of_card(ledger: &Ledger, number: &str) -> Result<Evidence, LedgerError> {
    let kind = kind_of(ledger, number)?.ok_or_else(|| no_card(number))?;
    let mut text = Vec::new();
    let done = ledger.card_bundle(kind, number, &mut text)?;
    let head = &done.header;
    Ok(Evidence {
        text,
        schema: "cardmint.card-evidence/1",
        record: json!({
            "kind": kind.as_str(), "number": number, "entries": head.entries, "hashes": head.hashes,
            "tree": head.tree, "proof_bytes": done.proof, "digest": done.exported.digest,
        }),
        said: msg!(
            "evidence-of-card",
            number = number,
            entries = head.entries,
            tree = head.tree,
            proof = done.proof
        ),
    })
}

fn of_consistency(ledger: &Ledger, old: &Path) -> Result<Evidence, Error> {
    let note = fs::read(old).map_err(|e| unread(old, &e))?;
    let proof = ledger.consistency_since(&String::from_utf8_lossy(&note))?;
    let (old, hashes, text) = (proof.old, proof.hashes.len(), proof.to_string().into_bytes());
    Ok(Evidence {
        text,
        schema: "cardmint.ledger-consistency-proof/1",
        record: json!({"old": old, "hashes": hashes}),
        said: msg!("evidence-of-consistency", old = old),
    })
}

/// User cards first: a PSAM may bear the same number.
fn kind_of(ledger: &Ledger, number: &str) -> Result<Option<CardKind>, LedgerError> {
    for kind in [CardKind::User, CardKind::Psam] {
        if ledger.card(kind, number)?.is_some() {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

/// A card's number means the entry that says how it ended, else its intent. What is no card's number is an entry's.
fn entry_of(ledger: &Ledger, what: &str) -> Result<u64, LedgerError> {
    if let Some(kind) = kind_of(ledger, what)?
        && let Some(card) = ledger.card(kind, what)?
    {
        return Ok(card.outcome.unwrap_or(card.intent));
    }
    what.parse().map_err(|_| no_card(what))
}

fn no_card(number: &str) -> LedgerError {
    LedgerError::NoCard(number.chars().take(24).collect())
}
