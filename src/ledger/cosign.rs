// SPDX-License-Identifier: Apache-2.0
//! Cosignatures of checkpoints (c2sp.org/tlog-cosignature, signature type 4: Ed25519 with a time): a second party, the
//! witness, says that at this time this was the largest tree of this log that it has seen, and that every earlier one that it
//! has seen was its beginning.

use std::fmt;
use std::str::FromStr;

use super::field::{FieldFault, Signature, VerifyKey};
use super::note::{self, NoteFault};

/// The type byte of cosignatures in key ids and verifier keys.
const COSIGNATURE: &[u8] = &[4];

/// The public key of a witness, under its name. Text form: `NAME+ID+BASE64` ("vkey").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CosignKey {
    /// The key's name.
    pub name: String,
    /// The key.
    pub key: VerifyKey,
}

/// A cosignature: when, and over the text with the time before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cosignature {
    /// Seconds since 1970 in UTC.
    pub time: u64,
    /// Ed25519 over [`message`].
    pub sig: Signature,
}

/// What a witness signs: two lines of its own and the checkpoint's text.
pub fn message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

impl CosignKey {
    /// Whether there can be a key of this name.
    pub fn is_name(name: &str) -> bool {
        note::is_key_name(name) && !name.chars().any(char::is_control)
    }

    /// The key id: the first four bytes of SHA-256(name ‖ 0A ‖ 04 ‖ public key).
    pub fn id(&self) -> [u8; 4] {
        note::key_id(&self.name, COSIGNATURE, &self.key.0)
    }

    /// Whether the cosignature is this key's over a checkpoint's text. A time beyond 2^63-1 is none.
    pub fn verifies(&self, text: &str, cosignature: &Cosignature) -> bool {
        let message = message(cosignature.time, text);
        i64::try_from(cosignature.time).is_ok() && self.key.verifies(&message, &cosignature.sig)
    }

    /// The signature line.
    pub fn line(&self, cosignature: &Cosignature) -> String {
        let signature = [&cosignature.time.to_be_bytes()[..], &cosignature.sig.0].concat();
        note::line(&self.name, self.id(), &signature)
    }

    /// This key's cosignature in a note, the newest where there are several: none, or a right one. Lines of other keys are
    /// passed over.
    pub fn find(&self, note: &str) -> Result<Option<Cosignature>, NoteFault> {
        let (text, lines) = note::lines(note).ok_or(NoteFault::Form)?;
        let mut found: Option<Cosignature> = None;
        for line in lines.iter().filter(|l| l.name == self.name && l.id == self.id()) {
            let cosignature = read(&line.signature).ok_or(NoteFault::Signature)?;
            if !self.verifies(text, &cosignature) {
                return Err(NoteFault::Signature);
            }
            found = found.filter(|f| f.time > cosignature.time).or(Some(cosignature));
        }
        Ok(found)
    }
}

/// Eight bytes of time, high byte first, and the signature.
fn read(bytes: &[u8]) -> Option<Cosignature> {
    let (time, sig) = bytes.split_first_chunk::<8>()?;
    let sig = Signature(sig.try_into().ok()?);
    let time = u64::from_be_bytes(*time);
    Some(Cosignature { time, sig })
}

impl fmt::Display for CosignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&note::vkey(&self.name, self.id(), COSIGNATURE, &self.key.0))
    }
}

impl FromStr for CosignKey {
    type Err = FieldFault;
    fn from_str(s: &str) -> Result<Self, FieldFault> {
        let fault = || FieldFault::new("witness key (NAME+ID+BASE64)", s);
        let (name, id, data) = note::vkey_parts(s).ok_or_else(fault)?;
        let key = data.strip_prefix(COSIGNATURE).ok_or_else(fault)?;
        let key = VerifyKey(key.try_into().map_err(|_| fault())?);
        let name = name.to_owned();
        let found = Self { name, key };
        if hex::encode(found.id()) == id {
            Ok(found)
        } else {
            Err(fault())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    // The checkpoint of c2sp.org/tlog-cosignature's example.
    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_message_is_that_of_the_standard() {
        let message = String::from_utf8(message(1_679_315_147, TEXT)).unwrap();
        assert_eq!(message, format!("cosignature/v1\ntime 1679315147\n{TEXT}"));
    }

    #[test]
    fn a_line_reads_back_and_no_altered_one_does() {
        let private = SigningKey::from_bytes(&[5; 32]);
        let key = CosignKey {
            name: "witness.example/w1".into(),
            key: VerifyKey(private.verifying_key().to_bytes()),
        };
        assert_eq!(key.to_string().parse::<CosignKey>().unwrap(), key);
        let at = |time| Cosignature {
            time,
            sig: Signature(private.sign(&message(time, TEXT)).to_bytes()),
        };
        let note = |lines: &[String]| format!("{TEXT}\n{}", lines.concat());
        let (old, new) = (at(1_679_315_147), at(1_679_315_148));
        assert_eq!(key.find(&note(&[key.line(&old)])), Ok(Some(old)));
        assert_eq!(key.find(&note(&[key.line(&new), key.line(&old)])), Ok(Some(new)));
        assert_eq!(
            key.find(&note(&[key.line(&old)]).replace("52163", "52164")),
            Err(NoteFault::Signature)
        );
        let later = Cosignature {
            time: 1_679_315_148,
            ..old
        };
        assert_eq!(key.find(&note(&[key.line(&later)])), Err(NoteFault::Signature));
        let beyond = at(1 << 63);
        assert_eq!(key.find(&note(&[key.line(&beyond)])), Err(NoteFault::Signature));
        let other = CosignKey {
            name: "witness.example/w2".into(),
            ..key.clone()
        };
        assert_eq!(other.find(&note(&[key.line(&old)])), Ok(None));
    }
}
