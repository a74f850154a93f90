// SPDX-License-Identifier: Apache-2.0
//! A month in a card centre: December 2026, with a delivery and a first batch in November. Four products, four readers of
//! which one is bad, five officers, night work, a ceremony, money, lost cards. The same seed tells the same month.

mod bodies;
mod days;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cardmint::ledger::act::*;
use cardmint::ledger::{Act, CardKind, Ending, Founding, Hash, Ledger, Nonce, Policy, Role, Rule, ShortHex, Word};
use jiff::Timestamp;

use self::bodies::*;
use super::bench_site::*;

pub const USER: &[&str] = &["mohurd-user", "学生卡", "senior-card"];
pub const EVIL: &str = "<script>alert('x')</script>&\"";

/// Cards of one batch.
pub struct Plan {
    pub name: String,
    pub kind: CardKind,
    pub template: &'static str,
    pub first: u64,
    pub rows: u32,
    pub lot: &'static str,
    pub taker: &'static str,
    pub operator: &'static str,
    pub approver: &'static str,
    /// Seconds from laying down to approval.
    pub wait: i64,
    /// Local hour at which it runs.
    pub hour: i64,
    pub close: bool,
}

pub struct Month {
    pub bench: Bench,
    state: u64,
    chips: u64,
    hostile: bool,
    /// Acts that the next commit appends.
    pending: Vec<(Act, Vec<&'static str>)>,
    /// Issued user cards.
    pub issued: Vec<String>,
}

fn founding_of_five(hostile: bool) -> Founding {
    let mut founding = founding(Policy::production().for_card_centre());
    let name = "东湖市公共交通一卡通管理中心";
    let name = if hostile {
        format!("{name}{EVIL}")
    } else {
        name.to_owned()
    };
    founding.init.name = text(&name);
    founding.init.officers = vec![
        officer("张三", 1, &[Role::KeyOfficer, Role::Operator]),
        officer("李四", 2, &[Role::Supervisor, Role::Witness]),
        officer("王五", 3, &[Role::Operator, Role::Supervisor]),
        officer("赵六", 4, &[Role::Custodian, Role::Operator, Role::Supervisor]),
        officer("孙七", 5, &[Role::Custodian, Role::Auditor]),
    ];
    founding
}

fn short(s: &str) -> ShortHex {
    ShortHex::new(s).unwrap()
}

/// Second of the bench at a local time of December; days before the first are November's.
pub fn second(day: i64, hour: i64, minute: i64) -> i64 {
    let first: Timestamp = "2026-11-30T16:00:00Z".parse().unwrap();
    first.as_second() - START + (day - 1) * 86_400 + hour * 3600 + minute * 60
}

/// A month's database and the copy of its checkpoint.
pub struct Kept {
    pub path: PathBuf,
    pub copy: PathBuf,
}

impl Kept {
    pub fn ledger(&self) -> Ledger {
        Ledger::open_read_only(&self.path, Some(&self.copy)).unwrap()
    }

    /// The month that all tests share.
    pub fn shared(hostile: bool) -> &'static Self {
        static PLAIN: OnceLock<Kept> = OnceLock::new();
        static HOSTILE: OnceLock<Kept> = OnceLock::new();
        let (shared, name) = if hostile {
            (&HOSTILE, "hostile")
        } else {
            (&PLAIN, "plain")
        };
        shared.get_or_init(|| {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(name);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).unwrap();
            let kept = Self {
                path: folder.join("ledger.db"),
                copy: folder.join("checkpoint.note"),
            };
            let Month { bench, .. } = Month::told(hostile);
            let (path, copy) = (bench.path(), bench.copy());
            // Closed, so that the file is whole without its log.
            let Bench { folder, ledger, .. } = bench;
            drop(ledger);
            fs::copy(path, &kept.path).unwrap();
            fs::copy(copy, &kept.copy).unwrap();
            drop(folder);
            kept
        })
    }
}

impl Month {
    /// All of it.
    pub fn told(hostile: bool) -> Self {
        let mut month = Self {
            bench: Bench::of(founding_of_five(hostile)),
            state: 0x5EED_0001,
            chips: 0,
            hostile,
            pending: Vec::new(),
            issued: Vec::new(),
        };
        month.november();
        month.december();
        month
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % limit
    }

    fn go(&mut self, day: i64, hour: i64, minute: i64) {
        self.bench.second = self.bench.second.max(second(day, hour, minute));
    }

    pub fn by(&mut self, names: &[&str], act: Act) -> u64 {
        let shown = format!("{act:?}");
        self.bench.by(names, act).unwrap_or_else(|e| panic!("{e:?}: {shown}"))
    }

    fn november(&mut self) {
        for template in USER.iter().chain(&["mohurd-psam"]) {
            let approve = TemplateApprove {
                template: text(template),
                digest: Hash::of(&[template.as_bytes()]),
            };
            self.by(&["张三", "李四"], Act::TemplateApprove(approve));
        }
        for (id, usage, alg, kcv) in [
            ("load/1", "load", "3des", "2677F4"),
            ("purchase/1", "purchase", "3des", "A1B2C3"),
            ("tac/1", "tac", "sm4", "0D0E0F"),
            ("app-maintenance/1", "app-maintenance", "3des", "77AA10"),
        ] {
            self.by(&["张三", "李四"], Act::KeyGenerate(key_of(id, usage, alg, kcv, 1)));
        }
        self.by(&["李四"], Act::RangeReserve(range_of("A", RangeKind::User, 1, 50_000)));
        self.by(
            &["李四"],
            Act::RangeReserve(range_of("P", RangeKind::Psam, 900_001, 901_000)),
        );
        for (lot, blank, count) in [
            ("L-2026-10", "FMCOS 8K", 90),
            ("L-2026-11", "FMCOS 8K", 800),
            ("L-2026-12", "双界面 16K", 400),
        ] {
            self.receive(lot, blank, count);
        }
        self.hand_out("L-2026-11", "张三", 120);
        self.batch(-6, &Plan::of("N-01", USER[0], 1, 40));
    }

    fn december(&mut self) {
        self.go(1, 9, 0);
        self.receive("L-2026-12", "双界面 16K", 300);
        for (lot, to, count) in [
            ("L-2026-11", "张三", 200),
            ("L-2026-11", "王五", 300),
            ("L-2026-12", "王五", 200),
            ("L-2026-12", "赵六", 150),
        ] {
            self.hand_out(lot, to, count);
        }
        let evil = if self.hostile { EVIL } else { "D-04" };
        let plans = [
            (1, Plan::of("D-01", USER[0], 41, 90)),
            (
                2,
                Plan::of("D-02", USER[1], 131, 60).by("王五", "李四").from("L-2026-12"),
            ),
            (4, Plan::of("D-03", USER[0], 191, 110)),
            (7, Plan::of(evil, USER[2], 301, 45).by("赵六", "王五").from("L-2026-12")),
            (
                8,
                Plan::of("D-05", USER[1], 350, 70)
                    .by("王五", "赵六")
                    .from("L-2026-12")
                    .quick(),
            ),
            (10, Plan::of("D-06", USER[0], 420, 80).taken_by("李四")),
            (14, Plan::of("D-07", USER[0], 500, 60).by("王五", "李四").at(22)),
            (
                16,
                Plan::of("D-08", USER[2], 560, 40).by("赵六", "李四").from("L-2026-12"),
            ),
        ];
        for (day, plan) in plans {
            self.batch(day, &plan);
            self.desk(day);
        }
        self.ceremony();
        self.money();
        self.psams();
        self.batch(28, &Plan::of("D-09", USER[1], 620, 50).by("王五", "李四").open());
        self.upkeep();
        self.bench.checkpoint();
    }

    fn receive(&mut self, lot: &str, blank: &str, count: u32) {
        let body = StockReceive {
            lot: text(lot),
            blank: text(blank),
            supplier: text("复旦微电子"),
            count,
            serials: Vec::new(),
            document: None,
        };
        self.by(&["李四"], Act::StockReceive(body));
    }

    fn hand_out(&mut self, lot: &str, to: &str, count: u32) {
        let body = StockHandOut {
            lot: text(lot),
            to: text(to),
            count,
            serials: Vec::new(),
        };
        self.by(&["李四"], Act::StockHandOut(body));
    }

    /// An order, its batch and its cards, in one day.
    fn batch(&mut self, day: i64, plan: &Plan) {
        self.go(day, plan.hour.min(9), 5);
        let order = order_of(plan);
        self.by(&[plan.taker], Act::OrderImport(order.clone()));
        self.go(day, plan.hour, 0);
        let batch = batch_of(plan, &order);
        self.by(&[plan.operator], Act::BatchNew(batch.clone()));
        self.bench.second += plan.wait;
        let approve = BatchApprove {
            batch: batch.batch.clone(),
            digest: batch.digest,
        };
        self.by(&[plan.approver], Act::BatchApprove(approve));
        let readers = (1..=4).map(|n| text(&self.reader(n))).collect();
        let run = BatchRun {
            batch: batch.batch.clone(),
            digest: batch.digest,
            readers,
        };
        self.by(&[plan.operator], Act::BatchRun(run));
        for row in 0..u64::from(plan.rows) {
            if row % 5 == 0 {
                self.flush();
                self.bench.second += 20 + i64::try_from(self.below(240)).unwrap();
            }
            self.card(plan, row);
        }
        self.flush();
        if plan.close {
            let account = self.bench.ledger.batch_account(&plan.name).unwrap();
            self.by(&[plan.operator, "李四"], Act::BatchClose(account));
        }
    }

    /// A batch of three rows of which one card is made before it is closed.
    pub fn close_early(&mut self) {
        let mut plan = Plan::of("E-01", USER[0], 670, 3);
        let order = order_of(&plan);
        self.by(&["张三"], Act::OrderImport(order.clone()));
        let batch = batch_of(&plan, &order);
        self.by(&["张三"], Act::BatchNew(batch.clone()));
        self.bench.second += 900;
        let (name, digest) = (batch.batch.clone(), batch.digest);
        let approve = BatchApprove {
            batch: name.clone(),
            digest,
        };
        self.by(&["李四"], Act::BatchApprove(approve));
        let run = BatchRun {
            batch: name,
            digest,
            readers: vec![text("Feitian R502 01")],
        };
        self.by(&["张三"], Act::BatchRun(run));
        plan.rows = 1;
        self.hand_out("L-2026-11", "张三", 5);
        self.card(&plan, 0);
        self.flush();
        let account = self.bench.ledger.batch_account("E-01").unwrap();
        self.by(&["张三", "李四"], Act::BatchClose(account));
    }

    fn reader(&self, n: u64) -> String {
        match n {
            4 if self.hostile => format!("R4 {EVIL}"),
            _ => format!("Feitian R502 0{n}"),
        }
    }

    fn intent_of(&mut self, plan: &Plan, row: u64, chip: u64, resumes: Option<u64>) -> Intent {
        let reader = 1 + self.below(4);
        let number = format!("3100{:012}", plan.first + row);
        let mut body = intent(&number, &format!("C{chip:08}"), resumes);
        body.template = text(plan.template);
        body.template_digest = Hash::of(&[plan.template.as_bytes()]);
        body.reader = text(&self.reader(reader));
        body.batch = Some(text(&plan.name));
        body.lot = Some(text(plan.lot));
        body.raw = plan.template == USER[2];
        let load = KeyUse {
            key: text("load/1"),
            usage: text("load v1"),
            kcv: short("998877"),
        };
        body.keys = vec![
            KeyUse {
                key: text("tac/1"),
                usage: text("tac v1"),
                kcv: short("998877"),
            },
            load,
        ];
        if plan.kind == CardKind::Psam {
            body.terminal = Some(number_of_terminal(row));
        }
        body
    }

    fn flush(&mut self) {
        let acts = std::mem::take(&mut self.pending);
        self.bench.together(&acts).unwrap_or_else(|e| panic!("{e:?}"));
    }

    /// Intent and outcome, again and again until the row has its end.
    fn card(&mut self, plan: &Plan, row: u64) {
        let acts = |kind, intent: Intent, outcome: Outcome| match kind {
            CardKind::User => (Act::CardIntent(intent), Act::CardOutcome(outcome)),
            CardKind::Psam => (Act::PsamIntent(intent), Act::PsamOutcome(outcome)),
        };
        let (mut resumes, mut chip) = (None, self.chip());
        loop {
            let body = self.intent_of(plan, row, chip, resumes);
            let seq = self.bench.ledger.size() + self.pending.len() as u64;
            let bad = body.reader.as_str().ends_with("03");
            let luck = self.below(if bad { 30 } else { 80 });
            let result = match luck {
                0..=1 => Ending::FailedBlank,
                2 => Ending::FailedPartial,
                3 => Ending::InDoubt,
                _ => Ending::Issued,
            };
            let mut ended = outcome(body.number.as_str(), seq, result);
            if result != Ending::Issued {
                ended.status_word = Some(short(if bad { "6985" } else { "6A82" }));
                ended.reason = Some(text(match (result, self.hostile) {
                    (Ending::InDoubt, true) => EVIL,
                    (Ending::InDoubt, _) => "card removed while it was written",
                    _ => "file or application not found",
                }));
            }
            let (number, last) = (body.number.to_string(), row + 1 == u64::from(plan.rows));
            let (begin, end) = acts(plan.kind, body, ended);
            let by = vec![plan.operator];
            // A card of the batch that stays open is left without an outcome.
            self.pending.push((begin, by.clone()));
            if !plan.close && last {
                return;
            }
            self.pending.push((end, by));
            match result {
                Ending::Issued => {
                    if plan.kind == CardKind::User {
                        self.issued.push(number);
                    }
                    return;
                }
                Ending::FailedPartial => {
                    let void = CardVoid {
                        kind: plan.kind,
                        number: cardmint::ledger::Number::new(number).unwrap(),
                        reason: text("chip does not answer any more"),
                    };
                    self.pending.push((Act::CardVoid(void), vec!["张三", "李四"]));
                    return;
                }
                Ending::FailedBlank => chip = self.chip(),
                Ending::InDoubt => {}
            }
            resumes = Some(seq);
        }
    }

    fn chip(&mut self) -> u64 {
        self.chips += 1;
        self.chips
    }
}

impl Plan {
    fn of(name: &str, template: &'static str, first: u64, rows: u32) -> Self {
        Self {
            name: name.to_owned(),
            kind: CardKind::User,
            template,
            first,
            rows,
            lot: "L-2026-11",
            taker: "张三",
            operator: "张三",
            approver: "李四",
            wait: 900,
            hour: 10,
            close: true,
        }
    }

    fn by(self, operator: &'static str, approver: &'static str) -> Self {
        Self {
            operator,
            approver,
            ..self
        }
    }

    fn from(self, lot: &'static str) -> Self {
        Self { lot, ..self }
    }

    fn taken_by(self, taker: &'static str) -> Self {
        Self { taker, ..self }
    }

    fn quick(self) -> Self {
        Self { wait: 12, ..self }
    }

    fn at(self, hour: i64) -> Self {
        Self { hour, ..self }
    }

    fn open(self) -> Self {
        Self { close: false, ..self }
    }
}
