//! Benchmarks in streams of test events: what `go test -json -bench` prints, and the `bench` events of libtest.

use std::collections::BTreeMap;

use super::benchmark::{Benchmark, Direction};
use super::go_bench::Go;
use super::sheet::{Reading, Sheet};
use devops_reading::lines::Line;

/// Longest line that is put together of several events, in bytes.
const LONGEST: usize = 64 * 1024;

/// Collects them.
#[derive(Default)]
pub struct Stream {
    sheet: Sheet,
    /// Packages that printed a benchmark, each with the line it has not ended.
    packages: BTreeMap<String, (Go, String)>,
}

impl Stream {
    /// Takes a piece of what a package of Go printed.
    pub fn go(&mut self, package: &str, output: &str, line: u64) {
        let is_open = self.packages.get(package).is_some_and(|(_, open)| !open.is_empty());
        if !is_open && !output.starts_with("Benchmark") && !output.starts_with("Unit ") {
            return;
        }
        let (go, open) =
            self.packages.entry(package.to_owned()).or_insert_with(|| (Go::of(package), String::new()));
        open.push_str(output);
        if open.ends_with('\n') {
            let text = open.trim_end();
            go.line(&Line { number: line, text, is_cut: false, is_ended: true }, &mut self.sheet);
            open.clear();
        } else if open.len() > LONGEST {
            open.clear();
        }
    }

    /// Takes the median of a benchmark of libtest, in nanoseconds an iteration.
    pub fn libtest(&mut self, name: &str, median: f64, line: u64) {
        let benchmark = Benchmark::new(name, "time", median, "ns/iter").toward(Direction::Smaller);
        self.sheet.push(benchmark, line);
    }

    /// What was collected; none where no benchmark was there.
    pub fn finish(mut self) -> Option<Reading> {
        for (go, _) in self.packages.values_mut() {
            go.flush(&mut self.sheet);
        }
        let is_nothing = self.sheet.is_empty() && self.sheet.troubles.is_empty();
        (!is_nothing).then(|| self.sheet.finish())
    }
}
