//! Patterns for paths: `*` and `?` within a name, `**` for any folders.

/// Whether a path argument is a pattern.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?'])
}

/// The folder a pattern starts from, and the pattern for what is below it.
pub(super) fn split(pattern: &str) -> (&str, &str) {
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
pub(super) fn is_match(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let path: Vec<&str> = path.split('/').collect();
    wild(&pattern, &path, |part| *part == "**", |part, name| is_name(part, name))
}

fn is_name(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    wild(&pattern, &name, |part| *part == '*', |part, character| *part == '?' || part == character)
}

/// Matches a sequence against a pattern in which some parts stand for any number of items; goes back only to the last
/// such part, so that the work is at most the product of both lengths.
fn wild<P, T>(
    pattern: &[P],
    items: &[T],
    is_any: impl Fn(&P) -> bool,
    is_one: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut back = None;
    while let Some(item) = items.get(next) {
        match pattern.get(at) {
            Some(part) if is_any(part) => {
                back = Some((at + 1, next));
                at += 1;
            }
            Some(part) if is_one(part, item) => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (at, next) = (after, from + 1);
            }
        }
    }
    pattern.iter().skip(at).all(is_any)
}

#[cfg(test)]
mod tests {
    use super::{is_match, split};

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
    fn a_pattern_starts_from_a_folder() {
        assert_eq!(split("a/b/*.xml"), ("a/b", "*.xml"));
        assert_eq!(split("*.xml"), ("", "*.xml"));
        assert_eq!(split("/**/a"), ("/", "**/a"));
        assert_eq!(split("a/b?/c"), ("a", "b?/c"));
    }
}
