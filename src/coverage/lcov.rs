//! LCOV trace files.

use std::io::Read;

use super::claims::Claims;
use super::model::{FileCoverage, arm_key};
use super::numbers::Count;
use super::{Format, Reading, first_line, numbers};
use devops_reading::excerpt::shorten;
use devops_reading::lines::Lines;
use devops_reading::shape::Shape;
use devops_reading::trouble::Trouble;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "LCOV",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// What is read here.
pub(super) const FORMATS: &[Format] = &[FORMAT];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(first_line(shape), Some(("TN" | "SF", _)))
}

/// What a record says of functions; lines and branches are what counts.
const IGNORED: [&str; 12] =
    ["VER", "FN", "FNDA", "FNL", "FNA", "FNF", "FNH", "MCDC", "MCF", "MCH", "MRF", "MRH"];

/// What a record claims of itself, and what that is a number of.
const CLAIMS: [(&str, &str); 4] = [
    ("LF", "lines (`LF`)"),
    ("LH", "covered lines (`LH`)"),
    ("BRF", "branches (`BRF`)"),
    ("BRH", "covered branches (`BRH`)"),
];

/// A record that is being read.
#[derive(Default)]
struct Record {
    /// Whether it is open, and in which line it was opened.
    opened: Option<u64>,
    path: String,
    /// How many of each the record lists, in the order of [`CLAIMS`].
    listed: [u64; 4],
    claimed: [Option<u64>; 4],
}

impl Record {
    /// Counts a line or a branch.
    fn count(&mut self, [all, covered]: [usize; 2], count: Count) {
        for (index, more) in [(all, 1), (covered, u64::from(count.hits() > 0))] {
            if let Some(listed) = self.listed.get_mut(index) {
                *listed += more;
            }
        }
    }
}

/// What is known of a trace file so far.
#[derive(Default)]
struct State {
    record: Record,
    records: u64,
    claims: Claims,
    /// The line with the name of a test whose record is still to come.
    named: Option<u64>,
}

/// Reads a trace file: the same source may have many records, whose hits add up.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut lines = Lines::new(source);
    let mut state = State::default();
    let mut unused = FileCoverage::default();
    let mut file = &mut unused;
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(trouble) => {
                reading.troubles.push(trouble);
                break;
            }
        };
        let text = line.text.trim();
        let is_open = state.record.opened.is_some();
        let told = match text.split_once(':') {
            Some(("DA", value)) if is_open => data(value, file, &mut state.record),
            Some(("BRDA", value)) if is_open => branch(value, file, &mut state.record),
            Some(("SF", value)) if !is_open && !value.trim().is_empty() => {
                let path = value.trim().to_owned();
                state.record = Record { opened: Some(line.number), path, ..Record::default() };
                state.named = None;
                file = reading.coverage.file(value.trim());
                None
            }
            _ => state.other(text, line.number),
        };
        if let Some(what) = told {
            let what = format!("`{}` {what}", shorten(text, 60));
            reading.troubles.push(Trouble::line(line.number, what));
        }
    }
    state.end(reading);
}

impl State {
    /// Takes a line that says nothing of lines and branches; what is wrong with it.
    fn other(&mut self, text: &str, number: u64) -> Option<&'static str> {
        match text.split_once(':') {
            None if text == "end_of_record" => {
                let Some(_) = self.record.opened.take() else {
                    return Some("ends a record that never began");
                };
                self.records += 1;
                let Record { claimed, listed, path, .. } = &self.record;
                for ((claimed, listed), (_, what)) in claimed.iter().zip(listed).zip(CLAIMS) {
                    self.claims.check(what, *claimed, *listed, path);
                }
            }
            None if text.is_empty() => {}
            _ if text.starts_with('#') => {}
            Some(("SF", _)) if self.record.opened.is_some() => {
                return Some("begins a record inside another one");
            }
            Some(("SF", _)) => return Some("names no file"),
            Some(("DA" | "BRDA", _)) => return Some("is outside of a record"),
            Some((key, value)) if CLAIMS.iter().any(|(claim, _)| *claim == key) => {
                let same = CLAIMS.iter().zip(&mut self.record.claimed).find(|((claim, _), _)| *claim == key);
                if let Some((_, claimed)) = same {
                    *claimed = value.trim().parse().ok();
                }
            }
            Some(("TN", _)) => self.named = Some(number).filter(|_| self.record.opened.is_none()),
            Some((key, _)) if IGNORED.contains(&key) => {}
            _ => return Some("is not a line of LCOV"),
        }
        None
    }

    fn end(self, reading: &mut Reading) {
        let trouble = match (self.record.opened, self.named) {
            (Some(line), _) => Trouble::line(line, "cut off: the record that begins here never ends"),
            (None, Some(line)) => Trouble::line(line, "cut off: no record follows the name of a test"),
            (None, None) if self.records == 0 => Trouble::whole("contains no record"),
            (None, None) => {
                reading.notes.extend(self.claims.notes());
                return;
            }
        };
        reading.troubles.push(trouble);
    }
}

/// `line,hits[,checksum]`
fn data(value: &str, file: &mut FileCoverage, record: &mut Record) -> Option<&'static str> {
    let (line, rest) = value.split_once(',').unwrap_or((value, ""));
    let hits = rest.split_once(',').map_or(rest, |(hits, _checksum)| hits);
    let (Some(number), Some(count)) = (numbers::line(line), numbers::count(hits)) else {
        return Some("is not `DA:line,hits`");
    };
    record.count([0, 1], count);
    file.line(number, count);
    None
}

/// `line,block,branch,taken`, where the branch may be an expression; `-` is a block that never ran.
fn branch(value: &str, file: &mut FileCoverage, record: &mut Record) -> Option<&'static str> {
    let parts = value.split_once(',').and_then(|(line, rest)| {
        let (name, taken) = rest.rsplit_once(',')?;
        let count = if taken.trim() == "-" { Some(Count::Real(0)) } else { numbers::count(taken) };
        Some((numbers::line(line)?, name.split_once(',')?, count?))
    });
    let Some((number, name, count)) = parts else {
        return Some("is not `BRDA:line,block,branch,taken`");
    };
    record.count([2, 3], count);
    file.arm(number, arm_key(&FORMAT, name), count);
    None
}

#[cfg(test)]
mod tests {
    use super::super::properties_tests::{Run, each_line};
    use super::super::tests::{read, shown};
    use super::FORMAT;

    #[test]
    fn records_of_one_file_add_up() {
        let reading = read(
            FORMAT,
            "TN:one\nSF:a.c\nFN:1,main\nFNDA:1,main\nDA:1,1\nDA:2,0\nBRDA:2,0,0,-\nBRDA:2,0,1,0\nBRDA:2,0,(a, b),3\nLF:2\nLH:1\nend_of_record\n\
             # a comment\r\n\r\nTN:two\nSF:a.c\nDA:2,4,checksum\nDA:3,0\nBRDA:2,0,0,2\nLF:7\nLH:9\nend_of_record\nSF:b.c\nend_of_record",
        );
        assert_eq!(shown(&reading), "a.c: 1=1 2=4(2/3) 3=0\nb.c: -\n");
        assert_eq!(
            reading.notes,
            [
                "claims another number of covered lines (`LH`) than it lists (a.c: 9 claimed, 1 listed); the list counts",
                "claims another number of lines (`LF`) than it lists (a.c: 7 claimed, 2 listed); the list counts",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        for text in [
            "SF:a\nDA:1,1\n",
            "SF:a\nDA:1,1\nend_of_rec",
            "SF:a\nDA:1\nend_of_record\n",
            "SF:a\nDA:x,1\nend_of_record\n",
            "SF:a\nBRDA:1,0,1\nend_of_record\n",
            "SF:a\nSF:b\nend_of_record\n",
            "SF:\nend_of_record\n",
            "DA:1,1\n",
            "end_of_record\n",
            "TN:\n",
            "SF:a\nend_of_record\nTN:x\n",
            "SF:a\nLF\nend_of_record\n",
            "SF:a\nhello\nend_of_record\n",
        ] {
            assert!(shown(&read(FORMAT, text)).contains("! "), "{text}");
        }
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        each_line(
            run,
            |path, lines| format!("TN:\nSF:{path}\n{lines}LH:0\nend_of_record\n"),
            |number, hits| format!("DA:{number},{hits}\n"),
            "",
        )
    }
}
