// SPDX-License-Identifier: Apache-2.0
//! The site's folder: is it there, is it closed to others, does its disk keep what is written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Finding, health};
use crate::cli::Context;
use crate::msg;

/// Less than this is warned about; a site's ledger grows by some 200 bytes a card.
const LITTLE_SPACE: u64 = 256 << 20;
/// Less than this is not enough to work with.
const NO_SPACE: u64 = 16 << 20;

pub(super) fn checks(context: &Context) -> Vec<Finding> {
    let here = PathBuf::from(".");
    let folder = match &context.global.site {
        Some(folder) => folder,
        None if here.join("site.toml").exists() => &here,
        None => return vec![Finding::ok("SITE", msg!("doctor-no-site"))],
    };
    if !folder.join("site.toml").is_file() {
        return vec![Finding::fail(
            "SITE",
            msg!("doctor-site-missing", folder = folder.display()),
        )];
    }
    let mut findings = vec![
        Finding::ok("SITE", msg!("doctor-site", folder = folder.display())),
        folder_mode(folder),
        file_modes(folder),
    ];
    findings.extend([durable(folder), filesystem(folder), space(folder)]);
    findings.extend(health::checks(folder, context.clock.now()));
    findings
}

fn open_to_others(path: &Path) -> io::Result<Option<u32>> {
    let mode = fs::symlink_metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

fn folder_mode(folder: &Path) -> Finding {
    let shown = folder.display();
    match open_to_others(folder) {
        Ok(None) => Finding::ok("SITE-FOLDER-MODE", msg!("doctor-folder-mode", folder = shown)),
        Ok(Some(mode)) => Finding::fail(
            "SITE-FOLDER-MODE",
            msg!("doctor-folder-open", folder = shown, mode = format!("{mode:04o}")),
        ),
        Err(e) => unreadable("SITE-FOLDER-MODE", folder, &e),
    }
}

/// Every file of the site: keys, ledger, officers. Inside a closed folder an open file is a weakness, no hole.
fn file_modes(folder: &Path) -> Finding {
    let mut open = Vec::new();
    if let Err(e) = collect_open(folder, &mut open) {
        return unreadable("SITE-FILE-MODES", folder, &e);
    }
    if open.is_empty() {
        Finding::ok("SITE-FILE-MODES", msg!("doctor-file-modes"))
    } else {
        open.sort();
        let names: Vec<String> = open.iter().map(|path| path.display().to_string()).collect();
        Finding::warn("SITE-FILE-MODES", msg!("doctor-files-open", files = names.join(" ")))
    }
}

fn collect_open(folder: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = fs::symlink_metadata(&path)?;
        if kind.is_symlink() {
            continue;
        }
        if open_to_others(&path)?.is_some() {
            open.push(path.clone());
        }
        if kind.is_dir() {
            collect_open(&path, open)?;
        }
    }
    Ok(())
}

/// Goes through what every durable write does: temporary file, fsync, rename, fsync of the folder.
fn durable(folder: &Path) -> Finding {
    let (first, second) = (folder.join(".doctor-1"), folder.join(".doctor-2"));
    let went = write_durably(folder, &first, &second);
    let _ = fs::remove_file(&first);
    let _ = fs::remove_file(&second);
    match went {
        Ok(()) => Finding::ok("DISK-DURABLE", msg!("doctor-durable")),
        Err(e) => Finding::fail(
            "DISK-DURABLE",
            msg!("doctor-not-durable", folder = folder.display(), what = e),
        ),
    }
}

fn write_durably(folder: &Path, first: &Path, second: &Path) -> io::Result<()> {
    let mut file = File::create_new(first)?;
    file.write_all(b"cardmint doctor\n")?;
    file.sync_all()?;
    fs::rename(first, second)?;
    File::open(folder)?.sync_all()?;
    if fs::read(second)? == b"cardmint doctor\n" {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::InvalidData))
    }
}

/// The numbers of statfs(2) for filesystems that forget, or that are known not to lock or sync dependably.
fn doubtful(magic: u64) -> Option<&'static str> {
    match magic {
        0x0102_1994 => Some("tmpfs"),
        0x8584_58F6 => Some("ramfs"),
        0x794C_7630 => Some("overlayfs"),
        0x6969 => Some("NFS"),
        0xFF53_4D42 => Some("CIFS"),
        0xFE53_4D42 => Some("SMB"),
        0x4D44 => Some("FAT"),
        _ => None,
    }
}

fn filesystem(folder: &Path) -> Finding {
    let magic = match rustix::fs::statfs(folder) {
        Ok(stat) => u64::try_from(stat.f_type).unwrap_or_default(),
        Err(e) => return unreadable("DISK-FILESYSTEM", folder, &e.into()),
    };
    match doubtful(magic) {
        None => Finding::ok("DISK-FILESYSTEM", msg!("doctor-filesystem")),
        Some(name) => Finding::warn("DISK-FILESYSTEM", msg!("doctor-filesystem-doubtful", name = name)),
    }
}

fn space(folder: &Path) -> Finding {
    let free = match rustix::fs::statvfs(folder) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(e) => return unreadable("DISK-SPACE", folder, &e.into()),
    };
    let megabytes = free >> 20;
    if free < NO_SPACE {
        Finding::fail("DISK-SPACE", msg!("doctor-space-little", megabytes = megabytes))
    } else if free < LITTLE_SPACE {
        Finding::warn("DISK-SPACE", msg!("doctor-space-little", megabytes = megabytes))
    } else {
        Finding::ok("DISK-SPACE", msg!("doctor-space", megabytes = megabytes))
    }
}

fn unreadable(check: &'static str, folder: &Path, error: &io::Error) -> Finding {
    let folder = folder.display();
    Finding::fail(check, msg!("doctor-unreadable", folder = folder, what = error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Verdict;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_open_to_others_fails_and_an_open_file_is_named() {
        let site = tempfile::tempdir().unwrap();
        chmod(site.path(), 0o700);
        fs::write(site.path().join("site.toml"), "").unwrap();
        chmod(&site.path().join("site.toml"), 0o600);
        assert_eq!(folder_mode(site.path()).verdict, Verdict::Ok);
        assert_eq!(file_modes(site.path()).verdict, Verdict::Ok);

        chmod(&site.path().join("site.toml"), 0o640);
        let found = file_modes(site.path());
        assert_eq!(found.verdict, Verdict::Warn);
        assert!(found.msg.render(crate::i18n::Lang::En).contains("site.toml"));

        chmod(site.path(), 0o755);
        assert_eq!(folder_mode(site.path()).verdict, Verdict::Fail);
    }

    #[test]
    fn the_durable_write_leaves_nothing_and_a_missing_folder_fails() {
        let site = tempfile::tempdir().unwrap();
        assert_eq!(durable(site.path()).verdict, Verdict::Ok);
        assert_eq!(fs::read_dir(site.path()).unwrap().count(), 0);
        assert_eq!(durable(&site.path().join("not-there")).verdict, Verdict::Fail);
    }

    #[test]
    fn filesystems_that_forget_are_known() {
        assert_eq!(doubtful(0x0102_1994), Some("tmpfs"));
        assert_eq!(doubtful(0xEF53), None);
    }
}
