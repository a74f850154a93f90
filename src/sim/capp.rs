// SPDX-License-Identifier: Apache-2.0
//! UPDATE CAPP DATA CACHE (JR/T 0025.9-2010; FMCOS 2.0 manual): records that a compound purchase writes together with the
//! purse. The card checks everything now and writes at DEBIT FOR CAPP.

use super::card::{Request, SimCard};
use super::files::Body;
use super::hex_bytes::HexBytes;
use super::options::Chip;
use super::purse::Kind;
use super::record::{Place, fits, records, tagged};
use super::sw::{self, Handled};

impl SimCard {
    /// P2: short identifier and 000 (P1 is a tag) or 100 (P1 is a record number).
    pub(super) fn update_capp_cache(&mut self, r: &Request) -> Handled {
        let mut pending = match self.now.pending.take() {
            Some(pending) if pending.kind == Kind::Compound => pending,
            _ => return Err(sw::NO_INITIALIZE),
        };
        let fid = self.locate(r.p2() >> 3)?;
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        let list = records(&file.body)?;
        let place = match (r.p2() & 0x07, &file.body) {
            (_, Body::Cyclic { .. }) => Place::New,
            (0b000, Body::Variable { .. }) => Place::At(tagged(list, r.p1()).next().ok_or(sw::NO_RECORD)?),
            (0b100, _) => Place::At(usize::from(r.p1()).checked_sub(1).ok_or(sw::NO_RECORD)?),
            _ => return Err(sw::PARAMETERS),
        };
        // The metro card opens its records to a compound purchase without line protection.
        let data = if self.chip == Chip::Metro && !r.protected() {
            r.data().to_vec()
        } else {
            self.demand_strictly(file.write_access)?;
            self.incoming(r, fid)?.to_vec()
        };
        let file = self.here()?.file(fid).ok_or(sw::TYPE)?;
        fits(&file.body, place, &data)?;
        pending.cached.push((fid, place, HexBytes(data)));
        self.now.pending = Some(pending);
        sw::done()
    }
}
