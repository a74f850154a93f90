// SPDX-License-Identifier: Apache-2.0
//! Charts as SVG within the page, with their numbers written beside the bars. Dark and hatched, so that they read in black
//! and white.

use std::fmt::{self, Write as _};

use super::table::grouped;
use crate::html::escape;

/// Width of the drawing; a browser scales it to the page.
const WIDTH: u64 = 720;

/// A bar: what it stands for, how many, and how many on top of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: u64,
    pub(super) more: u64,
    /// What is written beside it.
    pub(super) said: String,
}

/// The hatching that charts of the page use.
const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect width=\"5\" height=\"5\" fill=\"#fff\"/><rect width=\"1.6\" height=\"5\" fill=\"#111\"/></pattern></defs>";

/// A round number that is not below, and that four divides.
fn ceiling(value: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for times in [4, 8, 12, 20] {
            let top = step.saturating_mul(times);
            if top >= value {
                return top;
            }
        }
        step = step.saturating_mul(10);
    }
}

/// What a value of so many takes of the room.
fn share(value: u64, room: u64, of: u64) -> u64 {
    let share = u128::from(value) * u128::from(room) / u128::from(of.max(1));
    u64::try_from(share).unwrap_or(room)
}

/// Standing bars over time, the second value hatched on top of the first.
pub(super) fn columns(title: &str, bars: &[Bar]) -> String {
    const LEFT: u64 = 48;
    const TOP: u64 = 22;
    const HEIGHT: u64 = 170;
    let room = WIDTH - LEFT - 4;
    let top = ceiling(bars.iter().map(|bar| bar.value + bar.more).max().unwrap_or_default());
    let high = |value: u64| share(value, HEIGHT * 10, top);
    let mut out = open(title, TOP + HEIGHT + 30);
    out.push_str(HATCH);
    for quarter in 0..=4 {
        let (value, y) = (share(quarter, top, 4), TOP + HEIGHT - HEIGHT * quarter / 4);
        put(
            &mut out,
            format_args!(
                "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\" stroke=\"#bbb\" stroke-width=\"0.6\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                LEFT - 6,
                y + 4,
                grouped(value)
            ),
        );
    }
    let count = bars.len().max(1) as u64;
    let (slot, every) = (room * 10 / count, (count * 30).div_ceil(room).max(1));
    let wide = (slot * 7 / 10).clamp(10, 600);
    for (at, bar) in bars.iter().enumerate() {
        let at = at as u64;
        let x = LEFT * 10 + 20 + slot * at + (slot - wide.min(slot)) / 2;
        let (dark, light) = (high(bar.value), high(bar.more));
        let base = (TOP + HEIGHT) * 10;
        out.push_str(&rect(x, base - dark, wide, dark, "#333"));
        out.push_str(&rect(x, base - dark - light, wide, light, "url(#hatch)"));
        let middle = x + wide / 2;
        if !bar.said.is_empty() && (count <= 24 || wide >= 150 && bar.said.len() < 4) {
            out.push_str(&text(middle, base - dark - light - 40, &bar.said));
        }
        if at.is_multiple_of(every) {
            out.push_str(&text(middle, base + 150, &bar.label));
        }
    }
    out + "</svg>"
}

/// Lying bars with their names on the left.
pub(super) fn rows(title: &str, bars: &[Bar], hatched: bool) -> String {
    const LEFT: u64 = 210;
    const STEP: u64 = 22;
    const RIGHT: u64 = 150;
    let room = WIDTH - LEFT - RIGHT;
    let top = bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    let mut out = open(title, STEP * bars.len() as u64 + 6);
    out.push_str(HATCH);
    for (at, bar) in bars.iter().enumerate() {
        let y = STEP * at as u64 + 3;
        let wide = share(bar.value, room * 10, top);
        let paint = if hatched { "url(#hatch)" } else { "#333" };
        put(
            &mut out,
            format_args!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                LEFT - 6,
                y + 13,
                escape(&shortened(&bar.label))
            ),
        );
        out.push_str(&rect(LEFT * 10, y * 10, wide, 170, paint));
        put(
            &mut out,
            format_args!(
                "<text x=\"{}\" y=\"{}\">{}</text>",
                LEFT + wide / 10 + 6,
                y + 13,
                escape(&bar.said)
            ),
        );
    }
    out + "</svg>"
}

/// Writing to a string cannot fail.
fn put(out: &mut String, piece: fmt::Arguments<'_>) {
    let _ = out.write_fmt(piece);
}

fn open(title: &str, height: u64) -> String {
    let title = escape(title);
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>")
}

/// Coordinates are tenths.
fn rect(x: u64, y: u64, wide: u64, high: u64, paint: &str) -> String {
    if high == 0 || wide == 0 {
        return String::new();
    }
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{paint}\" stroke=\"#111\" stroke-width=\"0.6\"/>",
        tenths(x),
        tenths(y),
        tenths(wide),
        tenths(high)
    )
}

fn text(x: u64, y: u64, said: &str) -> String {
    format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        tenths(x),
        tenths(y),
        escape(said)
    )
}

fn tenths(value: u64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

/// A name that fits; the table beside the chart has the whole.
fn shortened(name: &str) -> String {
    let wide = |c: char| if c.is_ascii() { 1 } else { 2 };
    let mut room = 32;
    let mut out = String::new();
    for c in name.chars() {
        room -= wide(c);
        if room < 0 {
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: u64, more: u64) -> Bar {
        let (label, said) = (label.to_owned(), value.to_string());
        Bar {
            label,
            value,
            more,
            said,
        }
    }

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (value, top) in [
            (0, 4),
            (4, 4),
            (5, 8),
            (11, 12),
            (21, 40),
            (41, 80),
            (101, 120),
            (1201, 2000),
        ] {
            assert_eq!(ceiling(value), top, "{value}");
        }
        assert!(ceiling(u64::MAX / 2) >= u64::MAX / 2);
    }

    #[test]
    fn hostile_names_are_text_and_nothing_overflows() {
        let evil = bar("</text><script>x</script>", u64::MAX / 4, u64::MAX / 4);
        for svg in [columns("<t>", std::slice::from_ref(&evil)), rows("<t>", &[evil], true)] {
            assert!(!svg.contains("<script") && !svg.contains("<t>"), "{svg}");
            assert!(svg.contains("&lt;/text&gt;"));
        }
        assert!(columns("t", &[]).ends_with("</svg>") && rows("t", &[], false).ends_with("</svg>"));
    }
}
