// SPDX-License-Identifier: Apache-2.0
//! `template list` and `template show`.

use serde::Serialize;

use super::super::Context;
use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::msg;
use crate::template::{self, Directory, OrderKind, Product, ProofChoice, SHIPPED, Template};

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    product: Product,
    dialect: &'a str,
    schemes: &'a [String],
    title: &'a crate::keys::scheme::Title,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    digest: &'a str,
    order: Vec<FieldShown<'a>>,
    directories: Vec<DirectoryShown>,
}

#[derive(Serialize)]
struct FieldShown<'a> {
    field: &'a str,
    title: &'a crate::keys::scheme::Title,
    kind: String,
    default: Option<&'a str>,
    personal: bool,
}

#[derive(Serialize)]
struct DirectoryShown {
    fid: String,
    name: String,
    keys: Vec<KeyShown>,
    files: Vec<FileShown>,
}

#[derive(Serialize)]
struct KeyShown {
    place: String,
    key: String,
    level: Option<String>,
    proof: String,
}

#[derive(Serialize)]
struct FileShown {
    fid: String,
    title: crate::keys::scheme::Title,
    read: String,
    write: String,
}

fn listed(template: &Template) -> Listed<'_> {
    Listed {
        name: &template.name,
        product: template.product,
        dialect: template.dialect.name(),
        schemes: &template.schemes,
        title: &template.title,
    }
}

fn product(product: Product) -> Msg {
    match product {
        Product::UserCard => msg!("template-product-user-card"),
        Product::Psam => msg!("template-product-psam"),
        Product::ManagementCard => msg!("template-product-management-card"),
        Product::LoadSam => msg!("template-product-load-sam"),
    }
}

pub(super) fn list(context: &mut Context) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let mut rows = Vec::new();
    for (name, _) in SHIPPED {
        let read = template::load(name)?;
        context.out.record("cardmint.template/1", &listed(&read))?;
        rows.push(vec![
            read.name.clone(),
            product(read.product).render(lang),
            read.dialect.to_string(),
            read.schemes.join(" "),
            read.title.in_language(lang).to_owned(),
        ]);
    }
    let heading = [
        msg!("template-head-name"),
        msg!("template-head-product"),
        msg!("template-head-dialect"),
        msg!("template-head-schemes"),
        msg!("template-head-title"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

fn kind(kind: &OrderKind) -> String {
    match kind {
        OrderKind::Digits(n) => format!("digits {n}"),
        OrderKind::Hex(n) => format!("hex, {n} bytes"),
        OrderKind::Date => "yyyymmdd".to_owned(),
        OrderKind::DateTime => "yyyymmddhhmmss".to_owned(),
        OrderKind::Text(n) => format!("ASCII ≤ {n}"),
        OrderKind::Gbk(n) => format!("GBK ≤ {n} bytes"),
        OrderKind::Number(max) => format!("0 … {max}"),
        OrderKind::Choice(codes) => codes.keys().cloned().collect::<Vec<_>>().join(" | "),
        OrderKind::Amount { max, .. } => format!("0.00 … {}.{:02}", max / 100, max % 100),
    }
}

fn proof(choice: &ProofChoice) -> String {
    match choice {
        ProofChoice::ExternalAuthentication => "external-authentication".to_owned(),
        ProofChoice::InternalAuthentication => "internal-authentication".to_owned(),
        ProofChoice::ProtectedWrite => "protected-write".to_owned(),
        ProofChoice::LoadMac1 => "load-mac1".to_owned(),
        ProofChoice::UnloadMac1 => "unload-mac1".to_owned(),
        ProofChoice::OverdraftMac1 => "overdraft-mac1".to_owned(),
        ProofChoice::ZeroPurchase => "zero-purchase".to_owned(),
        ProofChoice::WithPurchase => "with-purchase".to_owned(),
        ProofChoice::PinUnblock => "pin-unblock".to_owned(),
        ProofChoice::PinReload => "pin-reload".to_owned(),
        ProofChoice::PsamPurchase => "psam-purchase".to_owned(),
        ProofChoice::PsamCipher => "psam-cipher".to_owned(),
        ProofChoice::IsamLoad => "isam-load".to_owned(),
        ProofChoice::IsamTac => "isam-tac".to_owned(),
        ProofChoice::AfterChange => "after-change".to_owned(),
        ProofChoice::None(why) => format!("none: {why}"),
    }
}

fn directory(directory: &Directory) -> DirectoryShown {
    let key = |slot: &template::KeySlot| KeyShown {
        place: slot.place.to_string(),
        key: slot.name.to_string(),
        level: slot.level.as_ref().map(ToString::to_string),
        proof: proof(&slot.proof),
    };
    let file = |file: &template::File| FileShown {
        fid: file.fid.to_string(),
        title: file.title.clone(),
        read: format!("{:02X}", file.header.read),
        write: format!("{:02X}{}", file.header.write, if file.header.mac { " MAC" } else { "" }),
    };
    DirectoryShown {
        fid: directory.fid.to_string(),
        name: hex::encode_upper(&directory.name),
        keys: directory.keys.iter().map(key).collect(),
        files: directory.files.iter().map(file).collect(),
    }
}

pub(super) fn show(context: &mut Context, template: &Template) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let fields = template.order.iter().map(|f| FieldShown {
        field: &f.name,
        title: &f.title,
        kind: kind(&f.kind),
        default: f.default.as_deref(),
        personal: f.personal,
    });
    let shown = Shown {
        listed: listed(template),
        digest: &template.digest,
        order: fields.collect(),
        directories: template.directories().map(directory).collect(),
    };
    context.out.record("cardmint.template-shown/1", &shown)?;
    context
        .out
        .text(&format!("{}  {}", template.name, template.title.in_language(lang)))?;
    let required = msg!("template-required").render(lang);
    let rows: Vec<Vec<String>> = template
        .order
        .iter()
        .map(|f| {
            let default = f.default.clone().unwrap_or_else(|| required.clone());
            vec![
                f.name.clone(),
                f.title.in_language(lang).to_owned(),
                kind(&f.kind),
                default,
            ]
        })
        .collect();
    let heading = [
        msg!("template-head-field"),
        msg!("template-head-title"),
        msg!("template-head-kind"),
        msg!("template-head-default"),
    ];
    context.out.text("")?;
    context.out.table(&heading, &rows)?;
    for shown in &shown.directories {
        context.out.text("")?;
        context.out.text(&format!("{}  {}", shown.fid, shown.name))?;
        let this_card = msg!("template-this-card").render(lang);
        let level = |k: &KeyShown| k.level.clone().unwrap_or_else(|| this_card.clone());
        let keys: Vec<Vec<String>> = shown
            .keys
            .iter()
            .map(|k| vec![k.place.clone(), k.key.clone(), level(k), k.proof.clone()])
            .collect();
        let heading = [
            msg!("template-head-place"),
            msg!("template-head-key"),
            msg!("template-head-level"),
            msg!("template-head-proof"),
        ];
        context.out.table(&heading, &keys)?;
        let files: Vec<Vec<String>> = shown
            .files
            .iter()
            .map(|f| {
                vec![
                    f.fid.clone(),
                    f.title.in_language(lang).to_owned(),
                    f.read.clone(),
                    f.write.clone(),
                ]
            })
            .collect();
        let heading = [
            msg!("template-head-file"),
            msg!("template-head-title"),
            msg!("template-head-read"),
            msg!("template-head-write"),
        ];
        context.out.table(&heading, &files)?;
    }
    Ok(Exit::Done)
}
