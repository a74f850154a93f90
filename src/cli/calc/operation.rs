// SPDX-License-Identifier: Apache-2.0
//! The operations: from a request to the values of its answer. Each is a formula of docs/arithmetic.md.

use super::fault::CalcFault;
use super::request::Request;
use crate::crypto::clear::{test_key, test_session};
use crate::crypto::purse::{Amount, DateTime, Terminal, TxnType};
use crate::crypto::purse_transaction::{LoadTransaction, PurchaseTransaction};
use crate::crypto::{
    Algorithm, Challenge, Factor, KcvLength, KeyMaterial, SecretBytes, SessionVariant, TacVariant, auth,
    diversify_path, kcv, key_record, mac, session_key, tac,
};

/// Result fields in their order: values in upper-case hex.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    fn with(mut self, name: &str, value: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":\"");
        for byte in value {
            self.0
                .extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        self.0.push(b'"');
        self
    }

    fn new() -> Self {
        Self(Vec::with_capacity(160))
    }

    /// Writes `,"name":"value"` for each.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Answers a request.
pub(super) fn compute(request: &Request<'_>) -> Result<Answer, CalcFault> {
    match request.op()? {
        "diversify" => diversify(request),
        "kcv" => check_value(request),
        "mac" => mac_of(request),
        "session" => session(request),
        "load" => load(request),
        "purchase" => purchase(request),
        "wrap-key" => wrap_key(request),
        "external-auth" => external_auth(request),
        _ => Err(CalcFault::UnknownOp),
    }
}

fn diversify(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&["alg", "key", "factors"])?;
    let alg = algorithm(request)?;
    let master = request.key("key")?;
    let factors: Vec<Factor> = request.list("factors")?.into_iter().map(Factor).collect();
    let child = diversify_path(alg, &master, &factors);
    let check = kcv(alg, &child, KcvLength::default());
    Ok(Answer::new()
        .with("key", test_key(&child))
        .with("kcv", check.as_bytes()))
}

fn check_value(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&["alg", "key", "len"])?;
    let alg = algorithm(request)?;
    let key = request.key("key")?;
    let length = match request.number("len")? {
        None => KcvLength::default(),
        Some(n) => u8::try_from(n)
            .ok()
            .and_then(|n| n.try_into().ok())
            .ok_or(CalcFault::BadKcvLength)?,
    };
    Ok(Answer::new().with("kcv", kcv(alg, &key, length).as_bytes()))
}

fn mac_of(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&["alg", "key", "iv", "data"])?;
    let value = match request.text("alg")? {
        "des" => {
            let key = zeroize::Zeroizing::new(request.bytes::<8>("key")?);
            mac::leftmost4(&mac::des_mac(&key, &iv(request)?, &request.data("data")?))
        }
        "retail" => {
            let key = zeroize::Zeroizing::new(request.bytes::<16>("key")?);
            mac::leftmost4(&mac::retail_mac(&key, &iv(request)?, &request.data("data")?))
        }
        "sm4" => {
            let key = zeroize::Zeroizing::new(request.bytes::<16>("key")?);
            mac::leftmost4(&mac::sm4_mac(&key, &iv(request)?, &request.data("data")?))
        }
        _ => {
            return Err(CalcFault::BadAlgorithm {
                known: "des, retail, sm4",
            });
        }
    };
    Ok(Answer::new().with("mac", &value))
}

fn session(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&["alg", "key", "data"])?;
    let alg = algorithm(request)?;
    let key = session_key(
        alg,
        SessionVariant::default(),
        &request.key("key")?,
        &request.bytes("data")?,
    );
    Ok(Answer::new().with("key", test_session(&key)))
}

fn load(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&[
        "alg", "key", "balance", "amount", "type", "terminal", "random", "counter", "datetime", "tac_key",
    ])?;
    let alg = algorithm(request)?;
    let key = request.key("key")?;
    let load = LoadTransaction {
        balance: amount(request, "balance")?,
        amount: amount(request, "amount")?,
        kind: TxnType(request.bytes::<1>("type")?[0]),
        terminal: Terminal(request.bytes("terminal")?),
        random: request.bytes("random")?,
        counter: u16::from_be_bytes(request.bytes("counter")?),
        at: date_time(request)?,
    };
    let tac_data = load.tac_data().map_err(|_| CalcFault::BalanceOverflow)?;
    let session = session_key(alg, SessionVariant::default(), &key, &load.session_seed());
    let answer = Answer::new()
        .with("session", test_session(&session))
        .with("mac1", &session.mac(&load.mac1_data()))
        .with("mac2", &session.mac(&load.mac2_data()));
    with_tac(request, alg, &tac_data, answer)
}

fn purchase(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&[
        "alg",
        "key",
        "amount",
        "type",
        "terminal",
        "terminal_counter",
        "random",
        "counter",
        "datetime",
        "tac_key",
    ])?;
    let alg = algorithm(request)?;
    let key = request.key("key")?;
    let purchase = PurchaseTransaction {
        amount: amount(request, "amount")?,
        kind: TxnType(request.bytes::<1>("type")?[0]),
        terminal: Terminal(request.bytes("terminal")?),
        terminal_counter: u32::from_be_bytes(request.bytes("terminal_counter")?),
        random: request.bytes("random")?,
        counter: u16::from_be_bytes(request.bytes("counter")?),
        at: date_time(request)?,
        security_code: None,
    };
    let session = session_key(alg, SessionVariant::default(), &key, &purchase.session_seed());
    let answer = Answer::new()
        .with("session", test_session(&session))
        .with("mac1", &session.mac(&purchase.mac1_data()))
        .with("mac2", &session.mac(&purchase.mac2_data()));
    with_tac(request, alg, &purchase.tac_data(), answer)
}

fn wrap_key(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&["alg", "control_key", "random", "header", "record"])?;
    let alg = algorithm(request)?;
    let control = any_key(request, alg, "control_key")?;
    let challenge = challenge(request)?;
    let header = request.bytes("header")?;
    let record = SecretBytes::new(std::mem::take(&mut *request.data("record")?));
    let data = key_record::wrap_secret(alg, &control, &challenge, header, &[], &record)
        .map_err(|_| CalcFault::RecordTooLong { got: record.len() })?;
    let (cipher, mac) = data.split_at(data.len() - 4);
    Ok(Answer::new().with("data", cipher).with("mac", mac))
}

fn external_auth(request: &Request<'_>) -> Result<Answer, CalcFault> {
    request.only(&["alg", "key", "random"])?;
    let alg = algorithm(request)?;
    let key = any_key(request, alg, "key")?;
    let data = auth::external_authentication(alg, &key, &challenge(request)?);
    Ok(Answer::new().with("data", &data))
}

fn with_tac(request: &Request<'_>, alg: Algorithm, data: &[u8], answer: Answer) -> Result<Answer, CalcFault> {
    if !request.has("tac_key") {
        return Ok(answer);
    }
    let key = request.key("tac_key")?;
    Ok(answer.with("tac", &tac(alg, TacVariant::default(), &key, data)))
}

fn algorithm(request: &Request<'_>) -> Result<Algorithm, CalcFault> {
    request
        .text("alg")?
        .parse()
        .map_err(|_| CalcFault::BadAlgorithm { known: "3des, sm4" })
}

/// Cards of the 3DES kind may hold single-length DES keys for control and authentication.
fn any_key(request: &Request<'_>, alg: Algorithm, field: &'static str) -> Result<KeyMaterial, CalcFault> {
    match alg {
        Algorithm::Tdes => request.key_8_or_16(field),
        Algorithm::Sm4 => request.key(field),
    }
}

fn challenge(request: &Request<'_>) -> Result<Challenge, CalcFault> {
    let bytes = request.bytes_of("random", &[4, 8])?;
    Challenge::try_from(&bytes[..]).map_err(|_| CalcFault::WrongLength {
        field: "random",
        item: None,
        expected: "4 / 8".to_owned(),
        got: bytes.len(),
    })
}

fn iv<const N: usize>(request: &Request<'_>) -> Result<[u8; N], CalcFault> {
    if request.has("iv") {
        request.bytes("iv")
    } else {
        Ok([0; N])
    }
}

fn amount(request: &Request<'_>, field: &'static str) -> Result<Amount, CalcFault> {
    request.bytes(field).map(|bytes| Amount(u32::from_be_bytes(bytes)))
}

fn date_time(request: &Request<'_>) -> Result<DateTime, CalcFault> {
    request
        .bytes::<7>("datetime")?
        .try_into()
        .map_err(|_| CalcFault::BadDateTime)
}
