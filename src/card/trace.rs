// SPDX-License-Identifier: Apache-2.0
//! A record of the conversation with a card, one JSON object a line (`cardmint.apdu/1`, docs/formats/trace.md). It is
//! written by the session, where it is still known which bytes are secret, and never by the transport: PINs, plain key
//! records and wrapped keys (the transport key that wraps the first one is known to every buyer of blanks) are left out.

use std::io::{self, Write};

use serde::Serialize;

/// Where the conversation is written to.
pub struct Trace {
    out: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    reader: &'a str,
    what: &'a str,
    command: String,
    #[serde(skip_serializing_if = "is_zero")]
    secret_bytes: usize,
    #[serde(skip_serializing_if = "is_zero")]
    secret_answer_bytes: usize,
    answer: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Trace {
    /// A trace into a file or a buffer.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, failed: None }
    }

    /// Records one exchange; of the command the first `shown` bytes, of the answer all but the first `hidden`, and how many
    /// were left out.
    pub(super) fn exchange(
        &mut self,
        reader: &str,
        what: &str,
        command: &[u8],
        shown: usize,
        answer: &[u8],
        hidden: usize,
    ) {
        let open = command.get(..shown).unwrap_or(command);
        let line = Line {
            schema: "cardmint.apdu/1",
            reader,
            what,
            command: hex::encode_upper(open),
            secret_bytes: command.len() - open.len(),
            secret_answer_bytes: hidden,
            answer: hex::encode_upper(answer.get(hidden..).unwrap_or_default()),
        };
        let written = serde_json::to_writer(&mut self.out, &line)
            .map_err(io::Error::other)
            .and_then(|()| self.out.write_all(b"\n"));
        if let Err(e) = written {
            self.failed.get_or_insert(e);
        }
    }

    /// Flushes, and tells whether anything was lost on the way. A trace that fails never stops a card.
    pub fn finish(mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.failed.map_or(flushed, Err)
    }
}
