// SPDX-License-Identifier: Apache-2.0
//! Tables of the report, and numbers and amounts as people write them.

use super::page::Page;

/// Rows of a table that a page shows; more are in the JSON form.
const SHOWN: usize = 400;

/// A table whose cells are HTML already.
pub(super) struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
    total: Option<Vec<String>>,
}

impl Table {
    /// `columns`: names of headings in the catalogue (`report-col-NAME`), with `:n` behind where
    /// numbers stand, and `:k` where short words do that are not broken.
    pub(super) fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        let rows = Vec::new();
        Self {
            name,
            columns,
            rows,
            total: None,
        }
    }

    pub(super) fn rows(mut self, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        self.rows.extend(rows);
        self
    }

    pub(super) fn total(mut self, total: Vec<String>) -> Self {
        self.total = Some(total);
        self
    }

    /// Under its heading (`report-t-NAME`), where it has one.
    pub(super) fn shown(self, page: &Page<'_>) -> String {
        let heading = match self.name {
            "" => String::new(),
            name => format!("<h3>{}</h3>", page.text(&format!("t-{name}"))),
        };
        if self.rows.is_empty() {
            return format!("{heading}<p>{}</p>", page.text("none"));
        }
        let class = |column: &str| match column.split_once(':') {
            Some((_, class)) => format!(" class=\"{class}\""),
            None => String::new(),
        };
        let head = self.columns.iter().map(|column| {
            let name = column.split(':').next().unwrap_or_default();
            format!("<th{}>{}</th>", class(column), page.text(&format!("col-{name}")))
        });
        let row = |cells: &Vec<String>| {
            let cells = cells.iter().zip(self.columns);
            let cells = cells.map(|(cell, column)| format!("<td{}>{cell}</td>", class(column)));
            format!("<tr>{}</tr>", cells.collect::<String>())
        };
        let body: Vec<String> = self.rows.iter().take(SHOWN).map(row).collect();
        let foot = self
            .total
            .as_ref()
            .map(|total| format!("<tfoot>{}</tfoot>", row(total)));
        format!(
            "{heading}<table class=\"{}\"><thead><tr>{}</tr></thead><tbody>{}</tbody>{}</table>{}",
            if self.name.is_empty() { "list" } else { self.name },
            head.collect::<String>(),
            body.join("\n"),
            foot.unwrap_or_default(),
            page.more(self.rows.len().saturating_sub(SHOWN) as u64)
        )
    }
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The same with a sign.
pub(super) fn signed(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// Fen as yuan.
pub(super) fn yuan(fen: u64) -> String {
    format!("{}.{:02}", grouped(fen / 100), fen % 100)
}

/// A part in percent, with one decimal, rounded as a pocket calculator would be read; but 100.0% is all. A dash where there is
/// nothing to be a part of.
pub(super) fn percent(part: u64, of: u64) -> String {
    match (part * 1000 + of / 2).checked_div(of) {
        Some(tenths) => {
            let tenths = if part < of { tenths.min(999) } else { tenths };
            format!("{}.{}%", tenths / 10, tenths % 10)
        }
        None => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        assert_eq!(grouped(0_u64), "0");
        assert_eq!(grouped(999_u64), "999");
        assert_eq!(grouped(1_234_567_u64), "1,234,567");
        assert_eq!(signed(-1234), "−1,234");
        assert_eq!((yuan(5), yuan(123_456_789)), ("0.05".into(), "1,234,567.89".into()));
        assert_eq!(
            (percent(1, 3), percent(3, 3), percent(0, 0)),
            ("33.3%".into(), "100.0%".into(), "–".into())
        );
        assert_eq!(
            (percent(159, 190), percent(9_999, 10_000), percent(1, 10_000)),
            ("83.7%".into(), "99.9%".into(), "0.0%".into())
        );
    }
}
