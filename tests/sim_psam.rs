// SPDX-License-Identifier: Apache-2.0
//! A purchase between a simulated user card and a simulated PSAM that never saw each other's keys, only a common master and
//! the factors; OpenSSL checks what passes between them. And: no bytes make a chip stop.
#![allow(clippy::unwrap_used)] // a test stops at the first surprise

mod terminal;

use cardmint::sim::{Chip, SimCard, SimOptions};
use proptest::prelude::*;
use terminal::{des_mac, des3, pad, retail, session, tac};

const MASTER: &str = "000102030405060708090A0B0C0D0E0F";
const CITY: &str = "4420FF0000000000";
const SERIAL: &str = "4420000012345678";
const TAC: &str = "35A9CF9726B44FCD10747726D72A3258";
const TERMINAL: &str = "442000000001";
const MOMENT: &str = "20240115093012";
const TRANSPORT: [u8; 16] = [0xFF; 16];

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn ok(card: &mut SimCard, command: &str) -> String {
    let answer = hex::encode_upper(card.process(&hex(command)));
    assert!(answer.ends_with("9000"), "{command} answered {answer}");
    answer[..answer.len() - 4].to_owned()
}

fn child(key: &[u8], factor: &str) -> Vec<u8> {
    let factor = hex(factor);
    let inverse: Vec<u8> = factor.iter().map(|b| !b).collect();
    des3(key, &[factor, inverse].concat())
}

/// A key record under a control key, with a fresh challenge.
fn write_key(card: &mut SimCard, control: &[u8], header: &str, record: &str) {
    let mut challenge = [0; 8];
    challenge[..4].copy_from_slice(&hex(&ok(card, "0084000004")));
    let mut plain = hex(record);
    plain.insert(0, plain.len() as u8);
    let sealed = des3(control, &pad(&plain));
    let mut command = hex(header);
    command.push(sealed.len() as u8 + 4);
    command.extend(sealed);
    command.extend(retail(control, challenge, &command));
    ok(card, &hex::encode(command));
}

fn psam() -> SimCard {
    let mut psam = SimCard::new(Chip::Psam, [0; 8], SimOptions::default(), true);
    for command in [
        "80E03F000D380700EFEFFFFFFFFFFFFFFFFF".to_owned(),
        "80E00000073F004801F0FFFF".to_owned(),
        format!("80D401001539F0AA0AFF{}", hex::encode(TRANSPORT)),
        "80E0001607280006F0F0FFFF".to_owned(),
        format!("00D6960006{TERMINAL}"),
        "80E0100111380200AAAA95FFFFA00000000386980701".to_owned(),
        "00A40000021001".to_owned(),
    ] {
        ok(&mut psam, &command);
    }
    write_key(&mut psam, &TRANSPORT, "84D40000", &format!("420100{MASTER}"));
    psam
}

/// The preset card with a purse key of the city and card, money on it, and a security code.
fn metro() -> SimCard {
    let mut card = SimCard::new(Chip::Metro, [0; 8], SimOptions::of(Chip::Metro), false);
    let challenge: [u8; 8] = hex(&ok(&mut card, "0084000008")).try_into().unwrap();
    ok(
        &mut card,
        &format!("0082000008{}", hex::encode(des3(&TRANSPORT, &challenge))),
    );
    ok(&mut card, "0022000009850102030405060708");
    ok(&mut card, "00A4040009A00000000386980701");
    let purchase = hex::encode(child(&child(&hex(MASTER), CITY), SERIAL));
    for (header, key) in [
        ("84D43900", hex::encode(TRANSPORT)),
        ("84D40601", purchase),
        ("84D40701", TAC.to_owned()),
        ("84D40800", TAC.to_owned()),
    ] {
        write_key(&mut card, &TRANSPORT, header, &format!("01003300{key}"));
    }
    ok(&mut card, "0020000003123456");
    let init = hex(&ok(&mut card, &format!("805000020B01000003E8{TERMINAL}10")));
    let key = session(&hex(TAC), &init[8..12], 0, [0x80, 0]);
    let mac2 = hex::encode(des_mac(&key, &hex(&format!("000003E802{TERMINAL}{MOMENT}"))));
    ok(&mut card, &format!("805200000B{MOMENT}{mac2}04"));
    card
}

#[test]
fn card_and_psam_agree_by_master_and_factors() {
    let (mut card, mut sam) = (metro(), psam());
    let code = ok(&mut card, "80CA000009");
    for turn in 1..=3u32 {
        let init = ok(&mut card, &format!("805001020B01000000C8{TERMINAL}0F"));
        let (counter, random) = (&init[8..12], &init[22..30]);
        ok(&mut sam, &format!("80CA000009{code}"));
        let answer = ok(
            &mut sam,
            &format!("8070000024{random}{counter}000000C806{MOMENT}0100{SERIAL}{CITY}08"),
        );
        assert_eq!(answer[..8], format!("{turn:08X}"));
        let key = child(&child(&hex(MASTER), CITY), SERIAL);
        let by_openssl = session(&key, &hex(random), turn as u16 - 1, [0, turn as u8]);
        let mac1 = des_mac(&by_openssl, &hex(&format!("000000C806{TERMINAL}{MOMENT}{code}")));
        assert_eq!(answer[8..], hex::encode_upper(mac1), "MAC1 with the code in it");
        let debit = ok(
            &mut card,
            &format!("805401000F{}{MOMENT}{}08", &answer[..8], &answer[8..]),
        );
        let expected = tac(&hex(TAC), &hex(&format!("000000C806{TERMINAL}{turn:08X}{MOMENT}")));
        assert_eq!(debit[..8], hex::encode_upper(expected), "TAC");
        ok(&mut sam, &format!("8072000004{}", &debit[8..]));
    }
    assert_eq!(ok(&mut card, "805C000204"), "00000190");
    // Without the code before it the PSAM's MAC1 is another one, and the card refuses.
    let init = ok(&mut card, &format!("805001020B01000000C8{TERMINAL}0F"));
    let answer = ok(
        &mut sam,
        &format!(
            "8070000024{}{}000000C806{MOMENT}0100{SERIAL}{CITY}08",
            &init[22..30],
            &init[8..12]
        ),
    );
    let refused = card.process(&hex(&format!("805401000F{}{MOMENT}{}08", &answer[..8], &answer[8..])));
    assert_eq!(refused, hex("9302"));
}

#[test]
fn a_psam_of_another_city_is_refused() {
    let (mut card, mut sam) = (metro(), psam());
    let code = ok(&mut card, "80CA000009");
    let init = ok(&mut card, &format!("805001020B01000000C8{TERMINAL}0F"));
    ok(&mut sam, &format!("80CA000009{code}"));
    let answer = ok(
        &mut sam,
        &format!(
            "8070000024{}{}000000C806{MOMENT}0100{SERIAL}3100FF000000000008",
            &init[22..30],
            &init[8..12]
        ),
    );
    let refused = card.process(&hex(&format!("805401000F{}{MOMENT}{}08", &answer[..8], &answer[8..])));
    assert_eq!(refused, hex("9302"));
    assert_eq!(ok(&mut card, "805C000204"), "000003E8");
}

fn commands() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let class = prop::sample::select(vec![0x00u8, 0x04, 0x80, 0x84]);
    let instruction = prop::sample::select(vec![
        0x82u8, 0x84, 0x88, 0xA4, 0xB0, 0xD6, 0xB2, 0xDC, 0xE2, 0x20, 0x24, 0x5E, 0x16, 0x1E, 0x18, 0xE0, 0xD4, 0x0E,
        0x50, 0x52, 0x54, 0x58, 0x5A, 0x5C, 0x70, 0x72, 0x1A, 0xFA, 0xCA, 0xE4, 0x22, 0x08, 0xC0,
    ]);
    let low = prop_oneof![0..4u8, any::<u8>()];
    let data = prop::collection::vec(any::<u8>(), 0..40);
    let one =
        (class, instruction, low.clone(), low, data, any::<Option<u8>>()).prop_map(|(cla, ins, p1, p2, data, le)| {
            let mut out = vec![cla, ins, p1, p2];
            if !data.is_empty() {
                out.push(data.len() as u8);
                out.extend(data);
            }
            out.extend(le);
            out
        });
    prop::collection::vec(
        prop_oneof![9 => one, 1 => prop::collection::vec(any::<u8>(), 0..12)],
        1..60,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_stop_a_chip(script in commands(), t0 in any::<bool>()) {
        let open = SimOptions { blank_needs_authentication: false, t0, ..SimOptions::default() };
        let mut cards = [metro(), psam(), SimCard::new(Chip::Fmcos, [0; 8], open, false)];
        for card in &mut cards {
            for command in &script {
                let answer = card.process(command);
                prop_assert!(answer.len() >= 2 && answer.len() <= 258, "{command:02X?} answered {answer:02X?}");
            }
            card.overview();
        }
    }
}
