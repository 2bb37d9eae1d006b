//! The journal: one JSON line for each record, each intent and each outcome, synced before the next step.
//!
//! Owns the form of the lines and their durability. Knows no destination.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::delivery::DeliveryState;
use super::history::History;
use super::record::Record;
use devops_core::{Error, Location};
use devops_files::{open_itself, open_to_append};

/// Version of the lines.
const SCHEMA_VERSION: u64 = 1;

/// Longer lines, with their end, were not written by us.
const LONGEST_LINE: u64 = 256 * 1024;

/// Most bytes of a journal: more than a hundred thousand deployments.
const LARGEST: u64 = 256 << 20;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    schema_version: u64,
    at: String,
    event: Event,
}

/// The content of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// Something happened to a deployment.
    Record(Box<Record>),
    /// A record is about to be sent.
    Intent(Step),
    /// What became of it.
    Outcome {
        /// Which delivery.
        step: Step,
        /// How far it got.
        state: DeliveryState,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Name the destination gave the record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
    },
}

/// One revision of one record on its way to one destination.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Which record.
    pub(crate) uid: String,
    /// Which revision of it.
    pub(crate) revision: u64,
    /// The destination's name.
    pub(crate) destination: String,
}

/// An open journal.
pub(crate) struct Journal {
    file: File,
    at: String,
    /// Whether no other run has it, so that what others left is ours to deliver.
    pub(crate) is_ours: bool,
}

impl Journal {
    /// Opens the journal, made if absent, at the time `at`; ends a line that a crash left open.
    pub(crate) fn open(path: &Path, at: String) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = open_to_append(path)?;
        let is_ours = match file.try_lock() {
            Err(TryLockError::WouldBlock) => false,
            // Some file systems have no locks; then no other run can hold one either.
            Ok(()) | Err(TryLockError::Error(_)) => true,
        };
        if is_ours && file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(Self { file, at, is_ours })
    }

    /// Appends a line; it is on the disk when this returns.
    pub(crate) fn append(&mut self, event: Event) -> io::Result<()> {
        let line = Line { schema_version: SCHEMA_VERSION, at: self.at.clone(), event };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        if bytes.len() as u64 > LONGEST_LINE {
            // Readers would treat it as damage, so its content would be lost without notice.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the line is longer than 256 KiB"));
        }
        // One write, so that lines of two runs don't mix.
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }
}

/// What the journal at `path` contains so far; nothing if there is none, or none that can be read.
///
/// A journal that can't be read can't be opened for writing either, and that is then reported as a refusal: it must
/// not cost the deploy.
///
/// # Errors
/// Where it was written by a newer release.
pub(crate) fn read(path: &Path) -> Result<History, Error> {
    let Ok(file) = open_itself(path) else {
        return Ok(History::default());
    };
    if file.metadata().is_ok_and(|known| known.len() > LARGEST) {
        return Err(Error::input("the journal is larger than 256 MiB")
            .at(Location::file(path.display().to_string()))
            .help("move it away, once its deliveries are done"));
    }
    let mut reader = BufReader::new(file.take(LARGEST));
    let mut history = History::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let count = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line).unwrap_or(0);
        if count == 0 {
            break;
        }
        match parse(&line) {
            Ok(Some(event)) => history.learn(event),
            Ok(None) => {}
            Err(Unreadable::Newer(version)) => {
                return Err(Error::input(format!(
                    "journal line has schema version {version}, this release reads {SCHEMA_VERSION}"
                ))
                .at(Location::line(path.display().to_string(), number))
                .help("use the newer release that wrote it"));
            }
            Err(Unreadable::Damaged) => history.damaged += 1,
        }
    }
    Ok(history)
}

enum Unreadable {
    Newer(u64),
    Damaged,
}

/// The content of a line; nothing if it is empty.
fn parse(line: &[u8]) -> Result<Option<Event>, Unreadable> {
    #[derive(Deserialize)]
    struct Versioned {
        schema_version: u64,
    }
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    // A line without an end was torn by a crash; what it says was never acted on.
    if !line.ends_with(b"\n") {
        return Err(Unreadable::Damaged);
    }
    let found: Versioned = serde_json::from_slice(line).map_err(|_| Unreadable::Damaged)?;
    if found.schema_version != SCHEMA_VERSION {
        return Err(Unreadable::Newer(found.schema_version));
    }
    serde_json::from_slice::<Line>(line).map(|line| Some(line.event)).map_err(|_| Unreadable::Damaged)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Event, Journal, Step, read};
    use crate::delivery::DeliveryState;
    use crate::record::State;
    use crate::record::tests::record;

    fn step(destination: &str) -> Step {
        Step { uid: record(State::Started).uid, revision: 1, destination: destination.to_owned() }
    }

    #[test]
    fn what_is_written_is_read_back_and_a_torn_line_costs_itself_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/journal.jsonl");
        let mut journal = Journal::open(&path, "2026-11-23T12:00:00Z".to_owned()).unwrap();
        assert!(journal.is_ours);
        journal.append(Event::Record(Box::new(record(State::Started)))).unwrap();
        journal.append(Event::Intent(step("github"))).unwrap();
        drop(journal);
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"schema_version\":1,\"at\":\"20").unwrap();
        let history = read(&path).unwrap();
        assert_eq!((history.damaged, history.pending("github").len()), (1, 1));
        let mut journal = Journal::open(&path, "2026-11-23T12:01:00Z".to_owned()).unwrap();
        let outcome = Event::Outcome {
            step: step("github"),
            state: DeliveryState::Accepted,
            reason: None,
            remote: None,
        };
        journal.append(outcome).unwrap();
        let history = read(&path).unwrap();
        assert_eq!((history.damaged, history.pending("github").len()), (1, 0));
    }

    #[test]
    fn the_longest_line_is_read_back_and_a_longer_one_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, String::new()).unwrap();
        let mut long = record(State::Started);
        let mut append = |length: usize| {
            long.description = Some("x".repeat(length));
            journal.append(Event::Record(Box::new(long.clone())))
        };
        append(0).unwrap();
        let rest = super::LONGEST_LINE - std::fs::metadata(&path).unwrap().len();
        let rest = usize::try_from(rest).unwrap();
        assert!(append(rest + 1).is_err());
        append(rest).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(read(&path).unwrap().damaged, 0);
    }

    #[test]
    fn a_journal_of_the_future_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        std::fs::write(&path, "\n{\"schema_version\":2,\"news\":true}\n").unwrap();
        let error = read(&path).err().unwrap().to_string();
        assert!(error.contains("journal.jsonl:2: journal line has schema version 2"), "{error}");
    }

    #[test]
    fn only_one_run_at_a_time_delivers_what_others_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let first = Journal::open(&path, String::new()).unwrap();
        let second = Journal::open(&path, String::new()).unwrap();
        assert!(first.is_ours && !second.is_ours);
    }
}
