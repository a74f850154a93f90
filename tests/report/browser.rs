// SPDX-License-Identifier: Apache-2.0
//! The page as Chromium builds and prints it: its tables against SQL, hostile names as text, nothing from a network, A4
//! without anything cut off.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::dom::{count, rows, text, total};
use super::month::{EVIL, Kept};
use super::numbers::{FROM, TO, run};
use super::sql::Sql;

/// Whether there is a browser. In CI there is; elsewhere its tests are skipped without one.
fn browser() -> bool {
    let there = Command::new("chromium").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "chromium is missing");
    there
}

fn chromium(folder: &Path, args: &[&str], page: &Path) -> Vec<u8> {
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--no-pdf-header-footer",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(args)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Left and right end in points.
type Placed = (f64, f64, String);

/// Width and height in points, and the words.
type Sheet = (f64, f64, Vec<Placed>);

struct Printed {
    html: String,
    dom: String,
    pages: Vec<Sheet>,
}

/// Where pages stay behind, to be looked at by people.
fn kept() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn printed(month: &Kept, name: &str, lang: &str) -> Printed {
    let folder = tempfile::tempdir().unwrap();
    let page = kept().join(format!("{name}-{lang}.html"));
    let _ = fs::remove_file(&page);
    let output = run(month, &["--lang", lang, "--out", page.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pdf = page.with_extension("pdf");
    let dom = chromium(folder.path(), &["--dump-dom"], &page);
    chromium(folder.path(), &[&format!("--print-to-pdf={}", pdf.display())], &page);
    Printed {
        html: fs::read_to_string(&page).unwrap(),
        dom: String::from_utf8(dom).unwrap(),
        pages: words_of(&pdf),
    }
}

fn attribute(line: &str, name: &str) -> f64 {
    let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

fn words_of(pdf: &Path) -> Vec<Sheet> {
    let output = Command::new("pdftotext")
        .arg("-bbox")
        .arg(pdf)
        .arg("-")
        .output()
        .unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let page = |page: &str| {
        let size = page.lines().next().unwrap();
        let words = page.lines().filter(|line| line.trim_start().starts_with("<word "));
        let words = words.map(|line| (attribute(line, "xMin"), attribute(line, "xMax"), text(line)));
        (attribute(size, "width"), attribute(size, "height"), words.collect())
    };
    words.split("<page ").skip(1).map(page).collect()
}

#[test]
fn a_month_in_both_languages_on_screen_and_on_paper() {
    if !browser() {
        return;
    }
    let month = Kept::shared(true);
    let sql = Sql::open(&month.path, FROM, TO);
    for lang in ["zh", "en"] {
        let page = printed(month, "hostile", lang);
        whole_in_itself(&page.html, &page.dom);
        tables(&page.dom, &sql);
        on_paper(&page);
    }
}

/// No script, nothing from elsewhere, nothing that was not filled in, every link with its target.
fn whole_in_itself(html: &str, dom: &str) {
    assert!(html.contains("default-src 'none'; style-src 'unsafe-inline'"));
    for not in [
        "http:", "https:", "src=", "@import", "url(//", "{{", "}}", "report-", "<script", "<img", "<link", "onerror=",
    ] {
        assert!(!dom.contains(not), "{not}");
    }
    assert!(
        dom.contains("&lt;script&gt;alert('x')&lt;/script&gt;&amp;"),
        "a name is text"
    );
    assert!(text(dom).contains(EVIL));
    let after = |open: &str| -> BTreeSet<String> {
        let parts = dom.split(open).skip(1);
        parts.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let (links, targets) = (after("href=\"#"), after("id=\""));
    assert!(links.len() > 50);
    assert!(
        links.is_subset(&targets),
        "{:?}",
        links.difference(&targets).collect::<Vec<_>>()
    );
}

/// Numbers in the page against SQL.
fn tables(dom: &str, sql: &Sql) {
    for (class, column, names) in [
        ("templates", "act || template", 2),
        ("days", "date(at, '+8 hours')", 1),
        ("operators", "officer", 1),
        ("readers", "reader", 1),
    ] {
        let theirs = sql.by(column);
        let theirs: Vec<Vec<i64>> = theirs.into_values().map(|counts| counts.to_vec()).collect();
        let numbers = |row: &Vec<String>| -> Vec<i64> {
            let all: Vec<i64> = row[names..row.len() - 1].iter().map(|cell| count(cell)).collect();
            // All but the column of those without an outcome.
            [&all[..5], &all[6..]].concat()
        };
        let ours: Vec<Vec<i64>> = rows(dom, class).iter().map(numbers).collect();
        let (mut sorted, mut expected) = (ours.clone(), theirs);
        sorted.sort();
        expected.sort();
        assert_eq!(sorted, expected, "{class}");
        let all = sql.by("'all'")["all"].to_vec();
        assert_eq!(numbers(&total(dom, class)), all, "{class}");
    }
    let lots = sql.rows(
        "SELECT received, in_stock, handed_out, in_process, issued, scrapped, returned FROM lots ORDER BY blank, lot",
    );
    // A sum stands behind the lots of a type that has several.
    let equation: Vec<Vec<String>> = rows(dom, "equation")
        .iter()
        .filter(|row| row[1] != "FMCOS 8K" || !row[0].contains("合计") && !row[0].contains("Total"))
        .map(|row| row[2..9].iter().map(|cell| count(cell).to_string()).collect())
        .collect();
    assert_eq!(equation, lots);
    let sum = sql.rows("SELECT sum(received), sum(in_stock), sum(handed_out), sum(in_process), sum(issued), sum(scrapped), sum(returned) FROM lots");
    let ours: Vec<String> = total(dom, "equation")[2..9]
        .iter()
        .map(|cell| count(cell).to_string())
        .collect();
    assert_eq!(ours, sum[0]);
    let keys = sql.rows("SELECT key, version, kcv FROM keys ORDER BY key");
    let ours: Vec<Vec<String>> = rows(dom, "keys")
        .iter()
        .map(|row| vec![row[0].clone(), row[3].clone(), row[5].clone()])
        .collect();
    assert_eq!(ours, keys);
    let loads = sql.number("SELECT sum(line ->> '$.body.amount') FROM entries WHERE act = 'purse.load' AND $days");
    let yuan = rows(dom, "transactions")[0][3].replace([',', '.'], "");
    assert_eq!(yuan.parse::<i64>().unwrap(), loads);
    let issued = sql.by("'all'")["all"][1];
    assert_eq!(count(&rows(dom, "figures")[0][1]), issued);
    bars(dom, sql);
}

/// The charts say the numbers beside their bars.
fn bars(dom: &str, sql: &Sql) {
    let charts: Vec<String> = dom
        .split("<svg")
        .skip(1)
        .map(|svg| text(&svg[svg.find('>').unwrap()..svg.find("</svg>").unwrap()]))
        .collect();
    assert_eq!(charts.len(), 3);
    for (template, counts) in sql.by("template") {
        assert!(
            charts[1].contains(&template) && charts[1].contains(&counts[1].to_string()),
            "{template}"
        );
    }
    for (_, counts) in sql.by("reader") {
        let failed = counts[2] + counts[3] + counts[4];
        assert!(charts[2].contains(&failed.to_string()), "{failed}");
    }
}

/// A4, a bearable number of pages, every word within the margins and every cell's text somewhere.
fn on_paper(page: &Printed) {
    assert!((4..=16).contains(&page.pages.len()), "{} pages", page.pages.len());
    let mut all = String::new();
    for (at, (wide, high, words)) in page.pages.iter().enumerate() {
        assert!(
            (wide - 595.0).abs() < 2.0 && (high - 842.0).abs() < 2.0,
            "{wide} {high}"
        );
        assert!(words.len() > 10, "page {at} is nearly empty");
        for (left, right, word) in words {
            // Margins of 14 mm; a hair more for slanted letters.
            assert!(
                *left > 38.0 && *right < wide - 36.0,
                "page {at}: {word} from {left} to {right}"
            );
            all.push_str(word);
        }
        let number = format!("{}/{}", at + 1, page.pages.len());
        let said: String = words.iter().map(|(_, _, word)| word.as_str()).collect();
        assert!(said.contains(&number), "page {at} has its number");
    }
    let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let all = squeezed(&all);
    for class in [
        "templates",
        "days",
        "readers",
        "lots",
        "equation",
        "keys",
        "rules",
        "changes",
        "list",
    ] {
        for row in rows(&page.dom, class) {
            for cell in row.iter().filter(|cell| cell.is_ascii() && cell.len() < 12) {
                assert!(all.contains(&squeezed(cell)), "{class}: {cell}");
            }
        }
    }
}
