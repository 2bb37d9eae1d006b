//! The `promote` binary.

use std::process::ExitCode;

use promote::Promote;

fn main() -> ExitCode {
    devops_job::main::<Promote>()
}
