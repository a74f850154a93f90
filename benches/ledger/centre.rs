// SPDX-License-Identifier: Apache-2.0
//! A card centre at work, for measurements: orders, deliveries, batches laid down by one officer and approved by another, and
//! for each card an intent and an outcome. Everything follows from the count of cards, so that a ledger can be made again.

use std::path::{Path, PathBuf};

use cardmint::ledger::act::{
    BatchApprove, BatchClose, BatchKey, BatchLot, BatchNew, BatchRun, Intent, KeyArrived, KeyState, KeyUse, Officer,
    OrderImport, Outcome, RangeKind, RangeReserve, SiteInit, Span, StockHandOut, StockReceive, TemplateApprove,
};
use cardmint::ledger::{
    Act, CardKind, Ending, Founding, Hash, Ledger, Number, Policy, Role, ShortHex, Signer, SiteId, Text, VerifyKey,
};
use cardmint::outside::Clock;
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;

/// When the centre opens: 2027-01-04 08:00 in Beijing. Each card takes a second.
const OPENING: i64 = 1_799_020_800;

/// The keys that each card gets, in the order of their names.
const KEYS: [&str; 6] = [
    "control/1",
    "load/1",
    "maintenance/1",
    "pin-unblock/1",
    "purchase/1",
    "tac/1",
];

pub(crate) fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

fn short(s: &str) -> ShortHex {
    ShortHex::new(s).unwrap()
}

fn template_digest() -> Hash {
    Hash::of(&[b"template"])
}

/// The check value that a key has, on the site or on a card.
fn kcv(of: &[&[u8]]) -> ShortHex {
    let Hash([a, b, c, ..]) = Hash::of(of);
    short(&format!("{a:02X}{b:02X}{c:02X}"))
}

fn number_of(card: u64) -> Number {
    Number::new(format!("3100{card:012}")).unwrap()
}

/// Who acts.
#[derive(Clone, Copy)]
enum By {
    Operator,
    Supervisor,
    Both,
}

/// The centre with its ledger.
pub(crate) struct Centre {
    pub(crate) ledger: Ledger,
    path: PathBuf,
    operator: SigningKey,
    supervisor: SigningKey,
    log: SigningKey,
    /// Cards of an order, which has one batch and one lot of blanks.
    rows: u32,
    /// Cards issued so far.
    pub(crate) cards: u64,
}

impl Centre {
    /// A new centre whose orders have so many rows.
    pub(crate) fn found(path: &Path, rows: u32) -> Self {
        let [operator, supervisor, log] = [1, 2, 9].map(|seed| SigningKey::from_bytes(&[seed; 32]));
        let public = |key: &SigningKey| VerifyKey(key.verifying_key().to_bytes());
        let officer = |name: &str, key: &SigningKey, roles: &[Role]| Officer {
            name: text(name),
            roles: roles.to_vec(),
            key: public(key),
            ceremony: None,
        };
        let officers = vec![
            officer("operator", &operator, &[Role::KeyOfficer, Role::Operator]),
            officer("supervisor", &supervisor, &[Role::Supervisor]),
        ];
        let init = SiteInit {
            name: text("bench"),
            level: text("city"),
            scheme: text("mohurd"),
            code: text("3100"),
            rehearsal: true,
            log_key: public(&log),
            log_sm2: None,
            officers,
            policy: Policy::production().for_card_centre(),
            program: text("bench"),
            kcv_length: None,
            memory_lock: false,
            copy_outside: false,
        };
        let site = SiteId::new("bench").unwrap();
        let ledger = {
            let sign = |m: &[u8]| operator.sign(m).to_bytes();
            let second = |m: &[u8]| supervisor.sign(m).to_bytes();
            let signers = [signer("operator", &sign), signer("supervisor", &second)];
            let sign_log = |m: &[u8]| log.sign(m).to_bytes();
            let founding = Founding { site, init };
            Ledger::create(path, None, founding, &signers, &sign_log, &at(0)).unwrap()
        };
        let path = path.to_owned();
        let mut centre = Self {
            ledger,
            path,
            operator,
            supervisor,
            log,
            rows,
            cards: 0,
        };
        centre.prepare();
        centre
    }

    /// A centre that was broken off between two commits of cards goes on.
    pub(crate) fn open(path: &Path, rows: u32) -> Self {
        let [operator, supervisor, log] = [1, 2, 9].map(|seed| SigningKey::from_bytes(&[seed; 32]));
        let ledger = Ledger::open(path, None).unwrap();
        let db = rusqlite::Connection::open(path).unwrap();
        let cards = db.query_row("SELECT count(*) FROM cards", [], |row| row.get::<_, i64>(0));
        Self {
            ledger,
            path: path.to_owned(),
            operator,
            supervisor,
            log,
            rows,
            cards: cards.unwrap().cast_unsigned(),
        }
    }

    fn prepare(&mut self) {
        let (template, digest) = (text("mohurd-user"), template_digest());
        self.append(
            By::Both,
            vec![Act::TemplateApprove(TemplateApprove { template, digest })],
        );
        for key in KEYS {
            let arrived = KeyArrived {
                key: text(key),
                usage: text(key),
                owner: text("city 3100"),
                version: 1,
                alg: text("3des"),
                kcv: kcv(&[key.as_bytes()]),
                state: KeyState::Active,
                from: None,
                parent: None,
                factors: Vec::new(),
                components: Vec::new(),
                method: None,
                package: None,
                ceremony: None,
            };
            self.append(By::Both, vec![Act::KeyGenerate(arrived)]);
        }
        let range = RangeReserve {
            range: text("31"),
            kind: RangeKind::User,
            template: None,
            from: number_of(0),
            to: number_of(99_999_999_999),
            purpose: text("bench"),
        };
        self.append(By::Supervisor, vec![Act::RangeReserve(range)]);
    }

    fn append(&mut self, by: By, acts: Vec<Act>) {
        let (operator, supervisor) = (&self.operator, &self.supervisor);
        let sign = |m: &[u8]| operator.sign(m).to_bytes();
        let second = |m: &[u8]| supervisor.sign(m).to_bytes();
        let both = [signer("operator", &sign), signer("supervisor", &second)];
        let signers = match by {
            By::Operator => &both[..1],
            By::Supervisor => &both[1..],
            By::Both => &both[..],
        };
        self.ledger.append_all(acts, signers, &at(self.cards)).unwrap();
    }

    /// Issues so many cards, with so many entries in a commit; begins orders and closes batches on the way.
    pub(crate) fn issue(&mut self, cards: u64, in_a_commit: usize) {
        let end = self.cards + cards;
        while self.cards < end {
            let done = self.cards % u64::from(self.rows);
            if done == 0 {
                self.begin_batch();
            }
            let here = (u64::from(self.rows) - done)
                .min(end - self.cards)
                .min((in_a_commit as u64 / 2).max(1));
            let mut acts = Vec::with_capacity(in_a_commit);
            for i in 0..here {
                let seq = self.ledger.size() + 2 * i;
                acts.extend([self.intent(self.cards + i), outcome(self.cards + i, seq)]);
            }
            self.cards += here;
            if in_a_commit == 1 {
                for act in acts {
                    self.append(By::Operator, vec![act]);
                }
            } else {
                self.append(By::Operator, acts);
            }
            if self.cards.is_multiple_of(u64::from(self.rows)) {
                self.close_batch();
            }
        }
    }

    fn batch_name(&self) -> String {
        format!("B{:06}", self.cards / u64::from(self.rows))
    }

    fn lot_name(&self) -> String {
        format!("L{:06}", self.cards / u64::from(self.rows))
    }

    fn begin_batch(&mut self) {
        let (name, lot, count) = (self.batch_name(), text(&self.lot_name()), self.rows);
        let receive = StockReceive {
            lot: lot.clone(),
            blank: text("fmcos 8k"),
            supplier: text("supplier"),
            count,
            serials: Vec::new(),
            document: None,
        };
        let (to, serials) = (text("operator"), Vec::new());
        let hand_out = StockHandOut {
            lot,
            to,
            count,
            serials,
        };
        self.append(
            By::Supervisor,
            vec![Act::StockReceive(receive), Act::StockHandOut(hand_out)],
        );
        let span = Span {
            from: number_of(self.cards),
            to: number_of(self.cards + u64::from(count) - 1),
            range: Some(text("31")),
        };
        let order = OrderImport {
            order: text(&format!("O{name}")),
            kind: CardKind::User,
            template: text("mohurd-user"),
            template_digest: template_digest(),
            rows: count,
            digest: Hash::of(&[name.as_bytes()]),
            holders: None,
            numbers: vec![span],
            terminals: Vec::new(),
        };
        let batch = BatchNew {
            batch: text(&name),
            order: order.order.clone(),
            order_digest: order.digest,
            rows: count,
            template: order.template.clone(),
            template_digest: order.template_digest,
            keys: KEYS
                .map(|key| BatchKey {
                    key: text(key),
                    kcv: kcv(&[key.as_bytes()]),
                })
                .to_vec(),
            digest: Hash::default(),
        }
        .sealed();
        let (named, digest) = (batch.batch.clone(), batch.digest);
        let approve = BatchApprove {
            batch: named.clone(),
            digest,
        };
        let readers = vec![text("reader 1"), text("reader 2")];
        let run = BatchRun {
            batch: named,
            digest,
            readers,
        };
        self.append(By::Operator, vec![Act::OrderImport(order), Act::BatchNew(batch)]);
        self.append(By::Supervisor, vec![Act::BatchApprove(approve)]);
        self.append(By::Operator, vec![Act::BatchRun(run)]);
    }

    fn close_batch(&mut self) {
        // The count of cards is at the next batch already.
        let number = self.cards / u64::from(self.rows) - 1;
        let lot = BatchLot {
            lot: text(&format!("L{number:06}")),
            drawn: self.rows,
            issued: self.rows,
            scrapped: 0,
        };
        let close = BatchClose {
            batch: text(&format!("B{number:06}")),
            issued: self.rows,
            failed: 0,
            void: 0,
            left: 0,
            lots: vec![lot],
        };
        self.append(By::Both, vec![Act::BatchClose(close)]);
    }

    fn intent(&self, card: u64) -> Act {
        let number = number_of(card);
        let key = |key: &str| KeyUse {
            key: text(key),
            usage: text(key),
            kcv: kcv(&[key.as_bytes(), &card.to_be_bytes()]),
        };
        Act::CardIntent(Intent {
            chip: Some(Number::new(format!("C{card:015}")).unwrap()),
            number,
            terminal: None,
            template: text("mohurd-user"),
            template_digest: template_digest(),
            script: Hash::of(&[&card.to_be_bytes()]),
            raw: false,
            reader: text("reader 1"),
            keys: KEYS.map(key).to_vec(),
            batch: Some(text(&self.batch_name())),
            lot: Some(text(&self.lot_name())),
            resumes: None,
        })
    }

    pub(crate) fn checkpoint(&mut self) {
        let log = &self.log;
        self.ledger.checkpoint(&|m| log.sign(m).to_bytes()).unwrap();
    }

    /// A checkpoint, and a copy of the file as it is then.
    pub(crate) fn copy(self, to: &Path) -> Self {
        let mut centre = self;
        centre.checkpoint();
        let Self {
            ledger,
            path,
            operator,
            supervisor,
            log,
            rows,
            cards,
        } = centre;
        // The last connection puts everything into one file.
        drop(ledger);
        std::fs::copy(&path, to).unwrap();
        let ledger = Ledger::open(&path, None).unwrap();
        Self {
            ledger,
            path,
            operator,
            supervisor,
            log,
            rows,
            cards,
        }
    }
}

fn signer<'a>(officer: &'a str, sign: &'a dyn Fn(&[u8]) -> [u8; 64]) -> Signer<'a> {
    Signer { officer, sign }
}

fn at(card: u64) -> Clock {
    Clock::Fixed(Timestamp::from_second(OPENING + card.cast_signed()).unwrap())
}

fn outcome(card: u64, intent: u64) -> Act {
    Act::CardOutcome(Outcome {
        number: number_of(card),
        intent,
        result: Ending::Issued,
        proof: Some(Hash::of(&[b"proof", &card.to_be_bytes()])),
        steps: 40,
        reason: None,
        status_word: None,
    })
}
