// SPDX-License-Identifier: Apache-2.0
//! `cardmint template` as it is typed.

use assert_cmd::Command;

fn cardmint(folder: &std::path::Path) -> Command {
    let mut command = Command::cargo_bin("cardmint").unwrap();
    command
        .current_dir(folder)
        .env_remove("CARDMINT_SITE")
        .env("LANG", "en_GB.UTF-8")
        .env_remove("LC_ALL");
    command
}

fn run(folder: &std::path::Path, args: &[&str]) -> (i32, String, String) {
    let output = cardmint(folder).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn list_and_show() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = run(folder.path(), &["template", "list", "--lang", "zh"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("mohurd-user") && out.contains("建设部用户卡") && out.contains("metro-user"),
        "{out}"
    );
    let (code, out, _) = run(folder.path(), &["template", "show", "mot-user"]);
    assert_eq!(code, 0);
    for part in [
        "card number",
        "digits 19",
        "(required)",
        "3E/41",
        "purchase.v65.sm4",
        "001E",
        "A000000632010105",
    ] {
        assert!(out.contains(part), "{part} is missing in {out}");
    }
    let (_, out, _) = run(folder.path(), &["template", "list", "--json"]);
    let first: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (first["schema"].as_str(), first["name"].as_str()),
        (Some("cardmint.template/1"), Some("mohurd-user"))
    );
    let (_, out, _) = run(folder.path(), &["template", "show", "metro-user", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        shown["directories"][1]["keys"][9]["proof"],
        "none: key services give no second load key"
    );
}

#[test]
fn check_names_check_path_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = run(folder.path(), &["template", "check", "mohurd-user"]);
    assert_eq!((code, out.contains("no error")), (0, true), "{out}");
    let (text, _) = cardmint::template::text_of("mohurd-user").unwrap();
    std::fs::write(
        folder.path().join("bad.toml"),
        text.replace("erase = 0xAA", "erase = 0xF0"),
    )
    .unwrap();
    let line = 1 + text.lines().position(|l| l == "erase = 0xAA").unwrap();
    let (code, out, err) = run(folder.path(), &["template", "check", "bad.toml"]);
    assert_eq!(code, 2);
    assert!(
        out.contains(&format!("TEMPLATE-WIDE-OPEN  line {line}, df[0].erase")),
        "{out}"
    );
    assert!(err.contains("1 error and "), "{err}");
    let (code, out, err) = run(folder.path(), &["template", "check", "bad.toml", "--json"]);
    let found: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (code, found["line"].as_u64(), &found["severity"]),
        (2, Some(line as u64), &"error".into())
    );
    assert!(err.contains("template-faulty"), "{err}");
    std::fs::write(folder.path().join("worse.toml"), text.replace("[mf]", "[mfx]")).unwrap();
    let (code, _, err) = run(folder.path(), &["template", "check", "worse.toml"]);
    assert!(
        code == 2 && err.contains("worse.toml, line ") && err.contains("mfx"),
        "{err}"
    );
    let (code, _, err) = run(folder.path(), &["template", "check", "nothing"]);
    assert!(code == 2 && err.contains("there is no template nothing"), "{err}");
}

#[test]
fn explain_prints_every_command_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["--set", "number=3100000020915087", "--set", "holder-name=张三"];
    let args = [&["template", "explain", "mohurd-user"][..], &set].concat();
    let (code, out, err) = run(folder.path(), &args);
    assert_eq!(code, 0, "{err}");
    for part in [
        "no site",
        "------  load.v1.3des@city:3100",
        "800E000000",
        "84D401011C <FFF0AA0100 ‖ load v1 3des of this card; wrapped under app-control v1 3des of this card>",
        "script digest (SHA-256) ",
    ] {
        assert!(out.contains(part), "{part} is missing in {out}");
    }
    let (_, chinese, _) = run(folder.path(), &[&args[..], &["--lang", "zh"]].concat());
    assert!(
        chinese.contains("脚本摘要") && chinese.contains("验证密钥"),
        "{chinese}"
    );

    std::fs::write(
        folder.path().join("o.csv"),
        "number,holder-name\n3100000020915087,张三\n3100000020915088,李四\n",
    )
    .unwrap();
    let file = ["template", "explain", "mohurd-user", "--order", "o.csv", "--json"];
    let (code, _, err) = run(folder.path(), &file);
    assert!(code == 2 && err.contains("template-no-order"), "{err}");
    let (code, row, _) = run(folder.path(), &[&file[..], &["--row", "1"]].concat());
    let explained: serde_json::Value = serde_json::from_str(&row).unwrap();
    assert_eq!(code, 0);
    assert_eq!(explained["script"]["format"], "cardmint.script/1");
    assert_eq!(explained["assumed_keys"], true);
    assert_eq!(explained["script"]["number"], "3100000020915087");
    let digest = explained["digest"].as_str().unwrap();
    assert!(out.contains(digest), "the same card has the same digest in both forms");
}

#[test]
fn explain_says_all_that_is_wrong_in_an_order() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(
        folder.path(),
        &[
            "template",
            "explain",
            "mohurd-user",
            "--set",
            "number=31",
            "--set",
            "id-type=77",
        ],
    );
    assert!(
        code == 2 && err.contains("2 things wrong") && err.contains("number: ") && err.contains("id-type: "),
        "{err}"
    );
    let chinese = [
        "template",
        "explain",
        "mohurd-user",
        "--set",
        "number=31",
        "--set",
        "id-type=77",
        "--lang",
        "zh",
    ];
    let (_, _, err) = run(folder.path(), &chinese);
    assert!(
        err.contains("订单有 2 处错误") && err.contains("number：有 2 位数字，应为 16 位"),
        "{err}"
    );
    let (code, _, err) = run(
        folder.path(),
        &["template", "explain", "mohurd-user", "--set", "number"],
    );
    assert!(code == 2 && err.contains("field=value"), "{err}");
    let (code, _, err) = run(
        folder.path(),
        &["template", "explain", "mohurd-user", "--order", "none.toml"],
    );
    assert!(code == 2 && err.contains("none.toml"), "{err}");
}
