//! What the target branch has that a change could take out of sight: the advisory databases it tracks, and lockfiles that the change
//! moves into folders that are not searched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::change::{Before, ReadAt, below_root, in_commit};
use super::matching::Lockfile;
use devops_advisory::{Collected, Committed, Wanted, collect_committed};
use devops_core::{Error, Finding, Location, Severity};
use devops_inventory::Origin;
use devops_inventory::lockfiles::find::shown;
use devops_inventory::lockfiles::{Format, Kind, is_searched};
use devops_job::Context;
use devops_repository::policy::BASE_UNKNOWN;
use devops_repository::{Base, KnownBase, Repository, UnknownBase};

/// The target branch of the change that is judged.
pub(super) enum Target {
    /// No change is judged.
    None,
    /// There is a change, and what its target branch has is not known.
    Unknown(Box<UnknownBase>),
    /// The target branch is known.
    Known(Box<KnownBase>),
}

impl Target {
    /// Looks for the commit that the change is compared with.
    ///
    /// # Errors
    /// Where a base was named and can't be found.
    pub(super) fn of(context: &Context) -> Result<Self, Error> {
        let (folder, environment) = (&context.working_directory, &context.environment);
        let base = devops_repository::policy::base(&context.base, folder, environment)?;
        Ok(match base {
            Base::None | Base::Guessed(_) => Self::None,
            Base::Unknown(unknown) => Self::Unknown(unknown),
            Base::Known(known) => Self::Known(known),
        })
    }

    /// The repository of the change, where there is one.
    pub(super) fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Known(known) => Some(&known.repository),
            Self::Unknown(_) | Self::None => None,
        }
    }

    /// What the lockfiles were where the change began; none where there is no change or that is not known.
    ///
    /// # Errors
    /// Where the repository can't be read.
    pub(super) fn before(
        &self,
        searched: &[PathBuf],
        exclude: &[String],
        now: Vec<ReadAt>,
    ) -> Result<Option<Before>, Error> {
        let Self::Known(known) = self else { return Ok(None) };
        let Ok(start) = known.start else { return Ok(None) };
        Before::read(&known.repository, start, searched, exclude, now).map(Some)
    }

    /// Lockfiles that are not judged any more.
    ///
    /// # Errors
    /// Where the repository can't be read.
    pub(super) fn gone(
        &self,
        before: Option<&Before>,
        lockfiles: &[Lockfile],
    ) -> Result<Vec<Finding>, Error> {
        let (Self::Known(known), Some(before)) = (self, before) else { return Ok(Vec::new()) };
        let head = known.repository.files_with_ids(known.repository.head()?)?;
        Ok(before.gone(lockfiles, &head.into_iter().collect()))
    }

    /// Whether there is a change, and where it began is not known.
    pub(super) fn is_start_unknown(&self) -> bool {
        match self {
            Self::None => false,
            Self::Unknown(_) => true,
            Self::Known(known) => known.start.is_err(),
        }
    }

    /// The finding that the history does not reach where the change began, although its target is known.
    pub(super) fn cut_off(&self) -> Option<Finding> {
        let Self::Known(known) = self else { return None };
        let failure = known.start.as_ref().err()?;
        let title =
            "the history does not reach where the change began, so every finding counts as if it were new";
        Some(
            Finding::new(&BASE_UNKNOWN, title, &["dep-scan", "start"])
                .detail(failure.message.clone())
                .help(failure.help()),
        )
    }

    /// A finding for each database that the change may have altered, where what the target branch has is not known.
    ///
    /// # Errors
    /// Where the repository can't be read.
    pub(super) fn unproven(&self, paths: &[PathBuf]) -> Result<Vec<Finding>, Error> {
        let Self::Unknown(unknown) = self else { return Ok(Vec::new()) };
        let mut findings = Vec::new();
        for path in paths {
            let is_of_change = match &unknown.repository {
                // Without a repository nothing shows where it is from.
                None => true,
                Some(repository) => {
                    let head = repository.head()?;
                    let written_and_real = [Some(path.clone()), path.canonicalize().ok()];
                    let inside =
                        written_and_real.into_iter().flatten().filter_map(|path| repository.path_of(&path));
                    let mut is_tracked = false;
                    for inside in inside {
                        is_tracked |= repository.id_at(head, &inside)?.is_some()
                            || repository.leads(head, &inside)?.is_some();
                    }
                    is_tracked
                }
            };
            if is_of_change {
                let shown = shown(path);
                let title =
                    format!("nothing shows that the change did not alter the advisory database {shown}");
                findings.push(
                    Finding::new(&BASE_UNKNOWN, title, &[&shown])
                        .severity(Severity::High)
                        .detail(format!("The base of the change is unknown: {}", unknown.failure.message))
                        .named("database", shown.as_str())
                        .help(format!(
                            "{}; where that is not possible, use a database that the change can't alter, or set `--base none` in the workflow",
                            unknown.failure.help()
                        )),
                );
            }
        }
        Ok(findings)
    }

    /// What the databases have on the target branch about wanted packages, where the change alters them.
    ///
    /// A change must not remove the advisory that it is judged by: both versions count until it is merged.
    ///
    /// # Errors
    /// Where one can't be read.
    pub(super) fn databases(
        &self,
        paths: &[PathBuf],
        wanted: &Wanted<'_>,
        today: Date,
    ) -> Result<Vec<Collected>, Error> {
        let Self::Known(known) = self else { return Ok(Vec::new()) };
        let repository = &known.repository;
        let head = repository.head()?;
        let altered_link = |path: &str| {
            Error::input("the change alters a link that leads to the advisory database")
                .at(Location::file(path))
                .help("change the link in the workflow, or name the database by `--db` there")
        };
        // By the path as it is written and by where links lead.
        let resolved = paths.iter().filter_map(|path| path.canonicalize().ok());
        let inside: BTreeSet<String> =
            paths.iter().cloned().chain(resolved).filter_map(|path| repository.path_of(&path)).collect();
        let mut databases = Vec::new();
        for path in inside {
            let before = repository.id_at(known.target, &path)?;
            // A folder of the path may be a link.
            let link = repository.leads(known.target, &path)?;
            if before.is_none() && link.is_some() && link != repository.leads(head, &path)? {
                return Err(altered_link(&path));
            }
            if before.is_none() || before == repository.id_at(head, &path)? {
                continue;
            }
            let label = format!("{path}@{}", known.short());
            let database = match repository.files_below(known.target, &path)? {
                Some(files) => Committed::Folder(files),
                None => {
                    Committed::File(repository.blob(known.target, &path)?.ok_or_else(|| altered_link(&path))?)
                }
            };
            let mut read = |file: &str| {
                let bytes = repository.blob(known.target, &format!("{path}/{file}"))?;
                Ok(bytes.unwrap_or_default())
            };
            match collect_committed(&label, &database, &mut read, wanted, today) {
                Ok(collected) => databases.push(collected),
                // One that nothing can be made of must not keep the change that mends it from passing.
                Err(_) if matches!(database, Committed::File(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(databases)
    }

    /// Lockfiles that the change adds in folders that are not searched, for projects whose lockfile it removes where it was judged.
    ///
    /// # Errors
    /// Where one can't be read.
    pub(super) fn moved_out_of_sight(
        &self,
        searched: &[PathBuf],
        working_directory: &Path,
    ) -> Result<Vec<Lockfile>, Error> {
        let Self::Known(known) = self else { return Ok(Vec::new()) };
        let repository = &known.repository;
        let head = repository.head()?;
        let before = lockfiles(repository.files(known.target)?);
        let now = lockfiles(repository.files(head)?);
        let scope: Vec<String> = searched.iter().filter_map(|path| below_root(repository, path)).collect();
        let gone = before.iter().filter(|(path, _)| {
            is_in_sight(path) && !now.iter().any(|(other, _)| other == path) && is_below(&scope, path)
        });
        let read = |commit, path: &str, format: &Format| {
            let bytes = repository.blob(commit, path)?.unwrap_or_default();
            in_commit(repository, commit, path, &bytes, format)
        };
        let mut projects: BTreeSet<String> = BTreeSet::new();
        for (path, format) in gone {
            // One that nothing can be made of says nothing of its project, and may be gone for that.
            if let Ok(graph) = read(known.target, path, format) {
                projects.extend(own(&Lockfile { graph, path: path.clone() }));
            }
        }
        let mut moved = Vec::new();
        if projects.is_empty() {
            return Ok(moved);
        }
        let here = below_root(repository, working_directory).unwrap_or_default();
        let is_added = |path: &String| !is_in_sight(path) && !before.iter().any(|(other, _)| other == path);
        for (path, format) in now.iter().filter(|(path, _)| is_added(path)) {
            let shown = path.strip_prefix(&format!("{here}/")).unwrap_or(path).to_owned();
            let lockfile = Lockfile { graph: read(head, path, format)?, path: shown };
            if own(&lockfile).iter().any(|name| projects.contains(name)) {
                moved.push(lockfile);
            }
        }
        Ok(moved)
    }
}

/// The lockfiles among files, with their formats.
fn lockfiles(files: Vec<String>) -> Vec<(String, &'static Format)> {
    let format = |path: &str| match Kind::of(path) {
        Some(Kind::Read(format)) => Some(format),
        _ => None,
    };
    files.into_iter().filter_map(|path| format(&path).map(|format| (path, format))).collect()
}

/// Whether every folder of a path is searched.
fn is_in_sight(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').all(is_searched)
}

/// Whether a path is one of these or below one.
fn is_below(scope: &[String], path: &str) -> bool {
    scope.iter().any(|folder| {
        folder.is_empty()
            || path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The names of the projects that a lockfile is for.
fn own(lockfile: &Lockfile) -> BTreeSet<String> {
    let packages = lockfile.graph.packages.iter().filter(|package| package.origin == Origin::Project);
    packages.map(|package| package.name.clone()).collect()
}
