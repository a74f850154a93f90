// SPDX-License-Identifier: Apache-2.0
//! Progress of long work: a bar on a terminal, JSON events with `--json`, silence otherwise.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;
use crate::i18n::{Lang, Msg};
use crate::outside::Observer;

/// A bar on the error stream, or an event a step, or nothing.
pub struct Progress {
    bar: Option<ProgressBar>,
    json: bool,
    lang: Lang,
    /// Begun and not ended.
    open: bool,
}

impl Progress {
    /// Chooses by where the output goes.
    pub fn for_output(out: &Output) -> Self {
        let bar =
            (out.watched && !out.is_json()).then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()));
        Self {
            bar,
            json: out.is_json(),
            lang: out.lang(),
            open: false,
        }
    }

    fn event(&self, value: &serde_json::Value) {
        if self.json {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "{value}");
        }
    }
}

impl Observer for Progress {
    fn begin(&mut self, what: &Msg, total: u64) {
        self.open = true;
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(0);
            bar.set_message(what.render(self.lang));
            if let Ok(style) = ProgressStyle::with_template("{msg} {bar:32} {pos}/{len} {eta}") {
                bar.set_style(style);
            }
        }
        self.event(
            &serde_json::json!({"schema": "cardmint.progress/1", "event": "begin", "id": what.id(), "total": total}),
        );
    }

    fn advance(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
        self.event(&serde_json::json!({"schema": "cardmint.progress/1", "event": "advance", "done": done}));
    }

    fn note(&mut self, what: &Msg) {
        if let Some(bar) = &self.bar {
            bar.println(what.render(self.lang));
        }
        let message = what.render(self.lang);
        self.event(
            &serde_json::json!({"schema": "cardmint.progress/1", "event": "note", "id": what.id(), "message": message}),
        );
    }

    /// Ends what was begun; a second end, behind a failure or not, says nothing.
    fn end(&mut self) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.event(&serde_json::json!({"schema": "cardmint.progress/1", "event": "end"}));
    }
}
