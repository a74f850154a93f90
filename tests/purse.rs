// SPDX-License-Identifier: Apache-2.0
//! Loads and purchases on issued simulated cards: what the ledger has afterwards agrees with the card, whatever happened at
//! whichever command.
#![allow(clippy::unwrap_used)] // a test may fail where it stands

mod centre;

use cardmint::batch::BatchError;
use cardmint::batch::purse::{
    LoadOrder, PayOrder, PurseCard, Recovered, Sam, Settled, Went, identify, load, log, pay, prepare_psam, recover,
    settle, template_of,
};
use cardmint::card::commands::Purse;
use cardmint::card::{CardSession, TransactionError, purse};
use cardmint::crypto::purse::Amount;
use cardmint::error::{Exit, Fault};
use cardmint::keys::Subject;
use cardmint::ledger::act::{Act, PurseEnding};
use cardmint::sim::SimFault;
use cardmint::template::{Product, Template};
use cardmint::transport::CardTransport;
use centre::{Centre, Shared, at, blank, faulty, on_reader, order, pairs, pin, template};

/// A centre with one issued card and one PSAM.
struct Bench {
    centre: Centre,
    user: Template,
    card: Shared,
    psam: Template,
    sam: Shared,
}

fn made(centre: &mut Centre, template: &Template, n: u64) -> Shared {
    let card = blank(template, n);
    let script = centre.script(template, &pairs(&order(template, n))).unwrap();
    centre
        .issue(template, &script, &mut on_reader(&card))
        .unwrap_or_else(|e| panic!("{}: {e}", template.name));
    card
}

impl Bench {
    fn new() -> Self {
        Self::with("mohurd", "mohurd-user", "mohurd-psam")
    }

    fn with(scheme: &str, user: &str, psam: &str) -> Self {
        let mut centre = Centre::new(scheme, "city", "3100");
        let (user, psam) = (template(user), template(psam));
        let card = made(&mut centre, &user, 1);
        let sam = made(&mut centre, &psam, 2);
        Self {
            centre,
            user,
            card,
            psam,
            sam,
        }
    }

    fn load_on(&mut self, reader: &mut dyn CardTransport, fen: u32, typed: &str) -> Result<u32, BatchError> {
        let mut card = CardSession::new(reader, self.user.dialect);
        let session = &mut self.centre.session;
        let on = known(&mut card, &self.user, session)?;
        let pin = pin(typed);
        settle(session, &on, Some(&pin), &mut card)?;
        let order = LoadOrder {
            amount: Amount(fen),
            terminal: "310000000000".parse().unwrap(),
            at: at(),
            pin: Some(&pin),
        };
        load(session, &on, &order, &mut card).map(|(loaded, _)| loaded.balance.0)
    }

    fn load(&mut self, fen: u32) -> Result<u32, BatchError> {
        let mut reader = on_reader(&self.card);
        self.load_on(&mut reader, fen, "123456")
    }

    /// Pays; a card that vanishes comes back at once where `back` says so.
    fn pay_on(
        &mut self,
        reader: &mut dyn CardTransport,
        psam: &mut dyn CardTransport,
        fen: u32,
        back: bool,
    ) -> Result<u32, BatchError> {
        let mut card = CardSession::new(reader, self.user.dialect);
        let mut sam = CardSession::new(psam, self.psam.dialect);
        let session = &mut self.centre.session;
        let on = known(&mut card, &self.user, session)?;
        let scheme = session.site.scheme().clone();
        let with = prepare_psam(&mut sam, &self.psam, &on, &scheme)?;
        settle(session, &on, None, &mut card)?;
        match pay(Some(&mut *session), &on, &with, order_of(fen), (&mut card, &mut sam))? {
            Went::Paid(paid, entry) => {
                assert!(entry.is_some());
                Ok(paid.balance.0)
            }
            Went::Torn(torn) if back => {
                let mut again = on_reader(&self.card);
                let mut card = CardSession::new(&mut again, self.user.dialect);
                let on = known(&mut card, &self.user, session)?;
                match recover(Some(session), &on, &torn, (&mut card, &mut sam))? {
                    Recovered::Paid(paid, entry) => {
                        assert!(entry.is_some());
                        Ok(paid.balance.0)
                    }
                    Recovered::NotPaid => Err(TransactionError::Torn {
                        counter: torn.counter(),
                    }
                    .into()),
                }
            }
            Went::Torn(torn) => Err(TransactionError::Torn {
                counter: torn.counter(),
            }
            .into()),
        }
    }

    fn pay(&mut self, fen: u32) -> Result<u32, BatchError> {
        let (mut reader, mut psam) = (on_reader(&self.card), on_reader(&self.sam));
        self.pay_on(&mut reader, &mut psam, fen, false)
    }

    fn settle(&mut self) -> Option<Settled> {
        let mut reader = on_reader(&self.card);
        let mut card = CardSession::new(&mut reader, self.user.dialect);
        let session = &mut self.centre.session;
        let on = known(&mut card, &self.user, session).unwrap();
        settle(session, &on, Some(&pin("123456")), &mut card).unwrap()
    }

    fn balance(&self) -> u32 {
        let mut reader = on_reader(&self.card);
        let mut card = CardSession::new(&mut reader, self.user.dialect);
        let on = known(&mut card, &self.user, &self.centre.session).unwrap();
        assert_eq!(on.slots.purse, Purse::Electronic);
        purse::balance(&mut card, on.slots.purse).unwrap().0
    }

    /// Loads less purchases, as the ledger has them.
    fn in_ledger(&self) -> i64 {
        let ledger = &self.centre.session.ledger;
        (0..ledger.size())
            .map(|seq| match ledger.entry(seq).unwrap().act {
                Act::PurseLoad(t) => i64::from(t.amount),
                Act::PursePurchase(t) => -i64::from(t.amount),
                _ => 0,
            })
            .sum()
    }

    fn agrees(&self, what: &str) {
        assert_eq!(i64::from(self.balance()), self.in_ledger(), "{what}");
        self.centre.verify_ledger();
    }
}

fn known<'t>(
    card: &mut CardSession<'_>,
    template: &'t Template,
    session: &cardmint::site::Session,
) -> Result<PurseCard<'t>, BatchError> {
    let own = session.site.scheme().subject_of(session.site.owner()).unwrap();
    identify(card, template, session.site.scheme(), &own)
}

fn order_of(fen: u32) -> PayOrder {
    PayOrder {
        amount: Amount(fen),
        at: at(),
    }
}

#[test]
fn load_purchase_log_and_ledger() {
    let mut b = Bench::new();
    assert_eq!(b.load(5000).unwrap(), 5000);
    assert_eq!(b.pay(200).unwrap(), 4800);
    assert_eq!(b.pay(1).unwrap(), 4799);
    b.agrees("three transactions");
    let mut reader = on_reader(&b.card);
    let mut card = CardSession::new(&mut reader, b.user.dialect);
    let on = known(&mut card, &b.user, &b.centre.session).unwrap();
    assert_eq!(on.number, "3100000000000001");
    let records = log(&mut card, &on).unwrap();
    let seen: Vec<(&str, u32, &str)> = records
        .iter()
        .map(|r| (r.kind.as_str(), r.amount, r.terminal.as_str()))
        .collect();
    let terminal = "310000000002";
    assert_eq!(
        seen[..3],
        [("06", 1, terminal), ("06", 200, terminal), ("02", 5000, "310000000000")]
    );
    let ledger = &b.centre.session.ledger;
    let acts: Vec<&str> = (ledger.size() - 6..ledger.size())
        .map(|s| ledger.entry(s).unwrap().act.name())
        .collect();
    assert_eq!(
        acts,
        [
            "purse.intent",
            "purse.load",
            "purse.intent",
            "purse.purchase",
            "purse.intent",
            "purse.purchase"
        ]
    );
}

#[test]
fn a_psam_of_one_level_needs_one_factor() {
    let mut b = Bench::with("mohurd", "mohurd-user", "mohurd-city-psam");
    assert_eq!(b.load(700).unwrap(), 700);
    assert_eq!(b.pay(300).unwrap(), 400);
    b.agrees("one level");
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut b = Bench::new();
    b.load(1000).unwrap();
    let before = b.centre.ledger();
    let mut reader = on_reader(&b.card);
    let wrong = b.load_on(&mut reader, 500, "654321").unwrap_err();
    assert_eq!(wrong.exit(), Exit::Check, "{wrong}");
    let poor = b.pay(1001).unwrap_err();
    assert!(
        matches!(&poor, BatchError::Transaction(TransactionError::Card(e)) if e.status().unwrap().0 == 0x9401),
        "{poor}"
    );
    assert_eq!(b.centre.ledger(), before, "refused before an intent");
    let full = b.load(u32::MAX).unwrap_err();
    assert_ne!(full.exit(), Exit::Done);
    assert_eq!(b.balance(), 1000);
    b.agrees("refused");
}

#[test]
fn a_wrong_mac_from_the_card_gets_no_mac2_and_a_wrong_tac_is_recorded() {
    let mut b = Bench::new();
    let (mut mac1, mut tac) = (0, 0);
    // Whichever command's answer arrives changed: nothing is loaded unless MAC1 was right.
    for n in 1..20 {
        let (ledger, balance) = (b.centre.ledger(), b.balance());
        let mut reader = faulty(&b.card, n, SimFault::BadMac);
        match b.load_on(&mut reader, 500, "123456") {
            Err(BatchError::Transaction(TransactionError::Mac1)) => {
                mac1 += 1;
                assert_eq!((b.centre.ledger(), b.balance()), (ledger, balance), "command {n}");
            }
            Err(BatchError::Transaction(TransactionError::Tac)) => {
                tac += 1;
                assert_eq!(b.balance(), balance + 500);
                let last = b
                    .centre
                    .session
                    .ledger
                    .entry(b.centre.session.ledger.size() - 1)
                    .unwrap();
                assert!(matches!(last.act, Act::PurseClosed(c) if c.result == PurseEnding::DoneUnproved));
            }
            Err(e) => assert_eq!(b.balance(), balance, "command {n}: {e}"),
            Ok(_) => assert_eq!(b.balance(), balance + 500),
        }
    }
    assert_eq!((mac1, tac), (1, 1));
}

#[test]
fn a_load_torn_at_every_command_agrees_with_the_ledger() {
    let mut b = Bench::new();
    let (mut done, mut not) = (0, 0);
    for fault in [SimFault::TearBefore, SimFault::TearAfter] {
        for n in 1..40 {
            let mut reader = faulty(&b.card, n, fault);
            let went = b.load_on(&mut reader, 100, "123456");
            match b.settle() {
                Some(Settled::Done { .. }) => done += 1,
                Some(Settled::Closed { result, .. }) => {
                    assert_eq!(result, PurseEnding::NotDone);
                    not += 1;
                }
                None => (),
            }
            b.agrees(&format!("{fault:?} at {n}"));
            if went.is_ok() {
                break;
            }
            assert!(n < 39, "the load never went through");
        }
    }
    assert_eq!((done, not), (1, 1), "one command moves money");
    b.load(100).unwrap();
    b.agrees("afterwards");
}

#[test]
fn a_purchase_torn_at_every_command_agrees_with_the_ledger() {
    let mut b = Bench::new();
    b.load(100_000).unwrap();
    for back in [true, false] {
        let mut seen = (0, 0, 0);
        for fault in [SimFault::TearBefore, SimFault::TearAfter] {
            for n in 1..40 {
                let (mut reader, mut psam) = (faulty(&b.card, n, fault), on_reader(&b.sam));
                let went = b.pay_on(&mut reader, &mut psam, 100, back);
                match b.settle() {
                    Some(Settled::Done { .. }) => seen.0 += 1,
                    Some(Settled::Closed { result, .. }) => {
                        assert_eq!(result, PurseEnding::NotDone);
                        seen.1 += 1;
                    }
                    None => (),
                }
                b.agrees(&format!("{fault:?} at {n}, back {back}"));
                let other = |e: &BatchError| !matches!(e.exit(), Exit::Device);
                assert!(!went.as_ref().is_err_and(other), "{fault:?} at {n}: {went:?}");
                if went.is_ok() {
                    seen.2 += 1;
                    if !(back && fault == SimFault::TearAfter) || seen.2 > 2 {
                        break;
                    }
                }
                assert!(n < 39, "the purchase never went through");
            }
        }
        // A card that comes back while the PSAM still waits leaves nothing to settle.
        let settled = if back { (0, 0) } else { (1, 1) };
        assert_eq!((seen.0, seen.1), settled, "back {back}");
    }
}

#[test]
fn a_psam_torn_away_leaves_the_card_right() {
    let mut b = Bench::new();
    b.load(10_000).unwrap();
    for fault in [SimFault::TearBefore, SimFault::TearAfter] {
        for n in 1..40 {
            let (mut reader, mut psam) = (on_reader(&b.card), faulty(&b.sam, n, fault));
            let went = b.pay_on(&mut reader, &mut psam, 100, false);
            b.settle();
            b.agrees(&format!("{fault:?} at {n}"));
            if went.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn a_psam_of_another_city_is_refused_before_either_card_is_asked() {
    let mut b = Bench::with("mohurd", "mohurd-user", "mohurd-city-psam");
    b.load(1000).unwrap();
    let mut other = Centre::new("mohurd", "city", "2100");
    let psam = blank(&b.psam, 9);
    let pairs = [("number", "21000000000000000009"), ("terminal", "210000000009")];
    let script = other.script(&b.psam, &pairs).unwrap();
    other.issue(&b.psam, &script, &mut on_reader(&psam)).unwrap();
    let before = (b.centre.ledger(), b.balance(), centre::state(&psam).to_string());
    let (mut reader, mut sam) = (on_reader(&b.card), on_reader(&psam));
    let refused = b.pay_on(&mut reader, &mut sam, 100, false).unwrap_err();
    assert!(
        matches!(&refused, BatchError::OtherCity { terminal, .. } if terminal == "210000000009"),
        "{refused}"
    );
    assert_eq!(refused.exit(), Exit::Check);
    assert_eq!(
        (b.centre.ledger(), b.balance(), centre::state(&psam).to_string()),
        before
    );
}

#[test]
fn a_psam_with_other_keys_is_refused_by_the_card() {
    let mut b = Bench::new();
    b.load(1000).unwrap();
    // The same codes and numbers, another ministry's roots.
    let mut other = Centre::new("mohurd", "city", "3100");
    let psam = made(&mut other, &b.psam, 5);
    let (mut reader, mut sam) = (on_reader(&b.card), on_reader(&psam));
    let refused = b.pay_on(&mut reader, &mut sam, 100, false).unwrap_err();
    assert!(
        matches!(&refused, BatchError::Transaction(TransactionError::Mac1Refused(_))),
        "{refused}"
    );
    assert_eq!((refused.exit(), b.balance()), (Exit::Check, 1000));
    let last = b
        .centre
        .session
        .ledger
        .entry(b.centre.session.ledger.size() - 1)
        .unwrap();
    assert!(matches!(last.act, Act::PurseClosed(c) if c.result == PurseEnding::NotDone && c.status_word.is_some()));
    assert_eq!(b.pay(100).unwrap(), 900);
}

#[test]
fn a_terminal_without_a_site_pays_and_finds_the_templates() {
    let mut b = Bench::new();
    b.load(1000).unwrap();
    let before = b.centre.ledger();
    let (mut reader, mut psam) = (on_reader(&b.card), on_reader(&b.sam));
    let user = template_of(&mut reader, Product::UserCard, None, &[], None).unwrap();
    let of_psam = template_of(&mut psam, Product::Psam, None, &user.schemes, None).unwrap();
    assert_eq!(
        (user.name.as_str(), of_psam.name.as_str()),
        ("mohurd-user", "mohurd-psam")
    );
    let scheme = cardmint::keys::scheme::find("mohurd", std::path::Path::new(".")).unwrap();
    let mut card = CardSession::new(&mut reader, user.dialect);
    let mut sam = CardSession::new(&mut psam, of_psam.dialect);
    let on = identify(&mut card, &user, &scheme, &Subject::new()).unwrap();
    let with: Sam = prepare_psam(&mut sam, &of_psam, &on, &scheme).unwrap();
    assert_eq!((with.factors.len(), with.index), (2, Some(1)));
    match pay(None, &on, &with, order_of(250), (&mut card, &mut sam)).unwrap() {
        Went::Paid(paid, entry) => assert_eq!((paid.balance.0, entry), (750, None)),
        Went::Torn(_) => panic!("nothing was torn"),
    }
    assert_eq!(b.centre.ledger(), before);
}
