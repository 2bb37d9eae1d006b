//! What it takes to start: `--help` of each binary, beside a program that does nothing.
//!
//! `cargo bench --bench start`.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints and may panic")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 200;

/// The binaries, and what to compare them with.
const PROGRAMS: [(&str, &str); 7] = [
    ("true", "true"),
    ("test-gate", env!("CARGO_BIN_EXE_test-gate")),
    ("dep-scan", env!("CARGO_BIN_EXE_dep-scan")),
    ("image-scan", env!("CARGO_BIN_EXE_image-scan")),
    ("promote", env!("CARGO_BIN_EXE_promote")),
    ("annotate", env!("CARGO_BIN_EXE_annotate")),
    ("devops", env!("CARGO_BIN_EXE_devops")),
];

fn main() {
    println!("--help, {RUNS} runs each, taken in turns");
    let mut times = PROGRAMS.map(|_| Vec::with_capacity(RUNS));
    for _ in 0..RUNS {
        for ((_, path), times) in PROGRAMS.iter().zip(&mut times) {
            times.push(help(path));
        }
    }
    for ((name, _), mut times) in PROGRAMS.iter().zip(times) {
        times.sort_unstable();
        let at = |share: usize| times.get(RUNS * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
        println!("{name:<12} median {:5.2} ms   95 of 100 within {:5.2} ms", at(50), at(95));
    }
}

/// How long a program takes to say how it is used.
fn help(path: &str) -> Duration {
    let mut command = Command::new(path);
    command.arg("--help").stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("the program starts");
    let taken = start.elapsed();
    assert!(status.success(), "{path}");
    taken
}
