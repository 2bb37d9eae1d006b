//! SARIF 2.1.0 of any scanner: each run is a target, each result that is not suppressed a complaint. Those about an advisory are
//! vulnerabilities, with the package where the scanner says it.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use super::text::{Text, Whole, short};
use super::{Header, Scanner, Suppressed};
use crate::collect::{Collector, Problems};
use crate::problem::{Kind, Problem, Target, is_of_one};
use crate::rating::Rating;

/// The version that is read.
const VERSION: &str = "2.1.0";

/// The list of runs.
pub(super) struct Runs<'a>(pub(super) &'a mut Collector);

/// What a scanner found in one run.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "a run (a JSON object)")]
struct Run {
    tool: Option<Tool>,
    results: Option<Vec<FoundResult>>,
    invocations: Option<Vec<Invocation>>,
    external_property_file_references: Option<Value>,
    properties: Option<RunProperties>,
}

/// The scanner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tool {
    driver: Option<Driver>,
    extensions: Option<Vec<Driver>>,
}

/// The scanner, or a part of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Driver {
    name: Text,
    version: Text,
    semantic_version: Text,
    rules: Option<Vec<FoundRule>>,
}

/// A rule.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FoundRule {
    id: Text,
    short_description: Option<Message>,
    help_uri: Text,
    default_configuration: Option<Configuration>,
    properties: Option<Properties>,
}

/// How a rule is set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Configuration {
    level: Text,
}

/// A text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    text: Text,
}

/// What a scanner says beyond the standard.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    #[serde(rename = "security-severity")]
    security_severity: Text,
    severity: Text,
    subject: Option<Value>,
}

/// What a scanner says about the image.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RunProperties {
    image_name: Text,
    #[serde(rename = "imageID")]
    image_id: Text,
    repo_tags: Option<Vec<Text>>,
    repo_digests: Option<Vec<Text>>,
}

/// How the scanner ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
    end_time_utc: Text,
    start_time_utc: Text,
    tool_execution_notifications: Option<Vec<Notification>>,
}

/// What the scanner says about itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Notification {
    level: Text,
    message: Option<Message>,
}

/// What was found.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "a result (a JSON object)")]
struct FoundResult {
    rule_id: Text,
    rule_index: Option<i64>,
    rule: Option<RuleReference>,
    level: Text,
    kind: Text,
    message: Option<Message>,
    locations: Option<Vec<Place>>,
    suppressions: Option<Vec<Suppression>>,
    properties: Option<Properties>,
}

/// Which rule it is of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RuleReference {
    id: Text,
    index: Option<i64>,
}

/// Why a result does not count.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Suppression {
    kind: Text,
    status: Text,
    justification: Text,
}

/// Where a result is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Place {
    physical_location: Option<PhysicalPlace>,
}

/// Where in which file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PhysicalPlace {
    artifact_location: Option<File>,
    region: Option<Region>,
}

/// A file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    uri: Text,
}

/// A part of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Region {
    start_line: Whole,
}

impl<'de> DeserializeSeed<'de> for Runs<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Runs<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of runs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self(collector) = self;
        let mut is_empty = true;
        while let Some(run) = list.next_element::<Run>()? {
            is_empty = false;
            run.read(collector)?;
        }
        if is_empty {
            collector.headers.push(Header::of(&collector.path, Scanner::Other("sarif".to_owned())));
        }
        Ok(())
    }
}

/// Refuses other versions.
pub(super) fn version<E: Error>(version: Option<&Text>) -> Result<(), E> {
    match version {
        Some(Text(version)) if version == VERSION => Ok(()),
        Some(Text(version)) => Err(E::custom(format!("SARIF {version}; supported is version {VERSION}"))),
        None => Err(E::custom(format!("SARIF without its `version`; supported is version {VERSION}"))),
    }
}

impl Run {
    fn read<E: Error>(self, collector: &mut Collector) -> Result<(), E> {
        let Self { tool, results, invocations, external_property_file_references, properties } = self;
        if external_property_file_references.is_some_and(|value| !value.is_null()) {
            return Err(E::custom("parts of the run are in other files (external properties)"));
        }
        let Tool { driver, extensions } = tool.unwrap_or_default();
        let driver = driver.unwrap_or_default();
        let mut header = Header::of(&collector.path, Scanner::Other(driver.name.0.clone()));
        header.version = [&driver.version.0, &driver.semantic_version.0]
            .into_iter()
            .find(|text| !text.is_empty())
            .cloned()
            .unwrap_or_default();
        for invocation in invocations.unwrap_or_default() {
            invocation.describe(&mut header);
        }
        properties.unwrap_or_default().describe(&mut header);
        let Some(results) = results else {
            // Without a list nothing was scanned; an empty one says that nothing was found.
            collector.headers.push(header);
            return Ok(());
        };
        let others = extensions.unwrap_or_default();
        let rules: Vec<&FoundRule> =
            std::iter::once(&driver).chain(&others).flat_map(|part| part.rules.iter().flatten()).collect();
        let own = driver.rules.as_deref().unwrap_or_default();
        let mut problems = Problems::default();
        for result in results {
            let id = result.id();
            let by_id = |id: &str| rules.iter().find(|rule| rule.id.0 == id).copied();
            let index = result.rule_index.or(result.rule.as_ref().and_then(|rule| rule.index));
            let by_index = index.and_then(|index| own.get(usize::try_from(index).ok()?));
            let rule = if id.is_empty() { by_index } else { by_id(&id) };
            let Some((problem, suppressed)) = result.problem(&id, rule, &header) else { continue };
            match suppressed {
                Some(suppressed) => header.suppress(suppressed),
                None => problems.add(problem, &collector.filters),
            }
        }
        header.results += 1;
        let name = if header.artifact.is_empty() { driver.name.0 } else { header.artifact.clone() };
        let target = Target { name, kind: "sarif".to_owned(), report: collector.next(), ..Target::default() };
        header.looked_at += u64::from(collector.take(target, problems, 0, 0));
        collector.headers.push(header);
        Ok(())
    }
}

impl RunProperties {
    fn describe(self, header: &mut Header) {
        let texts = |list: Option<Vec<Text>>| list.unwrap_or_default().into_iter().map(|Text(text)| text);
        header.artifact = self.image_name.0;
        header.ids.extend(Some(self.image_id.0).filter(|id| !id.is_empty()));
        header.tags.extend(texts(self.repo_tags));
        header.digests.extend(texts(self.repo_digests));
        if !header.artifact.is_empty() || !header.digests.is_empty() {
            "container_image".clone_into(&mut header.kind);
        }
    }
}

impl Invocation {
    fn describe(self, header: &mut Header) {
        let errors: Vec<String> = (self.tool_execution_notifications.unwrap_or_default().into_iter())
            .filter(|one| one.level.0 == "error")
            .map(|one| short(one.message.unwrap_or_default().text))
            .collect();
        if self.execution_successful == Some(false) && errors.is_empty() {
            header.incomplete.push("the scanner did not end well".to_owned());
        }
        header.incomplete.extend(errors);
        let time = if self.end_time_utc.0.is_empty() { self.start_time_utc.0 } else { self.end_time_utc.0 };
        if !time.is_empty() {
            header.created = time;
        }
    }
}

impl FoundResult {
    /// The name of its rule.
    fn id(&self) -> String {
        if self.rule_id.0.is_empty() {
            self.rule.as_ref().map(|rule| rule.id.0.clone()).unwrap_or_default()
        } else {
            self.rule_id.0.clone()
        }
    }

    /// The complaint, and that it is suppressed; none where the result says that all is well.
    fn problem(
        self,
        id: &str,
        rule: Option<&FoundRule>,
        header: &Header,
    ) -> Option<(Problem, Option<Suppressed>)> {
        if matches!(self.kind.0.as_str(), "pass" | "notApplicable" | "informational") {
            return None;
        }
        let id = if id.is_empty() { rule.map(|rule| rule.id.0.as_str()).unwrap_or_default() } else { id };
        let rating = self.rating(rule);
        let Message { text: Text(message) } = self.message.unwrap_or_default();
        let place =
            self.locations.unwrap_or_default().into_iter().next().and_then(|place| place.physical_location);
        let place = place.unwrap_or_default();
        let path = place.artifact_location.unwrap_or_default().uri.0;
        let line = place.region.unwrap_or_default().start_line.0;
        let Properties { severity: Text(severity), subject, .. } = self.properties.unwrap_or_default();
        let mut problem = match own(&subject.unwrap_or_default(), &severity) {
            Some(problem) => problem,
            None if is_of_one(id) => vulnerability(id, rating, &message, &path),
            None => {
                let mut problem = Problem::new(Kind::Result, id.to_owned(), rating);
                problem.mark = format!("{} {message}", header.scanner.name());
                problem.line = Some(line).filter(|line| *line > 0);
                problem
            }
        };
        let description = rule.and_then(|rule| rule.short_description.as_ref()).map(|text| text.text.clone());
        if problem.title.is_empty() {
            problem.title = short(description.unwrap_or_default());
        }
        problem.detail = short(Text(message));
        if let Some(rule) = rule.filter(|_| problem.url.is_empty()) {
            problem.url.clone_from(&rule.help_uri.0);
        }
        if !path.is_empty() {
            problem.paths.insert(path);
        }
        let suppressions = self.suppressions.unwrap_or_default();
        let is_refused = |one: &Suppression| matches!(one.status.0.as_str(), "underReview" | "rejected");
        let first = suppressions.first().filter(|_| !suppressions.iter().any(is_refused));
        let suppressed = first.map(|first| Suppressed {
            id: problem.id.clone(),
            subject: format!("{} {}", problem.package, problem.installed).trim().to_owned(),
            status: if first.status.0.is_empty() { "accepted".to_owned() } else { first.status.0.clone() },
            statement: first.justification.0.clone(),
            source: if first.kind.0.is_empty() { "external".to_owned() } else { first.kind.0.clone() },
        });
        Some((problem, suppressed))
    }

    /// How bad it is: by a score of its own, that of its rule, or its level.
    fn rating(&self, rule: Option<&FoundRule>) -> Rating {
        let score = |properties: Option<&Properties>| {
            Rating::of_score(properties.map_or("", |properties| properties.security_severity.0.as_str()))
        };
        let of_rule = rule.and_then(|rule| rule.properties.as_ref());
        for rating in [score(self.properties.as_ref()), score(of_rule)] {
            if rating != Rating::None {
                return rating;
            }
        }
        let by_default =
            rule.and_then(|rule| rule.default_configuration.as_ref()).map(|set| set.level.0.as_str());
        let level = Some(self.level.0.as_str()).filter(|level| !level.is_empty());
        Rating::of(level.or(by_default.filter(|level| !level.is_empty())).unwrap_or("warning"))
    }
}

/// The complaint of a result that this tool wrote.
fn own(subject: &Value, severity: &str) -> Option<Problem> {
    let text = |key: &str| subject.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |key: &str| {
        let list = subject.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
    };
    subject.get("advisory")?.as_str()?;
    subject.get("installed")?.as_str()?;
    let mut problem = Problem::new(Kind::Vulnerability, text("advisory"), Rating::of(severity));
    problem.aliases = list("aliases");
    problem.package = text("package");
    problem.installed = text("installed");
    problem.fixed = text("fixed");
    problem.status = text("status");
    problem.purl = text("purl");
    problem.layer = text("layer");
    problem.url = text("url");
    problem.mark = text("target");
    Some(problem)
}

/// The complaint about an advisory; Trivy and Grype write the package into the message.
fn vulnerability(id: &str, rating: Rating, message: &str, path: &str) -> Problem {
    let line = |name: &str| {
        let line = message.lines().find_map(|line| line.trim().strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let mut parts = id.splitn(4, '-');
    let mut problem = Problem::new(Kind::Vulnerability, id.to_owned(), rating);
    problem.package = line("Package:");
    problem.installed = line("Installed Version:");
    problem.fixed = line("Fixed Version:");
    // Grype puts the package behind the advisory: `CVE-2021-44228-log4j-core`.
    if let (Some("CVE"), Some(year), Some(number), Some(package)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
        && problem.package.is_empty()
    {
        problem.id = format!("CVE-{year}-{number}");
        package.clone_into(&mut problem.package);
        let version = message.split(", version ").nth(1).and_then(|rest| rest.split(' ').next());
        version.unwrap_or_default().clone_into(&mut problem.installed);
    }
    if problem.package.is_empty() {
        // Whatever it is about, it is not the same in another file.
        path.clone_into(&mut problem.mark);
    }
    problem
}
