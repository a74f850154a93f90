// SPDX-License-Identifier: Apache-2.0
//! Random lives of a few cards: whatever the ledger accepts verifies, and its proofs hold.

use std::collections::BTreeMap;

use cardmint::ledger::act::CardVoid;
use cardmint::ledger::{Act, Against, CardKind, Ending, Hash, merkle, verify};
use cardmint::outside::Unobserved;

use super::bench_site::*;

pub struct Draw(pub u64);

impl Draw {
    /// Marsaglia's xorshift64.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// What the rules of docs/formats/ledger.md say of a card, written down a second time.
#[derive(Clone)]
struct Card {
    chip: String,
    status: Ending,
    void: bool,
    intent: u64,
    open: bool,
}

type Cards = BTreeMap<String, Card>;

fn on_chip(cards: &Cards, chip: &str, but: &str) -> bool {
    let carries = |c: &Card| !c.void && c.chip == chip && c.status != Ending::FailedBlank;
    cards.iter().any(|(n, c)| n != but && carries(c))
}

fn intent_allowed(cards: &Cards, n: &str, chip: &str, resumes: Option<u64>) -> bool {
    let number_free = match (cards.get(n), resumes) {
        (None, None) => true,
        (Some(c), Some(seq)) => {
            let again = !c.void && c.status != Ending::Issued && c.intent == seq;
            again && (c.status == Ending::FailedBlank || c.chip == chip)
        }
        _ => false,
    };
    number_free && !on_chip(cards, chip, n)
}

fn step(b: &mut Bench, cards: &mut Cards, draw: &mut Draw) {
    let n = format!("N{}", draw.below(8));
    let chip = format!("C{}", draw.below(6));
    let last = cards.get(&n).map_or(0, |c| c.intent);
    match draw.below(10) {
        0..=4 => {
            let resumes = match draw.below(4) {
                0 => None,
                1 => Some(draw.below(40)),
                _ => cards.get(&n).map(|c| c.intent),
            };
            let allowed = intent_allowed(cards, &n, &chip, resumes);
            let done = b.by(&["张三"], Act::CardIntent(intent(&n, &chip, resumes)));
            assert_eq!(done.is_ok(), allowed, "{n} {chip} {resumes:?}: {done:?}");
            if let Ok(intent) = done {
                cards.insert(
                    n,
                    Card {
                        chip,
                        status: Ending::InDoubt,
                        void: false,
                        intent,
                        open: true,
                    },
                );
            }
        }
        5..=8 => {
            let endings = [
                Ending::Issued,
                Ending::FailedBlank,
                Ending::FailedPartial,
                Ending::InDoubt,
            ];
            let result = endings[draw.below(4) as usize];
            let allowed = cards.get(&n).is_some_and(|c| c.open && !c.void);
            let done = b.by(&["张三"], Act::CardOutcome(outcome(&n, last, result)));
            assert_eq!(done.is_ok(), allowed, "{n} {result:?}: {done:?}");
            if let Some(card) = cards.get_mut(&n).filter(|_| allowed) {
                (card.status, card.open) = (result, false);
            }
        }
        _ => {
            let void = CardVoid {
                kind: CardKind::User,
                number: number(&n),
                reason: text("random"),
            };
            let allowed = cards.get(&n).is_some_and(|c| !c.void) && draw.below(3) == 0;
            if allowed {
                b.by(&["张三"], Act::CardVoid(void)).unwrap();
                cards.entry(n).and_modify(|c| c.void = true);
            }
        }
    }
}

#[test]
fn what_the_ledger_accepts_follows_the_rules_and_verifies() {
    let seed = std::env::var("CARDMINT_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_261_121_u64);
    println!("CARDMINT_SEED={seed}");
    for run in 0..6 {
        let mut draw = Draw(seed.wrapping_add(run).max(1));
        let mut b = Bench::new(open_policy());
        let mut cards = Cards::new();
        for _ in 0..120 {
            step(&mut b, &mut cards, &mut draw);
        }
        b.checkpoint();
        let size = b.ledger.size();
        let root = b.ledger.root_at(size).unwrap();
        for seq in 0..size {
            let path = b.ledger.prove(seq, size).unwrap();
            assert!(merkle::check_inclusion(
                seq,
                size,
                Hash::leaf(&b.ledger.line(seq).unwrap()),
                &path,
                root
            ));
            let (from, old) = (seq + 1, b.ledger.root_at(seq + 1).unwrap());
            assert!(merkle::check_consistency(
                from,
                size,
                &b.ledger.consistency(from, size).unwrap(),
                old,
                root
            ));
        }
        let report = verify(
            &b.path(),
            &Against {
                copy: Some(b.copy()),
                key: None,
            },
            &mut Unobserved,
        )
        .unwrap();
        assert!(report.good(), "run {run}: {:?}", report.findings);
        assert!(
            cards.values().any(|c| c.status == Ending::Issued),
            "the run is long enough to issue"
        );
    }
}
