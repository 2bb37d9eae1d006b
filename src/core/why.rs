//! Why something failed in few words: the line of a text that says so, and what of it fits on one line.

use super::clues::{Weight, weigh};
use super::frames;

/// Beginnings of lines that name a value which was compared.
const VALUES: &[&str] = &[
    "expected", "received", "actual", "but was", "but got", "got", "want", "left:", "right:", "to be",
    "to equal",
];

/// Lines by which runners say nothing more than that something failed, in small letters.
const WORDS: [&str; 19] = [
    "",
    "pass",
    "none",
    "null",
    "undefined",
    "fail",
    "failed",
    "failure",
    "error",
    "errored",
    "exception",
    "test failed",
    "test failure",
    "test error",
    "collection failure",
    "unknown file",
    "jest encountered an unexpected token",
    "assertionerror",
    "traceback (most recent call last)",
];

/// Beginnings of lines that only lead to what failed.
const STARTS: [&str; 10] = [
    "=== ",
    "--- FAIL",
    "--- PASS",
    "FAIL\t",
    "note: run with",
    "● ",
    "goroutine ",
    "Traceback (most recent",
    "(in test file ",
    "(from function ",
];

/// The line that says best why something failed, without what marks it.
pub fn line(text: &str) -> Option<&str> {
    let lines: Vec<&str> = text.lines().collect();
    if let Some(line) = asserted(&lines) {
        return Some(line);
    }
    let mut named = lines.iter().filter(|line| !frames::is_foreign(line) && is_named(line.trim()));
    let is_traceback = lines.iter().any(|line| line.trim_start().starts_with("Traceback (most recent call"));
    let named = if is_traceback { named.next_back() } else { named.next() };
    let says = |at: &usize| lines.get(*at).is_some_and(|line| !is_noise(line));
    let first = (0..lines.len()).find(says);
    if let Some(named) = named {
        // A runner may say what the error says before it names it.
        let said =
            first.and_then(|first| lines.get(first)).filter(|first| named.trim().ends_with(first.trim()));
        return Some(said.unwrap_or(named).trim());
    }
    let weights = weigh(&lines);
    let telling = (0..lines.len()).filter(|at| weights.get(*at) == Some(&Weight::Reason)).find(says);
    // What a test says of its own stands right before what its runner says of it.
    let best = if first.map(|first| first + 1) == telling { first } else { telling.or(first) };
    let line = lines.get(best?)?.trim();
    Some(line)
}

/// The first line of the last block that pytest marks with `E`; where that shows a piece of source, the error below it.
fn asserted<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let is_marked = |line: &&str| line.starts_with("E  ");
    let last = lines.iter().rposition(is_marked)?;
    let before = lines.get(..last).unwrap_or_default();
    let first = before.iter().rposition(|line| !is_marked(line)).map_or(0, |index| index + 1);
    let said = |line: &&'a str| line.trim_start_matches('E').trim();
    let mut block = lines.iter().take(last + 1).skip(first).map(said);
    let is_source = lines.get(first).is_some_and(|line| line.contains("File \""));
    let named = block.clone().find(|line| is_source && is_named(line));
    named.or_else(|| block.next())
}

/// What a detail says, on one line: its first line, and the values that were compared where they stand below it.
pub fn in_one_line(detail: &str) -> String {
    let mut lines = detail.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return String::new() };
    let next: Vec<&str> = lines.take(8).collect();
    let is_value = |line: &&&str| {
        let line = line.to_lowercase();
        VALUES.iter().any(|value| line.starts_with(value))
    };
    let first_is_value = is_value(&&first) && !first.ends_with(':');
    let mut values: Vec<&str> = next.iter().filter(is_value).take(2).copied().collect();
    if first_is_value {
        values.truncate(1);
    } else if values.is_empty() && first.ends_with(':') {
        values = next.iter().take(2).copied().take_while(|line| !frames::is_foreign(line)).collect();
    }
    let squeeze = |line: &&str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let values =
        values.iter().filter(|value| !first.contains(**value)).map(squeeze).collect::<Vec<_>>().join(", ");
    match first.trim_end_matches(':') {
        first if values.is_empty() => first.to_owned(),
        _ if first_is_value => format!("{first}, {values}"),
        first => format!("{first}: {values}"),
    }
}

/// Whether a line says nothing about why something failed: a runner's own words, or a bare place.
pub fn is_noise(line: &str) -> bool {
    let text = line.trim().trim_end_matches([':', '.', '!']);
    let lower = text.to_lowercase();
    let is_panic = text.starts_with("thread '") && text.contains(" panicked at ");
    WORDS.contains(&lower.as_str())
        || is_panic
        || STARTS.iter().any(|start| text.starts_with(start))
        || is_place(text)
}

/// Whether a text is a place and nothing else, as `cart.cc:4`.
fn is_place(text: &str) -> bool {
    let mut parts = text.split(':');
    let path = parts.next().unwrap_or_default();
    let mut numbers = parts.peekable();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    path.contains('.') && !path.contains(' ') && numbers.peek().is_some() && numbers.all(is_number)
}

/// Whether a line begins with the name of an error, as `TypeError: no such thing`.
pub(super) fn is_named(text: &str) -> bool {
    let Some((name, said)) = text.split_once(':') else { return false };
    let name = name.split([' ', '[', '(']).next().unwrap_or_default();
    let is_name =
        |character: char| character.is_alphanumeric() || matches!(character, '.' | '\\' | '_' | '$');
    ["Error", "Exception"].iter().any(|end| name.ends_with(end))
        && name.chars().all(is_name)
        && !said.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::{in_one_line, is_noise, line};

    #[test]
    fn the_reason_is_found_behind_what_says_nothing() {
        for (text, expected) in [
            (
                "def test_a():\n>       assert x() == 90\nE       assert 0.0 == 90\nE        +  where 0.0 = x()\n\ntests/a.py:5: AssertionError",
                "assert 0.0 == 90",
            ),
            (
                "E     File \"tests/a.py\", line 1\nE       def x(:\nE             ^\nE   SyntaxError: invalid syntax",
                "SyntaxError: invalid syntax",
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 9, in f\n    g()\nAssertionError: 1 != 2\n- 1\n+ 2",
                "AssertionError: 1 != 2",
            ),
            (
                "thread 'a' (7) panicked at src/lib.rs:25:9:\nassertion `left == right` failed\n  left: 2",
                "assertion `left == right` failed",
            ),
            (
                "=== RUN   TestA\n--- FAIL: TestA (0.00s)\npanic: index out of range",
                "panic: index out of range",
            ),
            ("gt.cc:4\nExpected equality of these values:\n  20", "Expected equality of these values:"),
            ("prices differ\nFailed asserting that two strings are identical.", "prices differ"),
            ("loading\nstarting\nTypeError: no such thing\n    at f (a.js:1:1)", "TypeError: no such thing"),
            ("no such thing\nTypeError: no such thing\n    at f (a.js:1:1)", "no such thing"),
        ] {
            assert_eq!(line(text), Some(expected), "{text}");
        }
        assert_eq!(line(""), None);
    }

    #[test]
    fn one_line_holds_the_values_that_were_compared() {
        for (text, expected) in [
            (
                "Error: expect(received).toBe(expected)\n\nExpected: 3\nReceived: 2\n    at f",
                "Error: expect(received).toBe(expected): Expected: 3, Received: 2",
            ),
            (
                "assertion `left == right` failed\n  left: 2\n right: 3",
                "assertion `left == right` failed: left: 2, right: 3",
            ),
            ("expected: 1\n     got: 2\n", "expected: 1, got: 2"),
            ("Expected equality of these values:\n  20\n  10", "Expected equality of these values: 20, 10"),
            ("Setup failed:\nno database", "Setup failed: no database"),
            ("no such thing\n    at f", "no such thing"),
            ("", ""),
        ] {
            assert_eq!(in_one_line(text), expected);
        }
    }

    #[test]
    fn words_of_runners_say_nothing() {
        for line in [
            "Failed",
            "collection failure",
            "test failure",
            "AssertionError",
            "None",
            "gt.cc:4",
            "a.py:4:7:",
            "=== RUN   TestA",
        ] {
            assert!(is_noise(line), "{line}");
        }
        for line in ["no database", "assert 1 == 2", "12:30", "TypeError: x", "Error: no database"] {
            assert!(!is_noise(line), "{line}");
        }
    }
}
