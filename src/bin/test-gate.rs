//! The `test-gate` binary.

use std::process::ExitCode;

use devops_action::job;
use devops_action::test_gate::TestGate;

fn main() -> ExitCode {
    job::main::<TestGate>()
}
