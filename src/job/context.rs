//! What is handed in to a job, so that the same inputs give the same report: time, environment, host, output.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use devops_ci::{Host, HostChoice, shield};
use devops_config::{Setting, is_setting};
use devops_core::escape::terminal;
use devops_core::{Error, Redactor, Secret, Severity};
use devops_repository::Workspace;
use devops_repository::policy::AUTO;

/// Environment variable that sets the clock, to reproduce a verdict of another day: an RFC 3339 time.
pub const NOW: &str = "DEVOPS_NOW";

/// What is handed in to a job.
#[derive(Clone)]
pub struct Context {
    /// The binary that runs, for hints that name one of its commands.
    pub program: &'static str,
    /// Environment variables; ones that are not Unicode are absent.
    pub environment: BTreeMap<String, String>,
    /// The time at the start of the run.
    pub now: Timestamp,
    /// The time at which the process started; the same for every job of a run.
    pub started: Timestamp,
    /// Name of what is built and deployed, where the settings give one.
    pub service: Option<String>,
    /// Where the job runs.
    pub host: Host,
    /// The host that reads the log, whatever the settings say.
    detected: Host,
    /// Folder that relative paths start from; settings that are paths already contain it.
    pub working_directory: PathBuf,
    /// Folder the reports of this run go to.
    pub report_dir: PathBuf,
    /// Whether a page for people is written, on which a job may list what its report does not hold.
    pub has_page: bool,
    /// Whether a format is written that lists what was judged is made of; the page does too.
    pub has_bill: bool,
    /// Whether a format is written that repeats the reports that were read.
    pub has_documents: bool,
    /// Where the change began, as it was asked for: a revision, or a word of `repository::policy`.
    pub base: String,
    /// Lowest severity that fails the gate.
    pub fail_on: Severity,
    /// Masks secrets in all that leaves the process.
    pub redactor: Redactor,
    progress: Option<Arc<Mutex<dyn Write + Send>>>,
}

/// The variables that may hold secrets: none whose value is the path of something, and of our settings only addresses.
fn secrets(environment: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_path = |value: &str| value.contains(std::path::is_separator) && Path::new(value.trim()).exists();
    let is_ours = |name: &str, value: &str| is_setting(name) && !value.contains("://");
    let variables = environment.iter().filter(|(name, value)| !is_ours(name, value) && !is_path(value));
    variables.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Where progress lines go.
fn progress() -> Arc<Mutex<dyn Write + Send>> {
    Arc::new(Mutex::new(anstream::stderr()))
}

/// The environment of this process; variables that are not Unicode are absent.
pub(super) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

impl Context {
    /// The context of this process: its environment and clock, progress to standard error.
    ///
    /// # Errors
    /// Where `DEVOPS_NOW` is set and is not a time.
    pub fn of_process(program: &'static str) -> Result<Self, Error> {
        let environment = environment();
        let now = match environment.get(NOW) {
            None => Timestamp::now(),
            Some(text) => text.parse().map_err(|error| {
                Error::usage(format!("{NOW} is `{text}`, not a time"))
                    .because(error)
                    .help("write a time such as 2026-11-23T12:00:00Z")
            })?,
        };
        let host = Host::detect(&environment);
        // On a laptop progress is for who watches; a pipeline's log keeps it.
        let is_watched = std::io::stderr().is_terminal() || host != Host::Local;
        Ok(Self {
            program,
            redactor: Redactor::from_environment(&secrets(&environment)),
            host,
            detected: host,
            environment,
            now,
            started: now,
            service: None,
            working_directory: PathBuf::from("."),
            report_dir: PathBuf::from("devops-report"),
            has_page: false,
            has_bill: false,
            has_documents: false,
            base: AUTO.to_owned(),
            fail_on: Severity::High,
            progress: is_watched.then(progress),
        })
    }

    /// The same at a later time: now, unless the clock was set.
    #[must_use]
    pub fn refreshed(&self) -> Self {
        let now = if self.variable(NOW).is_some() { self.now } else { Timestamp::now() };
        Self { now, ..self.clone() }
    }

    /// The folder around the working directory that a change can put links into.
    pub fn workspace(&self) -> Workspace {
        Workspace::of(&self.working_directory, &self.environment)
    }

    /// Names a run that no host names: `local-` and the time it started.
    pub fn local_run(&self) -> String {
        format!("local-{}", self.started.as_nanosecond())
    }

    /// Today's date in UTC, by which waivers expire and databases age.
    pub fn today(&self) -> Date {
        self.now.to_zoned_datetime(TimeZone::UTC).date()
    }

    /// The value of an environment variable, if it is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of an environment variable that is a secret.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.variable(name).map(Secret::new)
    }

    /// The same with what the settings say about where it runs.
    #[must_use]
    pub fn settled(mut self, choice: HostChoice, working_directory: &Path) -> Self {
        self.host = self.host.or(choice);
        self.working_directory = working_directory.to_path_buf();
        self
    }

    /// The same, which also masks the passwords in the addresses that are settings.
    #[must_use]
    pub fn hiding_passwords(mut self, settings: &[Setting]) -> Self {
        let values = settings.iter().flat_map(|setting| setting.values.iter().map(String::as_str));
        self.redactor = self.redactor.and_passwords(values);
        self
    }

    /// The same without progress lines.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.progress = None;
        self
    }

    /// Text as it is printed: without secrets, and without commands for the host that reads the log.
    pub fn for_log(&self, text: &str) -> String {
        // A setting, which may come from the change under test, can't turn off what the runner needs.
        let host = if self.detected == Host::Local { self.host } else { self.detected };
        shield(host, &self.redactor.redact(text))
    }

    /// Reports what is happening now; a lower-case fragment.
    pub fn progress(&self, line: &str) {
        let Some(sink) = &self.progress else { return };
        let line = format!("      {}\n", terminal(self.redactor.redact(line).trim_end()));
        if let Ok(mut sink) = sink.lock() {
            // Someone who stopped listening is no reason to stop working.
            let _ = sink.write_all(self.for_log(&line).as_bytes());
        }
    }
}
