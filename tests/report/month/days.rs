// SPDX-License-Identifier: Apache-2.0
//! What happens in the month beside the batches: the desk, a ceremony, money, PSAMs, upkeep.

use super::*;

impl Month {
    pub(super) fn change(number: &str) -> CardChange {
        CardChange {
            kind: CardKind::User,
            number: cardmint::ledger::Number::new(number).unwrap(),
            reason: None,
        }
    }

    /// What happens at the desk on a day: lost, found, replaced, returned, blocked.
    pub(super) fn desk(&mut self, day: i64) {
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

    pub(super) fn ceremony(&mut self) {
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

    pub(super) fn money(&mut self) {
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

    pub(super) fn psams(&mut self) {
        self.go(21, 9, 0);
        self.receive("PSAM-7", "PSAM 32K", 30);
        self.hand_out("PSAM-7", "张三", 25);
        let mut plan = Plan::of("P-01", "mohurd-psam", 900_003, 20).from("PSAM-7");
        plan.kind = CardKind::Psam;
        self.batch(21, &plan);
    }

    pub(super) fn upkeep(&mut self) {
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
