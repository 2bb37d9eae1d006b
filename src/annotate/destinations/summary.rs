//! The job summary of the host. The report's own summary shows the record, so there is nothing more to write than that.

use std::io;
use std::path::Path;

use super::{DestinationEntry, Opening, Way, When, no_arguments};
use crate::delivery::{Delivery, DeliveryState};

/// The line of the table.
pub(super) const DESTINATION: DestinationEntry = DestinationEntry {
    name: "summary",
    help: "The job summary, where the host has one",
    arguments: no_arguments,
    forge: None,
    when: When::NamedOr(|_| true),
    open: |opening| Ok(open(opening)),
};

/// Where GitHub says which file the job summary is.
const SUMMARY_FILE: &str = "GITHUB_STEP_SUMMARY";

/// The summary is written when all deliveries are known, so what can be said here is whether the host's file can be written.
fn open(opening: &Opening<'_>) -> Way {
    let (context, name) = (opening.context, DESTINATION.name);
    let path =
        context.environment.get(SUMMARY_FILE).filter(|_| context.host.has_summary(&context.environment));
    Way::Settled(match path {
        None => Delivery::new(name, DeliveryState::Skipped).because("no job summary on this host"),
        Some(_) if opening.is_overtaken => {
            Delivery::new(name, DeliveryState::Skipped).because("the deployment has already ended")
        }
        Some(path) => match is_writable(Path::new(path)) {
            Ok(()) => Delivery::new(name, DeliveryState::Accepted),
            Err(error) => Delivery::new(name, DeliveryState::Refused)
                .because(format!("{path}: can't be written: {error}"))
                .help(format!("let {SUMMARY_FILE} name a file this user may write")),
        },
    })
}

/// Whether text can be appended to a file; one that is not there yet is not made, only its folder is looked for.
fn is_writable(path: &Path) -> io::Result<()> {
    if std::fs::exists(path)? {
        return devops_files::open_to_append(path).map(|_| ());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if std::fs::metadata(folder)?.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}
