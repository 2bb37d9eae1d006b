//! Paths of reports as paths of the repository.
//!
//! Reports name files as the machine that ran the tests saw them: below a checkout, a source root, a module, a package. Which
//! tracked file that is follows from the list of tracked files, from where the report lies and from the names of its modules;
//! where two could be meant, neither is taken, and that is reported.

mod near;
mod search;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use self::near::Near;
use self::search::Search;
use super::model::Coverage;
use super::path_text::{is_absolute, join, name, normal};
use super::{Module, Reading};

/// Maximum number of files that could be meant that are named.
const NAMED: usize = 10;

/// Why a file of a report is no file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Several tracked files could be meant, or one whose name differs in case.
    Ambiguous(Vec<String>),
    /// No tracked file has such a path.
    Untracked,
}

/// A file of a report that was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmapped {
    /// The path as it stands in the report, with its module where it has one.
    pub path: String,
    /// Why it has no file.
    pub why: Why,
}

impl std::fmt::Display for Unmapped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.why {
            Why::Ambiguous(paths) => {
                let named = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" or ");
                write!(formatter, "{} (could be {named})", self.path)
            }
            Why::Untracked => write!(formatter, "{} (not tracked)", self.path),
        }
    }
}

/// Where a report comes from, in paths of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Folders that its paths may start from, the likeliest first: those around the report, those around the working directory,
    /// the root.
    pub folders: Vec<String>,
    /// The folder in which all its files lie, where a setting says so.
    pub prefix: Option<String>,
}

impl Default for Origin {
    fn default() -> Self {
        Self { folders: vec![String::new()], prefix: None }
    }
}

impl Origin {
    /// A report in a folder of the repository, or in none, read from a working directory there.
    pub fn new(report: Option<&str>, working_directory: Option<&str>) -> Self {
        let mut folders: Vec<String> = Vec::new();
        for mut folder in [report, working_directory].into_iter().flatten() {
            while !folder.is_empty() {
                if !folders.iter().any(|known| known == folder) {
                    folders.push(folder.to_owned());
                }
                folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
            }
        }
        folders.push(String::new());
        Self { folders, prefix: None }
    }
}

/// Coverage by paths of the repository.
#[derive(Debug, Default)]
pub struct Mapped {
    pub coverage: Coverage,
    pub unmapped: Vec<Unmapped>,
}

/// Knows the repository.
#[derive(Debug, Default)]
pub struct Mapper<'a> {
    /// Tracked files by their names; `None` where no list is known.
    tracked: Option<HashMap<&'a str, Vec<&'a str>>>,
    /// The same by their names in lower case; made where a path fits no file.
    lower: OnceCell<HashMap<String, Vec<&'a str>>>,
    /// Folders that are the root of the repository on some machine.
    checkouts: Vec<String>,
    /// Go modules with their folders, the longest name first.
    modules: Vec<(String, String)>,
}

impl<'a> Mapper<'a> {
    /// A repository with these files, paths with `/`; without a list paths are only shortened.
    pub fn new(tracked: Option<&'a [String]>) -> Self {
        let by_name = |files: &'a [String]| {
            let mut names: HashMap<&str, Vec<&str>> = HashMap::new();
            for file in files {
                names.entry(name(file)).or_default().push(file);
            }
            names
        };
        Self { tracked: tracked.map(by_name), ..Self::default() }
    }

    /// Adds a folder that is known to be the root of the repository.
    #[must_use]
    pub fn checkout(mut self, folder: &str) -> Self {
        let folder = normal(folder);
        if folder.trim_end_matches('/').len() > 1 {
            self.checkouts.push(folder);
        }
        self
    }

    /// Adds a `go.mod` of the repository with its text.
    #[must_use]
    pub fn go_mod(mut self, path: &str, text: &str) -> Self {
        let module = text.lines().find_map(|line| {
            let rest = line.trim().strip_prefix("module")?;
            let rest = rest.starts_with(char::is_whitespace).then_some(rest)?;
            rest.split("//").next().map(|rest| rest.trim().trim_matches(['"', '`']).to_owned())
        });
        if let Some(module) = module.filter(|module| !module.is_empty()) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.modules.push((module, folder.to_owned()));
            self.modules.sort_by_key(|(module, _)| std::cmp::Reverse(module.len()));
        }
        self
    }

    /// Gives the files of one report their paths in the repository.
    pub fn map(&self, reading: Reading, origin: &Origin) -> Mapped {
        let roots: Vec<String> = reading.roots.iter().map(|root| normal(root)).collect();
        let mut found = if self.tracked.is_some() {
            self.found(&reading, &roots, origin)
        } else {
            self.all_shortened(&reading, &roots, origin)
        };
        let mut mapped = Mapped::default();
        for (key, file) in reading.coverage.files {
            match found.remove(&key).unwrap_or(Err(Why::Untracked)) {
                Ok(known) => mapped.coverage.take(known, file),
                Err(why) => mapped.unmapped.push(Unmapped { path: key, why }),
            }
        }
        mapped
    }

    /// Looks the files of each module up, apart from those of others: their paths may be the same.
    fn found(
        &self,
        reading: &Reading,
        roots: &[String],
        origin: &Origin,
    ) -> BTreeMap<String, Result<String, Why>> {
        let mut modules: BTreeMap<&[String], Vec<(&str, &str)>> = BTreeMap::new();
        for key in reading.coverage.files.keys() {
            let module = reading.modules.get(key);
            let (names, path) =
                module.map_or((&[][..], key.as_str()), |Module { names, path }| (names, path));
            modules.entry(names).or_default().push((key, path));
        }
        let mut all = BTreeMap::new();
        for (names, files) in modules {
            let folders = origin.prefix.as_ref().map_or(&origin.folders[..], std::slice::from_ref);
            let near = Near { folders, modules: names, report: &reading.name };
            let search = Search { mapper: self, roots, near, within: origin.prefix.as_deref() };
            let paths: Vec<&str> = files.iter().map(|(_, path)| *path).collect();
            let found = search.find(&paths);
            for (key, path) in files {
                all.insert(key.to_owned(), found.get(path).cloned().unwrap_or(Err(Why::Untracked)));
            }
        }
        all
    }

    /// The best that can be said of all files without a list of files. Modules may have files of one path: they stay apart.
    fn all_shortened(
        &self,
        reading: &Reading,
        roots: &[String],
        origin: &Origin,
    ) -> BTreeMap<String, Result<String, Why>> {
        let mut times: HashMap<&str, u32> = HashMap::new();
        let path_of = |key: &'_ str| reading.modules.get(key).map(|module| module.path.as_str());
        for path in reading.coverage.files.keys().filter_map(|key| path_of(key)) {
            *times.entry(path).or_default() += 1;
        }
        let one = |key: &String| {
            let module = reading.modules.get(key);
            let path = module.map_or(key.as_str(), |module| &module.path);
            let mut short = self.shortened(path, roots);
            if let Some(module) = module.filter(|_| times.get(path).is_some_and(|times| *times > 1)) {
                short = join(&normal(&module.names.join("/")), &short);
            }
            match &origin.prefix {
                Some(prefix) if !is_absolute(&short) => join(prefix, &short),
                _ => short,
            }
        };
        reading.coverage.files.keys().map(|key| (key.clone(), Ok(one(key)))).collect()
    }

    fn is_tracked(&self, path: &str) -> bool {
        let same_name = self.tracked.as_ref().and_then(|tracked| tracked.get(name(path)));
        same_name.is_some_and(|files| files.contains(&path))
    }

    /// The path below a checkout or in a module, if it stands there.
    fn below(&self, path: &str) -> Option<String> {
        let strip = |root: &str| path.strip_prefix(root)?.strip_prefix('/').map(str::to_owned);
        let in_module = |(module, folder): &(String, String)| strip(module).map(|rest| join(folder, &rest));
        self.checkouts.iter().find_map(|root| strip(root)).or_else(|| self.modules.iter().find_map(in_module))
    }

    /// The best that can be said of a path without a list of files.
    fn shortened(&self, path: &str, roots: &[String]) -> String {
        let path = normal(path);
        if let Some(below) = self.below(&path) {
            return below;
        }
        if is_absolute(&path) {
            return path;
        }
        match roots {
            [root] if !is_absolute(root) => join(root, &path),
            [root] => self
                .checkouts
                .contains(root)
                .then(|| path.clone())
                .or_else(|| self.below(&join(root, &path)))
                .unwrap_or(path),
            _ => path,
        }
    }

    /// The tracked files that fit the longest end of a path, a folder of it at least, where upper and lower case make no
    /// difference: the folder that each lies in without that end, and the file.
    fn in_other_case(&self, path: &str) -> Vec<(&'a str, &'a str)> {
        let Some(tracked) = &self.tracked else { return Vec::new() };
        let lower = self.lower.get_or_init(|| {
            let mut names: HashMap<String, Vec<&str>> = HashMap::new();
            for (name, files) in tracked {
                names.entry(name.to_ascii_lowercase()).or_default().extend(files);
            }
            names
        });
        let path = normal(path);
        let parts = |file: &'a str| path.rsplit('/').zip(file.rsplit('/'));
        let depth =
            |file: &'a str| parts(file).take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count();
        // What fits to the letter was looked at before.
        let is_other =
            |file: &&'a str| parts(file).take_while(|(one, other)| one == other).count() < depth(file);
        let same_name = lower.get(&name(&path).to_ascii_lowercase());
        let same_name = || same_name.into_iter().flatten().copied().filter(is_other);
        let deepest = same_name().map(depth).max().unwrap_or(0);
        if deepest < 2 && path.contains('/') {
            return Vec::new();
        }
        let split = |file: &'a str| {
            let end = file.rmatch_indices('/').nth(deepest.checked_sub(1)?).map_or(0, |(index, _)| index);
            Some((file.get(..end)?, file))
        };
        same_name().filter(|file| depth(file) == deepest).filter_map(split).collect()
    }
}
