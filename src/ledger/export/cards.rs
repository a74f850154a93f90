// SPDX-License-Identifier: Apache-2.0
//! One row for each card: what it is, who made it on whose approval, how that ended, and what became of it. Who it was and when
//! comes from the entries; what it is now from the tables that they add up to.

use rusqlite::types::Value;
use rusqlite::{Row, ToSql, params_from_iter};

use super::sheet::{Cell, Column, Kind, Sheet};
use crate::ledger::error::LedgerError;
use crate::ledger::field::Moment;
use crate::ledger::filter::{Filter, signed_by};
use crate::ledger::log::Ledger;
use crate::ledger::projection::whole;

/// The columns, holders' data apart.
pub const CARD_COLUMNS: &[Column] = &[
    Column::always("site", Kind::Text),
    Column::always("rehearsal", Kind::Flag),
    Column::always("kind", Kind::Text),
    Column::always("number", Kind::Text),
    Column::maybe("chip", Kind::Text),
    Column::maybe("terminal", Kind::Text),
    Column::always("template", Kind::Text),
    Column::maybe("batch", Kind::Text),
    Column::maybe("order_id", Kind::Text),
    Column::maybe("lot", Kind::Text),
    Column::always("reader", Kind::Text),
    Column::always("operator", Kind::Text),
    Column::maybe("approvers", Kind::Text),
    Column::always("attempts", Kind::Whole),
    Column::always("intent", Kind::Whole),
    Column::always("intended", Kind::Time),
    Column::maybe("outcome", Kind::Whole),
    Column::maybe("concluded", Kind::Time),
    Column::maybe("result", Kind::Text),
    Column::maybe("reason", Kind::Text),
    Column::maybe("status_word", Kind::Text),
    Column::maybe("keys", Kind::Text),
    Column::always("script", Kind::Text),
    Column::always("status", Kind::Text),
    Column::maybe("state", Kind::Text),
    Column::maybe("last_day", Kind::Text),
    Column::always("blocked", Kind::Flag),
    Column::maybe("replaces", Kind::Text),
    Column::maybe("replaced_by", Kind::Text),
    Column::always("changed", Kind::Whole),
    Column::always("changed_at", Kind::Time),
];

/// What stands behind them where holders' data were asked for.
pub const HOLDER_COLUMNS: &[Column] = &[
    Column::always("holder", Kind::Text),
    Column::maybe("holder_name", Kind::Text),
    Column::maybe("id_number", Kind::Text),
];

/// A card's holder, as whoever may open the data gives it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HolderCells {
    /// `here`, `erased`, `none`.
    pub state: &'static str,
    /// The name.
    pub name: Option<String>,
    /// The number of the id document.
    pub id_number: Option<String>,
}

/// Gives a card's holder: by kind and number.
pub type HolderOf<'a> = &'a mut dyn FnMut(&str, &str) -> Result<HolderCells, LedgerError>;

const SELECT: &str = "SELECT c.kind, c.number, c.chip, c.terminal, c.template, c.batch, b.order_id, bl.lot,
    json_extract(i.line, '$.body.reader'), json_extract(i.line, '$.officer'),
    coalesce(
        (SELECT group_concat(officer, ' ') FROM
            (SELECT officer FROM batch_officers AS o WHERE o.batch = c.batch AND o.part = 'approve' ORDER BY officer)),
        (SELECT group_concat(json_extract(value, '$.officer'), ' ') FROM json_each(i.line, '$.sigs') WHERE key > 0)),
    (SELECT count(*) FROM entries AS t WHERE t.number = c.number
        AND t.act = iif(c.kind = 'psam', 'psam.intent', 'card.intent')),
    c.intent, i.at, c.outcome, o.at, json_extract(o.line, '$.body.result'), json_extract(o.line, '$.body.reason'),
    json_extract(o.line, '$.body.status_word'),
    (SELECT group_concat(json_extract(value, '$.key') || ' ' || json_extract(value, '$.kcv'), '; ')
        FROM json_each(i.line, '$.body.keys')),
    c.script, c.status, iif(c.status = 'issued', coalesce(l.state, 'in-use'), NULL), l.until, coalesce(l.blocked, 0),
    l.replaces, l.replaced_by, x.seq, x.at
    FROM cards AS c
    JOIN entries AS i ON i.seq = c.intent
    LEFT JOIN entries AS o ON o.seq = c.outcome
    LEFT JOIN batches AS b ON b.batch = c.batch
    LEFT JOIN blanks AS bl ON bl.kind = c.kind AND bl.number = c.number
    LEFT JOIN life AS l ON l.kind = c.kind AND l.number = c.number
    JOIN entries AS x ON x.seq = max(c.intent, coalesce(c.outcome, 0), coalesce(c.voided, 0), coalesce(l.changed, 0))";

impl Ledger {
    /// Writes a row for each card that passes, by kind and number; gives how many. A card lies in a period or range where its
    /// outcome does, or its intent where it has none; it is of the batch that its last intent names.
    pub(super) fn each_card(
        &self,
        filter: &Filter,
        range: (u64, u64),
        mut holder: Option<HolderOf<'_>>,
        sheet: &mut dyn Sheet,
    ) -> Result<u64, LedgerError> {
        let doing = LedgerError::while_doing("reading the cards");
        let mut values: Vec<Value> = vec![whole(range.0).into(), whole(range.1).into()];
        let mut sql =
            format!("{SELECT} WHERE coalesce(c.outcome, c.intent) >= ?1 AND coalesce(c.outcome, c.intent) < ?2");
        let mut and = |condition: &str, value: Option<String>| {
            if let Some(value) = value {
                values.push(value.into());
                sql.push_str(" AND ");
                sql.push_str(&condition.replace('?', &format!("?{}", values.len())));
            }
        };
        and("c.number = ?", filter.number.clone());
        and("c.batch = ?", filter.batch.clone());
        let signed = filter.officer.as_ref().map(|name| signed_by(name));
        and("(instr(i.line, ?) > 0 OR instr(coalesce(o.line, ''), ?) > 0)", signed);
        sql.push_str(" ORDER BY c.kind, c.number");
        let mut find = self.db.prepare_cached(&sql).map_err(&doing)?;
        let values = values.iter().map(|value| value as &dyn ToSql);
        let mut rows = find.query(params_from_iter(values)).map_err(&doing)?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(&doing)? {
            let mut cells = self.cells(row).map_err(&doing)?;
            if let Some(holder) = &mut holder {
                let card = |at| row.get::<_, String>(at).map_err(&doing);
                let found = holder(&card(0)?, &card(1)?)?;
                cells.push(Cell::Text(found.state.to_owned()));
                cells.push(Cell::text(found.name));
                cells.push(Cell::text(found.id_number));
            }
            sheet.row(cells)?;
            count += 1;
        }
        Ok(count)
    }

    fn cells(&self, row: &Row<'_>) -> rusqlite::Result<Vec<Cell>> {
        let own = [Cell::Text(self.state().site.to_string()), Cell::Flag(self.rehearsal())];
        let told = CARD_COLUMNS.iter().skip(own.len()).enumerate().map(|(at, column)| {
            Ok(match column.kind {
                Kind::Text => Cell::text(row.get::<_, Option<String>>(at)?),
                Kind::Whole => row.get::<_, Option<i64>>(at)?.map_or(Cell::Empty, Cell::Whole),
                Kind::Flag => Cell::Flag(row.get(at)?),
                Kind::Time => {
                    let at = row
                        .get::<_, Option<String>>(at)?
                        .and_then(|text| Moment::new(text).ok());
                    at.map_or(Cell::Empty, Cell::Time)
                }
            })
        });
        own.into_iter().map(Ok).chain(told).collect()
    }
}
