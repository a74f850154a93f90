// SPDX-License-Identifier: Apache-2.0
//! A card that answers at random: every reader of answers returns a value or an error, and none panics. The seed of a run is
//! printed; CARDMINT_SEED repeats it.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test stops at the first surprise and prints its seed

use cardmint::batch::contents;
use cardmint::batch::purse::{identify, log, prepare_psam, template_of};
use cardmint::card::commands::Purse;
use cardmint::card::purchase::{self, Purchase};
use cardmint::card::{CardSession, purse};
use cardmint::crypto::purse::{Amount, Terminal};
use cardmint::iso7816::Atr;
use cardmint::keys::Subject;
use cardmint::keys::scheme;
use cardmint::template::{self, Product, SHIPPED, Template};
use cardmint::transport::{CardTransport, TransportError};

struct Liar {
    state: u64,
    atr: Atr,
}

impl Liar {
    fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            atr: Atr::new(&[0x3B, 0x80, 0x80, 0x01, 0x01]),
        }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}

impl CardTransport for Liar {
    fn reader(&self) -> &'static str {
        "liar"
    }

    fn atr(&self) -> &Atr {
        &self.atr
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        // Mostly the length that was asked for, so that what lies behind is reached too.
        let asked = usize::from(*command.last().unwrap());
        let length = match self.next() % 4 {
            0 => usize::from(self.byte()) % 40,
            _ if command.len() > 5 => [0, 4, 8, 15, 16, 19][usize::from(self.byte()) % 6],
            _ => asked,
        };
        let mut answer: Vec<u8> = (0..length).map(|_| self.byte()).collect();
        match self.next() % 16 {
            0 => answer.extend([0x61, self.byte()]),
            1 => answer.extend([0x6C, self.byte()]),
            2 => answer.extend([0x63, self.byte()]),
            3 => answer.extend([self.byte(), self.byte()]),
            4 => answer.truncate(usize::from(self.byte() % 2)),
            _ => answer.extend([0x90, 0x00]),
        }
        Ok(answer)
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

fn user_cards() -> Vec<Template> {
    let templates = SHIPPED.iter().map(|(name, _)| template::load(name).unwrap());
    templates.filter(|t| t.product == Product::UserCard).collect()
}

fn talk(seed: u64) {
    let (mut liar, mut sam) = (Liar::new(seed), Liar::new(seed ^ 0x5555));
    for product in [Product::UserCard, Product::Psam] {
        let _ = template_of(&mut liar, product, None, &[], None);
    }
    for template in user_cards() {
        let mut card = CardSession::new(&mut liar, template.dialect);
        let _ = contents::read(&mut card, &template).map(|found| found.order());
        let scheme = scheme::find(&template.schemes[0], std::path::Path::new(".")).unwrap();
        let scheme = scheme.with_levels(&[]).unwrap();
        let psam = template::load("mohurd-psam").unwrap();
        let mut sam = CardSession::new(&mut sam, psam.dialect);
        if let Ok(on) = identify(&mut card, &template, &scheme, &Subject::new()) {
            let _ = log(&mut card, &on);
            let _ = prepare_psam(&mut sam, &psam, &on, &scheme);
        }
        for which in [Purse::Deposit, Purse::Electronic] {
            let _ = purse::balance(&mut card, which);
            let terminal = Terminal([0; 6]);
            let _ = purse::initialize_for_load(&mut card, which, 1, Amount(1), terminal);
            let _ = purse::initialize_for_update(&mut card, 1, terminal);
            let order = Purchase {
                purse: which,
                index: 1,
                amount: Amount(u32::MAX),
                terminal,
                at: "20261121120000".parse().unwrap(),
                version: None,
                factors: vec![[0; 8]],
                security_code: seed.is_multiple_of(2),
            };
            if let Ok(ready) = purchase::prepare(&mut card, &mut sam, &order) {
                let _ = purchase::debit(&mut card, &mut sam, &ready);
                let _ = purchase::recover(&mut card, &mut sam, &ready);
            }
        }
        let _ = card.challenge(8);
    }
}

#[test]
fn any_answer_is_survived() {
    let seed = std::env::var("CARDMINT_SEED").map_or_else(|_| rand_seed(), |text| text.parse().unwrap());
    println!("CARDMINT_SEED={seed}");
    for run in 0..60 {
        talk(seed.wrapping_add(run));
    }
}

fn rand_seed() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .subsec_nanos()
        .into()
}
