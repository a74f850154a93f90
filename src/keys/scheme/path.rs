// SPDX-License-Identifier: Apache-2.0
//! The way down the hierarchy: factors from level to level, and from a stored key to the key of one card.
//!
//! Factors are given in the order of derivation, highest authority first. (PSAM commands carry them the other way round.)

use super::super::id::{CardKey, KeyId, KeyPath, KeyRecord, KeyState, LevelName, Owner, Usage};
use super::{Level, Part, Scheme, SchemeError, Subject, UsageRule};
use crate::crypto::{Algorithm, Factor};

impl Scheme {
    /// The factors that lead from a key of level `from` to the key of level `to` for this subject.
    pub fn factors(&self, from: &LevelName, to: &LevelName, subject: &Subject) -> Result<Vec<Factor>, SchemeError> {
        self.way(from, to)?
            .into_iter()
            .map(|level| level.factor_for(subject))
            .collect()
    }

    /// The levels below `from` down to `to`, highest first.
    pub fn way(&self, from: &LevelName, to: &LevelName) -> Result<Vec<&Level>, SchemeError> {
        let (start, end) = (self.place(from)?, self.place(to)?);
        if start > end || (start < end && self.levels()[start].leaf) {
            return Err(SchemeError::NoWay {
                from: from.clone(),
                to: to.clone(),
            });
        }
        // Leaves stand side by side: only the last of the way may be one.
        let way = self.levels()[start..=end].iter().skip(1);
        Ok(way.filter(|l| !l.leaf || l.name == *to).collect())
    }

    /// The owner of the subject at a level: `city:3100` for a card of Hangzhou.
    pub fn owner(&self, level: &LevelName, subject: &Subject) -> Result<Owner, SchemeError> {
        let rule = self.level(level)?;
        let code = match &rule.code {
            None => String::new(),
            Some(code) => {
                let bytes = subject.get(&code.field)?;
                let read = code.kind.read(&hex::encode_upper(bytes));
                read.map_err(|reason| SchemeError::Code {
                    level: level.clone(),
                    reason,
                })?
            }
        };
        Ok(Owner {
            level: level.clone(),
            code,
        })
    }

    /// The key that one card or PSAM carries for its own use, reached from whichever stored key leads there: a ministry's
    /// store has the root, a city's store what it received.
    pub fn card_key(
        &self,
        stored: &[KeyRecord],
        usage: &Usage,
        version: u8,
        algorithm: Algorithm,
        subject: &Subject,
    ) -> Result<CardKey, SchemeError> {
        let rule = self.usage(usage)?;
        let lowest = rule.leaf.as_ref();
        self.reach(stored, rule, version, algorithm, lowest, subject)
            .map(CardKey::new)
    }

    /// The key of a given level, as a PSAM holds it (the ministry's purchase root, or a city's derived key).
    pub fn key_at(
        &self,
        stored: &[KeyRecord],
        usage: &Usage,
        version: u8,
        algorithm: Algorithm,
        level: &LevelName,
        subject: &Subject,
    ) -> Result<KeyPath, SchemeError> {
        let rule = self.usage(usage)?;
        self.level(level)?;
        self.reach(stored, rule, version, algorithm, Some(level), subject)
    }

    /// The level of the key that a path leads to; `None` for a key that is never diversified.
    pub fn level_of(&self, path: &KeyPath) -> Result<Option<&Level>, SchemeError> {
        let rule = self.usage(&path.key.usage)?;
        let owner = self.place(&path.key.owner.level)?;
        let steps = path.factors.len();
        let Some(leaf) = &rule.leaf else {
            let own = path.key.owner.level.clone();
            return if steps == 0 {
                Ok(None)
            } else {
                Err(SchemeError::NoWay {
                    from: own.clone(),
                    to: own,
                })
            };
        };
        let chain = self.levels().iter().take_while(|l| !l.leaf).count();
        let at = if rule.root.is_none() && steps > 0 {
            chain + steps - 1
        } else {
            owner + steps
        };
        match at {
            at if at < chain => Ok(Some(&self.levels()[at])),
            at if at == chain => self.level(leaf).map(Some),
            _ => Err(SchemeError::NoWay {
                from: path.key.owner.level.clone(),
                to: leaf.clone(),
            }),
        }
    }

    fn reach(
        &self,
        stored: &[KeyRecord],
        rule: &UsageRule,
        version: u8,
        algorithm: Algorithm,
        to: Option<&LevelName>,
        subject: &Subject,
    ) -> Result<KeyPath, SchemeError> {
        let same = |id: &KeyId| id.usage == rule.name && id.version == version && id.algorithm == algorithm;
        let mut found: Vec<&KeyRecord> = stored.iter().filter(|k| same(&k.id)).collect();
        // A key that still works before one that does not; then the lowest in rank: it can do the least.
        found.sort_by_key(|k| {
            let works = matches!(k.state, KeyState::Active | KeyState::Retired);
            (!works, std::cmp::Reverse(self.place(&k.id.owner.level).unwrap_or(0)))
        });
        let (mut wanted, mut missing) = (Vec::new(), None);
        for level in self.owners(rule, to)? {
            match self.owner(level, subject) {
                Ok(owner) => {
                    if let Some(key) = found.iter().find(|k| k.id.owner == owner) {
                        return self.path(&key.id, rule, to, subject);
                    }
                    wanted.push(owner);
                }
                // Only a key of a higher level needs this field; one of a lower level may have done.
                Err(e) => missing = missing.or(Some(e)),
            }
        }
        if let Some(e) = missing {
            return Err(e);
        }
        // What each centre makes for itself: whoever owns it is the issuing centre.
        if rule.root.is_none()
            && let Some(key) = found.first()
        {
            return self.path(&key.id, rule, to, subject);
        }
        Err(SchemeError::NoKey {
            usage: rule.name.clone(),
            version,
            algorithm,
            owners: wanted,
        })
    }

    /// The levels from whose key the subject's can be reached, lowest first.
    fn owners(&self, rule: &UsageRule, to: Option<&LevelName>) -> Result<Vec<&LevelName>, SchemeError> {
        let (Some(root), Some(to)) = (&rule.root, to) else {
            return Ok(Vec::new());
        };
        let (start, end) = (self.place(root)?, self.place(to)?);
        if start > end {
            return Err(SchemeError::NoWay {
                from: root.clone(),
                to: to.clone(),
            });
        }
        let above = self.levels()[start..=end].iter().rev();
        Ok(above.filter(|l| !l.leaf).map(|l| &l.name).collect())
    }

    fn path(
        &self,
        key: &KeyId,
        rule: &UsageRule,
        to: Option<&LevelName>,
        subject: &Subject,
    ) -> Result<KeyPath, SchemeError> {
        let factors = match (to, &rule.root) {
            (None, _) => Vec::new(),
            (Some(to), Some(_)) => self.factors(&key.owner.level, to, subject)?,
            (Some(to), None) if *to == key.owner.level => Vec::new(),
            (Some(to), None) => {
                let level = self.level(to)?;
                if !level.leaf {
                    return Err(SchemeError::NoWay {
                        from: key.owner.level.clone(),
                        to: to.clone(),
                    });
                }
                vec![level.factor_for(subject)?]
            }
        };
        Ok(KeyPath {
            key: key.clone(),
            factors,
        })
    }

    /// Where a level stands, top first.
    pub(super) fn place(&self, name: &LevelName) -> Result<usize, SchemeError> {
        self.level(name)?;
        Ok(self.levels().iter().position(|l| l.name == *name).unwrap_or_default())
    }
}

impl Level {
    /// The 8-byte factor that leads to this level, for a subject.
    pub fn factor_for(&self, subject: &Subject) -> Result<Factor, SchemeError> {
        let parts: Vec<Vec<u8>> = self
            .factor
            .iter()
            .map(|p: &Part| subject.part(p))
            .collect::<Result<_, _>>()?;
        let bytes = parts.concat();
        // The reader of scheme files refuses factors of another length; the top level has none.
        let (field, got) = (self.name.to_string(), bytes.len());
        let length = || SchemeError::SubjectLength {
            field,
            allowed: "8".into(),
            got,
        };
        bytes.as_slice().try_into().map(Factor).map_err(|_| length())
    }
}
