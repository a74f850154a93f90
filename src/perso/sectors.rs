// SPDX-License-Identifier: Apache-2.0
//! Sectors of an M1 card: opening them, writing their trailers, and what a torn card is found to be.
//!
//! A trailer is written only after all data was read back. So a sector that no longer opens with the maker's key and opens
//! with its own is finished: nothing is written to it again, and everything in it must be as it should. A sector that opens
//! with neither is lost, and the card with it.

use std::collections::BTreeMap;

use super::execute::{Done, Executor};
use super::fault::{Part, PersoError, PersoFault};
use super::prove::Traces;
use super::recover::{ChipState, is_refused};
use super::script::{PersoScript, Step};
use crate::card::CardError;
use crate::card::commands::{self, KeySide, TRANSPORT_ACCESS};
use crate::keys::SectorKey;

/// Keys A and B that finished sectors have, by their trailers; empty while a blank is written.
#[derive(Default)]
pub(super) struct OwnSectors {
    keys: BTreeMap<u8, (SectorKey, SectorKey)>,
    /// The sector that is open is finished.
    finished: bool,
}

impl OwnSectors {
    fn of(script: &PersoScript) -> Self {
        let trailer = |step: &Step| match step {
            Step::WriteTrailer { block, a, b, .. } => Some((*block, (a.clone(), b.clone()))),
            _ => None,
        };
        Self {
            keys: script.finish.iter().filter_map(trailer).collect(),
            finished: false,
        }
    }

    pub(super) fn skips_writes(&self) -> bool {
        self.finished
    }
}

impl PersoScript {
    /// Whether it is for a card of sectors.
    pub(super) fn of_sectors(&self) -> bool {
        self.steps.iter().any(|s| matches!(s, Step::OpenSector { .. }))
    }
}

impl Executor<'_, '_> {
    pub(super) fn open_sector(
        &mut self,
        what: &str,
        (block, side, place): (u8, KeySide, u8),
        key: &SectorKey,
    ) -> Result<(), PersoFault> {
        self.sectors.finished = false;
        let own = self.sectors.keys.get(&block).map(|(a, _)| a.clone());
        match (self.authenticate_sector(what, block, side, place, key), own) {
            (Err(fault), Some(own)) if key.block.is_none() && is_refused(&fault) => {
                // Many readers need the card anew after a refusal.
                self.card.reset()?;
                self.authenticate_sector(what, block, KeySide::A, place, &own)?;
                self.sectors.finished = true;
                Ok(())
            }
            (done, _) => done,
        }
    }

    fn authenticate_sector(
        &mut self,
        what: &str,
        block: u8,
        side: KeySide,
        place: u8,
        key: &SectorKey,
    ) -> Result<(), PersoFault> {
        let secret = self.keys.sector_key(key)?;
        self.card.send_secret(what, commands::load_key_header(place), &secret)?;
        let command = commands::general_authenticate(block, side, place);
        Ok(self.card.send(what, &command).map(drop)?)
    }

    pub(super) fn write_trailer(
        &mut self,
        what: &str,
        block: u8,
        a: &SectorKey,
        access: [u8; 4],
        b: &SectorKey,
    ) -> Result<(), PersoFault> {
        if self.sectors.finished {
            return Ok(());
        }
        let secret = self.keys.sector_trailer(a, access, b)?;
        let header = commands::update_block(block, &[]).header();
        Ok(self.card.send_secret(what, header, &secret)?)
    }

    /// From here on a sector that does not open with the maker's key is tried with its own.
    pub(super) fn expect_own_sectors(&mut self, script: &PersoScript) {
        self.sectors = OwnSectors::of(script);
    }

    /// The chip is the order's, and its first sector opens with the maker's key; writes nothing.
    pub(super) fn open_first_sector(&mut self, script: &PersoScript) -> Result<ChipState, PersoError> {
        let until = script.steps.iter().position(|s| matches!(s, Step::OpenSector { .. }));
        for (index, step) in script.steps.iter().enumerate().take(until.map_or(0, |at| at + 1)) {
            self.step(step)
                .map_err(|fault| fault.at(Part::Entry, index, step.what()))?;
        }
        Ok(ChipState::Open)
    }

    pub(super) fn examine_sectors(&mut self, script: &PersoScript) -> Result<ChipState, PersoError> {
        let refused = match self.open_first_sector(script) {
            Err(e) if is_refused(&e.fault) => e,
            other => return other,
        };
        self.expect_own_sectors(script);
        let opened = self.open_first_sector(script);
        self.sectors = OwnSectors::default();
        match opened {
            Ok(_) => Ok(ChipState::Own),
            Err(e) if is_refused(&e.fault) => Ok(ChipState::Closed(refused)),
            Err(e) => Err(e),
        }
    }

    /// Brings a torn card to its end, sector by sector.
    pub(super) fn resume_sectors(&mut self, script: &PersoScript) -> Result<Done, PersoError> {
        self.expect_own_sectors(script);
        let done = self.issue_expecting(script);
        self.sectors = OwnSectors::default();
        done.map_err(|e| match &*e.fault {
            PersoFault::Card(CardError::Refused { .. }) if is_refused(&e.fault) => e.dead(),
            _ => e,
        })
    }

    fn issue_expecting(&mut self, script: &PersoScript) -> Result<Done, PersoError> {
        self.begin(script);
        self.run(Part::Steps, &script.steps)?;
        let proofs = self.check(script, Traces::Allowed)?;
        self.run(Part::Finish, &script.finish)?;
        self.around.observer.end();
        Ok(self.result(script, proofs))
    }

    /// Gives every sector the maker's keys and access bits back. What stands in the blocks is written over by the next issue.
    pub(super) fn empty_sectors(&mut self, script: &PersoScript) -> Result<(), PersoError> {
        let opened_by = |step: &Step| match step {
            Step::OpenSector { place, key, .. } if key.block.is_none() => Some((*place, key.clone())),
            _ => None,
        };
        let Some((place, transport)) = script.steps.iter().find_map(opened_by) else {
            return Ok(());
        };
        for (index, step) in script.finish.iter().enumerate() {
            let Step::WriteTrailer {
                what,
                block,
                a,
                access,
                b,
            } = step
            else {
                continue;
            };
            let at = |fault: PersoFault| fault.at(Part::Finish, index, what);
            match self.authenticate_sector(what, *block, KeySide::A, place, &transport) {
                Ok(()) => continue,
                Err(fault) if is_refused(&fault) => self.card.reset().map_err(|e| at(e.into()))?,
                Err(fault) => return Err(at(fault)),
            }
            let side = commands::AccessBits(*access).writes_keys().unwrap_or(KeySide::B);
            let own = if side == KeySide::A { a } else { b };
            self.authenticate_sector(what, *block, side, place, own)
                .and_then(|()| self.write_trailer(what, *block, &transport, TRANSPORT_ACCESS.0, &transport))
                .map_err(at)?;
        }
        Ok(())
    }
}
