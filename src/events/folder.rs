//! Writing the log: which file of the folder a line goes to, and what is already there.

use std::path::Path;

use serde_json::Value;

use super::event::{Body, Event, Kind};
use super::log::Log;
use devops_core::digest::{hexadecimal, of_parts};
use devops_core::{Error, escape};

/// Maximum number of bytes of a line.
pub const LONGEST_LINE: usize = 64 * 1024;

/// How the name of a file of the log ends.
pub(super) const ENDING: &str = ".jsonl";

/// Maximum number of characters of the readable parts of a file's name.
const LONGEST_NAME: usize = 60;

/// The file of a run's writer: two runs, and two jobs of one run, never share one.
fn file_name(run: &str, writer: &str) -> String {
    let digest: String = hexadecimal(&of_parts([run, writer])).chars().take(8).collect();
    format!("{}{}.{digest}{ENDING}", prefix(run), plain(writer))
}

/// How the names of all files of a run begin.
fn prefix(run: &str) -> String {
    format!("{}.", plain(run))
}

/// `text` with only what every file system takes in names.
fn plain(text: &str) -> String {
    let plain = |next: char| if next.is_ascii_alphanumeric() || next == '_' { next } else { '-' };
    text.chars().map(plain).take(LONGEST_NAME).collect()
}

/// The line about this that holds among those that a run has written so far; none where there is none.
///
/// # Errors
/// Where the folder or a file in it can't be read.
pub fn latest(
    folder: &Path,
    run: &str,
    (kind, source, uid): (Kind, &str, &str),
) -> Result<Option<Event>, Error> {
    let prefix = prefix(run);
    let log = Log::read_where(folder, |name| name.starts_with(&prefix))?;
    Ok(log.current().get(&(kind, source, uid)).map(|event| (*event).clone()))
}

/// Appends an event to the file of a run's writer, in one write; one that the run has written already is left out.
///
/// A deployment keeps what earlier lines of the run said about it, and gets a revision above theirs. `clean` is what every text
/// of the line goes through, so that no secret gets out.
///
/// # Errors
/// Where the folder or the file can't be written or read, or the line would be longer than [`LONGEST_LINE`].
pub fn append(
    folder: &Path,
    (run, writer): (&str, &str),
    event: &Event,
    clean: &dyn Fn(&str) -> String,
) -> Result<(), Error> {
    let mut event = without_secrets(event, clean)?;
    let earlier = latest(folder, run, (event.body.kind(), &event.source, &event.uid));
    // The log is no input of the job, whatever is wrong with it.
    let earlier = earlier.map_err(|error| {
        Error::environment(format!("the event log can't be added to: {error}")).help("move the file away")
    })?;
    if let Some(earlier) = earlier {
        join(&mut event, &earlier);
        if event.says_the_same(&earlier) {
            event.revision = earlier.revision;
        }
        if event.id() == earlier.id() {
            return Ok(());
        }
    }
    let mut line = escape::json(&sorted(&event)?.to_string());
    line.push('\n');
    if line.len() > LONGEST_LINE {
        let message = format!("an event of {} bytes is longer than {LONGEST_LINE}", line.len());
        return Err(Error::environment(message).help("shorten the version, the service or the environment"));
    }
    std::fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, error))?;
    devops_files::append_line(&folder.join(file_name(run, writer)), line.as_bytes())
}

/// The event as JSON; its keys are sorted when it is written.
fn sorted(event: &Event) -> Result<Value, Error> {
    serde_json::to_value(event)
        .map_err(|error| Error::bug("an event can't be written as JSON").because(error))
}

/// The event with every text redacted.
fn without_secrets(event: &Event, clean: &dyn Fn(&str) -> String) -> Result<Event, Error> {
    let mut fields = sorted(event)?;
    if let Some(fields) = fields.as_object_mut() {
        // Every text stands in a field of its own, because a line is flat.
        for value in fields.values_mut() {
            if let Value::String(text) = value {
                *text = clean(text);
            }
        }
    }
    serde_json::from_value(fields).map_err(|error| {
        Error::environment("a secret of the environment is a word that every event needs")
            .because(error)
            .help("give the secret a value that is harder to guess")
    })
}

/// Makes a line about a deployment the next revision of an earlier one.
fn join(event: &mut Event, earlier: &Event) {
    if let (Body::Deployment(now), Body::Deployment(before)) = (&mut event.body, &earlier.body) {
        *now = now.clone().after(before);
        event.revision = event.revision.max(earlier.revision.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::{deployment, event};
    use super::super::event::{Author, Body, Change, Kind, Progress};
    use super::super::log::Log;
    use super::{append, file_name, latest};

    fn same(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn each_writer_of_each_run_has_a_file_of_its_own() {
        let names = [
            file_name("github-42-1", "test-gate"),
            file_name("github-42-2", "test-gate"),
            file_name("github-42-1", "test-gate/web"),
            file_name("github-42-1", "test-gate web"),
        ];
        let mut sorted = names.to_vec();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len(), "{names:?}");
        assert!(names[2].starts_with("github-42-1.test-gate-web."), "{names:?}");
        assert!(!file_name("../..", "a/b").contains('/'));
    }

    #[test]
    fn what_was_written_already_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let append = |event: &_| append(folder.path(), ("run", "job"), event, &same).unwrap();
        append(&deployment(1, Progress::Running));
        append(&deployment(1, Progress::Running));
        append(&deployment(2, Progress::Succeeded));
        append(&deployment(2, Progress::Succeeded));
        let change = Change {
            commit_sha: "a".repeat(40),
            first_commit_at: None,
            committed_at: "2026-11-23T11:00:00Z".parse().unwrap(),
            author_type: Author::Human,
            lines_added: None,
            lines_removed: None,
            reverts: None,
        };
        append(&event("c", 1, Body::Change(change.clone())));
        append(&event("c", 1, Body::Change(change)));
        let log = Log::read(folder.path()).unwrap();
        assert_eq!(log.problems, []);
        assert_eq!(log.events.iter().map(|event| event.revision).collect::<Vec<_>>(), [1, 2, 1]);
    }

    #[test]
    fn two_jobs_of_a_run_tell_one_deployment() {
        let folder = tempfile::tempdir().unwrap();
        let add = |writer, event: &_| append(folder.path(), ("run", writer), event, &same).unwrap();
        add("annotate", &deployment(1, Progress::Running));
        add("promote", &deployment(2, Progress::RolledBack));
        add("annotate", &deployment(2, Progress::Failed));
        let key = (Kind::Deployment, "org/webshop", "d");
        let held = latest(folder.path(), "run", key).unwrap().unwrap();
        let Body::Deployment(held) = held.body else { panic!("a deployment") };
        assert_eq!(held.result, Progress::RolledBack);
        assert!(latest(folder.path(), "ru", key).unwrap().is_none(), "another run's is not looked at");
    }

    #[test]
    fn a_line_that_was_cut_off_takes_none_after_it_along() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name("run", "job"));
        std::fs::write(&path, "{\"schema_version\":1,\"so").unwrap();
        append(folder.path(), ("run", "job"), &deployment(1, Progress::Running), &same).unwrap();
        let log = Log::read(folder.path()).unwrap();
        assert_eq!((log.events.len(), log.problems.len()), (1, 1));
    }

    #[test]
    fn no_secret_gets_into_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut event = deployment(1, Progress::Running);
        event.service = "s*cr_t".to_owned();
        append(folder.path(), ("run", "job"), &event, &|text| text.replace("s*cr_t", "***")).unwrap();
        assert_eq!(Log::read(folder.path()).unwrap().events[0].service, "***");
        let fixed = append(folder.path(), ("run", "job"), &event, &|text| text.replace("running", "***"));
        assert!(fixed.unwrap_err().to_string().contains("every event needs"));
    }

    #[test]
    fn writers_at_the_same_time_never_break_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let threads = 8;
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let path = folder.path();
                scope.spawn(move || {
                    for number in 0..20 {
                        let mut event = deployment(1, Progress::Running);
                        event.uid = format!("{thread}-{number}");
                        append(path, ("run", "job"), &event, &same).unwrap();
                    }
                });
            }
        });
        let log = Log::read(folder.path()).unwrap();
        assert_eq!((log.events.len(), log.problems.len()), (threads * 20, 0));
    }
}
