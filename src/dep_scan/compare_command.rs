//! `compare`: which of two versions is newer, by the rules of an ecosystem.

use std::cmp::Ordering;
use std::io::{self, BufRead as _};

use clap::{Arg, ArgMatches, Command};

use devops_core::Error;
use devops_versions::compare;

/// The sub-command.
pub(super) fn command() -> Command {
    let ecosystem = Arg::new("ecosystem")
        .value_name("ECOSYSTEM")
        .requires_all(["first", "second"])
        .help("Name of the ecosystem in OSV, e.g. `PyPI` or `Debian:12`");
    Command::new("compare")
        .about("Compare versions of an ecosystem; without arguments, pairs from standard input")
        .long_about(
            "Compare two versions by the rules of an ecosystem. Prints `<`, `=` or `>`, or `?` if they can't be compared. \
             Without arguments, reads lines ECOSYSTEM<tab>A<tab>B from standard input and prints an answer per line.",
        )
        .arg(ecosystem)
        .arg(Arg::new("first").value_name("A").allow_hyphen_values(true).help("First version"))
        .arg(Arg::new("second").value_name("B").allow_hyphen_values(true).help("Second version"))
}

/// The answer for the versions that are given, or for each line of standard input.
pub(super) fn answer(matches: &ArgMatches) -> Result<String, Error> {
    let value = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    if let (Some(ecosystem), Some(first), Some(second)) =
        (value("ecosystem"), value("first"), value("second"))
    {
        return Ok(format!("{}\n", sign(ecosystem, first, second)));
    }
    let mut answers = String::new();
    for line in io::stdin().lock().split(b'\n') {
        let line = line.map_err(|error| Error::input(format!("standard input can't be read: {error}")))?;
        answers.push(of_line(&line));
        answers.push('\n');
    }
    Ok(answers)
}

/// The answer for a line; `?` for one that is not a pair of versions.
fn of_line(line: &[u8]) -> char {
    let text = str::from_utf8(line).unwrap_or_default();
    let mut fields = text.strip_suffix('\r').unwrap_or(text).split('\t');
    match (fields.next(), fields.next(), fields.next(), fields.next()) {
        (Some(ecosystem), Some(first), Some(second), None) => sign(ecosystem, first, second),
        _ => '?',
    }
}

/// How two versions compare, as a sign.
fn sign(ecosystem: &str, first: &str, second: &str) -> char {
    match compare(ecosystem, first, second) {
        Ok(Ordering::Less) => '<',
        Ok(Ordering::Equal) => '=',
        Ok(Ordering::Greater) => '>',
        Err(_) => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::of_line;

    #[test]
    fn a_line_has_an_ecosystem_and_two_versions() {
        for (line, answer) in [
            ("PyPI\t1.0rc1\t1.0", '<'),
            ("PyPI\t2.3\t2.3.0\r", '='),
            ("Debian:12\t1:0\t9", '>'),
            ("pypi\t1\t2", '?'),
            ("npm\tlatest\t1.0.0", '?'),
            ("npm\t1.0.0", '?'),
            ("npm\t1.0.0\t1.0.0\t1.0.0", '?'),
            ("", '?'),
        ] {
            assert_eq!(of_line(line.as_bytes()), answer, "{line:?}");
        }
        assert_eq!(of_line(b"npm\t\xff\t1.0.0"), '?');
    }
}
