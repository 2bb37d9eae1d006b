//! The `dep-scan` binary.

use std::process::ExitCode;

use dep_scan::DepScan;

fn main() -> ExitCode {
    devops_job::main::<DepScan>()
}
