//! The baseline file as it is written: JSON lines, sorted, the same bytes for the same baseline.
//!
//! The first line says what it is and how many records follow, the last one has the SHA-256 of all before it.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::model::{Baseline, Direction, Outcome};
use crate::ledger::{Kind, Scope};
use devops_core::digest::hexadecimal;

/// Version of the format. Version 1 had numbers for letters in `last`; it is still read.
pub(super) const VERSION: u64 = 2;

/// The first bytes of anything compressed with gzip.
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The first line.
#[derive(Serialize)]
struct Head<'a> {
    #[serde(rename = "devops-baseline")]
    version: u64,
    tool: &'a str,
    runs: usize,
    tests: usize,
    coverage: usize,
    benchmarks: usize,
}

#[derive(Serialize)]
struct RunLine<'a> {
    run: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    coverage: bool,
}

#[derive(Serialize)]
struct TestLine<'a> {
    test: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suite: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    environment: &'a str,
    seen: String,
    last: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unordered: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ms: &'a [Option<u32>],
}

#[derive(Serialize)]
struct CoverageLine<'a> {
    file: &'a str,
    lines: [u64; 2],
    branches: [u64; 2],
}

#[derive(Serialize)]
struct BenchmarkLine<'a> {
    benchmark: &'a str,
    measure: &'a str,
    unit: &'a str,
    better: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exact: bool,
    /// Run and numbers; as text, because that is read back exactly.
    samples: Vec<(usize, String)>,
}

#[derive(Serialize)]
struct End {
    end: String,
}

/// Writes a baseline: compressed where `is_gzip`, with a header that never changes.
///
/// # Errors
/// Where `target` does not take the bytes.
pub(crate) fn write(baseline: &Baseline, target: impl Write, is_gzip: bool) -> io::Result<()> {
    if is_gzip {
        let mut packed =
            GzBuilder::new().mtime(0).operating_system(255).write(target, Compression::default());
        lines(baseline, &mut packed)?;
        packed.finish()?.flush()
    } else {
        let mut target = target;
        lines(baseline, &mut target)?;
        target.flush()
    }
}

/// Hands every byte on and takes its digest.
struct Sealed<W> {
    target: W,
    digest: Sha256,
}

impl<W: Write> Sealed<W> {
    fn line(&mut self, record: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.digest.update(&line);
        self.target.write_all(&line)
    }
}

fn lines(baseline: &Baseline, target: impl Write) -> io::Result<()> {
    let mut out = Sealed { target, digest: Sha256::new() };
    out.line(&Head {
        version: VERSION,
        tool: concat!("devops-action ", env!("CARGO_PKG_VERSION")),
        runs: baseline.runs.len(),
        tests: baseline.len(),
        coverage: baseline.coverage.len(),
        benchmarks: baseline.benchmarks.len(),
    })?;
    for (index, run) in baseline.runs.iter().enumerate() {
        out.line(&RunLine {
            run: &run.key,
            time: run.time.map(|time| time.to_string()),
            commit: run.commit.as_deref(),
            coverage: baseline.covered == Some(index),
        })?;
    }
    for (Scope { kind, text, environment }, tests) in &baseline.tests {
        let of = |wanted| (*kind == wanted).then_some(text.as_ref());
        for (name, test) in tests {
            out.line(&TestLine {
                test: name,
                class: of(Kind::Class),
                file: of(Kind::File),
                suite: of(Kind::Suite),
                environment,
                seen: shortened(test.seen.iter().copied()),
                last: shortened(test.last.iter().copied().map(Some)),
                unordered: test.is_unordered,
                ms: known(&test.millis),
            })?;
        }
    }
    for (file, coverage) in &baseline.coverage {
        out.line(&CoverageLine {
            file,
            lines: [coverage.lines_covered, coverage.lines],
            branches: [coverage.branches_covered, coverage.branches],
        })?;
    }
    for (metric, samples) in &baseline.benchmarks {
        out.line(&BenchmarkLine {
            benchmark: &metric.benchmark,
            measure: &metric.measure,
            unit: &metric.unit,
            better: better(metric.better),
            exact: metric.exact,
            samples: samples.iter().map(|(run, samples)| (*run, spaced(samples))).collect(),
        })?;
    }
    let end = hexadecimal(&out.digest.clone().finalize());
    out.line(&End { end })
}

/// The word for a direction.
pub(super) const fn better(direction: Direction) -> &'static str {
    match direction {
        Direction::Smaller => "smaller",
        Direction::Bigger => "larger",
        Direction::Unknown => "unknown",
        Direction::Informative => "informative",
    }
}

/// Outcomes as letters, each followed by how often it comes in a row: `.3P12FP`.
fn shortened(seen: impl Iterator<Item = Option<Outcome>>) -> String {
    let mut text = String::new();
    let seen: Vec<Option<Outcome>> = seen.collect();
    for same in seen.chunk_by(|one, other| one == other) {
        text.push(same.first().copied().flatten().map_or('.', Outcome::letter));
        if same.len() > 1 {
            text.push_str(&same.len().to_string());
        }
    }
    text
}

/// Numbers with spaces between them.
fn spaced(samples: &[f64]) -> String {
    samples.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}

/// Durations without the unknown ones at the beginning.
fn known(millis: &[Option<u32>]) -> &[Option<u32>] {
    let first = millis.iter().position(Option::is_some).unwrap_or(millis.len());
    millis.get(first..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::model::{Baseline, Benchmark, Coverage, Direction, Metric, RunIdentity};
    use super::super::{merge, write};
    use crate::attempts::State;
    use crate::ledger::{Identity, Ledger};

    fn run(commit: &str, time: &str, state: State) -> Baseline {
        let mut ledger = Ledger::default();
        let adds = Identity { classname: "shop.CartTest", name: "adds[2]", ..Identity::default() };
        ledger.add(&adds, State::Passed, Some(12_000));
        let mut other = Ledger::default();
        other.add(&adds, state, Some(16_400));
        ledger.merge(other, "");
        let total = Identity { file: "cart.test.ts", name: "total", ..Identity::default() };
        ledger.add(&total, State::Skipped, None);
        let file = Coverage { lines_covered: 8, lines: 10, branches_covered: 1, branches: 4 };
        let metric = Metric {
            benchmark: "parse".to_owned(),
            measure: "time".to_owned(),
            unit: "ns".to_owned(),
            better: Direction::Smaller,
            exact: false,
        };
        let facts =
            RunIdentity { key: None, commit: Some(commit.to_owned()), time: Some(time.parse().unwrap()) };
        let coverage = BTreeMap::from([("src/cart.ts".to_owned(), file)]);
        Baseline::of_run(facts, &ledger, coverage, vec![Benchmark { metric, samples: vec![812.5, 799.0] }])
    }

    #[test]
    fn the_file_is_as_documented() {
        let baseline = merge([
            run("c0ffee2", "2026-11-23T09:30:00Z", State::Failed),
            run("c0ffee1", "2026-11-22T09:30:00Z", State::Passed),
        ]);
        let mut bytes = Vec::new();
        write(&baseline, &mut bytes, false).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let page = include_str!("../../../docs/baseline.md");
        assert!(page.contains(&text), "docs/baseline.md lacks this:\n{text}");
        assert_eq!(text.lines().count(), 8);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        write(&baseline, &mut one, true).unwrap();
        write(&baseline, &mut other, true).unwrap();
        assert_eq!(one, other);
        assert_eq!(&one[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    }
}
