//! Links that a change can commit, on the way to a file that the gate itself reads or writes.
//!
//! A path of the workspace is meant as it is written. Where a link on its way leads elsewhere, the author of the change has chosen
//! the file, which may be any of this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Repository;

/// A link on the way to a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detour {
    /// The link.
    pub link: PathBuf,
    /// Where the path really leads.
    pub target: PathBuf,
    /// Whether that lies outside of the workspace.
    pub leads_out: bool,
}

/// Who chose a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// The workflow, with a flag, an input or a variable: then a link that git does not track is the workflow's own.
    Workflow,
    /// A file of the workspace, or nobody.
    Workspace,
}

/// The first link on the way to `path` that a change can have put there; none where the path is what it says.
///
/// The workspace is the repository that a run in this folder belongs to or, where there is none, the folder itself.
pub fn detour(
    folder: &Path,
    environment: &BTreeMap<String, String>,
    path: &Path,
    chosen_by: ChosenBy,
) -> Option<Detour> {
    let target = devops_files::real(path);
    if std::path::absolute(path).is_ok_and(|written| written == target) {
        return None;
    }
    let repository = repository(folder, environment);
    let root = root(repository.as_ref(), folder)?;
    let link = devops_files::link_below(&root, path)?;
    if chosen_by == ChosenBy::Workflow && repository.is_some_and(|repository| !is_tracked(&repository, &link))
    {
        return None;
    }
    let leads_out = !target.starts_with(&root);
    Some(Detour { link, target, leads_out })
}

/// The folder that a change can put links into; looked for when it is first asked about, because most runs meet no link.
#[derive(Debug, Default)]
pub struct Workspace {
    folder: PathBuf,
    environment: BTreeMap<String, String>,
    root: OnceLock<Option<PathBuf>>,
}

impl Workspace {
    /// The workspace of a run in a folder: its repository or, where there is none, the folder itself.
    pub fn of(folder: &Path, environment: &BTreeMap<String, String>) -> Self {
        Self { folder: folder.to_path_buf(), environment: environment.clone(), root: OnceLock::new() }
    }

    /// Whether a path without links lies in it.
    pub fn holds(&self, real: &Path) -> bool {
        let find = || root(repository(&self.folder, &self.environment).as_ref(), &self.folder);
        self.root.get_or_init(find).as_ref().is_some_and(|root| real.starts_with(root))
    }
}

/// The folder, written so that it can be opened.
fn plain(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The repository of a run; where the host names a change that none has checked out, the nearest one.
fn repository(folder: &Path, environment: &BTreeMap<String, String>) -> Option<Repository> {
    Repository::around(folder, environment).or_else(|_| Repository::discover(plain(folder))).ok()
}

/// The root of a workspace, without links.
fn root(repository: Option<&Repository>, folder: &Path) -> Option<PathBuf> {
    let root = repository.and_then(Repository::root).map(Path::to_path_buf);
    root.or_else(|| plain(folder).canonicalize().ok())
}

/// Whether the commit that is checked out has a link, or leads through another one to it. Where nobody knows, it has.
fn is_tracked(repository: &Repository, link: &Path) -> bool {
    let found = repository.path_of(link).zip(repository.head().ok());
    found.is_none_or(|(path, head)| !matches!(repository.leads(head, &path), Ok(None)))
}
