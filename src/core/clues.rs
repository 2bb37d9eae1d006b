//! Which lines of a failure's text say why it failed, and the choice of lines where not all of them fit.
//!
//! Assertions, differences and errors stay before what leads up to them, and that before frames of libraries.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::frames;

/// Stands where lines were left out.
const GAP: &str = "[…]";
/// Bytes of the beginning and of the end of a text that are looked at.
const WINDOW: usize = 32_768;
/// Frames of libraries in a row that stay.
const FRAMES: usize = 2;

/// How much a line says about why a test failed, from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// A frame outside of the project, or nothing.
    Foreign,
    /// Source and output.
    Context,
    /// A frame of the project.
    Own,
    /// An assertion, a difference, an error.
    Reason,
}

/// Beginnings of lines that say why.
const STARTS: &[&str] = &[
    "Expected",
    "expected",
    "EXPECTED",
    "Received",
    "received:",
    "Actual",
    "actual",
    "But was",
    "but was",
    "got:",
    "got ",
    "Got:",
    "want:",
    "want ",
    "left:",
    "right:",
    "Error:",
    "error:",
    "error[",
    "ERROR:",
    "Caused by",
    "caused by",
    "panic:",
    "fatal error",
    "FATAL",
    "Failed asserting",
    "assertion ",
    "Assertion ",
    "ASSERT",
    "Failure/Error:",
    "Messages:",
    "Passed in:",
    "Condition not satisfied",
    "WARNING: DATA RACE",
    "failure ",
    "attempt ",
];

/// Parts of lines that say why.
const PARTS: &[&str] = &[
    "panicked at ",
    "AssertionError",
    "assertion failed",
    "Assertion failed",
    "Segmentation fault",
    "SIGSEGV",
    "SIGABRT",
    "timed out",
    "Error: ",
    "Exception: ",
    "expected: ",
    "but was: ",
    ": error: ",
];

/// Beginnings of lines after which lines with `+` and `-` are a difference.
const DIFFERENCES: &[&str] =
    &["--- ", "+++ ", "- Expected", "+ Received", "+ actual", "+ expected", "@@", "Diff", "diff", "(-want"];

/// Beginnings of lines that name a value which was compared.
const VALUES: &[&str] = &[
    "expected", "received", "actual", "but was", "but got", "got", "want", "left:", "right:", "to be",
    "to equal",
];

/// `text` within `limit` bytes: lines that say why stay, the last of them always, and marks stand where others were left out.
pub fn shorten(text: &str, limit: usize) -> String {
    let text = text.trim_end();
    let whole;
    let text = if text.len() > 2 * WINDOW {
        whole = format!("{}\n{GAP}\n{}", start_of(text, WINDOW), end_of(text, WINDOW));
        whole.as_str()
    } else {
        text
    };
    let folded = fold(text);
    if folded.len() <= limit {
        return folded;
    }
    let longest = if folded.contains('\n') { limit * 2 / 5 } else { limit };
    let lines: Vec<String> = folded.lines().map(|line| cut(line, longest)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let chosen = choose(&lines, &weigh(&lines), &Room { limit, gap: GAP.len() + 1, has_end: true }, |line| {
        line.len() + 1
    });
    let mut short = String::new();
    let mut is_gap = false;
    for (line, is_chosen) in lines.iter().zip(chosen) {
        // Two marks in a row say no more than one.
        if is_chosen && *line != GAP {
            short.push_str(line);
            short.push('\n');
            is_gap = false;
        } else if !is_gap {
            short.push_str(GAP);
            short.push('\n');
            is_gap = true;
        }
    }
    short.trim_end().to_owned()
}

/// The lines of a text that are shown where there is room for so many; `None` with the number of lines where some were left out.
pub fn pick(text: &str, room: usize) -> Vec<(Option<&str>, usize)> {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let mut weights = weigh(&lines);
    // Where few lines are shown, none is said twice.
    let mut seen = BTreeSet::new();
    for (line, weight) in lines.iter().zip(&mut weights) {
        let said = line.trim_start_matches(['E', ' ']);
        if !seen.insert(said) {
            *weight = Weight::Foreign;
        }
    }
    let chosen = if lines.len() <= room {
        vec![true; lines.len()]
    } else {
        choose(&lines, &weights, &Room { limit: room + 1, gap: 1, has_end: false }, |_| 1)
    };
    let mut picked: Vec<(Option<&str>, usize)> = Vec::new();
    for (line, is_chosen) in lines.iter().zip(chosen) {
        match picked.last_mut() {
            _ if is_chosen => picked.push((Some(line), 1)),
            Some((None, amount)) => *amount += 1,
            _ => picked.push((None, 1)),
        }
    }
    picked
}

/// The line that says best why something failed, without what marks it.
pub fn reason(text: &str) -> Option<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_pytest = |line: &&str| line.starts_with("E  ");
    if let Some(last) = lines.iter().rposition(is_pytest) {
        let before = lines.get(..last).unwrap_or_default();
        let first = before.iter().rposition(|line| !is_pytest(line)).map_or(0, |index| index + 1);
        // The block begins with what was asserted, or with a piece of source that can't be read.
        let mut block =
            lines.iter().take(last + 1).skip(first).map(|line| line.trim_start_matches('E').trim());
        let best = if lines.get(first).is_some_and(|line| line.contains("File \"")) {
            block.clone().find(|line| is_named(line))
        } else {
            None
        };
        return best.or_else(|| block.next());
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
    let weighty = (0..lines.len()).filter(|at| weights.get(*at) == Some(&Weight::Reason)).find(says);
    // What a test says of its own stands right before what its runner says of it.
    let best = if first.map(|first| first + 1) == weighty { first } else { weighty.or(first) };
    let line = lines.get(best?)?.trim();
    Some(line)
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
fn is_named(text: &str) -> bool {
    let Some((name, said)) = text.split_once(':') else { return false };
    let name = name.split([' ', '[', '(']).next().unwrap_or_default();
    let is_name =
        |character: char| character.is_alphanumeric() || matches!(character, '.' | '\\' | '_' | '$');
    ["Error", "Exception"].iter().any(|end| name.ends_with(end))
        && name.chars().all(is_name)
        && !said.trim().is_empty()
}

/// Of each line, how much it says.
fn weigh(lines: &[&str]) -> Vec<Weight> {
    let foreign = frames::foreign(lines);
    let mut is_difference = false;
    let weigh = |(line, is_foreign): (&&str, bool)| {
        let text = line.trim_start_matches([' ', '\t', '#', '│', '|', '*', '>']);
        if is_foreign {
            is_difference = false;
            return Weight::Foreign;
        }
        let begins = DIFFERENCES.iter().any(|start| text.starts_with(start));
        is_difference |= begins;
        is_difference &= !text.starts_with("at ");
        let is_reason = begins
            || is_difference && text.starts_with(['+', '-'])
            || line.starts_with("E  ")
            || STARTS.iter().any(|start| text.starts_with(start))
            || PARTS.iter().any(|part| text.contains(part))
            || is_named(text);
        match text {
            _ if is_reason => Weight::Reason,
            _ if frames::is_own(line) => Weight::Own,
            "" => Weight::Foreign,
            _ => Weight::Context,
        }
    };
    lines.iter().zip(foreign).map(weigh).collect()
}

/// The text with long rows of frames outside of the project counted in place of shown.
fn fold(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let foreign = frames::foreign(&lines);
    // A trace that has no frame of the project keeps its beginning.
    let has_own = lines.iter().any(|line| frames::is_own(line));
    let kept = if has_own { 0 } else { FRAMES };
    let mut folded: Vec<String> = Vec::new();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let row = foreign.iter().skip(index).take_while(|is_foreign| **is_foreign).count();
        if row > kept + FRAMES {
            folded.extend(lines.iter().skip(index).take(kept).map(|line| (*line).to_owned()));
            folded.push(format!("[… {} lines of libraries]", row - kept));
            index += row;
        } else {
            folded.push((*line).to_owned());
            index += 1;
        }
    }
    folded.join("\n")
}

/// How much room there is.
struct Room {
    limit: usize,
    /// What a gap takes of it.
    gap: usize,
    /// Whether some of the end is kept of a text that names no reason.
    has_end: bool,
}

/// Which lines are taken, given what each takes of the room.
fn choose(lines: &[&str], weights: &[Weight], room: &Room, cost: impl Fn(&str) -> usize) -> Vec<bool> {
    let Room { limit, gap, has_end } = *room;
    let last = lines.len().saturating_sub(1);
    let last_reason = weights.iter().rposition(|weight| *weight == Weight::Reason);
    let distances = distances(weights);
    let nearness = |at: usize| match distances.get(at) {
        Some(distance) if last_reason.is_some() => *distance,
        _ if has_end => at.min(2 * last.saturating_sub(at)),
        _ => at,
    };
    let mut order: Vec<(Reverse<bool>, Reverse<Option<Weight>>, usize, usize)> = (0..lines.len())
        .map(|at| {
            let weight = weights.get(at).copied();
            let rank = if weight >= Some(Weight::Own) { at } else { nearness(at) };
            (Reverse(at == 0 || Some(at) == last_reason), Reverse(weight), rank, at)
        })
        .collect();
    order.sort_unstable();
    let mut chosen = vec![false; lines.len()];
    // Nothing is chosen yet, which is one gap.
    let mut spent = gap;
    for (.., at) in order {
        let is_taken = |at: Option<usize>| at.is_none_or(|at| chosen.get(at).copied().unwrap_or(true));
        let sides = usize::from(!is_taken(at.checked_sub(1))) + usize::from(!is_taken(Some(at + 1)));
        let after =
            (spent + cost(lines.get(at).copied().unwrap_or_default()) + sides * gap).saturating_sub(gap);
        if after <= limit
            && let Some(mark) = chosen.get_mut(at)
        {
            *mark = true;
            spent = after;
        }
    }
    chosen
}

/// Of each line, how far the nearest one is that says why.
fn distances(weights: &[Weight]) -> Vec<usize> {
    let far = weights.len();
    let mut distances = vec![far; far];
    let mut sweep = |order: &mut dyn Iterator<Item = usize>| {
        let mut distance = far;
        for at in order {
            distance = if weights.get(at) == Some(&Weight::Reason) { 0 } else { distance.saturating_add(1) };
            if let Some(known) = distances.get_mut(at) {
                *known = distance.min(*known);
            }
        }
    };
    sweep(&mut (0..far));
    sweep(&mut (0..far).rev());
    distances
}

/// A line of at most `limit` bytes.
fn cut(line: &str, limit: usize) -> String {
    let part = start_of(line, limit.saturating_sub(GAP.len() + 1));
    if line.len() <= limit { line.to_owned() } else { format!("{part} {GAP}") }
}

/// The longest beginning of at most so many bytes.
fn start_of(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The longest end of at most so many bytes.
fn end_of(text: &str, length: usize) -> &str {
    let mut start = text.len().saturating_sub(length);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    use super::{in_one_line, is_noise, pick, reason, shorten};

    /// What pytest writes of a module that can't be imported, with a long prelude.
    fn collection_error() -> String {
        let prelude = "/opt/hostedtoolcache/Python/3.11.7/x64/lib/python3.11/importlib/__init__.py:126: in load\n    return x\n";
        let source = "    price = 1\n".repeat(300);
        format!(
            "ImportError while importing\n{prelude}{source}tests/test_a.py:1: in <module>\n    import nope\nE   ModuleNotFoundError: No module named 'nope'"
        )
    }

    #[test]
    fn the_prelude_is_cut_and_the_last_error_stays() {
        let short = shorten(&collection_error(), 300);
        assert!(short.len() <= 300, "{short}");
        assert!(short.starts_with("ImportError while importing\n"), "{short}");
        assert!(short.contains("\ntests/test_a.py:1: in <module>\n"), "{short}");
        assert!(short.ends_with("\nE   ModuleNotFoundError: No module named 'nope'"), "{short}");
    }

    #[test]
    fn a_root_cause_stays_however_long_its_trace() {
        let frames = "\tat org.springframework.Bean.create(Bean.java:7)\n".repeat(400);
        let trace = format!(
            "IllegalStateException: no context\n{frames}Caused by: java.net.ConnectException: refused\n{frames}"
        );
        let short = shorten(&trace, 500);
        assert!(short.contains("\nCaused by: java.net.ConnectException: refused\n"), "{short}");
        assert!(short.contains(" lines of libraries]"), "{short}");
    }

    #[test]
    fn a_single_long_line_keeps_its_beginning() {
        let short = shorten(&"é".repeat(1_000), 101);
        assert!(short.len() <= 101 && short.starts_with("ééé") && short.ends_with(" […]"), "{short}");
    }

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
            assert_eq!(reason(text), Some(expected), "{text}");
        }
        assert_eq!(reason(""), None);
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_text_fits_and_its_last_reason_stays(
            lines in proptest::collection::vec("(E   |    |\\+|-|at |Error: )?[a-zé:/. ]{0,60}", 0..60),
            limit in 150_usize..2_000,
        ) {
            let text = format!("first\n{}\nTypeError: last\n    at f (a.js:1:1)", lines.join("\n"));
            let short = shorten(&text, limit);
            prop_assert!(short.len() <= limit, "{} > {}: {}", short.len(), limit, short);
            prop_assert!(short.starts_with("first"), "{}", short);
            prop_assert!(short.contains("TypeError: last"), "{}", short);
            prop_assert_eq!(&shorten(&short, limit), &short, "a second time changes nothing");
        }

        #[test]
        fn what_is_picked_and_what_is_counted_is_all_there_is(
            lines in proptest::collection::vec("(E   |Error: )?[a-z]{0,5}", 1..60),
            room in 1_usize..20,
        ) {
            let text = lines.join("\n");
            let text = text.trim_end();
            let picked = pick(text, room);
            let shown = picked.iter().filter(|(line, _)| line.is_some()).count();
            let counted: usize = picked.iter().map(|(_, amount)| amount).sum();
            prop_assert_eq!(counted, text.lines().count());
            prop_assert!(picked.len() <= room + 1 && shown >= 1.min(counted), "{:?}", picked);
        }
    }
}
