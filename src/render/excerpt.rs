//! Long text made short: cut lines, some lines of many, wrapped words. What is cut says so.

use crate::core::words::count;
use crate::core::{Finding, clues, why as reasons};

/// Characters of what a finding says in one line.
const WHY: usize = 200;

/// The first `limit` characters, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.char_indices().nth(limit).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// At most `lines` lines of a text, each of at most `width` characters: those that say why something failed go before others, and
/// a line stands for what was left out.
pub(super) fn excerpt(text: &str, lines: usize, width: usize) -> Vec<String> {
    let line = |piece: (Option<&str>, usize)| match piece {
        (Some(line), _) => cut(line.trim_end(), width),
        (None, amount) => format!("… {}", count(amount as u64, "more line")),
    };
    clues::pick(text, lines).into_iter().map(line).collect()
}

/// What a finding says in one line, where its title does not say it already.
pub(super) fn why(finding: &Finding) -> String {
    let why = reasons::in_one_line(&finding.detail);
    if finding.title.contains(&why) { String::new() } else { cut(&why, WHY) }
}

/// Breaks text between words so that it fits `width` characters; what stands in back-ticks and longer words stay whole.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(text) {
        let taken = line.chars().count();
        if taken > 0 && taken + 1 + word.chars().count() > width {
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
    use super::{cut, excerpt, wrap};

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(excerpt("a\nb\nc\n\n", 2, 9), ["a", "b", "c"]);
        assert_eq!(excerpt("a\nb\nc\nd\n", 2, 9), ["a", "b", "… 2 more lines"]);
        assert_eq!(excerpt("a\nb\nc\nd\nTypeError: e\n", 2, 9), ["a", "… 3 more lines", "TypeErro…"]);
        assert!(excerpt("", 2, 9).is_empty());
    }

    #[test]
    fn commands_are_not_broken() {
        assert_eq!(wrap("run `a b c` now", 8), ["run", "`a b c`", "now"]);
        assert_eq!(wrap("a b c", 3), ["a b", "c"]);
        assert_eq!(wrap("`a b c", 4), ["`a b", "c"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
