//! A million tests through quick-xml's own reader, through the whole of `test-gate` and through its peers, in one run; then
//! ten thousand tests, baselines and the other formats.
//!
//! `cargo bench --bench junit`. The reader walks over the events, once without and once with the
//! values of their attributes; `test-gate` is the process from start to exit, with the digest of its input, the table of
//! attempts, the verdict and the report files. `scripts/peers` installs the peers; those that are not there are said and left
//! out. With `DEVOPS_BENCH_LONG=1` the peers get the million tests, too (minutes and gigabytes), and a stream of six gigabytes
//! goes through `test-gate`. A word behind `--` runs one part only, as `-- million`.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints and may panic")]

mod formats;
mod generate;
#[path = "../measure.rs"]
mod measure;
mod peers;
mod raw;

use std::path::Path;
use std::process::{Command, Stdio};

use self::measure::{Cost, best, gate, here, megabytes, once, watch};

const MILLION: u64 = 1_000_000;
const RUNS: usize = 5;

/// A part of the bench, in a folder of its own.
type Part = fn(&Path);

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let parts: [(&str, Part); 6] = [
        ("million", million),
        ("small", small),
        ("baseline", baseline),
        ("formats", other_formats),
        ("peers", peers::compare),
        ("stream", stream),
    ];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part(folder.path());
            println!();
        }
    }
}

/// Whether what takes minutes is wanted, too.
fn is_long() -> bool {
    std::env::var_os("DEVOPS_BENCH_LONG").is_some()
}

fn judge(folder: &Path, report: &str) -> Command {
    let mut command = gate(folder);
    command.arg(report);
    command
}

/// Checks that a run judged what it was given: of so many tests, some failed.
fn check(cost: &Cost, tests: u64, name: &str) {
    let counted = format!("of {} tests", grouped(tests));
    assert!(cost.code == Some(1) && cost.said.contains(&counted), "{name}: {:?}\n{}", cost.code, cost.said);
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let pieces: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|piece| std::str::from_utf8(piece).expect("digits")).collect();
    pieces.join(",")
}

/// The same report through the reader alone and through `test-gate`.
fn million(folder: &Path) {
    let report = folder.join("million.xml");
    let megabytes = generate::report(&report, MILLION, 1) / 1_000_000;
    println!("{} tests, {megabytes} MB, 1 % of them failed; best of {RUNS}", grouped(MILLION));
    let (mut bare, mut attributes, mut whole): (Option<Cost>, Option<Cost>, Option<Cost>) =
        (None, None, None);
    let keep = |best: &mut Option<Cost>, cost: Cost| {
        if best.as_ref().is_none_or(|best| cost.wall < best.wall) {
            *best = Some(cost);
        }
    };
    // Taken in turns, so that whatever else the machine does meets all of them.
    for _ in 0..RUNS {
        keep(&mut bare, here(|| raw::walk(&report, MILLION, |_| ())));
        keep(&mut attributes, here(|| raw::walk(&report, MILLION, raw::attributes)));
        let cost = best(1, || judge(folder, "million.xml"));
        check(&cost, MILLION, "JUnit XML");
        keep(&mut whole, cost);
    }
    let (Some(bare), Some(attributes), Some(whole)) = (bare, attributes, whole) else { return };
    bare.print("quick-xml, events only");
    attributes.print("quick-xml, with attributes' values");
    whole.print("test-gate");
    let ratio = |one: &Cost| whole.wall.as_secs_f64() / one.wall.as_secs_f64();
    println!("test-gate to events only           {:6.2}", ratio(&bare));
    println!("test-gate to attributes' values    {:6.2}", ratio(&attributes));
}

/// The size of a large project, from start to exit.
fn small(folder: &Path) {
    const TESTS: u64 = 10_000;
    let report = folder.join("small.xml");
    let bytes = generate::report(&report, TESTS, 1);
    println!("{} tests, {:.1} MB; best of 20", grouped(TESTS), megabytes(bytes));
    let cost = best(20, || judge(folder, "small.xml"));
    check(&cost, TESTS, "JUnit XML");
    cost.print("test-gate");
    best(20, || {
        let mut command = gate(folder);
        command.arg("--help");
        command
    })
    .print("test-gate --help");
}

/// Writes a baseline of a million tests, and compares another run with it.
fn baseline(folder: &Path) {
    let now = folder.join("now.xml");
    generate::report(&folder.join("before.xml"), MILLION, 1);
    // The names are the same; in this run other tests fail.
    generate::report(&now, MILLION, 2);
    let arguments = |words: &[&str]| {
        let mut command = gate(folder);
        command.args(words);
        command
    };
    for file in ["tests.jsonl", "tests.jsonl.gz"] {
        let cost = once(&mut arguments(&["baseline", "before.xml", "--baseline", file]));
        assert!(cost.code == Some(0), "{}", cost.said);
        let bytes = std::fs::metadata(folder.join(file)).expect("the baseline").len();
        cost.print(&format!("test-gate baseline, {} tests, {} MB", grouped(MILLION), bytes / 1_000_000));
        let cost = once(&mut arguments(&["now.xml", "--baseline", file]));
        check(&cost, MILLION, "with a baseline");
        cost.print(&format!("test-gate --baseline {file}"));
    }
    let cost = once(&mut arguments(&["now.xml", "--exports", "junit,ctrf"]));
    check(&cost, MILLION, "with exports");
    cost.print("test-gate --exports junit,ctrf");
}

/// A hundred thousand tests in each of the other formats.
fn other_formats(folder: &Path) {
    const TESTS: u64 = 100_000;
    println!("{} tests in other formats, 1 % of them failed; best of 3", grouped(TESTS));
    for format in &formats::FORMATS {
        let report = folder.join("other");
        format.write(&report, TESTS);
        let bytes = std::fs::metadata(&report).expect("the report").len();
        let cost = best(3, || judge(folder, "other"));
        check(&cost, TESTS, format.name);
        cost.print(&format!("{}, {:.1} MB", format.name, megabytes(bytes)));
    }
}

/// Six gigabytes through standard input, never on a disk.
fn stream(folder: &Path) {
    const TESTS: u64 = 9_000_000;
    if !is_long() {
        println!("the stream of six gigabytes is left out: set DEVOPS_BENCH_LONG=1");
        return;
    }
    let mut command = judge(folder, "-");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("test-gate starts");
    let target = child.stdin.take().expect("its standard input");
    let writer = std::thread::spawn(move || generate::long(target, TESTS).expect("it reads all"));
    let cost = watch(child);
    let bytes = writer.join().expect("all is written");
    check(&cost, TESTS, "a stream");
    cost.print(&format!("test-gate -, {} tests, {:.2} GB", grouped(TESTS), megabytes(bytes) / 1e3));
}
