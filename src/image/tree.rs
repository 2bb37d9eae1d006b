//! What is left of layers once they lie on each other.
//!
//! No tree of all files is built. What matters are the files from which something was taken, and the links on the way to them; each is
//! left if no layer above it takes it or a folder above it away, or puts something else there.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::layer::{Kept, Layer, RawPath};
use super::paths::{Astray, ancestors, hash, resolve};

/// Layers that lie on each other.
#[derive(Debug)]
pub struct Tree<'a> {
    layers: &'a [Layer],
    /// The layer of each symbolic link that is left.
    symlinks: BTreeMap<&'a [u8], usize>,
    /// The layer of each file that is left and from which something was taken.
    files: BTreeMap<&'a [u8], usize>,
    /// Second names that are left, with the layer of the name and the path of the file.
    hard_links: BTreeMap<&'a [u8], (usize, &'a [u8])>,
    /// Files that are left and run as their owner or group, with the layer and the permission bits.
    privileged: BTreeMap<&'a [u8], (usize, u32)>,
}

/// A file of a layer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the layer, from 0.
    pub layer: usize,
    /// The path there.
    pub path: RawPath,
}

/// For a path, the number of the uppermost layer that does something to it, counted from 1; 0 is none.
#[derive(Debug, Clone, Copy, Default)]
struct Uppermost {
    /// Has it.
    present: usize,
    /// Has it, and it is no folder.
    no_folder: usize,
    /// Takes it away.
    whiteout: usize,
    /// Takes away what is below it.
    opaque: usize,
}

/// What layers do to the paths that matter.
struct Above(HashMap<u128, Uppermost>);

impl Above {
    fn new<'a>(layers: &'a [Layer], paths: impl Iterator<Item = &'a [u8]>) -> Self {
        // Of millions of paths, those that matter and the folders above them.
        let mut wanted = HashSet::new();
        for path in paths {
            wanted.insert(hash(path));
            wanted.extend(ancestors(path).map(hash));
        }
        let mut all: HashMap<u128, Uppermost> =
            wanted.into_iter().map(|hash| (hash, Uppermost::default())).collect();
        for (number, layer) in (1..).zip(layers) {
            for present in &layer.present {
                if let Some(uppermost) = all.get_mut(&(present & !1)) {
                    uppermost.present = number;
                    if present & 1 == 1 {
                        uppermost.no_folder = number;
                    }
                }
            }
            for path in &layer.whiteouts {
                if let Some(uppermost) = all.get_mut(&hash(path)) {
                    uppermost.whiteout = number;
                }
            }
            for path in &layer.opaque {
                if let Some(uppermost) = all.get_mut(&hash(path)) {
                    uppermost.opaque = number;
                }
            }
        }
        Self(all)
    }

    fn of(&self, path: &[u8]) -> Uppermost {
        self.0.get(&hash(path)).copied().unwrap_or_default()
    }

    /// Whether what a layer has at a path, which is no folder, is left.
    fn leaves(&self, layer: usize, path: &[u8]) -> bool {
        let (number, own) = (layer + 1, self.of(path));
        own.present <= number && own.whiteout <= number && self.leaves_folders(number, path)
    }

    /// Whether the folders above a path are left as they are in a layer, counted from 1.
    fn leaves_folders(&self, number: usize, path: &[u8]) -> bool {
        ancestors(path).all(|folder| {
            let above = self.of(folder);
            above.no_folder <= number && above.whiteout <= number && above.opaque <= number
        })
    }
}

impl<'a> Tree<'a> {
    /// Lays layers on each other, the lowest first.
    pub fn new(layers: &'a [Layer]) -> Self {
        let paths = layers.iter().flat_map(|layer| {
            let links = layer.symlinks.keys().chain(layer.hard_links.keys());
            links.chain(layer.kept.keys()).chain(layer.privileged.keys()).map(Vec::as_slice)
        });
        let above = Above::new(layers, paths);
        let (mut symlinks, mut files) = (BTreeMap::new(), BTreeMap::new());
        let (mut hard_links, mut privileged) = (BTreeMap::new(), BTreeMap::new());
        for (number, layer) in layers.iter().enumerate() {
            let left = |path: &&'a RawPath| above.leaves(number, path);
            symlinks.extend(layer.symlinks.keys().filter(left).map(|path| (path.as_slice(), number)));
            files.extend(layer.kept.keys().filter(left).map(|path| (path.as_slice(), number)));
            let links = layer.hard_links.iter().filter(|(path, _)| left(path));
            hard_links.extend(links.map(|(path, target)| (path.as_slice(), (number, target.as_slice()))));
            let with_bits = layer.privileged.iter().filter(|(path, _)| left(path));
            privileged.extend(with_bits.map(|(path, mode)| (path.as_slice(), (number, *mode))));
        }
        Self { layers, symlinks, files, hard_links, privileged }
    }

    /// The files that are left and from which something was taken, with their layers, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&'a [u8], usize, &'a Kept)> {
        self.files.iter().filter_map(|(path, layer)| {
            let kept = self.layers.get(*layer)?.kept.get(*path)?;
            Some((*path, *layer, kept))
        })
    }

    /// The same file in the layers below one, the upper ones first, as far down as layers have it and it was left in them.
    pub fn older(&self, layer: usize, path: &[u8]) -> Vec<(usize, &'a Kept)> {
        let below = self.layers.get(..layer).unwrap_or_default();
        let mut older = Vec::new();
        for (number, layer) in below.iter().enumerate().rev() {
            if let Some(kept) = layer.kept.get(path) {
                older.push((number, kept));
            } else if layer.has(path).is_some() {
                break;
            }
        }
        older
    }

    /// Second names that are left, with the file that each is a name of: in its own layer, or else in the uppermost one below.
    pub fn second_names(&self) -> impl Iterator<Item = (&'a [u8], Place)> {
        self.hard_links.iter().filter_map(|(path, (layer, target))| {
            let up_to = self.layers.get(..=*layer)?;
            let mut target = *target;
            // A second name of a second name.
            for _ in 0..up_to.len().saturating_add(40) {
                let holder = up_to.iter().rposition(|layer| layer.has(target) == Some(false))?;
                match up_to.get(holder)?.hard_links.get(target) {
                    Some(next) => target = next,
                    None => return Some((*path, Place { layer: holder, path: target.to_vec() })),
                }
            }
            None
        })
    }

    /// The files that are left and run as their owner or group, with their layers and permission bits.
    pub fn privileged(&self) -> impl Iterator<Item = (&'a [u8], usize, u32)> {
        self.privileged.iter().map(|(path, (layer, mode))| (*path, *layer, *mode))
    }

    /// Where a path leads once links are followed within the root; an error where it goes in circles.
    pub(crate) fn resolve(&self, path: &[u8]) -> Result<RawPath, Astray> {
        resolve(path, true, |path| {
            let layer = self.layers.get(*self.symlinks.get(path)?)?;
            layer.symlinks.get(path).map(Vec::as_slice)
        })
    }

    /// The file that a path leads to, links followed; none where nothing, a folder or a circle is there.
    pub fn find(&self, path: &[u8]) -> Option<Place> {
        let path = self.resolve(path).ok()?;
        let layer = self.holder(&path)?;
        Some(Place { layer, path })
    }

    /// The path without links of the file or folder that a path leads to; none where it leads nowhere.
    pub fn real(&self, path: &[u8]) -> Option<RawPath> {
        let path = self.resolve(path).ok()?;
        (path.is_empty() || self.at(&path).is_some()).then_some(path)
    }

    /// Whether something was taken from a file under its own path.
    pub fn has_taken(&self, place: &Place) -> bool {
        self.layers.get(place.layer).is_some_and(|layer| layer.kept.contains_key(&place.path))
    }

    /// Whether a file from which something was taken is left.
    pub fn is_left(&self, place: &Place) -> bool {
        self.files.get(place.path.as_slice()) == Some(&place.layer)
    }

    /// The layer whose file is left at a path.
    fn holder(&self, path: &[u8]) -> Option<usize> {
        self.at(path).filter(|(_, is_folder)| !is_folder).map(|(layer, _)| layer)
    }

    /// The uppermost layer that has what is left at a path, and whether that is a folder.
    fn at(&self, path: &[u8]) -> Option<(usize, bool)> {
        let folders: Vec<&[u8]> = ancestors(path).collect();
        for (number, layer) in self.layers.iter().enumerate().rev() {
            if let Some(is_folder) = layer.has(path) {
                return Some((number, is_folder));
            }
            let is_gone =
                layer.whiteouts.iter().any(|gone| gone == path || folders.contains(&gone.as_slice()))
                    || layer.opaque.iter().any(|folder| folders.contains(&folder.as_slice()))
                    || folders.iter().any(|folder| layer.has(folder) == Some(false));
            if is_gone {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
