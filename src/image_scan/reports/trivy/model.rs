//! The parts of a Trivy report that are judged, each small enough to be held whole. Keys we don't know are skipped.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::Value;

use super::super::bill::Package as Listed;
use super::super::text::{Flag, Text, Whole, short};
use crate::problem::{Kind, Problem};
use crate::rating::Rating;
use devops_core::Input;
use devops_core::keys::Checked;

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
#[serde(default, expecting = "a package (a JSON object)")]
pub(super) struct Package {
    #[serde(rename = "ID")]
    pub(super) id: Text,
    #[serde(rename = "Name")]
    pub(super) name: Text,
    #[serde(rename = "Version")]
    pub(super) version: Text,
    #[serde(rename = "Release")]
    pub(super) release: Text,
    #[serde(rename = "Epoch")]
    pub(super) epoch: Text,
    #[serde(rename = "Identifier")]
    pub(super) identifier: Option<Identifier>,
    #[serde(rename = "Licenses")]
    pub(super) licenses: Option<Vec<Text>>,
    #[serde(rename = "Dev")]
    pub(super) is_dev: Flag,
    #[serde(rename = "Indirect")]
    pub(super) is_indirect: Flag,
    #[serde(rename = "Relationship")]
    pub(super) relationship: Text,
    #[serde(rename = "DependsOn")]
    pub(super) depends_on: Option<Vec<Text>>,
    #[serde(rename = "FilePath")]
    pub(super) file_path: Text,
    #[serde(rename = "Locations")]
    pub(super) locations: Option<Vec<Lines>>,
}

impl Package {
    /// The package as a bill has it.
    pub(super) fn listed(self, line: Option<u64>) -> Listed {
        let mut version = self.version.0;
        if !self.release.0.is_empty() {
            version = format!("{version}-{}", self.release.0);
        }
        if !matches!(self.epoch.0.as_str(), "" | "0") {
            version = format!("{}:{version}", self.epoch.0);
        }
        let licenses: Vec<String> =
            self.licenses.unwrap_or_default().into_iter().map(|Text(text)| text).collect();
        let is_direct = match self.relationship.0.as_str() {
            "" | "unknown" => !self.is_indirect.0,
            word => word != "indirect",
        };
        Listed {
            id: self.id.0,
            name: self.name.0,
            version,
            purl: self.identifier.unwrap_or_default().purl.0,
            license: Some(licenses.join(" AND ")).filter(|text| !text.is_empty()),
            path: self.file_path.0,
            line,
            is_dev: self.is_dev.0,
            is_direct,
            depends_on: self.depends_on.unwrap_or_default().into_iter().map(|Text(text)| text).collect(),
        }
    }
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
    pub(super) purl: Text,
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
    #[serde(rename = "Type")]
    pub(super) kind: Text,
    pub(super) status: Text,
    pub(super) statement: Text,
    pub(super) source: Text,
    pub(super) finding: Option<Value>,
}

/// Reads a value that was kept, with the same care as what is streamed.
fn read<T: DeserializeOwned, E: Error>(value: Value) -> Result<T, E> {
    T::deserialize(Checked::strict(value, super::keys::unread)).map_err(E::custom)
}

/// Statuses by which a finding is suppressed; by any other it stays open.
const SUPPRESSING: [&str; 3] = ["ignored", "not_affected", "fixed"];

impl Modified {
    /// Whether its status suppresses it.
    pub(super) fn is_suppressed(&self) -> bool {
        SUPPRESSING.iter().any(|status| status.eq_ignore_ascii_case(&self.status.0))
    }

    /// What it is about: the form of a suppressed finding follows its type. None where that is nothing to judge.
    pub(super) fn problem<E: Error>(&self) -> Result<Option<Problem>, E> {
        let value = self.finding.clone().filter(Value::is_object);
        let value =
            value.ok_or_else(|| E::custom("a suppressed finding does not say what it is (`Finding`)"))?;
        Ok(match self.kind.0.as_str() {
            "vulnerability" => Some(read::<Vulnerability, E>(value)?.problem(None)),
            "misconfiguration" => read::<Misconfiguration, E>(value)?.problem(),
            "secret" => Some(read::<FoundSecret, E>(value)?.problem()),
            "license" => Some(read::<Licence, E>(value)?.problem()),
            // The first releases that wrote suppressed findings gave no type.
            "" if value.get("VulnerabilityID").is_some() => {
                Some(read::<Vulnerability, E>(value)?.problem(None))
            }
            other => {
                return Err(E::custom(format!("a suppressed finding is of the unknown type `{other}`")));
            }
        })
    }
}

fn digest(layer: Option<Layer>) -> String {
    let Layer { digest, diff_id } = layer.unwrap_or_default();
    if digest.0.is_empty() { diff_id.0 } else { digest.0 }
}

impl Vulnerability {
    /// The complaint; `line` is where the package stands in its lockfile.
    pub(super) fn problem(self, line: Option<u64>) -> Problem {
        let rating = Rating::of(&self.severity.0);
        let mut problem = Problem::new(Kind::Vulnerability, self.id.0, rating);
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
        let mut problem = Problem::new(Kind::Misconfiguration, id, Rating::of(&self.severity.0));
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
        let mut problem = Problem::new(Kind::Secret, self.rule_id.0, Rating::of(&self.severity.0));
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
        let mut problem = Problem::new(Kind::Licence, self.name.0, Rating::of(&self.severity.0));
        problem.package = self.pkg_name.0;
        problem.status = self.category.0;
        problem.url = self.link.0;
        problem.paths.extend(Some(self.file_path.0).filter(|path| !path.is_empty()));
        problem
    }
}
