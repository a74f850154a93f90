// SPDX-License-Identifier: Apache-2.0
//! M1 cards: sectors and blocks, and access bits that leave nobody locked out.

use std::collections::BTreeSet;

use super::Report;
use crate::msg;
use crate::template::m1::Sector;
use crate::template::model::{OrderKind, Template};

/// Sectors of a 1K chip.
const SECTORS: u8 = 16;

/// Sectors and blocks are there, once, and none is the maker's block or a trailer; the chip's number has its four bytes.
pub(super) fn blocks(template: &Template, report: &mut Report) {
    let Some(m1) = &template.m1 else {
        if template.dialect.storage() {
            report.error("dialect", msg!("check-m1-none"));
        }
        return;
    };
    if !template.dialect.storage() {
        report.error("m1", msg!("check-m1-dialect"));
    }
    if m1.sectors.is_empty() {
        report.error("m1", msg!("check-m1-none"));
    }
    match template.order_field(&m1.uid).map(|f| &f.kind) {
        Some(OrderKind::Hex(4)) => {}
        _ => report.error("m1.uid", msg!("check-m1-uid", name = m1.uid)),
    }
    let covered = m1
        .input
        .fields
        .iter()
        .any(|f| (f.offset..f.offset + f.length).contains(&m1.flag_at));
    if m1.flag_at >= m1.input.length || covered {
        report.error("m1.flag-at", msg!("check-m1-flag", at = m1.flag_at));
    }
    let mut seen = BTreeSet::new();
    for sector in &m1.sectors {
        if sector.number >= SECTORS || !seen.insert(sector.number) {
            report.error(&sector.at, msg!("check-m1-sector", number = sector.number));
        }
        let mut here = BTreeSet::new();
        for block in &sector.blocks {
            let inside = block.number / 4 == sector.number && block.number % 4 != 3 && block.number != 0;
            if !inside || !here.insert(block.number) {
                report.error(
                    &block.at,
                    msg!("check-m1-block", number = block.number, sector = sector.number),
                );
            }
        }
    }
}

/// Access bits agree with their inverses and lock nobody out: no block that nobody reads, no trailer that nobody changes, no
/// right of a key B that opens nothing. Bits or keys that stay for good are named.
pub(super) fn access(template: &Template, report: &mut Report) {
    for sector in template.m1.iter().flat_map(|m1| &m1.sectors) {
        let path = format!("{}.access", sector.at);
        let bits = hex::encode_upper(sector.access.0);
        if !sector.access.is_sound() {
            report.error(&path, msg!("check-m1-inverse", access = bits));
            continue;
        }
        if let Some(block) = (0..3).find(|b| sector.access.condition(*b) == 0b111) {
            report.error(&path, msg!("check-m1-closed", access = bits, block = block));
        }
        if sector.access.shows_key_b() && (0..3).any(|b| sector.access.needs_key_b(b)) {
            report.error(&path, msg!("check-m1-key-b", access = bits));
        }
        trailer(sector, &path, report);
    }
}

fn trailer(sector: &Sector, path: &str, report: &mut Report) {
    let bits = hex::encode_upper(sector.access.0);
    match (sector.access.writes_keys(), sector.access.writes_access()) {
        (None, None) => report.error(path, msg!("check-m1-for-good", access = bits)),
        (Some(_), Some(_)) => {}
        _ => report.warning(path, msg!("check-m1-frozen", access = bits)),
    }
}
