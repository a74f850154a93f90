// SPDX-License-Identifier: Apache-2.0
//! Tables in Parquet: read back by the crate that wrote them, and by DuckDB.

use super::*;

/// What a Parquet file says by the crate's reader: names and types, rows with text as CSV has it, groups.
fn parquet_of(path: &Path) -> (Vec<String>, Vec<Vec<String>>, usize) {
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema();
    let columns = schema
        .get_fields()
        .iter()
        .map(|f| format!("{:?}", f.get_basic_info().logical_type_ref()) + f.name());
    let shown = |field: &Field| match field {
        Field::Null => String::new(),
        Field::Long(n) => n.to_string(),
        Field::Bool(yes) => yes.to_string(),
        Field::Str(text) => text.clone(),
        Field::TimestampMillis(ms) => jiff::Timestamp::from_millisecond(*ms).unwrap().to_string(),
        other => panic!("{other:?}"),
    };
    let rows = reader.get_row_iter(None).unwrap();
    let rows = rows.map(|row| row.unwrap().get_column_iter().map(|(_, field)| shown(field)).collect());
    (columns.collect(), rows.collect(), reader.num_row_groups())
}

/// What DuckDB reads; nothing, said aloud, where it is not installed.
fn duckdb(path: &Path) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = folder.join("target/duckdb/bin/python3");
    if !python.is_file() {
        // Past the test harness, which would keep it to itself.
        let said = "SKIPPED: no Parquet file was read by DuckDB; `.ci/setup tests` installs it\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        return None;
    }
    let output = Process::new(python)
        .arg(folder.join("tests/exports/duckdb_rig.py"))
        .arg(path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn parquet_is_read_back_by_the_crate_and_by_duckdb() {
    let b = fates();
    for (name, args, columns) in [("entries", &[][..], 18), ("cards", &["--rows", "cards"], 31)] {
        let csv = exported(&b, &format!("{name}.csv"), &[&["--format", "csv"], args].concat());
        let file = exported(
            &b,
            &format!("{name}.parquet"),
            &[&["--format", "parquet"], args].concat(),
        );
        let (_, expected) = csv_of(&csv);
        let (names, rows, groups) = parquet_of(&file);
        assert_eq!((names.len(), groups), (columns, 1));
        // CSV has an apostrophe before what a spreadsheet would run; Parquet has what the ledger has.
        let bare = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
            rows.iter()
                .map(|row| {
                    row.iter()
                        .map(|cell| cell.replace("'=", "=").replace(";' =", "; ="))
                        .collect()
                })
                .collect()
        };
        assert_eq!(rows, bare(&expected), "{name}");
        assert_ne!(rows, expected, "a cell that would be a formula");
        let Some(read) = duckdb(&file) else { continue };
        let cells = |row: &Value| -> Vec<String> {
            let cell = |value: &Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            row.as_array().unwrap().iter().map(cell).collect()
        };
        let theirs: Vec<Vec<String>> = read["rows"].as_array().unwrap().iter().map(cells).collect();
        assert_eq!(theirs, rows, "{name}");
        assert_eq!(read["facts"]["cardmint.site"], "city-3100");
        assert_eq!(read["facts"]["cardmint.format"], format!("ledger-{name}/1"));
        let types: BTreeMap<&str, &str> = read["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| (column[0].as_str().unwrap(), column[1].as_str().unwrap()))
            .collect();
        let (time, whole) = if name == "cards" {
            ("intended", "attempts")
        } else {
            ("at", "amount")
        };
        let some = ["rehearsal", "number", time, whole].map(|name| types[name]);
        assert_eq!(some, ["BOOLEAN", "VARCHAR", "TIMESTAMP WITH TIME ZONE", "BIGINT"]);
    }
}

#[test]
fn a_long_table_is_written_in_groups() {
    let columns = [
        Column {
            name: "seq",
            kind: Kind::Whole,
            always: true,
        },
        Column {
            name: "at",
            kind: Kind::Time,
            always: false,
        },
        Column {
            name: "said",
            kind: Kind::Text,
            always: false,
        },
        Column {
            name: "odd",
            kind: Kind::Flag,
            always: false,
        },
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.parquet");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut sheet = Box::new(ParquetSheet::begin(&columns, &[], &mut file).unwrap());
    let rows = 20_000_i64;
    for seq in 0..rows {
        let there = seq % 3 != 0;
        let at = Moment::new(at(seq).now().to_string()).unwrap();
        let cell = |cell: Cell| if there { cell } else { Cell::Empty };
        sheet
            .row(vec![
                Cell::Whole(seq),
                cell(Cell::Time(at)),
                cell(Cell::Text(format!("第{seq}"))),
                cell(Cell::Flag(seq % 2 == 1)),
            ])
            .unwrap();
    }
    // A row of other cells is refused, and not half written.
    assert!(sheet.row(vec![Cell::Whole(1)]).is_err());
    sheet.finish().unwrap();
    let (_, read, groups) = parquet_of(&path);
    assert_eq!((i64::try_from(read.len()).unwrap(), groups), (rows, 3));
    assert_eq!(
        read[19_999],
        ["19999", &at(19_999).now().to_string(), "第19999", "true"]
    );
    assert_eq!(read[9_999], ["9999", "", "", ""]);
    if let Some(read) = duckdb(&path) {
        assert_eq!(i64::try_from(read["rows"].as_array().unwrap().len()).unwrap(), rows);
        assert_eq!(read["groups"], 3);
    }
}
