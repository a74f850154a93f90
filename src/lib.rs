// SPDX-License-Identifier: Apache-2.0
//! cardmint manages the keys of Chinese city one-card systems (城市一卡通) and issues their cards.
//!
//! Arrows between the modules only go down (`tests/layering.rs`): `cli` → `batch` → `perso` → `card` → `transport`, with
//! `keys`, `template` and `ledger` beside them, `iso7816` and `crypto` at the bottom. `sim` is the card side and shares no
//! encoding with the host side.

pub mod batch;
pub mod card;
pub mod ceremony;
pub mod cli;
pub mod crypto;
pub mod error;
pub mod html;
pub mod i18n;
pub mod iso7816;
pub mod keys;
pub mod ledger;
pub mod outside;
pub mod perso;
pub mod sim;
pub mod site;
pub mod template;
mod toml_lines;
pub mod transport;
