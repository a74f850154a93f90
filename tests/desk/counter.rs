// SPDX-License-Identifier: Apache-2.0
//! A desk with its centre: issued cards, visits, and looks at what stands on a chip.

#![allow(unreachable_pub)]

use cardmint::batch::desk::{Carried, Change, DeskError, Settled, identify, visit};
use cardmint::batch::{contents, kind_of};
use cardmint::card::CardSession;
use cardmint::crypto::SecretBytes;
use cardmint::ledger::Text;
use cardmint::sim::InMemoryReader;
use cardmint::template::Template;

use crate::centre::{Centre, Shared, blank, on_reader, order, pairs, pin, template};

/// A centre, one template, and the cards that were issued.
pub struct Counter {
    pub centre: Centre,
    pub template: Template,
}

/// A card and its number.
pub struct Card {
    pub chip: Shared,
    pub number: String,
}

impl Counter {
    pub fn new(name: &str, centre: Centre) -> Self {
        let template = template(name);
        Self { centre, template }
    }

    pub fn issue(&mut self, n: u64) -> Card {
        let chip = blank(&self.template, n);
        let script = self
            .centre
            .script(&self.template, &pairs(&order(&self.template, n)))
            .unwrap();
        self.centre
            .issue(&self.template, &script, &mut on_reader(&chip))
            .unwrap();
        Card {
            chip,
            number: script.number,
        }
    }

    /// One visit; what was settled on the way, and how many commands the card answered.
    pub fn visit(
        &mut self,
        reader: &mut InMemoryReader,
        change: Change<'_>,
    ) -> (Result<Carried, DeskError>, Option<Settled>, u32) {
        let mut settled = None;
        let mut card = CardSession::new(reader, self.template.dialect);
        let session = &mut self.centre.session;
        let ended = identify(session, &self.template, None, &mut card).and_then(|on| {
            let why = Some(Text::new("test").unwrap());
            visit(session, &on, change, why, &mut card, &mut |s| settled = Some(s))
        });
        (ended, settled, card.answered())
    }

    pub fn done(&mut self, card: &Card, change: Change<'_>) -> Carried {
        let (ended, settled, _) = self.visit(&mut on_reader(&card.chip), change);
        assert!(settled.is_none());
        ended.unwrap_or_else(|e| panic!("{change:?}: {e}"))
    }

    pub fn entries(&self) -> u64 {
        self.centre.session.ledger.size()
    }

    pub fn open_act(&self, card: &Card) -> Option<String> {
        let kind = kind_of(self.template.product);
        let open = self.centre.session.ledger.open_desk_act(kind, &card.number).unwrap();
        open.map(|(_, act)| act)
    }

    /// The last days on a card, in every file that has one.
    pub fn days(&self, card: &Card) -> Vec<String> {
        let mut reader = on_reader(&card.chip);
        let mut session = CardSession::new(&mut reader, self.template.dialect);
        let read = contents::read(&mut session, &self.template).unwrap();
        let days = read.fields.iter().filter(|v| v.order.as_deref() == Some("expiry"));
        days.map(|v| v.text.clone().unwrap()).collect()
    }

    /// Whether the purse application is blocked.
    pub fn blocked(&self, card: &Card) -> bool {
        let mut reader = on_reader(&card.chip);
        let mut session = CardSession::new(&mut reader, self.template.dialect);
        let purse = self.template.dfs.first().unwrap();
        contents::enter(&mut session, &self.template, purse).is_err()
    }

    /// Presents a PIN; the status word.
    pub fn verify(&self, card: &Card, typed: &SecretBytes) -> u16 {
        let mut reader = on_reader(&card.chip);
        let mut session = CardSession::new(&mut reader, self.template.dialect);
        let purse = self.template.dfs.first().unwrap();
        contents::enter(&mut session, &self.template, purse).unwrap();
        match cardmint::card::purse::verify_pin(&mut session, 0, typed) {
            Ok(()) => 0x9000,
            Err(e) => e.status().unwrap().0,
        }
    }

    /// Wrong PINs until the card is tired of them.
    pub fn lock_pin(&self, card: &Card) {
        for _ in 0..16 {
            if self.verify(card, &pin("999999")) == 0x6983 {
                return;
            }
        }
        panic!("the PIN does not lock");
    }
}
