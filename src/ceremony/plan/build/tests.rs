// SPDX-License-Identifier: Apache-2.0
//! What can be read, and with which path and line the rest is refused.

use super::*;
use crate::ceremony::plan::{FactorMethod, SlotUse};
use crate::keys::KeyState;

const HEAD: &str = "format = 1\ntitle = { en = \"t\", zh = \"题\" }\npurpose = { en = \"p\", zh = \"用\" }\n";

fn step_of(body: &str) -> Result<Step, PlanError> {
    let text = format!("{HEAD}[[step]]\nid = \"s\"\n{body}");
    read(&text, "test").map(|mut plan| plan.steps.remove(0))
}

fn refused(body: &str) -> (usize, String, PlanReason) {
    match step_of(body).unwrap_err() {
        PlanError::Field { line, path, reason, .. } => (line, path, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_is_read_and_says_its_name() {
    let kinds = [
        ("generate", "keys = [\"load.v1.3des\"]"),
        (
            "components",
            "key = \"load.v1.sm4\"\ncustodians = [\"a\"]\nconfirm = [\"b\"]",
        ),
        (
            "factors",
            "keys = [\"load.v1.sm4\"]\nleaders = [\"a\"]\nconfirm = [\"b\"]",
        ),
        (
            "derive",
            "keys = [\"purchase.v1.sm4\"]\nto = \"city:3100\"\nsubject = { province = \"3300\" }",
        ),
        ("receive", "keys = [\"purchase.v1.sm4\"]\nfile = \"bundle\""),
        (
            "import-block",
            "keys = [\"purchase.v1.sm4\"]\nfile = \"blocks\"\nunder = \"kek\"",
        ),
        (
            "import-exchange-key",
            "name = \"kek\"\nalgorithm = \"aes-256\"\ncustodians = [\"a\"]\nconfirm = [\"b\"]",
        ),
        (
            "export-bundle",
            "keys = [\"purchase.v1.sm4\"]\nto = \"card\"\nfile = \"bundle\"",
        ),
        (
            "export-block",
            "keys = [\"purchase.v1.sm4\"]\nunder = \"kek\"\nfile = \"blocks\"\nexportable = \"trusted\"",
        ),
        (
            "export-forms",
            "key = \"load.v1.sm4\"\ncustodians = [\"a\"]\npages = \"paper\"",
        ),
        (
            "split",
            "key = \"load.v1.sm4\"\ncustodians = [\"a\"]\npages = \"paper\"\nthreshold = 2",
        ),
        (
            "combine",
            "key = \"load.v1.sm4\"\ncustodians = [\"a\"]\nconfirm = [\"b\"]\nthreshold = 2",
        ),
        (
            "rotate",
            "keys = [\"load.v1.sm4\"]\nto-version = 2\nretire = true\nstart = \"pre-active\"",
        ),
        (
            "state",
            "keys = [\"load.v1.sm4\"]\nstate = \"compromised\"\nreason = \"lost\"",
        ),
        ("destroy", "keys = [\"load.v1.sm4\"]\nreason = \"old\""),
        (
            "backup",
            "file = \"sealed\"\nthreshold = 2\ncustodians = [\"a\"]\npages = \"paper\"",
        ),
        (
            "restore",
            "file = \"sealed\"\nthreshold = 2\ncustodians = [\"a\"]\nquorum = 2\nholders = [\"a\"]\nlost = \"fire\"",
        ),
        ("enrol", "officer = \"new\"\nroles = [\"custodian\"]"),
        ("revoke", "officer = \"old\"\nreason = \"left\""),
        ("reshare", "quorum = 2\nholders = [\"a\"]"),
        ("pin", "name = \"pin\""),
        ("check", "keys = [\"load.v1.sm4\"]"),
    ];
    for (kind, fields) in kinds {
        let body = format!("do = \"{kind}\"\n{fields}\n");
        let step = step_of(&body).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(step.what.kind(), kind);
        // Each field is needed or has a default, and no field of another kind is taken.
        for field in fields.lines() {
            let name = field.split(' ').next().unwrap_or_default();
            let optional = ["subject", "exportable", "retire", "start", "lost", "method"];
            let without: Vec<_> = fields.lines().filter(|l| *l != field).collect();
            let read = step_of(&format!("do = \"{kind}\"\n{}\n", without.join("\n")));
            assert_eq!(
                read.is_ok(),
                optional.contains(&name),
                "{kind} without {name}: {read:?}"
            );
        }
        let other = if kind == "pin" { "retire = true" } else { "name = \"x\"" };
        if !fields.contains("name = ") || kind == "pin" {
            let (_, _, reason) = refused(&format!("{body}{other}\n"));
            assert!(matches!(reason, PlanReason::NotHere { .. }), "{kind}: {reason:?}");
        }
    }
}

#[test]
fn steps_say_what_they_make_use_and_need() {
    let step = step_of("do = \"derive\"\nkeys = [\"purchase.v1.sm4\"]\nto = \"city:3100\"\n").unwrap();
    let names = |keys: &[PlannedKey]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&step.what.made()), ["purchase.v1.sm4@city:3100"]);
    assert_eq!(names(step.what.used()), ["purchase.v1.sm4"]);
    let rotate = "do = \"rotate\"\nkeys = [\"load.v1.sm4\"]\nto-version = 7\nstart = \"pre-active\"\n";
    let step = step_of(rotate).unwrap();
    assert_eq!(names(&step.what.made()), ["load.v7.sm4"]);
    assert_eq!(
        (step.what.start(), step.what.irreversible()),
        (KeyState::PreActive, false)
    );
    assert!(
        step_of(&format!("{rotate}retire = true\n"))
            .unwrap()
            .what
            .irreversible()
    );
    let backup = "do = \"backup\"\nfile = \"sealed\"\nthreshold = 2\ncustodians = [\"a\", \"b\"]\npages = \"paper\"\n";
    let step = step_of(backup).unwrap();
    let slots: Vec<_> = step
        .what
        .slots()
        .into_iter()
        .map(|(slot, how)| (slot.to_string(), how))
        .collect();
    assert_eq!(
        slots,
        [
            ("sealed".to_owned(), SlotUse::Write),
            ("paper".to_owned(), SlotUse::Pages)
        ]
    );
    assert_eq!(step.what.custodians().len(), 2);
    let factors =
        "do = \"factors\"\nkeys = [\"load.v1.sm4\"]\nleaders = [\"a\", \"b\"]\nconfirm = [\"c\"]\nmethod = \"xor\"\n";
    let Do::Factors(work) = step_of(factors).unwrap().what else {
        panic!("no factors")
    };
    assert_eq!((work.method, work.leaders.len()), (FactorMethod::Xor, 2));
}

#[test]
fn what_makes_no_sense_is_refused_with_path_and_line() {
    let (line, path, reason) = refused("do = \"generate\"\nkeys = [\"load.v1.3des\",\n  \"load\"]\n");
    assert_eq!((line, path.as_str()), (8, "step[0].keys[1]"));
    assert_eq!(reason, PlanReason::Key { text: "load".into() });
    let (line, path, reason) = refused("do = \"check\"\n");
    assert_eq!(
        (line, path.as_str(), reason),
        (4, "step[0]", PlanReason::Missing { field: "keys" })
    );
    let (line, path, _) = refused("do = \"check\"\nkeys = [\"load.v1.3des\"]\nreason = \"x\"\n");
    assert_eq!((line, path.as_str()), (8, "step[0].reason"));
    let state = |state: &str| {
        refused(&format!(
            "do = \"state\"\nkeys = [\"a.v1.sm4\"]\nstate = \"{state}\"\nreason = \"r\"\n"
        ))
    };
    assert_eq!(state("destroyed").2, PlanReason::State { state: "destroyed" });
    let start = "do = \"generate\"\nkeys = [\"a.v1.sm4\"]\nstart = \"retired\"\n";
    assert_eq!(refused(start).2, PlanReason::State { state: "retired" });
    let version = "do = \"rotate\"\nkeys = [\"a.v1.sm4\"]\nto-version = 0\n";
    assert_eq!(refused(version).2, PlanReason::Version { version: 0 });
    let to = "do = \"derive\"\nkeys = [\"a.v1.sm4\"]\nto = \"city:\"\n";
    assert!(matches!(refused(to).2, PlanReason::Owner { .. }));
    let by = "do = \"check\"\nkeys = [\"a.v1.sm4\"]\nby = [\"a\", \"B\"]\n";
    assert_eq!(refused(by).1, "step[0].by[1]");
    let key = format!(
        "do = \"destroy\"\nkeys = [\"a.v1.sm4\"]\nreason = \"{}\"\n",
        "0".repeat(32)
    );
    assert_eq!(refused(&key).2, PlanReason::Text { field: "reason" });
}

#[test]
fn the_frame_is_read_strictly() {
    let fails = |text: &str| read(text, "test").unwrap_err();
    assert!(matches!(fails(""), PlanError::Syntax { line: 1, .. }));
    assert!(matches!(
        fails(&format!("{HEAD}resum = true\n")),
        PlanError::Syntax { line: 4, .. }
    ));
    let two = HEAD.replace("format = 1", "format = 2");
    assert_eq!(
        fails(&two),
        PlanError::Format {
            source: "test".into(),
            found: 2
        }
    );
    let role = format!("{HEAD}[[participant]]\nid = \"a\"\nrole = \"operator\"\n");
    assert!(matches!(fails(&role), PlanError::Field { line: 6, .. }));
    let empty = HEAD.replace("\"题\"", "\" \"");
    assert!(matches!(fails(&empty), PlanError::Field { line: 2, .. }));
    let steering = HEAD.replace("\"p\"", "\"\\u001b[2J\"");
    assert!(matches!(fails(&steering), PlanError::Field { line: 3, .. }));
    let step = format!("{HEAD}[[step]]\nid = \"s\"\ndo = \"generat\"\n");
    assert!(matches!(fails(&step), PlanError::Syntax { line: 6, .. }));
    let field = format!("{HEAD}[[step]]\nid = \"s\"\ndo = \"check\"\nkeyz = []\n");
    assert!(matches!(fails(&field), PlanError::Syntax { line: 7, .. }));
}

#[test]
fn the_digest_is_that_of_the_bytes() {
    let plan = read(HEAD, "test").unwrap();
    assert_eq!(plan.digest(), crate::ledger::Hash::of(&[HEAD.as_bytes()]));
    let spaced = format!("{HEAD}\n");
    assert_ne!(plan.digest(), read(&spaced, "test").unwrap().digest());
    assert_eq!(plan.text(), HEAD);
}
