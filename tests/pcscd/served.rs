// SPDX-License-Identifier: Apache-2.0
//! Simulated cards behind the rig's readers, by `cardmint sim serve`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Rig;

/// A running `cardmint sim serve`; ended when dropped, which takes the cards off.
pub struct Served {
    server: Child,
}

impl Served {
    /// Lays the first card on reader 0 of the rig, the next on reader 1, and so on; cards are `FOLDER/NAME`.
    pub fn lay(rig: &Rig, cards: &[impl AsRef<Path>]) -> Self {
        let mut command = cardmint();
        command.args(["sim", "serve"]);
        for (at, _) in cards.iter().enumerate() {
            command.arg("--vpcd").arg(format!("127.0.0.1:{}", rig.port(at)));
        }
        command.args(cards.iter().map(AsRef::as_ref));
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Self { server }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.server);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let until = Instant::now() + Duration::from_secs(3);
        while self.server.try_wait().is_ok_and(|ended| ended.is_none()) {
            if Instant::now() > until {
                let _ = self.server.kill();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The program, without the site and language of who runs the tests.
pub fn cardmint() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardmint"));
    command.env_remove("CARDMINT_SITE").env("LC_ALL", "C.UTF-8");
    command
}
