// SPDX-License-Identifier: Apache-2.0
//! Answers of people: hidden prompts on the terminal, or lines from a file descriptor that another program fills.
//! Secrets never come from arguments or the environment.

mod entry;
mod keyboard;
mod lines;
mod terminal;

use super::Global;
use crate::i18n::Lang;
use crate::outside::Prompt;

/// Longer answers are nobody's passphrase, component or PIN.
const LONGEST: usize = 1024;

/// Chooses the source by the options.
pub fn for_session(global: &Global, lang: Lang) -> Box<dyn Prompt> {
    match global.secrets_fd {
        Some(fd) => Box::new(lines::Lines::new(fd)),
        None => Box::new(terminal::Terminal::new(lang)),
    }
}
