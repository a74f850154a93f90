// SPDX-License-Identifier: Apache-2.0
//! Key blocks: what must never open, and what the clear payload looks like. Published blocks are in tests/kat, a second
//! implementation in tests/key_blocks.

use ExchangeAlgorithm::{Aes128, Aes192, Aes256, Tdes112, Tdes168};

use super::*;
use crate::crypto::{Algorithm, KeyMaterial, SecretBytes};
use crate::outside::{NoRandom, Random, SystemRandom};

/// Gives the bytes that the test lays down.
struct Fixed(Vec<u8>);
impl Random for Fixed {
    fn fill(&mut self, place: &mut [u8]) -> Result<(), NoRandom> {
        let rest = self.0.split_off(place.len().min(self.0.len()));
        let taken = std::mem::replace(&mut self.0, rest);
        if taken.len() == place.len() {
            place.copy_from_slice(&taken);
            Ok(())
        } else {
            Err(NoRandom)
        }
    }
}

fn exchange(algorithm: ExchangeAlgorithm, digits: &str) -> ExchangeKey {
    ExchangeKey::from_hex(algorithm, &SecretBytes::new(digits.into())).unwrap()
}

fn good(algorithm: ExchangeAlgorithm) -> ExchangeKey {
    let digits = "B5D4A7A1E3C91E4F6B208C37F2905DD80B1F63C47A98E25530FA1796D4E2C863";
    exchange(algorithm, &digits[..2 * algorithm.bytes()])
}

fn key() -> KeyMaterial {
    KeyMaterial::init_with(|place| place.copy_from_slice(b"qT7#kd0!zLp5@x2^"))
}

fn attributes() -> KeyAttributes {
    KeyAttributes {
        usage: UsageCode::of(*b"E0"),
        mode: ModeOfUse::Derive,
        key_version: KeyVersion::Number(1),
        exportability: Exportability::Trusted,
        label: Some("cardmint 1 rehearsal mohurd purchase.v1.3des@city:3100".into()),
        time: Some("20261121043000Z".into()),
    }
}

fn wrapped(algorithm: ExchangeAlgorithm, key_algorithm: Algorithm) -> String {
    good(algorithm)
        .wrap(&attributes(), key_algorithm, &key(), &mut SystemRandom)
        .unwrap()
}

#[test]
fn tr31_2018_a_7_4_to_the_last_character() {
    let kbpk = exchange(
        ExchangeAlgorithm::Aes256,
        "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
    );
    let text = "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34";
    let block = KeyBlock::parse(text).unwrap();
    let opened = kbpk.open(&block).unwrap();
    assert_eq!(hex::encode_upper(opened.expose()), "3F419E1CB7079442AA37474C2EFBF8B8");
    let mut padding = Fixed(hex::decode("1C2965473CE206BB855B01533782").unwrap());
    assert_eq!(kbpk.seal(block.header(), &opened, 0, &mut padding).unwrap(), text);
}

#[test]
fn every_kind_of_exchange_key_and_key() {
    for algorithm in ExchangeAlgorithm::ALL {
        let text = wrapped(algorithm, Algorithm::Tdes);
        let block = KeyBlock::parse(&text).unwrap();
        let (found, opened) = good(algorithm).unwrap(&block).unwrap();
        assert!(found == Algorithm::Tdes && opened.same_as(&key()), "{algorithm}");
        assert_eq!(block.header().label(), attributes().label.as_deref());
        assert_ne!(text, wrapped(algorithm, Algorithm::Tdes), "the padding is random");
        if algorithm.is_tdes() {
            let refused = good(algorithm).wrap(&attributes(), Algorithm::Sm4, &key(), &mut SystemRandom);
            assert!(matches!(refused, Err(KeyBlockError::Strength { .. })), "{algorithm}");
        } else {
            let block = KeyBlock::parse(&wrapped(algorithm, Algorithm::Sm4)).unwrap();
            assert_eq!(block.header().algorithm.letter(), '4');
            let (found, opened) = good(algorithm).unwrap(&block).unwrap();
            assert!(found == Algorithm::Sm4 && opened.same_as(&key()), "{algorithm}");
        }
    }
}

#[test]
fn the_length_of_a_3des_key_is_hidden() {
    for (algorithm, clear) in [(ExchangeAlgorithm::Tdes112, 32), (ExchangeAlgorithm::Aes128, 32)] {
        let random = &mut Fixed(vec![0xEE; clear - 18]);
        let text = good(algorithm).wrap(&attributes(), Algorithm::Tdes, &key(), random);
        assert_eq!(random.0.len(), 0, "all of the padding is random");
        assert!(text.is_ok());
    }
}

#[test]
fn every_changed_character_is_noticed() {
    for algorithm in [ExchangeAlgorithm::Tdes168, ExchangeAlgorithm::Aes192] {
        let text = wrapped(algorithm, Algorithm::Tdes);
        let opens = |changed: &str| KeyBlock::parse(changed).and_then(|block| good(algorithm).unwrap(&block));
        assert!(opens(&text).is_ok());
        for at in 0..text.len() {
            for other in [
                "0", "1", "9", "A", "D", "F", "N", "S", "X", "c", "~", " ", "\u{0}", "密",
            ] {
                if &text[at..=at] != other {
                    let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                    assert!(opens(&changed).is_err(), "{changed}");
                }
            }
            assert!(opens(&text[..at]).is_err(), "cut at {at}");
            assert!(opens(&text[at + 1..]).is_err(), "begun at {at}");
        }
        for more in [" ", "\n", "0", "00"] {
            assert!(opens(&format!("{text}{more}")).is_err());
            assert!(opens(&format!("{more}{text}")).is_err());
        }
        assert!(opens(&text.to_lowercase()).is_err());
    }
}

#[test]
fn another_exchange_key_opens_nothing() {
    let text = wrapped(ExchangeAlgorithm::Aes128, Algorithm::Tdes);
    let block = KeyBlock::parse(&text).unwrap();
    let other = ExchangeKey::generate(ExchangeAlgorithm::Aes128, &mut SystemRandom).unwrap();
    let error = other.unwrap(&block).unwrap_err();
    assert!(matches!(error, KeyBlockError::OtherExchangeKey { .. }), "{error}");
    let error = good(ExchangeAlgorithm::Aes256).unwrap(&block).unwrap_err();
    assert!(matches!(error, KeyBlockError::OtherExchangeKey { .. }), "{error}");
    let error = good(ExchangeAlgorithm::Tdes112).unwrap(&block).unwrap_err();
    assert!(matches!(error, KeyBlockError::OtherKind { .. }), "{error}");
    // Without a check value of the exchange key in the block, only the MAC can tell.
    let mut header = block.header().clone();
    header.blocks.retain(|b| !matches!(b, OptionalBlock::ExchangeCheck(_)));
    let plain = crate::crypto::pack::secret_of(&key());
    let text = good(ExchangeAlgorithm::Aes128).seal(&header, &plain, 24, &mut SystemRandom);
    let error = other.unwrap(&KeyBlock::parse(&text.unwrap()).unwrap()).unwrap_err();
    assert_eq!(error, KeyBlockError::Mac);
}

/// A block with this header under a good exchange key, over this clear payload.
fn sealed(header: &Header, key: &[u8]) -> KeyBlock {
    let key = SecretBytes::new(key.to_vec());
    let text = good(ExchangeAlgorithm::Aes256).seal(header, &key, 0, &mut SystemRandom);
    KeyBlock::parse(&text.unwrap()).unwrap()
}

fn header() -> Header {
    let text = wrapped(ExchangeAlgorithm::Aes256, Algorithm::Tdes);
    let mut header = KeyBlock::parse(&text).unwrap().header().clone();
    header.blocks.clear();
    header
}

#[test]
fn what_is_authentic_and_no_key_of_ours_is_refused() {
    let refused = |header: &Header, key: &[u8]| {
        good(ExchangeAlgorithm::Aes256)
            .unwrap(&sealed(header, key))
            .unwrap_err()
    };
    for bytes in [8, 15, 17, 24, 32] {
        let bits = 8 * bytes;
        assert_eq!(refused(&header(), &vec![7; bytes]), KeyBlockError::KeyLength { bits });
    }
    let with = |change: fn(&mut Header)| {
        let mut header = header();
        change(&mut header);
        refused(&header, b"qT7#kd0!zLp5@x2^")
    };
    assert_eq!(
        with(|h| h.algorithm = AlgorithmCode::Other('A')),
        KeyBlockError::Algorithm { code: 'A' }
    );
    assert_eq!(
        with(|h| h.algorithm = AlgorithmCode::Other('7')),
        KeyBlockError::Profile { code: '7' }
    );
    assert_eq!(
        with(|h| h.algorithm = AlgorithmCode::Sm4),
        KeyBlockError::Profile { code: '4' }
    );
    assert_eq!(
        with(|h| h.key_version = KeyVersion::Component('1')),
        KeyBlockError::Component
    );
    let check = |text: &str| OptionalBlock::KeyCheck(text.parse().unwrap());
    let mut wrong = header();
    wrong.blocks.push(check("00123456"));
    let error = refused(&wrong, b"qT7#kd0!zLp5@x2^");
    assert!(matches!(error, KeyBlockError::KeyCheck { .. }), "{error}");
}

#[test]
fn lengths_inside_that_lie_are_refused() {
    // Below the public functions: the MAC is right, the clear payload is not.
    let kbpk = good(ExchangeAlgorithm::Aes256);
    let mut block = sealed(&header(), b"qT7#kd0!zLp5@x2^");
    for bits in [0_u16, 1, 127, 129, 248, 256, u16::MAX] {
        let mut payload = vec![0x5A; 32];
        payload[..2].copy_from_slice(&bits.to_be_bytes());
        block.forge(&kbpk, payload);
        let bits = usize::from(bits);
        assert_eq!(kbpk.unwrap(&block).unwrap_err(), KeyBlockError::KeyLength { bits });
    }
}

#[test]
fn headers_are_read_strictly_and_the_place_is_named() {
    // 80 characters of version B with a payload of three blocks; the first 16 are the header.
    let tail = "0".repeat(64);
    let error = |head: &str| KeyBlock::parse(&format!("{head}{tail}")).unwrap_err();
    let at = |position, field| KeyBlockError::Character { position, field };
    let value = |position, field, found: &str| KeyBlockError::Value {
        position,
        field,
        found: found.into(),
    };
    assert!(KeyBlock::parse(&format!("B0080P0TE00E0000{tail}")).is_ok());
    assert!(
        KeyBlock::parse(&format!("B0080P0TE00E0020{tail}")).is_ok(),
        "key context"
    );
    assert_eq!(error("A0080P0TE00E0000"), KeyBlockError::Version { found: 'A' });
    assert_eq!(error("C0080P0TE00E0000"), KeyBlockError::Version { found: 'C' });
    assert_eq!(error("#0080P0TE00E0000"), at(1, Field::Version));
    assert_eq!(error("B008xP0TE00E0000"), at(5, Field::Length));
    assert_eq!(error("B0088P0TE00E0000"), KeyBlockError::Length { says: 88, got: 80 });
    assert_eq!(error("B0080p0TE00E0000"), value(6, Field::Usage, "p0"));
    assert_eq!(error("B0080P-TE00E0000"), at(7, Field::Usage));
    assert_eq!(error("B0080P0tE00E0000"), at(8, Field::Algorithm));
    assert_eq!(error("B0080P0T.00E0000"), at(9, Field::Mode));
    assert_eq!(error("B0080P0TE0/E0000"), at(11, Field::KeyVersion));
    assert_eq!(error("B0080P0TE00X0000"), value(12, Field::Exportability, "X"));
    assert_eq!(error("B0080P0TE00E0A00"), at(14, Field::BlockCount));
    assert_eq!(error("B0080P0TE00E0010"), value(15, Field::Reserved, "10"));
    assert_eq!(error("B0080P0TE00E0001"), value(15, Field::Reserved, "01"));
    // One optional block more than there is: the payload is no block.
    assert_eq!(error("B0080P0TE00E0100"), value(19, Field::BlockLength, "0000"));
    let block = |count, block: &str| error(&format!("B{:04}P0TE00E{count:02}00{block}", 80 + block.len()));
    assert_eq!(block(1, "L!08abcd"), at(18, Field::BlockId));
    assert_eq!(block(1, "LB0gabcd"), at(20, Field::BlockLength));
    assert_eq!(block(1, "LB0eabcd"), at(20, Field::BlockLength));
    assert_eq!(block(1, "LB03abcd"), value(19, Field::BlockLength, "03"));
    let cut = |position, field| KeyBlockError::Cut { position, field };
    assert_eq!(block(1, "LBFFabcd"), cut(21, Field::BlockData));
    assert_eq!(block(1, "LB07abc"), KeyBlockError::Padding { position: 24 });
    assert_eq!(block(2, "PB08abcdLB08abcd"), KeyBlockError::Padding { position: 17 });
    let twice = |position| KeyBlockError::Twice {
        position,
        id: "LB".into(),
    };
    assert_eq!(block(2, "LB08abcdLB08abcd"), twice(25));
    assert_eq!(
        block(1, "TS1320261121043000+PB05000000000"),
        value(21, Field::BlockData, "TS")
    );
    assert_eq!(block(1, "KC0C0012345G"), value(21, Field::BlockData, "KC"));
    assert_eq!(block(1, "KP0C02123456"), value(21, Field::BlockData, "KP"));
    assert_eq!(error("B0080P0TE00E00\u{7}0"), at(15, Field::Version));
}

#[test]
fn long_optional_blocks_are_read() {
    let data = "x".repeat(310);
    for (length, fine) in [("0002", true), ("0004", false), ("0001", false), ("0000", false)] {
        let block = format!("CT{length}0140{data}");
        let text = format!("B{:04}P0TE00E0100{block}{}", 80 + block.len(), "0".repeat(64));
        assert_eq!(KeyBlock::parse(&text).is_ok(), fine, "{length}");
    }
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    let with = |label: String| {
        let attributes = KeyAttributes {
            label: Some(label),
            ..attributes()
        };
        good(ExchangeAlgorithm::Aes128).wrap(&attributes, Algorithm::Tdes, &key(), &mut SystemRandom)
    };
    assert!(with("x".repeat(251)).is_ok());
    assert_eq!(with("x".repeat(252)), Err(KeyBlockError::Label));
    assert_eq!(with("密钥".into()), Err(KeyBlockError::Label));
    assert_eq!(with("a\nb".into()), Err(KeyBlockError::Label));
}

#[test]
fn versions_read_back() {
    for number in 1..=255 {
        let text = KeyVersion::Number(number).to_string();
        let bytes: [u8; 2] = text.as_bytes().try_into().unwrap();
        assert_eq!(KeyVersion::from_letters(bytes), KeyVersion::Number(number));
    }
    assert_eq!(KeyVersion::from_letters(*b"00"), KeyVersion::None);
    assert_eq!(KeyVersion::from_letters(*b"c1"), KeyVersion::Component('1'));
    for letters in [*b"0a", *b"ZZ", *b"1c"] {
        let read = KeyVersion::from_letters(letters);
        assert!(matches!(read, KeyVersion::Other(_)), "{read}");
        assert_eq!(read.to_string().as_bytes(), letters);
    }
}

#[test]
fn exchange_keys_from_components_and_their_check_values() {
    // The zero-block value is the card systems' own; the CMAC value is in TR-31 blocks' KP (tests/kat).
    let parts = ["11".repeat(16), "2F".repeat(16), "C4".repeat(16)];
    let parts: Vec<ExchangeKey> = parts.iter().map(|p| exchange(ExchangeAlgorithm::Tdes112, p)).collect();
    let whole = ExchangeKey::combine(&parts).unwrap();
    assert_eq!(whole.expose(), [0x11 ^ 0x2F ^ 0xC4; 16]);
    let mixed = [good(ExchangeAlgorithm::Tdes112), good(ExchangeAlgorithm::Aes128)];
    assert!(ExchangeKey::combine(&mixed).is_none() && ExchangeKey::combine(&[]).is_none());
    let expected = crate::crypto::kcv(Algorithm::Tdes, &key(), 3.try_into().unwrap());
    let same = ExchangeKey::from_secret(ExchangeAlgorithm::Tdes112, crate::crypto::pack::secret_of(&key()));
    assert_eq!(same.unwrap().kcv(), expected);
    assert_eq!(good(ExchangeAlgorithm::Aes192).kcv().as_bytes().len(), 5);
    assert!(ExchangeKey::from_secret(ExchangeAlgorithm::Aes192, SecretBytes::new(vec![1; 16])).is_err());
}

#[test]
fn weak_exchange_keys_are_known() {
    let weakness = |algorithm, digits: &str| exchange(algorithm, digits).weakness();
    let published = |found: Option<Weakness>| matches!(found, Some(Weakness::Published(_)));
    assert!(published(weakness(Aes256, &"41".repeat(32))));
    assert!(published(weakness(Aes192, &"0102".repeat(12))));
    assert!(published(weakness(Tdes112, "DD7515F2BFC17F85CE48F3CA25CB21F6")));
    assert!(published(weakness(
        Tdes168,
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCC"
    )));
    let counted = "00112233445566778899AABBCCDDEEFF";
    assert!(published(weakness(Aes256, &counted.repeat(2))));
    assert!(published(weakness(Aes192, &format!("{counted}{}", &counted[..16]))));
    assert!(!published(weakness(Aes192, &format!("{counted}B5D4A7A1E3C91E4F"))));
    assert!(published(weakness(Aes128, "404142434445464748494A4B4C4D4E4F")));
    let (a, b, weak) = ("B5D4A7A1E3C91E4F", "6B208C37F2905DD8", "1F1F1F1F0E0E0E0E");
    let parity = "B4D5A6A0E2C81F4E";
    for equal in [
        format!("{a}{parity}{b}"),
        format!("{b}{a}{parity}"),
        format!("{a}{b}{a}"),
    ] {
        assert_eq!(weakness(Tdes168, &equal), Some(Weakness::EqualParts));
        assert_eq!(weakness(Aes192, &equal), None, "AES has no parts");
    }
    assert_eq!(weakness(Tdes112, &format!("{a}{weak}")), Some(Weakness::WeakDes));
    for algorithm in ExchangeAlgorithm::ALL {
        assert_eq!(good(algorithm).weakness(), None);
        let fresh = ExchangeKey::generate(algorithm, &mut SystemRandom).unwrap();
        assert!(fresh.weakness().is_none() && fresh.expose().len() == algorithm.bytes());
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
    let mut constant = Fixed(vec![0x77; 32 * 8]);
    assert!(ExchangeKey::generate(Aes256, &mut constant).is_err());
}

#[test]
fn debug_shows_no_key() {
    let shown = format!(
        "{:?} {:#?}",
        good(ExchangeAlgorithm::Tdes112),
        good(ExchangeAlgorithm::Aes256)
    );
    assert!(
        !shown.to_uppercase().contains("B5D4") && !shown.contains("181"),
        "{shown}"
    );
}
