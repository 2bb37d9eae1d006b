//! Registries of images and other artifacts, by OCI's distribution specification.
//!
//! Owns references, credentials and their challenges, manifests and blobs. Knows nothing of what an artifact contains. Our own client,
//! because none can be told to send a credential over TLS and to its own host only, to follow redirects as strictly as downloads
//! must, and to continue a blob where it was cut off.

mod challenge;
mod client;
mod credentials;
mod manifest;
mod reference;

pub(super) use client::{Access, Fetched, Registry};
pub(super) use credentials::Credentials;
pub(super) use manifest::{Descriptor, Manifest, OCI};
pub(super) use reference::{Reference, is_digest};
