// SPDX-License-Identifier: Apache-2.0
//! Every purse transaction of the simulated user card, the terminal's part by OpenSSL. Keys, counters and expected values are
//! those of worked examples computed from JR/T 0025.2-2010 and, for the first load, of an independent e-purse applet.
#![allow(clippy::unwrap_used)] // a test stops at the first surprise

mod terminal;

use cardmint::sim::{Chip, SimCard, SimOptions};
use terminal::{des_mac, retail, session, tac};

const LOAD: &str = "C77C124902BA9EEEAA8EA4729273C1B3";
const PURCHASE: &str = "D8E68605B24341C85F8ACA44A440E12C";
const TAC: &str = "35A9CF9726B44FCD10747726D72A3258";
const OVERDRAFT: &str = "54D84943CA772FADF795F8197BAB5D70";
const UNLOAD: &str = "00112233445566778899AABBCCDDEEFF";
const LINE: &str = "499E917AD1C73939C78DAE1DE549F78D";
const TERMINAL: &str = "442000000001";
const MOMENT: &str = "20240115093012";
const RANDOM: &str = "A1B2C3D4";

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn send(card: &mut SimCard, command: &str) -> String {
    hex::encode_upper(card.process(&hex(command)))
}

fn ok(card: &mut SimCard, command: &str) -> String {
    let answer = send(card, command);
    assert!(answer.ends_with("9000"), "{command} answered {answer}");
    answer[..answer.len() - 4].to_owned()
}

/// An application with ED, EP, a log, compound records, all keys, and a verified PIN.
fn card(options: SimOptions) -> SimCard {
    let mut card = SimCard::new(Chip::Fmcos, [0; 8], options, true).seeded(3);
    for command in [
        "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
        "80E03F0111380400F0F095FFFFA00000000386980701",
        "00A4040009A00000000386980701",
        "80E00000073F012095F0FFFF",
        &format!("80D401001534F0F00000{TAC}"),
        &format!("80D401001536F0F0FF33{LINE}"),
        &format!("80D40100153CF0F00100{OVERDRAFT}"),
        &format!("80D40100153DF0F00100{UNLOAD}"),
        &format!("80D40101153EF0F00100{PURCHASE}"),
        &format!("80D40101153FF0F00100{LOAD}"),
        "80D401000D3AF0EF0133123456FFFFFFFFFF",
        "80E00018072E0A17F1EFFFFF",
        "80E00001072F0208F100FF18",
        "80E00002072F0208F000FF18",
        "80E00019072C0040F0F1FFFF",
        "00E200CC06 2104 00000000",
        "80E0001A07AA0205F0F0FFFF",
        "80E0001B072A0205F0EFFFFF",
        "00A4040009A00000000386980701",
        "0020000003123456",
    ] {
        ok(&mut card, command);
    }
    card
}

fn load(card: &mut SimCard, purse: u8, fen: u32) -> String {
    let init = hex(&ok(card, &format!("805000{purse:02X}0B01{fen:08X}{TERMINAL}10")));
    let counter = u16::from_be_bytes([init[4], init[5]]);
    let key = session(&hex(LOAD), &init[8..12], counter, [0x80, 0]);
    let head = format!("{fen:08X}{purse:02X}{TERMINAL}");
    assert_eq!(init[12..], des_mac(&key, &[&init[..4], &hex(&head)].concat()), "MAC1");
    let mac2 = des_mac(&key, &hex(&format!("{head}{MOMENT}")));
    ok(card, &format!("805200000B{MOMENT}{}04", hex::encode(mac2)))
}

/// Debit with the right MAC1; TAC and MAC2.
fn purchase(card: &mut SimCard, init: &str, kind: &str, fen: u32, terminal_counter: u32) -> String {
    let init = hex(&ok(card, init));
    let counter = u16::from_be_bytes([init[4], init[5]]);
    complete(card, &init, counter, kind, fen, terminal_counter)
}

fn complete(card: &mut SimCard, init: &[u8], counter: u16, kind: &str, fen: u32, terminal_counter: u32) -> String {
    let low = (terminal_counter as u16).to_be_bytes();
    let key = session(&hex(PURCHASE), &init[11..15], counter, low);
    let head = format!("{fen:08X}{kind}{TERMINAL}");
    let mac1 = hex::encode(des_mac(&key, &hex(&format!("{head}{MOMENT}"))));
    let answer = ok(card, &format!("805401000F{terminal_counter:08X}{MOMENT}{mac1}08"));
    let by_terminal = [
        tac(&hex(TAC), &hex(&format!("{head}{terminal_counter:08X}{MOMENT}"))),
        des_mac(&key, &hex(&format!("{fen:08X}"))),
    ];
    assert_eq!(answer, hex::encode_upper(by_terminal.concat()), "TAC and MAC2");
    answer
}

fn prepare(card: &mut SimCard) {
    card.prepare_random(&hex(RANDOM));
}

#[test]
fn load_and_purchases_give_the_worked_values() {
    let mut card = card(SimOptions::default());
    prepare(&mut card);
    assert_eq!(
        load(&mut card, 2, 1000),
        "1D8B4C6D",
        "the applet's TAC of a first load of 10 yuan"
    );
    load(&mut card, 1, 1000);
    for purse in [1, 2] {
        for _ in 0..7 {
            purchase(
                &mut card,
                &format!("805001{purse:02X}0B01 00000000 {TERMINAL}0F"),
                &format!("{:02X}", 4 + purse),
                0,
                9,
            );
        }
    }
    let cases = [
        ("80500102", "06", "D45829A125D0501D"),
        ("80500101", "05", "4FCC5CD625D0501D"),
        ("80500302", "09", "F2436C5B25D0501D"),
        ("80500201", "04", "958CAEAC25D0501D"),
    ];
    for (init, kind, expected) in cases {
        // Each case of the examples stands at counter 7: the card is put back there.
        let mut copy = at_counter_seven();
        prepare(&mut copy);
        let init = format!("{init}0B01000000C8{TERMINAL}0F");
        assert_eq!(purchase(&mut copy, &init, kind, 200, 0x123), expected, "type {kind}");
        let balance = if matches!(kind, "06" | "09") {
            "805C000204"
        } else {
            "805C000104"
        };
        assert_eq!(ok(&mut copy, balance), "00000320");
        let log = ok(&mut copy, "00B201C400");
        assert_eq!(log, format!("0008000000000000C8{kind}{TERMINAL}{MOMENT}"));
    }
}

fn at_counter_seven() -> SimCard {
    let mut card = card(SimOptions::default());
    for purse in [1u8, 2] {
        load(&mut card, purse, 1000);
        for _ in 0..7 {
            purchase(
                &mut card,
                &format!("805001{purse:02X}0B01 00000000 {TERMINAL}0F"),
                &format!("{:02X}", 4 + purse),
                0,
                9,
            );
        }
    }
    card
}

/// ED with 10 yuan and online counter 9.
fn at_counter_nine() -> SimCard {
    let mut card = card(SimOptions::default());
    load(&mut card, 1, 1000);
    for _ in 0..8 {
        load(&mut card, 1, 0);
    }
    card
}

#[test]
fn overdraft_update_gives_the_worked_values() {
    let mut card = at_counter_nine();
    prepare(&mut card);
    let init = ok(&mut card, &format!("805004010700{TERMINAL}13"));
    assert_eq!(
        init,
        format!("000003E80009000000 0100{RANDOM}04E2A50F").replace(' ', "")
    );
    assert_eq!(
        ok(&mut card, &format!("805800000E0001F4{MOMENT}5831162804")),
        "0F5966D1"
    );
    assert_eq!(ok(&mut card, "805C000104"), "000005DC", "balance moves with the limit");
    assert_eq!(
        ok(&mut card, "00B201C400"),
        format!("000A0001F40000000007{TERMINAL}{MOMENT}")
    );
    let init = ok(&mut card, &format!("805004010700{TERMINAL}13"));
    assert!(init.starts_with("000005DC000A0001F4"), "{init}");
    assert_eq!(send(&mut card, &format!("805800000E0001F4{MOMENT}5831162804")), "9302");
}

#[test]
fn unload_takes_money_back_and_proves_it() {
    let mut card = at_counter_nine();
    let init = hex(&ok(&mut card, &format!("805005010B00000000C8{TERMINAL}10")));
    let key = session(&hex(UNLOAD), &init[8..12], 9, [0x80, 0]);
    let head = hex(&format!("000000C803{TERMINAL}"));
    assert_eq!(init[12..], des_mac(&key, &[&init[..4], &head].concat()), "MAC1");
    let tail = [head, hex(MOMENT)].concat();
    let mac2 = hex::encode(des_mac(&key, &tail));
    assert_eq!(
        send(&mut card, &format!("805200000B{MOMENT}{mac2}04")),
        "6901",
        "the other command ends it"
    );
    card.prepare_random(&init[8..12]);
    ok(&mut card, &format!("805005010B00000000C8{TERMINAL}10"));
    let mac3 = ok(&mut card, &format!("805403000B{MOMENT}{mac2}04"));
    let expected = des_mac(&key, &[&hex("000003200009")[..], &tail].concat());
    assert_eq!(mac3, hex::encode_upper(&expected));
    assert_eq!(ok(&mut card, "805C000104"), "00000320");
    assert_eq!(ok(&mut card, "805A0003020009"), format!("{mac3}00000000"));
    assert_eq!(send(&mut card, &format!("805005010B0000000321{TERMINAL}10")), "9401");
}

#[test]
fn a_compound_purchase_writes_purse_and_records_together_or_nothing() {
    let mut card = card(SimOptions::default());
    load(&mut card, 2, 1000);
    let begin = format!("805003020B01000000C8{TERMINAL}0F");
    assert_eq!(
        send(&mut card, "80DC21C8062104AABBCCDD"),
        "6901",
        "only inside a compound purchase"
    );
    ok(&mut card, &begin);
    assert_eq!(
        send(&mut card, "80DC21C8052103AABBCC"),
        "6A83",
        "the length of a record stays"
    );
    let init = hex(&ok(&mut card, &begin));
    assert_eq!(ok(&mut card, "80DC21C8062104AABBCCDD"), "", "by tag");
    assert_eq!(ok(&mut card, "00B201CC00"), "210400000000", "not yet written");
    assert_eq!(
        send(&mut card, &format!("805401000F00000001{MOMENT}00000000")),
        "6901",
        "a read came between"
    );
    assert_eq!(ok(&mut card, "00B201CC00"), "210400000000");
    let again = hex(&ok(&mut card, &begin));
    assert_ne!(init[11..15], again[11..15], "a new random");
    ok(&mut card, "80DC21C8062104AABBCCDD");
    ok(&mut card, "80DC01CC062104AABBCCEE");
    complete(&mut card, &again, 0, "09", 200, 1);
    assert_eq!(ok(&mut card, "00B201CC00"), "2104AABBCCEE");
    assert_eq!(ok(&mut card, "805C000204"), "00000320");
    ok(&mut card, &begin);
    assert_eq!(
        send(&mut card, "80DC01DC05AABBCCDDEE"),
        "6982",
        "a record file that only the card writes"
    );
    ok(&mut card, &begin);
    ok(&mut card, "80DC21C8062104FFFFFFFF");
    assert_eq!(send(&mut card, &format!("805401000F00000001{MOMENT}00000000")), "9302");
    assert_eq!(
        ok(&mut card, "00B201CC00"),
        "2104AABBCCEE",
        "wrong MAC1: nothing written"
    );
    assert_eq!(ok(&mut card, "805C000204"), "00000320");
}

#[test]
fn a_cached_record_of_a_protected_file_comes_with_a_mac() {
    let mut card = card(SimOptions::default());
    let mut challenge = [0; 8];
    challenge[..4].copy_from_slice(&hex(&ok(&mut card, "0084000004")));
    let append = hex("04E200D409 0102030405");
    let mac = hex::encode(retail(&hex(LINE), challenge, &append));
    ok(&mut card, &format!("04E200D4090102030405{mac}"));
    let init = hex(&ok(&mut card, &format!("805003020B0100000000{TERMINAL}0F")));
    assert_eq!(send(&mut card, "80DC01D4050A0B0C0D0E"), "6987");
    let init = if card.process(&hex("00B201D400")).len() > 2 {
        hex(&ok(&mut card, &format!("805003020B0100000000{TERMINAL}0F")))
    } else {
        init
    };
    challenge[..4].copy_from_slice(&hex(&ok(&mut card, "0084000004")));
    let cached = hex("84DC01D409 0A0B0C0D0E");
    let mac = hex::encode(retail(&hex(LINE), challenge, &cached));
    ok(&mut card, &format!("84DC01D4090A0B0C0D0E{mac}"));
    complete(&mut card, &init, 0, "09", 0, 1);
    assert_eq!(ok(&mut card, "00B201D400"), "0A0B0C0D0E");
}

#[test]
fn switches_change_what_they_say() {
    let mut before = card(SimOptions {
        log_counter_before: true,
        purse_clears_state: true,
        load_needs_pin: true,
        ..SimOptions::default()
    });
    load(&mut before, 2, 5);
    assert_eq!(
        send(&mut before, &format!("805000020B0100000005{TERMINAL}10")),
        "6985",
        "PIN is gone"
    );
    ok(&mut before, "0020000003123456");
    assert!(ok(&mut before, "00B201C400").starts_with("0000"), "counter before");
    let mut no_pin = card(SimOptions {
        load_needs_pin: false,
        zero_purchase_counts: false,
        ..SimOptions::default()
    });
    no_pin.reset();
    ok(&mut no_pin, "00A4040009A00000000386980701");
    load(&mut no_pin, 2, 5);
    let begin = format!("805003020B0100000000{TERMINAL}0F");
    purchase(&mut no_pin, &begin, "09", 0, 1);
    assert!(
        ok(&mut no_pin, &begin).starts_with("000000050000"),
        "an empty compound purchase does not count"
    );
}

#[test]
fn sm4_purse_and_secure_messaging() {
    // Worked values: ETC practice (session key SM4(K, seed ‖ ¬seed), TAC under the whole key), JR/T 0025.17-2013 MAC.
    let sm4_line = SimOptions {
        control_algorithm: cardmint::crypto::Algorithm::Sm4,
        ..SimOptions::default()
    };
    let mut card = SimCard::new(Chip::Fmcos, [0; 8], sm4_line, true);
    for command in [
        "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
        "80E00000073F012095F0FFFF",
        "80D401001539F0F0AA33000102030405060708090A0B0C0D0E0F",
        "80D401001536F0F0FF33000102030405060708090A0B0C0D0E0F",
        "80D401001534F0F04104A79F7B5E8B5EF212A3E5ED38E51C0D97",
        "80D40141153EF0F041048E7B506994DA6C6D6845BD9F9C78CCA0",
        "80D40101153FF0F00100C77C124902BA9EEEAA8EA4729273C1B3",
        "80D401000D3AF0EF0133123456FFFFFFFFFF",
        "80E0001507A8001EF0F0FFFF",
        "80E00002072F0208F000FF18",
        "0020000003123456",
    ] {
        ok(&mut card, command);
    }
    card.prepare_random(&hex("0102030405060708"));
    ok(&mut card, "0084000008");
    assert_eq!(
        send(&mut card, "00820000085E7524CEE3A2C838"),
        "9000",
        "halves of the block XORed"
    );
    card.prepare_random(&hex("11223344"));
    ok(&mut card, "0084000004");
    assert_eq!(send(&mut card, "04D6950008DEADBEEF0F559E8A"), "9000");
    // Load in 3DES fills the purse: both algorithms side by side. Its TAC key is SM4, so only the balance is looked at.
    let init = hex(&ok(&mut card, &format!("805000020B01000003E8{TERMINAL}10")));
    let key = session(&hex(LOAD), &init[8..12], 0, [0x80, 0]);
    let mac2 = hex::encode(des_mac(&key, &hex(&format!("000003E802{TERMINAL}{MOMENT}"))));
    ok(&mut card, &format!("805200000B{MOMENT}{mac2}04"));
    ok(&mut card, &format!("805001020B41000000C8{TERMINAL}0F"));
    assert_eq!(send(&mut card, &format!("805401000F00000123{MOMENT}00000000")), "9302");
    for _ in 0..2 {
        card.prepare_random(&hex(RANDOM));
        let init = ok(&mut card, &format!("805001020B41000000C8{TERMINAL}0F"));
        assert!(
            init.ends_with(&format!("4104{RANDOM}")),
            "version 41, algorithm 04: {init}"
        );
    }
}
