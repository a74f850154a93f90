// SPDX-License-Identifier: Apache-2.0
//! Orders are checked whole: every problem is found at once, with its field.

use super::Ground;
use cardmint::template::FieldProblem;

fn problems(template: &str, fields: &[(&str, &str)]) -> Vec<(String, FieldProblem)> {
    let error = Ground::shipped(template).order(fields).unwrap_err();
    error.problems.into_iter().map(|p| (p.field, p.problem)).collect()
}

#[test]
fn everything_wrong_is_found_at_once() {
    let found = problems(
        "mohurd-user",
        &[
            ("number", "20000000209150"),
            ("expiry", "20300229"),
            ("holder-name", "😀"),
            ("id-number", "三"),
            ("id-type", "09"),
            ("main-type", "1"),
            ("colour", "red"),
        ],
    );
    let field = |name: &str| found.iter().find(|(f, _)| f == name).map(|(_, p)| p.clone());
    assert_eq!(found.len(), 7);
    assert_eq!(field("number"), Some(FieldProblem::DigitCount { wanted: 16, got: 14 }));
    assert_eq!(field("expiry"), Some(FieldProblem::Date));
    assert_eq!(field("holder-name"), Some(FieldProblem::Character { character: '😀' }));
    assert_eq!(field("id-number"), Some(FieldProblem::Character { character: '三' }));
    assert!(matches!(field("id-type"), Some(FieldProblem::Choice { .. })));
    assert_eq!(field("main-type"), Some(FieldProblem::Hex { bytes: 1 }));
    assert_eq!(field("colour"), Some(FieldProblem::Unknown));
}

#[test]
fn single_problems() {
    let one = |template, fields: &[(&str, &str)]| problems(template, fields).remove(0).1;
    assert_eq!(one("mohurd-user", &[]), FieldProblem::Missing);
    assert_eq!(one("mohurd-user", &[("number", " ")]), FieldProblem::Missing);
    assert_eq!(
        one("mohurd-user", &[("number", "310000002091508x")]),
        FieldProblem::Digits
    );
    let other_city = FieldProblem::Start { start: "3100".into() };
    assert_eq!(one("mohurd-user", &[("number", "3500000020915087")]), other_city);
    let number = ("number", "3100000020915087");
    let before = FieldProblem::Before { field: "start".into() };
    assert_eq!(one("mohurd-user", &[number, ("expiry", "20300930")]), before);
    assert_eq!(
        one("mohurd-user", &[number, ("expiry", "today"), ("start", "20301002")]),
        before
    );
    let long = "张".repeat(11);
    let too_long = FieldProblem::TooLong { bytes: 20, got: 22 };
    assert_eq!(one("mohurd-user", &[number, ("holder-name", &long)]), too_long);
    let metro = |extra: (&str, &str)| {
        one(
            "metro-user",
            &[
                ("number", "9900000012345678"),
                ("security-code", "851122334455667788"),
                ("issuer-code", "0999"),
                extra,
            ],
        )
    };
    assert_eq!(metro(("ceiling", "65536")), FieldProblem::TooBig { max: 65535 });
    assert_eq!(metro(("deposit", "-1")), FieldProblem::Digits);
    assert_eq!(metro(("activated", "20300105246000")), FieldProblem::DateTime);
}

#[test]
fn defaults_and_spaces() {
    let ground = Ground::shipped("mohurd-user");
    let order = ground
        .order(&[("number", "3100 0000 2091 5087"), ("holder-name", "欧阳·娜娜")])
        .unwrap();
    assert_eq!(order.get("number"), Some("3100000020915087"));
    assert_eq!(
        (order.get("start"), order.get("issued")),
        (Some("20301001"), Some("20301001"))
    );
    assert_eq!(
        (order.get("main-type"), order.get("holder-name")),
        (Some("01"), Some("欧阳·娜娜"))
    );
    assert_eq!(order.get("colour"), None);
    let metro = Ground::shipped("metro-user");
    let fields = [
        ("number", "9900000012345678"),
        ("security-code", "851122334455667788"),
        ("issuer-code", "0999"),
    ];
    assert_eq!(metro.order(&fields).unwrap().get("activated"), Some(super::NOW));
}

/// A card shows nineteen digits with a zero in front of them; an order read off it means the same card.
#[test]
fn a_number_as_it_stands_on_the_card_is_the_number() {
    let template = cardmint::template::load("mot-user").unwrap();
    let check = |number: &str| {
        let fields = [("number", number), ("province", "3300"), ("city", "3310")];
        let raw = fields.map(|(name, text)| (name.to_owned(), text.to_owned()));
        cardmint::template::Order::check(&template, &raw.into(), "20261121120000", &|_| None)
            .map(|order| order.get("number").map(str::to_owned))
    };
    let wanted = Some("3105170010170907984".to_owned());
    assert_eq!(check("3105170010170907984").unwrap(), wanted);
    assert_eq!(check("03105170010170907984").unwrap(), wanted);
    assert!(check("13105170010170907984").is_err());
}
