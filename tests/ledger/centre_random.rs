// SPDX-License-Identifier: Apache-2.0
//! Random days of a store room: what the ledger takes and what its tables say is what a small model of its own says, and both
//! verifiers agree about everything that was refused.

use std::collections::BTreeMap;

use cardmint::ledger::act::*;
use cardmint::ledger::{Act, CardKind, Ending, Policy};
use cardmint::outside::{Random, SystemRandom};

use super::bench_site::*;
use super::centre_story::*;
use super::random::Draw;

const LOTS: [&str; 2] = ["L1", "L2"];
const OFFICERS: [&str; 2] = ["张三", "李四"];

/// Where the blanks are, by hand.
#[derive(Default)]
struct Model {
    stock: BTreeMap<&'static str, u32>,
    hands: BTreeMap<(&'static str, &'static str), u32>,
    received: BTreeMap<&'static str, u32>,
    issued: BTreeMap<&'static str, u32>,
    scrapped: BTreeMap<&'static str, u32>,
    returned: BTreeMap<&'static str, u32>,
    /// Number: status, lot of the blank in process, last intent.
    cards: BTreeMap<u32, (&'static str, Option<&'static str>, u64)>,
}

impl Model {
    fn take(place: &mut u32, count: u32) -> bool {
        let enough = count > 0 && *place >= count;
        if enough {
            *place -= count;
        }
        enough
    }

    fn hand(&mut self, lot: &'static str, officer: &'static str) -> &mut u32 {
        self.hands.entry((lot, officer)).or_default()
    }

    fn of<'t>(table: &'t mut BTreeMap<&'static str, u32>, lot: &'static str) -> &'t mut u32 {
        table.entry(lot).or_default()
    }
}

fn pick(dice: &mut Draw, sides: u64) -> usize {
    dice.below(sides) as usize
}

/// One random act, whether the model takes it, and who signs.
fn act(model: &mut Model, dice: &mut Draw) -> (Act, bool, &'static str) {
    let lot = LOTS[pick(dice, 2)];
    let (who, other) = (OFFICERS[pick(dice, 2)], OFFICERS[pick(dice, 2)]);
    let count = dice.below(6) as u32;
    let known = model.received.contains_key(lot);
    match pick(dice, 9) {
        0 => {
            let good = count > 0;
            if good {
                *Model::of(&mut model.received, lot) += count;
                *Model::of(&mut model.stock, lot) += count;
            }
            (Act::StockReceive(delivery(lot, count)), good, who)
        }
        1 => {
            let good = known && Model::take(Model::of(&mut model.stock, lot), count);
            if good {
                *model.hand(lot, other) += count;
            }
            (Act::StockHandOut(hand_out(lot, other, count)), good, who)
        }
        2 => {
            let good = known && Model::take(model.hand(lot, other), count);
            if good {
                *Model::of(&mut model.stock, lot) += count;
            }
            let back = StockTakeBack {
                lot: text(lot),
                from: text(other),
                count,
                serials: Vec::new(),
            };
            (Act::StockTakeBack(back), good, who)
        }
        3 => {
            let good = known && Model::take(Model::of(&mut model.stock, lot), count);
            if good {
                *Model::of(&mut model.returned, lot) += count;
            }
            let back = StockReturn {
                lot: text(lot),
                count,
                serials: Vec::new(),
                reason: None,
            };
            (Act::StockReturn(back), good, who)
        }
        4 => {
            let from = (pick(dice, 2) == 0).then_some(other);
            let good = known
                && match from {
                    Some(officer) => Model::take(model.hand(lot, officer), count),
                    None => Model::take(Model::of(&mut model.stock, lot), count),
                };
            if good {
                *Model::of(&mut model.scrapped, lot) += count;
            }
            (Act::StockScrap(scrap(lot, from, count)), good, who)
        }
        5 | 6 => begin_card(model, dice, lot, who, known),
        7 => end_card(model, dice, who),
        _ => void_card(model, dice, who),
    }
}

fn begin_card(
    model: &mut Model,
    dice: &mut Draw,
    lot: &'static str,
    who: &'static str,
    known: bool,
) -> (Act, bool, &'static str) {
    let n = 1 + dice.below(12) as u32;
    let mut body = intent(&card(n), &format!("C{n}"), None);
    let named = (pick(dice, 4) > 0).then_some(lot);
    body.lot = named.map(text);
    let before = model.cards.get(&n).copied();
    body.resumes = before.map(|(.., seq)| seq);
    let draws = |model: &mut Model| match named {
        Some(lot) => known && Model::take(model.hand(lot, who), 1),
        None => true,
    };
    let good = match before {
        None | Some(("failed-blank", ..) | ("in-doubt" | "failed-partial", None, _)) => draws(model),
        Some(("in-doubt" | "failed-partial", Some(blank), _)) => named == Some(blank),
        Some(_) => false,
    };
    if good {
        let blank = match before {
            Some(("in-doubt" | "failed-partial", Some(blank), _)) => Some(blank),
            _ => named,
        };
        model.cards.insert(n, ("in-doubt", blank, 0));
    }
    (Act::CardIntent(body), good, who)
}

fn end_card(model: &mut Model, dice: &mut Draw, who: &'static str) -> (Act, bool, &'static str) {
    let n = 1 + dice.below(12) as u32;
    let result = [
        Ending::Issued,
        Ending::FailedBlank,
        Ending::FailedPartial,
        Ending::InDoubt,
    ][pick(dice, 4)];
    let Some((status, blank, seq)) = model.cards.get(&n).copied() else {
        return (Act::CardOutcome(outcome(&card(n), 0, result)), false, who);
    };
    // An outcome is taken once; the model marks that by the top bit of the entry.
    let good = status == "in-doubt" && seq >> 63 == 0;
    if good {
        let mark = seq | 1 << 63;
        let (status, left) = match result {
            Ending::Issued => ("issued", None),
            Ending::FailedBlank => ("failed-blank", None),
            Ending::FailedPartial => ("failed-partial", blank),
            Ending::InDoubt => ("in-doubt", blank),
        };
        if let (Some(lot), Ending::Issued) = (blank, result) {
            *Model::of(&mut model.issued, lot) += 1;
        }
        if let (Some(lot), Ending::FailedBlank) = (blank, result) {
            *model.hand(lot, who) += 1;
        }
        model.cards.insert(n, (status, left, mark));
    }
    (Act::CardOutcome(outcome(&card(n), seq & !(1 << 63), result)), good, who)
}

fn void_card(model: &mut Model, dice: &mut Draw, who: &'static str) -> (Act, bool, &'static str) {
    let n = 1 + dice.below(12) as u32;
    let before = model.cards.get(&n).copied();
    let good = before.is_some_and(|(status, ..)| status != "void");
    if good {
        let (_, blank, seq) = before.unwrap();
        if let Some(lot) = blank {
            *Model::of(&mut model.scrapped, lot) += 1;
        }
        model.cards.insert(n, ("void", None, seq));
    }
    (void(n), good, who)
}

#[test]
fn random_days_are_taken_as_a_model_takes_them() {
    let mut seed = [0; 8];
    SystemRandom.fill(&mut seed).unwrap();
    let seed = u64::from_be_bytes(seed) | 1;
    println!("seed {seed}");
    let mut dice = Draw(seed);
    let mut b = Centre::new(Policy::default());
    let mut model = Model::default();
    for step in 0..400 {
        let (mut act, good, who) = act(&mut model, &mut dice);
        // The entry that an intent takes up is known without the mark of its outcome.
        if let Act::CardIntent(body) = &mut act {
            body.resumes = body.resumes.map(|seq| seq & !(1 << 63));
        }
        let done = b.by(&[who], act.clone());
        assert_eq!(done.is_ok(), good, "seed {seed} step {step}: {act:?} {done:?}");
        if let (Act::CardIntent(body), Ok(seq)) = (&act, &done) {
            let n: u32 = body.number.as_str()[4..].parse().unwrap();
            model.cards.get_mut(&n).unwrap().2 = *seq;
        }
    }
    for lot in LOTS {
        let Some(row) = b.ledger.lot(lot).unwrap() else {
            continue;
        };
        let handed: u32 = OFFICERS.iter().map(|o| *model.hand(lot, o)).sum();
        let in_process = model.cards.values().filter(|(_, blank, _)| *blank == Some(lot)).count() as u32;
        let model = [
            model.received[lot],
            *Model::of(&mut model.stock, lot),
            handed,
            in_process,
            *Model::of(&mut model.issued, lot),
            *Model::of(&mut model.scrapped, lot),
            *Model::of(&mut model.returned, lot),
        ];
        let ledger = [
            row.received,
            row.in_stock,
            row.handed_out,
            row.in_process,
            row.issued,
            row.scrapped,
            row.returned,
        ];
        assert_eq!(ledger, model, "seed {seed} {lot}");
    }
    assert_eq!(
        b.ledger
            .cards(None)
            .unwrap()
            .iter()
            .filter(|c| c.kind == CardKind::User.as_str())
            .count(),
        model.cards.len()
    );
    b.verifies();
}
