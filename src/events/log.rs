//! Reading the log: every event of a folder, and what could not be read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::event::{Event, Kind};
use super::folder::{ENDING, LONGEST_LINE};
use devops_core::Error;
use devops_files::open_itself_within;

/// Most bytes of a file of the log: a million lines of those that a gate writes.
const LARGEST: u64 = 1 << 30;

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub message: String,
}

/// What several lines can be about: kind, source and uid.
pub type Key<'a> = (Kind, &'a str, &'a str);

/// The events of a folder.
#[derive(Debug, Default)]
pub struct Log {
    /// Every event, in the order of files and lines.
    pub events: Vec<Event>,
    /// Every line that could not be read.
    pub problems: Vec<Problem>,
}

impl Log {
    /// Reads the `.jsonl` files of a folder, in the order of their names; a folder that is not there has no events.
    ///
    /// # Errors
    /// Where the folder or a file can't be read. A line that can't is a [`Problem`], and the others are read.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        Self::read_where(folder, |_| true)
    }

    /// Reads those files whose name a test accepts.
    pub(super) fn read_where(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Self, Error> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::unreadable(folder, error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| Error::unreadable(folder, error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.ends_with(ENDING) && is_wanted(&name) {
                paths.push(path);
            }
        }
        paths.sort();
        let mut log = Self::default();
        for path in paths {
            log.read_file(&path).map_err(|error| Error::unreadable(&path, error))?;
        }
        Ok(log)
    }

    /// Reads a file line by line.
    fn read_file(&mut self, path: &Path) -> io::Result<()> {
        let mut reader = BufReader::new(open_itself_within(path, LARGEST)?);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let limit = LONGEST_LINE as u64 + 1;
            if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let read = match line.strip_suffix(b"\n") {
                Some(line) => parse(line),
                None if line.len() as u64 == limit => {
                    skip_line(&mut reader)?;
                    Err(format!("the line is longer than {LONGEST_LINE} bytes"))
                }
                None => Err("the line is cut off".to_owned()),
            };
            match read {
                Ok(None) => {}
                Ok(Some(event)) => self.events.push(event),
                Err(message) => {
                    self.problems.push(Problem { path: path.to_path_buf(), line: number, message });
                }
            }
        }
        Ok(())
    }

    /// For each thing that lines are about, the one that holds: the highest revision, then the latest to be written down, then the
    /// greatest id.
    pub fn current(&self) -> BTreeMap<Key<'_>, &Event> {
        let mut current: BTreeMap<Key<'_>, &Event> = BTreeMap::new();
        for event in &self.events {
            let key = (event.body.kind(), event.source.as_str(), event.uid.as_str());
            let held = current.entry(key).or_insert(event);
            let rank = |event: &Event| (event.revision, event.observed_at);
            if rank(event) > rank(held) || rank(event) == rank(held) && event.id() > held.id() {
                *held = event;
            }
        }
        current
    }
}

/// Leaves the rest of a line unread.
fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let (used, is_done) = (end.map_or(buffer.len(), |end| end + 1), end.is_some() || buffer.is_empty());
        reader.consume(used);
        if is_done {
            return Ok(());
        }
    }
}

/// Reads a line; none where it is empty.
fn parse(line: &[u8]) -> Result<Option<Event>, String> {
    #[derive(Deserialize)]
    struct Versioned {
        schema_version: u64,
    }
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let Versioned { schema_version: found } =
        serde_json::from_slice(line).map_err(|error| format!("the line is no event: {error}"))?;
    if found != Event::SCHEMA_VERSION {
        return Err(format!(
            "the line has schema version {found}, this release reads {}",
            Event::SCHEMA_VERSION
        ));
    }
    serde_json::from_slice(line).map(Some).map_err(|error| format!("the line is no event: {error}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::event::tests::deployment;
    use super::super::event::{Event, Kind, Progress};
    use super::Log;

    fn line(event: &Event) -> String {
        format!("{}\n", serde_json::to_string(event).unwrap())
    }

    fn log(text: impl AsRef<[u8]>) -> Log {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.jsonl"), text).unwrap();
        Log::read(folder.path()).unwrap()
    }

    #[test]
    fn a_line_that_is_cut_off_is_named_and_the_others_are_read() {
        let whole = line(&deployment(1, Progress::Running));
        let text = format!("{whole}{}", &whole[..whole.len() - 2]);
        let log = log(&text);
        assert_eq!(log.events.len(), 1);
        assert_eq!((log.problems.len(), log.problems[0].line), (1, 2));
        assert_eq!(log.problems[0].message, "the line is cut off");
    }

    #[test]
    fn lines_of_no_known_form_are_named_one_by_one() {
        let whole = line(&deployment(1, Progress::Running));
        let newer = whole.replace("\"schema_version\":1", "\"schema_version\":2");
        let other = whole.replace("\"kind\":\"deployment\"", "\"kind\":\"wedding\"");
        let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(70_000));
        let read = log([newer.as_str(), "\n", &other, &long, "[]\n", &whole].concat());
        assert_eq!(read.events.len(), 1);
        let lines: Vec<u64> = read.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 3, 4, 5]);
        assert!(read.problems[1].message.contains("wedding"), "{}", read.problems[1].message);
    }

    #[test]
    fn an_absent_folder_has_no_events() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::read(&folder.path().join("absent")).unwrap();
        assert!(log.events.is_empty() && log.problems.is_empty());
    }

    #[test]
    fn the_highest_revision_holds_and_then_the_latest_observation() {
        let (first, second) = (deployment(1, Progress::Running), deployment(2, Progress::Failed));
        let mut late = deployment(2, Progress::Succeeded);
        late.observed_at = "2026-11-24T00:00:00Z".parse().unwrap();
        let mut log = Log { events: vec![late.clone(), second, first], problems: Vec::new() };
        for _ in 0..3 {
            log.events.rotate_left(1);
            let current = log.current();
            assert_eq!(current.len(), 1);
            assert_eq!(*current[&(Kind::Deployment, "org/webshop", "d")], late);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_a_prefix_never_has_more_events(
            text in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..900,
        ) {
            log(&text);
            let whole = format!("{}{}", line(&deployment(1, Progress::Running)), line(&deployment(2, Progress::Failed)));
            let cut = cut.min(whole.len());
            let (part, all) = (log(&whole[..cut]), log(&whole));
            prop_assert!(part.events.len() <= all.events.len());
            // Something is missing exactly where a line was begun.
            let is_between = cut == 0 || whole[..cut].ends_with('\n');
            prop_assert_eq!(part.problems.is_empty(), is_between);
        }
    }
}
