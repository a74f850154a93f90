// SPDX-License-Identifier: Apache-2.0
//! Secure messaging of files, as the card checks it (JR/T 0025.1-2010 §8.3; FMCOS 2.0 manual, "secure messaging"): MAC over
//! the header with the final Lc and the data as sent, start value the challenge; line protection key by the file's
//! protection byte; a wrong MAC costs the key a try.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::iso7816::StatusWord;

use super::arithmetic::CardKey;
use super::card::{Request, SimCard};
use super::files::ElementaryFile;
use super::keys::{KeyRecord, Role};
use super::sw::{self, Answer, Handled};

/// How an answer is to be protected.
pub(super) struct AnswerProtection {
    key: CardKey,
    challenge: [u8; 8],
    cipher: bool,
}

impl SimCard {
    /// The data that a write command carries, after the checks that its file's protection asks for.
    pub(super) fn incoming(&mut self, r: &Request, fid: u16) -> Result<Zeroizing<Vec<u8>>, StatusWord> {
        let file = self.here()?.file(fid).ok_or(sw::NO_FILE)?;
        let (mac, cipher, id) = (file.mac, file.cipher, file.line_key(false));
        match (mac || cipher, r.protected()) {
            (false, false) => Ok(Zeroizing::new(r.data().to_vec())),
            (false, true) => Err(StatusWord(self.options.sw_mac_to_plain)),
            (true, false) => Err(StatusWord(self.options.sw_plain_to_protected)),
            (true, true) => {
                let key = self.line_key(id)?;
                let sent = if mac {
                    self.check_mac(r, Role::Line, id, &key)?
                } else {
                    r.data()
                };
                if cipher {
                    key.open(sent).ok_or(sw::MAC_WRONG)
                } else {
                    Ok(Zeroizing::new(sent.to_vec()))
                }
            }
        }
    }

    /// How a read command's answer is protected, if at all.
    pub(super) fn outgoing(&mut self, r: &Request, fid: u16) -> Result<Option<AnswerProtection>, StatusWord> {
        let file = self.here()?.file(fid).ok_or(sw::NO_FILE)?;
        let is_protected = file.mac || file.cipher;
        let (plain_reading, cipher, id) = (file.plain_reading(), file.cipher, file.line_key(true));
        match (is_protected, r.protected()) {
            (false, true) => Err(StatusWord(self.options.sw_mac_to_plain)),
            (true, false) if !plain_reading => Err(StatusWord(self.options.sw_plain_to_protected)),
            (_, false) => Ok(None),
            (true, true) => {
                let key = self.line_key(id)?;
                let challenge = r.challenge.ok_or(self.no_challenge())?;
                self.check_mac(r, Role::Line, id, &key)?;
                Ok(Some(AnswerProtection { key, challenge, cipher }))
            }
        }
    }

    /// The key of line protection by identifier; locked for good once its tries are used up.
    fn line_key(&self, id: u8) -> Result<CardKey, StatusWord> {
        if self.is_psam()
            && let Some(key) = self.sam_maintenance_key(id)
        {
            return Ok(key.ready(None));
        }
        let key = self.key(Role::Line, id)?;
        self.demand_key(key)
    }

    /// A key that protects commands: not locked, use access met.
    pub(super) fn demand_key(&self, key: &KeyRecord) -> Result<CardKey, StatusWord> {
        if key.locked() {
            return Err(sw::LOCKED_FOR_GOOD);
        }
        self.demand_strictly(key.use_access)?;
        Ok(self.ready(key))
    }

    /// Checks the MAC at the end of a command's data and returns what stands before it. Wrong: a try of `role`/`id` is gone.
    pub(super) fn check_mac<'r>(
        &mut self,
        r: &'r Request,
        role: Role,
        id: u8,
        key: &CardKey,
    ) -> Result<&'r [u8], StatusWord> {
        let challenge = r.challenge.ok_or(self.no_challenge())?;
        let Some((sent, mac)) = r.data().split_last_chunk::<4>() else {
            return Err(sw::MAC_MISSING);
        };
        let right: bool = key.mac4(&challenge, &mac_input(r, sent)).ct_eq(mac).into();
        // A PSAM's maintenance key by usage byte has no counter.
        if let Ok(record) = self.key_mut(role, id) {
            if right {
                record.restore();
            } else {
                record.spend();
            }
        }
        if right { Ok(sent) } else { Err(sw::MAC_WRONG) }
    }
}

/// CLA INS P1 P2 Lc ‖ data without the MAC, Lc counting it.
pub(super) fn mac_input(r: &Request, sent: &[u8]) -> Vec<u8> {
    let mut input = r.command.header().to_vec();
    input.push(r.data().len() as u8);
    input.extend_from_slice(sent);
    input
}

/// Protects the data of an answer: MAC over the data alone, same start value; enciphered data as LD ‖ data.
#[allow(clippy::unnecessary_wraps)] // the type of every handler
pub(super) fn protect(data: Vec<u8>, sw: StatusWord, protection: Option<AnswerProtection>) -> Handled {
    let Some(p) = protection else {
        return Ok(Answer::with(data, sw));
    };
    let mut out = if p.cipher { p.key.seal(&data) } else { data };
    let mac = p.key.mac4(&p.challenge, &out);
    out.extend_from_slice(&mac);
    Ok(Answer::with(out, sw))
}

/// The number of bytes asked for. A request whose length is enciphered (0C: block and MAC) gives it in the block.
pub(super) fn wanted(r: &Request, file: &ElementaryFile, key: Option<&AnswerProtection>) -> usize {
    if let (Some(p), true, Some((block, _))) = (key, file.cipher, r.data().split_last_chunk::<4>())
        && !block.is_empty()
        && block.len().is_multiple_of(p.key.block())
    {
        return usize::from(p.key.decrypt(block)[0]);
    }
    r.command.le().map_or(0, |le| usize::from(le.byte()))
}
