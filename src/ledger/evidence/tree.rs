// SPDX-License-Identifier: Apache-2.0
//! One inclusion proof for many leaves of an RFC 6962 tree: the tree is walked from the root, left first; a range that
//! holds none of the leaves gives one hash, and nothing below it. For one leaf these are the hashes of its inclusion proof
//! (RFC 9162 §2.1.3.1) in the order of the tree.

use super::selection::Selection;
use crate::ledger::hash::Hash;
use crate::ledger::merkle::{self, Nodes, split};

/// Hands each range (start, length) that the proof needs a hash of to `each`, in the order of the file.
pub(super) fn missing<E>(
    size: u64,
    leaves: &Selection,
    each: &mut dyn FnMut(u64, u64) -> Result<(), E>,
) -> Result<(), E> {
    if size == 0 { Ok(()) } else { walk(0, size, leaves, each) }
}

fn walk<E>(start: u64, len: u64, leaves: &Selection, each: &mut dyn FnMut(u64, u64) -> Result<(), E>) -> Result<(), E> {
    let range = start..start + len;
    if !leaves.touches(&range) {
        return each(start, len);
    }
    if leaves.covers(&range) {
        return Ok(());
    }
    let left = split(len);
    walk(start, left, leaves, each)?;
    walk(start + left, len - left, leaves, each)
}

/// The hash of one of these ranges.
pub(super) fn hash_of<E>(start: u64, len: u64, nodes: Nodes<'_, E>) -> Result<Hash, E> {
    merkle::range(start, len, nodes)
}

/// The leaves that were read, folded into complete subtrees as soon as both halves are there. Memory grows with the gaps.
#[derive(Debug, Default)]
pub(super) struct Folded(Vec<(u8, u64, Hash)>);

impl Folded {
    /// Takes the next leaf; they come in ascending order.
    pub(super) fn add(&mut self, seq: u64, leaf: Hash) {
        self.0.push((0, seq, leaf));
        while let [.., (left_level, left, a), (level, right, b)] = self.0[..]
            && left_level == level
            && left.is_multiple_of(2)
            && left + 1 == right
        {
            self.0.truncate(self.0.len() - 2);
            self.0.push((level + 1, left / 2, Hash::node(&a, &b)));
        }
    }

    /// The root of a tree of this size, with the hashes of what is not there from `next`, in the order of the file.
    /// All leaves are below `size`.
    pub(super) fn root<E>(&self, size: u64, next: &mut dyn FnMut() -> Result<Hash, E>) -> Result<Hash, E> {
        if size == 0 {
            return Ok(Hash::empty());
        }
        Climb { left: &self.0, next }.range(0, size)
    }
}

struct Climb<'a, E> {
    left: &'a [(u8, u64, Hash)],
    next: &'a mut dyn FnMut() -> Result<Hash, E>,
}

impl<E> Climb<'_, E> {
    fn range(&mut self, start: u64, len: u64) -> Result<Hash, E> {
        match self.left.split_first() {
            Some(((level, index, hash), rest)) if index << level < start + len => {
                if len == 1 << level || len == 1 {
                    self.left = rest;
                    return Ok(*hash);
                }
                let half = split(len);
                let left = self.range(start, half)?;
                Ok(Hash::node(&left, &self.range(start + half, len - half)?))
            }
            _ => (self.next)(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fill::lone;
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use std::convert::Infallible;

    /// Nodes of a tree in which leaf n is the hash of n; made on demand, so that a large tree costs nothing.
    fn node(level: u8, index: u64, known: &mut HashMap<(u8, u64), Hash>) -> Hash {
        if let Some(hash) = known.get(&(level, index)) {
            return *hash;
        }
        let hash = if level == 0 {
            Hash::leaf(&index.to_be_bytes())
        } else {
            let left = node(level - 1, index * 2, known);
            Hash::node(&left, &node(level - 1, index * 2 + 1, known))
        };
        known.insert((level, index), hash);
        hash
    }

    fn proof(size: u64, leaves: &Selection, nodes: Nodes<'_, Infallible>) -> Vec<Hash> {
        let mut hashes = Vec::new();
        missing::<Infallible>(size, leaves, &mut |start, len| {
            hashes.push(hash_of(start, len, nodes)?);
            Ok(())
        })
        .unwrap();
        hashes
    }

    fn root_from(size: u64, leaves: &Selection, hashes: &[Hash]) -> Result<Hash, ()> {
        let mut folded = Folded::default();
        for seq in leaves.ranges().iter().flat_map(Clone::clone) {
            folded.add(seq, Hash::leaf(&seq.to_be_bytes()));
        }
        let mut rest = hashes.iter();
        let root = folded.root(size, &mut || rest.next().copied().ok_or(()))?;
        if rest.next().is_none() { Ok(root) } else { Err(()) }
    }

    fn hashes(size: u64, leaves: &Selection) -> u64 {
        let mut hashes = 0;
        missing::<Infallible>(size, leaves, &mut |_, _| {
            hashes += 1;
            Ok(())
        })
        .unwrap();
        hashes
    }

    /// A ledger's beginning: `site.init`, enrolments, trust, ceremony with keys, template; and what a card's proof makes of
    /// it: single entries between them are there themselves.
    fn beginning(size: u64, filled: bool) -> Selection {
        let mut leaves: Selection = [0, 1, 3, 5, 6, 7, 8, 9, 11, 13, 15].into_iter().collect();
        if filled {
            for seq in lone(size, &leaves) {
                leaves.add(seq);
            }
            assert_eq!(leaves.ranges(), std::slice::from_ref(&(0..16)));
        }
        leaves
    }

    /// Numbers of hashes, the smallest first: batches of a thousand cards on four readers all over the ledger, with order,
    /// batch, approval and run; a card's intent and outcome; where `replaced`, also loss and replacement long after.
    fn spread(size: u64, filled: bool, replaced: bool) -> Vec<u64> {
        let mut counts = Vec::new();
        for batch in (1_000..size - 10_000).step_by(8_377) {
            for card in (0..1_000).step_by(97) {
                let mut leaves = beginning(size, filled);
                let first = batch + 4 + card * 2;
                for seq in [batch, batch + 1, batch + 2, batch + 3, first, first + 5] {
                    leaves.add(seq);
                }
                if replaced {
                    let lost = first + (size - first) / 2;
                    leaves.add(lost);
                    leaves.add(lost + 1);
                }
                counts.push(hashes(size, &leaves));
            }
        }
        counts.sort_unstable();
        counts
    }

    fn average(counts: &[u64]) -> u64 {
        // Rounded up.
        counts.iter().sum::<u64>().div_ceil(counts.len() as u64)
    }

    /// A line of base64 and its end.
    const LINE: u64 = 45;

    /// The hashes of an ordinary card's evidence take, as they stand in the file, less than 2 KiB on average in a ledger of a
    /// million entries, and just over that among a million cards; as bytes always less. A loss and a replacement are one more
    /// place far away.
    #[test]
    fn the_proof_of_an_ordinary_card_in_a_million_entries_is_short() {
        const TWO_KIB: u64 = 2048;
        let of = |counts: &[u64]| {
            (
                average(counts),
                counts[counts.len() * 95 / 100],
                counts[counts.len() - 1],
            )
        };
        let entries = of(&spread(1_000_000, true, false));
        assert!(
            entries.0 * LINE < TWO_KIB && entries.1 <= 50 && entries.2 <= 58,
            "{entries:?}"
        );
        let cards = of(&spread(2_000_000, true, false));
        assert!(
            cards.0 * LINE <= TWO_KIB + LINE && cards.1 <= 52 && cards.2 * 32 < TWO_KIB,
            "{cards:?}"
        );
        let gaps = of(&spread(2_000_000, false, false));
        assert!(gaps.0 >= cards.0 + 5, "{gaps:?}");
        let replaced = of(&spread(2_000_000, true, true));
        assert!(replaced.0 <= 64 && replaced.2 <= 84, "{replaced:?}");
    }

    /// No choice of entries around `site.init`, one batch and one card does much better: these are three places far apart, and
    /// even their hashes alone are as many. Who shortens the context gains nothing.
    #[test]
    fn three_places_far_apart_are_what_a_proof_costs() {
        let size = 2_000_000;
        let bare = |batch: u64| [0, batch, batch + 1_000].into_iter().collect::<Selection>();
        let counts: Vec<u64> = (1_000..size - 10_000)
            .step_by(8_377)
            .map(|b| hashes(size, &bare(b)))
            .collect();
        assert!(average(&counts) >= 48, "{}", average(&counts));
    }

    proptest! {
        #[test]
        fn any_leaves_of_any_tree_lead_to_the_root(size in 1_u64..300, seqs in prop::collection::vec(any::<u64>(), 1..20), bit in any::<usize>()) {
            let leaves: Selection = seqs.iter().map(|seq| seq % size).collect();
            let known = std::cell::RefCell::new(HashMap::new());
            let nodes = |level, index| Ok::<_, Infallible>(node(level, index, &mut known.borrow_mut()));
            let root = merkle::root(size, &nodes).unwrap();
            let mut hashes = proof(size, &leaves, &nodes);
            prop_assert_eq!(root_from(size, &leaves, &hashes), Ok(root));
            if leaves.count() == 1 {
                let mut one = merkle::inclusion(leaves.last().unwrap(), size, &nodes).unwrap();
                one.sort_unstable();
                let mut ours = hashes.clone();
                ours.sort_unstable();
                prop_assert_eq!(ours, one);
            }
            if leaves.count() == size {
                prop_assert!(hashes.is_empty());
            }
            let longer = [hashes.clone(), vec![Hash::empty()]].concat();
            prop_assert_eq!(root_from(size, &leaves, &longer), Err(()));
            if !hashes.is_empty() {
                prop_assert_eq!(root_from(size, &leaves, &hashes[1..]), Err(()));
                let at = bit % hashes.len();
                hashes[at].0[bit % 32] ^= 1 << (bit % 8);
                prop_assert_ne!(root_from(size, &leaves, &hashes), Ok(root));
            }
        }
    }
}
