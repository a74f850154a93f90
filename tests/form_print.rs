// SPDX-License-Identifier: Apache-2.0
//! A custodian's form on paper: whatever its names, it is one sheet of A4. Needs Chromium. The longest forms are printed each
//! time, all of them when asked for: `cargo test --test form_print -- --ignored`.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use cardmint::ceremony::form::{Facts, Whole, page};
use cardmint::crypto::SecretBytes;
use cardmint::crypto::written::{self, Header, Kind};

/// A name of so many characters.
fn long(of: &str, characters: usize) -> String {
    of.chars().cycle().take(characters).collect()
}

fn form(kind: Kind, bytes: u8, facts: &Facts<'_>) -> SecretBytes {
    let header = Header::new(kind, 2, 3, [0xA7, 0x3C]).unwrap();
    let secret = SecretBytes::new((0..bytes).map(|at| at.wrapping_mul(37) ^ 0xB8).collect());
    let text = written::write(header, &secret).unwrap();
    page(&Facts { header, ..*facts }, written::groups_of(bytes.into()), &text)
}

/// The PDF's pages: the size of each in points.
fn printed(folder: &Path, page: &SecretBytes) -> Vec<String> {
    let (html, pdf) = (folder.join("form.html"), folder.join("form.pdf"));
    page.on_page(|bytes| std::fs::write(&html, bytes)).unwrap();
    let status = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--no-pdf-header-footer",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(format!("file://{}", html.display()))
        .output();
    assert!(status.expect("chromium is needed").status.success());
    let pdf = std::fs::read(pdf).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.split("/MediaBox [").skip(1);
    pages.map(|rest| rest.split(']').next().unwrap().to_owned()).collect()
}

/// Whether there is a browser. In CI there is; elsewhere nothing is printed without one.
fn browser() -> bool {
    let there = Command::new("chromium").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "chromium is missing");
    there
}

/// The longest secrets under the longest names.
#[test]
fn the_longest_forms_are_one_sheet() {
    if browser() {
        print_all(&[(Kind::Component, 24), (Kind::Share, 32)], &[true], 1..3);
    }
}

#[test]
#[ignore = "prints all forms with Chromium"]
fn every_form_is_one_sheet() {
    let kinds = [
        (Kind::Component, 16),
        (Kind::Component, 24),
        (Kind::Share, 16),
        (Kind::Share, 32),
    ];
    print_all(&kinds, &[true, false], 0..3);
}

fn print_all(kinds: &[(Kind, u8)], rehearsals: &[bool], names: std::ops::Range<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let (zh, en) = (
        long("城市一卡通密钥仪式，", 120),
        long("City one-card key ceremony, ", 120),
    );
    let (wide, file) = (long("W", 120), long("backup-", 255));
    let sites = [
        ["City centre", "市民卡中心"],
        [en.as_str(), zh.as_str()],
        [&wide, &wide],
    ];
    for &(kind, bytes) in kinds {
        for &names in &sites[names.clone()] {
            for &rehearsal in rehearsals {
                let facts = Facts {
                    site: names,
                    rehearsal,
                    ceremony: names,
                    step: "a-step-with-thirty-two-letters-x",
                    header: Header::new(kind, 2, 3, [0; 2]).unwrap(),
                    custodian: "an-officer-with-a-long-name-of-32 (custodian-with-a-long-name-of-32)",
                    whole: if kind == Kind::Share {
                        Whole::Backup(&file)
                    } else {
                        Whole::Key {
                            id: "application-maintenance.v15.3des@city:3100",
                            kcv: "2F1FD7AA01B2C3D4",
                        }
                    },
                    check: "9F3A61C2",
                    at: "2026-11-21T02:33:31Z",
                };
                let sheets = printed(folder.path(), &form(kind, bytes, &facts));
                assert_eq!(sheets.len(), 1, "{kind:?} {bytes} {rehearsal} {names:?}");
                // A4: 210 by 297 mm.
                assert!(
                    sheets[0].starts_with("0 0 59") && sheets[0].contains(" 84"),
                    "{sheets:?}"
                );
            }
        }
    }
}
