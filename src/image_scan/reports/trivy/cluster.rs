//! The report of a cluster (`trivy k8s`): one report for each resource, without a version.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::text::Text;
use super::model::Metadata;
use super::result::Results;
use crate::collect::Collector;
use crate::reports::{Header, Scanner};

/// Keys of a resource.
const RESOURCE: &[&str] = &["Namespace", "Kind", "Name", "Metadata", "Results", "Error"];

/// The list of resources.
pub(crate) struct Resources<'a>(pub(crate) &'a mut Collector);

impl<'de> DeserializeSeed<'de> for Resources<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Resources<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of resources")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Resource(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

/// One resource.
struct Resource<'a>(&'a mut Collector);

impl<'de> DeserializeSeed<'de> for Resource<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_struct("Resource", RESOURCE, self)
    }
}

impl<'de> Visitor<'de> for Resource<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a resource (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(collector) = self;
        let mut header = Header::of(&collector.path, Scanner::Trivy);
        "kubernetes".clone_into(&mut header.kind);
        let mut name = [const { String::new() }; 3];
        let mut keys: Vec<String> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            let [namespace, kind, own] = &mut name;
            match key.as_str() {
                "Namespace" => *namespace = map.next_value::<Text>()?.0,
                "Kind" => *kind = map.next_value::<Text>()?.0,
                "Name" => *own = map.next_value::<Text>()?.0,
                "Metadata" => {
                    for metadata in map.next_value::<Option<Vec<Metadata>>>()?.unwrap_or_default() {
                        super::metadata(metadata, &mut header);
                    }
                }
                "Results" => {
                    map.next_value_seed(Results { collector: &mut *collector, header: &mut header })?;
                }
                "Error" => {
                    let Text(error) = map.next_value()?;
                    header.incomplete.extend(Some(error).filter(|error| !error.is_empty()));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            keys.push(key);
        }
        let parts: Vec<&str> = name.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        header.artifact = parts.join("/");
        collector.headers.push(header);
        Ok(())
    }
}
