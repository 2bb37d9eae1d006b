//! What is different from the baseline, for the details of the report.

use serde::Serialize;
use serde_json::Value;

use super::compare::{Amount, Change, Comparison};
use super::history::{Flaky, Slower};
use super::model::Outcome;
use super::rules::{name_of, title};

/// Maximum number of tests in each list; the others are counted.
const LISTED: usize = 100;

/// Everything that is different.
#[derive(Debug, Serialize)]
struct Details {
    runs: u64,
    before: Amount,
    now: Amount,
    gone_skipped: u64,
    not_compared_by_name: u64,
    new_failures: List<ChangedTest>,
    known_failures: List<ChangedTest>,
    fixed: List<ChangedTest>,
    vanished: List<ChangedTest>,
    fewer_executions: List<ChangedTest>,
    newly_skipped: List<ChangedTest>,
    unskipped: List<ChangedTest>,
    moved: List<ChangedTest>,
    renamed: List<ChangedTest>,
    other_parameters: List<ChangedTest>,
    new: List<ChangedTest>,
    slower: List<SlowerTest>,
    flaky: List<FlakyTest>,
}

/// A list with its total and its first items.
#[derive(Debug, Serialize)]
struct List<T> {
    total: usize,
    listed: Vec<T>,
}

/// A test that ended otherwise than at the baseline, or has another name.
#[derive(Debug, Serialize)]
struct ChangedTest {
    test: String,
    /// What it was called, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<String>,
    before: Option<&'static str>,
    now: Option<&'static str>,
    /// How often it ran at the baseline, and now, where that is not the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    executions_before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    executions: Option<u64>,
}

/// A test that takes longer than it did.
#[derive(Debug, Serialize)]
struct SlowerTest {
    test: String,
    milliseconds: f64,
    median: f64,
    longest: f64,
    runs: u64,
}

/// A test that fails in some runs.
#[derive(Debug, Serialize)]
struct FlakyTest {
    test: String,
    bad_runs: u64,
    runs: u64,
    low: f64,
    high: f64,
    now: Option<&'static str>,
}

/// Everything that is different, each list with its total and its first tests.
pub(crate) fn details(comparison: &Comparison<'_>) -> Value {
    let changes = |list: &[Change<'_>]| List::of(list, ChangedTest::of);
    let details = Details {
        runs: comparison.runs,
        before: comparison.before,
        now: comparison.now,
        gone_skipped: comparison.gone_skipped,
        not_compared_by_name: comparison.not_tried,
        new_failures: changes(&comparison.new_failures),
        known_failures: changes(&comparison.known_failures),
        fixed: changes(&comparison.fixed),
        vanished: changes(&comparison.vanished),
        fewer_executions: changes(&comparison.fewer),
        newly_skipped: changes(&comparison.newly_skipped),
        unskipped: changes(&comparison.unskipped),
        moved: changes(&comparison.moved),
        renamed: changes(&comparison.renamed),
        other_parameters: changes(&comparison.other_parameters),
        new: changes(&comparison.new),
        slower: List::of(&comparison.slower, SlowerTest::of),
        flaky: List::of(&comparison.flaky, FlakyTest::of),
    };
    serde_json::to_value(details).unwrap_or_default()
}

impl<T> List<T> {
    fn of<U>(list: &[U], item: impl Fn(&U) -> T) -> Self {
        Self { total: list.len(), listed: list.iter().take(LISTED).map(item).collect() }
    }
}

impl ChangedTest {
    fn of(change: &Change<'_>) -> Self {
        let ran = change.before.zip(change.now).map(|(before, now)| (before.ran(), now.ran()));
        let (executions_before, executions) = ran.filter(|(before, now)| before != now).unzip();
        Self {
            test: name_of(change),
            was: change.was.map(|(was, _)| title(was)),
            before: word(change.outcome_before()),
            now: word(change.outcome()),
            executions_before,
            executions,
        }
    }
}

impl SlowerTest {
    fn of(slower: &Slower<'_>) -> Self {
        Self {
            test: title(slower.change.test),
            milliseconds: slower.now,
            median: slower.median,
            longest: slower.longest,
            runs: slower.runs,
        }
    }
}

impl FlakyTest {
    fn of(flaky: &Flaky<'_>) -> Self {
        let rounded = |share: f64| (share * 1e4).round() / 1e4;
        Self {
            test: title(flaky.test),
            bad_runs: flaky.share.seen,
            runs: flaky.share.of,
            low: rounded(flaky.share.low),
            high: rounded(flaky.share.high),
            now: word(flaky.now),
        }
    }
}

fn word(outcome: Option<Outcome>) -> Option<&'static str> {
    outcome.map(Outcome::as_str)
}
