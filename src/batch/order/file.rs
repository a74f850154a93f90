// SPDX-License-Identifier: Apache-2.0
//! An order file on the disk: which coding it is in, and that it is still the file that was checked.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::OrderFault;
use crate::ledger::Hash;
use crate::template::{EncodingDetector, TextEncoding};

/// An order file that was looked through once.
#[derive(Debug, Clone)]
pub struct OrderFile {
    path: PathBuf,
    encoding: TextEncoding,
    digest: Hash,
}

impl OrderFile {
    /// Looks through a file; `told` is the coding where the operator names it.
    pub fn open(path: &Path, told: Option<TextEncoding>) -> Result<Self, OrderFault> {
        let failed = |e: io::Error| OrderFault::read(path, &e);
        let mut file = File::open(path).map_err(failed)?;
        let mut detector = EncodingDetector::default();
        let mut hash = Sha256::new();
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = file.read(&mut piece).map_err(failed)?;
            if read == 0 {
                break;
            }
            hash.update(&piece[..read]);
            detector.feed(&piece[..read]);
        }
        let encoding = match (told, detector.finish()) {
            (Some(told), _) => told,
            (None, found) => found?,
        };
        Ok(Self {
            path: path.to_owned(),
            encoding,
            digest: Hash(hash.finalize().into()),
        })
    }

    /// Its coding.
    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// The digest of its bytes.
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// Its bytes once more.
    pub(super) fn bytes(&self) -> Result<SameBytes, OrderFault> {
        let file = File::open(&self.path).map_err(|e| OrderFault::read(&self.path, &e))?;
        Ok(SameBytes {
            file: BufReader::with_capacity(64 * 1024, file),
            hash: Sha256::new(),
        })
    }

    /// Whether the bytes that were read now are those that were looked through.
    pub(super) fn is_same(&self, mut bytes: SameBytes) -> Result<(), OrderFault> {
        // What no row needed: the rest behind a fault that ended the reading.
        io::copy(&mut bytes, &mut io::sink()).map_err(|e| OrderFault::read(&self.path, &e))?;
        if Hash(bytes.hash.finalize().into()) == self.digest {
            return Ok(());
        }
        let path = self.path.display().to_string();
        Err(OrderFault::Changed { path })
    }
}

/// The file's bytes, hashed on the way.
pub(super) struct SameBytes {
    file: BufReader<File>,
    hash: Sha256,
}

impl Read for SameBytes {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(place)?;
        self.hash.update(&place[..read]);
        Ok(read)
    }
}
