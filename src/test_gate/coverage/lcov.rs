//! LCOV trace files.

use std::io::Read;

use super::model::{FileCoverage, arm_key};
use super::{Format, Reading, numbers};
use crate::core::words::count;
use crate::test_gate::excerpt::shorten;
use crate::test_gate::lines::Lines;
use crate::test_gate::trouble::Trouble;

/// What a record says of functions and of itself; its lines and branches are counted.
const PASSED: [&str; 15] =
    ["VER", "FN", "FNDA", "FNL", "FNA", "FNF", "FNH", "BRF", "BRH", "LH", "MCDC", "MCF", "MCH", "MRF", "MRH"];

/// A record that is being read.
#[derive(Default)]
struct Record {
    /// Whether it is open, and in which line it was opened.
    opened: Option<u64>,
    lines: u64,
    claimed: Option<u64>,
}

/// What is known of a trace file so far.
#[derive(Default)]
struct State {
    record: Record,
    records: u64,
    /// Records that claim another number of lines than they hold.
    wrong: u64,
    /// The line with the name of a test whose record is still to come.
    named: Option<u64>,
}

/// Reads a trace file: the same source may have many records, whose hits add up.
pub(super) fn read(source: impl Read, reading: &mut Reading) {
    let mut lines = Lines::new(source);
    let mut state = State::default();
    let mut unused = FileCoverage::default();
    let mut file = &mut unused;
    loop {
        let line = match lines.next() {
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
            Some(("DA", value)) if is_open => {
                state.record.lines += 1;
                data(value, file)
            }
            Some(("BRDA", value)) if is_open => branch(value, file),
            Some(("SF", value)) if !is_open && !value.trim().is_empty() => {
                state.record = Record { opened: Some(line.number), ..Record::default() };
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
                self.wrong +=
                    u64::from(self.record.claimed.is_some_and(|claimed| claimed != self.record.lines));
            }
            None if text.is_empty() => {}
            _ if text.starts_with('#') => {}
            Some(("SF", _)) if self.record.opened.is_some() => {
                return Some("begins a record inside another one");
            }
            Some(("SF", _)) => return Some("names no file"),
            Some(("DA" | "BRDA", _)) => return Some("stands outside of a record"),
            Some(("LF", value)) => self.record.claimed = value.trim().parse().ok(),
            Some(("TN", _)) => self.named = Some(number).filter(|_| self.record.opened.is_none()),
            Some((key, _)) if PASSED.contains(&key) => {}
            _ => return Some("is no line of LCOV"),
        }
        None
    }

    fn end(self, reading: &mut Reading) {
        let trouble = match (self.record.opened, self.named) {
            (Some(line), _) => Trouble::line(line, "cut off: the record that begins here never ends"),
            (None, Some(line)) => Trouble::line(line, "cut off: no record follows the name of a test"),
            (None, None) if self.records == 0 => Trouble::whole("holds no record"),
            (None, None) => {
                if self.wrong > 0 {
                    let what = count(self.wrong, "record");
                    let note = "claimed another number of lines (`LF`) than it held; the lines were counted";
                    reading.notes.push(format!("{what}: {note}"));
                }
                return;
            }
        };
        reading.troubles.push(trouble);
    }
}

/// `line,hits[,checksum]`
fn data(value: &str, file: &mut FileCoverage) -> Option<&'static str> {
    let mut parts = value.split(',');
    let number = parts.next().and_then(numbers::line);
    let hits = parts.next().and_then(numbers::hits);
    let (Some(number), Some(hits)) = (number, hits) else {
        return Some("is not `DA:line,hits`");
    };
    file.line(number, hits);
    None
}

/// `line,block,branch,taken`, where the branch may be an expression; `-` is a block that never ran.
fn branch(value: &str, file: &mut FileCoverage) -> Option<&'static str> {
    let parts = value.split_once(',').and_then(|(line, rest)| {
        let (name, taken) = rest.rsplit_once(',')?;
        let hits = if taken.trim() == "-" { Some(0) } else { numbers::hits(taken) };
        Some((numbers::line(line)?, name.split_once(',')?, hits?))
    });
    let Some((number, name, hits)) = parts else {
        return Some("is not `BRDA:line,block,branch,taken`");
    };
    file.arm(number, arm_key(Format::Lcov, name), hits);
    None
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::tests::{read, shown};

    #[test]
    fn records_of_one_file_add_up() {
        let reading = read(
            Format::Lcov,
            "TN:one\nSF:a.c\nFN:1,main\nFNDA:1,main\nDA:1,1\nDA:2,0\nBRDA:2,0,0,-\nBRDA:2,0,1,0\nBRDA:2,0,(a, b),3\nLF:2\nLH:1\nend_of_record\n\
             # a comment\r\n\r\nTN:two\nSF:a.c\nDA:2,4,checksum\nDA:3,0\nBRDA:2,0,0,2\nLF:7\nLH:9\nend_of_record\nSF:b.c\nend_of_record",
        );
        assert_eq!(shown(&reading), "a.c: 1=1 2=4(2/3) 3=0\nb.c: -\n");
        assert_eq!(reading.notes.len(), 1, "one wrong LF: {:?}", reading.notes);
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
            assert!(shown(&read(Format::Lcov, text)).contains("! "), "{text}");
        }
    }
}
