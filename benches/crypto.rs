// SPDX-License-Identifier: Apache-2.0
//! Keys diversified, purchases verified, TACs of a day's file and calculator lines answered per second, beside OpenSSL doing
//! the same work in the same run (contexts and fetched ciphers are reused: its fastest way). Before anything is measured both are checked to give
//! the same results.

#![allow(clippy::unwrap_used)]

mod ratio;

use std::hint::black_box;
use std::io::Write;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};

use cardmint::crypto::bulk::{TacJob, diversify_many, tacs, tacs_on};
use cardmint::crypto::diversify::Diversifier;
use cardmint::crypto::purse::{Amount, Terminal, TxnType};
use cardmint::crypto::purse_transaction::PurchaseTransaction;
use cardmint::crypto::{Algorithm, Factor, KeyMaterial, SessionVariant, TacVariant, diversify, session_key, tac};
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use openssl::provider::Provider;

const MASTER: [u8; 16] = *b"\x9e\x37\x79\xb9\x7f\x4a\x7c\x15\xf3\x9c\xc0\x60\x5c\xed\xc8\x35";
const TAC_MASTER: [u8; 16] = *b"\x10\x82\x27\x6b\xf3\xa2\x72\x51\xf8\x6c\x6a\x11\xd0\xc1\x8e\x95";
const CITY: [u8; 8] = [0x44, 0x20, 0xFF, 0, 0, 0, 0, 0];

/// One reused context and the ciphers of the card systems.
struct OpenSsl {
    block: [Cipher; 2],
    mac: [Cipher; 2],
    /// How a session key becomes a key of the MAC cipher: once for DES, three times where only 3DES is there.
    repeat: usize,
    ctx: CipherCtx,
    /// Contexts that keep the schedules of the two masters, as `Diversifier` does.
    masters: [CipherCtx; 2],
    _legacy: Option<Provider>,
}

impl OpenSsl {
    fn new(alg: Algorithm) -> Self {
        // Single DES is in OpenSSL's legacy module; without it, 3DES with one key does the same at thrice the cost.
        let legacy = Provider::try_load(None, "legacy", true).ok();
        let (des, repeat) = if legacy.is_some() {
            ("DES-CBC", 1)
        } else {
            ("DES-EDE3-CBC", 3)
        };
        let fetch = |name| Cipher::fetch(None, name, None).unwrap();
        let block = [fetch("DES-EDE-ECB"), fetch("SM4-ECB")];
        let cipher = &block[alg as usize];
        Self {
            masters: [keyed(cipher, &MASTER), keyed(cipher, &TAC_MASTER)],
            block,
            mac: [fetch(des), fetch("SM4-CBC")],
            repeat,
            ctx: CipherCtx::new().unwrap(),
            _legacy: legacy,
        }
    }

    fn ecb(&mut self, alg: Algorithm, key: &[u8], data: &[u8], out: &mut [u8]) {
        self.ctx
            .encrypt_init(Some(&self.block[alg as usize]), Some(key), None)
            .unwrap();
        self.ctx.set_padding(false);
        let mut room = [0; 48];
        let n = self.ctx.cipher_update(data, Some(&mut room)).unwrap();
        out.copy_from_slice(&room[..n]);
    }

    fn child(&mut self, alg: Algorithm, key: &[u8], factor: [u8; 8]) -> [u8; 16] {
        let (mut data, mut out) = ([0; 16], [0; 16]);
        data[..8].copy_from_slice(&factor);
        data[8..].copy_from_slice(&factor.map(|b| !b));
        self.ecb(alg, key, &data, &mut out);
        out
    }

    fn child_of_master(&mut self, which: usize, factor: [u8; 8]) -> [u8; 16] {
        child_under(&mut self.masters[which], factor)
    }

    /// A context that keeps the schedule of one more master.
    fn ready(&self, alg: Algorithm, key: &[u8]) -> CipherCtx {
        keyed(&self.block[alg as usize], key)
    }

    fn tac(&mut self, alg: Algorithm, tac_key: [u8; 16], data: &[u8]) -> [u8; 4] {
        let mut xored = [0; 8];
        (0..8).for_each(|i| xored[i] = tac_key[i] ^ tac_key[i + 8]);
        let tac_key: &[u8] = if alg == Algorithm::Tdes { &xored } else { &tac_key };
        self.mac(alg, tac_key, data)
    }

    fn mac(&mut self, alg: Algorithm, key: &[u8], data: &[u8]) -> [u8; 4] {
        let size = alg.block();
        let mut padded = [0; 48];
        padded[..data.len()].copy_from_slice(data);
        padded[data.len()] = 0x80;
        let padded = &padded[..(data.len() + 1).next_multiple_of(size)];
        let key = if alg == Algorithm::Tdes {
            key.repeat(self.repeat)
        } else {
            key.to_vec()
        };
        self.ctx
            .encrypt_init(Some(&self.mac[alg as usize]), Some(&key), Some(&[0; 16][..size]))
            .unwrap();
        self.ctx.set_padding(false);
        let mut room = [0; 64];
        let n = self.ctx.cipher_update(padded, Some(&mut room)).unwrap();
        room[n - size..n - size + 4].try_into().unwrap()
    }

    fn purchase(&mut self, alg: Algorithm, purchase: &PurchaseTransaction, card: [u8; 8]) -> [[u8; 4]; 2] {
        let (key, tac_key) = (self.child_of_master(0, card), self.child_of_master(1, card));
        let (mut seed, mut session) = ([0; 16], [0; 16]);
        seed[..8].copy_from_slice(&purchase.session_seed());
        seed[8..].copy_from_slice(&purchase.session_seed().map(|b| !b));
        let size = alg.block();
        self.ecb(alg, &key, &seed[..size], &mut session[..size]);
        let mac1 = self.mac(alg, &session[..size], &purchase.mac1_data());
        [mac1, self.tac(alg, tac_key, &purchase.tac_data())]
    }
}

fn keyed(cipher: &CipherRef, key: &[u8]) -> CipherCtx {
    let mut ctx = CipherCtx::new().unwrap();
    ctx.encrypt_init(Some(cipher), Some(key), None).unwrap();
    ctx.set_padding(false);
    ctx
}

fn child_under(master: &mut CipherCtx, factor: [u8; 8]) -> [u8; 16] {
    let (mut data, mut out) = ([0; 16], [0; 48]);
    data[..8].copy_from_slice(&factor);
    data[8..].copy_from_slice(&factor.map(|b| !b));
    let n = master.cipher_update(&data, Some(&mut out)).unwrap();
    out[..n].try_into().unwrap()
}

fn material(bytes: [u8; 16]) -> KeyMaterial {
    KeyMaterial::init_with(|place| *place = bytes)
}

fn purchase_of(n: u64) -> PurchaseTransaction {
    PurchaseTransaction {
        kind: TxnType::PURCHASE_EP,
        amount: Amount(200),
        terminal: Terminal([0x44, 0x20, 0, 0, 0, 1]),
        terminal_counter: u32::try_from(n & 0xFFFF_FFFF).unwrap(),
        random: [0xA1, 0xB2, 0xC3, 0xD4],
        counter: 7,
        at: "20240115093012".parse().unwrap(),
        security_code: None,
    }
}

fn verified(alg: Algorithm, masters: &[Diversifier; 2], purchase: &PurchaseTransaction, card: [u8; 8]) -> [[u8; 4]; 2] {
    let [key, tac_key] = [masters[0].child(&Factor(card)), masters[1].child(&Factor(card))];
    let session = session_key(alg, SessionVariant::default(), &key, &purchase.session_seed());
    [
        session.mac(&purchase.mac1_data()),
        tac(alg, TacVariant::default(), &tac_key, &purchase.tac_data()),
    ]
}

fn main() {
    let table = ratio::Table::begin("Arithmetic of keys and purses, one thread", "OpenSSL");
    let (mut n, mut m) = (0u64, 0u64);
    for alg in [Algorithm::Tdes, Algorithm::Sm4] {
        let mut openssl = OpenSsl::new(alg);
        let top = Diversifier::new(alg, &material(MASTER));
        let masters = [
            Diversifier::new(alg, &material(MASTER)),
            Diversifier::new(alg, &material(TAC_MASTER)),
        ];
        check_equal(alg, &mut openssl, &masters);
        table.compare(
            &format!("{alg}: keys diversified, one level"),
            || {
                n += 1;
                black_box(top.child(&Factor(n.to_be_bytes())));
            },
            || {
                m += 1;
                black_box(openssl.child_of_master(0, m.to_be_bytes()));
            },
        );
        table.compare(
            &format!("{alg}: keys diversified, two levels"),
            || {
                n += 1;
                black_box(diversify(alg, &top.child(&Factor(CITY)), &Factor(n.to_be_bytes())));
            },
            || {
                m += 1;
                let city = openssl.child_of_master(0, CITY);
                black_box(openssl.child(alg, &city, m.to_be_bytes()));
            },
        );
        let (mut ours, mut theirs) = (purchase_of(0), purchase_of(0));
        table.compare(
            &format!("{alg}: purchases verified (2 keys, MAC1, TAC)"),
            || {
                ours.terminal_counter = ours.terminal_counter.wrapping_add(1);
                black_box(verified(
                    alg,
                    &masters,
                    &ours,
                    u64::from(ours.terminal_counter).to_be_bytes(),
                ));
            },
            || {
                theirs.terminal_counter = theirs.terminal_counter.wrapping_add(1);
                black_box(openssl.purchase(alg, &theirs, u64::from(theirs.terminal_counter).to_be_bytes()));
            },
        );
    }
    for alg in [Algorithm::Tdes, Algorithm::Sm4] {
        settlement(alg);
    }
    calculator();
}

/// Cities whose cards are mixed in the file of the two-level measurement.
const CITIES: u64 = 64;

/// The TACs of a file of purchases: in bulk, card by card, and by OpenSSL. Each way keeps its masters' schedules.
fn settlement(alg: Algorithm) {
    let title = |what: &str| format!("Settlement, {alg}: a file of purchases, {what}");
    let theirs = ratio::Table::begin(&title("beside OpenSSL on one thread"), "OpenSSL");
    let many: u64 = if theirs.measures() { 1 << 19 } else { 600 };
    let items = usize::try_from(many).unwrap();
    let (top, one) = (material(TAC_MASTER), NonZeroUsize::MIN);
    let cards: Vec<Factor> = (0..many)
        .map(|n| Factor(n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()))
        .collect();
    let data: Vec<[u8; 22]> = (0..many).map(|n| purchase_of(n).tac_data()).collect();
    let jobs: Vec<TacJob<'_>> = cards
        .iter()
        .zip(&data)
        .map(|(factor, data)| TacJob { factor: *factor, data })
        .collect();
    let city = |n: u64| Factor([0x44, n as u8, 0xFF, 0, 0, 0, 0, 0]);
    let city_keys: Vec<KeyMaterial> = (0..CITIES).map(|n| diversify(alg, &top, &city(n))).collect();
    let mut openssl = OpenSsl::new(alg);
    let mut city_contexts: Vec<CipherCtx> = (0..CITIES)
        .map(|n| {
            let key = openssl.child_of_master(1, city(n).0);
            openssl.ready(alg, &key)
        })
        .collect();
    let scalar = Diversifier::new(alg, &top);
    let scalar_cities: Vec<Diversifier> = city_keys.iter().map(|key| Diversifier::new(alg, key)).collect();

    let variant = TacVariant::default();
    let bulk_one = || tacs_on(one, alg, variant, &top, &[], &jobs);
    let bulk_two = || {
        let mut found = vec![[0; 4]; items];
        for which in 0..CITIES {
            let mine = || (usize::try_from(which).unwrap()..items).step_by(usize::try_from(CITIES).unwrap());
            let of_city: Vec<TacJob<'_>> = mine().map(|at| jobs[at]).collect();
            let tacs = tacs_on(one, alg, variant, &top, &[city(which)], &of_city);
            mine().zip(tacs).for_each(|(at, tac)| found[at] = tac);
        }
        found
    };
    let place = |at: usize| at % usize::try_from(CITIES).unwrap();
    let scalar_one = || -> Vec<[u8; 4]> {
        let tac_of = |job: &TacJob<'_>| tac(alg, variant, &scalar.child(&job.factor), job.data);
        jobs.iter().map(tac_of).collect()
    };
    let scalar_two = || -> Vec<[u8; 4]> {
        let tac_of =
            |(at, job): (usize, &TacJob<'_>)| tac(alg, variant, &scalar_cities[place(at)].child(&job.factor), job.data);
        jobs.iter().enumerate().map(tac_of).collect()
    };
    let mut openssl_one = || -> Vec<[u8; 4]> {
        let mut found = Vec::with_capacity(items);
        for job in &jobs {
            let key = openssl.child_of_master(1, job.factor.0);
            found.push(openssl.tac(alg, key, job.data));
        }
        found
    };
    let (expected, found) = (openssl_one(), bulk_one());
    assert!(expected == found && expected == scalar_one() && expected == tacs(alg, variant, &top, &[], &jobs));
    theirs.compare_runs(
        "TACs, one level, one thread",
        items,
        || drop(black_box(bulk_one())),
        || drop(black_box(openssl_one())),
    );
    theirs.compare_runs(
        "TACs, one level, all threads",
        items,
        || drop(black_box(tacs(alg, variant, &top, &[], &jobs))),
        || drop(black_box(openssl_one())),
    );
    let mut openssl_two = || -> Vec<[u8; 4]> {
        let mut found = Vec::with_capacity(items);
        for (at, job) in jobs.iter().enumerate() {
            let key = child_under(&mut city_contexts[place(at)], job.factor.0);
            found.push(openssl.tac(alg, key, job.data));
        }
        found
    };
    let (expected, found) = (openssl_two(), bulk_two());
    assert!(expected == found && expected == scalar_two());
    theirs.compare_runs(
        "TACs, two levels, 64 cities mixed, one thread",
        items,
        || drop(black_box(bulk_two())),
        || drop(black_box(openssl_two())),
    );
    theirs.compare_runs(
        "keys diversified, one level, all threads",
        items,
        || drop(black_box(diversify_many(alg, &top, &cards))),
        || {
            for card in &cards {
                black_box(openssl.child_of_master(1, card.0));
            }
        },
    );
    let ours = ratio::Table::begin(&title("beside card by card in cardmint"), "one by one");
    ours.compare_runs(
        "TACs, one level, one thread",
        items,
        || drop(black_box(bulk_one())),
        || drop(black_box(scalar_one())),
    );
    ours.compare_runs(
        "TACs, two levels, 64 cities mixed, one thread",
        items,
        || drop(black_box(bulk_two())),
        || drop(black_box(scalar_two())),
    );
}

/// Both sides give the same, or the comparison means nothing.
fn check_equal(alg: Algorithm, openssl: &mut OpenSsl, masters: &[Diversifier; 2]) {
    for n in 0..100u64 {
        let card = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        let theirs = openssl.child(alg, &MASTER, card);
        assert_eq!(theirs, openssl.child_of_master(0, card));
        assert!(masters[0].child(&Factor(card)).same_as(&material(theirs)));
        let purchase = purchase_of(n);
        assert_eq!(
            verified(alg, masters, &purchase, card),
            openssl.purchase(alg, &purchase, card)
        );
    }
}

/// The whole program on a file of lines, beside a loop that only parses each line and writes it again.
fn calculator() {
    let table = ratio::Table::begin("cardmint calc, all threads, the process from start to end", "JSON echo");
    let lines = if table.measures() { 300_000 } else { 200 };
    for (op, rest) in [
        ("kcv", r#""alg":"3des""#),
        ("kcv", r#""alg":"sm4""#),
        ("diversify", r#""alg":"3des","factors":["4420000012345678"]"#),
        ("diversify", r#""alg":"sm4","factors":["4420000012345678"]"#),
    ] {
        let line = |n: u64| {
            format!(
                "{{\"id\":{n},\"op\":\"{op}\",{rest},\"key\":\"{:032X}\"}}\n",
                u128::from(n) << 40 | 0xA5
            )
        };
        let input: String = (0..lines).map(line).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(input.as_bytes()).unwrap();
        table.compare_runs(
            &format!("{op} {rest:.12}"),
            usize::try_from(lines).unwrap(),
            || calc(file.try_clone().unwrap()),
            || echo(&input),
        );
    }
}

fn calc(mut input: std::fs::File) {
    std::io::Seek::rewind(&mut input).unwrap();
    let program = env!("CARGO_BIN_EXE_cardmint");
    let ended = Command::new(program)
        .arg("calc")
        .stdin(input)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(ended.success());
}

fn echo(input: &str) {
    let mut out = Vec::with_capacity(1 << 16);
    for line in input.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        serde_json::to_writer(&mut out, &value).unwrap();
        out.push(b'\n');
        if out.len() > 1 << 15 {
            black_box(&out);
            out.clear();
        }
    }
    black_box(&out);
}
