// SPDX-License-Identifier: Apache-2.0
//! Keys and TACs by the million: what a clearing centre needs for a day's transactions. The same results as [`super::diversify()`]
//! and [`super::tac()`], which they are tested against, for many cards at once.
//!
//! 3DES goes through a bitsliced DES on plain machine words (`des`): every gate of the cipher works on one bit of all
//! lanes, and a key of its own for each lane costs nothing, as there is no key schedule. SM4 goes card by card through the
//! ordinary cipher. Work is shared out over the processor's cores. Buffers that held keys are wiped; what the compiler spills
//! to the stack on the way is not.

mod des;
mod sboxes;
mod wires;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::thread;

use zeroize::Zeroizing;

use self::des::{Des, KeyPair};
use self::wires::{LANES, Wires};
use super::diversify::Diversifier;
use super::{Algorithm, Factor, KeyMaterial, TacVariant, diversify_path, tac};

/// With fewer cards than this in hand, one by one is faster than all lanes at once.
const SCALAR_BELOW: usize = LANES / 8;

/// Below this, starting a thread costs more than it saves.
const JOBS_PER_THREAD: usize = 8 * LANES;

/// One transaction whose TAC is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TacJob<'a> {
    /// The card's factor.
    pub factor: Factor,
    /// The transaction's data, unpadded, any length: 22 bytes for a purchase, 24 for a load
    /// (`purse_transaction` puts them together).
    pub data: &'a [u8],
}

/// The keys of many cards, in the order of their factors. Wiped on drop, never printed.
pub struct CardKeys(Zeroizing<Vec<[u8; 16]>>);

impl CardKeys {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of the `at`-th factor.
    pub fn get(&self, at: usize) -> Option<KeyMaterial> {
        let bytes = self.0.get(at)?;
        Some(KeyMaterial::init_with(|place| place.copy_from_slice(bytes)))
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = KeyMaterial> + '_ {
        let copy = |bytes: &[u8; 16]| KeyMaterial::init_with(|place| place.copy_from_slice(bytes));
        self.0.iter().map(copy)
    }
}

impl std::fmt::Debug for CardKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardKeys({}, ..)", self.len())
    }
}

/// The child keys of one master key, one for each factor.
pub fn diversify_many(alg: Algorithm, master: &KeyMaterial, factors: &[Factor]) -> CardKeys {
    // Made at its full length: a vector that grows leaves copies behind.
    let mut keys = Zeroizing::new(vec![[0; 16]; factors.len()]);
    shared_out(threads_for(factors.len()), factors, &mut keys, |factors, keys| {
        diversify_part(alg, master, factors, keys);
    });
    CardKeys(keys)
}

/// The TACs of many transactions: from the root down the prefix (the city's factor, say; empty if the root is the city's key)
/// to one key, from there by each job's factor to the card's key, and with that over the job's data. In the order of the jobs,
/// on as many threads as there are cores and work for them.
pub fn tacs(
    alg: Algorithm,
    variant: TacVariant,
    root: &KeyMaterial,
    prefix: &[Factor],
    jobs: &[TacJob<'_>],
) -> Vec<[u8; 4]> {
    tacs_on(threads_for(jobs.len()), alg, variant, root, prefix, jobs)
}

/// [`tacs`] on a given number of threads.
pub fn tacs_on(
    threads: NonZeroUsize,
    alg: Algorithm,
    variant: TacVariant,
    root: &KeyMaterial,
    prefix: &[Factor],
    jobs: &[TacJob<'_>],
) -> Vec<[u8; 4]> {
    let parent = diversify_path(alg, root, prefix);
    let mut found = vec![[0; 4]; jobs.len()];
    shared_out(threads, jobs, &mut found, |jobs, found| match alg {
        Algorithm::Tdes => tdes_tacs(variant, &parent, jobs, found),
        Algorithm::Sm4 => {
            let parent = Diversifier::new(alg, &parent);
            for (job, place) in jobs.iter().zip(found) {
                *place = one_by_one(alg, variant, &parent, job);
            }
        }
    });
    found
}

fn threads_for(jobs: usize) -> NonZeroUsize {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(jobs / JOBS_PER_THREAD).map_or(NonZeroUsize::MIN, |wanted| wanted.min(cores))
}

/// Cuts the work into one part a thread; the last part stays on this one.
fn shared_out<I: Sync, O: Send>(
    threads: NonZeroUsize,
    items: &[I],
    out: &mut [O],
    work: impl Fn(&[I], &mut [O]) + Sync,
) {
    let part = items.len().div_ceil(threads.get()).next_multiple_of(LANES);
    if items.len() <= part {
        return work(items, out);
    }
    thread::scope(|scope| {
        for (items, out) in items.chunks(part).zip(out.chunks_mut(part)) {
            scope.spawn(|| work(items, out));
        }
    });
}

fn diversify_part(alg: Algorithm, master: &KeyMaterial, factors: &[Factor], keys: &mut [[u8; 16]]) {
    let mut lanes = None;
    for (factors, keys) in factors.chunks(LANES).zip(keys.chunks_mut(LANES)) {
        if alg == Algorithm::Tdes && factors.len() >= SCALAR_BELOW {
            let lanes = lanes.get_or_insert_with(|| Lanes::new(master));
            lanes.diversify(|lane| factors.get(lane).copied());
            lanes
                .left
                .each(|lane, half| put(keys.get_mut(lane).map(|key| &mut key[..8]), half));
            lanes
                .right
                .each(|lane, half| put(keys.get_mut(lane).map(|key| &mut key[8..]), half));
        } else {
            let master = Diversifier::new(alg, master);
            for (factor, key) in factors.iter().zip(keys) {
                key.copy_from_slice(master.child(factor).expose());
            }
        }
    }
}

fn put(place: Option<&mut [u8]>, block: u64) {
    if let Some(place) = place {
        place.copy_from_slice(&block.to_be_bytes()[..place.len()]);
    }
}

/// Jobs of the same number of blocks go together, whatever their order.
fn tdes_tacs(variant: TacVariant, parent: &KeyMaterial, jobs: &[TacJob<'_>], found: &mut [[u8; 4]]) {
    let blocks = |at: usize| blocks(jobs[at].data);
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| blocks(*at));
    let mut lanes = None;
    for alike in order.chunk_by(|a, b| blocks(*a) == blocks(*b)) {
        for batch in alike.chunks(LANES) {
            if batch.len() < SCALAR_BELOW {
                let parent = Diversifier::new(Algorithm::Tdes, parent);
                for at in batch {
                    found[*at] = one_by_one(Algorithm::Tdes, variant, &parent, &jobs[*at]);
                }
            } else {
                let lanes = lanes.get_or_insert_with(|| Lanes::new(parent));
                let job = |lane: usize| batch.get(lane).map(|at| &jobs[*at]);
                lanes.tacs(blocks(batch[0]), job);
                lanes
                    .left
                    .each(|lane, mac| put(batch.get(lane).map(|at| &mut found[*at][..]), mac));
            }
        }
    }
}

fn one_by_one(alg: Algorithm, variant: TacVariant, parent: &Diversifier, job: &TacJob<'_>) -> [u8; 4] {
    tac(alg, variant, &parent.child(&job.factor), job.data)
}

/// The room that one thread works in: the parent's key in all lanes, and the blocks under way. All of it is wiped on drop.
struct Lanes {
    parent: KeyPair,
    left: Wires,
    right: Wires,
    des: Des,
}

impl Lanes {
    fn new(parent: &KeyMaterial) -> Self {
        Self {
            parent: KeyPair::same(parent.expose()),
            left: Wires::zero(),
            right: Wires::zero(),
            des: Des::new(),
        }
    }

    /// Leaves the card keys' halves in `left` and `right`. Lanes without a factor get some key.
    fn diversify(&mut self, factor: impl Fn(usize) -> Option<Factor>) {
        self.left.fill([0; 8]);
        self.left
            .add(|lane| factor(lane).map_or(0, |f| u64::from_be_bytes(f.0)));
        self.right.copy_from(&self.left);
        self.right.invert();
        self.des.encipher_triple(&self.parent, &mut self.left);
        self.des.encipher_triple(&self.parent, &mut self.right);
    }

    /// Leaves the TACs in the first half of `left`.
    fn tacs<'a>(&mut self, blocks: usize, job: impl Fn(usize) -> Option<&'a TacJob<'a>>) {
        self.diversify(|lane| job(lane).map(|job| job.factor));
        self.right.add_wires(&self.left);
        self.macs(blocks, |lane| job(lane).map(|job| job.data));
    }

    /// Leaves the MACs of the data in `left`: CBC with single DES under the keys in `right`, initial value 0, `80 00…` always.
    fn macs<'a>(&mut self, blocks: usize, data: impl Fn(usize) -> Option<&'a [u8]>) {
        self.left.fill([0; 8]);
        for at in 0..blocks {
            self.left
                .add(|lane| data(lane).map_or(0, |data| padded_block(data, at)));
            self.des.encipher(&self.right, &mut self.left);
        }
    }
}

/// Blocks of the data with their padding.
fn blocks(data: &[u8]) -> usize {
    data.len() / 8 + 1
}

/// The `at`-th block of the data with their padding; `at` is at most one block beyond the full ones.
fn padded_block(data: &[u8], at: usize) -> u64 {
    let rest = &data[8 * at..];
    let mut block = [0; 8];
    if let Some(full) = rest.first_chunk::<8>() {
        block = *full;
    } else {
        block[..rest.len()].copy_from_slice(rest);
        block[rest.len()] = 0x80;
    }
    u64::from_be_bytes(block)
}
