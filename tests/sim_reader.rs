// SPDX-License-Identifier: Apache-2.0
//! Simulated cards as files and in readers: what is durable when, locks, faults on demand, the virtual reader's protocol.
#![allow(clippy::unwrap_used)] // a test stops at the first surprise

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardmint::sim::{
    CardPath, Chip, InMemoryReader, PlannedFault, Served, SimCard, SimFault, SimFaults, SimOptions, SimReader,
    StoreError, cards_in, seeded_serial, serve,
};
use cardmint::transport::{CardTransport, TransportError};

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn send(card: &mut impl CardTransport, command: &str) -> String {
    hex::encode_upper(card.transmit(&hex(command)).unwrap())
}

/// A factory card with a MF and EF 0005, in a file.
fn made(folder: &Path) -> CardPath {
    let path = CardPath::new(folder, "u1");
    let card = SimCard::new(Chip::Fmcos, seeded_serial(1, 1), SimOptions::default(), true).seeded(1);
    path.create(&card).unwrap();
    let mut reader = SimReader::open_path(path.clone()).unwrap();
    for command in [
        "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
        "80E0000507280008F0F0FFFF",
        "00D68500081122334455667788",
    ] {
        assert_eq!(send(&mut reader, command), "9000");
    }
    path
}

#[test]
fn a_card_keeps_what_it_was_told_and_forgets_what_is_volatile() {
    let folder = tempfile::tempdir().unwrap();
    let path = made(folder.path());
    let spec = path.reader();
    let mut reader = SimReader::open(&spec).unwrap();
    assert_eq!(reader.reader(), format!("sim:{}/u1", folder.path().display()));
    assert_eq!(send(&mut reader, "00B0850000"), "11223344556677889000");
    assert!(send(&mut reader, "0084000004").ends_with("9000"));
    reader.reset().unwrap();
    assert_eq!(
        send(&mut reader, "0082000008A0DBBFC1192FF24A"),
        "6A82",
        "no key file here"
    );
    drop(reader);
    let again = SimReader::open(&spec).unwrap();
    assert_eq!(again.atr().historical()[3..], seeded_serial(1, 1));
    assert_eq!(cards_in(folder.path()).unwrap(), [path]);
}

#[test]
fn only_changes_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = made(folder.path());
    let file = folder.path().join("u1.card.json");
    let before = fs::metadata(&file).unwrap();
    let mut reader = SimReader::open_path(path).unwrap();
    for _ in 0..20 {
        send(&mut reader, "00B0850000");
        send(&mut reader, "0084000004");
        send(&mut reader, "00D6850008112233445566778899");
    }
    let after = fs::metadata(&file).unwrap();
    assert_eq!(
        before.ino(),
        after.ino(),
        "reading, challenges and refused writes replace nothing"
    );
    assert_eq!(send(&mut reader, "00D6850001FF"), "9000");
    assert_ne!(before.ino(), fs::metadata(&file).unwrap().ino());
    assert_eq!(after.mode() & 0o777, 0o600);
}

#[test]
fn one_holder_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = made(folder.path());
    let first = SimReader::open_path(path.clone()).unwrap();
    let second = SimReader::open(&path.reader()).unwrap_err();
    assert_eq!(second, TransportError::InUse { reader: path.reader() });
    drop(first);
    SimReader::open_path(path).unwrap();
}

#[test]
fn what_is_not_there_has_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = made(folder.path());
    let missing = format!("sim:{}/u2", folder.path().display());
    assert_eq!(
        SimReader::open(&missing).unwrap_err(),
        TransportError::NoCard {
            reader: missing.clone()
        }
    );
    let nowhere = format!("sim:{}/none/u2", folder.path().display());
    assert!(matches!(
        SimReader::open(&nowhere),
        Err(TransportError::NoReader { .. })
    ));
    let twin = SimCard::new(Chip::Fmcos, [0; 8], SimOptions::default(), false);
    assert!(
        matches!(path.create(&twin), Err(StoreError::Exists { .. })),
        "never overwritten"
    );
    let file = folder.path().join("u1.card.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("cardmint-sim-card/1", "cardmint-sim-card/9")).unwrap();
    assert!(matches!(path.load(), Err(StoreError::Damaged { line: 1, .. })));
    fs::write(&file, text.replacen("\"dead\": false", "\"dead\": maybe", 1)).unwrap();
    match path.load() {
        Err(StoreError::Damaged { line, .. }) => assert!(line > 30, "line {line}"),
        other => panic!("{:?}", other.map(|_| ())),
    }
    assert!(matches!(
        SimReader::open(&path.reader()),
        Err(TransportError::Reader { .. })
    ));
}

/// Opens the card with one fault at the first command, writes FF there, and says how that ended and what the card holds.
fn torn(fault: SimFault) -> (Result<String, TransportError>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = made(folder.path());
    path.plan(&[PlannedFault {
        at: 2,
        fault,
        repeat: false,
    }])
    .unwrap();
    let mut reader = SimReader::open_path(path.clone()).unwrap();
    assert_eq!(send(&mut reader, "00B0850001"), "119000");
    let answer = reader.transmit(&hex("00D6850008FFFFFFFFFFFFFFFF"));
    let stays = reader.transmit(&hex("00B0850000"));
    if let Err(gone) = &answer {
        assert_eq!(stays.unwrap_err(), *gone, "until it is put back");
        assert_eq!(reader.reset().unwrap_err(), *gone);
    }
    drop(reader);
    assert!(path.faults().unwrap().planned().is_empty(), "a fault fires once");
    let mut again = SimReader::open_path(path).unwrap();
    (answer.map(hex::encode_upper), send(&mut again, "00B0850000"))
}

#[test]
fn tears_and_wrong_answers() {
    let (old, new) = ("11223344556677889000", "FFFFFFFFFFFFFFFF9000");
    let (answer, holds) = torn(SimFault::TearBefore);
    assert!(matches!(answer, Err(TransportError::CardRemoved { .. })));
    assert_eq!(holds, old);
    let (answer, holds) = torn(SimFault::TearAfter);
    assert!(matches!(answer, Err(TransportError::CardRemoved { .. })));
    assert_eq!(holds, new);
    let (answer, holds) = torn(SimFault::TearDuring);
    assert!(matches!(answer, Err(TransportError::CardRemoved { .. })));
    assert_eq!(holds, "FFFFFFFF556677886281", "half written, checksum wrong");
    let (answer, holds) = torn(SimFault::WrongStatus { sw: 0x6581 });
    assert_eq!((answer.as_deref(), holds.as_str()), (Ok("6581"), old));
    assert!(matches!(
        torn(SimFault::ReaderGone).0,
        Err(TransportError::ReaderGone { .. })
    ));
    let (answer, holds) = torn(SimFault::Mute);
    assert!(matches!(answer, Err(TransportError::CardMute { .. })));
    assert_eq!(holds, old);
    let (answer, holds) = torn(SimFault::BadMac);
    assert_eq!(
        (answer.as_deref(), holds.as_str()),
        (Ok("9000"), new),
        "no data, nothing to change"
    );
}

#[test]
fn faults_in_process_and_a_torn_purse() {
    let card = Arc::new(Mutex::new(SimCard::new(
        Chip::Fmcos,
        [0; 8],
        SimOptions::default(),
        true,
    )));
    card.lock().unwrap().prepare_random(&hex("4E066548"));
    let setup = [
        "80E03F000D38FFFFF0F001FFFFFFFFFFFFFF",
        "80E00000073F008001F0FFFF",
        "80D401001534F0F0000125160770615243BC0000000000000000",
        "80D40100153FF0F000013F3F3F3F3F3F3F3F1122334455667788",
        "80D401000B3AF0EF0133123456FFFFFF",
        "80E00018072E0A17F0EFFFFF",
        "80E00002072F0208F000FF18",
    ];
    let mut reader = InMemoryReader::new("test", Arc::clone(&card));
    for command in setup {
        assert_eq!(send(&mut reader, command), "9000");
    }
    let (init, credit) = (
        "805000020B000000001066666666666610",
        "805200000B20240411212121097E98FE04",
    );
    for (fault, balance, log) in [
        (SimFault::TearBefore, "000000009000", "6A83"),
        (SimFault::TearDuring, "000000009000", "6A83"),
        (
            SimFault::BadMac,
            "000000109000",
            "00010000000000001002666666666666202404112121219000",
        ),
    ] {
        card.lock().unwrap().prepare_random(&hex("4E066548"));
        let mut reader = InMemoryReader::with_faults("test", Arc::clone(&card), SimFaults::once(3, fault));
        assert_eq!(send(&mut reader, "0020000003123456"), "9000");
        assert_eq!(send(&mut reader, init), "00000000000000014E0665480D39ADBB9000");
        match reader.transmit(&hex(credit)) {
            Ok(answer) => assert_eq!(hex::encode_upper(answer), "A802863F9000", "last bit changed"),
            Err(e) => assert!(matches!(e, TransportError::CardRemoved { .. })),
        }
        let mut reader = InMemoryReader::new("test", Arc::clone(&card));
        assert_eq!(send(&mut reader, "805C000204"), balance, "{fault:?}");
        assert_eq!(send(&mut reader, "00B201C400"), log, "{fault:?}");
        assert_eq!(send(&mut reader, credit), "6901", "a tear ends the transaction");
    }
    let mut reader = InMemoryReader::new("test", card);
    assert_eq!(
        send(&mut reader, "805A0002020000"),
        "097E98FEA802863E9000",
        "the proof tells that it happened"
    );
}

fn message(stream: &mut TcpStream, body: &[u8]) {
    // Length and body apart, as the driver writes them.
    stream.write_all(&(body.len() as u16).to_be_bytes()).unwrap();
    stream.write_all(body).unwrap();
}

fn reply(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut body).unwrap();
    body
}

#[test]
fn a_served_card_speaks_the_virtual_readers_protocol_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = made(folder.path());
    let driver = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = driver.local_addr().unwrap().to_string();
    let stop = AtomicBool::new(false);
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let server = scope.spawn(|| serve(&path, &address, &stop, &mut |event| told.lock().unwrap().push(event)));
        let (mut stream, _) = driver.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        message(&mut stream, &[4]);
        assert_eq!(
            hex::encode_upper(reply(&mut stream)),
            path.load().unwrap().atr().to_string()
        );
        message(&mut stream, &[1]);
        message(&mut stream, &hex("00B0850000"));
        assert_eq!(reply(&mut stream), hex("11223344556677889000"));
        for n in 0..50u8 {
            message(&mut stream, &[0x00, 0xD6, 0x85, 0x00, 0x01, n]);
            assert_eq!(reply(&mut stream), hex("9000"));
        }
        assert!(matches!(
            SimReader::open(&path.reader()),
            Err(TransportError::InUse { .. })
        ));
        message(&mut stream, &[2]);
        message(&mut stream, &hex("00D60000 01 01"));
        assert_eq!(reply(&mut stream), hex("6981"), "reset: no current file");
        // The service restarts: the card waits for it and connects again.
        drop(stream);
        let (mut stream, _) = driver.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        message(&mut stream, &hex("00B0850001"));
        assert_eq!(reply(&mut stream), hex("319000"));
        // A planned tear: the connection ends, the card is away and comes back.
        path.plan(SimFaults::once(1, SimFault::TearAfter).planned()).unwrap();
        let mut torn = false;
        for _ in 0..200 {
            message(&mut stream, &hex("00D6850001AB"));
            let mut length = [0; 2];
            if !matches!(stream.read(&mut length), Ok(2)) {
                torn = true;
                break;
            }
            let mut rest = [0; 2];
            stream.read_exact(&mut rest).unwrap();
        }
        assert!(torn, "the planned fault never fired");
        let (mut stream, _) = driver.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        message(&mut stream, &hex("00B0850001"));
        assert_eq!(reply(&mut stream), hex("AB9000"), "it took effect before the tear");
        stop.store(true, Ordering::Relaxed);
        server.join().unwrap().unwrap();
    });
    let told = told.into_inner().unwrap();
    let expected = [
        Served::Connected,
        Served::Disconnected,
        Served::Connected,
        Served::TakenAway,
        Served::Connected,
    ];
    assert_eq!(told, expected);
    SimReader::open_path(path).expect("the lock is free again");
}
