//! From the paths given to the reports to read, each once, in the order of their names.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::packed::is_archive;
use devops_core::words::count;
use devops_reading::glob;
use devops_repository::Workspace;

/// The path that stands for standard input, just so: `./-` is a file.
const STDIN: &str = "-";

/// Endings of the files that are looked at in a folder; what they are, their content says.
const ENDINGS: [&str; 11] =
    [".xml", ".trx", ".json", ".jsonl", ".ndjson", ".tap", ".info", ".lcov", ".out", ".txt", ".log"];

/// Those of them that many other files have.
const UNSURE: [&str; 3] = [".out", ".txt", ".log"];

/// Those of them that no mere text has.
const SURE: [&str; 4] = [".xml", ".trx", ".tap", ".lcov"];

/// Folders that never hold a project's own reports.
const PASSED: [&str; 2] = [".git", "node_modules"];

/// Most entries behind links out of the workspace that are looked at by name.
const GLIMPSED: usize = 20_000;

/// A report to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Where it lies; none is standard input.
    pub(super) path: Option<PathBuf>,
    /// The path as people write it. Two files can share it, so that it never stands for one.
    pub(super) label: String,
    /// The folder it was found in by walking through it; none where it was meant by name or pattern.
    pub(super) found_in: Option<String>,
    /// Which of the paths given leads to it, from 0; the first, where several do.
    pub(super) argument: usize,
}

impl File {
    /// The path below the folder in which it was found; its name, where it was meant by itself or by a pattern.
    pub(super) fn below(&self) -> &str {
        let name = self.label.rsplit('/').next().unwrap_or(&self.label);
        let found_in = self.found_in.as_deref().and_then(|folder| self.label.strip_prefix(folder));
        found_in.map_or(name, |rest| rest.trim_start_matches('/'))
    }

    /// Whether its name says that nothing but a report can be meant, so that an empty one is a report that was not written.
    pub(super) fn is_surely_report(&self) -> bool {
        !UNSURE.iter().any(|ending| unpacked(&self.label).ends_with(ending))
    }

    /// Whether its name says that it is more than any text, so that one that holds just that is broken.
    pub(super) fn is_never_text(&self) -> bool {
        let label = self.label.to_ascii_lowercase();
        SURE.iter().any(|ending| unpacked(&label).ends_with(ending))
    }
}

/// The name of a file without what says that it is in gzip.
fn unpacked(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

/// What the paths given stand for.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) reports: Vec<File>,
    /// Paths that stand for nothing, with why.
    pub(super) missing: Vec<(String, String)>,
    /// Folders that can't be listed, with why.
    pub(super) unlisted: Vec<(String, String)>,
    /// Each pattern that excludes files, with the files that it kept out.
    pub(super) excluded: Vec<(String, Vec<String>)>,
    /// Archives in folders, which are not looked into.
    pub(super) archives: Vec<String>,
    /// Links out of the workspace that were met in folders, and that lead to nothing that could be a report.
    pub(super) not_followed: Vec<String>,
}

/// A file as it was before a command ran.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Mark {
    path: PathBuf,
    bytes: u64,
    changed: SystemTime,
}

impl Mark {
    fn of(path: &Path) -> Option<Self> {
        let known = std::fs::metadata(path).ok()?;
        Some(Self { path: path.to_path_buf(), bytes: known.len(), changed: known.modified().ok()? })
    }
}

impl Files {
    /// The files as they are now.
    pub(super) fn marks(&self) -> Vec<Mark> {
        self.reports.iter().filter_map(|file| Mark::of(file.path.as_deref()?)).collect()
    }

    /// Labels of the files that are still as they were.
    pub(super) fn unchanged(&self, before: &[Mark]) -> Vec<String> {
        let marks: HashSet<&Mark> = before.iter().collect();
        let is_same =
            |file: &&File| file.path.as_deref().and_then(Mark::of).is_some_and(|mark| marks.contains(&mark));
        self.reports.iter().filter(is_same).map(|file| file.label.clone()).collect()
    }
}

/// Finds the reports; what lies below `own`, where an earlier run put its merged reports, counts only where that folder is named.
///
/// What `exclude` means is left out of folders and patterns; a file that is named itself stays.
pub(super) fn find(paths: &[PathBuf], exclude: &[String], own: &Path, workspace: Workspace) -> Files {
    let excluded = exclude.iter().map(|pattern| (pattern.clone(), BTreeSet::new())).collect();
    let own = std::fs::canonicalize(own).ok();
    let mut search = Search { own, excluded, workspace, ..Search::default() };
    for (argument, path) in paths.iter().enumerate() {
        search.argument = argument;
        search.path(path);
    }
    search.missing.sort();
    search.missing.dedup();
    Files {
        reports: search.files.into_values().collect(),
        missing: search.missing,
        unlisted: search.unlisted.into_iter().collect(),
        excluded: search
            .excluded
            .into_iter()
            .map(|(pattern, files)| (pattern, files.into_iter().collect()))
            .collect(),
        archives: search.archives.into_iter().collect(),
        not_followed: search.not_followed.into_iter().collect(),
    }
}

/// What distinguishes files, in the order of their names: the label alone may be that of several.
type Key = (String, Option<PathBuf>);

#[derive(Default)]
struct Search {
    files: BTreeMap<Key, File>,
    /// The real paths of files that are in already, so that none counts twice.
    real: BTreeMap<PathBuf, Key>,
    missing: Vec<(String, String)>,
    unlisted: BTreeSet<(String, String)>,
    excluded: Vec<(String, BTreeSet<String>)>,
    archives: BTreeSet<String>,
    not_followed: BTreeSet<String>,
    /// Where links may lead that are met in folders.
    workspace: Workspace,
    /// How many entries behind links out of it were looked at by name.
    glimpsed: usize,
    /// The real path of the folder of our own reports.
    own: Option<PathBuf>,
    /// Which of the paths given is searched.
    argument: usize,
}

impl Search {
    fn path(&mut self, path: &Path) {
        let label = label(path);
        if path.as_os_str() == STDIN {
            let file = File { path: None, label: label.clone(), found_in: None, argument: self.argument };
            self.files.insert((label, None), file);
            return;
        }
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path),
            Ok(_) => self.add(path.to_path_buf(), real(path), None),
            Err(_) if glob::is_pattern(&label) || glob::alternatives(&label).len() > 1 => self.pattern(label),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.missing.push((label, "no such file or folder".to_owned()));
            }
            Err(error) => self.missing.push((label, format!("it can't be read: {error}"))),
        }
    }

    /// Adds what matches a pattern. Of its alternatives, those without a wildcard must each be there; of the others, one must
    /// match.
    fn pattern(&mut self, label: String) {
        let (patterns, paths): (Vec<_>, Vec<_>) =
            glob::alternatives(&label).into_iter().partition(|path| glob::is_pattern(path));
        for path in &paths {
            self.path(Path::new(path));
        }
        let before = self.kept_out();
        let walk = |pattern: &String| {
            let (folder, pattern) = glob::split(pattern);
            let base = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
            self.walk(base, Some(pattern))
        };
        if !patterns.is_empty() && patterns.iter().map(walk).sum::<usize>() == 0 {
            self.miss(label, "no file matches the pattern", before);
        }
    }

    /// Adds the files below a folder that could be reports.
    fn folder(&mut self, path: &Path) {
        let before = self.kept_out();
        if self.walk(path, None) == 0 {
            self.miss(label(path), "the folder contains no file that could be a report", before);
        }
    }

    /// How much is left out so far: what is excluded, and archives.
    fn kept_out(&self) -> (usize, usize) {
        (self.excluded.iter().map(|(_, files)| files.len()).sum(), self.archives.len())
    }

    /// A path stands for nothing; `before` is what was left out before it.
    fn miss(&mut self, path: String, why: &str, before: (usize, usize)) {
        let (excluded, archives) = self.kept_out();
        let mut why = why.to_owned();
        for (amount, what) in [(excluded - before.0, "excluded file"), (archives - before.1, "archive")] {
            if amount > 0 {
                why.push_str(&format!(", apart from {}", count(amount as u64, what)));
            }
        }
        if archives > before.1 {
            why.push_str("; unpack archives first");
        }
        self.missing.push((path, why));
    }

    /// Whether a file is excluded; remembers by what.
    fn excludes(&mut self, path: &Path) -> bool {
        let label = label(path);
        let mut is_excluded = false;
        for (pattern, files) in &mut self.excluded {
            if glob::alternatives(pattern).iter().any(|pattern| glob::is_below(pattern, &label)) {
                files.insert(label.clone());
                is_excluded = true;
            }
        }
        is_excluded
    }

    /// Adds what lies below a folder and matches the pattern, or could be a report where there is none; returns how much that is.
    ///
    /// Each folder is entered once, whatever links lead to it, so that loops end. A link out of the folder and the workspace is not
    /// followed: it is missed where it could lead to a report.
    fn walk(&mut self, base: &Path, pattern: Option<&str>) -> usize {
        // A pattern that ends so means all files below anyway.
        let means_folders = pattern.is_some_and(|pattern| !pattern.trim_end_matches('/').ends_with("**"));
        let is_wanted = |name: &str| {
            let is_candidate = || {
                let name = name.to_ascii_lowercase();
                ENDINGS.iter().any(|ending| unpacked(&name).ends_with(ending))
            };
            pattern.map_or_else(is_candidate, |pattern| glob::is_match(pattern, name))
        };
        let root = real(base);
        let mut folders = vec![(base.to_path_buf(), String::new(), root.clone())];
        let mut entered = BTreeSet::new();
        let mut count = 0;
        while let Some((folder, inside, real)) = folders.pop() {
            if !entered.insert(real.clone()) {
                continue;
            }
            let entries = std::fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
            let mut entries = match entries {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.unlisted.insert((label(&folder), error.to_string()));
                    continue;
                }
            };
            entries.sort_by_key(DirEntry::file_name);
            for entry in entries {
                let name = format!("{inside}{}", entry.file_name().to_string_lossy());
                // A plain `.` in front would make the same file look like another.
                let path =
                    if folder == Path::new(".") { PathBuf::from(entry.file_name()) } else { entry.path() };
                let place = self.place(&entry, &real, &root);
                if let Place::Folder(real) | Place::OtherFolder(real) = &place {
                    if self.own.as_ref() == Some(real) {
                        continue;
                    }
                    if pattern.is_none() && PASSED.iter().any(|passed| entry.file_name() == *passed) {
                        continue;
                    }
                }
                let is_meant = is_wanted(&name);
                match place {
                    Place::Folder(real) => {
                        if means_folders && is_meant {
                            count += 1;
                            self.folder(&path);
                        }
                        folders.push((path, format!("{name}/"), real));
                    }
                    Place::OtherFolder(target) => {
                        if self.excludes(&path) {
                            continue;
                        }
                        if means_folders && is_meant || self.could_hold(&target, &name, &is_wanted) {
                            count += 1;
                            self.leads_out(&path, &target);
                        } else {
                            self.not_followed.insert(label(&path));
                        }
                    }
                    Place::File(_) | Place::OtherFile(_) if is_meant && self.excludes(&path) => {}
                    Place::File(real) if is_meant => {
                        count += 1;
                        self.add(path, real, pattern.is_none().then(|| label(base)));
                    }
                    Place::OtherFile(target) if is_meant => {
                        count += 1;
                        self.leads_out(&path, &target);
                    }
                    Place::File(_) | Place::OtherFile(_) if pattern.is_none() && is_archive(&name) => {
                        self.archives.insert(label(&path));
                    }
                    Place::File(_) | Place::OtherFile(_) => {}
                }
            }
        }
        count
    }

    /// What stands at an entry of the folder whose real path is `folder`, in a walk that began at `root`.
    fn place(&self, entry: &DirEntry, folder: &Path, root: &Path) -> Place {
        let kind = entry.file_type();
        if let Ok(kind) = kind
            && !kind.is_symlink()
        {
            let real = folder.join(entry.file_name());
            return if kind.is_dir() { Place::Folder(real) } else { Place::File(real) };
        }
        let path = entry.path();
        // A link that leads nowhere is a file that can't be read.
        let Ok(real) = std::fs::canonicalize(&path) else { return Place::File(path) };
        match (real.is_dir(), real.starts_with(root) || self.workspace.holds(&real)) {
            (true, true) => Place::Folder(real),
            (false, true) => Place::File(real),
            (true, false) => Place::OtherFolder(real),
            (false, false) => Place::OtherFile(real),
        }
    }

    /// Misses a link that is not followed.
    fn leads_out(&mut self, path: &Path, target: &Path) {
        let why = format!(
            "it is a link out of the workspace, to {}, and is not followed: name it to have it read, or exclude it",
            label(target)
        );
        self.missing.push((label(path), why));
    }

    /// Whether something in a folder, which stands at `name` in the walk, has a name that is wanted; nothing is opened.
    ///
    /// Without this, a link in place of a folder of reports would hide them. Where there is too much to look at, it has.
    fn could_hold(&mut self, folder: &Path, name: &str, is_wanted: &dyn Fn(&str) -> bool) -> bool {
        let mut folders = vec![(folder.to_path_buf(), format!("{name}/"))];
        while let Some((folder, inside)) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                self.glimpsed += 1;
                let name = format!("{inside}{}", entry.file_name().to_string_lossy());
                if self.glimpsed > GLIMPSED || is_wanted(&name) {
                    return true;
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push((entry.path(), format!("{name}/")));
                }
            }
        }
        false
    }

    fn add(&mut self, path: PathBuf, real: PathBuf, mut found_in: Option<String>) {
        let mut argument = self.argument;
        let mut key = (label(&path), Some(path));
        // Where several names lead to a file, the first in their order stays, so that the paths' order never shows.
        if let Some(known) = self.real.remove(&real) {
            let other = self.files.remove(&known);
            argument = other.as_ref().map_or(argument, |other| other.argument.min(argument));
            found_in = found_in.zip(other.and_then(|file| file.found_in)).map(|(one, other)| one.min(other));
            key = key.min(known);
        }
        let file = File { path: key.1.clone(), label: key.0.clone(), found_in, argument };
        self.files.insert(key.clone(), file);
        self.real.insert(real, key);
    }
}

/// What stands at an entry of a folder, with its real path.
enum Place {
    Folder(PathBuf),
    File(PathBuf),
    /// A folder that a link leads to, out of the workspace.
    OtherFolder(PathBuf),
    /// The same for anything else.
    OtherFile(PathBuf),
}

/// The path without links; as it is, where it leads nowhere.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// A path as people write it: with `/` on Windows, without a plain `.` in front, and with bytes that are no text spelled out.
fn label(path: &Path) -> String {
    let mut label = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        label.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string can't fail.
            let _ = write!(label, "\\x{byte:02x}");
        }
    }
    if cfg!(windows) {
        label = label.replace('\\', "/");
    }
    let rest = label.strip_prefix("./").filter(|rest| !rest.is_empty() && *rest != STDIN);
    rest.map(str::to_owned).unwrap_or(label)
}
