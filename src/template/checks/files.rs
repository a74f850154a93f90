// SPDX-License-Identifier: Apache-2.0
//! Files: identifiers, short identifiers, memory, records.

use std::collections::BTreeSet;

use super::Report;
use crate::card::commands::{FileBody, directory_space, file_space};
use crate::iso7816::FileId;
use crate::msg;
use crate::template::model::{Contents, Directory, Template};

/// What templates are planned for: the data memory of the smallest chip in use (FM1208-10).
const CHIP: u32 = 7 * 1024;

/// Identifiers are unique in their directory, nothing in a directory has the directory's own, and names are unique.
pub(super) fn fids_unique(template: &Template, report: &mut Report) {
    let mut names = BTreeSet::new();
    let mut in_mf: BTreeSet<FileId> = BTreeSet::new();
    for directory in template.directories() {
        if !names.insert(&directory.name) {
            report.error(
                &directory.at,
                msg!("check-name-twice", name = hex::encode_upper(&directory.name)),
            );
        }
        let mut here = BTreeSet::from([directory.fid, FileId::MF]);
        if let Some(file) = directory.key_file {
            here.insert(file.fid);
        }
        for file in &directory.files {
            if !here.insert(file.fid) {
                report.error(&file.at, msg!("check-fid-twice", fid = file.fid));
            }
        }
        if directory.is_mf() {
            in_mf = here;
        } else if !in_mf.insert(directory.fid) {
            report.error(&directory.at, msg!("check-fid-twice", fid = directory.fid));
        }
    }
}

/// Contents, logs and purses are reached by short identifier: FID 0001 to 001E.
pub(super) fn sfi_range(template: &Template, report: &mut Report) {
    for directory in template.directories() {
        for file in &directory.files {
            if file.sfi().is_none() {
                report.error(&file.at, msg!("check-sfi", fid = file.fid));
            }
            let FileBody::Purse(log) = file.header.body else {
                continue;
            };
            let found = directory.files.iter().find(|f| f.sfi() == Some(log));
            let cyclic = found.is_some_and(|f| matches!(f.header.body, FileBody::Cyclic(..)));
            if !cyclic && !template.dialect.preset() {
                report.error(&file.at, msg!("check-purse-log", sfi = format!("{:02X}", log.value())));
            }
        }
    }
}

fn body(directory: &Directory) -> u32 {
    let key_file = directory.key_file.map_or(0, |k| 11 + u32::from(k.size));
    key_file + directory.files.iter().map(|f| file_space(f.header.body)).sum::<u32>()
}

/// A directory's files and the margin fit its space.
pub(super) fn df_space(template: &Template, report: &mut Report) {
    if template.dialect.preset() {
        return;
    }
    for df in &template.dfs {
        let margin = u32::from(template.options.space_margin);
        // A PSAM application without key file keeps its keys in its own space.
        let loose = if df.key_file.is_none() {
            24 * df.keys.len() as u32
        } else {
            0
        };
        let needed = directory_space(df.name.len()) + body(df) + loose + margin;
        if needed > u32::from(df.space) {
            let path = format!("{}.space", df.at);
            report.error(
                &path,
                msg!("check-df-space", space = df.space, needed = needed, margin = margin),
            );
        }
    }
}

/// Everything fits the smallest chip.
pub(super) fn chip_space(template: &Template, report: &mut Report) {
    if template.dialect.preset() {
        return;
    }
    let dfs: u32 = template.dfs.iter().map(|d| u32::from(d.space)).sum();
    let needed = 11 + body(&template.mf) + dfs;
    if needed > CHIP {
        report.warning("mf", msg!("check-chip-space", needed = needed, chip = CHIP));
    }
}

/// Records fit their file, and records with tag and length say their own length.
pub(super) fn record_size(template: &Template, report: &mut Report) {
    for file in template.directories().flat_map(|d| &d.files) {
        let Contents::Records(records) = &file.contents else {
            continue;
        };
        let mut seen = BTreeSet::new();
        for record in records {
            if record.number == 0 || !seen.insert(record.number) {
                report.error(&record.at, msg!("check-record-number", number = record.number));
            }
        }
        match file.header.body {
            FileBody::Fixed(count, length) | FileBody::Cyclic(count, length) => {
                if records.len() > usize::from(count) {
                    report.error(&file.at, msg!("check-record-count", count = count, got = records.len()));
                }
                for record in records.iter().filter(|r| r.length != usize::from(length)) {
                    report.error(
                        &record.at,
                        msg!("check-record-length", length = length, got = record.length),
                    );
                }
                if count < 2 {
                    report.error(&file.at, msg!("check-record-few"));
                }
            }
            FileBody::Variable(size) => {
                let needed: usize = records.iter().map(|r| r.length).sum();
                if needed > usize::from(size) {
                    report.error(&file.at, msg!("check-record-room", size = size, needed = needed));
                }
            }
            FileBody::Binary(_) | FileBody::Purse(_) => {}
        }
    }
}
