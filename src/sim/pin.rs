// SPDX-License-Identifier: Apache-2.0
//! VERIFY, CHANGE PIN, RELOAD PIN, PIN UNBLOCK (FMCOS 2.0 manual §7.10, 8.4 to 8.6; JR/T 0025.2-2010). Trailing FF of a PIN
//! may be left out.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::iso7816::StatusWord;

use super::card::{Request, SimCard};
use super::hex_bytes::KeyBytes;
use super::keys::{KeyRecord, Role, plain_kind};
use super::sw::{self, Handled};

impl SimCard {
    fn pin(&self, id: u8) -> Result<&KeyRecord, StatusWord> {
        self.key(Role::Pin, id).map_err(no_such_pin)
    }

    fn pin_mut(&mut self, id: u8) -> Result<&mut KeyRecord, StatusWord> {
        self.key_mut(Role::Pin, id).map_err(no_such_pin)
    }

    pub(super) fn verify_pin(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 {
            return Err(sw::PARAMETERS);
        }
        if !(2..=8).contains(&r.data().len()) {
            return Err(sw::LENGTH);
        }
        let pin = self.pin(r.p2())?;
        if pin.locked() {
            return Err(sw::KEY_LOCKED);
        }
        self.demand_strictly(pin.use_access)?;
        let right: bool = filled(&pin.value).ct_eq(&*filled(r.data())).into();
        let pin = self.pin_mut(r.p2())?;
        if !right {
            return Err(sw::tries(pin.spend()));
        }
        pin.restore();
        let follow_up = pin.follow_up;
        self.reach(follow_up);
        self.now.pin_verified = true;
        sw::done()
    }

    /// P1 01: old ‖ FF ‖ new, plain. P1 00: new PIN ‖ MAC under the PIN reload key.
    pub(super) fn change_or_reload_pin(&mut self, r: &Request) -> Handled {
        match r.p1() {
            0x00 => self.reload_pin(r),
            0x01 => self.change_pin(r),
            _ => Err(sw::PARAMETERS),
        }
    }

    fn change_pin(&mut self, r: &Request) -> Handled {
        if !(5..=13).contains(&r.data().len()) {
            return Err(sw::LENGTH);
        }
        let pin = self.pin(r.p2())?;
        if pin.locked() {
            return Err(sw::KEY_LOCKED);
        }
        let length = meaning(&pin.value).len().max(1);
        let (old, rest) = r.data().split_at(length.min(r.data().len()));
        let right: bool = filled(&pin.value).ct_eq(&*filled(old)).into();
        let new = rest.strip_prefix(&[0xFF]);
        match new {
            Some(new) if right => {
                if !(2..=6).contains(&new.len()) {
                    return Err(sw::LENGTH);
                }
                let new = KeyBytes::new(new);
                let pin = self.pin_mut(r.p2())?;
                pin.value = new;
                pin.restore();
                sw::done()
            }
            _ => Err(sw::tries(self.pin_mut(r.p2())?.spend())),
        }
    }

    fn reload_pin(&mut self, r: &Request) -> Handled {
        if !(6..=10).contains(&r.data().len()) {
            return Err(sw::LENGTH);
        }
        self.pin(r.p2())?;
        let Some((pin, mac)) = r.data().split_last_chunk::<4>() else {
            return Err(sw::LENGTH);
        };
        let id = self.only(Role::PinReload)?;
        let key = self.key(Role::PinReload, id)?;
        let right: bool = self.demand_key(key)?.folded_mac(pin).ct_eq(mac).into();
        let key = self.key_mut(Role::PinReload, id)?;
        if !right {
            key.spend();
            return Err(sw::KEY_MAC);
        }
        key.restore();
        let value = KeyBytes::new(pin);
        let record = self.pin_mut(r.p2())?;
        record.value = value;
        record.restore();
        sw::done()
    }

    /// P1: identifier of the PIN; P2 00 or 01. The PIN sent is stored (it should be the one in use).
    pub(super) fn pin_unblock(&mut self, r: &Request) -> Handled {
        if r.p2() > 1 {
            return Err(sw::PARAMETERS);
        }
        if !r.protected() {
            return Err(sw::MAC_MISSING);
        }
        self.pin(r.p1())?;
        let id = self.only(Role::PinUnblock)?;
        let key = self.demand_key(self.key(Role::PinUnblock, id)?)?;
        let sealed = self.check_mac(r, Role::PinUnblock, id, &key)?;
        let pin = key.open(sealed).ok_or(sw::MAC_WRONG)?;
        if !(2..=8).contains(&pin.len()) {
            return Err(sw::LENGTH);
        }
        let keep = !self.options.pin_unblock_sets_pin;
        let record = self.pin_mut(r.p1())?;
        if !keep {
            record.value = KeyBytes::new(&pin);
        }
        record.restore();
        sw::done()
    }

    /// The identifier of the one key of a role: 00, or whatever the directory has.
    fn only(&self, role: Role) -> Result<u8, StatusWord> {
        let file = self.here()?.key_file.as_ref().ok_or(sw::NO_FILE)?;
        let code = role.code(self.chip);
        let mut of_role = file.keys.iter().filter(|k| plain_kind(self.chip, k.kind) == code);
        of_role.next().map(|k| k.id).ok_or(sw::NO_KEY)
    }
}

fn no_such_pin(sw: StatusWord) -> StatusWord {
    if sw == sw::NO_KEY { sw::KEY_INDEX } else { sw }
}

/// Without the trailing FF.
fn meaning(pin: &[u8]) -> &[u8] {
    let end = pin.iter().rposition(|b| *b != 0xFF).map_or(0, |last| last + 1);
    &pin[..end]
}

/// Filled up with FF to 16 bytes, so that comparing takes the same time.
fn filled(pin: &[u8]) -> Zeroizing<[u8; 16]> {
    let mut out = Zeroizing::new([0xFF; 16]);
    for (place, byte) in out.iter_mut().zip(meaning(pin)) {
        *place = *byte;
    }
    out
}
