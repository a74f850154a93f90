// SPDX-License-Identifier: Apache-2.0
//! Known answers. The folder `tests/kat/` is walked: a file that lies there is run. Each vector has its public source; see
//! tests/kat/README.md for what the fields mean and for what is left out.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use cardmint::crypto::grey_lock::GreyLock;
use cardmint::crypto::key_block::{ExchangeKey, KeyBlock};
use cardmint::crypto::purse::{Amount, DateTime, OverdraftLimit, Terminal, TxnType};
use cardmint::crypto::purse_transaction::{LoadTransaction, OverdraftUpdate, PurchaseTransaction};
use cardmint::crypto::{
    Algorithm, Challenge, Factor, KcvLength, KeyMaterial, SecretBytes, SessionKey, SessionVariant, TacVariant, auth,
    cipher, diversify_path, kcv, key_record, mac, pack, pin, secure_messaging, session_key, tac,
};
use cardmint::error::Fault;
use cardmint::outside::{NoRandom, Random};
use serde::Deserialize;

/// How many vectors there are, so that a lost file or line is noticed.
const VECTORS: usize = 140;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    source: String,
    origin: Origin,
    algorithm: String,
    #[serde(rename = "in")]
    input: BTreeMap<String, serde_json::Value>,
    expect: Expect,
    out: BTreeMap<String, String>,
    #[serde(default)]
    #[allow(dead_code, reason = "for readers of the file")]
    note: String,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Origin {
    Published,
    Agreed,
    Computed,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Equals,
    Differs,
}

/// A random source that gives the published padding.
struct Padding(Vec<u8>);

impl Random for Padding {
    fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
        place.copy_from_slice(&self.0);
        Ok(())
    }
}

type Out = BTreeMap<String, String>;

#[test]
fn every_known_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kat");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "json"));
    files.sort();
    let (mut run, mut published, mut wrong) = (0, 0, Vec::new());
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for vector in vectors {
            assert!(!vector.source.is_empty() && !vector.out.is_empty(), "{}", vector.name);
            let got = vector.compute();
            let known: Out = got.into_iter().filter(|(k, _)| vector.out.contains_key(k)).collect();
            let same = known == vector.out;
            if same != (vector.expect == Expect::Equals) {
                wrong.push(format!("{}: {known:?}, in the file {:?}", vector.name, vector.out));
            }
            run += 1;
            published += usize::from(vector.origin != Origin::Computed);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(run, VECTORS, "vectors in {} files", files.len());
    assert!(
        published > VECTORS / 2,
        "most answers come from outside: {published} of {run}"
    );
}

impl Vector {
    fn text(&self, field: &str) -> &str {
        let value = self.input.get(field).and_then(|v| v.as_str());
        value.unwrap_or_else(|| panic!("{}: {field} is missing", self.name))
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        hex::decode(self.text(field)).unwrap_or_else(|e| panic!("{}: {field}: {e}", self.name))
    }

    fn array<const N: usize>(&self, field: &str) -> [u8; N] {
        let bytes = self.bytes(field);
        bytes
            .try_into()
            .unwrap_or_else(|_| panic!("{}: {field} has another length", self.name))
    }

    fn alg(&self) -> Algorithm {
        self.text("alg").parse().unwrap()
    }

    /// Eight bytes become K‖K.
    fn key(&self, field: &str) -> KeyMaterial {
        key_of(&self.bytes(field))
    }

    fn number(&self, field: &str) -> u32 {
        self.bytes(field).iter().fold(0, |n, byte| n << 8 | u32::from(*byte))
    }

    fn counter(&self, field: &str) -> u16 {
        u16::from_be_bytes(self.array(field))
    }

    fn kind(&self, field: &str) -> TxnType {
        TxnType(self.array::<1>(field)[0])
    }

    fn terminal(&self) -> Terminal {
        Terminal(self.array("terminal"))
    }

    /// Some sources stop before the date is needed.
    fn at(&self) -> DateTime {
        self.input.get("datetime").map_or_else(
            || "20000101000000".parse().unwrap(),
            |_| self.text("datetime").parse().unwrap(),
        )
    }

    fn challenge(&self) -> Challenge {
        Challenge::try_from(&self.bytes("challenge")[..]).unwrap()
    }

    fn tac(&self, data: &[u8]) -> Option<String> {
        self.input.get("tac_key")?;
        Some(hex(&tac(
            self.alg_or_3des(),
            TacVariant::default(),
            &self.key("tac_key"),
            data,
        )))
    }

    fn alg_or_3des(&self) -> Algorithm {
        self.input.get("alg").map_or(Algorithm::Tdes, |_| self.alg())
    }

    /// A secret result is shown only if it is the expected one.
    fn session(&self, field: &str, key: &SessionKey) -> String {
        let Some(expected) = self.out.get(field) else {
            return String::new();
        };
        let same = key.same_as(&SecretBytes::new(hex::decode(expected).unwrap()));
        if same { expected.clone() } else { "another key".into() }
    }

    fn same_key(&self, key: &KeyMaterial) -> String {
        let expected = &self.out["key"];
        if key.same_as(&key_of(&hex::decode(expected).unwrap())) {
            expected.clone()
        } else {
            "another key".into()
        }
    }

    fn compute(&self) -> Out {
        match self.algorithm.as_str() {
            "des-ecb" | "des-ede3-ecb" => one("data", &self.des_blocks()),
            "3des-ecb" => one(
                "data",
                &cipher::ecb_encrypt(Algorithm::Tdes, &self.array("key"), &self.bytes("data")),
            ),
            "sm4-ecb" => one("data", &self.sm4_ecb()),
            "sm4-cbc" => one(
                "data",
                &cipher::cbc_encrypt(
                    Algorithm::Sm4,
                    &self.array("key"),
                    &self.bytes("iv"),
                    &self.bytes("data"),
                ),
            ),
            "des-mac" => one(
                "mac",
                &mac::des_mac(&self.array("key"), &self.array("iv"), &self.bytes("data"))[..self.mac_len()],
            ),
            "des-mac-unpadded" => one(
                "mac",
                &mac::des_mac_unpadded(&self.array("key"), &self.array("iv"), &self.bytes("data")),
            ),
            "retail-mac" => one(
                "mac",
                &mac::retail_mac(&self.array("key"), &self.array("iv"), &self.bytes("data")),
            ),
            "retail-mac-unpadded" => one(
                "mac",
                &mac::retail_mac_unpadded(&self.array("key"), &self.array("iv"), &self.bytes("data")),
            ),
            "sm4-mac" => one(
                "mac",
                &mac::sm4_mac(&self.array("key"), &self.array("iv"), &self.bytes("data")),
            ),
            "sm4-mac-unpadded" => one(
                "mac",
                &mac::sm4_mac_unpadded(&self.array("key"), &self.array("iv"), &self.bytes("data")),
            ),
            "xored-key-mac" => one(
                "mac",
                &tac(
                    Algorithm::Tdes,
                    TacVariant::default(),
                    &self.key("key"),
                    &self.bytes("data"),
                ),
            ),
            "kcv" => self.kcv(),
            "diversify" => field("key", self.same_key(&self.diversified())),
            "diversify-odd-parity" => self.diversified_with_parity(),
            "external-auth" => one(
                "data",
                &auth::external_authentication(self.alg(), &self.key("key"), &self.challenge()),
            ),
            "internal-encrypt" => one(
                "data",
                &auth::internal_encrypt(self.alg(), &self.key("key"), &self.bytes("data")),
            ),
            "internal-decrypt" => one(
                "data",
                &auth::internal_decrypt(self.alg(), &self.key("key"), &self.bytes("data")),
            ),
            "internal-mac" => one(
                "mac",
                &auth::internal_mac(self.alg(), &self.key("key"), &self.bytes("data")),
            ),
            "command-mac" => one(
                "mac",
                &secure_messaging::mac4(self.alg(), &self.key("key"), &self.challenge(), &self.bytes("input")),
            ),
            "encrypt-ld" => self.encrypted(),
            "wrap" | "wrap-key" | "pin-unblock" => one("data", &self.wrapped()),
            "reload-pin" => self.reloaded(),
            "load" => self.load(),
            "purchase" => self.purchase(),
            "psam-purchase" => self.psam_purchase(),
            "overdraft" => self.overdraft(),
            "grey-lock" => self.grey_lock(),
            "key-block" => self.key_block(),
            other => panic!("{}: no code for algorithm {other}", self.name),
        }
    }

    /// Opened, and where the padding is known, made again.
    fn key_block(&self) -> Out {
        let kind = self.text("kind").parse().unwrap();
        let exchange = ExchangeKey::from_secret(kind, SecretBytes::new(self.bytes("exchange"))).unwrap();
        let mut out = field("exchange_kcv", exchange.kcv().to_string());
        let block = KeyBlock::parse(self.text("block")).unwrap();
        let key = match exchange.open(&block) {
            Ok(key) => key,
            Err(e) => return field("error", e.msg().id().to_owned()),
        };
        let expected = self.out.get("key").map(|k| hex::decode(k).unwrap()).unwrap_or_default();
        let same = pack::is_same(&key, &SecretBytes::new(expected.clone()));
        out.extend(field("key", if same { hex(&expected) } else { "another key".into() }));
        if self.out.contains_key("kcv") {
            let value = kcv(Algorithm::Tdes, &key_of(&expected), KcvLength::default());
            out.extend(field("kcv", value.to_string()));
        }
        if self.input.contains_key("padding") {
            let padding = self.bytes("padding");
            let room = key.len() + padding.len();
            let made = exchange.seal(block.header(), &key, room, &mut Padding(padding));
            out.extend(field("block", made.unwrap()));
        }
        out
    }

    /// A four-byte value in the file means the leftmost four.
    fn mac_len(&self) -> usize {
        self.out["mac"].len() / 2
    }

    fn des_blocks(&self) -> Vec<u8> {
        let keys: Vec<[u8; 8]> = self.bytes("key").chunks(8).map(|k| k.try_into().unwrap()).collect();
        let mut data = self.bytes("data");
        for block in data.chunks_mut(8) {
            let mut state: [u8; 8] = (&*block).try_into().unwrap();
            for (at, key) in keys.iter().enumerate() {
                let step = if at % 2 == 0 {
                    cipher::des_encrypt_block
                } else {
                    cipher::des_decrypt_block
                };
                step(key, &mut state);
            }
            block.copy_from_slice(&state);
        }
        data
    }

    fn sm4_ecb(&self) -> Vec<u8> {
        let times = self.input.get("iterations").map_or(1, |n| n.as_u64().unwrap());
        let (key, data) = (self.array("key"), self.bytes("data"));
        let there = (0..times).fold(data, |data, _| cipher::ecb_encrypt(Algorithm::Sm4, &key, &data));
        if times == 1 {
            assert_eq!(
                cipher::ecb_decrypt(Algorithm::Sm4, &key, &there),
                self.bytes("data"),
                "{}",
                self.name
            );
        }
        there
    }

    fn kcv(&self) -> Out {
        let length = u8::try_from(self.out["kcv"].len() / 2).unwrap();
        let value = kcv(self.alg(), &self.key("key"), KcvLength::try_from(length).unwrap());
        field("kcv", value.to_string())
    }

    fn factors(&self) -> Vec<Factor> {
        serde_json::from_value(self.input["factors"].clone()).unwrap()
    }

    fn diversified(&self) -> KeyMaterial {
        diversify_path(self.alg(), &self.key("key"), &self.factors())
    }

    /// The same from the primitives, so that the parity can be set before comparing.
    fn diversified_with_parity(&self) -> Out {
        let [factor] = self.factors()[..] else {
            panic!("one factor")
        };
        let data: Vec<u8> = factor.0.iter().copied().chain(factor.0.map(|b| !b)).collect();
        let raw = cipher::ecb_encrypt(self.alg(), &self.array("key"), &data);
        assert!(self.diversified().same_as(&key_of(&raw)));
        let odd: Vec<u8> = raw
            .iter()
            .map(|b| b & 0xFE | u8::from((b & 0xFE).count_ones() % 2 == 0))
            .collect();
        one("key", &odd)
    }

    fn encrypted(&self) -> Out {
        let cipher = secure_messaging::encrypt_ld(self.alg(), &self.key("key"), &self.bytes("data")).unwrap();
        let back = secure_messaging::decrypt_ld(self.alg(), &self.key("key"), &cipher).unwrap();
        assert_eq!(back, self.bytes("data"), "{}", self.name);
        one("data", &cipher)
    }

    fn wrapped(&self) -> Vec<u8> {
        let (alg, key, challenge, header) = (self.alg(), self.key("key"), self.challenge(), self.array("header"));
        let data = match self.algorithm.as_str() {
            "wrap-key" => {
                let inner = self.key("record_key");
                key_record::wrap_record(alg, &key, &challenge, header, &self.bytes("prefix"), &inner, &[])
            }
            "pin-unblock" => {
                let pin = SecretBytes::new(self.bytes("pin"));
                pin::pin_unblock_data(alg, &key, &challenge, header, &pin)
            }
            _ => {
                let record = SecretBytes::new(self.bytes("record"));
                key_record::wrap_secret(alg, &key, &challenge, header, &[], &record)
            }
        };
        let data = data.unwrap();
        assert_eq!(data.len(), usize::from(header[4]), "{}: Lc", self.name);
        data
    }

    fn reloaded(&self) -> Out {
        let pin = SecretBytes::new(self.bytes("pin"));
        let mac = pin::reload_pin_mac(&self.key("key"), &pin);
        let mut out = one("mac", &mac);
        assert_eq!(pin::reload_pin_data(&self.key("key"), &pin).len(), pin.len() + 4);
        out.insert("data".into(), hex(&[self.bytes("pin"), mac.to_vec()].concat()));
        out
    }

    fn load(&self) -> Out {
        let load = LoadTransaction {
            kind: self.kind("type"),
            balance: Amount(self.number("balance")),
            amount: Amount(self.number("amount")),
            terminal: self.terminal(),
            random: self.array("random"),
            counter: self.counter("counter"),
            at: self.at(),
        };
        let session = session_key(
            self.alg(),
            SessionVariant::default(),
            &self.key("key"),
            &load.session_seed(),
        );
        let mut out = Out::new();
        out.insert("session".into(), self.session("session", &session));
        out.insert("mac1".into(), hex(&session.mac(&load.mac1_data())));
        out.insert("mac2".into(), hex(&session.mac(&load.mac2_data())));
        out.insert("new_balance".into(), hex(&load.new_balance().unwrap().bytes()));
        out.extend(self.tac(&load.tac_data().unwrap()).map(|tac| ("tac".into(), tac)));
        out
    }

    fn purchase(&self) -> Out {
        let purchase = PurchaseTransaction {
            kind: self.kind("type"),
            amount: Amount(self.number("amount")),
            terminal: self.terminal(),
            terminal_counter: self.number("terminal_counter"),
            random: self.array("random"),
            counter: self.counter("counter"),
            at: self.at(),
            security_code: None,
        };
        self.purchased(&purchase, &self.key("key"))
    }

    fn purchased(&self, purchase: &PurchaseTransaction, key: &KeyMaterial) -> Out {
        let session = session_key(self.alg(), SessionVariant::default(), key, &purchase.session_seed());
        let mut out = Out::new();
        out.insert("session".into(), self.session("session", &session));
        out.insert("mac1".into(), hex(&session.mac(&purchase.mac1_data())));
        out.insert("mac2".into(), hex(&session.mac(&purchase.mac2_data())));
        out.extend(self.tac(&purchase.tac_data()).map(|tac| ("tac".into(), tac)));
        out
    }

    /// Data of INIT SAM FOR PURCHASE: the factors stand there with the card's first.
    fn psam_purchase(&self) -> Out {
        let data = self.bytes("data");
        let mut factors: Vec<Factor> = data[20..].chunks(8).map(|f| Factor(f.try_into().unwrap())).collect();
        factors.reverse();
        let purchase = PurchaseTransaction {
            kind: TxnType(data[10]),
            amount: Amount(u32::from_be_bytes(data[6..10].try_into().unwrap())),
            terminal: self.terminal(),
            terminal_counter: self.number("terminal_counter"),
            random: data[..4].try_into().unwrap(),
            counter: u16::from_be_bytes(data[4..6].try_into().unwrap()),
            at: <[u8; 7]>::try_from(&data[11..18]).unwrap().try_into().unwrap(),
            security_code: None,
        };
        self.purchased(&purchase, &diversify_path(self.alg(), &self.key("key"), &factors))
    }

    fn overdraft(&self) -> Out {
        let update = OverdraftUpdate {
            balance: Amount(self.number("balance")),
            old_limit: OverdraftLimit::try_from(self.number("old_limit")).unwrap(),
            new_limit: OverdraftLimit::try_from(self.number("new_limit")).unwrap(),
            terminal: self.terminal(),
            random: self.array("random"),
            counter: self.counter("counter"),
            at: self.at(),
        };
        let session = session_key(
            self.alg(),
            SessionVariant::default(),
            &self.key("key"),
            &update.session_seed(),
        );
        let mut out = Out::new();
        out.insert("session".into(), self.session("session", &session));
        out.insert("mac1".into(), hex(&session.mac(&update.mac1_data())));
        out.insert("mac2".into(), hex(&session.mac(&update.mac2_data())));
        out.insert("new_balance".into(), hex(&update.new_balance().unwrap().bytes()));
        out.extend(self.tac(&update.tac_data().unwrap()).map(|tac| ("tac".into(), tac)));
        out
    }

    fn grey_lock(&self) -> Out {
        let lock = GreyLock {
            lock_kind: self.kind("lock_type"),
            debit_kind: self.kind("debit_type"),
            balance: Amount(self.number("balance")),
            terminal: self.terminal(),
            terminal_counter: self.number("terminal_counter"),
            terminal_random: self.array("terminal_random"),
            random: self.array("random"),
            counter: self.counter("counter"),
            at: self.at(),
        };
        let amount = Amount(self.number("amount"));
        let first = session_key(
            Algorithm::Tdes,
            SessionVariant::default(),
            &self.key("key"),
            &lock.session_seed(),
        );
        let session = first.grey_lock(lock.terminal_random).unwrap();
        let mut out = Out::new();
        out.insert("session".into(), self.session("session", &first));
        out.insert("grey_session".into(), self.session("grey_session", &session));
        out.insert("mac1".into(), hex(&session.mac(&lock.mac1_data())));
        out.insert("mac2".into(), hex(&session.mac(&lock.mac2_data())));
        out.insert("gmac".into(), hex(&session.mac(&lock.gmac_data(amount))));
        out.extend(self.tac(&lock.gtac_data()).map(|tac| ("gtac".into(), tac)));
        out.extend(self.tac(&lock.debit_tac_data(amount)).map(|tac| ("tac".into(), tac)));
        out
    }
}

fn key_of(bytes: &[u8]) -> KeyMaterial {
    assert!([8, 16].contains(&bytes.len()), "a key has 8 or 16 bytes");
    KeyMaterial::init_with(|place| {
        for part in place.chunks_mut(bytes.len()) {
            part.copy_from_slice(bytes);
        }
    })
}

fn hex(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

fn one(name: &str, bytes: &[u8]) -> Out {
    field(name, hex(bytes))
}

fn field(name: &str, text: String) -> Out {
    Out::from([(name.to_owned(), text)])
}
