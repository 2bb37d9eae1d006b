//! `devops config`: every setting with where it comes from, whether the file is right, and its schema.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Command};

use super::command_line::Look;
use super::jobs::JOBS;
use crate::config::{FILE_NAME, File, Refusal, schema as schema_of};
use crate::core::escape::terminal_line;
use crate::core::words::count;
use crate::core::{Error, Location};
use crate::job::run::keys;
use crate::job::{Common, Context};

/// Every job's settings, a line each.
///
/// # Errors
/// Where the file or the environment holds something that can't be meant.
pub(super) fn settings(look: &Look, context: &Context) -> Result<String, Error> {
    let mut text = String::new();
    for entry in JOBS {
        text.push_str(&format!("[{}]\n", entry.name));
        let settings = (entry.settings)(&line(entry.name, look), context).map_err(wrong)?;
        let width = settings.iter().map(|setting| setting.key.len()).max().unwrap_or_default();
        for setting in settings.iter().filter(|setting| setting.key != "config") {
            let values = match setting.values.as_slice() {
                [] => "(not set)".to_owned(),
                values => terminal_line(&values.join(", ")),
            };
            text.push_str(&format!("{:<width$}  {values}  # {}\n", setting.key, setting.origin));
        }
        text.push('\n');
    }
    Ok(context.redactor.redact(&text))
}

/// Whether every key, value and waiver of the file is right; says what the file configures.
///
/// # Errors
/// At the first mistake, with its place.
pub(super) fn check(look: &Look, context: &Context) -> Result<String, Error> {
    let path = path(look);
    if !path.exists() {
        return Err(Error::configuration("is not there")
            .at(Location::file(path.display().to_string()))
            .help("write one, or give its path with `--config`"));
    }
    let file = File::read(&path)?;
    file.check("", &keys(&Common::augment_args(Command::new("common"))))?;
    for entry in JOBS {
        file.check(entry.name, &keys(&(entry.command)()))?;
        (entry.settings)(&line(entry.name, look), context).map_err(wrong)?;
    }
    file.check_waivers()?;
    let jobs: Vec<&str> = JOBS.iter().map(|entry| entry.name).filter(|name| file.has_table(name)).collect();
    let waivers = count(file.waivers.len() as u64, "waiver");
    let jobs = if jobs.is_empty() { "none".to_owned() } else { jobs.join(", ") };
    Ok(format!("{} is valid; jobs: {jobs}; {waivers}\n", file.path))
}

/// The JSON Schema of `devops.toml`.
///
/// # Errors
/// Never in practice: a schema has a JSON form.
pub(super) fn schema() -> Result<String, Error> {
    let common = Common::augment_args(Command::new("common"));
    let jobs: Vec<Command> = JOBS.iter().map(|entry| (entry.command)()).collect();
    let text = serde_json::to_string_pretty(&schema_of(&common, &jobs))
        .map_err(|error| Error::bug("schema has no JSON form").because(error))?;
    Ok(text + "\n")
}

/// The file to look at.
fn path(look: &Look) -> PathBuf {
    look.config.clone().unwrap_or_else(|| {
        if look.working_directory == Path::new(".") {
            PathBuf::from(FILE_NAME)
        } else {
            look.working_directory.join(FILE_NAME)
        }
    })
}

/// A job's command line that only says where to look.
fn line(job: &str, look: &Look) -> Vec<OsString> {
    let mut line = vec![OsString::from(job), flag("working-directory", &look.working_directory)];
    line.extend(look.config.iter().map(|path| flag("config", path)));
    line
}

fn flag(name: &str, value: &Path) -> OsString {
    let mut flag = OsString::from(format!("--{name}="));
    flag.push(value);
    flag
}

/// A refusal as an error; no command line of a user's is involved.
fn wrong(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Value(error) => error,
        Refusal::CommandLine(error) => Error::bug(error.to_string()),
    }
}
