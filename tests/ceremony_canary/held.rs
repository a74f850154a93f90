// SPDX-License-Identifier: Apache-2.0
//! Ceremonies on a terminal, looked at from outside at every question: files, process, and memory where we may read it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use super::forms::{Needles, Secret};
use super::house::{Hay, House, cardmint, share};
use super::known::{Canary, What, answer, recognised};
use super::people::{Held, hold_on};
use super::process;
use super::pty::Pty;

/// Which secrets were in memory while a question was on the screen.
pub struct Moment {
    pub question: &'static str,
    /// The key and the number of the component that is being entered.
    pub sheet: Option<(String, u8)>,
    pub number: usize,
    pub found: BTreeSet<String>,
}

/// How a ceremony went, seen from outside.
pub struct Seen {
    pub held: Held,
    /// At each question; empty where memory may not be read.
    pub moments: Vec<Moment>,
    /// The shares that custodians took home.
    pub shares: Vec<Canary>,
    /// Memory when the ceremony was over and its result was about to be said.
    pub after: Option<Vec<Hay>>,
}

/// A plan at a site, and how it is called.
pub struct Call<'c> {
    pub site: &'c str,
    pub plan: &'c str,
    pub people: &'c [&'c str],
    pub files: &'c [&'c str],
    /// Options of language and form.
    pub how: &'c [&'c str],
}

impl Call<'_> {
    /// Everybody is called as in the plan.
    pub fn args(&self, verb: &str) -> Vec<String> {
        let mut args: Vec<String> = self.how.iter().map(|s| (*s).to_owned()).collect();
        args.extend(["--site", self.site, "ceremony", verb, self.plan].map(str::to_owned));
        for id in self.people {
            args.extend(["--participant".to_owned(), format!("{id}={id}")]);
        }
        for file in self.files {
            args.extend(["--file".to_owned(), (*file).to_owned()]);
        }
        args
    }
}

/// Holds a ceremony to its end; everybody does everything right.
#[track_caller]
pub fn watched(house: &mut House, call: &Call<'_>, known: &[Canary]) -> Seen {
    let args = call.args("rehearse");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let command = house.at_home(cardmint(), &args);
    let (held_up, output) = HeldUp::new();
    let pty = Pty::with_output(&command, (60, 400), Some(output));
    let held_up = held_up.watch(pty.id());
    let (mut moments, mut shares, mut sheet) = (Vec::new(), Vec::new(), None);
    let mut papers = std::mem::take(&mut house.papers);
    let held = hold_on(pty, &mut papers, |asked, papers| {
        let (question, values) = recognised(asked.question).unwrap_or_else(|| panic!("{:?}", asked.question));
        if question == "ceremony-ask-component" {
            sheet = Some((values["key"].clone(), values["number"].parse().unwrap()));
        } else if !["ceremony-ask-sheet-kcv", "ceremony-component-kcv"].contains(&question) {
            sheet = None;
        }
        if question == "ceremony-page" {
            shares.extend(of_share(asked.who, &papers.pages[asked.who]));
        }
        let when = format!("at question {} of {}", asked.number, call.plan);
        house.look_at(asked.process, &when);
        house.look_around(asked.who, &when);
        hardened(asked.process);
        if let Some(found) = found(asked.process, known.iter().chain(&shares)) {
            moments.push(Moment {
                question,
                sheet: sheet.clone(),
                number: asked.number,
                found,
            });
        }
        Some(answer(asked, papers))
    });
    house.papers = papers;
    let (after, output) = held_up.join().unwrap();
    // A result in words is said in one go, and the program may be gone.
    let after = after.filter(|_| call.how.contains(&"--json"));
    let plan = call.plan;
    assert_eq!(held.code, 0, "{plan}:\n{}", held.screen);
    house.keep(&format!("screen of {plan}"), held.output.clone());
    house.keep(&format!("letters on the screen of {plan}"), held.screen.clone());
    let squeezed: String = held.screen.split_whitespace().collect();
    house.keep(&format!("screen of {plan} without blanks"), squeezed);
    house.keep(&format!("output of {plan}"), output);
    house.look_around("", &format!("after {plan}"));
    Seen {
        held,
        moments,
        shares,
        after,
    }
}

/// The text of a page, and the share that it is.
pub fn of_share(whose: &str, text: &str) -> Vec<Canary> {
    let bytes = share(text).secret().on_page(<[u8]>::to_vec);
    vec![
        Canary::new(What::Share, Secret::pieces(&format!("share of {whose}"), &bytes)),
        Canary::new(What::Share, Secret::written(&format!("page of {whose}"), text)),
    ]
}

/// No core is written, nobody else of the same user looks in, and memory is locked where the system permits it.
fn hardened(process: u32) {
    assert_eq!(process::core_limits(process), ["0", "0"]);
    assert_eq!(process::locked(process), process::may_lock());
}

/// The secrets that are in a process's memory.
pub fn found<'c>(process: u32, known: impl Iterator<Item = &'c Canary>) -> Option<BTreeSet<String>> {
    let memory = process::memory(process)?;
    Some(found_in(&memory, known))
}

pub fn found_in<'c>(memory: &[Hay], known: impl Iterator<Item = &'c Canary>) -> BTreeSet<String> {
    let known: Vec<&Canary> = known.collect();
    let needles = Needles::plain(known.iter().map(|c| &c.secret));
    let hits = memory.iter().flat_map(|(name, bytes)| needles.find(name, bytes));
    let secrets = hits.map(|hit| hit.split_once(": ").unwrap().1.to_owned());
    secrets
        .map(|hit| {
            known
                .iter()
                .find(|c| hit.starts_with(&format!("{} as ", c.secret.name())))
                .map_or(hit.clone(), |c| c.secret.name().to_owned())
        })
        .collect()
}

/// A pipe so small that a program cannot say in one go what came of a ceremony: it is held up there with nothing left to
/// do, and its memory can be looked at.
struct HeldUp(OwnedFd);

impl HeldUp {
    fn new() -> (Self, OwnedFd) {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        fcntl_setpipe_size(&write, 4096).unwrap();
        (Self(read), write)
    }

    /// Memory as it is when the first output comes, and all the output.
    fn watch(self, process: u32) -> JoinHandle<(Option<Vec<Hay>>, Vec<u8>)> {
        std::thread::spawn(move || {
            let until = Instant::now() + Duration::from_secs(600);
            let moment = Timespec { tv_sec: 1, tv_nsec: 0 };
            let mut output = Vec::new();
            loop {
                assert!(Instant::now() < until, "no result");
                let mut watched = [PollFd::new(&self.0, PollFlags::IN)];
                if poll(&mut watched, Some(&moment)).unwrap() > 0 {
                    break;
                }
            }
            let memory = process::memory(process);
            File::from(self.0).read_to_end(&mut output).unwrap();
            (memory, output)
        })
    }
}
