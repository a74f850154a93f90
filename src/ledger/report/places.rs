// SPDX-License-Identifier: Apache-2.0
//! Where the blanks of a lot are, at both ends of the period, and whether they add up.

use serde::Serialize;

/// Where the blanks of a lot are: received = in stock + handed out + in process + issued + scrapped + returned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Places {
    /// Ever delivered.
    pub received: i64,
    /// In the store room.
    pub in_stock: i64,
    /// In officers' hands.
    pub handed_out: i64,
    /// Being written.
    pub in_process: i64,
    /// Cards now.
    pub issued: i64,
    /// Scrap.
    pub scrapped: i64,
    /// Back at the supplier's.
    pub returned: i64,
}

impl Places {
    /// Blanks that the site has: in the store room, in hands, being written.
    pub fn on_hand(&self) -> i64 {
        self.in_stock + self.handed_out + self.in_process
    }

    /// Whether they add up.
    pub fn balanced(&self) -> bool {
        let counts = [
            self.in_stock,
            self.handed_out,
            self.in_process,
            self.issued,
            self.scrapped,
            self.returned,
        ];
        counts.iter().all(|count| *count >= 0) && self.received == counts.iter().sum::<i64>()
    }

    /// What came and went between two states.
    #[must_use]
    pub fn since(&self, opening: &Self) -> Self {
        Self {
            received: self.received - opening.received,
            in_stock: self.in_stock - opening.in_stock,
            handed_out: self.handed_out - opening.handed_out,
            in_process: self.in_process - opening.in_process,
            issued: self.issued - opening.issued,
            scrapped: self.scrapped - opening.scrapped,
            returned: self.returned - opening.returned,
        }
    }

    /// The sum of two.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            received: self.received + other.received,
            in_stock: self.in_stock + other.in_stock,
            handed_out: self.handed_out + other.handed_out,
            in_process: self.in_process + other.in_process,
            issued: self.issued + other.issued,
            scrapped: self.scrapped + other.scrapped,
            returned: self.returned + other.returned,
        }
    }
}

/// A lot of blanks at both ends of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lot {
    /// The supplier's lot.
    pub lot: String,
    /// What the blanks are.
    #[serde(rename = "type")]
    pub blank: String,
    /// Who delivers them.
    pub supplier: String,
    /// When the period begins.
    pub opening: Places,
    /// When it ends.
    pub closing: Places,
    /// Whether both add up.
    pub balanced: bool,
}
