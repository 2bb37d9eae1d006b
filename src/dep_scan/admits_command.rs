//! `admits`: whether a requirement of a package admits a version, by the rules of an ecosystem.

use std::io::{self, BufRead as _};

use clap::{Arg, ArgMatches, Command};

use devops_core::Error;
use devops_versions::requirement::Requirement;

/// The sub-command.
pub(super) fn command() -> Command {
    let ecosystem = Arg::new("ecosystem")
        .value_name("ECOSYSTEM")
        .requires_all(["requirement", "candidate"])
        .help("Name of the ecosystem in OSV, e.g. `npm` or `PyPI`");
    Command::new("admits")
        .about("Show whether a requirement admits a version; without arguments, pairs from standard input")
        .long_about(
            "Show whether a requirement of a package admits a version, by the rules of an ecosystem. Prints `yes` or `no`, or `?` if \
             the requirement can't be read. Without arguments, reads lines ECOSYSTEM<tab>REQUIREMENT<tab>VERSION from standard input \
             and prints an answer per line.",
        )
        .arg(ecosystem)
        .arg(
            Arg::new("requirement")
                .value_name("REQUIREMENT")
                .allow_hyphen_values(true)
                .help("Requirement, e.g. `^1.2` or `>=1.0,<2`"),
        )
        .arg(Arg::new("candidate").value_name("VERSION").allow_hyphen_values(true).help("Version"))
}

/// The answer for what is given, or for each line of standard input.
pub(super) fn answer(matches: &ArgMatches) -> Result<String, Error> {
    let value = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    if let (Some(ecosystem), Some(requirement), Some(version)) =
        (value("ecosystem"), value("requirement"), value("candidate"))
    {
        return Ok(format!("{}\n", word(ecosystem, requirement, version)));
    }
    let mut answers = String::new();
    for line in io::stdin().lock().split(b'\n') {
        let line = line.map_err(|error| Error::input(format!("standard input can't be read: {error}")))?;
        answers.push_str(of_line(&line));
        answers.push('\n');
    }
    Ok(answers)
}

/// The answer for a line; `?` for one that is not a requirement and a version.
fn of_line(line: &[u8]) -> &'static str {
    let text = str::from_utf8(line).unwrap_or_default();
    let mut fields = text.strip_suffix('\r').unwrap_or(text).split('\t');
    match (fields.next(), fields.next(), fields.next(), fields.next()) {
        (Some(ecosystem), Some(requirement), Some(version), None) => word(ecosystem, requirement, version),
        _ => "?",
    }
}

/// Whether a requirement admits a version, as a word.
fn word(ecosystem: &str, requirement: &str, version: &str) -> &'static str {
    let read = Requirement::parse(ecosystem, requirement);
    match read.and_then(|requirement| requirement.admits(version)) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
}
