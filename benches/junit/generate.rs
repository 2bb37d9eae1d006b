//! Reports of `JUnit` XML of any size.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Tests of a suite.
const SUITE: u64 = 500;

/// Bytes of output beside each test of a long report.
const OUTPUT: usize = 480;

/// Writes a report: suites of 500 cases, of which five fail, beginning with the case `first`; returns its length.
pub(crate) fn report(path: &Path, tests: u64, first: u64) -> u64 {
    let file = BufWriter::new(File::create(path).expect("a file"));
    suites(file, tests, first, "").expect("room on the disk");
    std::fs::metadata(path).expect("the report").len()
}

/// Writes a report with half a kilobyte of output in every test; returns its length.
pub(crate) fn long(target: impl Write, tests: u64) -> io::Result<u64> {
    let output = "a line of output as programs write it\n".repeat(OUTPUT.div_ceil(38));
    suites(BufWriter::with_capacity(1 << 17, target), tests, 1, &output)
}

fn suites(mut target: impl Write, tests: u64, first: u64, output: &str) -> io::Result<u64> {
    let mut length = 0;
    let mut put = |text: &str| {
        length += text.len() as u64;
        target.write_all(text.as_bytes())
    };
    put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bench\">\n")?;
    for suite in 0..tests / SUITE {
        put(&format!(
            "<testsuite name=\"com.example.shop.Suite{suite}\" tests=\"{SUITE}\" failures=\"5\" errors=\"0\">\n"
        ))?;
        for case in 0..SUITE {
            put(&opened(suite, case))?;
            put(&if case % 100 == first % 100 { failed(suite, case, output) } else { passed(output) })?;
        }
        put("</testsuite>\n")?;
    }
    put("</testsuites>\n")?;
    target.flush()?;
    Ok(length)
}

fn opened(suite: u64, case: u64) -> String {
    format!(
        "  <testcase name=\"applies the discount of customer group number {case} to order {suite}\" \
         classname=\"com.example.shop.checkout.Suite{suite}\" file=\"src/shop/checkout/suite_{suite}.ts\" time=\"0.0{case}\""
    )
}

fn passed(output: &str) -> String {
    if output.is_empty() {
        return "/>\n".to_owned();
    }
    format!(">\n    <system-out>{output}</system-out>\n  </testcase>\n")
}

fn failed(suite: u64, case: u64, output: &str) -> String {
    format!(
        ">\n    <failure message=\"expected {case} to be 100\" type=\"AssertionError\">AssertionError: expected {case} to be \
         100\n      at Object.test (src/shop/checkout/suite_{suite}.ts:{case}:13)\n      at run \
         (node_modules/runner/lib/run.js:88:7)</failure>\n    <system-out>{output}</system-out>\n  </testcase>\n"
    )
}
