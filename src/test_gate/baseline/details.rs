//! What is different from the baseline, for the details of the report.

use serde_json::{Map, Value, json};

use super::compare::{Amount, Change, Comparison};
use super::history::{Flaky, Slower};
use super::model::Outcome;
use super::rules::{name_of, title};

/// Maximum number of tests in each list; the others are counted.
const LISTED: usize = 100;

/// Everything that is different, each list with its total and its first tests.
pub(crate) fn details(comparison: &Comparison<'_>) -> Value {
    let mut details = Map::new();
    details.insert("runs".to_owned(), comparison.runs.into());
    details.insert("before".to_owned(), amount(comparison.before));
    details.insert("now".to_owned(), amount(comparison.now));
    details.insert("gone_skipped".to_owned(), comparison.gone_skipped.into());
    details.insert("not_compared_by_name".to_owned(), comparison.not_tried.into());
    let changes = [
        ("new_failures", &comparison.new_failures),
        ("known_failures", &comparison.known_failures),
        ("fixed", &comparison.fixed),
        ("vanished", &comparison.vanished),
        ("fewer_executions", &comparison.fewer),
        ("newly_skipped", &comparison.newly_skipped),
        ("unskipped", &comparison.unskipped),
        ("moved", &comparison.moved),
        ("renamed", &comparison.renamed),
        ("other_parameters", &comparison.other_parameters),
        ("new", &comparison.new),
    ];
    for (name, list) in changes {
        details.insert(name.to_owned(), listed(list, change));
    }
    details.insert("slower".to_owned(), listed(&comparison.slower, slower));
    details.insert("flaky".to_owned(), listed(&comparison.flaky, flaky));
    Value::Object(details)
}

fn listed<T>(list: &[T], item: impl Fn(&T) -> Value) -> Value {
    let first: Vec<Value> = list.iter().take(LISTED).map(item).collect();
    json!({ "total": list.len(), "listed": first })
}

fn amount(amount: Amount) -> Value {
    json!({ "tests": amount.tests, "executions": amount.executions, "ran": amount.ran })
}

fn word(outcome: Option<Outcome>) -> Option<&'static str> {
    outcome.map(Outcome::as_str)
}

fn change(change: &Change<'_>) -> Value {
    let mut value = Map::new();
    value.insert("test".to_owned(), name_of(change).into());
    if let Some((was, _)) = change.was {
        value.insert("was".to_owned(), title(was).into());
    }
    value.insert("before".to_owned(), word(change.outcome_before()).into());
    value.insert("now".to_owned(), word(change.outcome()).into());
    if let (Some(before), Some(now)) = (change.before, change.now)
        && before.ran() != now.ran()
    {
        value.insert("executions_before".to_owned(), before.ran().into());
        value.insert("executions".to_owned(), now.ran().into());
    }
    Value::Object(value)
}

fn slower(slower: &Slower<'_>) -> Value {
    json!({
        "test": title(slower.change.test),
        "milliseconds": slower.now,
        "median": slower.median,
        "longest": slower.longest,
        "runs": slower.runs,
    })
}

fn flaky(flaky: &Flaky<'_>) -> Value {
    let rounded = |share: f64| (share * 1e4).round() / 1e4;
    json!({
        "test": title(flaky.test),
        "bad_runs": flaky.share.seen,
        "runs": flaky.share.of,
        "low": rounded(flaky.share.low),
        "high": rounded(flaky.share.high),
        "now": word(flaky.now),
    })
}
