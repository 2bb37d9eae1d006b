//! What an image contains: its system, its packages, and which layer and step brought each.

use std::collections::BTreeMap;
use std::path::Path;

use devops_core::Error;
use devops_image::{
    Aliases, Image, Layer, Layers, Opened, Place, RawPath, Selection, Store, TakenAgain, Tree, Way, open,
    read_layers, read_root, take_again, take_again_in_root,
};
use devops_inventory::installed;
use devops_inventory::installed::{Extract, Installed, Kind, Left, extract, languages, system};

/// An image, or a root folder, that was read.
pub(crate) struct Contents {
    /// What reports call it.
    pub(crate) label: String,
    /// The image; none for a root folder.
    pub(crate) image: Option<Box<Image>>,
    /// Its layers; a root folder has one.
    pub(crate) layers: Layers,
    /// Its system and the packages of its distribution.
    pub(crate) system: system::System,
    /// The packages of languages, and programs.
    pub(crate) others: Vec<Installed>,
    /// A package database that layers have and that is not left, with the uppermost of these layers.
    pub(crate) removed: Option<(&'static str, usize)>,
    /// Files that run as their owner or group, with layer and permission bits.
    pub(crate) privileged: Vec<(String, usize, u32)>,
}

/// How an image is read.
pub(crate) struct Reading<'a> {
    /// Which image is meant.
    pub(crate) selection: Selection,
    /// Whether the digests of unpacked layers are compared.
    pub(crate) verify: bool,
    /// A folder that keeps what is known of layers.
    pub(crate) cache: Option<&'a Path>,
}

/// Reads what a path holds.
///
/// # Errors
/// Where the image is damaged or can't be read, or where a list of packages in it is: never a shorter list.
pub(crate) fn read(path: &Path, reading: &Reading<'_>) -> Result<Contents, Error> {
    match open(path, &reading.selection)? {
        Opened::Image(image) => {
            let store = reading.cache.map(|folder| Store::new(folder, &reader()));
            let way = Way { verify: reading.verify, store: store.as_ref(), take: &extract };
            let layers = read_layers(&image, &way)?;
            let second =
                second_looks(&layers.layers, |layer, aliases| take_again(&image, layer, aliases, &extract))?;
            contents(image.label.clone(), Some(image), layers, &second)
        }
        Opened::Root(root) => {
            let layer = read_root(&root, &extract)?;
            let layers = Layers { layers: vec![layer], verified: vec![false], cached: 0 };
            let second =
                second_looks(&layers.layers, |_, aliases| take_again_in_root(&root, aliases, &extract))?;
            contents(root.to_string_lossy().into_owned(), None, layers, &second)
        }
    }
}

/// The program that takes something from files: another release may take other things.
fn reader() -> String {
    let build = devops_core::Provenance::of_this_build();
    format!("{} {}", build.tool, build.version)
}

/// What was taken under another path: of second names, and of files that the places of package databases lead to.
struct SecondLook {
    path: String,
    layer: usize,
    extract: Extract,
}

/// Takes again what the first look did not take, because the file has another name there.
fn second_looks(
    layers: &[Layer],
    mut take: impl FnMut(usize, &Aliases) -> Result<TakenAgain, Error>,
) -> Result<Vec<SecondLook>, Error> {
    let tree = Tree::new(layers);
    let mut wanted: BTreeMap<usize, Aliases> = BTreeMap::new();
    let mut want = |place: Place, path: &[u8]| {
        wanted.entry(place.layer).or_default().entry(place.path).or_default().push(path.to_vec());
    };
    for (path, place) in tree.second_names() {
        // A program that is left under its second name only is there all the same.
        if installed::is_wanted(path) || (tree.has_taken(&place) && !tree.is_left(&place)) {
            want(place, path);
        }
    }
    let mut renamed: BTreeMap<&[u8], RawPath> = BTreeMap::new();
    for path in system::places() {
        let Some(place) = tree.find(path.as_bytes()) else { continue };
        // The file that a place leads to by links may have a name that nobody looks for. It is read by its place, and keeps its name.
        if place.path != path.as_bytes() && !tree.has_taken(&place) {
            renamed.insert(path.as_bytes(), place.path.clone());
            want(place, path.as_bytes());
        }
    }
    let mut looks = Vec::new();
    for (layer, aliases) in wanted {
        looks.extend(take(layer, &aliases)?.into_iter().map(|(path, extract)| SecondLook {
            path: String::from_utf8_lossy(renamed.get(path.as_slice()).unwrap_or(&path)).into_owned(),
            layer,
            extract,
        }));
    }
    looks.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(looks)
}

fn contents(
    label: String,
    image: Option<Box<Image>>,
    layers: Layers,
    second: &[SecondLook],
) -> Result<Contents, Error> {
    let tree = Tree::new(&layers.layers);
    let names: Vec<(String, usize, &Extract)> = tree
        .files()
        .map(|(path, layer, kept)| (String::from_utf8_lossy(path).into_owned(), layer, &kept.extract))
        .chain(second.iter().map(|look| (look.path.clone(), look.layer, &look.extract)))
        .collect();
    let files: Vec<Left<'_>> =
        names.iter().map(|(path, layer, extract)| Left { path, layer: *layer, extract }).collect();
    let by_path: BTreeMap<&str, usize> =
        names.iter().map(|(path, layer, _)| (path.as_str(), *layer)).collect();
    let older = |path: &str| {
        let Some((path, layer)) = by_path.get_key_value(path) else { return Vec::new() };
        let older = tree.older(*layer, path.as_bytes());
        older.into_iter().map(|(layer, kept)| Left { path, layer, extract: &kept.extract }).collect()
    };
    let resolve = |path: &str| {
        let real = tree.real(path.as_bytes())?;
        String::from_utf8(real).ok()
    };
    let system = system::read(&files, &resolve, &older)?;
    let of_layers = |place: &'static str| {
        let all = tree.older(layers.layers.len(), place.as_bytes()).into_iter();
        let (layer, _) = all.into_iter().find(|(_, kept)| kept.extract.kind == Kind::Database)?;
        Some((place, layer))
    };
    let removed = if system.has_own_packages { None } else { system::places().find_map(of_layers) };
    let is_owned = |path: &str| {
        let layer = by_path.get(path).copied().unwrap_or_default();
        system.owned.get(path).is_some_and(|owner| layer <= *owner)
    };
    let others = languages::read(&files, &is_owned)?;
    let privileged = tree
        .privileged()
        .map(|(path, layer, mode)| (String::from_utf8_lossy(path).into_owned(), layer, mode));
    let privileged = privileged.collect();
    Ok(Contents { label, image, layers, system, others, removed, privileged })
}

impl Contents {
    /// Every package.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Installed> {
        self.system.packages.iter().chain(&self.others)
    }

    /// The step of a layer, as the image's history has it.
    pub(crate) fn step(&self, layer: usize) -> Option<&str> {
        let image = self.image.as_ref()?;
        let step = image.config.steps(image.layers.len()).into_iter().nth(layer)??;
        image.config.history.get(step).map(|step| step.created_by.as_str())
    }

    /// When a layer was built, as the image's history has it.
    pub(crate) fn created(&self, layer: usize) -> Option<&str> {
        let image = self.image.as_ref()?;
        let step = image.config.steps(image.layers.len()).into_iter().nth(layer)??;
        image.config.history.get(step)?.created.as_deref()
    }

    /// What people know the system by: `debian 12`; empty where no file says which it is.
    pub(crate) fn system_name(&self) -> String {
        let release = self.system.release.as_ref();
        release
            .map(|release| format!("{} {}", release.id, release.version).trim().to_owned())
            .unwrap_or_default()
    }
}
