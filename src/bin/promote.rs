//! The `promote` binary.

use std::process::ExitCode;

use devops_action::job;
use devops_action::promote::Promote;

fn main() -> ExitCode {
    job::main::<Promote>()
}
