// SPDX-License-Identifier: Apache-2.0
//! Questions of a run: put to the person at the terminal, or answered as the command line says.

use clap::ValueEnum;

use crate::batch::run::{Answer, Question};
use crate::i18n::{Lang, Msg, word};
use crate::msg;
use crate::outside::Prompt;

/// What to do with a card that is issued already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnIssued {
    /// Ask.
    Ask,
    /// Put it away.
    Skip,
    /// The reader stops.
    Stop,
}

/// What to do with a card that lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnDead {
    /// Ask.
    Ask,
    /// Leave its number in doubt.
    Leave,
    /// Give its number up.
    Scrap,
}

/// How questions are answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    pub(super) issued: OnIssued,
    pub(super) dead: OnDead,
    /// Whether somebody is there to be asked.
    pub(super) attended: bool,
}

impl Answers {
    /// The answer that needs nobody.
    pub(super) fn beforehand(self, question: &Question) -> Option<Answer> {
        match (question, self.issued, self.dead) {
            (Question::Issued { .. }, OnIssued::Skip, _) | (Question::Dead { .. }, _, OnDead::Leave) => {
                Some(Answer::Next)
            }
            (Question::Issued { .. }, OnIssued::Stop, _) => Some(Answer::Stop),
            (Question::Dead { .. }, _, OnDead::Scrap) => Some(Answer::Scrap),
            // Nobody is there: nothing is given up, and two cards are nobody's to choose from.
            (Question::Issued { .. } | Question::Dead { .. }, ..) if !self.attended => Some(Answer::Next),
            (Question::TwoCards { .. }, ..) if !self.attended => Some(Answer::Stop),
            _ => None,
        }
    }
}

/// What may be answered, by the letter for it.
fn choices(question: &Question) -> &'static [(char, Answer)] {
    match question {
        Question::Issued { erasable: true, .. } => &[('n', Answer::Next), ('r', Answer::Reissue), ('s', Answer::Stop)],
        Question::TwoCards { .. } | Question::Issued { .. } => &[('n', Answer::Next), ('s', Answer::Stop)],
        Question::Dead { .. } => &[('v', Answer::Scrap), ('n', Answer::Next), ('s', Answer::Stop)],
    }
}

fn put(question: &Question, lang: Lang) -> Msg {
    match question {
        Question::TwoCards { reader, first, second } => {
            msg!("batch-ask-two-cards", reader = reader, first = first, second = second)
        }
        Question::Issued {
            reader,
            number,
            status,
            erasable,
        } => {
            let status = status
                .as_deref()
                .map_or_else(|| "–".to_owned(), |status| word("card-status", status, lang));
            if *erasable {
                msg!("batch-ask-reissue", reader = reader, number = number, status = status)
            } else {
                msg!("batch-ask-issued", reader = reader, number = number, status = status)
            }
        }
        Question::Dead { reader, number } => msg!("batch-ask-dead", reader = reader, number = number),
    }
}

/// Asks until one of the letters comes. `None`: the person broke off.
pub(super) fn ask(question: &Question, prompt: &mut dyn Prompt, lang: Lang) -> Option<Answer> {
    let text = put(question, lang);
    loop {
        let Ok(line) = prompt.line(&text) else {
            return None;
        };
        let letter = line.trim().to_lowercase().chars().next();
        let found = choices(question).iter().find(|(choice, _)| Some(*choice) == letter);
        if let Some((_, answer)) = found {
            return Some(*answer);
        }
    }
}
