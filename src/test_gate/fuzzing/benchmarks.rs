//! Benchmarks: samples are numbers, no beginning says something else than the whole, the order of reports never matters.

use super::{Pieces, cuts};
use crate::detect::{Kind, detect};
use devops_benchmarks::{Benchmark, Format, Reading, merge, read};
use devops_reading::shape::shape;

/// What a benchmark is called whose file does not name it.
const LABEL: &str = "a/new/sample.json";

/// Bytes as a format.
pub(super) fn format(format: Format, bytes: &[u8]) {
    let whole = read(format, bytes, LABEL);
    assert_eq!(whole, read(format, Pieces::of(bytes), LABEL));
    for found in &whole.benchmarks {
        assert!(!found.samples.is_empty() && found.fault().is_none(), "{found:?}");
        assert!(found.value().is_finite());
    }
    assert!(whole.benchmarks.is_sorted_by(|one, other| one.key() < other.key()));
    if !whole.troubles.is_empty() {
        return;
    }
    for cut in cuts(bytes) {
        let (part, _) = bytes.split_at(cut);
        if !part.ends_with(b"\n") {
            let why = greener(&read(format, part, LABEL), &whole);
            assert!(why.is_none(), "cut to {cut} of {} bytes: {}", bytes.len(), why.unwrap_or_default());
        }
    }
}

/// What is wrong with a beginning of a file that looks better than the file, if something is.
fn greener(part: &Reading, whole: &Reading) -> Option<String> {
    if !part.troubles.is_empty() {
        return None;
    }
    let is_less = part.benchmarks != whole.benchmarks || part.thresholds != whole.thresholds;
    let says = |note: &String| {
        note.contains("only a baseline shows") || note.contains("shows whether all benchmarks are there")
    };
    let is_said = part.notes.iter().any(says);
    (is_less && !is_said).then(|| "there is less, and nothing says so".to_owned())
}

/// Reports one after the other, with a null byte between them, in any order.
pub(super) fn merged(bytes: &[u8]) {
    let readings: Vec<Reading> = bytes
        .split(|byte| *byte == 0)
        .filter_map(|part| match detect(&shape(part)) {
            Kind::Benchmarks(format) => Some(read(format, part, LABEL)),
            _ => None,
        })
        .collect();
    let all: Vec<&Benchmark> = readings.iter().flat_map(|reading| &reading.benchmarks).collect();
    let forwards = merge(all.iter().copied());
    let backwards = merge(all.iter().rev().copied());
    assert_eq!(forwards, backwards);
}
