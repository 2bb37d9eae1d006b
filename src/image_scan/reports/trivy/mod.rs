//! Trivy's JSON report, schema version 2, as its Go structs write it: every field may be absent, enums are open, and keys
//! that are new are ignored. A key that is nearly a known one is damage, because it could hide what was found.
//!
//! The lists are streamed, so that memory follows what is wrong and not the size of the report.

mod cluster;
mod keys;
mod model;
mod result;

use serde::de::{Error, MapAccess};

use self::model::{Metadata, Scanner};
use super::Header;
use super::text::Text;
use crate::collect::Collector;

pub(crate) use cluster::Resources;
pub(crate) use keys::{RESULT, unread};
pub(crate) use result::{Found, Results};

/// The version of Trivy's report that this release reads.
const VERSION: u64 = 2;

/// Reads the value of a key at the top.
pub(crate) fn field<'de, A: MapAccess<'de>>(
    key: &str,
    map: &mut A,
    collector: &mut Collector,
    header: &mut Header,
) -> Result<(), A::Error> {
    match key {
        "ArtifactName" => header.artifact = map.next_value::<Text>()?.0,
        "ArtifactType" => header.kind = map.next_value::<Text>()?.0,
        "CreatedAt" => header.created = map.next_value::<Text>()?.0,
        "Trivy" => header.version = map.next_value::<Option<Scanner>>()?.unwrap_or_default().version.0,
        "Metadata" => metadata(map.next_value::<Option<Metadata>>()?.unwrap_or_default(), header),
        _ => map.next_value_seed(Results { collector, header })?,
    }
    Ok(())
}

/// What a report says about the image.
fn metadata(metadata: Metadata, header: &mut Header) {
    let texts = |list: Option<Vec<Text>>| list.unwrap_or_default().into_iter().map(|Text(text)| text);
    let os = metadata.os.unwrap_or_default();
    let system = format!("{} {}", os.family.0, os.name.0);
    if !system.trim().is_empty() {
        system.trim().clone_into(&mut header.system);
    }
    header.end_of_life |= os.end_of_life.0;
    header.ids.extend(Some(metadata.image_id.0).filter(|id| !id.is_empty()));
    header.tags.extend(texts(metadata.tags));
    header.digests.extend(texts(metadata.digests));
}

/// Refuses versions that this release does not read.
pub(crate) fn version<E: Error>(Text(version): &Text) -> Result<(), E> {
    if *version == VERSION.to_string() {
        return Ok(());
    }
    Err(E::custom(format!("`SchemaVersion` is {version}; supported is version {VERSION}")))
}
