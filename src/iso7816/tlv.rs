// SPDX-License-Identifier: Apache-2.0
//! BER-TLV as the FCI and directory records use it: tags of one or two bytes, lengths up to 255.

/// One data object: tag and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Tag, one byte or two (9F0C is 0x9F0C).
    pub tag: u16,
    /// Value.
    pub value: &'a [u8],
}

/// Splits a string of data objects; `None` if it does not parse to its end.
pub fn split(mut bytes: &[u8]) -> Option<Vec<Tlv<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = take_tag(bytes)?;
        let (len, rest) = take_length(rest)?;
        if rest.len() < len {
            return None;
        }
        found.push(Tlv {
            tag,
            value: &rest[..len],
        });
        bytes = &rest[len..];
    }
    Some(found)
}

/// Walks a path of nested tags, e.g. `[0x6F, 0xA5, 0x9F0C]` in an FCI.
pub fn find<'a>(bytes: &'a [u8], path: &[u16]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |inside, tag| {
        split(inside)?.into_iter().find(|t| t.tag == *tag).map(|t| t.value)
    })
}

fn take_tag(bytes: &[u8]) -> Option<(u16, &[u8])> {
    match bytes {
        [first, second, rest @ ..] if first & 0x1F == 0x1F => Some((u16::from_be_bytes([*first, *second]), rest)),
        [first, rest @ ..] if first & 0x1F != 0x1F => Some((u16::from(*first), rest)),
        _ => None,
    }
}

fn take_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [0x81, len, rest @ ..] => Some((usize::from(*len), rest)),
        [len, rest @ ..] if *len < 0x80 => Some((usize::from(*len), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fci_of_a_real_card() {
        let fci = hex::decode("6F15840E315041592E5359532E4444463031A503880101").unwrap();
        assert_eq!(find(&fci, &[0x6F, 0x84]).unwrap(), b"1PAY.SYS.DDF01");
        assert_eq!(find(&fci, &[0x6F, 0xA5, 0x88]).unwrap(), [0x01]);
        assert_eq!(find(&fci, &[0x6F, 0xA5, 0x9F0C]), None);
        assert_eq!(split(&[0x6F, 0x05, 0x00]), None);
        assert_eq!(split(&[0x9F]), None);
    }
}
