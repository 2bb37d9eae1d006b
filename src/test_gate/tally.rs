//! Everything read, added up: the totals and the line with the numbers that make the verdict.

use serde_json::Value;

use super::attempts::{Counts, State};
use super::collector::Reading;
use devops_core::report::Facts;
use devops_core::words::{count, duration, number};

/// What all reports say together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) files: u64,
    pub(super) suites: u64,
    pub(super) counts: Counts,
    pub(super) micros: Option<u64>,
}

impl Tally {
    /// One report more.
    pub(super) fn add(&mut self, reading: &Reading) {
        self.files += 1;
        self.suites += reading.suites;
        self.counts = self.counts.plus(reading.counts);
        if let Some(micros) = reading.micros {
            self.micros = Some(self.micros.unwrap_or(0).saturating_add(micros));
        }
    }

    fn seconds(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of up to 285,000 years are exact")]
        self.micros.map(|micros| (micros / 1_000) as f64 / 1e3)
    }

    /// The totals of the report.
    pub(super) fn totals(&self) -> Facts {
        let of = |state| Value::from(self.counts.of(state));
        let seconds = self.seconds().map_or(Value::Null, Value::from);
        [
            ("files", Value::from(self.files)),
            ("suites", Value::from(self.suites)),
            ("tests", Value::from(self.counts.tests())),
            ("passed", of(State::Passed)),
            ("flaky", of(State::Flaky)),
            ("failed", of(State::Failed)),
            ("errored", of(State::Errored)),
            ("skipped", of(State::Skipped)),
            ("not_run", of(State::NotRun)),
            ("duration_seconds", seconds),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// The numbers that make the verdict: `2 failed, 1 flaky of 1,204 tests in 3 reports (41.2 s)`; what went wrong beside the tests
    /// stands behind the reports.
    pub(super) fn headline(&self, beside: &[(u64, &str)]) -> String {
        let tests = self.counts.tests();
        let beside: Vec<String> = beside
            .iter()
            .filter(|(amount, _)| *amount > 0)
            .map(|(amount, what)| format!(", {} {what}", number(*amount)))
            .collect();
        if self.files == 0 {
            return "no report found".to_owned();
        }
        let order = [State::Failed, State::Errored, State::Flaky, State::Skipped, State::NotRun];
        let parts: Vec<String> = order
            .into_iter()
            .map(|state| (self.counts.of(state), state.as_str()))
            .filter(|(amount, _)| *amount > 0)
            .map(|(amount, word)| format!("{} {word}", number(amount)))
            .collect();
        let mut line = match (tests, parts.is_empty()) {
            (0, _) => "no tests".to_owned(),
            (_, true) => format!("{} passed", count(tests, "test")),
            (_, false) => format!("{} of {}", parts.join(", "), count(tests, "test")),
        };
        line.push_str(&format!(" in {}{}", count(self.files, "report"), beside.concat()));
        if let Some(seconds) = self.seconds() {
            line.push_str(&format!(" ({})", duration(seconds)));
        }
        line
    }
}
