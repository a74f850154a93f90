// SPDX-License-Identifier: Apache-2.0
//! Which line of a TOML text a path such as `df[0].file[2].write` stands on: for the messages about templates and
//! ceremonies.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A TOML text that can be asked for lines.
pub(crate) struct Lines<'a> {
    text: &'a str,
    root: Option<Spanned<DeTable<'a>>>,
}

impl<'a> Lines<'a> {
    /// For that text; one that does not parse has no lines.
    pub(crate) fn of(text: &'a str) -> Self {
        Self {
            text,
            root: DeTable::parse(text).ok(),
        }
    }

    /// The line, from 1, of the deepest part of the path that exists.
    pub(crate) fn line(&self, path: &str) -> usize {
        self.root
            .as_ref()
            .map_or(1, |root| self.at(Self::deepest(root.get_ref(), path)))
    }

    /// The line, from 1, of a byte offset.
    pub(crate) fn at(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        before.bytes().filter(|b| *b == b'\n').count() + 1
    }

    fn deepest(root: &DeTable<'a>, path: &str) -> usize {
        let mut offset = 0;
        let mut table = root;
        for part in path.split('.') {
            let (name, index) = match part.split_once('[') {
                Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
                None => (part, None),
            };
            let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref().as_ref() == name) else {
                break;
            };
            offset = key.span().start;
            let mut value = value;
            if let (Some(index), DeValue::Array(items)) = (index, value.get_ref()) {
                let Some(item) = items.get(index) else { break };
                offset = item.span().start;
                value = item;
            }
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_deepest_part() {
        let text = "a = 1\n[[df]]\nfid = 1\n\n[[df]]\nfid = 2\n[[df.file]]\nsize = 3\n";
        let lines = Lines::of(text);
        assert_eq!(lines.line("a"), 1);
        assert_eq!(lines.line("df[0].fid"), 3);
        assert_eq!(lines.line("df[1].fid"), 6);
        assert_eq!(lines.line("df[1].file[0].size"), 8);
        assert_eq!(lines.line("df[1].file[0].read"), 7);
        assert_eq!(Lines::of("= =").line("x"), 1);
    }
}
