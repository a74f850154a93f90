// SPDX-License-Identifier: Apache-2.0
//! The program killed between the durable steps of an import, and of drawing the secret anew: the ledger decides, and book,
//! ledger and key store agree when they are next opened. The process that dies is this test program, started once more.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

use std::fs;
use std::path::Path;
use std::process::Command;

use cardmint::batch::order::{ImportStep, OrderBook, OrderFault};
use cardmint::keys::InternalUse;
use cardmint::ledger::CardKind;
use cardmint::outside::{SystemRandom, Unobserved};
use cardmint::site::{Session, Site, Step};

use super::book::{NAMES, four, import, number, text};
use super::centre::{Centre, open};
use super::ground;

const FOLDER: &str = "CARDMINT_TEST_ORDERS_FOLDER";
const WORK: &str = "CARDMINT_TEST_ORDERS_WORK";

/// The process that dies; does nothing when it runs as an ordinary test.
#[test]
fn child() {
    let (Ok(folder), Ok(work)) = (std::env::var(FOLDER), std::env::var(WORK)) else {
        return;
    };
    let folder = Path::new(&folder);
    let mut session = open(&Site::open(&folder.join("site")).unwrap());
    let dies = |at: &str| {
        if at == work {
            std::process::abort();
        }
    };
    if work.starts_with("import") {
        let (template, file) = (ground::template(), folder.join("second.csv"));
        let mut at = |step: ImportStep| dies(&format!("import {step:?}"));
        import(&mut session, &template, "second", &file, None, &mut at).unwrap();
    } else {
        let mut book = OrderBook::open(&session.site, &session.ledger).unwrap();
        let mut at = |step: Step| dies(&format!("draw {step:?}"));
        book.draw_anew(&mut session, &text("test"), &mut SystemRandom, &mut at)
            .unwrap();
    }
}

/// A centre with an order, whose program dies at some work.
fn dead(work: &str) -> (Centre, Session) {
    let mut centre = Centre::new("mohurd", "city", "3100");
    let first = centre.folder.path().join("first.csv");
    fs::write(&first, four(11)).unwrap();
    fs::write(centre.folder.path().join("second.csv"), four(21)).unwrap();
    import(
        &mut centre.session,
        &ground::template(),
        "first",
        &first,
        None,
        &mut |_| {},
    )
    .unwrap();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child"])
        .env(FOLDER, centre.folder.path())
        .env(WORK, work)
        .output()
        .unwrap();
    assert!(!died.status.success(), "{work}: the process did not die");
    let session = open(&centre.session.site);
    (centre, session)
}

/// Everything agrees, and the first order is as it was.
fn agrees(session: &Session) {
    let book = OrderBook::open(&session.site, &session.ledger).unwrap();
    let report = book
        .verify(&session.store, &session.ledger, None, &mut Unobserved)
        .unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let row = book.row(&session.store, "first", 1).unwrap();
    assert_eq!(row.order.get("holder-name"), Some(NAMES[0]));
}

#[test]
fn an_import_that_was_killed_has_happened_or_not() {
    for (step, happened) in [
        (ImportStep::Coming, false),
        (ImportStep::Recorded, true),
        (ImportStep::Here, true),
    ] {
        let (centre, mut session) = dead(&format!("import {step:?}"));
        // Before anything settles it, what is coming is no order to anybody.
        let book = OrderBook::open(&session.site, &session.ledger).unwrap();
        assert_eq!(session.ledger.order("second").unwrap().is_some(), happened, "{step:?}");
        assert_eq!(book.order("second").is_ok(), happened, "{step:?}");
        let place = book.place_of(CardKind::User, &number(21)).unwrap();
        assert_eq!(place.is_some(), happened, "{step:?}");
        drop(book);
        agrees(&session);
        // Work goes on from either end.
        let file = centre.folder.path().join("second.csv");
        let again = import(&mut session, &ground::template(), "second", &file, None, &mut |_| {});
        match again {
            Ok(read) => assert!(!happened && read.facts.is_some(), "{step:?}"),
            Err(e) => assert!(happened && matches!(e, OrderFault::NameTaken { .. }), "{step:?} {e:?}"),
        }
        agrees(&session);
    }
}

#[test]
fn a_drawing_that_was_killed_loses_nothing() {
    for (step, version) in [(Step::Staged, 1), (Step::Appended, 2), (Step::Committed, 2)] {
        let (_centre, mut session) = dead(&format!("draw {step:?}"));
        let record = session.store.internal_record(InternalUse::Holders).unwrap();
        assert_eq!(record.version, version, "{step:?}");
        agrees(&session);
        let mut book = OrderBook::open(&session.site, &session.ledger).unwrap();
        book.draw_anew(&mut session, &text("again"), &mut SystemRandom, &mut |_| {})
            .unwrap();
        drop(book);
        agrees(&session);
    }
}

/// A look at the orders between the crash and the next opening of the key store must not choose the wrong half.
#[test]
fn the_book_may_be_opened_before_the_key_store_is_settled() {
    let mut centre = Centre::new("mohurd", "city", "3100");
    let first = centre.folder.path().join("first.csv");
    fs::write(&first, four(11)).unwrap();
    import(
        &mut centre.session,
        &ground::template(),
        "first",
        &first,
        None,
        &mut |_| {},
    )
    .unwrap();
    let died = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child"])
        .env(FOLDER, centre.folder.path())
        .env(WORK, "draw Appended")
        .output()
        .unwrap();
    assert!(!died.status.success());
    let site = &centre.session.site;
    assert!(site.store_place().next().exists(), "the store is not settled");
    drop(OrderBook::open(site, &site.ledger().unwrap()).unwrap());
    agrees(&open(site));
}

/// While one process takes an order in, another one neither settles it away nor takes in another.
#[test]
fn two_processes_do_not_take_orders_in_at_once() {
    let mut centre = Centre::new("mohurd", "city", "3100");
    let first = centre.folder.path().join("first.csv");
    fs::write(&first, four(11)).unwrap();
    let site = centre.session.site.clone();
    let template = ground::template();
    let other = fs::read(&first).unwrap();
    let second = centre.folder.path().join("second.csv");
    fs::write(&second, other).unwrap();
    let mut seen = Vec::new();
    let mut at = |step: ImportStep| {
        if step == ImportStep::Coming {
            let mut session = open(&site);
            let book = OrderBook::open(&site, &session.ledger).unwrap();
            seen.push(book.order("first").is_ok());
            let busy = import(&mut session, &template, "second", &second, None, &mut |_| {}).unwrap_err();
            assert!(matches!(busy, OrderFault::Busy { .. }), "{busy:?}");
        }
    };
    let read = import(&mut centre.session, &template, "first", &first, None, &mut at).unwrap();
    assert!(read.facts.is_some());
    assert_eq!(seen, [false]);
    agrees(&open(&site));
}
