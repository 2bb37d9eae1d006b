//! What the report says of coverage: totals, the change, and a table of changed files.

use std::cmp::Reverse;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::patch::{Patch, in_ranges, patch};
use super::rules::Facts;
use super::scope::LeftOut;
use super::totals::{FileTotals, Ratio};

/// Maximum number of files in the table.
const MOST: usize = 100;

/// Maximum number of ranges of uncovered lines of a file.
const RANGES: usize = 100;

/// Totals, the change's own numbers, and changed files, worst first; without a known change, the least covered files.
pub fn details(facts: &Facts<'_>) -> Value {
    let totals = facts.coverage.totals();
    let patch = facts.change.map(|change| patch(facts.coverage, &change.added));
    let mut value = json!({
        "files": facts.coverage.files.len(),
        "lines": ratio(totals.lines),
        "branches": ratio(totals.branches),
        "patch": patch.as_ref().map(|patch| json!({
            "lines": ratio(patch.lines),
            "outcome": if patch.lines.coverable == 0 { "no-coverable-lines" } else { "measured" },
            "unmentioned_files": patch.unmentioned.iter().take(MOST).map(|file| &file.path).collect::<Vec<_>>(),
            "unmentioned": patch.unmentioned.len(),
        })),
        "base": facts.base.map(|base| {
            let totals = base.values().fold(FileTotals::default(), |all, file| all + *file);
            json!({ "lines": ratio(totals.lines), "branches": ratio(totals.branches) })
        }),
    });
    if let (Some(object), Some(left_out)) = (value.as_object_mut(), facts.left_out.and_then(LeftOut::details))
    {
        object.insert("left_out".to_owned(), left_out);
    }
    let (rows, left_out) = table(facts, patch.as_ref());
    if let Some(object) = value.as_object_mut() {
        object.insert("table".to_owned(), Value::Array(rows));
        object.insert("table_left_out".to_owned(), left_out.into());
    }
    value
}

fn table(facts: &Facts<'_>, patch: Option<&Patch>) -> (Vec<Value>, usize) {
    let changed = |path: &String| patch.is_none_or(|patch| patch.files.contains_key(path));
    let mut rows: Vec<(u64, u64, &String, Value)> = Vec::new();
    for (path, file) in facts.coverage.files.iter().filter(|(path, _)| changed(path)) {
        let now = file.totals();
        let mine = patch.and_then(|patch| patch.files.get(path));
        let old = facts.change.and_then(|change| change.renamed.iter().find(|(_, new)| *new == path));
        let before = facts.base.and_then(|base| base.get(old.map_or(path, |(old, _)| old)));
        let all = || in_ranges(file.uncovered().map(u64::from));
        let ranges = mine.map_or_else(all, |mine| mine.uncovered.clone());
        let row = json!({
            "path": path,
            "before": before.map(|before| ratio(before.lines)),
            "after": ratio(now.lines),
            "patch": mine.map(|mine| ratio(mine.lines)),
            "uncovered": ranges.iter().take(RANGES).map(pair).collect::<Vec<_>>(),
            "uncovered_left_out": ranges.len().saturating_sub(RANGES),
        });
        rows.push((mine.map_or(0, |mine| mine.lines.uncovered()), now.lines.uncovered(), path, row));
    }
    rows.sort_by_key(|(patch, file, path, _)| (Reverse(*patch), Reverse(*file), *path));
    let left_out = rows.len().saturating_sub(MOST);
    (rows.into_iter().take(MOST).map(|(.., row)| row).collect(), left_out)
}

fn ratio(ratio: Ratio) -> Value {
    json!({ "covered": ratio.covered, "coverable": ratio.coverable, "percent": ratio.percent() })
}

fn pair(range: &RangeInclusive<u64>) -> Value {
    json!([range.start(), range.end()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::model::Coverage;
    use super::super::rules::{Change, Facts};
    use super::super::totals::{FileTotals, Ratio};
    use super::details;

    #[test]
    fn changed_files_stand_worst_first() {
        let mut coverage = Coverage::default();
        for (path, hits) in
            [("a.rs", [1_u32, 0, 0]), ("b.rs", [0, 0, 0]), ("c.rs", [1, 1, 1]), ("same.rs", [0, 0, 0])]
        {
            for (index, hits) in hits.into_iter().enumerate() {
                coverage.file(path).line(u32::try_from(index).unwrap() + 1, hits);
            }
        }
        coverage.finish();
        let added = ["a.rs", "b.rs", "c.rs"].map(|path| (path.to_owned(), vec![1..=2]));
        let change = Change {
            added: added.into(),
            renamed: BTreeMap::from([("old.rs".to_owned(), "b.rs".to_owned())]),
            ..Change::default()
        };
        let base = BTreeMap::from([(
            "old.rs".to_owned(),
            FileTotals { lines: Ratio::new(1, 4), ..Default::default() },
        )]);
        let value = details(&Facts { base: Some(&base), change: Some(&change), ..Facts::of(&coverage) });
        let paths: Vec<&str> =
            value["table"].as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["b.rs", "a.rs", "c.rs"]);
        assert_eq!(value["table"][0]["before"]["coverable"], 4);
        assert_eq!(value["table"][0]["uncovered"], serde_json::json!([[1, 2]]));
        assert_eq!(value["patch"]["lines"]["covered"], 3);
        assert_eq!(value["lines"]["coverable"], 12);
    }

    #[test]
    fn the_table_is_cut_and_says_so() {
        let mut coverage = Coverage::default();
        for index in 0..130 {
            coverage.file(&format!("{index}.rs")).line(1, 0_u32);
        }
        coverage.finish();
        let value = details(&Facts::of(&coverage));
        assert_eq!((value["table"].as_array().unwrap().len(), &value["table_left_out"]), (100, &30.into()));
        assert!(value["patch"].is_null() && value["base"].is_null());
    }
}
