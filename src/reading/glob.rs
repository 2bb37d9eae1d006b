//! Patterns for paths: `*` and `?` within a name, `**` for any folders, `{a,b}` for either.
//!
//! Not gix's own `gix_glob`, which reads patterns as `.gitignore` does: there, brackets are ranges and a backslash escapes, while
//! here both stand for themselves, as names of files such as `[id].spec.ts` and paths of Windows need it; and it has no `{a,b}`.
//! Where both mean the same, as in `CODEOWNERS`, a test compares the two.

use devops_core::wildcard::{is_like, is_sequence};

/// Maximum number of patterns that one with alternatives may stand for.
const MOST: usize = 1_000;

/// Whether a path argument is a pattern.
pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?'])
}

/// The paths and patterns that one with alternatives stands for, such as `a.xml` and `b.xml` for `{a,b}.xml`. Braces without a comma
/// stand for themselves, and so do all of them where there are too many alternatives.
pub fn alternatives(pattern: &str) -> Vec<String> {
    let (mut open, mut done) = (vec![pattern.to_owned()], Vec::new());
    while let Some(next) = open.pop() {
        match braces(&next) {
            None => done.push(next),
            Some((before, inside, after)) => {
                open.extend(inside.iter().rev().map(|part| format!("{before}{part}{after}")));
            }
        }
        if open.len() + done.len() > MOST {
            return vec![pattern.to_owned()];
        }
    }
    done
}

/// What stands before the first alternatives, the alternatives, and what stands behind them.
fn braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    pattern.match_indices('{').find_map(|(open, _)| {
        let (mut depth, mut start, mut parts) = (0_u32, open + 1, Vec::new());
        for (index, character) in pattern.char_indices().skip_while(|(index, _)| *index <= open) {
            match character {
                '{' => depth += 1,
                ',' if depth == 0 => {
                    parts.push(pattern.get(start..index)?);
                    start = index + 1;
                }
                '}' if depth == 0 => {
                    parts.push(pattern.get(start..index)?);
                    let is_choice = parts.len() > 1;
                    return is_choice.then_some((pattern.get(..open)?, parts, pattern.get(index + 1..)?));
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        None
    })
}

/// Whether a path, with `/`, is what a pattern says or lies below it.
pub fn is_below(pattern: &str, path: &str) -> bool {
    let is_same_start = pattern.starts_with('/') == path.starts_with('/') || pattern.starts_with("**");
    let path = path.trim_start_matches('/');
    is_same_start && (is_match(pattern, path) || is_match(&format!("{pattern}/**"), path))
}

/// The folder a pattern starts from, and the pattern for what is below it.
pub fn split(pattern: &str) -> (&str, &str) {
    let wild = pattern.find(['*', '?']).unwrap_or(pattern.len());
    let slash = pattern.get(..wild).and_then(|fixed| fixed.rfind('/'));
    match slash {
        None => ("", pattern),
        Some(index) => {
            let folder = pattern.get(..index.max(1)).unwrap_or_default();
            (folder, pattern.get(index + 1..).unwrap_or_default())
        }
    }
}

/// Whether a path, with `/`, is what a pattern says.
pub fn is_match(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let path: Vec<&str> = path.split('/').collect();
    is_sequence(&pattern, &path, |part| *part == "**", |part, name| is_like(part, name))
}

#[cfg(test)]
mod tests {
    use super::{alternatives, is_below, is_match, split};

    #[test]
    fn patterns_match_paths() {
        for (pattern, path) in [
            ("*.xml", "a.xml"),
            ("**/*.xml", "a.xml"),
            ("**/*.xml", "a/b/c.xml"),
            ("**/TEST-*.xml", "x/target/TEST-a.b.xml"),
            ("a/**/b/*", "a/b/c"),
            ("a/**", "a/b/c"),
            ("a?/x*y*z", "ab/x1y2z"),
            ("**", "a"),
        ] {
            assert!(is_match(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("*.xml", "a/b.xml"),
            ("**/*.xml", "a.xm"),
            ("a/**/b/*", "a/c/d"),
            ("?", "ab"),
            ("a", "a/b"),
            ("a/b", "a"),
        ] {
            assert!(!is_match(pattern, path), "{pattern} {path}");
        }
        assert!(!is_match(&"*a".repeat(50), &"a".repeat(49)));
    }

    #[test]
    fn alternatives_come_apart() {
        for (pattern, expected) in [
            ("a.xml", &["a.xml"][..]),
            ("{a,b}.xml", &["a.xml", "b.xml"]),
            (
                "x/{a,{b,c}d}/*.{xml,trx}",
                &["x/a/*.xml", "x/a/*.trx", "x/bd/*.xml", "x/bd/*.trx", "x/cd/*.xml", "x/cd/*.trx"],
            ),
            ("a{,b}", &["a", "ab"]),
            ("a{b}", &["a{b}"]),
            ("a{b{c,d}", &["a{bc", "a{bd"]),
            ("é{é,ü", &["é{é,ü"]),
        ] {
            assert_eq!(alternatives(pattern), expected, "{pattern}");
        }
        assert_eq!(alternatives(&"{a,b}".repeat(30)).len(), 1);
    }

    #[test]
    fn what_lies_below_is_meant_too() {
        for (pattern, path) in [
            ("a", "a"),
            ("a", "a/b/c.xml"),
            ("a/*.xml", "a/b.xml"),
            ("**/b", "/x/b/c"),
            ("/x/*", "/x/y/z"),
            ("./a/", "a/b"),
        ] {
            assert!(is_below(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [("a", "ab"), ("b", "a/b"), ("/a", "a"), ("a", "/a")] {
            assert!(!is_below(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_starts_from_a_folder() {
        assert_eq!(split("a/b/*.xml"), ("a/b", "*.xml"));
        assert_eq!(split("*.xml"), ("", "*.xml"));
        assert_eq!(split("/**/a"), ("/", "**/a"));
        assert_eq!(split("a/b?/c"), ("a", "b?/c"));
    }
}
