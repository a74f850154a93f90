// SPDX-License-Identifier: Apache-2.0
//! `cardmint calc` as a program: the examples of its page, the vectors of tests/kat, streaming, bad lines.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn calc(arguments: &[&str], input: impl Into<Vec<u8>>) -> (i32, String) {
    let run = assert_cmd::Command::cargo_bin("cardmint")
        .unwrap()
        .arg("calc")
        .args(arguments)
        .env("LC_ALL", "C")
        .write_stdin(input)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
    (run.status.code().unwrap(), String::from_utf8(run.stdout).unwrap())
}

/// One request, one answer.
fn ask(request: &Value) -> Value {
    let (_, out) = calc(&[], format!("{request}\n"));
    assert_eq!(out.lines().count(), 1, "{out}");
    serde_json::from_str(&out).unwrap()
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"]
        .as_str()
        .unwrap_or_else(|| panic!("no error: {answer}"))
}

#[test]
fn the_examples_of_the_page() {
    let page = std::fs::read_to_string(root().join("docs/formats/calc.md")).unwrap();
    let take = |mark| {
        page.lines()
            .filter_map(move |line| line.trim_start().strip_prefix(mark))
    };
    let (requests, answers): (Vec<_>, Vec<_>) = (take("in:  ").collect(), take("out: ").collect());
    assert!(requests.len() == answers.len() && requests.len() > 15);
    for op in [
        "diversify",
        "kcv",
        "mac",
        "session",
        "load",
        "purchase",
        "wrap-key",
        "external-auth",
    ] {
        assert!(
            requests.iter().any(|r| r.contains(&format!("\"op\":\"{op}\""))),
            "{op} has an example"
        );
    }
    let (exit, out) = calc(&[], requests.join("\n"));
    assert_eq!(exit, 1);
    for ((request, expected), got) in requests.iter().zip(&answers).zip(out.lines()) {
        assert_eq!(got, *expected, "{request}");
    }
    assert_eq!(out.lines().count(), answers.len());
}

/// The vectors that are an operation of the calculator go through it too.
#[test]
fn the_known_answers() {
    let mut asked = std::collections::BTreeMap::<&str, usize>::new();
    for file in std::fs::read_dir(root().join("tests/kat")).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for vector in &vectors {
            let Some((op, request, expected)) = request_of(vector) else {
                continue;
            };
            let answer = ask(&request);
            let same = expected.iter().all(|(name, value)| answer[name] == *value);
            assert_eq!(same, vector["expect"] == "equals", "{}: {answer}", vector["name"]);
            *asked.entry(op).or_default() += 1;
        }
    }
    assert_eq!(asked.len(), 7, "{asked:?}");
    assert!(asked.values().all(|n| *n >= 5), "{asked:?}");
}

type Expected = Vec<(&'static str, Value)>;

/// The request that a vector is, if it is one.
fn request_of(vector: &Value) -> Option<(&'static str, Value, Expected)> {
    let (input, out) = (&vector["in"], &vector["out"]);
    let text = |name: &str| out[name].as_str().unwrap_or_default().to_owned();
    let outs = |names: &[&'static str]| -> Expected {
        names
            .iter()
            .filter(|n| out[**n].is_string())
            .map(|n| (*n, out[*n].clone()))
            .collect()
    };
    let first4 = || vec![("mac", json!(text("mac")[..8]))];
    let with = |op: &str, extra: Value| {
        let mut request = input.clone();
        request["op"] = json!(op);
        for (name, value) in extra.as_object().unwrap() {
            request[name] = value.clone();
        }
        request
    };
    let wide = |name: &str| input[name].as_str().is_some_and(|k| k.len() == 32);
    Some(match vector["algorithm"].as_str()? {
        "diversify" => ("diversify", with("diversify", json!({})), outs(&["key"])),
        "kcv" => (
            "kcv",
            with("kcv", json!({"len": text("kcv").len() / 2})),
            outs(&["kcv"]),
        ),
        "des-mac" => ("mac", with("mac", json!({"alg": "des"})), first4()),
        "retail-mac" => ("mac", with("mac", json!({"alg": "retail"})), first4()),
        "sm4-mac" => ("mac", with("mac", json!({"alg": "sm4"})), first4()),
        "load" | "purchase" if wide("key") => {
            let op = if vector["algorithm"] == "load" {
                "load"
            } else {
                "purchase"
            };
            let extra = if input["datetime"].is_string() {
                json!({})
            } else {
                json!({"datetime": "20000101000000"})
            };
            let names: &[_] = if input["datetime"].is_string() {
                &["session", "mac1", "mac2", "tac"]
            } else {
                &["session", "mac1"]
            };
            (op, with(op, extra), outs(names))
        }
        "wrap" => {
            let request = json!({"op": "wrap-key", "alg": input["alg"], "control_key": input["key"],
                "random": input["challenge"], "header": input["header"], "record": input["record"]});
            let data = text("data");
            let (cipher, mac) = data.split_at(data.len() - 8);
            ("wrap-key", request, vec![("data", json!(cipher)), ("mac", json!(mac))])
        }
        "external-auth" => {
            let request =
                json!({"op": "external-auth", "alg": input["alg"], "key": input["key"], "random": input["challenge"]});
            ("external-auth", request, outs(&["data"]))
        }
        _ => return None,
    })
}

const GOOD: &str = r#"{"id":1,"op":"kcv","alg":"3des","key":"404142434445464748494A4B4C4D4E4F"}"#;

#[test]
fn nothing_in_is_nothing_out() {
    assert_eq!(calc(&[], ""), (0, String::new()));
}

#[test]
fn a_good_line_is_exit_0_with_or_without_its_end() {
    let answer = "{\"id\":1,\"kcv\":\"8BAF47\"}\n".to_owned();
    assert_eq!(calc(&[], GOOD), (0, answer.clone()));
    assert_eq!(calc(&[], format!("{GOOD}\r\n")), (0, answer.clone()));
    assert_eq!(calc(&["--json"], GOOD), (0, answer));
}

#[test]
fn a_bad_line_among_good_ones_is_answered_alone() {
    let (exit, out) = calc(&[], format!("{GOOD}\n{{\"id\":[2],\"op\":\"nothing\"}}\n\n{GOOD}\n"));
    assert_eq!(exit, 1);
    let lines: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        (&lines[0]["kcv"], &lines[3]["kcv"]),
        (&json!("8BAF47"), &json!("8BAF47"))
    );
    assert_eq!((&lines[1]["id"], code(&lines[1])), (&json!([2]), "unknown-op"));
    assert_eq!((&lines[2]["id"], code(&lines[2])), (&Value::Null, "bad-json"));
}

#[test]
fn ids_come_back_exactly_as_written() {
    let ids = [
        "null",
        "true",
        "-0",
        "1.50",
        "123456789012345678901234567890",
        "1e400",
        "\"\\u00e9\\n密\"",
        "[1, 2]",
        "{\"a\": {\"b\": [ ]}}",
    ];
    for id in ids {
        let (_, out) = calc(&[], GOOD.replacen('1', id, 1));
        assert_eq!(out, format!("{{\"id\":{id},\"kcv\":\"8BAF47\"}}\n"));
        let (exit, out) = calc(&[], format!("{{\"op\":\"x\",\"id\":{id}}}"));
        assert!(
            exit == 1 && out.starts_with(&format!("{{\"id\":{id},\"error\":")),
            "{out}"
        );
    }
    let (_, out) = calc(&[], GOOD.replacen("\"id\":1,", "", 1));
    assert_eq!(out, "{\"id\":null,\"kcv\":\"8BAF47\"}\n");
}

#[test]
fn each_fault_has_its_code() {
    let key = "404142434445464748494A4B4C4D4E4F";
    let kcv = |extra: Value| {
        let mut request = json!({"id": 7, "op": "kcv", "alg": "3des", "key": key});
        for (name, value) in extra.as_object().unwrap() {
            request[name] = value.clone();
        }
        request
    };
    let load = |name: &str, value: Value| {
        let mut request = json!({"op": "load", "alg": "3des", "key": key, "balance": "00000001", "amount": "00000001",
            "type": "02", "terminal": "000000000001", "random": "01020304", "counter": "0000", "datetime": "20240229235959"});
        request[name] = value;
        request
    };
    let cases = [
        (json!({"id": 7}), "missing-field"),
        (json!({"id": 7, "op": 5}), "bad-value"),
        (json!({"id": 7, "op": "KCV"}), "unknown-op"),
        (json!([1]), "bad-json"),
        (json!("text"), "bad-json"),
        (kcv(json!({"alg": "des"})), "bad-value"),
        (kcv(json!({"alg": null})), "bad-value"),
        (kcv(json!({"key": "40"})), "wrong-length"),
        (kcv(json!({"key": "404"})), "bad-hex"),
        (kcv(json!({"key": ""})), "wrong-length"),
        (kcv(json!({"key": format!("{key}00")})), "wrong-length"),
        (kcv(json!({"key": key.replace("40", "4 ")})), "bad-hex"),
        (kcv(json!({"key": [key]})), "bad-value"),
        (kcv(json!({"len": 2})), "bad-value"),
        (kcv(json!({"len": 9})), "bad-value"),
        (kcv(json!({"len": 3.5})), "bad-value"),
        (kcv(json!({"len": "3"})), "bad-value"),
        (kcv(json!({"more": {"deep": [1, null]}})), "unknown-field"),
        (
            json!({"op": "diversify", "alg": "3des", "key": key, "factors": "1122334455667788"}),
            "bad-value",
        ),
        (
            json!({"op": "diversify", "alg": "3des", "key": key, "factors": ["1122334455667788", 5]}),
            "bad-value",
        ),
        (
            json!({"op": "diversify", "alg": "3des", "key": key, "factors": ["11223344556677"]}),
            "wrong-length",
        ),
        (
            json!({"op": "mac", "alg": "des", "key": key, "data": ""}),
            "wrong-length",
        ),
        (json!({"op": "mac", "alg": "3des", "key": key, "data": ""}), "bad-value"),
        (
            json!({"op": "mac", "alg": "sm4", "key": key, "iv": "0000000000000000", "data": ""}),
            "wrong-length",
        ),
        (
            json!({"op": "session", "alg": "sm4", "key": key, "data": key}),
            "wrong-length",
        ),
        (
            json!({"op": "external-auth", "alg": "sm4", "key": "0102030405060708", "random": "01020304"}),
            "wrong-length",
        ),
        (
            json!({"op": "external-auth", "alg": "3des", "key": key, "random": "010203"}),
            "wrong-length",
        ),
        (
            json!({"op": "wrap-key", "alg": "3des", "control_key": key, "random": "01020304", "header": "84D400001C",
            "record": "00".repeat(256)}),
            "wrong-length",
        ),
        (load("amount", json!("FFFFFFFF")), "bad-value"),
        (load("datetime", json!("20230229235959")), "bad-value"),
        (load("datetime", json!("2024022923595A")), "bad-value"),
        (load("tac_key", json!("0102030405060708")), "wrong-length"),
        (load("terminal_counter", json!("00000000")), "unknown-field"),
    ];
    for (request, expected) in cases {
        let answer = ask(&request);
        assert_eq!(code(&answer), expected, "{request} {answer}");
        assert_eq!(answer["id"], request["id"], "{request}");
    }
    let (_, out) = calc(&[], GOOD.replace("{\"id\"", "{\"key\":\"00\",\"id\""));
    assert!(out.contains("duplicate-field"), "{out}");
    let (_, out) = calc(&[], GOOD.replace("{\"id\"", "{\"id\":2,\"id\""));
    assert!(
        out.starts_with("{\"id\":2,") && out.contains("duplicate-field"),
        "{out}"
    );
    let (_, out) = calc(&[], b"{\"id\":1,\"op\":\"\xFF\"}".to_vec());
    assert!(out.contains("bad-json"), "{out}");
    assert_eq!(ask(&load("type", json!("02")))["error"], Value::Null);
}

/// A key in the wrong place must not come back in a message.
#[test]
fn no_value_is_repeated_in_a_message() {
    let canary = "DEADC0DE44556677DEADC0DE44556677";
    for (place, good) in [
        ("op", "kcv"),
        ("alg", "3des"),
        ("key", "404142434445464748494A4B4C4D4E4F"),
    ] {
        for wrong in [
            canary.to_owned(),
            format!("{canary}G"),
            canary.to_lowercase(),
            format!("{canary}00"),
        ] {
            if place == "key" && wrong.len() == 32 {
                continue;
            }
            let (_, out) = calc(&[], GOOD.replacen(&format!("\"{good}\""), &format!("\"{wrong}\""), 1));
            assert!(
                out.contains("error") && !out.to_uppercase().contains("DEADC0DE"),
                "{place}: {out}"
            );
        }
    }
    for field in [canary, "deadbeefdeadbeef"] {
        let (_, out) = calc(&[], GOOD.replacen("\"id\"", &format!("\"{field}\""), 1));
        assert!(
            out.contains("unknown-field") && !out.to_uppercase().contains("DEAD"),
            "{out}"
        );
    }
    let (_, out) = calc(
        &[],
        format!("\"{canary}\"\n{canary}\n[\"{canary}\"]\n{{\"id\":1,\"op\":{canary}}}\n"),
    );
    assert_eq!(out.matches("bad-json").count(), 4);
    assert!(!out.contains("DEADC0DE"), "{out}");
}

#[test]
fn a_line_that_is_too_long_is_answered_and_skipped() {
    let long = format!(
        "{{\"id\":9,\"op\":\"mac\",\"alg\":\"des\",\"key\":\"0123456789ABCDEF\",\"data\":\"{}\"}}",
        "00".repeat(40_000)
    );
    let (exit, out) = calc(&[], format!("{GOOD}\n{long}\n{GOOD}\n{}", "x".repeat(5_000_000)));
    assert_eq!(exit, 1);
    let lines: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!((code(&lines[1]), code(&lines[3])), ("line-too-long", "line-too-long"));
    assert_eq!(lines[2]["kcv"], "8BAF47");
}

#[test]
fn many_lines_stay_in_order() {
    let mut input = String::new();
    for n in 0..20_000 {
        writeln!(
            input,
            "{{\"id\":{n},\"op\":\"kcv\",\"alg\":\"sm4\",\"key\":\"{n:032X}\"}}"
        )
        .unwrap();
    }
    let (exit, out) = calc(&[], input);
    assert_eq!((exit, out.lines().count()), (0, 20_000));
    for (n, line) in out.lines().enumerate() {
        assert!(line.starts_with(&format!("{{\"id\":{n},\"kcv\":")), "{line}");
    }
}

struct CoProcess(Child, ChildStdin, BufReader<ChildStdout>);

impl CoProcess {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cardmint"))
            .arg("calc")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        Self(child, to, from)
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.2.read_line(&mut line).unwrap();
        line
    }
}

#[test]
fn each_line_is_answered_before_the_next_one_is_sent() {
    let mut calc = CoProcess::start();
    for _ in 0..20 {
        writeln!(calc.1, "{GOOD}").unwrap();
        assert_eq!(calc.answer(), "{\"id\":1,\"kcv\":\"8BAF47\"}\n");
    }
    // Half a line is waited for, not answered.
    let (half, rest) = GOOD.split_at(30);
    write!(calc.1, "{GOOD}\n{half}").unwrap();
    assert_eq!(calc.answer(), "{\"id\":1,\"kcv\":\"8BAF47\"}\n");
    writeln!(calc.1, "{rest}").unwrap();
    assert_eq!(calc.answer(), "{\"id\":1,\"kcv\":\"8BAF47\"}\n");
    let CoProcess(mut child, to, _) = calc;
    drop(to);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn messages_exist_in_chinese_and_codes_stay() {
    let (_, out) = calc(&["--lang", "zh"], "{\"id\":1,\"op\":\"kcv\",\"alg\":\"sm4\"}");
    assert_eq!(
        out,
        "{\"id\":1,\"error\":{\"code\":\"missing-field\",\"message\":\"缺少字段 key\"}}\n"
    );
}

#[test]
fn only_the_calculator_sees_keys_in_clear() {
    let mut users = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                if text.contains("clear::") || text.contains("test_session(") {
                    users.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
                }
            }
        }
    }
    users.sort();
    assert_eq!(users, ["src/cli/calc/operation.rs", "src/crypto/clear.rs"]);
}
