//! What was found in an image, in the terms of its scanners: for formats in which they write it themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::excerpt::cut;
use super::facts::total;
use super::vulnerabilities::Vulnerability;
use super::{Document, Revision};
use devops_core::{Finding, Severity};

/// Characters of a text.
pub(super) const TEXT: usize = 4_000;
/// Names, versions and files that a finding lists.
const NAMES: usize = 100;

/// Rules about packages.
const VULNERABILITIES: [&str; 2] = ["image-vulnerability", "image-unrated"];

/// Ecosystems as OSV names them, with Trivy's words for what is installed of them.
const INSTALLED: [(&str, &str); 10] = [
    ("AlmaLinux", "alma"),
    ("Red Hat", "redhat"),
    ("Rocky Linux", "rocky"),
    ("PyPI", "python-pkg"),
    ("Go", "gobinary"),
    ("crates.io", "rustbinary"),
    ("Maven", "jar"),
    ("RubyGems", "gemspec"),
    ("NuGet", "dotnet-core"),
    ("Packagist", "composer-vendor"),
];

/// What a finding is in the terms of scanners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Vulnerability,
    Misconfiguration,
    Secret,
    Licence,
}

/// What names a finding in a report of scanners: its kind, target, identifier, package and version.
pub(super) type Identity = (Kind, String, String, String, String);

/// A finding with its facts.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) kind: Kind,
    pub(super) finding: &'a Finding,
}

impl<'a> Found<'a> {
    /// What a finding is; none where no scanner would write it, such as one about the report.
    pub(super) fn of(finding: &'a Finding) -> Option<Self> {
        let kind = match finding.rule.as_str() {
            rule if VULNERABILITIES.contains(&rule) => Kind::Vulnerability,
            rule if !rule.starts_with("image-") && Vulnerability::of(finding).is_some() => {
                Kind::Vulnerability
            }
            "image-misconfiguration" | "image-result" => Kind::Misconfiguration,
            "image-secret" => Kind::Secret,
            "image-licence" => Kind::Licence,
            _ => return None,
        };
        Some(Self { kind, finding })
    }

    /// A fact; empty where there is none.
    pub(super) fn fact(self, name: &str) -> &'a str {
        self.finding.subject.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A fact as it is, within the limit: what reads it again must find the same.
    pub(super) fn text(self, name: &str) -> String {
        cut(self.fact(name), TEXT)
    }

    /// The texts of a fact that is a list.
    pub(super) fn list(self, name: &str) -> Vec<String> {
        let list = self.finding.subject.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().take(NAMES).filter_map(Value::as_str).map(|text| cut(text, TEXT)).collect()
    }

    /// What kind of target it is in, in the words of Trivy; an own scan names the ecosystem as OSV does.
    pub(super) fn kind_of_target(self) -> String {
        let ecosystem = self.text("ecosystem");
        if let Some((_, kind)) = INSTALLED.iter().find(|(name, _)| *name == ecosystem) {
            return (*kind).to_owned();
        }
        match self.fact("class") {
            "os-pkgs" => ecosystem.split(':').next().unwrap_or_default().to_ascii_lowercase(),
            _ => ecosystem,
        }
    }

    /// What the scanner says about it.
    pub(super) fn description(self) -> String {
        cut(&self.finding.detail, TEXT)
    }

    /// The severity in the words of scanners, which have none below low.
    pub(super) fn severity(self, below: &'static str) -> &'static str {
        if self.finding.rule == "image-unrated" && self.finding.severity == Severity::Medium {
            return "Unknown";
        }
        match self.finding.severity {
            Severity::Critical => "Critical",
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
            Severity::Info => below,
        }
    }

    /// Names it within what scanners call a target.
    fn key(self) -> Identity {
        let [target, id, package, version] =
            ["target", "advisory", "package", "version"].map(|name| self.fact(name).to_owned());
        (self.kind, target, id, package, version)
    }
}

/// What was scanned, as its report says.
#[derive(Default)]
pub(super) struct Artifact {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) os: String,
    pub(super) created: String,
    pub(super) image_id: String,
    pub(super) tags: Vec<String>,
    pub(super) digests: Vec<String>,
    scanner: String,
    report: String,
}

/// The artifacts of all reports, in the order in which these were read.
pub(super) fn artifacts(document: &Document<'_>) -> Vec<Artifact> {
    let details = document.reports().iter().filter_map(|report| report.details.get("artifacts")?.as_array());
    let artifact = |value: &Value| {
        let text = |name: &str| cut(value.get(name).and_then(Value::as_str).unwrap_or_default(), TEXT);
        let list = |name: &str| {
            let list = value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            list.iter().take(NAMES).filter_map(Value::as_str).map(|text| cut(text, TEXT)).collect()
        };
        Artifact {
            name: text("artifact"),
            kind: text("type"),
            os: text("os"),
            created: text("created_at"),
            image_id: text("image_id"),
            tags: list("tags"),
            digests: list("digests"),
            scanner: text("scanner"),
            report: text("report"),
        }
    };
    details.flatten().map(artifact).collect()
}

/// What a document says in the terms of one scanner: its own reports, and what others found.
pub(super) struct Scanned<'a> {
    /// What the report is about.
    pub(super) artifact: Artifact,
    /// The oldest time of a scan; empty where one is unknown.
    pub(super) created: String,
    /// Whether there was anything to look at.
    pub(super) has_targets: bool,
    /// The reports of this scanner.
    pub(super) documents: Vec<&'a Map<String, Value>>,
    /// The findings that no such report has.
    pub(super) found: Vec<Found<'a>>,
    open: BTreeSet<Identity>,
    waived: BTreeMap<Identity, &'a Finding>,
}

impl<'a> Scanned<'a> {
    /// Sorts what a document has. `is_own` says whether a report is of this scanner.
    ///
    /// # Errors
    /// Where there is nothing that a report of one image could hold.
    pub(super) fn of(
        document: &Document<'a>,
        scanner: &str,
        is_own: fn(&Map<String, Value>) -> bool,
    ) -> Result<Self, &'static str> {
        if document.reports().iter().any(|report| report.error.is_some()) {
            return Err("the image was not judged");
        }
        let all = artifacts(document);
        let images: BTreeSet<&str> =
            all.iter().filter(|one| one.kind == "container_image").map(|one| one.name.as_str()).collect();
        let has_digests = |one: &&Artifact| one.kind == "container_image" && !one.image_id.is_empty();
        let ids: BTreeSet<&str> = all.iter().filter(has_digests).map(|one| one.image_id.as_str()).collect();
        if images.len() > 1 && ids.len() != 1 {
            return Err("the reports are about several images, and this format is about one");
        }
        let documents = document.bill.map_or(&[][..], |bill| bill.documents.as_slice());
        let flat =
            documents.iter().flat_map(|one| one.as_array().map_or(std::slice::from_ref(one), Vec::as_slice));
        let documents: Vec<&Map<String, Value>> =
            flat.filter_map(Value::as_object).filter(|one| is_own(one)).collect();
        // A report is repeated only where all that was read from its file is.
        let own: BTreeSet<&str> = all
            .iter()
            .filter(|one| one.scanner.starts_with(scanner))
            .map(|one| one.report.as_str())
            .collect();
        let others: BTreeSet<&str> = all
            .iter()
            .filter(|one| !one.scanner.starts_with(scanner))
            .map(|one| one.report.as_str())
            .collect();
        let amount = all.iter().filter(|one| own.contains(one.report.as_str())).count();
        let is_repeated = amount == documents.len();
        let findings = document.reports().iter().flat_map(|report| &report.findings);
        let (mut open, mut waived, mut found) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        for one in findings.filter_map(Found::of) {
            if one.finding.is_open() {
                open.insert(one.key());
            } else {
                waived.insert(one.key(), one.finding);
            }
            let report = one.fact("report");
            if !is_repeated || !own.contains(report) || others.contains(report) {
                found.push(one);
            }
        }
        let created =
            all.iter().map(|one| one.created.clone()).min().unwrap_or_else(|| time(document.revision));
        let first = all.iter().position(|one| one.kind == "container_image").unwrap_or(0);
        Ok(Self {
            artifact: all.into_iter().nth(first).unwrap_or_else(|| own_artifact(document)),
            created,
            has_targets: document.reports().iter().any(|report| total(report, "targets") > Some(0)),
            documents: if is_repeated { documents } else { Vec::new() },
            found,
            open,
            waived,
        })
    }

    /// The waived finding about something that a report has, unless another one about the same is open.
    pub(super) fn waived(&self, identity: &Identity) -> Option<&'a Finding> {
        self.waived.get(identity).filter(|_| !self.open.contains(identity)).copied()
    }

    /// The waived finding about an advisory and a package, wherever that is, unless another one about the same is open.
    pub(super) fn waived_anywhere(&self, id: &str, package: &str, version: &str) -> Option<&'a Finding> {
        let is_same = |(kind, _, known, name, installed): &Identity| {
            let is_name = name == package || name.rsplit(':').next() == Some(package);
            *kind == Kind::Vulnerability && known.eq_ignore_ascii_case(id) && is_name && installed == version
        };
        if self.open.iter().any(is_same) {
            return None;
        }
        self.waived.iter().find(|(key, _)| is_same(key)).map(|(_, finding)| *finding)
    }
}

/// The image of an own scan, which its findings name.
fn own_artifact(document: &Document<'_>) -> Artifact {
    let findings = document.reports().iter().flat_map(|report| &report.findings);
    let name = findings.into_iter().find_map(|finding| finding.subject.get("image")?.as_str());
    Artifact {
        name: cut(name.unwrap_or(document.project), TEXT),
        kind: "container_image".to_owned(),
        ..Artifact::default()
    }
}

/// When the verdict was there.
fn time(revision: &Revision) -> String {
    revision.ended.clone()
}
