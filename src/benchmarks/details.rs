//! The comparison as a table in the report.

use serde_json::{Map, Value, json};

use super::compare::Comparison;
use super::judge::{Judged, worst_first};
use super::limits::Limits;

/// Maximum number of rows of the table; the rest is counted.
const ROWS: usize = 100;

/// The table, worst first, with what it was judged by.
pub fn details(judged: &Judged, limits: &Limits) -> Value {
    let mut sorted: Vec<&Comparison> = judged.comparisons.iter().collect();
    sorted.sort_by(|one, other| worst_first(one, other));
    let mut counts: Map<String, Value> = Map::new();
    for comparison in &sorted {
        let count = counts.entry(comparison.verdict.as_str()).or_insert_with(|| Value::from(0));
        *count = Value::from(count.as_u64().unwrap_or_default() + 1);
    }
    json!({
        "alarm_rate": limits.alarm_rate,
        "max_slowdown_percent": limits.max_slowdown,
        "counts": counts,
        "rows": sorted.iter().take(ROWS).map(|comparison| row(comparison)).collect::<Vec<_>>(),
        "rows_left_out": sorted.len().saturating_sub(ROWS),
    })
}

fn row(comparison: &Comparison) -> Value {
    json!({
        "name": comparison.name,
        "metric": comparison.metric,
        "unit": comparison.unit,
        "direction": comparison.direction.as_str(),
        "before": comparison.before,
        "now": comparison.now,
        "ratio": comparison.ratio,
        "scale": comparison.scale,
        "low": comparison.interval.map(|(low, _)| low),
        "high": comparison.interval.map(|(_, high)| high),
        "p": comparison.p,
        "method": comparison.method.as_str(),
        "samples_before": comparison.sizes.0,
        "samples_now": comparison.sizes.1,
        "verdict": comparison.verdict.as_str(),
    })
}
