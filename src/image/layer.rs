//! One layer: what it brings, what it takes away from the layers below, and what it has of files that matter.
//!
//! Reading a layer knows nothing of other layers, so that layers are read side by side and what is known of one may be kept.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::caches::Cache;
use super::content::{Streamed, WithHoles};
use super::paths::{self, Astray, hash, join, name, parent};
use super::tar::{Damage, Entry, Source, Tar, What};
use devops_core::Error;
use devops_inventory::installed;
use devops_inventory::installed::{Content, Extract};

/// What the names of entries begin with that take something away.
const WHITEOUT: &[u8] = b".wh.";
/// The name of an entry that takes away everything in its folder.
const OPAQUE: &[u8] = b".wh..wh..opq";
/// What the names of entries begin with that are notes of a storage driver.
const OF_DRIVER: &[u8] = b".wh..wh.";

/// Most entries of one layer.
const MOST_ENTRIES: u64 = 20_000_000;
/// Most links of one layer, and most files of it from which something is taken.
const MOST_KEPT: usize = 1_000_000;
/// Longest path.
const LONGEST_PATH: usize = 64 << 10;
/// Most bytes that are taken from files of one layer.
const MOST_TAKEN: usize = 1 << 30;

/// The setuid and setgid bits.
const PRIVILEGED: u32 = 0o6000;

/// Takes what matters from a file.
pub type Take<'a> =
    &'a (dyn Fn(installed::Entry<'_>, &mut dyn Content) -> Result<Option<Extract>, Error> + Sync);

/// A path of a layer, whatever its bytes.
pub type RawPath = Vec<u8>;

/// A file from which something was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its length in bytes.
    pub size: u64,
    /// What was taken.
    pub extract: Extract,
}

/// What is known of a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// The hash of every path that the layer has, in order; the last bit is set where it is no folder.
    pub(crate) present: Vec<u128>,
    /// Paths that it takes away from layers below.
    pub(crate) whiteouts: Vec<RawPath>,
    /// Folders whose content it takes away from layers below.
    pub(crate) opaque: Vec<RawPath>,
    /// Symbolic links and their targets.
    pub(crate) symlinks: BTreeMap<RawPath, RawPath>,
    /// Second names of files, and the paths of these.
    pub(crate) hard_links: BTreeMap<RawPath, RawPath>,
    /// Files from which something was taken.
    pub(crate) kept: BTreeMap<RawPath, Kept>,
    /// Files that run as their owner or group, with their permission bits.
    pub(crate) privileged: BTreeMap<RawPath, u32>,
    /// Bytes in caches of package managers.
    pub(crate) caches: BTreeMap<Cache, u64>,
    /// Whether it has hashes of paths that it took away again.
    #[serde(skip)]
    pub(crate) is_vague: bool,
    /// How many entries it has.
    pub entries: u64,
    /// How many bytes its files have.
    pub bytes: u64,
}

/// Reads the archive of a layer.
///
/// # Errors
/// Where it is damaged or cut off, breaks out of the root, has more than is read of a layer, or has a file that matters and can't be
/// taken.
///
/// Paths are kept as hashes, from which what stands below a folder can't be told. Where a folder makes way for something else in the
/// same layer, [`Layer::is_vague`] is set, and the layer is read again with `with_paths`.
pub(crate) fn read<S: Source>(
    tar: &mut Tar<S>,
    label: &str,
    take: Take<'_>,
    with_paths: bool,
) -> Result<Layer, Error> {
    let mut reading = Reading::new(label, take);
    reading.paths = with_paths.then(BTreeMap::new);
    while let Some(entry) = tar.next().map_err(|damage| damaged(label, &damage))? {
        reading.entry(tar, entry)?;
    }
    Ok(reading.finish())
}

/// The error that the archive of a layer can't be read.
pub(crate) fn damaged(label: &str, damage: &Damage) -> Error {
    Error::input(format!("{label} can't be read as a layer: {damage}")).help("get the image again")
}

/// A layer that is being read.
pub(crate) struct Reading<'a> {
    label: &'a str,
    take: Take<'a>,
    layer: Layer,
    taken: usize,
    /// The folder of the last entry as it was written, and where it leads.
    folder: Option<(RawPath, RawPath)>,
    /// The last folder whose ancestors are noted.
    noted: RawPath,
    /// The hashes of all folders.
    folders: HashSet<u128>,
    /// Every path, and whether it is a folder, where hashes do not do.
    paths: Option<BTreeMap<RawPath, bool>>,
}

impl<'a> Reading<'a> {
    /// Begins.
    pub(crate) fn new(label: &'a str, take: Take<'a>) -> Self {
        Self {
            label,
            take,
            layer: Layer::default(),
            taken: 0,
            folder: None,
            noted: RawPath::new(),
            folders: HashSet::new(),
            paths: None,
        }
    }

    /// What is known once all was read.
    pub(crate) fn finish(self) -> Layer {
        let mut layer = self.layer;
        if let Some(paths) = self.paths {
            layer.is_vague = false;
            layer.present =
                paths.iter().map(|(path, is_folder)| hash(path) | u128::from(!is_folder)).collect();
        }
        // Of several entries of one path the last counts; the order of those with the same hash stays.
        layer.present.sort_by_key(|hash| hash & !1);
        layer.present.reverse();
        layer.present.dedup_by_key(|hash| *hash & !1);
        layer.present.reverse();
        layer.present.shrink_to_fit();
        layer
    }

    fn entry<S: Source>(&mut self, tar: &mut Tar<S>, entry: Entry) -> Result<(), Error> {
        self.layer.entries += 1;
        if self.layer.entries > MOST_ENTRIES {
            return Err(self.error(&entry.name, &format!("is behind more than {MOST_ENTRIES} others")));
        }
        let Some(path) = self.place(&entry.name)? else { return Ok(()) };
        if let Some(hidden) = name(&path).strip_prefix(WHITEOUT) {
            return self.whiteout(&path, hidden);
        }
        match entry.what {
            What::Folder => self.folder(&path),
            What::File | What::Sparse => {
                let is_sparse = entry.what == What::Sparse;
                let take = self.take;
                self.found_file(path, entry.size, entry.mode, |about| {
                    if is_sparse {
                        take(about, &mut WithHoles(entry.size))
                    } else if let Some(mut stored) = tar.source().stored(entry.size) {
                        take(about, &mut stored)
                    } else {
                        let mut content = Streamed::new(tar.source(), entry.size);
                        let extract = take(about, &mut content);
                        let read = content.read();
                        tar.took(read);
                        extract
                    }
                })
            }
            What::HardLink(target) => {
                let Some(target) = self.place(&target)? else { return Ok(()) };
                self.no_folder(&path)?;
                self.hard_link(path, target)
            }
            What::Symlink(target) => self.found_link(path, target),
            What::Special => self.no_folder(&path),
        }
    }

    /// Notes a folder of a root folder.
    pub(crate) fn found_folder(&mut self, path: &[u8]) -> Result<(), Error> {
        self.layer.entries += 1;
        self.folder(path)
    }

    /// Notes a symbolic link.
    pub(crate) fn found_link(&mut self, path: RawPath, target: RawPath) -> Result<(), Error> {
        self.no_folder(&path)?;
        self.layer.symlinks.insert(path, target);
        self.folder = None;
        self.check_amount(self.layer.symlinks.len())
    }

    /// Notes a device or a pipe of a root folder.
    pub(crate) fn found_special(&mut self, path: &[u8]) -> Result<(), Error> {
        self.no_folder(path)
    }

    /// Notes a regular file, from which something may be taken.
    pub(crate) fn found_file(
        &mut self,
        path: RawPath,
        size: u64,
        mode: u32,
        take: impl FnOnce(installed::Entry<'_>) -> Result<Option<Extract>, Error>,
    ) -> Result<(), Error> {
        self.layer.bytes = self.layer.bytes.saturating_add(size);
        self.no_folder(&path)?;
        let extract = take(installed::Entry { path: &path, size, mode })?;
        self.keep(path, size, mode, extract)
    }

    /// Where an entry goes; none for the root. Its folders are followed through links that stand before it in this layer, as they are
    /// when it is unpacked.
    fn place(&mut self, raw: &[u8]) -> Result<Option<RawPath>, Error> {
        if raw.len() > LONGEST_PATH {
            return Err(self.error(raw, "has a path that is too long"));
        }
        let path = paths::clean(raw).map_err(|astray| self.astray(raw, astray))?;
        if path.is_empty() {
            return Ok(None);
        }
        if self.layer.symlinks.is_empty() {
            return Ok(Some(path));
        }
        let folder = parent(&path);
        if self.folder.as_ref().is_none_or(|(known, _)| known != folder) {
            let links = &self.layer.symlinks;
            let led = paths::resolve(folder, true, |path| links.get(path).map(Vec::as_slice));
            self.folder = Some((folder.to_vec(), led.map_err(|astray| self.astray(raw, astray))?));
        }
        let mut placed = self.folder.as_ref().map(|(_, led)| led.clone()).unwrap_or_default();
        join(&mut placed, name(&path));
        Ok(Some(placed))
    }

    /// Notes what an entry takes away from layers below.
    fn whiteout(&mut self, path: &[u8], hidden: &[u8]) -> Result<(), Error> {
        let folder = parent(path).to_vec();
        if name(path) == OPAQUE {
            self.layer.opaque.push(folder);
        } else if !name(path).starts_with(OF_DRIVER) {
            if matches!(hidden, b"" | b"." | b"..") {
                return Err(self.error(path, "takes away nothing that has a name"));
            }
            let mut gone = folder;
            join(&mut gone, hidden);
            self.layer.whiteouts.push(gone);
        }
        self.check_amount(self.layer.whiteouts.len() + self.layer.opaque.len())
    }

    /// Notes a folder.
    fn folder(&mut self, path: &[u8]) -> Result<(), Error> {
        self.note(path)?;
        if self.layer.symlinks.contains_key(path) {
            self.folder = None;
        }
        self.forget(path);
        self.is_folder(path)
    }

    /// Notes that a path is a folder.
    fn is_folder(&mut self, path: &[u8]) -> Result<(), Error> {
        if let Some(paths) = &mut self.paths {
            paths.insert(path.to_vec(), true);
            let amount = paths.len();
            self.check_amount(amount)
        } else {
            let hash = hash(path);
            self.layer.present.push(hash);
            self.folders.insert(hash);
            Ok(())
        }
    }

    /// Notes something that is no folder, in the place of everything that stood there.
    fn no_folder(&mut self, path: &[u8]) -> Result<(), Error> {
        self.note(path)?;
        if self.layer.symlinks.contains_key(path) {
            self.folder = None;
        }
        self.forget(path);
        let mut below = path.to_vec();
        below.push(b'/');
        forget_below(&mut self.layer.kept, &below);
        forget_below(&mut self.layer.hard_links, &below);
        forget_below(&mut self.layer.privileged, &below);
        if forget_below(&mut self.layer.symlinks, &below) {
            self.folder = None;
        }
        if let Some(paths) = &mut self.paths {
            forget_below(paths, &below);
            paths.insert(path.to_vec(), false);
            let amount = paths.len();
            self.check_amount(amount)
        } else {
            let hash = hash(path);
            self.layer.is_vague |= self.folders.remove(&hash);
            self.layer.present.push(hash | 1);
            Ok(())
        }
    }

    /// Notes the folders that a path implies.
    fn note(&mut self, path: &[u8]) -> Result<(), Error> {
        let folder = parent(path);
        if self.noted == folder {
            return Ok(());
        }
        let noted = &self.noted;
        let is_noted = |ancestor: &[u8]| {
            noted.starts_with(ancestor) && matches!(noted.get(ancestor.len()), None | Some(b'/'))
        };
        let new: Vec<&[u8]> =
            paths::ancestors(path).filter(|ancestor| !ancestor.is_empty() && !is_noted(ancestor)).collect();
        for ancestor in new {
            // A file that has other files below it is none; unpacking fails here.
            self.forget_itself(ancestor);
            self.is_folder(ancestor)?;
        }
        self.noted = folder.to_vec();
        Ok(())
    }

    /// Forgets what was known of a path.
    fn forget_itself(&mut self, path: &[u8]) {
        self.layer.kept.remove(path);
        self.layer.hard_links.remove(path);
        self.layer.privileged.remove(path);
        self.layer.symlinks.remove(path);
    }

    /// The same where something else is put there.
    fn forget(&mut self, path: &[u8]) {
        self.forget_itself(path);
        // What stood here as a folder may be one no longer.
        if self.noted.starts_with(path) {
            self.noted.clear();
        }
    }

    /// Keeps what was taken from a file.
    fn keep(&mut self, path: RawPath, size: u64, mode: u32, extract: Option<Extract>) -> Result<(), Error> {
        if mode & PRIVILEGED != 0 {
            self.layer.privileged.insert(path.clone(), mode);
            self.check_amount(self.layer.privileged.len())?;
        }
        if let Some(cache) = Cache::of(&path) {
            let bytes = self.layer.caches.entry(cache).or_default();
            *bytes = bytes.saturating_add(size);
        }
        if let Some(extract) = extract {
            self.taken += extract.bytes.len();
            if self.taken > MOST_TAKEN {
                return Err(self.error(&path, "is behind more than 1 GiB of other lists of packages"));
            }
            self.layer.kept.insert(path, Kept { size, extract });
            self.check_amount(self.layer.kept.len())?;
        }
        Ok(())
    }

    /// A file has a second name.
    fn hard_link(&mut self, path: RawPath, target: RawPath) -> Result<(), Error> {
        // What was taken depends on the path as well, so that the file may have to be read again under this one.
        if let Some(mode) = self.layer.privileged.get(&target).copied() {
            self.layer.privileged.insert(path.clone(), mode);
        }
        self.layer.hard_links.insert(path, target);
        self.check_amount(self.layer.hard_links.len())
    }

    fn check_amount(&self, amount: usize) -> Result<(), Error> {
        if amount <= MOST_KEPT {
            return Ok(());
        }
        Err(Error::input(format!("{} has more than {MOST_KEPT} links or lists of packages", self.label))
            .help("this is no ordinary image; check how it was built"))
    }

    fn astray(&self, raw: &[u8], astray: Astray) -> Error {
        self.error(
            raw,
            match astray {
                Astray::Outside => "leaves the root of the image",
                Astray::Circle => "is below links that go in circles",
            },
        )
    }

    fn error(&self, raw: &[u8], what: &str) -> Error {
        let path = String::from_utf8_lossy(raw.get(..200).unwrap_or(raw)).into_owned();
        Error::input(format!("{}: the entry `{path}` {what}", self.label))
            .help("this is no ordinary image; check how it was built")
    }
}

/// Forgets everything below a folder, whose path ends with a slash; whether there was something.
fn forget_below<T>(all: &mut BTreeMap<RawPath, T>, folder: &[u8]) -> bool {
    let below = all.range::<[u8], _>((Bound::Included(folder), Bound::Unbounded));
    let gone: Vec<RawPath> =
        below.map(|(path, _)| path).take_while(|path| path.starts_with(folder)).cloned().collect();
    for path in &gone {
        all.remove(path);
    }
    !gone.is_empty()
}

impl Layer {
    /// Whether it has a path, and whether that is a folder.
    pub(crate) fn has(&self, path: &[u8]) -> Option<bool> {
        let wanted = hash(path);
        let at = self.present.binary_search_by_key(&wanted, |hash| hash & !1).ok()?;
        self.present.get(at).map(|hash| hash & 1 == 0)
    }

    /// How many bytes of caches of package managers it has.
    pub fn caches(&self) -> impl Iterator<Item = (Cache, u64)> {
        self.caches.iter().map(|(cache, bytes)| (*cache, *bytes))
    }
}
