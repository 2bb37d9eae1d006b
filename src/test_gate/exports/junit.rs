//! `tests.junit.xml`: all tests of all reports as one report of `JUnit`, in the form Surefire writes reruns.

use std::fmt::Write as _;

use super::Source;
use crate::attempts::State;
use crate::collector::GroupError;
use crate::execution::Execution;

/// The reports as one.
pub(crate) fn junit(sources: &[Source]) -> Vec<u8> {
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"test-gate\">\n");
    for source in sources {
        let tests = source.archive.tests();
        let of = |state: State| tests.iter().filter(|test| test.state == state).count();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            clean(&source.label),
            tests.len() + source.errors.len(),
            of(State::Failed),
            of(State::Errored) + source.errors.len(),
            of(State::Skipped) + of(State::NotRun),
        );
        for test in tests {
            case(&mut text, test);
        }
        for error in &source.errors {
            broken(&mut text, error);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text.into_bytes()
}

/// A test.
fn case(page: &mut String, test: &Execution) {
    let class = [&test.classname, &test.suite].into_iter().find(|name| !name.is_empty());
    let _ = write!(
        page,
        "    <testcase classname=\"{}\" name=\"{}\"",
        clean(class.map_or("", String::as_str)),
        clean(&test.name)
    );
    if !test.file.is_empty() {
        let _ = write!(page, " file=\"{}\"", clean(&test.file));
    }
    if let Some(line) = test.line {
        let _ = write!(page, " line=\"{line}\"");
    }
    if let Some(micros) = test.micros {
        let _ = write!(page, " time=\"{}.{:06}\"", micros / 1_000_000, micros % 1_000_000);
    }
    let body = match test.state {
        State::Passed => return page.push_str("/>\n"),
        State::Skipped => "      <skipped/>\n".to_owned(),
        State::NotRun => "      <skipped message=\"did not run\"/>\n".to_owned(),
        State::Failed => wrong("failure", test) + &wrong("rerunFailure", test).repeat(reruns(test)),
        State::Errored => wrong("error", test) + &wrong("rerunError", test).repeat(reruns(test)),
        State::Flaky => wrong("flakyFailure", test).repeat(reruns(test).max(1)),
    };
    let _ = write!(page, ">\n{body}    </testcase>\n");
}

/// Attempts after the first, no more than anyone would make.
fn reruns(test: &Execution) -> usize {
    usize::try_from(test.attempts.saturating_sub(1)).unwrap_or(0).min(20)
}

/// An element that says what went wrong.
fn wrong(element: &str, test: &Execution) -> String {
    format!("      <{element} message=\"{}\">{}</{element}>\n", clean(&test.message), clean(&test.detail))
}

/// What went wrong apart from tests.
fn broken(text: &mut String, error: &GroupError) {
    let _ = writeln!(
        text,
        "    <testcase classname=\"\" name=\"{}\">\n      <error message=\"{}\">{}</error>\n    </testcase>",
        clean(&error.name),
        clean(&error.message),
        clean(&error.detail)
    );
}

/// Text as XML takes it.
fn clean(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut clean, character| {
        match character {
            '&' => clean.push_str("&amp;"),
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '"' => clean.push_str("&quot;"),
            '\n' => clean.push_str("&#10;"),
            '\t' => clean.push_str("&#9;"),
            '\r' => clean.push_str("&#13;"),
            '\u{fffe}' | '\u{ffff}' => clean.push('\u{fffd}'),
            control if control.is_control() => clean.push('\u{fffd}'),
            other => clean.push(other),
        }
        clean
    })
}
