//! May this change go on, judged by its test reports?
//!
//! Owns the reading of test reports and the rules about them; counts come from test cases, memory grows only with what went
//! wrong. A report that is missing, cut off or not understood is a finding, for a crashed run looks just like that.
//! Opens no socket, starts no process, and must not know how findings are judged, printed or waived.

mod attempts;
mod collector;
mod detect;
mod encoding;
mod excerpt;
mod execution;
mod files;
mod foreign;
mod formats;
mod glob;
mod hints;
mod json;
mod lines;
mod producer;
#[cfg(test)]
mod properties;
mod read;
mod rules;
mod shape;
mod tally;
mod trace;
mod trouble;
mod xml;

use std::path::PathBuf;

use clap::{Args, ValueHint};

use self::attempts::State;
use self::collector::Reading;
use self::files::{File, Files};
use self::read::Content;
use self::rules::LISTED;
use self::tally::Tally;
use self::trouble::{Position, Trouble, Troubles};
use crate::core::words::{counted, number};
use crate::core::{Error, Finding, Input, Rule};
use crate::job::{Context, Job, Outcome};

/// Most files beside reports that are named.
const BYSTANDERS: usize = 20;

/// The job.
pub struct TestGate;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Test reports: files, folders (every `*.xml` below), patterns with `*`, `**` and `?`, or `-` for standard input
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Least number of tests that all reports together must hold
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub min_tests: u64,
}

impl Job for TestGate {
    const NAME: &'static str = "test-gate";
    const ABOUT: &'static str = "May this change go on, judged by its test reports?";
    type Arguments = Arguments;

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    fn run(arguments: &Arguments, _context: &Context) -> Result<Outcome, Error> {
        if arguments.paths.is_empty() {
            return Err(Error::usage("no path to a test report given")
                .help("name reports, folders or patterns, as `test-gate target/surefire-reports`"));
        }
        let found = files::find(&arguments.paths);
        let readings = read::all(&found.reports);
        let mut gate = Gate::default();
        for (file, (content, input)) in found.reports.iter().zip(readings) {
            gate.file(file, &content, input);
        }
        Ok(gate.outcome(&found, arguments.min_tests))
    }
}

/// Collects what the reports say.
#[derive(Default)]
struct Gate {
    tally: Tally,
    unreadable: u64,
    bystanders: Vec<String>,
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
}

impl Gate {
    /// Takes what was read of one file.
    fn file(&mut self, file: &File, content: &Content, input: Option<Input>) {
        let label = file.label.as_str();
        let bytes = input.as_ref().map_or(0, |input| input.bytes);
        self.inputs.extend(input);
        match content {
            Content::Unknown(stranger) if file.is_found && stranger.may_stand_by => {
                self.bystanders.push(format!("{label} ({})", stranger.what));
            }
            Content::Unknown(stranger) => {
                self.unreadable += 1;
                self.tally.files += 1;
                let mut troubles = Troubles::default();
                troubles.push(Trouble { what: stranger.what.clone(), at: Position::START });
                self.others.extend(rules::unreadable(&troubles, label));
            }
            Content::Tests(reading)
                if bytes == 0 && reading.troubles.is_empty() && file.is_found && !file.is_surely_report() =>
            {
                self.bystanders.push(format!("{label} (empty)"));
            }
            Content::Tests(reading) => self.report(label, reading, bytes),
        }
    }

    /// Takes what was read of one report of tests.
    fn report(&mut self, label: &str, reading: &Reading, bytes: u64) {
        self.tally.add(reading);
        for problem in &reading.problems {
            let listed = if problem.state.is_red() { &mut self.failed } else { &mut self.flaky };
            if (listed.len() as u64) < LISTED {
                listed.push(rules::test(problem, label));
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
            None if reading.counts.tests() == 0 && reading.suite_errored + reading.run_errored == 0 => {
                self.others.push(rules::empty(reading, label, bytes));
            }
            None => {}
        }
        self.notes.extend(reading.notes.iter().map(|note| join(label, note)));
    }

    /// Everything together.
    fn outcome(mut self, found: &Files, minimum: u64) -> Outcome {
        let counts = self.tally.counts;
        for (path, why) in &found.missing {
            self.others.push(rules::missing(path, why));
        }
        for (folder, why) in &found.unlisted {
            self.others.push(rules::missing(folder, &format!("the folder can't be listed: {why}")));
        }
        if self.tally.files == 0 && self.others.is_empty() {
            self.others.push(rules::missing("the paths given", "none of the files there is a test report"));
        }
        let tests = counts.tests();
        let ran = tests - counts.of(State::Skipped) - counts.of(State::NotRun);
        // Where nothing was read at all, the missing or unreadable report says it already.
        let is_said = tests == 0
            && minimum <= 1
            && !(self.others.is_empty() && self.suites.is_empty() && self.runs.is_empty());
        if tests < minimum && !is_said {
            self.others.push(rules::too_few(tests, minimum));
        } else if ran == 0 && tests > 0 {
            self.others.push(rules::none_ran(tests));
        }
        let red = counts.of(State::Failed) + counts.of(State::Errored) - self.synthetic;
        let lists = [
            (&rules::FAILED, std::mem::take(&mut self.failed), red),
            (&rules::FLAKY, std::mem::take(&mut self.flaky), counts.of(State::Flaky)),
            (&rules::SUITE_ERRORED, std::mem::take(&mut self.suites), self.suite_errors),
            (&rules::RUN_ERRORED, std::mem::take(&mut self.runs), self.run_errors),
        ];
        for (rule, listed, all) in lists {
            let left_out = all.saturating_sub(listed.len() as u64);
            self.others.extend(listed);
            if left_out > 0 {
                self.others.push(rules::more(rule, left_out));
                self.notes.push(format!(
                    "{} of {} not listed",
                    counted(left_out, "finding", "findings"),
                    rule.id
                ));
            }
        }
        if !self.bystanders.is_empty() {
            let files = counted(self.bystanders.len() as u64, "file that is", "files that are");
            self.notes.push(format!("not looked at: {files} no report: {}", listed(&self.bystanders)));
        }
        Outcome {
            headline: self.tally.headline(self.unreadable),
            findings: self.others,
            notes: self.notes,
            totals: self.tally.totals(),
            inputs: self.inputs,
            ..Outcome::default()
        }
    }
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

/// The first of many names.
fn listed(names: &[String]) -> String {
    let first = names.iter().take(BYSTANDERS).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(BYSTANDERS);
    if more == 0 { first } else { format!("{first} and {} more", number(more as u64)) }
}
