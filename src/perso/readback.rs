// SPDX-License-Identifier: Apache-2.0
//! Reading back: every byte that the script wrote and that can be read must stand on the card as written.

use super::execute::Executor;
use super::fault::PersoFault;
use crate::iso7816::Command;

impl Executor<'_, '_> {
    /// Reads and compares. Bytes under a mask of 00 may be anything, but must be there.
    pub(super) fn read(&mut self, what: &str, apdu: &Command, expect: &[u8], mask: &[u8]) -> Result<(), PersoFault> {
        let got = self.card.send(what, apdu)?;
        match first_difference(&got, expect, mask) {
            None => Ok(()),
            Some(offset) => Err(PersoFault::Differs {
                what: what.to_owned(),
                offset,
                expected: byte(expect, offset),
                got: byte(&got, offset),
            }),
        }
    }
}

fn byte(bytes: &[u8], offset: usize) -> String {
    bytes.get(offset).map(|b| format!("{b:02X}")).unwrap_or_default()
}

/// The first offset at which the answer is not what it should be. An answer that is too long differs at its first extra
/// byte.
pub(super) fn first_difference(got: &[u8], expect: &[u8], mask: &[u8]) -> Option<usize> {
    let counts = |at: usize| mask.get(at).is_none_or(|m| *m != 0);
    let within = (0..expect.len()).find(|&at| match got.get(at) {
        Some(byte) => counts(at) && *byte != expect[at],
        None => true,
    });
    within.or((got.len() > expect.len()).then_some(expect.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_where_they_are() {
        assert_eq!(first_difference(&[1, 2, 3], &[1, 2, 3], &[]), None);
        assert_eq!(first_difference(&[1, 2, 4], &[1, 2, 3], &[]), Some(2));
        assert_eq!(first_difference(&[1, 2], &[1, 2, 3], &[]), Some(2));
        assert_eq!(first_difference(&[1, 2, 3, 4], &[1, 2, 3], &[]), Some(3));
        assert_eq!(first_difference(&[1, 9, 3], &[1, 2, 3], &[0xFF, 0x00, 0xFF]), None);
        assert_eq!(first_difference(&[1], &[1, 2], &[0xFF, 0x00]), Some(1));
    }
}
