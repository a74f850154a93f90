// SPDX-License-Identifier: Apache-2.0
//! Everything that the ledger has of one user card: its keys and where they came from, order and batch, blank, what was
//! written and loaded, its life, the cards before and after it, the blacklist, and every entry about it. With exports of the
//! ledgers above, the keys are followed over the packages that they travelled in up to the ministry's root.

use serde::Serialize;

use super::fault::DeskError;
use crate::batch::BatchError;
use crate::ledger::act::{Act, KeyArrived, KeyUse, RangeKind};
use crate::ledger::centre::{BlacklistRow, LifeRow};
use crate::ledger::query::CardRow;
use crate::ledger::{CardKind, Entry, Filter, Hash, Ledger, LedgerError};

/// A key on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyStory {
    /// The site's key that the card's is derived from.
    pub key: String,
    /// What it is for.
    pub usage: String,
    /// Check value of the card's key.
    pub kcv: String,
    /// Where the site's key came from, this site first, the root last.
    pub from: Vec<Origin>,
}

/// How a key came into a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The site.
    pub site: String,
    /// The key there.
    pub key: String,
    /// Its check value.
    pub kcv: String,
    /// The act: `key.generate`, `key.receive` and so on.
    pub act: String,
    /// The entry.
    pub entry: u64,
    /// When.
    pub at: String,
    /// The ceremony's first entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<u64>,
    /// The site that it was received from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_from: Option<String>,
}

/// A card that stood for this one, or for which this one stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The number.
    pub number: String,
    /// Its state.
    pub state: String,
}

/// Everything about a card.
#[derive(Debug, Clone, Serialize)]
pub struct History {
    /// The card.
    #[serde(flatten)]
    pub card: CardRow,
    /// Its order.
    pub order: Option<String>,
    /// The lot of its blank.
    pub lot: Option<String>,
    /// Its keys.
    pub keys: Vec<KeyStory>,
    /// What happened to it in its holder's hands.
    pub life: Option<LifeRow>,
    /// The act that has begun on its chip and not ended.
    pub open: Option<String>,
    /// The cards that stood one for the other, oldest first; this one among them.
    pub chain: Vec<Link>,
    /// Lines of the blacklist that cover it.
    pub blacklist: Vec<BlacklistRow>,
    /// Every entry with its number.
    pub entries: Vec<Entry>,
}

/// Entries of another site's ledger.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    arrived: Vec<(Entry, KeyArrived)>,
    exported: Vec<(Hash, String, String)>,
}

impl Upstream {
    /// Reads exports (JSON Lines, as `ledger export` writes them). Their signatures are `ledger verify`'s matter.
    pub fn read(export: &[u8]) -> Result<Self, DeskError> {
        let mut found = Self::default();
        for (at, line) in export
            .split(|b| *b == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
        {
            let entry = Entry::parse(line).map_err(|_| LedgerError::Damaged { seq: at as u64 })?;
            if let Act::KeyExport(body) = &entry.act
                && let Some(package) = body.package
            {
                found
                    .exported
                    .push((package, entry.site.to_string(), body.key.to_string()));
            }
            if let Some(body) = arrived(&entry).cloned() {
                found.arrived.push((entry, body));
            }
        }
        Ok(found)
    }
}

fn arrived(entry: &Entry) -> Option<&KeyArrived> {
    match &entry.act {
        Act::KeyGenerate(body) | Act::KeyImport(body) | Act::KeyDerive(body) | Act::KeyReceive(body) => Some(body),
        _ => None,
    }
}

/// Puts it together.
pub fn history(ledger: &Ledger, number: &str, above: &[Upstream]) -> Result<History, DeskError> {
    let kind = CardKind::User;
    let card = ledger.card(kind, number)?.ok_or_else(|| BatchError::NoCard {
        number: number.to_owned(),
    })?;
    let covers = |row: &BlacklistRow| {
        let same = row.kind == kind.as_str() && row.from.len() == number.len();
        same && row.from.as_str() <= number && number <= row.to.as_str()
    };
    let mut entries = Vec::new();
    let filter = Filter {
        number: Some(number.to_owned()),
        ..Filter::default()
    };
    ledger.each_line(&filter, &mut |entry, _| {
        if concerns(entry) {
            entries.push(entry.clone());
        }
        Ok(())
    })?;
    let keys = match ledger.entry(card.intent)?.act {
        Act::CardIntent(intent) => intent.keys,
        _ => Vec::new(),
    };
    Ok(History {
        order: ledger.order_of_number(RangeKind::User, number)?,
        lot: ledger.lot_of_card(kind, number)?,
        keys: keys
            .iter()
            .map(|key| story(ledger, key, above))
            .collect::<Result<_, _>>()?,
        life: ledger.life(kind, number)?,
        open: ledger.open_desk_act(kind, number)?.map(|(_, act)| act),
        chain: chain(ledger, number)?,
        blacklist: ledger.blacklist()?.into_iter().filter(covers).collect(),
        entries,
        card,
    })
}

/// A PSAM may bear the same number as a user card.
fn concerns(entry: &Entry) -> bool {
    match &entry.act {
        Act::PsamIntent(_) | Act::PsamOutcome(_) => false,
        Act::CardVoid(body) => body.kind == CardKind::User,
        _ => true,
    }
}

fn story(ledger: &Ledger, used: &KeyUse, above: &[Upstream]) -> Result<KeyStory, DeskError> {
    let mut from = Vec::new();
    if let Some(row) = ledger.key(used.key.as_str())? {
        let entry = ledger.entry(row.arrived)?;
        if let Some(body) = arrived(&entry) {
            from.push(origin(&entry, body));
            climb(ledger, body.clone(), above, &mut from)?;
        }
    }
    Ok(KeyStory {
        key: used.key.to_string(),
        usage: used.usage.to_string(),
        kcv: used.kcv.to_string(),
        from,
    })
}

/// From a key to the one above it: its parent at the same site, or the key that was sent in the same package.
fn climb(ledger: &Ledger, mut body: KeyArrived, above: &[Upstream], from: &mut Vec<Origin>) -> Result<(), DeskError> {
    // As many steps as there can be levels; two ledgers that name each other do not lead round for ever.
    for _ in 0..8 {
        let next = match (&body.parent, &body.package) {
            (Some(parent), _) => match ledger.key(parent.as_str())? {
                Some(row) => Some(ledger.entry(row.arrived)?),
                None => None,
            },
            (None, Some(package)) => sent(above, package, &body),
            (None, None) => None,
        };
        let Some((entry, found)) = next.and_then(|e| arrived(&e).cloned().map(|body| (e, body))) else {
            break;
        };
        from.push(origin(&entry, &found));
        body = found;
    }
    Ok(())
}

fn sent(above: &[Upstream], package: &Hash, body: &KeyArrived) -> Option<Entry> {
    above.iter().find_map(|ledger| {
        let in_package = ledger.exported.iter().filter(|(digest, ..)| digest == package);
        in_package.into_iter().find_map(|(_, site, key)| {
            let same = |(entry, a): &&(Entry, KeyArrived)| {
                a.key.as_str() == key && entry.site.to_string() == *site && a.usage == body.usage && a.alg == body.alg
            };
            ledger.arrived.iter().find(same).map(|(entry, _)| entry.clone())
        })
    })
}

fn origin(entry: &Entry, body: &KeyArrived) -> Origin {
    Origin {
        site: entry.site.to_string(),
        key: body.key.to_string(),
        kcv: body.kcv.to_string(),
        act: entry.act.name().to_owned(),
        entry: entry.seq,
        at: entry.at.to_string(),
        ceremony: body.ceremony,
        received_from: body.from.as_ref().map(ToString::to_string),
    }
}

/// The cards before and after this one.
fn chain(ledger: &Ledger, number: &str) -> Result<Vec<Link>, DeskError> {
    let life = |number: &str| ledger.life(CardKind::User, number);
    let mut first = number.to_owned();
    while let Some(before) = life(&first)?.and_then(|life| life.replaces) {
        first = before;
    }
    let mut chain = Vec::new();
    let mut next = Some(first);
    while let Some(number) = next {
        let row = life(&number)?;
        let state = row
            .as_ref()
            .map_or_else(|| "in-use".to_owned(), |row| row.state.clone());
        next = row.and_then(|row| row.replaced_by);
        chain.push(Link { number, state });
    }
    Ok(chain)
}
