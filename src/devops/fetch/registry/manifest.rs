//! Manifests: what an artifact or an image is made of, or which images a list names.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use devops_core::digest::hexadecimal;

/// Media types of manifests that are asked for.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// Media type of the manifests that are written.
pub(in crate::fetch) const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

/// A manifest, or a list of manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::fetch) struct Manifest {
    pub(in crate::fetch) schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::fetch) media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::fetch) artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::fetch) config: Option<Descriptor>,
    #[serde(default)]
    pub(in crate::fetch) layers: Vec<Descriptor>,
    /// The images of a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::fetch) manifests: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::fetch) annotations: BTreeMap<String, String>,
}

/// A blob or a manifest that another names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::fetch) struct Descriptor {
    pub(in crate::fetch) media_type: String,
    pub(in crate::fetch) digest: String,
    pub(in crate::fetch) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::fetch) annotations: BTreeMap<String, String>,
    /// What it runs on, in a list of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::fetch) platform: Option<Platform>,
}

/// What an image runs on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::fetch) struct Platform {
    os: String,
    architecture: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    variant: String,
}

impl Platform {
    /// Whether it is this one, of which the variant may be left out.
    pub(in crate::fetch) fn is(&self, wanted: &str) -> bool {
        let own = self.to_string();
        own == wanted || own.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(formatter, "/{}", self.variant) }
    }
}

impl Descriptor {
    /// Whether it says something about another image instead of being one.
    pub(in crate::fetch) fn is_attestation(&self) -> bool {
        self.annotations.contains_key("vnd.docker.reference.type")
            || self.platform.as_ref().is_some_and(|platform| platform.is("unknown/unknown"))
    }

    /// The descriptor of these bytes.
    pub(in crate::fetch) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: digest_of(bytes),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
            platform: None,
        }
    }
}

/// The digest of these bytes, as registries write it.
pub(in crate::fetch) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hexadecimal(&Sha256::digest(bytes)))
}
