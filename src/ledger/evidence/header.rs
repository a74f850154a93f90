// SPDX-License-Identifier: Apache-2.0
//! The head of an evidence bundle (docs/formats/evidence.md): what is in it and of which tree. Each line stands where it
//! must; numbers have one form only.

use std::fmt;

/// The first line of a bundle.
pub const FIRST_LINE: &str = "cardmint-evidence/1";

/// The longest `about`, in characters.
const LONGEST_ABOUT: usize = 200;

/// Whether all entries are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All entries that the checkpoint covers.
    Whole,
    /// Some of them.
    Part,
}

impl Extent {
    /// As it stands in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Part => "part",
        }
    }
}

/// What a bundle says of itself. `Display` gives its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// All entries or some.
    pub extent: Extent,
    /// What the part is about, for people; a whole bundle has none.
    pub about: Option<String>,
    /// How many leaves the tree has.
    pub tree: u64,
    /// How many entries are in the file.
    pub entries: u64,
    /// How many hashes are in the file.
    pub hashes: u64,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nkind {}", self.extent.as_str())?;
        if let Some(about) = &self.about {
            writeln!(f, "about {about}")?;
        }
        writeln!(
            f,
            "tree {}\nentries {}\nhashes {}",
            self.tree, self.entries, self.hashes
        )
    }
}

impl Header {
    /// Reads the lines before the first empty one.
    pub fn parse(lines: &[&str]) -> Option<Self> {
        let (extent, about, numbers) = match lines {
            [FIRST_LINE, "kind whole", numbers @ ..] => (Extent::Whole, None, numbers),
            [FIRST_LINE, "kind part", about, numbers @ ..] => {
                (Extent::Part, Some(about.strip_prefix("about ")?.to_owned()), numbers)
            }
            _ => return None,
        };
        let [tree, entries, hashes] = numbers else { return None };
        let header = Self {
            extent,
            about,
            tree: number(tree, "tree ")?,
            entries: number(entries, "entries ")?,
            hashes: number(hashes, "hashes ")?,
        };
        header.is_possible().then_some(header)
    }

    fn is_possible(&self) -> bool {
        let whole = self.extent == Extent::Part || self.entries == self.tree && self.hashes == 0;
        let told = self.about.as_deref().is_none_or(is_about);
        let counted = (1..=self.tree).contains(&self.entries) && i64::try_from(self.tree).is_ok();
        whole && told && counted
    }
}

/// Whether a text can stand in the `about` line.
pub fn is_about(text: &str) -> bool {
    let short = (1..=LONGEST_ABOUT).contains(&text.chars().count());
    short && !text.chars().any(char::is_control) && text.trim() == text
}

fn number(line: &str, name: &str) -> Option<u64> {
    let digits = line.strip_prefix(name)?;
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_of_each_line_is_read() {
        let part = "cardmint-evidence/1\nkind part\nabout card 1001\ntree 29\nentries 9\nhashes 7\n";
        let read = |text: &str| Header::parse(&text.lines().collect::<Vec<_>>());
        let header = read(part).unwrap();
        assert_eq!((header.tree, header.about.as_deref()), (29, Some("card 1001")));
        assert_eq!(header.to_string(), part);
        let whole = "cardmint-evidence/1\nkind whole\ntree 29\nentries 29\nhashes 0\n";
        assert_eq!(read(whole).unwrap().to_string(), whole);
        for bad in [
            whole.replace("entries 29", "entries 28"),
            whole.replace("hashes 0", "hashes 1"),
            whole.replace("kind whole", "kind whole\nabout all"),
            whole.replace("29", "0"),
            whole.replace("/1", "/2"),
            part.replace("about card 1001\n", ""),
            part.replace("card 1001", ""),
            part.replace("card 1001", "card\u{7}"),
            part.replace("card 1001", " card"),
            part.replace("card 1001", &"卡".repeat(201)),
            part.replace("tree 29", "tree 029"),
            part.replace("tree 29", "tree +29"),
            part.replace("tree 29", "tree 8"),
            part.replace("tree 29", "tree 9223372036854775808"),
            part.replace("entries 9", "entries 0"),
            part.replace("entries 9\n", ""),
            part.replace("entries 9\n", "hashes 7\nentries 9\n"),
            part.replace("kind part", "kind all"),
            format!("{part}more 1\n"),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }
}
