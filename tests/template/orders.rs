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

/// One word in an order sets the type bytes and, where the order says nothing, the validity; and what it sets stands.
#[test]
fn card_types_set_their_fields_and_say_how_long_they_are_valid() {
    let number = ("number", "3100000020915087");
    let mohurd = Ground::shipped("mohurd-user");
    let of = |word: &str, name: &str| {
        let order = mohurd
            .order(&[number, ("card-type", word)])
            .unwrap_or_else(|e| panic!("{word}: {e}"));
        order.get(name).unwrap().to_owned()
    };
    for (word, main, sub, staff, expiry) in [
        ("ordinary", "01", "00", "00", "20991231"),
        ("学生卡", "01", "01", "00", "20361001"),
        ("Senior card, free", "01", "04", "00", "20991231"),
        ("残疾人卡", "01", "21", "00", "20991231"),
        ("纪念卡", "04", "00", "00", "20991231"),
        ("职工卡", "05", "00", "01", "20331001"),
    ] {
        let got = ["main-type", "sub-type", "staff", "expiry"].map(|name| of(word, name));
        assert_eq!(got, [main, sub, staff, expiry], "{word}");
    }
    let said = mohurd
        .order(&[number, ("card-type", "student"), ("expiry", "20310630")])
        .unwrap();
    assert_eq!(said.get("expiry"), Some("20310630"), "the order's own validity stands");
    let contradicts = problems("mohurd-user", &[number, ("card-type", "student"), ("sub-type", "03")]);
    let differs = FieldProblem::Differs {
        card_type: "student".into(),
    };
    assert_eq!(contradicts, [("sub-type".to_owned(), differs)]);

    let mot = Ground::shipped("mot-user");
    let base = [
        ("number", "3105170010170907984"),
        ("province", "3300"),
        ("city", "3310"),
    ];
    for (word, code, expiry) in [
        ("普通卡", "01", "20991231"),
        ("02", "02", "20361001"),
        ("老年卡", "03", "20991231"),
        ("test", "04", "20311001"),
        ("军人卡", "05", "20991231"),
        ("月票卡", "11", "20991231"),
        ("年票卡", "15", "20991231"),
    ] {
        let order = mot.order(&[&base[..], &[("card-type", word)]].concat()).unwrap();
        assert_eq!(
            (order.get("type-code"), order.get("expiry")),
            (Some(code), Some(expiry)),
            "{word}"
        );
    }
}

/// Days counted from the day of issue: the same day of another year or month, the last day of a shorter month.
#[test]
fn a_validity_is_counted_from_the_day_of_issue() {
    let ground = Ground::shipped("mohurd-user");
    let expiry = |text: &str, now: &str| {
        let raw = [("number", "3100000020915087"), ("start", "20200101"), ("expiry", text)];
        let raw = raw.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let order = cardmint::template::Order::check(&ground.template, &raw.into(), now, &|_| None);
        order.map(|order| order.get("expiry").unwrap().to_owned())
    };
    for (text, now, wanted) in [
        ("today+5y", "20280229120000", "20330228"),
        ("today+1m", "20300131120000", "20300228"),
        ("today+90d", "20301001083015", "20301230"),
        ("today+0d", "20301001083015", "20301001"),
    ] {
        assert_eq!(expiry(text, now).unwrap(), wanted, "{text} at {now}");
    }
    for text in [
        "today+",
        "today+y",
        "today+5w",
        "today-1y",
        "today+-1y",
        "today+99999y",
        "tomorrow",
    ] {
        assert!(expiry(text, "20301001083015").is_err(), "{text}");
    }
}
