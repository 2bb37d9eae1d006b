//! Images that tests build: layers out of lists of entries, in archives and layouts, packed or not, whole or changed by hand.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use sha2::Digest as _;

/// Length of a header of a tar archive, and of the blocks that contents fill.
const BLOCK: usize = 512;

/// What an entry of a layer is.
#[derive(Debug, Clone)]
pub(super) enum What {
    File(Vec<u8>),
    Folder,
    Link(String),
    HardLink(String),
    Pipe,
}

/// An entry of a layer.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) what: What,
    pub(super) mode: u32,
}

fn entry(name: impl Into<Vec<u8>>, what: What, mode: u32) -> Entry {
    Entry { name: name.into(), what, mode }
}

/// A regular file.
pub(super) fn file(name: impl Into<Vec<u8>>, content: impl AsRef<[u8]>) -> Entry {
    entry(name, What::File(content.as_ref().to_vec()), 0o644)
}

/// A folder.
pub(super) fn folder(name: &str) -> Entry {
    entry(name, What::Folder, 0o755)
}

/// A symbolic link.
pub(super) fn link(name: &str, target: &str) -> Entry {
    entry(name, What::Link(target.to_owned()), 0o777)
}

/// A second name of a file.
pub(super) fn hard_link(name: &str, target: &str) -> Entry {
    entry(name, What::HardLink(target.to_owned()), 0o644)
}

/// A named pipe.
pub(super) fn pipe(name: &str) -> Entry {
    entry(name, What::Pipe, 0o600)
}

/// The header of an entry, by POSIX.
pub(super) fn header(name: &[u8], flag: u8, size: u64, target: &str, mode: u32) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    let length = name.len().min(100);
    block[..length].copy_from_slice(&name[..length]);
    block[100..107].copy_from_slice(format!("{mode:07o}").as_bytes());
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = flag;
    block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// A header with content, filled up to whole blocks.
pub(super) fn with_content(name: &[u8], flag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(name, flag, content.len() as u64, "", 0o644);
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

/// A value before an entry, by POSIX.
pub(super) fn value(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// An archive without its end.
pub(super) fn entries(all: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in all {
        if entry.name.len() > 100 {
            bytes.extend(with_content(b"PaxHeaders/x", b'x', &value("path", &entry.name)));
        }
        match &entry.what {
            What::File(content) => {
                bytes.extend(header(&entry.name, b'0', content.len() as u64, "", entry.mode));
                bytes.extend(content);
                bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
            }
            What::Folder => bytes.extend(header(&entry.name, b'5', 0, "", entry.mode)),
            What::Link(target) => bytes.extend(header(&entry.name, b'2', 0, target, entry.mode)),
            What::HardLink(target) => bytes.extend(header(&entry.name, b'1', 0, target, entry.mode)),
            What::Pipe => bytes.extend(header(&entry.name, b'6', 0, "", entry.mode)),
        }
    }
    bytes
}

/// An archive.
pub(super) fn archive(all: &[Entry]) -> Vec<u8> {
    ended(entries(all))
}

/// The mark at the end of an archive.
pub(super) fn ended(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend([0; 2 * BLOCK]);
    bytes
}

/// What layers are packed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// Packs bytes.
    pub(super) fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Zstd => zstd(bytes),
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => "+gzip",
            Self::Zstd => "+zstd",
        }
    }
}

/// One frame of zstd with blocks that are stored as they are.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    let blocks: Vec<&[u8]> = bytes.chunks(100_000).collect();
    for (number, block) in blocks.iter().enumerate() {
        let is_last = u32::from(number + 1 == blocks.len());
        let head = is_last | u32::try_from(block.len()).unwrap() << 3;
        packed.extend(&head.to_le_bytes()[..3]);
        packed.extend(*block);
    }
    packed
}

/// The digest of bytes.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

fn hex(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Changes a document before it gets its digest.
pub(super) type Change = fn(&mut Value);

/// An image that is to be written.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// Its layers as archives, the lowest first.
    pub(super) layers: Vec<Vec<u8>>,
    pub(super) packing: Packing,
    pub(super) config: Change,
    pub(super) manifest: Change,
    pub(super) index: Change,
}

impl Image {
    /// An image of these layers.
    pub(super) fn of(layers: &[Vec<Entry>]) -> Self {
        Self::of_archives(layers.iter().map(|layer| archive(layer)).collect())
    }

    /// An image of layers that are archives already.
    pub(super) fn of_archives(layers: Vec<Vec<u8>>) -> Self {
        Self { layers, packing: Packing::None, config: |_| {}, manifest: |_| {}, index: |_| {} }
    }

    pub(super) fn packed(self, packing: Packing) -> Self {
        Self { packing, ..self }
    }

    fn configuration(&self) -> Vec<u8> {
        let step = |number: usize| json!({"created": "2026-11-01T00:00:00Z", "created_by": format!("RUN step {number}")});
        let mut config = json!({
            "architecture": "amd64", "os": "linux",
            "config": {"User": "10001", "Labels": {"org.opencontainers.image.source": "https://example.com/shop"}},
            "rootfs": {"type": "layers", "diff_ids": self.layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>()},
            "history": (0..self.layers.len()).map(step).collect::<Vec<_>>(),
        });
        (self.config)(&mut config);
        config.to_string().into_bytes()
    }

    /// The members of an archive of `docker save`.
    pub(super) fn saved(&self) -> Files {
        let config = self.configuration();
        let name = format!("{}.json", hex(&config));
        let names: Vec<String> = (0..self.layers.len()).map(|number| format!("{number}/layer.tar")).collect();
        let mut manifest = json!([{"Config": name, "RepoTags": ["shop:1"], "Layers": names}]);
        (self.manifest)(&mut manifest);
        let mut files = Files::default();
        files.0.insert(name, config);
        for (name, layer) in names.into_iter().zip(&self.layers) {
            files.0.insert(name, self.packing.pack(layer));
        }
        files.0.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
        files
    }

    /// The files of a layout.
    pub(super) fn layout(&self) -> Files {
        let mut files = Files::default();
        let config = files.blob("application/vnd.oci.image.config.v1+json", &self.configuration());
        let kind = format!("application/vnd.oci.image.layer.v1.tar{}", self.packing.suffix());
        let layers: Vec<Value> =
            self.layers.iter().map(|layer| files.blob(&kind, &self.packing.pack(layer))).collect();
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
        });
        (self.manifest)(&mut manifest);
        let mut descriptor = files.blob(MANIFEST, manifest.to_string().as_bytes());
        descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": "1"});
        let mut index = json!({"schemaVersion": 2, "manifests": [descriptor]});
        (self.index)(&mut index);
        files.0.insert("index.json".to_owned(), index.to_string().into_bytes());
        files.0.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        files
    }
}

/// The media type of a manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The files of an image, by their paths in its archive or folder.
#[derive(Debug, Clone, Default)]
pub(super) struct Files(pub(super) BTreeMap<String, Vec<u8>>);

impl Files {
    /// Adds a blob; its descriptor.
    pub(super) fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        self.0.insert(format!("blobs/sha256/{}", hex(bytes)), bytes.to_vec());
        json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
    }

    /// Changes a document that no digest covers.
    pub(super) fn change(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut value = serde_json::from_slice(&self.0[name]).unwrap();
        change(&mut value);
        self.0.insert(name.to_owned(), value.to_string().into_bytes());
    }

    /// The text of a document.
    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8(self.0[name].clone()).unwrap()
    }

    /// The name of the blob of a layer of a layout, by its number.
    pub(super) fn layer(&self, number: usize) -> String {
        let index: Value = serde_json::from_slice(&self.0["index.json"]).unwrap();
        let name = |digest: &Value| format!("blobs/sha256/{}", &digest.as_str().unwrap()[7..]);
        let manifest: Value =
            serde_json::from_slice(&self.0[&name(&index["manifests"][0]["digest"])]).unwrap();
        name(&manifest["layers"][number]["digest"])
    }

    /// Adds the files of another image, and its manifests to the index.
    pub(super) fn with(mut self, other: &Self) -> Self {
        let index: Value = serde_json::from_slice(&other.0["index.json"]).unwrap();
        let own = self.0["index.json"].clone();
        self.0.extend(other.0.clone());
        self.0.insert("index.json".to_owned(), own);
        self.change("index.json", |value| {
            value["manifests"].as_array_mut().unwrap().extend(index["manifests"].as_array().unwrap().clone());
        });
        self
    }

    /// All of it as an archive.
    pub(super) fn archive(&self) -> Vec<u8> {
        let all: Vec<Entry> = self.0.iter().map(|(name, bytes)| file(name.as_str(), bytes)).collect();
        archive(&all)
    }

    /// Writes an archive.
    pub(super) fn write_archive(&self, path: &Path) {
        std::fs::write(path, self.archive()).unwrap();
    }

    /// Writes a folder.
    pub(super) fn write_folder(&self, path: &Path) {
        for (name, bytes) in &self.0 {
            let path = path.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
}
