//! Findings of one cause as one entry: one advisory in several packages, one rule in several files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Document;
use super::excerpt::{cut, why};
use super::facts::path;
use devops_core::words::number;
use devops_core::{Finding, Report, Severity};

/// How a package got in that nothing else brought.
pub(super) const DIRECT: &str = "a direct dependency";
/// Places and names of an entry that are listed where one line has to hold them.
const LISTED: usize = 3;
/// Characters of a name or a place.
const NAME: usize = 200;

/// Open findings of one cause.
pub(super) struct Group<'a> {
    /// The report they are of.
    pub(super) job: &'a Report,
    /// The finding that stands for them, the worst.
    pub(super) first: &'a Finding,
    /// The others, in the report's order.
    pub(super) others: Vec<&'a Finding>,
}

impl<'a> Group<'a> {
    /// How bad the worst of them is.
    pub(super) const fn severity(&self) -> Severity {
        self.first.severity
    }

    /// All of them.
    pub(super) fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// What was found, with the names of what else it is about.
    pub(super) fn title(&self) -> String {
        let own = name(self.first, self.first);
        let names = self.others.iter().filter_map(|finding| name(finding, self.first));
        let names = distinct(names.filter(|name| Some(name) != own.as_ref()));
        if names.is_empty() {
            return self.first.title.clone();
        }
        format!("{}, also {}", self.first.title, some(&names))
    }

    /// Where they are: some places, and how many more.
    pub(super) fn places(&self) -> String {
        let places = self.findings().filter_map(|finding| finding.location.as_ref());
        some(&distinct(places.map(|place| cut(&place.to_string(), NAME))))
    }

    /// What its title does not say of why, on one line.
    pub(super) fn why(&self) -> String {
        why(self.first)
    }

    /// Why in the few words of one line: how a package got in, or what the detail says and neither title nor place does.
    pub(super) fn reason(&self) -> String {
        match path(&self.first.subject).as_slice() {
            [] => {}
            [_] => return DIRECT.to_owned(),
            [way @ .., _] => return format!("through {}", way.join(" → ")),
        }
        let why = self.why();
        let place = self.first.location.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        let why = why.strip_prefix(&place).unwrap_or(&why);
        if self.first.title.contains(why) { String::new() } else { why.to_owned() }
    }

    /// Next steps of all of them, each once.
    pub(super) fn steps(&self) -> Vec<&'a str> {
        distinct(self.findings().map(|finding| finding.help.as_str()).filter(|help| !help.is_empty()))
    }
}

/// Each once, in the order in which they come.
pub(super) fn distinct<T: Ord + Clone>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut known = BTreeSet::new();
    all.filter(|one| known.insert(one.clone())).collect()
}

/// Open findings of all jobs as entries, the worst first, those of one severity in the order of the jobs.
pub(super) fn groups<'a>(document: &Document<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = document.reports().iter().flat_map(of).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.severity()));
    groups
}

/// Open findings of a job as entries, in the order of their worst.
pub(super) fn of(job: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<(&str, Cause<'_>), usize> = BTreeMap::new();
    for finding in job.open() {
        let cause = cause(finding);
        let at = known.get(&(finding.rule.as_str(), cause)).copied();
        if let Some(group) = at.and_then(|at| groups.get_mut(at)) {
            group.others.push(finding);
        } else {
            known.insert((&finding.rule, cause), groups.len());
            groups.push(Group { job, first: finding, others: Vec::new() });
        }
    }
    groups
}

/// What several findings of a rule have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause<'a> {
    /// The rule alone.
    Rule,
    /// The same problem of several packages, images or files.
    Advisory(&'a str),
    /// The same text at the same place, such as one compile error that several tests report.
    Text(&'a str, Option<&'a devops_core::Location>),
    /// Nothing.
    Own(&'a str),
}

fn cause(finding: &Finding) -> Cause<'_> {
    let fact = |name: &str| finding.subject.get(name).and_then(Value::as_str);
    let is_measured = ["test", "benchmark", "name"].into_iter().any(|name| fact(name).is_some());
    match fact("advisory") {
        Some(advisory) => Cause::Advisory(advisory),
        // Each test stands for itself: two that fail with the same words may fail for two reasons.
        None if is_measured && finding.location.is_some() && !finding.detail.is_empty() => {
            Cause::Text(&finding.detail, finding.location.as_ref())
        }
        None if is_measured || finding.subject.is_empty() => Cause::Own(finding.fingerprint.as_str()),
        None => Cause::Rule,
    }
}

/// What a finding is about, where the entry's title and places do not say it.
fn name(finding: &Finding, first: &Finding) -> Option<String> {
    let fact = |name: &str| finding.subject.get(name).and_then(Value::as_str);
    let package = fact("package").map(|package| match fact("version") {
        Some(version) => format!("{package} {version}"),
        None => package.to_owned(),
    });
    let title = || {
        let is_said = finding.title == first.title || finding.location.is_some() && fact("test").is_none();
        (!is_said).then(|| finding.title.clone())
    };
    package.or_else(title).map(|name| cut(&name, NAME))
}

/// The first of several texts, and how many more there are.
fn some(texts: &[String]) -> String {
    let shown: Vec<&str> = texts.iter().take(LISTED).map(String::as_str).collect();
    match texts.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), number(more as u64)),
    }
}
