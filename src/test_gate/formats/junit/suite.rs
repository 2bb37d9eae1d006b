//! One suite while it is read: what it is called, what it claims, and what its cases show.

use crate::execution::MESSAGE;
use crate::formats::numbers;
use crate::producer::Producer;
use devops_core::words::{count, number};
use devops_reading::excerpt::{resolve, shorten};
use devops_reading::hash::hash_of;

/// A suite, or a group of suites, that is open.
#[derive(Default)]
pub(super) struct Suite {
    name: String,
    /// Which of the suites of the file it is: two elements are two suites, whatever their names.
    element: u64,
    /// A hash of the names from the document to this one.
    names: u64,
    failures: u64,
    errors: u64,
    tests: u64,
    /// Cases and wrongs in it so far, whatever the depth.
    pub(super) cases: u64,
    pub(super) wrongs: u64,
    /// Who wrote it, as far as it or what is around it says so: a file may be merged of those of several.
    pub(super) producer: Option<Producer>,
    /// Whether its producer counts each failure as an error, too.
    pub(super) counts_twice: bool,
}

impl Suite {
    /// Which of the suites of the file it is.
    pub(super) fn element(&self) -> u64 {
        self.element
    }

    /// A hash that suites share whose names, and those around them, are the same.
    pub(super) fn names(&self) -> u64 {
        self.names
    }

    /// Whether it claims more tests than it has cases.
    pub(super) fn claims_more_tests(&self) -> bool {
        self.tests > self.cases
    }

    /// How many of its tests it claims went wrong.
    fn claimed(&self) -> u64 {
        if self.counts_twice {
            self.failures.max(self.errors)
        } else {
            self.failures.saturating_add(self.errors)
        }
    }

    /// What it claims that its cases don't show.
    pub(super) fn objection(&self) -> Option<String> {
        (self.claimed() > self.wrongs).then(|| {
            format!(
                "it claims {} and {}, its cases show {}",
                count(self.failures, "failure"),
                count(self.errors, "error"),
                number(self.wrongs)
            )
        })
    }

    /// Takes what a suite in it has shown, now that it ends.
    pub(super) fn take(&mut self, inner: &Self) {
        self.wrongs = self.wrongs.saturating_add(inner.wrongs.max(inner.claimed()));
        self.cases += inner.cases;
        self.counts_twice |= inner.counts_twice;
    }
}

/// A suite whose attributes are read.
pub(super) struct Around {
    element: &'static str,
    suite: Suite,
    /// A hash of the names around it.
    outer: u64,
}

impl Around {
    /// A suite in one whose names have this hash; `ordinal` counts the suites of the file.
    pub(super) fn new(element: &'static str, outer: u64, ordinal: u64) -> Self {
        Self { element, suite: Suite { element: ordinal, ..Suite::default() }, outer }
    }

    /// Takes an attribute.
    pub(super) fn attribute(&mut self, key: &str, value: &str) {
        self.suite.producer = self.suite.producer.or(Producer::of_suite(self.element, key, value));
        match key {
            "name" => self.suite.name = shorten(&resolve(value), MESSAGE),
            "failures" => self.suite.failures = claimed(value),
            "errors" => self.suite.errors = claimed(value),
            "tests" => self.suite.tests = claimed(value),
            _ => {}
        }
    }

    /// The suite, once all attributes are known.
    pub(super) fn suite(mut self) -> Suite {
        self.suite.names = hash_of(&(self.outer, &self.suite.name));
        self.suite
    }
}

/// A number that a suite claims, in any of the forms met, such as `12`, `1.0` and `1,000`; no less than was meant.
fn claimed(text: &str) -> u64 {
    numbers::count(&resolve(text))
}

/// The names of the suites from the root to the innermost; one that repeats its parent's is left out.
pub(super) fn path(suites: &[Suite]) -> String {
    let mut names: Vec<&str> = suites.iter().map(|suite| suite.name.as_str()).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    shorten(&names.join(" > "), MESSAGE)
}

#[cfg(test)]
mod tests {
    use super::claimed;

    #[test]
    fn a_claim_has_many_forms() {
        for (text, expected) in [
            ("12", 12),
            (" +2 ", 2),
            ("1.0", 1),
            ("0.5", 1),
            ("1,000", 1_000),
            ("1,234.0", 1_234),
            ("1 000", 1_000),
            ("1e3", 1_000),
            ("&#49;", 1),
            ("99999999999999999999", u64::MAX),
            ("0.0", 0),
            ("0,0", 0),
            ("", 0),
            ("-1", 0),
            ("NaN", 0),
            ("none", 0),
        ] {
            assert_eq!(claimed(text), expected, "{text}");
        }
    }
}
