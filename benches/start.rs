//! What it takes to start: `--help` of each binary, beside a program that does nothing.
//!
//! `cargo bench --bench start`.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints and may panic")]

mod binaries;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use self::binaries::binary;

const RUNS: usize = 200;

/// The binaries that are compared with a program that does nothing.
const JOBS: [&str; 6] = ["test-gate", "dep-scan", "image-scan", "promote", "annotate", "devops"];

fn main() {
    println!("--help, {RUNS} runs each, taken in turns");
    let mut programs = vec![("true", PathBuf::from("true"))];
    programs.extend(JOBS.map(|job| (job, binary(job))));
    let mut times = vec![Vec::with_capacity(RUNS); programs.len()];
    for _ in 0..RUNS {
        for ((_, path), times) in programs.iter().zip(&mut times) {
            times.push(help(path));
        }
    }
    for ((name, _), mut times) in programs.iter().zip(times) {
        times.sort_unstable();
        let at = |share: usize| times.get(RUNS * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
        println!("{name:<12} median {:5.2} ms   95 of 100 within {:5.2} ms", at(50), at(95));
    }
}

/// How long a program takes to say how it is used.
fn help(path: &Path) -> Duration {
    let mut command = Command::new(path);
    command.arg("--help").stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("the program starts");
    let taken = start.elapsed();
    assert!(status.success(), "{}", path.display());
    taken
}
