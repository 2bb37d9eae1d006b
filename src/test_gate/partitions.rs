//! What the reports of one run say of each other: a test that one of them only lists as skipped, because another has its result,
//! and a failure beside a pass of the same name in another.

use std::collections::HashSet;

use super::attempts::State;
use super::collector::{KEPT, Reading};
use super::environment::Environment;
use super::files::File;
use devops_core::words::counted;

/// A report of tests among others.
pub(super) struct Report<'a> {
    /// The path as people write it.
    pub(super) label: &'a str,
    /// The same below the folder in which it was found.
    pub(super) below: &'a str,
    /// Which of the paths given leads to it.
    pub(super) argument: usize,
    /// Where its tests ran; empty if unknown.
    pub(super) environment: &'a str,
    pub(super) reading: &'a mut Reading,
}

impl<'a> Report<'a> {
    pub(super) fn of(file: &'a File, environments: &'a [Environment], reading: &'a mut Reading) -> Self {
        let environment = Environment::of(environments, &file.label);
        for problem in &mut reading.problems {
            environment.clone_into(&mut problem.environment);
        }
        Self { label: &file.label, below: file.below(), argument: file.argument, environment, reading }
    }
}

/// What a report says of names, by their hashes.
struct Names<'a> {
    reading: &'a Reading,
    environment: &'a str,
    absent: HashSet<u64>,
    wrong: HashSet<u64>,
}

impl<'a> Names<'a> {
    fn of(report: &'a Report<'_>) -> Self {
        let (reading, environment) = (&*report.reading, report.environment);
        let absent = reading.absent.iter().map(|(_, name, _)| *name).collect();
        Self {
            reading,
            environment,
            absent,
            wrong: reading.problems.iter().map(|problem| problem.hash).collect(),
        }
    }

    /// Whether the one test of a name took place.
    fn has_run(&self, scope: u64, name: u64) -> bool {
        let rows = &self.reading.rows;
        let is_here = rows.has(scope, name) && !self.reading.moved.contains(&name);
        is_here && rows.times(name) == 1 && !self.absent.contains(&name)
    }
}

/// Takes tests out of the counts that were skipped in one report and took place in another, and says how many; points out where
/// a test of the name of a failed one passed, unless the settings say already what that means.
///
/// Only a test that each of the reports has once: namesakes could be other tests. Nothing that failed is taken out.
pub(super) fn settle(reports: &mut [Report<'_>], are_attempts: bool) -> Option<String> {
    if reports.len() < 2 {
        return None;
    }
    let names: Vec<Names<'_>> = reports.iter().map(Names::of).collect();
    let elsewhere: Vec<HashSet<u64>> = (0..names.len()).map(|index| told_elsewhere(&names, index)).collect();
    let passed: Vec<Vec<Option<usize>>> =
        (0..names.len()).map(|index| passed_elsewhere(&names, index)).collect();
    let labels: Vec<&str> = reports.iter().map(|report| report.label).collect();
    let mut settled = 0;
    for ((report, names), passed) in reports.iter_mut().zip(&elsewhere).zip(passed) {
        for (problem, other) in report.reading.problems.iter_mut().zip(passed) {
            if let Some(label) = other.filter(|_| !are_attempts).and_then(|other| labels.get(other)) {
                problem.passed_in = Some((*label).to_owned());
            }
        }
        settled += leave_out(report.reading, names);
    }
    let tests = counted(settled, "skipped test ran", "skipped tests ran");
    (settled > 0).then(|| format!("{tests} in another report, and only counts there"))
}

/// The tests that a report lists as skipped and that took place in another.
fn told_elsewhere(names: &[Names<'_>], index: usize) -> HashSet<u64> {
    let Some(Names { reading, environment, .. }) = names.get(index) else { return HashSet::new() };
    let others = || {
        let is_other =
            |(other, names): &(usize, &Names<'_>)| *other != index && names.environment == *environment;
        names.iter().enumerate().filter(is_other).map(|(_, other)| other)
    };
    let is_elsewhere = |(scope, name, _): &&(u64, u64, State)| {
        reading.rows.times(*name) == 1 && others().any(|other| other.has_run(*scope, *name))
    };
    reading.absent.iter().filter(is_elsewhere).map(|(_, name, _)| *name).collect()
}

/// Of each problem of a report, in which other report a test of its name passed: it may be another attempt.
fn passed_elsewhere(names: &[Names<'_>], index: usize) -> Vec<Option<usize>> {
    let Some(own) = names.get(index) else { return Vec::new() };
    let of = |problem: &super::execution::Problem| {
        let is_open = problem.state.is_red() && problem.rows == 1;
        let is_other = |(other, names): &(usize, &Names<'_>)| {
            is_open && *other != index && names.environment == own.environment
        };
        let mut others = names.iter().enumerate().filter(is_other);
        others
            .find(|(_, other)| {
                // What went wrong behind the problems that are kept is not known by name.
                let is_known = other.reading.problems.len() < KEPT && !other.wrong.contains(&problem.hash);
                is_known && other.has_run(problem.scope, problem.hash)
            })
            .map(|(other, _)| other)
    };
    own.reading.problems.iter().map(of).collect()
}

/// Takes skipped tests out of a report; returns how many.
fn leave_out(reading: &mut Reading, names: &HashSet<u64>) -> u64 {
    if names.is_empty() {
        return 0;
    }
    for (_, _, state) in reading.absent.iter().filter(|(_, name, _)| names.contains(name)) {
        reading.counts.take(*state);
    }
    if let Some(ledger) = &mut reading.ledger {
        let keys = reading.absent.iter().zip(&reading.absent_keys);
        keys.filter(|((_, name, _), _)| names.contains(name)).for_each(|(_, key)| ledger.forget_absent(key));
    }
    if let Some(cases) = &mut reading.cases {
        cases.forget_absent(names);
    }
    if let Some(archive) = &mut reading.archive {
        let is_left: Vec<bool> = archive.rows.iter().map(|(name, _)| !names.contains(name)).collect();
        archive.retain(|index| is_left.get(index) == Some(&true));
    }
    reading.elsewhere += names.len() as u64;
    names.len() as u64
}
