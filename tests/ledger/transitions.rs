// SPDX-License-Identifier: Apache-2.0
//! The states of cards, batches and keys in `docs/formats/acts.json` are those of the program: in every state every act is
//! tried, and taken just where the table says so; what is refused, the verifier in Python finds by the same check.

use cardmint::ledger::act::*;
use cardmint::ledger::{Act, CardKind, Ending, Policy};
use serde_json::Value;

use super::bench_site::*;
use super::centre_story::*;
use super::story::{arrived, meant, purse, short};
use super::table::Table;

/// Whether the table's rules about the row of this name take the act on a row in this state; `None`: there is no row.
fn taken(table: &Table, act: &Act, (register, name): (&str, &str), state: Option<&str>) -> bool {
    let body = serde_json::to_value(act).unwrap()["body"].clone();
    let there = |word: &Value| {
        let (field, value) = word
            .as_str()
            .unwrap()
            .split_once('=')
            .unwrap_or((word.as_str().unwrap(), ""));
        body.get(field)
            .is_some_and(|found| value.is_empty() || value.split('|').any(|one| found == one))
    };
    let mut rules = 0;
    let mut right = true;
    for rule in table.acts[act.name()]["rules"].as_array().unwrap() {
        let about = rule["of"] == register && rule["name"] == name;
        if !about || rule.get("if").is_some_and(|word| !there(word)) || rule.get("unless").is_some_and(there) {
            continue;
        }
        rules += 1;
        let states: Option<Vec<&str>> = rule["in"].as_str().map(|states| states.split('|').collect());
        right &= match (rule["row"].as_str(), state) {
            (Some("new"), state) => state.is_none(),
            (Some("known" | "put"), None) => true,
            (_, None) => false,
            (_, Some(state)) => states.is_none_or(|states| states.contains(&state)),
        };
        if rule["row"] == "new" {
            break;
        }
    }
    assert!(rules > 0, "{}: no rule about {register} {name}", act.name());
    right
}

fn change_of(n: u32, act: fn(CardChange) -> Act) -> Act {
    act(change(n))
}

/// Brings card `n` into a state, card `n + 1` is issued; the card's last intent.
fn bring(b: &mut Centre, n: u32, state: &str) -> u64 {
    let write = |b: &mut Centre, n: u32, result: Option<Ending>| {
        let seq = b
            .by(OPERATOR, Act::CardIntent(intent(&card(n), &format!("C{n}"), None)))
            .unwrap();
        if let Some(result) = result {
            b.by(OPERATOR, Act::CardOutcome(outcome(&card(n), seq, result)))
                .unwrap();
        }
        seq
    };
    write(b, n + 1, Some(Ending::Issued));
    let result = match state {
        "absent" => return 0,
        "writing" => None,
        "in-doubt" => Some(Ending::InDoubt),
        "failed-blank" => Some(Ending::FailedBlank),
        "failed-partial" => Some(Ending::FailedPartial),
        _ => Some(Ending::Issued),
    };
    let seq = write(b, n, result);
    if state == "replaced" || state == "exchanged" {
        write(b, n + 2, Some(Ending::Issued));
    }
    let acts: Vec<Act> = match state {
        "void" => vec![void(n)],
        "lost" => vec![change_of(n, Act::CardLost)],
        "replaced" => vec![change_of(n, Act::CardLost), Act::CardReplace(successor(n, n + 2, None))],
        "exchanged" => vec![Act::CardExchange(successor(n, n + 2, None))],
        "returned" => vec![returned(n)],
        "cancelled" => vec![change_of(n, Act::CardCancel)],
        _ => Vec::new(),
    };
    for act in acts {
        b.by(BOTH, act).unwrap();
    }
    seq
}

fn returned(n: u32) -> Act {
    Act::CardReturn(CardReturn {
        kind: CardKind::User,
        number: number(&card(n)),
        balance: 0,
        deposit: None,
        reason: None,
    })
}

#[test]
fn cards_go_from_state_to_state_as_the_table_says() {
    let table = Table::read();
    let states = [
        "absent",
        "writing",
        "in-doubt",
        "failed-blank",
        "failed-partial",
        "issued",
        "void",
        "lost",
        "replaced",
        "exchanged",
        "returned",
        "cancelled",
    ];
    for state in states {
        let mut b = Centre::new(Policy::default());
        let tries: [&dyn Fn(u32, u64) -> Act; 15] = [
            &|n, _| Act::CardIntent(intent(&card(n), &format!("C{n}"), None)),
            &|n, seq| Act::CardIntent(intent(&card(n), &format!("C{n}"), Some(seq))),
            &|n, seq| Act::CardOutcome(outcome(&card(n), seq, Ending::Issued)),
            &|n, _| void(n),
            &|n, _| change_of(n, Act::CardLost),
            &|n, _| change_of(n, Act::CardFound),
            &|n, _| change_of(n, Act::CardCancel),
            &|n, _| change_of(n, Act::CardBlock),
            &|n, _| change_of(n, Act::PinReload),
            &|n, _| returned(n),
            &|n, _| {
                let (kind, number, until) = (CardKind::User, number(&card(n)), number("20301231"));
                Act::CardExtend(CardExtend { kind, number, until })
            },
            &|n, _| Act::CardReplace(successor(n, n + 1, None)),
            &|n, _| Act::CardExchange(successor(n, n + 1, None)),
            &|n, _| {
                let mut pay = purse();
                pay.number = number(&card(n));
                Act::PurseIntent(meant(&pay, 0))
            },
            &|n, _| {
                let mut pay = purse();
                pay.number = number(&card(n));
                Act::PurseLoad(pay)
            },
        ];
        for (i, act) in tries.iter().enumerate() {
            let n = 10 * u32::try_from(i).unwrap() + 1;
            let seq = bring(&mut b, n, state);
            let act = act(n, seq);
            let expected = taken(
                &table,
                &act,
                ("card", "kind number"),
                Some(state).filter(|state| *state != "absent"),
            );
            let done = b.by(BOTH, act.clone());
            assert_eq!(done.is_ok(), expected, "{state}: {act:?} {done:?}");
        }
        b.verifies();
    }
}

#[test]
fn batches_go_from_state_to_state_as_the_table_says() {
    let table = Table::read();
    let (mut b, _) = centre();
    let named = |name: &BatchNew| BatchPause {
        batch: name.batch.clone(),
        reason: None,
    };
    let tries: [&dyn Fn(&BatchNew) -> Act; 8] = [
        &|batch| Act::BatchNew(batch.clone()),
        &approval,
        &begin,
        &|batch| Act::BatchPause(named(batch)),
        &|batch| Act::BatchResume(named(batch)),
        &|batch| {
            let (batch, form, digest) = (batch.batch.clone(), text("mailer"), batch.digest);
            Act::BatchExport(BatchExport {
                batch,
                form,
                rows: 1,
                digest,
                to: None,
            })
        },
        &|batch| close(batch),
        &|batch| {
            let n: u32 = batch.batch.as_str()[1..].parse().unwrap();
            Act::CardIntent(card_of(batch.batch.as_str(), n, Some("L1")))
        },
    ];
    let states = ["absent", "new", "approved", "running", "paused", "closed"];
    let mut n = 100;
    for state in states {
        for act in tries {
            n += 1;
            let order = order(&format!("O{n}"), vec![span(n, n, Some("31"))], 1);
            b.by(OPERATOR, Act::OrderImport(order.clone())).unwrap();
            let batch = batch(&format!("B{n}"), &order);
            let way = [
                Act::BatchNew(batch.clone()),
                approval(&batch),
                begin(&batch),
                if state == "closed" {
                    close(&batch)
                } else {
                    Act::BatchPause(named(&batch))
                },
            ];
            let steps = states.iter().position(|one| *one == state).unwrap().min(4);
            for (act, who) in way.into_iter().take(steps).zip([OPERATOR, SUPERVISOR, OPERATOR, BOTH]) {
                b.by(who, act).unwrap();
            }
            let act = act(&batch);
            let is_intent = matches!(act, Act::CardIntent(_));
            // A card of an order is written in its batch only, which a rule of its own says.
            let expected = taken(
                &table,
                &act,
                ("batch", "batch"),
                Some(state).filter(|state| *state != "absent"),
            ) && !(is_intent && state == "absent");
            let who = match act {
                Act::BatchApprove(_) => SUPERVISOR,
                Act::BatchClose(_) => BOTH,
                _ => OPERATOR,
            };
            let done = b.by(who, act.clone());
            assert_eq!(done.is_ok(), expected, "{state}: {act:?} {done:?}");
        }
    }
    b.verifies();
}

fn close(batch: &BatchNew) -> Act {
    Act::BatchClose(BatchClose {
        batch: batch.batch.clone(),
        issued: 0,
        failed: 0,
        void: 0,
        left: 1,
        lots: Vec::new(),
    })
}

#[test]
fn keys_go_from_state_to_state_as_the_table_says() {
    let table = Table::read();
    let mut b = Centre::new(Policy::default());
    let kcv = || short("2677F4");
    let tries: [&dyn Fn(&str) -> Act; 4] = [
        &|key| Act::KeyImport(arrived(key)),
        &|key| {
            let (key, to, form) = (text(key), text("city"), text("package"));
            Act::KeyExport(KeyExport {
                key,
                kcv: kcv(),
                to,
                form,
                factors: Vec::new(),
                package: None,
                ceremony: None,
            })
        },
        &|key| {
            let (key, reason) = (text(key), text("end of year"));
            Act::KeyRetire(KeyRetire {
                key,
                kcv: kcv(),
                state: KeyState::Retired,
                reason,
                ceremony: None,
            })
        },
        &|key| {
            let mut child = arrived(&format!("child of {key}"));
            child.parent = Some(text(key));
            Act::KeyDerive(child)
        },
    ];
    let states = [
        KeyState::PreActive,
        KeyState::Active,
        KeyState::Retired,
        KeyState::Destroyed,
        KeyState::Compromised,
    ];
    for state in [None].into_iter().chain(states.map(Some)) {
        for (i, act) in tries.iter().enumerate() {
            let name = format!("{} {i}", state.map_or("absent", KeyState::as_str));
            if let Some(state) = state {
                let mut key = arrived(&name);
                key.state = state;
                b.by(BOTH, Act::KeyGenerate(key)).unwrap();
            }
            let act = act(&name);
            let field = if matches!(act, Act::KeyDerive(_)) {
                "parent"
            } else {
                "key"
            };
            let expected = taken(&table, &act, ("key", field), state.map(KeyState::as_str));
            let done = b.by(BOTH, act.clone());
            assert_eq!(done.is_ok(), expected, "{name}: {act:?} {done:?}");
        }
    }
    b.verifies();
}
