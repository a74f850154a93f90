// SPDX-License-Identifier: Apache-2.0
//! A PSAM (JR/T 0025.1-2010 §9, ministry PSAMs): keys by usage byte (levels × 32 + type), WRITE KEY in its 84 D4 00 00 form,
//! INIT_SAM_FOR_PURCHASE, CREDIT_SAM_FOR_PURCHASE. File system and everything else as on the user card.
//!
//! The terminal transaction counter moves at 80 70, before the answer leaves the chip, so that no value is used twice; it
//! is the content of file 0018 where that file has four bytes. Factors come in wire order, the card's first; derivation
//! begins with the last.

use subtle::ConstantTimeEq;

use crate::iso7816::StatusWord;

use super::arithmetic::{CardKey, SessionKey};
use super::card::{Request, SimCard};
use super::files::Body;
use super::hex_bytes::KeyBytes;
use super::keys::{ALGORITHM_SM4, KeyRecord};
use super::options::CodeCheck;
use super::sw::{self, Answer, Handled};

/// Usage types (low five bits).
pub(super) const CONTROL: u8 = 0x00;
const MAINTENANCE: u8 = 0x01;
pub(super) const PURCHASE: u8 = 0x02;
const EXTERNAL: u8 = 0x0E;
/// State that an external authentication with a key by usage byte sets.
const STATE_REACHED: u8 = 0x0A;
/// Counter in a PSAM's application, and terminal number in its MF.
const COUNTER_FILE: u16 = 0x0018;
const TERMINAL_FILE: u16 = 0x0016;

/// What a PSAM keeps between commands.
#[derive(Default)]
pub(super) struct SamSession {
    /// After 80 70, for 80 72.
    purchase: Option<(SessionKey, [u8; 4])>,
    /// After 80 1A, for 80 FA.
    pub(super) derived: Option<CardKey>,
    pub(super) chain: Option<Vec<u8>>,
    /// The code that 80 CA accepted: part of the next MAC1.
    code: Option<[u8; 9]>,
}

impl std::fmt::Debug for SamSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SamSession(..)")
    }
}

impl SimCard {
    pub(super) fn dispatch_psam(&mut self, r: Request) -> Handled {
        match (r.command.cla, r.command.ins) {
            (0x00, 0x82) => self.sam_authenticate(&r),
            (0x84, 0xD4) if r.p1() == 0 && r.p2() == 0 => self.write_sam_key(&r),
            (0x80, 0x70) => self.init_sam_for_purchase(&r),
            (0x80, 0x72) => self.credit_sam_for_purchase(&r),
            (0x80, 0x1A) => self.derive_sam_key(&r),
            (0x80, 0xFA) => self.cipher_data(&r),
            (0x80, 0xCA) => self.check_card_code(&r),
            (0x00, 0xE4) => self.delete_mf(&r),
            (0x80, 0x50 | 0x52 | 0x54 | 0x58 | 0x5A | 0x5C | 0xDC) => Err(sw::INSTRUCTION),
            _ => self.dispatch_fmcos(r),
        }
    }

    /// Drops what the next command must follow directly.
    pub(super) fn sam_forgets(&mut self, ins: u8) {
        if ins != 0x72 {
            self.now.sam.purchase = None;
        }
        if ins != 0xFA {
            self.now.sam.derived = None;
            self.now.sam.chain = None;
        }
        if ins == 0xA4 {
            self.now.sam.code = None;
        }
    }

    /// The maintenance key by usage byte: version `id`, or any for 0.
    pub(super) fn sam_maintenance_key(&self, id: u8) -> Option<&KeyRecord> {
        let keys = &self.here().ok()?.sam_keys;
        keys.iter()
            .find(|k| k.kind & 0x1F == MAINTENANCE && (id == 0 || k.version == id))
    }

    /// `usage version algorithm key`, wrapped under the control key here or above. A control key takes the maker's place.
    fn write_sam_key(&mut self, r: &Request) -> Handled {
        let record = self.unwrap_record(r)?;
        let [usage, version, algorithm, value @ ..] = record.as_slice() else {
            return Err(sw::LENGTH);
        };
        if value.len() != 16 {
            return Err(sw::LENGTH);
        }
        if !matches!(*algorithm, 0x00 | 0x01 | ALGORITHM_SM4) {
            return Err(sw::DATA);
        }
        let key = KeyRecord {
            kind: *usage,
            id: 0,
            use_access: 0xF0,
            change_access: 0xF0,
            follow_up: STATE_REACHED,
            counter: None,
            version: *version,
            algorithm: *algorithm,
            value: KeyBytes::new(value),
        };
        let dir = self.here()?;
        // There is one control key, whatever its version; other keys stand side by side by version and algorithm.
        let same = |k: &KeyRecord| {
            k.kind == key.kind && (key.kind == CONTROL || (k.version, k.algorithm) == (key.version, key.algorithm))
        };
        let place = dir.sam_keys.iter().position(same);
        if place.is_none() {
            let used: u32 = dir.sam_keys.iter().map(KeyRecord::space).sum();
            match &dir.key_file {
                Some(file) if file.used() + used + key.space() > u32::from(file.size) => return Err(sw::NO_ROOM),
                Some(_) => (),
                None => self.demand_room(key.space())?,
            }
        }
        let dir = self.here_mut()?;
        if key.kind == CONTROL
            && let Some(file) = &mut dir.key_file
        {
            file.keys.retain(|k| !(k.kind & 0x3F == 0x39 && k.id == 0));
        }
        match place {
            Some(i) => dir.sam_keys[i] = key,
            None => dir.sam_keys.push(key),
        }
        sw::done()
    }

    /// Keys by usage byte first: the control key for identifier 00, type 0E by version; else key type 39.
    fn sam_authenticate(&mut self, r: &Request) -> Handled {
        let keys = &self.here()?.sam_keys;
        let found = keys.iter().find(|k| match r.p2() {
            0 => k.kind == CONTROL,
            id => k.kind & 0x1F == EXTERNAL && k.version == id,
        });
        let Some(key) = found else {
            return self.external_authenticate(r);
        };
        if r.data().len() != 8 {
            return Err(sw::LENGTH);
        }
        let challenge = r.challenge.ok_or(self.no_challenge())?;
        let right: bool = key.ready(None).cryptogram(&challenge).ct_eq(r.data()).into();
        if !right {
            return Err(sw::CODE_WRONG);
        }
        self.reach(STATE_REACHED);
        sw::done()
    }

    /// Data: random 4, offline counter 2, amount 4, type 1, date 4, time 3, key version 1, algorithm 1, factors 8 each.
    fn init_sam_for_purchase(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 || r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        let (fixed, factors) = r.data().split_at_checked(20).ok_or(sw::LENGTH)?;
        if !factors.len().is_multiple_of(8) {
            return Err(sw::LENGTH);
        }
        let dir = self.here()?;
        if dir.wrong_mac2 >= self.options.mac2_limit {
            return Err(sw::KEY_LOCKED);
        }
        let (version, sm4) = (fixed[18], fixed[19] == ALGORITHM_SM4);
        let of_version = |k: &&KeyRecord| k.kind & 0x1F == PURCHASE && k.version == version;
        let mut found = dir.sam_keys.iter().filter(of_version);
        let key = found
            .find(|k| (k.algorithm == ALGORITHM_SM4) == sm4)
            .ok_or(sw::KEY_INDEX)?;
        let purchase_key = diversified(key, factors)?;
        let terminal = self.terminal_number()?;
        let counter = self.next_terminal_counter()?;
        let mut seed = [0; 8];
        seed[..6].copy_from_slice(&fixed[..6]);
        seed[6..].copy_from_slice(&counter.to_be_bytes()[2..]);
        let session = purchase_key.session(&seed);
        let amount = [fixed[6], fixed[7], fixed[8], fixed[9]];
        let mut mac1_data = [&fixed[6..11], &terminal, &fixed[11..18]].concat();
        if let Some(code) = self.now.sam.code.take() {
            mac1_data.extend_from_slice(&code);
        }
        let answer = [counter.to_be_bytes(), session.mac(&mac1_data)].concat();
        self.now.sam.purchase = Some((session, amount));
        Ok(Answer::from(answer))
    }

    /// Six bytes of file 0016: the MF's, else the application's own.
    fn terminal_number(&self) -> Result<[u8; 6], StatusWord> {
        let holders = [self.memory.mf.as_ref(), self.here().ok()];
        let found = holders
            .into_iter()
            .flatten()
            .find_map(|d| match &d.file(TERMINAL_FILE)?.body {
                Body::Binary { data, .. } => data.first_chunk::<6>().copied(),
                _ => None,
            });
        found.ok_or(sw::NO_FILE)
    }

    fn next_terminal_counter(&mut self) -> Result<u32, StatusWord> {
        let dir = self.here_mut()?;
        if let Some(file) = dir.file_mut(COUNTER_FILE)
            && let Body::Binary { data, sound } = &mut file.body
            && let Some(last) = data.first_chunk::<4>()
        {
            let next = u32::from_be_bytes(*last).checked_add(1).ok_or(sw::COUNTER_FULL)?;
            data[..4].copy_from_slice(&next.to_be_bytes());
            *sound = true;
            return Ok(next);
        }
        dir.terminal_counter = dir.terminal_counter.checked_add(1).ok_or(sw::COUNTER_FULL)?;
        Ok(dir.terminal_counter)
    }

    /// MAC2 of the card; must follow 80 70.
    fn credit_sam_for_purchase(&mut self, r: &Request) -> Handled {
        let Some((session, amount)) = self.now.sam.purchase.take() else {
            return Err(sw::NO_INITIALIZE);
        };
        if r.data().len() != 4 {
            return Err(sw::LENGTH);
        }
        let right: bool = session.mac(&amount).ct_eq(r.data()).into();
        let dir = self.here_mut()?;
        if right {
            dir.wrong_mac2 = 0;
            return sw::done();
        }
        dir.wrong_mac2 = dir.wrong_mac2.saturating_add(1);
        Err(sw::KEY_MAC)
    }

    /// Nine bytes of a user card, checked before a purchase.
    fn check_card_code(&mut self, r: &Request) -> Handled {
        let Ok(code) = <[u8; 9]>::try_from(r.data()) else {
            return Err(sw::LENGTH);
        };
        if self.options.code_check == CodeCheck::RepeatsUid && code[1..5] != code[5..] {
            return Err(sw::CODE_WRONG);
        }
        self.now.sam.code = Some(code);
        sw::done()
    }

    /// Some issuing programs begin by deleting the MF.
    fn delete_mf(&mut self, r: &Request) -> Handled {
        if r.data() != [0x3F, 0x00] {
            return Err(sw::NO_FILE);
        }
        self.now.path.clear();
        self.demand(self.here()?.erase_access)?;
        self.memory.mf = None;
        self.reset();
        sw::done()
    }
}

/// A key by usage byte taken down its levels; the number of factors must be the key's.
pub(super) fn diversified(key: &KeyRecord, factors: &[u8]) -> Result<CardKey, StatusWord> {
    let (factors, rest) = factors.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(sw::LENGTH);
    }
    if factors.len() != usize::from(key.kind >> 5) {
        return Err(sw::DATA);
    }
    if key.kind == PURCHASE {
        return Err(sw::CONDITIONS);
    }
    Ok(factors.iter().rev().fold(key.ready(None), |k, factor| k.child(factor)))
}
