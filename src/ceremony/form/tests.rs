// SPDX-License-Identifier: Apache-2.0
//! What stands on the page.

use super::*;
use crate::crypto::written::{self, WrittenError};

fn facts<'a>(header: Header) -> Facts<'a> {
    Facts {
        site: ["Hangzhou <centre>", "杭州<中心> & 一卡通"],
        rehearsal: false,
        ceremony: ["City keys", "城市密钥仪式"],
        step: "export-load",
        header,
        custodian: "zhang",
        whole: Whole::Key {
            id: "load.v1.sm4@city:3100",
            kcv: "9B3C44",
        },
        check: "2F1FD7",
        at: "2026-11-21T02:33:31Z",
    }
}

fn header(kind: Kind) -> Header {
    Header::new(kind, 2, 3, [0xA7, 0x3C]).unwrap()
}

fn made(facts: &Facts<'_>, bytes: usize) -> String {
    let secret = SecretBytes::new((0..bytes as u8).collect());
    let text = written::write(facts.header, &secret).unwrap();
    let page = page(facts, written::groups_of(bytes), &text);
    page.on_page(|page| String::from_utf8(page.to_vec()).unwrap())
}

/// The characters of the groups, as a custodian reads them off the page.
fn read_off(page: &str) -> String {
    let groups = page.split("<b>").skip(1).filter_map(|rest| rest.split("</b>").next());
    groups.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_read_off_the_page_is_the_secret() {
    for (kind, bytes) in [(Kind::Component, 16), (Kind::Factor, 24), (Kind::Share, 32)] {
        let page = made(&facts(header(kind)), bytes);
        let typed = SecretBytes::new(read_off(&page).into_bytes());
        let (found, secret) = written::read(&typed).unwrap();
        assert_eq!((found, secret.len()), (header(kind), bytes));
        assert!(!page.contains("<group") && !page.contains("{{"), "{page}");
    }
}

#[test]
fn the_page_says_in_both_languages_what_it_is() {
    let component = made(&facts(header(Kind::Component)), 16);
    for text in [
        "密钥分量单",
        "Key component form",
        "第 2 份，共 3 份，缺一不可",
        "number 2 of 3, all are needed",
        "城市密钥仪式",
        "City keys",
        "A73C",
        "load.v1.sm4@city:3100",
        "9B3C44",
        "2F1FD7",
        "check value",
        "zhang",
        "2026-11-21T02:33:31Z",
        "Hangzhou &lt;centre&gt;",
        "杭州&lt;中心&gt; &amp; 一卡通",
        "docs/recovery.zh.md",
    ] {
        assert!(component.contains(text), "{text}");
    }
    assert!(!component.contains("演练") && !component.contains("<centre>"));
    let share = made(&facts(header(Kind::Share)), 32);
    for text in [
        "密钥份额单",
        "Key share form",
        "任意 3 份可恢复",
        "any 3 shares are enough",
        "Digest begins",
    ] {
        assert!(share.contains(text), "{text}");
    }
    let rehearsal = Facts {
        rehearsal: true,
        ..facts(header(Kind::Component))
    };
    assert!(made(&rehearsal, 16).contains("演练，非正式密钥 · REHEARSAL"));
}

#[test]
fn the_page_reaches_for_nothing_outside_itself() {
    let page = made(&facts(header(Kind::Share)), 32);
    for reach in [
        "http:", "https:", "src=", "href", "<script", "<link", "<img", "url(", "@import", " on",
    ] {
        let found = page.match_indices(reach).any(|(at, _)| {
            reach != " on"
                || page[at..].starts_with(" on") && page[at + 3..].split(' ').next().is_some_and(|w| w.contains('='))
        });
        assert!(!found, "{reach}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn names_cannot_take_the_place_of_a_group_or_of_markup() {
    let sly = Facts {
        site: ["{{groups}}", "<group 3>{{groups}}"],
        ceremony: ["<group 1>", "</style><img src=x onerror=alert(1)>"],
        custodian: "\"><script>alert(1)</script>",
        step: "<b>000000</b>",
        whole: Whole::Backup("'&\u{1b}[0m</p>"),
        check: "<!--",
        ..facts(header(Kind::Component))
    };
    let page = made(&sly, 16);
    assert!(page.contains("&lt;group 3&gt;{{groups}}") && !page.contains("<script") && !page.contains('\u{1b}'));
    assert!(!page.contains("<img") && !page.contains("<!--") && page.matches("</style>").count() == 1);
    let typed = SecretBytes::new(read_off(&page).into_bytes());
    assert_eq!(
        written::read(&typed).map(|(header, _)| header),
        Ok::<_, WrittenError>(sly.header)
    );
}

#[test]
fn every_text_of_the_page_is_in_the_catalogue() {
    let names = include_str!("form.html")
        .split("{{")
        .skip(1)
        .filter_map(|rest| rest.split("}}").next());
    let labels: Vec<&str> = names.filter(|name| name.starts_with("form-")).collect();
    assert!(labels.len() > 20, "{labels:?}");
    for label in labels {
        assert!(lookup(label, Lang::Zh).is_some(), "{label}");
    }
}
