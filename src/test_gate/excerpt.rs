//! Text out of a report: references resolved without any entity of its own, and cut to a length.

use quick_xml::escape::resolve_predefined_entity;

use super::encoding::push_allowed;

/// Longest reference that is looked at, `&` and `;` apart.
const LONGEST_REFERENCE: usize = 10;

/// Text that is kept up to a number of bytes.
#[derive(Debug, Default, Clone)]
pub(crate) struct Excerpt {
    raw: String,
    is_cut: bool,
}

impl Excerpt {
    /// Adds text with references in it.
    pub(crate) fn push(&mut self, raw: &str, limit: usize) {
        let room = limit.saturating_sub(self.raw.len());
        let part = prefix(raw, room);
        self.raw.push_str(part);
        self.is_cut |= part.len() < raw.len();
    }

    /// Adds text that means what it says.
    pub(crate) fn push_data(&mut self, data: &str, limit: usize) {
        if data.contains('&') {
            let room = limit.saturating_sub(self.raw.len());
            self.push(&prefix(data, room + 1).replace('&', "&amp;"), limit);
        } else {
            self.push(data, limit);
        }
    }

    /// The text, trimmed, with a mark where it was cut.
    pub(crate) fn text(&self) -> String {
        let mut text = resolve(&self.raw).trim().to_owned();
        if self.is_cut {
            text.push_str(" […]");
        }
        text
    }

    /// Starts again.
    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        self.is_cut = false;
    }
}

/// The longest beginning of `text` that has at most `length` bytes.
pub(crate) fn prefix(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// `text`, cut to `length` bytes with a mark where it is longer.
pub(crate) fn shorten(text: &str, length: usize) -> String {
    let part = prefix(text, length);
    if part.len() == text.len() { part.to_owned() } else { format!("{part} […]") }
}

/// Resolves character references and the five predefined entities; leaves any other as it stands.
pub(crate) fn resolve(raw: &str) -> String {
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
    use super::{Excerpt, resolve};

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
        excerpt.push("ééééé", 17);
        assert_eq!(excerpt.text(), "a < &lt;é […]");
    }
}
