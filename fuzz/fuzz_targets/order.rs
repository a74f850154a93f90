// SPDX-License-Identifier: Apache-2.0
//! Whatever an order file holds: its coding is found or not, every row is read or named, and no line is counted twice. The
//! first byte of the input chooses whether a coding is told.
#![no_main]

use std::sync::LazyLock;

use cardmint::template::{
    Arrival, Columns, CsvReader, CsvRow, EncodingDetector, Order, RawOrder, Surroundings, Template, TextEncoding, load,
};
use libfuzzer_sys::fuzz_target;

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| load("mohurd-user").expect("a shipped template"));

fuzz_target!(|input: &[u8]| {
    let Some((how, file)) = input.split_first() else { return };
    let mut detector = EncodingDetector::default();
    detector.feed(file);
    let encoding = match (how % 3, detector.finish()) {
        (0, _) => TextEncoding::Utf8,
        (1, _) => TextEncoding::Gb18030,
        (_, Ok(found)) => found,
        (_, Err(_)) => return,
    };
    let mut csv = CsvReader::new(file, encoding);
    let mut row = CsvRow::default();
    if !csv.read(&mut row).is_ok_and(|more| more) {
        return;
    }
    let headings: Vec<String> = row.cells().map(str::to_owned).collect();
    let (columns, _) = Columns::find(&TEMPLATE, &headings, &[], &[]);
    let mut line = row.line();
    while csv.read(&mut row).is_ok_and(|more| more) {
        assert!(row.line() > line);
        line = row.line();
        let cells = row.cells().enumerate();
        let raw: RawOrder = cells
            .filter_map(|(place, cell)| {
                let column = columns.get(place)?;
                Some((column.field.clone(), column.text(cell)))
            })
            .collect();
        let around = Surroundings {
            now: "20300101093000",
            site: &|name| (name == "city_code").then(|| "3100".to_owned()),
            arrival: Some(Arrival::default()),
        };
        let (order, problems) = Order::good_part(&TEMPLATE, &raw, &around);
        for field in TEMPLATE.order.iter().filter(|_| problems.is_empty()) {
            assert!(order.get(&field.name).is_some());
        }
    }
});
