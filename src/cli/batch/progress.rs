// SPDX-License-Identifier: Apache-2.0
//! What a person sees of a run: a bar for each reader and one for all, with rate, remaining time and failures; failures as lines
//! that stay. Without a terminal, one line a card. With `--json`, one event a line.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::ask::{Answers, ask};
use super::events;
use crate::batch::run::{Answer, Control, Event, Question, Watch};
use crate::cli::output::Output;
use crate::i18n::{Lang, Msg};
use crate::msg;
use crate::outside::Prompt;

/// Signals that hold a run and let it go on.
#[derive(Debug, Default, Clone)]
pub(super) struct Hold {
    pub(super) hold: Arc<AtomicBool>,
    pub(super) go: Arc<AtomicBool>,
}

/// Shows a run and answers for it.
pub(super) struct Screen<'a> {
    pub(super) out: &'a mut Output,
    pub(super) prompt: &'a mut dyn Prompt,
    pub(super) answers: Answers,
    pub(super) bell: bool,
    pub(super) hold: Hold,
    pub(super) control: Control,
    bars: Option<Bars>,
    lang: Lang,
}

/// Bars on the error stream.
struct Bars {
    all: MultiProgress,
    readers: BTreeMap<String, ProgressBar>,
    total: ProgressBar,
    begun: Instant,
    made: u32,
    failures: u32,
    /// Cards that were there before, and cards in all.
    before: u32,
    rows: u32,
}

impl<'a> Screen<'a> {
    pub(super) fn new(
        (out, prompt): (&'a mut Output, &'a mut dyn Prompt),
        answers: Answers,
        bell: bool,
        hold: Hold,
        control: Control,
    ) -> Self {
        let lang = out.lang();
        let bars = (out.watched && !out.is_json()).then(Bars::new);
        Self {
            out,
            prompt,
            answers,
            bell,
            hold,
            control,
            bars,
            lang,
        }
    }

    /// A line that stays, above the bars where there are some.
    fn line(&mut self, msg: &Msg) {
        match &self.bars {
            Some(bars) => {
                let _ = bars.all.println(msg.render(self.lang));
            }
            // A closed output is noticed at the end of the command.
            None => {
                let _ = self.out.say(msg).and_then(|()| self.out.flush());
            }
        }
    }

    fn ring(&self, times: usize) {
        if self.bell {
            let mut err = std::io::stderr();
            let _ = err.write_all(&b"\x07\x07\x07"[..times]).and_then(|()| err.flush());
        }
    }

    fn tell(&mut self, event: &Event) {
        let said = match event {
            Event::Issued { reader, number, .. } => {
                self.ring(1);
                let done = msg!("batch-event-issued", reader = reader, number = number);
                // On a terminal the bars say it.
                self.bars.is_none().then_some(done)
            }
            Event::Failed {
                reader,
                number,
                failure,
                why,
                ..
            } => {
                self.ring(2);
                let number = number.as_deref().unwrap_or("–");
                let failed = msg!("batch-event-failed", reader = reader, number = number);
                Some(
                    failed
                        .with_word("failure", "batch-failure", failure.as_str())
                        .with_msg("why", why.clone()),
                )
            }
            Event::Already { reader, number } => Some(msg!("batch-event-already", reader = reader, number = number)),
            Event::NotScrapped { number, why, .. } => {
                Some(msg!("batch-event-not-scrapped", number = number).with_msg("why", why.clone()))
            }
            Event::ReaderEnded {
                reader,
                why,
                failed: true,
            } => {
                self.ring(3);
                Some(msg!("batch-event-reader-stopped", reader = reader).with_msg("why", why.clone()))
            }
            Event::Paused => Some(msg!("batch-event-paused")),
            Event::Resumed => Some(msg!("batch-event-resumed")),
            Event::Stopping => Some(msg!("batch-event-stopping")),
            Event::Awaited { cards } => {
                self.line(&msg!("batch-event-awaited", count = cards.len()));
                for (number, chip) in cards {
                    let chip = chip.as_deref().unwrap_or("–");
                    self.line(&msg!("batch-event-awaited-card", number = number, chip = chip));
                }
                None
            }
            _ => None,
        };
        if let Some(said) = said {
            self.line(&said);
        }
        if let Some(bars) = &mut self.bars {
            bars.event(event, self.lang);
        }
    }
}

impl Watch for Screen<'_> {
    fn event(&mut self, event: &Event) {
        if self.out.is_json() {
            let value = events::of_event(event, self.lang);
            let _ = self.out.record(events::SCHEMA, &value).and_then(|()| self.out.flush());
            let rings = match event {
                Event::Issued { .. } => 1,
                Event::Failed { .. } => 2,
                _ => 0,
            };
            self.ring(rings);
        } else {
            self.tell(event);
        }
    }

    fn ask(&mut self, question: &Question) -> Answer {
        self.ring(3);
        let answer = self.answers.beforehand(question).unwrap_or_else(|| {
            let (prompt, lang) = (&mut *self.prompt, self.lang);
            let answer = match &self.bars {
                Some(bars) => bars.all.suspend(|| ask(question, prompt, lang)),
                None => ask(question, prompt, lang),
            };
            // Ctrl-C at a question stops the run as it does anywhere else.
            answer.unwrap_or_else(|| {
                self.control.stop.store(true, Ordering::Relaxed);
                Answer::Stop
            })
        });
        if self.out.is_json() {
            let value = events::of_question(question, answer);
            let _ = self.out.record(events::SCHEMA, &value).and_then(|()| self.out.flush());
        }
        answer
    }

    fn tick(&mut self) {
        if self.hold.hold.swap(false, Ordering::Relaxed) {
            self.control.pause.store(true, Ordering::Relaxed);
        }
        if self.hold.go.swap(false, Ordering::Relaxed) {
            self.control.pause.store(false, Ordering::Relaxed);
        }
    }
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = all.add(ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}") {
            total.set_style(style);
        }
        Self {
            all,
            readers: BTreeMap::new(),
            total,
            begun: Instant::now(),
            made: 0,
            failures: 0,
            before: 0,
            rows: 0,
        }
    }

    fn reader(&mut self, name: &str) -> &ProgressBar {
        let (all, total) = (&self.all, &self.total);
        self.readers.entry(name.to_owned()).or_insert_with(|| {
            let bar = all.insert_before(total, ProgressBar::new(1));
            if let Ok(style) = ProgressStyle::with_template("{prefix:24!} {bar:24} {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(name.to_owned());
            bar
        })
    }

    fn event(&mut self, event: &Event, lang: Lang) {
        match event {
            Event::Begun {
                rows, issued, readers, ..
            } => {
                (self.rows, self.before, self.begun) = (*rows, *issued, Instant::now());
                self.total.set_length((*rows).into());
                for reader in readers {
                    self.reader(reader);
                }
            }
            Event::Waiting { reader, why } => {
                let why = why.render(lang);
                let bar = self.reader(reader);
                bar.set_position(0);
                bar.set_message(why);
            }
            Event::Started { reader, number, .. } => {
                let number = number.clone();
                let bar = self.reader(reader);
                bar.set_position(0);
                bar.set_message(number);
            }
            Event::Step { reader, done, total } => {
                let bar = self.reader(reader);
                bar.set_length(*total);
                bar.set_position(*done);
            }
            Event::Issued { reader, number, .. } => {
                self.made += 1;
                let said = msg!("batch-bar-good", number = number).render(lang);
                let bar = self.reader(reader);
                bar.set_position(bar.length().unwrap_or(1));
                bar.set_message(said);
            }
            Event::Failed { reader, failure, .. } => {
                self.failures += 1;
                let said = crate::i18n::word("batch-failure", failure.as_str(), lang);
                self.reader(reader).set_message(said);
            }
            Event::ReaderEnded { reader, why, .. } => {
                let why = why.render(lang);
                self.reader(reader).abandon_with_message(why);
            }
            Event::Ended(_) => {
                let _ = self.all.clear();
                return;
            }
            _ => {}
        }
        self.totals(lang);
    }

    /// Rate over this run, and what remains at that rate.
    fn totals(&self, lang: Lang) {
        let seconds = self.begun.elapsed().as_secs().max(1);
        // In tenths of a card a minute.
        let rate = u64::from(self.made) * 600 / seconds;
        let left = self.rows.saturating_sub(self.before + self.made);
        let eta = match self.made {
            0 => "–".to_owned(),
            made => clock(u64::from(left) * seconds / u64::from(made)),
        };
        self.total.set_position(u64::from(self.before + self.made));
        let said = msg!(
            "batch-bar-total",
            rate = format!("{}.{}", rate / 10, rate % 10),
            eta = eta,
            failures = self.failures
        );
        self.total.set_message(said.render(lang));
    }
}

/// Seconds as h:mm:ss.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
