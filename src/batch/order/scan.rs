// SPDX-License-Identifier: Apache-2.0
//! Reading an order file from beginning to end: every row is checked, everything that is wrong is named, and good rows are
//! handed on. One row is in memory at a time.

use super::file::SameBytes;
use super::numbers::{RangeNumbers, ledger_number};
use super::repeats::Repeats;
use super::{OrderFault, OrderFile};
use crate::crypto::seal::NONCE;
use crate::i18n::Msg;
use crate::ledger::LedgerError;
use crate::msg;
use crate::template::{
    Arrival, CellFault, Columns, CsvFault, CsvReader, CsvRow, FieldProblem, HeadingFault, MOST_COLUMNS, Order,
    OrderField, OrderKind, OrderProblem, RawOrder, Surroundings, Template,
};

/// One thing that is wrong in a file. No value of a cell is part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1, as an editor counts; 0 for the file as a whole.
    pub line: u64,
    /// The row, from 1, without the heading and empty lines.
    pub row: Option<u32>,
    /// The column's heading.
    pub column: Option<String>,
    /// The field that it means.
    pub field: Option<String>,
    /// What is wrong.
    pub what: Msg,
}

/// A good row.
#[derive(Debug, Clone)]
pub struct Row {
    /// From 1.
    pub row: u32,
    /// The line in the file.
    pub line: u64,
    /// Its values.
    pub order: Order,
}

/// What came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows.
    pub rows: u32,
    /// Rows with something wrong.
    pub bad: u32,
    /// Rows in which no cell has anything; they are passed over.
    pub blank: u32,
    /// Things that are wrong.
    pub findings: u64,
    /// Whether a card gets a PIN of its own.
    pub own_pins: bool,
}

impl Summary {
    /// That the file is bad.
    pub fn bad_file(&self) -> OrderFault {
        let (findings, rows) = (self.findings, self.bad);
        OrderFault::Bad { findings, rows }
    }
}

/// Where a number is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// A card of the ledger bears it, with this status.
    Card {
        /// The status.
        status: String,
    },
    /// An order has it.
    Order {
        /// The order.
        order: String,
    },
}

/// Says whether a number (true: a terminal's) is used already.
pub type Taken<'a> = &'a dyn Fn(bool, &str) -> Result<Option<Known>, LedgerError>;

/// What a file is read for.
pub struct Scan<'a> {
    /// The template.
    pub template: &'a Template,
    /// Values of the site.
    pub site: &'a dyn Fn(&str) -> Option<String>,
    /// The moment of issuing, for defaults and validities.
    pub now: &'a str,
    /// Headings and fields as the operator maps them.
    pub told: &'a [(String, String)],
    /// The range that the cards' numbers come from; None: the file brings them.
    pub numbers: Option<&'a RangeNumbers>,
    /// The range that the terminals' numbers come from.
    pub terminals: Option<&'a RangeNumbers>,
    /// What validities may be.
    pub arrival: Arrival,
    /// Which numbers are used.
    pub taken: Taken<'a>,
}

/// A file being read.
struct Reading<'a> {
    scan: &'a Scan<'a>,
    columns: Columns,
    repeats: Repeats,
    summary: Summary,
    sink: &'a mut dyn FnMut(Finding),
    /// What was found in the row so far.
    in_row: u64,
    /// Fields that have no column and no default; said once, at the heading.
    lacking: Vec<String>,
}

impl<'a> Scan<'a> {
    /// Fields whose values come from ranges.
    fn ranged(&self) -> impl Iterator<Item = (&'a OrderField, &'a RangeNumbers)> {
        let template = self.template;
        let number = self.numbers.map(|range| (Some(&template.number), range));
        let terminal = self.terminals.map(|range| (template.terminal.as_ref(), range));
        let both = number.into_iter().chain(terminal);
        both.filter_map(move |(name, range)| Some((template.order_field(name?)?, range)))
    }

    /// Reads the file. Findings go to `sink` as they come; good rows to `each`, where the file has no finding so far. `salt` is
    /// random: repeated values are remembered by salted digests.
    pub fn run<E: From<OrderFault>>(
        &self,
        file: &OrderFile,
        salt: &[u8; NONCE],
        sink: &mut dyn FnMut(Finding),
        each: &mut dyn FnMut(Row) -> Result<(), E>,
    ) -> Result<Summary, E> {
        let mut bytes = file.bytes()?;
        let mut reading = Reading {
            scan: self,
            columns: Columns::default(),
            repeats: Repeats::new(salt)?,
            summary: Summary::default(),
            sink,
            in_row: 0,
            lacking: Vec::new(),
        };
        reading.whole(&mut CsvReader::new(&mut bytes, file.encoding()), each)?;
        let summary = reading.summary;
        file.is_same(bytes)?;
        Ok(summary)
    }
}

impl Reading<'_> {
    fn whole<E: From<OrderFault>>(
        &mut self,
        csv: &mut CsvReader<&mut SameBytes>,
        each: &mut dyn FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut row = CsvRow::default();
        if !self.begin(csv, &mut row)? {
            return Ok(());
        }
        loop {
            match csv.read(&mut row) {
                Ok(true) if row.is_blank() => self.summary.blank += 1,
                Ok(true) => {
                    if let Some(good) = self.row(&row)? {
                        each(good)?;
                    }
                }
                Ok(false) => break,
                Err(fault) => {
                    self.unreadable(fault)?;
                    break;
                }
            }
        }
        if self.summary.rows == 0 && self.summary.findings == 0 {
            self.of_file(0, msg!("order-no-rows"));
        }
        let rows = self.summary.rows;
        let short: Vec<Msg> = self
            .scan
            .ranged()
            .filter(|(_, range)| range.left < u64::from(rows))
            .map(|(_, range)| msg!("order-range-short", range = range.range, left = range.left, rows = rows))
            .collect();
        for what in short {
            self.of_file(0, what);
        }
        Ok(())
    }

    /// Reads the heading; false where no row needs to be looked at.
    fn begin(&mut self, csv: &mut CsvReader<&mut SameBytes>, row: &mut CsvRow) -> Result<bool, OrderFault> {
        let what = match csv.read(row) {
            Err(fault) => return self.unreadable(fault).map(|()| false),
            Ok(false) => msg!("order-empty"),
            Ok(true) if row.is_blank() => msg!("order-no-heading"),
            Ok(true) if row.width() > MOST_COLUMNS => {
                msg!("order-many-columns", most = MOST_COLUMNS, got = row.width())
            }
            Ok(true) => return Ok(self.heading(row)),
        };
        let line = if row.width() == 0 { 0 } else { row.line() };
        self.of_file(line, what);
        Ok(false)
    }

    fn note(&mut self, finding: Finding) {
        self.in_row += 1;
        self.summary.findings += 1;
        (self.sink)(finding);
    }

    fn of_file(&mut self, line: u64, what: Msg) {
        let (row, column, field) = (None, None, None);
        self.note(Finding {
            line,
            row,
            column,
            field,
            what,
        });
    }

    /// A quote that is never closed is a finding; a disk that fails is not.
    fn unreadable(&mut self, fault: CsvFault) -> Result<(), OrderFault> {
        match fault {
            CsvFault::Unclosed { line } => {
                self.of_file(line, crate::error::Fault::msg(&fault));
                Ok(())
            }
            fault @ CsvFault::Read { .. } => Err(OrderFault::Csv(fault)),
        }
    }

    /// Finds what the columns mean; false where there are none to look at.
    fn heading(&mut self, row: &CsvRow) -> bool {
        let line = row.line();
        for (place, fault) in row.faults() {
            let column = Some(format!("{}", place + 1));
            let (row, field, what) = (None, None, fault.msg());
            self.note(Finding {
                line,
                row,
                column,
                field,
                what,
            });
        }
        let headings: Vec<String> = row.cells().map(str::to_owned).collect();
        let ranged: Vec<&str> = self.scan.ranged().map(|(field, _)| field.name.as_str()).collect();
        let (columns, faults) = Columns::find(self.scan.template, &headings, self.scan.told, &ranged);
        let separated = !faults.iter().any(|(_, f)| matches!(f, HeadingFault::Separator { .. }));
        for (place, fault) in faults {
            let column = place.map(|place| match headings.get(place).filter(|h| !h.is_empty()) {
                Some(heading) => heading.clone(),
                None => format!("{}", place + 1),
            });
            let (row, field, what) = (None, None, fault.msg());
            self.note(Finding {
                line,
                row,
                column,
                field,
                what,
            });
            if let HeadingFault::Missing { field, .. } = fault {
                self.lacking.push(field);
            }
        }
        self.columns = columns;
        separated
    }

    /// Checks a row; gives it out where it and everything before it is good.
    fn row(&mut self, cells: &CsvRow) -> Result<Option<Row>, OrderFault> {
        self.summary.rows += 1;
        self.in_row = 0;
        let (line, row) = (cells.line(), self.summary.rows);
        let order = self.values(cells, row);
        if let Some(order) = &order {
            self.repeated(order, line, row)?;
        }
        self.summary.bad += u32::from(self.in_row > 0);
        self.summary.own_pins |= order.as_ref().is_some_and(|o| self.scan.template.gives_own_pin(o));
        let good = order.filter(|_| self.summary.findings == 0);
        Ok(good.map(|order| Row { row, line, order }))
    }

    /// The values of a row that are good; what is not is named. None where the cells do not even stand in their columns.
    fn values(&mut self, cells: &CsvRow, row: u32) -> Option<Order> {
        let line = cells.line();
        for (place, fault) in cells.faults() {
            let column = self.columns.get(*place).cloned();
            // A column that means nothing may hold anything but what shifts the columns behind it.
            let shifts = matches!(
                fault,
                CellFault::StrayQuote | CellFault::BehindQuote | CellFault::TooLong
            );
            if column.is_some() || shifts || *place >= self.columns.len() {
                let heading = column
                    .as_ref()
                    .map_or_else(|| format!("{}", place + 1), |c| c.heading.clone());
                self.note(Finding {
                    line,
                    row: Some(row),
                    column: Some(heading),
                    field: column.map(|c| c.field),
                    what: fault.msg(),
                });
            }
        }
        if cells.width() != self.columns.len() {
            let what = msg!("order-cell-count", columns = self.columns.len(), got = cells.width());
            let (row, column, field) = (Some(row), None, None);
            self.note(Finding {
                line,
                row,
                column,
                field,
                what,
            });
        }
        if self.in_row > 0 {
            return None;
        }
        let raw = self.raw(cells);
        let around = Surroundings {
            now: self.scan.now,
            site: self.scan.site,
            arrival: Some(self.scan.arrival),
        };
        let (order, problems) = Order::good_part(self.scan.template, &raw, &around);
        for OrderProblem { field, problem } in problems {
            if problem != FieldProblem::Missing || !self.lacking.contains(&field) {
                self.of_field(line, row, &field, problem.msg());
            }
        }
        Some(order)
    }

    /// The row's cells by field, and the numbers that ranges give. Where a range has none left, one that fits stands in.
    fn raw(&self, cells: &CsvRow) -> RawOrder {
        let each = cells.cells().enumerate();
        let mut raw: RawOrder = each
            .filter_map(|(place, cell)| {
                let column = self.columns.get(place)?;
                Some((column.field.clone(), column.text(cell)))
            })
            .collect();
        for (field, range) in self.scan.ranged() {
            let number = range.for_field(self.summary.rows, field);
            raw.insert(
                field.name.clone(),
                number.unwrap_or_else(|| any_number(field, self.scan.site)),
            );
        }
        raw
    }

    fn of_field(&mut self, line: u64, row: u32, field: &str, what: Msg) {
        let column = Some(self.columns.heading_of(field).to_owned());
        let (row, field) = (Some(row), Some(field.to_owned()));
        self.note(Finding {
            line,
            row,
            column,
            field,
            what,
        });
    }

    /// Values that must not come twice, in this file or anywhere.
    fn repeated(&mut self, order: &Order, line: u64, row: u32) -> Result<(), OrderFault> {
        let template = self.scan.template;
        let ranged: Vec<&str> = self.scan.ranged().map(|(field, _)| field.name.as_str()).collect();
        for field in &template.order {
            let number = field.name == template.number;
            let terminal = template.terminal.as_ref() == Some(&field.name);
            let value = order.get(&field.name).unwrap_or_default();
            let given = !ranged.contains(&field.name.as_str());
            if value.is_empty() || !given || !(number || terminal || field.unique) {
                continue;
            }
            if let Some(first) = self.repeats.note(&field.name, value, line)? {
                self.of_field(line, row, &field.name, msg!("order-repeated", line = first));
                continue;
            }
            if number || terminal {
                let known = (self.scan.taken)(terminal, &ledger_number(value))?;
                match known {
                    Some(Known::Card { status }) => {
                        let what = msg!("order-number-card").with_word("status", "card-status", &status);
                        self.of_field(line, row, &field.name, what);
                    }
                    Some(Known::Order { order }) => {
                        self.of_field(line, row, &field.name, msg!("order-number-order", order = order));
                    }
                    None => {}
                }
            }
        }
        Ok(())
    }
}

/// A number that fits the field.
fn any_number(field: &OrderField, site: &dyn Fn(&str) -> Option<String>) -> String {
    let start = field.starts_with.as_deref().and_then(site).unwrap_or_default();
    let places = match field.kind {
        OrderKind::Digits(n) => n,
        OrderKind::Hex(n) => 2 * n,
        _ => 1,
    };
    format!("{start}{:0>width$}", 1, width = places.saturating_sub(start.len()))
}
