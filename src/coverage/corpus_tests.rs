//! Real reports: those of the corpus against counts made by other means, and those of one run in several formats against each
//! other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{
    Coverage, FileTotals, Format, Mapper, Origin, Ratio, Reading, clover, cobertura, coverage_py, detect,
    gcovr, go_cover, istanbul, jacoco, lcov, llvm_cov, read, simplecov,
};
use crate::skipped::skipped;
use devops_reading::shape::shape;

/// The folder of real data, or `None` with a word about it where it is absent and may be.
fn corpus() -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folder =
        std::env::var_os("DEVOPS_CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("DEVOPS_CORPUS_REQUIRED").is_none(),
        "the corpus is required and {} is not there",
        folder.display()
    );
    skipped("corpus");
    None
}

/// Reads a file as the gate does: its format from its content.
fn report(path: &Path) -> Reading {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let head = bytes.get(..256 * 1024).unwrap_or(&bytes);
    let format = detect(&shape(head)).unwrap_or_else(|| panic!("{}: no format", path.display()));
    let reading = read(format, bytes.as_slice());
    assert!(reading.troubles.is_empty(), "{}: {:?}", path.display(), reading.troubles);
    reading
}

#[test]
fn reports_of_the_corpus_have_the_numbers_counted_by_other_means() {
    let Some(folder) = corpus() else { return };
    // File, format, files in it, lines covered and coverable, branches covered and all.
    let expected = [
        ("cobertura/coverage.xml", cobertura::FORMAT, 305, 7706, 7712, 0, 0),
        ("clover/coverage.xml", clover::FORMAT, 468, 9430, 11707, 0, 0),
        ("clover/coverage_package.xml", clover::FORMAT, 3, 11, 11, 0, 0),
        ("clover/coverage_path.xml", clover::FORMAT, 3, 20, 30, 0, 0),
        ("jacoco/jacocoTestReport.xml", jacoco::FORMAT, 487, 10351, 11219, 3540, 4455),
        ("lcov/lcov.info", lcov::FORMAT, 21, 1147, 1202, 0, 0),
        ("gocover/coverage.out", go_cover::FORMAT, 30, 3221, 4947, 0, 0),
        ("simplecov/.resultset.json", simplecov::FORMAT, 335, 2347, 6043, 0, 0),
        ("simplecov/.resultset.another.json", simplecov::FORMAT, 335, 2347, 6043, 0, 0),
        ("simplecov/.resultset.parallel.json", simplecov::FORMAT, 335, 2347, 6043, 0, 0),
        ("simplecov/.resultset2.json", simplecov::FORMAT, 21, 1147, 1202, 0, 0),
    ];
    for (name, format, files, covered, coverable, taken, branches) in expected {
        let reading = report(&folder.join("coverage").join(name));
        assert_eq!(reading.format, format, "{name}");
        assert_eq!(reading.coverage.files.len(), files, "{name}");
        let totals =
            FileTotals { lines: Ratio::new(covered, coverable), branches: Ratio::new(taken, branches) };
        assert_eq!(reading.coverage.totals(), totals, "{name}");
    }
}

#[test]
fn lcov_and_simplecov_of_one_run_agree() {
    let Some(folder) = corpus() else { return };
    let lcov = report(&folder.join("coverage/lcov/lcov.info"));
    let tracked: Vec<String> =
        lcov.coverage.files.keys().map(|path| path.trim_start_matches("./").to_owned()).collect();
    let of = |reading: Reading| {
        let mapped = Mapper::new(Some(&tracked)).map(reading, &Origin::default());
        assert_eq!(mapped.unmapped, []);
        lines(&mapped.coverage)
    };
    let simplecov = report(&folder.join("coverage/simplecov/.resultset2.json"));
    assert_eq!(of(lcov), of(simplecov));
}

fn case(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/cases/test-gate").join(name)
}

/// The reports of a case by the paths of its repository.
fn mapped(folder: &str, reports: &[&str], tracked: &[&str]) -> Vec<(Format, Coverage)> {
    let tracked: Vec<String> = tracked.iter().map(|path| (*path).to_owned()).collect();
    let one = |name: &&str| {
        let reading = report(&case(folder).join(name));
        let format = reading.format;
        let mapped = Mapper::new(Some(&tracked)).map(reading, &Origin::default());
        assert_eq!(mapped.unmapped, [], "{folder}/{name}");
        (format, mapped.coverage)
    };
    reports.iter().map(one).collect()
}

/// Lines by file, and whether they are covered.
fn lines(coverage: &Coverage) -> BTreeMap<String, Vec<(u32, bool)>> {
    let of = |file: &super::model::FileCoverage| {
        file.lines().iter().map(|line| (line.number, line.hits > 0)).collect()
    };
    coverage.files.iter().map(|(path, file)| (path.clone(), of(file))).collect()
}

// The cases were written by one run each of coverage.py 7.17, nyc 17, c8 10, Go 1.26, LLVM 14 and gcovr 8.8 (and 5.0); only the folder they ran in
// was replaced.

#[test]
fn gcovr_says_the_same_in_its_formats() {
    let reports = ["gcovr.json", "gcovr-5.json", "coverage.lcov", "coverage.xml"];
    let found = mapped("coverage-gcovr", &reports, &["src/calc.cpp"]);
    let formats: Vec<Format> = found.iter().map(|(format, _)| *format).collect();
    assert_eq!(formats, [gcovr::FORMAT, gcovr::FORMAT, lcov::FORMAT, cobertura::FORMAT]);
    for (format, coverage) in &found {
        assert_eq!(lines(coverage), lines(&found[0].1), "{format:?}");
        // Both instances of a template stand on one line, which gcovr itself counts twice: 12 of 14.
        assert_eq!(coverage.totals().lines, Ratio::new(11, 13), "{format:?}");
        if *format != cobertura::FORMAT {
            // Cobertura has no names of branches, so that those of the two instances can't be put together.
            assert_eq!(coverage.totals().branches, Ratio::new(10, 12), "{format:?}");
        }
    }
}

#[test]
fn coverage_py_says_the_same_in_its_three_formats() {
    let found = mapped(
        "coverage-python",
        &["coverage.json", "coverage.xml", "coverage.lcov"],
        &["shop.py", "test_shop.py"],
    );
    let formats: Vec<Format> = found.iter().map(|(format, _)| *format).collect();
    assert_eq!(formats, [coverage_py::FORMAT, cobertura::FORMAT, lcov::FORMAT]);
    for (format, coverage) in &found {
        assert_eq!(lines(coverage), lines(&found[0].1), "{format:?}");
        assert_eq!(coverage.totals().lines, Ratio::new(14, 18), "{format:?}");
        assert_eq!(coverage.totals().branches, Ratio::new(6, 8), "{format:?}");
    }
}

#[test]
fn istanbul_says_the_same_in_its_four_formats() {
    let reports = ["coverage-final.json", "lcov.info", "cobertura-coverage.xml", "clover.xml"];
    for (folder, expected) in [("coverage-nyc", Ratio::new(7, 11)), ("coverage-c8", Ratio::new(21, 29))] {
        let found = mapped(folder, &reports, &["src/idle.js", "src/shop.js", "test.js"]);
        for (format, coverage) in &found {
            assert_eq!(lines(coverage), lines(&found[0].1), "{folder} {format:?}");
            assert_eq!(coverage.totals().lines, expected, "{folder} {format:?}");
        }
        assert_eq!(found[0].1.totals().branches, found[1].1.totals().branches, "{folder}: JSON and LCOV");
        let summary = std::fs::read(case(folder).join("coverage-summary.json")).unwrap();
        assert_eq!(detect(&shape(&summary)), Some(istanbul::SUMMARY));
    }
}

#[test]
fn go_says_the_same_in_its_three_modes() {
    let module = std::fs::read_to_string(case("coverage-go").join("go.mod.txt")).unwrap();
    for name in ["set.out", "count.out", "atomic.out"] {
        let reading = report(&case("coverage-go").join(name));
        let tracked = ["go.mod".to_owned(), "shop.go".to_owned()];
        let mapped = Mapper::new(Some(&tracked)).go_mod("go.mod", &module).map(reading, &Origin::default());
        let covered: Vec<u32> = mapped.coverage.files["shop.go"]
            .lines()
            .iter()
            .filter(|line| line.hits > 0)
            .map(|line| line.number)
            .collect();
        assert_eq!(covered, [7, 8, 11, 12, 13, 14], "{name}");
        assert_eq!(
            mapped.coverage.files["shop.go"].uncovered().collect::<Vec<_>>(),
            [9, 10, 17, 18, 19, 20, 21, 22]
        );
    }
}

#[test]
fn llvm_says_the_same_in_its_two_formats() {
    let found = mapped("coverage-llvm", &["export.json", "export.lcov"], &["shop.c"]);
    assert_eq!(lines(&found[0].1), lines(&found[1].1));
    assert_eq!(found[0].1.totals().lines, Ratio::new(12, 17));
    assert_eq!((found[0].0, found[0].1.totals().branches), (llvm_cov::FORMAT, Ratio::new(5, 10)));
    let hits = |index: usize| found[index].1.files["shop.c"].lines().to_vec();
    assert_eq!(hits(0), hits(1), "hits, too");
}

#[test]
fn real_reports_that_are_cut_off_say_so() {
    for name in [
        "coverage-python/coverage.json",
        "coverage-python/coverage.xml",
        "coverage-python/coverage.lcov",
        "coverage-nyc/coverage-final.json",
        "coverage-nyc/clover.xml",
        "coverage-c8/cobertura-coverage.xml",
        "coverage-llvm/export.json",
    ] {
        let bytes = std::fs::read(case(name)).unwrap();
        let format = detect(&shape(&bytes)).unwrap();
        let whole = bytes.trim_ascii_end().len();
        for end in (0..whole).step_by(31).chain([whole - 1]) {
            assert!(!read(format, &bytes[..end]).troubles.is_empty(), "{name} cut to {end} bytes");
        }
    }
}
