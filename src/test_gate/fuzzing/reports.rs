//! Reports of tests: counts that agree, no beginning greener than the whole, the same numbers when written and read again.

use std::io::Read;

use super::{Pieces, benchmarks, coverage, cuts};
use crate::attempts::State;
use crate::collector::{Assumed, Collector, KEPT, Keep, Reading};
use crate::detect::{Kind, detect};
use crate::exports::{self, Source};
use crate::formats::{Format, badness, junit};
use crate::read::{Content, content};
use devops_reading::shape::{LOOKED_AT, shape};

const PLAIN: Keep = Keep { names: false, tests: false, attempts: Assumed { repeats: false, paths: false } };

/// Any file, as the gate reads it.
pub(super) fn any(bytes: &[u8]) {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    match detect(&shape(head)) {
        Kind::Tests(known) => format(known, bytes),
        Kind::Coverage(known) => coverage::format(known, bytes),
        Kind::Benchmarks(known) => benchmarks::format(known, bytes),
        Kind::Unknown(_) => {}
    }
    let Content::Tests(whole) = content(&mut &*bytes, "a", PLAIN) else { return };
    if !whole.troubles.is_empty() {
        return;
    }
    for cut in cuts(bytes) {
        let (part, rest) = bytes.split_at(cut);
        let is_greener = match content(&mut &*part, "a", PLAIN) {
            Content::Tests(part) => badness(&part) < badness(&whole),
            // What is not known to be a report fails where it was named, and is listed in a folder.
            Content::Unknown(_) => false,
            Content::Coverage(reading) => reading.troubles.is_empty(),
            Content::Benchmarks(_, reading) => reading.troubles.is_empty(),
        };
        let is_seam = part.ends_with(b"\n")
            && matches!(content(&mut &*rest, "a", PLAIN), Content::Tests(rest) if rest.troubles.is_empty());
        assert!(!is_greener || is_seam, "cut to {cut} of {} bytes it is greener", bytes.len());
    }
}

/// Bytes as a format.
pub(super) fn format(format: &Format, bytes: &[u8]) {
    let whole = read(format, bytes, PLAIN);
    agrees(&whole);
    same(&whole, &read(format, Pieces::of(bytes), PLAIN));
    let kept = read(format, bytes, Keep { names: true, tests: true, ..PLAIN });
    same(&whole, &kept);
    written_again(kept);
    if !whole.troubles.is_empty() {
        return;
    }
    for cut in cuts(bytes) {
        let (part, rest) = bytes.split_at(cut);
        let part = read(format, part, PLAIN);
        // Between two documents that are whole each nothing shows that there was a second one.
        let is_seam = || read(format, rest, PLAIN).troubles.is_empty();
        assert!(
            badness(&part) >= badness(&whole) || is_seam(),
            "cut to {cut} of {} bytes it is greener: {:?}",
            bytes.len(),
            part.counts
        );
    }
}

fn read(format: &Format, mut source: impl Read, keep: Keep) -> Reading {
    let mut collector = Collector::new(keep);
    (format.read)(&mut source, &mut collector);
    collector.finish()
}

fn red(reading: &Reading) -> u64 {
    reading.counts.of(State::Failed) + reading.counts.of(State::Errored)
}

/// What a reading says of itself agrees.
fn agrees(reading: &Reading) {
    let kept = KEPT as u64;
    let told = red(reading) + reading.counts.of(State::Flaky);
    assert!(reading.synthetic <= reading.counts.of(State::Errored));
    assert_eq!(reading.problems.len() as u64, (told - reading.synthetic).min(kept), "{:?}", reading.counts);
    assert_eq!(reading.suite_errors.len() as u64, reading.suite_errored.min(kept));
    assert_eq!(reading.run_errors.len() as u64, reading.run_errored.min(kept));
    assert!(reading.notes.len() <= 1_000, "{} notes", reading.notes.len());
}

/// Two readings of the same bytes.
fn same(one: &Reading, other: &Reading) {
    assert_eq!(one.counts, other.counts);
    assert_eq!((one.suites, one.micros), (other.suites, other.micros));
    assert_eq!(one.problems, other.problems);
    assert_eq!((&one.suite_errors, &one.run_errors), (&other.suite_errors, &other.run_errors));
    assert_eq!(one.troubles, other.troubles);
    assert_eq!(one.notes, other.notes);
}

/// The merged report in `JUnit`'s form is read with the same numbers.
fn written_again(reading: Reading) {
    let Reading { archive: Some(archive), counts, .. } = reading else { return };
    assert_eq!(archive.tests().len() as u64, counts.tests());
    let of = |state: State| archive.tests().iter().filter(|test| test.state == state).count() as u64;
    for state in [State::Passed, State::Flaky, State::Failed, State::Errored, State::Skipped, State::NotRun] {
        assert_eq!(of(state), counts.of(state), "{}", state.as_str());
    }
    let is_empty = counts.tests() == 0;
    let sources = [Source { label: "a".to_owned(), archive, errors: Vec::new() }];
    let json = exports::ctrf(&sources).unwrap_or_default();
    assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    let mut collector = Collector::new(PLAIN);
    junit::read(exports::junit(&sources).as_slice(), &mut collector);
    let again = collector.finish();
    assert!(again.troubles.is_empty(), "{:?}", again.troubles);
    assert!(is_empty == (again.counts.tests() == 0) && again.counts.tests() <= counts.tests());
    let is_red = counts.of(State::Failed) + counts.of(State::Errored) > 0;
    assert!(!is_red || red(&again) > 0 || again.counts.of(State::Flaky) > 0);
}
