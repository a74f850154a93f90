// SPDX-License-Identifier: Apache-2.0
//! Random lives of cards at the desk against a model: what the model allows happens on the chip and in the ledger, everything
//! else is refused and changes neither; a card torn away somewhere comes back and ends where the model is.

use cardmint::batch::desk::Change;
use cardmint::error::Fault;
use cardmint::ledger::act::{Act, CardChange};
use cardmint::ledger::{CardKind, Number};
use cardmint::sim::{InMemoryReader, SimFault};

use crate::centre::{faulty, on_reader, pin};
use crate::counter::Card;
use crate::dice::Dice;
use crate::till::Till;

/// A card as it should be.
#[derive(Debug, Clone, PartialEq)]
struct Life {
    state: &'static str,
    blocked: bool,
    day: u32,
    balance: u32,
    owed: Option<u32>,
    replaces: Option<String>,
    replaced_by: Option<String>,
}

const FRESH: Life = Life {
    state: "in-use",
    blocked: false,
    day: 20_991_231,
    balance: 0,
    owed: None,
    replaces: None,
    replaced_by: None,
};

struct Street {
    till: Till,
    cards: Vec<(Card, Life)>,
    dice: Dice,
    refused: u32,
    torn: u32,
}

impl Street {
    fn reader(&mut self, n: usize) -> InMemoryReader {
        let chip = &self.cards[n].0.chip;
        if self.dice.percent(30) {
            self.torn += 1;
            let faults = [SimFault::TearBefore, SimFault::TearDuring, SimFault::TearAfter];
            let fault = faults[self.dice.below(3) as usize];
            return faulty(chip, 1 + self.dice.below(16) as u32, fault);
        }
        on_reader(chip)
    }

    /// Once on a reader that may fail, and if the card was torn away once more.
    fn chip(&mut self, n: usize, change: Change<'_>, allowed: bool) -> bool {
        let before = self.till.counter.entries();
        let mut reader = self.reader(n);
        let (mut ended, ..) = self.till.counter.visit(&mut reader, change);
        if ended.as_ref().is_err_and(cardmint::batch::desk::DeskError::is_lost) {
            let chip = std::sync::Arc::clone(&self.cards[n].0.chip);
            ended = self.till.counter.visit(&mut on_reader(&chip), change).0;
        }
        self.told(ended.map(drop), allowed, before, &format!("{change:?}"))
    }

    fn told(
        &mut self,
        ended: Result<(), cardmint::batch::desk::DeskError>,
        allowed: bool,
        before: u64,
        what: &str,
    ) -> bool {
        match ended {
            Ok(()) => assert!(allowed, "{what} should be refused"),
            Err(e) => {
                assert!(!allowed, "{what}: {} {e}", e.msg().id());
                assert_eq!(self.till.counter.entries(), before, "{what}");
                self.refused += 1;
            }
        }
        allowed
    }

    fn plain(&mut self, n: usize, act: fn(CardChange) -> Act, from: &[&str], to: &'static str) {
        let body = CardChange {
            kind: CardKind::User,
            number: Number::new(self.cards[n].0.number.clone()).unwrap(),
            reason: None,
        };
        let allowed = from.contains(&self.cards[n].1.state);
        let before = self.till.counter.entries();
        let ended = self.till.counter.centre.session.append(act(body));
        if self.told(ended.map(drop).map_err(Into::into), allowed, before, to) {
            self.cards[n].1.state = to;
        }
    }

    fn step(&mut self) {
        let n = self.dice.below(self.cards.len() as u64) as usize;
        let m = self.dice.below(self.cards.len() as u64) as usize;
        let life = self.cards[n].1.clone();
        let usable = life.state == "in-use" && !life.blocked;
        match self.dice.below(14) {
            0 => self.plain(n, Act::CardLost, &["in-use"], "lost"),
            1 => self.plain(n, Act::CardFound, &["lost"], "in-use"),
            2 if self.dice.percent(20) => self.plain(n, Act::CardCancel, &["in-use", "lost"], "cancelled"),
            3 => {
                let done = self.chip(n, Change::Block, usable);
                self.cards[n].1.blocked |= done;
            }
            4 => {
                let done = self.chip(n, Change::Unblock, life.state == "in-use" && life.blocked);
                self.cards[n].1.blocked &= !done;
            }
            5 => {
                let day = life.day + [0, 10_000, 20_000][self.dice.below(3) as usize];
                if self.chip(n, Change::Extend(&day.to_string()), usable && day > life.day) {
                    self.cards[n].1.day = day;
                }
            }
            6 => {
                let same = pin("123456");
                self.chip(n, Change::PinReload(&same), usable);
            }
            7 | 8 => {
                let fen = 1 + self.dice.below(5000) as u32;
                let before = self.till.counter.entries();
                let ended = self.till.load(&self.cards[n].0, fen);
                if self.told(ended, usable, before, "load") {
                    self.cards[n].1.balance += fen;
                }
            }
            9 => self.exchange(n, m),
            10 => self.replace(n, m),
            11 => self.transfer(n),
            12 if self.dice.percent(40) => self.give_back(n),
            13 if self.cards.len() < 12 => {
                let card = self.till.issue();
                self.cards.push((card, FRESH));
            }
            _ => {}
        }
    }

    fn may_succeed(&self, n: usize, m: usize, from: &str) -> bool {
        let (old, new) = (&self.cards[n].1, &self.cards[m].1);
        n != m && old.state == from && new.state == "in-use" && new.replaces.is_none()
    }

    fn linked(&mut self, n: usize, m: usize, state: &'static str, fen: u32) {
        let (old, new) = (self.cards[n].0.number.clone(), self.cards[m].0.number.clone());
        self.cards[n].1.state = state;
        self.cards[n].1.replaced_by = Some(new);
        self.cards[m].1.replaces = Some(old);
        self.cards[m].1.owed = Some(fen).filter(|fen| *fen > 0);
    }

    fn exchange(&mut self, n: usize, m: usize) {
        let (allowed, psam) = (self.may_succeed(n, m, "in-use"), self.dice.percent(50));
        let before = self.till.counter.entries();
        let mut reader = self.reader(n);
        let (old, new) = (&self.cards[n].0, &self.cards[m].0);
        let mut ended = self.till.exchange(&mut reader, (old, new), psam);
        if ended.as_ref().is_err_and(cardmint::batch::desk::DeskError::is_lost) {
            ended = self.till.exchange(&mut on_reader(&old.chip), (old, new), psam);
        }
        if self.told(ended.map(drop), allowed, before, "exchange") {
            let fen = self.cards[n].1.balance;
            self.linked(n, m, "exchanged", fen);
            self.cards[n].1.blocked = true;
            self.cards[n].1.balance = if psam { 0 } else { fen };
        }
    }

    fn replace(&mut self, n: usize, m: usize) {
        let allowed = self.may_succeed(n, m, "lost");
        let fen = self.dice.below(3000) as u32;
        let before = self.till.counter.entries();
        let ended = self.till.replace(&self.cards[n].0, &self.cards[m].0, fen);
        if self.told(ended, allowed, before, "replace") {
            self.linked(n, m, "replaced", fen);
        }
    }

    fn transfer(&mut self, n: usize) {
        let life = self.cards[n].1.clone();
        let before = self.till.counter.entries();
        let mut reader = self.reader(n);
        let (mut ended, _) = self.till.transfer(&mut reader);
        if ended.as_ref().is_err_and(cardmint::batch::desk::DeskError::is_lost) {
            let chip = std::sync::Arc::clone(&self.cards[n].0.chip);
            ended = self.till.transfer(&mut on_reader(&chip)).0;
        }
        let usable = life.state == "in-use" && !life.blocked;
        if life.owed.is_none() {
            // Nothing to do, in whatever state the card is.
            assert_eq!(ended.unwrap_or_else(|e| panic!("{e}")), None);
            assert_eq!(self.till.counter.entries(), before);
        } else if self.told(ended.map(drop), usable, before, "transfer") {
            self.cards[n].1.balance += life.owed.unwrap_or(0);
            self.cards[n].1.owed = None;
        }
    }

    fn give_back(&mut self, n: usize) {
        let (life, psam) = (self.cards[n].1.clone(), self.dice.percent(50));
        let before = self.till.counter.entries();
        let mut reader = self.reader(n);
        let mut ended = self.till.give_back(&mut reader, psam);
        if ended.as_ref().is_err_and(cardmint::batch::desk::DeskError::is_lost) {
            let chip = std::sync::Arc::clone(&self.cards[n].0.chip);
            ended = self.till.give_back(&mut on_reader(&chip), psam);
        }
        let paid = ended.as_ref().ok().map(|(paid, _)| *paid);
        if self.told(ended.map(drop), life.state == "in-use", before, "return") {
            assert_eq!(paid, Some(life.balance));
            self.cards[n].1.state = "returned";
            self.cards[n].1.blocked = true;
            self.cards[n].1.balance = if psam { 0 } else { life.balance };
        }
    }

    /// Ledger and chips are as the model says.
    fn compare(&self, step: u32) {
        for (card, life) in &self.cards {
            let row = self.till.life(card);
            let found = Life {
                state: life.state,
                blocked: self.till.counter.blocked(card),
                day: if life.blocked {
                    life.day
                } else {
                    self.till.counter.days(card)[0].parse().unwrap()
                },
                balance: Till::balance(card),
                owed: row.as_ref().and_then(|row| row.owed),
                replaces: row.as_ref().and_then(|row| row.replaces.clone()),
                replaced_by: row.as_ref().and_then(|row| row.replaced_by.clone()),
            };
            let number = &card.number;
            assert_eq!(found, *life, "step {step}, card {number}");
            let state = row.as_ref().map_or("in-use", |row| row.state.as_str());
            assert_eq!(state, life.state, "step {step}, card {number}");
            let blocked = row.is_some_and(|row| row.blocked);
            assert_eq!(blocked, life.blocked, "step {step}, card {number}");
        }
    }
}

#[test]
fn random_lives_agree_with_the_model() {
    let mut street = Street {
        till: Till::new(),
        cards: Vec::new(),
        dice: Dice::new(),
        refused: 0,
        torn: 0,
    };
    for _ in 0..3 {
        let card = street.till.issue();
        street.cards.push((card, FRESH));
    }
    for step in 0..260 {
        street.step();
        street.compare(step);
    }
    assert!(
        street.refused > 20 && street.torn > 10,
        "{} {}",
        street.refused,
        street.torn
    );
    street.till.counter.centre.verify_ledger();
    python_agrees(&street.till);
}

/// The verifier in Python has nothing to say against the ledger either.
fn python_agrees(till: &Till) {
    let session = &till.counter.centre.session;
    let folder = tempfile::tempdir().unwrap();
    let (export, note) = (folder.path().join("l.jsonl"), folder.path().join("l.note"));
    let mut file = Vec::new();
    session
        .ledger
        .export_jsonl(&cardmint::ledger::Filter::default(), &mut file)
        .unwrap();
    std::fs::write(&export, file).unwrap();
    std::fs::write(&note, session.ledger.checkpoint_note().unwrap().unwrap()).unwrap();
    let verifier = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/verify_ledger.py");
    let ran = std::process::Command::new("python3")
        .args([
            "-B".as_ref(),
            verifier.as_os_str(),
            export.as_os_str(),
            note.as_os_str(),
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}
