// SPDX-License-Identifier: Apache-2.0
//! Events of a run as JSON, for a supervising program; docs/formats/batch.md has them.

use serde_json::{Value, json};

use crate::batch::run::{Answer, Event, Question};
use crate::i18n::{Lang, Msg};

/// The schema of every event.
pub(super) const SCHEMA: &str = "cardmint.batch-event/1";

/// An event with its name in `event`.
pub(super) fn of_event(event: &Event, lang: Lang) -> Value {
    let why = |msg: &Msg| json!({"id": msg.id(), "message": msg.render(lang)});
    match event {
        Event::Begun {
            batch,
            rows,
            issued,
            doubtful,
            readers,
        } => json!({"event": "begun", "batch": batch, "rows": rows, "issued": issued, "doubtful": doubtful,
            "readers": readers}),
        Event::Waiting { reader, why: msg } => json!({"event": "waiting", "reader": reader, "why": why(msg)}),
        Event::Started {
            reader,
            row,
            number,
            chip,
            resumed,
        } => json!({"event": "started", "reader": reader, "row": row, "number": number, "chip": chip,
            "resumed": resumed}),
        Event::Step { reader, done, total } => {
            json!({"event": "step", "reader": reader, "done": done, "total": total})
        }
        Event::Issued {
            reader,
            row,
            number,
            chip,
            resumed,
            loaded,
            entry,
        } => json!({"event": "issued", "reader": reader, "row": row, "number": number, "chip": chip,
            "resumed": resumed, "loaded": loaded, "entry": entry}),
        Event::Already { reader, number } => json!({"event": "already", "reader": reader, "number": number}),
        Event::Failed {
            reader,
            number,
            chip,
            failure,
            why: msg,
        } => json!({"event": "failed", "reader": reader, "number": number, "chip": chip, "failure": failure,
            "why": why(msg)}),
        Event::NotScrapped {
            reader,
            number,
            why: msg,
        } => json!({"event": "not-scrapped", "reader": reader, "number": number, "why": why(msg)}),
        Event::ReaderEnded {
            reader,
            why: msg,
            failed,
        } => json!({"event": "reader-ended", "reader": reader, "failed": failed, "why": why(msg)}),
        Event::Paused => json!({"event": "paused"}),
        Event::Resumed => json!({"event": "resumed"}),
        Event::Stopping => json!({"event": "stopping"}),
        Event::Awaited { cards } => {
            let cards: Vec<Value> = cards
                .iter()
                .map(|(number, chip)| json!({"number": number, "chip": chip}))
                .collect();
            json!({"event": "awaited", "cards": cards})
        }
        Event::Ended(summary) => {
            let mut value = serde_json::to_value(summary).unwrap_or_default();
            if let Some(fields) = value.as_object_mut() {
                fields.insert("event".into(), "ended".into());
                fields.insert("complete".into(), summary.is_complete().into());
            }
            value
        }
    }
}

/// A question and how it was answered.
pub(super) fn of_question(question: &Question, answer: Answer) -> Value {
    let answer = match answer {
        Answer::Next => "next",
        Answer::Reissue => "reissue",
        Answer::Scrap => "scrap",
        Answer::Stop => "stop",
    };
    match question {
        Question::TwoCards { reader, first, second } => json!({"event": "asked", "question": "two-cards",
            "reader": reader, "chips": [first, second], "answer": answer}),
        Question::Issued {
            reader,
            number,
            status,
            erasable,
        } => json!({"event": "asked", "question": "issued", "reader": reader, "number": number, "status": status,
            "erasable": erasable, "answer": answer}),
        Question::Dead { reader, number } => json!({"event": "asked", "question": "dead", "reader": reader,
            "number": number, "answer": answer}),
    }
}
