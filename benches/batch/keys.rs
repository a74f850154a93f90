// SPDX-License-Identifier: Apache-2.0
//! A key store whose time is added up.

use std::time::Instant;

use cardmint::crypto::bulk::TacJob;
use cardmint::crypto::{Challenge, Kcv, KcvLength, SecretBytes};
use cardmint::keys::{CardKey, KeyPath, KeyRecord, KeyStore, StoreError, WriteKeyFrame};

use super::floor::Meter;

/// Another store with a meter.
pub(crate) struct TimedKeys<'a> {
    inner: &'a dyn KeyStore,
    meter: &'a Meter,
}

impl<'a> TimedKeys<'a> {
    pub(crate) fn new(inner: &'a dyn KeyStore, meter: &'a Meter) -> Self {
        Self { inner, meter }
    }

    fn timed<T>(&self, work: impl FnOnce(&dyn KeyStore) -> T) -> T {
        let start = Instant::now();
        let done = work(self.inner);
        self.meter.add_keys(start);
        done
    }
}

/// Each operation is the other store's, with its time.
macro_rules! timed {
    ($(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        impl KeyStore for TimedKeys<'_> {
            $(fn $name(&self, $($arg: $type),*) -> $out {
                self.timed(|inner| inner.$name($($arg),*))
            })*
        }
    };
}

timed! {
    fn keys() -> Vec<KeyRecord>;
    fn kcv(key: &KeyPath, length: KcvLength) -> Result<Kcv, StoreError>;
    fn authenticate(key: &CardKey, challenge: &Challenge) -> Result<Vec<u8>, StoreError>;
    fn encrypt(key: &CardKey, data: &[u8]) -> Result<Vec<u8>, StoreError>;
    fn mac(key: &CardKey, challenge: &Challenge, input: &[u8]) -> Result<[u8; 4], StoreError>;
    fn encipher(key: &CardKey, data: &SecretBytes) -> Result<Vec<u8>, StoreError>;
    fn wrap_key(control: &CardKey, challenge: &Challenge, frame: WriteKeyFrame<'_>, target: &KeyPath) -> Result<Vec<u8>, StoreError>;
    fn wrap_pin(control: &CardKey, challenge: &Challenge, frame: WriteKeyFrame<'_>, pin: &str) -> Result<Vec<u8>, StoreError>;
    fn transaction_macs(key: &CardKey, seed: &[u8; 8], inputs: &[&[u8]]) -> Result<Vec<[u8; 4]>, StoreError>;
    fn tac(key: &CardKey, data: &[u8]) -> Result<[u8; 4], StoreError>;
    fn tacs(key: &KeyPath, jobs: &[TacJob<'_>]) -> Result<Vec<[u8; 4]>, StoreError>;
    fn reload_pin(key: &CardKey, pin: &str) -> Result<SecretBytes, StoreError>;
    fn reload_typed_pin(key: &CardKey, pin: &SecretBytes) -> Result<SecretBytes, StoreError>;
    fn encipher_pin(key: &CardKey, pin: &str) -> Result<Vec<u8>, StoreError>;
    fn transport_record(key: &CardKey, prefix: &[u8]) -> Result<SecretBytes, StoreError>;
    fn pin(name: &str) -> Result<SecretBytes, StoreError>;
}
