// SPDX-License-Identifier: Apache-2.0
//! The two paddings of the card systems: `80 00…` always (MACs; JR/T 0025.1-2010 8.3.2.4, JR/T 0025.17-2013 8.1.2), and
//! `80 00…` only where the last block is not full (data encryption; JR/T 0025.1-2010 8.3.3.3). Mixing them up is the
//! mistake that published code makes most often.

/// Appends 80, then 00 up to a multiple of `block` bytes: always at least one byte.
pub fn pad80(data: &[u8], block: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity((data.len() / block + 1) * block);
    out.extend_from_slice(data);
    out.push(0x80);
    out.resize(out.len().next_multiple_of(block), 0);
    out
}

/// The same, unless the data fill their blocks already; nothing stays nothing.
pub fn pad80_if_needed(data: &[u8], block: usize) -> Vec<u8> {
    if data.len().is_multiple_of(block) {
        data.to_vec()
    } else {
        pad80(data, block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_blocks_make_the_difference() {
        assert_eq!(pad80(&[1; 8], 8), [1, 1, 1, 1, 1, 1, 1, 1, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(pad80_if_needed(&[1; 8], 8), [1; 8]);
        assert_eq!(pad80(&[], 8), [0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(pad80_if_needed(&[], 8), [0u8; 0]);
        for len in 0..40 {
            for block in [8, 16] {
                let padded = pad80(&vec![7; len], block);
                assert!(padded.len().is_multiple_of(block) && padded.len() > len && padded.len() <= len + block);
            }
        }
    }
}
