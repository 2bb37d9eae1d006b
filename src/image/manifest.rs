//! Manifests and indexes of the image specification, and their older relatives of Docker.

use super::config::{text_of, texts_of};
use super::sum::Sum;
use devops_inventory::document::{Damage, Node, Value, json, text};

/// A blob, as a manifest or an index names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Sum,
    pub(crate) size: u64,
    /// What it runs on, where that is said: `linux/amd64`.
    pub(crate) platform: Option<String>,
    /// The name or tag that an index gives it.
    pub(crate) reference: Option<String>,
    /// The index that it was chosen from when it was fetched.
    pub(crate) chosen_from: Option<Sum>,
    /// Whether it says something about another image instead of being one.
    pub(crate) is_attestation: bool,
}

/// What a blob of an index says.
pub(crate) enum Document {
    /// Names other manifests.
    Index(Vec<Descriptor>),
    /// Is an image.
    Manifest { config: Descriptor, layers: Vec<Descriptor> },
}

/// An image of `manifest.json`, as `docker save` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) config: String,
    pub(crate) tags: Vec<String>,
    pub(crate) layers: Vec<String>,
}

/// The keys of indexes and manifests that are read.
const KEYS: [&str; 5] = ["schemaVersion", "mediaType", "manifests", "config", "layers"];
/// The keys of a descriptor that are read.
const DESCRIPTOR: [&str; 7] = ["mediaType", "digest", "size", "platform", "annotations", "urls", "data"];

/// Reads an index or a manifest.
pub(crate) fn document(bytes: &[u8]) -> Result<Document, Damage> {
    let root = json(text(bytes)?)?;
    root.map("manifest")?;
    root.check_spelling(&KEYS)?;
    match (root.get("manifests"), root.get("layers")) {
        (Some(_), None) => {
            let manifests = root.items("manifests")?.iter().map(descriptor);
            Ok(Document::Index(manifests.collect::<Result<_, _>>()?))
        }
        (None, Some(_)) => {
            let missing = || Damage::new(root.line, "`config` is missing");
            let layers = root.items("layers")?.iter().map(descriptor);
            Ok(Document::Manifest {
                config: descriptor(root.get("config").ok_or_else(missing)?)?,
                layers: layers.collect::<Result<_, _>>()?,
            })
        }
        (Some(_), Some(_)) => Err(Damage::new(root.line, "has both `manifests` and `layers`")),
        (None, None) => Err(Damage::new(root.line, "has neither `manifests` nor `layers`")),
    }
}

fn descriptor(node: &Node<'_>) -> Result<Descriptor, Damage> {
    node.map("descriptor")?;
    node.check_spelling(&DESCRIPTOR)?;
    let digest = node.must("digest")?;
    let size = node.get("size").map(|size| size.scalar("size")).transpose()?;
    let annotation = |key: &str| {
        let annotations = node.get("annotations").filter(|node| node.value != Value::Null);
        annotations.and_then(|annotations| annotations.get(key)).and_then(Node::as_text).map(str::to_owned)
    };
    let platform = match node.get("platform").filter(|node| node.value != Value::Null) {
        Some(platform) => {
            let parts = ["os", "architecture", "variant"].map(|key| text_of(platform, key));
            let parts: Vec<String> = parts.into_iter().collect::<Result<_, _>>()?;
            Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
        }
        None => None,
    };
    // A note alone is not enough: a runtime takes what is for its platform, whatever notes say of it.
    let is_attestation = platform.as_deref() == Some("unknown/unknown");
    Ok(Descriptor {
        media_type: text_of(node, "mediaType")?,
        digest: Sum::read(digest)
            .ok_or_else(|| Damage::new(node.line, format!("`{digest}` is no digest that is known")))?,
        size: size
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| Damage::new(node.line, "`size` is no length"))?,
        platform,
        chosen_from: annotation("vnd.devops-action.image-index.digest").and_then(|text| Sum::read(&text)),
        reference: annotation("io.containerd.image.name")
            .or_else(|| annotation("org.opencontainers.image.ref.name")),
        is_attestation,
    })
}

/// Reads `manifest.json` of an archive.
pub(crate) fn saved(bytes: &[u8]) -> Result<Vec<Saved>, Damage> {
    let root = json(text(bytes)?)?;
    let images = root.list("manifest.json")?.iter().map(|node| {
        node.map("image")?;
        node.check_spelling(&["Config", "RepoTags", "Layers"])?;
        Ok(Saved {
            config: node.must("Config")?.to_owned(),
            tags: texts_of(node, "RepoTags")?,
            layers: texts_of(node, "Layers")?,
        })
    });
    images.collect()
}

/// Whether a media type is that of a layer whose archive is read.
pub(crate) fn is_layer(media_type: &str) -> bool {
    let base = media_type.split('+').next().unwrap_or_default();
    let compression = media_type.split_once('+').map(|(_, rest)| rest);
    let is_oci =
        ["application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar"]
            .contains(&base)
            && matches!(compression, None | Some("gzip" | "zstd"));
    let is_docker = [
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ]
    .contains(&media_type);
    is_oci || is_docker
}

/// Whether a media type is that of the configuration of an image.
pub(crate) fn is_config(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.config.v1+json" | "application/vnd.docker.container.image.v1+json"
    )
}

#[cfg(test)]
mod tests {
    use super::{Document, document, is_layer, saved};

    const SUM: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn indexes_and_manifests_are_told_apart() {
        let blob = format!(r#"{{"mediaType":"x","digest":"{SUM}","size":3}}"#);
        let index = format!(
            r#"{{"manifests":[{blob},{{"digest":"{SUM}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}}}}]}}"#
        );
        let Document::Index(manifests) = document(index.as_bytes()).unwrap() else { panic!("no index") };
        assert_eq!((manifests.len(), manifests[1].is_attestation), (2, true));
        let manifest = format!(r#"{{"config":{blob},"layers":[{blob}]}}"#);
        assert!(matches!(document(manifest.as_bytes()), Ok(Document::Manifest { .. })));
        for text in [
            "{}".to_owned(),
            format!(r#"{{"layers":[{blob}]}}"#),
            format!(r#"{{"config":{blob},"layers":[],"manifests":[]}}"#),
            format!(r#"{{"config":{blob},"Layers":[]}}"#),
            format!(r#"{{"config":{blob},"layers":[],"layers":[{blob}]}}"#),
            manifest.replace("sha256", "crc32"),
            manifest.replace(":3", ":-3"),
        ] {
            assert!(document(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn saved_images_are_read() {
        let images = saved(br#"[{"Config":"a.json","RepoTags":null,"Layers":["a/layer.tar"]}]"#).unwrap();
        assert_eq!((images[0].config.as_str(), images[0].layers.len()), ("a.json", 1));
        assert!(saved(br#"[{"config":"a.json"}]"#).is_err());
    }

    #[test]
    fn layers_are_known_by_their_media_types() {
        for (media_type, expected) in [
            ("application/vnd.oci.image.layer.v1.tar+gzip", true),
            ("application/vnd.docker.image.rootfs.diff.tar.gzip", true),
            ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", false),
            ("application/vnd.in-toto+json", false),
            ("", false),
        ] {
            assert_eq!(is_layer(media_type), expected, "{media_type}");
        }
    }
}
