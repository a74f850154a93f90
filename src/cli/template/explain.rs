// SPDX-License-Identifier: Apache-2.0
//! `template explain`: every command of one card, and the digest of its script. Inside a site with the site's keys (it
//! stays locked: only public facts are needed); elsewhere as if every key existed.

use std::path::Path;

use serde::Serialize;

use super::super::{Context, session};
use super::{Explain, sound};
use crate::crypto::Kcv;
use crate::crypto::key_block::Exportability;
use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::keys::scheme::{self, CodeKind, Scheme};
use crate::keys::{KeyId, KeyRecord, KeyState, Origin, Subject};
use crate::msg;
use crate::perso::explain::{Explainer, Line};
use crate::perso::script::{PersoScript, Step};
use crate::perso::{SiteFacts, plan};
use crate::template::{self, Order, RawOrder, Template};

#[derive(Serialize)]
struct Explained<'a> {
    digest: String,
    assumed_keys: bool,
    example_order: bool,
    script: &'a PersoScript,
}

/// What stands behind an explanation.
struct Ground {
    scheme: Scheme,
    facts: SiteFacts,
    keys: Vec<KeyRecord>,
    assumed: bool,
}

pub(super) fn run(args: &Explain, context: &mut Context) -> Result<Exit, Error> {
    let template = sound(&args.template)?;
    let raw = args.order.raw()?;
    let ground = match session::open_site(context) {
        Ok(site) => {
            let subject = site.scheme().subject_of(site.owner())?;
            let facts = SiteFacts {
                subject,
                rehearsal: site.rehearsal(),
                ..SiteFacts::default()
            };
            let keys = site.store_place().header()?.keys;
            Ground {
                scheme: site.scheme().as_ref().clone(),
                facts,
                keys,
                assumed: false,
            }
        }
        // A site that was named must be there.
        Err(e) if context.global.site.is_some() => return Err(e),
        Err(_) => assumed(&template, &raw)?,
    };
    let now = super::super::clock::beijing(context.clock.now());
    let value = |name: &str| ground.facts.value(name);
    let example = args.order.is_empty();
    let order = if example {
        Order::example(&template, &now, &value)?
    } else {
        Order::check(&template, &raw, &now, &value)?
    };
    let script = plan(&template, &order, &ground.scheme, &ground.keys, &ground.facts)?;
    let explained = Explained {
        digest: script.digest_hex(),
        assumed_keys: ground.assumed,
        example_order: example,
        script: &script,
    };
    context.out.record("cardmint.template-explained/1", &explained)?;
    if !context.out.is_json() {
        print(context, &script, &ground, example)?;
    }
    Ok(Exit::Done)
}

/// The site that there is not: its keys and, unless the order shows it, its code invented.
fn assumed(template: &Template, raw: &RawOrder) -> Result<Ground, Error> {
    let name = template
        .schemes
        .iter()
        .find(|n| scheme::SHIPPED.iter().any(|(shipped, _)| shipped == n));
    let missing = || Error::new(msg!("template-no-scheme", name = template.name), Exit::Usage);
    let scheme = scheme::find(name.ok_or_else(missing)?, Path::new("."))?.with_levels(&[])?;
    let mut subject = Subject::new();
    for code in scheme.levels().iter().filter_map(|l| l.code.as_ref()) {
        let invented = match code.kind {
            CodeKind::PostalCity | CodeKind::Province => "0000",
            CodeKind::Issuer => "00000000FFFFFFFF",
        };
        subject.set_hex(&code.field, invented)?;
    }
    // A number that begins with the site's code says which site is meant.
    for field in &template.order {
        let (Some(start), Some(text)) = (&field.starts_with, raw.get(&field.name)) else {
            continue;
        };
        let digits = subject.get(start).map_or(0, |bytes| 2 * bytes.len());
        if let Some(code) = text
            .get(..digits)
            .filter(|code| digits > 0 && code.bytes().all(|b| b.is_ascii_digit()))
        {
            subject.set_hex(start, code)?;
        }
    }
    let facts = SiteFacts {
        subject,
        rehearsal: true,
        ..SiteFacts::default()
    };
    let mut keys = Vec::new();
    let slots = template
        .directories()
        .flat_map(|d| &d.keys)
        .map(|k| (&k.name, k.level.as_ref()));
    let sectors = template.m1.iter().flat_map(|m1| [(&m1.key_a, None), (&m1.key_b, None)]);
    for (name, level) in slots.chain([(&template.transport.name, None)]).chain(sectors) {
        let root = scheme.usage(&name.usage)?.root.clone();
        let top = || scheme.levels().first().map(|l| l.name.clone());
        let Some(level) = level.cloned().or(root).or_else(top) else {
            continue;
        };
        let owner = scheme.owner(&level, &facts.subject)?;
        let id = KeyId {
            usage: name.usage.clone(),
            version: name.version,
            algorithm: name.algorithm,
            owner,
        };
        let kcv: Kcv = "000000".parse().map_err(|_| missing())?;
        keys.push(KeyRecord {
            id,
            kcv,
            state: KeyState::Active,
            origin: Origin::Generated,
            since: String::new(),
            exportability: Exportability::unlimited(),
        });
    }
    Ok(Ground {
        scheme,
        facts,
        keys,
        assumed: true,
    })
}

fn print(context: &mut Context, script: &PersoScript, ground: &Ground, example: bool) -> Result<(), Error> {
    let lang = context.out.lang();
    let out = &mut context.out;
    let product = match script.product {
        template::Product::UserCard => msg!("template-product-user-card"),
        template::Product::Psam => msg!("template-product-psam"),
        template::Product::ManagementCard => msg!("template-product-management-card"),
        template::Product::LoadSam => msg!("template-product-load-sam"),
    };
    let (template, product) = (&script.template, product.render(lang));
    out.say(&msg!(
        "explain-heading",
        template = template,
        product = product,
        number = script.number
    ))?;
    if ground.assumed {
        out.say(&msg!("explain-assumed"))?;
    }
    if example {
        out.say(&msg!("explain-example"))?;
    }
    heading(out, &msg!("explain-keys"))?;
    for (key, kcv) in &script.keys {
        let kcv = if ground.assumed {
            "------".to_owned()
        } else {
            kcv.to_string()
        };
        out.text(&format!("  {kcv}  {key}"))?;
    }
    let explainer = Explainer::new(script);
    for (title, steps) in [
        (msg!("explain-steps"), &script.steps),
        (msg!("explain-readback"), &script.readback),
    ] {
        heading(out, &title)?;
        print_steps(out, &explainer, steps)?;
    }
    heading(out, &msg!("explain-proofs"))?;
    for proof in &script.proofs {
        print_line(out, &explainer.proof(proof))?;
    }
    heading(out, &msg!("explain-finish"))?;
    print_steps(out, &explainer, &script.finish)?;
    out.text("")?;
    let raw = |step: &&Step| matches!(step, Step::Send { what, .. } if what.starts_with("RAW "));
    let count = script.steps.iter().filter(raw).count();
    if count > 0 {
        out.say(&msg!("explain-raw", count = count))?;
    }
    out.say(&msg!("explain-digest", digest = script.digest_hex()))
}

fn heading(out: &mut super::super::output::Output, title: &Msg) -> Result<(), Error> {
    out.text("")?;
    out.say(title)
}

fn print_steps(out: &mut super::super::output::Output, explainer: &Explainer, steps: &[Step]) -> Result<(), Error> {
    steps
        .iter()
        .flat_map(|s| explainer.step(s))
        .try_for_each(|line| print_line(out, &line))
}

fn print_line(out: &mut super::super::output::Output, line: &Line) -> Result<(), Error> {
    if !line.what.is_empty() {
        out.text(&format!("  {}", line.what))?;
    }
    out.text(&format!("      {}  → {}", line.command, line.answer))
}
