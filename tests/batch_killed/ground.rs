// SPDX-License-Identifier: Apache-2.0
//! A site with an approved batch and its blanks as card files: made once, copied for every cut, run in a process that is
//! killed, then run to its end and compared with the undisturbed run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cardmint::batch::kind_of;
use cardmint::batch::run::{Control, Settings, Summary};
use cardmint::ledger::Against;
use cardmint::outside::Unobserved;
use cardmint::sim::{CardPath, SimCard, SimOptions, cards_in, seeded_serial};
use cardmint::site::{Session, Site};
use cardmint::transport::source::CardSource;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::centre;
use super::floor::{Floor, Seen, ordered, run_on, text};
pub use super::trays::Noise;
use super::trays::{Dice, Fate, Kill, cards_of, trays};

/// What a process is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    folder: PathBuf,
    template: String,
    cards: u32,
    readers: u32,
    kill: Option<Kill>,
    noise: Option<Noise>,
}

/// How many points an undisturbed run has.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub commands: u64,
    pub commits: u64,
}

impl Job {
    fn session(&self) -> Session {
        centre::open(&Site::open(&self.folder.join("site")).unwrap())
    }

    /// Runs the batch.
    pub fn run(&self) -> (Summary, Counted, Seen) {
        let mut session = self.session();
        let template = centre::template(&self.template);
        let mut rows = ordered(&session.site, &template, self.cards, None);
        let fate = Arc::new(Fate {
            kill: self.kill,
            ..Fate::default()
        });
        let cards = cards_in(&cards_of(&self.folder)).unwrap();
        let sources = trays(&cards, self.readers as usize, &fate, self.noise);
        let sources = sources.into_iter().map(|tray| Box::new(tray) as Box<dyn CardSource>);
        // Nobody gives a card up here, however often it is torn.
        let settings = Settings {
            failures: u32::MAX,
            tries: u32::MAX,
            lot: Some(text("L")),
            ..Settings::default()
        };
        let mut seen = Seen::new();
        let hears = Arc::clone(&fate);
        let summary = run_on(
            &mut session,
            &template,
            &mut rows,
            &settings,
            sources.collect(),
            &mut seen,
            &Control::default(),
            Some(&move |n, act: &_, durable| hears.commit(n, act, durable)),
        )
        .unwrap();
        let counted = Counted {
            commands: fate.commands.load(Ordering::Relaxed),
            commits: fate.commits.load(Ordering::Relaxed),
        };
        (summary, counted, seen)
    }

    /// What stands on the card of each number, by the ledger's word on which chip that is.
    fn states(&self) -> BTreeMap<String, serde_json::Value> {
        let session = self.session();
        let rows = session.ledger.cards(None).unwrap();
        let cards: BTreeMap<String, SimCard> = cards_in(&cards_of(&self.folder))
            .unwrap()
            .iter()
            .map(|path| path.load().unwrap())
            .map(|card| (cardmint::card::chip::serial(&card.atr()).unwrap(), card))
            .collect();
        let state = |chip: &str| {
            let mut shown = serde_json::to_value(cards[chip].overview()).unwrap();
            let fields = shown.as_object_mut().unwrap();
            fields.retain(|name, _| name != "serial" && name != "atr");
            shown
        };
        rows.iter()
            .map(|row| (row.number.clone(), state(row.chip.as_deref().unwrap())))
            .collect()
    }

    /// No number twice, no card without a row, no row without a card, no scrap; the stock equation; the ledger verifies.
    fn is_whole(&self, why: &str) {
        let session = self.session();
        let template = centre::template(&self.template);
        let rows = session.ledger.cards(None).unwrap();
        let ordered: BTreeSet<String> = ordered(&session.site, &template, self.cards, None)
            .0
            .into_iter()
            .map(|row| row.number)
            .collect();
        let numbers: BTreeSet<String> = rows.iter().map(|row| row.number.clone()).collect();
        let chips: BTreeSet<_> = rows.iter().map(|row| row.chip.clone()).collect();
        assert!(rows.iter().all(|row| row.status == "issued"), "{why}: {rows:?}");
        assert!(
            rows.iter().all(|row| row.kind == kind_of(template.product).as_str()),
            "{why}"
        );
        assert_eq!(numbers, ordered, "{why}");
        assert_eq!((rows.len(), chips.len()), (ordered.len(), ordered.len()), "{why}");
        let lot = session.ledger.lot("L").unwrap().unwrap();
        assert_eq!((lot.issued, lot.in_process, lot.scrapped), (self.cards, 0, 0), "{why}");
        let against = Against {
            copy: Some(session.site.checkpoint_copy()),
            ..Against::default()
        };
        let report = cardmint::ledger::verify(&session.site.ledger_path(), &against, &mut Unobserved).unwrap();
        assert!(report.findings.is_empty(), "{why}: {:?}", report.findings);
    }
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A site and its blanks before the batch, and what an undisturbed run makes of them.
pub struct Ground {
    base: TempDir,
    job: Job,
    model: BTreeMap<String, serde_json::Value>,
    pub counted: Counted,
}

impl Ground {
    pub fn new(template: &str, cards: u32, readers: u32) -> Self {
        let base = tempfile::tempdir().unwrap();
        let mut floor = Floor::without_batch(template, cards).with_lot(cards + 3);
        floor.new_batch("B");
        floor.approve("B");
        let Floor { centre, template, .. } = floor;
        let centre::Centre { folder, session } = centre;
        drop(session);
        copied(&folder.path().join("site"), &base.path().join("site"));
        let options = SimOptions {
            durable: false,
            ..SimOptions::default()
        };
        for n in 0..u64::from(cards) {
            let chip = centre::chip_of(&template);
            let card = SimCard::new(chip, seeded_serial(7, n), options.clone(), false).seeded(n);
            let folder = cards_of(base.path());
            fs::create_dir_all(&folder).unwrap();
            CardPath::new(folder, format!("c{n}")).create(&card).unwrap();
        }
        let job = Job {
            folder: base.path().to_owned(),
            template: template.name.clone(),
            cards,
            readers,
            kill: None,
            noise: None,
        };
        let undisturbed = Cut::of(&job);
        let (summary, counted, _) = undisturbed.job.run();
        assert_eq!((summary.issued, summary.failures), (cards, 0));
        undisturbed.job.is_whole("undisturbed");
        Self {
            model: undisturbed.job.states(),
            base,
            job,
            counted,
        }
    }

    pub fn cut(&self) -> Cut {
        assert!(self.base.path().is_dir());
        Cut {
            model: self.model.clone(),
            ..Cut::of(&self.job)
        }
    }
}

/// One copy of the ground.
pub struct Cut {
    _folder: TempDir,
    job: Job,
    model: BTreeMap<String, serde_json::Value>,
}

impl Cut {
    fn of(job: &Job) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["site", "cards"] {
            copied(&job.folder.join(part), &folder.path().join(part));
        }
        Self {
            job: Job {
                folder: folder.path().to_owned(),
                ..job.clone()
            },
            _folder: folder,
            model: BTreeMap::new(),
        }
    }

    /// Runs the batch in a process of its own; whether that was killed. If not, it did its work.
    pub fn killed(&self, kill: Option<Kill>, noise: Option<Noise>) -> bool {
        let job = Job {
            kill,
            noise,
            ..self.job.clone()
        };
        let told = self.job.folder.join("job.json");
        fs::write(&told, serde_json::to_vec(&job).unwrap()).unwrap();
        let ended = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "victim", "--ignored", "--test-threads=1"])
            .env("CARDMINT_JOB", &told)
            .output()
            .unwrap();
        match (ended.status.signal(), ended.status.success()) {
            (Some(9), _) => true,
            (None, true) => false,
            _ => panic!("{kill:?} {noise:?}: {}", String::from_utf8_lossy(&ended.stdout)),
        }
    }

    /// The next run, undisturbed, ends with what the model has.
    pub fn ends_as_undisturbed(&self, why: &str) {
        let (summary, _, seen) = self.job.run();
        assert!(summary.is_complete() && summary.failures == 0, "{why}: {summary:?}");
        assert_eq!((summary.issued_in_all, summary.void), (self.job.cards, 0), "{why}");
        assert!(seen.questions.is_empty(), "{why}: {:?}", seen.questions);
        self.job.is_whole(why);
        assert_eq!(self.job.states(), self.model, "{why}");
    }
}

/// The seed of a sample: given, or anew.
pub fn seed() -> u64 {
    let given = std::env::var("CARDMINT_SEED").ok().map(|text| text.parse().unwrap());
    given.unwrap_or_else(|| {
        let mut bytes = [0; 8];
        cardmint::outside::Random::fill(&mut cardmint::outside::SystemRandom, &mut bytes).unwrap();
        u64::from_be_bytes(bytes)
    })
}

/// All points, or a sample of so many.
pub fn cuts<T>(mut points: Vec<T>, usual: usize, seed: u64) -> Vec<T> {
    let count = match std::env::var("CARDMINT_CUTS").ok().as_deref() {
        Some("all") => return points,
        Some(number) => number.parse().unwrap(),
        None => usual,
    };
    let mut dice = Dice::new(seed);
    while points.len() > count {
        let at = dice.below(points.len() as u64);
        points.swap_remove(usize::try_from(at).unwrap());
    }
    points
}
