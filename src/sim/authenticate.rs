// SPDX-License-Identifier: Apache-2.0
//! GET CHALLENGE, EXTERNAL AUTHENTICATE, INTERNAL AUTHENTICATE (FMCOS 2.0 manual §7.1 to 7.3).

use subtle::ConstantTimeEq;

use crate::crypto::padding;

use super::card::{Request, SimCard};
use super::keys::{Role, plain_kind};
use super::sw::{self, Answer, Handled};

impl SimCard {
    /// Four or eight random bytes; the buffer is filled up with zeroes.
    pub(super) fn get_challenge(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 || r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        let mut buffer = [0; 8];
        let length = match r.command.le().map(crate::iso7816::Le::byte) {
            Some(4) => {
                buffer[..4].copy_from_slice(&self.random.take::<4>()?);
                4
            }
            Some(8) => {
                buffer = self.random.take::<8>()?;
                8
            }
            _ => return Err(sw::LENGTH),
        };
        self.now.challenge = Some(buffer);
        Ok(Answer::from(buffer[..length].to_vec()))
    }

    pub(super) fn external_authenticate(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 {
            return Err(sw::PARAMETERS);
        }
        if r.data().len() != 8 {
            return Err(sw::LENGTH);
        }
        let key = self.key(Role::Control, r.p2())?;
        if key.locked() {
            return Err(sw::KEY_LOCKED);
        }
        self.demand_strictly(key.use_access)?;
        let challenge = r.challenge.ok_or(self.no_challenge())?;
        let right: bool = self.ready(key).cryptogram(&challenge).ct_eq(r.data()).into();
        let key = self.key_mut(Role::Control, r.p2())?;
        if !right {
            return Err(sw::tries(key.spend()));
        }
        key.restore();
        let follow_up = key.follow_up;
        self.reach(follow_up);
        if self.now.path.is_empty() {
            self.now.mf_authenticated = true;
        }
        sw::done()
    }

    /// P1 00 enciphers with a key of type 30, 01 deciphers with 31, 02 makes a MAC with 32.
    pub(super) fn internal_authenticate(&mut self, r: &Request) -> Handled {
        let kind = match r.p1() {
            op @ 0..=2 => 0x30 + op,
            _ => return Err(sw::PARAMETERS),
        };
        if r.data().is_empty() {
            return Err(sw::LENGTH);
        }
        let file = self.here()?.key_file.as_ref().ok_or(sw::NO_FILE)?;
        let with_id = || file.keys.iter().filter(|k| k.id == r.p2());
        let Some(key) = with_id().find(|k| plain_kind(self.chip, k.kind) == kind) else {
            let other = with_id().any(|k| matches!(plain_kind(self.chip, k.kind), 0x30..=0x32));
            return Err(if other { sw::TYPE } else { sw::NO_KEY });
        };
        self.demand_strictly(key.use_access)?;
        let key = self.ready(key);
        let data = match r.p1() {
            0 => key.encrypt(&padding::pad80_if_needed(r.data(), key.block())),
            1 if r.data().len().is_multiple_of(key.block()) => key.decrypt(r.data()),
            1 => return Err(sw::LENGTH),
            _ => key.mac4(&[0; 8], r.data()).to_vec(),
        };
        Ok(Answer::from(data))
    }
}
