// SPDX-License-Identifier: Apache-2.0
//! Exchange keys: entered from components, each by its custodian.

use crate::cli::{Context, session};
use crate::crypto::key_block::{ExchangeAlgorithm, ExchangeKey, Weakness};
use crate::crypto::{HexError, Kcv};
use crate::error::{Error, Exit};
use crate::keys::{Change, ExchangeName, ExchangeRecord, KeyFileError, KeyState, Origin, StoredName};
use crate::ledger::ShortHex;
use crate::ledger::act::Act;
use crate::msg;
use crate::outside::Groups;
use crate::site::{Site, SiteError, exchange_key_arrived};

/// `cardmint key exchange-key …`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to do.
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Puts an exchange key together from components.
    Enter(Enter),
}

/// `cardmint key exchange-key enter …`.
#[derive(Debug, clap::Args)]
struct Enter {
    /// What the two centres call it.
    #[arg(value_name = "NAME")]
    name: ExchangeName,
    /// Cipher and length.
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: ExchangeAlgorithm,
    /// How many components.
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=4))]
    components: u8,
    /// The key's check value, where it is known.
    #[arg(long, value_name = "HEX")]
    kcv: Option<Kcv>,
    /// A component's check value, in the order of the components; repeatable.
    #[arg(long, value_name = "HEX")]
    component_kcv: Vec<Kcv>,
}

pub(super) fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::Enter(args) => enter(args, context),
    }
}

fn enter(args: &Enter, context: &mut Context) -> Result<Exit, Error> {
    let site = session::open_site(context)?;
    let mut open = session::unlock(context, &site, &["key.import"])?;
    let name = &args.name;
    if open.store.exchange_record(name).is_ok() {
        let name = name.clone();
        return Err(KeyFileError::ExchangeKeyExists { name }.into());
    }
    let parts = components(args, &site, context)?;
    let kcvs: Vec<Kcv> = parts.iter().map(ExchangeKey::kcv).collect();
    // At least two components of one algorithm.
    let key = ExchangeKey::combine(&parts).ok_or_else(alike)?;
    drop(parts);
    let record = ExchangeRecord {
        name: name.clone(),
        algorithm: args.algorithm,
        kcv: key.kcv(),
        state: KeyState::Active,
        origin: Origin::Components,
        since: context.clock.now().to_string(),
    };
    if let Some(expected) = args.kcv {
        super::arrive::compare(&StoredName::from(name.clone()).to_string(), expected, record.kcv)?;
    }
    let mut arrived = exchange_key_arrived(&record, site.owner())?;
    arrived.components = kcvs
        .iter()
        .map(|k| ShortHex::new(k.to_string()))
        .collect::<Result<_, _>>()
        .map_err(SiteError::from)?;
    let change = Change::AddExchangeKey {
        record: record.clone(),
        key,
    };
    open.change(change, Act::KeyImport(arrived), context.random.as_mut())?;
    open.checkpoint()?;
    shown(context, &record)?;
    Ok(Exit::Done)
}

/// One exchange key as a line.
pub(super) fn shown(context: &mut Context, record: &ExchangeRecord) -> Result<(), Error> {
    context.out.record("cardmint.exchange-key/1", record)?;
    let name = StoredName::from(record.name.clone());
    context.out.say(
        &msg!("keys-shown", key = name, kcv = record.kcv, since = record.since).with_word(
            "state",
            "key-state",
            &record.state,
        ),
    )
}

/// Asks for the components. Each one's check value is shown, and compared at once where it was announced.
fn components(args: &Enter, site: &Site, context: &mut Context) -> Result<Vec<ExchangeKey>, Error> {
    let mut parts: Vec<ExchangeKey> = Vec::new();
    for number in 1..=args.components {
        let question = msg!("keys-ask-component", number = number, of = args.components);
        let typed = context.prompt.grouped(&question, &groups(args.algorithm))?;
        let part = ExchangeKey::from_hex(args.algorithm, &typed).map_err(|e| {
            let msg = match e {
                HexError::Length { expected, got } => {
                    msg!("keys-component-length", number = number, expected = expected, got = got)
                }
                HexError::Digit { position } => msg!("keys-component-digit", number = number, position = position),
            };
            Error::new(msg, Exit::Usage)
        })?;
        if let Some(Weakness::Published(known)) = part.weakness()
            && !site.rehearsal()
        {
            let msg = msg!("keys-component-known", number = number).with_word("name", "test-key", known);
            return Err(Error::new(msg, Exit::Check));
        }
        let value = part.kcv();
        context
            .out
            .notice(&msg!("keys-component-kcv", number = number, kcv = value));
        if let Some(expected) = args.component_kcv.get(usize::from(number) - 1) {
            let name = msg!("keys-component", number = number).render(context.out.lang());
            super::arrive::compare(&name, *expected, value)?;
        }
        // Two alike cancel out, and what is left is fewer people's than it seems.
        if parts.iter().any(|before| before.same_as(&part)) {
            return Err(alike());
        }
        parts.push(part);
    }
    Ok(parts)
}

/// Four digits a group, as forms of components have them.
fn groups(algorithm: ExchangeAlgorithm) -> Groups {
    Groups {
        length: 4,
        count: algorithm.bytes() / 2,
        check: |_, group| group.iter().all(u8::is_ascii_hexdigit),
    }
}

fn alike() -> Error {
    Error::new(msg!("keys-components-alike"), Exit::Usage)
}
