// SPDX-License-Identifier: Apache-2.0
//! `ceremony check`: every finding with its name and line. Nothing is touched: the site stays locked.

use serde::Serialize;

use super::super::{Context, session};
use super::{Plan, plan_file};
use crate::ceremony;
use crate::ceremony::plan::{self, Bindings, Severity, SiteFacts};
use crate::error::{Error, Exit};
use crate::ledger::Hash;
use crate::msg;
use crate::site::Site;

#[derive(Serialize)]
struct Found<'a> {
    plan: &'a str,
    check: &'a str,
    severity: Severity,
    path: &'a str,
    line: usize,
    message: String,
}

#[derive(Serialize)]
struct Summary<'a> {
    plan: &'a str,
    digest: Hash,
    site: Option<String>,
    bound: bool,
    checks: usize,
    errors: usize,
    warnings: usize,
}

pub(super) fn run(args: &Plan, context: &mut Context) -> Result<Exit, Error> {
    let name = args.plan.as_str();
    let plan = plan_file::load(name)?.plan;
    let bindings = args.bind.given().then(|| plan_file::bindings(&args.bind)).transpose()?;
    let site = match session::open_site(context) {
        Ok(site) => Some(site),
        // A site that was named must be there.
        Err(e) if context.global.site.is_some() => return Err(e),
        Err(_) => None,
    };
    let facts = site
        .as_ref()
        .map(|site| facts(site, &plan, bindings.as_ref()))
        .transpose()?;
    let found = plan.check(bindings.as_ref(), facts.as_ref());
    let lang = context.out.lang();
    for finding in &found {
        let severity = match finding.severity {
            Severity::Error => msg!("plan-severity-error"),
            Severity::Warning => msg!("plan-severity-warning"),
        };
        let message = finding.what.render(lang);
        let (severity, id, line) = (severity.render(lang), finding.id, finding.line);
        let text = msg!(
            "plan-finding",
            severity = severity,
            id = id,
            line = line,
            text = message
        );
        context.out.say(&text)?;
        let found = Found {
            plan: name,
            check: finding.id,
            severity: finding.severity,
            path: &finding.path,
            line: finding.line,
            message,
        };
        context.out.record("cardmint.ceremony-finding/1", &found)?;
    }
    let errors = found.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = found.len() - errors;
    let summary = Summary {
        plan: name,
        digest: plan.digest(),
        site: site.as_ref().map(|site| site.owner().to_string()),
        bound: bindings.is_some(),
        checks: plan::checks().len(),
        errors,
        warnings,
    };
    context.out.record("cardmint.ceremony-check/1", &summary)?;
    context.out.say(&match &site {
        None => msg!("plan-checked-alone"),
        Some(site) => msg!(
            "plan-checked-site",
            name = site.config().name.in_language(lang),
            owner = site.owner()
        ),
    })?;
    if bindings.is_none() {
        context.out.say(&msg!("plan-checked-unbound"))?;
    }
    if errors > 0 {
        let text = msg!("plan-faulty", name = name, errors = errors, warnings = warnings);
        return Err(Error::new(text, Exit::Usage));
    }
    let good = msg!(
        "plan-good",
        name = name,
        checks = plan::checks().len(),
        warnings = warnings
    );
    context.out.say(&good)?;
    Ok(Exit::Done)
}

fn facts(site: &Site, plan: &ceremony::Plan, bindings: Option<&Bindings>) -> Result<SiteFacts, Error> {
    let ledger = site.ledger_read_only()?;
    let facts = SiteFacts::of(site, &ledger)?;
    Ok(match bindings {
        None => facts,
        Some(bindings) => facts.with_files(site, &ledger, plan, bindings),
    })
}
