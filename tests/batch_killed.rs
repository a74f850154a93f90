// SPDX-License-Identifier: Apache-2.0
//! A batch's process is killed for good (SIGKILL) at every command to a card and at every commit of the ledger, with one
//! reader and with eight, for user cards and for PSAMs; then everything at random: cards torn away, readers unplugged, the
//! service gone, kills on top. The next run must end as if nothing had happened.
//!
//! Each test takes a sample, whose seed it prints. `CARDMINT_CUTS=all cargo test --release --test batch_killed` takes every
//! point (and 3000 rounds at random); a number instead of `all` takes so many of each kind; `CARDMINT_SEED` repeats a sample.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)] // a test may fail where it stands; seeds are printed

mod centre;

#[path = "batch/floor.rs"]
mod floor;
#[path = "batch_killed/ground.rs"]
mod ground;
#[path = "batch_killed/trays.rs"]
mod trays;

use ground::{Cut, Ground, Job, Noise, cuts, seed};
use trays::{At, Kill};

/// The process that is killed: this program again, which runs what the file `CARDMINT_JOB` says.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn victim() {
    if let Some(job) = std::env::var_os("CARDMINT_JOB") {
        let job: Job = serde_json::from_slice(&std::fs::read(job).unwrap()).unwrap();
        job.run();
    }
}

#[test]
fn user_cards_on_one_reader() {
    everywhere("mohurd-user", 2, 1);
}

#[test]
fn user_cards_on_eight_readers() {
    everywhere("mohurd-user", 8, 8);
}

#[test]
fn psams_on_one_reader() {
    everywhere("mohurd-city-psam", 2, 1);
}

#[test]
fn psams_on_eight_readers() {
    everywhere("mohurd-city-psam", 8, 8);
}

/// Kills at every command (before it is sent, sent and not answered, power gone while the card writes) and at every commit
/// (before it, and durable but unheard of).
fn everywhere(template: &str, cards: u32, readers: u32) {
    let ground = Ground::new(template, cards, readers);
    let (commands, commits) = (ground.counted.commands, ground.counted.commits);
    let mut points = Vec::new();
    for n in 1..=commands {
        points.extend([At::Before, At::After, At::Torn].map(|at| Kill::Command { n, at }));
    }
    for n in 1..=commits {
        points.extend([At::Before, At::After].map(|at| Kill::Commit { n, at }));
    }
    // As many commands as any card of this template takes, and an intent and an outcome for each, and the run's begin.
    assert!(
        commands > 20 * u64::from(cards) && commits == 1 + 2 * u64::from(cards),
        "{:?}",
        ground.counted
    );
    let seed = seed();
    let (sample, of) = (cuts(points, 9, seed), 3 * commands + 2 * commits);
    println!(
        "{template}: {} of {of} points on {readers} readers, seed {seed}",
        sample.len()
    );
    for kill in sample {
        let cut = ground.cut();
        assert!(cut.killed(Some(kill), None), "{kill:?} was not reached");
        cut.ends_as_undisturbed(&format!("{kill:?}, seed {seed}"));
    }
}

/// Several kills in a row, and between them whatever goes wrong on a floor.
#[test]
fn a_bad_day_at_random() {
    let seed = seed();
    let rounds = cuts((0..3000_u64).collect(), 6, seed);
    println!("{} rounds, seed {seed}", rounds.len());
    for (template, readers) in [("mohurd-user", 3), ("mohurd-city-psam", 3)] {
        let ground = Ground::new(template, 5, readers);
        for round in &rounds {
            bad_day(&ground, seed.wrapping_add(*round));
        }
    }
}

fn bad_day(ground: &Ground, seed: u64) {
    let cut: Cut = ground.cut();
    let mut random = trays::Dice::new(seed);
    let kills = 1 + random.below(3);
    let mut reached = 0;
    for _ in 0..kills {
        let n = 1 + random.below(ground.counted.commands);
        let at = [At::Before, At::After, At::Torn][usize::try_from(random.below(3)).unwrap()];
        let noise = Noise {
            seed: random.next(),
            each: 60,
        };
        reached += u64::from(cut.killed(Some(Kill::Command { n, at }), Some(noise)));
    }
    cut.ends_as_undisturbed(&format!("{reached} of {kills} kills, seed {seed}"));
}
