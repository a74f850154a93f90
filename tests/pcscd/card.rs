// SPDX-License-Identifier: Apache-2.0
//! A card in a virtual reader. Both directions speak a two-byte length and that many bytes; one byte is a control: 0 power
//! off, 1 power on, 2 reset, 4 "give the ATR", and only 4 is answered; everything else is a command.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a card does in a test.
pub trait VirtualCard: Send + 'static {
    /// Its answer to reset.
    fn atr(&self) -> Vec<u8>;
    /// The answer to a command; `None`: the card is torn away instead.
    fn answer(&mut self, command: &[u8]) -> Option<Vec<u8>>;
    /// Power went off, or the card was reset.
    fn reset(&mut self) {}
}

/// A card that lies on a reader until it is dropped. When the service restarts, it is still there.
pub struct Inserted {
    gone: Arc<AtomicBool>,
    stream: Arc<Mutex<Option<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Inserted {
    /// Lays a card on the reader that listens at `port`.
    pub fn lay(port: u16, mut card: impl VirtualCard) -> Self {
        let gone = Arc::new(AtomicBool::new(false));
        let stream = Arc::new(Mutex::new(None));
        let (gone_too, stream_too) = (Arc::clone(&gone), Arc::clone(&stream));
        let thread = thread::spawn(move || {
            while !gone_too.load(Ordering::SeqCst) {
                let Ok(connection) = TcpStream::connect(("127.0.0.1", port)) else {
                    thread::sleep(Duration::from_millis(10));
                    continue;
                };
                *stream_too.lock().unwrap() = connection.try_clone().ok();
                if serve(connection, &mut card).is_ok() {
                    // Torn away by its own doing.
                    return;
                }
            }
        });
        Self {
            gone,
            stream,
            thread: Some(thread),
        }
    }

    /// Takes the card off.
    pub fn take_off(self) {
        drop(self);
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::SeqCst);
        if let Some(stream) = self.stream.lock().unwrap().take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves one connection; `Ok` when the card was torn away, an error when the reader went.
fn serve(mut stream: TcpStream, card: &mut impl VirtualCard) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut length = [0; 2];
        read(&mut stream, &mut length)?;
        let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
        read(&mut stream, &mut body)?;
        let answer = match body[..] {
            [4] => card.atr(),
            [_] => {
                card.reset();
                continue;
            }
            _ => {
                let Some(answer) = card.answer(&body) else {
                    let _ = stream.shutdown(Shutdown::Both);
                    return Ok(());
                };
                answer
            }
        };
        let mut message = u16::try_from(answer.len()).unwrap().to_be_bytes().to_vec();
        message.extend(answer);
        stream.write_all(&message)?;
    }
}

/// The reader's side sends length and body apart and waits for the acknowledgement: without this every command costs 40 ms.
fn read(stream: &mut TcpStream, place: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < place.len() {
        stream.set_quickack(true)?;
        match stream.read(&mut place[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => filled += n,
        }
    }
    Ok(())
}
