// SPDX-License-Identifier: Apache-2.0
//! APPLICATION BLOCK, APPLICATION UNBLOCK, CARD BLOCK (FMCOS 2.0 manual §8.1 to 8.3). Key: line protection 36/00 of the
//! current directory; the metro card has keys of their own. Three wrong unblocks in a row block for good.

use super::card::{Request, SimCard};
use super::files::Block;
use super::keys::Role;
use super::sw::{self, Handled};

/// Wrong unblocks in a row that block an application for good.
const UNBLOCK_TRIES: u8 = 3;

impl SimCard {
    pub(super) fn card_block(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 || r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        self.demand_block_mac(r, Role::Block)?;
        self.memory.dead = true;
        sw::done()
    }

    pub(super) fn application_block(&mut self, r: &Request) -> Handled {
        let block = match (r.p1(), r.p2()) {
            (0, 0) => Block::Temporary,
            (0, 1) => Block::Permanent,
            _ => return Err(sw::PARAMETERS),
        };
        if self.here()?.block == Block::Permanent {
            return Err(sw::LOCKED_FOR_GOOD);
        }
        self.demand_block_mac(r, Role::Block)?;
        self.here_mut()?.block = block;
        sw::done()
    }

    pub(super) fn application_unblock(&mut self, r: &Request) -> Handled {
        if r.p1() != 0 || r.p2() != 0 {
            return Err(sw::PARAMETERS);
        }
        if self.here()?.block == Block::Permanent {
            return Err(sw::LOCKED_FOR_GOOD);
        }
        match self.demand_block_mac(r, Role::Unblock) {
            Ok(()) => {
                let dir = self.here_mut()?;
                dir.block = Block::No;
                dir.failed_unblocks = 0;
                dir.wrong_mac2 = 0;
                sw::done()
            }
            Err(sw::MAC_WRONG) => {
                let dir = self.here_mut()?;
                dir.failed_unblocks += 1;
                if dir.failed_unblocks >= UNBLOCK_TRIES {
                    dir.block = Block::Permanent;
                    return Err(sw::LOCKED_FOR_GOOD);
                }
                Err(sw::MAC_WRONG)
            }
            Err(other) => Err(other),
        }
    }

    fn demand_block_mac(&mut self, r: &Request, role: Role) -> Result<(), crate::iso7816::StatusWord> {
        if !r.protected() {
            return Err(sw::MAC_MISSING);
        }
        if r.data().len() != 4 {
            return Err(sw::LENGTH);
        }
        let key = match self.sam_maintenance_key(0) {
            Some(key) if self.is_psam() => key.ready(None),
            _ => self.demand_key(self.key(role, 0)?)?,
        };
        self.check_mac(r, role, 0, &key)?;
        Ok(())
    }
}
