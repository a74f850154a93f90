// SPDX-License-Identifier: Apache-2.0
//! A card centre's ledger with every act of `docs/formats/ledger-centre.md`, and the bodies that other tests start from.

#[path = "centre_story/days.rs"]
mod days;

use std::ops::{Deref, DerefMut};

use cardmint::ledger::act::*;
use cardmint::ledger::entry::Signed;
use cardmint::ledger::{Act, CardKind, Ending, Entry, Hash, LedgerError, Moment, Policy, Signature};

use self::days::*;
use super::bench_site::*;
use super::python::verdicts;
use super::story::{arrived, joined, lines, purse, short};

pub const OPERATOR: &[&str] = &["张三"];
pub const SUPERVISOR: &[&str] = &["李四"];
pub const BOTH: &[&str] = &["张三", "李四"];

/// A bench that keeps what was refused, as an entry that a program without rules would have written.
pub struct Centre {
    bench: Bench,
    refused: Vec<Vec<Vec<u8>>>,
}

impl Deref for Centre {
    type Target = Bench;
    fn deref(&self) -> &Bench {
        &self.bench
    }
}

impl DerefMut for Centre {
    fn deref_mut(&mut self) -> &mut Bench {
        &mut self.bench
    }
}

impl Centre {
    pub fn new(policy: Policy) -> Self {
        Self {
            bench: Bench::new(policy),
            refused: Vec::new(),
        }
    }

    pub fn by(&mut self, names: &[&str], act: Act) -> Result<u64, LedgerError> {
        let done = self.bench.by(names, act.clone());
        if done.is_err() {
            let mut all = lines(&self.bench.ledger);
            let line = forged(&all, names, act, self.bench.second);
            all.push(line);
            self.refused.push(all);
        }
        done
    }

    pub fn checkpoint(&mut self) {
        self.bench.checkpoint();
    }

    /// A copy of the database.
    pub fn copied(&mut self, to: &std::path::Path) -> cardmint::ledger::upkeep::Copied {
        super::upkeep::copied(&mut self.bench, to).unwrap()
    }

    /// The ledger verifies, and both verifiers find every refused entry, by the same check.
    #[track_caller]
    pub fn verifies(&self) {
        let report = cardmint::ledger::verify(
            &self.path(),
            &cardmint::ledger::Against::default(),
            &mut cardmint::outside::Unobserved,
        )
        .unwrap();
        let wrong: Vec<_> = report
            .findings
            .iter()
            .filter(|f| f.check != "LEDGER-CHECKPOINT")
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        let cases: Vec<_> = self
            .refused
            .iter()
            .enumerate()
            .map(|(i, all)| (format!("{i:03}"), joined(all), None))
            .chain([("good".to_owned(), joined(&lines(&self.ledger)), None)])
            .collect();
        let (ours, theirs) = verdicts(&cases);
        for (verdict, all) in ours.iter().zip(&self.refused) {
            let last = (all.len() - 1).to_string();
            let shown = || String::from_utf8_lossy(all.last().unwrap()).into_owned();
            assert_eq!((verdict.1.as_str(), &verdict.2), ("bad", &last), "{}", shown());
        }
        for (our, their) in ours.iter().zip(&theirs) {
            let shown = || {
                our.0
                    .parse::<usize>()
                    .map(|i| String::from_utf8_lossy(self.refused[i].last().unwrap()).into_owned())
            };
            assert_eq!(our, their, "{:?}", shown());
        }
    }
}

/// The next entry, signed as it should be, whatever the rules say of it.
fn forged(before: &[Vec<u8>], names: &[&str], act: Act, second: i64) -> Vec<u8> {
    let last = before.last().unwrap();
    let mut entry = Entry {
        v: 1,
        seq: before.len() as u64,
        at: Moment::new(at(second).now().to_string()).unwrap(),
        prev: Hash::leaf(last),
        site: Entry::parse(last).unwrap().site,
        officer: text(names[0]),
        act,
        sigs: Vec::new(),
    };
    let bytes = entry.signed_bytes();
    let sigs = signing(names, |signers| {
        let sign = |s: &cardmint::ledger::Signer<'_>| Signed {
            officer: text(s.officer),
            sig: Signature((s.sign)(&bytes)),
        };
        signers.iter().map(sign).collect()
    });
    entry.sigs = sigs;
    entry.line()
}

pub fn card(n: u32) -> String {
    format!("3100{n:012}")
}

pub fn span(from: u32, to: u32, range: Option<&str>) -> Span {
    Span {
        from: number(&card(from)),
        to: number(&card(to)),
        range: range.map(text),
    }
}

pub fn range(name: &str, from: u32, to: u32) -> RangeReserve {
    RangeReserve {
        range: text(name),
        kind: RangeKind::User,
        template: None,
        from: number(&card(from)),
        to: number(&card(to)),
        purpose: text("2027"),
    }
}

pub fn order(name: &str, numbers: Vec<Span>, rows: u32) -> OrderImport {
    OrderImport {
        order: text(name),
        kind: CardKind::User,
        template: text("mohurd-user"),
        template_digest: Hash::of(&[b"template"]),
        rows,
        digest: Hash::of(&[name.as_bytes()]),
        holders: None,
        numbers,
        terminals: Vec::new(),
    }
}

pub fn batch(name: &str, order: &OrderImport) -> BatchNew {
    BatchNew {
        batch: text(name),
        order: order.order.clone(),
        order_digest: order.digest,
        rows: order.rows,
        template: order.template.clone(),
        template_digest: order.template_digest,
        keys: vec![BatchKey {
            key: text("load/1"),
            kcv: short("2677F4"),
        }],
        digest: Hash::default(),
    }
    .sealed()
}

pub fn approval(batch: &BatchNew) -> Act {
    Act::BatchApprove(BatchApprove {
        batch: batch.batch.clone(),
        digest: batch.digest,
    })
}

pub fn begin(batch: &BatchNew) -> Act {
    Act::BatchRun(BatchRun {
        batch: batch.batch.clone(),
        digest: batch.digest,
        readers: vec![text("sim:a"), text("sim:b")],
    })
}

pub fn card_of(batch: &str, n: u32, lot: Option<&str>) -> Intent {
    let mut body = intent(&card(n), &format!("C{n}"), None);
    body.batch = Some(text(batch));
    body.lot = lot.map(text);
    body.keys = vec![KeyUse {
        key: text("load/1"),
        usage: text("load v1"),
        kcv: short("998877"),
    }];
    body
}

pub fn delivery(lot: &str, count: u32) -> StockReceive {
    StockReceive {
        lot: text(lot),
        blank: text("fmcos 8k"),
        supplier: text("复旦微电子"),
        count,
        serials: Vec::new(),
        document: None,
    }
}

pub fn hand_out(lot: &str, to: &str, count: u32) -> StockHandOut {
    StockHandOut {
        lot: text(lot),
        to: text(to),
        count,
        serials: Vec::new(),
    }
}

pub fn scrap(lot: &str, from: Option<&str>, count: u32) -> StockScrap {
    StockScrap {
        lot: text(lot),
        from: from.map(text),
        count,
        serials: Vec::new(),
        batch: None,
        reason: text("broken"),
    }
}

pub fn change(n: u32) -> CardChange {
    CardChange {
        kind: CardKind::User,
        number: number(&card(n)),
        reason: None,
    }
}

pub fn successor(old: u32, new: u32, balance: Option<u32>) -> CardReplace {
    CardReplace {
        kind: CardKind::User,
        number: number(&card(old)),
        new: number(&card(new)),
        source: balance.map_or(BalanceSource::None, |_| BalanceSource::Clearing),
        balance,
        reason: None,
    }
}

pub fn done(n: u32, intent: u64, result: DeskEnding) -> Act {
    Act::CardDone(CardDone {
        kind: CardKind::User,
        number: number(&card(n)),
        intent,
        result,
        reason: None,
        status_word: None,
    })
}

pub fn void(n: u32) -> Act {
    Act::CardVoid(CardVoid {
        kind: CardKind::User,
        number: number(&card(n)),
        reason: text("dead"),
    })
}

/// A centre with an approved template, the load key, range 31, order one of ten cards and lot L1 of twenty blanks, twelve of
/// them with 张三.
pub fn centre() -> (Centre, OrderImport) {
    let mut b = Centre::new(Policy::production().for_card_centre());
    let template = TemplateApprove {
        template: text("mohurd-user"),
        digest: Hash::of(&[b"template"]),
    };
    b.by(BOTH, Act::TemplateApprove(template)).unwrap();
    b.by(BOTH, Act::KeyGenerate(arrived("load/1"))).unwrap();
    b.by(SUPERVISOR, Act::RangeReserve(range("31", 1, 1000))).unwrap();
    let mut order = order("one", vec![span(1, 10, Some("31"))], 10);
    order.holders = Some(Hash::of(&[b"ten holders"]));
    b.by(OPERATOR, Act::OrderImport(order.clone())).unwrap();
    b.by(SUPERVISOR, Act::StockReceive(delivery("L1", 20))).unwrap();
    b.by(SUPERVISOR, Act::StockHandOut(hand_out("L1", "张三", 12))).unwrap();
    (b, order)
}

/// The same with batch B running.
pub fn running() -> (Centre, BatchNew) {
    let (mut b, order) = centre();
    let batch = batch("B", &order);
    b.by(OPERATOR, Act::BatchNew(batch.clone())).unwrap();
    b.by(SUPERVISOR, approval(&batch)).unwrap();
    b.by(OPERATOR, begin(&batch)).unwrap();
    (b, batch)
}

pub fn issue(b: &mut Centre, n: u32, result: Ending) -> u64 {
    let seq = b.by(OPERATOR, Act::CardIntent(card_of("B", n, Some("L1")))).unwrap();
    let outcome = Act::CardOutcome(outcome(&card(n), seq, result));
    b.by(OPERATOR, outcome).unwrap();
    seq
}

/// Every act of the page at least once.
pub fn told() -> Centre {
    let (mut b, batch) = running();
    for n in 1..=5 {
        issue(&mut b, n, Ending::Issued);
    }
    issue(&mut b, 6, Ending::FailedBlank);
    issue(&mut b, 7, Ending::FailedPartial);
    b.by(BOTH, void(7)).unwrap();
    let (seq, paused) = (
        b.ledger.size(),
        BatchPause {
            batch: batch.batch.clone(),
            reason: Some(text("lunch")),
        },
    );
    b.by(SUPERVISOR, Act::BatchPause(paused.clone())).unwrap();
    b.by(OPERATOR, Act::BatchResume(BatchPause { reason: None, ..paused }))
        .unwrap();
    let mut broken = scrap("L1", Some("张三"), 2);
    broken.batch = Some(text("B"));
    b.by(BOTH, Act::StockScrap(broken)).unwrap();
    let mailer = BatchExport {
        batch: text("B"),
        form: text("mailer"),
        rows: 5,
        digest: Hash::of(&[b"mailers"]),
        to: Some(text("printer")),
    };
    b.by(OPERATOR, Act::BatchExport(mailer)).unwrap();
    let account = b.ledger.batch_account("B").unwrap();
    b.by(BOTH, Act::BatchClose(account)).unwrap();
    stock(&mut b);
    psam(&mut b);
    cards(&mut b);
    blacklist(&mut b);
    holders(&mut b);
    assert!(b.ledger.size() > seq);
    b.checkpoint();
    b
}

/// Secrets are drawn, a holder's data shown and erased, an order given up and its numbers taken by another.
fn holders(b: &mut Centre) {
    for (secret, version) in [(SecretUse::Holders, 1), (SecretUse::Pins, 1), (SecretUse::Holders, 2)] {
        b.by(OPERATOR, draw(secret, version)).unwrap();
    }
    b.by(SUPERVISOR, show("one", 1)).unwrap();
    b.by(BOTH, erase("one", Some(1))).unwrap();
    b.by(
        OPERATOR,
        Act::OrderImport(order("two", vec![span(11, 12, Some("31"))], 2)),
    )
    .unwrap();
    b.by(SUPERVISOR, withdraw("two")).unwrap();
    b.by(
        OPERATOR,
        Act::OrderImport(order("three", vec![span(11, 11, Some("31"))], 1)),
    )
    .unwrap();
}

pub fn draw(secret: SecretUse, version: u32) -> Act {
    Act::SecretDraw(SecretDraw {
        secret,
        version,
        kcv: short("4AB599"),
        reason: (version > 1).then(|| text("after erasures")),
    })
}

pub fn show(order: &str, n: u32) -> Act {
    Act::HolderShow(HolderShow {
        order: text(order),
        number: number(&card(n)),
        reason: text("the holder asks"),
    })
}

pub fn erase(order: &str, n: Option<u32>) -> Act {
    Act::HoldersErase(HoldersErase {
        order: text(order),
        number: n.map(|n| number(&card(n))),
        reason: text("asked for"),
    })
}

pub fn withdraw(order: &str) -> Act {
    Act::OrderWithdraw(OrderWithdraw {
        order: text(order),
        reason: text("wrong file"),
    })
}
