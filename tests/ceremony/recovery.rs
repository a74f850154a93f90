// SPDX-License-Identifier: Apache-2.0
//! What a rehearsed ceremony put on paper, put together without the program: the short Python program of the recovery page
//! and OpenSSL give the check values that the ceremony recorded; the shares of a backup open its file by the format page.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cardmint::ceremony::room::scripted::Scripted;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use openssl::symm::{Cipher, encrypt};

use super::hall::{Centre, Ceremony, shown, verdict};
use super::papers::{BACKUP, careful, pages, written_in};

const STEPS: &str = r#"
[[step]]
id = "root"
do = "generate"
keys = ["purchase.v1.3des", "tac.v1.sm4"]
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "forms-3des"
do = "export-forms"
key = "purchase.v1.3des"
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "forms-sm4"
do = "export-forms"
key = "tac.v1.sm4"
custodians = ["custodian-1", "custodian-2"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "split-3des"
do = "split"
key = "purchase.v1.3des"
threshold = 2
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
[[step]]
id = "split-sm4"
do = "split"
key = "tac.v1.sm4"
threshold = 3
custodians = ["custodian-1", "custodian-2", "custodian-3"]
pages = "pages"
by = ["key-officer-1", "key-officer-2"]
"#;

const EXPECT: &str = r#"
[[expect]]
keys = ["purchase.v1.3des", "tac.v1.sm4"]
state = "active"
"#;

/// What the Python program says of these forms, line by line.
fn python(numbers: &[&str], forms: &[&str]) -> Vec<String> {
    let mut child = Command::new("python3")
        .arg("-I")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/recover_shares.py"))
        .args(numbers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let typed = forms.join("\n") + "\n\n";
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{forms:?}");
    let said = String::from_utf8(done.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}

/// The secret or component in the last line.
fn result(said: &[String], word: &str) -> Vec<u8> {
    let last = said.last().unwrap();
    hex::decode(last.strip_prefix(word).unwrap_or_else(|| panic!("{last}")).trim()).unwrap()
}

/// The check value as the recovery page says: OpenSSL enciphers a block of zeros.
fn check_value(algorithm: &str, key: &[u8]) -> String {
    let block = match algorithm {
        "3des" => encrypt(Cipher::des_ede3_ecb(), &[key, &key[..8]].concat(), None, &[0; 8]),
        _ => encrypt(Cipher::sm4_ecb(), key, None, &[0; 16]),
    };
    hex::encode_upper(&block.unwrap()[..3])
}

#[test]
fn forms_of_a_ceremony_give_their_keys_back_without_the_program() {
    let centre = Centre::new("ministry", "", true);
    let file = centre.path("backup");
    let ceremony = Ceremony::of(&format!("{STEPS}{BACKUP}{EXPECT}"))
        .file("backup", &file)
        .file("pages", &pages(&centre));
    let mut room = Scripted::new(careful);
    let done = ceremony.hold(&centre.site, &mut room).unwrap();
    let judged = verdict(&centre, &done);
    assert!(judged.good(), "{:?}", judged.findings);
    let papers: Vec<(String, String)> = room
        .papers
        .iter()
        .map(|(_, path, page)| (path.clone(), written_in(&shown(page))))
        .collect();
    let of = |step: &str| -> Vec<&str> {
        let found = papers
            .iter()
            .filter(|(path, _)| path.contains(&format!("/{step}-custodian")));
        found.map(|(_, form)| form.as_str()).collect()
    };
    let made = &done.steps[0].keys;
    let value = |algorithm: &str| {
        made.iter()
            .find(|k| k.key.as_str().contains(algorithm))
            .unwrap()
            .kcv
            .to_string()
    };

    for algorithm in ["3des", "sm4"] {
        let forms = of(&format!("forms-{algorithm}"));
        let key = result(&python(&[], &forms), "secret");
        assert_eq!(
            check_value(algorithm, &key),
            value(algorithm),
            "components, {algorithm}"
        );
    }
    let shares = of("split-3des");
    for pair in [[0, 1], [0, 2], [2, 1]] {
        let said = python(&[], &pair.map(|at| shares[at]));
        assert_eq!(check_value("3des", &result(&said, "secret")), value("3des"), "{pair:?}");
        // The digests that stand in the ledger.
        for at in pair {
            let digest = done.steps[3].shares[at].digest.to_string().to_uppercase();
            assert!(said.contains(&format!("digest {digest}")), "{said:?}");
        }
        // Each share alone as a component: their sum is the key.
        let numbers = pair.map(|at| (at + 1).to_string());
        let numbers = [numbers[0].as_str(), numbers[1].as_str()];
        let parts = pair.map(|at| result(&python(&numbers, &[shares[at]]), "component"));
        let sum: Vec<u8> = parts[0].iter().zip(&parts[1]).map(|(a, b)| a ^ b).collect();
        assert_eq!(check_value("3des", &sum), value("3des"), "{pair:?}");
    }
    let key = result(&python(&[], &of("split-sm4")), "secret");
    assert_eq!(check_value("sm4", &key), value("sm4"));

    // The backup's shares give the key of its file, and the file holds the keys.
    let shares = of("backup");
    let key = result(&python(&[], &[shares[2], shares[0]]), "secret");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let header: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
    let nonce: [u8; 24] = STANDARD
        .decode(header["nonce"].as_str().unwrap())
        .unwrap()
        .try_into()
        .unwrap();
    let sealed = STANDARD.decode(lines[2]).unwrap();
    let aad = format!("{}\n{}\n", lines[0], lines[1]);
    let opener = chacha20poly1305::XChaCha20Poly1305::new_from_slice(&key).unwrap();
    let payload = Payload {
        msg: &sealed,
        aad: aad.as_bytes(),
    };
    let body = opener.decrypt(&nonce.into(), payload).unwrap();
    let split = result(&python(&[], &of("forms-3des")), "secret");
    assert!(
        body.windows(16).any(|window| window == split),
        "the key is in the backup"
    );
}
