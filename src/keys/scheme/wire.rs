// SPDX-License-Identifier: Apache-2.0
//! Scheme files as they are written (docs/formats/scheme.md), and the checks that make a [`Scheme`] of one. Every error
//! names file, line and place.

use serde::Deserialize;
use toml::Spanned;

use super::super::id::LevelName;
use super::{
    Code, CodeKind, Encoding, Level, Part, Scheme, SchemeAlgorithm, SchemeError, SchemeReason, Title, UsageRule,
    Variants,
};
use crate::crypto::{Algorithm, KcvLength};

/// The format that this program reads and writes.
pub(super) const FORMAT: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SchemeFile {
    format: Spanned<u32>,
    name: Spanned<String>,
    title: Title,
    #[serde(default)]
    kcv_length: KcvLength,
    variants: Variants,
    algorithms: Vec<Spanned<SchemeAlgorithm>>,
    level: Vec<LevelTable>,
    usage: Vec<UsageTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LevelTable {
    name: Spanned<String>,
    title: Title,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    leaf: bool,
    code: Option<CodeTable>,
    factor: Option<Spanned<Vec<PartTable>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeTable {
    field: Spanned<String>,
    kind: CodeKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartTable {
    field: Option<String>,
    bytes: Option<usize>,
    of: Option<Vec<usize>>,
    encoding: Option<Encoding>,
    r#const: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageTable {
    name: Spanned<String>,
    abbreviation: String,
    title: Title,
    root: Option<Spanned<String>>,
    leaf: Option<Spanned<String>>,
    #[serde(default = "yes")]
    diversified: bool,
    algorithms: Option<Vec<Algorithm>>,
}

fn yes() -> bool {
    true
}

/// Turns places in the text into errors.
struct Places<'a> {
    source: &'a str,
    text: &'a str,
}

impl Places<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
    }

    fn error<T>(&self, at: &Spanned<T>, place: &str, reason: SchemeReason) -> SchemeError {
        let (source, line) = (self.source.to_owned(), self.line(at.span().start));
        SchemeError::Field {
            source,
            line,
            place: place.to_owned(),
            reason,
        }
    }

    fn word<T: std::str::FromStr>(&self, at: &Spanned<String>, place: &str) -> Result<T, SchemeError> {
        let name = || SchemeReason::Name {
            word: at.get_ref().clone(),
        };
        at.get_ref().parse().map_err(|_| self.error(at, place, name()))
    }
}

impl Scheme {
    /// Reads a scheme file; `source` is its name in errors.
    pub fn parse(source: &str, text: &str) -> Result<Self, SchemeError> {
        let places = Places { source, text };
        let file: SchemeFile = toml::from_str(text).map_err(|e| SchemeError::Syntax {
            source: source.to_owned(),
            line: places.line(e.span().map_or(0, |s| s.start)),
            what: e.message().to_owned(),
        })?;
        if *file.format.get_ref() != FORMAT {
            let found = *file.format.get_ref();
            return Err(places.error(&file.format, "format", SchemeReason::Format { found }));
        }
        let name: LevelName = places.word(&file.name, "name")?;
        if let Some(algorithm) = file.algorithms.iter().find(|a| a.get_ref().version == 0) {
            return Err(places.error(algorithm, "algorithms", SchemeReason::Version));
        }
        let algorithms: Vec<SchemeAlgorithm> = file.algorithms.into_iter().map(Spanned::into_inner).collect();
        let levels = levels(&places, file.level, &file.name)?;
        let usages = usages(&places, file.usage, &levels, &algorithms)?;
        let (title, kcv_length, variants) = (file.title, file.kcv_length, file.variants);
        Ok(Self {
            name: name.to_string(),
            title,
            kcv_length,
            variants,
            algorithms,
            levels,
            usages,
        })
    }
}

fn levels(places: &Places<'_>, tables: Vec<LevelTable>, file: &Spanned<String>) -> Result<Vec<Level>, SchemeError> {
    let mut levels: Vec<Level> = Vec::new();
    for table in tables {
        let place = format!("level.{}", table.name.get_ref());
        let fault = |reason| places.error(&table.name, &place, reason);
        let name: LevelName = places.word(&table.name, &place)?;
        if levels.iter().any(|l| l.name == name) {
            return Err(fault(SchemeReason::Twice { name: name.to_string() }));
        }
        let top = levels.is_empty();
        if top != table.factor.is_none() || (top && (table.code.is_some() || table.optional || table.leaf)) {
            return Err(fault(SchemeReason::Top));
        }
        let below_leaf = levels.last().is_some_and(|l| l.leaf);
        if (below_leaf && !table.leaf) || (table.leaf && (table.code.is_some() || table.optional)) {
            return Err(fault(SchemeReason::Leaf));
        }
        if !top && !table.leaf && table.code.is_none() {
            return Err(fault(SchemeReason::NoCode));
        }
        let factor = table
            .factor
            .map_or(Ok(Vec::new()), |f| factor(places, &f, &format!("{place}.factor")))?;
        let code = table.code.map(|c| Code {
            field: c.field.into_inner(),
            kind: c.kind,
        });
        let (title, optional, leaf) = (table.title, table.optional, table.leaf);
        levels.push(Level {
            name,
            title,
            optional,
            leaf,
            code,
            factor,
        });
    }
    if levels.last().is_none_or(|l| !l.leaf) {
        return Err(places.error(file, "level", SchemeReason::Leaf));
    }
    Ok(levels)
}

fn factor(places: &Places<'_>, parts: &Spanned<Vec<PartTable>>, place: &str) -> Result<Vec<Part>, SchemeError> {
    let mut made = Vec::new();
    for table in parts.get_ref() {
        made.push(part(table).map_err(|reason| places.error(parts, place, reason))?);
    }
    let length = |p: &Part| match p {
        Part::Field { bytes, .. } => *bytes,
        Part::Const(bytes) => bytes.len(),
    };
    let bytes = made.iter().map(length).sum();
    if bytes == 8 {
        Ok(made)
    } else {
        Err(places.error(parts, place, SchemeReason::FactorLength { bytes }))
    }
}

fn part(table: &PartTable) -> Result<Part, SchemeReason> {
    match table {
        PartTable {
            field: None,
            bytes: None,
            of: None,
            encoding: None,
            r#const: Some(text),
        } => hex::decode(text).map(Part::Const).map_err(|_| SchemeReason::Const),
        PartTable {
            field: Some(field),
            bytes: Some(bytes),
            of,
            encoding: Some(encoding),
            r#const: None,
        } => {
            let of = of.clone().unwrap_or_else(|| vec![*bytes]);
            if *bytes == 0 || of.is_empty() || of.iter().any(|whole| whole < bytes) {
                return Err(SchemeReason::FieldLength);
            }
            Ok(Part::Field {
                field: field.clone(),
                bytes: *bytes,
                of,
                encoding: *encoding,
            })
        }
        _ => Err(SchemeReason::Part),
    }
}

fn usages(
    places: &Places<'_>,
    tables: Vec<UsageTable>,
    levels: &[Level],
    algorithms: &[SchemeAlgorithm],
) -> Result<Vec<UsageRule>, SchemeError> {
    let mut usages: Vec<UsageRule> = Vec::new();
    for table in tables {
        let place = format!("usage.{}", table.name.get_ref());
        let name = places.word(&table.name, &place)?;
        if usages.iter().any(|u| u.name == name) {
            return Err(places.error(&table.name, &place, SchemeReason::Twice { name: name.to_string() }));
        }
        let root = table
            .root
            .as_ref()
            .map(|r| level(places, r, &format!("{place}.root"), levels))
            .transpose()?;
        if let (Some(at), Some(root)) = (&table.root, root)
            && (root.leaf || root.optional || !table.diversified)
        {
            return Err(places.error(at, &format!("{place}.root"), SchemeReason::Root));
        }
        let leaf = leaf(places, &table, &place, levels)?;
        let every = || algorithms.iter().map(|a| a.name).collect();
        let own: Vec<Algorithm> = table.algorithms.clone().unwrap_or_else(every);
        if let Some(&algorithm) = own.iter().find(|a| algorithms.iter().all(|known| known.name != **a)) {
            return Err(places.error(&table.name, &place, SchemeReason::Algorithm { algorithm }));
        }
        let root = root.map(|l| l.name.clone());
        let (abbreviation, title) = (table.abbreviation, table.title);
        usages.push(UsageRule {
            name,
            abbreviation,
            title,
            root,
            leaf,
            algorithms: own,
        });
    }
    Ok(usages)
}

fn level<'l>(
    places: &Places<'_>,
    at: &Spanned<String>,
    place: &str,
    levels: &'l [Level],
) -> Result<&'l Level, SchemeError> {
    let missing = || {
        places.error(
            at,
            place,
            SchemeReason::NoLevel {
                level: at.get_ref().clone(),
            },
        )
    };
    levels
        .iter()
        .find(|l| l.name.as_str() == at.get_ref())
        .ok_or_else(missing)
}

/// The named leaf, else the first one; none for keys that are never diversified.
fn leaf(
    places: &Places<'_>,
    table: &UsageTable,
    place: &str,
    levels: &[Level],
) -> Result<Option<LevelName>, SchemeError> {
    if !table.diversified {
        return Ok(None);
    }
    let Some(at) = &table.leaf else {
        return Ok(levels.iter().find(|l| l.leaf).map(|l| l.name.clone()));
    };
    let place = format!("{place}.leaf");
    let level = level(places, at, &place, levels)?;
    let not_leaf = || {
        places.error(
            at,
            &place,
            SchemeReason::NotLeaf {
                level: level.name.to_string(),
            },
        )
    };
    if level.leaf {
        Ok(Some(level.name.clone()))
    } else {
        Err(not_leaf())
    }
}
