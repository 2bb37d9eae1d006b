//! The baseline file as it is read: strictly, line by line. What is not exactly what was written is refused.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

use super::file::{GZIP, VERSION, better};
use super::model::{Baseline, Coverage, DETAILED, Direction, Metric, Outcome, RUNS, Run, SAMPLES, Test};
use crate::ledger::{Kind, Scope};
use devops_core::digest::hexadecimal;
use devops_core::words::number;
use devops_core::{Error, Input, Location};
use devops_files::HashingReader;

/// Maximum number of bytes of a baseline, after it was decompressed.
pub(crate) const LARGEST: u64 = 1 << 30;

/// Maximum number of bytes of a line.
const LONGEST: u64 = 1 << 20;

/// Maximum number of executions of one test in a run, as many as reports can hold it.
const EXECUTIONS: usize = 100_000;

/// What version 1 counted, in its order.
const COUNTED: [Outcome; 6] =
    [Outcome::Passed, Outcome::Flaky, Outcome::Failed, Outcome::Errored, Outcome::Skipped, Outcome::NotRun];

/// What to do about a file that is damaged.
const AGAIN: &str =
    "get the file again from where it was written, or write it again with `test-gate baseline`";

/// The first line as every version has it.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "devops-baseline")]
    version: u64,
}

/// The first line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "devops-baseline")]
    _version: u64,
    #[serde(rename = "tool")]
    _tool: String,
    runs: u64,
    tests: u64,
    coverage: u64,
    benchmarks: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunLine {
    run: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    commit: Option<String>,
    #[serde(default)]
    coverage: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestLine {
    test: String,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    suite: Option<String>,
    #[serde(default)]
    environment: Box<str>,
    seen: String,
    last: Last,
    #[serde(default)]
    unordered: bool,
    #[serde(default)]
    ms: Vec<Option<u32>>,
}

/// How the executions of a test ended, in the order of the reports.
struct Last {
    outcomes: Vec<Outcome>,
    /// Whether the order is lost.
    is_unordered: bool,
}

impl<'de> Deserialize<'de> for Last {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LastVisitor)
    }
}

/// Takes letters, as they are written now, and the counts of version 1, which lost the order.
struct LastVisitor;

impl<'de> Visitor<'de> for LastVisitor {
    type Value = Last;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("letters of outcomes")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Last, E> {
        let outcomes = lengthened(text, EXECUTIONS).and_then(|last| last.into_iter().collect());
        outcomes
            .map(|outcomes| Last { outcomes, is_unordered: false })
            .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut counts: A) -> Result<Last, A::Error> {
        let mut last = Vec::new();
        for outcome in COUNTED {
            let count = counts.next_element()?.unwrap_or(0_usize);
            last.extend(std::iter::repeat_n(outcome, count.min(EXECUTIONS - last.len())));
        }
        match counts.next_element::<IgnoredAny>()? {
            None => Ok(Last { is_unordered: last.len() > 1, outcomes: last }),
            Some(_) => Err(serde::de::Error::invalid_length(COUNTED.len() + 1, &self)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CoverageLine {
    file: String,
    lines: [u64; 2],
    branches: [u64; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BenchmarkLine {
    benchmark: String,
    measure: String,
    unit: String,
    better: String,
    #[serde(default)]
    exact: bool,
    samples: Vec<(usize, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    end: String,
}

/// Reads a baseline, compressed or not; `path` is what errors call it.
///
/// # Errors
/// Where it can't be read, was cut off or changed, or is of a version that is not known.
pub(crate) fn read(path: &str, mut source: impl Read) -> Result<Baseline, Error> {
    let mut start = Vec::new();
    let taken = source.by_ref().take(GZIP.len() as u64).read_to_end(&mut start);
    taken.map_err(|cause| Error::input("can't be read").at(Location::file(path)).because(cause))?;
    let is_gzip = start == GZIP;
    let whole = Cursor::new(start).chain(source);
    let text: Box<dyn Read + '_> =
        if is_gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
    let source = BufReader::with_capacity(1 << 16, text.take(LARGEST + 1));
    Reader { path, source, line: 0, bytes: 0, text: Vec::new(), digest: Sha256::new() }.baseline()
}

/// The same, with the record of the file.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_whole(path: &str, source: impl Read) -> Result<(Baseline, Input), Error> {
    let mut source = HashingReader::new(source);
    let baseline = read(path, &mut source)?;
    // What follows the last line is refused, but a reader may not have met the end yet.
    let rest = io::copy(&mut source, &mut io::sink());
    rest.map_err(|cause| Error::input("can't be read").at(Location::file(path)).because(cause))?;
    Ok((baseline, source.finish(path)))
}

struct Reader<'a, R> {
    path: &'a str,
    source: BufReader<R>,
    /// Number of the line in `text`.
    line: u64,
    bytes: u64,
    text: Vec<u8>,
    digest: Sha256,
}

impl<R: Read> Reader<'_, R> {
    fn baseline(mut self) -> Result<Baseline, Error> {
        let head = self.head()?;
        let mut baseline = Baseline::default();
        for _ in 0..head.runs {
            let line = self.record("a run")?;
            self.run(&mut baseline, line)?;
        }
        for _ in 0..head.tests {
            let line = self.record("a test")?;
            self.test(&mut baseline, line)?;
        }
        for _ in 0..head.coverage {
            let line = self.record("the coverage of a file")?;
            self.coverage(&mut baseline, line)?;
        }
        for _ in 0..head.benchmarks {
            let line = self.record("a benchmark")?;
            self.benchmark(&mut baseline, line)?;
        }
        let digest = hexadecimal(&self.digest.clone().finalize());
        let End { end } = self.record("the end")?;
        if end != digest {
            return Err(self.error("the file was changed after it was written: its SHA-256 does not match"));
        }
        if self.next()? {
            return Err(self.error("there is data after the end"));
        }
        Ok(baseline)
    }

    /// The first line.
    fn head(&mut self) -> Result<Head, Error> {
        if !self.next()? {
            return Err(self.error("the baseline is empty"));
        }
        let Ok(Version { version }) = serde_json::from_slice(&self.text) else {
            let is_cut = self.text.last() != Some(&b'\n');
            return Err(self.error(if is_cut { "cut off" } else { "not a baseline" }));
        };
        if !(1..=VERSION).contains(&version) {
            let what = format!("a baseline of version {version}; supported are 1 to {VERSION}");
            return Err(self
                .error(what)
                .help("use the version of the tool that wrote it, or write it again"));
        }
        self.parsed("the first line")
    }

    /// The next line, which must be a record of this kind.
    fn record<T: DeserializeOwned>(&mut self, what: &str) -> Result<T, Error> {
        if !self.next()? {
            return Err(self.error(format!("cut off: expected {what}")));
        }
        self.parsed(what)
    }

    fn parsed<T: DeserializeOwned>(&mut self, what: &str) -> Result<T, Error> {
        if self.text.last() != Some(&b'\n') {
            return Err(self.error("cut off within a line"));
        }
        self.digest.update(&self.text);
        serde_json::from_slice(&self.text).map_err(|cause| {
            let column = cause.column() as u64;
            let place = Location { column: Some(column), ..Location::line(self.path, self.line) };
            Error::input(format!("not {what} of a baseline")).at(place).help(AGAIN).because(cause)
        })
    }

    /// Goes to the next line; whether there is one.
    fn next(&mut self) -> Result<bool, Error> {
        self.text.clear();
        self.line += 1;
        let read = self.source.by_ref().take(LONGEST).read_until(b'\n', &mut self.text);
        let length = read.map_err(|cause| self.unreadable(cause))? as u64;
        self.bytes += length;
        if self.bytes > LARGEST {
            return Err(self.error(format!("more than {} bytes", number(LARGEST))));
        }
        if length == LONGEST && self.text.last() != Some(&b'\n') {
            return Err(self.error(format!("a line of more than {} bytes", number(LONGEST))));
        }
        Ok(length > 0)
    }

    fn unreadable(&self, cause: io::Error) -> Error {
        let what = match cause.kind() {
            io::ErrorKind::UnexpectedEof => "cut off",
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => "damaged",
            _ => "can't be read",
        };
        self.error(what).because(cause)
    }

    /// An error at the present line.
    fn error(&self, what: impl Into<String>) -> Error {
        Error::input(what).at(Location::line(self.path, self.line)).help(AGAIN)
    }

    fn run(&self, baseline: &mut Baseline, line: RunLine) -> Result<(), Error> {
        let time = line.time.map(|time| time.parse()).transpose();
        let time = time.map_err(|_| self.error("`time` is not a time"))?;
        let run = Run { time, key: line.run, commit: line.commit };
        if baseline.runs.last().is_some_and(|last| *last >= run) || baseline.runs.len() == RUNS {
            return Err(self.error("runs are out of order, or too many"));
        }
        if line.coverage && baseline.covered.replace(baseline.runs.len()).is_some() {
            return Err(self.error("two runs with coverage"));
        }
        baseline.runs.push(run);
        Ok(())
    }

    fn test(&self, baseline: &mut Baseline, line: TestLine) -> Result<(), Error> {
        let (kind, text) = match (line.class, line.file, line.suite) {
            (Some(text), None, None) => (Kind::Class, text),
            (None, Some(text), None) => (Kind::File, text),
            (None, None, Some(text)) => (Kind::Suite, text),
            _ => return Err(self.error("a test has one of `class`, `file` and `suite`")),
        };
        let scope = Scope { kind, text: text.into(), environment: line.environment };
        let runs = baseline.runs.len();
        let seen = lengthened(&line.seen, runs)
            .filter(|seen| seen.len() == runs && seen.iter().any(Option::is_some))
            .ok_or_else(|| self.error("`seen` does not fit the runs"))?;
        let Last { outcomes: last, is_unordered } = line.last;
        let is_unordered = is_unordered || line.unordered;
        let detailed = baseline.runs.len().min(DETAILED);
        if line.ms.len() > detailed || last.is_empty() {
            return Err(self.error("`ms` or `last` does not fit the runs"));
        }
        let mut millis = vec![None; detailed - line.ms.len()];
        millis.extend(line.ms);
        let is_next = baseline.tests.last_key_value().is_none_or(|(last, tests)| {
            *last < scope
                || *last == scope
                    && tests.last_key_value().is_none_or(|(name, _)| name.as_ref() < line.test.as_str())
        });
        if !is_next {
            return Err(self.error("tests are out of order"));
        }
        let known = Test { seen, millis, last, is_unordered };
        baseline.tests.entry(scope).or_default().insert(line.test.into(), known);
        Ok(())
    }

    fn coverage(&self, baseline: &mut Baseline, line: CoverageLine) -> Result<(), Error> {
        let ([lines_covered, lines], [branches_covered, branches]) = (line.lines, line.branches);
        if lines_covered > lines || branches_covered > branches || baseline.covered.is_none() {
            return Err(self.error("coverage of more lines than there are, or of no run"));
        }
        if baseline.coverage.last_key_value().is_some_and(|(last, _)| *last >= line.file) {
            return Err(self.error("files are out of order"));
        }
        let coverage = Coverage { lines_covered, lines, branches_covered, branches };
        baseline.coverage.insert(line.file, coverage);
        Ok(())
    }

    fn benchmark(&self, baseline: &mut Baseline, line: BenchmarkLine) -> Result<(), Error> {
        let direction = [Direction::Smaller, Direction::Bigger, Direction::Unknown, Direction::Informative]
            .into_iter()
            .find(|known| better(*known) == line.better);
        let Some(direction) = direction else {
            return Err(self.error("`better` is `smaller` or `larger`"));
        };
        let metric = Metric {
            benchmark: line.benchmark,
            measure: line.measure,
            unit: line.unit,
            better: direction,
            exact: line.exact,
        };
        if baseline.benchmarks.last_key_value().is_some_and(|(last, _)| *last >= metric) {
            return Err(self.error("benchmarks are out of order"));
        }
        let count = line.samples.len();
        let samples: Option<BTreeMap<usize, Vec<f64>>> =
            line.samples.into_iter().map(|(run, text)| Some((run, numbers(&text)?))).collect();
        let samples = samples.ok_or_else(|| self.error("`samples` are not numbers"))?;
        let oldest = baseline.runs.len().saturating_sub(DETAILED);
        let is_known = |(run, samples): (&usize, &Vec<f64>)| {
            (oldest..baseline.runs.len()).contains(run) && samples.len() <= SAMPLES
        };
        if samples.len() != count || samples.is_empty() || !samples.iter().all(is_known) {
            return Err(self.error("`samples` do not fit the runs"));
        }
        baseline.benchmarks.insert(metric, samples);
        Ok(())
    }
}

/// Numbers with single spaces between them.
fn numbers(text: &str) -> Option<Vec<f64>> {
    let finite = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    if text.is_empty() { Some(Vec::new()) } else { text.split(' ').map(finite).collect() }
}

/// Outcomes out of letters with counts; `None` where they are not that, or are more than so many.
fn lengthened(text: &str, most: usize) -> Option<Vec<Option<Outcome>>> {
    let mut seen = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..)?;
        let digits = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        let (amount, after) = rest.split_at_checked(digits)?;
        let amount: usize = if amount.is_empty() { 1 } else { amount.parse().ok()? };
        let outcome = if letter == '.' { None } else { Some(Outcome::of_letter(letter)?) };
        if amount == 0 || amount > most - seen.len() {
            return None;
        }
        seen.extend(std::iter::repeat_n(outcome, amount));
        rest = after;
    }
    Some(seen)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sha2::{Digest as _, Sha256};

    use super::{hexadecimal, lengthened, numbers, read};
    use devops_core::Exit;

    fn refused(text: &str) -> String {
        let error = read("base.jsonl", text.as_bytes()).unwrap_err();
        assert_eq!(error.kind().exit(), Exit::Input);
        assert!(!error.help_text().is_empty());
        error.to_string()
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_its_line() {
        let head =
            "{\"devops-baseline\":1,\"tool\":\"t\",\"runs\":1,\"tests\":1,\"coverage\":0,\"benchmarks\":0}\n";
        let run = "{\"run\":\"k\"}\n";
        for (text, expected) in [
            (String::new(), "base.jsonl:1: the baseline is empty"),
            ("<html>\n".to_owned(), "base.jsonl:1: not a baseline"),
            (
                "{\"devops-baseline\":3}\n".to_owned(),
                "base.jsonl:1: a baseline of version 3; supported are 1 to 2",
            ),
            (head.to_owned(), "base.jsonl:2: cut off: expected a run"),
            (format!("{head}{{\"run\":"), "base.jsonl:2: cut off within a line"),
            (format!("{head}{run}"), "base.jsonl:3: cut off: expected a test"),
            (
                format!("{head}{run}{{\"test\":\"a\",\"seen\":\"P\",\"last\":\"P\"}}\n"),
                "base.jsonl:3: a test has one of `class`, `file` and `suite`",
            ),
            (
                format!("{head}{run}{{\"test\":\"a\",\"class\":\"A\",\"seen\":\"P2\",\"last\":\"P\"}}\n"),
                "base.jsonl:3: `seen` does not fit the runs",
            ),
            (
                format!(
                    "{head}{run}{{\"test\":\"a\",\"class\":\"A\",\"seen\":\"P\",\"last\":\"P\"}}\n{{\"end\":\"0\"}}\n"
                ),
                "base.jsonl:4: the file was changed after it was written: its SHA-256 does not match",
            ),
        ] {
            assert_eq!(refused(&text), expected);
        }
        let unknown = refused(&format!("{head}{{\"run\":\"k\",\"more\":1}}\n"));
        assert!(
            unknown.starts_with("base.jsonl:2:17: not a run of a baseline: unknown field `more`"),
            "{unknown}"
        );
    }

    #[test]
    fn a_baseline_of_the_first_version_is_read() {
        let text = concat!(
            "{\"devops-baseline\":1,\"tool\":\"t\",\"runs\":1,\"tests\":1,\"coverage\":0,\"benchmarks\":0}\n",
            "{\"run\":\"k\"}\n",
            "{\"test\":\"a\",\"class\":\"A\",\"seen\":\"F\",\"last\":[2,0,1,0,0,0]}\n"
        );
        let end = hexadecimal(&Sha256::digest(text));
        let baseline = read("base.jsonl", format!("{text}{{\"end\":\"{end}\"}}\n").as_bytes()).unwrap();
        let known = baseline.tests.values().flat_map(BTreeMap::values).next().unwrap();
        assert_eq!((known.executions(), known.ran(), known.red()), (3, 3, 1));
    }

    #[test]
    fn outcomes_and_numbers_are_taken_literally() {
        assert_eq!(lengthened(".2PF", 4).map(|seen| seen.iter().flatten().count()), Some(2));
        for (text, runs) in
            [("P0", 0), ("P3", 2), ("PFP", 2), ("x", 1), ("2P", 2), ("P99999999999999999999", 3)]
        {
            assert_eq!(lengthened(text, runs), None, "{text}");
        }
        assert_eq!(numbers("1 0.1 -3"), Some(vec![1.0, 0.1, -3.0]));
        assert_eq!(numbers(""), Some(Vec::new()));
        for text in ["1  2", "inf", "NaN", "a", " "] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }
}
