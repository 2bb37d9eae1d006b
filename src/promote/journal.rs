//! The record of the last promotion, the lock that keeps two runs of one machine apart, and files written whole.
//!
//! Owns what survives a kill. Must not know any target: where the record is kept is the target's business.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::colour::Colour;
use devops_core::{Error, Location};
use devops_files::{WRITTEN_BY_HAND, folder_of, open_to_append, read_itself, replace_durably};
use devops_net::Cancel;

/// How far a promotion got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// About to change the routing; it may or may not have changed yet.
    Intent,
    /// The routing was changed, and is not confirmed yet.
    Switched,
    /// Done.
    Committed,
    /// On the way back; the routing may or may not have changed back yet.
    Reverting,
    /// Went back.
    Reverted,
    /// Ended before the routing was changed.
    Stopped,
}

impl Phase {
    /// Every phase.
    const ALL: [Self; 6] =
        [Self::Intent, Self::Switched, Self::Committed, Self::Reverting, Self::Reverted, Self::Stopped];

    /// The word used in journals.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Switched => "switched",
            Self::Committed => "committed",
            Self::Reverting => "reverting",
            Self::Reverted => "reverted",
            Self::Stopped => "stopped",
        }
    }

    /// The phase of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }

    /// Whether a run in this phase was cut off and has to be finished.
    pub(crate) const fn is_unfinished(self) -> bool {
        matches!(self, Self::Intent | Self::Switched | Self::Reverting)
    }
}

/// What a promotion was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Forward.
    Run,
    /// Back to the colour before, because that was asked for.
    Rollback,
}

impl Kind {
    /// The word used in journals.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Rollback => "rollback",
        }
    }

    /// The kind of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Run, Self::Rollback].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The last promotion of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Version of this shape.
    pub(crate) schema_version: u64,
    /// Which promotion; a lower one is refused.
    pub(crate) generation: u64,
    /// What it was about.
    pub(crate) kind: Kind,
    /// The colour that was live before, if there was one.
    pub(crate) from: Option<Colour>,
    /// The colour that is to be live.
    pub(crate) to: Colour,
    /// How far it got.
    pub(crate) phase: Phase,
    /// Who did it, for people.
    pub(crate) owner: String,
    /// What it was done to, if the journal's own path does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
}

impl Record {
    /// The version of the shape this release writes and reads.
    pub(crate) const SCHEMA_VERSION: u64 = 1;

    /// The same record in another phase.
    pub(crate) fn in_phase(&self, phase: Phase) -> Self {
        Self { phase, ..self.clone() }
    }

    /// Reads a record from its file; none if there is no file.
    ///
    /// # Errors
    /// Where the file can't be read, or is not a record of a version this release knows.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Error> {
        #[derive(Deserialize)]
        struct Versioned {
            schema_version: u64,
        }
        let bytes = match read_itself(path, WRITTEN_BY_HAND) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| Error::unreadable(path, error))?,
        };
        let place = || Location::file(path.display().to_string());
        let corrupt = |error: serde_json::Error| {
            Error::input("not a journal of promote")
                .at(place())
                .because(error)
                .help("find out by hand which colour is live and who changed the file, then delete it")
        };
        let found: Versioned = serde_json::from_slice(&bytes).map_err(corrupt)?;
        if found.schema_version != Self::SCHEMA_VERSION {
            let message = format!(
                "journal has schema version {}, this release reads {}",
                found.schema_version,
                Self::SCHEMA_VERSION
            );
            return Err(Error::input(message)
                .at(place())
                .help("use the release that wrote it, or a newer one"));
        }
        serde_json::from_slice(&bytes).map(Some).map_err(corrupt)
    }

    /// Writes the record to its file, whole and down to the disk.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::bug("a record can't be written as JSON").because(error))?;
        text.push('\n');
        replace_durably(path, text.as_bytes())
    }
}

/// The lock of a target's state; the kernel takes it back when the process ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, waiting for another run to end; none if it was cancelled meanwhile.
    ///
    /// # Errors
    /// Where the file can't be made, or the other run does not end in time.
    pub(crate) async fn take(
        path: PathBuf,
        patience: Duration,
        cancel: &Cancel,
    ) -> Result<Option<Self>, Error> {
        /// How long to wait before looking again.
        const PAUSE: Duration = Duration::from_millis(20);
        let folder = folder_of(&path);
        std::fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, error))?;
        let file = open_to_append(&path).map_err(|error| Error::unwritable(&path, error))?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::Error(error)) => return Err(Error::unwritable(&path, error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(Error::environment("another promotion of this target is still running")
                        .at(Location::file(path.display().to_string()))
                        .help("wait until it has ended, or raise `lock-timeout`"));
                }
                Err(TryLockError::WouldBlock) => {
                    if cancel.within(PAUSE).await {
                        return Ok(None);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Phase, Record};
    use crate::colour::Colour;
    use devops_core::ErrorKind;

    fn record() -> Record {
        Record {
            schema_version: Record::SCHEMA_VERSION,
            generation: 42,
            kind: Kind::Run,
            from: Some(Colour::Blue),
            to: Colour::Green,
            phase: Phase::Intent,
            owner: "local".to_owned(),
            place: None,
        }
    }

    #[test]
    fn a_record_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.json");
        assert_eq!(Record::read(&path).unwrap(), None);
        record().write(&path).unwrap();
        assert_eq!(Record::read(&path).unwrap(), Some(record()));
        record().in_phase(Phase::Committed).write(&path).unwrap();
        assert_eq!(Record::read(&path).unwrap().unwrap().phase, Phase::Committed);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_or_future_record_is_an_error_never_a_fresh_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.json");
        for text in ["", "{", "{}", r#"{"schema_version": 2}"#, r#"{"schema_version": 1}"#] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Record::read(&path).unwrap_err().kind(), ErrorKind::Input, "{text}");
        }
    }

    #[test]
    fn names_of_phases_and_kinds_read_back() {
        for phase in Phase::ALL {
            assert_eq!(Phase::from_name(phase.as_str()), Some(phase));
        }
        assert_eq!(Kind::from_name(Kind::Rollback.as_str()), Some(Kind::Rollback));
        assert_eq!(Phase::from_name("done"), None);
    }
}
