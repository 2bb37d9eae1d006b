//! What holds for every report: no bytes make the reader panic, and no beginning of a report is greener than all of it.

use std::fmt::Write as _;
use std::io::Read;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use super::attempts::State;
use super::collector::{Collector, Keep, Reading};
use super::formats::{badness, junit};

fn read(source: impl Read) -> Reading {
    let mut collector = Collector::new(Keep::default());
    junit::read(source, &mut collector);
    collector.finish()
}

/// Pieces of markup that meet in every order, most of them wrong.
fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "<testsuites>",
        "</testsuites>",
        "<testsuite name='s' errors='1'>",
        "<testsuite>",
        "</testsuite>",
        "<testcase name='a'>",
        "<testcase name='b'/>",
        "</testcase>",
        "<failure>",
        "<failure message='m'/>",
        "</failure>",
        "<error/>",
        "<skipped/>",
        "<flakyFailure/>",
        "<rerunError>",
        "</rerunError>",
        "<system-out>",
        "</system-out>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a>",
        "<!DOCTYPE a [",
        "&amp;",
        "&",
        "text",
        "<",
        ">",
        "'",
        "\"",
        " ",
        "é",
        "\u{1b}",
    ];
    vec(select(pieces.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

/// A report as a runner writes it.
fn report() -> impl Strategy<Value = String> {
    let bodies = [
        "",
        "<skipped/>",
        "<failure message='a &lt; b'>tr\nace</failure>",
        "<error><![CDATA[]] >]]></error>",
        "<flakyFailure><stackTrace>t</stackTrace></flakyFailure>",
        "<system-out>out é</system-out>",
    ];
    let case = (0..4_u8, select(bodies.to_vec()))
        .prop_map(|(name, body)| format!("<testcase name='{name}'>{body}</testcase>"));
    let suite = (vec(case, 0..4), any::<bool>()).prop_map(|(cases, nested)| {
        let cases = cases.concat();
        if nested { format!("<testsuite name='in'>{cases}</testsuite>") } else { cases }
    });
    vec(suite, 1..4).prop_map(|suites| {
        suites.iter().fold(String::from("<?xml version='1.0'?>\n<testsuites>\n"), |mut text, suite| {
            let _ = writeln!(text, "  <testsuite>{suite}</testsuite><!-- > -->");
            text
        }) + "</testsuites>"
    })
}

/// Hands out a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..400)) {
        let reading = read(bytes.as_slice());
        prop_assert!(reading.counts.tests() > 0 || badness(&reading) == 2);
    }

    #[test]
    fn no_markup_makes_the_reader_panic(text in soup()) {
        read(text.as_bytes());
    }

    #[test]
    fn every_beginning_of_a_report_fails(text in report(), share in 0.0..1.0_f64) {
        let whole = read(text.as_bytes());
        prop_assert!(whole.troubles.is_empty(), "{:?}", whole.troubles);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of it")]
        let length = (text.len() as f64 * share) as usize;
        let part = read(&text.as_bytes()[..length]);
        prop_assert_eq!(badness(&part), 2);
        prop_assert!(part.counts.tests() <= whole.counts.tests());
    }

    #[test]
    fn the_size_of_the_pieces_does_not_matter(text in report(), size in 1..7_usize) {
        let (whole, pieces) = (read(text.as_bytes()), read(Slow(text.as_bytes(), size)));
        prop_assert_eq!(whole.counts, pieces.counts);
        prop_assert_eq!(whole.problems, pieces.problems);
        prop_assert_eq!(whole.troubles, pieces.troubles);
    }

    #[test]
    fn counts_are_those_of_the_cases(text in report()) {
        let whole = read(text.as_bytes());
        let cases = text.matches("<testcase").count() as u64;
        prop_assert!(whole.counts.tests() <= cases);
        let wrongs = text.contains("<failure") || text.contains("<error");
        prop_assert!(wrongs || whole.counts.of(State::Failed) + whole.counts.of(State::Errored) == 0);
    }
}
