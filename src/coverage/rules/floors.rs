//! Floors under all lines, all branches and the lines of each file.

use super::super::model::{Coverage, FileCoverage};
use super::super::totals::{Percent, Ratio};
use super::{FILE_TOO_LOW, Limits, TOO_LOW, at_first, listed, test_these, uncovered, with_numbers};
use devops_core::{Finding, Location};

/// Judges lines and branches of all files.
pub(super) fn totals(limits: &Limits, coverage: &Coverage) -> Vec<Finding> {
    let totals = coverage.totals();
    let judged = [
        ("lines", limits.min_coverage, totals.lines),
        ("branches", limits.min_branch_coverage, totals.branches),
    ];
    let one = |(what, limit, ratio): (&str, Option<Percent>, Ratio)| {
        let limit = limit?;
        let title = if ratio.coverable == 0 {
            format!("no coverable {what} are reported, expected at least {limit} % covered")
        } else if ratio.is_below(limit) {
            format!("{what} covered: {ratio}, expected at least {limit} %")
        } else {
            return None;
        };
        let finding = with_numbers(Finding::new(&TOO_LOW, title, &[what]), ratio)
            .named("what", what)
            .about("limit", limit.to_string());
        let worst = coverage
            .files
            .iter()
            .max_by_key(|(path, file)| (file.totals().lines.uncovered(), std::cmp::Reverse(*path)));
        Some(match worst.and_then(|(path, file)| Some((path, file, file.uncovered().next()?))) {
            Some((path, file, first)) => finding
                .detail(format!("most uncovered lines: {path}, {}", file.totals().lines))
                .at(Location::line(path, first.into()))
                .help(test_these(path, &uncovered(file))),
            None if ratio.coverable == 0 => finding
                .help(format!("make sure that the coverage reports contain {what} and are among the paths")),
            None => finding.help("test the branches that no test takes"),
        })
    };
    judged.into_iter().filter_map(one).collect()
}

/// Judges each file.
pub(super) fn files(limit: Percent, coverage: &Coverage) -> Vec<Finding> {
    let below = coverage.files.iter().filter(|(_, file)| file.totals().lines.is_below(limit));
    let finding = |(path, file): (&String, &FileCoverage)| {
        let lines = file.totals().lines;
        let title = format!("{path}: {lines} lines covered, expected at least {limit} %");
        let missing = uncovered(file);
        let finding = with_numbers(Finding::new(&FILE_TOO_LOW, title, &[path]), lines)
            .named("file", path.as_str())
            .about("limit", limit.to_string())
            .help(test_these(path, &missing));
        at_first(finding, path, &missing)
    };
    listed(&FILE_TOO_LOW, below.map(finding).collect())
}
