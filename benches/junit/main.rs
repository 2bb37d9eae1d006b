//! A million tests through quick-xml's own reader and through the whole of `test-gate`, in one run.
//!
//! `cargo bench --no-default-features --bench junit`. The reader walks over the events, once without and once with the
//! values of their attributes; `test-gate` is the process from start to exit, with the digest of its input, the table of
//! attempts, the verdict and the report files.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints and may panic")]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

const TESTS: u64 = 1_000_000;
const SUITE: u64 = 500;
const RUNS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("junit.xml");
    generate(&report);
    let megabytes = std::fs::metadata(&report).expect("the report").len() / 1_000_000;
    println!("{TESTS} tests, {megabytes} MB, 1 % of them failed; best of {RUNS}");
    let mut bare = Duration::MAX;
    let mut raw = Duration::MAX;
    let mut gate = Duration::MAX;
    // Taken in turns, so that whatever else the machine does meets both.
    for _ in 0..RUNS {
        bare = bare.min(timed(|| walk(&report, |_| ())));
        raw = raw.min(timed(|| walk(&report, attributes)));
        gate = gate.min(timed(|| judge(folder.path())));
    }
    println!("quick-xml, events only             {:6.3} s", bare.as_secs_f64());
    println!("quick-xml, with attributes' values {:6.3} s", raw.as_secs_f64());
    println!("test-gate                          {:6.3} s", gate.as_secs_f64());
    println!("test-gate to events only           {:6.2}", gate.as_secs_f64() / bare.as_secs_f64());
    println!("test-gate to attributes' values    {:6.2}", gate.as_secs_f64() / raw.as_secs_f64());
    match peak(folder.path()) {
        Some(bytes) => println!("test-gate, peak memory             {:6.1} MB", bytes / 1e6),
        None => println!("test-gate, peak memory not told by this system"),
    }
}

/// Writes the report: suites of 500 cases, of which five fail.
fn generate(path: &Path) {
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    let mut write = |text: String| file.write_all(text.as_bytes()).expect("room on the disk");
    write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bench\">\n".to_owned());
    for suite in 0..TESTS / SUITE {
        write(format!(
            "<testsuite name=\"com.example.shop.Suite{suite}\" tests=\"{SUITE}\" failures=\"5\" errors=\"0\">\n"
        ));
        for case in 0..SUITE {
            let open = format!(
                "  <testcase name=\"applies the discount of customer group number {case} to order {suite}\" \
                 classname=\"com.example.shop.checkout.Suite{suite}\" file=\"src/shop/checkout/suite_{suite}.ts\" time=\"0.0{case}\""
            );
            write(if case % 100 == 0 {
                format!(
                    "{open}>\n    <failure message=\"expected {case} to be 100\" type=\"AssertionError\">AssertionError: expected \
                     {case} to be 100\n      at Object.test (src/shop/checkout/suite_{suite}.ts:{case}:13)\n      at run \
                     (node_modules/runner/lib/run.js:88:7)</failure>\n  </testcase>\n"
                )
            } else {
                format!("{open}/>\n")
            });
        }
        write("</testsuite>\n".to_owned());
    }
    write("</testsuites>\n".to_owned());
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The values of a tag's attributes, as text: what no reader of such a report can do without.
fn attributes(tag: &BytesStart<'_>) {
    for attribute in tag.attributes() {
        let attribute = attribute.expect("well-formed attributes");
        black_box(attribute.normalized_value(XmlVersion::Explicit1_0).expect("known entities"));
    }
}

/// All events, as quick-xml hands them out, with `look` at each tag.
fn walk(report: &Path, look: impl Fn(&BytesStart<'_>)) {
    let source = BufReader::with_capacity(64 * 1024, File::open(report).expect("the report"));
    let mut reader = Reader::from_reader(source);
    let mut buffer = Vec::new();
    let mut cases = 0;
    loop {
        match reader.read_event_into(&mut buffer).expect("well-formed XML") {
            Event::Start(tag) | Event::Empty(tag) => {
                cases += u64::from(tag.name().as_ref() == "testcase");
                look(&tag);
            }
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    assert_eq!(cases, TESTS);
}

fn gate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_test-gate"));
    command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    for (variable, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("GIT") || name.starts_with("DEVOPS_"))
    {
        command.env_remove(variable);
    }
    command
}

fn judge(folder: &Path) {
    let status = gate(folder).arg("junit.xml").status().expect("test-gate starts");
    assert_eq!(status.code(), Some(1));
}

/// The most memory of a run, looked at until it ends.
fn peak(folder: &Path) -> Option<f64> {
    let mut child = gate(folder).arg("junit.xml").spawn().expect("test-gate starts");
    let mut peak = None;
    while child.try_wait().expect("it can be waited for").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        peak = kilobytes.map(|kilobytes| kilobytes * 1024.0).or(peak);
    }
    peak
}
