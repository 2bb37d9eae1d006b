//! Lines of text and the numbers in them, as benchmark programs print both.

use std::borrow::Cow;
use std::io::Read;

use super::broken::{Sign, sign};
use super::sheet::Sheet;
use devops_reading::excerpt::shorten;
use devops_reading::lines::{Line, Lines};

/// Longest part of a line that a note shows, in bytes.
const SHOWN: usize = 200;

/// Hands every line to `take`; a line that is too long to hold is a trouble.
pub(super) fn each_line(
    source: &mut dyn Read,
    sheet: &mut Sheet,
    mut take: impl FnMut(Line<'_>, &mut Sheet),
) {
    let mut lines = Lines::new(source);
    loop {
        match lines.next_line() {
            Ok(None) => return,
            Ok(Some(line)) if line.is_cut => sheet.trouble(line.number, "the line is too long"),
            Ok(Some(line)) => {
                let text = plain(line.text);
                take(Line { text: &text, ..line }, sheet);
            }
            Err(trouble) => {
                sheet.troubles.push(trouble);
                return;
            }
        }
    }
}

/// Hands every line of what a run printed to `take`, which answers whether a benchmark was measured there; any other line may say
/// that the run broke off.
pub(super) fn each_printed(
    source: &mut dyn Read,
    sheet: &mut Sheet,
    mut take: impl FnMut(Line<'_>, &mut Sheet) -> bool,
) {
    let mut doubtful: Option<(u64, String)> = None;
    each_line(source, sheet, |line, sheet| {
        let (number, text) = (line.number, line.text);
        if take(line, sheet) {
            if let Some((before, text)) = doubtful.take() {
                sheet.note(format!("line {before} is `{text}`, but benchmarks were measured after it"));
            }
            return;
        }
        match sign(text) {
            Some(Sign::Broken) => sheet.broke(number, text),
            Some(Sign::Doubtful) if doubtful.is_none() => {
                doubtful = Some((number, shorten(text.trim(), SHOWN)));
            }
            _ => {}
        }
    });
    if let Some((line, text)) = doubtful {
        sheet.broke(line, &text);
    }
}

/// The text without the escape sequences that colour it; what a carriage return overwrites is gone, too.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text = text.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or(text);
    if !text.contains(MARKS) {
        return Cow::Borrowed(text);
    }
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(index) = rest.find(MARKS) {
        let (before, from) = rest.split_at_checked(index).unwrap_or((rest, ""));
        found.push_str(before);
        let mut after = from.chars();
        let mark = after.next();
        if let Some(behind) = sequence(after.as_str()) {
            rest = behind;
        } else {
            found.extend(mark);
            rest = after.as_str();
        }
    }
    found.push_str(rest);
    Cow::Owned(found)
}

/// The escape character, and what the decoder puts in its place because it can't stand in XML.
const MARKS: [char; 2] = ['\u{1b}', '\u{fffd}'];

/// What stands behind a sequence that an escape character began; `None` where there is none.
fn sequence(text: &str) -> Option<&str> {
    if let Some(body) = text.strip_prefix('[') {
        let end = body.find(|last: char| last.is_ascii_alphabetic())?;
        let is_code = body.get(..end)?.bytes().all(|byte| byte.is_ascii_digit() || b";:?".contains(&byte));
        return body.get(end + 1..).filter(|_| is_code);
    }
    // A link ends with a bell, or with another escape character and a backslash.
    if let Some(body) = text.strip_prefix("]8;") {
        let (_, behind) = body.split_once(['\u{1b}', '\u{fffd}', '\u{7}'])?;
        return Some(behind.strip_prefix('\\').unwrap_or(behind));
    }
    text.strip_prefix("(B")
}

/// A number as people write it: `18,794.12`, `1.5e-3`; nothing else around it.
pub(super) fn number(text: &str) -> Option<f64> {
    let is_number = text
        .starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | '-' | '+'))
        && text.ends_with(|last: char| last.is_ascii_digit() || last == '.');
    if !is_number {
        return None;
    }
    let value = if text.contains(',') { text.replace(',', "").parse() } else { text.parse::<f64>() };
    value.ok().filter(|value| value.is_finite())
}

/// A number and its unit without a space between them: `15.041ms`.
pub(super) fn measure(text: &str) -> Option<(f64, &str)> {
    let end = text.rfind(|last: char| last.is_ascii_digit() || last == '.')? + 1;
    let (value, unit) = text.split_at_checked(end)?;
    Some((number(value)?, unit))
}

#[cfg(test)]
mod tests {
    use super::{measure, number, plain};

    #[test]
    fn numbers_are_read_as_they_are_written() {
        assert_eq!(number("18,794.12"), Some(18794.12));
        assert_eq!(number("1.5e-3"), Some(0.0015));
        assert_eq!(number("nan"), None);
        assert_eq!(number("inf"), None);
        assert_eq!(number("1e999"), None);
        assert_eq!(number("12x"), None);
        assert_eq!(number(""), None);
        assert_eq!(measure("15.041ms"), Some((15.041, "ms")));
        assert_eq!(measure("ms"), None);
    }

    #[test]
    fn colours_and_overwritten_text_go() {
        assert_eq!(plain("a\u{1b}[1;32mb\u{1b}[0mc"), "abc");
        assert_eq!(plain("a\u{fffd}[2mb"), "ab");
        assert_eq!(plain("\u{fffd}x [1m"), "\u{fffd}x [1m");
        assert_eq!(plain("Benchmarking x\rx  time:"), "x  time:");
        assert_eq!(plain("é\u{1b}["), "é\u{1b}[");
        assert_eq!(plain("a\u{1b}[?25lb\u{1b}(B\u{1b}[Kc"), "abc");
        assert_eq!(plain("\u{1b}]8;;https://a.example\u{1b}\\a\u{1b}]8;;\u{7}b"), "ab");
    }
}
