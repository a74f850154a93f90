// SPDX-License-Identifier: Apache-2.0
//! What is to be seen of keys: names, states, check values.

use serde::Serialize;

use super::Derive;
use crate::cli::{Context, session};
use crate::crypto::{Factor, Kcv};
use crate::error::{Error, Exit};
use crate::i18n::word;
use crate::keys::scheme::Level;
use crate::keys::{KeyFileError, KeyPath, KeyRecord, KeyStore, Scheme, StoreError, StoredName, Subject};
use crate::msg;

pub(super) fn list(context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let header = site.store_place().header()?;
    let mut rows = Vec::new();
    for key in &header.keys {
        context.out.record("cardmint.key/1", key)?;
        let rule = site.scheme().usage(&key.id.usage).ok();
        let title = rule
            .map(|u| u.title.in_language(context.out.lang()).to_owned())
            .unwrap_or_default();
        rows.push(vec![
            key.id.to_string(),
            title,
            key.kcv.to_string(),
            word("key-state", key.state.as_str(), context.out.lang()),
            key.since.clone(),
        ]);
    }
    for key in &header.exchange_keys {
        context.out.record("cardmint.exchange-key/1", key)?;
        rows.push(vec![
            StoredName::from(key.name.clone()).to_string(),
            msg!("keys-exchange-title", algorithm = key.algorithm).render(context.out.lang()),
            key.kcv.to_string(),
            word("key-state", key.state.as_str(), context.out.lang()),
            key.since.clone(),
        ]);
    }
    let heading = [
        msg!("keys-column-key"),
        msg!("keys-column-title"),
        msg!("keys-column-kcv"),
        msg!("keys-column-state"),
        msg!("keys-column-since"),
    ];
    context.out.table(&heading, &rows)?;
    for pin in &header.pins {
        context
            .out
            .record("cardmint.pin/1", &serde_json::json!({"name": pin}))?;
        context.out.say(&msg!("keys-pin-there", name = pin))?;
    }
    Ok(Exit::Done)
}

pub(super) fn show(key: &StoredName, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let header = site.store_place().header()?;
    match key {
        StoredName::Key(id) => {
            let found = header.keys.iter().find(|k| k.id == *id);
            let key = || Box::new(id.clone());
            arrived(context, found.ok_or_else(|| StoreError::NoKey { key: key() })?)?;
        }
        StoredName::Exchange(name) => {
            let found = header.exchange_keys.iter().find(|k| k.name == *name);
            let none = || KeyFileError::NoExchangeKey { name: name.clone() };
            super::exchange::shown(context, found.ok_or_else(none)?)?;
        }
    }
    Ok(Exit::Done)
}

/// One key as a line, and another one where it may not travel freely.
pub(super) fn arrived(context: &mut Context, record: &KeyRecord) -> Result<(), Error> {
    context.out.record("cardmint.key/1", record)?;
    context.out.say(
        &msg!("keys-shown", key = record.id, kcv = record.kcv, since = record.since).with_word(
            "state",
            "key-state",
            &record.state,
        ),
    )?;
    if record.exportability.is_unlimited() {
        return Ok(());
    }
    let (kind, word) = ("exportability", &record.exportability);
    context
        .out
        .say(&msg!("keys-exportability", key = record.id).with_word("exportability", kind, word))
}

#[derive(Serialize)]
struct Shown {
    level: String,
    factor: Option<Factor>,
    kcv: Kcv,
}

#[derive(Serialize)]
struct Derived {
    path: String,
    levels: Vec<Shown>,
}

pub(super) fn derive(args: &Derive, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let scheme = site.scheme().clone();
    let mut subject = fields(&args.field, &scheme)?;
    if let Some(serial) = &args.serial {
        subject.set_hex("application_serial", serial)?;
    }
    let subject = subject.and(scheme.subject_of(&args.key.owner)?);
    let open = session::unlock(context, &site, &[])?;
    let steps = steps(&scheme, args, &subject)?;
    let mut levels = Vec::new();
    let mut path = KeyPath {
        key: args.key.clone(),
        factors: Vec::new(),
    };
    let length = site.config().kcv_length;
    let kcv = open.store.kcv(&path, length)?;
    levels.push(Shown {
        level: args.key.owner.to_string(),
        factor: None,
        kcv,
    });
    for (level, factor) in steps {
        path.factors.push(factor);
        let kcv = open.store.kcv(&path, length)?;
        levels.push(Shown {
            level,
            factor: Some(factor),
            kcv,
        });
    }
    let derived = Derived {
        path: path.to_string(),
        levels,
    };
    context.out.record("cardmint.key-path/1", &derived)?;
    let cell = |l: &Shown| {
        vec![
            l.level.clone(),
            l.factor.map(|f| f.to_string()).unwrap_or_default(),
            l.kcv.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = derived.levels.iter().map(cell).collect();
    let heading = [
        msg!("scheme-column-level"),
        msg!("scheme-column-factor"),
        msg!("keys-column-kcv"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

/// The levels below the key's own with their factors, highest first.
fn steps(scheme: &Scheme, args: &Derive, subject: &Subject) -> Result<Vec<(String, Factor)>, Error> {
    let rule = scheme.usage(&args.key.usage)?;
    let Some(leaf) = &rule.leaf else { return Ok(Vec::new()) };
    let to = if scheme.level(&args.to)?.leaf { leaf } else { &args.to };
    let way = if rule.root.is_some() {
        scheme.way(&args.key.owner.level, to)?
    } else {
        vec![scheme.level(leaf)?]
    };
    let step = |level: &Level| Ok((level.name.to_string(), level.factor_for(subject)?));
    way.into_iter().map(step).collect()
}

/// Fields given as NAME=HEX; owners' codes as an operator writes them.
pub(in crate::cli) fn fields(given: &[String], scheme: &Scheme) -> Result<Subject, Error> {
    let mut subject = Subject::new();
    for text in given {
        let wrong = || Error::new(msg!("keys-field", given = text), Exit::Usage);
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        subject.set_hex(name, &scheme.code_text(name, value))?;
    }
    Ok(subject)
}
