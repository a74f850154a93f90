// SPDX-License-Identifier: Apache-2.0
//! What others see of a running process: its command line, environment, limits and state; and its memory, which the
//! superuser alone may read of a process that is not dumpable.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

use rustix::process::{Resource, getrlimit};

/// Memory is looked at in pieces; where every byte is zero there is nothing to find.
const PIECE: usize = 4096;

/// A file below `/proc/PID`; nothing where the system keeps it from us.
pub fn file(process: u32, name: &str) -> Vec<u8> {
    fs::read(format!("/proc/{process}/{name}")).unwrap_or_default()
}

/// A field of `/proc/PID/status`.
pub fn status(process: u32, field: &str) -> Option<String> {
    let text = String::from_utf8(file(process, "status")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':').map(str::trim));
    line.map(str::to_owned)
}

/// The soft and the hard limit of core files.
pub fn core_limits(process: u32) -> Vec<String> {
    let text = String::from_utf8(file(process, "limits")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"))
        .unwrap();
    line.split_whitespace().take(2).map(str::to_owned).collect()
}

/// Whether memory is locked, beyond a page or two.
pub fn locked(process: u32) -> bool {
    let locked = status(process, "VmLck").unwrap();
    let (kilobytes, _) = locked.split_once(' ').unwrap();
    kilobytes.parse::<u64>().unwrap() > 1000
}

/// Whether a program that we start may lock all of its memory: it has CAP_IPC_LOCK or may lift the limit, or there is none.
pub fn may_lock() -> bool {
    let (lock, resource) = (1 << 14, 1 << 24);
    capabilities() & (lock | resource) != 0 || getrlimit(Resource::Memlock).maximum.is_none()
}

/// Whether we may read the memory of a process that is not dumpable: CAP_SYS_PTRACE.
pub fn may_read() -> bool {
    capabilities() & (1 << 19) != 0
}

fn capabilities() -> u64 {
    let effective = status(std::process::id(), "CapEff").unwrap();
    u64::from_str_radix(&effective, 16).unwrap()
}

/// All memory that the process can write to, in runs of pieces that are not all zero; `None` where we may not read it.
pub fn memory(process: u32) -> Option<Vec<(String, Vec<u8>)>> {
    let maps = String::from_utf8(file(process, "maps")).unwrap();
    let mut memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let mut runs = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        let name = words.nth(3).unwrap_or("nameless");
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|n| u64::from_str_radix(n, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        memory.seek(SeekFrom::Start(from)).unwrap();
        // Some of a mapping may have no page behind it.
        let got = read_all(&mut memory, &mut bytes);
        bytes.truncate(got);
        runs.extend(
            not_zero(&bytes)
                .into_iter()
                .map(|(at, run)| (format!("{name} {:x}", from + at as u64), run)),
        );
    }
    Some(runs)
}

fn read_all(file: &mut File, place: &mut [u8]) -> usize {
    let mut got = 0;
    while let Ok(more) = file.read(&mut place[got..]) {
        if more == 0 {
            break;
        }
        got += more;
    }
    got
}

fn not_zero(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut runs: Vec<(usize, Vec<u8>)> = Vec::new();
    for (number, piece) in bytes.chunks(PIECE).enumerate() {
        if piece.iter().all(|b| *b == 0) {
            continue;
        }
        let at = number * PIECE;
        match runs.last_mut() {
            Some((from, run)) if *from + run.len() == at => run.extend_from_slice(piece),
            _ => runs.push((at, piece.to_vec())),
        }
    }
    runs
}
