//! The parts of a Trivy report that are judged, each small enough to be held whole. Keys we don't know are skipped.

use serde::Deserialize;

use super::text::{Flag, Text, Whole};
use crate::problem::{Kind, Problem};
use devops_core::{Input, Severity};

/// Longest explanation that is kept.
const LONGEST: usize = 1_000;

/// The scanner.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Scanner {
    pub(super) version: Text,
}

/// What was scanned.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    #[serde(rename = "OS")]
    pub(super) os: Option<System>,
    #[serde(rename = "ImageID")]
    pub(super) image_id: Text,
    #[serde(rename = "RepoTags")]
    pub(super) tags: Option<Vec<Text>>,
    #[serde(rename = "RepoDigests")]
    pub(super) digests: Option<Vec<Text>>,
}

/// The operating system of what was scanned.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct System {
    #[serde(rename = "Family")]
    pub(super) family: Text,
    #[serde(rename = "Name")]
    pub(super) name: Text,
    #[serde(rename = "EOSL")]
    pub(super) end_of_life: Flag,
}

/// A package that was found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Package {
    #[serde(rename = "ID")]
    pub(super) id: Text,
    #[serde(rename = "Locations")]
    pub(super) locations: Option<Vec<Lines>>,
}

/// Lines of a lockfile.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Lines {
    pub(super) start_line: Whole,
}

/// A layer of an image.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Layer {
    #[serde(rename = "Digest")]
    digest: Text,
    #[serde(rename = "DiffID")]
    diff_id: Text,
}

/// Other names of a package.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Identifier {
    #[serde(rename = "PURL")]
    purl: Text,
}

/// A package with a known vulnerability.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "a vulnerability (a JSON object)")]
pub(super) struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: Text,
    #[serde(rename = "VendorIDs")]
    vendor_ids: Option<Vec<Text>>,
    #[serde(rename = "PkgID")]
    pub(super) pkg_id: Text,
    pkg_name: Text,
    pkg_path: Text,
    pkg_identifier: Option<Identifier>,
    installed_version: Text,
    fixed_version: Text,
    status: Text,
    layer: Option<Layer>,
    severity: Text,
    #[serde(rename = "PrimaryURL")]
    primary_url: Text,
    title: Text,
}

/// A check that a configuration passed or failed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "a misconfiguration (a JSON object)")]
pub(super) struct Misconfiguration {
    #[serde(rename = "ID")]
    id: Text,
    #[serde(rename = "AVDID")]
    avd_id: Text,
    title: Text,
    message: Text,
    resolution: Text,
    severity: Text,
    #[serde(rename = "PrimaryURL")]
    primary_url: Text,
    status: Text,
    layer: Option<Layer>,
    cause_metadata: Option<Lines>,
}

/// A secret in plain text.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "a secret (a JSON object)")]
pub(super) struct FoundSecret {
    #[serde(rename = "RuleID")]
    rule_id: Text,
    category: Text,
    severity: Text,
    title: Text,
    start_line: Whole,
    #[serde(rename = "Match")]
    matched: Text,
    layer: Option<Layer>,
}

/// A licence of a package or a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "a licence (a JSON object)")]
pub(super) struct Licence {
    severity: Text,
    pub(super) category: Text,
    pkg_name: Text,
    file_path: Text,
    name: Text,
    link: Text,
}

/// How many checks succeeded.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Summary {
    pub(super) successes: Whole,
}

/// A finding that was suppressed where the report was made.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "a suppressed finding (a JSON object)")]
pub(super) struct Modified {
    pub(super) status: Text,
    pub(super) statement: Text,
    pub(super) source: Text,
    pub(super) finding: Option<Original>,
}

/// What a suppressed finding was about, whichever kind it is of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Original {
    #[serde(rename = "VulnerabilityID")]
    vulnerability: Text,
    #[serde(rename = "ID")]
    check: Text,
    #[serde(rename = "RuleID")]
    secret: Text,
    #[serde(rename = "Name")]
    licence: Text,
    #[serde(rename = "PkgName")]
    package: Text,
    #[serde(rename = "InstalledVersion")]
    installed: Text,
}

impl Original {
    /// What names it.
    pub(super) fn id(&self) -> String {
        let names = [&self.vulnerability, &self.check, &self.secret, &self.licence];
        names.into_iter().find(|Text(name)| !name.is_empty()).cloned().unwrap_or_default().0
    }

    /// The package it is about, with its version.
    pub(super) fn subject(&self) -> String {
        format!("{} {}", self.package.0, self.installed.0).trim().to_owned()
    }
}

/// The severity a word stands for, the scanner's or a distributor's, or a number of the scanner's scale from 0 for
/// unknown to 4 for critical; none for `UNKNOWN`, for nothing, and for words that are not known.
pub(super) fn severity(Text(word): &Text) -> Option<Severity> {
    let words = [
        ("critical", Severity::Critical),
        ("4", Severity::Critical),
        ("high", Severity::High),
        ("important", Severity::High),
        ("3", Severity::High),
        ("medium", Severity::Medium),
        ("moderate", Severity::Medium),
        ("2", Severity::Medium),
        ("low", Severity::Low),
        ("negligible", Severity::Low),
        ("1", Severity::Low),
        ("info", Severity::Info),
        ("none", Severity::Info),
    ];
    words.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word.trim())).map(|(_, severity)| severity)
}

/// At most [`LONGEST`] characters of a text.
fn short(Text(text): Text) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn digest(layer: Option<Layer>) -> String {
    let Layer { digest, diff_id } = layer.unwrap_or_default();
    if digest.0.is_empty() { diff_id.0 } else { digest.0 }
}

impl Vulnerability {
    /// The complaint; `line` is where the package stands in its lockfile.
    pub(super) fn problem(self, line: Option<u64>) -> Problem {
        let severity = severity(&self.severity);
        let mut problem = Problem::new(Kind::Vulnerability, self.id.0, severity);
        problem.aliases = self.vendor_ids.unwrap_or_default().into_iter().map(|Text(id)| id).collect();
        problem.package = self.pkg_name.0;
        problem.installed = self.installed_version.0;
        problem.fixed = self.fixed_version.0.trim().to_owned();
        problem.status = self.status.0;
        problem.purl = self.pkg_identifier.unwrap_or_default().purl.0;
        problem.layer = digest(self.layer);
        problem.title = short(self.title);
        problem.url = self.primary_url.0;
        problem.paths.extend(Some(self.pkg_path.0).filter(|path| !path.is_empty()));
        problem.line = line;
        problem
    }
}

impl Misconfiguration {
    /// The complaint, if the check failed. One without a word about it counts as failed.
    pub(super) fn problem(self) -> Option<Problem> {
        if ["PASS", "EXCEPTION"].iter().any(|word| word.eq_ignore_ascii_case(&self.status.0)) {
            return None;
        }
        let id = if self.id.0.is_empty() { self.avd_id.0 } else { self.id.0 };
        let mut problem = Problem::new(Kind::Misconfiguration, id, severity(&self.severity));
        problem.title = short(self.title);
        problem.mark.clone_from(&self.message.0);
        problem.detail = short(self.message);
        problem.advice = short(self.resolution);
        problem.url = self.primary_url.0;
        problem.layer = digest(self.layer);
        problem.line = self.cause_metadata.map(|cause| cause.start_line.0).filter(|line| *line > 0);
        Some(problem)
    }
}

impl FoundSecret {
    /// The complaint.
    pub(super) fn problem(self) -> Problem {
        let mut problem = Problem::new(Kind::Secret, self.rule_id.0, severity(&self.severity));
        // Only its sum is kept: the scanner masks what matched, but older ones missed some.
        problem.mark = Input::of_bytes("", self.matched.0.as_bytes()).sha256;
        problem.title = short(if self.title.0.is_empty() { self.category } else { self.title });
        problem.layer = digest(self.layer);
        problem.line = Some(self.start_line.0).filter(|line| *line > 0);
        problem
    }
}

impl Licence {
    /// Whether it asks for nothing but to be named.
    pub(super) fn is_harmless(&self) -> bool {
        let is = |Text(text): &Text, words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        is(&self.severity, &["LOW"]) && is(&self.category, &["notice", "permissive", "unencumbered"])
    }

    /// The complaint.
    pub(super) fn problem(self) -> Problem {
        let mut problem = Problem::new(Kind::Licence, self.name.0, severity(&self.severity));
        problem.package = self.pkg_name.0;
        problem.status = self.category.0;
        problem.url = self.link.0;
        problem.paths.extend(Some(self.file_path.0).filter(|path| !path.is_empty()));
        problem
    }
}
