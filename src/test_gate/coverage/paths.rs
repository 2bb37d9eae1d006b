//! Paths of reports as paths of the repository.
//!
//! Reports name files as the machine that ran the tests saw them: below a checkout, a source root, a module, a package. Which
//! tracked file that is follows from the list of tracked files; where two could be meant, neither is taken, and that is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::model::Coverage;
use super::path_text::{ends, is_absolute, join, name, normal};

/// Why a file of a report is no file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// Several tracked files could be meant.
    Ambiguous(Vec<String>),
    /// No tracked file has such a path.
    Untracked,
}

/// A file of a report that was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unmapped {
    /// The path as it stands in the report.
    pub(crate) path: String,
    pub(crate) why: Why,
}

impl std::fmt::Display for Unmapped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.why {
            Why::Ambiguous(paths) => write!(formatter, "{} (could be {})", self.path, paths.join(" or ")),
            Why::Untracked => write!(formatter, "{} (not tracked)", self.path),
        }
    }
}

/// Coverage by paths of the repository.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    pub(crate) coverage: Coverage,
    pub(crate) unmapped: Vec<Unmapped>,
}

/// Knows the repository.
#[derive(Debug, Default)]
pub(crate) struct Mapper<'a> {
    /// Tracked files by their names; `None` where no list is known.
    tracked: Option<HashMap<&'a str, Vec<&'a str>>>,
    /// Folders that are the root of the repository on some machine.
    checkouts: Vec<String>,
    /// Go modules with their folders, the longest name first.
    modules: Vec<(String, String)>,
}

/// What a path could be: what is taken off its front, what is put there, and the tracked file that gives.
type Guess = (String, String, String);

impl<'a> Mapper<'a> {
    /// A repository with these files, paths with `/`; without a list paths are only shortened.
    pub(crate) fn new(tracked: Option<&'a [String]>) -> Self {
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
    pub(crate) fn checkout(mut self, folder: &str) -> Self {
        let folder = normal(folder);
        if folder.trim_end_matches('/').len() > 1 {
            self.checkouts.push(folder);
        }
        self
    }

    /// Adds a `go.mod` of the repository with its text.
    pub(crate) fn go_mod(mut self, path: &str, text: &str) -> Self {
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
    pub(crate) fn map(&self, coverage: Coverage, roots: &[String]) -> Mapped {
        let roots: Vec<String> = roots.iter().map(|root| normal(root)).collect();
        let mut found = BTreeMap::new();
        if self.tracked.is_some() {
            let paths: Vec<&str> = coverage.files.keys().map(String::as_str).collect();
            self.find(&paths, &roots, &mut found);
        } else {
            for path in coverage.files.keys() {
                found.insert(path.clone(), Ok(self.shortened(path, &roots)));
            }
        }
        let mut mapped = Mapped::default();
        for (path, file) in coverage.files {
            match found.remove(&path).unwrap_or(Err(Why::Untracked)) {
                Ok(known) => mapped.coverage.take(known, file),
                Err(why) => mapped.unmapped.push(Unmapped { path, why }),
            }
        }
        mapped
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

    /// The best that can be said without a list of files.
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

    /// Finds the tracked file of each path, surest ways first.
    fn find(&self, paths: &[&str], roots: &[String], found: &mut BTreeMap<String, Result<String, Why>>) {
        let mut relative = Vec::new();
        let mut absolute = Vec::new();
        for path in paths {
            let plain = normal(path);
            let spellings: Vec<String> = if is_absolute(&plain) {
                vec![plain.clone()]
            } else {
                roots.iter().map(|root| join(root, &plain)).collect()
            };
            let sure: BTreeSet<String> = spellings
                .iter()
                .chain([&plain])
                .filter_map(|path| self.below(path))
                .chain(spellings.iter().cloned())
                .filter(|path| self.is_tracked(path))
                .collect();
            if !sure.is_empty() {
                found.insert((*path).to_owned(), only(sure));
            } else if self.tracked_as_is(path) {
                found.insert((*path).to_owned(), Ok((*path).to_owned()));
            } else if spellings.iter().any(|path| is_absolute(path)) {
                let spellings = spellings.into_iter().filter(|path| is_absolute(path)).collect();
                absolute.push(((*path).to_owned(), spellings));
            } else {
                relative.push(((*path).to_owned(), vec![plain]));
            }
        }
        // A report that names one file as the repository does names no other one in another way.
        let is_plain =
            relative.iter().any(|(_, spellings)| spellings.iter().any(|path| self.is_tracked(path)));
        let rest = self.strip(&absolute, found);
        let (mut relative_rest, mut outside) = (relative, Vec::new());
        for (path, spellings) in rest {
            // With a source root that means nothing here, the path alone may still do.
            let plain = normal(&path);
            let list = if is_absolute(&plain) { &mut outside } else { &mut relative_rest };
            list.push((path, if is_absolute(&plain) { spellings } else { vec![plain] }));
        }
        let rest = self.complete(relative_rest, found);
        let rest = if is_plain { Vec::new() } else { rest };
        let rest = self.strip(&rest, found);
        outside.extend(rest);
        self.transplant(outside, found);
    }

    /// Whether the path stands in the list to the letter, with a `\` in it.
    fn tracked_as_is(&self, path: &str) -> bool {
        path.contains('\\') && self.is_tracked(path)
    }

    /// Takes the front off paths: the front that makes most files of the report tracked ones.
    fn strip(
        &self,
        files: &[(String, Vec<String>)],
        found: &mut BTreeMap<String, Result<String, Why>>,
    ) -> Vec<(String, Vec<String>)> {
        let guesses: Vec<Vec<(&str, &str)>> = files
            .iter()
            .map(|(_, spellings)| {
                let all =
                    spellings.iter().flat_map(|path| ends(path)).filter(|(_, end)| self.is_tracked(end));
                all.collect()
            })
            .collect();
        let mut votes: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
        for guess in &guesses {
            let fronts: BTreeMap<&str, bool> =
                guess.iter().map(|(front, end)| (*front, end.contains('/'))).collect();
            for (front, is_long) in fronts {
                let vote = votes.entry(front).or_default();
                *vote = (vote.0 + 1, vote.1 || is_long);
            }
        }
        let all = files.len();
        let mut rest = Vec::new();
        for ((path, spellings), guess) in files.iter().zip(&guesses) {
            let vote = |front: &str| votes.get(front).copied().unwrap_or_default();
            // A bare file name is a weak sign, unless the front fits other files or all of them.
            let sound = guess.iter().filter(|(front, _)| vote(front).1 || vote(front).0 == all);
            let most = sound.clone().map(|(front, _)| vote(front).0).max();
            let best: BTreeSet<String> = sound
                .filter(|(front, _)| Some(vote(front).0) == most)
                .map(|(_, end)| (*end).to_owned())
                .collect();
            if best.is_empty() {
                rest.push((path.clone(), spellings.clone()));
            } else {
                found.insert(path.clone(), only(best));
            }
        }
        rest
    }

    /// Puts folders in front of relative paths: none, the only one that fits, or the one that fits all files of the report.
    fn complete(
        &self,
        files: Vec<(String, Vec<String>)>,
        found: &mut BTreeMap<String, Result<String, Why>>,
    ) -> Vec<(String, Vec<String>)> {
        let plain = |spellings: &[String]| spellings.first().cloned().unwrap_or_default();
        let (known, rest): (Vec<_>, Vec<_>) = files
            .into_iter()
            .map(|(path, spellings)| {
                let guesses = self.ending_with(&plain(&spellings));
                (path, spellings, guesses)
            })
            .partition(|(_, _, guesses)| !guesses.is_empty());
        let guesses: Vec<&Vec<Guess>> = known.iter().map(|(_, _, guesses)| guesses).collect();
        let common = common(&guesses);
        let folder = match common.len() {
            _ if common.contains(&(String::new(), String::new())) => Some(String::new()),
            1 => common.into_iter().next().map(|(_, folder)| folder),
            _ => None,
        };
        for (path, _, guesses) in &known {
            let as_it_stands = guesses.iter().find(|(_, folder, _)| folder.is_empty());
            let chosen = match &folder {
                Some(folder) => guesses.iter().find(|(_, known, _)| known == folder),
                None => as_it_stands,
            };
            let result = match chosen {
                Some((_, _, tracked)) => Ok(tracked.clone()),
                None => only(guesses.iter().map(|(_, _, tracked)| tracked.clone()).collect()),
            };
            found.insert(path.clone(), result);
        }
        rest.into_iter().map(|(path, spellings, _)| (path, spellings)).collect()
    }

    /// Moves files of a folder on another machine to a folder of the repository, where one move explains all of them.
    fn transplant(
        &self,
        files: Vec<(String, Vec<String>)>,
        found: &mut BTreeMap<String, Result<String, Why>>,
    ) {
        let guesses: Vec<(String, Vec<Guess>)> = files
            .into_iter()
            .map(|(path, spellings)| {
                let longest = |path: &String| {
                    ends(path).filter(|(_, end)| end.contains('/')).find_map(|(front, end)| {
                        let guesses = self.ending_with(end);
                        let moved = |(_, folder, tracked): Guess| (front.to_owned(), folder, tracked);
                        (!guesses.is_empty()).then(|| guesses.into_iter().map(moved).collect::<Vec<_>>())
                    })
                };
                (path, spellings.iter().filter_map(longest).flatten().collect())
            })
            .collect();
        let some: Vec<&Vec<Guess>> =
            guesses.iter().map(|(_, all)| all).filter(|all| !all.is_empty()).collect();
        let common = common(&some);
        for (path, guesses) in &guesses {
            let fits =
                |guess: &&Guess| common.len() == 1 && common.contains(&(guess.0.clone(), guess.1.clone()));
            let result = match guesses.iter().find(fits) {
                Some((_, _, tracked)) => Ok(tracked.clone()),
                None if guesses.is_empty() => Err(Why::Untracked),
                None => Err(Why::Ambiguous(listed(guesses.iter().map(|guess| guess.2.clone()).collect()))),
            };
            found.insert(path.clone(), result);
        }
    }

    /// The tracked files whose path is `end`, or ends in it.
    fn ending_with(&self, end: &str) -> Vec<Guess> {
        let same_name = self.tracked.as_ref().and_then(|tracked| tracked.get(name(end)));
        let guess = |file: &&str| {
            let folder = file.strip_suffix(end)?;
            let is_whole = folder.is_empty() || folder.ends_with('/');
            is_whole.then(|| (String::new(), folder.trim_end_matches('/').to_owned(), (*file).to_owned()))
        };
        same_name.into_iter().flatten().filter_map(guess).collect()
    }
}

/// The moves that explain every file.
fn common(files: &[&Vec<Guess>]) -> BTreeSet<(String, String)> {
    let moves = |guesses: &Vec<Guess>| -> BTreeSet<(String, String)> {
        guesses.iter().map(|(front, folder, _)| (front.clone(), folder.clone())).collect()
    };
    let mut all = files.iter();
    let first = all.next().map(|guesses| moves(guesses)).unwrap_or_default();
    all.fold(first, |left, guesses| {
        if left.is_empty() { left } else { left.intersection(&moves(guesses)).cloned().collect() }
    })
}

/// The one file that is meant, or all that could be.
fn only(mut files: BTreeSet<String>) -> Result<String, Why> {
    match files.pop_first() {
        Some(first) if files.is_empty() => Ok(first),
        Some(first) => {
            files.insert(first);
            Err(Why::Ambiguous(listed(files)))
        }
        None => Err(Why::Untracked),
    }
}

/// The first few.
fn listed(files: BTreeSet<String>) -> Vec<String> {
    files.into_iter().take(10).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::super::model::Coverage;
    use super::{Mapper, Why};

    /// What the paths of a report become.
    fn mapped(mapper: &Mapper<'_>, roots: &[&str], paths: &[&str]) -> Vec<String> {
        let mut coverage = Coverage::default();
        for path in paths {
            coverage.file(path).line(1, 1);
        }
        coverage.finish();
        let roots: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
        let found = mapper.map(coverage, &roots);
        let told = found.unmapped.iter().map(|left| match &left.why {
            Why::Ambiguous(files) => format!("{}? {}", left.path, files.join(" ")),
            Why::Untracked => format!("{}!", left.path),
        });
        found.coverage.files.keys().cloned().chain(told).collect()
    }

    fn files(paths: &[&str]) -> Vec<String> {
        let mut files: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        files.sort();
        files
    }

    #[test]
    fn checkouts_of_other_machines_are_taken_off() {
        let tracked = files(&["src/a.rs", "src/b/a.rs", "setup.py"]);
        let mapper = Mapper::new(Some(&tracked));
        let paths = [
            "/home/x/repo/src/a.rs",
            "/home/x/repo/src/b/a.rs",
            "/usr/lib/setup.py",
            "/home/x/repo/target/gen.rs",
        ];
        assert_eq!(
            mapped(&mapper, &[], &paths),
            ["src/a.rs", "src/b/a.rs", "/home/x/repo/target/gen.rs!", "/usr/lib/setup.py!"]
        );
        assert_eq!(
            mapped(&mapper, &[], &["D:\\a\\repo\\src\\a.rs", "src\\b\\a.rs"]),
            ["src/a.rs", "src/b/a.rs"]
        );
        assert_eq!(mapped(&mapper, &[], &["./src/a.rs", "src/../setup.py"]), ["setup.py", "src/a.rs"]);
        assert_eq!(mapped(&mapper, &[], &["/w/setup.py"]), ["setup.py"], "the only file of a report");
        let known = Mapper::new(Some(&tracked)).checkout("/w");
        assert_eq!(mapped(&known, &[], &["/w/setup.py", "/lib/x.py"]), ["setup.py", "/lib/x.py!"]);
    }

    #[test]
    fn a_repeated_folder_is_decided_by_the_other_files_or_named() {
        let tracked = files(&["src/a.rs", "src/src/a.rs", "src/c.rs"]);
        let mapper = Mapper::new(Some(&tracked));
        assert_eq!(mapped(&mapper, &[], &["/w/src/src/a.rs", "/w/src/c.rs"]), ["src/c.rs", "src/src/a.rs"]);
        assert_eq!(mapped(&mapper, &[], &["/w/src/src/a.rs"]), ["/w/src/src/a.rs? src/a.rs src/src/a.rs"]);
    }

    #[test]
    fn source_roots_are_tried_one_by_one() {
        let tracked = files(&["app/__init__.py", "app/main.py", "tests/__init__.py", "tests/test_main.py"]);
        let mapper = Mapper::new(Some(&tracked));
        let roots = ["/ci/repo/app", "/ci/repo/tests"];
        assert_eq!(
            mapped(&mapper, &roots, &["__init__.py", "main.py", "test_main.py"]),
            ["app/main.py", "tests/test_main.py", "__init__.py? app/__init__.py tests/__init__.py"]
        );
        assert_eq!(mapped(&mapper, &["."], &["app/main.py"]), ["app/main.py"]);
        assert_eq!(mapped(&mapper, &["app"], &["main.py"]), ["app/main.py"]);
        assert_eq!(mapped(&mapper, &["/elsewhere"], &["app/main.py"]), ["app/main.py"]);
        assert_eq!(mapped(&mapper, &["C:\\repo\\"], &["app\\main.py"]), ["app/main.py"]);
    }

    #[test]
    fn packages_are_found_by_their_end_alone() {
        let tracked = files(&[
            "a/src/main/java/com/x/A.java",
            "a/src/main/java/com/x/B.java",
            "b/src/main/java/com/x/B.java",
        ]);
        let mapper = Mapper::new(Some(&tracked));
        assert_eq!(
            mapped(&mapper, &[], &["com/x/A.java", "com/x/B.java"]),
            ["a/src/main/java/com/x/A.java", "a/src/main/java/com/x/B.java"],
            "one module explains all files"
        );
        assert_eq!(
            mapped(&mapper, &[], &["com/x/B.java", "com/x/C.java"]),
            ["com/x/B.java? a/src/main/java/com/x/B.java b/src/main/java/com/x/B.java", "com/x/C.java!"]
        );
    }

    #[test]
    fn a_path_that_stands_there_is_that_file_unless_a_folder_explains_more() {
        let tracked = files(&["src/index.ts", "packages/a/src/index.ts", "packages/a/src/only.ts"]);
        let mapper = Mapper::new(Some(&tracked));
        assert_eq!(mapped(&mapper, &[], &["src/index.ts"]), ["src/index.ts"]);
        assert_eq!(
            mapped(&mapper, &[], &["src/index.ts", "src/only.ts"]),
            ["packages/a/src/index.ts", "packages/a/src/only.ts"]
        );
        assert_eq!(
            mapped(&mapper, &[], &["/app/src/only.ts", "/usr/x.ts"]),
            ["packages/a/src/only.ts", "/usr/x.ts!"],
            "a package mounted elsewhere"
        );
    }

    #[test]
    fn go_modules_have_folders() {
        let tracked = files(&["dict/dict.go", "tools/x/x.go"]);
        let mapper = Mapper::new(Some(&tracked))
            .go_mod("go.mod", "// about\nmodule github.com/k/tbls // x\n\ngo 1.22\n")
            .go_mod("tools/go.mod", "module \"github.com/k/tbls/tools\"\n");
        let paths =
            ["github.com/k/tbls/dict/dict.go", "github.com/k/tbls/tools/x/x.go", "github.com/k/tbls/gone.go"];
        assert_eq!(
            mapped(&mapper, &[], &paths),
            ["dict/dict.go", "tools/x/x.go", "github.com/k/tbls/gone.go!"]
        );
        let without = Mapper::new(Some(&tracked));
        assert_eq!(mapped(&without, &[], &["github.com/k/tbls/dict/dict.go"]), ["dict/dict.go"]);
    }

    #[test]
    fn without_a_list_paths_are_only_shortened() {
        let mapper = Mapper::new(None).checkout("/w/repo/").go_mod("sub/go.mod", "module x.y/z");
        assert_eq!(
            mapped(&mapper, &[], &["/w/repo/a.rs", "./b.rs", "/w/repository/c.rs", "x.y/z/d.go"]),
            ["/w/repository/c.rs", "a.rs", "b.rs", "sub/d.go"]
        );
        assert_eq!(mapped(&mapper, &["/w/repo/app"], &["m.py"]), ["app/m.py"]);
        assert_eq!(mapped(&mapper, &["/w/repo"], &["m.py"]), ["m.py"]);
        assert_eq!(mapped(&mapper, &["src"], &["m.py"]), ["src/m.py"]);
        assert_eq!(mapped(&mapper, &["/x", "/y"], &["m.py"]), ["m.py"]);
    }

    proptest! {
        #[test]
        fn no_file_is_ever_taken_for_another(
            tracked in proptest::collection::btree_set("([ab]/){0,3}[xy]\\.rs", 1..8),
            front in "(/[abw]){1,3}",
            picks in proptest::collection::vec(any::<proptest::sample::Index>(), 1..5),
            is_windows in proptest::bool::ANY,
        ) {
            let tracked: Vec<String> = tracked.into_iter().collect();
            let mapper = Mapper::new(Some(&tracked));
            for front in ["", front.as_str()] {
                let path = |file: &String| if front.is_empty() { file.clone() } else { format!("{front}/{file}") };
                let truth: BTreeMap<String, String> = picks
                    .iter()
                    .map(|pick| {
                        let file = pick.get(&tracked);
                        let path = if is_windows { path(file).replace('/', "\\") } else { path(file) };
                        (path, file.clone())
                    })
                    .collect();
                let mut coverage = Coverage::default();
                for (number, path) in (1..).zip(truth.keys()) {
                    coverage.file(path).line(number, 1);
                }
                coverage.finish();
                let numbers: BTreeMap<u32, &String> = (1..).zip(truth.values()).collect();
                let mapped = mapper.map(coverage, &[]);
                for (path, file) in &mapped.coverage.files {
                    for line in file.lines() {
                        prop_assert_eq!(path, numbers[&line.number]);
                    }
                }
                for left in &mapped.unmapped {
                    let Why::Ambiguous(files) = &left.why else { panic!("{left:?}") };
                    prop_assert!(!front.is_empty() && files.contains(&truth[&left.path]), "{:?}", left);
                }
            }
        }
    }
}
