// SPDX-License-Identifier: Apache-2.0
//! A month in a card centre: December 2026, with a delivery and a first batch in November. Four products, four readers of
//! which one is bad, five officers, night work, a ceremony, money, lost cards. The same seed tells the same month.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cardmint::ledger::act::*;
use cardmint::ledger::{Act, CardKind, Ending, Founding, Hash, Ledger, Nonce, Policy, Role, Rule, ShortHex, Word};
use jiff::Timestamp;

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

    fn change(number: &str) -> CardChange {
        CardChange {
            kind: CardKind::User,
            number: cardmint::ledger::Number::new(number).unwrap(),
            reason: None,
        }
    }

    /// What happens at the desk on a day: lost, found, replaced, returned, blocked.
    fn desk(&mut self, day: i64) {
        self.go(day, 15, 30);
        let (lost, found, gone, new, back) = (
            self.issued.remove(0),
            self.issued.remove(0),
            self.issued.remove(0),
            self.issued.pop().unwrap(),
            self.issued.remove(0),
        );
        for number in [&lost, &found, &gone] {
            let change = Self::change(number);
            self.by(&["张三"], Act::CardLost(change));
        }
        let change = Self::change(&found);
        self.by(&["王五"], Act::CardFound(change));
        let replace = CardReplace {
            kind: CardKind::User,
            number: Self::change(&gone).number,
            new: Self::change(&new).number,
            source: BalanceSource::Clearing,
            balance: Some(1250),
            reason: None,
        };
        self.by(&["张三", "李四"], Act::CardReplace(replace));
        let returned = CardReturn {
            kind: CardKind::User,
            number: Self::change(&back).number,
            balance: 330,
            deposit: Some(2000),
            reason: None,
        };
        self.by(&["王五"], Act::CardReturn(returned));
        let change = Self::change(&found);
        let block = self.by(&["张三"], Act::CardBlock(change));
        if day != 8 {
            let done = CardDone {
                kind: CardKind::User,
                number: Self::change(&found).number,
                intent: block,
                result: DeskEnding::Done,
                reason: None,
                status_word: None,
            };
            self.by(&["张三"], Act::CardDone(done));
        }
        let add = BlacklistAdd {
            kind: CardKind::User,
            from: Self::change(&lost).number,
            to: Self::change(&lost).number,
            until: None,
            reason: text("lost"),
        };
        self.by(&["张三"], Act::BlacklistAdd(add));
    }

    fn ceremony(&mut self) {
        self.go(17, 10, 0);
        let all = ["张三", "李四", "赵六", "孙七"];
        let part = |id: &str, role, name: &str| Participant {
            id: text(id),
            role,
            officer: text(name),
        };
        let begun = CeremonyBegin {
            plan: Hash::of(&[b"plan"]),
            title: text("圈存密钥换版"),
            nonce: Nonce::of([0xA0, 1, 2, 3, 4, 5, 6, 7]),
            participants: vec![
                part("key-officer", Role::KeyOfficer, "张三"),
                part("witness", Role::Witness, "李四"),
                part("custodian-1", Role::Custodian, "赵六"),
                part("custodian-2", Role::Custodian, "孙七"),
            ],
            program: text("cardmint 0.1.0"),
            build: Hash::of(&[b"executable"]),
            resumes: None,
        };
        let begin = self.by(&all, Act::CeremonyBegin(begun));
        self.bench.second += 2400;
        let key = key_of("load/2", "load", "3des", "5A5A01", 2);
        let mut generate = key.clone();
        generate.ceremony = Some(begin);
        let moment = cardmint::ledger::Moment::new("2026-12-17T02:20:00Z").unwrap();
        let step = StepDone {
            id: text("new-load"),
            kind: Word::new("rotate").unwrap(),
            began: moment.clone(),
            ended: moment.clone(),
            by: vec![text("张三")],
            keys: vec![KeySeen {
                key: key.key.clone(),
                kcv: key.kcv.clone(),
            }],
            components: Vec::new(),
            shares: Vec::new(),
            files: Vec::new(),
            confirmed: vec![text("李四")],
            events: vec![Event {
                at: moment,
                officer: Some(text("赵六")),
                what: Word::new("pause").unwrap(),
                detail: None,
            }],
        };
        let end = CeremonyEnd {
            begin,
            plan: Hash::of(&[b"plan"]),
            nonce: Nonce::of([0xA0, 1, 2, 3, 4, 5, 6, 7]),
            result: CeremonyResult::Completed,
            reason: None,
            steps: vec![step],
        };
        let acts = [
            (Act::KeyGenerate(generate), vec!["张三", "李四"]),
            (Act::CeremonyEnd(end), all.to_vec()),
        ];
        self.bench.together(&acts).unwrap();
    }

    fn money(&mut self) {
        self.go(18, 11, 0);
        for (n, number) in self.issued.clone().into_iter().take(60).enumerate() {
            let (load, amount) = (n % 4 != 3, 5000 + 100 * u32::try_from(n).unwrap());
            let intent = PurseIntent {
                number: cardmint::ledger::Number::new(number.as_str()).unwrap(),
                terminal: cardmint::ledger::Number::new("310000000001").unwrap(),
                kind: short(if load { "02" } else { "06" }),
                amount,
                balance: 10_000,
                counter: 1,
                terminal_counter: (!load).then_some(7),
                datetime: cardmint::ledger::Number::new("20261218110000").unwrap(),
                desk: None,
            };
            let seq = self.bench.ledger.size();
            let done = PurseTransaction {
                number: intent.number.clone(),
                terminal: intent.terminal.clone(),
                kind: intent.kind.clone(),
                amount,
                balance: None,
                counter: 1,
                terminal_counter: intent.terminal_counter,
                datetime: intent.datetime.clone(),
                tac: short("0A1B2C3D"),
                intent: Some(seq),
            };
            let by = vec!["王五"];
            let end = match (n, load) {
                (20, _) => Act::PurseClosed(PurseClosed {
                    number: intent.number.clone(),
                    intent: seq,
                    result: PurseEnding::Unknown,
                    reason: None,
                    status_word: None,
                }),
                (_, true) => Act::PurseLoad(done),
                (_, false) => Act::PursePurchase(done),
            };
            self.bench.second += 30;
            if n == 33 {
                self.by(&by, Act::PurseIntent(intent));
                continue;
            }
            self.bench
                .together(&[(Act::PurseIntent(intent), by.clone()), (end, by)])
                .unwrap();
        }
    }

    fn psams(&mut self) {
        self.go(21, 9, 0);
        self.receive("PSAM-7", "PSAM 32K", 30);
        self.hand_out("PSAM-7", "张三", 25);
        let mut plan = Plan::of("P-01", "mohurd-psam", 900_003, 20).from("PSAM-7");
        plan.kind = CardKind::Psam;
        self.batch(21, &plan);
    }

    fn upkeep(&mut self) {
        self.go(29, 23, 30);
        for (of, reason) in [("D-03", "审计抽查"), ("D-01", "holder asked")] {
            let number = if of == "D-03" { 195 } else { 44 };
            let show = HolderShow {
                order: text(&format!("O-{of}")),
                number: cardmint::ledger::Number::new(format!("3100{number:012}")).unwrap(),
                reason: text(reason),
            };
            self.by(&["孙七"], Act::HolderShow(show));
        }
        self.go(30, 10, 0);
        let count = StockCount {
            lot: text("L-2026-11"),
            of: None,
            expected: 180,
            counted: 178,
        };
        self.by(&["赵六"], Act::StockCount(count));
        let scrap = StockScrap {
            lot: text("L-2026-11"),
            from: None,
            count: 2,
            serials: Vec::new(),
            batch: None,
            reason: text("missing at the count"),
        };
        self.by(&["赵六", "李四"], Act::StockScrap(scrap));
        let give_back = StockReturn {
            lot: text("L-2026-12"),
            count: 50,
            serials: Vec::new(),
            reason: Some(text("wrong antenna")),
        };
        self.by(&["赵六", "李四"], Act::StockReturn(give_back));
        let export = LedgerExport {
            format: text("csv"),
            content: None,
            from: 0,
            to: 100,
            since: None,
            until: None,
            act: None,
            number: None,
            batch: None,
            by: None,
            holders: false,
            reason: None,
            entries: 100,
            digest: Hash::of(&[b"export"]),
        };
        self.by(&["孙七"], Act::LedgerExport(export));
        let policy = Policy::production().for_card_centre();
        let policy = Policy {
            lots: true,
            ..policy.with("card.cancel", 2, &[Role::Operator])
        };
        assert_eq!(
            policy.rule("card.lost"),
            Rule {
                officers: 1,
                ..policy.rule("card.lost")
            }
        );
        self.by(&["张三", "李四"], Act::PolicyChange(PolicyChange { policy }));
        let revoke = OfficerRevoke {
            name: text("孙七"),
            reason: text("transferred"),
            ceremony: None,
        };
        self.by(&["张三", "李四"], Act::OfficerRevoke(revoke));
        let list = BlacklistPublish {
            sequence: 1,
            form: ListForm::Full,
            base: None,
            date: cardmint::ledger::Number::new("20261230").unwrap(),
            count: 8,
            digest: Hash::of(&[b"list"]),
        };
        self.by(&["李四"], Act::BlacklistPublish(list));
        let confirm = BlacklistConfirm {
            sequence: 1,
            by: text("公交集团"),
        };
        self.by(&["张三"], Act::BlacklistConfirm(confirm));
        self.go(31, 9, 0);
        // The clock runs backwards once; the next entry records it.
        let change = Self::change(&self.issued[0].clone());
        self.by(&["张三"], Act::CardLost(change));
        let now = self.bench.second;
        self.bench.second = now - 7200;
        let change = Self::change(&self.issued[1].clone());
        self.bench.by(&["张三"], Act::CardLost(change.clone())).unwrap_err();
        self.bench.second = now;
        self.by(&["张三"], Act::CardLost(change));
    }
}

fn number_of_terminal(row: u64) -> cardmint::ledger::Number {
    cardmint::ledger::Number::new(format!("3100{:08}", 500 + row)).unwrap()
}

fn key_of(id: &str, usage: &str, alg: &str, kcv: &str, version: u32) -> KeyArrived {
    KeyArrived {
        key: text(id),
        usage: text(usage),
        owner: text("city 3100"),
        version,
        alg: text(alg),
        kcv: short(kcv),
        state: KeyState::Active,
        from: None,
        parent: None,
        factors: Vec::new(),
        components: Vec::new(),
        method: None,
        package: None,
        ceremony: None,
    }
}

fn range_of(name: &str, kind: RangeKind, from: u64, to: u64) -> RangeReserve {
    let number = |n: u64| cardmint::ledger::Number::new(format!("3100{n:012}")).unwrap();
    RangeReserve {
        range: text(name),
        kind,
        template: None,
        from: number(from),
        to: number(to),
        purpose: text("2026–2027"),
    }
}

fn order_of(plan: &Plan) -> OrderImport {
    let range = match plan.kind {
        CardKind::User => "A",
        CardKind::Psam => "P",
    };
    let number = |n: u64| cardmint::ledger::Number::new(format!("3100{n:012}")).unwrap();
    let last = u64::from(plan.rows) - 1;
    let name = format!("O-{}", plan.name);
    OrderImport {
        order: text(&name),
        kind: plan.kind,
        template: text(plan.template),
        template_digest: Hash::of(&[plan.template.as_bytes()]),
        rows: plan.rows,
        digest: Hash::of(&[name.as_bytes()]),
        holders: Some(Hash::of(&[b"holders"])),
        numbers: vec![Span {
            from: number(plan.first),
            to: number(plan.first + last),
            range: Some(text(range)),
        }],
        terminals: match plan.kind {
            CardKind::User => Vec::new(),
            CardKind::Psam => vec![Span {
                from: number_of_terminal(0),
                to: number_of_terminal(last),
                range: None,
            }],
        },
    }
}

fn batch_of(plan: &Plan, order: &OrderImport) -> BatchNew {
    let key = |id: &str, kcv: &str| BatchKey {
        key: text(id),
        kcv: short(kcv),
    };
    BatchNew {
        batch: text(&plan.name),
        order: order.order.clone(),
        order_digest: order.digest,
        rows: order.rows,
        template: order.template.clone(),
        template_digest: order.template_digest,
        keys: vec![key("load/1", "2677F4"), key("tac/1", "0D0E0F")],
        digest: Hash::default(),
    }
    .sealed()
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
