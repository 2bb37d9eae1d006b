//! The rules about coverage, and the findings they make.

mod base;
mod change;
mod floors;
mod folders;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

pub use self::folders::FolderFloor;
use super::model::{Coverage, FileCoverage};
use super::patch::{Ranges, in_ranges, shown};
use super::scope::LeftOut;
use super::totals::{FileTotals, Percent, Ratio};
use devops_core::rule::rules;
use devops_core::words::{counted, number};
use devops_core::{Finding, Location, Rule};

rules! {
    /// Every rule about coverage.
    pub const RULES;

    TOO_LOW: "coverage-too-low", High,
        "the tests cover a smaller share of all lines or branches than required";
    FILE_TOO_LOW: "file-coverage-too-low", High, "the tests cover a smaller share of a file than required";
    FOLDER_TOO_LOW: "folder-coverage-too-low", High,
        "the tests cover a smaller share of a folder than required, or no report contains it";
    PATCH_TOO_LOW: "patch-coverage-too-low", High,
        "the tests cover a smaller share of the lines that a change adds than required";
    PATCH_UNKNOWN: "patch-coverage-unknown", High, "the coverage of a change can't be determined";
    DROPPED: "coverage-dropped", High, "the tests cover a smaller share of all lines than in the baseline";
    VANISHED: "coverage-file-vanished", High,
        "a file that was measured in the baseline is in no report now, although it still exists";
}

/// Maximum number of findings of one rule; the others are counted in one more.
const LISTED: usize = 100;

/// Maximum number of ranges of lines named in a help.
const RANGES: usize = 10;

/// How much must be covered; what is not set is not judged.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Minimum percentage of all lines.
    pub min_coverage: Option<Percent>,
    /// Minimum percentage of all branches.
    pub min_branch_coverage: Option<Percent>,
    /// Minimum percentage of the lines of each file.
    pub min_file_coverage: Option<Percent>,
    /// Minimum percentages of the lines of folders.
    pub folders: Vec<FolderFloor>,
    /// Minimum percentage of the lines a change adds.
    pub min_patch_coverage: Option<Percent>,
    /// Maximum number of percentage points that all lines may lose against the baseline.
    pub max_coverage_drop: Option<Percent>,
}

/// What a change does to files, by paths of the repository.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Change {
    /// Lines added or changed, as they are numbered after the change; a file without any may be left out.
    pub added: BTreeMap<String, Vec<RangeInclusive<u64>>>,
    /// Files that are gone.
    pub deleted: BTreeSet<String>,
    /// Old path to new path.
    pub renamed: BTreeMap<String, String>,
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the reports say together.
    pub coverage: &'a Coverage,
    /// Numbers of the files at the baseline, where one is known.
    pub base: Option<&'a BTreeMap<String, FileTotals>>,
    /// The change, where it is known.
    pub change: Option<&'a Change>,
    /// Every tracked file that counts, sorted, where that is known.
    pub tracked: Option<&'a [String]>,
    /// Files of the repository that a path of a report could mean, and which path that is.
    pub unclear: Option<&'a BTreeMap<String, String>>,
    /// The diff that was handed in and is empty, where the repository does not know the change.
    pub empty_diff: Option<&'a str>,
    /// What does not count.
    pub left_out: Option<&'a LeftOut>,
}

#[cfg(test)]
impl<'a> Facts<'a> {
    /// Coverage of which nothing else is known.
    pub fn of(coverage: &'a Coverage) -> Self {
        Self {
            coverage,
            base: None,
            change: None,
            tracked: None,
            unclear: None,
            empty_diff: None,
            left_out: None,
        }
    }
}

/// Judges coverage; the findings stand in the order of the rules, and of paths within one.
pub fn judge(limits: &Limits, facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(floors::totals(limits, facts.coverage));
    if let Some(limit) = limits.min_file_coverage {
        findings.extend(floors::files(limit, facts.coverage));
    }
    findings.extend(folders::folders(&limits.folders, facts));
    if let Some(limit) = limits.min_patch_coverage {
        findings.extend(change::change(limit, facts));
    }
    if let Some(tolerance) = limits.max_coverage_drop {
        findings.extend(base::dropped(tolerance, facts));
    }
    if let Some(base) = facts.base {
        findings.extend(base::vanished(base, facts));
    }
    findings
}

fn with_numbers(finding: Finding, ratio: Ratio) -> Finding {
    finding.about("covered", ratio.covered).about("coverable", ratio.coverable)
}

fn at_first(finding: Finding, path: &str, ranges: &[RangeInclusive<u64>]) -> Finding {
    match ranges.first() {
        Some(first) => finding.at(Location::line(path, *first.start())),
        None => finding.at(Location::file(path)),
    }
}

fn uncovered(file: &FileCoverage) -> Ranges {
    in_ranges(file.uncovered().map(u64::from))
}

fn test_these(path: &str, ranges: &[RangeInclusive<u64>]) -> String {
    let is_one = matches!(ranges, [only] if only.start() == only.end());
    format!("test {} {} of {path}", if is_one { "line" } else { "lines" }, shown(ranges, RANGES))
}

/// The first findings, and one that counts the others.
fn listed(rule: &Rule, mut findings: Vec<Finding>) -> Vec<Finding> {
    let more = findings.len().saturating_sub(LISTED) as u64;
    // The number that is left out must not be the lenient one: the worst severity stands for them.
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(rule.severity);
    findings.truncate(LISTED);
    if more > 0 {
        let title = format!("{}: {}", rule.summary, counted(more, "more file", "more files"));
        findings.push(
            Finding::new(rule, title, &["more"])
                .severity(worst)
                .detail(format!("only the first {} are listed, all are counted", number(LISTED as u64)))
                .about("not_listed", more)
                .help("begin with the listed ones"),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::model::Coverage;
    use super::super::totals::{FileTotals, Percent, Ratio};
    use super::base::adjusted;
    use super::{Change, Facts, Limits, judge};
    use devops_core::{Finding, Severity};

    #[expect(clippy::unnecessary_wraps, reason = "limits are optional")]
    fn percent(text: &str) -> Option<Percent> {
        Some(text.parse().unwrap())
    }

    /// Coverage out of `(path, covered lines, uncovered lines)`.
    fn coverage(files: &[(&str, u32, u32)]) -> Coverage {
        let mut coverage = Coverage::default();
        for (path, covered, uncovered) in files {
            for number in 1..=covered + uncovered {
                coverage.file(path).line(number, u32::from(number <= *covered));
            }
        }
        coverage.finish();
        coverage
    }

    fn rules(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.rule.as_str()).collect()
    }

    #[test]
    fn floors_hold_exactly() {
        let coverage = coverage(&[("a.rs", 9, 1), ("b.rs", 5, 5), ("empty.rs", 0, 0)]);
        let limits = |total, file| Limits {
            min_coverage: percent(total),
            min_file_coverage: percent(file),
            ..Limits::default()
        };
        assert!(judge(&limits("70", "50"), &Facts::of(&coverage)).is_empty());
        let findings = judge(&limits("70.000001", "50.1"), &Facts::of(&coverage));
        assert_eq!(rules(&findings), ["coverage-too-low", "file-coverage-too-low"]);
        assert_eq!(findings[0].title, "lines covered: 70.00 % (14 of 20), expected at least 70.000001 %");
        assert_eq!(findings[0].help, "test lines 6-10 of b.rs");
        assert_eq!(findings[1].location.as_ref().unwrap().to_string(), "b.rs:6");
        assert!(judge(&Limits::default(), &Facts::of(&coverage)).is_empty());
    }

    #[test]
    fn nothing_measured_is_below_every_floor() {
        let limits =
            Limits { min_coverage: percent("0"), min_branch_coverage: percent("1"), ..Limits::default() };
        let findings = judge(&limits, &Facts::of(&Coverage::default()));
        assert_eq!(rules(&findings), ["coverage-too-low"; 2]);
    }

    #[test]
    fn patches_have_a_floor_and_fail_closed() {
        let coverage = coverage(&[("a.rs", 3, 2)]);
        let limits = Limits { min_patch_coverage: percent("80"), ..Limits::default() };
        assert_eq!(rules(&judge(&limits, &Facts::of(&coverage))), ["patch-coverage-unknown"]);
        let judged = |path: &str, range| {
            let change =
                Change { added: BTreeMap::from([(path.to_owned(), vec![range])]), ..Change::default() };
            judge(&limits, &Facts { change: Some(&change), ..Facts::of(&coverage) })
        };
        assert!(judged("a.rs", 1..=3).is_empty());
        assert!(judged("a.rs", 6..=9).is_empty(), "no line that can be covered");
        let findings = judged("a.rs", 3..=5);
        assert_eq!(rules(&findings), ["patch-coverage-too-low"]);
        assert_eq!(findings[0].title, "coverage of added lines: 33.33 % (1 of 3), expected at least 80 %");
        assert_eq!(findings[0].detail, "a.rs: 33.33 % (1 of 3), not covered: 4-5");
        assert_eq!(findings[0].location.as_ref().unwrap().to_string(), "a.rs:4");
        for path in ["new.rs", "new.kt"] {
            let findings = judged(path, 1..=3);
            assert_eq!(
                (rules(&findings), findings[0].severity),
                (vec!["patch-coverage-unknown"], Severity::Medium)
            );
        }
        assert!(judged("new.md", 1..=3).is_empty());
    }

    #[test]
    fn a_changed_file_that_an_ambiguous_path_could_mean_does_not_pass() {
        let coverage = coverage(&[("a.rs", 3, 2)]);
        let unclear = BTreeMap::from([("new.rs".to_owned(), "x/new.rs of out/lcov.info".to_owned())]);
        let judged = |path: &str, ranges, limit| {
            let limits = Limits { min_patch_coverage: percent(limit), ..Limits::default() };
            let change = Change { added: BTreeMap::from([(path.to_owned(), ranges)]), ..Change::default() };
            judge(&limits, &Facts { change: Some(&change), unclear: Some(&unclear), ..Facts::of(&coverage) })
        };
        let findings = judged("new.rs", vec![1..=3], "80");
        assert_eq!(
            (rules(&findings), findings[0].severity),
            (vec!["patch-coverage-unknown"], Severity::High)
        );
        assert!(findings[0].help.contains("coverage-prefix"), "{}", findings[0].help);
        assert!(judged("new.rs", vec![], "80").is_empty(), "lines are only deleted");
        assert!(judged("a.rs", vec![1..=3], "80").is_empty(), "another file");
    }

    #[test]
    fn removed_code_is_no_drop_and_removed_tests_are() {
        let base = BTreeMap::from([(
            "a.rs".to_owned(),
            FileTotals { lines: Ratio::new(90, 100), ..Default::default() },
        )]);
        let limits = Limits { max_coverage_drop: percent("0.5"), ..Limits::default() };
        let is_red = |covered, uncovered| {
            let coverage = coverage(&[("a.rs", covered, uncovered)]);
            !judge(&limits, &Facts { base: Some(&base), ..Facts::of(&coverage) }).is_empty()
        };
        assert!(!is_red(40, 10), "covered code deleted");
        assert!(!is_red(90, 0), "uncovered code deleted");
        assert!(!is_red(190, 10), "covered code added");
        assert!(!is_red(90, 10));
        assert!(is_red(89, 11), "a test deleted");
        assert!(is_red(90, 12), "uncovered code added");
        assert!(is_red(40, 12), "covered code deleted, and uncovered code added");
        assert!(is_red(0, 0), "nothing is measured any more");
        let coverage = coverage(&[("a.rs", 1, 0)]);
        let findings = judge(&limits, &Facts::of(&coverage));
        assert_eq!(rules(&findings), ["coverage-dropped"], "no baseline is no pass");
    }

    #[test]
    fn an_adjusted_base_never_hides_new_uncovered_lines() {
        for (covered, uncovered) in
            (0..30).flat_map(|covered| (0..30).map(move |uncovered| (covered, uncovered)))
        {
            let (base, head) = (Ratio::new(15, 20), Ratio::new(covered, covered + uncovered));
            let none: Percent = "0".parse().unwrap();
            let is_red = head.has_dropped(adjusted(base, head), none);
            if uncovered <= 5 && covered + uncovered > 0 && covered <= 15 && covered + uncovered <= 20 {
                // Lines only went away, or uncovered ones took their place.
                let is_only_removal = 15 - covered <= 20 - covered - uncovered;
                assert!(!(is_red && is_only_removal), "{covered} {uncovered}");
            }
            if uncovered > 5 && covered <= 15 {
                assert!(is_red, "{covered} {uncovered}");
            }
        }
    }

    #[test]
    fn files_vanish_unless_they_are_gone() {
        let measured = FileTotals { lines: Ratio::new(1, 2), ..Default::default() };
        let names = ["deleted.rs", "here.rs", "lost.rs", "moved.rs", "movedlost.rs", "untracked.rs"];
        let mut base: BTreeMap<String, FileTotals> = names.map(|name| (name.to_owned(), measured)).into();
        base.insert("nothing.rs".to_owned(), FileTotals::default());
        let coverage = coverage(&[("here.rs", 1, 1), ("new.rs", 1, 1)]);
        let renamed = [("moved.rs", "new.rs"), ("movedlost.rs", "newlost.rs")];
        let change = Change {
            deleted: BTreeSet::from(["deleted.rs".to_owned()]),
            renamed: renamed.map(|(old, new)| (old.to_owned(), new.to_owned())).into(),
            ..Change::default()
        };
        let tracked: Vec<String> =
            ["here.rs", "lost.rs", "new.rs", "newlost.rs", "nothing.rs"].map(str::to_owned).into();
        let all = Facts {
            base: Some(&base),
            change: Some(&change),
            tracked: Some(&tracked),
            ..Facts::of(&coverage)
        };
        let findings = judge(&Limits::default(), &all);
        let titles: Vec<&str> = findings.iter().map(|finding| finding.title.as_str()).collect();
        assert_eq!(
            titles,
            ["lost.rs is no longer in any coverage report", "newlost.rs is no longer in any coverage report"]
        );
        let unknown = judge(&Limits::default(), &Facts { change: None, tracked: None, ..all });
        assert_eq!(unknown.len(), 5, "what can't be told fails");
    }

    #[test]
    fn many_files_are_counted() {
        let names: Vec<String> = (0..150).map(|index| format!("{index:03}.rs")).collect();
        let files: Vec<(&str, u32, u32)> = names.iter().map(|name| (name.as_str(), 0, 1)).collect();
        let limits = Limits { min_file_coverage: percent("1"), ..Limits::default() };
        let findings = judge(&limits, &Facts::of(&coverage(&files)));
        assert_eq!(findings.len(), 101);
        assert_eq!(findings[100].subject.get("not_listed"), Some(&50.into()));
    }
}
