// SPDX-License-Identifier: Apache-2.0
//! `cardmint init`: makes a site with its first officers, key store and ledger.

use std::path::PathBuf;

use serde::Serialize;

use super::{Context, hardening, session};
use crate::crypto::KcvLength;
use crate::crypto::seal::KdfParams;
use crate::error::{Error, Exit};
use crate::keys::LevelName;
use crate::keys::scheme::{self, Title};
use crate::msg;
use crate::site::{NewOfficer, NewSite, Site, found};

/// `cardmint init …`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The site's folder.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The centre's name.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The centre's name in Chinese, where it is another.
    #[arg(long, value_name = "NAME")]
    name_zh: Option<String>,
    /// The scheme.
    #[arg(long, value_name = "SCHEME")]
    scheme: String,
    /// The level in the scheme.
    #[arg(long, value_name = "LEVEL")]
    level: LevelName,
    /// The code at that level.
    #[arg(long, value_name = "CODE", default_value = "")]
    code: String,
    /// An optional level of the scheme to switch on.
    #[arg(long, value_name = "LEVEL")]
    with_level: Vec<LevelName>,
    /// A rehearsal, for good.
    #[arg(long)]
    rehearsal: bool,
    /// How many officers open the key store.
    #[arg(long, value_name = "NUMBER")]
    unlock: Option<u8>,
    /// Length of check values in bytes.
    #[arg(long, value_name = "BYTES")]
    kcv_length: Option<u8>,
    /// Where the last checkpoint is kept.
    #[arg(long, value_name = "FILE")]
    checkpoint_copy: Option<PathBuf>,
    /// Refuse work where memory cannot be locked.
    #[arg(long)]
    require_memory_lock: bool,
    /// Cards only by templates that were approved.
    #[arg(long)]
    approved_templates: bool,
    /// Keys are made, moved and destroyed in ceremonies only.
    #[arg(long)]
    keys_by_ceremony: bool,
}

#[derive(Serialize)]
struct Made {
    folder: PathBuf,
    id: String,
    owner: String,
    scheme: String,
    rehearsal: bool,
    officers: Vec<String>,
    unlock: u8,
}

/// Runs it.
pub fn run(args: &Args, context: &mut Context) -> Result<Exit, Error> {
    let request = request(args, context)?;
    let site = found(&request, context.random.as_mut(), &context.clock)?;
    report(&site, &request, context)?;
    Ok(Exit::Done)
}

fn request(args: &Args, context: &mut Context) -> Result<NewSite, Error> {
    let scheme = scheme::find(&args.scheme, std::path::Path::new("."))?;
    // Everything that can be wrong with the words is found before anybody types a passphrase.
    let owner = scheme.owner_with_code(&args.level, &args.code)?;
    let kind = scheme.level(&args.level)?.code.as_ref().map(|c| c.kind);
    if let Some(city) = kind.and_then(|k| k.mixed_up(&owner.code)) {
        let name = city.name.in_language(context.out.lang());
        context
            .out
            .notice(&msg!("site-code-mixed-up", code = args.code, city = name));
    }
    let kcv_length = args.kcv_length.map(KcvLength::try_from).transpose()?;
    let named = context.global.officer.clone();
    let mut officers = Vec::new();
    for text in &named {
        let (name, roles) = session::officer_with_roles(text)?;
        crate::site::check_name(&name)?;
        officers.push((name, roles));
    }
    if officers.is_empty() {
        return Err(Error::new(msg!("site-init-officers"), Exit::Usage));
    }
    if !args.rehearsal && officers.len() < 2 {
        return Err(crate::site::SiteError::OneOfficer.into());
    }
    let unlock = args.unlock.unwrap_or(if officers.len() < 2 { 1 } else { 2 });
    hardening::state().insist(args.require_memory_lock, false)?;
    let mut people = Vec::new();
    for (name, roles) in officers {
        let passphrase = session::new_passphrase(context, &name)?;
        people.push(NewOfficer {
            name,
            roles,
            passphrase,
        });
    }
    Ok(NewSite {
        folder: args.folder.clone(),
        name: Title {
            en: args.name.clone(),
            zh: args.name_zh.clone().unwrap_or_else(|| args.name.clone()),
        },
        scheme: args.scheme.clone(),
        level: args.level.clone(),
        code: args.code.clone(),
        levels: args.with_level.clone(),
        rehearsal: args.rehearsal,
        officers: people,
        unlock,
        kcv_length,
        checkpoint_copy: args.checkpoint_copy.clone(),
        require_memory_lock: args.require_memory_lock,
        approved_templates: args.approved_templates,
        keys_by_ceremony: args.keys_by_ceremony,
        costs: KdfParams::default(),
    })
}

fn report(site: &Site, request: &NewSite, context: &mut Context) -> Result<(), Error> {
    let made = Made {
        folder: request.folder.clone(),
        id: site.config().id.clone(),
        owner: site.owner().to_string(),
        scheme: site.scheme().name().to_owned(),
        rehearsal: site.rehearsal(),
        officers: request.officers.iter().map(|o| o.name.clone()).collect(),
        unlock: request.unlock,
    };
    let out = &mut context.out;
    out.record("cardmint.init/1", &made)?;
    let (folder, owner) = (made.folder.display(), &made.owner);
    out.say(&msg!(
        "site-made",
        folder = folder,
        owner = owner,
        scheme = made.scheme,
        id = made.id
    ))?;
    if made.rehearsal {
        out.say(&msg!("site-made-rehearsal"))?;
    }
    out.say(&msg!(
        "site-made-officers",
        officers = made.officers.join(", "),
        unlock = made.unlock
    ))
}
