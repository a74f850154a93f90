// SPDX-License-Identifier: Apache-2.0
//! TACs of loads and purchases, verified from the key hierarchy as a clearing centre does: one transaction, or a file of
//! them in pieces of constant size (docs/formats/tac-file.md).
//!
//! A file is CSV with a heading or JSON Lines. Every line gets an answer: good, bad, or malformed with the reason, and the
//! rest goes on. Keys never leave the store, which computes the TACs of a whole piece for each city at once.

mod fault;
mod lines;
mod transaction;

pub use fault::LineFault;
pub use lines::{FileFormat, Lines};
pub use transaction::{FIELDS, Given, TacTransaction};

use std::collections::HashMap;

use serde::Serialize;

use crate::crypto::bulk::TacJob;
use crate::crypto::{Algorithm, Factor};
use crate::keys::scheme::{Code, Part, Scheme, SchemeError, Subject};
use crate::keys::{KeyPath, KeyRecord, KeyStore, Usage};

/// Lines that are verified at once.
pub const PIECE: usize = 4096;

/// The usage whose keys make TACs, in every scheme.
const USAGE: &str = "tac";

/// What came out for one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The TAC is right.
    Good,
    /// The TAC is wrong.
    Bad,
}

/// What a verifier knows besides the transactions: keys, scheme, and which card is meant where a line does not say it.
pub struct TacVerifier<'a> {
    scheme: &'a Scheme,
    store: &'a dyn KeyStore,
    stored: Vec<KeyRecord>,
    usage: Usage,
    serial: String,
    defaults: Subject,
}

impl<'a> TacVerifier<'a> {
    /// `defaults` are subject fields for lines that do not say them (a city's code).
    pub fn new(scheme: &'a Scheme, store: &'a dyn KeyStore, defaults: Subject) -> Result<Self, SchemeError> {
        let usage: Usage = USAGE
            .parse()
            .map_err(|_| SchemeError::NotFound { name: USAGE.into() })?;
        let rule = scheme.usage(&usage)?;
        let field_of = |part: &Part| match part {
            Part::Field { field, .. } => Some(field.clone()),
            Part::Const(_) => None,
        };
        let leaf = rule.leaf.as_ref().map(|leaf| scheme.level(leaf)).transpose()?;
        let serial = leaf
            .and_then(|leaf| leaf.factor.iter().find_map(field_of))
            .unwrap_or_default();
        Ok(Self {
            scheme,
            store,
            stored: store.keys(),
            usage,
            serial,
            defaults,
        })
    }

    /// What a line may have besides [`FIELDS`]: the owners' codes of the scheme.
    pub fn codes(&self) -> Vec<Code> {
        let codes = self.scheme.levels().iter().filter_map(|l| l.code.as_ref());
        codes.cloned().collect()
    }

    /// Verifies one piece; the answers are in the order of the transactions.
    pub fn verify(&self, piece: &[TacTransaction]) -> Vec<Result<Verdict, LineFault>> {
        let mut answers: Vec<Result<Verdict, LineFault>> = Vec::with_capacity(piece.len());
        let mut groups: HashMap<KeyPath, Vec<(usize, Factor)>> = HashMap::new();
        for (at, transaction) in piece.iter().enumerate() {
            // Overwritten below, for every transaction whose key is found.
            answers.push(Ok(Verdict::Bad));
            match self.key_above(transaction) {
                Ok((above, factor)) => groups.entry(above).or_default().push((at, factor)),
                Err(e) => answers[at] = Err(e),
            }
        }
        for (above, members) in groups {
            let job = |(at, factor): &(usize, Factor)| TacJob {
                factor: *factor,
                data: &piece[*at].data,
            };
            let jobs: Vec<TacJob<'_>> = members.iter().map(job).collect();
            match self.store.tacs(&above, &jobs) {
                Ok(tacs) => {
                    for ((at, _), tac) in members.iter().zip(tacs) {
                        let verdict = if tac == piece[*at].tac {
                            Verdict::Good
                        } else {
                            Verdict::Bad
                        };
                        answers[*at] = Ok(verdict);
                    }
                }
                Err(e) => members
                    .iter()
                    .for_each(|(at, _)| answers[*at] = Err(LineFault::Store(e.clone()))),
            }
        }
        answers
    }

    /// The key one level above the card's, and the card's factor.
    fn key_above(&self, transaction: &TacTransaction) -> Result<(KeyPath, Factor), LineFault> {
        let subject = self.defaults.clone().and(transaction.subject.clone());
        let subject = subject.with(&self.serial, &transaction.number);
        let algorithm = transaction.algorithm.unwrap_or(Algorithm::Tdes);
        let version = match transaction.version {
            Some(version) => version,
            None => self.scheme.first_version(algorithm)?,
        };
        let key = self
            .scheme
            .card_key(&self.stored, &self.usage, version, algorithm, &subject)?;
        let mut path = key.path().clone();
        let factor = path.factors.pop().ok_or(LineFault::Undiversified)?;
        Ok((path, factor))
    }
}
