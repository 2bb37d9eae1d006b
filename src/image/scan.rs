//! All layers of an image, or a root folder, read side by side.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::cache::Store;
use super::content::Stored;
use super::image::{Blob, Image};
use super::layer::{Layer, RawPath, Reading, Take};
use super::paths::join;
use super::region::Region;
use super::unpack;
use devops_core::Error;
use devops_inventory::installed::{Entry, Extract};

/// Deepest nesting of folders below a root folder.
const DEEPEST_FOLDER: usize = 1_000;

/// The layers of an image, the lowest first.
#[derive(Debug, Default)]
pub struct Layers {
    /// What each holds.
    pub layers: Vec<Layer>,
    /// For each, whether its bytes have the digest that the image names for them.
    pub verified: Vec<bool>,
    /// How many came out of the cache.
    pub cached: usize,
}

/// How layers are read.
pub struct Way<'a> {
    /// Whether the digests of unpacked layers are compared.
    pub verify: bool,
    /// Where layers that were read are kept for other runs.
    pub store: Option<&'a Store>,
    /// Takes what matters from files.
    pub take: Take<'a>,
}

/// Reads all layers of an image, on every processor, the longest first.
///
/// # Errors
/// As [`unpack::read`]; of several errors the one about the lowest layer.
pub fn read_layers(image: &Image, way: &Way<'_>) -> Result<Layers, Error> {
    let mut order: Vec<(usize, &Blob)> = image.layers.iter().enumerate().collect();
    order.sort_by_key(|(_, blob)| std::cmp::Reverse(blob.region.length()));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some((number, blob)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let read = layer_of(blob, way);
            if let Ok(mut done) = done.lock() {
                done.insert(*number, read);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(order.len());
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut all = Layers::default();
    for (_, read) in done.into_inner().unwrap_or_default() {
        let (layer, is_verified, is_cached) = read?;
        all.layers.push(layer);
        all.verified.push(is_verified);
        all.cached += usize::from(is_cached);
    }
    // A thread that ended without a word is no shorter image.
    if all.layers.len() != image.layers.len() {
        return Err(Error::bug("a layer was not read"));
    }
    Ok(all)
}

/// A layer, whether it was compared with its digest, and whether it came out of the cache.
fn layer_of(blob: &Blob, way: &Way<'_>) -> Result<(Layer, bool, bool), Error> {
    let Some((store, digest)) = way.store.zip(blob.digest.as_ref()) else {
        let (layer, is_verified) = unpack::read(blob, way.verify, way.take)?;
        return Ok((layer, is_verified, false));
    };
    // What is kept is that of bytes with this digest; whether these here have it is not asked again, unless somebody wants it.
    if !way.verify
        && let Some(layer) = store.get(digest)
    {
        return Ok((layer, false, true));
    }
    let (layer, is_verified) = unpack::read(blob, way.verify, way.take)?;
    if is_verified {
        store.put(digest, &layer)?;
    }
    Ok((layer, is_verified, false))
}

/// Paths of files of a layer, and the other paths under which something is taken from each.
pub type Aliases = BTreeMap<RawPath, Vec<RawPath>>;

/// What was taken under other paths, with those paths.
pub type TakenAgain = Vec<(RawPath, Extract)>;

/// Takes again, from files of a layer under other paths: second names, or where links lead. The layer is read once for all of them.
///
/// # Errors
/// As [`unpack::read`].
pub fn take_again(
    image: &Image,
    layer: usize,
    aliases: &Aliases,
    take: Take<'_>,
) -> Result<TakenAgain, Error> {
    let Some(blob) = image.layers.get(layer) else { return Ok(Vec::new()) };
    again(aliases, take, |take| unpack::read(blob, false, take).map(|_| ()))
}

/// The same of a root folder.
///
/// # Errors
/// As [`read_root`].
pub fn take_again_in_root(root: &Path, aliases: &Aliases, take: Take<'_>) -> Result<TakenAgain, Error> {
    again(aliases, take, |take| read_root(root, take).map(|_| ()))
}

/// Has files read, and takes from those that have other paths.
fn again(
    aliases: &Aliases,
    take: Take<'_>,
    read: impl FnOnce(Take<'_>) -> Result<(), Error>,
) -> Result<TakenAgain, Error> {
    let found = Mutex::new(Vec::new());
    read(&|entry, content| {
        for path in aliases.get(entry.path).into_iter().flatten() {
            if let (Some(extract), Ok(mut found)) = (take(Entry { path, ..entry }, content)?, found.lock()) {
                found.push((path.clone(), extract));
            }
        }
        Ok(None)
    })?;
    Ok(found.into_inner().unwrap_or_default())
}

/// Reads a root folder as if it were the one layer of an image. Links are not followed, and nothing above the folder is read.
///
/// # Errors
/// Where a folder or a file that matters can't be read.
pub fn read_root(root: &Path, take: Take<'_>) -> Result<Layer, Error> {
    let label = root.to_string_lossy();
    let mut reading = Reading::new(&label, take);
    let mut waiting = vec![(root.to_owned(), RawPath::new(), 0)];
    while let Some((folder, path, depth)) = waiting.pop() {
        if depth > DEEPEST_FOLDER {
            return Err(Error::input(format!("{} is nested too deep", folder.display()))
                .help("give the folder that holds the root of the system"));
        }
        let unreadable = |error| Error::unreadable(&folder, error);
        let mut entries = std::fs::read_dir(&folder)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unreadable)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let mut path = path.clone();
            join(&mut path, entry.file_name().as_encoded_bytes());
            let metadata = entry.metadata().map_err(|error| Error::unreadable(&entry.path(), error))?;
            if metadata.is_dir() {
                reading.found_folder(&path)?;
                waiting.push((entry.path(), path, depth + 1));
            } else if metadata.is_symlink() {
                let target = std::fs::read_link(entry.path())
                    .map_err(|error| Error::unreadable(&entry.path(), error))?;
                reading.found_link(path, target.into_os_string().into_encoded_bytes())?;
            } else if metadata.is_file() {
                let mode = mode(&metadata);
                reading.found_file(path, metadata.len(), mode, |about| {
                    // Opened only when something of it is asked for.
                    let mut content = OnDisk { path: entry.path(), size: metadata.len(), stored: None };
                    take(about, &mut content)
                })?;
            } else {
                reading.found_special(&path)?;
            }
        }
    }
    Ok(reading.finish())
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o755
}

/// A file of a root folder, opened when it is read.
struct OnDisk {
    path: std::path::PathBuf,
    size: u64,
    stored: Option<Stored>,
}

impl devops_inventory::installed::Content for OnDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn range(&mut self, offset: u64, length: usize) -> std::io::Result<std::borrow::Cow<'_, [u8]>> {
        if self.stored.is_none() {
            let region =
                Region::open(&self.path).map_err(|error| std::io::Error::other(error.to_string()))?;
            self.stored = Some(Stored::new(region));
        }
        match &mut self.stored {
            Some(stored) => stored.range(offset, length),
            None => Ok(std::borrow::Cow::Borrowed(&[])),
        }
    }
}
