// SPDX-License-Identifier: Apache-2.0
//! A counter with a till: cards with money on them, a PSAM that takes it off, and the whole way of an exchange or a return as
//! the program goes it.
#![allow(unreachable_pub)]

use cardmint::batch::desk::{
    DeskError, Payout, Psam, Succession, TransferOrder, give_back, identify, take_off, transfer,
};
use cardmint::batch::purse::{self, LoadOrder};
use cardmint::card::CardSession;
use cardmint::crypto::purse::{Amount, Terminal};
use cardmint::ledger::CardKind;
use cardmint::ledger::act::BalanceSource;
use cardmint::ledger::centre::LifeRow;
use cardmint::sim::InMemoryReader;
use cardmint::template::Template;

use crate::centre::{Centre, Shared, at, blank, on_reader, order, pairs, pin, template};
use crate::counter::{Card, Counter};

pub const TERMINAL: Terminal = Terminal([0x31, 0x00, 0, 0, 0, 1]);

pub struct Till {
    pub counter: Counter,
    sam: Template,
    psam: Shared,
    issued: u64,
}

impl Till {
    pub fn new() -> Self {
        let mut centre = Centre::new("mohurd", "city", "3100");
        let sam = template("mohurd-psam");
        let psam = blank(&sam, 900);
        let script = centre.script(&sam, &pairs(&order(&sam, 900))).unwrap();
        centre.issue(&sam, &script, &mut on_reader(&psam)).unwrap();
        Self {
            counter: Counter::new("mohurd-user", centre),
            sam,
            psam,
            issued: 0,
        }
    }

    pub fn issue(&mut self) -> Card {
        self.issued += 1;
        self.counter.issue(self.issued)
    }

    pub fn life(&self, card: &Card) -> Option<LifeRow> {
        let ledger = &self.counter.centre.session.ledger;
        ledger.life(CardKind::User, &card.number).unwrap()
    }

    pub fn load(&mut self, card: &Card, fen: u32) -> Result<(), DeskError> {
        let mut reader = on_reader(&card.chip);
        let mut conversation = CardSession::new(&mut reader, self.counter.template.dialect);
        let session = &mut self.counter.centre.session;
        let own = session.site.scheme().subject_of(session.site.owner()).unwrap();
        let scheme = session.site.scheme().clone();
        let on = purse::identify(&mut conversation, &self.counter.template, &scheme, &own)?;
        let typed = pin("123456");
        let order = LoadOrder {
            amount: Amount(fen),
            terminal: TERMINAL,
            at: at(),
            pin: Some(&typed),
        };
        purse::load(session, &on, &order, &mut conversation)?;
        Ok(())
    }

    /// The balance on a chip, blocked or not: as the simulator shows it.
    pub fn balance(card: &Card) -> u32 {
        fn find(value: &serde_json::Value) -> Option<u64> {
            match value {
                serde_json::Value::Object(fields) => {
                    let here = fields.get("balance").and_then(serde_json::Value::as_u64);
                    here.or_else(|| fields.values().find_map(find))
                }
                serde_json::Value::Array(items) => items.iter().find_map(find),
                _ => None,
            }
        }
        find(&crate::centre::state(&card.chip)).unwrap() as u32
    }

    fn taken_off(
        &mut self,
        reader: &mut InMemoryReader,
        with_psam: bool,
    ) -> Result<(String, u32, u32), (DeskError, u32)> {
        let mut other = on_reader(&self.psam);
        let mut sam = CardSession::new(&mut other, self.sam.dialect);
        let mut card = CardSession::new(reader, self.counter.template.dialect);
        let session = &mut self.counter.centre.session;
        let psam = with_psam.then_some(Psam {
            card: &mut sam,
            template: &self.sam,
        });
        let ended = identify(session, &self.counter.template, None, &mut card).and_then(|on| {
            let balance = take_off(session, &on, psam, at(), &mut card, &mut |_| {})?;
            Ok((on.number, balance))
        });
        let answered = card.answered();
        match ended {
            Ok((number, balance)) => Ok((number, balance, answered)),
            Err(e) => Err((e, answered)),
        }
    }

    fn succession(old: &Card, new: &Card, balance: Option<u32>) -> Succession {
        Succession {
            old: old.number.clone(),
            new: new.number.clone(),
            lost: false,
            source: BalanceSource::Chip,
            balance,
            reason: None,
        }
    }

    /// The old card's half of an exchange; how many commands it answered.
    pub fn exchange(
        &mut self,
        reader: &mut InMemoryReader,
        (old, new): (&Card, &Card),
        with_psam: bool,
    ) -> Result<u32, DeskError> {
        Self::succession(old, new, None).check(&self.counter.centre.session)?;
        let (number, balance, answered) = self.taken_off(reader, with_psam).map_err(|(e, _)| e)?;
        assert_eq!(number, old.number);
        Self::succession(old, new, Some(balance)).record(&mut self.counter.centre.session)?;
        Ok(answered)
    }

    /// A lost card's place is taken, with the clearing centre's balance.
    pub fn replace(&mut self, old: &Card, new: &Card, fen: u32) -> Result<(), DeskError> {
        let succession = Succession {
            lost: true,
            source: BalanceSource::Clearing,
            ..Self::succession(old, new, Some(fen))
        };
        succession.record(&mut self.counter.centre.session).map(drop)
    }

    /// The new card's half; how much went onto it, and how many commands it answered.
    pub fn transfer(&mut self, reader: &mut InMemoryReader) -> (Result<Option<u32>, DeskError>, u32) {
        let mut card = CardSession::new(reader, self.counter.template.dialect);
        let session = &mut self.counter.centre.session;
        let typed = pin("123456");
        let order = TransferOrder {
            terminal: TERMINAL,
            at: at(),
            pin: Some(&typed),
        };
        let ended = identify(session, &self.counter.template, None, &mut card)
            .and_then(|on| transfer(session, &on, &order, &mut card, &mut |_| {}));
        (
            ended.map(|done| done.map(|(loaded, _)| loaded.transaction.amount.0)),
            card.answered(),
        )
    }

    /// A card is given back; what is paid out, and how many commands it answered.
    pub fn give_back(&mut self, reader: &mut InMemoryReader, with_psam: bool) -> Result<(u32, u32), DeskError> {
        let (number, balance, answered) = self.taken_off(reader, with_psam).map_err(|(e, _)| e)?;
        let payout = Payout {
            balance,
            ..Payout::default()
        };
        give_back(&mut self.counter.centre.session, &number, payout)?;
        Ok((balance, answered))
    }
}
