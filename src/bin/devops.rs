//! The `devops` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    devops_action::devops::main()
}
