//! The choice of lines where not all of a failure's text fits.
//!
//! Assertions, differences and errors stay before what leads up to them, and that before frames of libraries.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{frames, why};

/// Stands where lines were left out.
const GAP: &str = "[…]";
/// Bytes of the beginning and of the end of a text that are looked at.
const WINDOW: usize = 32_768;
/// Frames of libraries in a row that stay.
const FRAMES: usize = 2;

/// How much a line says about why a test failed, from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
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

/// Of each line, how much it says.
pub(super) fn weigh(lines: &[&str]) -> Vec<Weight> {
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
            || why::is_named(text);
        match text {
            _ if is_reason => Weight::Reason,
            _ if frames::is_own(line) => Weight::Own,
            _ if text.trim_matches(['_', '-', '=', ' ']).is_empty() => Weight::Foreign,
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
    let mut order: Vec<_> = (0..lines.len())
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

    use super::{pick, shorten};

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
