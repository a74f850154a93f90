// SPDX-License-Identifier: Apache-2.0
//! What can be found out about a line without knowing what stands before it: its canonical form, its leaf hash, and its
//! signatures under the keys that the officers are known to have by then. Several threads do that, a bounded number of
//! lines ahead; one thread takes the results in the order of the lines and does what depends on the order.
//!
//! Nothing here decides: whether the officer's key at that point of the ledger is the one that was tried is for
//! [`State`] to say, which tries the right one where it is not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;

use super::entry::{Entry, NoEntry};
use super::error::LedgerError;
use super::field::{ReadyKey, Text};
use super::hash::Hash;
use super::lines::{Line, Next};
use super::rules::{State, Tried};

/// So many lines go to a thread at once,
const CHUNK: usize = 128;

/// unless they come to more bytes than this.
const CHUNK_BYTES: usize = 1 << 18;

/// How many chunks are under way for each thread; so memory does not depend on the length of the ledger.
const AHEAD: usize = 2;

/// A line and what it says by itself.
#[derive(Debug)]
pub(super) struct Examined {
    /// Its leaf in the tree.
    pub(super) leaf: Hash,
    /// The entry that it is.
    pub(super) entry: Result<Entry, NoEntry>,
    /// Which of its signatures were tried, under which keys.
    pub(super) tried: Tried,
}

/// The officers' keys as far as the ledger was followed. A name never gets another key.
#[derive(Debug, Default)]
pub(super) struct Officers(RwLock<BTreeMap<Text, ReadyKey>>);

impl Officers {
    /// Takes over whom the entries so far have enrolled.
    pub(super) fn learn(&self, state: &State) {
        if self.0.read().unwrap_or_else(PoisonError::into_inner).len() != state.officers.len() {
            let keys = state
                .officers
                .iter()
                .map(|(name, officer)| (name.clone(), officer.key.into()));
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys.collect();
        }
    }

    fn examine(&self, line: &[u8]) -> Examined {
        let entry = Entry::parse(line);
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Examined {
            leaf: Hash::leaf(line),
            tried: entry
                .as_ref()
                .map(|entry| Tried::of(entry, |name| keys.get(name)))
                .unwrap_or_default(),
            entry,
        }
    }
}

/// A place, and what stands there or why it cannot be read.
pub(super) type Found = (u64, Result<Examined, LedgerError>);

/// Examines lines by so many threads and hands them over one by one, in the order of the lines. With one thread, all of it
/// is done by the caller's. Ends early where `follow` or the source of the lines says so.
pub(super) fn in_order(
    threads: usize,
    mut lines: impl Iterator<Item = Next>,
    follow: &mut Follow<'_>,
) -> Result<(), LedgerError> {
    let officers = Officers::default();
    // The first entry names the first officers, without whose keys no thread has anything to try.
    alone(&officers, &mut lines.by_ref().take(1), follow)?;
    if threads <= 1 {
        return alone(&officers, &mut lines, follow);
    }
    let (give, taken) = mpsc::channel::<Job>();
    let taken = Mutex::new(taken);
    thread::scope(|scope| {
        // Dropped at the end of this closure, which is what ends the threads.
        let give = give;
        let begin = |_: &usize| {
            thread::Builder::new()
                .spawn_scoped(scope, || work(&taken, &officers))
                .is_ok()
        };
        // The system may refuse threads; what it gives is enough.
        match (0..threads).take_while(begin).count() {
            0 => alone(&officers, &mut lines, follow),
            begun => together(begun * AHEAD, &give, &officers, &mut lines, follow),
        }
    })
}

type Follow<'a> = dyn FnMut(&Officers, Found) -> Result<(), LedgerError> + 'a;

fn alone(
    officers: &Officers,
    lines: &mut impl Iterator<Item = Next>,
    follow: &mut Follow<'_>,
) -> Result<(), LedgerError> {
    for line in lines {
        follow(officers, found(officers, line?))?;
    }
    Ok(())
}

fn together(
    ahead: usize,
    give: &Sender<Job>,
    officers: &Officers,
    lines: &mut impl Iterator<Item = Next>,
    follow: &mut Follow<'_>,
) -> Result<(), LedgerError> {
    let mut under_way: VecDeque<Receiver<Vec<Found>>> = VecDeque::new();
    loop {
        while under_way.len() < ahead {
            let chunk = chunk(lines)?;
            if chunk.is_empty() {
                break;
            }
            let (reply, done) = mpsc::sync_channel(1);
            // It is taken: the threads stay until there is nobody who gives.
            let _ = give.send((chunk, reply));
            under_way.push_back(done);
        }
        let Some(next) = under_way.pop_front() else {
            return Ok(());
        };
        // No reply: the thread panicked, and the scope will say so.
        for found in next.recv().map_err(|_| LedgerError::TreeDamaged)? {
            follow(officers, found)?;
        }
    }
}

type Job = (Vec<Line>, SyncSender<Vec<Found>>);

fn chunk(lines: &mut impl Iterator<Item = Next>) -> Result<Vec<Line>, LedgerError> {
    let (mut chunk, mut bytes) = (Vec::with_capacity(CHUNK), 0);
    while chunk.len() < CHUNK && bytes < CHUNK_BYTES {
        let Some(line) = lines.next() else { break };
        let line = line?;
        bytes += line.bytes.as_ref().map_or(0, Vec::len);
        chunk.push(line);
    }
    Ok(chunk)
}

fn work(jobs: &Mutex<Receiver<Job>>, officers: &Officers) {
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok((chunk, reply)) = next() {
        let done = chunk.into_iter().map(|line| found(officers, line)).collect();
        // Nobody waits for it any more where the verification ended early.
        let _ = reply.send(done);
    }
}

fn found(officers: &Officers, line: Line) -> Found {
    (line.seq, line.bytes.map(|bytes| officers.examine(&bytes)))
}
