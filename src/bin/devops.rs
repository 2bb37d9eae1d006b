//! The `devops` binary.

fn main() {}
