//! Text out of a report: references resolved without any entity of its own, and cut to a length.

use quick_xml::escape::resolve_predefined_entity;

use super::encoding::push_allowed;
use devops_core::{clues, why};

/// Longest reference that is looked at, `&` and `;` apart.
const LONGEST_REFERENCE: usize = 10;

/// How many times its limit a text may be before its middle goes: what is kept is chosen once all of it is known.
const WINDOW: usize = 4;

/// Text of which the beginning and the end are kept, until the lines that say why are chosen.
#[derive(Debug, Default, Clone)]
pub struct Excerpt {
    /// The beginning, with references in it.
    raw: String,
    /// The end, where there is more; up to twice what is kept of it.
    tail: String,
    is_cut: bool,
    limit: usize,
}

impl Excerpt {
    /// Adds text with references in it.
    pub fn push(&mut self, raw: &str, limit: usize) {
        self.limit = limit;
        let window = limit * WINDOW;
        let part = if self.tail.is_empty() { prefix(raw, window.saturating_sub(self.raw.len())) } else { "" };
        self.raw.push_str(part);
        let rest = raw.get(part.len()..).unwrap_or_default();
        self.is_cut |= rest.len() > window;
        self.tail.push_str(suffix(rest, window));
        if self.tail.len() > 2 * window {
            self.tail = suffix(&self.tail, window).to_owned();
            self.is_cut = true;
        }
    }

    /// Adds text that means what it says.
    pub fn push_data(&mut self, data: &str, limit: usize) {
        if data.contains('&') {
            self.push(&data.replace('&', "&amp;"), limit);
        } else {
            self.push(data, limit);
        }
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.raw.trim().is_empty() && self.tail.trim().is_empty()
    }

    /// The text, trimmed, within its limit: lines that say why it failed stay, with a mark where others were.
    pub fn text(&self) -> String {
        let mut text = resolve(&self.raw);
        if self.is_cut {
            text.push_str("\n[…]\n");
        }
        text.push_str(&resolve(&self.tail));
        clues::shorten(text.trim(), self.limit)
    }

    /// Starts again.
    pub fn clear(&mut self) {
        self.raw.clear();
        self.tail.clear();
        self.is_cut = false;
    }
}

/// The longest beginning of `text` that has at most `length` bytes.
pub fn prefix(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The longest end of `text` that has at most `length` bytes.
pub fn suffix(text: &str, length: usize) -> &str {
    let mut start = text.len().saturating_sub(length);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

/// What is said about a failure in few words: its message, or where that is none, the line of its text that says why.
pub fn message(message: &str, detail: &str) -> String {
    let said: Vec<&str> = message.trim().lines().skip_while(|line| why::is_noise(line)).collect();
    let said = said.join("\n");
    match said.trim() {
        "" => {
            let first = [message, detail].into_iter().map(str::trim).find(|text| !text.is_empty());
            let first = || first.and_then(|text| text.lines().next());
            why::line(detail).or_else(first).unwrap_or_default().to_owned()
        }
        said => said.to_owned(),
    }
}

/// Text without the commands that colour it on a terminal.
pub fn without_colours(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    // XML can't hold the character that such a command begins with, so a stand-in was read in its place.
    let mut pieces = text.split("\u{fffd}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
        if let Some(rest) = rest.strip_prefix('m') {
            plain.push_str(rest);
        } else {
            plain.push_str("\u{fffd}[");
            plain.push_str(piece);
        }
    }
    plain
}

/// `text`, cut to `length` bytes with a mark where it is longer.
pub fn shorten(text: &str, length: usize) -> String {
    let part = prefix(text, length);
    if part.len() == text.len() { part.to_owned() } else { format!("{part} […]") }
}

/// Resolves character references and the five predefined entities; leaves any other as it stands.
pub fn resolve(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(index) = rest.find('&') {
        let (before, from) = rest.split_at_checked(index).unwrap_or((rest, ""));
        text.push_str(before);
        let after = from.get(1..).unwrap_or_default();
        match after.find(';').filter(|length| *length <= LONGEST_REFERENCE) {
            Some(length) if push_reference(after.get(..length).unwrap_or_default(), &mut text) => {
                rest = after.get(length + 1..).unwrap_or_default();
            }
            _ => {
                text.push('&');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Pushes what a reference stands for; false where it stands for nothing known.
fn push_reference(name: &str, text: &mut String) -> bool {
    if let Some(known) = resolve_predefined_entity(name) {
        text.push_str(known);
        return true;
    }
    let Some(number) = name.strip_prefix('#') else {
        return false;
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let Ok(code) = code else {
        return false;
    };
    push_allowed(char::from_u32(code).unwrap_or('\u{fffd}'), text);
    true
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, resolve, without_colours};

    #[test]
    fn known_references_are_resolved_and_others_stay() {
        assert_eq!(
            resolve("a &lt;b&gt; &#65;&#x42; &#27; &lol9; & &amp;lt;"),
            "a <b> AB \u{fffd} &lol9; & &lt;"
        );
    }

    #[test]
    fn excerpts_keep_pieces_up_to_their_limit() {
        let mut excerpt = Excerpt::default();
        excerpt.push("a &l", 100);
        excerpt.push("t; ", 100);
        excerpt.push_data("&lt;", 100);
        assert_eq!(excerpt.text(), "a < &lt;");
        assert!(!excerpt.is_empty());
        excerpt.clear();
        assert!(excerpt.is_empty());
    }

    #[test]
    fn the_middle_of_a_long_text_goes_and_its_last_error_stays() {
        let mut excerpt = Excerpt::default();
        excerpt.push_data("it failed & so on\n", 200);
        for index in 0..10_000 {
            excerpt.push_data(&format!("output {index} é\n"), 200);
        }
        excerpt.push_data("E   ValueError: no such thing\n", 200);
        let text = excerpt.text();
        assert!(text.len() <= 200, "{text}");
        assert!(text.starts_with("it failed & so on\n"), "{text}");
        assert!(text.ends_with("\nE   ValueError: no such thing"), "{text}");
        assert!(text.contains("[…]"), "{text}");
    }

    #[test]
    fn colours_go_whatever_is_left_of_them() {
        assert_eq!(
            without_colours("\u{1b}[31mred\u{1b}[0m \u{fffd}[1;31mbold\u{fffd}[0m \u{fffd}[x"),
            "red bold \u{fffd}[x"
        );
    }
}
