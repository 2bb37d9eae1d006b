//! The `devops` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    devops::main()
}
