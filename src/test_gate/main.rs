//! The `test-gate` binary.

use std::process::ExitCode;

use test_gate::TestGate;

fn main() -> ExitCode {
    devops_job::main::<TestGate>()
}
