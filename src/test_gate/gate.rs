//! Adds up what all reports say, and makes findings of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::again::{self, Failed};
use super::arguments::{Arguments, Export};
use super::attempts::State;
use super::baseline::{self, Change, Subject};
use super::benchmarks::{Benchmark, Threshold};
use super::collector::{GroupError, Keep, Reading};
use super::comparison_part::Known;
use super::coverage;
use super::environment::Environment;
use super::execution::{Problem, numbered, placed};
use super::exports::{self, Source};
use super::files::{File, Files};
use super::ledger::{Executions, Identity, Ledger, Scope};
use super::partitions::{self, Report};
use super::read::{self, Content};
use super::reruns;
use super::rules::{self, LISTED};
use super::slowest::Slowest;
use super::tally::Tally;
use crate::reading::trouble::{Position, Trouble, Troubles};
use serde_json::json;

use crate::core::report::Facts;
use crate::core::words::{count, counted, number};
use crate::core::{Error, Finding, Input, Rule, Severity, Table};
use crate::job::{Artifact, Outcome};

/// Most files beside reports that are named.
const BYSTANDERS: usize = 20;

/// What stands between a class and a test in findings.
const SEPARATORS: [&str; 4] = [".", "::", " > ", " "];

/// Collects what the reports say.
#[derive(Default)]
pub(super) struct Gate {
    tally: Tally,
    unreadable: u64,
    /// Files beside reports, and what each is.
    bystanders: Vec<(String, String)>,
    /// Listed findings of failed tests, flaky tests and suites.
    failed: Vec<Finding>,
    flaky: Vec<Finding>,
    suites: Vec<Finding>,
    suite_errors: u64,
    runs: Vec<Finding>,
    run_errors: u64,
    synthetic: u64,
    others: Vec<Finding>,
    notes: Vec<String>,
    inputs: Vec<Input>,
    /// What merged reports are made of.
    sources: Vec<Source>,
    /// Every test by name, where the run is compared or kept.
    pub(super) ledger: Ledger,
    /// What the ledger knows the listed failed tests by, in their order.
    pub(super) failed_tests: Vec<FailedTest>,
    /// What their runners need to run them again, in the same order.
    again: Vec<Option<Failed>>,
    slowest: Slowest,
    /// Findings about failures that do not count, and how many failures do; where only new ones count.
    known: Option<(Vec<Finding>, u64)>,
    pub(super) coverage: Vec<(File, coverage::Reading)>,
    pub(super) benchmarks: Vec<Benchmark>,
    pub(super) thresholds: Vec<Threshold>,
    /// How many reports there are of each format.
    formats: BTreeMap<&'static str, u64>,
    /// Folders with a report in them.
    fruitful: BTreeSet<String>,
    /// Folders in which a file was found, and no report yet.
    folders: BTreeSet<String>,
    /// Reports of tests that the first path leads to.
    first_reports: u64,
    /// Test reports by the digest of their bytes.
    seen: BTreeMap<String, String>,
}

/// A failed test, as the ledger knows it.
pub(super) struct FailedTest {
    pub(super) scope: Scope,
    pub(super) name: Box<str>,
    /// Which of the executions of its identity it is, from 0.
    pub(super) execution: usize,
}

impl FailedTest {
    /// A problem of the report behind those that the ledger has.
    fn of(problem: &Problem, ledger: &Ledger) -> Self {
        let (scope, name) = identity(problem).key(&problem.environment);
        let before = ledger.get(&scope, &name).map_or(0, Executions::len);
        let execution = usize::try_from(before + problem.row - 1).unwrap_or(usize::MAX);
        Self { scope, name, execution }
    }

    /// Whether a change is about it.
    pub(super) fn is(&self, change: &Change<'_>) -> bool {
        let test = change.test;
        self.scope == *test.scope && *self.name == *test.name && change.execution == Some(self.execution)
    }
}

impl Gate {
    /// Reads every report.
    pub(super) fn read(&mut self, found: &Files, keep: Keep, environments: &[Environment]) {
        let mut contents = read::all(&found.reports, keep);
        let mut met = BTreeSet::new();
        let files = found.reports.iter().zip(&mut contents);
        let readings = files.filter_map(|(file, (content, input))| match content {
            // What is handed in twice counts once, whatever the other one says.
            Content::Tests(reading) if reading.is_dated && !met.insert(input.as_ref()?.sha256.clone()) => {
                None
            }
            Content::Tests(reading) => Some((file, reading.as_mut())),
            _ => None,
        });
        let mut reports: Vec<Report<'_>> =
            readings.map(|(file, reading)| Report::of(file, environments, reading)).collect();
        if keep.attempts.paths {
            reruns::fold(&mut reports);
        }
        self.notes.extend(partitions::settle(&mut reports, keep.attempts.paths));
        let labels: Vec<&str> = found.reports.iter().map(|file| file.label.as_str()).collect();
        self.notes.extend(Environment::unused(environments, &labels));
        let full = full_coverage(found.reports.iter().zip(contents.iter().map(|(content, _)| content)));
        for (file, (content, input)) in found.reports.iter().zip(contents) {
            if let Some(what) = summary_beside(file, &content, &full) {
                self.inputs.extend(input);
                self.beside(file, what);
            } else {
                self.file(file, content, input, Environment::of(environments, &file.label));
            }
        }
    }

    /// Says of paths that lead to nothing of their own: they are no further attempts.
    pub(super) fn attempts(&mut self, paths: &[PathBuf], found: &Files) {
        let arguments: BTreeSet<usize> = found.reports.iter().map(|file| file.argument).collect();
        let idle = paths.iter().enumerate().filter(|(index, _)| !arguments.contains(index));
        self.notes.extend(idle.map(|(_, path)| {
            format!("{} has no report of its own, so it is not an attempt", path.display())
        }));
    }

    /// Takes what was read of one file.
    fn file(&mut self, file: &File, content: Content, input: Option<Input>, environment: &str) {
        let label = file.label.as_str();
        let bytes = input.as_ref().map_or(0, |input| input.bytes);
        let digest = input.as_ref().map(|input| input.sha256.clone());
        self.inputs.extend(input);
        if let Some(what) = bystander(file, &content, bytes) {
            return self.beside(file, what);
        }
        self.fruitful.extend(file.found_in.clone());
        if self.has_met(label, digest, &content) {
            return;
        }
        *self.formats.entry(content.format()).or_default() += 1;
        match content {
            Content::Tests(mut reading) => {
                self.first_reports += u64::from(file.argument == 0);
                self.report(label, &reading, bytes);
                self.benchmarks.append(&mut reading.benchmarks);
                self.keep(label, *reading, environment);
            }
            Content::Coverage(reading) => {
                self.aside(label, &reading.troubles, &reading.notes);
                if reading.troubles.is_empty() && reading.coverage.is_empty() {
                    self.others.push(rules::nothing(label, "covers no line"));
                }
                self.coverage.push((file.clone(), reading));
            }
            Content::Benchmarks(_, reading) => {
                self.aside(label, &reading.troubles, &reading.notes);
                self.broke(label, &reading.broken);
                if reading.troubles.is_empty()
                    && reading.broken.is_empty()
                    && reading.benchmarks.is_empty()
                    && reading.thresholds.is_empty()
                {
                    self.others.push(rules::nothing(label, "contains no benchmark"));
                }
                self.benchmarks.extend(reading.benchmarks);
                self.thresholds.extend(reading.thresholds);
            }
            Content::Unknown(stranger) => {
                self.unreadable += 1;
                self.tally.files += 1;
                let mut troubles = Troubles::default();
                troubles.push(Trouble { what: stranger.what, at: Position::START });
                self.others.extend(rules::unreadable(&troubles, label));
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
                self.others.push(rules::duplicate(label, first));
                true
            }
            // Its tests count where they stood first.
            Some(_) if reading.elsewhere > 0 => false,
            Some(first) => {
                self.notes.push(format!("{label}: identical to {first}; both are counted"));
                false
            }
        }
    }

    /// Takes a file that lies beside reports.
    fn beside(&mut self, file: &File, what: String) {
        self.folders.extend(file.found_in.clone());
        self.bystanders.push((file.label.clone(), what));
    }

    /// What is to be said of a report that is none of tests.
    fn aside(&mut self, label: &str, troubles: &Troubles, notes: &[String]) {
        self.others.extend(rules::unreadable(troubles, label));
        self.notes.extend(notes.iter().map(|note| join(label, note)));
    }

    /// Takes the lines on which a run of benchmarks says that it broke off, the first of which is the cause.
    fn broke(&mut self, label: &str, broken: &Troubles) {
        let mut broken: Vec<&Trouble> = broken.kept().iter().collect();
        broken.sort_by_key(|trouble| trouble.at);
        let Some((first, others)) = broken.split_first() else { return };
        let others: Vec<&str> = others.iter().map(|trouble| trouble.what.as_str()).collect();
        let name = format!("the benchmarks of {label}");
        let error = GroupError::new(&name, &first.what, &others.join("\n"), first.at);
        self.runs.push(rules::run(&error, label));
        self.run_errors += 1;
    }

    /// A file the gate goes by.
    pub(super) fn input(&mut self, input: Option<Input>) {
        self.inputs.extend(input);
    }

    /// One more thing to know.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Names of all tests, as findings may have them: what stands between a class and a test depends on who wrote the report, and
    /// nobody knows of a test that passed. Known only where the run is compared or kept.
    pub(super) fn names(&self) -> Vec<String> {
        let variants = |(scope, name, executions): (&Scope, &str, Executions<'_>)| {
            let mut names = Vec::new();
            // An entry without an environment is for the test in all of them.
            for environment in [Box::default(), scope.environment.clone()] {
                let scope = Scope { environment, ..scope.clone() };
                for row in 1..=executions.len() {
                    names.push(baseline::rules::named(Subject { scope: &scope, name }, row));
                    names.extend(SEPARATORS.map(|separator| {
                        placed(
                            &numbered(&format!("{}{separator}{name}", scope.text), row),
                            &scope.environment,
                        )
                    }));
                }
            }
            names
        };
        self.ledger.iter().flat_map(variants).collect()
    }

    /// Whether any test was read.
    pub(super) fn has_tests(&self) -> bool {
        self.tally.counts.tests() > 0
    }

    /// Lets only new failures count.
    pub(super) fn only_new(&mut self, known: Known) {
        let mut is_known = known.before.iter();
        self.failed.retain(|_| !is_known.next().is_some_and(|is_known| *is_known));
        let mut is_known = known.before.iter();
        self.again.retain(|_| !is_known.next().is_some_and(|is_known| *is_known));
        let room = usize::try_from(LISTED).unwrap_or(usize::MAX).saturating_sub(self.failed.len());
        self.failed.extend(known.unlisted.into_iter().take(room));
        self.known = Some((known.failures, known.new));
    }

    /// Says of each listed failure whether it is new or was known before.
    pub(super) fn tell_new(&mut self, is_known: &[bool]) {
        for (finding, is_known) in self.failed.iter_mut().zip(is_known) {
            let change = if *is_known { "known" } else { "new" };
            finding.subject.insert("change".to_owned(), change.into());
        }
    }

    /// How to run the failed tests again.
    pub(super) fn again(&self) -> Table {
        let failed: Vec<Failed> = self.again.iter().flatten().cloned().collect();
        again::table(&failed)
    }

    /// The tests that took longest.
    pub(super) fn slowest(&self) -> Table {
        self.slowest.table()
    }

    /// Whether there are tests, and none has a time.
    pub(super) fn is_untimed(&self) -> bool {
        self.tally.micros.is_none() && self.tally.counts.tests() > 0
    }

    /// Whether every report could be read, and none is missing.
    pub(super) fn is_whole(&self, found: &Files) -> bool {
        let is_there = found.missing.is_empty() && found.unlisted.is_empty();
        is_there && self.runs.is_empty() && rules::is_whole(&self.others)
    }

    /// One more finding.
    pub(super) fn finding(&mut self, finding: Finding) {
        self.others.push(finding);
    }

    /// Keeps what a comparison and a merged report need.
    fn keep(&mut self, label: &str, mut reading: Reading, environment: &str) {
        if let Some(ledger) = reading.ledger.take() {
            self.ledger.merge(ledger, environment);
        }
        let Some(mut archive) = reading.archive else { return };
        archive.number();
        let troubles = reading.troubles.kept().iter();
        let troubles = troubles.map(|trouble| GroupError::new(label, &trouble.what, "", trouble.at));
        let errors = reading.run_errors.into_iter().chain(troubles).collect();
        self.sources.push(Source { label: label.to_owned(), archive, errors });
    }

    /// The merged reports asked for.
    pub(super) fn exports(&self, wanted: &[Export]) -> Result<Vec<Artifact>, Error> {
        let mut artifacts = Vec::new();
        for export in wanted {
            artifacts.push(match export {
                Export::Junit => Artifact::new(super::JUNIT, exports::junit(&self.sources)),
                Export::Ctrf => Artifact::new(super::CTRF, exports::ctrf(&self.sources)?),
                // Coverage is merged where it is judged.
                Export::Cobertura => continue,
            });
        }
        Ok(artifacts)
    }

    /// Takes the reports that a command did not write.
    pub(super) fn stale(&mut self, labels: &[String]) {
        let beside: BTreeSet<&str> = self.bystanders.iter().map(|(label, _)| label.as_str()).collect();
        let stale = labels.iter().filter(|label| !beside.contains(label.as_str()));
        self.others.extend(stale.map(|label| rules::stale(label)));
    }

    /// Takes the exit code of the run that wrote the reports.
    pub(super) fn exit_code(&mut self, code: Option<i64>) {
        let Some(code) = code else { return };
        let counts = self.tally.counts;
        let red = counts.of(State::Failed) + counts.of(State::Errored) + self.suite_errors + self.run_errors;
        // A failed test explains that a runner ends badly, and not that it was killed.
        let is_crash = !(0..126).contains(&code);
        if code != 0 && (red == 0 || is_crash) {
            self.others.push(rules::unexplained(code, counts.tests(), red));
        } else if code == 0 && red > 0 {
            self.notes.push("the run ended with exit code 0 although its reports show failures".to_owned());
        }
    }

    /// Takes what was read of one report of tests.
    fn report(&mut self, label: &str, reading: &Reading, bytes: u64) {
        self.tally.add(reading);
        self.slowest.merge(&reading.slowest);
        for problem in &reading.problems {
            let listed = if problem.state.is_red() { &mut self.failed } else { &mut self.flaky };
            if (listed.len() as u64) < LISTED {
                listed.push(rules::test(problem, label));
                if problem.state.is_red() {
                    self.failed_tests.push(FailedTest::of(problem, &self.ledger));
                    self.again.push(problem.failed());
                }
            }
        }
        self.suite_errors += reading.suite_errored;
        self.synthetic += reading.synthetic;
        for error in &reading.suite_errors {
            if (self.suites.len() as u64) < LISTED {
                self.suites.push(rules::suite(error, label));
            }
        }
        for error in &reading.run_errors {
            if (self.runs.len() as u64) < LISTED {
                self.runs.push(rules::run(error, label));
            }
        }
        self.run_errors += reading.run_errored;
        self.unreadable += u64::from(!reading.troubles.is_empty());
        match rules::unreadable(&reading.troubles, label) {
            Some(finding) => self.others.push(finding),
            None if reading.counts.tests() + reading.elsewhere == 0
                && reading.suite_errored + reading.run_errored == 0
                && reading.benchmarks.is_empty() =>
            {
                self.others.push(rules::empty(reading, label, bytes));
            }
            None => {}
        }
        self.notes.extend(reading.notes.iter().map(|note| join(label, note)));
    }

    /// Everything together.
    pub(super) fn outcome(mut self, arguments: &Arguments, found: &Files) -> Outcome {
        self.amount(arguments.min_tests, found);
        self.left_out(found);
        // A later attempt is no report that another one could stand for.
        let reports = if arguments.attempts { self.first_reports } else { self.tally.files };
        if let Some(minimum) = arguments.min_reports.filter(|minimum| reports < *minimum) {
            self.others.push(rules::too_few_reports(reports, minimum));
        }
        let headline = self.headline();
        self.list(arguments.fail_on_flaky);
        if !self.bystanders.is_empty() {
            let files = counted(self.bystanders.len() as u64, "file is", "files are");
            self.notes.push(format!("ignored: {files} not reports: {}", listed(&self.bystanders)));
        }
        Outcome {
            headline,
            counted: rules::COUNTED,
            findings: self.others,
            notes: self.notes,
            totals: self.tally.totals(),
            details: Facts::from([("formats".to_owned(), json!(self.formats))]),
            inputs: self.inputs,
            ..Outcome::default()
        }
    }

    /// What was found in folders and not looked at.
    fn left_out(&mut self, found: &Files) {
        for (pattern, files) in &found.excluded {
            self.notes.push(match files.len() as u64 {
                0 => format!("`--exclude {pattern}` excludes no file"),
                amount => {
                    format!("`--exclude {pattern}` excludes {}: {}", count(amount, "file"), first(files))
                }
            });
        }
        if !found.archives.is_empty() {
            let archives = count(found.archives.len() as u64, "archive");
            self.notes.push(format!("not read: {archives}, unpack them first: {}", first(&found.archives)));
        }
    }

    /// The numbers that make the verdict; reports of something else than tests are no tests, and no absence of reports.
    fn headline(&self) -> String {
        if self.tally.files == 0 && !self.formats.is_empty() {
            return "no test report".to_owned();
        }
        let missing = self.others.iter().filter(|finding| finding.rule == rules::MISSING.id).count() as u64;
        let known = self.known.as_ref().map_or(0, |(_, new)| self.red().saturating_sub(*new));
        let suites = self.suite_errors.saturating_sub(self.synthetic);
        self.tally.headline(&[
            (known, "known before"),
            (self.run_errors, if self.run_errors == 1 { "run errored" } else { "runs errored" }),
            (suites, if suites == 1 { "suite errored" } else { "suites errored" }),
            (self.unreadable, "unreadable"),
            (missing, "missing"),
        ])
    }

    /// How many tests went wrong, those apart that stand for a suite.
    fn red(&self) -> u64 {
        let counts = self.tally.counts;
        (counts.of(State::Failed) + counts.of(State::Errored)).saturating_sub(self.synthetic)
    }

    /// What is missing, and whether there are enough tests.
    fn amount(&mut self, minimum: u64, found: &Files) {
        for (path, why) in &found.missing {
            self.others.push(rules::missing(path, why));
        }
        for (folder, why) in &found.unlisted {
            self.others.push(rules::missing(folder, &format!("the folder can't be listed: {why}")));
        }
        for folder in self.folders.difference(&self.fruitful) {
            self.others.push(rules::missing(folder, "none of the files in it is a report"));
        }
        let counts = self.tally.counts;
        let tests = counts.tests();
        let ran = tests - counts.of(State::Skipped) - counts.of(State::NotRun);
        // Where nothing was read at all, the missing or unreadable report says it already.
        let is_broken =
            !(self.suites.is_empty() && self.runs.is_empty()) || self.others.iter().any(rules::is_unread);
        let is_said = tests == 0 && minimum <= 1 && is_broken;
        if tests < minimum && !is_said {
            self.others.push(rules::too_few(tests, minimum));
        } else if ran == 0 && tests > 0 {
            self.others.push(rules::none_ran(tests));
        }
    }

    /// The tests, suites and runs that went wrong, and how many are not listed.
    fn list(&mut self, fail_on_flaky: bool) {
        let counts = self.tally.counts;
        let mut red = self.red();
        if let Some((known, new)) = self.known.take() {
            red = new;
            self.others.extend(known);
        }
        if fail_on_flaky {
            self.flaky.iter_mut().for_each(|finding| finding.severity = Severity::High);
        }
        let lists: [(&Rule, Vec<Finding>, u64); 4] = [
            (&rules::FAILED, std::mem::take(&mut self.failed), red),
            (&rules::FLAKY, std::mem::take(&mut self.flaky), counts.of(State::Flaky)),
            (&rules::SUITE_ERRORED, std::mem::take(&mut self.suites), self.suite_errors),
            (&rules::RUN_ERRORED, std::mem::take(&mut self.runs), self.run_errors),
        ];
        for (rule, listed, all) in lists {
            let left_out = all.saturating_sub(listed.len() as u64);
            self.others.extend(listed);
            if left_out > 0 {
                let more = rules::more(rule, left_out);
                let is_worse = rule.id == rules::FLAKY.id && fail_on_flaky;
                self.others.push(if is_worse { more.severity(Severity::High) } else { more });
                self.notes.push(format!(
                    "{} of {} not listed",
                    counted(left_out, "finding", "findings"),
                    rule.id
                ));
            }
        }
    }
}

/// What names a test across runs.
fn identity(problem: &Problem) -> Identity<'_> {
    let Problem { suite, classname, name, file, .. } = problem;
    Identity { suite, classname, name, file }
}

/// What a file is that lies beside reports in a folder; none where it is a report, or should be one.
pub(super) fn bystander(file: &File, content: &Content, bytes: u64) -> Option<String> {
    file.found_in.as_ref()?;
    match content {
        Content::Coverage(_) | Content::Benchmarks(..) => None,
        Content::Unknown(stranger) => {
            let is_broken = stranger.is_text && file.is_never_text();
            (stranger.may_stand_by && !is_broken).then(|| stranger.what.clone())
        }
        Content::Tests(reading) => {
            let is_empty = bytes == 0 && reading.troubles.is_empty() && !file.is_surely_report();
            is_empty.then(|| "empty".to_owned())
        }
    }
}

/// The first full coverage report of each folder: whole, and with lines.
fn full_coverage<'a>(files: impl Iterator<Item = (&'a File, &'a Content)>) -> BTreeMap<String, String> {
    let mut full = BTreeMap::new();
    for (file, content) in files {
        if let Content::Coverage(reading) = content
            && reading.troubles.is_empty()
            && !reading.coverage.is_empty()
        {
            let (folder, name) = split(&file.label);
            full.entry(folder.to_owned()).or_insert_with(|| name.to_owned());
        }
    }
    full
}

/// What a summary of coverage is that lies in a folder right beside a full report, as reporters write both in one run.
fn summary_beside(file: &File, content: &Content, full: &BTreeMap<String, String>) -> Option<String> {
    file.found_in.as_ref()?;
    let Content::Coverage(reading) = content else { return None };
    let beside = full.get(split(&file.label).0).filter(|_| reading.format.is_summary())?;
    Some(format!("{} of the run with the full report {beside}", reading.format.name()))
}

/// The folder and the name of a file.
fn split(label: &str) -> (&str, &str) {
    label.rsplit_once('/').unwrap_or(("", label))
}

/// A note with the file it is about; one that starts with a place continues the path.
fn join(label: &str, note: &str) -> String {
    let separator = if note.starts_with(|first: char| first.is_ascii_digit()) && note.contains(": ") {
        ":"
    } else {
        ": "
    };
    format!("{label}{separator}{note}")
}

/// The first of many files, with what they are.
fn listed(files: &[(String, String)]) -> String {
    first(&files.iter().map(|(label, what)| format!("{label} ({what})")).collect::<Vec<_>>())
}

/// The first of many files.
fn first(files: &[String]) -> String {
    let named = files.iter().take(BYSTANDERS).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = files.len().saturating_sub(BYSTANDERS);
    if more == 0 { named } else { format!("{named} and {} more", number(more as u64)) }
}
