//! A dead disk: the backup comes back, an export fills it up, or two officers declare what is gone; then no number can be
//! given out twice.

use std::fs;
use std::path::PathBuf;

use cardmint::ledger::act::{LedgerArchive, LedgerLoss, RangeKind};
use cardmint::ledger::upkeep::{Restored, restore};
use cardmint::ledger::{Act, Ending, Hash, Ledger, LedgerError, Policy, UpkeepFault};

use super::super::centre_story::{
    self, BOTH, Centre, OPERATOR, SUPERVISOR, card, card_of, issue, order, range, running, span,
};
use super::super::story::{self, joined, lines};
use super::*;

/// A centre with batch B running, copied after five cards, lost after eight.
fn died() -> (Centre, PathBuf, Vec<Vec<u8>>) {
    let (mut b, _) = running();
    for n in 1..=4 {
        issue(&mut b, n, Ending::Issued);
    }
    issue(&mut b, 5, Ending::FailedBlank);
    issue(&mut b, 6, Ending::InDoubt);
    let to = b.path().with_file_name("copy.db");
    let done = b.copied(&to);
    b.by(OPERATOR, done.act()).unwrap();
    issue(&mut b, 7, Ending::Issued);
    b.checkpoint();
    let all = lines(&b.ledger);
    lose(&b.path());
    (b, to, all)
}

#[test]
fn a_copy_and_an_export_make_the_ledger_whole_again() {
    let (b, copy, all) = died();
    let mut export = fs::File::create(b.path().with_file_name("all.jsonl")).unwrap();
    std::io::Write::write_all(&mut export, &joined(&all)).unwrap();
    let tail = joined(&all[all.len() - 5..]);
    let back = |lines: &[u8]| restore(&copy, Some(&mut &*lines), &b.path(), &b.copy(), &mut Unobserved);
    for (bad, at) in [
        (joined(&all[all.len() - 1..]), "a gap"),
        (tail[..tail.len() - 9].to_vec(), "cut in a line"),
        (joined(&story_lines()), "another ledger"),
    ] {
        assert!(back(&bad).is_err(), "{at}");
        assert!(!b.path().exists(), "{at}");
    }
    let done = back(&tail).unwrap();
    let size = all.len() as u64;
    assert_eq!(
        done,
        Restored {
            copied: size - 3,
            appended: 3,
            missing: None
        }
    );
    let again = b.open().unwrap();
    assert_eq!(lines(&again), all);
    let good = report(&b.path(), Some(&b.copy()));
    assert!(good.good(), "{:?}", good.findings);
    assert_eq!(
        restore(&copy, None, &b.path(), &b.copy(), &mut Unobserved),
        Err(UpkeepFault::There(b.path()).into()),
        "a ledger is never overwritten"
    );
}

fn story_lines() -> Vec<Vec<u8>> {
    lines(&story::told().ledger)
}

#[test]
fn a_copy_of_another_ledger_or_a_damaged_one_gets_no_place() {
    let (b, copy, _) = died();
    let mut other = Bench::new(Policy::production());
    let stranger = other.folder.path().join("copy.db");
    copied(&mut other, &stranger).unwrap();
    let back = |from: &std::path::Path| restore(from, None, &b.path(), &b.copy(), &mut Unobserved);
    // Signed by the same key on the bench, but with another history.
    assert!(matches!(
        back(&stranger),
        Err(LedgerError::Forked { .. } | LedgerError::RolledBack { .. }) | Ok(Restored { missing: Some(_), .. })
    ));
    lose(&b.path());
    let db = rusqlite::Connection::open(&copy).unwrap();
    db.execute_batch("UPDATE lots SET in_stock = in_stock - 1, scrapped = scrapped + 1")
        .unwrap();
    drop(db);
    let refused = back(&copy).unwrap_err();
    assert!(
        matches!(refused, LedgerError::Upkeep(UpkeepFault::NotRestorable { .. })),
        "{refused:?}"
    );
    assert!(!b.path().exists());
    assert!(matches!(
        back(&b.path().with_file_name("nothing.db")),
        Err(LedgerError::NotThere(_))
    ));
}

/// The centre after the copy came back and the loss was declared.
fn declared() -> Centre {
    let (mut b, copy, all) = died();
    let size = all.len() as u64;
    let done = restore(&copy, None, &b.path(), &b.copy(), &mut Unobserved).unwrap();
    assert_eq!((done.copied, done.missing), (size - 3, Some(size)));
    assert_eq!(
        b.open().unwrap_err(),
        LedgerError::RolledBack {
            has: size - 3,
            should: size
        }
    );
    let (ledger, missing) = Ledger::open_after_loss(&b.path(), &b.copy()).unwrap();
    assert_eq!((missing.has, missing.declared), (size - 3, false));
    assert_eq!(missing.outside.as_ref().unwrap().size, size);
    b.ledger = ledger;
    let act = missing.act(text("disk died"));
    assert!(matches!(
        b.by(OPERATOR, act.clone()),
        Err(LedgerError::TooFewOfficers { needs: 2, .. })
    ));
    b.by(BOTH, act).unwrap();
    b
}

#[test]
fn after_a_declared_loss_the_ledger_goes_on_and_can_be_declared_once() {
    let mut b = declared();
    // Killed between the entry and its checkpoint: the second attempt finds it declared.
    assert!(b.open().is_err());
    let (ledger, missing) = Ledger::open_after_loss(&b.path(), &b.copy()).unwrap();
    assert!(missing.declared);
    b.ledger = ledger;
    b.checkpoint();
    assert!(b.open().is_ok());
    assert_eq!(
        Ledger::open_after_loss(&b.path(), &b.copy()).unwrap_err(),
        UpkeepFault::NothingLost.into()
    );
    let good = report(&b.path(), Some(&b.copy()));
    assert!(good.good(), "{:?}", good.findings);
    b.verifies();
}

#[test]
fn no_number_that_the_lost_entries_may_have_used_is_given_out_again() {
    let mut b = declared();
    let closed = |done: Result<u64, LedgerError>| match done {
        Err(LedgerError::Upkeep(UpkeepFault::Closed { number, .. })) => number,
        other => panic!("{other:?}"),
    };
    // Numbers 7 (issued in what was lost) and 8 (not) of the order, 5 (blank by what is left, and nobody knows since).
    assert_eq!(
        closed(b.by(OPERATOR, Act::CardIntent(card_of("B", 7, Some("L1"))))),
        card(7)
    );
    assert_eq!(
        closed(b.by(OPERATOR, Act::CardIntent(card_of("B", 8, Some("L1"))))),
        card(8)
    );
    let row = b
        .ledger
        .card(cardmint::ledger::CardKind::User, &card(5))
        .unwrap()
        .unwrap();
    let mut blank = card_of("B", 5, Some("L1"));
    (blank.resumes, blank.chip) = (Some(row.intent), Some(number("FRESH5")));
    assert_eq!(closed(b.by(OPERATOR, Act::CardIntent(blank))), card(5));
    // The chip of number 6 is at hand, and bears it.
    let row = b
        .ledger
        .card(cardmint::ledger::CardKind::User, &card(6))
        .unwrap()
        .unwrap();
    let mut again = card_of("B", 6, Some("L1"));
    again.resumes = Some(row.intent);
    let seq = b.by(OPERATOR, Act::CardIntent(again)).unwrap();
    b.by(OPERATOR, Act::CardOutcome(outcome(&card(6), seq, Ending::Issued)))
        .unwrap();
    // The rest of the old range, and numbers of no range.
    let old = order("two", vec![span(11, 20, Some("31"))], 10);
    assert_eq!(closed(b.by(OPERATOR, Act::OrderImport(old))), card(11));
    let loose = order("three", vec![span(2001, 2002, None)], 2);
    assert_eq!(closed(b.by(OPERATOR, Act::OrderImport(loose))), card(2001));
    let mut psam = intent("2001", "P1", None);
    psam.terminal = Some(number("310000000001"));
    assert_eq!(closed(b.by(OPERATOR, Act::PsamIntent(psam.clone()))), "2001");
    // New ranges, which the old ones cannot overlap.
    assert!(b.by(SUPERVISOR, Act::RangeReserve(range("again", 500, 600))).is_err());
    b.by(SUPERVISOR, Act::RangeReserve(range("32", 3001, 4000))).unwrap();
    let mut psams = range("psams", 1, 2);
    (psams.kind, psams.from, psams.to) = (RangeKind::Psam, number("2001"), number("2009"));
    b.by(SUPERVISOR, Act::RangeReserve(psams)).unwrap();
    assert_eq!(closed(b.by(OPERATOR, Act::PsamIntent(psam))), "310000000001");
    let account = b.ledger.batch_account("B").unwrap();
    b.by(BOTH, Act::BatchClose(account)).unwrap();
    let new = order("four", vec![span(3001, 3010, Some("32"))], 10);
    b.by(OPERATOR, Act::OrderImport(new.clone())).unwrap();
    let batch = centre_story::batch("C", &new);
    b.by(OPERATOR, Act::BatchNew(batch.clone())).unwrap();
    b.by(SUPERVISOR, centre_story::approval(&batch)).unwrap();
    b.by(OPERATOR, centre_story::begin(&batch)).unwrap();
    b.by(OPERATOR, Act::CardIntent(card_of("C", 3001, Some("L1")))).unwrap();
    b.verifies();
}

#[test]
fn a_loss_is_declared_only_where_something_is_missing() {
    let (mut b, _) = running();
    let size = b.ledger.size();
    let mut wrong = |size, root| {
        let reason = text("disk died");
        assert!(b.by(BOTH, Act::LedgerLoss(LedgerLoss { reason, size, root })).is_err());
    };
    wrong(Some(size), Some(Hash::default()));
    wrong(Some(1), Some(Hash::default()));
    wrong(Some(size + 9), None);
    wrong(None, Some(Hash::default()));
    // Both copy and ledger are gone, and an old backup is all there is.
    fs::remove_file(b.copy()).unwrap();
    let (ledger, missing) = Ledger::open_after_loss(&b.path(), &b.copy()).unwrap();
    assert_eq!((missing.has, &missing.outside), (size, &None));
    b.ledger = ledger;
    b.by(BOTH, missing.act(text("fire"))).unwrap();
    b.checkpoint();
    assert!(b.by(OPERATOR, Act::CardIntent(card_of("B", 7, Some("L1")))).is_err());
    b.verifies();
}

#[test]
fn archives_follow_one_another() {
    let (mut b, _) = running();
    let archive = |from, to, n: u8| {
        let (file, digest) = (text("2026.evidence"), Hash([n; 32]));
        Act::LedgerArchive(LedgerArchive { from, to, file, digest })
    };
    let size = b.ledger.size();
    assert!(b.by(OPERATOR, archive(0, 4, 1)).is_err(), "by two officers");
    for (from, to) in [(1, 4), (0, 0), (0, size + 1)] {
        assert!(b.by(BOTH, archive(from, to, 1)).is_err(), "{from} {to}");
    }
    b.by(BOTH, archive(0, 4, 1)).unwrap();
    assert!(b.by(BOTH, archive(0, 4, 2)).is_err());
    assert!(b.by(BOTH, archive(4, 6, 1)).is_err(), "the same file");
    b.by(BOTH, archive(4, 6, 2)).unwrap();
    b.verifies();
}
