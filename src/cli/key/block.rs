// SPDX-License-Identifier: Apache-2.0
//! Keys as key blocks, to and from whoever shares an exchange key.

use std::path::Path;

use super::Export;
use crate::cli::{Context, session};
use crate::crypto::key_block::Exportability;
use crate::error::{Error, Exit};
use crate::keys::{ExchangeName, KeyId, KeyState, Owner, StoreError, StoredName};
use crate::msg;
use crate::site::{BlockFile, BlockOrder, Session};

pub(super) fn export(args: &Export, under: &ExchangeName, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let scheme = site.scheme().clone();
    let owner = match &args.owner {
        Some(typed) => Some(scheme.owner_with_code(&typed.level, &typed.code)?),
        None => None,
    };
    let subject = super::show::fields(&args.field, &scheme)?;
    let mut open = session::unlock(context, &site, &["key.export"])?;
    let keys = chosen(args, owner.as_ref(), &open)?;
    let order = BlockOrder {
        keys: &keys,
        owner: owner.as_ref(),
        subject: &subject,
        under,
        exportability: args.exportable.unwrap_or(Exportability::No),
    };
    let made = open.export_blocks(&order, &args.out, context.random.as_mut(), &context.clock)?;
    open.checkpoint()?;
    let to = StoredName::from(under.clone());
    for one in made.keys() {
        let line = serde_json::json!({"key": one.key, "kcv": one.kcv, "to": to.to_string()});
        context.out.record("cardmint.key-exported/1", &line)?;
        context.out.say(&msg!("keys-exported", key = one.key, kcv = one.kcv))?;
    }
    let path = args.out.display();
    context
        .out
        .say(&msg!("keys-blocks-written", path = path, name = under).with_word(
            "exportability",
            "exportability",
            &order.exportability,
        ))?;
    Ok(Exit::Done)
}

/// The active keys of these usages, of the version and cipher asked for or of all: those that the site keeps for the
/// receiver, else its own.
fn chosen(args: &Export, owner: Option<&Owner>, open: &Session) -> Result<Vec<KeyId>, Error> {
    let own = open.site.owner();
    let mut keys: Vec<KeyId> = Vec::new();
    for usage in &args.usage {
        open.site.scheme().usage(usage)?;
        let records = open.store.header().keys.iter();
        let fit = records.filter(|k| {
            k.id.usage == *usage
                && k.state == KeyState::Active
                && args.which.version.is_none_or(|v| v == k.id.version)
                && args.which.algorithm.is_none_or(|a| a == k.id.algorithm)
        });
        let fit: Vec<&KeyId> = fit.map(|k| &k.id).collect();
        let kept = |id: &KeyId| {
            let same = |other: &&&KeyId| (other.version, other.algorithm) == (id.version, id.algorithm);
            fit.iter().filter(same).any(|other| Some(&other.owner) == owner)
        };
        let right = |id: &&&KeyId| Some(&id.owner) == owner || (id.owner == *own && !kept(id));
        let found: Vec<KeyId> = fit.iter().filter(right).map(|id| (*id).clone()).collect();
        if found.is_empty() {
            let (usage, owner) = (usage.clone(), Box::new(own.clone()));
            return Err(StoreError::NoUsage { usage, owner }.into());
        }
        keys.extend(found.into_iter().filter(|id| !keys.contains(id)).collect::<Vec<_>>());
    }
    Ok(keys)
}

pub(super) fn receive(
    path: &Path,
    under: Option<&ExchangeName>,
    asked: &[KeyId],
    context: &mut Context,
) -> Result<Exit, Error> {
    let under = under.ok_or_else(|| Error::new(msg!("keys-block-under"), Exit::Usage))?;
    let file = BlockFile::read(path)?;
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["key.receive"])?;
    let records = open.receive_blocks(&file, under, asked, context.random.as_mut(), &context.clock)?;
    open.checkpoint()?;
    super::travel::received(context, &records)
}
