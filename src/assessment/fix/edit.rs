//! Edits of manifests: a requirement that is raised, an override that is added. What is not understood stays as it is.

use std::collections::BTreeMap;

use devops_core::Ecosystem;
use devops_inventory::document::{Value, json};

/// A file that is edited, line by line.
#[derive(Debug)]
pub(super) struct Edited {
    /// The text that it has.
    pub(super) text: String,
    /// New lines in place of those at the numbers, from 0.
    pub(super) changes: BTreeMap<usize, Vec<String>>,
}

impl Edited {
    /// A file as it is.
    pub(super) fn new(text: String) -> Self {
        Self { text, changes: BTreeMap::new() }
    }

    /// A line by its number from 0, with the changes so far.
    fn line(&self, number: usize) -> Option<&str> {
        let changed = self.changes.get(&number).and_then(|lines| lines.first()).map(String::as_str);
        changed.or_else(|| self.text.lines().nth(number))
    }

    /// Replaces the one text behind a name on a line, from 1; whether that was possible.
    pub(super) fn replace(&mut self, line: u64, name: &str, old: &str, new: &str) -> bool {
        let Some(number) = usize::try_from(line).ok().and_then(|line| line.checked_sub(1)) else {
            return false;
        };
        let changed = self.line(number).and_then(|text| replaced(text, name, old, new));
        let Some(changed) = changed else { return false };
        self.changes.insert(number, vec![changed]);
        true
    }

    /// Adds a line behind another one, from 1; whether there is one and it was not changed.
    pub(super) fn add(&mut self, line: u64, added: &[&str]) -> bool {
        let Some(number) = usize::try_from(line).ok().and_then(|line| line.checked_sub(1)) else {
            return false;
        };
        if self.changes.contains_key(&number) {
            return false;
        }
        let Some(text) = self.line(number) else { return false };
        let lines = std::iter::once(text).chain(added.iter().copied()).map(str::to_owned).collect();
        self.changes.insert(number, lines);
        true
    }

    /// Adds overrides to a `package.json` below a key; whether that was possible.
    pub(super) fn overriding(&mut self, key: &str, overrides: &[(String, String)]) -> bool {
        let Ok(root) = json(&self.text) else { return false };
        let entry =
            |indent: &str, (name, version): &(String, String)| format!("{indent}\"{name}\": \"{version}\"");
        if let Some(node) = root.get(key) {
            let Value::Map(entries) = &node.value else { return false };
            if entries.iter().any(|known| overrides.iter().any(|(name, _)| *name == known.key)) {
                return false;
            }
            let has_more = !entries.is_empty();
            let Some(number) = usize::try_from(node.line).ok().and_then(|line| line.checked_sub(1)) else {
                return false;
            };
            let Some(text) = self.line(number).map(str::to_owned) else { return false };
            if !text.trim_end().ends_with('{') || self.changes.contains_key(&number) {
                return false;
            }
            let indent = format!("{}  ", indent_of(&text));
            let mut lines = vec![text];
            let last = overrides.len().saturating_sub(1);
            for (place, one) in overrides.iter().enumerate() {
                let comma = if has_more || place < last { "," } else { "" };
                lines.push(entry(&indent, one) + comma);
            }
            self.changes.insert(number, lines);
            return true;
        }
        // Behind the last line of the object, which is before the brace that stands alone.
        let lines: Vec<&str> = self.text.lines().collect();
        let Some(end) = lines.iter().rposition(|line| !line.trim().is_empty()) else { return false };
        let Some(last) =
            lines.get(..end).and_then(|lines| lines.iter().rposition(|line| !line.trim().is_empty()))
        else {
            return false;
        };
        let Some(text) = self.line(last).map(str::to_owned) else { return false };
        let is_plain = lines.get(end).is_some_and(|line| line.trim() == "}")
            && text
                .trim_end()
                .ends_with(['"', '}', ']', 'e', 'l', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        if !is_plain {
            return false;
        }
        let indent =
            lines.iter().map(|line| indent_of(line)).find(|indent| !indent.is_empty()).unwrap_or("  ");
        let mut new = vec![format!("{},", text.trim_end()), format!("{indent}\"{key}\": {{")];
        let last_place = overrides.len().saturating_sub(1);
        for (place, one) in overrides.iter().enumerate() {
            let comma = if place < last_place { "," } else { "" };
            new.push(entry(&indent.repeat(2), one) + comma);
        }
        new.push(format!("{indent}}}"));
        self.changes.insert(last, new);
        true
    }
}

/// The spaces that a line begins with.
fn indent_of(line: &str) -> &str {
    line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
}

/// A line with the one text behind a name replaced; none where it is not there once. A line without the name, such as a version in a
/// table of its own, must have it once.
fn replaced(line: &str, name: &str, old: &str, new: &str) -> Option<String> {
    if old.is_empty() || old == new {
        return None;
    }
    let is_word = |character: char| character.is_alphanumeric() || "-_./@".contains(character);
    let is_whole = |at: usize, length: usize| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + length..).and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    };
    let names: Vec<usize> =
        line.match_indices(name).map(|(at, _)| at).filter(|at| is_whole(*at, name.len())).collect();
    let from = match names.as_slice() {
        [] => 0,
        [one] => one + name.len(),
        _ => return None,
    };
    let starts_with_word = old.starts_with(is_word);
    let found: Vec<usize> = line
        .match_indices(old)
        .map(|(at, _)| at)
        .filter(|at| *at >= from && (!starts_with_word || is_whole(*at, old.len())))
        .collect();
    // The requirement is the first text behind the name; the same text may be another package's.
    let at = match found.as_slice() {
        [one] => *one,
        [first, ..] if from > 0 && line.get(from..*first).is_some_and(|between| !between.contains(',')) => {
            *first
        }
        _ => return None,
    };
    Some(format!("{}{new}{}", line.get(..at)?, line.get(at + old.len()..)?))
}

/// A requirement that admits a version and those that the old one would admit after it.
pub(super) fn raised(ecosystem: Ecosystem, old: &str, version: &str) -> String {
    let (prefix, plain) =
        match old.strip_prefix("npm:").and_then(|rest| Some((rest, rest.rfind('@').filter(|at| *at > 0)?))) {
            Some((rest, at)) => (
                format!("npm:{}@", rest.get(..at).unwrap_or_default()),
                rest.get(at + 1..).unwrap_or_default(),
            ),
            None => (String::new(), old),
        };
    let plain = plain.trim();
    let is_single = !plain.contains([',', ' ', '|']);
    let signs: &[&str] = match ecosystem {
        Ecosystem::PYPI => &["~=", "==", "^", "~"],
        _ => &["^", "~", "="],
    };
    let sign = signs.iter().find(|sign| is_single && plain.starts_with(**sign)).copied();
    let is_exact = is_single
        && plain.starts_with(|first: char| first.is_ascii_digit())
        && !plain.contains(['x', 'X', '*']);
    let otherwise = match ecosystem {
        Ecosystem::PYPI => ">=",
        Ecosystem::NPM if !is_exact || plain.matches('.').count() < 2 => "^",
        _ => "",
    };
    format!("{prefix}{}{version}", sign.unwrap_or(otherwise))
}

#[cfg(test)]
mod tests {
    use super::{Edited, raised, replaced};
    use devops_core::Ecosystem;

    #[test]
    fn requirements_keep_their_kind() {
        for (ecosystem, old, expected) in [
            (Ecosystem::NPM, "^1.2.0", "^2.0.1"),
            (Ecosystem::NPM, "~1.2.0", "~2.0.1"),
            (Ecosystem::NPM, "1.2.0", "2.0.1"),
            (Ecosystem::NPM, "1.x", "^2.0.1"),
            (Ecosystem::NPM, ">=1 <2", "^2.0.1"),
            (Ecosystem::NPM, "npm:@s/real@^1", "npm:@s/real@^2.0.1"),
            (Ecosystem::CRATES_IO, "0.5", "2.0.1"),
            (Ecosystem::CRATES_IO, "=0.5.1", "=2.0.1"),
            (Ecosystem::CRATES_IO, ">=1, <2", "2.0.1"),
            (Ecosystem::PYPI, ">=1,<2", ">=2.0.1"),
            (Ecosystem::PYPI, "==1.0", "==2.0.1"),
            (Ecosystem::PYPI, "^1.0", "^2.0.1"),
        ] {
            assert_eq!(raised(ecosystem, old, "2.0.1"), expected, "{old}");
        }
    }

    #[test]
    fn only_one_text_behind_the_name_is_replaced() {
        for (line, name, old, expected) in [
            ("    \"a\": \"^1.0.0\",", "a", "^1.0.0", Some("    \"a\": \"2\",")),
            (
                "a = { version = \"1.0\", features = [\"x\"] }",
                "a",
                "1.0",
                Some("a = { version = \"2\", features = [\"x\"] }"),
            ),
            ("version = \"1.0\"", "a", "1.0", Some("version = \"2\"")),
            ("deps = [\"a>=1\", \"b>=1\"]", "a", ">=1", Some("deps = [\"a2\", \"b>=1\"]")),
            ("deps = [\"b>=1\", \"a>=1\"]", "a", ">=1", Some("deps = [\"b>=1\", \"a2\"]")),
            ("\"a-b\": \"1.0\"", "a", "1.0", Some("\"a-b\": \"2\"")),
            ("{\"a\":\"1.0\",\"c\":{\"a\":\"1.0\"}}", "a", "1.0", None),
            ("a 11.0", "a", "1.0", None),
            ("a", "a", "", None),
        ] {
            assert_eq!(replaced(line, name, old, "2").as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn overrides_are_added_where_there_are_some_and_where_there_are_none() {
        let overrides = [("a".to_owned(), "1.2.3".to_owned())];
        let text = "{\n  \"name\": \"x\",\n  \"dependencies\": {\n    \"b\": \"1\"\n  }\n}\n";
        let mut edited = Edited::new(text.to_owned());
        assert!(edited.overriding("overrides", &overrides));
        let lines = ["  },", "  \"overrides\": {", "    \"a\": \"1.2.3\"", "  }"];
        assert_eq!(edited.changes.values().next().unwrap(), &lines);
        let mut edited = Edited::new("{\n  \"overrides\": {\n    \"b\": \"1\"\n  }\n}\n".to_owned());
        assert!(edited.overriding("overrides", &overrides));
        assert_eq!(edited.changes[&1], ["  \"overrides\": {", "    \"a\": \"1.2.3\","]);
        for text in ["{}", "{\"a\": 1}", "{\n  \"overrides\": {\n    \"a\": \"1\"\n  }\n}", "not JSON"] {
            assert!(!Edited::new(text.to_owned()).overriding("overrides", &overrides), "{text}");
        }
    }
}
