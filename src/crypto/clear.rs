// SPDX-License-Identifier: Apache-2.0
//! Keys in clear. For `cardmint calc` alone, the officers' calculator for test keys, whose keys are typed in clear in the
//! first place. Nothing else may call this; a test in `tests/calc.rs` reads the sources for it.

use super::KeyMaterial;
use super::session::SessionKey;

/// The bytes of a test key.
pub(crate) fn test_key(key: &KeyMaterial) -> &[u8] {
    key.expose()
}

/// The bytes of a session key that comes from a test key: 8 or 16.
pub(crate) fn test_session(key: &SessionKey) -> &[u8] {
    key.expose()
}
