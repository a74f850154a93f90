// SPDX-License-Identifier: Apache-2.0
//! Readers and what lies on them, as seen at one moment; and what changed between two moments. Pure: `pcsc.rs` looks.
//!
//! Readers are known by name, never by number: their order changes with every plug and every start of the service. A card
//! that was changed quickly may never show an empty reader, so that each reader also counts its insertions and removals.

use super::TransportError;
use crate::iso7816::Atr;

/// What lies on a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// Nothing.
    Empty,
    /// A card, with its answer to reset.
    Card(Atr),
    /// A card that does not answer (or lies the wrong way round).
    Mute,
}

/// One reader at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderStatus {
    /// Its name.
    pub name: String,
    /// What lies on it.
    pub slot: Slot,
    /// Insertions and removals since the service knows the reader, modulo 65536.
    pub events: u32,
    /// Whether a program holds the card.
    pub in_use: bool,
}

/// Something that happened to readers, cards or the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderEvent {
    /// The PC/SC service answers (again).
    ServiceUp,
    /// The PC/SC service is gone.
    ServiceDown,
    /// A reader was plugged in (or is seen for the first time).
    ReaderAdded {
        /// Its name.
        reader: String,
    },
    /// A reader was unplugged.
    ReaderRemoved {
        /// Its name.
        reader: String,
    },
    /// A card was put on.
    CardIn {
        /// The reader.
        reader: String,
        /// The card's answer to reset.
        atr: Atr,
    },
    /// A card was taken off.
    CardOut {
        /// The reader.
        reader: String,
    },
    /// A card was put on that does not answer.
    CardMute {
        /// The reader.
        reader: String,
    },
}

/// What happened between two looks, readers in the order of their names' first appearance; removals first.
pub fn changes(before: &[ReaderStatus], after: &[ReaderStatus]) -> Vec<ReaderEvent> {
    let mut events = Vec::new();
    for old in before {
        if after.iter().all(|new| new.name != old.name) {
            events.push(ReaderEvent::ReaderRemoved {
                reader: old.name.clone(),
            });
        }
    }
    for new in after {
        let reader = || new.name.clone();
        let old = before.iter().find(|old| old.name == new.name);
        if old.is_none() {
            events.push(ReaderEvent::ReaderAdded { reader: reader() });
        }
        let had = old.is_some_and(|old| old.slot != Slot::Empty);
        let same = old.is_some_and(|old| old.slot == new.slot && old.events == new.events);
        if same {
            continue;
        }
        if had {
            events.push(ReaderEvent::CardOut { reader: reader() });
        }
        match &new.slot {
            Slot::Empty => {}
            Slot::Card(atr) => events.push(ReaderEvent::CardIn {
                reader: reader(),
                atr: atr.clone(),
            }),
            Slot::Mute => events.push(ReaderEvent::CardMute { reader: reader() }),
        }
    }
    events
}

/// The reader that a name means: exactly that one, else the only one whose name contains it, capitals or not.
pub fn resolve<'a>(asked: &str, names: impl Iterator<Item = &'a str> + Clone) -> Result<&'a str, TransportError> {
    if let Some(exact) = names.clone().find(|name| *name == asked) {
        return Ok(exact);
    }
    let part = asked.to_lowercase();
    let fits: Vec<&str> = names.filter(|name| name.to_lowercase().contains(&part)).collect();
    match fits[..] {
        [] => Err(TransportError::NoReader { reader: asked.into() }),
        [only] => Ok(only),
        _ => Err(TransportError::AmbiguousReader {
            reader: asked.into(),
            candidates: fits.into_iter().map(str::to_owned).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(name: &str, slot: Slot, events: u32) -> ReaderStatus {
        ReaderStatus {
            name: name.into(),
            slot,
            events,
            in_use: false,
        }
    }

    fn card(byte: u8) -> Slot {
        Slot::Card(Atr::new(&[0x3B, byte]))
    }

    #[test]
    fn names_are_found_whole_or_by_a_part_that_fits_one() {
        let names = ["ACS ACR1281 00 00", "ACS ACR1281 00 01", "Feitian R502"];
        let find = |asked| resolve(asked, names.iter().copied());
        assert_eq!(find("ACS ACR1281 00 01"), Ok("ACS ACR1281 00 01"));
        assert_eq!(find("feitian"), Ok("Feitian R502"));
        assert_eq!(
            find("acr1281"),
            Err(TransportError::AmbiguousReader {
                reader: "acr1281".into(),
                candidates: vec!["ACS ACR1281 00 00".into(), "ACS ACR1281 00 01".into()]
            })
        );
        assert_eq!(
            find("omnikey"),
            Err(TransportError::NoReader {
                reader: "omnikey".into()
            })
        );
        // The whole name wins over names that contain it.
        let nested = ["Reader 1", "Reader 10"];
        assert_eq!(resolve("Reader 1", nested.iter().copied()), Ok("Reader 1"));
    }

    #[test]
    fn a_quick_swap_is_seen_by_the_count_alone() {
        let before = [status("R", card(1), 1)];
        let after = [status("R", card(1), 3)];
        assert_eq!(
            changes(&before, &after),
            [
                ReaderEvent::CardOut { reader: "R".into() },
                ReaderEvent::CardIn {
                    reader: "R".into(),
                    atr: Atr::new(&[0x3B, 1])
                }
            ]
        );
        assert_eq!(changes(&after, &after), []);
    }

    #[test]
    fn plugging_and_laying_down_are_told() {
        let one = [status("A", Slot::Empty, 0)];
        let two = [status("B", card(2), 1)];
        assert_eq!(
            changes(&one, &two),
            [
                ReaderEvent::ReaderRemoved { reader: "A".into() },
                ReaderEvent::ReaderAdded { reader: "B".into() },
                ReaderEvent::CardIn {
                    reader: "B".into(),
                    atr: Atr::new(&[0x3B, 2])
                }
            ]
        );
        assert_eq!(
            changes(&two, &[status("B", Slot::Empty, 2)]),
            [ReaderEvent::CardOut { reader: "B".into() }]
        );
        assert_eq!(
            changes(&one, &[status("A", Slot::Mute, 1)]),
            [ReaderEvent::CardMute { reader: "A".into() }]
        );
        // A card that came and went between two looks leaves nothing to do.
        assert_eq!(changes(&one, &[status("A", Slot::Empty, 2)]), []);
    }
}
