//! Long text made short: cut lines, some lines of many. What was cut is marked.

use devops_core::words::count;
use devops_core::{Finding, clues, why as reasons};

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

/// The first `limit` characters.
pub(super) fn cut_hard(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
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

#[cfg(test)]
mod tests {
    use super::{cut, excerpt};

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(excerpt("a\nb\nc\n\n", 2, 9), ["a", "b", "c"]);
        assert_eq!(excerpt("a\nb\nc\nd\n", 2, 9), ["a", "b", "… 2 more lines"]);
        assert_eq!(excerpt("a\nb\nc\nd\nTypeError: e\n", 2, 9), ["a", "… 3 more lines", "TypeErro…"]);
        assert!(excerpt("", 2, 9).is_empty());
    }
}
