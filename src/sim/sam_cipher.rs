// SPDX-License-Identifier: Apache-2.0
//! INIT_FOR_DESCRYPT (80 1A) and DES CRYPT (80 FA) of a PSAM: a key derived for one use, then encryption, decryption or MAC
//! over data that the terminal has padded. Control and purchase keys are not given to these commands.

use crate::crypto::padding;

use super::card::{Request, SimCard};
use super::sam::{CONTROL, PURCHASE, diversified};
use super::sw::{self, Answer, Handled};

/// P1 of 80 FA.
const MAC: u8 = 0x01;
const MORE: u8 = 0x02;
const START_VALUE: u8 = 0x04;
const DECRYPT: u8 = 0x80;
/// Usage types whose halves the chip XORs: PIN reload, TAC.
const FOLDED: [u8; 2] = [0x04, 0x0C];

impl SimCard {
    /// P1 usage byte, P2 version or identifier, data: factors in wire order.
    pub(super) fn derive_sam_key(&mut self, r: &Request) -> Handled {
        let kind = r.p1() & 0x1F;
        let keys = &self.here()?.sam_keys;
        let key = keys
            .iter()
            .find(|k| k.kind == r.p1() && k.version == r.p2())
            .ok_or(sw::NO_KEY)?;
        if matches!(kind, CONTROL | PURCHASE) {
            return Err(sw::CONDITIONS);
        }
        let derived = diversified(key, r.data())?;
        self.now.sam.derived = Some(if FOLDED.contains(&kind) {
            derived.to_folded()
        } else {
            derived
        });
        sw::done()
    }

    pub(super) fn cipher_data(&mut self, r: &Request) -> Handled {
        if r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        let key = self.now.sam.derived.clone().ok_or(sw::NO_INITIALIZE)?;
        let block = key.block();
        let whole = |data: &[u8]| !data.is_empty() && data.len().is_multiple_of(block);
        match r.p1() {
            0x00 | MORE if whole(r.data()) => Ok(Answer::from(key.encrypt(r.data()))),
            DECRYPT if whole(r.data()) => Ok(Answer::from(key.decrypt(r.data()))),
            p1 if p1 & !(MORE | START_VALUE) == MAC => self.mac_step(r, p1),
            0x00 | MORE | DECRYPT => Err(sw::LENGTH),
            _ => Err(sw::PARAMETERS),
        }
    }

    fn mac_step(&mut self, r: &Request, p1: u8) -> Handled {
        let key = self.now.sam.derived.clone().ok_or(sw::NO_INITIALIZE)?;
        let block = key.block();
        let (start, data) = if p1 & START_VALUE != 0 {
            let (start, data) = r.data().split_at_checked(block).ok_or(sw::LENGTH)?;
            (start.to_vec(), data)
        } else {
            (self.now.sam.chain.take().unwrap_or_else(|| vec![0; block]), r.data())
        };
        let last = p1 & MORE == 0;
        let padded;
        let data = if data.len().is_multiple_of(block) && !data.is_empty() {
            data
        } else if last && self.options.psam_pads {
            padded = padding::pad80(data, block);
            &padded
        } else {
            return Err(sw::LENGTH);
        };
        let value = key.chain(&start, data);
        if last {
            return Ok(Answer::from(key.finish_chain(&value).to_vec()));
        }
        self.now.sam.chain = Some(value);
        sw::done()
    }
}
