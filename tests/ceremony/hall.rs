// SPDX-License-Identifier: Apache-2.0
//! A rehearsal site with officers for every role, and ceremonies held in it.

use std::path::{Path, PathBuf};

use cardmint::ceremony::plan::{self, Bindings, Plan};
use cardmint::ceremony::room::scripted::{Answer, Asked, Scripted};
use cardmint::ceremony::run::{CeremonyError, Completed, Hall, Request, World, run};
use cardmint::ceremony::transcript::Transcript;
use cardmint::ceremony::verify::{Source, Verdict, compare, verify};
use cardmint::crypto::SecretBytes;
use cardmint::crypto::seal::KdfParams;
use cardmint::crypto::written::{self, Header, Kind};
use cardmint::keys::OfficerKeys;
use cardmint::keys::scheme::Title;
use cardmint::ledger::act::{Act, StepDone};
use cardmint::ledger::{Against, Hash, Role};
use cardmint::outside::{Clock, SystemRandom, Unobserved};
use cardmint::site::{NewOfficer, NewSite, Session, Site, Step, found};
use tempfile::TempDir;

pub const QUICK: KdfParams = KdfParams {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

/// Names of officers and their roles. Both key officers open the store.
pub const OFFICERS: [(&str, &[Role]); 7] = [
    ("zhang", &[Role::KeyOfficer]),
    ("li", &[Role::KeyOfficer]),
    ("wang", &[Role::Custodian]),
    ("zhao", &[Role::Custodian]),
    ("chen", &[Role::Custodian]),
    ("wu", &[Role::Witness]),
    ("sun", &[Role::Auditor]),
];

/// People of the tests' plans and who they are.
pub const BOUND: [(&str, &str); 6] = [
    ("key-officer-1", "zhang"),
    ("key-officer-2", "li"),
    ("custodian-1", "wang"),
    ("custodian-2", "zhao"),
    ("custodian-3", "chen"),
    ("witness-1", "wu"),
];

pub struct Centre {
    pub folder: TempDir,
    pub site: Site,
}

pub fn passphrase(name: &str) -> String {
    format!("passphrase of {name}")
}

impl Centre {
    pub fn new(level: &str, code: &str, rehearsal: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let officer = |(name, roles): &(&str, &[Role])| NewOfficer {
            name: (*name).to_owned(),
            roles: roles.to_vec(),
            passphrase: SecretBytes::new(passphrase(name).into_bytes()),
        };
        let new = NewSite {
            folder: folder.path().join("site"),
            name: Title {
                en: "Test centre".into(),
                zh: "测试中心".into(),
            },
            scheme: "mohurd".into(),
            level: level.parse().unwrap(),
            code: code.into(),
            levels: Vec::new(),
            rehearsal,
            officers: OFFICERS.iter().map(officer).collect(),
            unlock: 2,
            kcv_length: None,
            checkpoint_copy: None,
            require_memory_lock: false,
            approved_templates: false,
            keys_by_ceremony: false,
            costs: QUICK,
        };
        let site = found(&new, &mut SystemRandom, &Clock::System).unwrap();
        Self { folder, site }
    }

    pub fn city() -> Self {
        Self::new("city", "3100", true)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn officer(&self, name: &str) -> OfficerKeys {
        let passphrase = SecretBytes::new(passphrase(name).into_bytes());
        let ledger = self.site.ledger().unwrap();
        self.site.officer(&ledger, name, &passphrase, QUICK).unwrap()
    }

    /// The site, unlocked by both key officers; checks that store and ledger agree.
    pub fn open(&self) -> Session {
        let ledger = self.site.ledger().unwrap();
        let officers = vec![self.officer("zhang"), self.officer("li")];
        Session::open(self.site.clone(), ledger, officers, Clock::System).unwrap()
    }

    pub fn keys(&self) -> Vec<String> {
        let header = self.site.store_place().header().unwrap();
        header.keys.iter().map(|k| format!("{} {}", k.id, k.state)).collect()
    }

    /// The ledger verifies; how many entries it has.
    pub fn verified(&self) -> u64 {
        let against = Against {
            copy: Some(self.site.checkpoint_copy()),
            ..Against::default()
        };
        let report = cardmint::ledger::verify(&self.site.ledger_path(), &against, &mut Unobserved).unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        report.entries
    }
}

/// A ceremony to be held.
pub struct Ceremony {
    pub plan: Plan,
    pub bindings: Bindings,
    pub file: Option<PathBuf>,
    pub world: World,
    pub resume: bool,
}

/// A plan's text: with both key officers, the witness, and the custodians whom a step names.
pub fn text(steps: &str) -> String {
    let title = "title = { en = \"Test\", zh = \"测试\" }\npurpose = { en = \"A test.\", zh = \"测试。\" }";
    let named = |id: &str| !id.starts_with("custodian") || steps.contains(&format!("\"{id}\""));
    let role = |id: &str| id.rsplit_once('-').unwrap().0.to_owned();
    let people: Vec<String> = BOUND
        .iter()
        .filter(|(id, _)| named(id))
        .map(|(id, _)| format!("[[participant]]\nid = \"{id}\"\nrole = \"{}\"\n", role(id)))
        .collect();
    format!(
        "format = 1\n{title}\nscheme = \"mohurd\"\n{}\n{steps}\n",
        people.concat()
    )
}

impl Ceremony {
    pub fn of(steps: &str) -> Self {
        Self::plan(&text(steps))
    }

    pub fn plan(text: &str) -> Self {
        let plan = plan::read(text, "test").unwrap();
        let mut bindings = Bindings::default();
        for (id, officer) in BOUND {
            if plan.people().any(|person| person.as_str() == id) {
                bindings.bind_person(&format!("{id}={officer}")).unwrap();
            }
        }
        Self {
            plan,
            bindings,
            file: None,
            world: World::Rehearsal,
            resume: false,
        }
    }

    pub fn production(mut self) -> Self {
        self.world = World::Production;
        self
    }

    pub fn file(mut self, slot: &str, path: &Path) -> Self {
        self.bindings.bind_file(&format!("{slot}={}", path.display())).unwrap();
        self
    }

    pub fn person(mut self, id: &str, officer: &str) -> Self {
        self.bindings.bind_person(&format!("{id}={officer}")).unwrap();
        self
    }

    pub fn hold(&self, site: &Site, room: &mut Scripted<'_>) -> Result<Completed, CeremonyError> {
        self.hold_watched(site, room, &mut |_| {})
    }

    pub fn hold_watched(
        &self,
        site: &Site,
        room: &mut Scripted<'_>,
        at: &mut dyn FnMut(Step),
    ) -> Result<Completed, CeremonyError> {
        let request = Request {
            site,
            plan: &self.plan,
            file: self.file.as_deref(),
            bindings: &self.bindings,
            world: self.world,
            resume: self.resume,
        };
        let hall = Hall {
            room,
            random: &mut SystemRandom,
            clock: Clock::System,
            costs: QUICK,
            program: "cardmint test",
            build: Hash::of(&[b"build"]),
            at,
        };
        run(request, hall)
    }

    /// Holds it with people who do everything right.
    pub fn completed(&self, centre: &Centre) -> Completed {
        let mut room = Scripted::new(usual);
        let done = self.hold(&centre.site, &mut room).unwrap();
        let verdict = verdict(centre, &done);
        assert!(verdict.good(), "{:?}", verdict.findings);
        done
    }
}

/// The verdict on a completed ceremony, with the plan and the ledger at hand.
pub fn verdict(centre: &Centre, done: &Completed) -> Verdict {
    let transcript = Transcript::read(&done.transcript).unwrap();
    let mut verdict = verify(&transcript, Some(transcript.plan.as_bytes()));
    let (path, copy) = (centre.site.ledger_path(), centre.site.checkpoint_copy());
    compare(
        &transcript,
        Source::Database(&path, Some(&copy)),
        &mut verdict,
        &mut Unobserved,
    )
    .unwrap();
    verdict
}

/// What people answer who do everything right and have nothing on paper.
pub fn usual(asked: &Asked<'_>) -> Answer {
    let who = asked.who.map(|p| p.officer.as_str()).unwrap_or_default();
    let text = asked.question.render(cardmint::i18n::Lang::En);
    match asked.question.id() {
        "site-ask-passphrase" | "site-ask-new-passphrase" => passphrase(who).as_str().into(),
        "ceremony-ask-words" => between(&text, "exactly: ", " —").into(),
        "ceremony-ask-agree" => "the paper agrees".into(),
        "ceremony-ask-kcv" | "ceremony-ask-sheet-kcv" | "ceremony-component-kcv" => "".into(),
        "keys-ask-pin" | "keys-ask-pin-again" => "123456".into(),
        "ceremony-ask-kcv-shown" => between(&text, " is ", ". Type").into(),
        other => panic!("{who} was asked {other}: {text}"),
    }
}

pub fn between<'t>(text: &'t str, before: &str, behind: &str) -> &'t str {
    let rest = &text[text.find(before).unwrap() + before.len()..];
    &rest[..rest.find(behind).unwrap()]
}

/// What a secret type holds, by its one way out.
pub fn shown(secret: &SecretBytes) -> String {
    secret.on_page(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

/// A component of 16 bytes as it stands on a custodian's sheet.
pub fn sheet(kind: Kind, (index, needed): (u8, u8), tag: [u8; 2], bytes: [u8; 16]) -> String {
    let header = Header::new(kind, index, needed, tag).unwrap();
    shown(&written::write(header, &SecretBytes::new(bytes.to_vec())).unwrap())
}

/// The error of a ceremony that was abandoned.
#[track_caller]
pub fn abandoned(ended: Result<Completed, CeremonyError>) -> CeremonyError {
    match ended {
        Err(CeremonyError::Abandoned { why, .. }) => *why,
        other => panic!("not abandoned: {other:?}"),
    }
}

/// The transcript of the newest ceremony, judged; it need not be in a file.
pub fn newest(centre: &Centre, plan: &Plan) -> (Transcript, Verdict) {
    let ledger = centre.site.ledger().unwrap();
    let begin = ledger.latest(&["ceremony.begin"], &|_| true).unwrap().unwrap();
    let transcript = Transcript::of(&ledger, plan.text(), begin.seq).unwrap();
    let judged = verify(&transcript, Some(plan.text().as_bytes()));
    (transcript, judged)
}

/// The incidents of the newest ceremony: step, word, detail.
pub fn events(centre: &Centre) -> Vec<(String, String, String)> {
    let ledger = centre.site.ledger().unwrap();
    let end = ledger.latest(&["ceremony.end"], &|_| true).unwrap().unwrap();
    let Act::CeremonyEnd(body) = end.act else { panic!() };
    let of = |step: &StepDone| {
        let id = step.id.to_string();
        let all = step.events.iter().map(move |e| {
            let detail = e.detail.as_ref().map(ToString::to_string).unwrap_or_default();
            (id.clone(), e.what.to_string(), detail)
        });
        all.collect::<Vec<_>>()
    };
    body.steps.iter().flat_map(of).collect()
}

/// People who do everything right until somebody breaks off.
pub fn breaks_off_at(number: usize) -> impl FnMut(&Asked<'_>) -> Answer {
    move |asked| {
        if asked.number == number {
            Answer::BreaksOff
        } else {
            usual(asked)
        }
    }
}
