//! `devops config`: every setting with where it comes from, whether the file is valid, and its schema.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;

use super::command_line::Look;
use super::jobs::JOBS;
use devops_config::{Origin, Setting, schema as schema_of};
use devops_core::escape::terminal_line;
use devops_core::words::count;
use devops_core::{Error, Location};
use devops_job::prepare::Project;
use devops_job::{Common, Context};

/// The settings of each job, a line each: those that are set, or all of them.
///
/// # Errors
/// Where the file or the environment contains an invalid value.
pub(super) fn settings(look: &Look, is_all: bool, context: &Context) -> Result<String, Error> {
    let mut project = Project::read(&look.working_directory, look.config.as_deref(), &context.environment)?;
    let mut text = String::new();
    let mut left_out = 0;
    for entry in JOBS {
        let settings = (entry.prepare)(&mut project, &line(entry.name, look), context)?.settings().to_vec();
        // The command line says where the file is.
        let settings =
            settings.iter().filter(|setting| !matches!(setting.key.as_str(), "config" | "working-directory"));
        let (set, defaults): (Vec<&Setting>, Vec<&Setting>) =
            settings.partition(|setting| is_all || setting.origin != Origin::Default);
        left_out += defaults.len() as u64;
        if set.is_empty() {
            continue;
        }
        text.push_str(&format!("[{}]\n", entry.name));
        let width = set.iter().map(|setting| setting.key.len()).max().unwrap_or_default();
        for setting in set {
            let values = match setting.values.as_slice() {
                [] => "(not set)".to_owned(),
                values => terminal_line(&values.join(", ")),
            };
            text.push_str(&format!("{:<width$}  {values}  # {}\n", setting.key, setting.origin));
        }
        text.push('\n');
    }
    if left_out > 0 {
        let left_out = count(left_out, "setting");
        text.push_str(&format!("{left_out} at their defaults: `devops config show --all` lists them\n"));
    }
    Ok(text)
}

/// Checks that every key, value and waiver of the file is valid, and prints which jobs the file configures.
///
/// # Errors
/// At the first mistake, with its place.
pub(super) fn check(look: &Look, context: &Context) -> Result<String, Error> {
    let mut project = Project::read(&look.working_directory, look.config.as_deref(), &context.environment)?;
    for entry in JOBS {
        (entry.prepare)(&mut project, &line(entry.name, look), context)?;
    }
    let Some(file) = &project.file else {
        return Err(Error::configuration("is not there")
            .at(Location::file(project.path.display().to_string()))
            .help("write one, or give its path with `--config`"));
    };
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
    let jobs: Vec<Command> = JOBS.iter().map(|entry| (entry.command)()).collect();
    let text = serde_json::to_string_pretty(&schema_of(&Common::command(), &jobs))
        .map_err(|error| Error::bug("schema has no JSON form").because(error))?;
    Ok(text + "\n")
}

/// A job's command line with nothing but the place of the configuration.
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
