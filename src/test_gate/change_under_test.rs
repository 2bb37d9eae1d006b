//! What the repository says about the change that is judged: its base, its files, the lines it adds.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::arguments::Arguments;
use devops_core::Error;
use devops_job::Context;
use devops_repository::{Base, KnownBase, Repository};

/// Most bytes of a diff.
const LARGEST_DIFF: u64 = 1 << 30;

/// The change that is judged, and the repository around it.
pub(super) struct ChangeUnderTest {
    pub(super) base: Base,
    /// The repository, where there is one; that of the base, or of the working directory.
    repository: Option<Repository>,
    change: Option<devops_repository::Change>,
    /// Whether the host says that there is none, as for a push to a branch.
    is_no_change: bool,
    /// Why the lines of the change are not known although its base is.
    unreached: Option<String>,
    /// The diff that was handed in, if it is empty: only the repository can show that the change is empty, too.
    empty_diff: Option<String>,
    working_directory: PathBuf,
}

impl ChangeUnderTest {
    /// Looks at the repository, and at the diff where one is given.
    ///
    /// # Errors
    /// Where a base or a diff was named and can't be read.
    pub(super) fn find(arguments: &Arguments, context: &Context) -> Result<Self, Error> {
        let folder = &context.working_directory;
        let base = devops_repository::policy::base(&context.base, folder, &context.environment)?;
        let change = arguments.diff.as_deref().map(read_diff).transpose()?.flatten();
        let empty_diff = arguments.diff.as_ref().filter(|_| change.is_none());
        let is_no_change = arguments.diff.is_none()
            && devops_repository::policy::is_no_change(&context.base, folder, &context.environment);
        Ok(Self {
            repository: Repository::around(folder, &context.environment).ok(),
            base,
            change,
            is_no_change,
            unreached: None,
            empty_diff: empty_diff.map(|path| path.display().to_string()),
            working_directory: folder.clone(),
        })
    }

    /// The diff that was handed in and is empty, where the repository does not know the change.
    pub(super) fn empty_diff(&self) -> Option<&str> {
        self.empty_diff.as_deref().filter(|_| self.change.is_none())
    }

    /// The folder that paths of the repository, or of reports outside of one, are relative to.
    pub(super) fn root(&self) -> &Path {
        self.repository.as_ref().and_then(Repository::root).unwrap_or(&self.working_directory)
    }

    /// Where a report comes from: the folder it lies in and the working directory, as far as they belong to the repository.
    ///
    /// A link within the repository counts as where it leads, so that no link makes a report one of another folder.
    pub(super) fn origin(&self, report: Option<&Path>) -> devops_coverage::Origin {
        let Some(repository) = &self.repository else { return devops_coverage::Origin::default() };
        let inside = |path: &Path| {
            let real = path.canonicalize().ok();
            let real = real.as_deref().and_then(|real| repository.path_of(real));
            real.or_else(|| repository.path_of(path))
        };
        let folder = report.and_then(inside);
        let folder = folder.as_deref().map(|file| file.rsplit_once('/').map_or("", |(folder, _)| folder));
        devops_coverage::Origin::new(folder, inside(&self.working_directory).as_deref())
    }

    /// The path of a file in the repository.
    pub(super) fn path_of(&self, file: &Path) -> Option<String> {
        self.repository.as_ref()?.path_of(file)
    }

    /// Whether the host runs this for no change, so that there is none to judge.
    pub(super) fn is_no_change(&self) -> bool {
        self.is_no_change
    }

    /// The same with the lines of the change, if only the repository has them and they are needed.
    ///
    /// # Errors
    /// Where objects of the repository are missing.
    pub(super) fn with_lines(mut self, are_wanted: bool) -> Result<Self, Error> {
        if let (true, None, Base::Known(known) | Base::Guessed(known)) =
            (are_wanted, &self.change, &self.base)
        {
            let KnownBase { repository, start, .. } = known.as_ref();
            match start {
                Ok(start) => {
                    self.change = Some(devops_repository::between(repository, *start, repository.head()?)?);
                }
                Err(failure) => {
                    self.unreached =
                        Some(format!("changed lines are unknown: {}; {}", failure.message, failure.help()));
                }
            }
        }
        Ok(self)
    }

    /// The change as coverage needs it.
    pub(super) fn lines(&self) -> Option<devops_coverage::Change> {
        self.change.as_ref().map(|change| devops_coverage::Change {
            added: change.added.clone(),
            deleted: change.deleted.clone(),
            renamed: change.renamed.clone(),
        })
    }

    /// Changed files whose content on the disk is not what is committed.
    pub(super) fn edited(&self) -> Vec<String> {
        let Some((repository, change)) = self.repository.as_ref().zip(self.change.as_ref()) else {
            return Vec::new();
        };
        repository.edited(change.added.keys().map(String::as_str)).unwrap_or_default()
    }

    /// That the base was guessed, where something was counted by it, or that nothing could be counted by it.
    pub(super) fn note(&self) -> Option<String> {
        if self.unreached.is_some() {
            return self.unreached.clone();
        }
        let (Base::Guessed(known), Some(_)) = (&self.base, &self.change) else { return None };
        let (commit, revision) = (known.short_start()?, &known.revision);
        Some(format!(
            "changed lines are counted from {commit}, where this branch left {revision}; give another base with `--base`"
        ))
    }

    /// What the report says of the change, and of the commit from which its lines are counted, where they are.
    pub(super) fn facts(&self) -> Option<Value> {
        let change = self.change.as_ref()?;
        let base = match &self.base {
            Base::Known(known) => {
                known.start.as_ref().ok().map(|start| json!({ "commit": start.to_string() }))
            }
            Base::Guessed(known) => {
                let start = known.start.as_ref().ok();
                start.map(|start| json!({ "commit": start.to_string(), "guessed": true }))
            }
            Base::None | Base::Unknown(_) => None,
        };
        let lines = change.lines();
        let change = json!({ "files": change.added.len(), "lines": lines, "deleted": change.deleted.len() });
        Some(json!({ "base": base, "change": change }))
    }

    /// The commit that is checked out: its name, and when it was made.
    pub(super) fn commit(&self) -> Option<(String, Option<Timestamp>)> {
        let repository = self.repository.as_ref()?;
        let commit = repository.head().ok()?;
        Some((commit.to_string(), repository.time(commit)))
    }

    /// Every tracked file, sorted; none outside of a repository.
    pub(super) fn tracked(&self) -> Option<Vec<String>> {
        self.repository.as_ref()?.tracked_files().ok()
    }

    /// The names that coverage reports have for the repository's folders.
    pub(super) fn mapper<'a>(&self, tracked: Option<&'a [String]>) -> devops_coverage::Mapper<'a> {
        let mut mapper = devops_coverage::Mapper::new(tracked);
        let Some(repository) = &self.repository else { return mapper };
        if let Some(root) = repository.root() {
            mapper = mapper.checkout(&root.to_string_lossy());
        }
        for (path, text) in repository.go_modules().unwrap_or_default() {
            mapper = mapper.go_mod(&path, &String::from_utf8_lossy(&text));
        }
        mapper
    }
}

/// The change that a diff describes; none if it is empty.
fn read_diff(path: &Path) -> Result<Option<devops_repository::Change>, Error> {
    let mut file =
        devops_files::open_within(path, LARGEST_DIFF).map_err(|error| Error::unreadable(path, error))?;
    let (change, troubles) = devops_repository::parse(&mut file as &mut dyn Read);
    match troubles.kept().first() {
        None => Ok(change),
        Some(trouble) => {
            let place = devops_core::Location::line(path.display().to_string(), trouble.at.line.max(1));
            Err(Error::input(trouble.what.clone())
                .at(place)
                .help("write it with `git diff BASE...HEAD`, without cutting anything"))
        }
    }
}
