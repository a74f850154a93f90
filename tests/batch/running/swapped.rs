// SPDX-License-Identifier: Apache-2.0
//! Two cards on one reader.

use super::*;

/// Every second reset another chip answers.
struct TwoCards {
    first: centre::Shared,
    second: centre::Shared,
    given: bool,
}

impl CardSource for TwoCards {
    fn reader(&self) -> &'static str {
        "sim:two"
    }
    fn next_card(
        &mut self,
        _: &std::sync::atomic::AtomicBool,
    ) -> Result<Option<Box<dyn cardmint::transport::CardTransport>>, cardmint::transport::TransportError> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        let (a, b) = (centre::on_reader(&self.first), centre::on_reader(&self.second));
        Ok(Some(Box::new(Swapping { a, b, on_b: false })))
    }
    fn release(&mut self, _: cardmint::transport::source::Verdict) -> Result<(), cardmint::transport::TransportError> {
        Ok(())
    }
}

struct Swapping {
    a: cardmint::sim::InMemoryReader,
    b: cardmint::sim::InMemoryReader,
    on_b: bool,
}

impl cardmint::transport::CardTransport for Swapping {
    fn reader(&self) -> &'static str {
        "sim:two"
    }
    fn atr(&self) -> &cardmint::iso7816::Atr {
        if self.on_b { self.b.atr() } else { self.a.atr() }
    }
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, cardmint::transport::TransportError> {
        if self.on_b {
            self.b.transmit(command)
        } else {
            self.a.transmit(command)
        }
    }
    fn reset(&mut self) -> Result<(), cardmint::transport::TransportError> {
        self.on_b = !self.on_b;
        Ok(())
    }
}

#[test]
fn two_cards_on_one_reader_stop_with_a_question_before_anything_is_written() {
    let mut floor = Floor::of_cards(2);
    let size = |floor: &Floor| floor.centre.session.site.ledger().unwrap().size();
    let before = (state(&floor.cards[0]), state(&floor.cards[1]), size(&floor));
    let source = TwoCards {
        first: Arc::clone(&floor.cards[0]),
        second: Arc::clone(&floor.cards[1]),
        given: false,
    };
    let mut seen = Seen::new();
    seen.answer = Box::new(|_| Answer::Stop);
    let Floor {
        centre,
        template,
        rows,
        settings,
        ..
    } = &mut floor;
    let sources: Vec<Box<dyn CardSource>> = vec![Box::new(source)];
    let control = Control::default();
    let summary = run_on(
        &mut centre.session,
        template,
        rows,
        settings,
        sources,
        &mut seen,
        &control,
        None,
    )
    .unwrap();
    assert!(matches!(&seen.questions[..], [Question::TwoCards { first, second, .. }] if first != second));
    assert_eq!((summary.issued, summary.left), (0, 2));
    let after = (state(&floor.cards[0]), state(&floor.cards[1]), size(&floor));
    assert_eq!((before.0, before.1), (after.0, after.1));
    assert_eq!(after.2, before.2 + 1, "the run, and no intent");
}
