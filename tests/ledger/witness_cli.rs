// SPDX-License-Identifier: Apache-2.0
//! `cardmint ledger witness` as the centre and the witness type it: files go to and fro, what is wrong is refused by name, and
//! what was cosigned is remembered before it leaves.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cardmint::ledger::cosign::CosignKey;
use serde_json::Value;

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    fn last(&self) -> Value {
        serde_json::from_str(self.out.lines().last().unwrap()).unwrap()
    }
}

fn run(at: &Path, line: &str) -> Said {
    let mut command = assert_cmd::Command::cargo_bin("cardmint").unwrap();
    command.current_dir(at).env("LC_ALL", "C").env("CARDMINT_SITE", "site");
    command.args(line.split(' '));
    for name in ["zhang", "li", "audit.example/w1"] {
        let file = name.replace('/', "-");
        command.args(["--passphrase-file", &format!("{name}={file}.pw")]);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

const BOTH: &str = "--officer zhang --officer li";

#[test]
fn a_checkpoint_goes_to_the_witness_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for name in ["zhang", "li", "audit.example-w1"] {
        let file = at.join(format!("{name}.pw"));
        fs::write(&file, format!("passphrase of {name}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let do_it = |line: &str| run(at, line);
    do_it(&format!(
        "init site --name Test --scheme mohurd --level city --code 3100 --rehearsal {BOTH}"
    ))
    .ok();
    assert_eq!(do_it("ledger checkpoint --cosigned").code, 3, "nobody has cosigned yet");

    // The witness's key, under a passphrase; never replaced.
    assert_eq!(do_it("ledger witness new two+words --out bad.key").code, 2);
    let made = do_it("ledger witness new audit.example/w1 --out w1.key --json")
        .ok()
        .last();
    let witness = made["witness"].as_str().unwrap().to_owned();
    let key: CosignKey = witness.parse().unwrap();
    assert_eq!(key.name, "audit.example/w1");
    assert_eq!(
        fs::metadata(at.join("w1.key")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(do_it("ledger witness new audit.example/w1 --out w1.key").code, 2);

    // There: an unknown log is refused until its key is given.
    let asked = do_it("ledger witness request --out request.1 --json").ok().last();
    assert_eq!((asked["old"].as_u64(), asked["size"].as_u64()), (Some(0), Some(1)));
    let cosign = "ledger witness cosign request.1 --key-file w1.key --memory w1.memory --out cosigned.1";
    let refused = do_it(cosign);
    assert!(
        refused.code == 2 && refused.err.contains("WITNESS-LOG-UNKNOWN"),
        "{}",
        refused.err
    );
    assert!(!at.join("w1.memory").exists() && !at.join("cosigned.1").exists());
    let log = do_it("ledger checkpoint --json").ok().last()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    // What was cosigned is remembered although it could not be handed out.
    let nowhere = cosign.replace("cosigned.1", "no/folder");
    assert_eq!(do_it(&format!("{nowhere} --log {log}")).code, 4);
    let remembered = do_it("ledger witness show --key-file w1.key --memory w1.memory --json")
        .ok()
        .last();
    assert_eq!(
        (remembered["size"].as_u64(), remembered["log"].as_str()),
        (Some(1), Some(log.as_str()))
    );
    let late = do_it(cosign);
    assert!(late.code == 2 && late.err.contains("WITNESS-OLD-SIZE"), "{}", late.err);
    do_it("ledger witness request --from 1 --out request.1b").ok();
    do_it("ledger witness cosign request.1b --key-file w1.key --memory w1.memory --out cosigned.1").ok();
    fs::write(at.join("wrong.pw"), "another passphrase\n").unwrap();
    fs::set_permissions(at.join("wrong.pw"), fs::Permissions::from_mode(0o600)).unwrap();
    let before = fs::read(at.join("w1.memory")).unwrap();
    let mut wrong = assert_cmd::Command::cargo_bin("cardmint").unwrap();
    wrong.current_dir(at).env("LC_ALL", "C");
    wrong.args("ledger witness cosign request.1b --key-file w1.key --memory w1.memory --out cosigned.x".split(' '));
    wrong.args(["--passphrase-file", "audit.example/w1=wrong.pw"]);
    assert_eq!(wrong.output().unwrap().status.code(), Some(3));
    assert_eq!(fs::read(at.join("w1.memory")).unwrap(), before);

    // And back.
    let stranger = CosignKey {
        name: "audit.example/w2".into(),
        ..key
    };
    assert_eq!(
        do_it(&format!(
            "ledger witness take cosigned.1 --witness {stranger} --officer zhang"
        ))
        .code,
        3
    );
    let taken = do_it(&format!(
        "ledger witness take cosigned.1 --witness {witness} --officer zhang --json"
    ));
    let entry = taken.ok().last();
    assert_eq!(
        (entry["act"].as_str(), entry["body"]["size"].as_u64()),
        (Some("checkpoint.cosign"), Some(1))
    );
    let beside = fs::read_to_string(at.join("site/checkpoint.note.cosigned")).unwrap();
    let printed = do_it("ledger checkpoint --cosigned").ok();
    assert_eq!(printed.out, beside);
    assert!(printed.err.contains(&witness), "{}", printed.err);
    do_it(&format!("ledger checkpoint --sign {BOTH}")).ok();

    // A verifier who knows the witness.
    let report = do_it(&format!("ledger verify --witness {witness} --cosigned-size 1 --json"))
        .ok()
        .last();
    assert_eq!(report["cosigned"][0]["witness"].as_str(), Some(witness.as_str()));
    assert_eq!(
        (
            report["cosigned"][0]["size"].as_u64(),
            report["cosigned"][0]["behind"].as_u64()
        ),
        (Some(1), Some(1))
    );
    let more = do_it(&format!("ledger verify --witness {witness} --cosigned-size 2"));
    assert!(
        more.code == 3 && more.out.contains("LEDGER-COSIGNATURE"),
        "{}",
        more.out
    );
    assert_eq!(do_it(&format!("ledger verify --witness {stranger}")).code, 3);
    assert_eq!(do_it("ledger verify --witness nonsense").code, 2);

    // The next request goes on from there by itself.
    let asked = do_it("ledger witness request --out request.2 --json").ok().last();
    assert_eq!((asked["old"].as_u64(), asked["size"].as_u64()), (Some(1), Some(2)));
    let cosign = "ledger witness cosign request.2 --key-file w1.key --memory w1.memory --out cosigned.2 --lang zh";
    let done = do_it(cosign).ok();
    assert!(done.out.contains("联署"), "{}", done.out);
    let old = do_it("ledger witness cosign request.1 --key-file w1.key --memory w1.memory --out cosigned.3");
    assert!(old.code == 3 && old.err.contains("WITNESS-ROLLBACK"), "{}", old.err);
    do_it(&format!(
        "ledger witness take cosigned.2 --witness {witness} --officer li"
    ))
    .ok();
    do_it(&format!("ledger verify --witness {witness} --cosigned-size 2")).ok();
}
