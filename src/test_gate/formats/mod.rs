//! Formats of test results, one file each.
//!
//! Each tells by the shape of a file whether it is one of its own, and hands what it reads to the collector, test by test. Knows no
//! rule, and no other format.

use std::io::Read;

use super::collector::Collector;
use crate::reading::shape::Shape;

#[cfg(test)]
mod checks;
mod ctrf;
mod cucumber;
mod dart;
mod elements;
mod events;
mod go_test;
mod jest;
pub(crate) mod junit;
mod libtest;
mod mocha;
mod mochawesome;
mod numbers;
mod nunit2;
mod nunit3;
mod playwright;
mod rspec;
mod suites;
mod tap;
mod testng;
mod trx;
mod trx_summary;
mod values;
mod xunit;

/// A format of test results.
pub(crate) struct Format {
    /// What people call it, as in "a report of `NUnit` 3".
    pub(crate) name: &'static str,
    /// Whether a file that begins so is one.
    pub(crate) is: fn(&Shape) -> bool,
    /// Reads a report to its end, or to where it can't be followed.
    pub(crate) read: fn(&mut dyn Read, &mut Collector),
}

/// Every format, the most telling shape first.
pub(super) const FORMATS: &[Format] = &[
    junit::FORMAT,
    trx::FORMAT,
    nunit3::FORMAT,
    nunit2::FORMAT,
    xunit::FORMAT,
    testng::FORMAT,
    ctrf::FORMAT,
    playwright::FORMAT,
    jest::FORMAT,
    mochawesome::FORMAT,
    mocha::FORMAT,
    rspec::FORMAT,
    cucumber::FORMAT,
    go_test::FORMAT,
    libtest::FORMAT,
    dart::FORMAT,
    tap::FORMAT,
];

/// The format of a file that begins so.
pub(crate) fn detect(shape: &Shape) -> Option<&'static Format> {
    FORMATS.iter().find(|format| (format.is)(shape))
}

/// How many formats take a file that begins so.
#[cfg(test)]
fn telling(shape: &Shape) -> usize {
    FORMATS.iter().filter(|format| (format.is)(shape)).count()
}
