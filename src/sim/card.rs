// SPDX-License-Identifier: Apache-2.0
//! One simulated card: persistent memory, volatile state, and the way of a command through the checks that come before its
//! own handler. Order of checks: class and instruction, no MF or card blocked, directory blocked, then the handler's.
//! A challenge lives for one command; a purse transaction for one command besides its own and GET CHALLENGE.

use crate::iso7816::{Atr, Command, StatusWord};

use super::access;
use super::arithmetic::CardKey;
use super::files::{Block, Directory, Memory};
use super::keys::{KeyRecord, Role, plain_kind};
use super::options::{Chip, SimOptions};
use super::purse::Pending;
use super::random::CardRandom;
use super::sam::SamSession;
use super::sw::{self, Handled};
use super::{blank, m1, metro};

/// A card without a reader: bytes in, bytes out. For fast tests; `SimReader` keeps one in a file.
#[derive(Debug)]
pub struct SimCard {
    pub(super) chip: Chip,
    pub(super) options: SimOptions,
    pub(super) memory: Memory,
    pub(super) now: Volatile,
    pub(super) random: CardRandom,
    pub(super) seed: Option<u64>,
    /// The next write command is torn in the middle (`Fault::TearDuring`).
    pub(super) torn_write: bool,
}

/// What a reset clears.
#[derive(Debug, Default)]
pub(super) struct Volatile {
    /// Positions of children from the MF to the current directory.
    pub(super) path: Vec<usize>,
    /// The current directory was entered empty.
    pub(super) open: bool,
    pub(super) current_file: Option<u16>,
    /// Record pointer of the current file, counted from 0.
    pub(super) pointer: Option<usize>,
    pub(super) mf_state: u8,
    pub(super) state: u8,
    pub(super) pin_verified: bool,
    /// Metro card: the control key of the MF was presented.
    pub(super) mf_authenticated: bool,
    pub(super) challenge: Option<[u8; 8]>,
    pub(super) pending: Option<Pending>,
    pub(super) sam: SamSession,
    /// M1: what the reader keeps.
    pub(super) field: m1::Field,
    /// T=0: what GET RESPONSE gives out.
    pub(super) waiting: Vec<u8>,
}

/// A command with what the one before left for it.
pub(super) struct Request {
    pub(super) command: Command,
    pub(super) challenge: Option<[u8; 8]>,
    pub(super) pending: Option<Pending>,
}

impl Request {
    pub(super) fn p1(&self) -> u8 {
        self.command.p1
    }

    pub(super) fn p2(&self) -> u8 {
        self.command.p2
    }

    pub(super) fn data(&self) -> &[u8] {
        self.command.data()
    }

    /// Whether the class announces secure messaging.
    pub(super) fn protected(&self) -> bool {
        self.command.cla & 0x04 != 0
    }
}

impl SimCard {
    /// A blank of the chip with its maker's transport key, or in factory state without MF.
    pub fn new(chip: Chip, serial: [u8; 8], options: SimOptions, factory: bool) -> Self {
        let memory = match chip {
            Chip::Metro => metro::preset(serial),
            Chip::M1 => m1::memory(serial),
            _ => blank::memory(chip, serial, &options, factory),
        };
        Self::from_memory(chip, options, memory, None)
    }

    pub(super) fn from_memory(chip: Chip, options: SimOptions, memory: Memory, seed: Option<u64>) -> Self {
        let mut card = Self {
            chip,
            options,
            memory,
            now: Volatile::default(),
            random: CardRandom::new(seed),
            seed,
            torn_write: false,
        };
        card.reset();
        card
    }

    /// Fixes the random source by a seed.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self.random = CardRandom::new(self.seed);
        self
    }

    /// Bytes that the card gives out as its next random numbers, to replay traces.
    pub fn prepare_random(&mut self, bytes: &[u8]) {
        self.random.prepare(bytes);
    }

    /// Power-up or reset: the MF is current, all states 0.
    pub fn reset(&mut self) {
        self.now = Volatile {
            open: self.memory.mf.as_ref().is_some_and(Directory::opens),
            ..Volatile::default()
        };
    }

    /// The answer to reset: see `blank::atr`.
    pub fn atr(&self) -> Atr {
        blank::atr(self.chip, &self.memory.serial, self.options.t0)
    }

    /// Carries one command out; the answer ends with its status word.
    pub fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = match Command::parse(command) {
            Err(_) => Err(sw::LENGTH),
            Ok(parsed) if self.chip == Chip::M1 => self.dispatch_m1(&parsed),
            Ok(parsed) if self.options.t0 => self.over_t0(parsed),
            Ok(parsed) => self.handle(parsed),
        };
        let (mut data, sw) = match answer {
            Ok(answer) => (answer.data, answer.sw),
            Err(sw) => (Vec::new(), sw),
        };
        data.extend_from_slice(&sw.to_bytes());
        data
    }

    pub(super) fn handle(&mut self, command: Command) -> Handled {
        let keeps = matches!(command.ins, 0xDC if command.cla & 0x80 != 0) || command.ins == 0x84;
        let request = Request {
            challenge: self.now.challenge.take(),
            pending: if keeps { None } else { self.now.pending.take() },
            command,
        };
        self.sam_forgets(request.command.ins);
        if request.data().len() > usize::from(self.options.data_limit) {
            return Err(sw::LENGTH);
        }
        self.check_alive(&request)?;
        match self.chip {
            Chip::Fmcos => self.dispatch_fmcos(request),
            Chip::Psam => self.dispatch_psam(request),
            Chip::Metro => self.dispatch_metro(request),
            Chip::M1 => Err(sw::CLASS),
        }
    }

    fn check_alive(&self, request: &Request) -> Result<(), StatusWord> {
        let command = &request.command;
        let Some(dir) = self.memory.at(&self.now.path) else {
            let making_mf = command.ins == 0xE0 && command.header()[2..] == [0x3F, 0x00];
            return if making_mf && !self.memory.dead {
                Ok(())
            } else {
                Err(sw::BLOCKED)
            };
        };
        let lifts = matches!(command.ins, 0x84 | 0x18 | 0x1E | 0xA4);
        if self.memory.dead || (dir.block != Block::No && !lifts) {
            return Err(sw::BLOCKED);
        }
        Ok(())
    }

    pub(super) fn dispatch_fmcos(&mut self, r: Request) -> Handled {
        match (r.command.cla, r.command.ins) {
            (0x00, 0x82) => self.external_authenticate(&r),
            (0x00, 0x84) => self.get_challenge(&r),
            (0x00, 0x88) => self.internal_authenticate(&r),
            (0x00, 0xA4) => self.select(&r),
            (0x00 | 0x04, 0xB0) => self.read_binary(&r),
            (0x00 | 0x04, 0xD6 | 0xD0) => self.update_binary(&r),
            (0x00 | 0x04, 0xB2) => self.read_record(&r),
            (0x00 | 0x04, 0xDC | 0xD2) => self.update_record(&r),
            (0x00 | 0x04, 0xE2) => self.append_record(&r),
            (0x00, 0x20) => self.verify_pin(&r),
            (0x80 | 0x84, 0x24) => self.pin_unblock(&r),
            (0x80, 0x5E) => self.change_or_reload_pin(&r),
            (0x80 | 0x84, 0x16) => self.card_block(&r),
            (0x80 | 0x84, 0x1E) => self.application_block(&r),
            (0x80 | 0x84, 0x18) => self.application_unblock(&r),
            (0x80, 0xE0) => self.create_file(&r),
            (0x80 | 0x84, 0xD4) => self.write_key(&r),
            (0x80, 0x0E) => self.erase_directory(&r),
            (0x80, 0x50) => self.initialize_purse(&r),
            (0x80, 0x52 | 0x54 | 0x58) => self.complete_purse(r),
            (0x80, 0x5A) => self.transaction_proof(&r),
            (0x80, 0x5C) => self.get_balance(&r),
            (0x80 | 0x84, 0xDC) => self.update_capp_cache(&r),
            (0x00 | 0x04 | 0x80 | 0x84, _) => Err(sw::INSTRUCTION),
            _ => Err(sw::CLASS),
        }
    }

    /// The current directory; `handle` has made sure that there is one.
    pub(super) fn here(&self) -> Result<&Directory, StatusWord> {
        self.memory.at(&self.now.path).ok_or(sw::BLOCKED)
    }

    pub(super) fn here_mut(&mut self) -> Result<&mut Directory, StatusWord> {
        self.memory.at_mut(&self.now.path).ok_or(sw::BLOCKED)
    }

    /// Whether an access byte is met now; in an open directory everything is.
    pub(super) fn demand(&self, access: u8) -> Result<(), StatusWord> {
        if self.now.open {
            Ok(())
        } else {
            self.demand_strictly(access)
        }
    }

    /// Whether an access byte is met, open directory or not (use of keys, purses).
    pub(super) fn demand_strictly(&self, access: u8) -> Result<(), StatusWord> {
        let reading = self.options.access_reading;
        if access::allows(access, self.now.mf_state, self.now.state, reading) {
            Ok(())
        } else {
            Err(sw::ACCESS)
        }
    }

    /// A key of the current directory by role and identifier.
    pub(super) fn key(&self, role: Role, id: u8) -> Result<&KeyRecord, StatusWord> {
        let file = self.here()?.key_file.as_ref().ok_or(sw::NO_FILE)?;
        let code = role.code(self.chip);
        let found = file
            .keys
            .iter()
            .find(|k| plain_kind(self.chip, k.kind) == code && k.id == id);
        found.ok_or(sw::NO_KEY)
    }

    pub(super) fn key_mut(&mut self, role: Role, id: u8) -> Result<&mut KeyRecord, StatusWord> {
        let (chip, code) = (self.chip, role.code(self.chip));
        let file = self.here_mut()?.key_file.as_mut().ok_or(sw::NO_FILE)?;
        let found = file
            .keys
            .iter_mut()
            .find(|k| plain_kind(chip, k.kind) == code && k.id == id);
        found.ok_or(sw::NO_KEY)
    }

    /// The key of a record, ready to compute with. Control, line and PIN keys of FMCOS carry no algorithm byte.
    pub(super) fn ready(&self, key: &KeyRecord) -> CardKey {
        let kind = plain_kind(self.chip, key.kind);
        let without_byte = self.chip != Chip::Metro && matches!(kind, 0x36..=0x39);
        key.ready(without_byte.then_some(self.options.control_algorithm))
    }

    /// The file that a short identifier names (0: the current one), made current.
    pub(super) fn locate(&mut self, sfi: u8) -> Result<u16, StatusWord> {
        if sfi == 0 {
            return self.now.current_file.ok_or(sw::TYPE);
        }
        let fid = u16::from(sfi);
        if !self.here()?.has_fid(fid) {
            return Err(sw::NO_FILE);
        }
        if self.now.current_file != Some(fid) {
            self.now.current_file = Some(fid);
            self.now.pointer = None;
        }
        Ok(fid)
    }

    /// Status word for "no challenge before a protected command".
    pub(super) fn no_challenge(&self) -> StatusWord {
        StatusWord(self.options.sw_no_challenge)
    }

    /// Sets the registers after an authentication or PIN of the current directory.
    pub(super) fn reach(&mut self, follow_up: u8) {
        self.now.state = follow_up & 0x0F;
        if self.now.path.is_empty() {
            self.now.mf_state = self.now.state;
        }
    }
}
