//! The place of a finding that stands in no file: hosts refuse a file with such findings whole.

use super::Document;
use devops_core::{Finding, Location, Report};

/// Facts that say which file was judged.
const JUDGED: [&str; 3] = ["report", "lockfile", "database"];

/// The place of a finding, and what to say about it where it is only a stand-in: the file that was judged, where that is one,
/// else the configuration.
pub(super) fn place(
    document: &Document<'_>,
    report: &Report,
    finding: &Finding,
) -> (Location, Option<String>) {
    if let Some(location) = finding.location.as_ref().filter(|location| !location.path.is_empty()) {
        return (location.clone(), None);
    }
    let (location, what) = match judged(report, finding) {
        Some(location) => (location, "the file that was judged"),
        None => (Location::line(document.configuration, 1), "the configuration of the job"),
    };
    let said = format!("This finding has no location of its own and is shown in {what}, {}.", location.path);
    (location, Some(said))
}

/// The file that a finding is about by its facts, or the only one that was read.
fn judged(report: &Report, finding: &Finding) -> Option<Location> {
    let inputs: Vec<&str> = report.provenance.inputs.iter().map(|input| input.path.as_str()).collect();
    let facts = JUDGED.iter().filter_map(|fact| finding.subject.get(fact)?.as_str());
    let of_facts = facts.filter_map(|fact| inputs.iter().filter_map(|input| within(fact, input)).next_back());
    let alone = match inputs.as_slice() {
        [input] => Some(Location::line(*input, 1)),
        _ => None,
    };
    of_facts.chain(alone).find(|location| location.path != "-")
}

/// The place that a fact names, if it is in this file: `path`, `path:line` or `path:line:column`.
fn within(fact: &str, path: &str) -> Option<Location> {
    let rest = fact.strip_prefix(path)?;
    if rest.is_empty() {
        return Some(Location::line(path, 1));
    }
    let mut numbers = rest.strip_prefix(':')?.splitn(2, ':');
    let line = numbers.next()?.parse().ok()?;
    let column = numbers.next().map(str::parse).transpose().ok()?;
    Some(Location { column, ..Location::line(path, line) })
}
