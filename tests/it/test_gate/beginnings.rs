//! What holds for the reports of all producers among the cases and in the corpus: no beginning of one is greener than all of it,
//! and a beginning of a report of tests that lacks one of them is never green.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use test_gate::glance;

use super::report_files;

/// Cuts of each report, of each that is written in another way, and how many bytes those of one may have together.
const CUTS: usize = 20;
const FEWER_CUTS: usize = 4;
const BYTES: usize = 4 << 20;

/// A report from this many bytes on is only tried as it is.
const MANY: usize = 1 << 16;

/// How bad a file is that was found in a folder, and how many tests it has.
fn badness(path: &Path, bytes: &[u8]) -> (u8, u64) {
    let seen = glance(path, bytes);
    (seen.badness, seen.tests.map_or(0, |tests| tests.all))
}

/// Whether this is what a run of benchmarks printed until it broke off: text without an end looks healthy before the line that says
/// so.
fn breaks_off(path: &Path) -> bool {
    let is_in = |name: &&str| path.parent().is_some_and(|folder| folder.ends_with(name));
    ["benchmarks-broken", "benchmarks-benchmark-js"].iter().any(is_in)
        && path.extension().is_some_and(|extension| extension == "txt")
}

/// Where to cut: the same in every run, and nowhere in particular.
fn cuts(length: usize, seed: u64, amount: usize) -> impl Iterator<Item = usize> {
    let mut state = seed;
    (0..amount.min(BYTES / length.max(1)).max(3)).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % length.max(1)
    })
}

/// Whether only the lost end of a line of TAP, a brace, says that subtests follow: a whole result without it looks just like that.
fn hides_subtests(label: &str, rest: &[u8]) -> bool {
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    label.contains("tap") && line.ends_with(b"{")
}

/// Whether there is only text of a compiler, which go before 1.24 prints before its first event: nothing shows yet what the file
/// is, so it is listed in a folder, and fails only if it is named.
fn is_before_events(part: &[u8]) -> bool {
    part.starts_with(b"# ") && !part.contains(&b'{')
}

/// A report in UTF-16 and in gzip.
fn written_otherwise(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    let mut all = vec![encoder.finish().unwrap()];
    // A mark of UTF-8 would be a second one.
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| !text.starts_with('\u{feff}')) {
        let words = std::iter::once(0xfeff).chain(text.encode_utf16());
        all.push(words.flat_map(u16::to_be_bytes).collect());
    }
    all
}

#[test]
fn no_beginning_of_a_report_is_greener_than_all_of_it() {
    let mut files = report_files();
    files.retain(|path| !breaks_off(path));
    assert!(files.len() > 100, "{}", files.len());
    let mut greener = Vec::new();
    for (seed, path) in (1..).zip(&files) {
        let label = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap();
        let (whole, tests) = badness(path, &bytes);
        let mut check = |bytes: &[u8], cut: usize| {
            let (part, some) = badness(path, &bytes[..cut]);
            if part < whole || (part < 2 && some < tests) {
                let place = format!("{}: {cut} of {} bytes", path.display(), bytes.len());
                greener.push(format!("{place}: {some} of {tests} tests, {part} instead of {whole}"));
            }
        };
        for cut in cuts(bytes.len(), seed, CUTS) {
            if !hides_subtests(&label, &bytes[cut..]) && !is_before_events(&bytes[..cut]) {
                check(&bytes, cut);
            }
        }
        let others = if bytes.len() < MANY { written_otherwise(&bytes) } else { Vec::new() };
        for written in others {
            assert_eq!(badness(path, &written), (whole, tests), "{}", path.display());
            // Where the lost end of a line of UTF-16 is, nobody counts.
            let may_hide = bytes.split(|byte| *byte == b'\n').any(|line| hides_subtests(&label, line));
            let may_hide = may_hide || bytes.starts_with(b"# ");
            for cut in cuts(written.len(), seed, FEWER_CUTS).filter(|_| !may_hide) {
                check(&written, cut);
            }
        }
    }
    assert!(greener.is_empty(), "{} cuts\n{}", greener.len(), greener.join("\n"));
}
