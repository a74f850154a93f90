// SPDX-License-Identifier: Apache-2.0
//! Keys and PINs coming into a site, and states of keys.

use super::{Generate, Import};
use crate::cli::{Context, session};
use crate::crypto::component::{combine_components, from_hex};
use crate::crypto::key_block::Exportability;
use crate::crypto::pack::is_same;
use crate::crypto::pin::code_pin;
use crate::crypto::{Algorithm, HexError, Kcv, KeyMaterial, kcv, random_key};
use crate::error::{Error, Exit};
use crate::keys::scheme::UsageRule;
use crate::keys::{Change, KeyFileError, KeyId, KeyRecord, KeyState, Origin, StoreError, StoredName, Usage};
use crate::ledger::ShortHex;
use crate::ledger::act::Act;
use crate::msg;
use crate::site::{Session, Site, SiteError, key_arrived, key_retired};

pub(super) fn generate(args: &Generate, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let ids = wanted(args, &site)?;
    let mut open = session::unlock(context, &site, &["key.generate"])?;
    refuse_known(&open, &ids)?;
    for id in ids {
        let key = random_key::generate(id.algorithm, context.random.as_mut())?;
        let record = record(context, &site, id, &key, Origin::Generated);
        let act = Act::KeyGenerate(key_arrived(&record)?);
        open.add_key(record.clone(), key, act, context.random.as_mut())?;
        super::show::arrived(context, &record)?;
    }
    open.checkpoint()?;
    Ok(Exit::Done)
}

/// The names of the keys to be made: only usages that this level makes itself.
fn wanted(args: &Generate, site: &Site) -> Result<Vec<KeyId>, Error> {
    let scheme = site.scheme();
    let rules: Vec<&UsageRule> = if args.all {
        scheme.rooted_at(site.level()).collect()
    } else {
        args.usage
            .iter()
            .map(|usage| scheme.usage(usage))
            .collect::<Result<_, _>>()?
    };
    let mut ids = Vec::new();
    for rule in rules {
        let algorithms = match args.which.algorithm {
            Some(algorithm) if args.all && !rule.algorithms.contains(&algorithm) => continue,
            Some(algorithm) => vec![algorithm],
            None if args.all => rule.algorithms.clone(),
            None => rule.algorithms.iter().take(1).copied().collect(),
        };
        for algorithm in algorithms {
            let version = args.which.version.map_or_else(|| scheme.first_version(algorithm), Ok)?;
            let id = KeyId {
                usage: rule.name.clone(),
                version,
                algorithm,
                owner: site.owner().clone(),
            };
            let ours = rule.root.as_ref().is_none_or(|root| root == site.level()) && rule.leaf.is_some();
            if !ours || !rule.algorithms.contains(&algorithm) {
                return Err(KeyFileError::NotStorable { key: Box::new(id) }.into());
            }
            ids.push(id);
        }
    }
    Ok(ids)
}

/// All or nothing: no key is made where one of the names is taken.
fn refuse_known(open: &Session, ids: &[KeyId]) -> Result<(), Error> {
    match ids
        .iter()
        .find(|id| open.store.header().keys.iter().any(|k| k.id == **id))
    {
        Some(id) => Err(KeyFileError::KeyExists {
            key: Box::new(id.clone()),
        }
        .into()),
        None => Ok(()),
    }
}

fn record(context: &Context, site: &Site, id: KeyId, key: &KeyMaterial, origin: Origin) -> KeyRecord {
    let kcv = kcv(id.algorithm, key, site.config().kcv_length);
    KeyRecord {
        id,
        kcv,
        state: KeyState::Active,
        origin,
        since: context.clock.now().to_string(),
        exportability: Exportability::unlimited(),
    }
}

pub(super) fn import(args: &Import, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let scheme = site.scheme().clone();
    let rule = scheme.usage(&args.usage)?;
    // One component is the key itself, so that one person knows it. Only what the maker tells everybody comes so.
    if args.components < 2 && rule.leaf.is_some() {
        return Err(Error::new(msg!("keys-one-component", usage = args.usage), Exit::Usage));
    }
    let algorithm = args
        .which
        .algorithm
        .or(rule.algorithms.first().copied())
        .unwrap_or(Algorithm::Tdes);
    let version = args.which.version.map_or_else(|| scheme.first_version(algorithm), Ok)?;
    let id = KeyId {
        usage: args.usage.clone(),
        version,
        algorithm,
        owner: site.owner().clone(),
    };
    let mut open = session::unlock(context, &site, &["key.import"])?;
    refuse_known(&open, std::slice::from_ref(&id))?;
    let (components, kcvs) = components(args, &site, algorithm, context)?;
    let key = combine_components(&components);
    drop(components);
    let record = record(context, &site, id, &key, Origin::Components);
    if let Some(expected) = args.kcv {
        compare(&record.id.to_string(), expected, record.kcv)?;
    }
    let mut arrived = key_arrived(&record)?;
    arrived.components = kcvs
        .iter()
        .map(|k| ShortHex::new(k.to_string()))
        .collect::<Result<_, _>>()
        .map_err(SiteError::from)?;
    open.store.check_key(&record.id, &key)?;
    open.add_key(record.clone(), key, Act::KeyImport(arrived), context.random.as_mut())?;
    open.checkpoint()?;
    super::show::arrived(context, &record)?;
    Ok(Exit::Done)
}

/// Asks for the components. Each one's check value is shown, and compared at once where it was announced, so that a wrong
/// component is named when it is entered and not at the end.
fn components(
    args: &Import,
    site: &Site,
    algorithm: Algorithm,
    context: &mut Context,
) -> Result<(Vec<KeyMaterial>, Vec<Kcv>), Error> {
    let (mut components, mut kcvs) = (Vec::new(), Vec::new());
    for number in 1..=args.components {
        let typed = context
            .prompt
            .secret(&msg!("keys-ask-component", number = number, of = args.components))?;
        let component = from_hex(&typed).map_err(|e| {
            let msg = match e {
                HexError::Length { expected, got } => {
                    msg!("keys-component-length", number = number, expected = expected, got = got)
                }
                HexError::Digit { position } => msg!("keys-component-digit", number = number, position = position),
            };
            Error::new(msg, Exit::Usage)
        })?;
        if let Some(name) = random_key::known_test_key(&component)
            && args.components > 1
            && !site.rehearsal()
        {
            return Err(Error::new(
                msg!("keys-component-known", number = number).with_word("name", "test-key", name),
                Exit::Check,
            ));
        }
        let value = kcv(algorithm, &component, site.config().kcv_length);
        context
            .out
            .notice(&msg!("keys-component-kcv", number = number, kcv = value));
        if let Some(expected) = args.component_kcv.get(usize::from(number) - 1) {
            compare(
                &msg!("keys-component", number = number).render(context.out.lang()),
                *expected,
                value,
            )?;
        }
        components.push(component);
        kcvs.push(value);
    }
    Ok((components, kcvs))
}

pub(super) fn compare(key: &str, expected: Kcv, got: Kcv) -> Result<(), SiteError> {
    if got.agrees_with(&expected) {
        return Ok(());
    }
    Err(SiteError::Kcv {
        key: key.to_owned(),
        expected: expected.to_string(),
        got: got.to_string(),
    })
}

pub(super) fn state(key: &StoredName, state: KeyState, reason: &str, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["key.retire"])?;
    match key {
        StoredName::Key(id) => {
            let found = open.store.header().keys.iter().find(|k| k.id == *id).cloned();
            let mut record = found.ok_or_else(|| StoreError::NoKey {
                key: Box::new(id.clone()),
            })?;
            open.set_state(&record, state, reason, context.random.as_mut())?;
            open.checkpoint()?;
            record.state = state;
            super::show::arrived(context, &record)?;
        }
        StoredName::Exchange(name) => {
            let mut record = open.store.exchange_record(name)?.clone();
            let act = key_retired(key, record.kcv, state, reason)?;
            let name = name.clone();
            open.change(Change::SetExchangeState { name, state }, act, context.random.as_mut())?;
            open.checkpoint()?;
            record.state = state;
            super::exchange::shown(context, &record)?;
        }
    }
    Ok(Exit::Done)
}

pub(super) fn set_pin(name: &str, context: &mut Context) -> Result<Exit, Error> {
    // The same shape as a usage's name, so that templates can refer to it.
    let name: Usage = name
        .parse()
        .map_err(|_| Error::new(msg!("keys-pin-name", name = name), Exit::Usage))?;
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["pin.set"])?;
    let typed = context.prompt.secret(&msg!("keys-ask-pin", name = name))?;
    let pin = code_pin(&typed)?;
    // A PIN has no check value: a slip of the finger would go onto every card.
    let again = context.prompt.secret(&msg!("keys-ask-pin-again", name = name))?;
    if !is_same(&typed, &again) {
        return Err(Error::new(msg!("keys-pins-differ", name = name), Exit::Usage));
    }
    open.set_pin(name.as_str(), pin, context.random.as_mut())?;
    open.checkpoint()?;
    context
        .out
        .record("cardmint.pin/1", &serde_json::json!({"name": name}))?;
    context.out.say(&msg!("keys-pin-set", name = name))?;
    Ok(Exit::Done)
}
