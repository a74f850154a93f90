// SPDX-License-Identifier: Apache-2.0
//! Orders taken in: what the book and the ledger have of them, what stands in the files, showing and erasing holders' data.
#![allow(unreachable_pub, clippy::unwrap_used)] // a test may fail where it stands

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cardmint::batch::order::{
    Finding, ImportStep, OrderBook, OrderFacts, OrderFault, OrderFile, RangeNumbers, Scan, Summary,
};
use cardmint::batch::{self, kind_of};
use cardmint::card::CardSession;
use cardmint::card::commands::select_name;
use cardmint::card::purse::verify_pin;
use cardmint::error::Fault;
use cardmint::keys::InternalUse;
use cardmint::ledger::act::{Act, RangeKind, RangeReserve};
use cardmint::ledger::{CardKind, Text};
use cardmint::outside::{SystemRandom, Unobserved};
use cardmint::perso::plan;
use cardmint::site::Session;
use cardmint::template::{Arrival, Order, Template};
use cardmint::transport::CardTransport;

use super::centre::{Centre, blank, on_reader};
use super::ground;

pub const NAMES: [&str; 3] = ["张三丰", "欧阳娜娜", "李四光"];
pub const IDS: [&str; 3] = ["11010519491231002X", "440524199001010018", "E12345678"];

pub fn number(n: u32) -> String {
    format!("3100{n:012}")
}

pub fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

/// Three cards: two persons with identity cards, one with a passport, and a fourth of nobody.
pub fn four(first: u32) -> String {
    let mut file = String::from("卡号,姓名,证件类型,证件号码,初始金额（元）,卡类型\n");
    for (at, (name, id)) in NAMES.iter().zip(IDS).enumerate() {
        let kind = if at == 2 { "护照" } else { "身份证" };
        let n = number(first + at as u32);
        file.push_str(&[&n, *name, kind, id, "20", "学生卡"].join(","));
        file.push('\n');
    }
    writeln!(file, "{},,,,,", number(first + 3)).unwrap();
    file
}

/// A centre that knows the test's template.
pub fn centre() -> (Centre, Template) {
    (Centre::new("mohurd", "city", "3100"), ground::template())
}

#[derive(Debug)]
pub struct Read {
    pub findings: Vec<Finding>,
    pub summary: Summary,
    pub facts: Option<OrderFacts>,
}

/// Takes a file in as `order import` does.
pub fn import(
    session: &mut Session,
    template: &Template,
    id: &str,
    file: &Path,
    range: Option<&str>,
    at: &mut dyn FnMut(ImportStep),
) -> Result<Read, OrderFault> {
    session.need_secret(InternalUse::Holders, &mut SystemRandom)?;
    let mut book = OrderBook::open_or_make(&session.site, &session.ledger)?;
    let file = OrderFile::open(file, None)?;
    let facts = batch::facts(&session.site).unwrap();
    let numbers = range.map(|name| {
        let kind = kind_of(template.product).into();
        RangeNumbers::of(&session.ledger, name, kind, &template.name).unwrap()
    });
    let scan = Scan {
        template,
        site: &|name| facts.value(name),
        now: ground::NOW,
        told: &[],
        numbers: numbers.as_ref(),
        terminals: None,
        arrival: Arrival::default(),
        taken: &|_, _| Ok(None),
    };
    let mut findings = Vec::new();
    let (summary, coming) = book.take_in(
        id,
        &scan,
        &file,
        (&session.store, &session.ledger),
        &mut SystemRandom,
        &mut |finding| findings.push(finding),
    )?;
    let facts = coming.map(|coming| book.record(coming, session, at)).transpose()?;
    Ok(Read {
        findings,
        summary,
        facts,
    })
}

pub fn taken_in(centre: &mut Centre, template: &Template, id: &str, text: &str) -> OrderFacts {
    let file = centre.folder.path().join("order.csv");
    fs::write(&file, text).unwrap();
    let read = import(&mut centre.session, template, id, &file, None, &mut |_| {}).unwrap();
    read.facts.unwrap_or_else(|| panic!("{:?}", read.findings))
}

pub fn book(centre: &Centre) -> OrderBook {
    OrderBook::open(&centre.session.site, &centre.session.ledger).unwrap()
}

/// The book's file and what SQLite keeps beside it.
pub fn files(centre: &Centre) -> Vec<PathBuf> {
    let place = OrderBook::place(&centre.session.site);
    let beside = |end: &str| PathBuf::from(format!("{}{end}", place.display()));
    let all = [place.clone(), beside("-wal")];
    all.into_iter().filter(|p| p.exists()).collect()
}

fn holds(path: &Path, what: &[u8]) -> bool {
    fs::read(path).unwrap().windows(what.len()).any(|w| w == what)
}

pub fn verified(centre: &Centre, wrong: &[&str]) {
    let book = book(centre);
    let (store, ledger) = (&centre.session.store, &centre.session.ledger);
    let report = book.verify(store, ledger, None, &mut Unobserved).unwrap();
    let found: Vec<&str> = report.findings.iter().map(|f| f.check).collect();
    assert_eq!(found, wrong, "{:?}", report.findings);
}

#[test]
fn what_was_taken_in_comes_out_row_by_row() {
    let (mut centre, template) = centre();
    let facts = taken_in(&mut centre, &template, "first", &four(11));
    assert_eq!((facts.rows, facts.kind.as_str()), (4, "user"));
    let row = centre.session.ledger.order("first").unwrap().unwrap();
    assert_eq!(
        (row.digest, row.holders, row.rows),
        (facts.digest.clone(), facts.holders.clone(), 4)
    );
    let spans = centre.session.ledger.spans("first", RangeKind::User).unwrap();
    assert_eq!(
        (spans.len(), &spans[0].from, &spans[0].to),
        (1, &number(11), &number(14))
    );
    let book = book(&centre);
    assert_eq!(book.orders().unwrap(), [facts]);
    let store = &centre.session.store;
    let mut behind = 0;
    for (at, name) in NAMES.iter().enumerate() {
        let row = book.next_row(store, "first", behind).unwrap().unwrap();
        behind = row.row;
        assert_eq!((row.row as usize, &row.number), (at + 1, &number(11 + at as u32)));
        assert_eq!(row.order.get("holder-name"), Some(*name));
        assert_eq!(
            (row.order.get("id-number"), row.order.get("sub-type")),
            (Some(IDS[at]), Some("01"))
        );
        assert_eq!((row.order.get("issued"), row.load.unwrap().0), (Some("20300101"), 2000));
    }
    let last = book.next_row(store, "first", behind).unwrap().unwrap();
    assert_eq!((last.order.get("holder-name"), last.load), (Some(""), None));
    assert!(book.next_row(store, "first", last.row).unwrap().is_none());
    let (order, found) = book.row_of_number(store, CardKind::User, &number(12)).unwrap().unwrap();
    assert_eq!((order.as_str(), found.row), ("first", 2));
    assert!(
        book.row_of_number(store, CardKind::Psam, &number(12))
            .unwrap()
            .is_none()
    );
    drop(book);
    verified(&centre, &[]);
    centre.verify_ledger();
}

/// A card is planned and made from a row as from an order of its own.
#[test]
fn a_card_is_made_from_a_row() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let row = book(&centre).row(&centre.session.store, "first", 1).unwrap();
    let facts = batch::facts(&centre.session.site).unwrap();
    let keys = cardmint::keys::KeyStore::keys(&centre.session.store);
    let script = plan(&template, &row.order, centre.session.site.scheme(), &keys, &facts).unwrap();
    assert_eq!(script.number, row.number);
    let card = blank(&template, 1);
    let refused = centre.issue(&template, &script, &mut on_reader(&card)).unwrap_err();
    assert_eq!(
        refused.msg().id(),
        "centre-number-of-order",
        "only in a batch of its order"
    );
}

/// The digest of a script stands in the ledger: with the holder's data in the script it must not be comparable with guesses.
#[test]
fn the_digest_of_a_persons_card_cannot_be_guessed() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let facts = batch::facts(&centre.session.site).unwrap();
    let keys = cardmint::keys::KeyStore::keys(&centre.session.store);
    let digest = |order: &Order| {
        let script = plan(&template, order, centre.session.site.scheme(), &keys, &facts).unwrap();
        (script.blind.clone(), script.digest_hex())
    };
    let row = |n: u32| book(&centre).row(&centre.session.store, "first", n).unwrap().order;
    let person = row(1);
    assert_eq!(digest(&person), digest(&row(1)), "the same at every time");
    let values = person.values().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let guessed = Order::restored(values);
    assert!(digest(&guessed).0.is_none() && digest(&person).0.is_some());
    assert_ne!(digest(&guessed).1, digest(&person).1);
    // Nobody's data, nothing to guess.
    assert_eq!(digest(&row(4)).0, None);
}

#[test]
fn a_card_with_a_pin_of_its_own_takes_that_and_no_other() {
    let (mut centre, template) = centre();
    let order = |n: u32, policy: &str| {
        let raw = [("number", number(n)), ("pin", policy.to_owned())];
        let raw = raw.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let facts = batch::facts(&centre.session.site).unwrap();
        Order::check(&template, &raw, ground::NOW, &|name| facts.value(name)).unwrap()
    };
    let script = |centre: &Centre, order: &Order| {
        let facts = batch::facts(&centre.session.site).unwrap();
        let keys = cardmint::keys::KeyStore::keys(&centre.session.store);
        plan(&template, order, centre.session.site.scheme(), &keys, &facts).unwrap()
    };
    let own = script(&centre, &order(11, "random"));
    let site = script(&centre, &order(12, "initial"));
    assert_eq!(own.pins().collect::<Vec<_>>(), [format!("card/{}", number(11))]);
    assert_eq!(site.pins().collect::<Vec<_>>(), ["default"]);
    // Without the secret nothing is begun.
    let card = blank(&template, 1);
    let refused = centre.issue(&template, &own, &mut on_reader(&card)).unwrap_err();
    assert_eq!(refused.msg().id(), "keys-no-internal");
    assert!(
        centre
            .session
            .ledger
            .card(CardKind::User, &number(11))
            .unwrap()
            .is_none()
    );
    centre
        .session
        .need_secret(InternalUse::Pins, &mut SystemRandom)
        .unwrap();
    centre.issue(&template, &own, &mut on_reader(&card)).unwrap();
    let other = blank(&template, 2);
    centre.issue(&template, &site, &mut on_reader(&other)).unwrap();
    let takes = |reader: &mut dyn CardTransport, name: &str| {
        let pin = cardmint::keys::KeyStore::pin(&centre.session.store, name).unwrap();
        let mut session = CardSession::new(reader, template.dialect);
        let select = select_name(&hex::decode("A00000000386980701").unwrap());
        session.send("SELECT", &select).unwrap();
        verify_pin(&mut session, 0, &pin).is_ok()
    };
    let name = format!("card/{}", number(11));
    assert!(takes(&mut on_reader(&card), &name) && !takes(&mut on_reader(&card), "default"));
    assert!(takes(&mut on_reader(&other), "default") && !takes(&mut on_reader(&other), &name));
}

#[test]
fn nothing_of_a_person_stands_in_a_file() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let site = &centre.session.site;
    let mut looked = files(&centre);
    looked.extend([site.ledger_path(), site.ledger_path().with_extension("db-wal")]);
    for path in looked.iter().filter(|p| p.exists()) {
        for what in NAMES.iter().chain(&IDS) {
            let gbk = encoding_rs::GBK.encode(what).0;
            assert!(
                !holds(path, what.as_bytes()) && !holds(path, &gbk),
                "{what} in {}",
                path.display()
            );
        }
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&files(&centre)[0]).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_bad_file_leaves_nothing_behind() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let before = centre.ledger();
    let file = centre.folder.path().join("bad.csv");
    fs::write(&file, four(21) + "3100000000000099,王五,身份证,1,,\n").unwrap();
    let read = import(&mut centre.session, &template, "second", &file, None, &mut |_| {}).unwrap();
    assert!(read.facts.is_none());
    assert_eq!((read.summary.rows, read.summary.bad, read.findings.len()), (5, 1, 1));
    assert_eq!(centre.ledger(), before);
    let book = book(&centre);
    assert!(matches!(book.order("second"), Err(OrderFault::NoOrder { .. })));
    assert!(book.place_of(CardKind::User, &number(21)).unwrap().is_none());
    drop(book);
    // The name is still free.
    taken_in(&mut centre, &template, "second", &four(21));
    verified(&centre, &[]);
}

/// What a look-up before did not see, the ledger's constraint does; then nothing of the order is left.
#[test]
fn numbers_of_another_order_are_refused_by_the_ledger() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let before = centre.ledger();
    let file = centre.folder.path().join("order.csv");
    fs::write(&file, four(14)).unwrap();
    let refused = import(&mut centre.session, &template, "second", &file, None, &mut |_| {}).unwrap_err();
    assert_eq!(refused.msg().id(), "centre-numbers-taken");
    assert_eq!(centre.ledger(), before);
    let refused = import(&mut centre.session, &template, "first", &file, None, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, OrderFault::NameTaken { .. }));
    assert!(matches!(book(&centre).order("second"), Err(OrderFault::NoOrder { .. })));
    verified(&centre, &[]);
}

#[test]
fn a_range_gives_the_numbers_one_after_the_other() {
    let (mut centre, template) = centre();
    let reserve = RangeReserve {
        range: text("31"),
        kind: RangeKind::User,
        template: None,
        from: cardmint::ledger::Number::new(number(100)).unwrap(),
        to: cardmint::ledger::Number::new(number(104)).unwrap(),
        purpose: text("test"),
    };
    centre.session.append(Act::RangeReserve(reserve)).unwrap();
    let file = centre.folder.path().join("order.csv");
    fs::write(&file, "姓名\n张三丰\n李四光\n").unwrap();
    let mut numbers = Vec::new();
    for id in ["first", "second"] {
        let read = import(&mut centre.session, &template, id, &file, Some("31"), &mut |_| {}).unwrap();
        assert_eq!(read.facts.unwrap().rows, 2);
        for row in [1, 2] {
            let row = book(&centre).row(&centre.session.store, id, row).unwrap();
            assert_eq!(row.order.get("number"), Some(row.number.as_str()));
            numbers.push(row.number);
        }
    }
    assert_eq!(numbers, [100, 101, 102, 103].map(number));
    // One is left, and two are wanted.
    let read = import(&mut centre.session, &template, "third", &file, Some("31"), &mut |_| {}).unwrap();
    assert_eq!(read.findings[0].what.id(), "order-range-short");
    assert!(read.facts.is_none());
    // Numbers that a file brings may be a range's too: then they are that range's.
    fs::write(&file, format!("number\n{}\n{}\n", number(104), number(105))).unwrap();
    let read = import(&mut centre.session, &template, "fourth", &file, None, &mut |_| {}).unwrap();
    assert!(read.facts.is_some());
    let spans = centre.session.ledger.spans("fourth", RangeKind::User).unwrap();
    let ranges: Vec<Option<&str>> = spans.iter().map(|s| s.range.as_deref()).collect();
    assert_eq!(ranges, [Some("31"), None]);
    centre.verify_ledger();
}

#[test]
fn a_holder_is_shown_by_an_entry_that_is_there_first() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let book = book(&centre);
    let place = book.holder_of(CardKind::User, &number(12)).unwrap();
    assert_eq!((place.order.as_str(), place.row), ("first", 2));
    let size = centre.session.ledger.size();
    let holder = book
        .show_holder(&mut centre.session, place, &text("the holder asks"))
        .unwrap();
    let fields = holder.fields().unwrap();
    assert_eq!(fields["holder-name"], NAMES[1]);
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["holder-name", "id-number"]);
    let entry = centre.session.ledger.entry(size).unwrap();
    match &entry.act {
        Act::HolderShow(shown) => {
            assert_eq!(
                (shown.order.as_str(), shown.number.as_str()),
                ("first", number(12).as_str())
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(!String::from_utf8(entry.line()).unwrap().contains(NAMES[1]));
    // A card of nobody, and a card that no order brought.
    let place = book.holder_of(CardKind::User, &number(14)).unwrap();
    let size = centre.session.ledger.size();
    let none = book
        .show_holder(&mut centre.session, place, &text("why not"))
        .unwrap_err();
    assert!(matches!(none, OrderFault::NoHolder { .. }), "{none:?}");
    assert_eq!(centre.session.ledger.size(), size, "nothing to show, nothing recorded");
    assert!(matches!(
        book.holder_of(CardKind::User, &number(999)),
        Err(OrderFault::NoNumber { .. })
    ));
}

#[test]
fn an_erased_holder_is_gone_and_everything_still_verifies() {
    let (mut centre, template) = centre();
    let facts = taken_in(&mut centre, &template, "first", &four(11));
    let mut book = book(&centre);
    // What lies in the file for the second person, to look for it afterwards.
    let raw = rusqlite_of(&centre);
    let (key, sealed): (Vec<u8>, Vec<u8>) = raw
        .query_row("SELECT key, sealed FROM holders WHERE row = 2", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(raw);
    assert!(files(&centre).iter().any(|f| holds(f, &sealed) && holds(f, &key)));
    book.erase(&mut centre.session, "first", Some(&number(12)), &text("asked for"))
        .unwrap();
    for file in files(&centre) {
        assert!(!holds(&file, &sealed) && !holds(&file, &key), "{}", file.display());
        for part in [&sealed[24..], &key[24..]] {
            assert!(!holds(&file, &part[..16]), "{}", file.display());
        }
    }
    let store = &centre.session.store;
    assert!(matches!(book.row(store, "first", 2), Err(OrderFault::Erased { .. })));
    assert_eq!(
        book.row(store, "first", 3).unwrap().order.get("holder-name"),
        Some(NAMES[2])
    );
    book.check_order(&centre.session.ledger, "first").unwrap();
    assert_eq!(book.order("first").unwrap(), facts);
    let place = book.holder_of(CardKind::User, &number(12)).unwrap();
    let refused = book
        .show_holder(&mut centre.session, place, &text("why not"))
        .unwrap_err();
    assert!(matches!(refused, OrderFault::Erased { .. }), "{refused:?}");
    let twice = book.erase(&mut centre.session, "first", Some(&number(12)), &text("again"));
    assert_eq!(twice.unwrap_err().msg().id(), "centre-no-holder");
    // The rest of the order at once.
    book.erase(&mut centre.session, "first", None, &text("kept long enough"))
        .unwrap();
    for row in 1..=3 {
        assert!(matches!(
            book.row(&centre.session.store, "first", row),
            Err(OrderFault::Erased { .. })
        ));
    }
    assert!(book.row(&centre.session.store, "first", 4).is_ok(), "a card of nobody");
    drop(book);
    verified(&centre, &[]);
    centre.verify_ledger();
}

/// A copy of the book from before an erasure brings nothing back: opening it carries the erasure out.
#[test]
fn an_old_copy_brings_no_data_back() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let place = OrderBook::place(&centre.session.site);
    let copy = || {
        let raw = rusqlite_of(&centre);
        raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        drop(raw);
        fs::read(&place).unwrap()
    };
    let old = copy();
    book(&centre)
        .erase(&mut centre.session, "first", Some(&number(11)), &text("asked for"))
        .unwrap();
    put_back(&centre, &old);
    let opened = book(&centre);
    assert!(matches!(
        opened.row(&centre.session.store, "first", 1),
        Err(OrderFault::Erased { .. })
    ));
    assert!(opened.row(&centre.session.store, "first", 2).is_ok());
    drop(opened);
    verified(&centre, &[]);
    // Once the secret was drawn anew, an old copy does not open at all.
    let reason = text("after erasures");
    book(&centre)
        .draw_anew(&mut centre.session, &reason, &mut SystemRandom, &mut |_| {})
        .unwrap();
    let row = book(&centre).row(&centre.session.store, "first", 2).unwrap();
    assert_eq!(row.order.get("holder-name"), Some(NAMES[1]));
    verified(&centre, &[]);
    put_back(&centre, &old);
    let opened = book(&centre).row(&centre.session.store, "first", 2);
    assert!(
        matches!(opened, Err(OrderFault::LostSecret { version: 1, .. })),
        "{opened:?}"
    );
    verified(&centre, &["HOLDER-ROW"; 4]);
}

/// Puts an older copy of the book in its place.
fn put_back(centre: &Centre, old: &[u8]) {
    for file in files(centre) {
        fs::remove_file(file).unwrap();
    }
    fs::write(OrderBook::place(&centre.session.site), old).unwrap();
}

fn rusqlite_of(centre: &Centre) -> rusqlite::Connection {
    rusqlite::Connection::open(OrderBook::place(&centre.session.site)).unwrap()
}

/// What somebody changes with an editor for databases is found, and no card is made of it.
#[test]
fn a_changed_book_is_noticed() {
    let changes: [(&str, &str, &[&str]); 8] = [
        (
            "UPDATE rows SET line = replace(line, '\"sub-type\":\"01\"', '\"sub-type\":\"03\"') WHERE row = 1",
            "order-damaged",
            &["HOLDER-DIGEST", "HOLDER-ROW"],
        ),
        (
            "UPDATE rows SET line = replace(line, '\"load\":2000', '\"load\":9000') WHERE row = 1",
            "order-damaged",
            &["HOLDER-DIGEST", "HOLDER-ROW"],
        ),
        (
            "UPDATE rows SET line = '{}' WHERE row = 1",
            "order-damaged",
            &["HOLDER-DIGEST", "HOLDER-ROW"],
        ),
        (
            "UPDATE rows SET tag = (SELECT tag FROM rows WHERE row = 2) WHERE row = 1",
            "order-damaged",
            &["HOLDER-ROW"],
        ),
        (
            "UPDATE holders SET sealed = (SELECT sealed FROM holders WHERE row = 2) WHERE row = 1",
            "order-damaged",
            &["HOLDER-DATA"],
        ),
        (
            "UPDATE holders SET (key, sealed) = (SELECT key, sealed FROM holders WHERE row = 2) WHERE row = 1",
            "order-damaged",
            &["HOLDER-DATA"],
        ),
        ("DELETE FROM holders WHERE row = 1", "order-erased", &["HOLDER-GONE"]),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM rows WHERE row = 1",
            "order-no-row",
            &["HOLDER-DIGEST"],
        ),
    ];
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    rusqlite_of(&centre)
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let place = OrderBook::place(&centre.session.site);
    let whole = fs::read(&place).unwrap();
    for (sql, id, wrong) in changes {
        rusqlite_of(&centre).execute_batch(sql).unwrap();
        let refused = book(&centre).row(&centre.session.store, "first", 1).unwrap_err();
        assert_eq!(refused.msg().id(), id, "{sql}");
        verified(&centre, wrong);
        put_back(&centre, &whole);
    }
    verified(&centre, &[]);
    rusqlite_of(&centre)
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM orders; DELETE FROM rows; DELETE FROM holders")
        .unwrap();
    verified(&centre, &["HOLDER-ORDER"]);
    fs::remove_file(&place).unwrap();
    let missing = OrderBook::open_or_make(&centre.session.site, &centre.session.ledger).unwrap_err();
    assert!(
        matches!(missing, OrderFault::NoBook { .. }),
        "an empty book is never made where there were orders: {missing:?}"
    );
}

/// A book that says it is settled further than it is: the data that the ledger has as erased are found.
#[test]
fn data_that_should_be_gone_are_found() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let place = OrderBook::place(&centre.session.site);
    rusqlite_of(&centre)
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let old = fs::read(&place).unwrap();
    book(&centre)
        .erase(&mut centre.session, "first", Some(&number(11)), &text("asked for"))
        .unwrap();
    put_back(&centre, &old);
    rusqlite_of(&centre)
        .execute("UPDATE settled SET entries = 1000000", [])
        .unwrap();
    verified(&centre, &["HOLDER-LEFT"]);
}

#[test]
fn every_check_of_the_book_is_described() {
    let page = include_str!("../../docs/formats/holders.md");
    for check in cardmint::batch::order::BOOK_CHECKS {
        assert!(page.contains(&format!("`{check}`")), "{check}");
    }
}

#[test]
fn a_withdrawn_order_goes_with_its_holders() {
    let (mut centre, template) = centre();
    taken_in(&mut centre, &template, "first", &four(11));
    let mut opened = book(&centre);
    opened
        .withdraw(&mut centre.session, "first", &text("wrong file"))
        .unwrap();
    assert!(matches!(opened.order("first"), Err(OrderFault::NoOrder { .. })));
    drop(opened);
    assert_eq!(
        rusqlite_of(&centre)
            .query_row("SELECT count(*) FROM holders", [], |r| r.get::<_, u32>(0))
            .unwrap(),
        0
    );
    // The corrected file has the same numbers.
    taken_in(&mut centre, &template, "first-again", &four(11));
    verified(&centre, &[]);
    centre.verify_ledger();
    let refused = book(&centre).withdraw(&mut centre.session, "first", &text("twice"));
    assert!(matches!(refused, Err(OrderFault::Site(_))), "{refused:?}");
}
