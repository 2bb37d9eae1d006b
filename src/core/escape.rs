//! Foreign text made safe for the channels that every room writes to.
//!
//! Two things are replaced everywhere: what a terminal obeys, and what a reader can't see. U+FFFD stands in for both.

use std::iter::Peekable;
use std::str::Chars;

/// What stands in for a character that must not be printed.
pub const STAND_IN: char = '\u{fffd}';

/// Whether a terminal would obey this character, or a reader could not see it: control characters, changes of direction, and
/// everything that Unicode calls ignorable by default, such as soft hyphens, word joiners, variation selectors and tags.
pub const fn is_hidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        // The last two of each plane are no characters.
        || (character as u32) & 0xfffe == 0xfffe
}

/// Foreign text made safe for a terminal: hidden characters become visible stand-ins.
pub fn terminal(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' => '\n',
            '\t' => ' ',
            hidden if is_hidden(hidden) => STAND_IN,
            _ => character,
        })
        .collect()
}

/// Foreign text made safe for one line of a terminal: as [`terminal`], with line breaks as spaces.
pub fn terminal_line(text: &str) -> String {
    terminal(&text.lines().collect::<Vec<_>>().join(" "))
}

/// JSON text with hidden characters as `\u` escapes: the same values, and nothing in the file that a reader can't see.
///
/// JSON has characters beyond ASCII in strings only, so that the text needs no parser.
pub fn json(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        if character > '~' && is_hidden(character) {
            let mut units = [0; 2];
            visible.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            visible.push(character);
        }
    }
    visible
}

/// Text for a log as it is printed, with colours of ours: nothing in it moves the cursor or is hidden, and no line has a word that
/// the reader of a log takes for a command.
///
/// Runners take `::name::` where a line begins and `##[name]` anywhere in it; others take `##word[name]`. A backslash breaks them.
pub fn log(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut line = Line::default();
    while let Some(character) = characters.next() {
        if character == '\u{1b}'
            && let Some(colour) = colour(&mut characters)
        {
            safe.push_str(&colour);
            continue;
        }
        let is_doubled = matches!(characters.peek(), Some(':' | '\u{1b}'));
        if line.is_command(character, is_doubled) {
            safe.push('\\');
        }
        safe.push(match character {
            '\n' | '\t' => character,
            hidden if is_hidden(hidden) => STAND_IN,
            _ => character,
        });
    }
    safe
}

/// The rest of a colour after its escape character, if it is one; nothing is taken otherwise.
fn colour(characters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut ahead = characters.clone();
    let mut colour = String::from('\u{1b}');
    if ahead.next() != Some('[') {
        return None;
    }
    colour.push('[');
    loop {
        let character = ahead.next()?;
        colour.push(character);
        match character {
            '0'..='9' | ';' => {}
            'm' => {
                *characters = ahead;
                return Some(colour);
            }
            _ => return None,
        }
    }
}

/// What a line has so far, colours aside: they may be gone where it is read.
#[derive(Default)]
struct Line {
    /// Whether there was anything but white space.
    has_text: bool,
    /// Hashes in a row, and whether only letters came after them.
    hashes: usize,
}

impl Line {
    /// Whether a command would be complete with this character, or begin with it and the same once more.
    fn is_command(&mut self, character: char, is_doubled: bool) -> bool {
        let begins = !self.has_text && character == ':' && is_doubled;
        let completes = self.hashes > 1 && character == '[';
        self.has_text = character != '\n' && (self.has_text || !character.is_whitespace());
        self.hashes = match character {
            '#' => self.hashes + 1,
            letter if letter.is_ascii_alphabetic() && self.hashes > 1 => self.hashes,
            _ => 0,
        };
        begins || completes
    }
}

#[cfg(test)]
mod tests {
    use super::{is_hidden, json, log, terminal, terminal_line};

    #[test]
    fn control_characters_never_reach_a_terminal() {
        assert_eq!(terminal("a\x1b[31mb\nc\u{202e}d"), "a\u{fffd}[31mb\nc\u{fffd}d");
        assert_eq!(terminal_line("a\nb"), "a b");
    }

    #[test]
    fn what_nobody_can_see_gets_a_stand_in() {
        for hidden in [
            0xad, 0x34f, 0x115f, 0x180e, 0x200d, 0x2028, 0x2060, 0x206f, 0x3164, 0xfe00, 0xfe0f, 0xfeff,
            0xffa0, 0xfffe, 0xe0000, 0xe0041, 0xe007f, 0xe0100, 0xe01ef, 0x1_ffff,
        ] {
            let hidden = char::from_u32(hidden).unwrap();
            assert_eq!(terminal(&format!("a{hidden}b")), "a\u{fffd}b", "{hidden:?}");
            assert_eq!(log(&format!("a{hidden}b")), "a\u{fffd}b", "{hidden:?}");
        }
        assert!(!"aé日本語\u{fffd} –…→✓𝄞".chars().any(is_hidden));
    }

    #[test]
    fn json_keeps_its_values() {
        let value = serde_json::json!({ "a\u{ad}": ["\u{e0041}\u{85}\u{7f}", "é\n"] });
        let text = json(&value.to_string());
        assert_eq!(text, r#"{"a\u00ad":["\udb40\udc41\u0085\u007f","é\n"]}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn no_line_of_a_log_is_a_command() {
        for (text, expected) in [
            ("::error::x", "\\::error::x"),
            ("a\n \t::add-mask::x\nb::c", "a\n \t\\::add-mask::x\nb::c"),
            ("\x1b[1m::error::x\x1b[0m", "\x1b[1m\\::error::x\x1b[0m"),
            ("a ##[error]x", "a ##\\[error]x"),
            ("a ###[error]x ##x[y", "a ###\\[error]x ##x\\[y"),
            ("#\x1b[1m#\x1b[0m[error]", "#\x1b[1m#\x1b[0m\\[error]"),
            (":\x1b[1m:error::x", "\\:\x1b[1m:error::x"),
            ("#[test] ## [a] a[1]\n: x", "#[test] ## [a] a[1]\n: x"),
            ("\x1b[2Ka\x1b]0;x\x07\r", "\u{fffd}[2Ka\u{fffd}]0;x\u{fffd}\u{fffd}"),
            ("\x1b[1", "\u{fffd}[1"),
        ] {
            assert_eq!(log(text), expected, "{text:?}");
        }
    }
}
