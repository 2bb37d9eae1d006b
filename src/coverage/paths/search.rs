//! The search for the tracked file of each path of a report, surest ways first.

use std::collections::{BTreeMap, BTreeSet};

use super::super::path_text::{ends, is_absolute, join, name, normal};
use super::near::Near;
use super::{Mapper, Why};

/// What a path could be: what is taken off its front, what is put there, and the tracked file that gives.
type Guess = (String, String, String);

/// What the paths turned out to be.
type Found = BTreeMap<String, Result<String, Why>>;

/// A path and how else it may be written.
type Spelled = (String, Vec<String>);

/// The search for the files of one module of one report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a, 'm> {
    pub(super) mapper: &'m Mapper<'a>,
    /// Folders that the report says its paths are relative to.
    pub(super) roots: &'m [String],
    pub(super) near: Near<'m>,
    /// The folder in which all files lie, where a setting says so.
    pub(super) within: Option<&'m str>,
}

impl<'a> Search<'a, '_> {
    /// Finds the tracked file of each path.
    pub(super) fn find(&self, paths: &[&str]) -> Found {
        let mut found = Found::new();
        let (relative, absolute) = self.sure(paths, &mut found);
        // A report that names one file as the repository does names no other one in another way.
        let mut plain = relative.iter().flat_map(|(_, spellings)| spellings);
        let is_plain =
            plain.any(|path| self.near.folders.iter().any(|folder| self.is_file(&join(folder, path))));
        let rest = self.strip(&absolute, &mut found);
        let (mut relative_rest, mut outside) = (relative, Vec::new());
        for (path, spellings) in rest {
            // With a source root that means nothing here, the path alone may still do.
            let plain = normal(&path);
            let list = if is_absolute(&plain) { &mut outside } else { &mut relative_rest };
            list.push((path, if is_absolute(&plain) { spellings } else { vec![plain] }));
        }
        let rest = self.complete(relative_rest, &mut found);
        let rest = if is_plain { Vec::new() } else { rest };
        let rest = self.strip(&rest, &mut found);
        outside.extend(rest);
        self.transplant(outside, &mut found);
        for path in paths {
            if found.get(*path).is_none_or(|result| *result == Err(Why::Untracked)) {
                found.insert((*path).to_owned(), self.in_other_case(path));
            }
        }
        found
    }

    /// Whether this is a file that may be meant.
    fn is_file(&self, path: &str) -> bool {
        self.is_within(path) && self.mapper.is_tracked(path)
    }

    fn is_within(&self, path: &str) -> bool {
        let is_below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.within.is_none_or(|folder| folder.is_empty() || is_below(folder))
    }

    /// Finds paths that are surely meant: below the checkout or a source root. The others, relative and absolute ones.
    fn sure(&self, paths: &[&str], found: &mut Found) -> (Vec<Spelled>, Vec<Spelled>) {
        let (mut relative, mut absolute) = (Vec::new(), Vec::new());
        let home = self.home(paths);
        for path in paths {
            let plain = normal(path);
            let spellings = self.spellings(&plain);
            let below = spellings.iter().chain([&plain]).filter_map(|path| self.mapper.below(path));
            let at_home = spellings.iter().filter(|path| !is_absolute(path)).map(|path| join(home, path));
            let sure: BTreeSet<String> = below
                .filter(|path| self.mapper.is_tracked(path))
                .chain(at_home.filter(|path| self.is_file(path)))
                .collect();
            if !sure.is_empty() {
                found.insert((*path).to_owned(), only(sure));
            } else if path.contains('\\') && self.is_file(path) {
                // The path stands in the list to the letter.
                found.insert((*path).to_owned(), Ok((*path).to_owned()));
            } else if spellings.iter().any(|path| is_absolute(path)) {
                let spellings = spellings.into_iter().filter(|path| is_absolute(path)).collect();
                absolute.push(((*path).to_owned(), spellings));
            } else {
                relative.push(((*path).to_owned(), vec![plain]));
            }
        }
        (relative, absolute)
    }

    /// A path below each source root.
    fn spellings(&self, plain: &str) -> Vec<String> {
        if is_absolute(plain) {
            return vec![plain.to_owned()];
        }
        self.roots.iter().map(|root| join(root, plain)).collect()
    }

    /// The folder that relative source roots start from: the one that explains most files, the likeliest of those.
    fn home(&self, paths: &[&str]) -> &str {
        if self.roots.iter().all(|root| is_absolute(root)) {
            return "";
        }
        let spelled: Vec<Vec<String>> = paths.iter().map(|path| self.spellings(&normal(path))).collect();
        let explained = |folder: &String| {
            let is_there = |path: &String| !is_absolute(path) && self.is_file(&join(folder, path));
            spelled.iter().filter(|spellings| spellings.iter().any(is_there)).count()
        };
        let mut best = ("", 0);
        for folder in self.near.folders {
            let count = explained(folder);
            if count > best.1 {
                best = (folder, count);
            }
        }
        best.0
    }

    /// Takes the front off paths, and puts a folder around the report there: what makes most files of the report tracked ones.
    fn strip(&self, files: &[Spelled], found: &mut Found) -> Vec<Spelled> {
        let guesses: Vec<Vec<Stripped<'_>>> =
            files.iter().map(|(_, spellings)| self.stripped(spellings)).collect();
        let mut votes: BTreeMap<(&str, usize), (usize, bool)> = BTreeMap::new();
        for guess in &guesses {
            let fronts: BTreeMap<(&str, usize), bool> =
                guess.iter().map(|guess| ((guess.front, guess.folder), guess.depth > 0)).collect();
            for (key, is_long) in fronts {
                let vote = votes.entry(key).or_default();
                *vote = (vote.0 + 1, vote.1 || is_long);
            }
        }
        let all = files.len();
        let mut rest = Vec::new();
        for ((path, spellings), guess) in files.iter().zip(&guesses) {
            let vote =
                |guess: &Stripped<'_>| votes.get(&(guess.front, guess.folder)).copied().unwrap_or_default();
            // A bare file name is a weak sign, unless the front fits other files or all of them.
            let sound = guess.iter().filter(|guess| vote(guess).1 || vote(guess).0 == all);
            let most = sound.clone().map(|guess| vote(guess).0).max();
            let best = likeliest(&sound.filter(|guess| Some(vote(guess).0) == most).collect::<Vec<_>>());
            if best.is_empty() {
                rest.push((path.clone(), spellings.clone()));
            } else {
                found.insert(path.clone(), only(best));
            }
        }
        rest
    }

    /// What the ends of these paths are below each folder around the report.
    fn stripped<'p>(&self, spellings: &'p [String]) -> Vec<Stripped<'p>> {
        let mut all = Vec::new();
        for (front, end) in spellings.iter().flat_map(|path| ends(path)) {
            for (folder, around) in self.near.folders.iter().enumerate() {
                let file = join(around, end);
                if self.is_file(&file) {
                    all.push(Stripped { front, folder, depth: end.matches('/').count(), file });
                }
            }
        }
        all
    }

    /// Puts folders in front of relative paths: the one that fits all files of the report, or the likeliest of each.
    fn complete(&self, files: Vec<Spelled>, found: &mut Found) -> Vec<Spelled> {
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
        let folder = self.near.only(common.iter().map(|(_, folder)| folder.as_str()));
        for (path, _, guesses) in &known {
            let likeliest = || self.near.only(guesses.iter().map(|(_, folder, _)| folder.as_str()));
            let chosen = folder.or_else(likeliest);
            let result = match guesses.iter().find(|(_, known, _)| Some(known.as_str()) == chosen) {
                Some((_, _, tracked)) => Ok(tracked.clone()),
                None => only(guesses.iter().map(|(_, _, tracked)| tracked.clone()).collect()),
            };
            found.insert(path.clone(), result);
        }
        rest.into_iter().map(|(path, spellings, _)| (path, spellings)).collect()
    }

    /// Moves files of a folder on another machine to a folder of the repository, where one move explains all of them.
    fn transplant(&self, files: Vec<Spelled>, found: &mut Found) {
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
        let folder = self.near.only(common.iter().map(|(_, folder)| folder.as_str()));
        for (path, guesses) in &guesses {
            let fits = |guess: &&Guess| {
                Some(guess.1.as_str()) == folder && common.contains(&(guess.0.clone(), guess.1.clone()))
            };
            let files: BTreeSet<String> = guesses.iter().filter(fits).map(|guess| guess.2.clone()).collect();
            let result = match only(files) {
                Err(_) if guesses.is_empty() => Err(Why::Untracked),
                Err(_) => Err(Why::Ambiguous(distinct(guesses))),
                found => found,
            };
            found.insert(path.clone(), result);
        }
    }

    /// The tracked files whose path is `end`, or ends in it.
    fn ending_with(&self, end: &str) -> Vec<Guess> {
        let same_name = self.mapper.tracked.as_ref().and_then(|tracked| tracked.get(name(end)));
        let guess = |file: &&'a str| {
            let folder = file.strip_suffix(end)?;
            let is_whole = (folder.is_empty() || folder.ends_with('/')) && self.is_within(file);
            is_whole.then(|| (String::new(), folder.trim_end_matches('/').to_owned(), (*file).to_owned()))
        };
        same_name.into_iter().flatten().filter_map(guess).collect()
    }

    /// A path that is no file but for upper and lower case: a machine whose paths have a drive makes no difference there.
    fn in_other_case(&self, path: &str) -> Result<String, Why> {
        let mut files = self.mapper.in_other_case(path);
        files.retain(|(_, file)| self.is_within(file));
        let has_drive = normal(path).get(1..2) == Some(":");
        let folder = self.near.only(files.iter().map(|(folder, _)| *folder)).filter(|_| has_drive);
        let meant =
            files.iter().filter(|(known, _)| Some(*known) == folder).map(|(_, file)| (*file).to_owned());
        match only(meant.collect()) {
            Ok(file) => Ok(file),
            Err(_) if files.is_empty() => Err(Why::Untracked),
            Err(_) => {
                let all: BTreeSet<String> = files.into_iter().map(|(_, file)| file.to_owned()).collect();
                Err(Why::Ambiguous(all.into_iter().collect()))
            }
        }
    }
}

/// A path without its front, below a folder around the report.
struct Stripped<'p> {
    front: &'p str,
    /// The place of the folder among those around the report.
    folder: usize,
    /// How many folders of the path are left.
    depth: usize,
    file: String,
}

/// The files below the nearest folder around the report, unless the path itself names more folders of another file.
fn likeliest(guesses: &[&Stripped<'_>]) -> BTreeSet<String> {
    let nearest = guesses.iter().map(|guess| guess.folder).min();
    let is_near = |guess: &&&Stripped<'_>| Some(guess.folder) == nearest;
    let deepest = guesses.iter().map(|guess| guess.depth).max();
    let says_more = guesses.iter().filter(is_near).map(|guess| guess.depth).max() < deepest;
    let is_best =
        |guess: &&&Stripped<'_>| if says_more { Some(guess.depth) == deepest } else { is_near(guess) };
    guesses.iter().filter(is_best).map(|guess| guess.file.clone()).collect()
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

fn distinct(guesses: &[Guess]) -> Vec<String> {
    let files: BTreeSet<&String> = guesses.iter().map(|guess| &guess.2).collect();
    files.into_iter().cloned().collect()
}

/// The one file that is meant, or all that could be.
fn only(mut files: BTreeSet<String>) -> Result<String, Why> {
    match files.pop_first() {
        Some(first) if files.is_empty() => Ok(first),
        Some(first) => {
            files.insert(first);
            Err(Why::Ambiguous(files.into_iter().collect()))
        }
        None => Err(Why::Untracked),
    }
}
