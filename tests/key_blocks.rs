// SPDX-License-Identifier: Apache-2.0
//! Key blocks against an independent implementation, psec (<https://github.com/knovichikhin/psec>): it reads ours, we read
//! its, and both refuse the same damage. Needs what `.ci/setup tests` installs; says so where it is missing, and fails on a
//! CI machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test may fail where it stands, and tells its seed

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cardmint::crypto::digest::sha256;
use cardmint::crypto::key_block::{
    ExchangeAlgorithm, ExchangeKey, Exportability, KeyAttributes, KeyBlock, KeyVersion, ModeOfUse, UsageCode,
};
use cardmint::crypto::{Algorithm, KcvLength, KeyMaterial, SecretBytes, kcv, pack};
use cardmint::outside::{NoRandom, Random, SystemRandom};
use serde_json::{Value, json};

/// Random bytes that a printed seed gives again.
struct Seeded {
    seed: [u8; 32],
    drawn: u64,
}

impl Seeded {
    fn new() -> Self {
        let mut seed = [0; 32];
        match std::env::var("CARDMINT_SEED") {
            Ok(text) => hex::decode_to_slice(text, &mut seed).unwrap(),
            Err(_) => SystemRandom.fill(&mut seed).unwrap(),
        }
        println!("CARDMINT_SEED={}", hex::encode(seed));
        Self { seed, drawn: 0 }
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            self.drawn += 1;
            bytes.extend_from_slice(&sha256(&[&self.seed, &self.drawn.to_be_bytes()]));
        }
        bytes.truncate(count);
        bytes
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::from(self.bytes(1)[0]) % from.len()]
    }
}

impl Random for Seeded {
    fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
        place.copy_from_slice(&self.bytes(place.len()));
        Ok(())
    }
}

/// The other implementation, as a process that answers requests.
struct Psec {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Psec {
    fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = [folder.join("target/psec/bin/python3"), PathBuf::from("python3")]
            .into_iter()
            .find(|python| {
                let import = Command::new(python).args(["-c", "import psec"]).output();
                import.is_ok_and(|output| output.status.success())
            });
        let Some(python) = python else {
            assert!(
                std::env::var_os("CI").is_none(),
                "psec is missing: run `.ci/setup tests`"
            );
            println!("skipped: the second implementation (psec) is missing; `.ci/setup tests` installs it");
            return None;
        };
        let mut child = Command::new(python)
            .arg(folder.join("tests/key_blocks/psec_rig.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self {
            child,
            requests,
            answers,
        })
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?} for {request}"))
    }
}

impl Drop for Psec {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Pair {
    exchange: ExchangeKey,
    digits: String,
}

fn exchange(algorithm: ExchangeAlgorithm, random: &mut Seeded) -> Pair {
    let bytes = random.bytes(algorithm.bytes());
    let digits = hex::encode_upper(&bytes);
    let exchange = ExchangeKey::from_secret(algorithm, SecretBytes::new(bytes)).unwrap();
    Pair { exchange, digits }
}

fn material(bytes: &[u8]) -> KeyMaterial {
    KeyMaterial::init_with(|place| place.copy_from_slice(bytes))
}

const USAGES: [&[u8; 2]; 6] = [b"E0", b"E1", b"E2", b"E5", b"E6", b"K0"];
const KEYS: usize = 60;

fn kinds() -> Vec<(ExchangeAlgorithm, Algorithm)> {
    let all = ExchangeAlgorithm::ALL.into_iter();
    let tdes = all.clone().map(|e| (e, Algorithm::Tdes));
    tdes.chain(all.filter(|e| !e.is_tdes()).map(|e| (e, Algorithm::Sm4)))
        .collect()
}

fn attributes(random: &mut Seeded) -> KeyAttributes {
    let number = random.bytes(1)[0].max(1);
    let time = "20261121043000Z".to_owned();
    let long = "x".repeat(random.bytes(1)[0].into());
    let label = random.pick(&["cardmint 1 rehearsal mohurd load.v1.3des@city:3100", "~ !{}", "x"]);
    KeyAttributes {
        usage: UsageCode::of(**random.pick(&USAGES)),
        mode: *random.pick(&[ModeOfUse::Derive, ModeOfUse::Both, ModeOfUse::Any]),
        key_version: KeyVersion::Number(number),
        exportability: *random.pick(&Exportability::ALL),
        label: random
            .pick(&[Some((*label).to_owned()), None, Some(long.chars().take(251).collect())])
            .clone(),
        time: random.pick(&[Some(time), None]).clone(),
    }
}

#[test]
fn the_other_implementation_reads_ours() {
    let mut random = Seeded::new();
    let Some(mut psec) = Psec::start() else { return };
    for (algorithm, key_algorithm) in kinds() {
        for _ in 0..KEYS {
            let pair = exchange(algorithm, &mut random);
            let key = random.bytes(16);
            let attributes = attributes(&mut random);
            let block = pair
                .exchange
                .wrap(&attributes, key_algorithm, &material(&key), &mut random)
                .unwrap();
            let told = psec.ask(&json!({"do": "unwrap", "exchange": pair.digits, "block": block}));
            let expected = json!({
                "version_id": if algorithm.is_tdes() { "B" } else { "D" },
                "key_usage": attributes.usage.to_string(),
                "algorithm": if key_algorithm == Algorithm::Tdes { "T" } else { "4" },
                "mode_of_use": attributes.mode.letter(),
                "version_num": attributes.key_version.to_string(),
                "exportability": attributes.exportability.letter(),
            });
            assert_eq!(told["key"], hex::encode_upper(&key), "{block}: {told}");
            assert_eq!(told["header"], expected, "{block}");
            let check = kcv(key_algorithm, &material(&key), KcvLength::default());
            assert_eq!(told["blocks"]["KC"], format!("00{check}"), "{block}");
            let method = if algorithm.is_tdes() { "00" } else { "01" };
            assert_eq!(
                told["blocks"]["KP"],
                format!("{method}{}", pair.exchange.kcv()),
                "{block}"
            );
            assert_eq!(told["blocks"]["LB"].as_str(), attributes.label.as_deref(), "{block}");
            assert_eq!(told["blocks"]["TS"].as_str(), attributes.time.as_deref(), "{block}");
        }
    }
}

#[test]
fn we_read_the_other_implementations() {
    let mut random = Seeded::new();
    let Some(mut psec) = Psec::start() else { return };
    for (algorithm, key_algorithm) in kinds() {
        for _ in 0..KEYS {
            let pair = exchange(algorithm, &mut random);
            let key = random.bytes(16);
            let version = if algorithm.is_tdes() { "B" } else { "D" };
            let (letter, more) = match key_algorithm {
                Algorithm::Tdes => ("T", *random.pick(&["00", "01LB0Ba label", "02KS06XYLB04"])),
                Algorithm::Sm4 => ("4", *random.pick(&["01860ECARDMINT01", "02LB0Ba label860ECARDMINT01"])),
            };
            let usage = String::from_utf8(random.pick(&USAGES).to_vec()).unwrap();
            let (count, blocks) = more.split_at(2);
            let header = format!("{version}0000{usage}{letter}X01E{count}00{blocks}");
            // As it does it by itself, without hiding the length, and as if the key had 32 bytes.
            let room = *random.pick(&[None, Some(0), Some(32)]);
            let mut request =
                json!({"do": "wrap", "exchange": pair.digits, "header": header, "key": hex::encode(&key)});
            if let Some(room) = room {
                request["room"] = room.into();
            }
            let told = psec.ask(&request);
            let text = told["block"].as_str().unwrap_or_else(|| panic!("{told} for {request}"));
            let block = KeyBlock::parse(text).unwrap_or_else(|e| panic!("{e}: {text}"));
            let (found, opened) = pair.exchange.unwrap(&block).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert!(found == key_algorithm && opened.same_as(&material(&key)), "{text}");
            assert_eq!(block.header().usage.to_string(), usage);
            let label = blocks.contains("LB0B").then_some("a label");
            let empty = blocks.contains("LB04").then_some("");
            assert_eq!(block.header().label(), label.or(empty), "{text}");
        }
    }
}

#[test]
fn keys_of_other_lengths_come_out_alike() {
    let mut random = Seeded::new();
    let Some(mut psec) = Psec::start() else { return };
    for algorithm in ExchangeAlgorithm::ALL {
        for bytes in [8, 16, 24, 32] {
            if algorithm.is_tdes() && bytes > 24 {
                continue;
            }
            let pair = exchange(algorithm, &mut random);
            let key = random.bytes(bytes);
            let header = if algorithm.is_tdes() {
                "B0000D0TB00S0000"
            } else {
                "D0000D0AB00S0000"
            };
            let request = json!({"do": "wrap", "exchange": pair.digits, "header": header, "key": hex::encode(&key)});
            let told = psec.ask(&request);
            let block = KeyBlock::parse(told["block"].as_str().unwrap()).unwrap();
            let opened = pair.exchange.open(&block).unwrap();
            assert!(pack::is_same(&opened, &SecretBytes::new(key.clone())), "{told}");
            let ours = pair.exchange.seal(block.header(), &opened, 32, &mut random).unwrap();
            let told = psec.ask(&json!({"do": "unwrap", "exchange": pair.digits, "block": ours}));
            assert_eq!(told["key"], hex::encode_upper(&key));
        }
    }
}

#[test]
fn both_refuse_the_same_damage() {
    let mut random = Seeded::new();
    let Some(mut psec) = Psec::start() else { return };
    for algorithm in [ExchangeAlgorithm::Tdes112, ExchangeAlgorithm::Aes256] {
        let pair = exchange(algorithm, &mut random);
        let other = exchange(algorithm, &mut random);
        let key = material(&random.bytes(16));
        let attributes = attributes(&mut random);
        let whole = pair
            .exchange
            .wrap(&attributes, Algorithm::Tdes, &key, &mut random)
            .unwrap();
        let mut damaged = vec![whole[..whole.len() - 16].to_owned(), format!("{whole}00")];
        for at in (0..whole.len()).step_by(3) {
            let new = if &whole[at..=at] == "0" { "1" } else { "0" };
            damaged.push(format!("{}{new}{}", &whole[..at], &whole[at + 1..]));
        }
        for text in damaged {
            let ours = KeyBlock::parse(&text).and_then(|block| pair.exchange.unwrap(&block));
            let told = psec.ask(&json!({"do": "unwrap", "exchange": pair.digits, "block": text}));
            assert!(ours.is_err() && told["refused"].is_string(), "{text}: {told}");
        }
        let told = psec.ask(&json!({"do": "unwrap", "exchange": other.digits, "block": whole}));
        assert!(told["refused"].is_string(), "{told}");
        assert!(other.exchange.unwrap(&KeyBlock::parse(&whole).unwrap()).is_err());
    }
}
