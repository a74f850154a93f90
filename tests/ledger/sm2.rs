// SPDX-License-Identifier: Apache-2.0
//! The SM2-with-SM3 line of checkpoints: made beside the Ed25519 line, verified by OpenSSL, demanded by verifiers who trust
//! it, and a finding where it is wrong. Notes without it stay good.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::bench_site::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cardmint::crypto::SecretBytes;
use cardmint::crypto::sm2::Sm2SigningKey;
use cardmint::ledger::act::LogKey;
use cardmint::ledger::note::NoteFault;
use cardmint::ledger::note_sm2::Sm2NoteKey;
use cardmint::ledger::sealing::LogSigner;
use cardmint::ledger::{Act, Against, LedgerError, Report, Sm2Key, verify};
use cardmint::outside::Unobserved;
use ed25519_dalek::Signer as _;
use rusqlite::Connection;

pub fn sm2(seed: u8) -> Sm2SigningKey {
    Sm2SigningKey::from_scalar(SecretBytes::new(vec![seed; 32])).unwrap()
}

pub fn public_sm2(seed: u8) -> Sm2Key {
    sm2(seed).public().into()
}

/// Signs the tree with the log's Ed25519 key and this SM2 key.
pub fn sign(b: &mut Bench, seed: u8) {
    let (log, own) = (key(9), sm2(seed));
    let ed25519 = |m: &[u8]| log.sign(m).to_bytes();
    let by_sm2 = |m: &[u8]| own.sign(m);
    let signer = LogSigner {
        ed25519: &ed25519,
        sm2: Some((own.public().into(), &by_sm2)),
    };
    b.ledger.checkpoint_by(&signer).unwrap();
}

pub fn with_sm2() -> Bench {
    let mut founding = founding(open_policy());
    founding.init.log_sm2 = Some(public_sm2(7));
    Bench::of(founding)
}

pub fn note(b: &Bench) -> String {
    b.ledger.checkpoint_note().unwrap().unwrap()
}

fn report(b: &Bench) -> Report {
    let against = Against {
        copy: Some(b.copy()),
        key: None,
    };
    verify(&b.path(), &against, &mut Unobserved).unwrap()
}

fn checks(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|f| f.check).collect()
}

fn put_note(b: &Bench, note: &str) {
    let db = Connection::open(b.path()).unwrap();
    db.execute("UPDATE checkpoint SET note = ?1", [note]).unwrap();
}

/// What `openssl pkeyutl` says of r ‖ s.
fn openssl_verifies(folder: &Path, key: &Sm2Key, text: &[u8], signature: &[u8]) -> bool {
    // SubjectPublicKeyInfo: id-ecPublicKey, curve SM2 (1.2.156.10197.1.301).
    let mut spki = hex::decode("3059301306072a8648ce3d020106082a811ccf5501822d034200").unwrap();
    spki.extend_from_slice(&key.0);
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(spki)
    );
    let integer = |bytes: &[u8]| {
        let bytes = &bytes[bytes.iter().position(|b| *b != 0).unwrap()..];
        let sign: &[u8] = if bytes[0] > 0x7F { &[0] } else { &[] };
        [&[2, (bytes.len() + sign.len()) as u8][..], sign, bytes].concat()
    };
    let inner = [integer(&signature[..32]), integer(&signature[32..])].concat();
    let der = [&[0x30, inner.len() as u8][..], &inner].concat();
    for (name, bytes) in [("key.pem", pem.as_bytes()), ("text", text), ("sig", &der)] {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let said = Command::new("openssl")
        .current_dir(folder)
        .args([
            "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-digest", "sm3",
        ])
        .args(["-in", "text", "-sigfile", "sig", "-pkeyopt", "distid:1234567812345678"])
        .output()
        .unwrap();
    said.status.success()
}

/// The signature in a note's line that begins with this name and key id.
fn signature(note: &str, key: &Sm2NoteKey) -> Vec<u8> {
    let of_key = |line: &&str| {
        let (_, blob) = line.rsplit_once(' ').unwrap();
        STANDARD.decode(blob).is_ok_and(|blob| blob[..4] == key.id())
    };
    let line = note.lines().filter(|l| l.starts_with("— ")).find(of_key).unwrap();
    STANDARD.decode(line.rsplit_once(' ').unwrap().1).unwrap()[4..].to_vec()
}

#[test]
fn openssl_verifies_the_line_and_refuses_what_is_altered() {
    let folder = tempfile::tempdir().unwrap();
    let mut b = with_sm2();
    for seq in 0..4 {
        if seq > 0 {
            let act = LogKey {
                sm2: public_sm2(7 + seq),
                reason: Some(text("anew")),
            };
            b.by(&["张三"], Act::LogKey(act)).unwrap();
        }
        sign(&mut b, 7 + seq);
        let note = note(&b);
        let key = b.ledger.sm2_keys().pop().unwrap();
        let (body, _) = note.split_at(note.find("\n\n").unwrap() + 1);
        let signature = signature(&note, &key);
        assert!(openssl_verifies(folder.path(), &key.key, body.as_bytes(), &signature));
        let other = body.replacen("city", "City", 1);
        assert!(!openssl_verifies(folder.path(), &key.key, other.as_bytes(), &signature));
        let mut damaged = signature.clone();
        damaged[40] ^= 1;
        assert!(!openssl_verifies(folder.path(), &key.key, body.as_bytes(), &damaged));
        assert_eq!(note.lines().filter(|l| l.starts_with("— ")).count(), 2);
    }
}

#[test]
fn a_key_has_a_text_form_that_reads_back() {
    let named = |seed| Sm2NoteKey {
        name: "cardmint/city-3100".into(),
        key: public_sm2(seed),
    };
    let text = named(7).to_string();
    assert_eq!(text.parse::<Sm2NoteKey>().unwrap(), named(7));
    assert!(text.starts_with(&format!(
        "cardmint/city-3100+{}+/2NhcmRtaW50L3NtMi13aXRoLXNtMy92MQ",
        hex::encode(named(7).id())
    )));
    for bad in [
        text.replacen("city", "cIty", 1),
        text.replacen("+/", "+A", 1),
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".to_owned(),
    ] {
        assert!(bad.parse::<Sm2NoteKey>().is_err(), "{bad}");
    }
}

#[test]
fn a_wrong_line_is_a_finding_and_a_missing_one_is_none() {
    let mut b = with_sm2();
    assert!(report(&b).good(), "a note by the Ed25519 key alone");
    sign(&mut b, 7);
    let good = note(&b);
    let mut found = report(&b);
    assert_eq!((found.good(), found.sm2_covered), (true, 1));
    let own = b.ledger.sm2_keys().remove(0);
    assert_eq!(found.sm2_key.as_ref(), Some(&own));
    found.demand_sm2(&own);
    assert!(found.good());
    let name = own.name.clone();
    let key = public_sm2(8);
    found.demand_sm2(&Sm2NoteKey { name, key });
    assert_eq!(checks(&found), ["LEDGER-LOG-KEY"]);

    let line = good.lines().last().unwrap().to_owned();
    let (head, blob) = line.rsplit_once(' ').unwrap();
    let mut blob = STANDARD.decode(blob).unwrap();
    blob[30] ^= 4;
    let wrong = good.replace(&line, &format!("{head} {}", STANDARD.encode(&blob)));
    assert_eq!(own.check(&wrong), Err(NoteFault::Signature));
    put_note(&b, &wrong);
    assert_eq!(checks(&report(&b)), ["LEDGER-CHECKPOINT"]);
    put_note(&b, &good);
    fs::write(b.copy(), &wrong).unwrap();
    assert_eq!(checks(&report(&b)), ["LEDGER-OUTSIDE-COPY"]);
    fs::write(b.copy(), &good).unwrap();

    // A line by an unknown key is passed over; whoever asks for the line finds that it is not there.
    blob[0] ^= 1;
    let unknown = good.replace(&line, &format!("{head} {}", STANDARD.encode(&blob)));
    put_note(&b, &unknown);
    fs::write(b.copy(), &unknown).unwrap();
    let mut found = report(&b);
    assert_eq!((found.good(), found.sm2_covered), (true, 0));
    found.demand_sm2(&own);
    assert_eq!(checks(&found), ["LEDGER-CHECKPOINT"]);
}

#[test]
fn only_the_newest_key_signs_and_none_comes_twice() {
    let mut b = Bench::new(open_policy());
    sign(&mut b, 7);
    assert_eq!(
        note(&b).lines().filter(|l| l.starts_with("— ")).count(),
        1,
        "no key is named yet"
    );
    let named = |seed| {
        let (sm2, reason) = (public_sm2(seed), None);
        Act::LogKey(LogKey { sm2, reason })
    };
    b.by(&["张三"], named(7)).unwrap();
    sign(&mut b, 7);
    let first = b.ledger.sm2_keys().remove(0);
    assert_eq!(first.check(&note(&b)), Ok(true));
    b.by(&["张三"], named(8)).unwrap();
    sign(&mut b, 7);
    assert_eq!(first.check(&note(&b)), Ok(false));
    sign(&mut b, 8);
    assert_eq!(b.ledger.sm2_keys()[1].check(&note(&b)), Ok(true));
    assert!(matches!(b.by(&["张三"], named(7)), Err(LedgerError::BadLogKey(_))));
    let mut off = public_sm2(9);
    off.0[64] ^= 1;
    let off = LogKey { sm2: off, reason: None };
    assert!(matches!(
        b.by(&["张三"], Act::LogKey(off)),
        Err(LedgerError::BadLogKey(_))
    ));
    assert_eq!(b.open().unwrap().sm2_keys(), b.ledger.sm2_keys());
    assert!(report(&b).good());
}

#[test]
fn a_new_site_has_the_line_and_draws_another_key_for_a_reason_by_two_officers() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for name in ["zhang", "li"] {
        let file = at.join(format!("{name}.pw"));
        fs::write(&file, format!("passphrase of {name}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let run = |line: &str, officers: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("cardmint").unwrap();
        command.current_dir(at).env("LC_ALL", "C").env("CARDMINT_SITE", "site");
        command.args(line.split(' '));
        for name in officers {
            command.args(["--officer", name, "--passphrase-file", &format!("{name}={name}.pw")]);
        }
        let output = command.output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (
            output.status.code().unwrap(),
            said(&output.stdout),
            said(&output.stderr),
        )
    };
    let both = &["zhang", "li"];
    let made = run("init site --name Test --scheme mohurd --level city --code 3100", both);
    assert_eq!(made.0, 0, "{}", made.2);
    let shown = |said: &(i32, String, String)| -> serde_json::Value {
        assert_eq!(said.0, 0, "{}", said.2);
        serde_json::from_str(said.1.lines().last().unwrap()).unwrap()
    };
    let first = shown(&run("ledger checkpoint --json", &[]));
    let key = first["sm2_key"].as_str().unwrap().to_owned();
    let key_line = format!("ledger verify --sm2-key {key}");
    assert_eq!(run(&key_line, &[]).0, 0);

    assert_eq!(run("ledger log-key", both).0, 2, "there is one");
    assert_eq!(
        run("ledger log-key --anew lost", &["zhang"]).0,
        2,
        "two officers at a production site"
    );
    let drawn = run("ledger log-key --anew lost --json", both);
    assert_eq!(shown(&drawn)["act"], "log.key");
    let second = shown(&run("ledger checkpoint --json", &[]));
    assert_ne!(second["sm2_key"], first["sm2_key"]);
    let key = second["sm2_key"].as_str().unwrap();
    assert_eq!(run(&format!("ledger verify --sm2-key {key}"), &[]).0, 0);
    // The older key does not sign any more.
    let refused = run(&key_line, &[]);
    assert!(
        refused.0 == 3 && refused.1.contains("LEDGER-CHECKPOINT"),
        "{}",
        refused.1
    );
    // The store opens with what it has now.
    assert_eq!(run("ledger checkpoint --sign", both).0, 0);
}
