//! An image in an archive or a folder: which one is meant, its configuration and its layers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::config::Config;
use super::manifest::{Descriptor, Document, Saved, document, is_config, is_layer, saved};
use super::members::Members;
use super::region::Region;
use super::sum::Sum;
use devops_core::{Error, Location};
use devops_inventory::document::Damage;

/// Most bytes of a manifest, an index or a configuration.
const LONGEST_DOCUMENT: u64 = 32 << 20;
/// Deepest nesting of indexes.
const DEEPEST_INDEX: usize = 8;
/// Most manifests of an index.
const MOST_MANIFESTS: usize = 10_000;
/// Most layers of an image.
const MOST_LAYERS: usize = 1_000;

/// Which image of an archive or a layout is meant.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// What it runs on: `linux/arm64` or `linux/arm64/v8`.
    pub platform: Option<String>,
    /// Its tag or name.
    pub reference: Option<String>,
    /// The digest of its manifest, of an index that holds it, or of its configuration.
    pub digest: Option<String>,
}

/// What a path holds.
#[derive(Debug)]
pub enum Opened {
    /// An image.
    Image(Box<Image>),
    /// A root folder.
    Root(PathBuf),
}

/// An image whose manifests and configuration were read and compared with their digests.
#[derive(Debug)]
pub struct Image {
    /// What reports call it: the path of its archive or folder.
    pub label: String,
    /// Its names and tags, as the archive gives them.
    pub tags: Vec<String>,
    /// The digest of its manifest; none in an archive of `docker save` without one.
    pub manifest: Option<Sum>,
    /// Digests of indexes that it was reached through.
    pub indexes: Vec<Sum>,
    /// The digest of its configuration, which Docker calls its id.
    pub id: Sum,
    /// Its configuration.
    pub config: Config,
    /// Its layers, the lowest first.
    pub layers: Vec<Blob>,
}

/// A layer, packed or not.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Where its bytes are.
    pub region: Region,
    /// The digest of its bytes, where one is named.
    pub digest: Option<Sum>,
    /// The digest of what is in it, unpacked, where one is named.
    pub diff_id: Option<Sum>,
}

/// A manifest that may be meant.
struct Candidate {
    manifest: Sum,
    indexes: Vec<Sum>,
    platform: Option<String>,
    reference: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

/// Opens what a path holds: an archive, a layout, or else a root folder.
///
/// # Errors
/// Where nothing can be read there, something of it is damaged or missing, or several images may be meant.
pub fn open(path: &Path, selection: &Selection) -> Result<Opened, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::unreadable(path, error))?;
    let members = if !metadata.is_dir() {
        Members::of_archive(path)?
    } else if path.join("oci-layout").is_file() {
        Members::of_folder(path)
    } else {
        return Ok(Opened::Root(path.to_owned()));
    };
    Reader { members, selection }.image().map(|image| Opened::Image(Box::new(image)))
}

/// Reads an image.
struct Reader<'a> {
    members: Members,
    selection: &'a Selection,
}

impl Reader<'_> {
    fn image(&self) -> Result<Image, Error> {
        let is_archive = matches!(self.members, Members::Archive { .. });
        let of_docker = if is_archive { self.members.find("manifest.json")? } else { None };
        let of_layout = self.members.find("index.json")?;
        match (of_docker, of_layout) {
            (Some(manifest), None) => self.saved(&manifest),
            (None, Some(index)) => self.of_layout(&index),
            (Some(manifest), Some(index)) => {
                // Whoever loads the archive takes the one or the other.
                let (saved, layout) = (self.saved(&manifest)?, self.of_layout(&index)?);
                let regions = |image: &Image| -> Vec<String> {
                    image.layers.iter().map(|blob| blob.region.label().to_owned()).collect()
                };
                if saved.id != layout.id || regions(&saved) != regions(&layout) {
                    return Err(self.error("`manifest.json` and `index.json` are about different images"));
                }
                let mut tags = saved.tags;
                tags.extend(layout.tags);
                Ok(Image { tags, ..layout })
            }
            (None, None) => Err(self
                .error("it has neither `manifest.json` nor `index.json`")
                .help("expected an archive of `docker save` or `podman save`, or an OCI layout; a root folder is given as a folder")),
        }
    }

    /// The image of `manifest.json`.
    fn saved(&self, manifest: &Region) -> Result<Image, Error> {
        let images = saved(&self.read(manifest)?).map_err(|damage| damaged(manifest.label(), &damage))?;
        let (mut chosen, mut names) = (Vec::<(Saved, Sum, Config)>::new(), Vec::new());
        for image in images {
            let region = self.must(&image.config)?;
            let bytes = self.read(&region)?;
            let (id, config) =
                (Sum::of(&bytes), Config::read(&bytes).map_err(|damage| damaged(region.label(), &damage))?);
            // The name of the file is the digest that Docker knows the image by.
            let name = image.config.rsplit('/').next().unwrap_or_default();
            if let Some(named) = Sum::read(&format!("sha256:{}", name.trim_end_matches(".json")))
                && named != id
            {
                return Err(self.error(&format!("`{}` has the digest {id}", image.config)));
            }
            let is_named = self.is_named(image.tags.iter().map(String::as_str));
            names.push(image.tags.first().map_or(id.text(), String::as_str).to_owned());
            if is_named && self.is_platform(&config.platform()) {
                chosen.push((image, id, config));
            }
        }
        // Where there is only one, whoever asked compares its digest.
        if let (true, Some(digest)) = (chosen.len() > 1, &self.selection.digest) {
            chosen.retain(|(_, id, _)| id.text() == digest);
        }
        let (image, id, config) = match chosen.as_slice() {
            [] => return Err(self.none(&names)),
            [one] => one,
            _ => return Err(self.several(&names)),
        };
        let layers = image.layers.iter().map(|name| {
            let region = self.must(name)?;
            // Newer archives name their layers by digest.
            let digest = name.strip_prefix("blobs/sha256/").map(|digits| format!("sha256:{digits}"));
            Ok(Blob { region, digest: digest.and_then(|digest| Sum::read(&digest)), diff_id: None })
        });
        let layers = layers.collect::<Result<Vec<_>, Error>>()?;
        self.finish(Image {
            label: self.members.label(),
            tags: image.tags.clone(),
            manifest: None,
            indexes: Vec::new(),
            id: id.clone(),
            config: config.clone(),
            layers,
        })
    }

    /// The image of `index.json`.
    fn of_layout(&self, index: &Region) -> Result<Image, Error> {
        let bytes = self.read(index)?;
        let Document::Index(manifests) =
            document(&bytes).map_err(|damage| damaged(index.label(), &damage))?
        else {
            return Err(self.error("`index.json` is no index"));
        };
        let (candidates, missing) = self.candidates(manifests)?;
        let names: Vec<String> = candidates.iter().map(Candidate::describe).collect();
        let is_named = |candidate: &Candidate| self.is_named(candidate.reference.as_deref());
        let mut chosen: Vec<Candidate> = candidates.into_iter().filter(is_named).collect();
        // Where there is only one, whoever asked compares its digest.
        if let (true, Some(digest)) = (chosen.len() > 1, &self.selection.digest) {
            chosen.retain(|candidate| candidate.has(digest));
        }
        // One image by several names, or in several indexes, is one.
        chosen.dedup_by(|one, other| one.manifest == other.manifest);
        let mut images = Vec::new();
        for candidate in chosen {
            let is_platform = candidate.platform.as_deref().is_none_or(|platform| self.is_platform(platform));
            if is_platform {
                let image = self.candidate(&candidate)?;
                if self.is_platform(&image.config.platform()) {
                    images.push(image);
                }
            }
        }
        match (images.len(), missing.first()) {
            (0, Some(missing)) => Err(self.error(&format!("the manifest {missing} is missing"))),
            (0, None) => Err(self.none(&names)),
            (1, _) => images.pop().ok_or_else(|| self.none(&names)),
            _ => Err(self.several(&names)),
        }
    }

    /// The images that indexes lead to, and the digests of manifests that are not there.
    fn candidates(&self, manifests: Vec<Descriptor>) -> Result<(Vec<Candidate>, Vec<String>), Error> {
        let (mut candidates, mut missing) = (Vec::new(), Vec::new());
        let mut met = BTreeSet::new();
        let mut waiting: Vec<(Descriptor, Vec<Sum>, Option<String>)> =
            manifests.into_iter().rev().map(|manifest| (manifest, Vec::new(), None)).collect();
        while let Some((descriptor, indexes, outer)) = waiting.pop() {
            let reference = descriptor.reference.clone().or(outer);
            if descriptor.is_attestation || !met.insert((descriptor.digest.clone(), reference.clone())) {
                continue;
            }
            if met.len() > MOST_MANIFESTS || indexes.len() > DEEPEST_INDEX {
                return Err(self.error("its indexes name too many manifests"));
            }
            let Some(bytes) = self.blob(&descriptor)? else {
                missing.push(descriptor.digest.to_string());
                continue;
            };
            let read = document(&bytes);
            match read.map_err(|damage| damaged(descriptor.digest.text(), &damage))? {
                Document::Index(manifests) => {
                    let mut indexes = indexes;
                    indexes.push(descriptor.digest);
                    let next = manifests.into_iter().rev();
                    waiting.extend(next.map(|one| (one, indexes.clone(), reference.clone())));
                }
                // What else a registry stores: signatures, bills of materials, charts. What has layers of an image may be run as one.
                Document::Manifest { config, layers }
                    if !is_config(&config.media_type)
                        && !layers.iter().any(|layer| is_layer(&layer.media_type)) => {}
                Document::Manifest { config, layers } => candidates.push(Candidate {
                    indexes: self.with_origin(indexes, &descriptor)?,
                    manifest: descriptor.digest,
                    platform: descriptor.platform,
                    reference,
                    config,
                    layers,
                }),
            }
        }
        Ok((candidates, missing))
    }

    /// Adds the index that an image was chosen from, which the layout holds without the other images: its bytes have to name this one.
    fn with_origin(&self, mut indexes: Vec<Sum>, image: &Descriptor) -> Result<Vec<Sum>, Error> {
        let Some(origin) = &image.chosen_from else { return Ok(indexes) };
        let (algorithm, digits) = origin.parts();
        let region = self.members.find(&format!("blobs/{algorithm}/{digits}"))?;
        let Some(bytes) = region.map(|region| self.read(&region)).transpose()? else { return Ok(indexes) };
        if origin.is_of(&bytes)
            && let Ok(Document::Index(manifests)) = document(&bytes)
            && manifests.iter().any(|manifest| manifest.digest == image.digest)
        {
            indexes.push(origin.clone());
        }
        Ok(indexes)
    }

    /// The image of a manifest.
    fn candidate(&self, candidate: &Candidate) -> Result<Image, Error> {
        let config = &candidate.config;
        let Some(bytes) = self.blob(config)? else {
            return Err(self.error(&format!("the configuration {} is missing", config.digest)));
        };
        let mut layers = Vec::new();
        for layer in &candidate.layers {
            if !is_layer(&layer.media_type) {
                let kind = &layer.media_type;
                return Err(self.error(&format!(
                    "the layer {} is of the kind `{kind}`, which is not read",
                    layer.digest
                )));
            }
            let Some(region) = self.region(layer)? else {
                return Err(self.error(&format!("the layer {} is missing", layer.digest)));
            };
            layers.push(Blob { region, digest: Some(layer.digest.clone()), diff_id: None });
        }
        let parsed = Config::read(&bytes).map_err(|damage| damaged(config.digest.text(), &damage))?;
        self.finish(Image {
            label: self.members.label(),
            tags: candidate.reference.iter().cloned().collect(),
            manifest: Some(candidate.manifest.clone()),
            indexes: candidate.indexes.clone(),
            id: config.digest.clone(),
            config: parsed,
            layers,
        })
    }

    /// Compares the parts of an image with each other.
    fn finish(&self, mut image: Image) -> Result<Image, Error> {
        let count = image.layers.len();
        if count > MOST_LAYERS {
            return Err(self.error(&format!("it has more than {MOST_LAYERS} layers")));
        }
        let diff_ids = &image.config.diff_ids;
        if !diff_ids.is_empty() && diff_ids.len() != count {
            return Err(self
                .error(&format!("its manifest names {count} layers, its configuration {}", diff_ids.len())));
        }
        let own = image.config.history.iter().filter(|step| !step.is_empty).count();
        if own != count && !image.config.history.is_empty() {
            return Err(self.error(&format!("its manifest names {count} layers, its history {own}")));
        }
        for (blob, diff_id) in image.layers.iter_mut().zip(diff_ids) {
            blob.diff_id = Some(diff_id.clone());
        }
        Ok(image)
    }

    /// The bytes of a blob of a layout, which have its digest; none where it is missing.
    fn blob(&self, descriptor: &Descriptor) -> Result<Option<Vec<u8>>, Error> {
        let Some(region) = self.region(descriptor)? else { return Ok(None) };
        let bytes = self.read(&region)?;
        if !descriptor.digest.is_of(&bytes) {
            return Err(
                self.error(&format!("the blob {} has other bytes than its digest says", descriptor.digest))
            );
        }
        Ok(Some(bytes))
    }

    /// A blob of a layout, which has its length; none where it is missing.
    fn region(&self, descriptor: &Descriptor) -> Result<Option<Region>, Error> {
        let (algorithm, digits) = descriptor.digest.parts();
        let region = self.members.find(&format!("blobs/{algorithm}/{digits}"))?;
        match region {
            Some(region) if region.length() != descriptor.size => Err(self.error(&format!(
                "the blob {} has {} bytes instead of {}",
                descriptor.digest,
                region.length(),
                descriptor.size
            ))),
            other => Ok(other),
        }
    }

    fn read(&self, region: &Region) -> Result<Vec<u8>, Error> {
        let unreadable = |error| self.error(&format!("{} can't be read: {error}", region.label()));
        region.whole(LONGEST_DOCUMENT).map_err(unreadable)
    }

    fn must(&self, name: &str) -> Result<Region, Error> {
        self.members.find(name)?.ok_or_else(|| self.error(&format!("`{name}` is missing")))
    }

    /// Whether the name that was asked for is one of these.
    fn is_named<'b>(&self, names: impl IntoIterator<Item = &'b str>) -> bool {
        let Some(asked) = self.selection.reference.as_deref() else { return true };
        names.into_iter().any(|name| {
            name == asked || name.rsplit_once(':').is_some_and(|(_, tag)| tag == asked && !tag.contains('/'))
        })
    }

    /// Whether a platform is the one that was asked for, of which the variant may be left out.
    fn is_platform(&self, platform: &str) -> bool {
        let Some(asked) = self.selection.platform.as_deref() else { return true };
        platform == asked || platform.strip_prefix(asked).is_some_and(|rest| rest.starts_with('/'))
    }

    /// None of the images is meant.
    fn none(&self, names: &[String]) -> Error {
        if names.is_empty() {
            return self.error("it has no image");
        }
        self.error(&format!("it has no such image, only {}", names.join(", ")))
            .help("correct `--image-tag`, `--platform` or `--expect-digest`")
    }

    /// More than one of the images may be meant.
    fn several(&self, names: &[String]) -> Error {
        self.error(&format!("it has several images: {}", names.join(", ")))
            .help("name one with `--image-tag`, `--platform` or `--expect-digest`")
    }

    fn error(&self, what: &str) -> Error {
        let label = self.members.label();
        Error::input(format!("{label} can't be read as an image: {what}"))
            .at(Location::file(label))
            .help("save or fetch the image again")
    }
}

impl Candidate {
    /// What people know it by.
    fn describe(&self) -> String {
        let parts = [self.reference.as_deref(), self.platform.as_deref()];
        let known: Vec<&str> = parts.into_iter().flatten().collect();
        if known.is_empty() { self.manifest.to_string() } else { known.join(" ") }
    }

    /// Whether it, what it was reached through, or its configuration has a digest.
    fn has(&self, digest: &str) -> bool {
        let own = [&self.manifest, &self.config.digest];
        own.into_iter().chain(&self.indexes).any(|known| known.text() == digest)
    }
}

fn damaged(label: &str, damage: &Damage) -> Error {
    Error::input(format!("{label} can't be read: {}", damage.what))
        .at(Location::line(label, damage.line))
        .help("save or fetch the image again")
}
