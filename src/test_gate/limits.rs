//! What the settings allow, read and checked before any report is.

use super::arguments::Arguments;
use super::baseline;
use devops_core::Error;
use devops_coverage::{Prefixes, Scope};

/// How bad a run may be, and what of its coverage counts.
pub(super) struct Limits {
    pub(super) tests: baseline::Limits,
    pub(super) benchmarks: devops_benchmarks::Limits,
    pub(super) coverage: devops_coverage::Limits,
    pub(super) scope: Scope,
    pub(super) prefixes: Prefixes,
}

impl Limits {
    /// The limits that were set.
    ///
    /// # Errors
    /// Where one makes no sense.
    pub(super) fn of(arguments: &Arguments) -> Result<Self, Error> {
        Ok(Self {
            tests: arguments.test_limits()?,
            benchmarks: arguments.benchmark_limits()?,
            coverage: arguments.coverage_limits()?,
            scope: arguments.coverage_scope()?,
            prefixes: arguments.coverage_prefixes()?,
        })
    }
}
