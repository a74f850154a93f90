// SPDX-License-Identifier: Apache-2.0
//! Runs of a batch.

use super::centre;
use super::floor::{Floor, Seen};

#[test]
fn one_reader_and_eight_make_the_same_cards() {
    let mut cards = Vec::new();
    for readers in [1, 8] {
        let mut floor = Floor::of_cards(16);
        let mut seen = Seen::new();
        let trays = floor.readers(readers);
        let summary = floor.run(trays, &mut seen).unwrap();
        assert_eq!(
            (summary.issued, summary.failures, summary.left),
            (16, 0, 0),
            "{seen:?}",
            seen = seen.events
        );
        assert!(summary.is_complete() && seen.issued() == 16);
        floor.is_done();
        let numbers: Vec<String> = floor.rows.0.iter().map(|row| row.number.clone()).collect();
        cards.push(
            numbers
                .iter()
                .map(|n| centre::state(&floor.card_of(n, &floor.cards)))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(cards[0].len(), 16);
}
