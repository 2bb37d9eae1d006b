//! The binaries that are measured, built as they are released; `DEP_SCAN`, `TEST_GATE` and so on name one that is built already.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The binary of a job, with nothing in it but what this job needs.
pub(crate) fn binary(job: &str) -> PathBuf {
    if let Some(built) = std::env::var_os(job.to_uppercase().replace('-', "_")) {
        return built.into();
    }
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let target = std::env::current_exe().expect("a path");
    let target = target.ancestors().nth(3).expect("target/release/deps");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--profile", "dist", "--package", job, "--target-dir"]);
    cargo.arg(target).current_dir(root);
    assert!(cargo.status().expect("cargo starts").success(), "{job} can't be built");
    target.join("dist").join(job)
}
