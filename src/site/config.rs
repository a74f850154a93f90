// SPDX-License-Identifier: Apache-2.0
//! `site.toml`: what a centre is and a few settings. Nothing in it is secret, and nothing that guards keys stands in it
//! alone: the quorum is in the key store's header, the officers and their rules are in the ledger.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::SiteError;
use crate::crypto::KcvLength;
use crate::keys::LevelName;
use crate::keys::scheme::Title;

/// The format that this program reads and writes.
const FORMAT: u32 = 1;

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SiteConfig {
    /// Version of this format.
    pub format: u32,
    /// The site's id, random.
    pub id: String,
    /// A scheme's name, or the path of a scheme file, from the site's folder.
    pub scheme: String,
    /// The site's level in the scheme.
    pub level: LevelName,
    /// The site's code at that level; empty at the top.
    #[serde(default)]
    pub code: String,
    /// Optional levels of the scheme that are switched on.
    #[serde(default)]
    pub levels: Vec<LevelName>,
    /// Whether it is a rehearsal, for good.
    pub rehearsal: bool,
    /// Length of check values in bytes.
    pub kcv_length: KcvLength,
    /// Where the last checkpoint is kept, from the site's folder.
    pub checkpoint_copy: PathBuf,
    /// Whether to refuse work where memory cannot be locked against paging out.
    #[serde(default)]
    pub require_memory_lock: bool,
    /// Acts at the customer desk that put the card on the blacklist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blacklist_on: Vec<Blacklisting>,
    /// The centre's name.
    pub name: Title,
}

/// An act that puts its card on the blacklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blacklisting {
    /// 挂失; and 解挂 takes it off again.
    #[serde(rename = "card.lost")]
    Lost,
    /// 销户.
    #[serde(rename = "card.cancel")]
    Cancel,
    /// 换卡: the old card.
    #[serde(rename = "card.exchange")]
    Exchange,
    /// 退卡.
    #[serde(rename = "card.return")]
    Return,
}

impl SiteConfig {
    pub(super) fn current_format() -> u32 {
        FORMAT
    }

    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, SiteError> {
        let shown = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let here = path.parent().unwrap_or(path).display().to_string();
                return Err(SiteError::NoSite { here });
            }
            Err(e) => {
                return Err(SiteError::Io {
                    path: shown,
                    what: e.to_string(),
                });
            }
        };
        Self::parse(&shown, &text)
    }

    /// Reads a text; `source` is its name in errors.
    pub fn parse(source: &str, text: &str) -> Result<Self, SiteError> {
        let config: Self = toml::from_str(text).map_err(|e| {
            let at = e.span().map_or(0, |s| s.start);
            let line = text.bytes().take(at).filter(|b| *b == b'\n').count() + 1;
            SiteError::Syntax {
                path: source.to_owned(),
                line,
                what: e.message().to_owned(),
            }
        })?;
        if config.format == FORMAT {
            Ok(config)
        } else {
            Err(SiteError::Format {
                path: source.to_owned(),
                found: config.format,
            })
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let fields = toml::to_string(self).unwrap_or_default();
        format!("# A cardmint site; docs/formats/site.md has the fields.\n{fields}")
    }
}
