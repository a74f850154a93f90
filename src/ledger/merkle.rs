// SPDX-License-Identifier: Apache-2.0
//! The Merkle tree of RFC 6962 §2.1 over nodes that are kept: for every complete subtree its hash, addressed by level
//! (0 = leaves) and index. Roots, inclusion and consistency proofs take O(log n) look-ups.
//!
//! The checks of proofs are those of RFC 9162 §2.1.3.2 and §2.1.4.2.

use super::hash::Hash;

/// Looks a node up: level, index.
pub type Nodes<'a, E> = &'a dyn Fn(u8, u64) -> Result<Hash, E>;

/// The nodes that become complete when leaf number `seq` is added, from the leaf upwards.
pub fn grow<E>(seq: u64, leaf: Hash, nodes: Nodes<'_, E>) -> Result<Vec<(u8, u64, Hash)>, E> {
    let (mut level, mut index, mut hash) = (0, seq, leaf);
    let mut complete = vec![(level, index, hash)];
    while index % 2 == 1 {
        hash = Hash::node(&nodes(level, index - 1)?, &hash);
        level += 1;
        index /= 2;
        complete.push((level, index, hash));
    }
    Ok(complete)
}

/// The root of the first `size` leaves.
pub fn root<E>(size: u64, nodes: Nodes<'_, E>) -> Result<Hash, E> {
    if size == 0 {
        Ok(Hash::empty())
    } else {
        range(0, size, nodes)
    }
}

/// The hashes that lead from leaf `seq` to the root of the first `size` leaves, lowest first. `seq` < `size`.
pub fn inclusion<E>(seq: u64, size: u64, nodes: Nodes<'_, E>) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    let (mut start, mut len) = (0, size);
    while len > 1 {
        let left = split(len);
        if seq < start + left {
            path.push(range(start + left, len - left, nodes)?);
            len = left;
        } else {
            path.push(range(start, left, nodes)?);
            start += left;
            len -= left;
        }
    }
    path.reverse();
    Ok(path)
}

/// The hashes that show that the first `from` leaves of a tree of `to` are the tree of `from`. 0 < `from` ≤ `to`.
pub fn consistency<E>(from: u64, to: u64, nodes: Nodes<'_, E>) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    let (mut start, mut len, mut old, mut whole) = (0, to, from, true);
    while old != len {
        let left = split(len);
        if old <= left {
            path.push(range(start + left, len - left, nodes)?);
            len = left;
        } else {
            path.push(range(start, left, nodes)?);
            start += left;
            len -= left;
            old -= left;
            whole = false;
        }
    }
    if !whole {
        path.push(range(start, len, nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// The hash over `len` leaves from `start`; `start` is a multiple of the power of two that is at least `len`.
pub(super) fn range<E>(start: u64, len: u64, nodes: Nodes<'_, E>) -> Result<Hash, E> {
    if len.is_power_of_two() {
        return nodes(len.trailing_zeros() as u8, start / len);
    }
    let left = split(len);
    Ok(Hash::node(
        &range(start, left, nodes)?,
        &range(start + left, len - left, nodes)?,
    ))
}

/// The largest power of two smaller than `len`, which is at least 2.
pub(super) fn split(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

/// Whether `path` leads from this leaf to this root.
pub fn check_inclusion(seq: u64, size: u64, leaf: Hash, path: &[Hash], root: Hash) -> bool {
    if seq >= size {
        return false;
    }
    let (mut f, mut s, mut hash) = (seq, size - 1, leaf);
    for step in path {
        if s == 0 {
            return false;
        }
        if f % 2 == 1 || f == s {
            hash = Hash::node(step, &hash);
            while f.is_multiple_of(2) && f != 0 {
                f /= 2;
                s /= 2;
            }
        } else {
            hash = Hash::node(&hash, step);
        }
        f /= 2;
        s /= 2;
    }
    s == 0 && hash == root
}

/// Whether `path` shows that the tree of `from` leaves is the beginning of the tree of `to` leaves.
pub fn check_consistency(from: u64, to: u64, path: &[Hash], old: Hash, new: Hash) -> bool {
    if from == to {
        return path.is_empty() && old == new;
    }
    if from == 0 || from > to {
        return from == 0 && path.is_empty() && old == Hash::empty();
    }
    let with_first: Vec<Hash> = if from.is_power_of_two() {
        std::iter::once(&old).chain(path).copied().collect()
    } else {
        path.to_vec()
    };
    let Some((first, rest)) = with_first.split_first() else {
        return false;
    };
    let (mut f, mut s) = (from - 1, to - 1);
    while f % 2 == 1 {
        f /= 2;
        s /= 2;
    }
    let (mut of_old, mut of_new) = (*first, *first);
    for step in rest {
        if s == 0 {
            return false;
        }
        if f % 2 == 1 || f == s {
            of_old = Hash::node(step, &of_old);
            of_new = Hash::node(step, &of_new);
            while f.is_multiple_of(2) && f != 0 {
                f /= 2;
                s /= 2;
            }
        } else {
            of_new = Hash::node(&of_new, step);
        }
        f /= 2;
        s /= 2;
    }
    s == 0 && of_old == old && of_new == new
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use std::convert::Infallible;

    type Tree = HashMap<(u8, u64), Hash>;

    fn tree(leaves: &[Vec<u8>]) -> Tree {
        let mut tree = Tree::new();
        for (seq, leaf) in leaves.iter().enumerate() {
            let new = grow::<Infallible>(seq as u64, Hash::leaf(leaf), &|l, i| Ok(tree[&(l, i)])).unwrap();
            tree.extend(new.into_iter().map(|(l, i, h)| ((l, i), h)));
        }
        tree
    }

    /// The leaves of the reference implementation's tests (certificate-transparency, merkle_tree_test).
    fn reference() -> Vec<Vec<u8>> {
        [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .iter()
        .map(|leaf| hex::decode(leaf).unwrap())
        .collect()
    }

    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hashes(list: &[&str]) -> Vec<Hash> {
        list.iter().map(|h| h.parse().unwrap()).collect()
    }

    #[test]
    fn roots_of_the_reference_leaves() {
        let tree = tree(&reference());
        let nodes = |l, i| Ok::<_, Infallible>(tree[&(l, i)]);
        for (size, expected) in (1..).zip(ROOTS) {
            assert_eq!(root(size, &nodes).unwrap().to_string(), expected, "size {size}");
        }
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(root(0, &nodes).unwrap().to_string(), empty);
    }

    #[test]
    fn inclusion_proofs_of_the_reference() {
        let tree = tree(&reference());
        let nodes = |l, i| Ok::<_, Infallible>(tree[&(l, i)]);
        let cases: [(u64, u64, &[&str]); 4] = [
            (0, 1, &[]),
            (
                0,
                8,
                &[
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ],
            ),
            (
                5,
                8,
                &[
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ],
            ),
            (
                2,
                3,
                &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
            ),
        ];
        for (seq, size, expected) in cases {
            assert_eq!(
                inclusion(seq, size, &nodes).unwrap(),
                hashes(expected),
                "leaf {seq} of {size}"
            );
        }
    }

    #[test]
    fn consistency_proofs_of_the_reference() {
        let tree = tree(&reference());
        let nodes = |l, i| Ok::<_, Infallible>(tree[&(l, i)]);
        let cases: [(u64, u64, &[&str]); 4] = [
            (1, 1, &[]),
            (
                1,
                8,
                &[
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ],
            ),
            (
                6,
                8,
                &[
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ],
            ),
            (
                2,
                5,
                &[
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ],
            ),
        ];
        for (from, to, expected) in cases {
            assert_eq!(
                consistency(from, to, &nodes).unwrap(),
                hashes(expected),
                "{from} to {to}"
            );
        }
    }

    #[test]
    fn ten_million_entries_take_a_few_dozen_look_ups() {
        for size in [10_000_000_u64, 9_999_999, (1 << 24) - 1, 1 << 23] {
            let looked = std::cell::Cell::new(0);
            let nodes = |_, _| {
                looked.set(looked.get() + 1);
                Ok::<_, Infallible>(Hash::default())
            };
            let depth = 1 + size.ilog2();
            root(size, &nodes).unwrap();
            assert!(looked.take() <= depth, "root of {size}");
            assert!(grow(size, Hash::default(), &nodes).unwrap().len() as u32 <= depth + 1 && looked.take() <= depth);
            for seq in [0, size / 3, size / 2 + 1, size - 1] {
                assert!(
                    inclusion(seq, size, &nodes).unwrap().len() as u32 <= depth,
                    "{seq} in {size}"
                );
                assert!(looked.take() <= 2 * depth, "{seq} in {size}");
                consistency(seq + 1, size, &nodes).unwrap();
                assert!(looked.take() <= 2 * depth, "{seq} to {size}");
            }
        }
    }

    proptest! {
        #[test]
        fn proofs_hold_and_altered_ones_do_not(count in 1_u64..200, a in any::<u64>(), b in any::<u64>(), bit in any::<usize>()) {
            let leaves: Vec<Vec<u8>> = (0..count).map(|i| i.to_string().into_bytes()).collect();
            let tree = tree(&leaves);
            let nodes = |l, i| Ok::<_, Infallible>(tree[&(l, i)]);
            let to = 1 + a % count;
            let from = 1 + b % to;
            let (old, new) = (root(from, &nodes).unwrap(), root(to, &nodes).unwrap());
            let seq = b % to;
            let leaf = Hash::leaf(&leaves[seq as usize]);
            let mut path = inclusion(seq, to, &nodes).unwrap();
            prop_assert!(check_inclusion(seq, to, leaf, &path, new));
            prop_assert!(!check_inclusion(seq, to, Hash::leaf(b"other"), &path, new));
            if !path.is_empty() {
                let at = bit % path.len();
                path[at].0[bit % 32] ^= 1 << (bit % 8);
                prop_assert!(!check_inclusion(seq, to, leaf, &path, new));
            }
            let mut path = consistency(from, to, &nodes).unwrap();
            prop_assert!(check_consistency(from, to, &path, old, new));
            prop_assert!(!check_consistency(from, to, &path, Hash::leaf(b"other"), new));
            if !path.is_empty() {
                let at = bit % path.len();
                path[at].0[bit % 32] ^= 1 << (bit % 8);
                prop_assert!(!check_consistency(from, to, &path, old, new));
            }
        }
    }
}
