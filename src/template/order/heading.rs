// SPDX-License-Identifier: Apache-2.0
//! Which field a column's heading means: the field's own name, its title in Chinese or English, one of the headings that the
//! template lists, or what the operator says (`--column 姓名=holder-name`). Nothing is guessed: a column that nobody knows
//! is an error until it is named or left out on purpose.

use super::AmountUnit;
use crate::i18n::Msg;
use crate::msg;
use crate::template::model::{CardType, OrderField, OrderKind, Template};

/// The name under which an order says a card type.
pub const CARD_TYPE: &str = "card-type";
const CARD_TYPE_HEADINGS: [&str; 5] = [CARD_TYPE, "card type", "卡类型", "卡种", "卡片类型"];

/// What stands for "this column means nothing" in a mapping.
const NOTHING: &str = "-";

/// What is wrong with the headings of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadingFault {
    /// No field of the template.
    Unknown {
        /// The heading.
        heading: String,
    },
    /// The column has no heading.
    Empty,
    /// Two columns mean the same field.
    Twice {
        /// The heading.
        heading: String,
        /// The field.
        field: String,
    },
    /// A field that has no default and no column.
    Missing {
        /// The field.
        field: String,
        /// Its title in Chinese.
        title: String,
    },
    /// A heading was mapped to a field that the template lacks.
    NoField {
        /// The heading.
        heading: String,
        /// What it was mapped to.
        field: String,
    },
    /// A heading was mapped that the file lacks.
    NotThere {
        /// The heading.
        heading: String,
    },
    /// Numbers come from a range, and the file brings numbers too.
    Numbers {
        /// The heading.
        heading: String,
    },
    /// One column alone, with signs in its heading that separate columns elsewhere.
    Separator {
        /// The sign.
        sign: &'static str,
    },
}

impl HeadingFault {
    /// The fault in words.
    pub fn msg(&self) -> Msg {
        match self {
            Self::Unknown { heading } => msg!("heading-unknown", heading = heading),
            Self::Empty => msg!("heading-empty"),
            Self::Twice { heading, field } => msg!("heading-twice", heading = heading, field = field),
            Self::Missing { field, title } => msg!("heading-missing", field = field, title = title),
            Self::NoField { heading, field } => msg!("heading-no-field", heading = heading, field = field),
            Self::NotThere { heading } => msg!("heading-not-there", heading = heading),
            Self::Numbers { heading } => msg!("heading-numbers", heading = heading),
            Self::Separator { sign } => msg!("heading-separator", sign = sign),
        }
    }
}

/// The columns of a file, by what they mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(Vec<Option<Column>>);

/// A column that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading as it stands in the file.
    pub heading: String,
    /// The field.
    pub field: String,
    /// What the heading says of a whole number: `余额（元）`.
    unit: Option<AmountUnit>,
}

impl Columns {
    /// Finds what every heading means; `told` are heading and field as the operator maps them, `ranged` the fields whose
    /// values come from number ranges.
    pub fn find(
        template: &Template,
        headings: &[String],
        told: &[(String, String)],
        ranged: &[&str],
    ) -> (Self, Vec<(Option<usize>, HeadingFault)>) {
        let mut faults = Vec::new();
        for (heading, field) in told {
            if !headings.iter().any(|h| plain(h) == plain(heading)) {
                let heading = heading.clone();
                faults.push((None, HeadingFault::NotThere { heading }));
            } else if field != NOTHING && template.field_called(field).is_none() {
                let (heading, field) = (heading.clone(), field.clone());
                faults.push((None, HeadingFault::NoField { heading, field }));
            }
        }
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(headings.len());
        for (place, heading) in headings.iter().enumerate() {
            let found = column(template, heading, told);
            let found = found.and_then(|column| match column {
                Some(c) if columns.iter().flatten().any(|earlier| earlier.field == c.field) => {
                    Err(HeadingFault::Twice {
                        heading: heading.clone(),
                        field: c.field,
                    })
                }
                Some(c) if ranged.contains(&c.field.as_str()) => Err(HeadingFault::Numbers {
                    heading: heading.clone(),
                }),
                other => Ok(other),
            });
            columns.push(found.unwrap_or_else(|fault| {
                faults.push((Some(place), fault));
                None
            }));
        }
        let unknown = faults.iter().any(|(_, f)| matches!(f, HeadingFault::Unknown { .. }));
        match headings {
            [only]
                if unknown && let Some(sign) = [";", "\t", "|", "；", "，"].into_iter().find(|s| only.contains(s)) =>
            {
                faults = vec![(Some(0), HeadingFault::Separator { sign })];
            }
            _ => faults.extend(missing(template, &columns, ranged)),
        }
        (Self(columns), faults)
    }

    /// The column of a place.
    pub fn get(&self, place: usize) -> Option<&Column> {
        self.0.get(place)?.as_ref()
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The heading of a field's column, or the field's name.
    pub fn heading_of<'a>(&'a self, field: &'a str) -> &'a str {
        let column = self.0.iter().flatten().find(|column| column.field == field);
        column.map_or(field, |column| &column.heading)
    }
}

impl Column {
    /// What a cell of this column says: an amount gets the unit of the heading, unless it brings one.
    pub fn text(&self, cell: &str) -> String {
        match self.unit {
            Some(unit) if !cell.is_empty() && AmountUnit::split(cell).1 != Some(unit) => {
                format!("{cell}{}", unit.word())
            }
            _ => cell.to_owned(),
        }
    }
}

/// The column that a heading means; `None` for one that is left out on purpose.
fn column(template: &Template, heading: &str, told: &[(String, String)]) -> Result<Option<Column>, HeadingFault> {
    let mapped = told.iter().find(|(name, _)| plain(name) == plain(heading));
    if mapped.is_some_and(|(_, field)| field == NOTHING) {
        return Ok(None);
    }
    if plain(heading).is_empty() {
        return Err(HeadingFault::Empty);
    }
    let unknown = || HeadingFault::Unknown {
        heading: heading.to_owned(),
    };
    let named = mapped.map_or(heading, |(_, field)| field);
    let exact = template.field_called(named).map(|field| (field, None));
    let found = exact.or_else(|| {
        let plain = plain(named);
        let (name, unit) = AmountUnit::split(&plain);
        let name = name.trim_end_matches(['(', '-', '/']);
        template.field_called(name).map(|field| (field, unit))
    });
    let (field, unit) = found.ok_or_else(unknown)?;
    // The unit of a heading counts for an operator's mapping too: `--column 金额(元)=balance`.
    let unit = unit.or_else(|| AmountUnit::split(&plain(heading)).1);
    let money = template
        .order_field(field)
        .is_some_and(|f| matches!(f.kind, OrderKind::Amount { .. }));
    if !money && exact.is_none() {
        return Err(unknown());
    }
    Ok(Some(Column {
        heading: heading.trim().to_owned(),
        field: field.to_owned(),
        unit: unit.filter(|_| money),
    }))
}

/// Fields that an order must bring and for which there is no column.
fn missing<'a>(
    template: &'a Template,
    columns: &'a [Option<Column>],
    ranged: &'a [&str],
) -> impl Iterator<Item = (Option<usize>, HeadingFault)> + 'a {
    let there = |name: &str| columns.iter().flatten().any(|c| c.field == name);
    // A card type may set what has no column of its own.
    let set = move |name: &str| there(CARD_TYPE) && template.card_types.iter().all(|t| t.set.contains_key(name));
    let needed = template
        .order
        .iter()
        .filter(move |f| f.default.is_none() && !template.is_on_chip(&f.name));
    let needed = needed.filter(move |f| !ranged.contains(&f.name.as_str()));
    needed.filter(move |f| !there(&f.name) && !set(&f.name)).map(|f| {
        let (field, title) = (f.name.clone(), f.title.zh.clone());
        (None, HeadingFault::Missing { field, title })
    })
}

/// A name without blanks, brackets' width, case and the difference of dash and underline.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !c.is_whitespace()).map(|c| match c {
        '（' => '(',
        '_' => '-',
        c => c,
    });
    let text: String = letters.filter(|c| !matches!(c, ')' | '）' | '*' | '＊')).collect();
    text.to_lowercase()
}

impl OrderField {
    /// Whether a heading means this field.
    pub(crate) fn is_called(&self, heading: &str) -> bool {
        let asked = plain(heading);
        let names = [&self.name, &self.title.en, &self.title.zh];
        names.into_iter().chain(&self.columns).any(|name| plain(name) == asked)
    }
}

impl Template {
    /// The field that is called so: by its own name, a title, or one of its headings. `card-type` where the template has
    /// card types.
    pub fn field_called(&self, name: &str) -> Option<&str> {
        if let Some(field) = self.order_field(name) {
            return Some(&field.name);
        }
        let field = self.order.iter().find(|f| f.is_called(name));
        let is_type = || CARD_TYPE_HEADINGS.iter().any(|h| plain(h) == plain(name));
        let card_type = || (!self.card_types.is_empty() && is_type()).then_some(CARD_TYPE);
        field.map(|f| f.name.as_str()).or_else(card_type)
    }

    /// The card type that a word stands for.
    pub(super) fn card_type_called(&self, word: &str) -> Option<&CardType> {
        let is = |n: &str| plain(n) == plain(word);
        self.card_types
            .iter()
            .find(|t| is(&t.name) || is(&t.title.en) || is(&t.title.zh) || t.words.iter().any(|word| is(word)))
    }
}
