// SPDX-License-Identifier: Apache-2.0
//! A site with two officers on a bench: keys from fixed seeds, a clock that moves when told.

use std::path::PathBuf;

use cardmint::ledger::act::{Intent, Officer, Outcome, SiteInit};
use cardmint::ledger::{
    Act, Ending, Founding, Hash, Ledger, LedgerError, Number, Policy, Role, Signer, SiteId, Text, VerifyKey,
};
use cardmint::outside::Clock;
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use tempfile::TempDir;

pub const START: i64 = 1_795_000_000;

pub fn text(s: &str) -> Text {
    Text::new(s).unwrap()
}

pub fn number(s: &str) -> Number {
    Number::new(s).unwrap()
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn public(seed: u8) -> VerifyKey {
    VerifyKey(key(seed).verifying_key().to_bytes())
}

pub fn officer(name: &str, seed: u8, roles: &[Role]) -> Officer {
    Officer {
        name: text(name),
        roles: roles.to_vec(),
        key: public(seed),
        ceremony: None,
    }
}

pub fn at(second: i64) -> Clock {
    Clock::Fixed(Timestamp::from_second(START + second).unwrap())
}

/// Seeds of the officers: 张三 1 to 孙七 5; of the log 9.
pub fn seed_of(name: &str) -> u8 {
    match name {
        "张三" => 1,
        "李四" => 2,
        "王五" => 3,
        "赵六" => 4,
        "孙七" => 5,
        other => panic!("no officer {other}"),
    }
}

pub struct Bench {
    pub folder: TempDir,
    pub ledger: Ledger,
    pub second: i64,
}

pub fn founding(policy: Policy) -> Founding {
    let officers = vec![
        officer("张三", 1, &[Role::KeyOfficer, Role::Operator]),
        officer("李四", 2, &[Role::Supervisor]),
    ];
    let init = SiteInit {
        name: text("示范城市一卡通"),
        level: text("city"),
        scheme: text("mohurd"),
        code: text("3100"),
        rehearsal: true,
        log_key: public(9),
        log_sm2: None,
        officers,
        policy,
        program: text("cardmint 0.1.0"),
        kcv_length: None,
        memory_lock: false,
        copy_outside: false,
    };
    Founding {
        site: SiteId::new("city-3100").unwrap(),
        init,
    }
}

impl Bench {
    pub fn new(policy: Policy) -> Self {
        Self::of(founding(policy))
    }

    pub fn of(founding: Founding) -> Self {
        let folder = TempDir::new().unwrap();
        let ledger = found_in(&folder, founding);
        Self {
            folder,
            ledger,
            second: 0,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    pub fn copy(&self) -> PathBuf {
        self.folder.path().join("checkpoint.note")
    }

    pub fn by(&mut self, names: &[&str], act: Act) -> Result<u64, LedgerError> {
        self.second += 1;
        append(&mut self.ledger, names, act, &at(self.second))
    }

    pub fn together(&mut self, acts: &[(Act, Vec<&str>)]) -> Result<Vec<u64>, LedgerError> {
        self.second += 1;
        together(&mut self.ledger, acts, &at(self.second))
    }

    pub fn checkpoint(&mut self) {
        let log = key(9);
        self.ledger.checkpoint(&|m| log.sign(m).to_bytes()).unwrap();
    }

    pub fn open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(&self.path(), Some(&self.copy()))
    }
}

pub fn found_in(folder: &TempDir, founding: Founding) -> Ledger {
    let (path, copy) = (folder.path().join("ledger.db"), folder.path().join("checkpoint.note"));
    let log = key(9);
    let names: Vec<String> = founding.init.officers.iter().map(|o| o.name.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let log_key = |m: &[u8]| log.sign(m).to_bytes();
    signing(&names, |signers| {
        Ledger::create(&path, Some(&copy), founding, signers, &log_key, &at(0)).unwrap()
    })
}

/// Calls `with` with these officers as signers.
pub fn signing<T>(names: &[&str], with: impl FnOnce(&[Signer<'_>]) -> T) -> T {
    let keys: Vec<SigningKey> = names.iter().map(|n| key(seed_of(n))).collect();
    let signs: Vec<_> = keys.iter().map(|k| move |m: &[u8]| k.sign(m).to_bytes()).collect();
    let signers: Vec<Signer<'_>> = names
        .iter()
        .zip(&signs)
        .map(|(n, s)| Signer { officer: n, sign: s })
        .collect();
    with(&signers)
}

pub fn append(ledger: &mut Ledger, names: &[&str], act: Act, clock: &Clock) -> Result<u64, LedgerError> {
    signing(names, |signers| {
        ledger.append(act, signers, clock).map(|entry| entry.seq)
    })
}

/// All of these acts in one commit, each by its own officers.
pub fn together(ledger: &mut Ledger, acts: &[(Act, Vec<&str>)], clock: &Clock) -> Result<Vec<u64>, LedgerError> {
    let all = ["张三", "李四", "王五", "赵六", "孙七"];
    signing(&all, |signers| {
        let of = |names: &[&str]| -> Vec<Signer<'_>> {
            let find = |name: &&str| *signers.iter().find(|s| s.officer == *name).unwrap();
            names.iter().map(find).collect()
        };
        let by: Vec<Vec<Signer<'_>>> = acts.iter().map(|(_, names)| of(names)).collect();
        let acts = acts.iter().zip(&by).map(|((act, _), by)| (act.clone(), by.as_slice()));
        let entries = ledger.append_all_signed(acts.collect(), clock)?;
        Ok(entries.iter().map(|entry| entry.seq).collect())
    })
}

pub fn intent(n: &str, chip: &str, resumes: Option<u64>) -> Intent {
    Intent {
        number: number(n),
        chip: Some(number(chip)),
        terminal: None,
        template: text("mohurd-user"),
        template_digest: Hash::of(&[b"template"]),
        script: Hash::of(&[n.as_bytes()]),
        raw: false,
        reader: text("sim:1"),
        keys: Vec::new(),
        batch: None,
        lot: None,
        resumes,
    }
}

pub fn outcome(n: &str, intent: u64, result: Ending) -> Outcome {
    Outcome {
        number: number(n),
        intent,
        result,
        proof: None,
        steps: 26,
        reason: None,
        status_word: None,
    }
}

pub fn open_policy() -> Policy {
    Policy::default()
}
