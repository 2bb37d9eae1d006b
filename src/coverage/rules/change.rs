//! The floor under what a change adds.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::patch::{Patch, PatchFile, Unmentioned, patch, shown};
use super::super::totals::{Percent, Ratio};
use super::{
    Facts, LISTED, PATCH_TOO_LOW, PATCH_UNKNOWN, RANGES, at_first, listed, test_these, with_numbers,
};
use devops_core::words::counted;
use devops_core::{Finding, Location, Severity};

/// Judges the change; one that is not known does not pass.
pub(super) fn change(limit: Percent, facts: &Facts<'_>) -> Vec<Finding> {
    if let Some(diff) = facts.empty_diff {
        return vec![empty_diff(diff, limit)];
    }
    let Some(change) = facts.change else {
        let title = format!("the change is unknown, so its coverage of at least {limit} % can't be checked");
        let finding = Finding::new(&PATCH_UNKNOWN, title, &["change"])
            .about("limit", limit.to_string())
            .help("name the base with `--base main`, fetch the history up to it, or give the diff with `--diff`");
        return vec![finding];
    };
    let found = patch(facts.coverage, &change.added);
    let mut findings = Vec::new();
    let adds = change.added.values().any(|ranges| !ranges.is_empty());
    if facts.coverage.is_empty() && adds && Ratio::new(0, 1).is_below(limit) {
        let title = "no report has the coverage of any file of the repository";
        findings.push(
            Finding::new(&PATCH_UNKNOWN, title, &["reports"])
                .about("limit", limit.to_string())
                .help("make sure that the coverage reports are written, are among the paths, and name files of this repository"),
        );
    }
    if found.lines.is_below(limit) {
        findings.push(patch_too_low(limit, &found));
    }
    let unclear: BTreeMap<&String, &String> = if Ratio::new(0, 1).is_below(limit) {
        let meant = |path: &String| facts.unclear.and_then(|unclear| unclear.get(path));
        let changed = change.added.iter().filter(|(_, ranges)| !ranges.is_empty());
        changed.filter_map(|(path, _)| Some((path, meant(path)?))).collect()
    } else {
        BTreeMap::new()
    };
    let unknown = unclear.iter().map(|(path, meant)| unclear_path(path, meant));
    let unmentioned =
        found.unmentioned.iter().filter(|file| !unclear.contains_key(&file.path)).map(unmentioned);
    findings.extend(listed(&PATCH_UNKNOWN, unknown.chain(unmentioned).collect()));
    findings
}

/// A diff without anything in it, which looks just like one whose `git diff` broke off.
fn empty_diff(diff: &str, limit: Percent) -> Finding {
    Finding::new(&PATCH_UNKNOWN, format!("the diff {diff} is empty, so the change is unknown"), &["diff"])
        .detail("A `git diff` that fails, e.g. in a shallow clone, leaves an empty file.")
        .about("limit", limit.to_string())
        .about("diff", diff)
        .at(Location::file(diff))
        .help(format!(
            "write it with `git diff BASE...HEAD > {diff}` in a clone that contains the base (`fetch-depth: 0` on GitHub, `GIT_DEPTH: 0` on GitLab) and let the job fail if that command fails; \
             if the change may really be empty, name the base with `--base` instead of using `--diff`"
        ))
}

/// A changed file that a path of a report could mean, or not.
fn unclear_path(path: &str, meant: &str) -> Finding {
    let title = format!("{path} is changed, and it is unclear whether {meant} is this file");
    Finding::new(&PATCH_UNKNOWN, title, &[path])
        .named("file", path)
        .about("report_path", meant)
        .at(Location::file(path))
        .help("leave the report below the folder whose files it covers, or set the folder with `coverage-prefix`, e.g. `artifacts/foo/** = packages/foo`")
}

/// A changed file that no report mentions.
fn unmentioned(file: &Unmentioned) -> Finding {
    let path = &file.path;
    let (title, help) = if file.is_kind_measured {
        (
            format!("{path} is changed, and no coverage report mentions it"),
            "make sure that the tests load the file, or configure the coverage tool to report all files",
        )
    } else {
        (
            format!("{path} is changed, and no coverage report covers its language"),
            "add a coverage report for it, or exclude such files with `coverage-exclude`",
        )
    };
    Finding::new(&PATCH_UNKNOWN, title, &[path])
        .severity(Severity::Medium)
        .named("file", path.as_str())
        .at(Location::file(path))
        .help(help)
}

fn patch_too_low(limit: Percent, found: &Patch) -> Finding {
    let title = format!("coverage of added lines: {}, expected at least {limit} %", found.lines);
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
