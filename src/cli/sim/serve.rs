// SPDX-License-Identifier: Apache-2.0
//! `sim serve`: one thread for each card, until Ctrl-C or a termination request.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use serde::Serialize;

use crate::cli::{Context, stop};
use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::msg;
use crate::sim::{self, CardPath, Hopper, Served, StoreError};

/// What lies behind one virtual reader.
enum Behind {
    Card(CardPath),
    Hopper(Hopper),
}

/// What a card's thread reports: which driver's, and of which card.
struct News {
    driver: usize,
    what: Result<(String, Served), StoreError>,
}

#[derive(Serialize)]
struct ServedRecord<'a> {
    reader: String,
    driver: &'a str,
    event: &'static str,
}

/// Serves each card at its driver's address.
pub(super) fn serve(drivers: &[String], cards: &[String], context: &mut Context) -> Result<Exit, Error> {
    if drivers.len() != cards.len() {
        let uneven = msg!("sim-serve-uneven", drivers = drivers.len(), cards = cards.len());
        return Err(Error::new(uneven, Exit::Usage));
    }
    let behind = cards.iter().map(|card| behind(card)).collect::<Result<Vec<_>, _>>()?;
    let asked = stop::on_interrupt();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for (at, behind) in behind.iter().enumerate() {
            let (tell, driver, asked) = (tell.clone(), drivers[at].as_str(), &*asked);
            scope.spawn(move || run(at, behind, driver, asked, &tell));
        }
        drop(tell);
        let mut ended = Ok(Exit::Done);
        for news in told {
            match news.what {
                Ok((reader, event)) => {
                    if let Err(e) = report(context, &reader, &drivers[news.driver], event) {
                        ended = Err(e);
                    }
                }
                Err(e) => ended = Err(e.into()),
            }
            if ended.is_err() {
                asked.store(true, Ordering::Relaxed);
            }
        }
        ended
    })
}

/// A hopper's folder, or a card.
fn behind(card: &str) -> Result<Behind, StoreError> {
    let bare = card.strip_prefix("sim:").unwrap_or(card);
    match Hopper::open(Path::new(bare)) {
        Some(hopper) => Ok(Behind::Hopper(hopper)),
        None => CardPath::parse(card).map(Behind::Card),
    }
}

fn run(driver: usize, behind: &Behind, address: &str, stop: &AtomicBool, tell: &Sender<News>) {
    let mut pass = |path: &CardPath, event| {
        // Nobody listens any more only when the command is ending.
        let _ = tell.send(News {
            driver,
            what: Ok((path.reader(), event)),
        });
    };
    let served = match behind {
        Behind::Card(path) => sim::serve(path, address, stop, &mut |event| pass(path, event)),
        Behind::Hopper(hopper) => sim::serve_hopper(hopper, address, stop, &mut pass),
    };
    if let Err(e) = served {
        let _ = tell.send(News { driver, what: Err(e) });
    }
}

fn report(context: &mut Context, reader: &str, driver: &str, event: Served) -> Result<(), Error> {
    let (name, text) = sentence(event, reader, driver);
    let record = ServedRecord {
        reader: reader.to_owned(),
        driver,
        event: name,
    };
    context.out.record("cardmint.sim-served/1", &record)?;
    context.out.say(&text)?;
    context.out.flush()
}

fn sentence(event: Served, reader: &str, driver: &str) -> (&'static str, Msg) {
    match event {
        Served::Connected => (
            "connected",
            msg!("sim-served-connected", reader = reader, driver = driver),
        ),
        Served::Disconnected => (
            "disconnected",
            msg!("sim-served-disconnected", reader = reader, driver = driver),
        ),
        Served::TakenAway => ("taken-away", msg!("sim-served-taken-away", reader = reader)),
    }
}
