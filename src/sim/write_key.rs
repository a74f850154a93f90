// SPDX-License-Identifier: Apache-2.0
//! WRITE KEY (FMCOS 2.0 manuals, "WRITE KEY"): adds or changes a key, plain or enciphered with MAC under the control key:
//! 39/00 of the current directory, or of its parent while it has none.

use zeroize::Zeroizing;

use crate::iso7816::StatusWord;

use super::arithmetic::CardKey;
use super::card::{Request, SimCard};
use super::hex_bytes::KeyBytes;
use super::keys::{KeyRecord, plain_kind};
use super::options::{Chip, CounterOnChange};
use super::sw::{self, Handled};

/// Types of FMCOS keys; 35 and 3B are named without a use and are stored like the others.
const KINDS: std::ops::RangeInclusive<u8> = 0x30..=0x3F;

impl SimCard {
    pub(super) fn write_key(&mut self, r: &Request) -> Handled {
        if r.p2() == 0xFF {
            return Err(sw::PARAMETERS);
        }
        if self.here()?.key_file.is_none() {
            return Err(sw::NO_FILE);
        }
        let adding = r.p1() == 0x01;
        let record = if r.protected() {
            self.unwrap_record(r)?
        } else {
            if !adding && self.stored(r.p1(), r.p2()).is_some_and(KeyRecord::wrapped_only) {
                return Err(sw::MAC_MISSING);
            }
            Zeroizing::new(r.data().to_vec())
        };
        let key = parse_record(&record, r.p2())?;
        if adding {
            if !r.protected() && key.wrapped_only() && !self.options.plain_f_key_add {
                return Err(sw::MAC_MISSING);
            }
            self.add_key(key)
        } else if plain_kind(self.chip, r.p1()) == plain_kind(self.chip, key.kind) {
            self.change_key(key)
        } else {
            Err(sw::PARAMETERS)
        }
    }

    fn stored(&self, kind: u8, id: u8) -> Option<&KeyRecord> {
        let keys = &self.here().ok()?.key_file.as_ref()?.keys;
        let kind = plain_kind(self.chip, kind);
        keys.iter()
            .find(|k| plain_kind(self.chip, k.kind) == kind && k.id == id)
    }

    /// The control key that a wrapped record of the current directory comes under, and the path of its directory.
    pub(super) fn control_key(&self) -> Result<(CardKey, Vec<usize>), StatusWord> {
        let own = &self.now.path;
        let above = &own[..own.len().saturating_sub(1)];
        for path in [own.as_slice(), above] {
            let Some(dir) = self.memory.at(path) else { continue };
            if let Some(key) = dir.sam_keys.iter().find(|k| k.kind == 0x00) {
                return Ok((key.ready(None), path.to_vec()));
            }
            let keys = dir.key_file.as_ref().map_or(&[][..], |f| &f.keys);
            if let Some(key) = keys.iter().find(|k| plain_kind(self.chip, k.kind) == 0x39 && k.id == 0) {
                if key.locked() {
                    return Err(sw::KEY_LOCKED);
                }
                return Ok((self.ready(key), path.to_vec()));
            }
        }
        Err(sw::NO_KEY)
    }

    /// Checks the MAC of a wrapped record and opens it.
    pub(super) fn unwrap_record(&mut self, r: &Request) -> Result<Zeroizing<Vec<u8>>, StatusWord> {
        let (control, path) = self.control_key()?;
        let Some((sealed, mac)) = r.data().split_last_chunk::<4>() else {
            return Err(sw::LENGTH);
        };
        if !sealed.len().is_multiple_of(control.block()) || sealed.is_empty() {
            return Err(sw::LENGTH);
        }
        let challenge = r.challenge.ok_or(self.no_challenge())?;
        let mut input = r.command.header().to_vec();
        input.push(r.data().len() as u8);
        input.extend_from_slice(sealed);
        if control.mac4(&challenge, &input) != *mac {
            if self.options.wrong_wrap_costs_a_try {
                self.spend_control(&path);
            }
            return Err(sw::KEY_MAC);
        }
        control.open(sealed).ok_or(sw::DATA)
    }

    fn spend_control(&mut self, path: &[usize]) {
        let file = self.memory.at_mut(path).and_then(|d| d.key_file.as_mut());
        if let Some(key) = file.and_then(|f| f.keys.iter_mut().find(|k| k.kind & 0x3F == 0x39 && k.id == 0)) {
            key.spend();
        }
    }

    fn add_key(&mut self, key: KeyRecord) -> Handled {
        let kind = plain_kind(self.chip, key.kind);
        let file = self.here()?.key_file.as_ref().ok_or(sw::NO_FILE)?;
        self.demand(file.add_access)?;
        let second_line_key = kind == 0x36 && file.keys.iter().any(|k| plain_kind(self.chip, k.kind) == 0x36);
        if self.stored(key.kind, key.id).is_some() || (second_line_key && !self.options.several_line_keys) {
            return Err(sw::PARAMETERS);
        }
        if file.used() + key.space() > u32::from(file.size) {
            return Err(sw::NO_ROOM);
        }
        self.here_mut()?.key_file.as_mut().ok_or(sw::NO_FILE)?.keys.push(key);
        sw::done()
    }

    fn change_key(&mut self, mut key: KeyRecord) -> Handled {
        if self.here()?.key_file.is_none() {
            return Err(sw::NO_FILE);
        }
        let old = self.stored(key.kind, key.id).ok_or(sw::NO_KEY)?;
        let (change_access, length, counter) = (old.change_access, old.value.len(), old.counter);
        if self.options.open_frees_key_change {
            self.demand(change_access)?;
        } else {
            self.demand_strictly(change_access)?;
        }
        let kind = plain_kind(self.chip, key.kind);
        if kind != 0x3A && key.value.len() != length {
            return Err(sw::LENGTH);
        }
        let takes_counter = match self.options.counter_on_change {
            CounterOnChange::All => true,
            CounterOnChange::None => false,
            CounterOnChange::LineAndPinKeys => matches!(kind, 0x36..=0x38),
        };
        if !takes_counter {
            key.counter = counter;
        }
        let (chip, id) = (self.chip, key.id);
        let keys = &mut self.here_mut()?.key_file.as_mut().ok_or(sw::NO_FILE)?.keys;
        if let Some(place) = keys.iter_mut().find(|k| plain_kind(chip, k.kind) == kind && k.id == id) {
            *place = key;
        }
        sw::done()
    }
}

/// `type use change x y value`: what x and y mean goes by the type.
fn parse_record(record: &[u8], id: u8) -> Result<KeyRecord, StatusWord> {
    let [kind, use_access, change_access, x, y, value @ ..] = record else {
        return Err(sw::LENGTH);
    };
    let plain = kind & 0x3F;
    if !KINDS.contains(&plain) {
        return Err(sw::DATA);
    }
    let right_length = if plain == 0x3A {
        (2..=8).contains(&value.len())
    } else {
        matches!(value.len(), 8 | 16)
    };
    if !right_length {
        return Err(sw::LENGTH);
    }
    let (follow_up, counter, version, algorithm) = match plain {
        0x39 | 0x3A => (*x, Some(*y), 0, 0),
        0x36..=0x38 | 0x3B => (0, Some(*y), 0, 0),
        _ => (0, None, *x, *y),
    };
    Ok(KeyRecord {
        kind: *kind,
        id,
        use_access: *use_access,
        change_access: *change_access,
        follow_up,
        counter,
        version,
        algorithm,
        value: KeyBytes::new(value),
    })
}

impl SimCard {
    /// Whether this chip is one with keys by usage byte.
    pub(super) fn is_psam(&self) -> bool {
        self.chip == Chip::Psam
    }
}
