// SPDX-License-Identifier: Apache-2.0
//! Exchange keys that everybody knows: the examples of the standards, of HSM manuals and of open implementations. The
//! known-answer tests use them; outside a rehearsal none of them protects anything.

use crate::crypto::random_key::{known_bytes, same_but_parity};

/// The name of a published exchange key, or of the pattern that a key follows.
pub(super) fn name_of(bytes: &[u8]) -> Option<&'static str> {
    let listed = PUBLISHED.iter().find(|(known, _)| same_but_parity(known, bytes));
    listed
        .map(|(_, name)| *name)
        .or_else(|| known_bytes(bytes))
        .or_else(|| known_over_and_over(bytes))
        .or_else(|| parts_of_one_byte(bytes).then_some("one byte repeated"))
}

/// A known key of 16 bytes that is begun again to fill a longer one.
fn known_over_and_over(bytes: &[u8]) -> Option<&'static str> {
    let (first, rest) = bytes.split_at_checked(16)?;
    let again = same_but_parity(rest, &first[..rest.len().min(16)]);
    known_bytes(first).filter(|_| again)
}

/// Eight times one byte, eight times another.
fn parts_of_one_byte(bytes: &[u8]) -> bool {
    bytes
        .chunks(8)
        .all(|part| part.iter().all(|byte| (byte ^ part[0]) & 0xFE == 0))
}

const TR31: &str = "example of TR-31 or ANSI X9.143";
const ISO: &str = "example of ISO 20038";
const HSM: &str = "sample key of HSM manuals";
const FIPS: &str = "example of FIPS 197 and SP 800-38";

const PUBLISHED: &[(&[u8], &str)] = &[
    (&long16(0x89E8_8CF7_9314_44F3_34BD_7547_FC3F_380C), TR31),
    (&long16(0xDD75_15F2_BFC1_7F85_CE48_F3CA_25CB_21F6), TR31),
    (&long16(0xB8ED_59E0_A279_A295_E9F5_ED79_44FD_06B9), TR31),
    (&long16(0x1D22_BF32_387C_600A_D97F_9B97_A513_11AC), TR31),
    (&long16(0xFA36_E442_78DB_3AB5_F298_F9F7_DA8F_1F88), TR31),
    (
        &long32(
            0x88E1_AB2A_2E3D_D38C_1FA0_39A5_3650_0CC8,
            0xA87A_B9D6_2DC9_2C01_058F_A79F_4465_7DE6,
        ),
        TR31,
    ),
    (
        &long32(
            0xE383_31FB_ACE3_3F0B_8694_ABA5_DC61_1CA2,
            0x0831_949F_EB89_8810_2147_2915_78F7_04E1,
        ),
        TR31,
    ),
    (b"256-bit AES wrapping (ISO 20038)", ISO),
    (&long16(0xEFE0_853B_256B_583D_868F_251C_E99E_A1D9), HSM),
    (b"FFFFFFFFEEEEEEEE", HSM),
    (b"AAAAAAAABBBBBBBB", HSM),
    (b"AAAAAAAABBBBBBBBCCCCCCCC", HSM),
    (&long16(0x2B7E_1516_28AE_D2A6_ABF7_1588_09CF_4F3C), FIPS),
    (
        &[
            0x8E, 0x73, 0xB0, 0xF7, 0xDA, 0x0E, 0x64, 0x52, 0xC8, 0x10, 0xF3, 0x2B, 0x80, 0x90, 0x79, 0xE5, 0x62, 0xF8,
            0xEA, 0xD2, 0x52, 0x2C, 0x6B, 0x7B,
        ],
        FIPS,
    ),
    (
        &long32(
            0x603D_EB10_15CA_71BE_2B73_AEF0_857D_7781,
            0x1F35_2C07_3B61_08D7_2D98_10A3_0914_DFF4,
        ),
        FIPS,
    ),
    (
        &long32(
            0x0001_0203_0405_0607_0809_0A0B_0C0D_0E0F,
            0x1011_1213_1415_1617_1819_1A1B_1C1D_1E1F,
        ),
        "000102..1F",
    ),
    (
        &[
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
        ],
        "000102..17",
    ),
];

const fn long16(value: u128) -> [u8; 16] {
    value.to_be_bytes()
}

const fn long32(high: u128, low: u128) -> [u8; 32] {
    let (high, low) = (high.to_be_bytes(), low.to_be_bytes());
    let mut whole = [0; 32];
    let mut at = 0;
    while at < 16 {
        whole[at] = high[at];
        whole[16 + at] = low[at];
        at += 1;
    }
    whole
}
