//! What must hold for every format: checks that their tests share.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

pub(crate) use super::badness;
use super::{Format, detect};
use crate::attempts::State;
use crate::collector::{Collector, Keep, Reading};
use devops_reading::shape::shape;

/// What a format reads of a text.
pub(crate) fn read(format: &Format, text: impl AsRef<[u8]>) -> Reading {
    read_as(format, text, Keep::default())
}

/// What a format reads of a text where the settings say what names mean.
pub(crate) fn read_as(format: &Format, text: impl AsRef<[u8]>, keep: Keep) -> Reading {
    let mut collector = Collector::new(keep);
    (format.read)(&mut text.as_ref(), &mut collector);
    collector.finish()
}

/// Tests that passed, were flaky, failed, errored, were skipped, did not run.
pub(crate) fn counts(reading: &Reading) -> [u64; 6] {
    State::ALL.map(|state| reading.counts.of(state))
}

/// The same, and what went wrong with the run.
pub(crate) fn counts_and_errors(reading: &Reading) -> ([u64; 6], u64) {
    (counts(reading), reading.run_errored)
}

/// No beginning of a sample is greener than all of it.
pub(crate) fn no_prefix_is_greener(format: &Format, sample: &str) {
    let whole = badness(&read(format, sample));
    let mut is_short = false;
    for length in 0..sample.trim_end().len() {
        let part = read(format, &sample.as_bytes()[..length]);
        assert!(badness(&part) >= whole, "{length} bytes: {}", &sample[..length]);
        is_short |= badness(&part) > whole;
    }
    assert!(is_short || whole == 2, "no cut is noticed");
}

/// A sample that passes fails when it is cut anywhere.
pub(crate) fn every_prefix_fails(format: &Format, sample: &str) {
    let whole = read(format, sample);
    assert!(badness(&whole) < 2, "{:?} {:?}", whole.troubles, whole.run_errors);
    for length in 0..sample.trim_end().len() {
        let part = read(format, &sample.as_bytes()[..length]);
        assert_eq!(
            badness(&part),
            2,
            "{length} bytes: {}",
            String::from_utf8_lossy(&sample.as_bytes()[..length])
        );
    }
}

/// A sample is detected as its format, and no other format takes it.
pub(crate) fn only_this(format: &Format, sample: &str) {
    let shape = shape(sample.as_bytes());
    let takers: Vec<&str> =
        super::FORMATS.iter().filter(|format| (format.is)(&shape)).map(|format| format.name).collect();
    assert_eq!(takers, [format.name], "{sample}");
}

/// Any bytes, and pieces of a format in any order, are read without a panic.
pub(crate) fn nothing_panics(format: &Format, pieces: &[&str]) {
    let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
    proptest!(ProptestConfig::with_cases(200), |(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        order in proptest::collection::vec(proptest::sample::select(pieces), 0..30),
    )| {
        let reading = read(format, &bytes);
        prop_assert!(reading.counts.tests() > 0 || badness(&reading) == 2);
        read(format, order.concat());
    });
}

/// A valid report is recognised by its content as this format and no other, and every beginning of it fails.
pub(crate) fn holds(format: &Format, sample: &str) {
    only_this(format, sample);
    let whole = read(format, sample);
    assert!(whole.troubles.is_empty(), "{:?}", whole.troubles);
    for length in 0..sample.trim_end().len() {
        let part = read(format, &sample.as_bytes()[..length]);
        assert_eq!(badness(&part), 2, "cut at {length}: {part:?}");
    }
}

/// The same for a document of which several may follow one another: two in a row are both read, and a cut is always noticed.
pub(crate) fn holds_in_a_row(format: &Format, sample: &str) {
    holds(format, sample);
    for length in 0..sample.trim_end().len() {
        assert!(!read(format, &sample.as_bytes()[..length]).troubles.is_empty(), "cut at {length}");
    }
    let twice = format!("{sample}\n{sample}");
    assert_eq!(detect(&shape(twice.as_bytes())).map(|format| format.name), Some(format.name));
    let (whole, both) = (read(format, sample), read(format, &twice));
    assert!(both.troubles.is_empty(), "{:?}", both.troubles);
    assert!(badness(&both) >= badness(&whole));
    assert_eq!(both.suites, whole.suites * 2);
}

/// A report of which a piece stands at another place.
fn moved(sample: &str, start: usize, length: usize, to: usize) -> Vec<u8> {
    let mut bytes = sample.as_bytes().to_vec();
    let start = start % bytes.len();
    let piece: Vec<u8> = bytes.drain(start..(start + length).min(bytes.len())).collect();
    let to = to % (bytes.len() + 1);
    bytes.splice(to..to, piece);
    bytes
}

/// Any bytes fail, and a report survives the change of a byte and a piece of it at another place.
pub(crate) fn survives(format: &Format, sample: &str) {
    proptest!(|(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        byte in any::<u8>(),
        start in any::<usize>(),
        length in 0..80_usize,
        to in any::<usize>(),
    )| {
        prop_assert_eq!(badness(&read(format, &bytes)), 2);
        let mut changed = sample.as_bytes().to_vec();
        changed[to % sample.len()] = byte;
        read(format, &changed);
        read(format, moved(sample, start, length, to));
    });
}
