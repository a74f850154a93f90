// SPDX-License-Identifier: Apache-2.0
//! Random ceremonies, right ones and ones that were tampered with before they were appended: what is refused is exactly
//! what both verifiers find.

use cardmint::ledger::act::*;
use cardmint::ledger::{Act, Against, verify};
use cardmint::outside::Unobserved;

use super::bench_site::*;
use super::ceremonies::forged;
use super::ceremony_story::*;
use super::python::verdicts;
use super::random::Draw;
use super::story::{arrived, joined, lines};

/// A ceremony of some of the officers with some acts, as it should be.
struct Ceremony {
    people: By,
    nonce: u8,
    acts: Vec<Step>,
    steps: Vec<StepDone>,
}

impl Ceremony {
    fn draw(b: &Bench, n: u8, draw: &mut Draw) -> Self {
        let mut people = ALL.to_vec();
        people.truncate(2 + draw.below(3) as usize);
        let seq = b.ledger.size();
        let mut ceremony = Self {
            people,
            nonce: n,
            acts: Vec::new(),
            steps: Vec::new(),
        };
        for i in 0..=draw.below(4) {
            let by = ceremony.some_people(draw);
            let act = ceremony.act(b, seq, i, draw);
            ceremony.acts.push((act, by));
        }
        ceremony
    }

    /// Two participants or more, in any order.
    fn some_people(&self, draw: &mut Draw) -> By {
        let mut by = self.people.clone();
        let turn = draw.below(by.len() as u64) as usize;
        by.rotate_left(turn);
        by.truncate(2 + draw.below(by.len() as u64 - 1) as usize);
        by
    }

    fn act(&mut self, b: &Bench, seq: u64, i: u64, draw: &mut Draw) -> Act {
        let there = b.ledger.keys().unwrap();
        let alive: Vec<&str> = there
            .iter()
            .filter(|key| key.state == "active")
            .map(|key| key.key.as_str())
            .collect();
        match draw.below(6) {
            0 if !alive.is_empty() => exported(alive[draw.below(alive.len() as u64) as usize], Some(seq)),
            1 if i < alive.len() as u64 => retired(alive[i as usize], KeyState::Retired, Some(seq)),
            2 => Act::StoreBackup(backup(seq, &format!("file {seq} {i}"))),
            3 => Act::PinSet(PinSet {
                name: text("user default"),
                ceremony: Some(seq),
            }),
            _ => {
                let version = there.len() as u32 * 10 + i as u32 + 1;
                let key = KeyArrived {
                    version,
                    ceremony: Some(seq),
                    ..arrived(&format!("load/{version}"))
                };
                self.steps.push(step(&format!("step-{i}"), "generate", &[&key]));
                Act::KeyGenerate(key)
            }
        }
    }

    fn begin(&self) -> Step {
        let begin = begun("random", self.nonce, &self.people);
        (Act::CeremonyBegin(begin), self.people.clone())
    }

    fn end(&self, seq: u64) -> Step {
        let end = ended(seq, "random", self.nonce, self.steps.clone());
        (Act::CeremonyEnd(end), self.people.clone())
    }
}

/// How a ceremony's acts and end are tampered with; each makes them wrong.
const TAMPERINGS: u64 = 12;

fn tamper(with: u64, ceremony: &Ceremony, steps: &mut Vec<Step>, draw: &mut Draw) -> &'static str {
    let last = steps.len() - 1;
    let one = draw.below(last as u64) as usize;
    let outsider = ["孙七", "赵六", "王五"]
        .into_iter()
        .find(|name| !ceremony.people.contains(name));
    let outsider = outsider.unwrap_or("孙七");
    match with {
        0 => {
            steps[one].1.truncate(1);
            "one officer signs an act"
        }
        1 => {
            let first = steps[one].1[0];
            steps[one].1 = vec![first, first];
            "one officer signs an act twice"
        }
        2 => {
            steps[one].1.push(outsider);
            "somebody signs an act who takes no part"
        }
        3 => {
            steps[last].1.pop();
            "a participant does not sign the end"
        }
        4 => {
            steps[last].1.push(outsider);
            "somebody signs the end who takes no part"
        }
        5 => {
            steps.pop();
            "the end is missing"
        }
        6 => {
            let end = steps.remove(last);
            steps.insert(one, end);
            "the end comes too early"
        }
        7 => {
            let policy = PolicyChange {
                policy: cardmint::ledger::Policy::default(),
            };
            steps.insert(one + 1, (Act::PolicyChange(policy), OFFICERS.to_vec()));
            "another act stands between"
        }
        8..=10 => {
            let Act::CeremonyEnd(end) = &mut steps[last].0 else {
                panic!("an end")
            };
            match with {
                8 => {
                    end.plan = plan("another");
                    "another plan"
                }
                9 => {
                    end.nonce = nonce(200);
                    "another nonce"
                }
                _ => {
                    end.result = CeremonyResult::Abandoned;
                    "abandoned after acts"
                }
            }
        }
        _ => {
            let earlier = steps[one].0.ceremony().unwrap() - 1;
            steps[one].0 = steps[one].0.clone().within(earlier);
            "an act of another ceremony"
        }
    }
}

#[test]
fn tampered_ceremonies_are_refused_and_found() {
    let seed = std::env::var("CARDMINT_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_261_121_u64);
    println!("CARDMINT_SEED={seed}");
    let mut draw = Draw(seed);
    let mut b = Bench::of(key_centre(false));
    let mut files = Vec::new();
    for round in 0..36_u8 {
        let ceremony = Ceremony::draw(&b, round, &mut draw);
        let (act, by) = ceremony.begin();
        let seq = b.by(&by, act).unwrap();
        let mut good = ceremony.acts.clone();
        good.push(ceremony.end(seq));
        let mut bad = good.clone();
        let how = tamper(u64::from(round) % TAMPERINGS, &ceremony, &mut bad, &mut draw);
        let before = lines(&b.ledger);
        files.push((format!("bad-{round}"), joined(&forged(&before, &bad)), None));
        let refused = b.together(&bad);
        assert!(refused.is_err(), "round {round}: {how}");
        assert_eq!(b.ledger.size(), before.len() as u64, "round {round}: {how}");
        let done = b.together(&good);
        assert!(done.is_ok(), "round {round}: {done:?}");
    }
    b.checkpoint();
    files.push(("good".to_owned(), joined(&lines(&b.ledger)), None));
    let (ours, theirs) = verdicts(&files);
    assert_eq!(theirs, ours);
    let good: Vec<&str> = ours.iter().filter(|v| v.1 == "good").map(|v| v.0.as_str()).collect();
    assert_eq!(good, ["good"]);
    let report = verify(&b.path(), &Against::default(), &mut Unobserved).unwrap();
    assert!(report.good(), "{:?}", report.findings);
    assert_eq!(b.open().unwrap().ceremonies().unwrap().len(), 36);
}
