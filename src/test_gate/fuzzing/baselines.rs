//! Baseline and quarantine: what is read is written with the same bytes, merging knows no order, a damaged file is refused.

use std::path::Path;

use jiff::civil::date;
use sha2::{Digest as _, Sha256};

use super::{Pieces, cuts};
use crate::baseline::{Baseline, Quarantine, merge, read, write};
use devops_core::digest::hexadecimal;

/// Any bytes.
pub(super) fn raw(bytes: &[u8]) {
    let Ok(baseline) = read("a", bytes) else { return };
    assert!(read("a", Pieces::of(bytes)).is_ok_and(|again| again == baseline));
    holds(&baseline);
    for cut in cuts(bytes) {
        let (part, _) = bytes.split_at(cut);
        assert!(read("a", part).is_err(), "cut to {cut} of {} bytes it is taken", bytes.len());
    }
}

/// Lines with a digest that is right, so that what is in them is looked at; a null byte separates baselines.
pub(super) fn sealed(bytes: &[u8]) {
    let mut baselines = Vec::new();
    for lines in bytes.split(|byte| *byte == 0) {
        // A seed may have its own last line.
        let end = lines.windows(8).rposition(|window| window == b"\n{\"end\":");
        let lines = end.and_then(|end| lines.get(..=end)).unwrap_or(lines);
        let mut file = lines.to_vec();
        file.extend(format!("{{\"end\":\"{}\"}}\n", hexadecimal(&Sha256::digest(lines))).as_bytes());
        let read_it = read("a", file.as_slice());
        raw(&file);
        baselines.extend(read_it);
    }
    let forwards = merge(baselines.iter().cloned());
    assert!(forwards == merge(baselines.iter().rev().cloned()), "the order of baselines matters");
    holds(&forwards);
}

/// A baseline is read as it was written.
fn holds(baseline: &Baseline) {
    for is_gzip in [false, true] {
        let mut bytes = Vec::new();
        assert!(write(baseline, &mut bytes, is_gzip).is_ok());
        assert!(read("a", bytes.as_slice()).is_ok_and(|back| back == *baseline), "it is not read as written");
    }
}

/// A quarantine file.
pub(super) fn quarantine(bytes: &[u8]) {
    let parse = || {
        let text = String::from_utf8_lossy(bytes).into_owned();
        Quarantine::parse(Path::new("quarantine.toml"), text, date(2026, 11, 23))
    };
    let (Ok(one), Ok(other)) = (parse(), parse()) else { return };
    assert_eq!(one, other);
    for entry in &one.entries {
        let is_said = [&entry.test, &entry.owner, &entry.reason].iter().all(|text| !text.trim().is_empty());
        assert!(is_said && entry.test.chars().any(|character| character != '*'), "{entry:?}");
    }
    let names = ["a", "b::c", ""];
    let result = one.apply(&mut [], names, date(2026, 11, 23), true);
    assert!(result.findings.len() + result.idle.len() <= one.entries.len());
}
