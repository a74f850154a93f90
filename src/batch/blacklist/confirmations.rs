// SPDX-License-Identifier: Apache-2.0
//! Confirmations that come back: who has which list in use, as a CSV file with the columns `by` and `sequence`. Checked whole
//! before the first is recorded.

use super::fault::BlacklistError;
use crate::ledger::{Ledger, Text};

/// Somebody has a list in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// An operator of terminals, a terminal.
    pub by: Text,
    /// The list.
    pub sequence: u32,
}

/// Reads a file. Lines that the ledger has already are left out.
pub fn read_confirmations(text: &str, ledger: &Ledger) -> Result<Vec<Confirmation>, BlacklistError> {
    let mut lines = text.trim_start_matches('\u{FEFF}').lines().enumerate();
    let heading = lines.next().map(|(_, line)| line.trim()).unwrap_or_default();
    if heading != "by,sequence" {
        return Err(BlacklistError::Confirmation { line: 1 });
    }
    let (known, next) = (ledger.list_confirmations()?, ledger.next_list()?);
    let mut found = Vec::new();
    for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = || BlacklistError::Confirmation { line: at + 1 };
        let (by, sequence) = line.trim().rsplit_once(',').ok_or_else(wrong)?;
        let by = Text::new(by.trim().trim_matches('"')).map_err(|_| wrong())?;
        let sequence: u32 = sequence.trim().parse().map_err(|_| wrong())?;
        if sequence == 0 || sequence >= next {
            return Err(BlacklistError::NoList { sequence });
        }
        if !known.iter().any(|(who, list)| who == by.as_str() && *list >= sequence) {
            found.push(Confirmation { by, sequence });
        }
    }
    Ok(found)
}
