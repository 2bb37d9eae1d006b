//! Floors under the lines of a folder.

use std::collections::{BTreeMap, BTreeSet};

use super::super::languages::{is_source, is_test};
use super::super::path_text::normal;
use super::super::totals::{Percent, Ratio};
use super::{FOLDER_TOO_LOW, Facts, at_first, listed, test_these, uncovered, with_numbers};
use devops_core::{Error, Finding, Location};
use devops_reading::glob;

/// The least percentage of the lines below a folder, or below each of several, that must be covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFloor {
    /// A folder, or a pattern for folders.
    pattern: String,
    limit: Percent,
}

impl FolderFloor {
    /// Reads `FOLDER >= PERCENT`.
    ///
    /// # Errors
    /// Where it has another form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str| {
            Error::usage(format!("`{text}` of `folder-coverage` {what}"))
                .help("write it as `FOLDER >= PERCENT`, e.g. `src/billing >= 90` or `packages/* >= 80`")
        };
        let (folder, limit) = text.rsplit_once(" >= ").ok_or_else(|| wrong("has no ` >= `"))?;
        let pattern = normal(folder);
        if pattern.is_empty() || pattern.split('/').any(|part| part == "..") {
            return Err(wrong("names no folder of the repository"));
        }
        let limit = limit.parse().map_err(|error: String| wrong(&format!("has no limit: {error}")))?;
        Ok(Self { pattern, limit })
    }

    /// The folders of these files that are meant, each once.
    fn folders<'a>(&self, files: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        files.flat_map(around).filter(|folder| glob::is_match(&self.pattern, folder)).collect()
    }
}

/// The folders that a file lies in.
fn around(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(index, _)| path.get(..index))
}

/// Judges each floor; a folder of which nothing is measured does not pass.
pub(super) fn folders(floors: &[FolderFloor], facts: &Facts<'_>) -> Vec<Finding> {
    let mut lines: BTreeMap<&str, Ratio> = BTreeMap::new();
    for (path, file) in &facts.coverage.files {
        let totals = file.totals().lines;
        for folder in around(path) {
            let sum = lines.entry(folder).or_default();
            *sum = *sum + totals;
        }
    }
    let unmeasured = || {
        let tracked = facts.tracked.into_iter().flatten().map(String::as_str);
        tracked.filter(|path| is_source(path) && !is_test(path) && !facts.coverage.files.contains_key(*path))
    };
    let measured = || facts.coverage.files.iter().filter(|(_, file)| !file.lines().is_empty());
    let mut findings = Vec::new();
    for floor in floors {
        let mut meant = floor.folders(measured().map(|(path, _)| path.as_str()));
        if glob::is_pattern(&floor.pattern) {
            meant.extend(floor.folders(unmeasured()));
        }
        if meant.is_empty() {
            meant.insert(&floor.pattern);
        }
        let one =
            |folder: &str| judged(folder, floor.limit, lines.get(folder).copied().unwrap_or_default(), facts);
        findings.extend(meant.into_iter().filter_map(one));
    }
    listed(&FOLDER_TOO_LOW, findings)
}

/// Judges a folder.
fn judged(folder: &str, limit: Percent, ratio: Ratio, facts: &Facts<'_>) -> Option<Finding> {
    if ratio.coverable > 0 && !ratio.is_below(limit) {
        return None;
    }
    let title = match ratio.coverable {
        0 => format!("{folder}: in no coverage report, expected at least {limit} % covered"),
        _ => format!("{folder}: {ratio} lines covered, expected at least {limit} %"),
    };
    let finding = with_numbers(Finding::new(&FOLDER_TOO_LOW, title, &[folder]), ratio)
        .about("folder", folder)
        .about("limit", limit.to_string());
    let is_below = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let files = facts.coverage.files.iter().filter(|(path, _)| is_below(path));
    let worst = files.max_by_key(|(path, file)| (file.totals().lines.uncovered(), std::cmp::Reverse(*path)));
    Some(match worst.filter(|(_, file)| file.totals().lines.uncovered() > 0) {
        Some((path, file)) => {
            let missing = uncovered(file);
            let finding = finding.detail(format!("most uncovered lines: {path}, {}", file.totals().lines));
            at_first(finding.help(test_these(path, &missing)), path, &missing)
        }
        None => finding.at(Location::file(folder)).help(
            "make sure that the coverage report of this folder is written and is among the paths, or correct the folder in `folder-coverage`",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::coverage_of;
    use super::super::{Facts, Limits, judge};
    use super::FolderFloor;

    fn titles(floors: &[&str], tracked: Option<&[String]>) -> Vec<String> {
        let coverage = coverage_of(&[
            ("src/billing/a.rs", &[(1, 1), (2, 0)]),
            ("src/billing/deep/b.rs", &[(1, 1), (2, 1)]),
            ("src/billing2/c.rs", &[(1, 0)]),
            ("src/billing/none.rs", &[]),
            ("src/empty/none.rs", &[]),
        ]);
        let folders = floors.iter().map(|text| FolderFloor::parse(text).unwrap()).collect();
        let findings =
            judge(&Limits { folders, ..Limits::default() }, &Facts { tracked, ..Facts::of(&coverage) });
        assert!(findings.iter().all(|finding| finding.rule == "folder-coverage-too-low"));
        findings.into_iter().map(|finding| finding.title).collect()
    }

    #[test]
    fn a_folder_has_all_lines_below_it() {
        assert!(titles(&["src/billing >= 75", "./src/billing/deep/ >= 100 %"], None).is_empty());
        assert_eq!(
            titles(&["src/billing >= 75.1"], None),
            ["src/billing: 75.00 % (3 of 4) lines covered, expected at least 75.1 %"]
        );
        assert_eq!(
            titles(&["src/* >= 50"], None),
            ["src/billing2: 0.00 % (0 of 1) lines covered, expected at least 50 %"],
            "each folder of a pattern on its own"
        );
    }

    #[test]
    fn a_folder_that_nothing_measures_does_not_pass() {
        let nothing =
            |folder: &str| format!("{folder}: in no coverage report, expected at least 0 % covered");
        assert_eq!(titles(&["src/bill >= 0", "lib/* >= 0"], None), [nothing("src/bill"), nothing("lib/*")]);
        let tracked =
            ["src/billing/a.rs", "src/docs/x.md", "src/new/x.kt", "src/new/tests/y.kt", "src/tests/z.kt"];
        let tracked = tracked.map(str::to_owned);
        assert_eq!(
            titles(&["src/* >= 0"], Some(&tracked)),
            [nothing("src/new")],
            "a folder with source code"
        );
    }

    #[test]
    fn floors_have_one_form() {
        for text in ["src", "src > 5", "src >= ", "src >= x", " >= 5", "../src >= 5", "src >= 101", "src>=5"]
        {
            assert!(FolderFloor::parse(text).is_err(), "{text}");
        }
    }
}
