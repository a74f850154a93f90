// SPDX-License-Identifier: Apache-2.0
//! Puts a simulated card behind pcscd through the virtual reader of vsmartcard (vpcd): the driver listens, the card
//! connects. Messages both ways are two length bytes, big-endian, and a body. A body of one byte is a control: 0 off, 1 on,
//! 2 reset, 4 asks for the ATR (the only one that is answered). Anything longer is a command.
//!
//! Two traps, both measured: the driver writes length and body apart and does not set TCP_NODELAY, so that without
//! TCP_QUICKACK before every read each command costs 40 ms; and two reader entries on one copy of the driver answer each
//! other's cards (docs/simulator.md).

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::hopper::Hopper;
use super::reader::SimReader;
use super::store::{CardPath, StoreError};
use crate::transport::CardTransport;

/// How often a waiting card looks whether it is to stop.
const SLICE: Duration = Duration::from_millis(200);
/// How long a torn card stays away: the service looks every 400 ms.
const AWAY: Duration = Duration::from_millis(1200);

/// What happens to a served card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// The driver took the card.
    Connected,
    /// The driver went away; the card waits for it.
    Disconnected,
    /// A planned fault took the card off the reader; it comes back in a moment.
    TakenAway,
}

enum End {
    Stopped,
    Disconnected,
    CardLost,
}

/// Serves a card at `driver` (HOST:PORT) until `stop` is set. Survives restarts of the service.
pub fn serve(path: &CardPath, driver: &str, stop: &AtomicBool, tell: &mut dyn FnMut(Served)) -> Result<(), StoreError> {
    serve_until(path, driver, &|| stop.load(Ordering::Relaxed), tell)
}

/// Serves the card on the tray of a hopper, one after the other as they are moved, until `stop` is set.
pub fn serve_hopper(
    hopper: &Hopper,
    driver: &str,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(&CardPath, Served),
) -> Result<(), StoreError> {
    let stopped = || stop.load(Ordering::Relaxed);
    while !stopped() {
        match hopper.on_tray()? {
            None => pause(SLICE, &stopped),
            Some(path) => {
                let leaves = || stopped() || !path.exists();
                match serve_until(&path, driver, &leaves, &mut |event| tell(&path, event)) {
                    // It was moved just now.
                    Err(StoreError::NoCard { .. }) => (),
                    served => served?,
                }
                // The service has to see the empty reader.
                pause(AWAY, &stopped);
            }
        }
    }
    Ok(())
}

fn serve_until(
    path: &CardPath,
    driver: &str,
    stop: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(Served),
) -> Result<(), StoreError> {
    let mut card = SimReader::open_path(path.clone())?;
    while !stop() {
        let Ok(mut stream) = TcpStream::connect(driver) else {
            pause(SLICE, stop);
            continue;
        };
        tell(Served::Connected);
        let end = converse(&mut card, &mut stream, stop);
        drop(stream);
        match end {
            Ok(End::Stopped) => break,
            Ok(End::CardLost) => {
                tell(Served::TakenAway);
                drop(card);
                pause(AWAY, stop);
                card = SimReader::open_path(path.clone())?;
            }
            Ok(End::Disconnected) | Err(_) => {
                tell(Served::Disconnected);
                // The power is gone.
                let _ = card.reset();
                pause(SLICE, stop);
            }
        }
    }
    Ok(())
}

fn converse(card: &mut SimReader, stream: &mut TcpStream, stop: &dyn Fn() -> bool) -> io::Result<End> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SLICE))?;
    loop {
        let mut length = [0; 2];
        if let Some(end) = fill(stream, &mut length, stop)? {
            return Ok(end);
        }
        let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
        if let Some(end) = fill(stream, &mut body, stop)? {
            return Ok(end);
        }
        let answer = match body.as_slice() {
            [0..=2] => {
                let _ = card.reset();
                None
            }
            [4] => Some(card.atr().as_bytes().to_vec()),
            [] | [_] => None,
            command => match card.transmit(command) {
                Ok(answer) => Some(answer),
                Err(_) => return Ok(End::CardLost),
            },
        };
        if card.is_lost() {
            return Ok(End::CardLost);
        }
        if let Some(answer) = answer {
            let mut message = (answer.len() as u16).to_be_bytes().to_vec();
            message.extend_from_slice(&answer);
            stream.write_all(&message)?;
        }
    }
}

/// Reads exactly as many bytes, unless the other side goes or a stop is asked for.
fn fill(stream: &mut TcpStream, place: &mut [u8], stop: &dyn Fn() -> bool) -> io::Result<Option<End>> {
    let mut done = 0;
    while done < place.len() {
        acknowledge_at_once(stream)?;
        match stream.read(&mut place[done..]) {
            Ok(0) => return Ok(Some(End::Disconnected)),
            Ok(n) => done += n,
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if stop() {
                    return Ok(Some(End::Stopped));
                }
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> io::Result<()> {
    std::os::linux::net::TcpStreamExt::set_quickack(stream, true)
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps)] // as on Linux
fn acknowledge_at_once(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

fn pause(how_long: Duration, stop: &dyn Fn() -> bool) {
    let mut left = how_long;
    while !left.is_zero() && !stop() {
        let slice = left.min(Duration::from_millis(50));
        thread::sleep(slice);
        left = left.saturating_sub(slice);
    }
}
