// SPDX-License-Identifier: Apache-2.0
//! A PC/SC service with virtual readers, for tests: pcscd with the driver of vsmartcard-vpcd, and cards that connect to it.
//!
//! pcscd is one per machine, so that a rig holds a lock file from start to drop; other rigs wait. Every reader entry loads a
//! copy of the driver of its own: two entries on one file answer each other's cards.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)] // each test program uses its own part

pub mod card;
pub mod served;

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PCSCD: &str = "/usr/sbin/pcscd";
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// pcscd with virtual readers; killed when dropped.
pub struct Rig {
    daemon: Option<Child>,
    folder: tempfile::TempDir,
    ports: Vec<u16>,
    // Let go last, after the daemon is gone.
    _lock: File,
}

/// The machine without its PC/SC service, held so that no other test starts one.
pub struct NoService {
    _lock: File,
}

/// Takes the machine for this test, or says loudly why the test cannot run. With `CI` set it must run.
fn machine() -> Option<File> {
    let lacking = [PCSCD, DRIVER].into_iter().find(|path| !Path::new(path).exists());
    let problem = match lacking {
        Some(path) => Some(format!("{path} is not installed (packages pcscd, vsmartcard-vpcd)")),
        None if fs::create_dir_all("/run/pcscd").is_err() => Some("/run/pcscd cannot be made (not root?)".to_owned()),
        None => None,
    };
    if let Some(problem) = problem {
        return skip(&problem);
    }
    let lock = File::create("/run/pcscd/cardmint-test.lock").ok();
    let Some(lock) = lock else {
        return skip("/run/pcscd is not writable (not root?)");
    };
    lock.lock().unwrap();
    if std::os::unix::net::UnixStream::connect(SOCKET).is_ok() {
        return skip("another pcscd runs on this machine; stop it for these tests");
    }
    Some(lock)
}

fn skip<T>(problem: &str) -> Option<T> {
    assert!(
        std::env::var_os("CI").is_none(),
        "the PC/SC tests cannot run: {problem}"
    );
    // Not captured by the test harness: seen even when the test passes.
    let _ = writeln!(std::io::stderr(), "\n*** PC/SC TESTS SKIPPED: {problem} ***\n");
    None
}

/// Takes the machine with no service on it.
pub fn without_service() -> Option<NoService> {
    machine().map(|lock| NoService { _lock: lock })
}

impl Rig {
    /// Starts a service with that many readers (rounded up to pairs: the driver makes two slots an entry).
    pub fn start(readers: usize) -> Option<Self> {
        let lock = machine()?;
        let folder = tempfile::tempdir().unwrap();
        let mut ports = Vec::new();
        for entry in 0..readers.div_ceil(2) {
            let port = free_pair(&ports);
            let driver = folder.path().join(format!("driver{entry}.so"));
            fs::copy(DRIVER, &driver).unwrap();
            fs::create_dir_all(folder.path().join("conf")).unwrap();
            fs::write(
                folder.path().join(format!("conf/entry{entry}")),
                config(entry, port, &driver),
            )
            .unwrap();
            ports.extend([port, port + 1]);
        }
        let mut rig = Self {
            daemon: None,
            folder,
            ports,
            _lock: lock,
        };
        rig.start_service();
        Some(rig)
    }

    /// Starts the service (again), and waits for its socket.
    pub fn start_service(&mut self) {
        let log = File::create(self.folder.path().join("pcscd.log")).unwrap();
        let daemon = Command::new(PCSCD)
            .args(["-f", "-c"])
            .arg(self.folder.path().join("conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.daemon = Some(daemon);
        let until = Instant::now() + Duration::from_secs(10);
        while std::os::unix::net::UnixStream::connect(SOCKET).is_err() {
            let ended = self.daemon.as_mut().unwrap().try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < until,
                "pcscd does not start:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the service as `systemctl stop` does.
    pub fn stop_service(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let pid = rustix::process::Pid::from_child(&daemon);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let until = Instant::now() + Duration::from_secs(3);
            while daemon.try_wait().unwrap().is_none() {
                if Instant::now() > until {
                    let _ = daemon.kill();
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Kills the service without a goodbye.
    pub fn kill_service(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill().unwrap();
            daemon.wait().unwrap();
            let _ = fs::remove_file(SOCKET);
            let _ = fs::remove_file("/run/pcscd/pcscd.pid");
        }
    }

    /// Takes the two readers of an entry away. The service lets readers of its configuration go only at its start: it is restarted.
    pub fn unplug(&mut self, entry: usize) {
        let folder = self.folder.path();
        let (conf, away) = (format!("conf/entry{entry}"), format!("unplugged{entry}"));
        fs::rename(folder.join(conf), folder.join(away)).unwrap();
        self.stop_service();
        self.start_service();
    }

    /// Brings them back; the service goes on meanwhile.
    pub fn plug(&mut self, entry: usize) {
        let folder = self.folder.path();
        let (conf, away) = (format!("conf/entry{entry}"), format!("unplugged{entry}"));
        fs::rename(folder.join(away), folder.join(conf)).unwrap();
        let daemon = rustix::process::Pid::from_child(self.daemon.as_ref().unwrap());
        rustix::process::kill_process(daemon, rustix::process::Signal::USR1).unwrap();
    }

    /// The name of a reader, from 0.
    pub fn reader(&self, at: usize) -> String {
        assert!(at < self.ports.len(), "the rig has fewer readers");
        format!("{} 00 {:02}", friendly(at / 2), at % 2)
    }

    /// Where the card of a reader connects to.
    pub fn port(&self, at: usize) -> u16 {
        self.ports[at]
    }

    /// What the service wrote.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("pcscd.log")).unwrap_or_default()
    }

    /// The folder of the rig, for files of the test.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop_service();
    }
}

fn friendly(entry: usize) -> String {
    format!("Cardmint Rig {}", char::from(b'A' + u8::try_from(entry).unwrap()))
}

fn config(entry: usize, port: u16, driver: &Path) -> String {
    format!(
        "FRIENDLYNAME \"{}\"\nDEVICENAME /dev/null:{port:#06X}\nLIBPATH {}\nCHANNELID {port:#06X}\n",
        friendly(entry),
        driver.display()
    )
    .replace("0X", "0x")
}

/// Two free ports in a row.
fn free_pair(taken: &[u16]) -> u16 {
    loop {
        let probe = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = probe.local_addr().unwrap().port();
        let second = port
            .checked_add(1)
            .and_then(|next| TcpListener::bind(("0.0.0.0", next)).ok());
        if second.is_some() && !taken.contains(&port) && !taken.contains(&(port + 1)) {
            return port;
        }
    }
}
