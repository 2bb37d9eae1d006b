//! Long text made short: cut lines, first lines of many, wrapped words. What is cut says so.

/// The first `limit` characters, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.char_indices().nth(limit).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// The first `lines` lines that are not empty at the end, each at most `width` characters, and how many were left out.
pub(super) fn first_lines(text: &str, lines: usize, width: usize) -> (Vec<String>, usize) {
    let text = text.trim_end();
    let shown: Vec<String> = text.lines().take(lines).map(|line| cut(line.trim_end(), width)).collect();
    let left_out = text.lines().count() - shown.len();
    (shown, left_out)
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
    use super::{cut, first_lines, wrap};

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(first_lines("a\nb\nc\n\n", 2, 9), (vec!["a".to_owned(), "b".to_owned()], 1));
        assert_eq!(first_lines("", 2, 9), (vec![], 0));
    }

    #[test]
    fn commands_are_not_broken() {
        assert_eq!(wrap("run `a b c` now", 8), ["run", "`a b c`", "now"]);
        assert_eq!(wrap("a b c", 3), ["a b", "c"]);
        assert_eq!(wrap("`a b c", 4), ["`a b", "c"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
