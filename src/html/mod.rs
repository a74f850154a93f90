// SPDX-License-Identifier: Apache-2.0
//! Pages for people: text that stays text, a template with its places filled, the style that pages for the file share.
//! A page is whole in itself: no script, nothing from a network (its content security policy says so to the browser).

use crate::i18n::visible;

/// The style of pages that are printed on A4 and kept: `{{style}}` in a template.
pub const STYLE: &str = include_str!("style.css");

/// Text that is text in HTML and in SVG, too, in an element or in quotes. Line feeds stay, other control characters go; what
/// cannot be seen is written out.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() && control != '\n' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    visible(&escaped).into_owned()
}

/// A template with what `value` gives for the name in each `{{name}}`; `{{style}}` is [`STYLE`]. What a value says is
/// never taken for a place again.
pub fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(before);
        if name == "style" {
            page.push_str(STYLE);
        } else {
            page.push_str(&value(name));
        }
        rest = after;
    }
    page + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        assert_eq!(escape("<b>&\"'\u{1b}x\n"), "&lt;b&gt;&amp;&quot;&#39; x\n");
        assert_eq!(escape("sun\u{200b}\u{202e}"), "sun\\u{200b}\\u{202e}");
    }

    #[test]
    fn a_value_is_not_filled_again() {
        let page = fill("<p>{{a}}</p>{{b}}", |name| format!("[{name} {{{{a}}}}]"));
        assert_eq!(page, "<p>[a {{a}}]</p>[b {{a}}]");
    }
}
