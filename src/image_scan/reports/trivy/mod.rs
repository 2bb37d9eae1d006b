//! Trivy's JSON report, schema version 2, as its Go structs write it: every field may be absent, enums are open, and keys
//! that are new are ignored. A key that is nearly a known one is damage, because it could hide what was found.
//!
//! The lists are streamed, so that memory follows what is wrong and not the size of the report.

mod keys;
mod model;
mod result;
mod text;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use self::model::{Metadata, Scanner};
use self::result::Results;
use self::text::Text;
use super::Header;
use crate::collect::Collector;
use devops_core::keys::Checked;

/// The version of Trivy's report that this release reads.
const VERSION: u64 = 2;

/// Keys at the top that show which other document it is.
const OTHERS: [(&str, &str); 8] = [
    ("ClusterName", "the report of a cluster (`trivy k8s`), which is not about one image"),
    ("Resources", "the report of a cluster (`trivy k8s`), which is not about one image"),
    ("Findings", "the report of a cluster (`trivy k8s`), which is not about one image"),
    ("matches", "a Grype report"),
    ("bomFormat", "a CycloneDX bill of materials"),
    ("spdxVersion", "an SPDX bill of materials"),
    ("runs", "a SARIF log"),
    ("schema_version", "a report of this tool or a GitLab one"),
];

/// Reads one report.
pub(crate) struct ReportSeed<'a> {
    /// Takes the complaints.
    pub(crate) collector: &'a mut Collector,
    /// Takes what the report says about itself.
    pub(crate) header: &'a mut Header,
    /// Which report it is, counted from 0 over all of them.
    pub(crate) report: usize,
}

impl<'de> DeserializeSeed<'de> for ReportSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Checked::new(deserializer, keys::unread).deserialize_struct("Report", keys::REPORT, self)
    }
}

impl<'de> Visitor<'de> for ReportSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a Trivy report (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut keys: Vec<String> = Vec::new();
        let mut other = None;
        while let Some(key) = map.next_key::<String>()? {
            if self.field(&key, &mut map)? {
                if keys.contains(&key) {
                    return Err(Error::custom(format!("duplicate key `{key}`")));
                }
                keys.push(key);
            } else if let Some((_, what)) = OTHERS.into_iter().find(|(known, _)| *known == key) {
                other = Some(what);
            }
        }
        match other {
            _ if keys.iter().any(|key| key == "SchemaVersion") => Ok(()),
            Some(what) => Err(Error::custom(format!("it is {what}"))),
            None => Err(Error::custom(format!("no `SchemaVersion`; supported is version {VERSION}"))),
        }
    }
}

impl ReportSeed<'_> {
    /// Reads one key's value. Returns whether the key is one we know.
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "SchemaVersion" => version::<A::Error>(&map.next_value()?)?,
            "ArtifactName" => self.header.artifact = map.next_value::<Text>()?.0,
            "ArtifactType" => self.header.kind = map.next_value::<Text>()?.0,
            "CreatedAt" => self.header.created = map.next_value::<Text>()?.0,
            "Trivy" => {
                self.header.scanner = map.next_value::<Option<Scanner>>()?.unwrap_or_default().version.0;
            }
            "Metadata" => self.metadata(map.next_value::<Option<Metadata>>()?.unwrap_or_default()),
            "Results" => map.next_value_seed(Results {
                collector: &mut *self.collector,
                header: &mut *self.header,
                report: self.report,
            })?,
            _ => {
                map.next_value::<IgnoredAny>()?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn metadata(&mut self, metadata: Metadata) {
        let texts =
            |list: Option<Vec<Text>>| list.unwrap_or_default().into_iter().map(|Text(text)| text).collect();
        let os = metadata.os.unwrap_or_default();
        let system = format!("{} {}", os.family.0, os.name.0);
        system.trim().clone_into(&mut self.header.system);
        self.header.end_of_life = os.end_of_life.0;
        self.header.image_id = metadata.image_id.0;
        self.header.tags = texts(metadata.tags);
        self.header.digests = texts(metadata.digests);
    }
}

/// Refuses versions that this release does not read.
fn version<E: Error>(Text(version): &Text) -> Result<(), E> {
    if *version == VERSION.to_string() {
        return Ok(());
    }
    Err(E::custom(format!("`SchemaVersion` is {version}; supported is version {VERSION}")))
}
