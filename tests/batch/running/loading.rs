// SPDX-License-Identifier: Apache-2.0
//! The first load of a card: once, wherever the card is torn.

use super::*;

#[test]
fn cards_are_loaded_once_wherever_they_are_torn() {
    let mut floor = Floor::of_cards(10).loading(5000);
    let steps = {
        // How many commands an undisturbed card takes.
        let mut one = Floor::of_cards(1).loading(5000);
        let mut seen = Seen::new();
        let counted = Arc::new(Mutex::new(0));
        let tray = Counting {
            inner: Tray::new("sim:a", &one.cards),
            count: Arc::clone(&counted),
        };
        let Floor {
            centre,
            template,
            rows,
            settings,
            ..
        } = &mut one;
        let sources: Vec<Box<dyn CardSource>> = vec![Box::new(tray)];
        let summary = run_on(
            &mut centre.session,
            template,
            rows,
            settings,
            sources,
            &mut seen,
            &Control::default(),
            None,
        );
        assert_eq!(summary.unwrap().issued, 1);
        *counted.lock().unwrap()
    };
    let mut trays = floor.readers(2);
    for (t, tray) in trays.iter_mut().enumerate() {
        for (c, (_, faults)) in tray.waiting.iter_mut().enumerate() {
            // The last commands: identify, PIN, initialize, credit.
            let back = (2 * c + t) as u32;
            *faults = torn_at(
                steps - back,
                if t == 0 {
                    SimFault::TearAfter
                } else {
                    SimFault::TearBefore
                },
            );
        }
    }
    let mut seen = Seen::new();
    let summary = floor.run(trays, &mut seen).unwrap();
    assert_eq!((summary.issued, summary.unloaded), (10, 0), "{:?}", seen.failures());
    floor.is_done();
    for row in floor.rows.0.clone() {
        let card = floor.card_of(&row.number, &floor.cards);
        let balance = state(&card).to_string();
        assert!(balance.contains("5000"), "{balance}");
        let filter = cardmint::ledger::Filter {
            number: Some(row.number.clone()),
            act: Some("purse.load".into()),
            ..Default::default()
        };
        let mut loads = 0;
        let mut count = |_: &cardmint::ledger::Entry, _: &[u8]| {
            loads += 1;
            Ok(())
        };
        floor.centre.session.ledger.each_line(&filter, &mut count).unwrap();
        assert_eq!(loads, 1, "{}", row.number);
    }
}

/// Counts the commands of all of its cards.
struct Counting {
    inner: Tray,
    count: Arc<Mutex<u32>>,
}

struct CountingCard {
    inner: Box<dyn cardmint::transport::CardTransport>,
    count: Arc<Mutex<u32>>,
}

impl CardSource for Counting {
    fn reader(&self) -> &str {
        self.inner.reader()
    }
    fn next_card(
        &mut self,
        quit: &std::sync::atomic::AtomicBool,
    ) -> Result<Option<Box<dyn cardmint::transport::CardTransport>>, cardmint::transport::TransportError> {
        let card = self.inner.next_card(quit)?;
        Ok(card.map(|inner| {
            let count = Arc::clone(&self.count);
            Box::new(CountingCard { inner, count }) as Box<dyn cardmint::transport::CardTransport>
        }))
    }
    fn release(
        &mut self,
        verdict: cardmint::transport::source::Verdict,
    ) -> Result<(), cardmint::transport::TransportError> {
        self.inner.release(verdict)
    }
}

impl cardmint::transport::CardTransport for CountingCard {
    fn reader(&self) -> &str {
        self.inner.reader()
    }
    fn atr(&self) -> &cardmint::iso7816::Atr {
        self.inner.atr()
    }
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, cardmint::transport::TransportError> {
        *self.count.lock().unwrap() += 1;
        self.inner.transmit(command)
    }
    fn reset(&mut self) -> Result<(), cardmint::transport::TransportError> {
        self.inner.reset()
    }
}
