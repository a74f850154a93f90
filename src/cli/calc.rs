// SPDX-License-Identifier: Apache-2.0
//! `cardmint calc`: the officers' calculator for **test keys**. JSON Lines in on standard input, JSON Lines out, one answer a
//! line, in order; docs/formats/calc.md is the contract.
//!
//! Memory does not grow with the input: one buffer is read, answered and used again. What has been read is answered and
//! flushed before the next read, so the program can be talked to line by line. Long stretches are answered by several
//! threads. A bad line is answered with an error and the rest goes on; a line over 64 KiB is never held. No value of a
//! request is ever repeated in a message: it may have been a key.

mod fault;
mod lines;
mod operation;
mod request;

use std::io::{self, Write};
use std::num::NonZero;
use std::thread;

use zeroize::Zeroizing;

use super::Context;
use crate::error::{Error, Exit};
use crate::i18n::Lang;
use crate::msg;
use fault::CalcFault;
use lines::{Batch, Line, Lines};

/// `cardmint calc` has no options of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lines that are worth a thread of their own.
const LINES_PER_THREAD: usize = 100;
/// More threads than this wait for the reading and writing in between.
const MAX_THREADS: usize = 8;

/// Answers standard input until it ends. Exit code 1 if any line was bad.
pub fn run(_: &Args, context: &mut Context) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let mut lines = Lines::new(io::stdin().lock());
    let mut bad = 0;
    while let Some(batch) = lines.next_batch().map_err(|e| unreadable(&e))? {
        for part in answer_batch(&batch, lang, threads) {
            bad += part.bad;
            context.out.raw(&part.text)?;
        }
        context.out.flush()?;
    }
    Ok(if bad == 0 { Exit::Done } else { Exit::SomeFailed })
}

/// Answers of neighbouring lines.
#[derive(Default)]
struct Answers {
    /// The results may be test keys; wiped like everything else.
    text: Zeroizing<Vec<u8>>,
    bad: usize,
}

fn answer_batch(batch: &Batch<'_>, lang: Lang, threads: usize) -> Vec<Answers> {
    let lines: Vec<Line<'_>> = batch.lines().collect();
    let workers = (lines.len() / LINES_PER_THREAD).clamp(1, threads);
    if workers == 1 {
        return vec![answer_lines(&lines, lang)];
    }
    let share = lines.len().div_ceil(workers);
    thread::scope(|scope| {
        let (own, others) = lines.split_at(share);
        let started: Vec<_> = others
            .chunks(share)
            .map(|part| scope.spawn(move || answer_lines(part, lang)))
            .collect();
        let first = answer_lines(own, lang);
        // A panic of a worker is a mistake in the program; it goes on in this thread.
        let joined = started
            .into_iter()
            .map(|s| s.join().unwrap_or_else(|e| std::panic::resume_unwind(e)));
        std::iter::once(first).chain(joined).collect()
    })
}

fn answer_lines(lines: &[Line<'_>], lang: Lang) -> Answers {
    let mut answers = Answers::default();
    // Answers are about as long as requests; growing would leave unwiped copies behind.
    answers.text.reserve(lines.len() * 192);
    for line in lines {
        answer_line(line, lang, &mut answers);
    }
    answers
}

/// One line. The id is echoed as it was written.
fn answer_line(line: &Line<'_>, lang: Lang, answers: &mut Answers) {
    let (id, result) = match line {
        Line::TooLong => (None, Err(CalcFault::LineTooLong)),
        Line::Text(bytes) => match request::parse(bytes) {
            Ok(request) => (request.id, operation::compute(&request)),
            Err(fault) => (None, Err(fault)),
        },
    };
    let out = &mut *answers.text;
    out.extend_from_slice(b"{\"id\":");
    out.extend_from_slice(id.map_or("null", |raw| raw.get()).as_bytes());
    match result {
        Ok(answer) => answer.write(out),
        Err(fault) => {
            answers.bad += 1;
            fault.write(lang, out);
        }
    }
    out.extend_from_slice(b"}\n");
}

fn unreadable(e: &io::Error) -> Error {
    Error::new(msg!("calc-input", what = e), Exit::Device)
}

/// Writes a JSON string.
fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory does not fail, and a text is always JSON.
    let _ = serde_json::to_writer(&mut *out, text)
        .map_err(io::Error::other)
        .and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answers(input: &[u8], threads: usize) -> String {
        let mut lines = Lines::new(input);
        let mut all = Vec::new();
        while let Some(batch) = lines.next_batch().unwrap() {
            for part in answer_batch(&batch, Lang::En, threads) {
                all.extend_from_slice(&part.text);
            }
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn threads_change_nothing_in_the_answers() {
        let mut input = String::new();
        for n in 0..2000 {
            let line = format!("{{\"id\":{n},\"op\":\"kcv\",\"alg\":\"sm4\",\"key\":\"{n:032X}\"}}\n");
            input.push_str(if n % 7 == 0 { "no json\n" } else { &line });
        }
        let one = answers(input.as_bytes(), 1);
        assert_eq!(one.lines().count(), 2000);
        assert!(one.lines().nth(1).unwrap().starts_with("{\"id\":1,\"kcv\":\""));
        for threads in [2, 3, 8] {
            assert_eq!(answers(input.as_bytes(), threads), one);
        }
    }

    /// Pieces of requests, good and bad, joined in any order.
    fn line() -> impl Strategy<Value = Vec<u8>> {
        let pieces: Vec<&[u8]> = vec![
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\"",
            b"\\",
            b"null",
            b"1e999",
            b"-1",
            b"\"id\":",
            b"\"op\":",
            b"\"kcv\"",
            b"\"mac\"",
            b"\"diversify\"",
            b"\"alg\":\"3des\",",
            b"\"alg\":\"sm4\",",
            b"\"key\":\"404142434445464748494A4B4C4D4E4F\"",
            b"\"len\":4",
            b"\"factors\":[",
            b"\"1122334455667788\"",
            b"\"data\":\"\"",
            b"\xFF",
            b"\0",
            b"\r",
            b" ",
            b"\"\\u0031\"",
            b"{\"id\":1,\"op\":\"kcv\",\"alg\":\"3des\",\"key\":\"404142434445464748494A4B4C4D4E4F\"}",
        ];
        proptest::collection::vec(proptest::sample::select(pieces), 0..14).prop_map(|p| p.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_line_gets_exactly_one_answer_that_is_json(lines in proptest::collection::vec(line(), 1..20)) {
            let out = answers(&[lines.join(&b'\n'), vec![b'\n']].concat(), 1);
            prop_assert_eq!(out.lines().count(), lines.len());
            for answer in out.lines() {
                let answer: serde_json::Value = serde_json::from_str(&answer.replace("1e999", "1")).unwrap();
                prop_assert_eq!(answer.as_object().unwrap().keys().any(|k| k == "error" || k == "kcv" || k == "mac"), true);
            }
        }
    }
}
