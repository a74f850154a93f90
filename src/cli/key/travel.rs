// SPDX-License-Identifier: Apache-2.0
//! Keys between centres.

use super::{Export, Receive};
use crate::cli::{Context, session};
use crate::error::{Error, Exit};
use crate::keys::{KeyId, KeyRecord, KeyState, StoreError};
use crate::msg;
use crate::site::{BlockFile, Session, SiteCard, SiteError};

pub(super) fn export(args: &Export, context: &mut Context) -> Result<Exit, Error> {
    let to = match (&args.to, &args.under) {
        (Some(to), _) => to,
        (None, Some(under)) => return super::block::export(args, under, context),
        // The command line asks for one of them.
        (None, None) => return Err(Error::new(msg!("keys-block-under"), Exit::Usage)),
    };
    let site = session::open_site(context)?;
    let card = SiteCard::read(to)?;
    if let Some(code) = &args.code {
        let owner = site.scheme().owner_with_code(&card.owner.level, code)?;
        if owner != card.owner {
            let (file, site) = (card.owner.to_string(), owner.to_string());
            return Err(SiteError::NotForThisSite {
                field: "owner",
                file,
                site,
            }
            .into());
        }
    }
    // Keys go to nobody whose card was not confirmed, before or now.
    match (&args.fingerprint, site.trusted(&card.id, &card.signing)) {
        (Some(typed), _) => site.check_fingerprint(&card, typed)?,
        (None, Ok(known)) if known == card => {}
        (None, _) => return Err(SiteError::NotTrusted { sender: card.id }.into()),
    }
    let fields = super::show::fields(&args.field, site.scheme())?;
    let mut open = session::unlock(context, &site, &["key.export"])?;
    let keys = chosen(args, &open)?;
    if let Some(typed) = &args.fingerprint {
        open.trust(&card, typed)?;
    }
    let bundle = open.export(
        &keys,
        &card,
        &fields,
        &args.out,
        context.random.as_mut(),
        &context.clock,
    )?;
    open.checkpoint()?;
    for key in &bundle.keys {
        let line = serde_json::json!({"key": key.key, "kcv": key.kcv, "to": card.id});
        context.out.record("cardmint.key-exported/1", &line)?;
        context.out.say(&msg!("keys-exported", key = key.key, kcv = key.kcv))?;
    }
    let (path, name) = (args.out.display(), card.name.in_language(context.out.lang()));
    context.out.say(&msg!(
        "keys-bundle-written",
        path = path,
        name = name,
        owner = card.owner
    ))?;
    Ok(Exit::Done)
}

/// The active keys of these usages, of the version and cipher asked for or of all.
fn chosen(args: &Export, open: &Session) -> Result<Vec<KeyId>, Error> {
    let mut keys = Vec::new();
    for (at, usage) in args.usage.iter().enumerate() {
        if args.usage[..at].contains(usage) {
            continue;
        }
        open.site.scheme().usage(usage)?;
        let all = open
            .store
            .header()
            .keys
            .iter()
            .filter(|k| k.id.usage == *usage && k.state == KeyState::Active);
        let fit = all.filter(|k| {
            args.which.version.is_none_or(|v| v == k.id.version)
                && args.which.algorithm.is_none_or(|a| a == k.id.algorithm)
        });
        let before = keys.len();
        keys.extend(fit.map(|k| k.id.clone()));
        if keys.len() == before {
            let owner = Box::new(open.site.owner().clone());
            return Err(StoreError::NoUsage {
                usage: usage.clone(),
                owner,
            }
            .into());
        }
    }
    Ok(keys)
}

pub(super) fn receive(args: &Receive, context: &mut Context) -> Result<Exit, Error> {
    if BlockFile::recognises(&args.file)? {
        return super::block::receive(&args.file, args.under.as_ref(), &args.key, context);
    }
    if args.under.is_some() {
        let file = args.file.display();
        return Err(Error::new(msg!("keys-no-blocks", file = file), Exit::Usage));
    }
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["key.receive"])?;
    let records = open.receive(&args.file, context.random.as_mut(), &context.clock)?;
    open.checkpoint()?;
    received(context, &records)
}

/// What was taken over.
pub(super) fn received(context: &mut Context, records: &[KeyRecord]) -> Result<Exit, Error> {
    for record in records {
        super::show::arrived(context, record)?;
    }
    if records.is_empty() {
        context.out.say(&msg!("keys-nothing-new"))?;
    }
    Ok(Exit::Done)
}
