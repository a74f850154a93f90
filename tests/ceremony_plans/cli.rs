// SPDX-License-Identifier: Apache-2.0
//! `cardmint ceremony list`, `show` and `check` as they are typed.

use super::rehearsal::{Bench, by};

/// The city's officers as the plans' key officers; its custodians do not exist.
const BOUND: &str = "--participant key-officer-1=sun --participant key-officer-2=li --participant custodian-1=a \
    --participant custodian-2=b --participant custodian-3=c --file backup=new.backup --file pages=pages";

#[test]
fn list_and_show_in_both_languages() {
    let bench = Bench::empty();
    let listed = bench.run("ceremony list --json").good().records();
    assert_eq!(listed.len(), cardmint::ceremony::plan::SHIPPED.len());
    assert_eq!(listed[0]["schema"], "cardmint.ceremony/1");
    assert_eq!(listed[4]["title"]["zh"], "城市密钥仪式（建设部体系）");
    let shown = bench.run("ceremony show destroy --lang zh").good().out;
    for part in [
        "已停用圈存密钥销毁仪式",
        "destroy the load keys of version one",
        "key-officer-1",
        "已销毁",
        "密钥管理员",
    ] {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
    let shown = bench.run("ceremony show replace-custodian").good().out;
    for part in [
        "newcomer",
        "joins",
        "leaves",
        "takes no part",
        "2 of key-officer-1, key-officer-2, key-officer-3",
    ] {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
    let shown = &bench.run("ceremony show rotate --json").good().records()[0];
    let spoken = |lang: &str| shown["digest_words"][lang].as_array().unwrap().len();
    assert_eq!((spoken("en"), spoken("zh")), (32, 32));
    let first = shown["digest_words"]["zh"][0].as_str().unwrap();
    assert!(bench.run("ceremony show rotate --lang en").good().out.contains(first));
    assert_eq!(shown["steps"][0]["kind"], "rotate");
    assert_eq!(shown["steps"][0]["makes"][0], "load.v2.3des");
    assert_eq!(shown["steps"][0]["irreversible"], true);
    assert_eq!(shown["files"][1]["use"], "pages");
    assert_eq!(shown["expected"][1]["state"], "retired");
}

#[test]
fn check_alone_by_name_and_by_path() {
    let bench = Bench::empty();
    let said = bench.run("ceremony check mohurd-city").good();
    assert!(said.out.contains("no error, 0 warnings"), "{}", said.out);
    let text = super::changed(
        "mohurd-city",
        "by = [\"key-officer-1\", \"key-officer-2\"]",
        "by = [\"key-officer-1\"]",
    );
    std::fs::write(bench.path("own.toml"), text).unwrap();
    let said = bench.run("ceremony check own.toml --json");
    assert_eq!(said.code, 2);
    let records = said.records();
    assert_eq!(records[0]["check"], "CEREMONY-TWO-PEOPLE");
    assert!(records[0]["line"].as_u64().unwrap() > 40);
    assert_eq!(
        (&records[1]["errors"], &records[1]["site"]),
        (&1.into(), &serde_json::Value::Null)
    );
    assert_eq!(said.error()["id"], "plan-faulty");
    assert_eq!(
        bench.run("ceremony check no-such --json").error()["id"],
        "plan-not-found"
    );
}

#[test]
fn check_against_a_site_touches_nothing() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("pages")).unwrap();
    let before = bench.state();
    let ids = |line: &str| -> Vec<String> {
        let said = bench.run(&format!("{line} --json"));
        let findings = said
            .records()
            .into_iter()
            .filter(|r| r["schema"] == "cardmint.ceremony-finding/1");
        findings.map(|r| r["check"].as_str().unwrap().to_owned()).collect()
    };
    // Nobody is bound, so nobody is missing; the city's own load keys are there, and in use.
    assert!(ids("ceremony check rotate --site city").is_empty());
    assert_eq!(ids("ceremony check destroy --site city"), ["CEREMONY-KEY-STATE"; 2]);
    let found = ids("ceremony check mohurd-city --site city");
    assert!(
        found.len() == 34 && found.iter().all(|id| id == "CEREMONY-SITE-KEYS"),
        "{found:?}"
    );
    let found = ids(&format!("ceremony check backup --site city {BOUND}"));
    assert_eq!(found, ["CEREMONY-SITE-OFFICERS"; 3]);
    let found = ids("ceremony check mohurd-ministry-root --site city");
    assert!(found.contains(&"CEREMONY-SITE-FITS".to_owned()), "{found:?}");
    // The ministry's bundle, which the city has taken already, holds three 3DES keys and three of SM4; another site's does not fit.
    let line = |site: &str| {
        format!(
            "ceremony check mohurd-city --site {site} {BOUND} --participant witness=w --file ministry-bundle=city.bundle"
        )
    };
    assert!(!ids(&line("city")).contains(&"CEREMONY-SITE-FILES".to_owned()));
    assert!(ids(&line("other")).contains(&"CEREMONY-SITE-FILES".to_owned()));
    // Custodians and all: enrolled, the same check is clean.
    for name in ["a", "b", "c"] {
        bench.private(&format!("{name}.pass"), format!("passphrase of {name}\n"));
        let city = by("city", &["sun", "li"]);
        let line = format!("officer enrol {name} --role custodian --passphrase-file {name}={name}.pass {city}");
        bench.run(&line).good();
    }
    let with_custodians = bench.state();
    let said = bench.run(&format!("ceremony check backup --site city {BOUND}")).good();
    assert!(said.out.contains("no error"), "{}", said.out);
    let found = ids(&format!(
        "ceremony check backup --site city {BOUND} --participant witness=x"
    ));
    assert_eq!(found, ["CEREMONY-BOUND-ALL"]);
    std::fs::write(bench.path("new.backup"), "x").unwrap();
    let found = ids(&format!("ceremony check backup --site city {BOUND}"));
    assert_eq!(found, ["CEREMONY-BOUND-FILES"]);
    assert_eq!(bench.state(), with_custodians);
    assert_ne!(before, with_custodians);
}

#[test]
fn a_rehearsal_in_a_new_site_is_checked_before_anything_is_made_or_asked() {
    let bench = Bench::empty();
    std::fs::create_dir(bench.path("pages")).unwrap();
    let whole = "ceremony rehearse rotate --new site --code 3100 --file backup=new.backup --file pages=pages";
    let refused = |line: &str, id: &str, names: &str| {
        let error = bench.run(&format!("{line} --json")).error();
        assert_eq!(error["id"], id, "{line}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(names), "{line}: {message}");
        assert!(
            !bench.path("site").exists() && !bench.path("site.founding").exists(),
            "{line}"
        );
    };
    // With all of it right, the first passphrase is asked for, and here is nobody to ask.
    let no_terminal = bench.run(&format!("{whole} --json")).error()["id"].clone();
    assert_eq!(no_terminal, "cli-no-terminal");
    let without = |part: &str| {
        assert!(whole.contains(part), "{part}");
        whole.replace(part, "")
    };
    refused(
        &without(" --file backup=new.backup"),
        "ceremony-checks",
        "CEREMONY-BOUND-ALL",
    );
    refused(&without(" --file pages=pages"), "ceremony-checks", "CEREMONY-BOUND-ALL");
    let more = |more: &str| format!("{whole} {more}");
    refused(&more("--participant nobody=x"), "ceremony-checks", "CEREMONY-BOUND-ALL");
    refused(&more("--file nothing=x"), "ceremony-checks", "CEREMONY-BOUND-ALL");
    let same = "--participant key-officer-1=sun --participant key-officer-2=sun";
    refused(&more(same), "ceremony-checks", "CEREMONY-BOUND-DIFFERENT");
    refused(
        &whole.replace("pages=pages", "pages=nowhere"),
        "ceremony-checks",
        "CEREMONY-BOUND-FILES",
    );
    std::fs::write(bench.path("there"), "x").unwrap();
    refused(
        &whole.replace("new.backup", "there"),
        "ceremony-checks",
        "CEREMONY-BOUND-FILES",
    );
    // The new site itself.
    refused(&without(" --code 3100"), "scheme-code-length", "4");
    refused(&more("--participant key-officer-1=a/b"), "site-officer-name", "a/b");
    std::fs::create_dir(bench.path("full")).unwrap();
    std::fs::write(bench.path("full/x"), "x").unwrap();
    refused(&whole.replace("--new site", "--new full"), "site-not-empty", "full");
    // What comes from another centre, or goes to one.
    let ministry = "ceremony rehearse mohurd-city --new site --code 3100 --file backup=new.backup --file pages=pages --file ministry-bundle=there";
    refused(ministry, "ceremony-new-cannot", "take-ministry-keys");
}

#[test]
fn a_plan_is_rehearsed_in_a_site_made_for_it() {
    let bench = Bench::empty();
    let plan = r#"format = 1
title = { en = "Load keys", zh = "圈存密钥" }
purpose = { en = "Makes a load key.", zh = "生成圈存密钥。" }
scheme = "mohurd"
level = "city"
[[participant]]
id = "key-officer-1"
role = "key-officer"
[[participant]]
id = "key-officer-2"
role = "key-officer"
[[step]]
id = "load"
do = "generate"
keys = ["load.v1.3des"]
by = ["key-officer-1", "key-officer-2"]
[[expect]]
keys = ["load.v1.3des"]
state = "active"
"#;
    std::fs::write(bench.path("own.toml"), plan).unwrap();
    for name in ["sun", "key-officer-2"] {
        bench.private(&format!("{name}.pass"), format!("passphrase of {name}\n"));
    }
    // Whoever is not bound goes by the plan's own name.
    let line = "ceremony rehearse own.toml --new site --code 3100 --participant key-officer-1=sun \
                --passphrase-file sun=sun.pass --passphrase-file key-officer-2=key-officer-2.pass";
    bench.run(line).good();
    let keys = bench.run("key list --site site --json").good().out;
    assert!(keys.contains("load.v1.3des@city:3100"), "{keys}");
    assert!(bench.run("ledger verify --site site").good().out.contains("GOOD"));
}
