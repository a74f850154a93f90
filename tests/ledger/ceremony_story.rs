// SPDX-License-Identifier: Apache-2.0
//! A production site whose keys were made, moved, backed up and destroyed in ceremonies, for the tests of their rules.

use cardmint::ledger::act::*;
use cardmint::ledger::{Act, Founding, Hash, Nonce, Policy, Role, SiteId, Word};

use super::bench_site::*;
use super::story::{arrived, short};

/// Signers of one entry.
pub type By = Vec<&'static str>;

/// An act and who signs it.
pub type Step = (Act, By);

pub const OFFICERS: [&str; 2] = ["张三", "李四"];
pub const ALL: [&str; 4] = ["张三", "李四", "王五", "赵六"];

/// Two key officers and two custodians; a policy that asks for nothing.
pub fn key_centre(rehearsal: bool) -> Founding {
    let mut founding = founding(Policy::default());
    founding.site = SiteId::new("city-3100-keys").unwrap();
    founding.init.rehearsal = rehearsal;
    (founding.init.memory_lock, founding.init.copy_outside) = (true, true);
    founding.init.kcv_length = rehearsal.then_some(4);
    founding.init.officers = vec![
        officer("张三", 1, &[Role::KeyOfficer]),
        officer("李四", 2, &[Role::KeyOfficer, Role::Witness]),
        officer("王五", 3, &[Role::Custodian]),
        officer("赵六", 4, &[Role::Custodian]),
    ];
    founding
}

pub fn ceremonies_only() -> Policy {
    Policy {
        keys_by_ceremony: true,
        ..Policy::default()
    }
}

pub fn plan(name: &str) -> Hash {
    Hash::of(&[b"plan ", name.as_bytes()])
}

pub fn nonce(n: u8) -> Nonce {
    Nonce::of([0xA0, n, 3, 4, 5, 6, 7, 8])
}

pub fn word(s: &str) -> Word {
    Word::new(s).unwrap()
}

pub fn participants(people: &[&str]) -> Vec<Participant> {
    let part = |(n, name): (u32, &&str)| {
        let (id, role) = match *name {
            "张三" => ("key-officer".to_owned(), Role::KeyOfficer),
            "李四" => ("witness".to_owned(), Role::Witness),
            _ => (format!("custodian-{n}"), Role::Custodian),
        };
        Participant {
            id: text(&id),
            role,
            officer: text(name),
        }
    };
    (1..).zip(people).map(part).collect()
}

pub fn begun(name: &str, n: u8, people: &[&str]) -> CeremonyBegin {
    CeremonyBegin {
        plan: plan(name),
        title: text(name),
        nonce: nonce(n),
        participants: participants(people),
        program: text("cardmint 0.1.0"),
        build: Hash::of(&[b"executable"]),
        resumes: None,
    }
}

pub fn step(id: &str, kind: &str, keys: &[&KeyArrived]) -> StepDone {
    let seen = |key: &&KeyArrived| KeySeen {
        key: key.key.clone(),
        kcv: key.kcv.clone(),
    };
    StepDone {
        id: text(id),
        kind: word(kind),
        began: moment("2026-11-18T11:10:00Z"),
        ended: moment("2026-11-18T11:12:30Z"),
        by: vec![text("张三")],
        keys: keys.iter().map(seen).collect(),
        components: Vec::new(),
        shares: Vec::new(),
        files: Vec::new(),
        confirmed: Vec::new(),
        events: Vec::new(),
    }
}

fn moment(s: &str) -> cardmint::ledger::Moment {
    cardmint::ledger::Moment::new(s).unwrap()
}

pub fn ended(begin: u64, name: &str, n: u8, steps: Vec<StepDone>) -> CeremonyEnd {
    CeremonyEnd {
        begin,
        plan: plan(name),
        nonce: nonce(n),
        result: CeremonyResult::Completed,
        reason: None,
        steps,
    }
}

pub fn abandoned(begin: u64, name: &str, n: u8) -> CeremonyEnd {
    CeremonyEnd {
        result: CeremonyResult::Abandoned,
        reason: Some(text("王五 could not come")),
        ..ended(begin, name, n, Vec::new())
    }
}

/// A key of this version of the load key.
pub fn load_key(version: u32, ceremony: Option<u64>) -> KeyArrived {
    KeyArrived {
        version,
        ceremony,
        ..arrived(&format!("load/{version}"))
    }
}

pub fn retired(key: &str, state: KeyState, ceremony: Option<u64>) -> Act {
    Act::KeyRetire(KeyRetire {
        key: text(key),
        kcv: short("2677F4"),
        state,
        reason: text("next version"),
        ceremony,
    })
}

pub fn exported(key: &str, ceremony: Option<u64>) -> Act {
    Act::KeyExport(KeyExport {
        key: text(key),
        kcv: short("2677F4"),
        to: text("city-3200 city 3200"),
        form: text("sealed bundle"),
        factors: Vec::new(),
        package: Some(Hash::of(&[b"bundle"])),
        ceremony,
    })
}

pub fn holders(names: &[&str]) -> Vec<Holder> {
    let holder = |(index, name): (u32, &&str)| Holder {
        officer: text(name),
        index,
    };
    (1..).zip(names).map(holder).collect()
}

pub fn shares(names: &[&str]) -> Vec<ShareSeen> {
    let share = |(index, name): (u32, &&str)| ShareSeen {
        officer: text(name),
        index,
        digest: Hash::of(&[b"share", name.as_bytes()]),
    };
    (1..).zip(names).map(share).collect()
}

pub fn backup(ceremony: u64, file: &str) -> StoreBackup {
    StoreBackup {
        digest: Hash::of(&[file.as_bytes()]),
        generation: 7,
        threshold: 2,
        shares: shares(&["李四", "王五", "赵六"]),
        keys: 1,
        ceremony,
    }
}

pub fn restore(ceremony: u64, file: &str) -> StoreRestore {
    StoreRestore {
        digest: Hash::of(&[file.as_bytes()]),
        generation: 7,
        shares: shares(&["李四", "王五"]),
        keys: 1,
        quorum: 2,
        holders: holders(&["张三", "李四", "王五"]),
        ceremony,
    }
}

/// Begins a ceremony of all and returns the number of its entry.
pub fn begin(b: &mut Bench, name: &str, n: u8) -> u64 {
    b.by(&ALL, Act::CeremonyBegin(begun(name, n, &ALL))).unwrap()
}

/// A ceremony of these people, whose acts are signed by both key officers and whose end by all of them.
pub fn done(b: &mut Bench, name: &str, n: u8, people: &[&'static str], acts: impl FnOnce(u64) -> Told) -> u64 {
    let seq = b.by(people, Act::CeremonyBegin(begun(name, n, people))).unwrap();
    let (mut acts, steps) = acts(seq);
    acts.push((Act::CeremonyEnd(ended(seq, name, n, steps)), people.to_vec()));
    b.together(&acts).unwrap();
    seq
}

/// What a ceremony did, and its transcript.
pub type Told = (Vec<Step>, Vec<StepDone>);

pub fn two(act: Act) -> Step {
    (act, OFFICERS.to_vec())
}

/// The first ceremony of the site: its load key.
pub fn first_key(b: &mut Bench) -> u64 {
    done(b, "city keys", 1, &ALL, |seq| {
        let key = load_key(1, Some(seq));
        let steps = vec![step("load", "generate", &[&key])];
        (vec![two(Act::KeyGenerate(key))], steps)
    })
}

/// Every act that belongs to a ceremony, with every field, and the endings that a ceremony can have.
pub fn told_ceremonies() -> Bench {
    let mut b = Bench::of(key_centre(false));
    let ministry = SiteTrust {
        site: SiteId::new("4cfc1c60-ministry").unwrap(),
        name: text("住房和城乡建设部"),
        owner: text("ministry"),
        signing: public(7),
        card: Hash::of(&[b"card of the ministry"]),
    };
    let seq = begin(&mut b, "city keys", 11);
    b.by(&OFFICERS, Act::CeremonyEnd(abandoned(seq, "city keys", 11)))
        .unwrap();
    let seq = begin(&mut b, "city keys", 12);
    let again = CeremonyBegin {
        resumes: Some(seq),
        ..begun("city keys", 13, &ALL)
    };
    let seq = b.by(&ALL, Act::CeremonyBegin(again)).unwrap();
    tell_keys(&mut b, seq);
    done(&mut b, "next version", 14, &ALL, |seq| {
        let key = load_key(2, Some(seq));
        let steps = vec![step("rotate", "rotate", &[&key])];
        let retire = retired("load/1", KeyState::Retired, Some(seq));
        (vec![two(Act::KeyGenerate(key)), two(retire)], steps)
    });
    tell_custodian_replaced(&mut b);
    done(&mut b, "restore", 16, &["张三", "李四", "王五", "孙七"], |seq| {
        let destroy = retired("load/1", KeyState::Destroyed, Some(seq));
        let acts = vec![two(Act::StoreRestore(restore(seq, "backup"))), two(destroy)];
        (acts, vec![step("restore", "restore", &[])])
    });
    let policy = ceremonies_only();
    b.by(&OFFICERS, Act::PolicyChange(PolicyChange { policy })).unwrap();
    b.by(&OFFICERS, Act::SiteTrust(ministry)).unwrap();
    b.checkpoint();
    b
}

/// Keys by every way that a key comes, a PIN, and a transcript with every field.
fn tell_keys(b: &mut Bench, seq: u64) {
    let of = |id: &str| KeyArrived {
        ceremony: Some(seq),
        ..arrived(id)
    };
    let load = load_key(1, Some(seq));
    let mut purchase = of("purchase/1");
    (purchase.usage, purchase.components) = (text("purchase"), vec![short("AABBCC"), short("112233")]);
    let mut root = of("root/1");
    (root.usage, root.components, root.method) = (
        text("root"),
        vec![short("A1A2A3"), short("B1B2B3")],
        Some(word("digest")),
    );
    let mut tac = of("tac/1");
    (tac.usage, tac.parent, tac.factors) = (text("tac"), Some(text("root/1")), vec![short("3100FF0000000000")]);
    let mut maintenance = of("maintenance/1");
    (maintenance.usage, maintenance.from) = (text("maintenance"), Some(text("住房和城乡建设部")));
    maintenance.package = Some(Hash::of(&[b"package"]));
    let pin = PinSet {
        name: text("user default"),
        ceremony: Some(seq),
    };
    let mut entered = step("purchase", "components", &[&purchase]);
    let given = |name: &str, kcv: &str| ComponentSeen {
        officer: text(name),
        kcv: short(kcv),
    };
    entered.components = vec![given("王五", "AABBCC"), given("赵六", "112233")];
    (entered.by, entered.confirmed) = (vec![text("王五"), text("赵六")], vec![text("张三"), text("李四")]);
    entered.events = vec![
        Event {
            at: moment("2026-11-18T11:10:40Z"),
            officer: Some(text("王五")),
            what: word("typing-error"),
            detail: Some(text("group 3")),
        },
        Event {
            at: moment("2026-11-18T11:11:00Z"),
            officer: None,
            what: word("retry"),
            detail: None,
        },
    ];
    let mut came = step("take", "receive", &[&maintenance]);
    came.files = vec![FileSeen {
        slot: text("ministry-bundle"),
        digest: Hash::of(&[b"package"]),
    }];
    let steps = vec![
        step("load", "generate", &[&load]),
        entered,
        step("root", "factors", &[&root]),
        step("tac", "derive", &[&tac]),
        came,
        step("pin", "pin", &[]),
    ];
    let end = Act::CeremonyEnd(ended(seq, "city keys", 13, steps));
    b.together(&[
        two(Act::KeyGenerate(load)),
        two(Act::KeyImport(purchase)),
        two(Act::KeyImport(root)),
        two(Act::KeyDerive(tac)),
        two(Act::KeyReceive(maintenance)),
        two(Act::PinSet(pin)),
        (end, ALL.to_vec()),
    ])
    .unwrap();
}

/// 孙七 comes for 赵六, who takes part for the last time; then a backup and an export.
fn tell_custodian_replaced(b: &mut Bench) {
    let new = officer("孙七", 5, &[Role::Custodian]);
    done(b, "custodian", 15, &ALL, |seq| {
        let enrol = Officer {
            ceremony: Some(seq),
            ..new
        };
        let revoke = OfficerRevoke {
            name: text("赵六"),
            reason: text("retires"),
            ceremony: Some(seq),
        };
        let reshare = StoreReshare {
            quorum: 2,
            holders: holders(&["张三", "王五", "孙七"]),
            ceremony: Some(seq),
        };
        let mut copy = backup(seq, "backup");
        copy.shares = shares(&["李四", "王五", "孙七"]);
        let mut handed = step("backup", "backup", &[]);
        handed.shares.clone_from(&copy.shares);
        let acts = vec![
            (Act::OfficerEnrol(enrol), vec!["张三", "李四", "孙七"]),
            two(Act::OfficerRevoke(revoke)),
            two(Act::StoreReshare(reshare)),
            two(Act::StoreBackup(copy)),
            two(exported("load/2", Some(seq))),
        ];
        (acts, vec![step("enrol", "enrol", &[]), handed])
    });
}
