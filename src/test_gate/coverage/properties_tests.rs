//! Properties of every format: one run written in all of them gives equal numbers, nothing is greener for being cut, nothing
//! panics.

use std::collections::BTreeMap;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::model::{Coverage, arm_key};
use super::{Format, Ratio, detect, export_cobertura, patch, read};
use crate::reading::shape::shape;

/// Every format that has lines.
const FORMATS: [Format; 11] = [
    Format::Clover,
    Format::Cobertura,
    Format::CoveragePy,
    Format::Gcovr,
    Format::GoCover,
    Format::Istanbul,
    Format::JaCoCo,
    Format::Lcov,
    Format::LlvmCov,
    Format::OpenCover,
    Format::SimpleCov,
];

/// Hits by line by file.
type Run = BTreeMap<String, BTreeMap<u32, u32>>;

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
                0 => file.arm(line, arm_key(Format::Lcov, line % 3), hits),
                1 => file.arm(line, arm_key(Format::Clover, line % 2), hits),
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
fn each_line(
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

/// A run as a report of a format.
#[expect(clippy::too_many_lines, reason = "one arm for each format")]
fn written(format: Format, run: &Run) -> String {
    let lists = |path: &str, lines: &BTreeMap<u32, u32>| {
        let of = |is_hit: bool| {
            lines.iter().filter(|(_, hits)| (**hits > 0) == is_hit).map(|(line, _)| *line).collect::<Vec<_>>()
        };
        format!("\"{path}\": {{\"executed_lines\": {:?}, \"missing_lines\": {:?}}}", of(true), of(false))
    };
    match format {
        Format::Clover => format!(
            "<?xml version=\"1.0\"?>\n<coverage generated=\"1\"><project>{}</project></coverage>\n",
            each_line(
                run,
                |path, lines| format!("<file path=\"{path}\">{lines}</file>"),
                |number, hits| format!("<line num=\"{number}\" type=\"stmt\" count=\"{hits}\"/>"),
                "\n"
            )
        ),
        Format::Cobertura => format!(
            "<coverage line-rate=\"1\"><packages><package><classes>{}</classes></package></packages></coverage>",
            each_line(
                run,
                |path, lines| format!("<class filename=\"{path}\"><lines>{lines}</lines></class>"),
                |number, hits| format!("<line number=\"{number}\" hits=\"{hits}\"/>"),
                ""
            )
        ),
        Format::JaCoCo => format!(
            "<report name=\"r\">{}</report>",
            each_line(
                run,
                |path, lines| {
                    let (package, name) = path.rsplit_once('/').unwrap_or(("", path));
                    format!(
                        "<package name=\"{package}\"><sourcefile name=\"{name}\">{lines}</sourcefile></package>"
                    )
                },
                |number, hits| format!("<line nr=\"{number}\" mi=\"1\" ci=\"{hits}\" mb=\"0\" cb=\"0\"/>"),
                ""
            )
        ),
        Format::OpenCover => {
            let point = |number, hits| {
                format!("<SequencePoint vc=\"{hits}\" sl=\"{number}\" el=\"{number}\" fileid=\"1\"/>")
            };
            let module = |path: &str, lines| {
                format!("<Module><Files><File uid=\"1\" fullPath=\"{path}\"/></Files>{lines}</Module>")
            };
            format!("<CoverageSession>{}</CoverageSession>", each_line(run, module, point, ""))
        }
        Format::Lcov => each_line(
            run,
            |path, lines| format!("TN:\nSF:{path}\n{lines}LH:0\nend_of_record\n"),
            |number, hits| format!("DA:{number},{hits}\n"),
            "",
        ),
        Format::GoCover => {
            let block =
                |path: &str, number: &u32, hits: &u32| format!("{path}:{number}.1,{number}.9 1 {hits}\n");
            let file = |(path, lines): (&String, &BTreeMap<u32, u32>)| -> String {
                lines.iter().map(|(number, hits)| block(path, number, hits)).collect()
            };
            format!("mode: count\n{}", run.iter().map(file).collect::<String>())
        }
        Format::CoveragePy => format!(
            "{{\"meta\": {{\"branch_coverage\": false}}, \"files\": {{{}}}}}",
            run.iter().map(|(path, lines)| lists(path, lines)).collect::<Vec<_>>().join(", ")
        ),
        Format::SimpleCov => {
            let list = |lines: &BTreeMap<u32, u32>| {
                let last = lines.keys().last().copied().unwrap_or(0);
                let place = |number| lines.get(&number).map_or("null".to_owned(), ToString::to_string);
                (1..=last).map(place).collect::<Vec<_>>().join(", ")
            };
            let file = |(path, lines): (&String, &BTreeMap<u32, u32>)| {
                format!("\"{path}\": {{\"lines\": [{}]}}", list(lines))
            };
            format!(
                "{{\"RSpec\": {{\"coverage\": {{{}}}, \"timestamp\": 1}}}}",
                run.iter().map(file).collect::<Vec<_>>().join(",")
            )
        }
        Format::Gcovr | Format::GcovrSummary => format!(
            "{{\"gcovr/format_version\": \"0.15\", \"files\": [{}]}}",
            each_line(
                run,
                |path, lines| format!("{{\"file\": \"{path}\", \"lines\": [{lines}]}}"),
                |number, hits| format!("{{\"line_number\": {number}, \"count\": {hits}, \"branches\": []}}"),
                ", "
            )
        ),
        Format::Istanbul | Format::IstanbulSummary => {
            let file = |(path, lines): (&String, &BTreeMap<u32, u32>)| {
                let map = |number: &u32| {
                    format!("\"{number}\": {{\"start\": {{\"line\": {number}}}, \"end\": {{}}}}")
                };
                let places: Vec<String> = lines.keys().map(map).collect();
                let counts: Vec<String> =
                    lines.iter().map(|(number, hits)| format!("\"{number}\": {hits}")).collect();
                format!(
                    "\"{path}\": {{\"statementMap\": {{{}}}, \"s\": {{{}}}}}",
                    places.join(","),
                    counts.join(",")
                )
            };
            format!("{{{}}}", run.iter().map(file).collect::<Vec<_>>().join(", "))
        }
        Format::LlvmCov => {
            let region = |number, hits| {
                format!("[{number},1,{hits},true,true,false],[{number},9,0,false,false,false]")
            };
            let file =
                |path: &str, segments| format!("{{\"filename\": \"{path}\", \"segments\": [{segments}]}}");
            let files = each_line(run, file, region, ",");
            format!("{{\"data\": [{{\"files\": [{files}]}}], \"type\": \"llvm.coverage.json.export\"}}")
        }
    }
}

/// What counts in the end: the lines and whether they are covered.
fn covered(coverage: &Coverage) -> BTreeMap<String, BTreeMap<u32, bool>> {
    let lines = |file: &super::model::FileCoverage| {
        file.lines().iter().map(|line| (line.number, line.hits > 0)).collect()
    };
    coverage.files.iter().map(|(path, file)| (path.clone(), lines(file))).collect()
}

/// Whether a strict prefix can't be told from a whole report, as the format has no end.
fn has_an_end_there(format: Format, prefix: &str) -> bool {
    match format {
        Format::Lcov => prefix.trim_end().ends_with("end_of_record"),
        Format::GoCover => prefix.ends_with('\n'),
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
        for format in FORMATS {
            let text = written(format, &run);
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
        prop_assert_eq!(detect(&shape(&xml)), Some(Format::Cobertura));
        let back = read(Format::Cobertura, xml.as_slice());
        prop_assert!(back.troubles.is_empty() && back.notes.is_empty(), "{:?}", back.troubles);
        prop_assert_eq!(back.coverage.by_file(), coverage.by_file());
        for (path, file) in &coverage.files {
            prop_assert_eq!(back.coverage.files[path].lines(), file.lines());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = detect(&shape(&bytes));
        for format in FORMATS {
            let reading = read(format, bytes.as_slice());
            prop_assert!(!reading.troubles.is_empty() || !reading.coverage.is_empty() || bytes.len() > 8);
        }
    }

    #[test]
    fn mutated_reports_never_panic(
        (format, run) in (proptest::sample::select(FORMATS.to_vec()), plain_runs()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0_u8..3), 1..6),
    ) {
        let mut bytes = written(format, &run).into_bytes();
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
        merged.merge(read(Format::Lcov, written(Format::Lcov, &run).as_bytes()).coverage);
        let _ = export_cobertura(&merged);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_prefix_is_never_greener(run in plain_runs(), format in proptest::sample::select(FORMATS.to_vec()), _once in Just(())) {
        let text = written(format, &run);
        let whole = text.trim_end();
        for end in 0..whole.len() {
            let prefix = &text[..end];
            if !has_an_end_there(format, prefix) {
                prop_assert!(!read(format, prefix.as_bytes()).troubles.is_empty(), "{:?} cut to {}", format, prefix);
            }
        }
    }
}
