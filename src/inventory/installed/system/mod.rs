//! The system of an image and the packages of its distribution.

mod apk;
mod dpkg;
pub mod end_of_life;
mod places;
mod records;
mod release;
mod rpm;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::{Content, Entry, Extract, Installed, Kind, Left};
use crate::Package;
use devops_core::{Ecosystem, Error, Location};
use places::{Place, Reader};
use records::{Listing, Record, paragraphs};

/// The largest database that is read, in bytes.
const LARGEST_DATABASE: u64 = 256 << 20;

/// The reader of what could not be taken: its bytes say why.
const DAMAGED: &str = "damaged";

/// The reader of lists of paths.
const FILE_LIST: &str = "dpkg-list";

/// The reader of sums of files, which distroless images have instead of lists.
const FILE_SUMS: &str = "dpkg-sums";

/// Which system it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `ID` of os-release: `debian`, `alpine`.
    pub id: String,
    /// `VERSION_ID`; empty where there is none, as for rolling distributions.
    pub version: String,
    /// `PRETTY_NAME`, or both of the above.
    pub name: String,
    /// The name of OSV for it with its release: `Debian:12`, `Alpine:v3.20`; none where OSV has none.
    pub ecosystem: Option<Ecosystem>,
    /// The file that says so.
    pub path: String,
}

/// What something says about the system.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    id: String,
    version: String,
    /// The file or the package that says so.
    by: String,
}

/// What is known about the system of an image.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// Which it is; none where no file says so.
    pub release: Option<Release>,
    /// Paths of the databases of packages that were found, also of those without packages.
    pub databases: Vec<String>,
    /// The packages of the distribution.
    pub packages: Vec<Installed>,
    /// Whether one of them is in a database where the tools of the system look, not in that of another root.
    pub has_own_packages: bool,
    /// Paths that these packages own, with the layer of the package. A file of a higher layer was written after the package was
    /// installed, so that it may be another one.
    pub owned: BTreeMap<String, usize>,
    /// What is not as it should be and does not stop reading, a sentence each: packages that are half installed, databases that are
    /// not used.
    pub notes: Vec<String>,
    /// What can't all be true, so that packages or advisories may be missing, a sentence each: files that state different releases,
    /// file lists of packages that the database lacks.
    pub contradictions: Vec<String>,
}

/// The files that the tools of distributions open, whatever links lead to them.
pub fn places() -> impl Iterator<Item = &'static str> {
    let databases = places::PLACES.iter().filter(|place| !place.is_folder).map(|place| place.path);
    ["etc/os-release", "usr/lib/os-release"].into_iter().chain(databases)
}

/// Whether a file is looked at, by its path alone.
pub(super) fn is_wanted(path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    release::is_of_release(name) || places::is_file_list(folder, name) || Reader::of(folder, name).is_some()
}

/// Looks at a file; none where it says nothing about the system.
pub(super) fn extract(entry: Entry<'_>, content: &mut dyn Content) -> Result<Option<Extract>, Error> {
    let path = String::from_utf8_lossy(entry.path);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let unreadable = |cause| Error::unreadable(Path::new(path.as_ref()), cause);
    let (kind, reader, limit) = if release::is_of_release(name) {
        (Kind::Release, "release", release::LARGEST)
    } else if places::is_file_list(folder, name) {
        (Kind::FileList, FILE_LIST, LARGEST_DATABASE)
    } else if let Some(reader) = Reader::of(folder, name) {
        if places::root(&path).is_none() && !reader.may_be(&content.head(64).map_err(unreadable)?) {
            return Ok(None);
        }
        (Kind::Database, reader.name(), LARGEST_DATABASE)
    } else {
        return Ok(None);
    };
    // What is damaged matters only if no upper layer replaces it.
    let damaged = |message: String| Extract { kind, reader: DAMAGED.to_owned(), bytes: message.into_bytes() };
    let Some(bytes) = content.whole(limit).map_err(unreadable)? else {
        let message = format!("larger than {} MiB, which is more than is read of such a file", limit >> 20);
        return Ok(Some(damaged(message)));
    };
    // Beside each package of `status.d`.
    if name.ends_with(".md5sums") && dpkg::sums(&bytes).is_some() {
        let reader = FILE_SUMS.to_owned();
        return Ok(Some(Extract { kind: Kind::FileList, reader, bytes: bytes.into_owned() }));
    }
    let bytes = match Reader::of_name(reader) {
        Some(Reader::Rpm(form)) => match rpm::extract(form, &bytes) {
            Ok(lines) => lines,
            Err(message) => return Ok(Some(damaged(message))),
        },
        Some(Reader::RpmChanges) if rpm::has_changes(name, &bytes) => {
            return Ok(Some(damaged(
                "changes that are not yet in the database, which are not read".to_owned(),
            )));
        }
        Some(Reader::RpmChanges) => Vec::new(),
        _ => bytes.into_owned(),
    };
    Ok(Some(Extract { kind, reader: reader.to_owned(), bytes }))
}

/// The system and its packages. `files` are those that are left; `resolve` gives the path without links of the file or folder that a
/// path leads to, none where it leads nowhere; `older` gives the versions of a path in lower layers, the upper ones first, so that a
/// record gets the layer that brought it.
///
/// # Errors
///
/// A database can't be read, or is one that this program does not read: never a shorter list.
pub fn read<'a>(
    files: &[Left<'a>],
    resolve: &dyn Fn(&str) -> Option<String>,
    older: &dyn Fn(&str) -> Vec<Left<'a>>,
) -> Result<System, Error> {
    let image = Image { files: files.iter().map(|left| (left.path, *left)).collect(), resolve, older };
    let mut system = System::default();
    let (release, claims) = image.release("")?;
    system.release = release;
    let mut claims_of_root = claims;
    let mut databases = image.databases(files)?;
    // Also where it has none: lists of files may say that there was one.
    databases.entry(String::new()).or_default();
    for (root, databases) in databases {
        let own = if root.is_empty() { None } else { image.release(&root)?.0 };
        let release = own.as_ref().or(system.release.as_ref()).cloned();
        let mut reading = Reading {
            image: &image,
            system: &mut system,
            root: &root,
            release,
            claims: Vec::new(),
            folders: HashMap::new(),
        };
        reading.read(databases)?;
        let claims = reading.claims;
        if root.is_empty() {
            claims_of_root.extend(claims);
        }
    }
    if let Some(release) = &system.release {
        let found = claims_of_root.iter().filter_map(|claim| release::contradiction(release, claim));
        let found: BTreeSet<String> = found.collect();
        system.contradictions.extend(found);
    }
    Ok(system)
}

/// What is left of an image.
struct Image<'a, 'f> {
    files: HashMap<&'a str, Left<'a>>,
    resolve: &'f dyn Fn(&str) -> Option<String>,
    older: &'f dyn Fn(&str) -> Vec<Left<'a>>,
}

/// A database and where it was found.
#[derive(Clone, Copy)]
struct Database<'a> {
    left: Left<'a>,
    reader: Reader,
    /// Whether it lies where the tools of its distribution look for it.
    is_at_place: bool,
}

impl<'a> Image<'a, '_> {
    /// The real path of what lies at a path below a root; links are followed in the image's own root only.
    fn real(&self, root: &str, path: &str) -> Option<String> {
        if root.is_empty() { (self.resolve)(path) } else { Some(format!("{root}{path}")) }
    }

    /// The file that a place leads to, of one kind.
    fn at(&self, root: &str, place: &str, kind: Kind) -> Option<Left<'a>> {
        let path = self.real(root, place)?;
        self.files.get(path.as_str()).copied().filter(|left| left.extract.kind == kind)
    }

    /// Which system the files of a root describe, and all that they say.
    fn release(&self, root: &str) -> Result<(Option<Release>, Vec<Claim>), Error> {
        for place in ["etc/os-release", "usr/lib/os-release"] {
            let is_read = self.at(root, place, Kind::Release).is_some();
            if root.is_empty()
                && !is_read
                && let Some(path) = self.real(root, place)
            {
                return Err(Error::input(format!(
                    "leads to {path}, which is not read as the description of a system"
                ))
                .at(Location::file(place))
                .help("let it lead to a file named os-release"));
            }
        }
        release::read(&|place| {
            let left = self.at(root, place, Kind::Release)?;
            Some((left.path.to_owned(), left.extract))
        })
    }

    /// The databases by the root that they are of, the image's own first.
    fn databases(&self, files: &[Left<'a>]) -> Result<BTreeMap<String, Vec<Database<'a>>>, Error> {
        // Where the tools of the distribution look, by real path.
        let mut standard: HashMap<String, &Place> = HashMap::new();
        for place in &places::PLACES {
            let Some(path) = (self.resolve)(place.path) else { continue };
            if !place.is_folder && self.at("", place.path, Kind::Database).is_none() {
                return Err(Error::input(format!(
                    "leads to {path}, which is not read as a package database"
                ))
                .at(Location::file(place.path))
                .help("let the database have its usual name"));
            }
            standard.entry(path).or_insert(place);
        }
        let mut found: BTreeMap<String, Vec<Database<'a>>> = BTreeMap::new();
        for left in files.iter().filter(|left| left.extract.kind == Kind::Database) {
            let (folder, name) = left.path.rsplit_once('/').unwrap_or(("", left.path));
            let is_standard =
                standard.contains_key(left.path) || standard.get(folder).is_some_and(|place| place.is_folder);
            let root = if is_standard { Some("") } else { places::root(left.path) };
            let reader = Reader::of_name(&left.extract.reader).or_else(|| Reader::of(folder, name));
            let Some(reader) = reader else { continue };
            let database = Database { left: *left, reader, is_at_place: root.is_some() };
            found.entry(root.unwrap_or_default().to_owned()).or_default().push(database);
        }
        Ok(found)
    }

    /// The layer of each record: the lowest one since which every version of the database has it.
    fn layers(&self, database: Database<'a>, listing: &Listing<'a>) -> Vec<usize> {
        let mut layers = vec![database.left.layer; listing.records.len()];
        let mut rest: Vec<usize> = (0..listing.records.len()).collect();
        for version in (self.older)(database.left.path) {
            let pieces: HashSet<&[u8]> = database.reader.pieces(&version.extract.bytes).into_iter().collect();
            rest.retain(|index| {
                listing.records.get(*index).is_some_and(|record| pieces.contains(record.piece))
            });
            for index in &rest {
                if let Some(layer) = layers.get_mut(*index) {
                    *layer = version.layer;
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        layers
    }
}

/// The databases of a root on their way into what is known.
struct Reading<'r, 'a, 'f> {
    image: &'r Image<'a, 'f>,
    system: &'r mut System,
    root: &'r str,
    release: Option<Release>,
    /// What packages say about the release.
    claims: Vec<Claim>,
    /// Folders of paths that packages own, and where they really are.
    folders: HashMap<String, String>,
}

impl<'a> Reading<'_, 'a, '_> {
    /// Reads the databases of the root.
    fn read(&mut self, databases: Vec<Database<'a>>) -> Result<(), Error> {
        let mut known: BTreeMap<Reader, Names> = BTreeMap::new();
        let mut of_rpm: Vec<(Database<'a>, Listing<'a>)> = Vec::new();
        for database in databases {
            let path = database.left.path;
            let listing = match database.listing() {
                Ok(listing) => listing,
                // Changes are of a database beside them.
                Err(error) if database.is_at_place || database.reader == Reader::RpmChanges => {
                    return Err(error);
                }
                Err(_) => {
                    self.system.notes.push(format!("{path} has the name of a package database and is none"));
                    continue;
                }
            };
            if database.reader == Reader::RpmChanges {
                continue;
            }
            if !self.root.is_empty() || !database.is_at_place {
                let count = listing.records.len();
                self.system.notes.push(format!("{path} is a second package database, with {count} packages"));
            }
            self.system.databases.push(path.to_owned());
            self.system.notes.extend(listing.notes.iter().map(|note| format!("{path}: {note}")));
            if matches!(database.reader, Reader::Rpm(_)) && database.is_at_place {
                of_rpm.push((database, listing));
            } else {
                let names = known.entry(database.reader).or_default();
                self.add(database, listing, names);
            }
        }
        if let Some((database, listing)) = self.newest(of_rpm) {
            self.add(database, listing, known.entry(database.reader).or_default());
        }
        self.file_lists(&known);
        Ok(())
    }

    /// The database of rpm that counts: of those with packages the one in the newest form, which a system that changed its form
    /// leaves the others behind for.
    fn newest(
        &mut self,
        mut databases: Vec<(Database<'a>, Listing<'a>)>,
    ) -> Option<(Database<'a>, Listing<'a>)> {
        databases.sort_by_key(|(database, listing)| (listing.records.is_empty(), Reverse(database.reader)));
        let mut databases = databases.into_iter();
        let (used, listing) = databases.next()?;
        let name =
            |record: &Record<'_>| format!("{} {} {}", record.name, record.version, record.architecture);
        let known: HashSet<String> = listing.records.iter().map(name).collect();
        for (other, others) in databases {
            let (path, newest) = (other.left.path, used.left.path);
            let missing: Vec<String> =
                others.records.iter().map(name).filter(|name| !known.contains(name)).collect();
            if missing.is_empty() {
                self.system.notes.push(format!("{path} is not used, because {newest} is newer"));
            } else {
                let text =
                    format!("{path} lists packages that the newer {newest} lacks: {}", missing.join(", "));
                self.system.contradictions.push(text);
            }
        }
        Some((used, listing))
    }

    /// Adds the packages of a database.
    fn add(&mut self, database: Database<'a>, listing: Listing<'a>, names: &mut Names) {
        let layers = self.image.layers(database, &listing);
        let ecosystem = self.ecosystem(database);
        let mut seen = HashSet::new();
        for (mut record, layer) in listing.records.into_iter().zip(layers) {
            if !seen.insert((record.name.clone(), record.architecture.clone()))
                && database.reader.lists_once()
            {
                let path = database.left.path;
                self.system.notes.push(format!("{path} lists {} more than once", record.name));
            }
            if database.is_at_place {
                self.claims.extend(release::claim_of(&record.name, &record.version));
            }
            self.own(std::mem::take(&mut record.files), layer);
            names
                .installed
                .entry(record.name.clone())
                .or_default()
                .push((record.architecture.clone(), layer));
            self.system.has_own_packages |= self.root.is_empty() && database.is_at_place;
            self.system.packages.push(installed(record, ecosystem, database.left.path, layer));
        }
        names.absent.extend(listing.absent);
    }

    /// The ecosystem of a database's packages: that of the release, where it has packages of this form.
    fn ecosystem(&mut self, database: Database<'a>) -> Ecosystem {
        let own = database.reader.ecosystem();
        let Some(release) = &self.release else { return own };
        match release::family(release) {
            Some(family) if family.purl_type() == own.purl_type() => family,
            Some(_) => {
                let path = database.left.path;
                let text =
                    format!("{path} is no package database of {}, as {} says", release.name, release.path);
                self.system.contradictions.push(text);
                own
            }
            None => own,
        }
    }

    /// Adds the paths of file lists, and names the packages that have one and are in no database.
    fn file_lists(&mut self, known: &BTreeMap<Reader, Names>) {
        for (reader, folder) in places::FILE_LISTS {
            let Some(folder) = self.image.real(self.root, folder) else { continue };
            let names = known.get(&reader);
            let mut unlisted = BTreeSet::new();
            let lists = self.image.files.values().filter(|left| left.extract.kind == Kind::FileList);
            for left in lists.filter(|left| left.path.rsplit_once('/').is_some_and(|(own, _)| own == folder))
            {
                let is_of_sums = left.extract.reader == FILE_SUMS;
                let name = left.path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
                let (name, architecture) =
                    name.map_or(("", ""), |(name, _)| name.split_once(':').unwrap_or((name, "")));
                let layer = names.and_then(|names| names.layer(name, architecture));
                let bytes = &left.extract.bytes;
                match layer {
                    Some(layer) if is_of_sums => self.own(dpkg::sums(bytes).unwrap_or_default(), layer),
                    Some(layer) => self.own(dpkg::list(bytes), layer),
                    None if is_of_sums || names.is_some_and(|names| names.absent.contains(name)) => {}
                    None => {
                        unlisted.insert(name.to_owned());
                    }
                }
            }
            if !unlisted.is_empty() {
                let names: Vec<String> = unlisted.into_iter().collect();
                let text = format!(
                    "{folder} has file lists of packages that no database lists: {}",
                    names.join(", ")
                );
                self.system.contradictions.push(text);
            }
        }
    }

    /// Adds paths that a package of a layer owns, each without the links that its folder leads through.
    fn own(&mut self, paths: impl IntoIterator<Item = String>, layer: usize) {
        for path in paths {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if !self.folders.contains_key(folder) {
                let real = if folder.is_empty() {
                    Some(String::new())
                } else {
                    self.image.real("", &format!("{}{folder}", self.root))
                };
                self.folders
                    .insert(folder.to_owned(), real.unwrap_or_else(|| format!("{}{folder}", self.root)));
            }
            let real = self.folders.get(folder).map_or("", String::as_str);
            let path = if real.is_empty() { name.to_owned() } else { format!("{real}/{name}") };
            self.system.owned.insert(path, layer);
        }
    }
}

/// The names of the packages of a format.
#[derive(Default)]
struct Names {
    /// Those that are installed, with architecture and layer of each.
    installed: BTreeMap<String, Vec<(String, usize)>>,
    /// Those that are known and not installed.
    absent: BTreeSet<String>,
}

impl Names {
    /// The layer of a package; of any architecture where that is empty or the package has no such one.
    fn layer(&self, name: &str, architecture: &str) -> Option<usize> {
        let packages = self.installed.get(name)?;
        let own = packages.iter().find(|(own, _)| own == architecture);
        own.or(packages.first()).map(|(_, layer)| *layer)
    }
}

impl<'a> Database<'a> {
    /// Its packages.
    fn listing(self) -> Result<Listing<'a>, Error> {
        let path = self.left.path;
        let extract = self.left.extract;
        if extract.reader == DAMAGED {
            return Err(damaged(path, extract));
        }
        let listing = match self.reader {
            Reader::Dpkg | Reader::Opkg => dpkg::read(&extract.bytes),
            Reader::Apk => apk::read(&extract.bytes),
            Reader::Rpm(_) => rpm::read(&extract.bytes),
            Reader::RpmManifest => rpm::manifest(&extract.bytes),
            Reader::RpmChanges => Ok(Listing::default()),
        };
        listing.map_err(|damage| damage.into_error(path))
    }
}

/// The error about a file that could not be taken.
fn damaged(path: &str, extract: &Extract) -> Error {
    Error::input(String::from_utf8_lossy(&extract.bytes).into_owned())
        .at(Location::file(path))
        .help("rebuild the image: without a whole package database nothing is known about its packages")
}

/// A package of a database.
fn installed(record: Record<'_>, ecosystem: Ecosystem, path: &str, layer: usize) -> Installed {
    let mut package = Package::new(ecosystem, record.name, record.version, record.line);
    package.license = record.license;
    Installed {
        package,
        source: record.source,
        architecture: record.architecture,
        module: record.module,
        path: path.to_owned(),
        layer,
    }
}
