//! The files of callgrind and cachegrind: exact counts of events of a whole program.

use std::io::Read;

use super::benchmark::Benchmark;
use super::counters::{counter, label};
use super::format::Format;
use super::sheet::{Reading, Sheet};
use super::text::{each_line, number};
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] = &[Format { name: "callgrind", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Text(lines) if is_head(lines))
}

/// Reads a whole file.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    let mut profile = Profile::default();
    each_line(source, &mut sheet, |line, sheet| {
        // A summary ends a file only where nothing stands behind it.
        if !line.text.trim().is_empty() {
            profile.last_summary = None;
        }
        if let Some(command) = line.text.strip_prefix("cmd:") {
            profile.name = program(command.trim());
        } else if let Some(events) = line.text.strip_prefix("events:") {
            profile.events = events.split_whitespace().map(str::to_owned).collect();
        } else if let Some(numbers) = line.text.strip_prefix("totals:") {
            profile.totals(numbers, line.number, line.is_ended, sheet);
        } else if let Some(numbers) = line.text.strip_prefix("summary:") {
            // Callgrind's stands in the head of the file, where it ends nothing; cachegrind's is the last line.
            if !profile.is_callgrind {
                profile.last_summary = Some((numbers.to_owned(), line.number, line.is_ended));
            }
        } else if line.text.starts_with("# callgrind format") || line.text.starts_with("creator: callgrind") {
            profile.is_callgrind = true;
        }
    });
    if let Some((numbers, line, is_ended)) = profile.last_summary.take() {
        profile.totals(&numbers, line, is_ended, &mut sheet);
    }
    if !profile.has_end {
        sheet.trouble(0, "cut off: the totals at the end are missing");
    }
    sheet.finish()
}

/// Whether lines are the head of such a file.
fn is_head(lines: &[String]) -> bool {
    let has = |start: &str| lines.iter().take(60).any(|line| line.starts_with(start));
    has("events:") && has("cmd:") && (has("# callgrind format") || has("creator: callgrind") || has("desc:"))
}

#[derive(Default)]
struct Profile {
    name: String,
    events: Vec<String>,
    is_callgrind: bool,
    /// Cachegrind's totals, while they are the last line: numbers, number of the line, whether it is ended.
    last_summary: Option<(String, u64, bool)>,
    has_end: bool,
}

impl Profile {
    fn totals(&mut self, numbers: &str, line: u64, is_ended: bool, sheet: &mut Sheet) {
        let numbers: Vec<Option<f64>> = numbers.split_whitespace().map(number).collect();
        if numbers.len() != self.events.len() || numbers.is_empty() || !is_ended {
            sheet.trouble(line, "cut off: the totals don't fit the events");
        }
        self.has_end = true;
        for (event, value) in self.events.iter().zip(numbers) {
            let Some(value) = value else {
                sheet.trouble(line, format!("the total of `{event}` is not a number"));
                continue;
            };
            let found = counter(&self.name, "", label(event), value);
            // A file has the names of the events, not those of text.
            let unit = if found.is_exact { event.clone() } else { found.unit };
            sheet.push(Benchmark { metric: event.clone(), unit, ..found }, line);
        }
    }
}

/// The command without the folder of its program and the digest that cargo puts into a file's name.
fn program(command: &str) -> String {
    let (path, arguments) =
        command.split_once(' ').map_or((command, ""), |(path, arguments)| (path, arguments));
    let file = path.rsplit('/').next().unwrap_or(path);
    let is_digest = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = file.rsplit_once('-').filter(|(_, digest)| is_digest(digest)).map_or(file, |(name, _)| name);
    format!("{name} {}", arguments.trim()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{program, read};

    #[test]
    fn a_summary_in_the_head_ends_nothing() {
        let head = "events: Ir\nsummary: 9\n\nfn=(1)\n0 5\n";
        assert!(!read(&mut head.as_bytes()).troubles.is_empty());
        let whole = read(&mut format!("{head}totals: 9\n").as_bytes());
        assert!(whole.troubles.is_empty() && whole.benchmarks.len() == 1);
        let of_cachegrind = read(&mut "cmd: ./a\nevents: Ir\nfn=a\n1 9\nsummary: 9\n".as_bytes());
        assert!(of_cachegrind.troubles.is_empty() && of_cachegrind.benchmarks.len() == 1);
    }

    #[test]
    fn a_program_has_the_same_name_after_every_build() {
        assert_eq!(program("./target/release/deps/sum-0123456789abcdef --bench  x"), "sum --bench  x");
        assert_eq!(program("./cg"), "cg");
        assert_eq!(program("/usr/bin/my-tool"), "my-tool");
    }
}
