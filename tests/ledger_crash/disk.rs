// SPDX-License-Identifier: Apache-2.0
//! A folder on a disk that forgets: what was synced is there for certain; of what was not, any sector of any write, and any
//! change of a name, may be there or not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One step of a process, as the recorder wrote it down. Paths are names within the folder; `""` is the folder itself.
#[derive(Debug, Clone)]
pub enum Step {
    Write { file: String, offset: usize, data: Vec<u8> },
    Truncate { file: String, size: usize },
    Sync { file: String },
    Rename { from: String, to: String },
    Remove { file: String },
    Said { text: String },
}

/// Reads the recorder's book.
pub fn steps(book: &[u8], folder: &Path) -> Vec<Step> {
    let mut at = 0;
    let mut take = |n: usize| {
        at += n;
        book[at - n..at].to_vec()
    };
    let mut all = Vec::new();
    let mut left = book.len();
    while left > 0 {
        let number = |bytes: Vec<u8>| u64::from_le_bytes(bytes.try_into().unwrap()) as usize;
        let kind = take(1)[0];
        let length = number(take(8));
        let name = |path: Vec<u8>| {
            let path = String::from_utf8(path).unwrap();
            let name = path.strip_prefix(folder.to_str().unwrap()).unwrap_or("");
            name.trim_start_matches('/').to_owned()
        };
        let file = name(take(length));
        let offset = number(take(8));
        let size = number(take(8));
        let data = take(size);
        left -= 25 + length + size;
        all.push(match kind {
            b'W' => Step::Write { file, offset, data },
            b'T' => Step::Truncate { file, size: offset },
            b'S' => Step::Sync { file },
            b'R' => Step::Rename {
                from: file,
                to: name(data),
            },
            b'U' => Step::Remove { file },
            _ => Step::Said {
                text: String::from_utf8_lossy(&data).into_owned(),
            },
        });
    }
    all
}

#[derive(Debug, Clone, Default)]
struct Content {
    synced: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Debug, Clone)]
enum Name {
    Set(String, usize),
    Gone(String),
}

/// The folder after some steps.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    contents: Vec<Content>,
    /// Names as the process sees them.
    names: BTreeMap<String, usize>,
    /// Names that outlast a loss of power, and what happened to them since.
    synced: BTreeMap<String, usize>,
    since: Vec<Name>,
}

/// How a disk forgets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Nothing is lost: only the process died.
    Nothing,
    /// Everything that was not synced.
    All,
    /// Everything after some moment.
    Late,
    /// Any sectors of this size of any write, and any of the names.
    Sectors(usize),
    /// The same, and where a sector was lost there is garbage that was never written, if the file had nothing there before.
    Garbage(usize),
}

impl Disk {
    /// All files of a folder, synced.
    pub fn of(folder: &Path) -> Self {
        let mut disk = Self::default();
        for file in fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            disk.synced.insert(name, disk.contents.len());
            disk.contents.push(Content {
                synced: fs::read(file.path()).unwrap(),
                since: Vec::new(),
            });
        }
        disk.names.clone_from(&disk.synced);
        disk
    }

    fn content(&mut self, file: &str) -> usize {
        if let Some(at) = self.names.get(file) {
            return *at;
        }
        let at = self.contents.len();
        self.contents.push(Content::default());
        self.names.insert(file.to_owned(), at);
        self.since.push(Name::Set(file.to_owned(), at));
        at
    }

    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Write { file, offset, data } => {
                let at = self.content(file);
                self.contents[at].since.push(Change::Write(*offset, data.clone()));
            }
            Step::Truncate { file, size } => {
                let at = self.content(file);
                self.contents[at].since.push(Change::Truncate(*size));
            }
            Step::Sync { file } if file.is_empty() => {
                self.synced.clone_from(&self.names);
                self.since.clear();
            }
            Step::Sync { file } => {
                let at = self.content(file);
                let content = &mut self.contents[at];
                for change in std::mem::take(&mut content.since) {
                    apply(&mut content.synced, &change);
                }
            }
            Step::Rename { from, to } => {
                let at = self.content(from);
                self.names.remove(from);
                self.names.insert(to.clone(), at);
                // One change of the folder: both happen or neither.
                self.since.push(Name::Gone(from.clone()));
                self.since.push(Name::Set(to.clone(), at));
            }
            Step::Remove { file } => {
                self.names.remove(file);
                self.since.push(Name::Gone(file.clone()));
            }
            Step::Said { .. } => {}
        }
    }

    /// What is found after the power came back.
    pub fn crashed(&self, loss: Loss, draw: &mut dyn FnMut(usize) -> usize) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.synced.clone();
        let kept = match loss {
            Loss::Nothing => self.since.len(),
            Loss::All => 0,
            // Folders are journaled: their changes are lost from the end.
            _ => draw(self.since.len() + 1),
        };
        let mut kept = &self.since[..kept];
        if let [before @ .., Name::Gone(_)] = kept
            && matches!(self.since.get(kept.len()), Some(Name::Set(..)))
            && matches!(loss, Loss::Late | Loss::Sectors(_) | Loss::Garbage(_))
        {
            kept = before;
        }
        for change in kept {
            match change {
                Name::Set(name, at) => drop(names.insert(name.clone(), *at)),
                Name::Gone(name) => drop(names.remove(name)),
            }
        }
        names
            .into_iter()
            .map(|(name, at)| (name, self.contents[at].crashed(loss, draw)))
            .collect()
    }
}

impl Content {
    fn crashed(&self, loss: Loss, draw: &mut dyn FnMut(usize) -> usize) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        match loss {
            Loss::All => {}
            Loss::Nothing => self.since.iter().for_each(|change| apply(&mut bytes, change)),
            Loss::Late => {
                let kept = draw(self.since.len() + 1);
                self.since[..kept].iter().for_each(|change| apply(&mut bytes, change));
            }
            Loss::Sectors(sector) | Loss::Garbage(sector) => {
                let often = 1 + draw(9);
                for change in &self.since {
                    match change {
                        Change::Truncate(_) if draw(2) == 0 => {}
                        Change::Truncate(size) => bytes.truncate(*size),
                        Change::Write(offset, data) => {
                            for (from, piece) in pieces(*offset, data, sector) {
                                if draw(10) < often {
                                    put(&mut bytes, from, piece);
                                } else if loss == Loss::Garbage(sector) && from >= bytes.len() {
                                    let never: Vec<u8> = piece.iter().map(|_| draw(256) as u8).collect();
                                    put(&mut bytes, from, &never);
                                }
                            }
                        }
                    }
                }
            }
        }
        bytes
    }
}

/// The parts of a write that lie in one sector each.
fn pieces(offset: usize, data: &[u8], sector: usize) -> Vec<(usize, &[u8])> {
    let mut all = Vec::new();
    let mut from = 0;
    while from < data.len() {
        let end = (((offset + from) / sector + 1) * sector - offset).min(data.len());
        all.push((offset + from, &data[from..end]));
        from = end;
    }
    all
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if bytes.len() < offset + data.len() {
        bytes.resize(offset + data.len(), 0);
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(offset, data) => put(bytes, *offset, data),
        Change::Truncate(size) => bytes.truncate(*size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(file: &str, data: &[u8]) -> Step {
        Step::Write {
            file: file.to_owned(),
            offset: 0,
            data: data.to_vec(),
        }
    }

    #[test]
    fn what_was_not_synced_may_be_lost_and_nothing_else() {
        let mut disk = Disk::default();
        let sync = |file: &str| Step::Sync { file: file.to_owned() };
        for step in [
            write("a", b"one"),
            sync("a"),
            sync(""),
            write("a", b"two"),
            write("b", b"new"),
        ] {
            disk.take(&step);
        }
        let found = |loss| disk.crashed(loss, &mut |_| 0);
        let file = |name: &str, data: &[u8]| (name.to_owned(), data.to_vec());
        assert_eq!(found(Loss::All), BTreeMap::from([file("a", b"one")]));
        assert_eq!(
            found(Loss::Nothing),
            BTreeMap::from([file("a", b"two"), file("b", b"new")])
        );
        assert_eq!(pieces(510, &[7; 600], 512).len(), 3);
    }
}
