//! Checks the test, coverage and benchmark reports of a change.
//!
//! Owns the reading of test reports and the rules about them; counts come from test cases, memory grows only with what went
//! wrong. A report that is missing, cut off or not understood is a finding, for a crashed run looks just like that.
//! Opens no socket, starts no process except the command of `run`, and must not know how findings are judged, printed or
//! waived.

mod again;
mod archive;
mod arguments;
mod attempts;
mod baseline;
#[cfg(test)]
mod beginnings;
mod benchmark_part;
mod benchmarks;
mod beyond_end;
mod collector;
mod command;
mod comparison_part;
mod coverage;
mod coverage_part;
mod detect;
mod environment;
mod execution;
mod exports;
mod files;
mod foreign;
mod formats;
#[cfg(any(test, feature = "fuzzing"))]
#[cfg_attr(feature = "fuzzing", doc(hidden))]
pub mod fuzzing;
mod gate;
mod hints;
#[cfg(test)]
mod injected_tests;
mod keeping;
mod ledger;
mod mixer;
mod moment;
mod packed;
mod part;
mod partitions;
mod pattern;
mod places;
mod producer;
#[cfg(test)]
mod properties;
mod read;
mod records;
mod reruns;
mod rules;
mod selection;
#[cfg(test)]
#[path = "../../tests/it/skipped.rs"]
mod skipped;
mod slowest;
mod surroundings;
mod tally;
mod trace;

use std::collections::BTreeSet;
use std::path::Path;

use clap::Command;
use serde_json::json;

pub use self::arguments::Arguments;
use self::arguments::{Action, Export, MissingBaseline};
use self::baseline::{Baseline, Quarantine};
use self::collector::Keep;
use self::gate::Gate;
use self::part::Part;
use self::places::Places;
use self::surroundings::Surroundings;
use crate::core::report::Facts;
use crate::core::words::{counted, number};
use crate::core::{Error, Finding, Rule, Table};
use crate::events;
use crate::job::{Artifact, Context, Job, Kind, Outcome, Step, Turn};
use crate::repository;
use crate::repository::gate_file::GateFile;

/// Names of the merged reports.
const JUNIT: &str = "tests.junit.xml";
const CTRF: &str = "tests.ctrf.json";
const COBERTURA: &str = "coverage.cobertura.xml";

/// The job.
pub struct TestGate;

impl Job for TestGate {
    const NAME: &'static str = "test-gate";
    const ABOUT: &'static str = "Check the test, coverage and benchmark reports of a change";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Gate;
    const POLICY: &'static [&'static str] = arguments::POLICY;
    const ARTIFACTS: &'static [&'static str] = &[JUNIT, CTRF, COBERTURA];

    const EVENT: events::Kind = events::Kind::Test;

    fn rules() -> &'static [Rule] {
        rules::all()
    }

    fn subcommands() -> Vec<Command> {
        arguments::subcommands()
    }

    fn turn(mut arguments: Arguments, step: &Step) -> Turn<Arguments> {
        match arguments.action {
            Action::Run if step.is_dry => {
                arguments.action = Action::Judge;
                let note = "its command was not started in a dry run, and the existing reports were judged";
                Turn::Run(arguments, Some(note.to_owned()))
            }
            Action::Baseline | Action::Merge if step.is_dry => {
                Turn::Skip("because a dry run writes no baseline")
            }
            _ => Turn::Run(arguments, None),
        }
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        if arguments.paths.is_empty() {
            return Err(Error::usage("no path to a report given")
                .help("give reports, folders or patterns, e.g. `test-gate target/surefire-reports`"));
        }
        if arguments.attempts && arguments.paths.len() < 2 {
            return Err(Error::usage("`attempts` needs a path for each attempt")
                .help("give the paths in the order of the attempts, such as `test-gate attempt-1 attempt-2 --attempts`"));
        }
        arguments.check_paths()?;
        match arguments.action {
            Action::Judge => judge(arguments, context, arguments.test_exit_code, &[]),
            Action::Run => run(arguments, context),
            Action::Baseline => keeping::baseline(arguments, context),
            Action::Merge => keeping::merge(arguments, context),
        }
    }
}

/// Starts the command, and judges the reports it left.
fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    let before = files::find(&arguments.paths, &arguments.exclude, &context.report_dir).marks();
    let ended = command::run(&arguments.run_command, &context.working_directory)?;
    let mut outcome = judge(arguments, context, Some(ended), &before)?;
    // A change can choose the command, so that whoever reads the verdict must see it.
    let words: Vec<_> = arguments.run_command.iter().map(|word| word.to_string_lossy()).collect();
    outcome.details.insert("command".to_owned(), json!({ "words": words, "exit_code": ended }));
    outcome.notes.push(format!("ran: {}", words.join(" ")));
    Ok(outcome)
}

/// Judges the reports; those that are still as they were `before` are no news.
fn judge(
    arguments: &Arguments,
    context: &Context,
    exit_code: Option<i64>,
    before: &[files::Mark],
) -> Result<Outcome, Error> {
    let test_limits = arguments.test_limits()?;
    let benchmark_limits = arguments.benchmark_limits()?;
    let (limits, scope) = (arguments.coverage_limits()?, arguments.coverage_scope()?);
    let prefixes = arguments.coverage_prefixes()?;
    let mut surroundings = Surroundings::find(arguments, context)?;
    let mut gate = Gate::default();
    let baseline = known_baseline(arguments, &surroundings, &mut gate)?;
    let quarantine = known_quarantine(arguments, context, &surroundings, &mut gate)?;
    let keep = Keep {
        names: baseline.is_some() || quarantine.is_some(),
        tests: arguments.exports.iter().any(|export| *export != Export::Cobertura),
        ..arguments.keep()
    };
    let found = files::find(&arguments.paths, &arguments.exclude, &context.report_dir);
    gate.read(&found, keep, &arguments.environment);
    if arguments.attempts {
        gate.attempts(&arguments.paths, &found);
    }
    let knows_no_test = baseline.as_ref().is_some_and(|baseline| baseline.newest().is_none());
    if knows_no_test && gate.has_tests() {
        missing_baseline(arguments, "it contains no test", &mut gate);
    }
    gate.stale(&found.unchanged(before));
    let mut parts = Vec::new();
    if let Some(baseline) = &baseline {
        let (part, known) = comparison_part::compare(&gate, baseline, &test_limits);
        parts.push(part);
        gate.tell_new(&known.before);
        if arguments.new_failures_only {
            gate.only_new(known);
        }
    }
    parts.push(Part { tables: vec![gate.again()], ..Part::default() });
    let mut covered = coverage_part::merge(std::mem::take(&mut gate.coverage), &prefixes, &surroundings);
    let base = baseline.as_ref().and_then(records::coverage);
    parts.push(coverage_part::judge(&mut covered, base, &limits, &scope, &mut surroundings)?);
    let base = baseline.as_ref().and_then(records::benchmarks);
    parts.push(benchmark_part::judge(&gate.benchmarks, base.as_deref(), &gate.thresholds, &benchmark_limits));
    parts.push(Part { tables: vec![gate.slowest()], ..Part::default() });
    gate.exit_code(exit_code);
    let mut artifacts = gate.exports(&arguments.exports)?;
    if arguments.exports.contains(&Export::Cobertura) {
        artifacts.push(Artifact::new(COBERTURA, coverage::export_cobertura(&covered.coverage)));
    }
    let names = if quarantine.is_some() { gate.names() } else { Vec::new() };
    let mut outcome = joined(gate.outcome(arguments, &found), parts);
    locate(&mut outcome, covered.tracked, &surroundings);
    outcome.details.extend(surroundings.facts().map(|facts| ("change".to_owned(), facts)));
    outcome.notes.extend(surroundings.note());
    outcome.artifacts = artifacts;
    if let Some(quarantine) = quarantine {
        apply(&quarantine, &names, context, &mut outcome);
    }
    Ok(outcome)
}

/// Gives the failures the paths of the repository and their owners; its files are listed only where there is one to place.
fn locate(outcome: &mut Outcome, tracked: Option<Vec<String>>, surroundings: &Surroundings) {
    let is_placed = |finding: &&mut Finding| rules::is_in_source(finding) && finding.location.is_some();
    if outcome.findings.iter_mut().filter(is_placed).count() == 0 {
        return;
    }
    let tracked = tracked.or_else(|| surroundings.tracked());
    if let Some(tracked) = &tracked {
        let places = Places::new(tracked);
        outcome.findings.iter_mut().filter(is_placed).for_each(|finding| places.resolve(finding));
    }
    let found = repository::owners::find(surroundings.root());
    outcome.inputs.extend(found.input);
    outcome.notes.extend(found.note);
    if let Some(owners) = found.owners {
        let tracked: BTreeSet<&str> = tracked.iter().flatten().map(String::as_str).collect();
        let name = |finding: &mut Finding| owners.name(finding, |path| tracked.contains(path));
        outcome.findings.iter_mut().filter(is_placed).for_each(name);
    }
}

/// One outcome of the tests and of what else there is.
fn joined(mut outcome: Outcome, parts: Vec<Part>) -> Outcome {
    let mut details = Facts::new();
    let mut tables = Vec::new();
    for part in parts {
        outcome.findings.extend(part.findings);
        outcome.notes.extend(part.notes);
        tables.extend(part.tables);
        details.extend(part.details.map(|(name, value)| (name.to_owned(), value)));
        if let Some(said) = part.headline {
            let separator = if outcome.headline.is_empty() { "" } else { ", " };
            outcome.headline = format!("{}{separator}{said}", outcome.headline);
        }
    }
    Table::put(tables, &mut details);
    outcome.details.extend(details);
    outcome
}

/// The baseline to compare with; where it is missing, the gate says so as it was told to.
fn known_baseline(
    arguments: &Arguments,
    surroundings: &Surroundings,
    gate: &mut Gate,
) -> Result<Option<Baseline>, Error> {
    let Some(path) = &arguments.baseline else {
        if arguments.needs_baseline() {
            return Err(Error::usage(
                "checking for new failures, slower tests and drops of tests or coverage needs a baseline",
            )
            .help("give one with `--baseline FILE`, see docs/baseline.md"));
        }
        return Ok(None);
    };
    let file = GateFile::read(path, &surroundings.base)?;
    gate.input(file.input());
    match file {
        GateFile::Found { label, bytes } => baseline::read(&label, bytes.as_slice()).map(Some),
        GateFile::Missing { why } => {
            missing_baseline(arguments, &why, gate);
            Ok(None)
        }
    }
}

/// Says that there is no baseline, as loud as it was told to.
fn missing_baseline(arguments: &Arguments, why: &str, gate: &mut Gate) {
    let path = arguments.baseline.as_deref().unwrap_or(Path::new("")).display().to_string();
    match arguments.missing_baseline {
        MissingBaseline::Fail => gate.finding(baseline::rules::baseline_missing(&path, why)),
        MissingBaseline::Allow => {
            gate.note(format!("tests are not compared, because there is no baseline at {path}: {why}"));
        }
    }
}

/// The quarantine, where there is one.
fn known_quarantine(
    arguments: &Arguments,
    context: &Context,
    surroundings: &Surroundings,
    gate: &mut Gate,
) -> Result<Option<Quarantine>, Error> {
    let Some(path) = &arguments.quarantine else { return Ok(None) };
    let file = GateFile::read(path, &surroundings.base)?;
    gate.input(file.input());
    match file {
        GateFile::Found { label, bytes } => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Quarantine::parse(Path::new(&label), text, context.today()).map(Some)
        }
        GateFile::Missing { why } => {
            gate.note(format!("no test is in quarantine, because {} is not used: {why}", path.display()));
            Ok(None)
        }
    }
}

/// Marks what the quarantine covers, unless the run broke off.
fn apply(quarantine: &Quarantine, names: &[String], context: &Context, outcome: &mut Outcome) {
    let is_whole = rules::is_whole(&outcome.findings);
    let names = names.iter().map(String::as_str);
    let result = quarantine.apply(&mut outcome.findings, names, context.today(), is_whole);
    outcome.findings.extend(result.findings);
    if result.covered > 0 {
        outcome.headline.push_str(&format!(", {} in quarantine", number(result.covered)));
    }
    if !is_whole && !quarantine.entries.is_empty() {
        outcome
            .notes
            .push("the quarantine covers nothing, because the run was aborted or is incomplete".to_owned());
    }
    if !result.idle.is_empty() {
        let tests = counted(result.idle.len() as u64, "test in quarantine", "tests in quarantine");
        outcome.notes.push(format!("{tests} passed: {}", result.idle.join(", ")));
    }
}
