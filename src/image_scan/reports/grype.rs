//! Grype's JSON report: matches of packages with advisories. What the image is called and which system it has stands behind them, so
//! that matches wait for it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Error, MapAccess};
use serde_json::Value;

use super::text::{Text, short};
use super::{Header, Scanner, Suppressed};
use crate::collect::{Collector, Problems};
use crate::problem::{COLLECTIONS, Kind, Problem, Target};
use crate::rating::Rating;
use devops_reading::json::each_of;

/// Types of packages of a distribution.
const SYSTEM: [&str; 5] = ["deb", "rpm", "apk", "alpm", "portage"];

/// Grype's types of packages, with the words that Trivy has for the same, installed in an image.
const KINDS: [(&str, &str); 10] = [
    ("java-archive", "jar"),
    ("jenkins-plugin", "jar"),
    ("npm", "node-pkg"),
    ("python", "python-pkg"),
    ("gem", "gemspec"),
    ("conda", "conda-pkg"),
    ("go-module", "gobinary"),
    ("rust-crate", "rustbinary"),
    ("dotnet", "dotnet-core"),
    ("php-composer", "composer-vendor"),
];

/// A match of a package with an advisory.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "a match (a JSON object)")]
struct Match {
    vulnerability: Option<Advisory>,
    related_vulnerabilities: Option<Vec<Related>>,
    #[serde(rename = "matchDetails")]
    details: Option<Vec<MatchDetail>>,
    artifact: Option<Artifact>,
    applied_ignore_rules: Option<Vec<IgnoreRule>>,
}

/// The advisory.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Advisory {
    id: Text,
    data_source: Text,
    severity: Text,
    description: Text,
    fix: Option<Fix>,
}

/// What fixes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fix {
    versions: Option<Vec<Text>>,
    state: Text,
}

/// Another name of the advisory.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Related {
    id: Text,
}

/// How the match was found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MatchDetail {
    #[serde(rename = "type")]
    kind: Text,
}

/// The package.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Artifact {
    name: Text,
    version: Text,
    #[serde(rename = "type")]
    kind: Text,
    locations: Option<Vec<Place>>,
    purl: Text,
}

/// Where it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    path: Text,
    #[serde(rename = "layerID")]
    layer: Text,
}

/// Why a match is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct IgnoreRule {
    reason: Text,
    namespace: Text,
    vex_status: Text,
    vex_justification: Text,
}

/// What was scanned.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScanSource {
    #[serde(rename = "type")]
    kind: Text,
    target: Option<Value>,
}

/// The system of an image.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Distro {
    name: Text,
    version: Text,
}

/// The scanner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Descriptor {
    name: Text,
    version: Text,
    timestamp: Text,
    db: Option<Value>,
}

/// What is known of a report while it is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The complaints by the type of their package and the file that it is in.
    problems: BTreeMap<(String, String), Problems>,
    has_source: bool,
    distro: Distro,
}

impl Reading {
    /// Reads the value of a key at the top.
    pub(super) fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        collector: &Collector,
        header: &mut Header,
    ) -> Result<(), A::Error> {
        header.scanner = Scanner::Grype;
        match key {
            "matches" => {
                let problems = &mut self.problems;
                map.next_value_seed(each_of("a list of matches", |one: Match| {
                    let (place, problem) = one.problem();
                    problems.entry(place).or_default().add(problem, &collector.filters);
                }))?;
            }
            "ignoredMatches" => {
                map.next_value_seed(each_of("a list of ignored matches", |one: Match| {
                    let rule = one.applied_ignore_rules.as_deref().and_then(<[IgnoreRule]>::first);
                    let Some(why) = rule.map(IgnoreRule::why) else {
                        // Nobody says why it should be ignored.
                        let (place, problem) = one.problem();
                        self.problems.entry(place).or_default().add(problem, &collector.filters);
                        return;
                    };
                    let (_, problem) = one.problem();
                    let subject = format!("{} {}", problem.package, problem.installed);
                    let (status, statement, source) = why;
                    let subject = subject.trim().to_owned();
                    header.suppress(Suppressed { id: problem.id, subject, status, statement, source });
                }))?;
            }
            "source" => {
                let source = map.next_value::<Option<ScanSource>>()?;
                self.has_source = source.is_some();
                source.unwrap_or_default().describe(header);
            }
            "distro" => self.distro = map.next_value::<Option<Distro>>()?.unwrap_or_default(),
            _ => {
                let descriptor = map.next_value::<Option<Descriptor>>()?.unwrap_or_default();
                if !matches!(descriptor.name.0.as_str(), "" | "grype") {
                    return Err(A::Error::custom(format!(
                        "a report of `{}`, not of Grype",
                        descriptor.name.0
                    )));
                }
                header.version = descriptor.version.0;
                header.created = descriptor.timestamp.0;
                let db = descriptor.db.unwrap_or_default();
                let status = db.get("status").unwrap_or(&db);
                if let Some(error) = status.get("error").filter(|error| !error.is_null() && *error != "") {
                    header.incomplete.push(format!("the database of advisories: {error}"));
                } else if status.get("valid").is_some_and(|valid| *valid != true) {
                    header.incomplete.push("the database of advisories is not valid".to_owned());
                }
            }
        }
        Ok(())
    }

    /// Hands over what was found.
    pub(super) fn finish(self, collector: &mut Collector, header: &mut Header) {
        let Self { mut problems, has_source, distro } = self;
        let system = format!("{} {}", distro.name.0, distro.version.0);
        system.trim().clone_into(&mut header.system);
        if problems.is_empty() && has_source {
            // Nothing was found in all that was scanned.
            problems.insert(Default::default(), Problems::default());
        }
        let report = collector.next();
        for ((kind, path), found) in problems {
            let target = if kind.is_empty() && path.is_empty() {
                Target { name: header.name().to_owned(), report, ..Target::default() }
            } else {
                target(&kind, &path, header, report)
            };
            header.results += 1;
            header.looked_at += u64::from(collector.take(target, found, 0, 0));
        }
    }
}

/// What packages of a type in a file are found in, under the names that Trivy has for it.
fn target(kind: &str, path: &str, header: &Header, report: usize) -> Target {
    if SYSTEM.contains(&kind) {
        let system = header.system.split(' ').next().unwrap_or_default();
        let name = if header.system.is_empty() {
            header.name().to_owned()
        } else {
            format!("{} ({})", header.name(), header.system)
        };
        let kind = if system.is_empty() { kind } else { system };
        return Target { name, class: "os-pkgs".to_owned(), kind: kind.to_owned(), report };
    }
    let known = KINDS.iter().find(|(own, _)| *own == kind).map(|(_, known)| *known);
    let known = known.filter(|_| !header.is_of_files()).unwrap_or(kind);
    let word = COLLECTIONS.iter().find(|(kind, _)| *kind == known).map(|(_, word)| *word);
    let name = word.unwrap_or(if path.is_empty() { kind } else { path.trim_start_matches('/') });
    Target { name: name.to_owned(), class: "lang-pkgs".to_owned(), kind: known.to_owned(), report }
}

impl ScanSource {
    fn describe(self, header: &mut Header) {
        let kind = match self.kind.0.as_str() {
            "image" => "container_image",
            "directory" | "file" => "filesystem",
            other => other,
        };
        kind.clone_into(&mut header.kind);
        let target = self.target.unwrap_or_default();
        if let Some(name) = target.as_str() {
            name.clone_into(&mut header.artifact);
            return;
        }
        let text = |key: &str| target.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let texts = |key: &str| {
            let list = target.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
        };
        text("userInput").unwrap_or_default().clone_into(&mut header.artifact);
        header.ids.extend(["imageID", "manifestDigest"].into_iter().filter_map(text).map(str::to_owned));
        header.tags = texts("tags");
        header.digests = texts("repoDigests");
    }
}

impl IgnoreRule {
    /// Why, in one word and in those of who did it, and where that is said.
    fn why(&self) -> (String, String, String) {
        let is_vex = !self.vex_status.0.is_empty() || self.namespace.0 == "vex";
        let status = if self.vex_status.0.is_empty() { "ignored" } else { &self.vex_status.0 };
        let statement = if self.reason.0.is_empty() { &self.vex_justification.0 } else { &self.reason.0 };
        let source = if is_vex { "vex" } else { "grype" };
        (status.to_owned(), statement.clone(), source.to_owned())
    }
}

impl Match {
    /// The complaint, with the type of its package and the file that it is in.
    fn problem(self) -> ((String, String), Problem) {
        let vulnerability = self.vulnerability.unwrap_or_default();
        let artifact = self.artifact.unwrap_or_default();
        let mut problem =
            Problem::new(Kind::Vulnerability, vulnerability.id.0, Rating::of(&vulnerability.severity.0));
        let related = self.related_vulnerabilities.unwrap_or_default();
        problem.aliases = related
            .into_iter()
            .map(|one| one.id.0)
            .filter(|id| *id != problem.id && !id.is_empty())
            .collect();
        problem.aliases.sort_unstable();
        problem.aliases.dedup();
        problem.package = name(&artifact.name.0, &artifact.purl.0);
        problem.installed = artifact.version.0;
        let fix = vulnerability.fix.unwrap_or_default();
        let versions: Vec<String> = fix
            .versions
            .unwrap_or_default()
            .into_iter()
            .map(|Text(text)| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect();
        problem.fixed = versions.join(", ");
        let status = match fix.state.0.as_str() {
            "not-fixed" => "affected",
            "wont-fix" => "will_not_fix",
            "unknown" => "",
            other => other,
        };
        status.clone_into(&mut problem.status);
        problem.purl = artifact.purl.0;
        problem.url = vulnerability.data_source.0;
        problem.title = short(vulnerability.description);
        let details = self.details.unwrap_or_default();
        problem.is_by_cpe = !details.is_empty() && details.iter().all(|detail| detail.kind.0 == "cpe-match");
        let places = artifact.locations.unwrap_or_default();
        if let Some(first) = places.first() {
            problem.layer.clone_from(&first.layer.0);
        }
        let is_of_system = SYSTEM.contains(&artifact.kind.0.as_str());
        let paths =
            places.into_iter().map(|place| place.path.0).filter(|path| !path.is_empty() && !is_of_system);
        problem.paths.extend(paths);
        let path = problem.paths.first().cloned().unwrap_or_default();
        let kind = if artifact.kind.0.is_empty() { "unknown".to_owned() } else { artifact.kind.0 };
        ((kind, path), problem)
    }
}

/// The name of a package as its ecosystem writes it: a library of Java with its group, which only the purl has.
fn name(name: &str, purl: &str) -> String {
    let group = purl.strip_prefix("pkg:maven/").and_then(|rest| rest.split('/').next());
    match group.filter(|group| !group.is_empty() && !name.contains(':') && purl.matches('/').count() >= 2) {
        Some(group) => format!("{group}:{name}"),
        None => name.to_owned(),
    }
}
