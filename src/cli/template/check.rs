// SPDX-License-Identifier: Apache-2.0
//! `template check`: every finding with its name, path and line.

use serde::Serialize;

use super::super::Context;
use crate::error::{Error, Exit};
use crate::msg;
use crate::template::{self, CHECKS, Severity};

#[derive(Serialize)]
struct Found<'a> {
    template: &'a str,
    check: &'a str,
    severity: Severity,
    path: &'a str,
    line: usize,
    message: String,
}

#[derive(Serialize)]
struct Summary<'a> {
    template: &'a str,
    checks: usize,
    errors: usize,
    warnings: usize,
}

pub(super) fn run(context: &mut Context, name: &str) -> Result<Exit, Error> {
    let (text, source) = template::text_of(name)?;
    let read = template::read(&text, &source)?;
    let found = template::check(&read, &text);
    let lang = context.out.lang();
    for finding in &found {
        let severity = match finding.severity {
            Severity::Error => msg!("template-severity-error"),
            Severity::Warning => msg!("template-severity-warning"),
        };
        let message = finding.what.render(lang);
        let text = msg!(
            "template-finding",
            severity = severity.render(lang),
            id = finding.id,
            line = finding.line,
            path = finding.path,
            text = message
        );
        context.out.say(&text)?;
        let found = Found {
            template: name,
            check: finding.id,
            severity: finding.severity,
            path: &finding.path,
            line: finding.line,
            message,
        };
        context.out.record("cardmint.template-finding/1", &found)?;
    }
    let errors = found.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = found.len() - errors;
    let summary = Summary {
        template: name,
        checks: CHECKS.len(),
        errors,
        warnings,
    };
    context.out.record("cardmint.template-check/1", &summary)?;
    if errors > 0 {
        let text = msg!("template-faulty", name = name, errors = errors, warnings = warnings);
        return Err(Error::new(text, Exit::Usage));
    }
    context.out.say(&msg!(
        "template-good",
        name = name,
        checks = CHECKS.len(),
        warnings = warnings
    ))?;
    Ok(Exit::Done)
}
