// SPDX-License-Identifier: Apache-2.0
//! The arithmetic against a second, independent implementation on random inputs: OpenSSL's ciphers, and the formulas of the
//! standards written down here once more from nothing but whole-buffer ECB and CBC. On a failure proptest prints the
//! smallest inputs that it found and the seed.

#![allow(clippy::unwrap_used)]

use cardmint::crypto::grey_lock::GreyLock;
use cardmint::crypto::purse::{Amount, OverdraftLimit, SecurityCode, Terminal, TxnType};
use cardmint::crypto::purse_transaction::{LoadTransaction, OverdraftUpdate, PurchaseTransaction, UnloadTransaction};
use cardmint::crypto::{
    Algorithm, Challenge, Factor, KcvLength, KeyMaterial, SecretBytes, SessionVariant, TacVariant, auth, cipher,
    diversify_path, kcv, key_record, mac, pin, secure_messaging, session_key, tac,
};
use openssl::symm::{Cipher, Crypter, Mode};
use proptest::collection::vec;
use proptest::prelude::*;

fn run(cipher: Cipher, mode: Mode, key: &[u8], iv: Option<&[u8]>, data: &[u8]) -> Vec<u8> {
    let mut crypter = Crypter::new(cipher, mode, key, iv).unwrap();
    crypter.pad(false);
    let mut out = vec![0; data.len() + 32];
    let n = crypter.update(data, &mut out).unwrap();
    let m = crypter.finalize(&mut out[n..]).unwrap();
    out.truncate(n + m);
    out
}

/// OpenSSL 3 has no single DES without its legacy module; three-key 3DES with one key is the same.
fn des3(key: &[u8]) -> Vec<u8> {
    match key.len() {
        8 => [key, key, key].concat(),
        16 => [key, &key[..8]].concat(),
        n => panic!("key of {n} bytes"),
    }
}

fn ecb(alg: Algorithm, mode: Mode, key: &[u8], data: &[u8]) -> Vec<u8> {
    match alg {
        Algorithm::Tdes => run(Cipher::des_ede3_ecb(), mode, &des3(key), None, data),
        Algorithm::Sm4 => run(Cipher::sm4_ecb(), mode, key, None, data),
    }
}

fn encrypt(alg: Algorithm, key: &[u8], data: &[u8]) -> Vec<u8> {
    ecb(alg, Mode::Encrypt, key, data)
}

fn cbc(alg: Algorithm, key: &[u8], iv: &[u8], data: &[u8]) -> Vec<u8> {
    match alg {
        Algorithm::Tdes => run(Cipher::des_ede3_cbc(), Mode::Encrypt, &des3(key), Some(iv), data),
        Algorithm::Sm4 => run(Cipher::sm4_cbc(), Mode::Encrypt, key, Some(iv), data),
    }
}

fn padded(data: &[u8], block: usize) -> Vec<u8> {
    let mut out = [data, &[0x80]].concat();
    while out.len() % block != 0 {
        out.push(0);
    }
    out
}

/// The last block of CBC over the padded data.
fn last(alg: Algorithm, key: &[u8], iv: &[u8], data: &[u8]) -> Vec<u8> {
    let all = cbc(alg, key, iv, &padded(data, alg.block()));
    all[all.len() - alg.block()..].to_vec()
}

fn retail(key: &[u8], iv: &[u8], data: &[u8]) -> Vec<u8> {
    let (left, right) = key.split_at(8);
    let state = last(Algorithm::Tdes, left, iv, data);
    encrypt(
        Algorithm::Tdes,
        left,
        &ecb(Algorithm::Tdes, Mode::Decrypt, right, &state),
    )
}

fn inverted(data: &[u8]) -> Vec<u8> {
    data.iter().map(|b| !b).collect()
}

fn child(alg: Algorithm, key: &[u8], factor: &[u8]) -> Vec<u8> {
    match alg {
        Algorithm::Tdes => [encrypt(alg, key, factor), encrypt(alg, key, &inverted(factor))].concat(),
        Algorithm::Sm4 => encrypt(alg, key, &[factor, &inverted(factor)].concat()),
    }
}

fn session(alg: Algorithm, key: &[u8], seed: &[u8]) -> Vec<u8> {
    match alg {
        Algorithm::Tdes => encrypt(alg, key, seed),
        Algorithm::Sm4 => encrypt(alg, key, &[seed, &inverted(seed)].concat()),
    }
}

fn session_mac(alg: Algorithm, session: &[u8], data: &[u8]) -> Vec<u8> {
    last(alg, session, &[0; 16][..alg.block()], data)[..4].to_vec()
}

fn xored(key: &[u8]) -> Vec<u8> {
    key[..8].iter().zip(&key[8..]).map(|(l, r)| l ^ r).collect()
}

fn tac_of(alg: Algorithm, key: &[u8], data: &[u8]) -> Vec<u8> {
    match alg {
        Algorithm::Tdes => session_mac(alg, &xored(key), data),
        Algorithm::Sm4 => session_mac(alg, key, data),
    }
}

fn material(key: &[u8]) -> KeyMaterial {
    KeyMaterial::init_with(|place| place.copy_from_slice(key))
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop_oneof![Just(Algorithm::Tdes), Just(Algorithm::Sm4)]
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..100)
}

/// The values of any transaction.
#[derive(Debug, Clone, Copy)]
struct Txn {
    kind: u8,
    balance: u32,
    amount: u32,
    terminal: [u8; 6],
    terminal_counter: u32,
    random: [u8; 4],
    counter: u16,
    at: [u8; 7],
}

prop_compose! {
    fn txn()(
        kind in any::<u8>(), balance in any::<u32>(), amount in any::<u32>(), terminal in any::<[u8; 6]>(),
        terminal_counter in any::<u32>(), random in any::<[u8; 4]>(), counter in any::<u16>(),
        at in (0..10u8, 1..=9u8, 1..=9u8, 0..=9u8, 0..=9u8, 0..=9u8),
    ) -> Txn {
        let at = [0x20, at.0, at.1, at.2, at.3, at.4, at.5];
        Txn { kind, balance, amount, terminal, terminal_counter, random, counter, at }
    }
}

impl Txn {
    fn tail(&self) -> Vec<u8> {
        [&[self.kind][..], &self.terminal, &self.at].concat()
    }

    fn seed(&self, end: &[u8]) -> Vec<u8> {
        [&self.random[..], &self.counter.to_be_bytes(), end].concat()
    }
}

/// Compares everything that a transaction gives.
macro_rules! same_session {
    ($alg:expr, $key:expr, $txn:expr, $seed:expr, $($data:expr => $expected:expr),+ $(,)?) => {{
        prop_assert_eq!(&$txn.session_seed()[..], &$seed[..]);
        let theirs = session($alg, $key, &$seed);
        let ours = session_key($alg, SessionVariant::default(), &material($key), &$txn.session_seed());
        prop_assert!(ours.same_as(&SecretBytes::new(theirs.clone())));
        $(prop_assert_eq!(ours.mac(&$data).to_vec(), session_mac($alg, &theirs, &$expected));)+
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ciphers(alg in algorithm(), key: [u8; 16], iv: [u8; 16], blocks in vec(any::<[u8; 16]>(), 0..8)) {
        let data = blocks.concat();
        prop_assert_eq!(cipher::ecb_encrypt(alg, &key, &data), encrypt(alg, &key, &data));
        prop_assert_eq!(cipher::ecb_decrypt(alg, &key, &data), ecb(alg, Mode::Decrypt, &key, &data));
        let iv = &iv[..alg.block()];
        prop_assert_eq!(cipher::cbc_encrypt(alg, &key, iv, &data), cbc(alg, &key, iv, &data));
    }

    #[test]
    fn macs(key: [u8; 16], half: [u8; 8], iv: [u8; 16], data in data()) {
        let iv8 = &iv[..8];
        let (des, retailed) = (mac::des_mac(&half, iv8.try_into().unwrap(), &data), mac::retail_mac(&key, iv8.try_into().unwrap(), &data));
        prop_assert_eq!(&des[..], last(Algorithm::Tdes, &half, iv8, &data));
        prop_assert_eq!(&retailed[..], retail(&key, iv8, &data));
        prop_assert_eq!(&mac::sm4_mac(&key, &iv, &data)[..], last(Algorithm::Sm4, &key, &iv, &data));
    }

    #[test]
    fn diversification_and_check_values(
        alg in algorithm(), key: [u8; 16], factors in vec(any::<[u8; 8]>(), 0..5), length in 3..=8u8,
    ) {
        let theirs = factors.iter().fold(key.to_vec(), |key, factor| child(alg, &key, factor));
        let path: Vec<Factor> = factors.into_iter().map(Factor).collect();
        let ours = diversify_path(alg, &material(&key), &path);
        prop_assert!(ours.same_as(&material(&theirs)));
        let check = kcv(alg, &ours, KcvLength::try_from(length).unwrap());
        prop_assert_eq!(check.as_bytes(), &encrypt(alg, &theirs, &[0; 16][..alg.block()])[..length.into()]);
    }

    #[test]
    fn loads(alg in algorithm(), key: [u8; 16], tac_key: [u8; 16], t in txn()) {
        let load = LoadTransaction {
            kind: TxnType(t.kind), balance: Amount(t.balance), amount: Amount(t.amount), terminal: Terminal(t.terminal),
            random: t.random, counter: t.counter, at: t.at.try_into().unwrap(),
        };
        let (balance, amount, tail) = (t.balance.to_be_bytes(), t.amount.to_be_bytes(), t.tail());
        same_session!(alg, &key, load, t.seed(&[0x80, 0]),
            load.mac1_data() => [&balance[..], &amount, &tail[..7]].concat(),
            load.mac2_data() => [&amount[..], &tail].concat());
        match t.balance.checked_add(t.amount) {
            None => prop_assert!(load.tac_data().is_err()),
            Some(new) => {
                let theirs = [&new.to_be_bytes()[..], &t.counter.to_be_bytes(), &amount, &tail].concat();
                let ours = tac(alg, TacVariant::default(), &material(&tac_key), &load.tac_data().unwrap());
                prop_assert_eq!(ours.to_vec(), tac_of(alg, &tac_key, &theirs));
            }
        }
    }

    #[test]
    fn purchases(alg in algorithm(), key: [u8; 16], tac_key: [u8; 16], t in txn(), code: Option<[u8; 9]>) {
        let purchase = PurchaseTransaction {
            kind: TxnType(t.kind), amount: Amount(t.amount), terminal: Terminal(t.terminal),
            terminal_counter: t.terminal_counter, random: t.random, counter: t.counter, at: t.at.try_into().unwrap(),
            security_code: code.map(SecurityCode),
        };
        let (amount, tail, sequence) = (t.amount.to_be_bytes(), t.tail(), t.terminal_counter.to_be_bytes());
        let code = code.map_or(vec![], Vec::from);
        same_session!(alg, &key, purchase, t.seed(&sequence[2..]),
            purchase.mac1_data() => [&amount[..], &tail, &code].concat(),
            purchase.mac2_data() => amount);
        let theirs = [&amount[..], &tail[..7], &sequence, &tail[7..]].concat();
        let ours = tac(alg, TacVariant::default(), &material(&tac_key), &purchase.tac_data());
        prop_assert_eq!(ours.to_vec(), tac_of(alg, &tac_key, &theirs));
    }

    #[test]
    fn unloads_and_overdrafts(alg in algorithm(), key: [u8; 16], t in txn(), limits: [u32; 2]) {
        let (terminal, at) = (Terminal(t.terminal), t.at.try_into().unwrap());
        let (balance, amount, counter) = (t.balance.to_be_bytes(), t.amount.to_be_bytes(), t.counter.to_be_bytes());
        let tail = Txn { kind: 3, ..t }.tail();
        let unload = UnloadTransaction {
            balance: Amount(t.balance), amount: Amount(t.amount), terminal, random: t.random, counter: t.counter, at,
        };
        same_session!(alg, &key, unload, t.seed(&[0x80, 0]),
            unload.mac1_data() => [&balance[..], &amount, &tail[..7]].concat(),
            unload.mac2_data() => [&amount[..], &tail].concat());
        match t.balance.checked_sub(t.amount) {
            None => prop_assert!(unload.mac3_data().is_err()),
            Some(new) => {
                let theirs = [&new.to_be_bytes()[..], &counter, &amount, &tail].concat();
                prop_assert_eq!(unload.mac3_data().unwrap().to_vec(), theirs);
            }
        }
        let [old, new] = limits.map(|l| l & 0x00FF_FFFF);
        let update = OverdraftUpdate {
            balance: Amount(t.balance), old_limit: OverdraftLimit::try_from(old).unwrap(),
            new_limit: OverdraftLimit::try_from(new).unwrap(), terminal, random: t.random, counter: t.counter, at,
        };
        let tail = Txn { kind: 7, ..t }.tail();
        same_session!(alg, &key, update, t.seed(&[0x80, 0]),
            update.mac1_data() => [&balance[..], &old.to_be_bytes()[1..], &tail[..7]].concat(),
            update.mac2_data() => [&new.to_be_bytes()[1..], &tail].concat());
        let after = i64::from(t.balance) - i64::from(old) + i64::from(new);
        if let (true, Ok(after)) = (t.balance >= old, u32::try_from(after)) {
            let theirs = [&after.to_be_bytes()[..], &counter, &new.to_be_bytes()[1..], &tail].concat();
            prop_assert_eq!(update.tac_data().unwrap().to_vec(), theirs);
        } else {
            prop_assert!(update.tac_data().is_err());
        }
    }

    #[test]
    fn grey_locks(key: [u8; 16], t in txn(), terminal_random: [u8; 4], debit_kind: u8) {
        let lock = GreyLock {
            lock_kind: TxnType(t.kind), debit_kind: TxnType(debit_kind), balance: Amount(t.balance),
            terminal: Terminal(t.terminal), terminal_counter: t.terminal_counter, terminal_random, random: t.random,
            counter: t.counter, at: t.at.try_into().unwrap(),
        };
        let sequence = t.terminal_counter.to_be_bytes();
        let first = encrypt(Algorithm::Tdes, &key, &t.seed(&sequence[2..]));
        let theirs = encrypt(Algorithm::Tdes, &first, &[&terminal_random[..], &[0x80, 0, 0, 0]].concat());
        let ours = session_key(Algorithm::Tdes, SessionVariant::default(), &material(&key), &lock.session_seed());
        let ours = ours.grey_lock(terminal_random).unwrap();
        prop_assert!(ours.same_as(&SecretBytes::new(theirs.clone())));
        prop_assert_eq!(ours.mac(&lock.mac1_data()).to_vec(), session_mac(Algorithm::Tdes, &theirs, &t.tail()));
        let balance_counter = [&t.balance.to_be_bytes()[..], &t.counter.to_be_bytes()].concat();
        prop_assert_eq!(ours.mac(&lock.mac2_data()).to_vec(), session_mac(Algorithm::Tdes, &theirs, &balance_counter));
    }

    #[test]
    fn secure_messages_and_key_records(
        alg in algorithm(), key: [u8; 16], inner: [u8; 16], header: [u8; 5], prefix in vec(any::<u8>(), 0..8),
        challenge in prop_oneof![any::<[u8; 4]>().prop_map(|c| c.to_vec()), any::<[u8; 8]>().prop_map(|c| c.to_vec())],
        data in vec(any::<u8>(), 0..=255),
    ) {
        let ours = Challenge::try_from(&challenge[..]).unwrap();
        let mut iv = challenge.clone();
        iv.resize(alg.block(), 0);
        let theirs = |data: &[u8]| match alg {
            Algorithm::Tdes => retail(&key, &iv, data)[..4].to_vec(),
            Algorithm::Sm4 => last(alg, &key, &iv, data)[..4].to_vec(),
        };
        prop_assert_eq!(secure_messaging::mac4(alg, &material(&key), &ours, &data).to_vec(), theirs(&data));
        let enciphered = |data: &[u8]| {
            let plain = [&[u8::try_from(data.len()).unwrap()], data].concat();
            let full = plain.len() % alg.block() == 0;
            encrypt(alg, &key, &if full { plain } else { padded(&plain, alg.block()) })
        };
        prop_assert_eq!(secure_messaging::encrypt_ld(alg, &material(&key), &data).unwrap(), enciphered(&data));
        let record = enciphered(&[&prefix[..], &inner].concat());
        let sent = [&record[..], &theirs(&[&header[..], &record].concat())].concat();
        let wrapped = key_record::wrap_record(alg, &material(&key), &ours, header, &prefix, &material(&inner), &[]);
        prop_assert_eq!(wrapped.unwrap(), sent);
        let block = encrypt(alg, &key, &iv);
        let proof: Vec<u8> = match alg {
            Algorithm::Tdes => block,
            Algorithm::Sm4 => xored(&block),
        };
        prop_assert_eq!(auth::external_authentication(alg, &material(&key), &ours).to_vec(), proof);
    }

    #[test]
    fn pin_reloads(key: [u8; 16], code in vec(any::<u8>(), 2..=6)) {
        let mac = pin::reload_pin_mac(&material(&key), &SecretBytes::new(code.clone()));
        prop_assert_eq!(mac.to_vec(), tac_of(Algorithm::Tdes, &key, &code));
    }
}
