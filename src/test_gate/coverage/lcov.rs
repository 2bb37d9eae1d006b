//! LCOV trace files.

use std::io::Read;

use super::coverage::{FileCoverage, arm_key};
use super::{Format, Reading, numbers};
use crate::core::words::count;
use crate::test_gate::lines::Lines;
use crate::test_gate::trouble::Trouble;

/// What a record says of functions and of itself; its lines and branches are counted.
const PASSED: [&str; 17] = [
    "VER", "FN", "FNDA", "FNL", "FNA", "FNF", "FNH", "BRF", "BRH", "LF", "LH", "MCDC", "MCF", "MCH", "MRF",
    "MRH", "KF",
];

/// A record that is being read.
#[derive(Default)]
struct Record {
    /// Whether it is open, and in which line it was opened.
    opened: Option<u64>,
    path: String,
    lines: u64,
    claimed: Option<u64>,
}

/// Reads a trace file: the same source may have many records, whose hits add up.
pub(super) fn read(source: impl Read, reading: &mut Reading) {
    let mut lines = Lines::new(source);
    let mut record = Record::default();
    let (mut records, mut wrong) = (0_u64, 0_u64);
    // The line with the name of a test whose record is still to come.
    let mut named: Option<u64> = None;
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
        let (key, value) = text.split_once(':').unwrap_or((text, ""));
        let told = match key {
            "DA" if record.opened.is_some() => {
                record.lines += 1;
                data(value, file)
            }
            "BRDA" if record.opened.is_some() => branch(value, file),
            "SF" if record.opened.is_some() => Some("a record begins inside another one"),
            "SF" if value.trim().is_empty() => Some("a record names no file"),
            "SF" => {
                record =
                    Record { opened: Some(line.number), path: value.trim().to_owned(), ..Record::default() };
                file = reading.coverage.file(&record.path);
                named = None;
                None
            }
            "end_of_record" if record.opened.is_none() => Some("a record ends that never began"),
            "end_of_record" => {
                records += 1;
                wrong += u64::from(record.claimed.is_some_and(|claimed| claimed != record.lines));
                record.opened = None;
                None
            }
            "DA" | "BRDA" => Some("stands outside of a record"),
            "LF" if text.contains(':') => {
                record.claimed = value.trim().parse().ok();
                None
            }
            _ if text.is_empty() || key.starts_with('#') => None,
            "TN" if text.contains(':') => {
                named = Some(line.number).filter(|_| record.opened.is_none());
                None
            }
            key if text.contains(':') && PASSED.contains(&key) => None,
            _ => Some("is no line of LCOV"),
        };
        if let Some(what) = told {
            reading.troubles.push(Trouble::line(
                line.number,
                format!("`{}` {what}", crate::test_gate::excerpt::shorten(text, 60)),
            ));
        }
    }
    if let Some(opened) = record.opened {
        reading.troubles.push(Trouble::line(opened, "cut off: the record that begins here never ends"));
    } else if let Some(line) = named {
        reading.troubles.push(Trouble::line(line, "cut off: no record follows the name of a test"));
    } else if records == 0 {
        reading.troubles.push(Trouble::whole("holds no record"));
    }
    if wrong > 0 {
        let what = count(wrong, "record");
        reading.notes.push(format!(
            "{what} claim another number of lines (`LF`) than they hold; the lines were counted"
        ));
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
