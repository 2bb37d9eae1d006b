//! Formats of test results, one file each.
//!
//! Each recognises its files by their shape, and passes their tests to the collector one by one. Knows no rule, and no other
//! format.

use std::io::Read;

use super::attempts::State;
use super::collector::Collector;
use super::collector::Reading;
use devops_core::modules::modules;
use devops_reading::shape::Shape;

#[cfg(test)]
pub(crate) mod checks;
mod elements;
mod events;
mod numbers;
mod suites;
mod trx_summary;
mod values;

/// A format of test results.
pub(crate) struct Format {
    /// What people call it, as in "a report of `NUnit` 3".
    pub(crate) name: &'static str,
    /// Whether a file that begins in this way has the format.
    pub(crate) is: fn(&Shape) -> bool,
    /// Reads a report to its end, or to where it can't be followed.
    pub(crate) read: fn(&mut dyn Read, &mut Collector),
}

modules! {
    /// Every format, the most specific shape first.
    pub(super) const FORMATS: &[Format] = FORMAT of {
        pub(crate) junit,
        trx,
        nunit3,
        nunit2,
        xunit,
        testng,
        ctrf,
        playwright,
        jest,
        mochawesome,
        mocha,
        rspec,
        cucumber,
        go_test,
        libtest,
        dart,
        tap,
    }
}

/// The format of a file that begins in this way.
pub(crate) fn detect(shape: &Shape) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.is)(shape))
}

/// How bad a reading is: 0 passes, 1 warns, 2 fails.
pub(crate) fn badness(reading: &Reading) -> u8 {
    let red = reading.counts.of(State::Failed) + reading.counts.of(State::Errored);
    let groups = reading.suite_errored + reading.run_errored;
    let is_red = red + groups > 0 || !reading.troubles.is_empty() || reading.counts.tests() == 0;
    if is_red { 2 } else { u8::from(reading.counts.of(State::Flaky) > 0) }
}
