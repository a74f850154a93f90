// SPDX-License-Identifier: Apache-2.0
//! Where a typed text departs from the groups on paper. Nothing is ever mended.
//!
//! Blanks or dashes that make the right number of groups are believed. Otherwise the cheapest ways to cut the text into
//! groups are looked at: a wrong group costs, one of another length costs a little more, a blank inside a group costs
//! least. What is wrong in all of them is certain; what is wrong in some of them is a possibility.

use super::group::{self, LEN, NO_DIGIT, Slip};
use super::{BadGroup, GroupFault, Typed};

/// What a departure costs.
const WRONG: u32 = 100;
const LENGTH: u32 = 110;
const STRANGER: u32 = 120;
const GROUP_LEFT_OUT: u32 = 150;
const GROUP_TWICE: u32 = 150;
const WRONG_AND_LENGTH: u32 = 200;
const BLANK_INSIDE: u32 = 3;
const NEVER: u32 = u32::MAX / 4;

/// Lengths that a group can have been typed with.
const LENGTHS: [usize; 7] = [0, 4, 5, 6, 7, 8, 12];

/// The groups that are wrong, in order. Empty only where every group is right.
pub(super) fn bad_groups(typed: &Typed, count: usize) -> Vec<BadGroup> {
    let mut bad = by_blanks(typed, count).unwrap_or_else(|| {
        let ways = Ways::of(typed, count);
        (1..=count).filter_map(|number| ways.fault(number)).collect()
    });
    name_swaps(typed, count, &mut bad);
    bad
}

/// Where the blanks make as many groups as there should be.
fn by_blanks(typed: &Typed, count: usize) -> Option<Vec<BadGroup>> {
    let all = typed.digits.len();
    let inner = typed.blanks.iter().filter(|at| 0 < **at && **at < all);
    let borders: Vec<usize> = std::iter::once(&0).chain(inner).chain([&all]).copied().collect();
    let groups = borders
        .windows(2)
        .enumerate()
        .map(|(at, border)| (at + 1, border[0], border[1]));
    let fault = |(number, from, to)| {
        let fault = cost(typed, number, from, to).1?;
        Some(BadGroup { number, fault })
    };
    (borders.len() == count + 1).then(|| groups.filter_map(fault).collect())
}

/// The characters `from..to` taken as a group.
struct Cut {
    number: usize,
    from: usize,
    to: usize,
    cost: u32,
    fault: Option<GroupFault>,
}

/// The cheapest ways to cut a text into groups.
struct Ways {
    cuts: Vec<Cut>,
    /// Cheapest cost of the groups up to g, the last of which ends before character i.
    before: Vec<Vec<u32>>,
    /// Cheapest cost from there to the end.
    behind: Vec<Vec<u32>>,
    best: u32,
}

impl Ways {
    fn of(typed: &Typed, count: usize) -> Self {
        let all = typed.digits.len();
        let cuts = cuts(typed, count);
        let mut before = vec![vec![NEVER; all + 1]; count + 1];
        let mut behind = before.clone();
        before[0][0] = 0;
        behind[count][all] = 0;
        for cut in &cuts {
            let cost = before[cut.number - 1][cut.from].saturating_add(cut.cost);
            let place = &mut before[cut.number][cut.to];
            *place = cost.min(*place);
        }
        for cut in cuts.iter().rev() {
            let cost = behind[cut.number][cut.to].saturating_add(cut.cost);
            let place = &mut behind[cut.number - 1][cut.from];
            *place = cost.min(*place);
        }
        let best = before[count][all];
        Self {
            cuts,
            before,
            behind,
            best,
        }
    }

    /// What is wrong with a group on the cheapest ways.
    fn fault(&self, number: usize) -> Option<BadGroup> {
        let cheapest = self.cuts.iter().filter(|cut| {
            let (before, behind) = (self.before[number - 1][cut.from], self.behind[number][cut.to]);
            cut.number == number && before.saturating_add(cut.cost).saturating_add(behind) == self.best
        });
        let faults: Vec<Option<GroupFault>> = cheapest.map(|cut| cut.fault).collect();
        let first = faults.iter().flatten().next()?;
        let fault = match () {
            () if faults.contains(&None) => GroupFault::Perhaps,
            () if faults.iter().all(|f| f.as_ref() == Some(first)) => *first,
            () => GroupFault::Check,
        };
        Some(BadGroup { number, fault })
    }
}

/// All cuts in the order of the groups, as far as they stay near the place where the group belongs; one where the groups
/// are right from the start or from the end on, but for two beside what is wrong.
fn cuts(typed: &Typed, count: usize) -> Vec<Cut> {
    let all = typed.digits.len();
    let from_start = (1..=count).take_while(|n| right_at(typed, *n, LEN * (n - 1))).count();
    let from_end = (1..=count)
        .rev()
        .take_while(|n| right_at(typed, *n, all.wrapping_sub(LEN * (count + 1 - n))));
    let (head, tail) = (from_start.saturating_sub(2), from_end.count().saturating_sub(2));
    let astray = all.abs_diff(LEN * count) + 2;
    let near = |groups: usize, at: usize| match groups {
        _ if groups <= head => at == LEN * groups,
        _ if groups + tail >= count => at + LEN * (count - groups) == all,
        _ => at.abs_diff(LEN * groups) <= astray,
    };
    let mut cuts = Vec::new();
    for number in 1..=count {
        for from in (0..=all).filter(|from| near(number - 1, *from)) {
            let ends = LENGTHS.iter().map(|length| from + length);
            for to in ends.filter(|to| *to <= all && near(number, *to)) {
                let (cost, fault) = cost(typed, number, from, to);
                cuts.push(Cut {
                    number,
                    from,
                    to,
                    cost,
                    fault,
                });
            }
        }
    }
    cuts
}

fn right_at(typed: &Typed, number: usize, from: usize) -> bool {
    let end = from.wrapping_add(LEN);
    typed
        .digits
        .get(from..end)
        .is_some_and(|digits| group::is_right(number, digits))
}

/// What it costs that the characters `from..to` are the group, and what is wrong with it then.
fn cost(typed: &Typed, number: usize, from: usize, to: usize) -> (u32, Option<GroupFault>) {
    let digits = &typed.digits[from..to];
    let got = digits.len();
    let blanks = typed.blanks.iter().filter(|at| from < **at && **at < to).count();
    let length = Some(GroupFault::Length { got });
    let (cost, fault) = match got {
        LEN if group::is_right(number, digits) => (0, None),
        LEN => (WRONG, Some(GroupFault::Check)),
        0 => (GROUP_LEFT_OUT, Some(GroupFault::LeftOut)),
        5 | 7 => match group::slip(number, digits) {
            Slip::Usual => (LENGTH, length),
            Slip::Stranger => (STRANGER, length),
            Slip::Several => (WRONG_AND_LENGTH, length),
        },
        12 if digits.chunks(LEN).all(|half| group::is_right(number, half)) => (GROUP_TWICE, length),
        12 => (GROUP_TWICE + WRONG, length),
        _ => (WRONG_AND_LENGTH, length),
    };
    let fault = fault.map(|fault| match fault {
        GroupFault::Check | GroupFault::Length { .. } if digits.contains(&NO_DIGIT) => GroupFault::Digit,
        other => other,
    });
    (cost + BLANK_INSIDE * blanks as u32, fault)
}

/// Two groups that are right in each other's place were swapped.
fn name_swaps(typed: &Typed, count: usize, bad: &mut [BadGroup]) {
    if typed.digits.len() != LEN * count {
        return;
    }
    let at = |number: usize| &typed.digits[LEN * (number - 1)..LEN * number];
    for a in 0..bad.len() {
        for b in a + 1..bad.len() {
            let (first, second) = (bad[a].number, bad[b].number);
            if group::is_right(first, at(second)) && group::is_right(second, at(first)) {
                bad[a].fault = GroupFault::Swapped { with: second };
                bad[b].fault = GroupFault::Swapped { with: first };
            }
        }
    }
}
