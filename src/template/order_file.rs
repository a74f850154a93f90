// SPDX-License-Identifier: Apache-2.0
//! Orders as people and programs bring them: TOML (one table, or `[[card]]` tables), JSON (an object or a list), CSV with a
//! heading row, or `field=value` words. Only text and whole numbers; the template says what they mean.

use super::order::{CellFault, CsvFault, CsvReader, CsvRow, EncodingDetector, EncodingFault, MOST_COLUMNS, RawOrder};
use crate::error::{Exit, Fault};
use crate::i18n::Msg;
use crate::msg;

/// Why a text holds no orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderFileError {
    /// Not in the format.
    Syntax {
        /// Line, from 1; 0 if the parser says none.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// A value that is neither text nor a whole number.
    Value {
        /// The field.
        field: String,
    },
    /// A word without `=`.
    Pair {
        /// The word.
        word: String,
    },
    /// A field that stands twice.
    Twice {
        /// The field.
        field: String,
    },
    /// A cell that no order can have.
    Cell {
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        fault: CellFault,
    },
    /// More or fewer cells than columns.
    Cells {
        /// Line, from 1.
        line: u64,
        /// Columns of the heading.
        columns: usize,
        /// Cells of the row.
        got: usize,
    },
    /// CSV that cannot be read on.
    Csv(CsvFault),
    /// Nobody knows the coding.
    Encoding(EncodingFault),
    /// Not UTF-8, which TOML and JSON are always in.
    Text,
}

impl Fault for OrderFileError {
    fn msg(&self) -> Msg {
        match self {
            Self::Syntax { line, what } => msg!("order-syntax", line = line, what = what),
            Self::Value { field } => msg!("order-value", field = field),
            Self::Pair { word } => msg!("order-pair", word = word),
            Self::Twice { field } => msg!("order-twice", field = field),
            Self::Cell { line, column, fault } => {
                msg!("order-cell", line = line, column = column).with_msg("what", fault.msg())
            }
            Self::Cells { line, columns, got } => msg!("order-cells", line = line, columns = columns, got = got),
            Self::Csv(e) => e.msg(),
            Self::Encoding(e) => e.msg(),
            Self::Text => msg!("order-not-utf8"),
        }
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

crate::display_as_english!(OrderFileError);

impl From<CsvFault> for OrderFileError {
    fn from(e: CsvFault) -> Self {
        Self::Csv(e)
    }
}

impl From<EncodingFault> for OrderFileError {
    fn from(e: EncodingFault) -> Self {
        Self::Encoding(e)
    }
}

/// `field=value` words.
pub fn from_pairs<S: AsRef<str>>(words: &[S]) -> Result<RawOrder, OrderFileError> {
    let mut order = RawOrder::new();
    for word in words {
        let word = word.as_ref();
        let (field, value) = word
            .split_once('=')
            .ok_or_else(|| OrderFileError::Pair { word: word.to_owned() })?;
        if order.insert(field.trim().to_owned(), value.to_owned()).is_some() {
            return Err(OrderFileError::Twice {
                field: field.to_owned(),
            });
        }
    }
    Ok(order)
}

/// One table of fields, or a list `[[card]]`.
pub fn from_toml(text: &str) -> Result<Vec<RawOrder>, OrderFileError> {
    let table: toml::Table = toml::from_str(text).map_err(|e| OrderFileError::Syntax {
        line: e
            .span()
            .map_or(0, |s| text[..s.start.min(text.len())].matches('\n').count() + 1),
        what: e.message().to_owned(),
    })?;
    let row = |table: &toml::Table| -> Result<RawOrder, OrderFileError> {
        let cell = |(field, value): (&String, &toml::Value)| match value {
            toml::Value::String(text) => Ok((field.clone(), text.clone())),
            toml::Value::Integer(n) => Ok((field.clone(), n.to_string())),
            _ => Err(OrderFileError::Value { field: field.clone() }),
        };
        table.iter().map(cell).collect()
    };
    match table.get("card").and_then(toml::Value::as_array) {
        Some(cards) if table.len() == 1 => cards
            .iter()
            .map(|card| row(card.as_table().ok_or(OrderFileError::Value { field: "card".into() })?))
            .collect(),
        _ => Ok(vec![row(&table)?]),
    }
}

/// An object, or a list of objects.
pub fn from_json(text: &str) -> Result<Vec<RawOrder>, OrderFileError> {
    use serde_json::Value;
    let value: Value = serde_json::from_str(text).map_err(|e| OrderFileError::Syntax {
        line: e.line(),
        what: e.to_string(),
    })?;
    let row = |value: &Value| -> Result<RawOrder, OrderFileError> {
        let object = value
            .as_object()
            .ok_or(OrderFileError::Value { field: "(row)".into() })?;
        let cell = |(field, value): (&String, &Value)| match value {
            Value::String(text) => Ok((field.clone(), text.clone())),
            Value::Number(n) if n.is_u64() => Ok((field.clone(), n.to_string())),
            _ => Err(OrderFileError::Value { field: field.clone() }),
        };
        object.iter().map(cell).collect()
    };
    match &value {
        Value::Array(rows) => rows.iter().map(row).collect(),
        one => Ok(vec![row(one)?]),
    }
}

/// CSV with a heading row, in UTF-8 or GB18030. For single orders: a large file is read row by row, see `batch::order`.
pub fn from_csv(bytes: &[u8]) -> Result<Vec<RawOrder>, OrderFileError> {
    let mut detector = EncodingDetector::default();
    detector.feed(bytes);
    let mut reader = CsvReader::new(bytes, detector.finish()?);
    let mut row = CsvRow::default();
    if !reader.read(&mut row)? {
        return Ok(Vec::new());
    }
    sound(&row, row.width())?;
    let heading: Vec<String> = row.cells().map(str::to_owned).collect();
    let mut seen = std::collections::BTreeSet::new();
    if let Some(field) = heading.iter().find(|name| !seen.insert(*name)) {
        return Err(OrderFileError::Twice { field: field.clone() });
    }
    let mut orders = Vec::new();
    while reader.read(&mut row)? {
        sound(&row, heading.len())?;
        let cells = heading.iter().zip(row.cells());
        orders.push(cells.map(|(name, cell)| (name.clone(), cell.to_owned())).collect());
    }
    Ok(orders)
}

/// Whether a row has as many cells as there are columns, and no faulty one.
fn sound(row: &CsvRow, columns: usize) -> Result<(), OrderFileError> {
    let line = row.line();
    if let Some((place, fault)) = row.faults().first() {
        let (column, fault) = (place + 1, *fault);
        return Err(OrderFileError::Cell { line, column, fault });
    }
    if row.width() == columns && columns <= MOST_COLUMNS {
        return Ok(());
    }
    let got = row.width();
    Err(OrderFileError::Cells { line, columns, got })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_order_in_every_form() {
        let one = RawOrder::from([
            ("number".into(), "3100000000000001".into()),
            ("name".into(), "张三".into()),
        ]);
        let expected = vec![one.clone()];
        let csv = "number,name\n3100000000000001,张三\n";
        assert_eq!(from_csv(csv.as_bytes()).unwrap(), expected);
        assert_eq!(from_csv(&encoding_rs::GB18030.encode(csv).0).unwrap(), expected);
        assert_eq!(
            from_json(r#"{"number": "3100000000000001", "name": "张三"}"#).unwrap(),
            expected
        );
        assert_eq!(
            from_json(r#"[{"number": 3100000000000001, "name": "张三"}]"#).unwrap(),
            expected
        );
        assert_eq!(
            from_toml("number = \"3100000000000001\"\nname = \"张三\"").unwrap(),
            expected
        );
        assert_eq!(
            from_toml("[[card]]\nnumber = 3100000000000001\nname = \"张三\"").unwrap(),
            expected
        );
        assert_eq!(from_pairs(&["number=3100000000000001", "name=张三"]).unwrap(), one);
    }

    #[test]
    fn what_is_no_order() {
        assert!(matches!(from_csv(b"a,a\n1,2\n"), Err(OrderFileError::Twice { .. })));
        assert!(matches!(
            from_csv(b"a,b\n1\n"),
            Err(OrderFileError::Cells {
                line: 2,
                columns: 2,
                got: 1
            })
        ));
        let cell = OrderFileError::Cell {
            line: 2,
            column: 2,
            fault: CellFault::StrayQuote,
        };
        assert_eq!(from_csv(b"a,b\n1,2\"\n"), Err(cell));
        let neither = EncodingFault::Neither { utf8: 2, gb18030: 2 };
        assert_eq!(from_csv(b"a\n\xFF\xFF\n"), Err(OrderFileError::Encoding(neither)));
        assert_eq!(
            from_json(r#"{"a": 1.5}"#),
            Err(OrderFileError::Value { field: "a".into() })
        );
        assert!(matches!(from_json("{"), Err(OrderFileError::Syntax { line: 1, .. })));
        assert!(matches!(
            from_toml("a = 1\nb = = 2"),
            Err(OrderFileError::Syntax { line: 2, .. })
        ));
        assert_eq!(
            from_pairs(&["number"]),
            Err(OrderFileError::Pair { word: "number".into() })
        );
        assert_eq!(
            from_pairs(&["a=1", "a=2"]),
            Err(OrderFileError::Twice { field: "a".into() })
        );
    }
}
