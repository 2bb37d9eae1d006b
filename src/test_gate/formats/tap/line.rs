//! One line of TAP.

use crate::formats::numbers;

/// What a line is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said<'a> {
    Version,
    Plan {
        tests: u64,
        skip: Option<&'a str>,
    },
    Result(Outcome),
    /// `# text`.
    Comment(&'a str),
    BailOut(&'a str),
    Strict(bool),
    /// `{` before a buffered subtest, on a line of its own.
    Open,
    /// `}` behind a buffered subtest.
    Close,
    /// `---` before a YAML block.
    Yaml,
    Blank,
    Other,
}

/// A result line.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) ok: bool,
    pub(super) number: Option<u64>,
    pub(super) name: String,
    pub(super) directive: Option<Directive>,
    /// What stands behind the directive.
    pub(super) reason: String,
    /// `# time=12ms`.
    pub(super) millis: Option<f64>,
    /// Whether `{` opens a buffered subtest.
    pub(super) opens: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Skip,
    Todo,
}

/// Reads a line whose indentation is gone.
pub(super) fn said(text: &str) -> Said<'_> {
    let text = text.trim_end();
    if text.is_empty() {
        return Said::Blank;
    }
    if let Some(version) = text.strip_prefix("TAP version ") {
        return if is_number(version.trim()) { Said::Version } else { Said::Other };
    }
    if let Some(comment) = text.strip_prefix('#') {
        return Said::Comment(comment);
    }
    if let Some(reason) = text.strip_prefix("Bail out!") {
        return Said::BailOut(reason.trim());
    }
    match text {
        "{" => return Said::Open,
        "}" => return Said::Close,
        "---" => return Said::Yaml,
        "pragma +strict" => return Said::Strict(true),
        "pragma -strict" => return Said::Strict(false),
        _ => {}
    }
    plan(text).or_else(|| result(text).map(Said::Result)).unwrap_or(Said::Other)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1..N`, with a reason where nothing is run.
fn plan(text: &str) -> Option<Said<'_>> {
    let rest = text.strip_prefix("1..")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = rest.split_at_checked(digits)?;
    let tests = number.parse().ok()?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(Said::Plan { tests, skip: None });
    }
    let comment = rest.strip_prefix('#')?.trim();
    let skip = word(comment, "skip").map(|reason| if reason.is_empty() { "no reason given" } else { reason });
    Some(Said::Plan { tests, skip })
}

/// `ok 1 - name # directive`.
fn result(text: &str) -> Option<Outcome> {
    let (ok, rest) = match text.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let mut outcome = Outcome { ok, ..Outcome::default() };
    let mut rest = rest.trim();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if let Some((number, behind)) = rest.split_at_checked(digits)
        && (behind.is_empty() || behind.starts_with(char::is_whitespace))
        && let Ok(number) = number.parse()
    {
        outcome.number = Some(number);
        rest = behind.trim_start();
    }
    if let Some(opened) = rest.strip_suffix('{').filter(|before| before.is_empty() || before.ends_with(' ')) {
        outcome.opens = true;
        rest = opened.trim_end();
    }
    let rest = match rest.strip_prefix('-') {
        Some(name) if name.is_empty() || name.starts_with(char::is_whitespace) => name.trim_start(),
        _ => rest,
    };
    let name = outcome.direct(rest);
    outcome.name = unescape(name.trim());
    if let Some((name, millis)) = timed(&outcome.name) {
        outcome.millis = outcome.millis.or(Some(millis));
        outcome.name = name.to_owned();
    }
    Some(outcome)
}

impl Outcome {
    /// Takes the directive behind a name, and returns the name.
    fn direct<'a>(&mut self, text: &'a str) -> &'a str {
        for (index, _) in text.match_indices('#') {
            let before = text.get(..index).unwrap_or_default();
            let backslashes = before.len() - before.trim_end_matches('\\').len();
            if backslashes % 2 == 1 || !(before.is_empty() || before.ends_with(char::is_whitespace)) {
                continue;
            }
            let comment = text.get(index + 1..).unwrap_or_default().trim();
            if let Some(time) = comment.strip_prefix("time=") {
                self.millis = millis(time.split_whitespace().next().unwrap_or_default());
                // A directive may follow the time, or stand before it.
                let rest = time.split_once('#').map_or("", |(_, rest)| rest);
                self.directive = self.directive.or_else(|| self.directed(rest.trim()));
                return before;
            }
            if let Some(directive) = self.directed(comment) {
                self.directive = Some(directive);
                return before;
            }
        }
        text
    }

    fn directed(&mut self, comment: &str) -> Option<Directive> {
        let (reason, directive) = match (word(comment, "skip"), word(comment, "todo")) {
            (Some(reason), _) => (reason, Directive::Skip),
            (None, Some(reason)) => (reason, Directive::Todo),
            (None, None) => return None,
        };
        self.reason = unescape(reason);
        Some(directive)
    }
}

/// What stands behind a directive's word, in any case; `skipped` is one, too, `skipper` is not.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_at_checked(word.len())?;
    if !first.eq_ignore_ascii_case(word) {
        return None;
    }
    let rest = match rest.get(..3) {
        Some(ending) if word == "skip" && ending.eq_ignore_ascii_case("ped") => {
            rest.get(3..).unwrap_or_default()
        }
        _ => rest,
    };
    if rest.starts_with(|next: char| next.is_alphanumeric() || next == '_') {
        return None;
    }
    Some(rest.trim_start_matches([':', '-', ' ', '\t']).trim())
}

/// Text in which `\#` and `\\` stand for themselves.
fn unescape(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match characters.peek() {
            Some(next @ ('#' | '\\')) if character == '\\' => {
                found.push(*next);
                characters.next();
            }
            _ => found.push(character),
        }
    }
    found
}

/// `name in 12ms`, as bats writes it.
fn timed(name: &str) -> Option<(&str, f64)> {
    let (name, time) = name.rsplit_once(" in ")?;
    let digits = time.strip_suffix("ms").filter(|digits| is_number(digits))?;
    Some((name, digits.parse().ok()?))
}

/// `12ms`, `1.5s`.
fn millis(time: &str) -> Option<f64> {
    match time.strip_suffix("ms") {
        Some(digits) => numbers::decimal(digits),
        None => numbers::decimal(time.strip_suffix('s')?).map(|seconds| seconds * 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{Directive, Outcome, Said, said};

    fn outcome(text: &str) -> Outcome {
        match said(text) {
            Said::Result(outcome) => outcome,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_result_has_many_forms() {
        use Directive::{Skip, Todo};
        for (text, ok, number, name, directive, reason) in [
            ("ok", true, None, "", None, ""),
            ("not ok", false, None, "", None, ""),
            ("ok 1", true, Some(1), "", None, ""),
            ("not ok 12 - a b", false, Some(12), "a b", None, ""),
            ("ok 3 a", true, Some(3), "a", None, ""),
            ("ok - a", true, None, "a", None, ""),
            ("ok 4 - 5 apples", true, Some(4), "5 apples", None, ""),
            ("ok 5 -minus", true, Some(5), "-minus", None, ""),
            ("ok 6 - a # SKIP later", true, Some(6), "a", Some(Skip), "later"),
            ("ok 6 # skip", true, Some(6), "", Some(Skip), ""),
            ("ok 6 a # Skipped: why", true, Some(6), "a", Some(Skip), "why"),
            ("not ok 7 - a # TODO", false, Some(7), "a", Some(Todo), ""),
            ("not ok 7 - a #todo soon", false, Some(7), "a", Some(Todo), "soon"),
            (r"not ok 8 - a \# TODO", false, Some(8), "a # TODO", None, ""),
            (r"not ok 8 - a \\ # TODO x", false, Some(8), r"a \", Some(Todo), "x"),
            ("not ok 9 - see #12 # skipper", false, Some(9), "see #12 # skipper", None, ""),
            ("not ok 9 - todo", false, Some(9), "todo", None, ""),
            ("not ok 9 - x # TODOs", false, Some(9), "x # TODOs", None, ""),
            ("not ok 9 - issue#TODO", false, Some(9), "issue#TODO", None, ""),
        ] {
            let found = outcome(text);
            assert_eq!((found.ok, found.number, found.name.as_str()), (ok, number, name), "{text}");
            assert_eq!((found.directive, found.reason.as_str()), (directive, reason), "{text}");
        }
        for text in ["okay", "ok1", "not okay", "notok 1", "OK", "not  ok 1"] {
            assert_eq!(said(text), Said::Other, "{text}");
        }
    }

    #[test]
    fn times_and_braces_are_no_names() {
        let found = outcome("ok 1 - a # time=12.5ms {");
        assert!(found.opens && found.name == "a" && found.millis == Some(12.5));
        assert_eq!(outcome("ok 1 a in 7ms").millis, Some(7.0));
        assert_eq!(outcome("ok 1 - a # time=1ms # TODO x").directive, Some(Directive::Todo));
        assert!(!outcome("ok 1 - f(){").opens);
    }

    #[test]
    fn plans_and_others() {
        assert_eq!(said("1..3"), Said::Plan { tests: 3, skip: None });
        assert_eq!(said("1..0 # SKIP no database"), Said::Plan { tests: 0, skip: Some("no database") });
        assert_eq!(said("1..0 # Skipped: x"), Said::Plan { tests: 0, skip: Some("x") });
        assert_eq!(said("1..3 # comment"), Said::Plan { tests: 3, skip: None });
        for text in ["1..", "1..x", "1..3x", "2..3", "1..99999999999999999999999"] {
            assert_eq!(said(text), Said::Other, "{text}");
        }
        assert_eq!(said("Bail out! no disk"), Said::BailOut("no disk"));
        assert_eq!(said("TAP version 14"), Said::Version);
    }
}
