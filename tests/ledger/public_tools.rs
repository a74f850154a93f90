// SPDX-License-Identifier: Apache-2.0
//! Checkpoints and proofs of this ledger in the hands of transparency-log tools that nobody here wrote: `signed_note` and
//! `tlog_tiles` (Cloudflare's Azul, after Go's sumdb). They accept what is right at every size, and refuse what is damaged
//! where this program refuses it.

use super::bench_site::*;
use cardmint::crypto::SecretBytes;
use cardmint::crypto::sm2::Sm2SigningKey;
use cardmint::ledger::act::TemplateApprove;
use cardmint::ledger::cosign::CosignKey;
use cardmint::ledger::note::open;
use cardmint::ledger::sealing::LogSigner;
use cardmint::ledger::witness::Memory;
use cardmint::ledger::{Act, Hash, evidence, merkle};
use ed25519_dalek::Signer as _;
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash as PublicHash, check_record, check_tree, record_hash};

const ENTRIES: u64 = 67;

/// A ledger with an SM2 key, and its checkpoint at every size.
fn told() -> (Bench, Vec<String>) {
    let sm2 = Sm2SigningKey::from_scalar(SecretBytes::new(vec![7; 32])).unwrap();
    let mut founding = founding(open_policy());
    founding.init.log_sm2 = Some(sm2.public().into());
    let mut b = Bench::of(founding);
    let mut notes = vec![String::new()];
    loop {
        let log = key(9);
        let (ed25519, by_sm2) = (|m: &[u8]| log.sign(m).to_bytes(), |m: &[u8]| sm2.sign(m));
        let signer = LogSigner {
            ed25519: &ed25519,
            sm2: Some((sm2.public().into(), &by_sm2)),
        };
        b.ledger.checkpoint_by(&signer).unwrap();
        notes.push(b.ledger.checkpoint_note().unwrap().unwrap());
        if b.ledger.size() == ENTRIES {
            return (b, notes);
        }
        let name = format!("t{}", b.ledger.size());
        let act = TemplateApprove {
            template: text(&name),
            digest: Hash::of(&[name.as_bytes()]),
        };
        b.by(&["张三"], Act::TemplateApprove(act)).unwrap();
    }
}

fn verifiers(vkey: &str) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(vkey).unwrap())])
}

/// The checkpoint of a note that the public tool believes.
fn believed(note: &str, vkey: &str) -> Option<Checkpoint> {
    let note = Note::from_bytes(note.as_bytes()).ok()?;
    note.verify(&verifiers(vkey)).ok()?;
    Checkpoint::from_bytes(note.text()).ok()
}

fn theirs(hash: &Hash) -> PublicHash {
    PublicHash(hash.0)
}

fn all(hashes: &[Hash]) -> Vec<PublicHash> {
    hashes.iter().map(theirs).collect()
}

/// A hash with one bit changed, a hash too few, a hash too many.
fn damaged(path: &[Hash]) -> Vec<Vec<Hash>> {
    let mut found = Vec::new();
    for at in 0..path.len() {
        let mut bad = path.to_vec();
        bad[at].0[at % 32] ^= 1 << (at % 8);
        found.push(bad);
        let mut short = path.to_vec();
        short.remove(at);
        found.push(short);
    }
    let mut long = path.to_vec();
    long.push(Hash::default());
    found.push(long);
    found
}

#[test]
fn notes_of_every_size_are_accepted_and_damaged_ones_refused_as_here() {
    let (b, notes) = told();
    let key = b.ledger.note_key();
    let vkey = key.to_string();
    let (mut accepted, mut refused) = (0, 0);
    for (size, note) in (1..).zip(&notes[1..]) {
        let checkpoint = believed(note, &vkey).unwrap();
        let root = b.ledger.root_at(size).unwrap();
        assert_eq!((checkpoint.origin(), checkpoint.size()), (key.name.as_str(), size));
        assert_eq!(checkpoint.hash(), &theirs(&root));
        assert_eq!(note.lines().filter(|l| l.starts_with("— ")).count(), 2);
        accepted += 1;
    }
    let note = &notes[40];
    for at in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(bad) = String::from_utf8(bytes) else { continue };
        assert_eq!(
            believed(&bad, &vkey).is_some(),
            open(&bad, &key).is_ok(),
            "byte {at}: {bad}"
        );
        refused += usize::from(open(&bad, &key).is_err());
    }
    assert!(accepted == ENTRIES && refused > 150, "{accepted} {refused}");
    assert!(
        believed(
            note,
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        )
        .is_none()
    );
}

#[test]
fn inclusion_proofs_of_every_entry_in_every_tree_are_accepted_and_damaged_ones_refused() {
    let (b, _) = told();
    let (mut good, mut bad) = (0, 0);
    for size in 1..=ENTRIES {
        let root = b.ledger.root_at(size).unwrap();
        for seq in 0..size {
            let line = b.ledger.line(seq).unwrap();
            let (leaf, own) = (record_hash(&line), Hash::leaf(&line));
            let path = b.ledger.prove(seq, size).unwrap();
            assert!(
                check_record(&all(&path), size, theirs(&root), seq, leaf).is_ok(),
                "{seq} of {size}"
            );
            good += 1;
            if size % 13 != 1 {
                continue;
            }
            for other in damaged(&path) {
                assert!(
                    check_record(&all(&other), size, theirs(&root), seq, leaf).is_err(),
                    "{seq} of {size}"
                );
                assert!(!merkle::check_inclusion(seq, size, own, &other, root));
                bad += 1;
            }
            let neighbour = (seq + 1) % size;
            let theirs = check_record(&all(&path), size, theirs(&root), neighbour, leaf).is_ok();
            assert_eq!(theirs, merkle::check_inclusion(neighbour, size, own, &path, root));
        }
    }
    println!("{good} proofs accepted, {bad} damaged ones refused");
    assert_eq!(good, ENTRIES * (ENTRIES + 1) / 2);
}

#[test]
fn consistency_proofs_between_all_sizes_are_accepted_and_damaged_ones_refused() {
    let (b, _) = told();
    let root = |size| b.ledger.root_at(size).unwrap();
    let (mut good, mut bad) = (0, 0);
    for to in 1..=ENTRIES {
        for from in 1..=to {
            let path = b.ledger.consistency(from, to).unwrap();
            let (old, new) = (root(from), root(to));
            let accepts = |path: &[Hash]| check_tree(&all(path), to, theirs(&new), from, theirs(&old)).is_ok();
            assert!(accepts(&path), "{from} to {to}");
            good += 1;
            if to % 11 != 1 {
                continue;
            }
            for other in damaged(&path) {
                assert!(!accepts(&other), "{from} to {to}");
                assert!(!merkle::check_consistency(from, to, &other, old, new));
                bad += 1;
            }
        }
    }
    println!("{good} proofs accepted, {bad} damaged ones refused");
    assert_eq!(good, ENTRIES * (ENTRIES + 1) / 2);
}

#[test]
fn an_evidence_file_is_read_by_public_tools_alone() {
    let (b, _) = told();
    let vkey = b.ledger.note_key().to_string();
    for seq in [0, 1, 31, 32, 63, 66] {
        let file = b.ledger.evidence(seq).unwrap();
        let (proof, note) = file.split_once("\n\n").unwrap();
        let lines: Vec<&str> = proof.lines().collect();
        assert_eq!(lines[0], "c2sp.org/tlog-proof@v1");
        let line = base64_of(lines[1].strip_prefix("extra ").unwrap());
        let index: u64 = lines[2].strip_prefix("index ").unwrap().parse().unwrap();
        let path: Vec<PublicHash> = lines[3..].iter().map(|l| PublicHash::parse_hash(l).unwrap()).collect();
        let checkpoint = believed(note, &vkey).unwrap();
        let size = checkpoint.size();
        assert!(check_record(&path, size, *checkpoint.hash(), index, record_hash(&line)).is_ok());
        assert_eq!(evidence::check(&file, &b.ledger.note_key()).unwrap().seq, index);
    }
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// A verifier of cosignatures for the public note reader, written from c2sp.org/tlog-cosignature; the signature itself is
/// checked by OpenSSL.
struct CosignatureV1(CosignKey);

impl Verifier for CosignatureV1 {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn key_id(&self) -> u32 {
        signed_note::key_id(&self.0.name, &[&[4][..], &self.0.key.0].concat())
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let Some((time, signature)) = signature.split_first_chunk::<8>() else {
            return false;
        };
        let time = u64::from_be_bytes(*time);
        let message = [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat();
        let public = openssl::pkey::PKey::public_key_from_raw_bytes(&self.0.key.0, openssl::pkey::Id::ED25519).unwrap();
        let mut verifier = openssl::sign::Verifier::new_without_digest(&public).unwrap();
        verifier.verify_oneshot(signature, &message).unwrap_or(false)
    }
}

#[test]
fn cosigned_notes_are_read_by_the_public_tool_and_damaged_cosignatures_refused() {
    let (b, notes) = told();
    let log = b.ledger.note_key();
    let witness = CosignKey {
        name: "audit.example/w1".into(),
        key: public(20),
    };
    let mut memory = Memory::new(witness.clone());
    let request = b.ledger.consistency_from(0).unwrap().to_string();
    let granted = memory.examine(&request, Some(&log)).unwrap();
    let private = key(20);
    let cosigned = memory
        .cosign(granted, 1_795_000_000, &|m| private.sign(m).to_bytes())
        .unwrap();
    let note = cosigned.note.clone();
    assert!(note.starts_with(notes[67].as_str()), "the log's lines stay as they are");
    let both = || {
        let own: Box<dyn Verifier> = Box::new(StandardVerifier::new(&log.to_string()).unwrap());
        VerifierList::new(vec![own, Box::new(CosignatureV1(witness.clone()))])
    };
    let (right, passed_over) = Note::from_bytes(note.as_bytes()).unwrap().verify(&both()).unwrap();
    assert_eq!(
        (right.len(), passed_over.len()),
        (2, 1),
        "log and witness; the SM2 line is passed over"
    );
    let line = note.lines().last().unwrap();
    let from = note.len() - line.len() - 1;
    for at in from..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(bad) = String::from_utf8(bytes) else { continue };
        let theirs = Note::from_bytes(bad.as_bytes()).and_then(|n| n.verify(&both()));
        let theirs = theirs.map(|(right, _)| right.len() == 2).ok();
        let ours = witness.find(&bad).map(|found| found.is_some()).ok();
        assert_eq!(theirs == Some(true), ours == Some(true), "byte {at}: {bad}");
    }
}
