// SPDX-License-Identifier: Apache-2.0
//! The top-level error: it only wraps a module's fault, and owns the exit code, the message and the hint.

use std::fmt;

use crate::i18n::{Lang, Msg};

/// How the program ends; the table with all causes is docs/exit-codes.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked is done.
    Done = 0,
    /// Done, but some cards (or lines) failed; each was named.
    SomeFailed = 1,
    /// Usage, configuration, order or template at fault; nothing was changed.
    Usage = 2,
    /// A check failed: key check value, MAC, ledger, card contents.
    Check = 3,
    /// Reader, card, HSM or storage medium.
    Device = 4,
    /// The operator stopped it.
    Stopped = 5,
}

/// What every module's error enum offers to the layer that reports it.
///
/// ```text
/// impl Fault for StoreError { fn msg(&self) -> Msg { … } fn exit(&self) -> Exit { … } }
/// display_as_english!(StoreError);
/// ```
pub trait Fault: std::error::Error {
    /// What went wrong and where; the catalogue holds the hint under the same id.
    fn msg(&self) -> Msg;
    /// How the program ends because of it.
    fn exit(&self) -> Exit;
}

/// Gives an error enum that is a [`Fault`] its `Display` (the English text of the catalogue) and `std::error::Error`.
#[macro_export]
macro_rules! display_as_english {
    ($error:ty) => {
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&$crate::error::Fault::msg(self).render($crate::i18n::Lang::En))
            }
        }
        impl std::error::Error for $error {}
    };
}

/// What `main` reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    msg: Msg,
    exit: Exit,
}

impl Error {
    /// For faults of the command line layer itself.
    pub fn new(msg: Msg, exit: Exit) -> Self {
        Self { msg, exit }
    }

    /// The exit code.
    pub fn exit_code(&self) -> Exit {
        self.exit
    }

    /// The message.
    pub fn msg(&self) -> &Msg {
        &self.msg
    }

    /// What to do next.
    pub fn hint(&self, lang: Lang) -> Option<String> {
        self.msg.hint(lang)
    }
}

impl<F: Fault> From<F> for Error {
    fn from(fault: F) -> Self {
        Self {
            msg: fault.msg(),
            exit: fault.exit(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.msg.render(Lang::En))
    }
}
