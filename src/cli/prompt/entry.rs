// SPDX-License-Identifier: Apache-2.0
//! What keys do to a hidden answer, apart from any terminal. Characters that have no place are kept, not dropped: whoever
//! reads the answer names them.

use zeroize::Zeroizing;

use super::LONGEST;
use crate::crypto::SecretBytes;
use crate::outside::Groups;

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A byte of a character.
    Byte(u8),
    /// Backspace: takes the last character back.
    Back,
    /// Ctrl-W: takes the last word or group back.
    Word,
    /// Ctrl-U: takes everything back.
    All,
    /// Enter.
    Enter,
    /// Ctrl-C, Ctrl-\: breaks off.
    Stop,
    /// Ctrl-D: breaks off where nothing was typed.
    End,
}

/// Bytes from a terminal to keys. Function keys, arrows and the marks around pasted text are no answers.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    escape: Escape,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// Behind ESC.
    Begun,
    /// Behind ESC [, up to the letter that ends it.
    Sequence,
    /// Behind ESC O: one more character.
    Single,
}

impl Decoder {
    /// The key of a byte, if it makes one.
    pub(super) fn key(&mut self, byte: u8) -> Option<Key> {
        let before = std::mem::take(&mut self.escape);
        match byte {
            0x1B => self.escape = Escape::Begun,
            0x03 | 0x1C => return Some(Key::Stop),
            0x04 => return Some(Key::End),
            b'\r' | b'\n' => return Some(Key::Enter),
            0x08 | 0x7F => return Some(Key::Back),
            0x15 => return Some(Key::All),
            0x17 => return Some(Key::Word),
            0..0x20 if byte != b'\t' => {}
            _ => match before {
                Escape::None => return Some(Key::Byte(byte)),
                Escape::Begun if byte == b'[' => self.escape = Escape::Sequence,
                Escape::Begun if byte == b'O' => self.escape = Escape::Single,
                Escape::Sequence if !(0x40..=0x7E).contains(&byte) => self.escape = Escape::Sequence,
                Escape::Begun | Escape::Sequence | Escape::Single => {}
            },
        }
        None
    }
}

/// An answer that a person is typing.
pub(super) trait Entry {
    /// A key other than Enter, Stop and End; whether the bell should ring.
    fn take(&mut self, key: Key) -> bool;
    /// Whether nothing was typed.
    fn is_empty(&self) -> bool;
    /// The answer; `None` if it was longer than any answer is.
    fn finish(self) -> Option<SecretBytes>;
}

/// The bytes of an answer, in a buffer that never moves.
struct Typed {
    bytes: Zeroizing<Vec<u8>>,
    overflowed: bool,
}

impl Typed {
    fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(LONGEST)),
            overflowed: false,
        }
    }

    fn push(&mut self, byte: u8) {
        if self.bytes.len() < LONGEST {
            self.bytes.push(byte);
        } else {
            self.overflowed = true;
        }
    }

    /// Takes the last character back, with all bytes that UTF-8 gives it.
    fn pop(&mut self) {
        while self.bytes.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {}
    }

    fn clear(&mut self) {
        while self.bytes.pop().is_some() {}
        self.overflowed = false;
    }

    fn finish(mut self) -> Option<SecretBytes> {
        (!self.overflowed).then(|| SecretBytes::new(std::mem::take(&mut *self.bytes)))
    }
}

/// A passphrase or PIN: any bytes, no mark on the screen.
pub(super) struct Plain(Typed);

impl Plain {
    pub(super) fn new() -> Self {
        Self(Typed::new())
    }
}

impl Entry for Plain {
    fn take(&mut self, key: Key) -> bool {
        match key {
            Key::Byte(byte) => self.0.push(byte),
            Key::Back => self.0.pop(),
            Key::Word => {
                while self.0.bytes.last() == Some(&b' ') {
                    self.0.pop();
                }
                while self.0.bytes.last().is_some_and(|byte| *byte != b' ') {
                    self.0.pop();
                }
            }
            Key::All => self.0.clear(),
            Key::Enter | Key::Stop | Key::End => {}
        }
        false
    }

    fn is_empty(&self) -> bool {
        self.0.bytes.is_empty()
    }

    fn finish(self) -> Option<SecretBytes> {
        self.0.finish()
    }
}

/// A group as the screen shows it: nothing of what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Characters typed.
    pub(super) typed: usize,
    /// It is complete, and cannot be right.
    pub(super) wrong: bool,
}

/// A secret in groups. Blanks and dashes end a group; a full group ends of itself.
pub(super) struct Grouped<'a> {
    groups: &'a Groups,
    typed: Typed,
    /// The last byte belonged to a character outside ASCII.
    foreign: bool,
}

impl<'a> Grouped<'a> {
    pub(super) fn new(groups: &'a Groups) -> Self {
        Self {
            groups,
            typed: Typed::new(),
            foreign: false,
        }
    }

    /// The groups so far; the one that is being typed last, if it has begun.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let pieces = self.pieces();
        let last = pieces.len();
        let cell = |(at, piece): (usize, &&[u8])| {
            let complete = piece.len() == self.groups.length;
            let wrong = at >= self.groups.count || complete && !(self.groups.check)(at + 1, piece);
            let cut_short = !complete && (at + 1 < last || self.ended());
            Cell {
                typed: piece.len(),
                wrong: wrong || cut_short,
            }
        };
        pieces.iter().enumerate().map(cell).collect()
    }

    /// A blank ended the last group.
    fn ended(&self) -> bool {
        self.typed.bytes.last() == Some(&b' ')
    }

    fn pieces(&self) -> Vec<&[u8]> {
        let words = self.typed.bytes.split(|byte| *byte == b' ');
        words.flat_map(|word| word.chunks(self.groups.length)).collect()
    }

    /// Takes characters back, and the blanks behind and before them.
    fn take_back(&mut self, characters: usize) {
        if self.ended() {
            self.typed.pop();
        }
        (0..characters).for_each(|_| self.typed.pop());
        if self.ended() {
            self.typed.pop();
        }
    }

    /// Every character outside ASCII becomes one `?`: it has no place here, and counts as one.
    fn push(&mut self, byte: u8) {
        let further = self.foreign && byte & 0xC0 == 0x80;
        self.foreign = !byte.is_ascii();
        match byte {
            _ if further => {}
            b' ' | b'-' | b'\t' if matches!(self.typed.bytes.last(), None | Some(b' ')) => {}
            b' ' | b'-' | b'\t' => self.typed.push(b' '),
            byte if byte.is_ascii() => self.typed.push(byte),
            _ => self.typed.push(b'?'),
        }
    }
}

impl Entry for Grouped<'_> {
    fn take(&mut self, key: Key) -> bool {
        let wrong = |entry: &Self| entry.cells().iter().filter(|cell| cell.wrong).count();
        let before = wrong(self);
        self.foreign &= matches!(key, Key::Byte(_));
        match key {
            Key::Byte(byte) => self.push(byte),
            Key::Back => {
                let length = self.pieces().last().map_or(0, |piece| piece.len());
                // A blank behind a full group is nothing that one sees.
                if self.ended() && length < self.groups.length {
                    self.typed.pop();
                } else {
                    self.take_back(1);
                }
            }
            Key::Word => {
                let length = self.pieces().last().map_or(0, |piece| piece.len());
                self.take_back(length);
            }
            Key::All => self.typed.clear(),
            Key::Enter | Key::Stop | Key::End => {}
        }
        wrong(self) > before || self.typed.overflowed
    }

    fn is_empty(&self) -> bool {
        self.typed.bytes.is_empty()
    }

    fn finish(self) -> Option<SecretBytes> {
        self.typed.finish()
    }
}

#[cfg(test)]
mod tests;
