// SPDX-License-Identifier: Apache-2.0
//! `sim serve`: one thread for each card, until Ctrl-C or a termination request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use serde::Serialize;

use crate::cli::{Context, stop};
use crate::error::{Error, Exit};
use crate::i18n::Msg;
use crate::msg;
use crate::sim::{self, CardPath, Served, StoreError};

/// What a card's thread reports.
struct News {
    card: usize,
    what: Result<Served, StoreError>,
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
    let paths = cards
        .iter()
        .map(|c| CardPath::parse(c))
        .collect::<Result<Vec<_>, _>>()?;
    let asked = stop::on_interrupt();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for (card, path) in paths.iter().enumerate() {
            let (tell, driver, asked) = (tell.clone(), drivers[card].as_str(), &*asked);
            scope.spawn(move || run(card, path, driver, asked, &tell));
        }
        drop(tell);
        let mut ended = Ok(Exit::Done);
        for news in told {
            match news.what {
                Ok(event) => {
                    if let Err(e) = report(context, &paths[news.card], &drivers[news.card], event) {
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

fn run(card: usize, path: &CardPath, driver: &str, stop: &AtomicBool, tell: &Sender<News>) {
    let mut pass = |event| {
        // Nobody listens any more only when the command is ending.
        let _ = tell.send(News { card, what: Ok(event) });
    };
    if let Err(e) = sim::serve(path, driver, stop, &mut pass) {
        let _ = tell.send(News { card, what: Err(e) });
    }
}

fn report(context: &mut Context, path: &CardPath, driver: &str, event: Served) -> Result<(), Error> {
    let (name, text) = sentence(event, &path.reader(), driver);
    let record = ServedRecord {
        reader: path.reader(),
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
