// SPDX-License-Identifier: Apache-2.0
//! An M1 card: data blocks under the maker's key, read back under it, then the trailers, the first sector's last: until then the
//! chip opens with the maker's key there. After its trailer each sector is opened once more, with key A and with key B.

use super::{PlanError, PlanReason, Planner, send};
use crate::card::commands::{self as apdu, KeySide};
use crate::keys::SectorKey;
use crate::perso::script::Step;
use crate::template::{KeyName, M1, Sector};

impl Planner<'_> {
    fn m1(&self) -> Result<&M1, PlanError> {
        let missing = || self.lacking("m1", "[m1]");
        self.template.m1.as_ref().ok_or_else(missing)
    }

    /// The chip is the one of the order; then block after block.
    pub(super) fn write_sectors(&mut self) -> Result<Vec<Step>, PlanError> {
        let m1 = self.m1()?.clone();
        let uid = super::order_bytes(self.template, self.order, &m1.uid)?;
        let mut steps = vec![Step::Read {
            what: "GET UID".to_owned(),
            apdu: apdu::get_uid(),
            expect: uid,
            mask: Vec::new(),
        }];
        for sector in &m1.sectors {
            steps.push(self.open_with_transport(sector)?);
            for block in &sector.blocks {
                let bytes = self.bytes(block)?;
                steps.push(send(
                    format!("UPDATE BLOCK {:02}", block.number),
                    apdu::update_block(block.number, &bytes),
                ));
            }
        }
        Ok(steps)
    }

    pub(super) fn read_sectors(&mut self) -> Result<Vec<Step>, PlanError> {
        let m1 = self.m1()?.clone();
        let mut steps = Vec::new();
        for sector in m1.sectors.iter().filter(|s| !s.blocks.is_empty()) {
            steps.push(self.open_with_transport(sector)?);
            for block in &sector.blocks {
                steps.push(Step::Read {
                    what: format!("READ BLOCK {:02}", block.number),
                    apdu: apdu::read_block(block.number),
                    expect: self.bytes(block)?,
                    mask: Vec::new(),
                });
            }
        }
        Ok(steps)
    }

    /// Trailers in reverse order, each proved by both keys.
    pub(super) fn close_sectors(&mut self) -> Result<Vec<Step>, PlanError> {
        let m1 = self.m1()?.clone();
        let mut steps = Vec::new();
        for sector in m1.sectors.iter().rev() {
            let (a, b) = (
                self.sector_key(&m1, &m1.key_a, sector, "m1.key-a")?,
                self.sector_key(&m1, &m1.key_b, sector, "m1.key-b")?,
            );
            steps.push(self.open_with_transport(sector)?);
            steps.push(Step::WriteTrailer {
                what: format!("WRITE TRAILER {:02}", sector.trailer()),
                block: sector.trailer(),
                a: a.clone(),
                access: sector.access.0,
                b: b.clone(),
            });
            steps.push(self.open(sector, KeySide::A, a));
            let mut expect = vec![0; 16];
            expect[6..10].copy_from_slice(&sector.access.0);
            let mask = (0..16).map(|at| if (6..10).contains(&at) { 0xFF } else { 0x00 });
            steps.push(Step::Read {
                what: format!("READ BLOCK {:02}", sector.trailer()),
                apdu: apdu::read_block(sector.trailer()),
                expect,
                mask: mask.collect(),
            });
            // A key B that can be read opens nothing.
            if !sector.access.shows_key_b() {
                steps.push(self.open(sector, KeySide::B, b));
            }
        }
        Ok(steps)
    }

    fn open(&self, sector: &Sector, side: KeySide, key: SectorKey) -> Step {
        let whose = if key.block.is_some() { "own" } else { "transport" };
        Step::OpenSector {
            what: format!("AUTHENTICATE sector {:02} key {side:?} {whose}", sector.number),
            block: sector.trailer(),
            side,
            place: self.template.transport.slot,
            key,
        }
    }

    fn open_with_transport(&mut self, sector: &Sector) -> Result<Step, PlanError> {
        let key = self.transport()?;
        Ok(self.open(sector, KeySide::A, SectorKey { key, block: None }))
    }

    fn sector_key(&mut self, m1: &M1, name: &KeyName, sector: &Sector, path: &str) -> Result<SectorKey, PlanError> {
        let key = self.card_key(name, path)?;
        let wrong = || {
            let field = "input".to_owned();
            PlanError::at(self.template, "m1.input", PlanReason::NotNumber { field })
        };
        let mut block: [u8; 8] = self.bytes(&m1.input)?.try_into().map_err(|_| wrong())?;
        *block.get_mut(m1.flag_at).ok_or_else(wrong)? = sector.flag;
        Ok(SectorKey {
            key,
            block: Some(block),
        })
    }
}
