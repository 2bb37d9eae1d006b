//! What the reports of a run say, read once into facts that do not change.
//!
//! Every section of the outcome is a function of [`RunFacts`], and so is a baseline. Reports are read side by side and added up
//! one by one in the order of their names; what is kept of a report grows with what went wrong in it, and with its tests only
//! where the run is compared, kept, or written as a merged report.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::Arguments;
use super::attempt_reports;
use super::attempts::State;
use super::bystanders::{bystander, full_coverage, summary_beside};
use super::change_under_test::ChangeUnderTest;
use super::collector::{GroupError, Keep, Reading};
use super::covered::Covered;
use super::environment::Environment;
use super::exports::Source;
use super::files::{File, Files};
use super::ledger::Ledger;
use super::listed::Listed;
use super::partitions::{self, Report};
use super::read::{self, Content};
use super::rules::{self, LISTED};
use super::slowest::Slowest;
use super::tally::Tally;
use devops_benchmarks::{Benchmark, Threshold};
use devops_core::{Cases, Finding, Input};
use devops_coverage::Prefixes;
use devops_reading::trouble::{Position, Trouble, Troubles};

/// What all reports of a run say.
#[derive(Default)]
pub(super) struct RunFacts {
    /// Counts of all tests.
    pub(super) tally: Tally,
    /// The first tests that failed or errored.
    pub(super) failed: Vec<Listed>,
    /// The first tests that passed only after they had failed.
    pub(super) flaky: Vec<Finding>,
    /// Suites that went wrong apart from their tests.
    pub(super) suites: Errors,
    /// Runs that went wrong as a whole.
    pub(super) runs: Errors,
    /// Tests in the counts that stand for a suite.
    pub(super) synthetic: u64,
    /// Paths and folders without a report, and why.
    pub(super) missing: Vec<(String, String)>,
    /// Reports that can't be understood to their end, or hold nothing.
    pub(super) unread: Vec<Finding>,
    /// How many reports of tests, and files of no known format, can't be understood to their end.
    pub(super) unreadable: u64,
    /// Reports that were handed in before under another name.
    pub(super) duplicates: Vec<Finding>,
    /// Files beside reports, and what each is.
    pub(super) bystanders: Vec<(String, String)>,
    /// Things to know about the reports.
    pub(super) notes: Vec<String>,
    /// Every file that was read.
    pub(super) inputs: Vec<Input>,
    /// How many reports there are of each format.
    pub(super) formats: BTreeMap<&'static str, u64>,
    /// Reports of tests that the first path leads to.
    pub(super) first_reports: u64,
    /// The slowest tests.
    pub(super) slowest: Slowest,
    /// Every test by name, where the run is compared or kept.
    pub(super) ledger: Ledger,
    /// Every test whole, where a merged report is written.
    pub(super) sources: Vec<Source>,
    /// The tests by name, where a page lists them.
    pub(super) cases: Cases,
    /// Coverage of all reports with paths of the repository.
    pub(super) coverage: Covered,
    pub(super) benchmarks: Vec<Benchmark>,
    /// Thresholds that the reports of benchmarks judged themselves.
    pub(super) thresholds: Vec<Threshold>,
}

/// Suites or runs that went wrong: the first ones, and how many there are.
#[derive(Default)]
pub(super) struct Errors {
    pub(super) listed: Vec<Finding>,
    pub(super) all: u64,
}

impl RunFacts {
    /// Reads every report.
    pub(super) fn read(
        found: &Files,
        keep: Keep,
        arguments: &Arguments,
        prefixes: &Prefixes,
        change: &ChangeUnderTest,
    ) -> Self {
        let mut contents = read::all(&found.reports, keep);
        let mut collected = Collected::default();
        collected.facts.notes = settle(found, &mut contents, keep, &arguments.environment);
        let full = full_coverage(found.reports.iter().zip(contents.iter().map(|(content, _)| content)));
        for (file, (content, input)) in found.reports.iter().zip(contents) {
            if let Some(what) = summary_beside(file, &content, &full) {
                collected.facts.inputs.extend(input);
                collected.beside(file, what);
            } else {
                let environment = Environment::of(&arguments.environment, &file.label);
                collected.file(file, content, input, environment);
            }
        }
        if arguments.attempts {
            collected.facts.notes.extend(idle_attempts(arguments, found));
        }
        collected.finish(found, prefixes, change)
    }

    /// Whether any test was read.
    pub(super) fn has_tests(&self) -> bool {
        self.tally.counts.tests() > 0
    }

    /// Whether there are tests, and none has a time.
    pub(super) fn is_untimed(&self) -> bool {
        self.tally.micros.is_none() && self.has_tests()
    }

    /// How many tests went wrong, those apart that stand for a suite.
    pub(super) fn red(&self) -> u64 {
        let counts = self.tally.counts;
        (counts.of(State::Failed) + counts.of(State::Errored)).saturating_sub(self.synthetic)
    }

    /// Whether a report is missing or was not read to its end, or a suite or a run went wrong: then nothing is known about tests
    /// that were not reported.
    pub(super) fn is_broken(&self) -> bool {
        let has_errors = !(self.suites.listed.is_empty() && self.runs.listed.is_empty());
        has_errors || !(self.missing.is_empty() && self.unread.is_empty())
    }
}

/// Lets reports of one run take account of each other: later attempts, and tests whose result stands in another report.
fn settle(
    found: &Files,
    contents: &mut [(Content, Option<Input>)],
    keep: Keep,
    environments: &[Environment],
) -> Vec<String> {
    let mut met = BTreeSet::new();
    let files = found.reports.iter().zip(contents);
    let readings = files.filter_map(|(file, (content, input))| match content {
        // What is handed in twice counts once, whatever the other one says.
        Content::Tests(reading) if reading.is_dated && !met.insert(input.as_ref()?.sha256.clone()) => None,
        Content::Tests(reading) => Some((file, reading.as_mut())),
        _ => None,
    });
    let mut reports: Vec<Report<'_>> =
        readings.map(|(file, reading)| Report::of(file, environments, reading)).collect();
    if keep.attempts.paths {
        attempt_reports::fold(&mut reports);
    }
    let settled = partitions::settle(&mut reports, keep.attempts.paths);
    let labels: Vec<&str> = found.reports.iter().map(|file| file.label.as_str()).collect();
    settled.into_iter().chain(Environment::unused(environments, &labels)).collect()
}

/// Paths that lead to nothing of their own: they are no further attempts.
fn idle_attempts(arguments: &Arguments, found: &Files) -> Vec<String> {
    let used: BTreeSet<usize> = found.reports.iter().map(|file| file.argument).collect();
    let idle = arguments.paths.iter().enumerate().filter(|(index, _)| !used.contains(index));
    idle.map(|(_, path)| format!("{} has no report of its own, so it is not an attempt", path.display()))
        .collect()
}

/// The facts while reports are added to them.
#[derive(Default)]
struct Collected {
    facts: RunFacts,
    coverage: Vec<(File, devops_coverage::Reading)>,
    /// Folders with a report in them.
    with_reports: BTreeSet<String>,
    /// Folders in which a file was found that is no report.
    folders: BTreeSet<String>,
    /// Test reports by the digest of their bytes.
    seen: BTreeMap<String, String>,
}

impl Collected {
    /// Adds what was read of one file.
    fn file(&mut self, file: &File, content: Content, input: Option<Input>, environment: &str) {
        let label = file.label.as_str();
        let bytes = input.as_ref().map_or(0, |input| input.bytes);
        let digest = input.as_ref().map(|input| input.sha256.clone());
        self.facts.inputs.extend(input);
        if let Some(what) = bystander(file, &content, bytes) {
            return self.beside(file, what);
        }
        self.with_reports.extend(file.found_in.clone());
        if self.has_met(label, digest, &content) {
            return;
        }
        *self.facts.formats.entry(content.format()).or_default() += 1;
        match content {
            Content::Tests(mut reading) => {
                self.facts.first_reports += u64::from(file.argument == 0);
                self.facts.tests(label, &reading, bytes);
                self.facts.benchmarks.append(&mut reading.benchmarks);
                self.facts.keep(label, *reading, environment);
            }
            Content::Coverage(reading) => {
                self.facts.aside(label, &reading.troubles, &reading.notes);
                if reading.troubles.is_empty() && reading.coverage.is_empty() {
                    self.facts.unread.push(rules::nothing(label, "covers no line"));
                }
                self.coverage.push((file.clone(), reading));
            }
            Content::Benchmarks(_, reading) => self.facts.benchmarks(label, reading),
            Content::Unknown(unrecognised) => {
                self.facts.unreadable += 1;
                self.facts.tally.files += 1;
                let mut troubles = Troubles::default();
                troubles.push(Trouble { what: unrecognised.what, at: Position::START });
                self.facts.unread.extend(rules::unreadable(&troubles, label, None));
            }
        }
    }

    /// Whether a report was met before under another name, and is not to be counted again. One that does not say when it was written
    /// counts: two shards may write the same.
    fn has_met(&mut self, label: &str, digest: Option<String>, content: &Content) -> bool {
        let (Some(digest), Content::Tests(reading)) = (digest, content) else { return false };
        if reading.counts.tests() + reading.elsewhere == 0 {
            return false;
        }
        match self.seen.get(&digest) {
            None => {
                self.seen.insert(digest, label.to_owned());
                false
            }
            Some(first) if reading.is_dated => {
                self.facts.duplicates.push(rules::duplicate(label, first));
                true
            }
            // Its tests count where they stood first.
            Some(_) if reading.elsewhere > 0 => false,
            Some(first) => {
                self.facts.notes.push(format!("{label}: identical to {first}; both are counted"));
                false
            }
        }
    }

    /// Adds a file that lies beside reports.
    fn beside(&mut self, file: &File, what: String) {
        self.folders.extend(file.found_in.clone());
        self.facts.bystanders.push((file.label.clone(), what));
    }

    /// What can only be said once every report was added.
    fn finish(mut self, found: &Files, prefixes: &Prefixes, change: &ChangeUnderTest) -> RunFacts {
        let unlisted = found.unlisted.iter();
        let unlisted =
            unlisted.map(|(folder, why)| (folder.clone(), format!("the folder can't be listed: {why}")));
        let without = self.folders.difference(&self.with_reports);
        let without =
            without.map(|folder| (folder.clone(), "none of the files in it is a report".to_owned()));
        self.facts.missing = found.missing.iter().cloned().chain(unlisted).chain(without).collect();
        self.facts.coverage = Covered::merge(self.coverage, prefixes, change);
        self.facts
    }
}

impl RunFacts {
    /// Adds what was read of one report of tests.
    fn tests(&mut self, label: &str, reading: &Reading, bytes: u64) {
        self.tally.add(reading);
        self.slowest.merge(&reading.slowest);
        for problem in &reading.problems {
            if problem.state.is_red() {
                if self.failed.len() < LISTED {
                    self.failed.push(Listed::of(problem, label, &self.ledger));
                }
            } else if self.flaky.len() < LISTED {
                self.flaky.push(rules::test(problem, label));
            }
        }
        self.synthetic += reading.synthetic;
        self.suites.add(reading.suite_errored, &reading.suite_errors, |error| rules::suite(error, label));
        self.runs.add(reading.run_errored, &reading.run_errors, |error| rules::run(error, label));
        self.unreadable += u64::from(!reading.troubles.is_empty());
        match rules::unreadable(&reading.troubles, label, reading.help) {
            Some(finding) => self.unread.push(finding),
            None if reading.counts.tests() + reading.elsewhere == 0
                && reading.suite_errored + reading.run_errored == 0
                && reading.benchmarks.is_empty() =>
            {
                self.unread.push(rules::empty(reading, label, bytes));
            }
            None => {}
        }
        self.notes.extend(reading.notes.iter().map(|note| join(label, note)));
    }

    /// Keeps what a comparison and a merged report need.
    fn keep(&mut self, label: &str, mut reading: Reading, environment: &str) {
        if let Some(ledger) = reading.ledger.take() {
            self.ledger.merge(ledger, environment);
        }
        if let Some(cases) = reading.cases.take() {
            self.cases.add(cases.finish(environment, reading.counts.tests()));
        }
        let Some(mut archive) = reading.archive else { return };
        archive.number();
        let troubles = reading.troubles.kept().iter();
        let troubles = troubles.map(|trouble| GroupError::new(label, &trouble.what, "", trouble.at));
        let errors = reading.run_errors.into_iter().chain(troubles).collect();
        self.sources.push(Source { label: label.to_owned(), archive, errors });
    }

    /// Adds what was read of one report of benchmarks.
    fn benchmarks(&mut self, label: &str, reading: devops_benchmarks::Reading) {
        self.aside(label, &reading.troubles, &reading.notes);
        if reading.troubles.is_empty()
            && reading.broken.is_empty()
            && reading.benchmarks.is_empty()
            && reading.thresholds.is_empty()
        {
            self.unread.push(rules::nothing(label, "contains no benchmark"));
        }
        self.broke(label, &reading.broken);
        self.benchmarks.extend(reading.benchmarks);
        self.thresholds.extend(reading.thresholds);
    }

    /// What is to be said of a report that is none of tests.
    fn aside(&mut self, label: &str, troubles: &Troubles, notes: &[String]) {
        self.unread.extend(rules::unreadable(troubles, label, None));
        self.notes.extend(notes.iter().map(|note| join(label, note)));
    }

    /// Adds the lines on which a run of benchmarks says that it broke off, the first of which is the cause.
    fn broke(&mut self, label: &str, broken: &Troubles) {
        let mut broken: Vec<&Trouble> = broken.kept().iter().collect();
        broken.sort_by_key(|trouble| trouble.at);
        let Some((first, others)) = broken.split_first() else { return };
        let others: Vec<&str> = others.iter().map(|trouble| trouble.what.as_str()).collect();
        let name = format!("the benchmarks of {label}");
        let error = GroupError::new(&name, &first.what, &others.join("\n"), first.at);
        self.runs.add(1, &[error], |error| rules::run(error, label));
    }
}

impl Errors {
    /// Adds those of one report, which has the first of `all`.
    fn add(&mut self, all: u64, first: &[GroupError], finding: impl Fn(&GroupError) -> Finding) {
        let room = LISTED.saturating_sub(self.listed.len());
        self.listed.extend(first.iter().take(room).map(finding));
        self.all += all;
    }
}

/// A note with the file it is about; one that starts with a place in it, such as `6:9: `, continues the path.
fn join(label: &str, note: &str) -> String {
    let separator = if starts_with_place(note) { ":" } else { ": " };
    format!("{label}{separator}{note}")
}

/// Whether a note starts with a line, or a line and a column.
fn starts_with_place(note: &str) -> bool {
    let Some((place, _)) = note.split_once(": ") else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    place.splitn(3, ':').count() <= 2 && place.split(':').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn only_a_place_continues_the_path() {
        for (note, expected) in [
            ("6:9: not understood", "a.xml:6:9: not understood"),
            ("6: not understood", "a.xml:6: not understood"),
            ("3 tests: not understood", "a.xml: 3 tests: not understood"),
            ("3:4:5: a time", "a.xml: 3:4:5: a time"),
            ("12 tests", "a.xml: 12 tests"),
            (": odd", "a.xml: : odd"),
        ] {
            assert_eq!(join("a.xml", note), expected);
        }
    }
}
