//! Reports that git tracks, and that a run for a change probably did not write.

use std::path::Path;

use super::context::Context;
use devops_core::{Finding, Input, Location, Rule, Severity};
use devops_repository::Repository;

/// Findings about reports that are as the checked-out commit has them; those that the target branch does not have are of severity
/// high.
pub(super) fn committed(
    rule: &Rule,
    reports: &[Input],
    context: &Context,
    target: Option<&str>,
) -> Vec<Finding> {
    let repository = Repository::around(&context.working_directory, &context.environment);
    let Ok(repository) = repository else { return Vec::new() };
    let find = |report: &Input| {
        let path = repository.path_of(Path::new(&report.path))?;
        let head = repository.head().ok()?;
        let bytes = repository.blob(head, &path).ok()??;
        if Input::of_bytes("", &bytes).sha256 != report.sha256 {
            return None;
        }
        let is_known = target.is_some_and(|commit| repository.has(commit, &path));
        Some(finding(rule, &report.path, is_known))
    };
    reports.iter().filter_map(find).collect()
}

/// The finding about a report.
fn finding(rule: &Rule, report: &str, is_known: bool) -> Finding {
    let (severity, whose) = if is_known {
        (Severity::Medium, "the target branch has it as well")
    } else {
        (Severity::High, "the change adds it")
    };
    Finding::new(rule, format!("{report} is committed, so this run probably did not write it"), &[report])
        .severity(severity)
        .detail(format!("it is as in the commit that is checked out; {whose}"))
        .about("report", report)
        .at(Location::file(report))
        .help("remove it from git, and have the run write it")
}
