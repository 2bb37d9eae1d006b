//! Properties of every format: one run written in all of them gives equal numbers, nothing is greener for being cut, nothing
//! panics.

use std::collections::BTreeMap;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::model::{Coverage, arm_key};
use super::{Format, Ratio, clover, cobertura, detect, export_cobertura, formats, lcov, patch, read};
use devops_reading::shape::shape;

/// Every format that has lines.
fn with_lines() -> impl Iterator<Item = Format> {
    formats().filter(|format| !format.is_summary())
}

/// Hits by line by file.
pub(super) type Run = BTreeMap<String, BTreeMap<u32, u32>>;

/// A run: lines, arms and counted branches of a few files.
pub(super) fn runs() -> impl Strategy<Value = Coverage> {
    let fact = (0_usize..3, 1_u32..12, 0_u32..3, 0_u8..4, any::<bool>());
    proptest::collection::vec(fact, 0..40).prop_map(|facts| {
        let mut coverage = Coverage::default();
        for (file, line, hits, kind, is_large) in facts {
            let hits = if is_large { hits * (u32::MAX / 2) } else { hits };
            let file = coverage.file(["a", "src/b & <c>.rs", "src/d.rs"][file]);
            if kind < 3 {
                file.line(line, hits);
            }
            match kind {
                0 => file.arm(line, arm_key(&lcov::FORMAT, line % 3), hits),
                1 => file.arm(line, arm_key(&clover::FORMAT, line % 2), hits),
                _ => file.count(line, hits.min(2), 2 + line % 2),
            }
        }
        coverage.finish();
        coverage
    })
}

fn plain_runs() -> impl Strategy<Value = Run> {
    let lines = proptest::collection::btree_map(1_u32..30, 0_u32..4, 1..12);
    let names = ["a.x", "lib/b.x", "lib/deep/c.x"].map(str::to_owned);
    proptest::collection::btree_map(proptest::sample::select(names.to_vec()), lines, 1..4)
}

/// Joins what a function makes of each file and each line.
pub(super) fn each_line(
    run: &Run,
    file: impl Fn(&str, String) -> String,
    line: impl Fn(u32, u32) -> String,
    between: &str,
) -> String {
    let of_file = |(path, lines): (&String, &BTreeMap<u32, u32>)| {
        file(path, lines.iter().map(|(number, hits)| line(*number, *hits)).collect::<Vec<_>>().join(between))
    };
    run.iter().map(of_file).collect::<Vec<_>>().join(between)
}

/// What counts in the end: the lines and whether they are covered.
fn covered(coverage: &Coverage) -> BTreeMap<String, BTreeMap<u32, bool>> {
    let lines = |file: &super::model::FileCoverage| {
        file.lines().iter().map(|line| (line.number, line.hits > 0)).collect()
    };
    coverage.files.iter().map(|(path, file)| (path.clone(), lines(file))).collect()
}

/// Whether a strict prefix can't be distinguished from a whole report, because the format has no end.
fn has_an_end_there(format: Format, prefix: &str) -> bool {
    match format.name() {
        "LCOV" => prefix.trim_end().ends_with("end_of_record"),
        "Go cover profile" => prefix.ends_with('\n'),
        _ => false,
    }
}

proptest! {
    #[test]
    fn one_run_in_all_formats_gives_equal_numbers(
        run in plain_runs(),
        ranges in proptest::collection::vec((1_u64..30, 0_u64..9).prop_map(|(start, more)| start..=start + more), 0..5),
    ) {
        let added: BTreeMap<_, _> = run.keys().map(|path| (path.clone(), ranges.clone())).collect();
        let is_added = |line: u32| ranges.iter().any(|range| range.contains(&u64::from(line)));
        let lines: Vec<(u32, u32)> = run.values().flatten().map(|(line, hits)| (*line, *hits)).collect();
        let inside: Vec<u32> = lines.iter().filter(|(line, _)| is_added(*line)).map(|(_, hits)| *hits).collect();
        let expected = Ratio::new(inside.iter().filter(|hits| **hits > 0).count() as u64, inside.len() as u64);
        let states: BTreeMap<String, BTreeMap<u32, bool>> = run
            .iter()
            .map(|(path, lines)| (path.clone(), lines.iter().map(|(line, hits)| (*line, *hits > 0)).collect()))
            .collect();
        let mut all = Coverage::default();
        for format in with_lines() {
            let text = (format.written)(&run);
            prop_assert_eq!(detect(&shape(text.as_bytes())), Some(format), "{}", text);
            let reading = read(format, text.as_bytes());
            prop_assert!(reading.troubles.is_empty(), "{:?} {:?}", format, reading.troubles);
            prop_assert_eq!(&covered(&reading.coverage), &states, "{:?}", format);
            prop_assert_eq!(patch(&reading.coverage, &added).lines, expected, "{:?}", format);
            all.merge(reading.coverage);
        }
        prop_assert_eq!(&covered(&all), &states, "all formats of a run together are the run");
    }

    #[test]
    fn an_export_reads_back_with_equal_numbers(coverage in runs()) {
        let xml = export_cobertura(&coverage);
        prop_assert_eq!(detect(&shape(&xml)), Some(cobertura::FORMAT));
        let back = read(cobertura::FORMAT, xml.as_slice());
        prop_assert!(back.troubles.is_empty() && back.notes.is_empty(), "{:?}", back.troubles);
        prop_assert_eq!(back.coverage.by_file(), coverage.by_file());
        for (path, file) in &coverage.files {
            prop_assert_eq!(back.coverage.files[path].lines(), file.lines());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = detect(&shape(&bytes));
        for format in with_lines() {
            let reading = read(format, bytes.as_slice());
            prop_assert!(!reading.troubles.is_empty() || !reading.coverage.is_empty() || bytes.len() > 8);
        }
    }

    #[test]
    fn mutated_reports_never_panic(
        (format, run) in (proptest::sample::select(with_lines().collect::<Vec<_>>()), plain_runs()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0_u8..3), 1..6),
    ) {
        let mut bytes = (format.written)(&run).into_bytes();
        for (place, byte, kind) in changes {
            let index = place.index(bytes.len());
            match kind {
                0 => bytes[index] = byte,
                1 => bytes.insert(index, byte),
                _ => drop(bytes.drain(index..(index + usize::from(byte) % 16).min(bytes.len()))),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let mut merged = read(format, bytes.as_slice()).coverage;
        merged.merge(read(lcov::FORMAT, (lcov::FORMAT.written)(&run).as_bytes()).coverage);
        let _ = export_cobertura(&merged);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_prefix_is_never_greener(run in plain_runs(), format in proptest::sample::select(with_lines().collect::<Vec<_>>()), _once in Just(())) {
        let text = (format.written)(&run);
        let whole = text.trim_end();
        for end in 0..whole.len() {
            let prefix = &text[..end];
            if !has_an_end_there(format, prefix) {
                prop_assert!(!read(format, prefix.as_bytes()).troubles.is_empty(), "{:?} cut to {}", format, prefix);
            }
        }
    }
}
