// SPDX-License-Identifier: Apache-2.0
//! Just enough of HTML to read the tables of a page as a browser has built them.

/// Text of HTML without its tags, entities read.
pub fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => {
                inside = true;
                // What a line break parts is not one word.
                out.push(' ');
            }
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let out = out
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn between<'a>(html: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(open) {
        let inner = &rest[at..];
        let start = inner.find('>').unwrap() + 1;
        let end = inner.find(close).unwrap();
        found.push(&inner[start..end]);
        rest = &inner[end..];
    }
    found
}

/// The body rows of the table of a class, each cell as text.
pub fn rows(html: &str, class: &str) -> Vec<Vec<String>> {
    let open = format!("<table class=\"{class}\">");
    let table = between(html, &open, "</table>").into_iter().next();
    let Some(table) = table else { return Vec::new() };
    let body = between(table, "<tbody", "</tbody>").into_iter().next().unwrap_or(table);
    cells(body)
}

/// The last row of the table of a class.
pub fn total(html: &str, class: &str) -> Vec<String> {
    let open = format!("<table class=\"{class}\">");
    let table = between(html, &open, "</table>")[0];
    cells(between(table, "<tfoot", "</tfoot>")[0]).remove(0)
}

fn cells(rows: &str) -> Vec<Vec<String>> {
    let row = |row: &&str| between(row, "<td", "</td>").into_iter().map(text).collect();
    between(rows, "<tr", "</tr>").iter().map(row).collect()
}

/// A number as people write it.
pub fn count(cell: &str) -> i64 {
    let plain = cell.replace([',', ' '], "").replace('−', "-");
    plain.parse().unwrap_or_else(|_| panic!("{cell:?} is no number"))
}

#[test]
fn tables_are_read() {
    let html = "<table class=\"x\"><thead><tr><th>H</th></tr></thead><tbody><tr><td class=\"n\">1,234</td><td>a&lt;b <em>c</em></td></tr></tbody><tfoot><tr><td>9</td></tr></tfoot></table>";
    assert_eq!(rows(html, "x"), [["1,234", "a<b c"]]);
    assert_eq!(total(html, "x"), ["9"]);
    assert_eq!((count("1,234"), count("−5")), (1234, -5));
    assert!(rows(html, "y").is_empty());
}
