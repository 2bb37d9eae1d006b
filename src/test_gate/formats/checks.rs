//! What must hold for every format of lines: checks that their tests share.

use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use super::Format;
use crate::reading::shape::shape;
use crate::test_gate::attempts::State;
use crate::test_gate::collector::{Collector, Keep, Reading};

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

/// Tests that passed, were flaky, failed, errored, were skipped, did not run; and what went wrong with the run.
pub(crate) fn counts(reading: &Reading) -> ([u64; 6], u64) {
    let states = [State::Passed, State::Flaky, State::Failed, State::Errored, State::Skipped, State::NotRun];
    (states.map(|state| reading.counts.of(state)), reading.run_errored)
}

/// How bad a reading is: 0 passes, 1 warns, 2 fails.
pub(crate) fn badness(reading: &Reading) -> u8 {
    let red = reading.counts.of(State::Failed) + reading.counts.of(State::Errored);
    let groups = reading.suite_errored + reading.run_errored;
    let is_red = red + groups > 0 || !reading.troubles.is_empty() || reading.counts.tests() == 0;
    if is_red { 2 } else { u8::from(reading.counts.of(State::Flaky) > 0) }
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
