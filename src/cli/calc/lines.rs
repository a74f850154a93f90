// SPDX-License-Identifier: Apache-2.0
//! Lines of a stream in constant memory: one read, all whole lines of it, then the next read. A line over the limit is
//! noticed and thrown away as it comes.

use std::io::{self, Read};

use zeroize::Zeroizing;

/// Longest line in bytes, without its end.
pub(super) const MAX_LINE: usize = 64 * 1024;
/// What is read at once. Larger than a line, so that a whole line always fits behind the rest of the one before.
const BUFFER: usize = 512 * 1024;

/// The reader with its only buffer, which is wiped at the end (keys pass through it).
pub(super) struct Lines<R> {
    from: R,
    buffer: Zeroizing<Vec<u8>>,
    /// Bytes at the beginning of the buffer that were answered.
    done: usize,
    /// Bytes in the buffer.
    filled: usize,
    /// In the middle of a line that is too long.
    skipping: bool,
    ended: bool,
}

/// A line, or the place of one that was too long.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Line<'a> {
    Text(&'a [u8]),
    TooLong,
}

/// The lines that one read completed.
pub(super) struct Batch<'a> {
    /// A line that began in an earlier read and turned out too long ends before these.
    overlong_first: bool,
    text: &'a [u8],
}

impl<'a> Batch<'a> {
    /// In order.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let first = self.overlong_first.then_some(Line::TooLong);
        let text = self.text.strip_suffix(b"\n").unwrap_or(self.text);
        let rest = (!self.text.is_empty()).then(|| text.split(|byte| *byte == b'\n'));
        let measured = |line: &'a [u8]| {
            if line.len() > MAX_LINE {
                Line::TooLong
            } else {
                Line::Text(line)
            }
        };
        first.into_iter().chain(rest.into_iter().flatten().map(measured))
    }
}

impl<R: Read> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Zeroizing::new(vec![0; BUFFER]),
            done: 0,
            filled: 0,
            skipping: false,
            ended: false,
        }
    }

    /// Reads once, or more often until at least one line is whole. `None` at the end.
    pub(super) fn next_batch(&mut self) -> io::Result<Option<Batch<'_>>> {
        self.buffer.copy_within(self.done..self.filled, 0);
        self.filled -= self.done;
        self.done = 0;
        let mut searched = 0;
        while !self.ended {
            let read = self.read_once()?;
            self.ended = read == 0;
            let fresh = &self.buffer[searched..self.filled];
            let last = fresh
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map(|at| searched + at + 1);
            if let Some(end) = last {
                self.done = end;
                return Ok(Some(self.batch(end)));
            }
            searched = self.filled;
            if self.filled > MAX_LINE {
                self.skipping = true;
            }
            if self.skipping {
                (self.filled, searched) = (0, 0);
            }
        }
        // The last line may lack its end.
        let (end, overlong) = (self.filled, self.skipping);
        (self.done, self.filled) = (0, 0);
        self.skipping = false;
        Ok((end > 0 || overlong).then(|| Batch {
            overlong_first: overlong,
            text: &self.buffer[..end],
        }))
    }

    /// The whole lines up to `end`; what is left of a line that is being skipped comes first.
    fn batch(&mut self, end: usize) -> Batch<'_> {
        let overlong_first = std::mem::take(&mut self.skipping);
        let text = &self.buffer[..end];
        let start = if overlong_first {
            text.iter().position(|b| *b == b'\n').map_or(end, |at| at + 1)
        } else {
            0
        };
        Batch {
            overlong_first,
            text: &text[start..],
        }
    }

    fn read_once(&mut self) -> io::Result<usize> {
        loop {
            match self.from.read(&mut self.buffer[self.filled..]) {
                Ok(read) => {
                    self.filled += read;
                    return Ok(read);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most `at_once` bytes a read.
    struct Slow<'a>(&'a [u8], usize);
    impl Read for Slow<'_> {
        fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(place.len()).min(self.0.len());
            place[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn lines(input: &[u8], at_once: usize) -> Vec<Option<String>> {
        let mut lines = Lines::new(Slow(input, at_once));
        let mut all = Vec::new();
        while let Some(batch) = lines.next_batch().unwrap() {
            all.extend(batch.lines().map(|line| match line {
                Line::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
                Line::TooLong => None,
            }));
        }
        all
    }

    #[test]
    fn every_line_comes_once_however_it_is_read() {
        let some = |text: &str| Some(text.to_owned());
        for at_once in [1, 2, 3, 7, 1000, BUFFER] {
            assert_eq!(lines(b"", at_once), []);
            assert_eq!(lines(b"\n", at_once), [some("")]);
            assert_eq!(
                lines(b"a\nbb\n\nccc", at_once),
                [some("a"), some("bb"), some(""), some("ccc")]
            );
            assert_eq!(lines(b"a\nb\n", at_once), [some("a"), some("b")]);
        }
    }

    #[test]
    fn lines_over_the_limit_are_noticed_in_their_place() {
        let fits = "x".repeat(MAX_LINE);
        let long = "y".repeat(MAX_LINE + 1);
        let huge = "z".repeat(3 * BUFFER);
        let some = |text: &str| Some(text.to_owned());
        for at_once in [777, MAX_LINE, BUFFER] {
            let input = format!("1\n{long}\n2\n{huge}\n{fits}\n3\n{long}");
            let expected = [some("1"), None, some("2"), None, some(&fits), some("3"), None];
            assert_eq!(lines(input.as_bytes(), at_once), expected, "{at_once}");
            assert_eq!(lines(huge.as_bytes(), at_once), [None]);
            assert_eq!(lines(format!("{huge}\n").as_bytes(), at_once), [None]);
        }
    }
}
