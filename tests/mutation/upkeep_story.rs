// SPDX-License-Identifier: Apache-2.0
//! A site whose ledger was kept as `docs/formats/ledger.md` allows: SM2 keys of the log, cosigned checkpoints of two witnesses
//! before and after a loss, backups, archives. The acts that the stories of tests/ledger do not have.

use cardmint::crypto::SecretBytes;
use cardmint::crypto::sm2::Sm2SigningKey;
use cardmint::ledger::act::{
    CardVoid, CheckpointCosign, LedgerArchive, LedgerBackup, LedgerLoss, LogKey, RangeKind, RangeReserve,
    TemplateApprove,
};
use cardmint::ledger::checkpoint::Checkpoint;
use cardmint::ledger::cosign::{CosignKey, message};
use cardmint::ledger::note::NoteKey;
use cardmint::ledger::sealing::LogSigner;
use cardmint::ledger::{Act, CardKind, Ending, Hash, Ledger, LedgerError, Policy, Signature, SiteId, Sm2Key};
use ed25519_dalek::Signer as _;

use super::subject::LOG;
use crate::ledger::bench_site::{Bench, founding, intent, key, number, outcome, public, text};
use crate::ledger::story::arrived;

const TWO: &[&str] = &["张三", "李四"];
const ONE: &[&str] = &["张三"];

/// Seeds of the log's SM2 keys, in their order.
pub const SM2: [u8; 3] = [7, 8, 10];

/// Seeds of the witnesses' keys.
pub const WITNESSES: [u8; 2] = [20, 21];

pub fn sm2(seed: u8) -> Sm2SigningKey {
    Sm2SigningKey::from_scalar(SecretBytes::new(vec![seed; 32])).unwrap()
}

pub fn public_sm2(seed: u8) -> Sm2Key {
    sm2(seed).public().into()
}

pub fn witness(seed: u8) -> CosignKey {
    CosignKey {
        name: format!("audit.example/w{seed}"),
        key: public(seed),
    }
}

/// Signs the tree with this key of the log, and with the SM2 key where the ledger names one.
pub fn sign(ledger: &mut Ledger, log: u8) -> Result<Checkpoint, LedgerError> {
    let log = key(log);
    let newest = ledger.state().log_sm2.last().copied();
    let own = newest.and_then(|newest| SM2.into_iter().find(|seed| public_sm2(*seed) == newest).map(sm2));
    let by_sm2 = |m: &[u8]| own.as_ref().and_then(|own| own.sign(m));
    ledger.checkpoint_by(&LogSigner {
        ed25519: &|m| log.sign(m).to_bytes(),
        sm2: newest.filter(|_| own.is_some()).map(|newest| (newest, &by_sm2 as _)),
    })
}

/// What a witness's cosignature over a checkpoint of this log says; the log's key is that of the seed.
pub fn cosigned(log: &NoteKey, by: u8, (size, root): (u64, Hash), (time, seed): (u64, u8)) -> CheckpointCosign {
    let origin = log.name.clone();
    let note = Checkpoint { origin, size, root }.text();
    let signed = |seed: u8, bytes: &[u8]| Signature(key(seed).sign(bytes).to_bytes());
    CheckpointCosign {
        witness: text(&witness(seed).name),
        key: public(seed),
        size,
        root,
        log_sig: signed(by, note.as_bytes()),
        time,
        sig: signed(seed, &message(time, &note)),
        path: Vec::new(),
    }
}

/// The cosignature over the first entries of a ledger that grows.
pub fn cosign(ledger: &Ledger, log: u8, size: u64, time: u64, seed: u8) -> Result<Act, LedgerError> {
    let root = ledger.root_at(size)?;
    let body = cosigned(&ledger.note_key(), log, (size, root), (time, seed));
    Ok(Act::CheckpointCosign(body))
}

fn card(b: &mut Bench, n: &str, result: Ending) {
    let seq = b.by(ONE, Act::CardIntent(intent(n, &format!("C{n}"), None))).unwrap();
    b.by(ONE, Act::CardOutcome(outcome(n, seq, result))).unwrap();
}

fn range(b: &mut Bench, name: &str, from: &str, to: &str) {
    let act = RangeReserve {
        range: text(name),
        kind: RangeKind::User,
        template: None,
        from: number(from),
        to: number(to),
        purpose: text("2027"),
    };
    b.by(ONE, Act::RangeReserve(act)).unwrap();
}

fn log_key(b: &mut Bench, seed: u8) {
    let act = LogKey {
        sm2: public_sm2(seed),
        reason: Some(text("yearly")),
    };
    b.by(TWO, Act::LogKey(act)).unwrap();
}

fn cosign_now(b: &mut Bench, back: u64, time: u64, seed: u8) {
    let act = cosign(&b.ledger, LOG, b.ledger.size() - back, time, seed).unwrap();
    b.by(ONE, act).unwrap();
}

fn backup(b: &mut Bench) {
    let size = b.ledger.size();
    let act = LedgerBackup {
        digest: Hash::of(&[b"copy", &size.to_be_bytes()]),
        bytes: 4096 * size,
        size,
        root: b.ledger.root_at(size).unwrap(),
    };
    b.by(ONE, Act::LedgerBackup(act)).unwrap();
}

fn archive(b: &mut Bench, from: u64, to: u64) {
    let act = LedgerArchive {
        from,
        to,
        file: text(&format!("{from}-{to}.evidence")),
        digest: Hash::of(&[b"archive", &to.to_be_bytes()]),
    };
    b.by(TWO, Act::LedgerArchive(act)).unwrap();
}

/// Every act about the ledger itself, with cards between them.
pub fn told() -> Bench {
    let mut founding = founding(Policy::production());
    founding.site = SiteId::new("city-3100-log").unwrap();
    founding.init.log_sm2 = Some(public_sm2(SM2[0]));
    let mut b = Bench::of(founding);
    let template = TemplateApprove {
        template: text("mohurd-user"),
        digest: Hash::of(&[b"template"]),
    };
    b.by(TWO, Act::TemplateApprove(template)).unwrap();
    b.by(TWO, Act::KeyGenerate(arrived("load/1"))).unwrap();
    range(&mut b, "31", "1001", "1999");
    card(&mut b, "1001", Ending::Issued);
    cosign_now(&mut b, 0, 1_795_000_100, WITNESSES[0]);
    log_key(&mut b, SM2[1]);
    card(&mut b, "1002", Ending::Issued);
    backup(&mut b);
    cosign_now(&mut b, 3, 1_795_000_200, WITNESSES[1]);
    archive(&mut b, 0, 6);
    card(&mut b, "1003", Ending::FailedPartial);
    cosign_now(&mut b, 1, 1_795_000_300, WITNESSES[0]);
    // The copy outside was gone as well.
    let gone = LedgerLoss {
        reason: text("safe burnt"),
        size: None,
        root: None,
    };
    b.by(TWO, Act::LedgerLoss(gone)).unwrap();
    range(&mut b, "32", "2001", "2999");
    card(&mut b, "2001", Ending::Issued);
    cosign_now(&mut b, 2, 1_795_000_400, WITNESSES[0]);
    log_key(&mut b, SM2[2]);
    backup(&mut b);
    archive(&mut b, 6, 14);
    // What was written after the backup is gone: two entries, by the checkpoint outside.
    let lost = LedgerLoss {
        reason: text("disk died"),
        size: Some(b.ledger.size() + 2),
        root: Some(Hash::of(&[b"gone"])),
    };
    b.by(TWO, Act::LedgerLoss(lost)).unwrap();
    range(&mut b, "33", "3001", "3999");
    card(&mut b, "3001", Ending::Issued);
    let void = CardVoid {
        kind: CardKind::User,
        number: number("1003"),
        reason: text("坏卡"),
    };
    b.by(TWO, Act::CardVoid(void)).unwrap();
    cosign_now(&mut b, 0, 1_795_000_500, WITNESSES[1]);
    card(&mut b, "3002", Ending::FailedBlank);
    sign(&mut b.ledger, LOG).unwrap();
    b
}
