//! `devops fetch image`: an image from a registry as an OCI layout, so that the scan of it needs no network.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde::Serialize;

use super::download::put_in_place;
use super::network::Network;
use super::registry::{Access, Credentials, Descriptor, Fetched, Reference, Registry, is_digest};
use devops_core::words::{count, number};
use devops_core::{Error, Location};
use devops_files::replace;
use devops_job::Context;

/// Most bytes of a configuration, and most manifests of a list that are fetched.
const MOST_MANIFESTS: usize = 100;
/// The name that a layout gives an image.
const NAME: &str = "org.opencontainers.image.ref.name";
/// The list that an image was chosen from, whose digest is the one that people pin.
const CHOSEN_FROM: &str = "vnd.devops-action.image-index.digest";
/// Type of the list that a layout begins with.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

const EXAMPLES: &str = "Examples:
  devops fetch image ghcr.io/org/shop:1.4 --output image
  devops fetch image debian@sha256:… --output base --platform linux/arm64
  image-scan --image image --db advisories.db

Credentials are those of `docker login` and `podman login`.";

/// Flags of `devops fetch image`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FetchImage {
    /// Image in a registry: HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST
    #[arg(value_name = "REF")]
    pub reference: String,

    /// Folder to write the OCI layout to; layers that it has are not fetched again
    #[arg(long, value_name = "LAYOUT", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,

    /// What the image runs on, where there are several, e.g. `linux/arm64`; `all` fetches each [default: linux/amd64, or linux/arm64 on
    /// such a machine]
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,

    /// Digest that the image must have
    #[arg(long, value_name = "DIGEST")]
    pub digest: Option<String>,

    /// Largest layer in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 30)]
    pub max_size: u64,

    /// How to reach the registry.
    #[command(flatten)]
    pub network: Network,
}

/// The list that a layout begins with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u32,
    media_type: &'a str,
    manifests: Vec<Descriptor>,
}

/// Fetches an image; returns what to print.
///
/// # Errors
/// Where that is not possible, or what arrived is not what its digest names.
pub(super) fn run(arguments: &FetchImage, context: &Context) -> Result<String, Error> {
    let mut reference = Reference::parse(&arguments.reference)?;
    if let Some(digest) = &arguments.digest {
        let wrong = |message: String| Err(Error::usage(message).help("write sha256: and 64 digits"));
        if !is_digest(digest) {
            return wrong(format!("`{digest}` is not a digest"));
        }
        if reference.digest.as_ref().is_some_and(|known| known != digest) {
            return wrong("the reference has another digest than `--digest`".to_owned());
        }
        reference.digest = Some(digest.clone());
    }
    let credentials = Credentials::find(&reference, &context.environment)?;
    let layout = Layout { folder: &arguments.output };
    layout.begin()?;
    let name = reference.manifest()?.to_owned();
    let fetching = async |wire: &devops_net::Wire| {
        let registry = Registry::new(wire, &reference, credentials, Access::Pull)?;
        context.progress(&format!("fetching {reference}"));
        let top = registry.fetch_manifest(&name).await?;
        let work = Work { registry: &registry, layout: &layout, arguments, context, reference: &reference };
        let mut manifests = Vec::new();
        if top.manifest.manifests.is_empty() {
            manifests.push(work.image(&top, None).await?);
        } else {
            layout.write(&top.digest, &top.bytes)?;
            for chosen in work.chosen(&top)? {
                let image = registry.fetch_manifest(&chosen.digest).await?;
                manifests.push(Descriptor {
                    platform: chosen.platform.clone(),
                    ..work.image(&image, Some(&top.digest)).await?
                });
            }
        }
        Ok((top.digest, manifests))
    };
    let (digest, manifests) = arguments.network.run(context, fetching)?;
    let index = Index { schema_version: 2, media_type: INDEX, manifests };
    let bytes = serde_json::to_vec_pretty(&index)
        .map_err(|error| Error::bug("an index has no JSON form").because(error))?;
    replace(&arguments.output.join("index.json"), &bytes)?;
    let output = arguments.output.display();
    let mut text = format!("fetched {reference}\n  digest   {digest}\n");
    for manifest in &index.manifests {
        let platform = manifest.platform.as_ref().map(|platform| format!("{platform}, ")).unwrap_or_default();
        text.push_str(&format!("  image    {platform}{}\n", manifest.digest));
    }
    text.push_str(&format!("  layout   {output}\n"));
    if reference.digest.is_none() {
        text.push_str(&format!("\nto fetch exactly this one from now on, add `--digest {digest}`\n"));
    }
    text.push_str(&format!("next: image-scan --image {output} --db {}\n", super::INDEX));
    Ok(text)
}

/// What an image is fetched with.
struct Work<'a> {
    registry: &'a Registry<'a>,
    layout: &'a Layout<'a>,
    arguments: &'a FetchImage,
    context: &'a Context,
    reference: &'a Reference,
}

impl Work<'_> {
    /// The images of a list that are wanted.
    fn chosen<'m>(&self, top: &'m Fetched) -> Result<Vec<&'m Descriptor>, Error> {
        let wanted = self.arguments.platform.as_deref();
        let all: Vec<&Descriptor> =
            top.manifest.manifests.iter().filter(|manifest| !manifest.is_attestation()).collect();
        if wanted == Some("all") && all.len() <= MOST_MANIFESTS {
            return Ok(all);
        }
        let wanted =
            wanted.unwrap_or(if cfg!(target_arch = "aarch64") { "linux/arm64" } else { "linux/amd64" });
        let fits = |one: &&&Descriptor| one.platform.as_ref().is_some_and(|platform| platform.is(wanted));
        if let Some(chosen) = all.iter().find(fits) {
            return Ok(vec![chosen]);
        }
        let known = all.iter().filter_map(|one| one.platform.as_ref()).map(ToString::to_string);
        let known: Vec<String> = known.take(MOST_MANIFESTS).collect();
        Err(Error::usage(format!("{} has no image for {wanted}", self.reference))
            .help(format!("give another `--platform`: {}", known.join(", "))))
    }

    /// Fetches the parts of an image; what the layout's list says of it.
    async fn image(&self, image: &Fetched, list: Option<&str>) -> Result<Descriptor, Error> {
        let Some(config) = &image.manifest.config else {
            return Err(Error::input("is not an image")
                .at(Location::file(self.reference.to_string()))
                .help("check the reference: charts, bills of materials and signatures are no images"));
        };
        self.layout.write(&image.digest, &image.bytes)?;
        let layers = &image.manifest.layers;
        let bytes: u64 = layers.iter().map(|layer| layer.size).sum();
        let layers_text = count(layers.len() as u64, "layer");
        self.context.progress(&format!("{layers_text}, {} MB", number(bytes.div_ceil(1_000_000))));
        for blob in std::iter::once(config).chain(layers) {
            let path = self.layout.path(&blob.digest)?;
            if self.layout.has(blob)? {
                continue;
            }
            self.registry.blob(blob, &path, self.arguments.max_size).await?;
            put_in_place(&path).map_err(|error| Error::unwritable(&path, error))?;
        }
        let media_type = image.manifest.media_type.clone();
        let mut descriptor =
            Descriptor::of(&media_type.unwrap_or_else(|| super::registry::OCI.to_owned()), &image.bytes);
        descriptor.annotations.insert(NAME.to_owned(), self.reference.to_string());
        if let Some(list) = list {
            descriptor.annotations.insert(CHOSEN_FROM.to_owned(), list.to_owned());
        }
        Ok(descriptor)
    }
}

/// A folder in the form of an OCI layout.
struct Layout<'a> {
    folder: &'a Path,
}

impl Layout<'_> {
    fn begin(&self) -> Result<(), Error> {
        let blobs = self.folder.join("blobs/sha256");
        let has_other = self.folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
            && !self.folder.join("oci-layout").is_file();
        if has_other {
            return Err(Error::usage(format!("{} is no OCI layout", self.folder.display()))
                .help("choose a folder that is empty or not there yet"));
        }
        std::fs::create_dir_all(&blobs).map_err(|error| Error::unwritable(&blobs, error))?;
        replace(&self.folder.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)
    }

    fn path(&self, digest: &str) -> Result<PathBuf, Error> {
        let digits = digest.strip_prefix("sha256:").filter(|_| is_digest(digest));
        let digits = digits.ok_or_else(|| {
            Error::input(format!("`{digest}` is no SHA-256 digest")).help("push the image again")
        })?;
        Ok(self.folder.join("blobs/sha256").join(digits))
    }

    fn write(&self, digest: &str, bytes: &[u8]) -> Result<(), Error> {
        replace(&self.path(digest)?, bytes)
    }

    /// Whether a blob is there already, as its digest names it.
    fn has(&self, blob: &Descriptor) -> Result<bool, Error> {
        let path = self.path(&blob.digest)?;
        let known = super::kept::digest(&path).ok();
        Ok(known.is_some_and(|(bytes, sum)| bytes == blob.size && format!("sha256:{sum}") == blob.digest))
    }
}
