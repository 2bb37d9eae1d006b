//! Quarantine: tests that are known to fail at times, each with an owner, a reason and a last day.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};

use super::rules;
use devops_config::{File, Listed};
use devops_core::wildcard::is_match;
use devops_core::{Error, Finding, Location, Waived};

/// Name of the tables.
const TABLE: &str = "quarantine";

/// Keys of an entry; all of them are needed.
const KEYS: [&str; 4] = ["test", "owner", "reason", "expires"];

/// Maximum number of days that an entry may last from today.
pub(crate) const LONGEST: i32 = 90;

/// Rules whose findings an entry covers: about a test that ran and failed. Nothing that says a test is gone is covered.
const COVERED: [&str; 3] = ["test-failed", "test-flaky", "test-failed-before"];

/// A test that may fail until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The test as findings name it; `*` stands for any text.
    pub(crate) test: String,
    /// Who is responsible.
    pub(crate) owner: String,
    /// Why it is here.
    pub(crate) reason: String,
    /// Last day on which it holds.
    pub(crate) expires: Date,
    /// Where it stands.
    pub(crate) location: Location,
}

/// The entries of a quarantine file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Quarantine {
    /// In the file's order.
    pub(crate) entries: Vec<Entry>,
}

/// What became of the entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Quarantined {
    /// Findings about entries: expired ones, and those that no test has the name of.
    pub(crate) findings: Vec<Finding>,
    /// How many findings were covered.
    pub(crate) covered: u64,
    /// Entries whose tests all passed; nothing is wrong with that for a flaky test.
    pub(crate) idle: Vec<String>,
}

impl Quarantine {
    /// Parses a quarantine file; `path` is what errors call it.
    ///
    /// # Errors
    /// Where it is not TOML, an entry lacks something, stands for every test, or lasts too long.
    pub(crate) fn parse(path: &Path, text: String, today: Date) -> Result<Self, Error> {
        let (file, tables) = File::list(path, text, TABLE, &KEYS)?;
        let entries = tables.into_iter().map(|table| Entry::of(&file, table, today));
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// Marks the findings that entries cover as waived.
    ///
    /// Nothing is covered where the run crashed or is incomplete (`is_whole` is false): what it did not report is unknown.
    /// `tests` are the names of all tests of the run, as findings have them.
    pub(crate) fn apply<'a>(
        &self,
        findings: &mut [Finding],
        tests: impl IntoIterator<Item = &'a str>,
        today: Date,
        is_whole: bool,
    ) -> Quarantined {
        let mut result = Quarantined::default();
        let mut used = BTreeSet::new();
        for finding in findings.iter_mut().filter(|finding| COVERED.contains(&finding.rule.as_str())) {
            let Some(test) = finding.subject.get("test").and_then(|test| test.as_str()) else { continue };
            let environment = finding.subject.get("test_environment").and_then(|name| name.as_str());
            let anywhere = environment.and_then(|name| test.strip_suffix(&format!(" ({name})")));
            let is_meant =
                |entry: &Entry| entry.covers(test) || anywhere.is_some_and(|test| entry.covers(test));
            let matching = self.entries.iter().enumerate().filter(|(_, entry)| is_meant(entry));
            let mut mark = None;
            for (index, entry) in matching {
                used.insert(index);
                if !entry.is_expired(today) {
                    mark = mark.or_else(|| Some(entry.mark()));
                }
            }
            if is_whole && mark.is_some() && finding.is_open() {
                finding.waived = mark;
                result.covered += 1;
            }
        }
        let seen = self.seen(tests);
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.is_expired(today) {
                result.findings.push(rules::quarantine_expired(entry));
            } else if used.contains(&index) {
            } else if seen.contains(&index) {
                result.idle.push(entry.test.clone());
            } else {
                result.findings.push(rules::quarantine_unused(entry));
            }
        }
        result
    }

    /// Indexes of the entries that some test has the name of.
    fn seen<'a>(&self, tests: impl IntoIterator<Item = &'a str>) -> BTreeSet<usize> {
        let mut unseen: Vec<(usize, &Entry)> = self.entries.iter().enumerate().collect();
        let mut seen = BTreeSet::new();
        for test in tests {
            if unseen.is_empty() {
                break;
            }
            unseen.retain(|(index, entry)| !(entry.covers(test) && seen.insert(*index)));
        }
        seen
    }
}

impl Entry {
    fn of(file: &File, (span, mut fields): Listed, today: Date) -> Result<Self, Error> {
        let mut field = |name: &str| {
            fields.remove(name).filter(|(text, _)| !text.trim().is_empty()).ok_or_else(|| {
                file.error(format!("quarantine without `{name}`"), span.clone(), "in this entry")
                    .help("an entry needs `test`, `owner`, `reason` and `expires`")
            })
        };
        let (test, test_span) = field("test")?;
        let (owner, _) = field("owner")?;
        let (reason, _) = field("reason")?;
        let (day, day_span) = field("expires")?;
        if !test.contains(char::is_alphanumeric) {
            let label = "give the name of a test, or a part of it with `*`";
            return Err(file.error(format!("`{test}` matches every test"), test_span, label));
        }
        let expires: Date = day.parse().map_err(|_| {
            file.error(format!("`{day}` is not a date"), day_span.clone(), "write a date such as 2026-12-31")
        })?;
        let span_of_days: Span = LONGEST.days();
        let last = today.saturating_add(span_of_days);
        if expires > last {
            let what = format!("`{day}` is more than {LONGEST} days from today");
            return Err(file.error(what, day_span, &format!("{last} at the latest")));
        }
        Ok(Self { test, owner, reason, expires, location: file.location(&span) })
    }

    /// Whether it is meant for this test, whatever the day.
    pub(crate) fn covers(&self, test: &str) -> bool {
        is_match(&self.test, test)
    }

    /// Whether its last day has passed.
    pub(crate) fn is_expired(&self, today: Date) -> bool {
        self.expires < today
    }

    /// What a finding that it covers carries.
    pub(crate) fn mark(&self) -> Waived {
        Waived::until(&self.owner, &self.reason, self.expires.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::civil::{Date, date};

    use super::Quarantine;
    use devops_core::{Finding, Rule, Severity};

    const TODAY: Date = date(2026, 11, 23);

    fn parse(text: &str) -> Result<Quarantine, String> {
        Quarantine::parse(Path::new("q.toml"), text.to_owned(), TODAY).map_err(|error| {
            let place = error.place().map(|place| place.label.clone()).unwrap_or_default();
            format!("{error} ({place})")
        })
    }

    fn entry(test: &str, expires: &str) -> String {
        format!(
            "[[quarantine]]\ntest = \"{test}\"\nowner = \"shop\"\nreason = \"slow\"\nexpires = {expires}\n"
        )
    }

    fn finding(rule: &'static str, test: &str) -> Finding {
        let rule = Rule { id: rule, severity: Severity::High, summary: "", page: "" };
        Finding::new(&rule, test, &[test]).named("test", test)
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (text, expected) in [
            (
                entry("*", "2026-12-01"),
                "q.toml:2:8: `*` matches every test (give the name of a test, or a part of it with `*`)",
            ),
            (
                entry("a", "2027-02-22"),
                "q.toml:5:11: `2027-02-22` is more than 90 days from today (2027-02-21 at the latest)",
            ),
            (entry("a", "\"soon\""), "q.toml:5:11: `soon` is not a date (write a date such as 2026-12-31)"),
            (
                "quarantine = 1\n".to_owned(),
                "q.toml:1:1: `quarantine` must be a list of tables (write `[[quarantine]]`)",
            ),
            (
                "[[quarantin]]\ntest = \"a\"\n".to_owned(),
                "q.toml:1:3: unknown key: `quarantin` (did you mean `quarantine`?)",
            ),
            (
                "[[quarantine]]\nname = \"a\"\n".to_owned(),
                "q.toml:2:1: unknown key of `[[quarantine]]`: `name` (not known)",
            ),
        ] {
            assert_eq!(parse(&text).unwrap_err(), expected, "{text}");
        }
        let error = parse("[[quarantine]]\ntest = \"a\"\nowner = \" \"\n").unwrap_err();
        assert!(error.contains("quarantine without `owner`"), "{error}");
        assert!(parse(&entry("a", "2027-02-21")).is_ok() && parse("").unwrap().entries.is_empty());
        assert!(parse("[[quarantine").is_err());
    }

    #[test]
    fn an_entry_covers_a_failure_of_its_test_while_it_holds() {
        let text = entry("a.B.*", "2026-11-23") + &entry("old", "2026-11-22") + &entry("none", "2026-12-01");
        let quarantine = parse(&(text + &entry("calm", "2026-12-01"))).unwrap();
        let findings = || {
            [
                finding("test-failed", "a.B.c"),
                finding("test-failed", "old"),
                finding("test-vanished", "a.B.d"),
                finding("test-failed", "other"),
            ]
        };
        let names = ["a.B.c", "old", "calm", "other"];
        let mut whole = findings();
        let result = quarantine.apply(&mut whole, names, TODAY, true);
        let waived: Vec<bool> = whole.iter().map(|finding| finding.waived.is_some()).collect();
        assert_eq!(waived, [true, false, false, false]);
        assert_eq!((result.covered, result.idle), (1, vec!["calm".to_owned()]));
        let rules: Vec<&str> = result.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules, ["quarantine-expired", "quarantine-unused"]);
        let mut crashed = findings();
        assert_eq!(quarantine.apply(&mut crashed, names, TODAY, false).covered, 0);
        assert_eq!(crashed, findings());
    }
}
