//! What kind of report a JSON document is, by the keys at its top: every reader is one pass, so that each key goes to the format that it
//! is of, and a document with keys of two is refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::text::{Text, Unknown};
use super::trivy::{Found, Resources};
use super::{Header, Scanner, grype, sarif, trivy};
use crate::collect::Collector;
use devops_core::keys::Checked;

/// A kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Trivy,
    Cluster,
    /// A result without its report.
    Result,
    Grype,
    Sarif,
}

/// The keys that show which kind it is.
const KEYS: [(&str, Shape); 16] = [
    ("ArtifactName", Shape::Trivy),
    ("ArtifactType", Shape::Trivy),
    ("CreatedAt", Shape::Trivy),
    ("Trivy", Shape::Trivy),
    ("Metadata", Shape::Trivy),
    ("Results", Shape::Trivy),
    ("ClusterName", Shape::Cluster),
    ("Resources", Shape::Cluster),
    ("Findings", Shape::Cluster),
    ("matches", Shape::Grype),
    ("ignoredMatches", Shape::Grype),
    ("source", Shape::Grype),
    ("distro", Shape::Grype),
    ("descriptor", Shape::Grype),
    ("runs", Shape::Sarif),
    ("inlineExternalProperties", Shape::Sarif),
];

/// All known keys at the top of a document.
const DOCUMENT: &[&str] = &[
    "SchemaVersion",
    "ArtifactName",
    "ArtifactType",
    "CreatedAt",
    "Trivy",
    "Metadata",
    "Results",
    "ClusterName",
    "Resources",
    "Findings",
    "matches",
    "ignoredMatches",
    "source",
    "distro",
    "descriptor",
    "runs",
    "inlineExternalProperties",
];

/// All known keys of an item of a list: a report, or a result of Trivy before 0.20.
const ITEM: &[&str] = &[
    "SchemaVersion",
    "ArtifactName",
    "ArtifactType",
    "CreatedAt",
    "Trivy",
    "Metadata",
    "Results",
    "ClusterName",
    "Resources",
    "Findings",
    "matches",
    "ignoredMatches",
    "source",
    "distro",
    "descriptor",
    "runs",
    "inlineExternalProperties",
    "Target",
    "Class",
    "Type",
    "Packages",
    "MisconfSummary",
    "ExperimentalModifiedFindings",
    "Vulnerabilities",
    "Misconfigurations",
    "Secrets",
    "Licenses",
    "CustomResources",
];

/// Keys at the top that show which other document it is.
const OTHERS: [(&str, &str); 4] = [
    ("bomFormat", "a CycloneDX bill of materials"),
    ("spdxVersion", "an SPDX bill of materials"),
    ("scan", "a GitLab report"),
    ("schema_version", "a report of this tool"),
];

/// How many lists that are not known are named.
const NOT_JUDGED: usize = 20;

/// Reads one document: a report, or a list of them.
pub(crate) struct Document<'a> {
    /// Takes what is in it.
    pub(crate) collector: &'a mut Collector,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Checked::strict(deserializer, trivy::unread).deserialize_struct("Document", DOCUMENT, self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a report (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Reading::of(self.collector).read(map, None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { collector } = self;
        let mut results = Header::of(&collector.path, Scanner::Trivy);
        let before = collector.headers.len();
        while list.next_element_seed(Item { collector: &mut *collector, results: &mut results })?.is_some() {
            if results.results > 0 && collector.headers.len() > before {
                return Err(A::Error::custom("mixes reports and results without a report"));
            }
        }
        if collector.headers.len() == before {
            collector.headers.push(results);
        }
        Ok(())
    }
}

/// An item of a list: a report, or a result of a report that is nothing but the list.
struct Item<'a> {
    collector: &'a mut Collector,
    results: &'a mut Header,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_struct("Item", ITEM, self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a report or a result (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Reading::of(self.collector).read(map, Some(self.results))
    }
}

/// What is known of a document while it is read.
struct Reading<'a> {
    collector: &'a mut Collector,
    header: Header,
    shape: Option<(Shape, String)>,
    keys: Vec<String>,
    result: Found,
    grype: grype::Reading,
    /// Whether a SARIF log names the version that is read.
    version: Option<Text>,
    other: Option<&'static str>,
    /// How many reports were read before.
    before: usize,
}

impl<'a> Reading<'a> {
    fn of(collector: &'a mut Collector) -> Self {
        let header = Header::of(&collector.path, Scanner::Trivy);
        Self {
            before: collector.headers.len(),
            collector,
            header,
            shape: None,
            keys: Vec::new(),
            result: Found::default(),
            grype: grype::Reading::default(),
            version: None,
            other: None,
        }
    }

    /// Reads the document; `results` takes a result of Trivy where one may stand without its report.
    fn read<'de, A: MapAccess<'de>>(
        mut self,
        mut map: A,
        results: Option<&mut Header>,
    ) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.keys.contains(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            let known = KEYS.into_iter().find(|(known, _)| *known == key).map(|(_, shape)| shape);
            let is_of_result = results.is_some() && trivy::RESULT.contains(&key.as_str());
            if let Some(shape) = known.or_else(|| is_of_result.then_some(Shape::Result)) {
                self.claim(shape, &key)?;
                self.field(shape, &key, &mut map)?;
            } else if key == "SchemaVersion" {
                trivy::version::<A::Error>(&map.next_value()?)?;
            } else if key == "version" {
                self.version = map.next_value::<VersionOrOther>()?.0;
                continue;
            } else if results.is_some() && matches!(self.shape, None | Some((Shape::Result, _))) {
                self.result.field(&key, &mut map, self.collector)?;
                continue;
            } else {
                let other = OTHERS.into_iter().find(|(known, _)| *known == key);
                self.other = self.other.or(other.map(|(_, what)| what));
                let Unknown { objects, is_found, .. } = map.next_value()?;
                if is_found && self.header.not_judged.len() < NOT_JUDGED {
                    self.header.not_judged.entry(key).or_default().add(objects, is_found);
                }
                continue;
            }
            self.keys.push(key);
        }
        self.finish(results)
    }

    /// Says that the document is of a kind.
    fn claim<E: Error>(&mut self, shape: Shape, key: &str) -> Result<(), E> {
        match &self.shape {
            Some((known, first)) if *known != shape => {
                Err(E::custom(format!("it has keys of two formats, `{first}` and `{key}`")))
            }
            Some(_) => Ok(()),
            None => {
                self.shape = Some((shape, key.to_owned()));
                Ok(())
            }
        }
    }

    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        shape: Shape,
        key: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match (shape, key) {
            (Shape::Trivy, _) => trivy::field(key, map, self.collector, &mut self.header),
            (Shape::Cluster, "ClusterName") => {
                self.header.artifact = map.next_value::<Text>()?.0;
                Ok(())
            }
            (Shape::Cluster, _) => map.next_value_seed(Resources(self.collector)),
            (Shape::Result, _) => self.result.field(key, map, self.collector),
            (Shape::Grype, _) => self.grype.field(key, map, self.collector, &mut self.header),
            (Shape::Sarif, "runs") => map.next_value_seed(sarif::Runs(self.collector)),
            (Shape::Sarif, _) => {
                Err(A::Error::custom("parts of the log are in other files (external properties)"))
            }
        }
    }

    fn finish<E: Error>(mut self, results: Option<&mut Header>) -> Result<(), E> {
        let has = |key: &str| self.keys.iter().any(|known| known == key);
        match self.shape.as_ref().map(|(shape, _)| *shape) {
            Some(Shape::Trivy) | None if has("SchemaVersion") => self.collector.headers.push(self.header),
            Some(Shape::Cluster) if has("Resources") || has("Findings") => {
                if self.collector.headers.len() == self.before {
                    self.collector.headers.push(self.header);
                }
            }
            Some(Shape::Cluster) => {
                return Err(E::custom("the report of a cluster without `Resources` and `Findings`"));
            }
            Some(Shape::Result) => match results {
                Some(header) => self.result.finish(self.collector, header)?,
                None => return Err(E::custom("it is a result without its report")),
            },
            Some(Shape::Grype) if has("matches") => {
                self.grype.finish(self.collector, &mut self.header);
                self.collector.headers.push(self.header);
            }
            Some(Shape::Grype) => return Err(E::custom("a Grype report without `matches`")),
            Some(Shape::Sarif) => sarif::version(self.version.as_ref())?,
            Some(Shape::Trivy) | None => {
                return Err(match self.other {
                    Some(what) => E::custom(format!("it is {what}")),
                    None => E::custom("no `SchemaVersion`; supported is version 2"),
                });
            }
        }
        Ok(())
    }
}

/// A version, or anything else that other documents have under the same key.
struct VersionOrOther(Option<Text>);

impl<'de> serde::Deserialize<'de> for VersionOrOther {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(value.as_str().map(|text| Text(text.to_owned()))))
    }
}
