// SPDX-License-Identifier: Apache-2.0
//! `sim list` and `sim show`. Key values and PINs are not in what they get.

use std::path::Path;

use serde::Serialize;

use crate::cli::Context;
use crate::error::{Error, Exit};
use crate::i18n::{Lang, Msg};
use crate::msg;
use crate::sim::{CardPath, CardState, Chip, DirectoryView, KeyView, Overview, cards_in};

#[derive(Serialize)]
struct Row<'a> {
    reader: String,
    chip: Chip,
    serial: &'a str,
    state: CardState,
}

#[derive(Serialize)]
struct Shown<'a> {
    reader: String,
    #[serde(flatten)]
    card: &'a Overview,
}

/// The cards of a folder.
pub(super) fn list(folder: &Path, context: &mut Context) -> Result<Exit, Error> {
    let lang = context.out.lang();
    let mut rows = Vec::new();
    for path in cards_in(folder)? {
        let card = path.load()?.overview();
        let row = Row {
            reader: path.reader(),
            chip: card.chip,
            serial: &card.serial,
            state: card.state,
        };
        context.out.record("cardmint.sim-card/1", &row)?;
        rows.push(vec![
            row.reader,
            chip(card.chip).to_owned(),
            card.serial.clone(),
            state(card.state).render(lang),
        ]);
    }
    if rows.is_empty() {
        context.out.say(&msg!("sim-none", folder = folder.display()))?;
        return Ok(Exit::Done);
    }
    let heading = [
        msg!("sim-head-reader"),
        msg!("sim-head-chip"),
        msg!("sim-head-serial"),
        msg!("sim-head-state"),
    ];
    context.out.table(&heading, &rows)?;
    Ok(Exit::Done)
}

/// One card.
pub(super) fn show(given: &str, context: &mut Context) -> Result<Exit, Error> {
    let path = CardPath::parse(given)?;
    let card = path.load()?.overview();
    let shown = Shown {
        reader: path.reader(),
        card: &card,
    };
    context.out.record("cardmint.sim-overview/1", &shown)?;
    let out = &mut context.out;
    let lang = out.lang();
    let about = format!(
        "{} · {} · {}",
        shown.reader,
        chip(card.chip),
        state(card.state).render(lang)
    );
    out.text(&about)?;
    out.text(&format!("ATR {}", card.atr))?;
    for sector in &card.sectors {
        let keys = sector.transport.map(|transport| {
            if transport {
                "FFFFFFFFFFFF"
            } else {
                "············"
            }
        });
        let [a, b] = keys;
        let blocks = sector.blocks.join(" ");
        out.text(&format!("{:>2}  {blocks} {a} {} {b}", sector.number, sector.access))?;
    }
    for dir in &card.directories {
        out.text("")?;
        out.text(&directory_line(dir, lang))?;
        if !dir.keys.is_empty() {
            let heading = [
                msg!("sim-head-key"),
                msg!("sim-head-version"),
                msg!("sim-head-tries"),
                msg!("sim-head-kcv"),
            ];
            let rows: Vec<Vec<String>> = dir.keys.iter().map(|k| key_row(k, lang)).collect();
            out.table(&heading, &rows)?;
        }
        if !dir.files.is_empty() {
            let heading = [
                msg!("sim-head-file"),
                msg!("sim-head-kind"),
                msg!("sim-head-size"),
                msg!("sim-head-access"),
                msg!("sim-head-contents"),
            ];
            let rows: Vec<Vec<String>> = dir.files.iter().map(file_row).collect();
            out.table(&heading, &rows)?;
        }
    }
    Ok(Exit::Done)
}

fn directory_line(dir: &DirectoryView, lang: Lang) -> String {
    let space = if dir.space == 0xFFFF {
        "*".to_owned()
    } else {
        dir.space.to_string()
    };
    let line = msg!(
        "sim-directory",
        fid = dir.fid,
        name = dir.name,
        used = dir.used,
        space = space
    )
    .render(lang);
    match dir.blocked {
        "no" => line,
        _ => format!("{line} · {}", msg!("sim-blocked", how = dir.blocked).render(lang)),
    }
}

fn key_row(key: &KeyView, lang: Lang) -> Vec<String> {
    let kcv = key.kcv.clone().unwrap_or_else(|| "–".into());
    let kcv = if key.transport {
        format!("{kcv}  {}", msg!("sim-transport-key").render(lang))
    } else {
        kcv
    };
    vec![
        format!("{}/{}", key.kind, key.id),
        key.version.clone(),
        key.tries_left.map_or_else(|| "–".into(), |t| t.to_string()),
        kcv,
    ]
}

fn file_row(file: &crate::sim::FileView) -> Vec<String> {
    let contents = match (file.records, file.balance, file.counters) {
        (Some(records), _, _) => records.to_string(),
        (_, Some(fen), Some((online, offline))) => {
            format!("{}.{:02} ¥ · {online:04X} {offline:04X}", fen / 100, fen % 100)
        }
        _ => String::new(),
    };
    vec![
        file.fid.clone(),
        file.kind.to_owned(),
        file.size.to_string(),
        file.access.clone(),
        contents,
    ]
}

fn chip(chip: Chip) -> &'static str {
    match chip {
        Chip::Fmcos => "fmcos",
        Chip::Psam => "psam",
        Chip::Metro => "metro",
        Chip::M1 => "m1",
    }
}

fn state(state: CardState) -> Msg {
    match state {
        CardState::Factory => msg!("sim-state-factory"),
        CardState::Blank => msg!("sim-state-blank"),
        CardState::InPersonalisation => msg!("sim-state-in-perso"),
        CardState::Personalised => msg!("sim-state-personalised"),
        CardState::Dead => msg!("sim-state-dead"),
    }
}
