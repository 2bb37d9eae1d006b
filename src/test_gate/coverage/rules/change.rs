//! The floor under what a change adds.

use std::cmp::Reverse;

use super::super::patch::{Patch, PatchFile, patch, shown};
use super::super::totals::{Percent, Ratio};
use super::{
    Facts, LISTED, PATCH_TOO_LOW, PATCH_UNKNOWN, RANGES, at_first, listed, test_these, with_numbers,
};
use crate::core::words::counted;
use crate::core::{Finding, Location, Severity};

/// Judges the change; one that is not known does not pass.
pub(super) fn change(limit: Percent, facts: &Facts<'_>) -> Vec<Finding> {
    let Some(change) = facts.change else {
        let title =
            format!("the change is not known, so its coverage of at least {limit} % can't be checked");
        let finding = Finding::new(&PATCH_UNKNOWN, title, &["change"])
            .about("limit", limit.to_string())
            .help("name the base with `--base main`, fetch the history up to it, or hand in the diff");
        return vec![finding];
    };
    let found = patch(facts.coverage, &change.added);
    let mut findings = Vec::new();
    let adds = change.added.values().any(|ranges| !ranges.is_empty());
    if facts.coverage.is_empty() && adds && Ratio::new(0, 1).is_below(limit) {
        let title = "no report tells the coverage of any file of the repository";
        findings.push(
            Finding::new(&PATCH_UNKNOWN, title, &["reports"])
                .about("limit", limit.to_string())
                .help("make sure the coverage reports are written and are among the paths, and name files of this repository"),
        );
    }
    if found.lines.is_below(limit) {
        findings.push(patch_too_low(limit, &found));
    }
    let unmentioned = found.unmentioned.iter().map(|path| {
        Finding::new(&PATCH_UNKNOWN, format!("{path} is changed, and no coverage report mentions it"), &[path])
            .severity(Severity::Medium)
            .about("file", path.as_str())
            .at(Location::file(path))
            .help("make sure the tests load the file, or that the coverage tool is told to report files no test loads")
    });
    findings.extend(listed(&PATCH_UNKNOWN, unmentioned.collect()));
    findings
}

fn patch_too_low(limit: Percent, found: &Patch) -> Finding {
    let title = format!("{} added lines covered, at least {limit} % must be", found.lines);
    let mut missing: Vec<_> = found.files.iter().filter(|(_, file)| !file.uncovered.is_empty()).collect();
    missing.sort_by_key(|(path, file)| (Reverse(file.lines.uncovered()), *path));
    let told = |(path, file): &(&String, &PatchFile)| {
        format!("{path}: {}, not covered: {}", file.lines, shown(&file.uncovered, RANGES))
    };
    let mut detail: Vec<String> = missing.iter().take(LISTED).map(told).collect();
    if missing.len() > LISTED {
        detail.push(format!("and {}", counted((missing.len() - LISTED) as u64, "more file", "more files")));
    }
    let finding = with_numbers(Finding::new(&PATCH_TOO_LOW, title, &[]), found.lines)
        .about("limit", limit.to_string())
        .detail(detail.join("\n"));
    match missing.first() {
        Some((path, file)) => {
            at_first(finding.help(test_these(path, &file.uncovered)), path, &file.uncovered)
        }
        None => finding,
    }
}
