//! The `dep-scan` binary.

use std::process::ExitCode;

use devops_action::dep_scan::DepScan;
use devops_action::job;

fn main() -> ExitCode {
    job::main::<DepScan>()
}
