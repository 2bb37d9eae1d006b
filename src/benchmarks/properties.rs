//! What holds for every file and every set of samples.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, proptest};
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

use super::corpus_tests::{cases, files};
use super::statistics::contrast;
use super::{Reading, detect, formats, read};
use devops_reading::shape::{LOOKED_AT, shape};

/// Reads bytes as every format.
fn read_all(bytes: &[u8]) {
    for format in formats() {
        read(format, bytes, "a/new/sample.json");
    }
    detected(bytes);
}

/// Reads bytes as the gate does.
fn detected(bytes: &[u8]) -> Option<Reading> {
    let format = detect(&shape(&bytes[..bytes.len().min(LOOKED_AT)]))?;
    Some(read(format, bytes, "a/new/sample.json"))
}

/// Pieces of all formats that meet in every order, most of them wrong.
fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "test a ... bench: 1,0 ns/iter (+/- 1)\n",
        "running 2 tests\n",
        "test result: ok. 2 measured;\n",
        "BenchmarkA-8\t10\t1 ns/op\n",
        "BenchmarkA-8 ",
        "pkg: é\n",
        "PASS\n",
        "ok  \tx\n",
        "Unit ns/op better=lower assume=exact\n",
        "x  time:   [1 ns 2 us 3 ms]\n",
        "time: [",
        "benchmark name samples iterations estimated\n",
        "-----\n",
        "=====\n",
        "a 1 2 3 ns\n",
        "1 ns 1 us 1 s\n",
        "test cases: 1\n",
        "a x 1,000 ops/sec ±1% (3 runs sampled)\n",
        "SUCCESS: a : 1ms +/- 1% on luau\n",
        "events: Ir Dr\ncmd: ./a\n",
        "totals: 1 2\n",
        "summary: 1\n",
        "short\n",
        "  Instructions:   84 (No change)\n",
        "\u{1b}[1m",
        "\r",
        "\n",
        "1e999 ",
        "-1 ",
    ];
    vec(select(pieces.to_vec()), 0..30).prop_map(|pieces| pieces.concat())
}

/// What is wrong with a beginning of a file that looks better than the file, if something is.
fn greener(part: &Reading, whole: &Reading) -> Option<String> {
    if !part.troubles.is_empty() {
        return None;
    }
    for found in &part.benchmarks {
        let same = whole.benchmarks.iter().find(|other| other.key() == found.key());
        if same.is_none_or(|same| !found.samples.iter().all(|sample| same.samples.contains(sample))) {
            return Some(format!("{} {:?} is not in the whole", found.name, found.samples));
        }
    }
    let is_less = part.benchmarks != whole.benchmarks || part.thresholds != whole.thresholds;
    let is_said = part.notes.iter().any(|note| note.contains("only a baseline shows"));
    (is_less && !is_said).then(|| "there is less, and nothing says so".to_owned())
}

#[test]
fn no_beginning_of_a_file_is_greener_than_the_file() {
    for path in cases().into_iter().chain(files()) {
        let bytes = std::fs::read(&path).unwrap();
        let whole = detected(&bytes).unwrap();
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let step = if is_json { 101 } else { 1 + bytes.len() / 800 };
        for end in (0..bytes.trim_ascii_end().len()).step_by(step) {
            let Some(part) = detected(&bytes[..end]) else { continue };
            let why = greener(&part, &whole);
            assert_eq!(why, None, "{} up to {end}", path.display());
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn no_soup_panics(text in soup()) {
        read_all(text.as_bytes());
    }

    #[test]
    fn no_damaged_file_panics(pick in any::<usize>(), cuts in vec((any::<usize>(), any::<u8>()), 1..6)) {
        let paths = cases();
        let mut bytes = std::fs::read(&paths[pick % paths.len()]).unwrap();
        for (at, byte) in cuts {
            let at = at % bytes.len();
            match byte % 3 {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        detected(&bytes);
    }

    #[test]
    fn comparisons_are_fair(
        before in vec(0.5_f64..2.0, 1..30),
        now in vec(0.5_f64..2.0, 1..30),
        scale in 0.001_f64..1000.0,
        shift in 1.0_f64..1.5,
    ) {
        fair(&before, &now, scale, shift)?;
    }

    #[test]
    fn comparisons_with_ties_are_fair(
        before in vec(select(vec![1.0, 1.5, 2.0]), 1..30),
        now in vec(select(vec![1.0, 1.5, 2.0]), 1..30),
        scale in select(vec![0.25, 1024.0]),
        shift in select(vec![1.0, 1.5, 4.0]),
    ) {
        fair(&before, &now, scale, shift)?;
    }
}

fn is_near(one: f64, other: f64) -> bool {
    (one / other - 1.0).abs() < 1e-9
}

fn fair(before: &[f64], now: &[f64], scale: f64, shift: f64) -> Result<(), TestCaseError> {
    let rate = 0.01;
    let found = contrast(before, now, rate);
    prop_assert!(found.p > 0.0 && found.p <= 1.0);
    if let Some((low, high)) = found.interval {
        prop_assert!(low <= found.ratio && found.ratio <= high, "{found:?}");
        // The interval leaves out 1 where the test is clear.
        prop_assert!(found.p > rate || low >= 1.0 || high <= 1.0, "{found:?}");
    }
    // From the other side it is the same.
    let mirrored = contrast(now, before, rate);
    prop_assert!(
        is_near(mirrored.p, found.p) && is_near(mirrored.ratio, 1.0 / found.ratio),
        "{found:?} {mirrored:?}"
    );
    // The unit doesn't matter, nor does the order.
    let scaled = |values: &[f64]| values.iter().map(|value| value * scale).collect::<Vec<_>>();
    let turned = |values: &[f64]| values.iter().rev().copied().collect::<Vec<_>>();
    let other = contrast(&turned(&scaled(before)), &turned(&scaled(now)), rate);
    prop_assert!(is_near(other.p, found.p) && is_near(other.ratio, found.ratio), "{found:?} {other:?}");
    // What is slower looks slower.
    let slower: Vec<f64> = now.iter().map(|value| value * shift).collect();
    prop_assert!(contrast(before, &slower, rate).ratio >= found.ratio * (1.0 - 1e-9));
    Ok(())
}
