//! Where tests ran, such as the job of a matrix: part of what distinguishes a test from others of its name.

use std::str::FromStr;

use devops_reading::glob;

/// A name for where the tests of some reports ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment {
    /// What the paths of these reports match; none is all of them.
    pattern: Option<String>,
    name: String,
}

impl FromStr for Environment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pattern, name) = match text.rsplit_once('=') {
            Some((pattern, name)) => (Some(pattern.trim()), name.trim()),
            None => (None, text.trim()),
        };
        if name.is_empty() || pattern.is_some_and(str::is_empty) {
            return Err("expected a name, or a pattern for paths, `=` and a name");
        }
        Ok(Self { pattern: pattern.map(str::to_owned), name: name.to_owned() })
    }
}

impl Environment {
    /// Whether a report's path is meant.
    fn is_of(&self, label: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| glob::is_match(pattern, label))
    }

    /// Where the tests of a report ran: the first environment that means its path; empty where none does.
    pub(super) fn of<'a>(all: &'a [Self], label: &str) -> &'a str {
        all.iter().find(|one| one.is_of(label)).map(|one| one.name.as_str()).unwrap_or_default()
    }

    /// Says of a pattern that is chosen for none of the reports.
    pub(super) fn unused(all: &[Self], labels: &[&str]) -> Vec<String> {
        let is_first = |one: &Self, label: &str| {
            all.iter().find(|other| other.is_of(label)).is_some_and(|first| std::ptr::eq(first, one))
        };
        let unused = all.iter().filter(|one| !labels.iter().any(|label| is_first(one, label)));
        unused
            .filter_map(|one| one.pattern.as_deref())
            .map(|pattern| {
                format!("no report matches `{pattern}` of `environment`, or an earlier entry does")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn a_name_is_for_all_reports_or_for_those_of_a_pattern() {
        let parse = |text: &str| text.parse::<Environment>();
        let all = [parse("out/linux/** = linux").unwrap(), parse("out/*/a=b.xml=other").unwrap()];
        assert_eq!(Environment::of(&all, "out/linux/unit/a.xml"), "linux");
        assert_eq!(Environment::of(&all, "out/mac/a=b.xml"), "other");
        assert_eq!(Environment::of(&all, "out/mac/a.xml"), "");
        assert_eq!(Environment::of(&[parse(" arm ").unwrap()], "anything"), "arm");
        let unused = Environment::unused(&all, &["out/linux/a.xml"]);
        assert_eq!(unused, ["no report matches `out/*/a=b.xml` of `environment`, or an earlier entry does"]);
        for wrong in ["", " ", "=", "a =", "= a"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
