//! The `annotate` binary.

use std::process::ExitCode;

use devops_action::annotate::Annotate;
use devops_action::job;

fn main() -> ExitCode {
    job::main::<Annotate>()
}
