// SPDX-License-Identifier: Apache-2.0
//! What does not run: what nobody approved, a key that is out of use, blanks that nobody was handed out.

use super::*;

#[test]
fn nothing_runs_that_was_not_approved_so() {
    let mut floor = Floor::without_batch("mohurd-user", 2);
    let trays = |floor: &Floor| vec![Tray::new("sim:a", &floor.cards)];
    floor.new_batch("B");
    let all = trays(&floor);
    assert_eq!(
        of_ledger(floor.run(all, &mut Seen::new())),
        "centre-batch-state",
        "not approved"
    );
    // The officer who laid it down does not approve it, alone or first of two.
    let digest = floor.body("B").digest;
    let approve = |digest| {
        Act::BatchApprove(cardmint::ledger::act::BatchApprove {
            batch: text("B"),
            digest,
        })
    };
    let own = floor.centre.session.append(approve(digest));
    assert!(own.unwrap_err().msg().id() == "centre-same-officer");
    let other = floor
        .session_of("li", "zhang")
        .append(approve(cardmint::ledger::Hash::default()));
    assert_eq!(other.unwrap_err().msg().id(), "centre-batch-digest");
    floor.approve("B");
    // A key that came after the approval: another version of the same usage.
    let ledger = &floor.centre.session.ledger;
    let (batch, keys) = (ledger.batch("B").unwrap().unwrap(), ledger.batch_keys("B").unwrap());
    let good = floor.body("B");
    cardmint::batch::run::check_approved(&batch, &keys, &good).unwrap();
    let differs = |body| of_ledger(cardmint::batch::run::check_approved(&batch, &keys, &body));
    let mut body = good.clone();
    body.template_digest = cardmint::ledger::Hash::default();
    assert_eq!(differs(body), "centre-batch-differs");
    let mut body = good.clone();
    body.keys.pop();
    assert_eq!(differs(body.sealed()), "centre-batch-differs");
    let mut body = good.clone();
    body.order_digest = cardmint::ledger::Hash::default();
    assert_eq!(differs(body.sealed()), "centre-batch-differs");
    // A template of the same name with other contents: the ledger refuses the first intent, and no card is touched.
    let before = state(&floor.cards[0]);
    let mut changed = floor.template.clone();
    changed.digest = "0".repeat(64);
    std::mem::swap(&mut floor.template, &mut changed);
    let all = trays(&floor);
    assert_eq!(of_ledger(floor.run(all, &mut Seen::new())), "centre-batch-differs");
    std::mem::swap(&mut floor.template, &mut changed);
    assert_eq!(state(&floor.cards[0]), before);
    // The approver does not run it either.
    let mut session = floor.session_of("li", "zhang");
    let sources: Vec<Box<dyn CardSource>> = vec![Box::new(Tray::new("sim:a", &floor.cards))];
    let (mut seen, control) = (Seen::new(), Control::default());
    let by_approver = run_on(
        &mut session,
        &floor.template,
        &mut floor.rows,
        &floor.settings,
        sources,
        &mut seen,
        &control,
        None,
    );
    assert_eq!(of_ledger(by_approver), "centre-same-officer");
    assert_eq!(state(&floor.cards[0]), before);
    let all = trays(&floor);
    assert_eq!(floor.run(all, &mut Seen::new()).unwrap().issued, 2);
    floor.is_done();
}

#[test]
fn a_key_retired_or_replaced_after_the_approval_stops_the_run() {
    let mut floor = Floor::of_cards(2);
    // Approved with the keys of then; a plan that uses another one is refused before its card is touched.
    let mut keys = floor.centre.session.store.header().clone();
    drop(std::mem::take(&mut keys.holders));
    let before = state(&floor.cards[0]);
    let id: cardmint::keys::KeyId = "purchase.v2.3des@ministry".parse().unwrap();
    let key = cardmint::crypto::random_key::generate(Algorithm::Tdes, &mut cardmint::outside::SystemRandom).unwrap();
    floor.centre.add(id, key);
    let first = floor
        .centre
        .session
        .store
        .keys()
        .into_iter()
        .find(|k| k.id.to_string() == "purchase.v1.3des@ministry")
        .unwrap();
    floor
        .centre
        .session
        .set_state(
            &first,
            cardmint::keys::KeyState::Retired,
            "test",
            &mut cardmint::outside::SystemRandom,
        )
        .unwrap();
    let all = vec![Tray::new("sim:a", &floor.cards)];
    let fault = floor.run(all, &mut Seen::new()).unwrap_err();
    assert_ne!(fault.exit(), cardmint::error::Exit::Done);
    assert_eq!(state(&floor.cards[0]), before, "{fault}");
    assert!(floor.status().is_empty());
}

#[test]
fn blanks_that_nobody_was_handed_out_stop_the_run() {
    let floor = Floor::without_batch("mohurd-user", 4);
    let mut floor = floor.with_lot(2);
    floor.new_batch("B");
    floor.approve("B");
    let before = state(&floor.cards[3]);
    let trays = vec![Tray::new("sim:a", &floor.cards)];
    let mut seen = Seen::new();
    let fault = floor.run(trays, &mut seen).unwrap_err();
    let of = fault.msg();
    assert_eq!(of.id(), "centre-too-few");
    assert_eq!(seen.issued(), 2);
    assert_eq!(state(&floor.cards[3]), before);
    let lot = floor.centre.session.ledger.lot("L").unwrap().unwrap();
    assert_eq!((lot.handed_out, lot.in_process, lot.issued), (0, 0, 2));
    floor.centre.verify_ledger();
}

#[test]
fn numbers_of_the_order_are_not_issued_beside_the_batch() {
    let mut floor = Floor::of_cards(2);
    let script = floor.script(0);
    let template = floor.template.clone();
    let mut reader = centre::on_reader(&floor.cards[0]);
    let alone = floor.centre.issue(&template, &script, &mut reader).unwrap_err();
    assert!(
        matches!(
            alone.of_ledger(),
            Some(LedgerError::Centre(CentreFault::NumberOfOrder { .. }))
        ),
        "{alone}"
    );
    assert!(
        floor
            .centre
            .session
            .ledger
            .card(CardKind::User, &script.number)
            .unwrap()
            .is_none()
    );
}
