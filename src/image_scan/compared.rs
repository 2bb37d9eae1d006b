//! The reports of what runs in production, with which findings are compared: from the target branch, where a change could write them.

use std::collections::BTreeSet;

use super::Arguments;
use super::collect::Collector;
use super::filters::Filters;
use super::problem::Key;
use super::reports::{self, Source};
use devops_core::{Error, Input};
use devops_job::Context;
use devops_repository::gate_file::GateFile;

/// Most bytes of a report.
const LARGEST: u64 = 4 << 30;

/// Reads the reports; none where there are none to compare with. One that does not count yet is noted, and everything is new.
///
/// # Errors
/// Where one can't be read or is no report.
pub(super) fn read(
    arguments: &Arguments,
    context: &Context,
    inputs: &mut Vec<Input>,
    notes: &mut Vec<String>,
) -> Result<Option<BTreeSet<Key>>, Error> {
    if arguments.compare_with.is_empty() {
        return Ok(None);
    }
    let (folder, environment) = (&context.working_directory, &context.environment);
    let base = devops_repository::policy::base(&context.base, folder, environment)?;
    let mut collector = Collector::new(Filters::default());
    for path in &arguments.compare_with {
        match GateFile::open(path, LARGEST, folder, environment, &base)? {
            GateFile::Found { label, source } => {
                inputs.push(reports::read(Source::of(label, source), &mut collector)?);
            }
            GateFile::Missing { why } => notes.push(format!("{} is not used: {why}", path.display())),
        }
    }
    Ok(Some(collector.identities()))
}
