//! Where reports and events are written: not through a link that a change can commit, and out of the workspace only where the
//! workflow says so.

use std::path::Path;

use super::common::Common;
use super::context::Context;
use devops_config::{Origin, Setting};
use devops_core::{Error, Location};
use devops_repository::{ChosenBy, detour};

/// The key of the folder for reports.
const REPORT_DIR: &str = "report-dir";

/// The key of the folder for events.
const EVENTS: &str = "events";

/// Checks the folders that a job writes to by itself.
///
/// # Errors
/// Where a link leads elsewhere, or a key of a file leads out of the workspace.
pub fn check(common: &Common, settings: &[Setting], context: &Context) -> Result<(), Error> {
    check_below(settings, context, &common.report_dir)?;
    match &common.events {
        Some(folder) => not_through_link(context, folder, EVENTS, chosen_by(settings, EVENTS)),
        None => Ok(()),
    }
}

/// Checks a folder for reports: that of the setting, or one below it.
///
/// # Errors
/// As [`check`].
pub fn check_below(settings: &[Setting], context: &Context, folder: &Path) -> Result<(), Error> {
    not_through_link(context, folder, REPORT_DIR, chosen_by(settings, REPORT_DIR))?;
    let is_of_file = origin(settings, REPORT_DIR).is_some_and(|origin| matches!(origin, Origin::File(_)));
    if is_of_file && !context.workspace().holds(&devops_files::real(folder)) {
        return Err(refusal(
            folder,
            "leads out of the workspace, which only the workflow may decide",
            REPORT_DIR,
            folder,
        ));
    }
    Ok(())
}

/// Checks a folder or a file that a job keeps from run to run, such as a journal.
///
/// # Errors
/// Where a link that is committed leads out of the workspace.
pub fn stays_inside(context: &Context, path: &Path) -> Result<(), Error> {
    let found = detour(&context.working_directory, &context.environment, path, ChosenBy::Workflow);
    let Some(found) = found.filter(|found| found.leads_out) else { return Ok(()) };
    let (link, target) = (found.link.display(), found.target.display());
    Err(Error::environment(format!("is not written to, because {link} is a link to {target}"))
        .at(Location::file(path.display().to_string()))
        .help("replace the link by a folder, or name the folder that it leads to"))
}

/// Where a setting came from.
fn origin<'a>(settings: &'a [Setting], key: &str) -> Option<&'a Origin> {
    settings.iter().find(|setting| setting.key == key).map(|setting| &setting.origin)
}

fn chosen_by(settings: &[Setting], key: &str) -> ChosenBy {
    match origin(settings, key) {
        Some(Origin::Flag | Origin::Environment(_)) => ChosenBy::Workflow,
        Some(Origin::File(_) | Origin::Default) | None => ChosenBy::Workspace,
    }
}

/// Refuses a folder that a link stands for.
fn not_through_link(context: &Context, folder: &Path, key: &str, chosen_by: ChosenBy) -> Result<(), Error> {
    match detour(&context.working_directory, &context.environment, folder, chosen_by) {
        None => Ok(()),
        Some(found) => {
            let link = found.link.display();
            let message =
                format!("is not written to, because {link} is a link to {}", found.target.display());
            Err(refusal(folder, &message, key, &found.target))
        }
    }
}

fn refusal(folder: &Path, message: &str, key: &str, named: &Path) -> Error {
    Error::environment(message)
        .at(Location::file(folder.display().to_string()))
        .help(format!("give `--{key} {}` in the workflow if that folder is meant", named.display()))
}
