// SPDX-License-Identifier: Apache-2.0
//! Which coding an order file is in: UTF-8, with or without byte order mark, or GB18030 (which contains GBK and GB2312).
//!
//! A file is UTF-8 if all of it is, else GB18030 if all of it is. Where the bytes fit both and nothing tells them apart (two-byte
//! sequences only, as in a few Latin, Greek or Cyrillic letters), nobody guesses: the operator has to say it.

use encoding_rs::{CoderResult, Decoder, GB18030, UTF_8};

use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// The coding of an order file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8.
    Utf8,
    /// GB18030.
    Gb18030,
}

/// Why nobody knows the coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodingFault {
    /// UTF-16, as some programs save "Unicode text".
    Utf16,
    /// Neither: the first lines that do not fit.
    Neither {
        /// For UTF-8.
        utf8: u64,
        /// For GB18030.
        gb18030: u64,
    },
    /// Both.
    Ambiguous,
}

impl Fault for EncodingFault {
    fn msg(&self) -> Msg {
        match self {
            Self::Utf16 => msg!("order-utf16"),
            Self::Neither { utf8, gb18030 } => msg!("order-text", utf8 = utf8, gb18030 = gb18030),
            Self::Ambiguous => msg!("order-ambiguous"),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(EncodingFault);

impl TextEncoding {
    /// As it is said on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gb18030 => "gb18030",
        }
    }

    pub(super) fn decoder(self) -> Decoder {
        match self {
            Self::Utf8 => UTF_8.new_decoder_without_bom_handling(),
            Self::Gb18030 => GB18030.new_decoder_without_bom_handling(),
        }
    }
}

/// Looks at a file piece by piece.
pub struct EncodingDetector {
    utf8: Trial,
    gb18030: Trial,
    /// The first bytes.
    head: Vec<u8>,
    /// A character that takes three bytes or more in UTF-8.
    long: bool,
    /// Any byte beyond ASCII.
    beyond_ascii: bool,
}

/// An attempt to read the bytes in one coding.
struct Trial {
    decoder: Decoder,
    /// Line feeds so far.
    lines: u64,
    /// The line, from 1, with the first bytes that do not fit.
    broken: Option<u64>,
}

impl Trial {
    fn new(encoding: TextEncoding) -> Self {
        Self {
            decoder: encoding.decoder(),
            lines: 0,
            broken: None,
        }
    }

    /// Decodes a piece and shows it to `see`; stops at the first bytes that do not fit.
    fn feed(&mut self, mut bytes: &[u8], last: bool, see: &mut dyn FnMut(&str)) {
        let mut text = [0; 4096];
        while self.broken.is_none() {
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(bytes, &mut text, last);
            let decoded = std::str::from_utf8(&text[..written]).unwrap_or_default();
            self.lines += decoded.bytes().filter(|b| *b == b'\n').count() as u64;
            see(decoded);
            bytes = &bytes[read..];
            match result {
                encoding_rs::DecoderResult::InputEmpty => break,
                encoding_rs::DecoderResult::OutputFull => {}
                encoding_rs::DecoderResult::Malformed(..) => self.broken = Some(self.lines + 1),
            }
        }
    }
}

impl Default for EncodingDetector {
    fn default() -> Self {
        Self {
            utf8: Trial::new(TextEncoding::Utf8),
            gb18030: Trial::new(TextEncoding::Gb18030),
            head: Vec::new(),
            long: false,
            beyond_ascii: false,
        }
    }
}

impl EncodingDetector {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.look(bytes, false);
    }

    /// What it is.
    pub fn finish(mut self) -> Result<TextEncoding, EncodingFault> {
        self.look(&[], true);
        if self.head.starts_with(b"\xFF\xFE") || self.head.starts_with(b"\xFE\xFF") {
            return Err(EncodingFault::Utf16);
        }
        let marked = self.head.starts_with(b"\xEF\xBB\xBF");
        match (self.utf8.broken, self.gb18030.broken) {
            (None, None) if self.beyond_ascii && !self.long && !marked => Err(EncodingFault::Ambiguous),
            (None, _) => Ok(TextEncoding::Utf8),
            (Some(_), None) => Ok(TextEncoding::Gb18030),
            (Some(utf8), Some(gb18030)) => Err(EncodingFault::Neither { utf8, gb18030 }),
        }
    }

    fn look(&mut self, bytes: &[u8], last: bool) {
        let wanted = 4usize.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..wanted]);
        self.beyond_ascii |= !bytes.is_ascii();
        let long = &mut self.long;
        self.utf8
            .feed(bytes, last, &mut |text| *long |= text.bytes().any(|b| b >= 0xE0));
        self.gb18030.feed(bytes, last, &mut |_| {});
    }
}

/// Decodes a stream piece by piece; bytes that do not fit become U+FFFD.
pub(super) struct TextStream<R> {
    source: R,
    decoder: Decoder,
    raw: Box<[u8; 8192]>,
    /// Which bytes of `raw` are not decoded yet.
    left: std::ops::Range<usize>,
    ended: bool,
    finished: bool,
}

impl<R: std::io::Read> TextStream<R> {
    pub(super) fn new(source: R, encoding: TextEncoding) -> Self {
        Self {
            source,
            decoder: encoding.decoder(),
            raw: Box::new([0; 8192]),
            left: 0..0,
            ended: false,
            finished: false,
        }
    }

    /// Replaces `text` by the next piece; false at the end.
    pub(super) fn next(&mut self, text: &mut String) -> std::io::Result<bool> {
        text.clear();
        text.reserve(3 * self.raw.len() + 16);
        while text.is_empty() && !self.finished {
            if self.left.is_empty() && !self.ended {
                let read = self.source.read(&mut self.raw[..])?;
                self.left = 0..read;
                self.ended = read == 0;
            }
            let (result, read, _) = self
                .decoder
                .decode_to_string(&self.raw[self.left.clone()], text, self.ended);
            self.left.start += read;
            self.finished = self.ended && result == CoderResult::InputEmpty;
        }
        Ok(!text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<TextEncoding, EncodingFault> {
        let mut whole = EncodingDetector::default();
        whole.feed(bytes);
        let mut single = EncodingDetector::default();
        for byte in bytes {
            single.feed(&[*byte]);
        }
        let (whole, single) = (whole.finish(), single.finish());
        assert_eq!(whole, single, "the pieces make no difference");
        whole
    }

    #[test]
    fn codings_are_told_apart() {
        let text = "number,姓名\n1,张三\n2,欧阳·娜娜\n";
        let marked = format!("\u{FEFF}{text}");
        let gb = GB18030.encode(text).0;
        assert_eq!(of(text.as_bytes()), Ok(TextEncoding::Utf8));
        assert_eq!(of(marked.as_bytes()), Ok(TextEncoding::Utf8));
        assert_eq!(of(b"number\n1\n"), Ok(TextEncoding::Utf8));
        assert_eq!(of(b""), Ok(TextEncoding::Utf8));
        assert_eq!(of(&gb), Ok(TextEncoding::Gb18030));
        // A character that only the four-byte part of GB18030 has.
        assert_eq!(of(&GB18030.encode("姓名\n㐂\n").0), Ok(TextEncoding::Gb18030));
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_guessed() {
        // "联" of GBK is no UTF-8; these two are: in the one coding 袄, in the other U+0130.
        assert_eq!(of(b"name\n\xC4\xB0\n"), Err(EncodingFault::Ambiguous));
        assert_eq!(of(b"\xEF\xBB\xBFname\n\xC4\xB0\n"), Ok(TextEncoding::Utf8));
        assert_eq!(of("name\n\u{130}张\n".as_bytes()), Ok(TextEncoding::Utf8));
    }

    #[test]
    fn other_codings_are_named() {
        assert_eq!(of(b"\xFF\xFEn\0u\0m\0"), Err(EncodingFault::Utf16));
        assert_eq!(of(b"\xFE\xFF\0n\0u\0m"), Err(EncodingFault::Utf16));
        let fault = EncodingFault::Neither { utf8: 2, gb18030: 3 };
        assert_eq!(of(b"a\n\xB0\xA1\n\xFF\xFF\n"), Err(fault));
        // Cut in the middle of a character.
        let cut = EncodingFault::Neither { utf8: 2, gb18030: 2 };
        assert_eq!(of(b"a\n\xE5\xBC"), Ok(TextEncoding::Gb18030));
        assert_eq!(of(b"a\n\xE5\xBC\xE5"), Err(cut));
    }
}
