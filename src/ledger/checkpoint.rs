// SPDX-License-Identifier: Apache-2.0
//! Checkpoints (c2sp.org/tlog-checkpoint): origin, tree size and root in a signed note; and the copy of the newest one that
//! is kept outside the database, so that a database taken back, cut, forked or replaced is noticed when it is opened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::field::SiteId;
use super::hash::Hash;

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log: `cardmint/SITE`.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
}

/// The origin line of a site's ledger.
pub fn origin(site: &SiteId) -> String {
    format!("cardmint/{site}")
}

impl Checkpoint {
    /// The note's text.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }

    /// Reads a note's text; further lines (extensions) are passed over.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, number, root) = (lines.next()?, lines.next()?, lines.next()?);
        let size: u64 = number.parse().ok()?;
        let root = Hash::from_slice(&STANDARD.decode(root).ok()?)?;
        let plain = size.to_string() == number && !origin.is_empty() && !text.contains("\n\n");
        plain.then(|| Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

/// Writes a file so that after a loss of power there is either the old or the new one: temporary file, sync, rename, sync of
/// the folder. An older copy of the same name is replaced.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".new");
    let new: PathBuf = path.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_three_lines() {
        // The example of c2sp.org/tlog-checkpoint.
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!(
            (checkpoint.origin.as_str(), checkpoint.size),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert_eq!(checkpoint.text(), text);
        for bad in [
            "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n1\nCsUY\n",
            "a\n1\n",
            "",
        ] {
            assert_eq!(Checkpoint::parse(bad), None, "{bad:?}");
        }
    }
}
