//! Text in columns of a terminal: how wide it is there, cut and wrapped to fit.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// The start of a text that fits this many columns, with an ellipsis where something is missing.
pub(super) fn fit(text: &str, limit: usize) -> String {
    if columns(text) <= limit {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut taken = 0;
    for character in text.chars() {
        taken += character.width().unwrap_or(0);
        if taken >= limit {
            break;
        }
        short.push(character);
    }
    let mut short = short.trim_end().to_owned();
    short.push('…');
    short
}

/// Breaks text between words so that it fits a width; what stands in back-ticks and longer words stay whole, unless they are of a
/// script that is written without spaces.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(text).into_iter().flat_map(|word| pieces(word, width)) {
        let taken = columns(&line);
        if taken > 0 && taken + 1 + columns(&word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// A word in pieces of a width where it is longer and has wide characters, which are of scripts written without spaces.
fn pieces(word: String, width: usize) -> Vec<String> {
    let is_wide = word.chars().any(|character| character.width() == Some(2));
    if !is_wide || columns(&word) <= width {
        return vec![word];
    }
    let mut pieces = vec![String::new()];
    for character in word.chars() {
        match pieces.last_mut() {
            Some(piece) if columns(piece) + character.width().unwrap_or(0) <= width => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
    }
    pieces
}

/// A text wrapped to at most this many lines, each cut where a word alone is wider.
pub(super) fn lines(text: &str, width: usize, limit: usize) -> Vec<String> {
    let mut wrapped = wrap(text, width);
    if wrapped.len() > limit {
        let rest = wrapped.split_off(limit.saturating_sub(1));
        wrapped.push(rest.join(" "));
    }
    wrapped.iter().map(|line| fit(line, width)).collect()
}

/// The words of a text; a stretch in back-ticks is one word, so that a command can be copied.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let is_paired = text.matches('`').count().is_multiple_of(2);
    let mut is_open = false;
    for piece in text.split(' ').filter(|piece| !piece.is_empty()) {
        match words.last_mut() {
            Some(last) if is_open => {
                last.push(' ');
                last.push_str(piece);
            }
            _ => words.push(piece.to_owned()),
        }
        if is_paired && piece.matches('`').count() % 2 == 1 {
            is_open = !is_open;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{columns, fit, lines, wrap};

    #[test]
    fn commands_are_not_broken() {
        assert_eq!(wrap("run `a b c` now", 8), ["run", "`a b c`", "now"]);
        assert_eq!(wrap("a b c", 3), ["a b", "c"]);
        assert_eq!(wrap("`a b c", 4), ["`a b", "c"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("日本"), 4);
        assert_eq!(fit("日本語です", 7), "日本語…");
        assert_eq!(fit("日本語です", 6), "日本…");
        assert_eq!(wrap("日本 語で す", 5), ["日本", "語で", "す"]);
        assert_eq!(wrap("日本語です", 5), ["日本", "語で", "す"]);
        assert_eq!(columns("e\u{301}"), 1);
    }

    #[test]
    fn what_is_cut_says_so_and_is_never_wider() {
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 3), "ab…");
        assert_eq!(lines("a b c d e f", 3, 2), ["a b", "c…"]);
        assert_eq!(lines("abcdefgh i", 4, 2), ["abc…", "i"]);
        assert!(columns(&fit("日日日日", 1)) <= 1);
    }
}
