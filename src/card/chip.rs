// SPDX-License-Identifier: Apache-2.0
//! The chip's own serial number. These card systems have no command for it: a contactless card gives it in its answer to
//! select, which a PC/SC reader passes on as historical bytes (FMCOS 2.0 manual: `20 90 00`, then eight bytes of serial
//! number); contact cards of the same makers do likewise in their ATR.

use crate::iso7816::Atr;

/// Serial number in capital hex, where the answer to reset has one. All zeros or all ones is none.
pub fn serial(atr: &Atr) -> Option<String> {
    let [_, _, _, serial @ ..] = atr.historical() else {
        return None;
    };
    let real = serial.len() == 8 && serial.iter().any(|b| *b != 0x00) && serial.iter().any(|b| *b != 0xFF);
    real.then(|| hex::encode_upper(serial))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_with_a_serial_number_have_one() {
        let atr = |text: &str| Atr::new(&hex::decode(text).unwrap());
        // 3B 8B 80 01, eleven historical bytes as in the manual's sample, check byte.
        let sample = atr("3B8B80012090000000000066799D24C0");
        assert_eq!(serial(&sample), Some("0000000066799D24".to_owned()));
        assert_eq!(serial(&atr("3B8B8001209000000000000000000000")), None);
        assert_eq!(serial(&atr("3B69000050534D5F4D4330536B")), None);
        assert_eq!(serial(&atr("3B80800101")), None);
    }
}
