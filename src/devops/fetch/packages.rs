//! What the lockfiles of a project say about what is worth downloading.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use devops_core::{Error, Location};
use devops_inventory::Package;
use devops_inventory::lockfiles::find::shown;
use devops_inventory::lockfiles::{Kind, Sight, Source, find};
use devops_job::Context;

/// Longest lockfile that is read.
const LARGEST: u64 = 64 << 20;

/// A search that leaves nothing out: what is downloaded in vain does no harm.
struct Everything<'a>(&'a dyn Fn(&Path) -> bool);

impl Sight for Everything<'_> {
    fn may_lead_to(&self, real: &Path) -> bool {
        (self.0)(real)
    }

    fn hides(&self, _: &Path, _: &str, _: bool) -> Result<bool, Error> {
        Ok(false)
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        bytes(path)
    }
}

/// A file's bytes.
fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    devops_files::read(path, LARGEST)
        .map_err(|error| Error::input("can't be read").at(Location::file(shown(path))).because(error))
}

/// What was found in the lockfiles.
pub(super) struct Packages {
    /// Every package of every lockfile that is read.
    pub(super) all: Vec<Package>,
    /// The ecosystems of lockfiles that are not read, by OSV's names.
    pub(super) others: BTreeSet<&'static str>,
    /// How many lockfiles were read.
    pub(super) lockfiles: u64,
}

/// Reads the lockfiles that `paths` name or contain; those of the working directory where none are given.
///
/// # Errors
/// Where there is none, or one can't be read.
pub(super) fn packages(paths: &[PathBuf], context: &Context) -> Result<Packages, Error> {
    let here = [context.working_directory.clone()];
    let paths = if paths.is_empty() { here.as_slice() } else { paths };
    let workspace = context.workspace();
    let found = find(paths, &Everything(&|target: &Path| workspace.holds(target)))?;
    let mut read = Packages { all: Vec::new(), others: BTreeSet::new(), lockfiles: 0 };
    for (path, kind) in &found.lockfiles {
        match kind {
            Kind::Read(format) => {
                let own = bytes(path)?;
                let folder = path.parent().unwrap_or_else(|| Path::new(""));
                // A file that a lockfile names is read where it lies in the workspace.
                let neighbour = |name: &str| {
                    let beside = folder.join(name);
                    let target = std::fs::canonicalize(&beside).ok();
                    let is_inside = target.is_some_and(|target| target.is_file() && workspace.holds(&target));
                    if is_inside { bytes(&beside).map(Some) } else { Ok(None) }
                };
                let source = Source { path: &shown(path), bytes: &own, neighbour: &neighbour };
                read.all.extend(format.read(&source)?.packages);
                read.lockfiles += 1;
            }
            Kind::NotRead(ecosystem) => {
                read.others.insert(ecosystem);
            }
        }
    }
    Ok(read)
}
