//! Writes baselines: of one run, or of several folded into one.

use std::io::BufWriter;
use std::path::Path;

use super::arguments::Arguments;
use super::attempts::State;
use super::baseline::{self, Baseline, RunIdentity};
use super::change_under_test::ChangeUnderTest;
use super::collector::Keep;
use super::files;
use super::records;
use super::run::RunFacts;
use super::sections::{self, Section, reports};
use devops_core::words::{count, counted};
use devops_core::{Error, Severity};
use devops_files::{open_within, replace_with};
use devops_job::{Context, Outcome};

/// Writes the baseline of the reports; of a run that broke off, none.
pub(super) fn baseline(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    let target = target(arguments)?;
    let change = ChangeUnderTest::find(arguments, context)?;
    let found = files::find(&arguments.paths, &arguments.exclude, &context.report_dir, context.workspace());
    let prefixes = arguments.coverage_prefixes()?;
    let keep = Keep { tests: false, ..arguments.keep(true) };
    let facts = RunFacts::read(&found, keep, arguments, &prefixes, &change);
    let failed = facts.red() + facts.tally.counts.of(State::Flaky);
    let mut outcome = sections::join([
        reports::kept(&facts, &found, arguments),
        Section { notes: facts.coverage.notes.clone(), ..Section::default() },
    ]);
    if !outcome.findings.is_empty() {
        // A caller that waits for the baseline must not mistake a warning for it.
        outcome
            .findings
            .iter_mut()
            .for_each(|finding| finding.severity = finding.severity.max(Severity::High));
        outcome.headline =
            format!("no baseline written, because the run is incomplete: {}", outcome.headline);
        return Ok(outcome);
    }
    let (commit, time) = change.commit().unzip();
    // The time of the commit, so that the same run makes the same bytes, and jobs of one run make one run of it.
    let run = RunIdentity { key: None, commit, time: time.flatten().or(Some(context.now)) };
    let coverage = records::of_coverage(&facts.coverage.coverage);
    let kept = Baseline::of_run(run, &facts.ledger, coverage, records::of_benchmarks(&facts.benchmarks));
    // Both hold every name; only one is written.
    drop(facts);
    outcome.headline = written(&kept, target)?;
    if failed > 0 {
        // Beside a red gate, a plain pass would look like the verdict on these tests.
        let failed = count(failed, "finding");
        outcome.warning = Some(format!("{failed} about tests of this run, which a baseline does not judge"));
    }
    Ok(outcome)
}

/// Folds the baselines at the paths into one.
pub(super) fn merge(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    let target = target(arguments)?;
    let found = files::find(&arguments.paths, &arguments.exclude, &context.report_dir, context.workspace());
    if let Some((path, why)) = found.missing.first().or(found.unlisted.first()) {
        return Err(Error::input(format!("no baseline at {path}: {why}")).help("correct the path"));
    }
    let mut outcome = Outcome::default();
    let mut baselines = Vec::new();
    for file in &found.reports {
        let Some(path) = &file.path else {
            return Err(Error::usage("a baseline can't be read from standard input").help("name a file"));
        };
        let source = open_within(path, baseline::LARGEST).map_err(|error| Error::unreadable(path, error))?;
        let (baseline, input) = baseline::read_whole(&file.label, source)?;
        outcome.inputs.push(input);
        baselines.push(baseline);
    }
    outcome.headline = written(&baseline::merge(baselines), target)?;
    Ok(outcome)
}

/// Where to write it.
fn target(arguments: &Arguments) -> Result<&Path, Error> {
    arguments.baseline.as_deref().ok_or_else(|| {
        Error::usage("no file to write the baseline to")
            .help("name it, e.g. `test-gate baseline reports --baseline tests.baseline.jsonl`")
    })
}

/// Writes a baseline whole or not at all; says what it holds.
fn written(kept: &Baseline, target: &Path) -> Result<String, Error> {
    let is_gzip = target.extension().is_some_and(|ending| ending == "gz");
    replace_with(target, |file| baseline::write(kept, BufWriter::new(file), is_gzip))?;
    let mut holds = vec![count(kept.len() as u64, "test")];
    if !kept.coverage.is_empty() {
        holds.push(format!("coverage of {}", counted(kept.coverage.len() as u64, "file", "files")));
    }
    if !kept.benchmarks.is_empty() {
        holds.push(counted(kept.benchmarks.len() as u64, "measure", "measures"));
    }
    let runs = counted(kept.runs.len() as u64, "run", "runs");
    Ok(format!("baseline of {} in {runs} written to {}", holds.join(", "), target.display()))
}
