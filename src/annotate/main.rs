//! The `annotate` binary.

use std::process::ExitCode;

use annotate::Annotate;

fn main() -> ExitCode {
    devops_job::main::<Annotate>()
}
