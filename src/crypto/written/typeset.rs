// SPDX-License-Identifier: Apache-2.0
//! A written secret set into a page. The page says where each group goes; nobody but this module sees the characters.

use zeroize::Zeroizing;

use crate::crypto::SecretBytes;

/// What stands in the page for the group of a number, from 1. No text that was escaped for HTML has it.
pub fn place_of(number: usize) -> String {
    format!("<group {number}>")
}

/// The page with the groups of a text, as [`super::write`] gives it, in their places. A place of a group that does not
/// exist stays empty.
pub fn typeset(page: &str, text: &SecretBytes) -> SecretBytes {
    let groups: Vec<&[u8]> = text.expose().split(|byte| *byte == b' ').collect();
    // Each place is longer than its group: the buffer never moves.
    let mut set = Zeroizing::new(Vec::with_capacity(page.len()));
    let mut rest = page;
    while let Some(at) = rest.find("<group ") {
        let (before, place) = rest.split_at(at);
        let (place, after) = place.split_once('>').unwrap_or((place, ""));
        let number: Option<usize> = place["<group ".len()..].parse().ok();
        set.extend_from_slice(before.as_bytes());
        let group = number.and_then(|number| groups.get(number.checked_sub(1)?));
        set.extend_from_slice(group.copied().unwrap_or_default());
        rest = after;
    }
    set.extend_from_slice(rest.as_bytes());
    SecretBytes::new(std::mem::take(&mut *set))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(page: &str) -> String {
        let text = SecretBytes::new(b"12376A A73C0E 001138".to_vec());
        String::from_utf8(typeset(page, &text).expose().to_vec()).unwrap()
    }

    #[test]
    fn groups_come_into_their_places() {
        let page = format!("<b>{}</b> {}-{}密", place_of(3), place_of(1), place_of(2));
        assert_eq!(set(&page), "<b>001138</b> 12376A-A73C0E密");
        assert_eq!(set("no place"), "no place");
        assert_eq!(set("<group 4><group 0><group x><group 1>"), "12376A");
        assert_eq!(set("cut <group 2"), "cut A73C0E");
    }
}
