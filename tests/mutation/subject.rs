// SPDX-License-Identifier: Apache-2.0
//! The ledgers that are damaged: four sites with every act, whole and at earlier times, with everything that an attacker has.

use std::fs;
use std::path::Path;

use cardmint::ledger::note::NoteKey;
use cardmint::ledger::{Act, Filter, Founding, Ledger, LedgerError, Signer, SiteId, Text};
use cardmint::outside::Clock;
use ed25519_dalek::{Signer as _, SigningKey};
use rusqlite::Connection;
use serde_json::Value;

use super::content::Content;
use super::{scratch, upkeep_story};
use crate::ledger::bench_site::{key, public, seed_of};
use crate::ledger::{centre_story, ceremony_story, story};

/// The seed of the log's key.
pub const LOG: u8 = 9;

/// A whole ledger and what was kept of its past.
pub struct Subject {
    pub name: &'static str,
    pub lines: Vec<Vec<u8>>,
    pub values: Vec<Value>,
    /// The newest checkpoint, in the database and outside.
    pub note: String,
    /// The newest cosigned checkpoint, beside the copy outside.
    pub cosigned: Option<String>,
    pub log: NoteKey,
    /// The database of a program that has ended.
    pub db: Vec<u8>,
    /// The database and its write-ahead log, of a program that was killed.
    pub torn: (Vec<u8>, Vec<u8>),
    pub content: Content,
    /// Evidence bundles: of all entries, of what one officer signed, of some neighbours.
    pub bundles: Vec<Vec<u8>>,
    pub earlier: Vec<Earlier>,
}

/// The same ledger at an earlier time.
pub struct Earlier {
    pub size: usize,
    pub db: Vec<u8>,
    pub torn: (Vec<u8>, Vec<u8>),
    pub note: String,
    pub cosigned: Option<String>,
}

impl Subject {
    pub fn act(&self, seq: usize) -> &str {
        self.values[seq]["act"].as_str().unwrap()
    }

    fn of(name: &'static str, ledger: &Ledger) -> Self {
        let lines = story::lines(ledger);
        let values: Vec<Value> = lines.iter().map(|line| serde_json::from_slice(line).unwrap()).collect();
        let folder = scratch();
        let mut earlier = Vec::new();
        let every = (lines.len() / 7).max(1);
        regrow(&values, 0, LOG, folder.path(), &mut |size| {
            if size % every == 0 && size < lines.len() {
                earlier.push(size);
            }
            size % every == 0
        })
        .unwrap();
        let kept = |size: usize| {
            let at = |end: &str| fs::read(folder.path().join(format!("{size}{end}"))).unwrap();
            Earlier {
                size,
                db: at(".db"),
                torn: (at(".torn.db"), at(".torn.db-wal")),
                note: String::from_utf8(at(".note")).unwrap(),
                cosigned: fs::read_to_string(folder.path().join(format!("{size}.cosigned"))).ok(),
            }
        };
        let whole = kept(lines.len());
        let path = folder.path().join("whole.db");
        fs::write(&path, &whole.db).unwrap();
        let content = Content::read(&path);
        assert!(
            content.of(&lines),
            "{name}: the story told again is the same to the byte"
        );
        let parts = [
            Filter::default(),
            Filter {
                officer: Some("李四".to_owned()),
                ..Filter::default()
            },
            Filter {
                from: 8,
                to: Some(13),
                ..Filter::default()
            },
        ];
        let bundle = |filter: &Filter| {
            let mut file = Vec::new();
            ledger.export_bundle(filter, &mut file).unwrap();
            file
        };
        Self {
            name,
            bundles: parts.iter().map(bundle).collect(),
            content,
            log: ledger.note_key(),
            note: whole.note,
            cosigned: whole.cosigned,
            db: whole.db,
            torn: whole.torn,
            earlier: earlier.into_iter().map(kept).collect(),
            lines,
            values,
        }
    }
}

pub fn subjects() -> Vec<Subject> {
    let (one, two, three) = (story::told(), ceremony_story::told_ceremonies(), centre_story::told());
    let four = upkeep_story::told();
    vec![
        Subject::of("story", &one.ledger),
        Subject::of("ceremonies", &two.ledger),
        Subject::of("centre", &three.ledger),
        Subject::of("upkeep", &four.ledger),
    ]
}

/// Tells a history again, act by act and by the ledger's own rules, with the officers' keys moved on by `shift` and another
/// key of the log, into `ledger.db` and `checkpoint.note` of a folder. Whenever `keep` says so, and at the end, the state is
/// kept: with a checkpoint, after a close and as a killed program leaves it.
pub fn regrow(
    values: &[Value],
    shift: u8,
    log: u8,
    folder: &Path,
    keep: &mut dyn FnMut(usize) -> bool,
) -> Result<(), LedgerError> {
    let (path, copy) = (folder.join("ledger.db"), folder.join("checkpoint.note"));
    let log_key = |m: &[u8]| key(log).sign(m).to_bytes();
    let log_public = public(log).0;
    let mut ledger: Option<Ledger> = None;
    let mut together = Vec::new();
    for (seq, value) in values.iter().enumerate() {
        let mut act = act_of(value, shift, log_public)?;
        if let (Act::CheckpointCosign(body), Some(ledger)) = (&act, &ledger) {
            // Of the tree as it is here, by the same witness.
            let by = upkeep_story::WITNESSES
                .into_iter()
                .find(|seed| public(*seed) == body.key);
            let by = by.ok_or(LedgerError::Unsigned)?;
            act = upkeep_story::cosign(ledger, log, body.size, body.time, by)?;
        }
        let at = value["at"].as_str().unwrap().parse();
        let clock = Clock::Fixed(at.map_err(|_| LedgerError::Unsigned)?);
        if let Act::SiteInit(init) = act {
            let names = signers_of(value);
            let site = SiteId::new(value["site"].as_str().unwrap())?;
            let made = by(&names, shift, |signers| {
                Ledger::create(&path, Some(&copy), Founding { site, init }, signers, &log_key, &clock)
            })?;
            ledger = Some(made);
        } else {
            let ends = !matches!(act, Act::CeremonyEnd(_));
            let more = act.ceremony().is_some() && ends;
            together.push((act, signers_of(value)));
            if more && seq + 1 < values.len() {
                continue;
            }
            let ledger = ledger.as_mut().ok_or(LedgerError::NotFirst)?;
            append(ledger, std::mem::take(&mut together), shift, &clock)?;
        }
        let Some(ledger) = ledger.as_mut() else { continue };
        let size = seq + 1;
        if keep(size) || size == values.len() {
            upkeep_story::sign(ledger, log)?;
            keep_state(folder, size);
        }
    }
    Ok(())
}

fn keep_state(folder: &Path, size: usize) {
    let at = |end: &str| folder.join(format!("{size}{end}"));
    fs::copy(folder.join("checkpoint.note"), at(".note")).unwrap();
    let cosigned = folder.join("checkpoint.note.cosigned");
    if cosigned.exists() {
        fs::copy(cosigned, at(".cosigned")).unwrap();
    }
    for end in ["", "-wal"] {
        let name = format!("ledger.db{end}");
        fs::copy(folder.join(&name), at(&format!(".db{end}"))).unwrap();
        fs::copy(folder.join(&name), at(&format!(".torn.db{end}"))).unwrap();
    }
    // The last connection that closes takes the log over into the file.
    let db = Connection::open(at(".db")).unwrap();
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    db.close().unwrap();
}

pub fn signers_of(value: &Value) -> Vec<String> {
    let sigs = value["sigs"].as_array().unwrap();
    sigs.iter()
        .map(|sig| sig["officer"].as_str().unwrap().to_owned())
        .collect()
}

/// The act, with the public keys of officers who have other keys.
fn act_of(value: &Value, shift: u8, log: [u8; 32]) -> Result<Act, LedgerError> {
    let mut act = serde_json::json!({"act": value["act"], "body": value["body"]});
    let body = &mut act["body"];
    let of = |name: &Value| {
        name.as_str()
            .map(|name| serde_json::to_value(public(seed(name) + shift)).unwrap())
    };
    if value["act"] == "site.init" {
        body["log_key"] = serde_json::to_value(cardmint::ledger::VerifyKey(log)).unwrap();
        for officer in body["officers"].as_array_mut().unwrap() {
            officer["key"] = of(&officer["name"]).unwrap();
        }
    } else if value["act"] == "officer.enrol" {
        body["key"] = of(&body["name"]).unwrap();
    }
    serde_json::from_value(act).map_err(|_| LedgerError::Unsigned)
}

/// The seed of an officer's key; a stranger has one of his own.
pub fn seed(name: &str) -> u8 {
    match name {
        "张三" | "李四" | "王五" | "赵六" | "孙七" => seed_of(name),
        _ => 70,
    }
}

fn by<T>(names: &[String], shift: u8, with: impl FnOnce(&[Signer<'_>]) -> T) -> T {
    let keys: Vec<SigningKey> = names.iter().map(|name| key(seed(name) + shift)).collect();
    let signs: Vec<_> = keys.iter().map(|k| move |m: &[u8]| k.sign(m).to_bytes()).collect();
    let signer = |(officer, sign)| Signer { officer, sign };
    let signs = signs.iter().map(|sign| sign as &dyn Fn(&[u8]) -> [u8; 64]);
    let signers: Vec<Signer<'_>> = names.iter().map(String::as_str).zip(signs).map(signer).collect();
    with(&signers)
}

pub fn append(ledger: &mut Ledger, acts: Vec<(Act, Vec<String>)>, shift: u8, clock: &Clock) -> Result<(), LedgerError> {
    let mut all: Vec<String> = acts.iter().flat_map(|(_, names)| names.clone()).collect();
    all.sort();
    all.dedup();
    by(&all, shift, |signers| {
        let find = |name: &String| signers.iter().find(|s| s.officer == name).copied().unwrap();
        let names: Vec<Vec<Signer<'_>>> = acts.iter().map(|(_, names)| names.iter().map(find).collect()).collect();
        let acts = acts
            .into_iter()
            .map(|(act, _)| act)
            .zip(names.iter().map(Vec::as_slice));
        ledger.append_all_signed(acts.collect(), clock).map(drop)
    })
}

/// A text of the ledger's kind.
pub fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}
