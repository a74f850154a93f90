// SPDX-License-Identifier: Apache-2.0
//! Texts from elsewhere as they are shown to people: nothing in them moves the cursor, and what cannot be seen is written out.
//! Two officers whose names differ by a space of no width are two officers to a ledger; they must not look like one to its reader,
//! and a name that turns the writing direction must not rearrange what stands beside it (Unicode Standard Annex #9, Technical
//! Report #36). The bytes of a ledger are not touched.

use std::borrow::Cow;

/// Whether a character shows nothing by itself: the format characters (Cf), separators of lines and paragraphs, joiners and
/// fillers, selectors of variants, and what is no character.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// The text with `\u{200b}` in the place of what cannot be seen, and of control characters but line feed and tab.
pub fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_unseen(c) || c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(visible("sun\u{200b}"), "sun\\u{200b}");
        assert_eq!(
            visible("\u{202e}dlog\u{2069}\u{feff}"),
            "\\u{202e}dlog\\u{2069}\\u{feff}"
        );
        assert_eq!(visible("a\u{1b}[2J\u{85}\u{2028}"), "a\\u{1b}[2J\\u{85}\\u{2028}");
        assert_eq!(visible("\u{e0041}\u{1ffff}"), "\\u{e0041}\\u{1ffff}");
    }

    #[test]
    fn what_can_be_seen_stays() {
        for text in ["张三 + 李四", "é e\u{301} Ω 𠀀 ａ\u{3000}。", "a\tb\nc", "★ → “x” – …"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
