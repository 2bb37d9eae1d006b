//! `devops fetch index`: a built advisory index from a registry, or to one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use hyper::body::Bytes;

use super::download::{discard, put_in_place, with_ending};
use super::network::Network;
use super::registry::{Access, Credentials, Descriptor, Manifest, Reference, Registry, is_digest};
use devops_advisory::index::{Index, verify};
use devops_core::words::count;
use devops_core::{Error, Location};
use devops_files::read;
use devops_job::Context;

/// Type of the artifact, and of its one layer.
const TYPE: &str = "application/vnd.devops-action.advisory-index.v1";

/// Type of the configuration that OCI requires and nobody reads.
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// When the artifact was pushed.
const CREATED: &str = "org.opencontainers.image.created";

/// When the oldest source of the index was fetched.
const FETCHED: &str = "vnd.devops-action.advisory-index.fetched";

/// What pins the index.
const INDEX_DIGEST: &str = "vnd.devops-action.advisory-index.digest";

/// The name of the layer's file.
const TITLE: &str = "org.opencontainers.image.title";

const EXAMPLES: &str = "Examples:
  devops fetch index ghcr.io/org/advisories:nightly
  devops fetch index ghcr.io/org/advisories:nightly --digest sha256:…   only this one, checked
  devops fetch index --push ghcr.io/org/advisories:nightly --input advisories.db

Credentials are those of `docker login` and `podman login`.";

/// Flags of `devops fetch index`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FetchIndex {
    /// Artifact in a registry: HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST
    #[arg(value_name = "REF")]
    pub reference: String,

    /// File to write
    #[arg(long, value_name = "FILE", default_value = super::INDEX, value_hint = ValueHint::FilePath, conflicts_with = "push")]
    pub output: PathBuf,

    /// Digest that the artifact must have, as `--push` prints it
    #[arg(long, value_name = "DIGEST", conflicts_with = "push")]
    pub digest: Option<String>,

    /// Push the index given with `--input` instead of pulling one
    #[arg(long, requires = "input")]
    pub push: bool,

    /// Index to push
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "push")]
    pub input: Option<PathBuf>,

    /// Largest index in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub max_size: u64,

    /// How to reach the registry.
    #[command(flatten)]
    pub network: Network,
}

/// Pulls or pushes an index; returns what to print.
///
/// # Errors
/// Where that is not possible, or what arrived is not what its digest names.
pub(super) fn run(arguments: &FetchIndex, context: &Context) -> Result<String, Error> {
    let mut reference = Reference::parse(&arguments.reference)?;
    if let Some(digest) = &arguments.digest {
        let wrong = |message: String| {
            Err(Error::usage(message).help("give the digest that `--push` printed: sha256: and 64 digits"))
        };
        if !is_digest(digest) {
            return wrong(format!("`{digest}` is not a digest"));
        }
        if reference.digest.as_ref().is_some_and(|known| known != digest) {
            return wrong("the reference has another digest than `--digest`".to_owned());
        }
        reference.digest = Some(digest.clone());
    }
    let credentials = Credentials::find(&reference, &context.environment)?;
    if arguments.push {
        push(arguments, &reference, credentials, context)
    } else {
        pull(arguments, &reference, credentials, context)
    }
}

fn pull(
    arguments: &FetchIndex,
    reference: &Reference,
    credentials: Option<Credentials>,
    context: &Context,
) -> Result<String, Error> {
    let name = reference.manifest()?;
    let (digest, layer) = arguments.network.run(context, async |wire| {
        let registry = Registry::new(wire, reference, credentials, Access::Pull)?;
        context.progress(&format!("pulling {reference}"));
        let (manifest, digest) = registry.manifest(name).await?;
        let layer = layer(&manifest, reference)?;
        registry.blob(&layer, &arguments.output, arguments.max_size).await?;
        Ok((digest, layer))
    })?;
    // What is no index, or a damaged one, does not replace one.
    let index =
        verify(&with_ending(&arguments.output, ".part"), None).inspect_err(|_| discard(&arguments.output))?;
    put_in_place(&arguments.output).map_err(|error| Error::unwritable(&arguments.output, error))?;
    let output = arguments.output.display();
    let mut text = format!("pulled {reference}\n  file     {output}, {}\n", count(layer.size, "byte"));
    text.push_str(&format!("  index    {}\n  artifact {digest}\n", index.digest()));
    if arguments.digest.is_none() && reference.digest.is_none() {
        text.push_str(&format!("\nto pull exactly this one from now on, add `--digest {digest}`\n"));
    }
    text.push_str(&format!("next: dep-scan --db {output}\n"));
    Ok(text)
}

/// What an index says of itself, for whoever lists a registry.
fn annotations(index: &Index, context: &Context) -> BTreeMap<String, String> {
    let fetched = index.header().sources.iter().filter_map(|source| source.fetched).min();
    let fetched = fetched.map(|time| (FETCHED.to_owned(), time.to_string()));
    let created = (CREATED.to_owned(), context.now.to_string());
    [created, (INDEX_DIGEST.to_owned(), index.digest())].into_iter().chain(fetched).collect()
}

/// The one layer of an index.
fn layer(manifest: &Manifest, reference: &Reference) -> Result<Descriptor, Error> {
    match manifest.layers.as_slice() {
        [layer] if layer.media_type == TYPE => Ok(layer.clone()),
        _ => Err(Error::input("is not an advisory index")
            .at(Location::file(reference.to_string()))
            .help("give the reference that `devops fetch index --push` wrote to")),
    }
}

fn push(
    arguments: &FetchIndex,
    reference: &Reference,
    credentials: Option<Credentials>,
    context: &Context,
) -> Result<String, Error> {
    let (Some(tag), None) = (&reference.tag, &reference.digest) else {
        return Err(Error::usage("an index is pushed under a tag")
            .help("write HOST/REPOSITORY:TAG, without a digest"));
    };
    let path = arguments.input.clone().unwrap_or_default();
    let index = verify(&path, None)?;
    let bytes = read(&path, arguments.max_size).map_err(|error| Error::unreadable(&path, error))?;
    let bytes = Bytes::from(bytes);
    let mut layer = Descriptor::of(TYPE, &bytes);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    layer.annotations.insert(TITLE.to_owned(), name);
    let empty = Bytes::from_static(b"{}");
    let config = Descriptor::of(EMPTY, &empty);
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some("application/vnd.oci.image.manifest.v1+json".to_owned()),
        artifact_type: Some(TYPE.to_owned()),
        config: Some(config.clone()),
        layers: vec![layer.clone()],
        manifests: Vec::new(),
        annotations: annotations(&index, context),
    };
    let digest = arguments.network.run(context, async |wire| {
        let registry = Registry::new(wire, reference, credentials, Access::Push)?;
        context.progress(&format!("pushing {reference}"));
        registry.push_blob(&config, &empty).await?;
        registry.push_blob(&layer, &bytes).await?;
        registry.push_manifest(&manifest, tag).await
    })?;
    let mut text = format!("pushed {} to {reference}\n", path.display());
    text.push_str(&format!(
        "  file     {}\n  index    {}\n  artifact {digest}\n",
        count(layer.size, "byte"),
        index.digest()
    ));
    text.push_str(&format!(
        "\nnext: devops fetch index {}/{}@{digest}\n",
        reference.host, reference.repository
    ));
    Ok(text)
}
